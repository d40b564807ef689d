/* Enrolment at the server: claims and proofs that are none, and what happens when something that it calls fails. */
#include "tests/unit/verifier_fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/callee_faults.h"
#include "tests/unit/tpmuse_fixture.h"
#include "tests/unit/verifier_callee_faults.h"

static json_t *claim(const struct verifier_world *w, int tpm, const char *label)
{
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[tpm], &id);
	json_t *v = verifier_enrolment(&id, &id, label);
	cairn_tpm_identity_fini(&id);
	return v;
}

static void refused_and_forgotten(struct verifier_world *w, int code, const char *error, int sessions)
{
	verifier_expect_error(w, code, error);
	assert_int_equal(verifier_count(w, "sessions"), sessions);
}

static void claims_that_are_none(void **state)
{
	static const struct {
		const char *member, *value;
		int code;
		const char *error;
	} list[] = {
	    {"label", "1", 400, "label"},
	    {"ek_certs", "{}", 400, "ek-certificate"},
	    {"ek_certs", "[]", 400, "ek-certificate"},
	    {"ek_certs", "[1]", 400, "ek-certificate"},
	    {"ek_certs", "[\"!\"]", 400, "ek-certificate"},
	    {"ek_certs", "[\"AAAA\"]", 400, "ek-certificate"},
	    {"ek_public", "1", 400, "malformed"},
	    {"ek_public", "\"AAAA\"", 400, "malformed"},
	    {"ak_public", "1", 400, "malformed"},
	    {"ak_public", "\"AAAA\"", 400, "malformed"},
	    {"else", "1", 400, "malformed"},
	};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		json_t *bad = claim(w, 0, "alpha");
		json_object_set_new(bad, list[i].member, json_loads(list[i].value, JSON_DECODE_ANY, NULL));
		verifier_call(w, "POST", "/v1/enroll", bad);
		refused_and_forgotten(w, list[i].code, list[i].error, 0);
	}
}

/* The certificate this many times in one string, behind it padding, and all that this many times. */
static json_t *certificates(const struct cairn_buf *cert, int in_one, size_t padded_to, int strings)
{
	cairn_auto_buf struct cairn_buf one = {0};
	json_t *all = json_array();
	for (int i = 0; i < in_one; i++)
		cairn_buf_add(&one, cairn_buf_span(cert));
	while (one.len < padded_to)
		cairn_buf_add_u8(&one, 0xff);
	for (int i = 0; i < strings; i++)
		json_array_append_new(all, cairn_json_b64(cairn_buf_span(&one)));
	return all;
}

static void certificates_have_limits(void **state)
{
	static const struct {
		int in_one;
		size_t padded_to;
		int strings, code;
	} list[] = {
	    {1, 0, 9, 400},    /* strings */
	    {1, 8193, 1, 400}, /* bytes of one */
	    {5, 0, 4, 400},    /* certificates */
	    {1, 8192, 8, 200}, {4, 0, 4, 200},
	};
	struct verifier_world *w = *state;
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[0], &id);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		json_t *v = verifier_enrolment(&id, &id, "alpha");
		json_object_set_new(
		    v, "ek_certs",
		    certificates(&id.ek_cert, list[i].in_one, list[i].padded_to, list[i].strings));
		verifier_call(w, "POST", "/v1/enroll", v);
		assert_int_equal(w->code, list[i].code);
		if (w->code != 200)
			verifier_expect_error(w, 400, "ek-certificate");
	}
	cairn_tpm_identity_fini(&id);
}

/* ---- faults ---- */

/* Takes the reference. */
static void dump(struct cairn_buf *out, json_t *body)
{
	assert_int_equal(cairn_json_dump(out, body), CAIRN_OK);
	json_decref(body);
}

static void expect(struct verifier_world *w, const char *path, json_t *body, const struct fault *f)
{
	cairn_auto_buf struct cairn_buf text = {0};
	dump(&text, body);
	call_with(w, f, "POST", path, cairn_buf_span(&text));
}

static void enrolling_and_faults(void **state)
{
	static const struct fault list[] = {
	    {"cairn_b64url_decode", 0, CAIRN_E_NOMEM, 400, "ek-certificate"},
	    {"cairn_json_get_b64", 0, CAIRN_E_NOMEM, 400, "malformed"},
	    {"cairn_json_get_b64", 1, CAIRN_E_NOMEM, 400, "malformed"},
	    {"cairn_ekcert_judge", 0, CAIRN_E_NOMEM, 503, "unavailable"},
	    {"cairn_store_host_get", 0, CAIRN_E_IO, 503, "unavailable"},
	    {"cairn_store_host_find", 0, CAIRN_E_IO, 503, "unavailable"},
	    {"RAND_bytes", 0, CAIRN_OK, 500, "internal"},
	    {"RAND_bytes", 1, CAIRN_OK, 500, "internal"},
	    {"HMAC", 0, CAIRN_OK, 500, "internal"},
	    {"cairn_credential_make", 0, CAIRN_E_CRYPTO, 500, "internal"},
	    {"cairn_store_session_add", 0, CAIRN_E_LIMIT, 503, "unavailable"},
	};
	struct verifier_world *w = *state;
	int sessions = verifier_count(w, "sessions");
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		expect(w, "/v1/enroll", claim(w, 1, "beta"), &list[i]);
		assert_int_equal(verifier_count(w, "sessions"), sessions);
	}
}

/* Wherever one of these is called before the challenge is stored: there is none. */
static void none_is_left_out(void **state)
{
	static const char *const names[] = {"cairn_hash", "cairn_buf_status"};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < 2; i++) {
		struct fault f = {names[i], 0, CAIRN_E_NOMEM, 0, NULL};
		int sessions = verifier_count(w, "sessions");
		for (;; f.at++) {
			cairn_auto_buf struct cairn_buf text = {0};
			dump(&text, claim(w, 1, "beta"));
			bool failed = fault_reached(w, &f, "POST", "/v1/enroll", cairn_buf_span(&text));
			if (failed && w->code == 200)
				fail_msg("%s %u", f.name, f.at);
			if (verifier_count(w, "sessions") > sessions)
				break;
			assert_true(failed);
		}
		assert_true(f.at > 0);
	}
}

static void a_refusal_is_audited(void **state)
{
	static const struct fault f = {"cairn_store_audit", 0, CAIRN_E_IO, 503, "unavailable"};
	struct verifier_world *w = *state;
	json_t *bad = claim(w, 1, "beta"), *other = claim(w, 0, "beta");
	json_object_set(bad, "ek_certs", json_object_get(other, "ek_certs"));
	json_decref(other);
	expect(w, "/v1/enroll", bad, &f);
}

/* ---- admission ---- */

static void admission_lists(void **state)
{
	static const struct fault f = {"cairn_buf_str", 1, CAIRN_OK, 503, "unavailable"};
	struct verifier_world *w = *state;
	snprintf(w->v->set.admission_list, sizeof w->v->set.admission_list, "%s/server/none", w->dir);
	verifier_call(w, "POST", "/v1/enroll", claim(w, 1, "beta"));
	verifier_expect_error(w, 500, "internal");
	verifier_put_file(
	    w, "list", cairn_span_str("00000000000000000000000000000000000000000000000000000000000000ff\n"));
	snprintf(w->v->set.admission_list, sizeof w->v->set.admission_list, "%s/server/list", w->dir);
	verifier_call(w, "POST", "/v1/enroll", claim(w, 1, "beta"));
	verifier_expect_error(w, 403, "not-admitted");
	expect(w, "/v1/enroll", claim(w, 1, "beta"), &f);
	w->v->set.admission_list[0] = 0;
}

/* ---- proofs ---- */

static json_t *proof(struct verifier_world *w, const char *label)
{
	verifier_call(w, "POST", "/v1/enroll", claim(w, 1, label));
	assert_int_equal(w->code, 200);
	return verifier_answer(w, &w->tpm[1], label, 0);
}

static void proofs_that_are_none(void **state)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
	static const struct {
		const char *body, *message;
	} list[] = {
	    {"[]", "the body is not"},
	    {"{}", "session or proof"},
	    {"{\"session\":\"AAAA\",\"proof\":\"%s\"}", "session or proof"},
	    {"{\"session\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"proof\":\"x%s\"}",
	     "session or proof"},
	};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		cairn_auto_buf struct cairn_buf body = {0};
		const char *z = strstr(list[i].body, "%s");
		cairn_buf_add(
		    &body, cairn_span(list[i].body, z ? (size_t)(z - list[i].body) : strlen(list[i].body)));
		if (z)
			cairn_buf_add_fmt(&body, "%s%s", zeros, z + 2);
		verifier_call_raw(w, "POST", "/v1/enroll/proof", cairn_buf_span(&body));
		verifier_expect_error(w, 400, "malformed");
		const json_t *error = json_object_get(w->body, "error");
		assert_non_null(
		    strstr(json_string_value(json_object_get(error, "message")), list[i].message));
	}
}

/* The challenge is used up, or was not touched; there is no such host. */
static void proving_and_faults(void **state)
{
	static const struct fault untouched = {"cairn_store_session_take", 0, CAIRN_E_IO, 503, "unavailable"};
	static const struct fault list[] = {
	    {"cairn_json_get_b64", 0, CAIRN_E_NOMEM, 400, "malformed"},
	    {"cairn_hash", 0, CAIRN_E_NOMEM, 403, "wrong-proof"},
	    {"cairn_store_host_add", 0, CAIRN_E_IO, 503, "unavailable"},
	    {"cairn_store_host_add", 0, CAIRN_E_EXISTS, 409, "ak-taken"}, /* nothing else of it is there */
	};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		json_t *p = proof(w, "beta");
		expect(w, "/v1/enroll/proof", json_incref(p), &untouched);
		expect(w, "/v1/enroll/proof", p, &list[i]);
		assert_int_equal(verifier_count(w, "hosts"), 0);
	}
}

/* Two challenges of one TPM: the label that is proven first stays. */
static void the_first_binds(void **state)
{
	static const struct fault again = {"cairn_store_host_get", 1, CAIRN_E_IO, 503, "unavailable"};
	static const struct fault audit = {"cairn_store_audit", 0, CAIRN_E_IO, 503, "unavailable"};
	struct verifier_world *w = *state;
	json_t *late = proof(w, "gamma"), *first = proof(w, "beta");
	verifier_call(w, "POST", "/v1/enroll/proof", first);
	assert_int_equal(w->code, 200);
	assert_int_equal(verifier_count(w, "audit WHERE event='enrolled'"), 1);
	verifier_call(w, "POST", "/v1/enroll/proof", late);
	verifier_expect_error(w, 409, "other-label");
	expect(w, "/v1/enroll/proof", proof(w, "beta"), &again);
	expect(w, "/v1/enroll/proof", proof(w, "beta"), &audit);
	assert_int_equal(verifier_count(w, "hosts"), 1);
	assert_int_equal(verifier_count(w, "audit WHERE event='enrolled'"), 1);
}

static void the_revoked_stay_out(void **state)
{
	struct verifier_world *w = *state;
	verifier_call(w, "POST", "/v1/hosts/beta/revoke", NULL);
	assert_int_equal(w->code, 200);
	verifier_call(w, "POST", "/v1/enroll", claim(w, 1, "beta"));
	verifier_expect_error(w, 403, "host-barred");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(claims_that_are_none), cmocka_unit_test(certificates_have_limits),
	    cmocka_unit_test(enrolling_and_faults), cmocka_unit_test(none_is_left_out),
	    cmocka_unit_test(a_refusal_is_audited), cmocka_unit_test(admission_lists),
	    cmocka_unit_test(proofs_that_are_none), cmocka_unit_test(proving_and_faults),
	    cmocka_unit_test(the_first_binds),	    cmocka_unit_test(the_revoked_stay_out),
	};
	return cmocka_run_group_tests(tests, verifier_setup, verifier_teardown);
}
