/* Dropping bodies of the launch log: only on the receipt of a verifier that is trusted for it, for this log, and nothing that a
 * cairnd that starts again would miss. */
#include "tests/unit/restart_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cairn/receipt.h"

static const struct cairn_peer relay = {.uid = 990, .relay = true};
static struct cairn_key *verifier;

static int group_setup(void **state)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_json json_t *set = NULL;
	cairn_auto_buf struct cairn_buf text = {0};

	if (agentuse_group_setup(state) != 0 || cairn_key_generate(&verifier, CAIRN_SIG_ES256) != CAIRN_OK ||
	    cairn_jwks_new(&keys) != CAIRN_OK || cairn_jwks_add(keys, verifier) != CAIRN_OK ||
	    cairn_jwks_json(&set, keys) != CAIRN_OK || cairn_json_dump(&text, set) != CAIRN_OK)
		return -1;
	fixture_file(&agentuse, "verifiers.jwks", cairn_buf_str(&text));
	return 0;
}

static int group_teardown(void **state)
{
	cairn_key_free(verifier);
	return agentuse_group_teardown(state);
}

/* What a verifier says that has read all of the log. */
static struct cairn_receipt receipt(void)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_log_summary s;
	struct cairn_receipt r = {0};

	assert_int_equal(cairn_agent_log_text(&agentuse.agent->log, &text), CAIRN_OK);
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&text), &agentuse.conf.pcrs), CAIRN_OK);
	memcpy(r.boot_id, s.boot_id, sizeof(r.boot_id));
	r.records = s.records;
	r.launch = cairn_pcrs_bank_const(&s.replay, CAIRN_ALG_SHA256)->pcr[12];
	return r;
}

static json_t *hand_in(const struct cairn_receipt *r, const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	assert_int_equal(cairn_receipt_sign(&jws, r, key), CAIRN_OK);
	return agentuse_ask(&relay, json_pack("{s:s,s:s}", "op", "receipt", "receipt", cairn_buf_str(&jws)));
}

static void assert_drops(const struct cairn_receipt *r, json_int_t want)
{
	cairn_auto_json json_t *answer = hand_in(r, verifier);

	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_int_equal(json_integer_value(json_object_get(answer, "dropped")), want);
	fixture_assert_replays(&agentuse);
}

/* A guest that is launched and stopped so many times: two records each. */
static void launch_and_stop(const char *name, unsigned times)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *config = fixture_config(&agentuse, name, "");

	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(agentuse_launch(config), CAIRN_OK);
		assert_int_equal(cairn_agent_stop_domain(agentuse.agent, name, &why), CAIRN_OK);
	}
}

static void test_drops(void **state)
{
	(void)state;
	launch_and_stop("guest1", 3);								/* 2 to 7 */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_OK);	/* 8 */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "d", "bootloader = 'x'\n")), /* 9 */
			 CAIRN_E_DENIED);
	uint64_t size = agentuse.agent->log.size;
	struct cairn_receipt r = receipt();

	/* All but the last launch of guest1, its end, and guest2, which runs. */
	assert_drops(&r, 5);
	assert_true(agentuse.agent->log.size < size);
	assert_drops(&r, 0);
	agentuse_assert_type(6, "launch");
	agentuse_assert_type(7, "exit");
	agentuse_assert_type(8, "launch");
	/* The log goes on, and so does another cairnd. */
	launch_and_stop("guest1", 1); /* 10, 11 */
	for (unsigned i = 0; i < 2; i++) {
		cairn_auto_json json_t *again = fixture_record(&agentuse, 10);

		assert_int_equal(json_integer_value(json_object_get(again, "restart")), 3);
		assert_int_equal(agentuse.agent->log.records, 12);
		fixture_assert_replays(&agentuse);
		assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
		fixture_stop(&agentuse);
		assert_int_equal(fixture_start(&agentuse), 0);
	}
	assert_non_null(cairn_domains_live(&agentuse.agent->domains, "guest2"));
	launch_and_stop("guest1", 1);
	cairn_auto_json json_t *later = fixture_record(&agentuse, 12);

	assert_int_equal(json_integer_value(json_object_get(later, "restart")), 4);
}

/* Neither does the table grow for ever; what is still there, or is not accounted for, stays in it. */
static void test_table(void **state)
{
	struct fake_hv *hv = &agentuse.fake;

	(void)state;
	launch_and_stop("guest1", 5);
	launch_and_stop("guest2", 1);
	struct cairn_receipt r = receipt();

	assert_drops(&r,
		     8); /* the last of guest1, guest2, and nothing is accounted for since the last look */
	assert_int_equal(agentuse.agent->domains.count, 2); /* the newest of each */
	launch_and_stop("guest1", 2);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	hv->domain[0].dying = true; /* and stays so for a while */
	cairn_agent_sweep(agentuse.agent);
	struct cairn_hv_domain dying = hv->domain[0];

	hv->count = 0;
	cairn_agent_sweep(agentuse.agent);
	launch_and_stop("guest1", 1);
	cairn_agent_sweep(agentuse.agent);
	hv->domain[hv->count++] = dying;
	r = receipt();
	cairn_auto_json json_t *answer = hand_in(&r, verifier);

	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_int_equal(agentuse.agent->domains.count, 3); /* guest2, the dying one, the last of guest1 */
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	hv->count = 0;
	answer = (json_decref(answer), hand_in(&r, verifier));
	assert_int_equal(agentuse.agent->domains.count, 2);
	cairn_agent_sweep(agentuse.agent);
	launch_and_stop("guest1", 1);
	assert_int_equal(agentuse.agent->domains.item[2].restart, 9);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	fixture_assert_replays(&agentuse);
}

/* A receipt for less than there is drops no more than that. */
static void test_up_to(void **state)
{
	(void)state;
	launch_and_stop("guest1", 1);
	struct cairn_receipt r = receipt();

	launch_and_stop("guest1", 2);
	assert_drops(&r, 2);
	agentuse_assert_type(4, "launch");
	agentuse_assert_type(5, "exit");
}

static void test_refused(void **state)
{
	struct cairn_receipt good, r;

	(void)state;
	launch_and_stop("guest1", 2);
	good = receipt();
	uint64_t size = agentuse.agent->log.size;

	agentuse_assert_status(hand_in(&good, agentuse_stranger), CAIRN_E_UNTRUSTED);
	agentuse_assert_status(hand_in(&good, agentuse.authority), CAIRN_E_UNTRUSTED);
	r = good;
	r.boot_id[31] ^= 1;
	agentuse_assert_status(hand_in(&r, verifier), CAIRN_E_STALE);
	r = good;
	r.launch.bytes[0] ^= 1;
	agentuse_assert_status(hand_in(&r, verifier), CAIRN_E_MISMATCH);
	r = good;
	r.records--;
	agentuse_assert_status(hand_in(&r, verifier), CAIRN_E_MISMATCH);
	r.records = good.records + 1;
	agentuse_assert_status(hand_in(&r, verifier), CAIRN_E_MISMATCH);
	agentuse_assert_status(
	    agentuse_ask(&relay, json_pack("{s:s,s:s}", "op", "receipt", "receipt", "a.b.c")),
	    CAIRN_E_MALFORMED);
	agentuse_assert_status(agentuse_ask(&relay, json_pack("{s:s}", "op", "receipt")), CAIRN_E_MALFORMED);
	agentuse.agent->log.state = CAIRN_LOG_DIVERGED;
	agentuse_assert_status(hand_in(&good, verifier), CAIRN_E_DIVERGED);
	agentuse.agent->log.state = CAIRN_LOG_GOOD;
	assert_int_equal(agentuse.agent->log.size, size);
	assert_drops(&good, 2);
}

/* Where there is no room for the new file, the old one stays as it is. */
static void test_no_room(void **state)
{
	char fresh[160];

	(void)state;
	launch_and_stop("guest1", 2);
	struct cairn_receipt r = receipt();
	uint64_t size = agentuse.agent->log.size;

	agentuse_limit_files(1000);
	agentuse_assert_status(hand_in(&r, verifier), CAIRN_E_NOSPACE);
	agentuse_limit_files(RLIM_INFINITY);
	snprintf(fresh, sizeof(fresh), "%s.new", agentuse.conf.log);
	assert_int_not_equal(access(fresh, F_OK), 0);
	assert_int_equal(agentuse.agent->log.size, size);
	fixture_assert_replays(&agentuse);
	launch_and_stop("guest1", 1);
	assert_drops(&r, 4);
}

/* A crash before the new log has the old one's name. */
static void test_left_over(void **state)
{
	(void)state;
	launch_and_stop("guest1", 2);
	fixture_file(&agentuse, "launch.log.new", "half a log");
	struct cairn_receipt r = receipt();

	assert_drops(&r, 2);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}

/* A service that is to come back is not forgotten, nor how often it failed. */
static void test_restarts(void **state)
{
	(void)state;
	restarts_driver(); /* 2 */
	restarts_crash();  /* 3 */
	struct cairn_receipt r = receipt();

	assert_drops(&r, 0);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	const struct cairn_restart *n = cairn_restart_find(agentuse.agent, "netdrv");

	assert_non_null(n);
	assert_int_equal(n->failures, 1);
	assert_true(n->due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_drops),	AGENTUSE_TEST(test_table),
					   AGENTUSE_TEST(test_up_to),	AGENTUSE_TEST(test_refused),
					   AGENTUSE_TEST(test_no_room), AGENTUSE_TEST(test_left_over),
					   RESTARTS_TEST(test_restarts)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
