/* Release sets at the server: who may give one, which one counts, and what becomes of a host. */
#include "tests/unit/tpmuse_fixture.h"
#include "tests/unit/verifier_fixture.h"

#include <stdlib.h>
#include <string.h>

static void sign(struct cairn_buf *jws, int serial, int netdrv, const char *revoked,
		 const struct cairn_key *key)
{
	cairn_auto_json json_t *v = json_pack("{s:i,s:{s:i},s:[],s:[]}", "serial", serial, "floors", "netdrv",
					      netdrv, "revoked_keys", "revoked_manifests");

	if (revoked)
		json_array_append_new(json_object_get(v, "revoked_keys"), json_string(revoked));
	assert_int_equal(cairn_release_set_sign(jws, v, key), CAIRN_OK);
}

static void push_by(struct verifier_world *w, int serial, int netdrv, const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	sign(&jws, serial, netdrv, NULL, key);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
}

static void push(struct verifier_world *w, int serial, int netdrv)
{
	push_by(w, serial, netdrv, w->sim.authority);
}

static long long in_force(struct verifier_world *w)
{
	verifier_call(w, "GET", "/v1/release-set", NULL);
	assert_int_equal(w->code, 200);
	return (long long)json_integer_value(json_object_get(w->body, "serial"));
}

static const json_t *submod(struct verifier_world *w, const char *name)
{
	verifier_call(w, "GET", "/v1/hosts/alpha", NULL);
	return json_object_get(json_object_get(w->body, "submods"), name);
}

static void expect_sub(struct verifier_world *w, const char *name, const char *tier)
{
	assert_string_equal(json_string_value(json_object_get(submod(w, name), "ear.status")), tier);
}

static void there_is_none_at_first(void **state)
{
	struct verifier_world *w = *state;

	verifier_call(w, "GET", "/v1/release-set", NULL);
	verifier_expect_error(w, 404, "no-release-set");
	assert_null(submod(w, "release-set"));
}

static void the_highest_number_counts(void **state)
{
	struct verifier_world *w = *state;

	push(w, 2, 3);
	assert_int_equal(w->code, 200);
	assert_int_equal(in_force(w), 2);
	push(w, 2, 3);
	assert_int_equal(w->code, 409); /* signed anew, it is another one */
	verifier_expect_error(w, 409, "stale");
	push(w, 1, 3);
	verifier_expect_error(w, 409, "stale");
	push(w, 4, 3);
	assert_int_equal(w->code, 200);
	assert_int_equal(in_force(w), 4);
}

static void the_same_again(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_buf struct cairn_buf jws = {0};

	sign(&jws, 5, 3, NULL, w->sim.authority);
	for (int i = 0; i < 2; i++) {
		verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
		assert_int_equal(w->code, 200);
	}
	assert_int_equal(in_force(w), 5);
}

static void what_is_not_taken(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_key *stranger = NULL;
	cairn_auto_buf struct cairn_buf jws = {0};

	assert_int_equal(cairn_key_generate(&stranger, CAIRN_SIG_ES384), CAIRN_OK);
	push_by(w, 9, 3, stranger);
	verifier_expect_error(w, 403, "untrusted-signer");
	sign(&jws, 9, 3, NULL, w->sim.authority);
	jws.ptr[jws.len - 3] ^= 1;
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
	assert_true(w->code == 400 || w->code == 403);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_span_str("x"));
	verifier_expect_error(w, 400, "malformed");
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&w->sim.service));
	verifier_expect_error(w, 400, "malformed");
	assert_int_equal(in_force(w), 5);
	/* One that the set in force revokes signs none that follows it. */
	assert_int_equal(cairn_jwks_add(w->v->authorities, stranger), CAIRN_OK);
	cairn_auto_buf struct cairn_buf revoking = {0};

	sign(&revoking, 6, 3, cairn_key_kid(stranger), w->sim.authority);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&revoking));
	assert_int_equal(w->code, 200);
	push_by(w, 7, 3, stranger);
	verifier_expect_error(w, 403, "untrusted-signer");
	assert_int_equal(in_force(w), 6);
	cairn_key_free(stranger);
}

/* With its delegates there would be more signers than a server can hold: it would not start again. */
static void too_many_signers(void **state)
{
	struct verifier_world *w = *state;
	json_t *jwk = NULL;
	struct cairn_key *vendor = NULL;
	cairn_auto_json json_t *v =
	    json_pack("{s:i,s:{},s:[],s:[]}", "serial", 7, "floors", "revoked_keys", "revoked_manifests");
	cairn_auto_buf struct cairn_buf jws = {0};

	while (cairn_jwks_count(w->v->authorities) < CAIRN_KEYS_MAX) {
		struct cairn_key *k = NULL;

		assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(w->v->authorities, k), CAIRN_OK);
		cairn_key_free(k);
	}
	assert_int_equal(cairn_key_generate(&vendor, CAIRN_SIG_ES384), CAIRN_OK);
	assert_int_equal(cairn_key_jwk(&jwk, vendor, false), CAIRN_OK);
	json_object_set_new(v, "delegates", json_pack("[{s:o,s:[s]}]", "key", jwk, "names", "netdrv"));
	assert_int_equal(cairn_release_set_sign(&jws, v, w->sim.authority), CAIRN_OK);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
	verifier_expect_error(w, 400, "malformed");
	assert_int_equal(in_force(w), 6);
	cairn_key_free(vendor);
	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(in_force(w), 6);
}

/* A vendor may sign for a name as long as the set in force says so. */
static void a_delegate(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_key *vendor = NULL;
	json_t *jwk = NULL;
	struct cairn_manifest m = w->sim.loaded[1];
	cairn_auto_json json_t *v =
	    json_pack("{s:i,s:{},s:[],s:[]}", "serial", 7, "floors", "revoked_keys", "revoked_manifests");
	cairn_auto_buf struct cairn_buf manifest = {0}, jws = {0};

	assert_int_equal(cairn_key_generate(&vendor, CAIRN_SIG_ES384), CAIRN_OK);
	assert_int_equal(cairn_key_jwk(&jwk, vendor, false), CAIRN_OK);
	json_object_set_new(v, "delegates", json_pack("[{s:o,s:[s]}]", "key", jwk, "names", "netdrv"));
	m.release = 9;
	assert_int_equal(cairn_manifest_sign(&manifest, &m, vendor), CAIRN_OK);
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&manifest));
	verifier_expect_error(w, 403, "untrusted-signer");
	assert_int_equal(cairn_release_set_sign(&jws, v, w->sim.authority), CAIRN_OK);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
	assert_int_equal(w->code, 200);
	assert_int_equal(w->v->manifest_count, 2);
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&manifest));
	assert_int_equal(w->code, 200);
	assert_int_equal(w->v->manifest_count, 3);
	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(w->v->manifest_count, 3);
	push(w, 8, 3);
	assert_int_equal(w->code, 200);
	assert_int_equal(w->v->manifest_count, 2);
	cairn_key_free(vendor);
}

/* A host that has not got the set yet is warned of; one that runs what it withdraws is not trusted. */
static void what_becomes_of_a_host(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_launch l = sim_launch(&w->sim);
	size_t from = w->sim.launch_log.len;
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);

	sim_record_launch(&w->sim, &l);
	verifier_extend_launches(w, t, from);
	cairn_tpm_close(t);
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
	expect_sub(w, "release-set", "warning");
	expect_sub(w, "domain:netdrv", "affirming");
	push(w, 9, 4);
	assert_int_equal(w->code, 200);
	verifier_attest(w);
	verifier_expect_state(w, "contraindicated");
	expect_sub(w, "domain:netdrv", "contraindicated");
}

static void it_is_there_after_a_restart(void **state)
{
	struct verifier_world *w = *state;

	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(w->v->manifest_count, 2);
	assert_int_equal(in_force(w), 9);
	verifier_attest(w);
	verifier_expect_state(w, "contraindicated");
}

/* Without its signer among the authorities no manifest counts, nor a delegate of the set; what it withdraws stays withdrawn. */
static void its_signer_is_taken_away(void **state)
{
	struct verifier_world *w = *state;

	verifier_put_file(w, "authorities.jwks", cairn_span_str("{\"keys\":[]}"));
	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(w->v->manifest_count, 0);
	assert_int_equal(in_force(w), 9);
	assert_null(w->v->release_set.delegates);
	assert_null(json_object_get(w->v->release_set.doc, "delegates"));
	assert_int_equal(cairn_release_set_floor(&w->v->release_set, "netdrv"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(there_is_none_at_first),	cmocka_unit_test(the_highest_number_counts),
	    cmocka_unit_test(the_same_again),		cmocka_unit_test(what_is_not_taken),
	    cmocka_unit_test(too_many_signers),		cmocka_unit_test(a_delegate),
	    cmocka_unit_test(what_becomes_of_a_host),	cmocka_unit_test(it_is_there_after_a_restart),
	    cmocka_unit_test(its_signer_is_taken_away),
	};

	return cmocka_run_group_tests(tests, verifier_setup_trusted, verifier_teardown);
}
