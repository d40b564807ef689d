/* Maintenance: what it lets through, what it shuts, that it lasts as long as the boot and no longer, and what a verifier
 * makes of it. */
#include "tests/unit/agentuse_fixture.h"
#include "tests/unit/sim_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct cairn_peer root = {.uid = 0, .root = true};
static const struct cairn_peer relay = {.uid = 990, .relay = true};

static json_t *ask(const struct cairn_peer *peer, const char *reason)
{
	return agentuse_ask(peer, json_pack("{s:s,s:s}", "op", "maintenance", "reason", reason));
}

static struct cairn_digest host_pcr(void)
{
	struct cairn_bank b;

	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &b), CAIRN_OK);
	return b.pcr[11];
}

static void restart_agent(void)
{
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
}

static void assert_in_maintenance(const char *reason)
{
	cairn_auto_json json_t *status = agentuse_ask(&relay, json_pack("{s:s}", "op", "status"));

	assert_string_equal(agentuse_str(status, "state"), "maintenance");
	assert_string_equal(agentuse_str(status, "trouble"), reason);
	assert_string_equal(cairn_agent_mode(agentuse.agent, true), "audit");
}

static void test_lasts_until_the_next_boot(void **state)
{
	struct cairn_digest before = host_pcr();
	const char *config = fixture_config(&agentuse, "netdrv", "driver_domain = 1\n");

	(void)state;
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED); /* 2 */
	agentuse_assert_status(ask(&root, "a new \xc3\xa4nd smaller disk"), CAIRN_OK);
	agentuse_assert_type(3, "maintenance");
	struct cairn_digest after = host_pcr();

	assert_false(cairn_digest_equal(&before, &after));
	assert_in_maintenance("a new \xc3\xa4nd smaller disk");
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 4 */
	cairn_auto_json json_t *launch = fixture_record(&agentuse, 4);

	assert_true(json_is_null(json_object_get(launch, "manifest")));
	restart_agent();
	assert_in_maintenance("a new \xc3\xa4nd smaller disk");
	agentuse_assert_status(ask(&root, "again"), CAIRN_E_EXISTS);
	assert_int_equal(agentuse.agent->log.records, 5);
	fixture_assert_replays(&agentuse);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	before = host_pcr();
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_E_DENIED);
}

/* The modes that enforce nothing stay what they are. */
static void test_modes(void **state)
{
	(void)state;
	assert_string_equal(cairn_agent_mode(agentuse.agent, true), "enforce");
	assert_string_equal(cairn_agent_mode(agentuse.agent, false), "record");
	agentuse_assert_status(ask(&root, "x"), CAIRN_OK);
	assert_string_equal(cairn_agent_mode(agentuse.agent, true), "audit");
	assert_string_equal(cairn_agent_mode(agentuse.agent, false), "record");
}

static void test_refused(void **state)
{
	char longest[CAIRN_REASON_TEXT_MAX + 2];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	agentuse_assert_status(ask(&relay, "x"), CAIRN_E_DENIED);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s}", "op", "maintenance")),
			       CAIRN_E_MALFORMED);
	agentuse_assert_status(ask(&root, ""), CAIRN_E_USAGE);
	agentuse_assert_status(ask(&root, "two\nlines"), CAIRN_E_USAGE);
	agentuse_assert_status(ask(&root, longest), CAIRN_E_USAGE);
	assert_int_equal(agentuse.agent->log.records, 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	longest[sizeof(longest) - 2] = '\0';
	agentuse_assert_status(ask(&root, longest), CAIRN_OK);
	assert_in_maintenance(longest);
	restart_agent();
	assert_in_maintenance(longest);
}

static void test_no_secret(void **state)
{
	(void)state;
	agentuse_assert_status(ask(&root, "x"), CAIRN_OK);
	cairn_auto_json json_t *a =
	    agentuse_ask(&root, json_pack("{s:s,s:{},s:{}}", "op", "unseal", "blob", "approval"));

	assert_string_equal(agentuse_str(a, "status"), "denied");
	assert_string_equal(agentuse_str(a, "error"), "nothing opens: this host is in maintenance: x");
}

/* Worse states stay: maintenance launches nothing on a host whose log is not the TPM's, and hides no violation. */
static void test_mends_nothing(void **state)
{
	char path[160], aside[170];

	(void)state;
	agentuse_assert_status(ask(&root, "x"), CAIRN_OK);
	fixture_stop(&agentuse);
	snprintf(path, sizeof(path), "%s/authorities.jwks", agentuse.dir);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(rename(aside, path), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_assert_type(3, "violation");
	agentuse_assert_status(ask(&root, "y"), CAIRN_E_DENIED);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	restart_agent();
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
}

/* A record that is in the log counts, whatever became of its extend: in this cairnd and in the next. */
static void test_extend_fails(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_FAILURE, AGENTUSE_ONE_COMMAND);
	cairn_auto_json json_t *a = ask(&root, "x");

	assert_true(json_is_false(json_object_get(a, "ok")));
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_MAINTENANCE);
	agentuse_fail_next(0, 0, 0);
	restart_agent();
	assert_in_maintenance("x");
	fixture_assert_replays(&agentuse);
}

/* One that could not be written does not: everything is enforced as before. */
static void test_log_is_full(void **state)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	(void)state;
	agentuse_limit_files(agentuse.agent->log.size + 10);
	cairn_auto_json json_t *a = ask(&root, "x");

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	agentuse_limit_files(all.rlim_max);
	assert_true(json_is_false(json_object_get(a, "ok")));
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_string_equal(cairn_agent_mode(agentuse.agent, true), "enforce");
}

static void test_verdict(void **state)
{
	struct sim s;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf record = {0};

	(void)state;
	sim_init(&s);
	assert_int_equal(cairn_record_maintenance(&record, "a new disk"), CAIRN_OK);
	sim_record(&s, cairn_buf_span(&record));
	assert_int_equal(sim_appraise(&v, &s, SIM_NOW), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	const json_t *dom0 = json_object_get(v.submods, "dom0");
	const json_t *reason = json_array_get(json_object_get(dom0, "cairn.reasons"), 0);

	assert_string_equal(agentuse_str(dom0, "ear.status"), "contraindicated");
	assert_string_equal(agentuse_str(reason, "code"), CAIRN_R_MAINTENANCE);
	assert_string_equal(agentuse_str(reason, "text"), "a new disk");
	sim_fini(&s);
}

static void test_record(void **state)
{
	cairn_auto_buf struct cairn_buf made = {0}, recorded = {0}, none = {0};
	enum cairn_record_type type;
	const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

	(void)state;
	assert_int_equal(cairn_file_read(&recorded, "tests/data/record/maintenance.json", 4096), CAIRN_OK);
	assert_int_equal(cairn_record_maintenance(&made, "replacing the disk of netdrv"), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&made), cairn_buf_span(&recorded)));
	assert_int_equal(cairn_record_type_by_name(&type, "maintenance"), CAIRN_OK);
	assert_int_equal(cairn_record_pcr(type, &numbers), 11);
	assert_int_equal(cairn_record_maintenance(&none, ""), CAIRN_E_MALFORMED);
	assert_int_equal(none.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_lasts_until_the_next_boot),
	    AGENTUSE_TEST(test_modes),
	    AGENTUSE_TEST(test_refused),
	    AGENTUSE_TEST(test_no_secret),
	    AGENTUSE_TEST(test_mends_nothing),
	    AGENTUSE_TAPPED(test_extend_fails),
	    AGENTUSE_TEST(test_log_is_full),
	    cmocka_unit_test(test_verdict),
	    cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
