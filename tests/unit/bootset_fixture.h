/* A boot set on the played hypervisor: configurations that come and go, and a clock that tests move on. */
#ifndef CAIRN_TEST_BOOTSET_FIXTURE_H
#define CAIRN_TEST_BOOTSET_FIXTURE_H

#include "tests/unit/restart_fixture.h"

/* Boots with a set of up to three names (NULL-ended), as far as cairnd's start; bootset_boot also has dom0 say that its
 * hand-over is done. */
void bootset_boot_early(const char *first, const char *second, const char *third);
void bootset_boot(const char *first, const char *second, const char *third);
void bootset_phase(const char *word);

/* Makes a configuration of that set for the domain; boot/NAME.cfg leads to it, or boot/NAME.path says where it is. Its
 * path, until the next call. */
const char *bootset_config(const char *name, const char *set, const char *more);
const char *bootset_config_by_path(const char *name, const char *set, const char *more);

/* So many units later, cairnd's loop goes round often enough. */
void bootset_later(int64_t units);
void bootset_let_serve(const char *name);
/* What status says of a member. */
void bootset_assert_state(const char *name, const char *want);
/* The file that it was launched from last. */
void bootset_assert_from(const char *name, const char *want);

#endif
