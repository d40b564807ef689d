/* Devices that service domains are given behind the agent's back. */
#include "tests/unit/strangers_fixture.h"

#include <string.h>

#define CONSOLE "console/0 00\n"
#define VIF	"vif/0 01\n"

/* netdrv, which a manifest describes: a service domain with one interface, of dom0. */
static void launch_service(const char *more)
{
	const char *config = fixture_config(&agentuse, "netdrv", more);

	fixture_manifest(&agentuse, "netdrv.jws", "netdrv", "service", agentuse.authority);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
}

static void has(const char *lines)
{
	strcpy(agentuse.fake.devices, lines);
}

static void test_violation(void **state)
{
	(void)state;
	has(CONSOLE);
	launch_service(""); /* 2 */
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	has(CONSOLE "vbd/51728 02\n");
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	stranger_assert_violation(
	    3, "netdrv was given a device, or a device was changed, behind cairnd's back: vbd/51728");
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_int_equal(agentuse.fake.count, 1); /* it goes on: without the network, who would tell? */
	/* One that goes, and comes back as it was, is no news; one that comes back otherwise is. */
	has(CONSOLE);
	stranger_sweep();
	has(CONSOLE "vbd/51728 02\n");
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	has(CONSOLE "vbd/51728 03\n");
	stranger_sweep();
	assert_int_equal(stranger_records(), 5);
	fixture_assert_replays(&agentuse);
}

static void test_audit(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	launch_service("");
	has("bdf/0000:03:00.0 02\n");
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	agentuse_assert_type(3, "change");
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	fixture_assert_replays(&agentuse);
}

/* What a guest is given is its owner's business. */
static void test_guest(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	has("vbd/51728 02\n");
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}

/* A service domain that has more than was described before it has run is not let run. */
static void test_built_with_more(void **state)
{
	static const char *const lines[] = {"vbd/51712 00\n", CONSOLE VIF, "bdf/0000:03:00.0 00\n",
					    "9pfs/0 00\n"};

	(void)state;
	fixture_manifest(&agentuse, "netdrv.jws", "netdrv", "service", agentuse.authority);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		has(lines[i]);
		assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "")), CAIRN_E_XEN);
		assert_non_null(strstr(agentuse_why, "it has a device that its record does not describe: "));
		assert_int_equal(agentuse.fake.unpaused, 0);
		assert_int_equal(agentuse.fake.count, 0);
	}
	agentuse.fake.devices_fail = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "")), CAIRN_E_XEN);
	assert_non_null(strstr(agentuse_why, "its devices cannot be read from xenstore"));
	assert_int_equal(agentuse.fake.count, 0);
}

/* Of cairnd's start: xenstore has what the last one knew. */
static void test_while_away(void **state)
{
	(void)state;
	launch_service("");
	fixture_stop(&agentuse);
	has(CONSOLE); /* which it did not have */
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	stranger_assert_violation(3, "console/0");
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
}

/* ... or has not: then the record says what there may be. */
static void test_nothing_kept(void **state)
{
	(void)state;
	agentuse.fake.publish_fails = CAIRN_E_XEN; /* its quota, say */
	has(CONSOLE);
	launch_service("");
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	fixture_stop(&agentuse);
	has(CONSOLE "vbd/51712 00\n");
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	stranger_assert_violation(3, "vbd/51712");
}

/* Nothing that cairnd writes to xenstore is needed to start a domain, or to know it. */
static void test_quota(void **state)
{
	(void)state;
	agentuse.fake.publish_fails = CAIRN_E_XEN;
	launch_service("");
	assert_int_equal(agentuse.fake.unpaused, 1);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	agentuse.fake.domain[0].shutdown = true;
	stranger_sweep();
	assert_int_equal(agentuse.fake.count, 0);
	agentuse_assert_type(3, "exit");
}

static void test_faults(void **state)
{
	(void)state;
	launch_service("");
	has(VIF);
	agentuse.fake.devices_fail = CAIRN_E_XEN;
	stranger_sweep();
	assert_true(agentuse.agent->devices_unread);
	assert_int_equal(stranger_records(), 3);
	agentuse.fake.devices_fail = CAIRN_OK;
	agentuse_limit_files(agentuse.agent->log.size);
	stranger_sweep();
	assert_false(agentuse.agent->devices_unread);
	assert_int_equal(stranger_records(), 3);
	agentuse_limit_files(RLIM_INFINITY);
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	stranger_assert_violation(3, "vif/0");
}

/* Where xenstored says when something changes, it is read then, and now and then. */
static void test_when(void **state)
{
	(void)state;
	launch_service("");
	agentuse.fake.watched = true;
	stranger_sweep();
	has(VIF);
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	agentuse.agent->heard = true;
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	has(VIF CONSOLE);
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	agentuse.agent->devices_ms -= 10000;
	stranger_sweep();
	assert_int_equal(stranger_records(), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STRANGER_TEST(test_violation),  STRANGER_TEST(test_audit),
	    STRANGER_TEST(test_guest),	    STRANGER_TEST(test_built_with_more),
	    STRANGER_TEST(test_while_away), STRANGER_TEST(test_nothing_kept),
	    STRANGER_TEST(test_quota),	    STRANGER_TEST(test_faults),
	    STRANGER_TEST(test_when)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
