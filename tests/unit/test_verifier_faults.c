/* Evidence and results at the server when something that it calls fails: the answer says so, and the host is what it was. */
#include "tests/unit/verifier_fixture.h"

#include <string.h>

#include "tests/unit/callee_faults.h"
#include "tests/unit/verifier_callee_faults.h"

#define IO     CAIRN_E_IO
#define NOMEM  CAIRN_E_NOMEM
#define CRYPTO CAIRN_E_CRYPTO
#define NONE   CAIRN_OK /* the function does not say a status */

static void row_of(struct verifier_world *w, struct cairn_host_row *row)
{
	assert_int_equal(cairn_store_host_find(row, w->v->store, "alpha"), CAIRN_OK);
}

static void evidence_with(struct verifier_world *w, const json_t *evidence, const struct fault *f)
{
	cairn_auto_buf struct cairn_buf text = {0};
	assert_int_equal(cairn_json_dump(&text, evidence), CAIRN_OK);
	call_with(w, f, "POST", "/v1/evidence", cairn_buf_span(&text));
}

/* Refused with any of these, and then accepted as if nothing had been. */
static void evidence_and_faults(struct verifier_world *w, const struct fault *f, size_t count)
{
	cairn_auto_row struct cairn_host_row before = {0};
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	row_of(w, &before);
	for (size_t i = 0; i < count; i++) {
		cairn_auto_row struct cairn_host_row row = {0};
		evidence_with(w, good, &f[i]);
		row_of(w, &row);
		assert_int_equal(row.state, before.state);
		assert_int_equal(row.nonce_issued_ms, before.nonce_issued_ms);
		assert_int_equal(row.seen_ms, before.seen_ms);
		assert_true(cairn_span_equal(cairn_buf_span(&row.verdict), cairn_buf_span(&before.verdict)));
	}
	verifier_call(w, "POST", "/v1/evidence", json_incref(good));
	assert_int_equal(w->code, 200);
}

#define AND_FAULTS(w, list) evidence_and_faults(w, list, sizeof(list) / sizeof((list)[0]))

/* A host's first evidence; nothing is audited of what did not become. */
static void first_evidence(void **state)
{
	static const struct fault list[] = {
	    {"cairn_store_audit", 0, IO, 503, "unavailable"},
	    {"cairn_json_dump", 0, NOMEM, 503, "unavailable"}, /* the verdict's text */
	};
	struct verifier_world *w = *state;
	AND_FAULTS(w, list);
	assert_int_equal(verifier_count(w, "audit WHERE event='state'"), 1);
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	assert_int_equal(verifier_count(w, "audit WHERE event='state'"), 1); /* it was trusted before */
}

static void evidence(void **state)
{
	static const struct fault list[] = {
	    {"cairn_store_host_get", 0, IO, 503, "unavailable"},
	    {"HMAC", 0, NONE, 403, "bad-nonce"},
	    {"cairn_ak_parse", 0, CAIRN_E_MALFORMED, 500, "internal"},
	    {"cairn_ak_qualified_name", 0, CRYPTO, 500, "internal"},
	    {"cairn_quote_binding", 0, CRYPTO, 500, "internal"},
	    {"cairn_ak_key_set", 0, NOMEM, 500, "internal"},
	    {"cairn_quote_check", 0, CAIRN_E_INTERNAL, 500, "internal"},
	    {"cairn_quote_check", 0, NOMEM, 503, "unavailable"},
	    {"cairn_quote_check", 0, CRYPTO, 500, "internal"},
	    {"cairn_quote_check", 0, CAIRN_E_SIGNATURE, 403, "bad-signature"},
	    {"cairn_quote_check", 0, CAIRN_E_MALFORMED, 403, "bad-quote"},
	    {"cairn_appraise", 0, NOMEM, 503, "unavailable"},
	    {"cairn_appraise", 0, CRYPTO, 500, "internal"},
	    {"cairn_appraise", 0, CAIRN_E_INTERNAL, 500, "internal"},
	    {"cairn_appraise", 0, IO, 503, "unavailable"},
	    {"cairn_appraise", 0, CAIRN_E_DIVERGED, 403, "logs-diverged"},
	    {"cairn_appraise", 0, CAIRN_E_MALFORMED, 403, "bad-log"},
	    {"cairn_appraise_tpm", 0, NOMEM, 503, "unavailable"},
	    {"cairn_store_host_accept", 0, IO, 503, "unavailable"},
	    {"cairn_store_host_accept", 0, CAIRN_E_STALE, 409, "stale-nonce"},
	};
	struct verifier_world *w = *state;
	AND_FAULTS(w, list);
}

/* Accepted, and there is no nonce for the next. */
static void no_next_nonce(void **state)
{
	static const struct fault f = {"RAND_bytes", 0, NONE, 500, "internal"};
	struct verifier_world *w = *state;
	cairn_auto_row struct cairn_host_row before = {0}, after = {0};
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	row_of(w, &before);
	evidence_with(w, good, &f);
	row_of(w, &after);
	assert_true(after.nonce_issued_ms > before.nonce_issued_ms);
}

/* A refusal that is not written down is no answer. */
static void refusals_are_audited(void **state)
{
	static const struct fault f = {"cairn_store_audit", 0, IO, 503, "unavailable"};
	struct verifier_world *w = *state;
	call_with(w, &f, "POST", "/v1/evidence", cairn_span_str("{}"));
}

/* A TPM that was cleared, and the server cannot write that down. */
static void a_cleared_tpm(void **state)
{
	static const struct fault list[] = {
	    {"cairn_store_audit", 0, IO, 503, "unavailable"},
	    {"cairn_store_host_set_state", 0, IO, 503, "unavailable"},
	};
	struct verifier_world *w = *state;
	cairn_auto_row struct cairn_host_row h = {0};
	row_of(w, &h);
	h.reset_count += 1000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
	cairn_auto_json json_t *good =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	for (size_t i = 0; i < 2; i++) {
		evidence_with(w, good, &list[i]);
		verifier_expect_state(w, "trusted");
	}
	h.reset_count -= 1000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
}

static void challenges(void **state)
{
	static const struct fault list[] = {
	    {"cairn_store_host_get", 0, IO, 503, "unavailable"},
	    {"RAND_bytes", 0, NONE, 500, "internal"},
	    {"HMAC", 0, NONE, 500, "internal"},
	};
	struct verifier_world *w = *state;
	cairn_auto_buf struct cairn_buf body = {0};
	cairn_auto_row struct cairn_host_row h = {0};
	row_of(w, &h);
	cairn_buf_add_str(&body, "{\"host_id\":\"");
	cairn_hex_encode(&body, cairn_span(h.id, sizeof h.id));
	cairn_buf_add_str(&body, "\"}");
	for (size_t i = 0; i < 3; i++)
		call_with(w, &list[i], "POST", "/v1/challenge", cairn_buf_span(&body));
	verifier_call_raw(w, "POST", "/v1/challenge", cairn_buf_span(&body));
	assert_int_equal(w->code, 200);
}

static void results(void **state)
{
	static const struct {
		const char *path;
		struct fault f;
	} list[] = {
	    {"/v1/hosts/alpha", {"json_object_set_new", 0, NONE, 500, "(none)"}}, /* a reason's submod */
	    {"/v1/hosts/alpha", {"json_array_append_new", 0, NONE, 500, "(none)"}},
	    {"/v1/hosts/alpha", {"json_copy", 0, NONE, 500, "(none)"}},
	    {"/v1/hosts/alpha/ear", {"cairn_json_dump", 0, NOMEM, 503, "unavailable"}},
	    {"/v1/hosts/alpha/ear", {"cairn_jws_sign", 0, CRYPTO, 500, "internal"}},
	};
	static const struct fault nonce = {"json_object_set_new", 0, NONE, 503, "unavailable"};
	struct verifier_world *w = *state;
	uint8_t id[32];
	cairn_auto_row struct cairn_host_row h = {0};
	row_of(w, &h);
	memcpy(id, h.id, sizeof id);
	assert_int_equal(cairn_store_host_set_state(w->v->store, id, CAIRN_STATE_PENDING), CAIRN_OK);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		call_with(w, &list[i].f, "GET", list[i].path, cairn_span(NULL, 0));
	assert_int_equal(cairn_store_host_set_state(w->v->store, id, CAIRN_STATE_TRUSTED), CAIRN_OK);
	call_with(w, &nonce, "GET", "/v1/hosts/alpha/ear", cairn_span(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(first_evidence), cmocka_unit_test(evidence),
	    cmocka_unit_test(no_next_nonce),  cmocka_unit_test(refusals_are_audited),
	    cmocka_unit_test(a_cleared_tpm),  cmocka_unit_test(challenges),
	    cmocka_unit_test(results),
	};
	return cmocka_run_group_tests(tests, verifier_setup_enrolled, verifier_teardown);
}
