/* See restart_fixture.h. */
#include "tests/unit/restart_fixture.h"

int restarts_setup(void **state)
{
	agentuse.conf.restart_max = 5;
	agentuse.conf.restart_delay_s = RESTARTS_UNIT_S;
	agentuse.conf.restart_delay_max_s = 60 * RESTARTS_UNIT_S;
	agentuse.conf.restart_reset_s = 600 * RESTARTS_UNIT_S;
	agentuse.conf.boot_wait_s = 60 * RESTARTS_UNIT_S;
	agentuse.conf.boot_count = 0;
	return agentuse_setup(state);
}

const char *restarts_driver(void)
{
	const char *config = fixture_config(&agentuse, "netdrv", RESTARTS_DRIVER);

	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	return config;
}

void restarts_end(const char *name, unsigned reason)
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

void restarts_crash(void)
{
	restarts_end("netdrv", 3);
}

void restarts_tick(int64_t units)
{
	cairn_restart_tick(agentuse.agent, cairn_boot_ms() + units * RESTARTS_UNIT_S * 1000);
}

const struct cairn_restart *restarts_known(void)
{
	const struct cairn_restart *r = cairn_restart_find(agentuse.agent, "netdrv");

	assert_non_null(r);
	return r;
}

bool restarts_runs(const char *name)
{
	return cairn_domains_live(&agentuse.agent->domains, name) != NULL;
}

uint64_t restarts_last_record(void)
{
	return agentuse.agent->log.records - 1;
}

void restarts_assert_launch(uint64_t recnum, int64_t restart)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "launch");
	assert_int_equal(json_integer_value(json_object_get(r, "restart")), restart);
}

void restarts_assert_exit(uint64_t recnum, const char *reason)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "exit");
	assert_string_equal(agentuse_text(r, "reason", NULL), reason);
}

void restarts_kill(void)
{
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}
