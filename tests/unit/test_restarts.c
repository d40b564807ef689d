/* Service domains that come down: they come back through the gate, later each time, not for ever, and whatever becomes
 * of cairnd in between. */
#include "tests/unit/agentuse_fixture.h"
#include "tests/unit/sim_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cairn_peer root = {.uid = 0, .root = true};

#define DRIVER "driver_domain = 1\n"
#define USES   "vif = [ \"backend=netdrv\" ]\n"

/* A driver domain that runs, and its configuration. */
static const char *driver(void)
{
	const char *config = fixture_config(&agentuse, "netdrv", DRIVER);

	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	return config;
}

static void end(const char *name, unsigned reason)
{
	const struct cairn_agent_domain *d = cairn_domains_live(&agentuse.agent->domains, name);

	assert_non_null(d);
	for (size_t i = 0; i < agentuse.fake.count; i++) {
		if (agentuse.fake.domain[i].domid != d->domid)
			continue;
		agentuse.fake.domain[i].shutdown = true;
		agentuse.fake.domain[i].shutdown_reason = reason;
	}
	cairn_agent_sweep(agentuse.agent);
}

static void crash(void)
{
	end("netdrv", 3);
}

#define UNIT_S 100 /* of the delays here: the test's own time is nothing beside it */

static void tick(int64_t units)
{
	cairn_restart_tick(agentuse.agent, cairn_agent_now_ms() + units * UNIT_S * 1000);
}

static const struct cairn_restart *known(void)
{
	const struct cairn_restart *r = cairn_restart_find(agentuse.agent, "netdrv");

	assert_non_null(r);
	return r;
}

static bool runs(void)
{
	return cairn_domains_live(&agentuse.agent->domains, "netdrv") != NULL;
}

static uint64_t last_record(void)
{
	return agentuse.agent->log.records - 1;
}

static void assert_restart(uint64_t recnum, int64_t n)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "launch");
	assert_int_equal(json_integer_value(json_object_get(r, "restart")), n);
}

static void assert_exit(uint64_t recnum, const char *reason)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "exit");
	assert_string_equal(agentuse_text(r, "reason", NULL), reason);
}

/* cairnd is killed and started: nothing of it is left but its files. */
static void kill_agent(void)
{
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}

static void pcrs(struct cairn_bank *b)
{
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11 | 1u << 13, b),
			 CAIRN_OK);
}

static void test_comes_back(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	driver();
	pcrs(&before);
	crash();
	assert_exit(last_record(), "crashed");
	assert_false(runs());
	tick(0);
	assert_false(runs());
	tick(2);
	assert_true(runs());
	assert_restart(last_record(), 1);
	assert_int_equal(agentuse.fake.unpaused, 2);
	pcrs(&after);
	assert_memory_equal(&before, &after, sizeof(before));
	tick(1000);
	assert_int_equal(agentuse.fake.created, 2);
	fixture_assert_replays(&agentuse);
}

static void test_which_ends(void **state)
{
	static const struct {
		unsigned shutdown;
		const char *reason;
		bool back;
	} rows[] = {{0, "shutdown", false}, {1, "rebooted", true}, {2, "shutdown", false},
		    {3, "crashed", true},   {4, "crashed", true},  {5, "shutdown", false}};

	(void)state;
	const char *config = driver();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		end("netdrv", rows[i].shutdown);
		assert_exit(last_record(), rows[i].reason);
		tick(100);
		assert_int_equal(runs(), rows[i].back);
		if (!runs())
			assert_int_equal(agentuse_launch(config), CAIRN_OK);
	}
	cairn_auto_buf struct cairn_buf why = {0};

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &why), CAIRN_OK);
	tick(100);
	assert_false(runs());
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	agentuse.fake.count = 0;
	cairn_agent_sweep(agentuse.agent);
	assert_exit(last_record(), "destroyed");
	tick(100);
	assert_false(runs());
}

static void test_guests_stay_down(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	end("guest1", 3);
	tick(1000);
	assert_int_equal(agentuse.fake.created, 1);
	assert_null(cairn_restart_find(agentuse.agent, "guest1"));
}

/* Each delay twice the last up to the limit, so many tries and no more, until somebody launches it. */
static void test_back_off(void **state)
{
	static const int64_t delays[] = {2, 4, 5, 5};
	const char *config;

	(void)state;
	agentuse.conf.restart_delay_s = 2 * UNIT_S;
	agentuse.conf.restart_delay_max_s = 5 * UNIT_S;
	agentuse.conf.restart_max = 4;
	config = driver();
	for (size_t i = 0; i < 4; i++) {
		crash();
		tick(delays[i] - 1);
		assert_false(runs());
		tick(delays[i]);
		assert_true(runs());
	}
	crash();
	uint64_t records = agentuse.agent->log.records;

	tick(10000);
	assert_false(runs());
	assert_int_equal(agentuse.agent->log.records, records);
	kill_agent();
	tick(10000);
	assert_false(runs());
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config)),
			       CAIRN_OK);
	crash();
	assert_int_equal(known()->failures, 1);
	tick(2);
	assert_true(runs());
}

static void test_never(void **state)
{
	(void)state;
	agentuse.conf.restart_max = 0;
	driver();
	crash();
	tick(10000);
	assert_false(runs());
}

/* Having run for long enough a domain has its tries anew. */
static void test_settles(void **state)
{
	(void)state;
	driver();
	crash();
	tick(2);
	tick(599);
	assert_int_equal(known()->failures, 1);
	tick(600);
	assert_int_equal(known()->failures, 0);
	crash();
	assert_int_equal(known()->failures, 1);
}

/* What is on the disk now is what counts: a changed image is refused, and the right one comes back. */
static void test_images_are_read_anew(void **state)
{
	(void)state;
	driver();
	fixture_file(&agentuse, "kernel", "another kernel");
	crash();
	tick(2);
	assert_false(runs());
	agentuse_assert_type(last_record(), "refusal");
	assert_int_equal(known()->failures, 2);
	tick(1);
	agentuse_assert_type(last_record(), "refusal");
	fixture_file(&agentuse, "kernel", "a kernel");
	tick(2);
	assert_true(runs());
	assert_restart(last_record(), 1);
}

/* A refusal of a domain that is not to come back is nobody's failure. */
static void test_refusals_by_hand(void **state)
{
	(void)state;
	const char *config = driver();

	crash();
	tick(2);
	assert_true(runs());
	fixture_file(&agentuse, "netdrv.cfg", "name = \"netdrv\"\nbogus = 1\n");
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	assert_int_equal(known()->failures, 1);
	assert_false(known()->due);
}

static void test_not_built(void **state)
{
	(void)state;
	driver();
	crash();
	agentuse.fake.create_fails = CAIRN_E_TIMEOUT;
	tick(2);
	assert_exit(last_record(), "build-failed");
	assert_int_equal(known()->failures, 2);
	agentuse.fake.create_fails = CAIRN_OK;
	kill_agent();
	assert_int_equal(known()->failures, 2);
	tick(1);
	assert_false(runs());
	tick(2);
	assert_true(runs());
	assert_restart(last_record(), 2);
}

/* The failed build of a launch by hand was told to the one who launched it. */
static void test_not_built_by_hand(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", DRIVER)), CAIRN_E_XEN);
	agentuse.fake.create_fails = CAIRN_OK;
	tick(1000);
	assert_false(runs());
}

/* ---- cairnd killed ------------------------------------------------------------------------------------- */

static void test_killed_before_the_try(void **state)
{
	(void)state;
	driver();
	crash();
	kill_agent();
	tick(0);
	assert_false(runs());
	tick(2);
	assert_true(runs());
	assert_restart(last_record(), 1);
	fixture_assert_replays(&agentuse);
}

static void test_crashes_while_no_cairnd_looks(void **state)
{
	(void)state;
	driver();
	agentuse.fake.domain[0].shutdown = true;
	agentuse.fake.domain[0].shutdown_reason = 3;
	kill_agent();
	cairn_agent_sweep(agentuse.agent);
	assert_exit(last_record(), "crashed");
	tick(2);
	assert_true(runs());
}

/* Its record is in the log, and nothing of it was built. */
static void test_killed_after_the_record(void **state)
{
	(void)state;
	driver();
	agentuse.fake.count = 0;
	kill_agent();
	cairn_agent_sweep(agentuse.agent);
	assert_exit(last_record(), "lost");
	tick(2);
	assert_true(runs());
}

/* It was built and not yet checked: it is destroyed, and tried again since it was a try. */
static void test_killed_while_building(void **state)
{
	(void)state;
	driver();
	crash();
	tick(2);
	agentuse.fake.domain[0].paused = true;
	kill_agent();
	cairn_agent_sweep(agentuse.agent);
	assert_exit(last_record(), "build-failed");
	assert_int_equal(agentuse.fake.count, 0);
	tick(2);
	assert_true(runs());
	assert_restart(last_record(), 2);
}

static void test_runs_on_while_killed(void **state)
{
	(void)state;
	driver();
	crash();
	tick(2);
	kill_agent();
	cairn_agent_sweep(agentuse.agent);
	tick(1000);
	assert_true(runs());
	assert_int_equal(agentuse.fake.created, 2);
}

/* ---- what keeps it from being tried -------------------------------------------------------------------- */

static void test_configuration_is_gone(void **state)
{
	(void)state;
	const char *config = driver();

	crash();
	assert_int_equal(unlink(config), 0);
	tick(2);
	assert_int_equal(known()->failures, 2);
	fixture_config(&agentuse, "guest1", "");
	char path[160], other[160];

	snprintf(path, sizeof(path), "%s/netdrv.cfg", agentuse.dir);
	snprintf(other, sizeof(other), "%s/guest1.cfg", agentuse.dir);
	assert_int_equal(symlink(other, path), 0);
	tick(2);
	assert_int_equal(known()->failures, 3);
	assert_int_equal(agentuse.fake.created, 1); /* another domain's */
	snprintf(path, sizeof(path), "%s/launched/netdrv", agentuse.dir);
	assert_int_equal(unlink(path), 0);
	tick(4);
	assert_int_equal(known()->failures, 4);
}

static void test_not_on_a_violated_host(void **state)
{
	(void)state;
	driver();
	crash();
	cairn_agent_worsen(agentuse.agent, CAIRN_AGENT_VIOLATED, "a test");
	tick(1000);
	assert_int_equal(agentuse.fake.created, 1);
	assert_int_equal(known()->failures, 1);
}

static void test_blind(void **state)
{
	(void)state;
	driver();
	crash();
	agentuse.fake.list_fails = CAIRN_E_XEN;
	cairn_agent_sweep(agentuse.agent);
	tick(2);
	assert_int_equal(known()->failures, 1);
	agentuse.fake.list_fails = CAIRN_OK;
	cairn_agent_sweep(agentuse.agent);
	tick(2);
	assert_true(runs());
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
	driver();
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", USES)), CAIRN_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_OK);
	cairn_auto_json json_t *up = status_of("netdrv");

	assert_true(json_is_null(json_object_get(up, "restart")));
	json_t *names = json_object_get(up, "dependants");
	assert_int_equal(json_array_size(names), 1);
	assert_string_equal(json_string_value(json_array_get(names, 0)), "guest1");
	crash();
	tick(0);
	cairn_auto_json json_t *down = status_of("netdrv");
	json_t *r = json_object_get(down, "restart");

	assert_string_equal(agentuse_str(down, "state"), "ended");
	assert_string_equal(agentuse_str(r, "state"), "waiting");
	assert_int_equal(json_integer_value(json_object_get(r, "failures")), 1);
	assert_in_range(json_integer_value(json_object_get(r, "in_s")), 1, UNIT_S);
	assert_int_equal(json_array_size(json_object_get(down, "dependants")), 1);
	agentuse.conf.restart_max = 0;
	cairn_auto_json json_t *given_up = status_of("netdrv");

	assert_string_equal(agentuse_str(json_object_get(given_up, "restart"), "state"), "given-up");
	end("guest1", 0);
	cairn_auto_json json_t *alone = status_of("netdrv");

	assert_int_equal(json_array_size(json_object_get(alone, "dependants")), 0);
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

/* The settings of one test are not those of the next. */
static int setup(void **state)
{
	agentuse.conf.restart_max = 5;
	agentuse.conf.restart_delay_s = UNIT_S;
	agentuse.conf.restart_delay_max_s = 60 * UNIT_S;
	agentuse.conf.restart_reset_s = 600 * UNIT_S;
	return agentuse_setup(state);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, agentuse_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_comes_back),
	    TEST(test_which_ends),
	    TEST(test_guests_stay_down),
	    TEST(test_back_off),
	    TEST(test_never),
	    TEST(test_settles),
	    TEST(test_images_are_read_anew),
	    TEST(test_refusals_by_hand),
	    TEST(test_not_built),
	    TEST(test_not_built_by_hand),
	    TEST(test_killed_before_the_try),
	    TEST(test_crashes_while_no_cairnd_looks),
	    TEST(test_killed_after_the_record),
	    TEST(test_killed_while_building),
	    TEST(test_runs_on_while_killed),
	    TEST(test_configuration_is_gone),
	    TEST(test_not_on_a_violated_host),
	    TEST(test_blind),
	    TEST(test_status),
	    TEST(test_verdict),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
