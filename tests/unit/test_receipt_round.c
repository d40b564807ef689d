/* The whole round: cairnd's evidence, the server's receipt, what cairnd drops for it, and evidence without that. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/server_fixture.h"

static const struct cairn_peer relay = {.uid = 990, .relay = true};

static json_t *ask(json_t *request)
{
	json_t *answer = agentuse_ask(&relay, request);

	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("cairnd: %s", agentuse_str(answer, "error"));
	return answer;
}

static int group_setup(void **state)
{
	char ca[160];
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_json json_t *keys = NULL;

	if (agentuse_group_setup_ek(state) != 0)
		return -1;
	snprintf(ca, sizeof(ca), "%s/ca", agentuse.swtpm.dir);
	server_start(ca, 8);
	keys = server_ask("GET", "/v1/jwks", NULL);
	if (cairn_json_dump(&text, keys) != CAIRN_OK)
		return -1;
	fixture_file(&agentuse, "verifiers.jwks", cairn_buf_str(&text));
	return 0;
}

static int group_teardown(void **state)
{
	server_stop();
	return agentuse_group_teardown(state);
}

static json_t *member(const json_t *v, const char *name)
{
	return json_incref(json_object_get(v, name));
}

static void enrol(void)
{
	cairn_auto_json json_t *id = ask(json_pack("{s:s}", "op", "identity"));
	cairn_auto_json json_t *challenge =
	    server_ask("POST", "/v1/enroll",
		       json_pack("{s:s,s:o,s:o,s:o}", "label", "alpha", "ek_public", member(id, "ek_public"),
				 "ek_certs", member(id, "ek_certs"), "ak_public", member(id, "ak_public")));
	cairn_auto_json json_t *activated =
	    ask(json_pack("{s:s,s:o,s:o,s:s,s:o}", "op", "activate", "credential",
			  member(challenge, "credential"), "secret", member(challenge, "secret"), "label",
			  "alpha", "verifier_kid", member(challenge, "verifier_kid")));

	json_decref(server_ask("POST", "/v1/enroll/proof",
			       json_pack("{s:o,s:o}", "session", member(challenge, "session"), "proof",
					 member(activated, "proof"))));
}

/* The server's answer to evidence as cairnd makes it now. */
static json_t *attest(void)
{
	cairn_auto_json json_t *id = ask(json_pack("{s:s}", "op", "identity"));
	cairn_auto_json json_t *nonce =
	    server_ask("POST", "/v1/challenge", json_pack("{s:o}", "host_id", member(id, "host_id")));
	cairn_auto_json json_t *made =
	    ask(json_pack("{s:s,s:o,s:o}", "op", "attest", "nonce", member(nonce, "nonce"), "verifier_kid",
			  member(nonce, "verifier_kid")));

	return server_ask("POST", "/v1/evidence", member(made, "evidence"));
}

static void launch_and_stop(unsigned times)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *config = fixture_config(&agentuse, "guest1", "");

	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(agentuse_launch(config), CAIRN_OK);
		assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &why), CAIRN_OK);
	}
}

/* Hands in the receipt of an answer; how many bodies were dropped. */
static json_int_t hand_in(const json_t *answer)
{
	assert_non_null(json_object_get(answer, "receipt"));
	cairn_auto_json json_t *taken =
	    ask(json_pack("{s:s,s:o}", "op", "receipt", "receipt", member(answer, "receipt")));

	return json_integer_value(json_object_get(taken, "dropped"));
}

static void test_round(void **state)
{
	(void)state;
	enrol();
	cairn_auto_json json_t *early = attest();

	assert_null(json_object_get(early, "receipt"));
	launch_and_stop(6);
	cairn_auto_json json_t *first = attest();
	uint64_t size = agentuse.agent->log.size;

	assert_int_equal(hand_in(first), 10);
	assert_true(agentuse.agent->log.size < size);
	cairn_auto_json json_t *after = attest(); /* the server has the rest */

	assert_string_equal(agentuse_str(after, "state"), agentuse_str(first, "state"));
	assert_null(json_object_get(after, "receipt"));
	/* On: more of them, after another start, and a receipt for all. */
	cairn_agent_sweep(agentuse.agent);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	launch_and_stop(7);
	cairn_auto_json json_t *second = attest();

	assert_int_equal(hand_in(second), 14);
	cairn_auto_json json_t *last = attest();

	assert_string_equal(agentuse_str(last, "state"), agentuse_str(first, "state"));
	fixture_assert_replays(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_round)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
