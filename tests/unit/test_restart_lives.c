/* Service domains that come back, whatever becomes of cairnd in between; what keeps them from it; what is told of it. */
#include "cli/logs.h"
#include "tests/unit/restart_fixture.h"
#include "tests/unit/sim_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cairn_peer root = {.uid = 0, .root = true};

/* ---- cairnd killed ------------------------------------------------------------------------------------- */

static void test_killed_before_the_try(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	restarts_kill();
	restarts_tick(0);
	assert_false(restarts_runs("netdrv"));
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	restarts_assert_launch(restarts_last_record(), 1);
	fixture_assert_replays(&agentuse);
}

static void test_crashes_while_no_cairnd_looks(void **state)
{
	(void)state;
	restarts_driver();
	agentuse.fake.domain[0].shutdown = true;
	agentuse.fake.domain[0].shutdown_reason = 3;
	restarts_kill();
	cairn_agent_sweep(agentuse.agent);
	restarts_assert_exit(restarts_last_record(), "crashed");
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
}

/* Its record is in the log, and nothing of it was built. */
static void test_killed_after_the_record(void **state)
{
	(void)state;
	restarts_driver();
	agentuse.fake.count = 0;
	restarts_kill();
	cairn_agent_sweep(agentuse.agent);
	restarts_assert_exit(restarts_last_record(), "lost");
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
}

/* It was built and not yet checked: it is destroyed, and tried again since it was a try. */
static void test_killed_while_building(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	restarts_tick(2);
	agentuse.fake.domain[0].paused = true;
	restarts_kill();
	cairn_agent_sweep(agentuse.agent);
	restarts_assert_exit(restarts_last_record(), "build-failed");
	assert_int_equal(agentuse.fake.count, 0);
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
	restarts_assert_launch(restarts_last_record(), 2);
}

static void test_runs_on_while_killed(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	restarts_tick(2);
	restarts_kill();
	cairn_agent_sweep(agentuse.agent);
	restarts_tick(1000);
	assert_true(restarts_runs("netdrv"));
	assert_int_equal(agentuse.fake.created, 2);
}

/* ---- what keeps it from being tried -------------------------------------------------------------------- */

static void test_configuration_is_gone(void **state)
{
	(void)state;
	const char *config = restarts_driver();

	restarts_crash();
	assert_int_equal(unlink(config), 0);
	restarts_tick(2);
	assert_int_equal(restarts_known()->failures, 2);
	fixture_config(&agentuse, "guest1", "");
	char path[160], other[160];

	snprintf(path, sizeof(path), "%s/netdrv.cfg", agentuse.dir);
	snprintf(other, sizeof(other), "%s/guest1.cfg", agentuse.dir);
	assert_int_equal(symlink(other, path), 0);
	restarts_tick(2);
	assert_int_equal(restarts_known()->failures, 3);
	assert_int_equal(agentuse.fake.created, 1); /* another domain's */
	snprintf(path, sizeof(path), "%s/launched/netdrv", agentuse.dir);
	assert_int_equal(unlink(path), 0);
	restarts_tick(4);
	assert_int_equal(restarts_known()->failures, 4);
}

static void test_not_on_a_violated_host(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	cairn_agent_worsen(agentuse.agent, CAIRN_AGENT_VIOLATED, "a test");
	restarts_tick(1000);
	assert_int_equal(agentuse.fake.created, 1);
	assert_int_equal(restarts_known()->failures, 1);
}

static void test_blind(void **state)
{
	(void)state;
	restarts_driver();
	restarts_crash();
	agentuse.fake.list_fails = CAIRN_E_XEN;
	cairn_agent_sweep(agentuse.agent);
	restarts_tick(2);
	assert_int_equal(restarts_known()->failures, 1);
	agentuse.fake.list_fails = CAIRN_OK;
	cairn_agent_sweep(agentuse.agent);
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
}

/* ---- what is told -------------------------------------------------------------------------------------- */

static json_t *status_of(const char *name)
{
	cairn_auto_json json_t *s = agentuse_ask(&root, json_pack("{s:s}", "op", "status"));
	json_t *d, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(s, "domains"), i,
			   d) if (strcmp(agentuse_str(d, "name"), name) == 0) found = d;
	return json_incref(found);
}

static void test_status(void **state)
{
	(void)state;
	restarts_driver();
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", RESTARTS_USES)), CAIRN_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_OK);
	cairn_auto_json json_t *up = status_of("netdrv");

	assert_true(json_is_null(json_object_get(up, "restart")));
	json_t *names = json_object_get(up, "dependants");
	assert_int_equal(json_array_size(names), 1);
	assert_string_equal(json_string_value(json_array_get(names, 0)), "guest1");
	restarts_crash();
	restarts_tick(0);
	cairn_auto_json json_t *down = status_of("netdrv");
	json_t *r = json_object_get(down, "restart");

	assert_string_equal(agentuse_str(down, "state"), "ended");
	assert_string_equal(agentuse_str(r, "state"), "waiting");
	assert_int_equal(json_integer_value(json_object_get(r, "failures")), 1);
	assert_in_range(json_integer_value(json_object_get(r, "in_s")), 1, RESTARTS_UNIT_S);
	assert_int_equal(json_array_size(json_object_get(down, "dependants")), 1);
	agentuse.conf.restart_max = 0;
	cairn_auto_json json_t *given_up = status_of("netdrv");

	assert_string_equal(agentuse_str(json_object_get(given_up, "restart"), "state"), "given-up");
	restarts_end("guest1", 0);
	cairn_auto_json json_t *alone = status_of("netdrv");

	assert_int_equal(json_array_size(json_object_get(alone, "dependants")), 0);
}

/* The first node of the chain's tree that is called so, at any depth. */
static const json_t *node_of(const json_t *node, const char *name)
{
	const json_t *found = strcmp(agentuse_str(node, "name"), name) == 0 ? node : NULL;
	const json_t *children = json_object_get(node, "children");

	for (size_t i = json_array_size(children); i > 0 && !found; i--)
		found = node_of(json_array_get(children, i - 1), name);
	return found;
}

static void test_chain(void **state)
{
	cairn_auto_json json_t *chain = NULL;

	(void)state;
	restarts_driver();
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", RESTARTS_USES)), CAIRN_OK);
	restarts_crash();
	restarts_tick(2);
	agentuse_assert_status(
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "maintenance", "reason", "a new disk")),
	    CAIRN_OK);
	cairn_auto_json json_t *answer = agentuse_ask(&root, json_pack("{s:s}", "op", "chain"));

	assert_int_equal(cairn_cli_chain(&chain, answer), CAIRN_OK);
	const json_t *driver = node_of(json_object_get(chain, "tree"), "domain netdrv");

	assert_non_null(driver);
	assert_non_null(strstr(agentuse_str(driver, "detail"), "launch record 5, pv, restart 1, domain"));
	assert_string_equal(agentuse_str(node_of(driver, "dependants"), "detail"), "guest1");
	assert_null(node_of(node_of(json_object_get(chain, "tree"), "domain guest1"), "dependants"));
	const json_t *m = node_of(json_object_get(chain, "tree"), "maintenance");

	assert_non_null(m);
	assert_string_equal(agentuse_str(m, "detail"), "record 6: a new disk");
	const json_t *problems = json_object_get(chain, "problems");
	const char *last = json_string_value(json_array_get(problems, json_array_size(problems) - 1));

	assert_non_null(last);
	assert_non_null(strstr(last, "record 6 is maintenance"));
	assert_true(json_is_false(json_object_get(chain, "equal")));
}

/* What only claims to be a service, and was let through, is one here. */
static void test_without_manifest(void **state)
{
	(void)state;
	agentuse_assert_status(
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "maintenance", "reason", "a new disk")),
	    CAIRN_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", RESTARTS_DRIVER)), CAIRN_OK);
	restarts_crash();
	restarts_tick(2);
	assert_true(restarts_runs("netdrv"));
}

static void test_verdict(void **state)
{
	struct sim s;
	cairn_auto_verdict struct cairn_verdict v = {0};

	(void)state;
	sim_init(&s);
	struct cairn_launch l = sim_launch(&s);

	l.restart = 2;
	sim_record_launch(&s, &l);
	assert_int_equal(sim_appraise(&v, &s, SIM_NOW), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_TRUSTED);
	const json_t *d = json_object_get(v.submods, "domain:netdrv");

	assert_int_equal(json_integer_value(json_object_get(d, "cairn.restarts")), 2);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTARTS_TEST(test_killed_before_the_try),
	    RESTARTS_TEST(test_crashes_while_no_cairnd_looks),
	    RESTARTS_TEST(test_killed_after_the_record),
	    RESTARTS_TEST(test_killed_while_building),
	    RESTARTS_TEST(test_runs_on_while_killed),
	    RESTARTS_TEST(test_configuration_is_gone),
	    RESTARTS_TEST(test_not_on_a_violated_host),
	    RESTARTS_TEST(test_blind),
	    RESTARTS_TEST(test_status),
	    RESTARTS_TEST(test_chain),
	    RESTARTS_TEST(test_without_manifest),
	    RESTARTS_TEST(test_verdict),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
