/* cairnd's requests: who may ask for what, and what comes back. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct cairn_peer root = {.uid = 0, .root = true};
static const struct cairn_peer relay = {.uid = 990, .relay = true};
static const struct cairn_peer other = {.uid = 1000};

static void test_permissions(void **state)
{
	static const char *const all[] = {"status", "log",     "chain",	     "identity", "activate",
					  "attest", "receipt", "launch",     "stop",	 "phase",
					  "seal",   "unseal",  "maintenance"};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool root_only = i >= 7;
		cairn_auto_json json_t *a = agentuse_ask(&relay, json_pack("{s:s}", "op", all[i]));

		assert_int_equal(strcmp(agentuse_str(a, "status"), "denied") == 0, root_only);
		agentuse_assert_status(agentuse_ask(&other, json_pack("{s:s}", "op", all[i])),
				       CAIRN_E_DENIED);
	}
	assert_int_equal(agentuse.agent->log.records, 2);
}

static void test_bad_requests(void **state)
{
	(void)state;
	agentuse_assert_status(agentuse_ask_text(&root, cairn_span_str("")), CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask_text(&root, cairn_span_str("{\"op\":\"status\"} x")),
			       CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask_text(&root, cairn_span_str("{\"op\":\"status\",\"op\":\"log\"}")),
			       CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask_text(&root, cairn_span_str("[]")), CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask_text(&root, cairn_span_str("{\"op\":1}")), CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s}", "op", "format-disk")),
			       CAIRN_E_UNSUPPORTED);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:i}", "op", "status", "x", 1)),
			       CAIRN_E_UNSUPPORTED);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s}", "op", "launch")), CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", "x.cfg")),
			       CAIRN_E_USAGE);
	agentuse_assert_status(
	    agentuse_ask(&root, json_pack("{s:s,s:s,s:i}", "op", "launch", "config", "/x", "timeout_s", 0)),
	    CAIRN_E_USAGE);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "stop", "name", "nobody")),
			       CAIRN_E_NOTFOUND);
	agentuse_assert_status(
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "Some Thing")),
	    CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask(&relay, json_pack("{s:s,s:s,s:s}", "op", "attest", "nonce", "",
							      "verifier_kid", "k")),
			       CAIRN_E_USAGE);
	assert_int_equal(agentuse.agent->log.records, 2);
}

static void test_status(void **state)
{
	(void)state;
	cairn_auto_json json_t *a = agentuse_ask(&relay, json_pack("{s:s}", "op", "status"));

	assert_string_equal(agentuse_str(a, "state"), "ok");
	assert_string_equal(agentuse_str(a, "version"), CAIRN_VERSION);
	assert_int_equal(strlen(agentuse_str(a, "boot_id")), 64);
	assert_int_equal(json_array_size(json_object_get(json_object_get(a, "tpm"), "banks")), 2);
	assert_int_equal(json_array_size(json_object_get(a, "domains")), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(a, "pcrs"), "launch")), 12);
}

static void test_launch_and_stop(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	cairn_auto_json json_t *a =
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config));

	assert_true(json_is_true(json_object_get(a, "ok")));
	assert_string_equal(agentuse_str(a, "name"), "guest1");
	assert_int_equal(json_integer_value(json_object_get(a, "recnum")), 2);
	assert_int_equal(json_integer_value(json_object_get(a, "domid")), 1);
	cairn_auto_json json_t *s = agentuse_ask(&relay, json_pack("{s:s}", "op", "status"));
	json_t *d = json_array_get(json_object_get(s, "domains"), 0);

	assert_string_equal(agentuse_str(d, "name"), "guest1");
	assert_string_equal(agentuse_str(d, "state"), "running");
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "stop", "name", "guest1")),
			       CAIRN_OK);
	assert_int_equal(agentuse.fake.count, 0);
	config = fixture_config(&agentuse, "netdrv", "driver_domain = 1\n");
	cairn_auto_json json_t *r =
	    agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config));

	assert_string_equal(agentuse_str(r, "status"), "denied");
	assert_int_equal(json_integer_value(json_object_get(r, "exit")), 1);
	assert_int_equal(json_integer_value(json_object_get(r, "recnum")), 4);
	assert_string_equal(agentuse_str(json_array_get(json_object_get(r, "reasons"), 0), "code"),
			    "no-manifest");
	cairn_auto_json json_t *log = agentuse_ask(&relay, json_pack("{s:s}", "op", "log"));
	struct cairn_log_summary sum;

	assert_int_equal(
	    cairn_log_replay(&sum, cairn_span_str(agentuse_str(log, "log")), &agentuse.conf.pcrs), CAIRN_OK);
	assert_int_equal(sum.records, 5);
}

static void test_phase(void **state)
{
	(void)state;
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "none")),
			       CAIRN_OK);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "none")),
			       CAIRN_E_EXISTS);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "00ff")),
			       CAIRN_E_EXISTS);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "failed")),
			       CAIRN_OK);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "failed")),
			       CAIRN_E_EXISTS);
	fixture_assert_replays(&agentuse);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_string_equal(agentuse.agent->phase, "failed");
}

/* More than a frame holds is said, not answered by hanging up. */
static void test_too_much(void **state)
{
	static char many[1 << 20];
	FILE *log = fopen(agentuse.conf.log, "a");

	(void)state;
	memset(many, 'x', sizeof(many));
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(fwrite(many, 1, sizeof(many), log), sizeof(many));
	assert_int_equal(fclose(log), 0);
	agentuse_assert_status(agentuse_ask(&relay, json_pack("{s:s}", "op", "log")), CAIRN_E_LIMIT);
	agentuse_assert_status(agentuse_ask(&relay, json_pack("{s:s}", "op", "chain")), CAIRN_E_LIMIT);
	agentuse_assert_status(agentuse_ask(&relay, json_pack("{s:s}", "op", "status")), CAIRN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_permissions), AGENTUSE_TEST(test_bad_requests),
	    AGENTUSE_TEST(test_status),	     AGENTUSE_TEST(test_launch_and_stop),
	    AGENTUSE_TEST(test_phase),	     AGENTUSE_TEST(test_too_much),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup_ek, agentuse_group_teardown);
}
