/* What the units of strangers share: domains that nobody launched, on the fake hypervisor of agentuse. */
#ifndef CAIRN_TESTS_STRANGERS_FIXTURE_H
#define CAIRN_TESTS_STRANGERS_FIXTURE_H

#include "tests/unit/agentuse_fixture.h"

#define STRANGER "00000000-0000-0000-0000-00000000000" /* and a digit: a UUID */

/* A domain that runs. The next one that is launched has a domid beyond it. */
struct cairn_hv_domain *stranger(uint32_t domid, const char *uuid);
void stranger_sweep(void);
uint64_t stranger_records(void);
void stranger_assert_unrecorded(uint64_t recnum, json_int_t domid, const char *uuid);
/* part: of its reason */
void stranger_assert_violation(uint64_t recnum, const char *part);
/* A boot with this mode of service domains, until the test ends. */
void stranger_boot_with(const char *mode);

int stranger_setup(void **state);
int stranger_setup_tapped(void **state);
#define STRANGER_TEST(t) cmocka_unit_test_setup_teardown(t, stranger_setup, agentuse_teardown)

#endif
