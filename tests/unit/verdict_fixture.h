/* Verdicts about a host of sim_fixture, which is the state of each test here: set up by itself, and judged. */
#ifndef CAIRN_TEST_VERDICT_FIXTURE_H
#define CAIRN_TEST_VERDICT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim_fixture.h"

int verdict_setup(void **state);
int verdict_teardown(void **state);
#define VERDICT_TEST(f) cmocka_unit_test_setup_teardown(f, verdict_setup, verdict_teardown)

/* What is judged by these manifests, and none else; what `v` held before is let go of. */
enum cairn_status verdict_appraise(struct cairn_verdict *v, struct sim *s,
				   const struct cairn_manifest *const *list, size_t count);
/* Appraises with the host's own manifests, and demands this state. */
void verdict_expect(struct sim *s, struct cairn_verdict *v, enum cairn_state state);

/* A text of a submodule, or of its reason number `at`; "(none)" where there is none. */
const char *verdict_member(const struct cairn_verdict *v, const char *sub, const char *what);
const char *verdict_reason(const struct cairn_verdict *v, const char *sub, size_t at, const char *what);
/* Demands this tier of the submodule, and this code of its first reason. */
void verdict_expect_sub(const struct cairn_verdict *v, const char *sub, const char *tier, const char *code);
/* True if a reason of the submodule has this code and component. */
bool verdict_says(const struct cairn_verdict *v, const char *sub, const char *code, const char *component);
bool verdict_running(const struct cairn_verdict *v, const char *sub);

#endif
