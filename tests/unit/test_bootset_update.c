/* The boot set: what takes the place of an update that does not serve. */
#include "tests/unit/bootset_fixture.h"

#include <stdio.h>

/* netdrv serves from set 1, and web runs on it; then set 2 is dropped in, and netdrv comes down. */
static const char *update(void)
{
	static char good[120];

	bootset_boot("netdrv", "web", NULL);
	snprintf(good, sizeof(good), "%s", bootset_config("netdrv", "1", RESTARTS_DRIVER));
	bootset_config("web", "1", RESTARTS_USES);
	bootset_later(0);
	bootset_let_serve("netdrv");
	bootset_later(0);
	assert_true(restarts_runs("web"));
	cairn_auto_buf struct cairn_buf why = {0};

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &why), CAIRN_OK);
	agentuse.fake.serving = 0;
	return good;
}

static void test_update_serves(void **state)
{
	char path[PATH_MAX];

	(void)state;
	update();
	const char *set = bootset_config("netdrv", "2", RESTARTS_DRIVER);

	assert_int_equal(agentuse_launch(set), CAIRN_OK);
	bootset_later(30);
	bootset_let_serve("netdrv");
	bootset_later(1000);
	assert_int_equal(agentuse.fake.created, 3);
	assert_true(cairn_bootset_good(agentuse.agent, path, "netdrv"));
	assert_string_equal(path, set);
}

static void test_update_does_not_serve(void **state)
{
	(void)state;
	const char *good = update();
	const char *set = bootset_config("netdrv", "2", RESTARTS_DRIVER);

	assert_int_equal(agentuse_launch(set), CAIRN_OK);
	uint64_t launch = restarts_last_record();

	bootset_later(0);
	bootset_later(59);
	bootset_assert_from("netdrv", set);
	assert_true(restarts_runs("netdrv"));
	bootset_later(1);
	restarts_assert_exit(launch + 1, "no-service");
	bootset_later(1);
	restarts_assert_launch(launch + 2, 2);
	bootset_assert_from("netdrv", good);
	bootset_let_serve("netdrv");
	bootset_later(1000);
	bootset_assert_state("netdrv", "serving");
	assert_int_equal(agentuse.fake.created, 4);
	assert_true(restarts_runs("web"));
	fixture_assert_replays(&agentuse);
}

/* What served before may be below the floor by now: then the update stays, late as it is. */
static void test_no_way_back(void **state)
{
	FILE *f;

	(void)state;
	const char *good = update();

	f = fopen(good, "a");
	assert_non_null(f);
	assert_true(fputs("\nvcpus = 2\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	const char *set = bootset_config("netdrv", "2", RESTARTS_DRIVER);

	assert_int_equal(agentuse_launch(set), CAIRN_OK);
	uint64_t launch = restarts_last_record();

	bootset_later(0);
	bootset_later(60);
	restarts_assert_exit(launch + 1, "no-service");
	bootset_later(1);
	agentuse_assert_type(launch + 2, "refusal");
	bootset_later(2);
	restarts_assert_launch(launch + 3, 2);
	bootset_later(1000);
	bootset_assert_from("netdrv", set);
	bootset_assert_state("netdrv", "late");
	assert_int_equal(restarts_last_record(), launch + 3);
	bootset_let_serve("netdrv");
	bootset_later(0);
	bootset_assert_state("netdrv", "serving");
}

/* What served is known over a reboot, without anything of this boot. */
static void test_update_at_the_next_boot(void **state)
{
	char launched[80];

	(void)state;
	const char *good = update();
	const char *set = bootset_config_by_path("netdrv", "2", RESTARTS_DRIVER);

	snprintf(launched, sizeof(launched), "%s/launched", agentuse.dir);
	assert_int_equal(fixture_boot(&agentuse), 0);
	fixture_remove(launched);
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	bootset_phase("none");
	bootset_later(0);
	bootset_assert_from("netdrv", set);
	bootset_later(60);
	bootset_later(1);
	restarts_assert_exit(4, "no-service");
	bootset_assert_from("netdrv", good);
	assert_true(restarts_runs("netdrv"));
}

static void test_killed_on_the_way_back(void **state)
{
	(void)state;
	const char *good = update();

	assert_int_equal(agentuse_launch(bootset_config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	uint64_t launch = restarts_last_record();

	restarts_kill();
	bootset_later(0);
	bootset_later(60);
	restarts_assert_exit(launch + 1, "no-service");
	restarts_kill();
	bootset_later(1);
	restarts_assert_launch(launch + 2, 2);
	bootset_assert_from("netdrv", good);
	restarts_kill();
	bootset_later(0);
	bootset_later(1000);
	bootset_assert_state("netdrv", "late"); /* and is left alone, being the last good one */
	assert_int_equal(agentuse.fake.created, 4);
}

/* Crashing takes time as well. */
static void test_update_crashes(void **state)
{
	(void)state;
	const char *good = update();

	assert_int_equal(agentuse_launch(bootset_config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	for (unsigned i = 0; i < 3; i++) {
		restarts_crash();
		bootset_later(20);
		assert_true(restarts_runs("netdrv"));
	}
	bootset_later(0);
	bootset_later(25);
	bootset_later(1);
	bootset_assert_from("netdrv", good);
	assert_true(restarts_runs("netdrv"));
}

/* An update that the gate refuses, or that crashes all its tries away. */
static void test_update_is_given_up(void **state)
{
	(void)state;
	const char *good = update();

	agentuse.conf.restart_max = 2;
	assert_int_equal(agentuse_launch(bootset_config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	bootset_later(0);
	for (unsigned i = 0; i < 3; i++) {
		restarts_crash();
		bootset_later(2);
	}
	assert_true(restarts_runs("netdrv"));
	bootset_assert_from("netdrv", good);
}

/* The last good one may be bad by now: it is not tried for ever. */
static void test_nothing_serves(void **state)
{
	(void)state;
	update();
	agentuse.conf.restart_max = 2;
	assert_int_equal(agentuse_launch(bootset_config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	fixture_file(&agentuse, "kernel", "another kernel");
	for (unsigned i = 0; i < 100; i++)
		bootset_later(60);
	assert_false(restarts_runs("netdrv"));
	bootset_assert_state("netdrv", "given up");
	uint64_t records = agentuse.agent->log.records;

	bootset_later(10000);
	assert_int_equal(agentuse.agent->log.records, records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTARTS_TEST(test_update_serves),
	    RESTARTS_TEST(test_update_does_not_serve),
	    RESTARTS_TEST(test_no_way_back),
	    RESTARTS_TEST(test_update_at_the_next_boot),
	    RESTARTS_TEST(test_killed_on_the_way_back),
	    RESTARTS_TEST(test_update_crashes),
	    RESTARTS_TEST(test_update_is_given_up),
	    RESTARTS_TEST(test_nothing_serves),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
