/* What the units of domains that come back share: one driver domain "netdrv", its ends, and time. */
#ifndef CAIRN_TESTS_RESTART_FIXTURE_H
#define CAIRN_TESTS_RESTART_FIXTURE_H

#include "tests/unit/agentuse_fixture.h"

#define RESTARTS_DRIVER "driver_domain = 1\n"
#define RESTARTS_USES	"vif = [ \"backend=netdrv\" ]\n"
#define RESTARTS_UNIT_S 100 /* of the delays here: the test's own time is nothing beside it */

/* For a test: delays in the unit above, then as agentuse_setup. */
int restarts_setup(void **state);
#define RESTARTS_TEST(t) cmocka_unit_test_setup_teardown(t, restarts_setup, agentuse_teardown)

/* Launches the driver domain; its configuration. */
const char *restarts_driver(void);
/* The hypervisor says that it has shut down, and cairnd looks. */
void restarts_end(const char *name, unsigned reason);
void restarts_crash(void);
/* As if it were so many units later. */
void restarts_tick(int64_t units);
/* What is known of the driver domain; fails the test if nothing is. */
const struct cairn_restart *restarts_known(void);
bool restarts_runs(const char *name);
uint64_t restarts_last_record(void);
void restarts_assert_launch(uint64_t recnum, int64_t restart);
void restarts_assert_exit(uint64_t recnum, const char *reason);
/* cairnd is killed and started: nothing of it is left but its files. */
void restarts_kill(void);

#endif
