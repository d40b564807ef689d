/* How domains end, and how cairnd starts again: each end is recorded, and a log or TPM that is not what it was is
 * not taken for good. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- building that fails ------------------------------------------------------------------------------ */

static void assert_not_built(enum cairn_status want)
{
	uint64_t records = agentuse.agent->log.records;

	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), want);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.fake.unpaused, 0);
	assert_string_equal(agentuse_done.reasons.item[0].code, CAIRN_R_BUILD_FAILED);
	agentuse_assert_type(records, "launch");
	cairn_auto_json json_t *r = fixture_record(&agentuse, records + 1);

	assert_string_equal(agentuse_text(r, "type", NULL), "exit");
	assert_string_equal(agentuse_text(r, "reason", NULL), "build-failed");
	assert_null(cairn_domains_live(&agentuse.agent->domains, "guest1"));
	fixture_assert_replays(&agentuse);
}

static void test_build_fails(void **state)
{
	(void)state;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_not_built(CAIRN_E_XEN);
	assert_non_null(strstr(agentuse_why, "libxl says no"));
	agentuse.fake.create_fails = CAIRN_E_TIMEOUT;
	assert_not_built(CAIRN_E_TIMEOUT);
	agentuse.fake.create_fails = CAIRN_OK;
	agentuse.fake.runs_early = true;
	assert_not_built(CAIRN_E_XEN);
	agentuse.fake.runs_early = false;
	agentuse.fake.other_type = true;
	assert_not_built(CAIRN_E_XEN);
	agentuse.fake.other_type = false;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 4);
}

/* ---- ends --------------------------------------------------------------------------------------------- */

static void assert_exit(uint64_t recnum, const char *reason, uint64_t launch_record)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "exit");
	assert_string_equal(agentuse_text(r, "reason", NULL), reason);
	assert_int_equal(json_integer_value(json_object_get(r, "launch")), launch_record);
}

static void test_ends(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 2 */
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 3);
	agentuse.fake.count = 0;
	cairn_agent_sweep(agentuse.agent); /* 3 */
	assert_exit(3, "destroyed", 2);
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 4 */
	agentuse.fake.domain[0].shutdown = true;
	agentuse.fake.domain[0].shutdown_reason = 3;
	cairn_agent_sweep(agentuse.agent); /* 5 */
	assert_exit(5, "crashed", 4);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 6 */
	agentuse.fake.domain[0].shutdown = true;
	agentuse.fake.domain[0].shutdown_reason = 0;
	cairn_agent_sweep(agentuse.agent); /* 7 */
	assert_exit(7, "shutdown", 6);
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 8 */
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &b), CAIRN_OK);
	assert_exit(9, "destroyed", 8);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &b), CAIRN_E_NOTFOUND);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 10);
	fixture_assert_replays(&agentuse);
}

/* ---- starting again ----------------------------------------------------------------------------------- */

static void test_restart(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(agentuse.agent->log.records, 3);
	assert_int_equal(agentuse_launch(config), CAIRN_E_EXISTS);
	agentuse.fake.count = 0;
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 1);
	fixture_assert_replays(&agentuse);
}

/* Another set of trusted keys makes another host: PCR 11 is spoilt and nothing is launched. */
static void test_other_trust(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &before),
			 CAIRN_OK);
	fixture_stop(&agentuse);
	char path[160], aside[170];

	snprintf(path, sizeof(path), "%s/authorities.jwks", agentuse.dir);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_assert_type(2, "violation");
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &after),
			 CAIRN_OK);
	assert_false(cairn_digest_equal(&before.pcr[11], &after.pcr[11]));
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	/* Putting it back does not undo it. */
	assert_int_equal(rename(aside, path), 0);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_int_equal(agentuse.agent->log.records, 3);
	fixture_assert_replays(&agentuse);
}

static void test_log_changed(void **state)
{
	cairn_auto_buf struct cairn_buf text = {0};

	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_stop(&agentuse);
	assert_int_equal(cairn_file_read(&text, agentuse.conf.log, 1 << 20), CAIRN_OK);
	text.len -= 100;
	while (text.ptr[text.len - 1] != '\n')
		text.len--;
	assert_int_equal(cairn_file_write(agentuse.conf.log, cairn_buf_span(&text), 0600), CAIRN_OK);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_DIVERGED);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_E_DIVERGED);
	assert_int_equal(agentuse.fake.created, 1);
}

static void test_log_removed(void **state)
{
	(void)state;
	fixture_stop(&agentuse);
	unlink(agentuse.conf.log);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_DIVERGED);
	agentuse_assert_type(2, "foreign");
	agentuse_assert_type(3, "foreign");
	agentuse_assert_type(4, "violation");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_E_DIVERGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_build_fails), AGENTUSE_TEST(test_ends),	      AGENTUSE_TEST(test_restart),
	    AGENTUSE_TEST(test_other_trust), AGENTUSE_TEST(test_log_changed), AGENTUSE_TEST(test_log_removed),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
