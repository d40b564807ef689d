/* See bootset_fixture.h. */
#include "tests/unit/bootset_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/paths.h"

static const struct cairn_peer root = {.uid = 0, .root = true};

static int64_t later_ms; /* the time of these tests is so far ahead */

void bootset_phase(const char *word)
{
	cairn_auto_json json_t *done =
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", word));

	assert_true(json_is_true(json_object_get(done, "ok")));
}

/* As far as cairnd's start. */
void bootset_boot_early(const char *first, const char *second, const char *third)
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

void bootset_boot(const char *first, const char *second, const char *third)
{
	bootset_boot_early(first, second, third);
	bootset_phase("none");
}

/* A set for the domain, and boot/NAME.cfg leads to it. */
const char *bootset_config(const char *name, const char *set, const char *more)
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
const char *bootset_config_by_path(const char *name, const char *set, const char *more)
{
	const char *path = bootset_config(name, set, more);
	char link[256], dir[128], file[CAIRN_NAME_MAX + 8];

	snprintf(dir, sizeof(dir), "%s/boot", agentuse.dir);
	snprintf(link, sizeof(link), "%s/%s.cfg", dir, name);
	snprintf(file, sizeof(file), "%s.path", name);
	assert_int_equal(unlink(link), 0);
	assert_true(cairn_path_keep(dir, file, path));
	return path;
}

/* So many units later, cairnd's loop goes round often enough. */
void bootset_later(int64_t units)
{
	later_ms += units * RESTARTS_UNIT_S * 1000;
	for (unsigned i = 0; i < 6; i++) {
		int64_t now = cairn_boot_ms() + later_ms;

		cairn_agent_sweep(agentuse.agent);
		cairn_bootset_tick(agentuse.agent, now);
		cairn_restart_tick(agentuse.agent, now);
	}
}

void bootset_let_serve(const char *name)
{
	const struct cairn_agent_domain *d = cairn_domains_live(&agentuse.agent->domains, name);

	assert_non_null(d);
	agentuse.fake.serving = d->domid;
}

void bootset_assert_state(const char *name, const char *want)
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
void bootset_assert_from(const char *name, const char *want)
{
	char path[PATH_MAX];

	assert_true(cairn_restart_config(agentuse.agent, path, name));
	assert_string_equal(path, want);
}
