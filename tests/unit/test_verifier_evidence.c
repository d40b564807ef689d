/* Evidence at the server, from a software TPM: what is accepted, what the result says, and what is refused. */
#include "tests/unit/verifier_fixture.h"

#include <string.h>

#include "attest/result.h"
#include "tests/unit/tpmuse_fixture.h"

static void attests(void **state)
{
	struct verifier_world *w = *state;
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), "trusted");
	json_t *next = json_incref(json_object_get(w->body, "next_nonce"));
	verifier_expect_state(w, "trusted");
	json_decref(w->evidence);
	w->evidence = verifier_evidence(w, &w->tpm[0], json_string_value(next), CAIRN_APPRAISAL_PCRS);
	json_decref(next);
	verifier_call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	assert_int_equal(w->code, 200);
}

static void signed_result(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf claims = {0};
	cairn_auto_json json_t *ear = NULL;
	verifier_call(w, "GET", "/v1/jwks", NULL);
	assert_int_equal(cairn_jwks_from_json(&keys, w->body), CAIRN_OK);
	verifier_call(w, "GET", "/v1/hosts/alpha/ear", NULL);
	assert_int_equal(
	    cairn_jws_verify(&claims, NULL, cairn_span_str(verifier_text(w, "ear")), CAIRN_EAR_TYP, keys),
	    CAIRN_OK);
	assert_int_equal(cairn_json_parse(&ear, cairn_buf_span(&claims)), CAIRN_OK);
	assert_string_equal(json_string_value(json_object_get(ear, "cairn.state")), "trusted");
	assert_string_equal(json_string_value(json_object_get(ear, "eat_profile")), CAIRN_EAR_PROFILE);
	assert_string_equal(json_string_value(json_object_get(ear, "eat_nonce")),
			    json_string_value(json_object_get(w->evidence, "nonce")));
	const json_t *xen = json_object_get(json_object_get(ear, "submods"), "xen");
	assert_string_equal(json_string_value(json_object_get(xen, "ear.status")), "affirming");
	assert_true(json_integer_value(json_object_get(ear, "exp")) >
		    json_integer_value(json_object_get(ear, "iat")));
}

static void replays_are_refused(void **state)
{
	struct verifier_world *w = *state;
	verifier_call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	verifier_expect_error(w, 409, "stale-nonce");
	verifier_expect_state(w, "trusted");
}

/* Each byte of quote and signature, each in turn. */
static void changed_evidence_is_refused(void **state)
{
	static const char *const members[] = {"quote", "signature"};
	struct verifier_world *w = *state;
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		assert_int_equal(cairn_json_get_b64(&b, good, members[i]), CAIRN_OK);
		for (size_t at = 0; at < b.len; at++) {
			json_t *bad = json_copy(good);
			b.ptr[at] ^= 0x10;
			json_object_set_new(bad, members[i], cairn_json_b64(cairn_buf_span(&b)));
			b.ptr[at] ^= 0x10;
			verifier_call(w, "POST", "/v1/evidence", bad);
			assert_int_equal(w->code, 403);
		}
	}
	verifier_expect_state(w, "trusted");
	verifier_call(w, "POST", "/v1/evidence", json_incref(good));
	assert_int_equal(w->code, 200);
}

static void post_with(struct verifier_world *w, const json_t *good, const char *name, json_t *value)
{
	json_t *bad = json_copy((json_t *)(uintptr_t)good);
	json_object_set_new(bad, name, value);
	verifier_call(w, "POST", "/v1/evidence", bad);
}

static void expect_message(const struct verifier_world *w, const char *start)
{
	const json_t *error = json_object_get(w->body, "error");
	const char *text = json_string_value(json_object_get(error, "message"));
	assert_non_null(text);
	assert_memory_equal(text, start, strlen(start));
}

static void spliced_evidence_is_refused(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	cairn_auto_json json_t *nonce = json_string(verifier_challenge(w));
	post_with(w, good, "nonce", json_incref(nonce));
	verifier_expect_error(w, 403, "bad-quote");
	post_with(w, good, "nonce", json_string("x"));
	verifier_expect_error(w, 403, "bad-nonce");
	expect_message(w, "the nonce was not made by this server");
	cairn_auto_buf struct cairn_buf other = {0};
	struct cairn_nonce n = {.issued_ms = cairn_now_ms() + 1, .expires_ms = UINT64_MAX};
	assert_int_equal(cairn_nonce_make(&other, w->v->nonce_key, &n), CAIRN_OK);
	verifier_call(w, "POST", "/v1/evidence",
		      verifier_evidence(w, &w->tpm[0], cairn_buf_str(&other), CAIRN_APPRAISAL_PCRS));
	verifier_expect_error(w, 403, "bad-nonce"); /* of this server, for another host */
	post_with(w, good, "verifier_kid", json_string("x"));
	verifier_expect_error(w, 403, "other-verifier");
	post_with(w, good, "boot_log", json_string(""));
	verifier_expect_error(w, 403, "bad-quote");
	post_with(w, good, "launch_log", json_string(""));
	verifier_expect_error(w, 403, "bad-quote");
	post_with(w, good, "boot_id",
		  json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
	verifier_expect_error(w, 403, "bad-quote");
	post_with(w, good, "host_id",
		  json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
	verifier_expect_error(w, 404, "unknown-host");
	post_with(w, good, "version", json_integer(2));
	verifier_expect_error(w, 400, "newer-version");
	post_with(w, good, "extra", json_true());
	verifier_expect_error(w, 400, "malformed");
	verifier_expect_state(w, "trusted");
}

/* Without a member, and with one of another type. */
static void every_member_is_needed(void **state)
{
	static const char *const members[] = {"format",	  "version",	  "host_id",	  "boot_id",
					      "nonce",	  "verifier_kid", "quote",	  "signature",
					      "boot_log", "launch_log",	  "agent_version"};
	struct verifier_world *w = *state;
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *bad = json_copy(good);
		json_object_del(bad, members[i]);
		verifier_call(w, "POST", "/v1/evidence", bad);
		verifier_expect_error(w, 400, "malformed");
		post_with(w, good, members[i], json_false());
		verifier_expect_error(w, 400, "malformed");
	}
	verifier_call_raw(w, "POST", "/v1/evidence", cairn_span_str("[[[[[[[[[[[[[[[[[["));
	verifier_expect_error(w, 400, "malformed");
	expect_message(w, cairn_status_text(CAIRN_E_LIMIT));
	verifier_call(w, "POST", "/v1/evidence", json_incref(good));
	assert_int_equal(w->code, 200);
}

static void row_of(struct verifier_world *w, struct cairn_host_row *row)
{
	assert_int_equal(cairn_store_host_find(row, w->v->store, "alpha"), CAIRN_OK);
}

/* Evidence for a nonce of this server that says this. */
static void post_for(struct verifier_world *w, uint64_t expires_ms, const struct cairn_tpm_time *time)
{
	cairn_auto_row struct cairn_host_row row = {0};
	cairn_auto_buf struct cairn_buf token = {0};
	row_of(w, &row);
	struct cairn_nonce n = {
	    .issued_ms = row.nonce_issued_ms + 1, .expires_ms = expires_ms, .time = *time};
	memcpy(n.host_id, row.id, sizeof n.host_id);
	assert_int_equal(cairn_nonce_make(&token, w->v->nonce_key, &n), CAIRN_OK);
	verifier_call(w, "POST", "/v1/evidence",
		      verifier_evidence(w, &w->tpm[0], cairn_buf_str(&token), CAIRN_APPRAISAL_PCRS));
}

static void nonces_that_do_not_fit(void **state)
{
	static const struct cairn_tpm_time none = {0};
	static const struct cairn_tpm_time future = {.reset_count = UINT32_MAX};
	struct verifier_world *w = *state;
	post_for(w, 1, &none);
	verifier_expect_error(w, 409, "stale-nonce");
	post_for(w, UINT64_MAX, &future);
	verifier_expect_error(w, 409, "clock-order");
	cairn_auto_row struct cairn_host_row row = {0};
	row_of(w, &row);
	row.clock += 1000000; /* what was accepted is younger than the quote, and the nonce is not */
	row.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &row), CAIRN_OK);
	post_for(w, UINT64_MAX, &none);
	verifier_expect_error(w, 409, "clock-order");
	row.clock -= 1000000;
	row.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &row), CAIRN_OK);
	post_for(w, UINT64_MAX, &none);
	assert_int_equal(w->code, 200);
}

static void challenges_that_are_none(void **state)
{
	static const struct {
		const char *body;
		int code;
		const char *error;
	} list[] = {
	    {"{}", 400, "malformed"},
	    {"{\"host_id\":\"00\"}", 400, "malformed"},
	    {"{\"host_id\":\"00000000000000000000000000000000000000000000000000000000000000ff\"}", 404,
	     "unknown-host"},
	};
	struct verifier_world *w = *state;
	verifier_call_raw(w, "POST", "/v1/challenge", cairn_span_str("[]"));
	verifier_expect_error(w, 400, "malformed");
	expect_message(w, "the body is not the JSON object");
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		verifier_call_raw(w, "POST", "/v1/challenge", cairn_span_str(list[i].body));
		verifier_expect_error(w, list[i].code, list[i].error);
	}
}

static void set_state(struct verifier_world *w, enum cairn_state to)
{
	cairn_auto_row struct cairn_host_row row = {0};
	row_of(w, &row);
	assert_int_equal(cairn_store_host_set_state(w->v->store, row.id, to), CAIRN_OK);
}

/* By what is stored: the evidence was asked for before. */
static void a_cleared_host_is_barred(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	set_state(w, CAIRN_STATE_CLEARED);
	verifier_call(w, "POST", "/v1/evidence", json_incref(good));
	verifier_expect_error(w, 403, "host-barred");
	verifier_expect_state(w, "cleared");
	const json_t *host = json_object_get(json_object_get(w->body, "submods"), "host");
	assert_string_equal(json_string_value(json_object_get(host, "ear.status")), "contraindicated");
	set_state(w, CAIRN_STATE_TRUSTED);
}

/* What is shown follows what is stored; the list of hosts is short. */
static void results_of_other_states(void **state)
{
	struct verifier_world *w = *state;
	set_state(w, CAIRN_STATE_UNMEASURED);
	verifier_expect_state(w, "unmeasured");
	assert_non_null(json_object_get(json_object_get(w->body, "submods"), "xen"));
	set_state(w, CAIRN_STATE_TRUSTED);
	verifier_call(w, "GET", "/v1/hosts", NULL);
	assert_null(json_object_get(json_array_get(json_object_get(w->body, "hosts"), 0), "submods"));
	cairn_auto_row struct cairn_host_row row = {0};
	row_of(w, &row);
	cairn_buf_fini(&row.verdict);
	cairn_buf_add_str(&row.verdict, "{\"submods\":1}");
	row.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &row), CAIRN_OK);
	verifier_expect_state(w, "stale");
	assert_non_null(json_object_get(json_object_get(w->body, "submods"), "host"));
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
}

static void other_quotes_are_refused(void **state)
{
	struct verifier_world *w = *state;
	verifier_call(w, "POST", "/v1/evidence",
		      verifier_evidence(w, &w->tpm[1], verifier_challenge(w), CAIRN_APPRAISAL_PCRS));
	assert_int_equal(w->code, 403); /* another TPM */
	verifier_call(
	    w, "POST", "/v1/evidence",
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS & ~0x1000u));
	verifier_expect_error(w, 403, "bad-quote");
	verifier_call(w, "POST", "/v1/evidence",
		      verifier_evidence(w, &w->tpm[0], verifier_challenge(w), 0x10000u));
	verifier_expect_error(w, 403, "bad-quote");
	verifier_expect_state(w, "trusted");
}

static void logs_must_replay(void **state)
{
	struct verifier_world *w = *state;
	size_t len = w->sim.launch_log.len;
	struct cairn_launch l = sim_launch(&w->sim);
	sim_record_launch(&w->sim, &l); /* logged, never extended */
	verifier_attest(w);
	verifier_expect_error(w, 403, "logs-diverged");
	verifier_expect_state(w, "trusted");
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	verifier_extend_launches(w, t, len);
	cairn_tpm_close(t);
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	verifier_call(w, "GET", "/v1/hosts/alpha", NULL);
	const json_t *d = json_object_get(json_object_get(w->body, "submods"), "domain:netdrv");
	assert_string_equal(json_string_value(json_object_get(d, "ear.status")), "affirming");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(attests),
	    cmocka_unit_test(signed_result),
	    cmocka_unit_test(replays_are_refused),
	    cmocka_unit_test(changed_evidence_is_refused),
	    cmocka_unit_test(spliced_evidence_is_refused),
	    cmocka_unit_test(every_member_is_needed),
	    cmocka_unit_test(nonces_that_do_not_fit),
	    cmocka_unit_test(challenges_that_are_none),
	    cmocka_unit_test(a_cleared_host_is_barred),
	    cmocka_unit_test(results_of_other_states),
	    cmocka_unit_test(other_quotes_are_refused),
	    cmocka_unit_test(logs_must_replay),
	};
	return cmocka_run_group_tests(tests, verifier_setup_enrolled, verifier_teardown);
}
