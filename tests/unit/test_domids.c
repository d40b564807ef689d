/* Domains that came and went unseen are missed by their numbers, which the hypervisor gives in order. */
#include "tests/unit/strangers_fixture.h"

static void test_gap(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")),
			 CAIRN_OK);   /* 2: domain 1 */
	agentuse.fake.next_domid = 3; /* 2 and 3 were used by somebody */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")),
			 CAIRN_OK); /* 3: domain 4 */
	stranger_sweep();
	stranger_assert_unrecorded(4, 2, "");
	stranger_assert_violation(5, "domain 2 came and went");
	stranger_assert_unrecorded(6, 3, "");
	assert_int_equal(stranger_records(), 7);
	assert_int_equal(agentuse.fake.count, 2);
	assert_int_equal(agentuse.fake.remembered, 4);
	stranger_sweep();
	assert_int_equal(stranger_records(), 7);
	fixture_assert_replays(&agentuse);
}

static void goes_at_once(struct fake_hv *hv)
{
	hv->count--;
}

/* The domid of a build that failed was never seen; that it may be missing outlives this cairnd. */
static void test_unplaced_while_away(void **state)
{
	(void)state;
	stranger_boot_with("enforce");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* domain 1 */
	agentuse.fake.create_fails = CAIRN_E_XEN;
	agentuse.fake.during_create = goes_at_once;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")),
			 CAIRN_E_XEN); /* domain 2 */
	agentuse.fake.create_fails = CAIRN_OK;
	agentuse.fake.during_create = NULL;
	stranger_sweep();
	uint64_t records = stranger_records();
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest3", "")), CAIRN_OK); /* domain 3 */
	stranger_sweep();
	assert_int_equal(stranger_records(), records + 1);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	/* That was the one: the next that is missing is somebody else's. */
	agentuse.fake.next_domid = 5;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest4", "")), CAIRN_OK);
	stranger_sweep();
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
}

/* What was given before cairnd looked for the first time in a boot. */
static void test_gap_at_start(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	stranger(3, STRANGER "3");
	stranger_sweep();
	stranger_assert_unrecorded(2, 1, "");
	stranger_assert_unrecorded(3, 2, "");
	stranger_assert_unrecorded(4, 3, STRANGER "3");
	assert_int_equal(stranger_records(), 5);
}

/* While cairnd was not there, domain 2 came and went, and 3 runs. */
static void test_gap_while_away(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	stranger_sweep();
	fixture_stop(&agentuse);
	stranger(3, STRANGER "3");
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	stranger_assert_unrecorded(3, 2, "");
	stranger_assert_unrecorded(4, 3, STRANGER "3");
	assert_int_equal(stranger_records(), 5);
	/* Where nobody remembers, what is there is where it starts. */
	fixture_stop(&agentuse);
	agentuse.fake.remembered = 0;
	stranger(6, STRANGER "6");
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	stranger_assert_unrecorded(5, 6, STRANGER "6");
	assert_int_equal(stranger_records(), 6);
}

/* A launch that failed used a domid as well, and is on record. */
static void test_failed_builds(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(config), CAIRN_E_XEN); /* 2, 3 */
	agentuse.fake.create_fails = CAIRN_OK;
	agentuse.fake.other_type = true;
	assert_int_equal(agentuse_launch(config), CAIRN_E_XEN); /* 4, 5 */
	agentuse.fake.other_type = false;
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 6 */
	stranger_sweep();
	assert_int_equal(stranger_records(), 7);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	/* But only one. */
	agentuse.fake.next_domid++;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_OK); /* 7 */
	stranger_sweep();
	stranger_assert_unrecorded(8, 4, "");
}

/* Whoever builds a domain may choose its domid; that tells nothing of those between. */
static void test_chosen_domid(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	stranger(500, STRANGER "5");
	agentuse.fake.next_domid = 0;
	stranger_sweep();
	stranger_assert_unrecorded(2, 500, STRANGER "5");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 3 */
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
}

/* Hundreds are said in few records, and none is passed over. */
static void test_many(void **state)
{
	(void)state;
	agentuse.fake.next_domid = 300;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	stranger_sweep();
	assert_int_equal(stranger_records(), 3 + 16 + 2);
	stranger_assert_unrecorded(3, 1, "");
	stranger_assert_violation(4, "domain 1 came and went");
	stranger_assert_unrecorded(19, 16, "");
	stranger_assert_violation(20, "domain 17 and others behind it");
}

/* Domids start again from 1. */
static void test_wrap(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	agentuse.agent->strangers.last_domid = CAIRN_HV_DOMAINS - 3;
	agentuse.fake.next_domid = 1;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	stranger_sweep();
	stranger_assert_unrecorded(3, CAIRN_HV_DOMAINS - 2, "");
	stranger_assert_unrecorded(4, CAIRN_HV_DOMAINS - 1, "");
	stranger_assert_unrecorded(5, 1, "");
	assert_int_equal(stranger_records(), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STRANGER_TEST(test_gap),	       STRANGER_TEST(test_unplaced_while_away),
	    STRANGER_TEST(test_gap_at_start),  STRANGER_TEST(test_gap_while_away),
	    STRANGER_TEST(test_failed_builds), STRANGER_TEST(test_chosen_domid),
	    STRANGER_TEST(test_many),	       STRANGER_TEST(test_wrap),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
