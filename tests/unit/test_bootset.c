/* The boot set: who is launched when, and what is waited for how long. */
#include "tests/unit/bootset_fixture.h"

#include "agent/paths.h"

/* ---- order -------------------------------------------------------------------------------------------- */

static void test_order(void **state)
{
	(void)state;
	bootset_boot("web", "netdrv", "alone");
	bootset_config("web", "1", RESTARTS_USES);
	bootset_config("netdrv", "1", RESTARTS_DRIVER);
	bootset_config("alone", "1", "");
	bootset_later(0);
	assert_true(restarts_runs("netdrv"));
	assert_true(restarts_runs("alone"));
	assert_false(restarts_runs("web"));
	bootset_assert_state("netdrv", "starting");
	bootset_assert_state("web", "waiting");
	bootset_assert_state("alone", "running");
	bootset_later(59);
	assert_false(restarts_runs("web"));
	bootset_let_serve("netdrv");
	bootset_later(0);
	assert_true(restarts_runs("web"));
	bootset_assert_state("netdrv", "serving");
	bootset_assert_state("web", "running");
	bootset_later(1000);
	assert_int_equal(agentuse.fake.created, 3);
	fixture_assert_replays(&agentuse);
}

static void test_named_by_path(void **state)
{
	(void)state;
	bootset_boot("netdrv", "web", NULL);
	const char *set = bootset_config_by_path("netdrv", "1", RESTARTS_DRIVER);

	bootset_later(0);
	assert_true(restarts_runs("netdrv"));
	bootset_assert_from("netdrv", set);
	bootset_assert_state("web", "without configuration");
	assert_true(cairn_path_keep(agentuse.conf.boot_configs, "web.path", "web.cfg"));
	bootset_later(0);
	bootset_assert_state("web", "without configuration");
	bootset_config_by_path("web", "1", RESTARTS_USES);
	bootset_later(0);
	bootset_assert_state("web", "waiting");
}

/* dom0's hand-over comes first. */
static void test_waits_for_the_phase(void **state)
{
	(void)state;
	bootset_boot_early("web", NULL, NULL);
	bootset_config("web", "1", "");
	bootset_later(0);
	bootset_later(59);
	assert_int_equal(agentuse.fake.created, 0);
	bootset_assert_state("web", "waiting");
	bootset_phase("none");
	bootset_later(0);
	assert_true(restarts_runs("web"));
}

/* Where nobody says which phase it is, the set starts all the same; then each has its time. */
static void test_no_phase(void **state)
{
	(void)state;
	bootset_boot_early("web", "netdrv", NULL);
	agentuse.conf.restart_delay_s = agentuse.conf.restart_delay_max_s = 1000 * RESTARTS_UNIT_S;
	bootset_config("web", "1", RESTARTS_USES);
	bootset_later(0);
	bootset_later(60);
	bootset_assert_state("netdrv", "without configuration");
	bootset_assert_state("web", "waiting");
	bootset_later(59);
	bootset_assert_state("web", "waiting");
	bootset_later(1);
	bootset_assert_state("web", "to be launched");
}

static void test_phase_failed(void **state)
{
	(void)state;
	bootset_boot_early("web", NULL, NULL);
	bootset_config("web", "1", "");
	bootset_phase("failed");
	bootset_later(0);
	bootset_later(10000);
	assert_int_equal(agentuse.fake.created, 0);
}

static void test_bounded(void **state)
{
	(void)state;
	bootset_boot("netdrv", "web", NULL);
	bootset_config("netdrv", "1", RESTARTS_DRIVER);
	bootset_config("web", "1", RESTARTS_USES);
	bootset_later(0);
	bootset_later(59);
	assert_false(restarts_runs("web"));
	bootset_later(1);
	assert_true(restarts_runs("web"));
	bootset_assert_state("netdrv", "late");
	bootset_let_serve("netdrv");
	bootset_later(0);
	bootset_assert_state("netdrv", "serving");
}

static void test_circle(void **state)
{
	(void)state;
	bootset_boot("a", "b", "web");
	bootset_config("a", "1", "vif = [ \"backend=b\" ]\n");
	bootset_config("b", "1", "vif = [ \"backend=a\" ]\n");
	bootset_config("web", "1", "");
	bootset_later(0);
	bootset_later(1000);
	assert_true(restarts_runs("web"));
	assert_int_equal(agentuse.fake.created, 1);
	bootset_assert_state("a", "needs itself");
	bootset_assert_state("b", "needs itself");
}

/* Its disk may still be closed: it is launched when it can be read, and those who need it do not wait for ever. */
static void test_configuration_comes_late(void **state)
{
	(void)state;
	bootset_boot("netdrv", "web", NULL);
	agentuse.conf.restart_delay_s = agentuse.conf.restart_delay_max_s = 100 * RESTARTS_UNIT_S;
	bootset_config("web", "1", RESTARTS_USES);
	bootset_later(0);
	bootset_assert_state("netdrv", "without configuration");
	bootset_later(60);
	bootset_assert_state("web", "to be launched");
	agentuse_assert_type(restarts_last_record(), "refusal");
	bootset_config("netdrv", "1", RESTARTS_DRIVER);
	bootset_later(0);
	assert_true(restarts_runs("netdrv"));
	bootset_let_serve("netdrv");
	bootset_later(100);
	assert_true(restarts_runs("web"));
}

/* One that is never allowed is given up, and then nobody waits for it. */
static void test_refused(void **state)
{
	(void)state;
	bootset_boot("netdrv", "web", NULL);
	bootset_config("netdrv", "1", RESTARTS_DRIVER);
	bootset_config("web", "1", "vif = [ \"backend=netdrv\" ]\n");
	agentuse.conf.restart_max = 1;
	fixture_file(&agentuse, "kernel", "another kernel");
	bootset_later(0);
	bootset_assert_state("netdrv", "to be launched");
	bootset_assert_state("web", "waiting");
	bootset_later(1);
	bootset_assert_state("netdrv", "given up");
	bootset_later(3);
	bootset_assert_state("web", "given up");
	uint64_t records = agentuse.agent->log.records;

	bootset_later(10000);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_int_equal(agentuse.fake.created, 0);
}

static void test_guests_of_the_set_come_back(void **state)
{
	(void)state;
	bootset_boot("web", NULL, NULL);
	bootset_config("web", "1", "");
	bootset_later(0);
	restarts_end("web", 3);
	bootset_later(1);
	assert_true(restarts_runs("web"));
	restarts_end("web", 0);
	bootset_later(1000);
	assert_false(restarts_runs("web"));
	bootset_assert_state("web", "ended");
	restarts_kill();
	bootset_later(1000);
	assert_false(restarts_runs("web"));
}

static void test_not_on_a_violated_host(void **state)
{
	(void)state;
	bootset_boot("web", NULL, NULL);
	bootset_config("web", "1", "");
	cairn_agent_worsen(agentuse.agent, CAIRN_AGENT_VIOLATED, "a test");
	bootset_later(100);
	assert_int_equal(agentuse.fake.created, 0);
}

/* Killed after each step, cairnd goes on, and launches each once. */
static void test_killed(void **state)
{
	(void)state;
	bootset_boot("netdrv", "web", NULL);
	bootset_config("netdrv", "1", RESTARTS_DRIVER);
	bootset_config("web", "1", RESTARTS_USES);
	restarts_kill();
	bootset_later(0);
	assert_true(restarts_runs("netdrv"));
	restarts_kill();
	bootset_later(0);
	assert_false(restarts_runs("web"));
	bootset_let_serve("netdrv");
	restarts_kill();
	bootset_later(0);
	assert_true(restarts_runs("web"));
	restarts_kill();
	bootset_later(1000);
	assert_int_equal(agentuse.fake.created, 2);
	assert_int_equal(agentuse.agent->log.records, 5);
	fixture_assert_replays(&agentuse);
}

/* Between the record and the domain; between the domain and its check. */
static void test_killed_while_building(void **state)
{
	(void)state;
	bootset_boot("web", NULL, NULL);
	bootset_config("web", "1", "");
	bootset_later(0);
	agentuse.fake.count = 0;
	restarts_kill();
	bootset_later(0);
	restarts_assert_exit(4, "lost");
	bootset_later(1);
	assert_true(restarts_runs("web"));
	agentuse.fake.domain[0].paused = true;
	restarts_kill();
	bootset_later(0);
	restarts_assert_exit(6, "build-failed");
	bootset_later(2);
	assert_true(restarts_runs("web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTARTS_TEST(test_order),
	    RESTARTS_TEST(test_named_by_path),
	    RESTARTS_TEST(test_waits_for_the_phase),
	    RESTARTS_TEST(test_no_phase),
	    RESTARTS_TEST(test_phase_failed),
	    RESTARTS_TEST(test_bounded),
	    RESTARTS_TEST(test_circle),
	    RESTARTS_TEST(test_configuration_comes_late),
	    RESTARTS_TEST(test_refused),
	    RESTARTS_TEST(test_guests_of_the_set_come_back),
	    RESTARTS_TEST(test_not_on_a_violated_host),
	    RESTARTS_TEST(test_killed),
	    RESTARTS_TEST(test_killed_while_building),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
