/* Domains that the test starts behind the agent's back; see strangers_fixture.h. */
#include "tests/unit/strangers_fixture.h"

#include <string.h>

struct cairn_hv_domain *stranger(uint32_t domid, const char *uuid)
{
	struct cairn_hv_domain *d = &agentuse.fake.domain[agentuse.fake.count++];

	*d = (struct cairn_hv_domain){.domid = domid, .cpu_ns = 5};
	memcpy(d->uuid, uuid, strlen(uuid));
	if (domid > agentuse.fake.next_domid)
		agentuse.fake.next_domid = domid;
	return d;
}

void stranger_sweep(void)
{
	cairn_agent_sweep(agentuse.agent);
}

uint64_t stranger_records(void)
{
	return agentuse.agent->log.records;
}

void stranger_assert_unrecorded(uint64_t recnum, json_int_t domid, const char *uuid)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "unrecorded");
	assert_int_equal(json_integer_value(json_object_get(r, "domid")), domid);
	assert_string_equal(agentuse_text(r, "uuid", NULL), uuid);
}

void stranger_assert_violation(uint64_t recnum, const char *part)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "violation");
	assert_non_null(strstr(agentuse_text(r, "reason", NULL), part));
}

void stranger_boot_with(const char *mode)
{
	agentuse.conf.mode_service = mode;
	fixture_stop(&agentuse);
	assert_int_equal(fixture_boot(&agentuse), 0);
}

int stranger_setup(void **state)
{
	agentuse.conf.mode_service = "enforce";
	agentuse.conf.create_timeout_s = 120;
	return agentuse_setup(state);
}

int stranger_setup_tapped(void **state)
{
	agentuse.conf.mode_service = "enforce";
	agentuse.conf.create_timeout_s = 120;
	return agentuse_setup_tapped(state);
}
