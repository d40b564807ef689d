/* Live patches and kexec images: violations, once each. */
#include "tests/unit/strangers_fixture.h"

static void test_each(void **state)
{
	static const char *const parts[CAIRN_HV_CHANGES] = {"live patch", "a kexec image was",
							    "kexec image for crashes", "suspended"};

	(void)state;
	for (unsigned i = 0; i < CAIRN_HV_CHANGES; i++) {
		agentuse.fake.changes |= 1u << i;
		for (unsigned k = 0; k < 3; k++)
			stranger_sweep();
		stranger_assert_violation(2 + i, parts[i]);
	}
	assert_int_equal(stranger_records(), 2 + CAIRN_HV_CHANGES);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	fixture_assert_replays(&agentuse);
	/* Another cairnd knows. */
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 2 + CAIRN_HV_CHANGES);
	/* Taken away and loaded again. */
	agentuse.fake.changes = 0;
	stranger_sweep();
	agentuse.fake.changes = 1u << CAIRN_HV_KEXEC;
	stranger_sweep();
	stranger_assert_violation(2 + CAIRN_HV_CHANGES, parts[CAIRN_HV_KEXEC]);
}

static void test_audit(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	agentuse.fake.changes = 1u << CAIRN_HV_LIVEPATCH;
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	agentuse_assert_type(2, "change");
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(agentuse.agent->changes, 1u << CAIRN_HV_LIVEPATCH);
	fixture_assert_replays(&agentuse);
	/* Another cairnd knows. */
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}

/* What the log does not take now it takes later. */
static void test_not_recorded(void **state)
{
	(void)state;
	agentuse.fake.changes = 1u << CAIRN_HV_LIVEPATCH;
	agentuse_limit_files(agentuse.agent->log.size);
	stranger_sweep();
	assert_int_equal(stranger_records(), 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_limit_files(RLIM_INFINITY);
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	stranger_assert_violation(2, "live patch");
	fixture_assert_replays(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STRANGER_TEST(test_each), STRANGER_TEST(test_audit),
					   STRANGER_TEST(test_not_recorded)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
