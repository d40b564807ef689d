/* The boot set: who is launched when, what is waited for and how long, and what takes the place of an update that does
 * not serve. */
#include "tests/unit/restart_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/paths.h"

static const struct cairn_peer root = {.uid = 0, .root = true};

static int64_t later_ms; /* the time of these tests is so far ahead */

static void boot(const char *first, const char *second, const char *third)
{
	static char configs[80];
	char good[80];
	const char *const name[] = {first, second, third};

	snprintf(configs, sizeof(configs), "%s/boot", agentuse.dir);
	snprintf(good, sizeof(good), "%s/data/good", agentuse.dir);
	agentuse.conf.boot_configs = configs;
	agentuse.conf.boot_count = 0;
	fixture_remove(configs);
	fixture_remove(good);
	for (size_t i = 0; i < 3 && name[i]; i++)
		snprintf(agentuse.conf.boot_set[agentuse.conf.boot_count++], CAIRN_NAME_MAX + 1, "%s",
			 name[i]);
	mkdir(configs, 0755);
	later_ms = 0;
	assert_int_equal(fixture_boot(&agentuse), 0);
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
}

/* A set for the domain, and boot/NAME.cfg leads to it. */
static const char *config(const char *name, const char *set, const char *more)
{
	static char path[120];
	char link[120];
	const char *made = fixture_config(&agentuse, name, more);

	snprintf(path, sizeof(path), "%s/%s-%s.cfg", agentuse.dir, name, set);
	snprintf(link, sizeof(link), "%s/boot/%s.cfg", agentuse.dir, name);
	assert_int_equal(rename(made, path), 0);
	unlink(link);
	assert_int_equal(symlink(path, link), 0);
	return path;
}

/* The same without symbolic links: boot/NAME.path says where it is. */
static const char *config_by_path(const char *name, const char *set, const char *more)
{
	const char *path = config(name, set, more);
	char link[256], dir[128], file[CAIRN_NAME_MAX + 8];

	snprintf(dir, sizeof(dir), "%s/boot", agentuse.dir);
	snprintf(link, sizeof(link), "%s/%s.cfg", dir, name);
	snprintf(file, sizeof(file), "%s.path", name);
	assert_int_equal(unlink(link), 0);
	assert_true(cairn_path_keep(dir, file, path));
	return path;
}

/* So many units later, cairnd's loop goes round often enough. */
static void later(int64_t units)
{
	later_ms += units * RESTARTS_UNIT_S * 1000;
	for (unsigned i = 0; i < 6; i++) {
		int64_t now = cairn_boot_ms() + later_ms;

		cairn_agent_sweep(agentuse.agent);
		cairn_bootset_tick(agentuse.agent, now);
		cairn_restart_tick(agentuse.agent, now);
	}
}

static void let_serve(const char *name)
{
	const struct cairn_agent_domain *d = cairn_domains_live(&agentuse.agent->domains, name);

	assert_non_null(d);
	agentuse.fake.serving = d->domid;
}

static void assert_state(const char *name, const char *want)
{
	cairn_auto_json json_t *s = agentuse_ask(&root, json_pack("{s:s}", "op", "status"));
	json_t *m;
	size_t i, found = 0;

	json_array_foreach(json_object_get(s, "boot_set"), i, m)
	{
		if (strcmp(agentuse_str(m, "name"), name) != 0)
			continue;
		assert_string_equal(agentuse_str(m, "state"), want);
		found++;
	}
	assert_int_equal(found, 1);
}

/* The file that it was launched from last. */
static void assert_from(const char *name, const char *want)
{
	char path[PATH_MAX];

	assert_true(cairn_restart_config(agentuse.agent, path, name));
	assert_string_equal(path, want);
}

/* ---- order -------------------------------------------------------------------------------------------- */

static void test_order(void **state)
{
	(void)state;
	boot("web", "netdrv", "alone");
	config("web", "1", RESTARTS_USES);
	config("netdrv", "1", RESTARTS_DRIVER);
	config("alone", "1", "");
	later(0);
	assert_true(restarts_runs("netdrv"));
	assert_true(restarts_runs("alone"));
	assert_false(restarts_runs("web"));
	assert_state("netdrv", "starting");
	assert_state("web", "waiting");
	assert_state("alone", "running");
	later(59);
	assert_false(restarts_runs("web"));
	let_serve("netdrv");
	later(0);
	assert_true(restarts_runs("web"));
	assert_state("netdrv", "serving");
	assert_state("web", "running");
	later(1000);
	assert_int_equal(agentuse.fake.created, 3);
	fixture_assert_replays(&agentuse);
}

static void test_named_by_path(void **state)
{
	(void)state;
	boot("netdrv", "web", NULL);
	const char *set = config_by_path("netdrv", "1", RESTARTS_DRIVER);

	later(0);
	assert_true(restarts_runs("netdrv"));
	assert_from("netdrv", set);
	assert_state("web", "without configuration");
	assert_true(cairn_path_keep(agentuse.conf.boot_configs, "web.path", "web.cfg"));
	later(0);
	assert_state("web", "without configuration");
	config_by_path("web", "1", RESTARTS_USES);
	later(0);
	assert_state("web", "waiting");
}

static void test_bounded(void **state)
{
	(void)state;
	boot("netdrv", "web", NULL);
	config("netdrv", "1", RESTARTS_DRIVER);
	config("web", "1", RESTARTS_USES);
	later(0);
	later(59);
	assert_false(restarts_runs("web"));
	later(1);
	assert_true(restarts_runs("web"));
	assert_state("netdrv", "late");
	let_serve("netdrv");
	later(0);
	assert_state("netdrv", "serving");
}

static void test_circle(void **state)
{
	(void)state;
	boot("a", "b", "web");
	config("a", "1", "vif = [ \"backend=b\" ]\n");
	config("b", "1", "vif = [ \"backend=a\" ]\n");
	config("web", "1", "");
	later(0);
	later(1000);
	assert_true(restarts_runs("web"));
	assert_int_equal(agentuse.fake.created, 1);
	assert_state("a", "needs itself");
	assert_state("b", "needs itself");
}

/* Its disk may still be closed: it is launched when it can be read, and those who need it do not wait for ever. */
static void test_configuration_comes_late(void **state)
{
	(void)state;
	boot("netdrv", "web", NULL);
	agentuse.conf.restart_delay_s = agentuse.conf.restart_delay_max_s = 100 * RESTARTS_UNIT_S;
	config("web", "1", RESTARTS_USES);
	later(0);
	assert_state("netdrv", "without configuration");
	later(60);
	assert_state("web", "to be launched");
	agentuse_assert_type(restarts_last_record(), "refusal");
	config("netdrv", "1", RESTARTS_DRIVER);
	later(0);
	assert_true(restarts_runs("netdrv"));
	let_serve("netdrv");
	later(100);
	assert_true(restarts_runs("web"));
}

/* One that is never allowed is given up, and then nobody waits for it. */
static void test_refused(void **state)
{
	(void)state;
	boot("netdrv", "web", NULL);
	config("netdrv", "1", RESTARTS_DRIVER);
	config("web", "1", "vif = [ \"backend=netdrv\" ]\n");
	agentuse.conf.restart_max = 1;
	fixture_file(&agentuse, "kernel", "another kernel");
	later(0);
	assert_state("netdrv", "to be launched");
	assert_state("web", "waiting");
	later(1);
	assert_state("netdrv", "given up");
	later(3);
	assert_state("web", "given up");
	uint64_t records = agentuse.agent->log.records;

	later(10000);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_int_equal(agentuse.fake.created, 0);
}

static void test_guests_of_the_set_come_back(void **state)
{
	(void)state;
	boot("web", NULL, NULL);
	config("web", "1", "");
	later(0);
	restarts_end("web", 3);
	later(1);
	assert_true(restarts_runs("web"));
	restarts_end("web", 0);
	later(1000);
	assert_false(restarts_runs("web"));
	assert_state("web", "ended");
	restarts_kill();
	later(1000);
	assert_false(restarts_runs("web"));
}

static void test_not_on_a_violated_host(void **state)
{
	(void)state;
	boot("web", NULL, NULL);
	config("web", "1", "");
	cairn_agent_worsen(agentuse.agent, CAIRN_AGENT_VIOLATED, "a test");
	later(100);
	assert_int_equal(agentuse.fake.created, 0);
}

/* Killed after each step, cairnd goes on, and launches each once. */
static void test_killed(void **state)
{
	(void)state;
	boot("netdrv", "web", NULL);
	config("netdrv", "1", RESTARTS_DRIVER);
	config("web", "1", RESTARTS_USES);
	restarts_kill();
	later(0);
	assert_true(restarts_runs("netdrv"));
	restarts_kill();
	later(0);
	assert_false(restarts_runs("web"));
	let_serve("netdrv");
	restarts_kill();
	later(0);
	assert_true(restarts_runs("web"));
	restarts_kill();
	later(1000);
	assert_int_equal(agentuse.fake.created, 2);
	assert_int_equal(agentuse.agent->log.records, 4);
	fixture_assert_replays(&agentuse);
}

/* Between the record and the domain; between the domain and its check. */
static void test_killed_while_building(void **state)
{
	(void)state;
	boot("web", NULL, NULL);
	config("web", "1", "");
	later(0);
	agentuse.fake.count = 0;
	restarts_kill();
	later(0);
	restarts_assert_exit(3, "lost");
	later(1);
	assert_true(restarts_runs("web"));
	agentuse.fake.domain[0].paused = true;
	restarts_kill();
	later(0);
	restarts_assert_exit(5, "build-failed");
	later(2);
	assert_true(restarts_runs("web"));
}

/* ---- the last good set -------------------------------------------------------------------------------- */

/* netdrv serves from set 1, and web runs on it; then set 2 is dropped in, and netdrv comes down. */
static const char *update(void)
{
	static char good[120];

	boot("netdrv", "web", NULL);
	snprintf(good, sizeof(good), "%s", config("netdrv", "1", RESTARTS_DRIVER));
	config("web", "1", RESTARTS_USES);
	later(0);
	let_serve("netdrv");
	later(0);
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
	const char *set = config("netdrv", "2", RESTARTS_DRIVER);

	assert_int_equal(agentuse_launch(set), CAIRN_OK);
	later(30);
	let_serve("netdrv");
	later(1000);
	assert_int_equal(agentuse.fake.created, 3);
	assert_true(cairn_bootset_good(agentuse.agent, path, "netdrv"));
	assert_string_equal(path, set);
}

static void test_update_does_not_serve(void **state)
{
	(void)state;
	const char *good = update();
	const char *set = config("netdrv", "2", RESTARTS_DRIVER);

	assert_int_equal(agentuse_launch(set), CAIRN_OK);
	uint64_t launch = restarts_last_record();

	later(0);
	later(59);
	assert_from("netdrv", set);
	assert_true(restarts_runs("netdrv"));
	later(1);
	restarts_assert_exit(launch + 1, "no-service");
	later(1);
	restarts_assert_launch(launch + 2, 2);
	assert_from("netdrv", good);
	let_serve("netdrv");
	later(1000);
	assert_state("netdrv", "serving");
	assert_int_equal(agentuse.fake.created, 4);
	assert_true(restarts_runs("web"));
	fixture_assert_replays(&agentuse);
}

static void test_killed_on_the_way_back(void **state)
{
	(void)state;
	const char *good = update();

	assert_int_equal(agentuse_launch(config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	uint64_t launch = restarts_last_record();

	restarts_kill();
	later(0);
	later(60);
	restarts_assert_exit(launch + 1, "no-service");
	restarts_kill();
	later(1);
	restarts_assert_launch(launch + 2, 2);
	assert_from("netdrv", good);
	restarts_kill();
	later(0);
	later(1000);
	assert_state("netdrv", "late"); /* and is left alone, being the last good one */
	assert_int_equal(agentuse.fake.created, 4);
}

/* Crashing takes time as well. */
static void test_update_crashes(void **state)
{
	(void)state;
	const char *good = update();

	assert_int_equal(agentuse_launch(config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	for (unsigned i = 0; i < 3; i++) {
		restarts_crash();
		later(20);
		assert_true(restarts_runs("netdrv"));
	}
	later(0);
	later(25);
	later(1);
	assert_from("netdrv", good);
	assert_true(restarts_runs("netdrv"));
}

/* An update that the gate refuses, or that crashes all its tries away. */
static void test_update_is_given_up(void **state)
{
	(void)state;
	const char *good = update();

	agentuse.conf.restart_max = 2;
	assert_int_equal(agentuse_launch(config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	later(0);
	for (unsigned i = 0; i < 3; i++) {
		restarts_crash();
		later(2);
	}
	assert_true(restarts_runs("netdrv"));
	assert_from("netdrv", good);
}

/* The last good one may be bad by now: it is not tried for ever. */
static void test_nothing_serves(void **state)
{
	(void)state;
	update();
	agentuse.conf.restart_max = 2;
	assert_int_equal(agentuse_launch(config("netdrv", "2", RESTARTS_DRIVER)), CAIRN_OK);
	fixture_file(&agentuse, "kernel", "another kernel");
	for (unsigned i = 0; i < 100; i++)
		later(60);
	assert_false(restarts_runs("netdrv"));
	assert_state("netdrv", "given up");
	uint64_t records = agentuse.agent->log.records;

	later(10000);
	assert_int_equal(agentuse.agent->log.records, records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RESTARTS_TEST(test_order),
	    RESTARTS_TEST(test_named_by_path),
	    RESTARTS_TEST(test_bounded),
	    RESTARTS_TEST(test_circle),
	    RESTARTS_TEST(test_configuration_comes_late),
	    RESTARTS_TEST(test_refused),
	    RESTARTS_TEST(test_guests_of_the_set_come_back),
	    RESTARTS_TEST(test_not_on_a_violated_host),
	    RESTARTS_TEST(test_killed),
	    RESTARTS_TEST(test_killed_while_building),
	    RESTARTS_TEST(test_update_serves),
	    RESTARTS_TEST(test_update_does_not_serve),
	    RESTARTS_TEST(test_killed_on_the_way_back),
	    RESTARTS_TEST(test_update_crashes),
	    RESTARTS_TEST(test_update_is_given_up),
	    RESTARTS_TEST(test_nothing_serves),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
