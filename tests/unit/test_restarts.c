/* Service domains that come down: they come back through the gate, later each time, and not for ever. */
#include "tests/unit/restart_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct cairn_peer root = {.uid = 0, .root = true};

static void pcrs(struct cairn_bank *b)
{
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11 | 1u << 13, b),
			 CAIRN_OK);
}

static void test_comes_back(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	restarts_driver();
	pcrs(&before);
	restarts_crash();
	restarts_assert_exit(restarts_last_record(), "crashed");
	assert_false(restarts_runs("netdrv"));
	restarts_tick(0);
	assert_false(restarts_runs("netdrv"));
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	restarts_assert_launch(restarts_last_record(), 1);
	assert_int_equal(agentuse.fake.unpaused, 2);
	pcrs(&after);
	assert_memory_equal(&before, &after, sizeof(before));
	restarts_tick(1000);
	assert_int_equal(agentuse.fake.created, 2);
	fixture_assert_replays(&agentuse);
}

static void test_which_ends(void **state)
{
	static const struct {
		const char *reason;
		unsigned shutdown;
		bool back;
	} rows[] = {{"shutdown", 0, false}, {"rebooted", 1, true}, {"suspended", 2, true},
		    {"crashed", 3, true},   {"crashed", 4, true},  {"shutdown", 5, false}};

	(void)state;
	const char *config = restarts_driver();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		restarts_end("netdrv", rows[i].shutdown);
		restarts_assert_exit(restarts_last_record(), rows[i].reason);
		restarts_tick(100);
		assert_int_equal(restarts_runs("netdrv"), rows[i].back);
		if (!restarts_runs("netdrv"))
			assert_int_equal(agentuse_launch(config), CAIRN_OK);
	}
	cairn_auto_buf struct cairn_buf why = {0};

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &why), CAIRN_OK);
	restarts_tick(100);
	assert_false(restarts_runs("netdrv"));
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	agentuse.fake.count = 0;
	cairn_agent_sweep(agentuse.agent);
	restarts_assert_exit(restarts_last_record(), "destroyed");
	restarts_tick(100);
	assert_false(restarts_runs("netdrv"));
}

static void test_guests_stay_down(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	restarts_end("guest1", 3);
	restarts_tick(1000);
	assert_int_equal(agentuse.fake.created, 1);
	assert_null(cairn_restart_find(agentuse.agent, "guest1"));
}

/* Each delay twice the last up to the limit, so many tries and no more, until somebody launches it. */
static void test_back_off(void **state)
{
	static const int64_t delays[] = {2, 4, 5, 5};
	const char *config;

	(void)state;
	agentuse.conf.restart_delay_s = 2 * RESTARTS_UNIT_S;
	agentuse.conf.restart_delay_max_s = 5 * RESTARTS_UNIT_S;
	agentuse.conf.restart_max = 4;
	config = restarts_driver();
	for (size_t i = 0; i < 4; i++) {
		restarts_crash();
		restarts_tick(delays[i] - 1);
		assert_false(restarts_runs("netdrv"));
		restarts_tick(delays[i]);
		assert_true(restarts_runs("netdrv"));
	}
	restarts_crash();
	uint64_t records = agentuse.agent->log.records;

	restarts_tick(10000);
	assert_false(restarts_runs("netdrv"));
	assert_int_equal(agentuse.agent->log.records, records);
	restarts_kill();
	restarts_tick(10000);
	assert_false(restarts_runs("netdrv"));
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config)),
			       CAIRN_OK);
	restarts_crash();
	assert_int_equal(restarts_known()->failures, 1);
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
}

static void test_never(void **state)
{
	(void)state;
	agentuse.conf.restart_max = 0;
	restarts_driver();
	restarts_crash();
	restarts_tick(10000);
	assert_false(restarts_runs("netdrv"));
}

/* Having run for long enough a domain has its tries anew. */
static void test_settles(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	restarts_tick(2);
	restarts_tick(599);
	assert_int_equal(restarts_known()->failures, 1);
	restarts_tick(600);
	assert_int_equal(restarts_known()->failures, 0);
	restarts_crash();
	assert_int_equal(restarts_known()->failures, 1);
}

/* What is on the disk now is what counts: a changed image is refused, and the right one comes back. */
static void test_images_are_read_anew(void **state)
{
	(void)state;
	restarts_driver();
	fixture_file(&agentuse, "kernel", "another kernel");
	restarts_crash();
	restarts_tick(2);
	assert_false(restarts_runs("netdrv"));
	agentuse_assert_type(restarts_last_record(), "refusal");
	assert_int_equal(restarts_known()->failures, 2);
	restarts_tick(1);
	agentuse_assert_type(restarts_last_record(), "refusal");
	fixture_file(&agentuse, "kernel", "a kernel");
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	restarts_assert_launch(restarts_last_record(), 1);
}

/* A refusal of a domain that is not to come back is nobody's failure. */
static void test_refusals_by_hand(void **state)
{
	(void)state;
	const char *config = restarts_driver();

	restarts_crash();
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	fixture_file(&agentuse, "netdrv.cfg", "name = \"netdrv\"\nbogus = 1\n");
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	assert_int_equal(restarts_known()->failures, 1);
	assert_false(restarts_known()->due);
}

static void test_not_built(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	agentuse.fake.create_fails = CAIRN_E_TIMEOUT;
	restarts_tick(2);
	restarts_assert_exit(restarts_last_record(), "build-failed");
	assert_int_equal(restarts_known()->failures, 2);
	agentuse.fake.create_fails = CAIRN_OK;
	restarts_kill();
	assert_int_equal(restarts_known()->failures, 2);
	restarts_tick(1);
	assert_false(restarts_runs("netdrv"));
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	restarts_assert_launch(restarts_last_record(), 2);
}

/* The failed build of a launch by hand was told to the one who launched it. */
static void test_not_built_by_hand(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", RESTARTS_DRIVER)), CAIRN_E_XEN);
	agentuse.fake.create_fails = CAIRN_OK;
	restarts_tick(1000);
	assert_false(restarts_runs("netdrv"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTARTS_TEST(test_comes_back),
	    RESTARTS_TEST(test_which_ends),
	    RESTARTS_TEST(test_guests_stay_down),
	    RESTARTS_TEST(test_back_off),
	    RESTARTS_TEST(test_never),
	    RESTARTS_TEST(test_settles),
	    RESTARTS_TEST(test_images_are_read_anew),
	    RESTARTS_TEST(test_refusals_by_hand),
	    RESTARTS_TEST(test_not_built),
	    RESTARTS_TEST(test_not_built_by_hand),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
