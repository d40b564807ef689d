/* Delegates of a release set: who may sign for which names, and what is left of them without the set's signer. */
#include "releasesets.h"

static json_t *delegate(const struct cairn_key *k, bool private_too, json_t *names)
{
	json_t *jwk = NULL;

	assert_int_equal(cairn_key_jwk(&jwk, k, private_too), CAIRN_OK);
	return json_pack("[{s:o,s:o}]", "key", jwk, "names", names);
}

static json_t *many_names(size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%04zu", i);
		assert_int_equal(json_array_append_new(v, json_string(name)), 0);
	}
	return v;
}

static void test_delegate_rules(void **state)
{
	struct cairn_key *k = manifest_keys.stranger;
	json_t *twice = delegate(k, false, json_pack("[s]", "a"));

	(void)state;
	assert_int_equal(signs_with("delegates", delegate(k, false, json_pack("[s,s]", "a", "b"))), CAIRN_OK);
	assert_int_equal(signs_with("delegates", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("delegates", delegate(k, true, json_pack("[s]", "a"))), CAIRN_E_DENIED);
	assert_int_equal(signs_with("delegates", delegate(k, false, json_array())), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("delegates", delegate(k, false, json_pack("[s,s]", "b", "a"))),
			 CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("delegates", delegate(k, false, json_pack("[s]", "a/b"))),
			 CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("delegates", delegate(k, false, many_names(CAIRN_RELEASE_SET_NAMES))),
			 CAIRN_OK);
	assert_int_equal(signs_with("delegates", delegate(k, false, many_names(CAIRN_RELEASE_SET_NAMES + 1))),
			 CAIRN_E_LIMIT);
	assert_int_equal(
	    signs_with("delegates", delegate(manifest_keys.release, false, json_pack("[s]", "a"))),
	    CAIRN_E_UNSUPPORTED);
	assert_int_equal(signs_with("delegates", json_pack("[{s:{},s:[s]}]", "key", "names", "a")),
			 CAIRN_E_MALFORMED);
	assert_int_equal(json_array_append(twice, json_array_get(twice, 0)), 0);
	assert_int_equal(signs_with("delegates", twice), CAIRN_E_MALFORMED);
}

static json_t *many_delegates(size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++) {
		struct cairn_key *k = NULL;
		cairn_auto_json json_t *one = NULL;

		assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
		one = delegate(k, false, json_pack("[s]", "a"));
		assert_int_equal(json_array_append(v, json_array_get(one, 0)), 0);
		cairn_key_free(k);
	}
	return v;
}

static void test_many_delegates(void **state)
{
	(void)state;
	assert_int_equal(signs_with("delegates", many_delegates(CAIRN_RELEASE_SET_DELEGATES)), CAIRN_OK);
	assert_int_equal(signs_with("delegates", many_delegates(CAIRN_RELEASE_SET_DELEGATES + 1)),
			 CAIRN_E_LIMIT);
}

/* A delegate's manifest is read with the set's signers, and judged by the names; it signs no set. */
static void test_delegate_signs(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0}, manifest = {0}, own = {0};
	cairn_auto_release_set struct cairn_release_set s = {0}, none = {0};
	cairn_auto_jwks struct cairn_jwks *signers = NULL, *plain = NULL;
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	struct cairn_manifest m = sample_service();

	(void)state;
	json_object_set_new(v, "delegates",
			    delegate(manifest_keys.stranger, false, json_pack("[s]", "netdrv")));
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&s, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(cairn_release_set_signers(&plain, &none, manifest_keys.authorities), CAIRN_OK);
	assert_int_equal(cairn_jwks_count(plain), 2);
	assert_int_equal(cairn_release_set_signers(&signers, &s, manifest_keys.authorities), CAIRN_OK);
	assert_int_equal(cairn_jwks_count(signers), 3);
	assert_int_equal(cairn_manifest_sign(&manifest, &m, manifest_keys.stranger), CAIRN_OK);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&manifest), plain), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&manifest), signers), CAIRN_OK);
	cairn_release_set_judge(&r, &s, &back);
	assert_int_equal(r.count, 0);
	back.name = "web";
	cairn_release_set_judge(&r, &s, &back);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, CAIRN_R_UNTRUSTED_SIGNER);
	back.name = "netdrv";
	back.kind = CAIRN_MANIFEST_PLATFORM; /* of the very name */
	cairn_release_set_judge(&r, &s, &back);
	assert_int_equal(r.count, 2);
	assert_string_equal(r.item[1].code, CAIRN_R_UNTRUSTED_SIGNER);
	snprintf(back.kid, sizeof(back.kid), "%s", cairn_key_kid(manifest_keys.authority)); /* no delegate */
	cairn_release_set_judge(&r, &s, &back);
	assert_int_equal(r.count, 2);
	back.kind = CAIRN_MANIFEST_SERVICE;
	assert_int_equal(cairn_release_set_sign(&own, v, manifest_keys.stranger), CAIRN_OK);
	assert_int_equal(loads(cairn_buf_span(&own)), CAIRN_E_UNTRUSTED);
}

/* What was verified once is read again without its signer, and without its delegates. */
static void test_reload(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0}, other = {0}, none = {0};
	cairn_auto_release_set struct cairn_release_set s = {0}, bad = {0};

	(void)state;
	json_object_set_new(v, "delegates",
			    delegate(manifest_keys.stranger, false, json_pack("[s]", "netdrv")));
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_reload(&s, cairn_buf_span(&jws)), CAIRN_OK);
	assert_int_equal(s.serial, json_integer_value(json_object_get(v, "serial")));
	assert_int_equal(s.sha256.alg, CAIRN_ALG_SHA256);
	assert_null(s.delegates);
	assert_null(json_object_get(s.doc, "delegates"));
	assert_int_equal(cairn_jws_unverified(&none, cairn_span_str("a.AA")), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_jws_unverified(&none, cairn_span_str("a.!.b")), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_release_set_reload(&bad, cairn_span_str("a.b")), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_release_set_reload(&bad, cairn_span_str("a.!.b")), CAIRN_E_MALFORMED);
	assert_int_equal(
	    cairn_jws_sign(&other, manifest_keys.authority, CAIRN_RELEASE_SET_TYP, cairn_span_str("{}")),
	    CAIRN_OK);
	assert_int_equal(cairn_release_set_reload(&bad, cairn_buf_span(&other)), CAIRN_E_MALFORMED);
	assert_null(bad.doc);
}

/* An authority that is delegated to is bound like any delegate; its key is there once. */
static void test_authority_as_delegate(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	cairn_auto_jwks struct cairn_jwks *signers = NULL;
	cairn_auto_reasons struct cairn_reasons r = {0};
	struct cairn_manifest m = {.name = "netdrv", .release = 3, .sha256 = {.alg = CAIRN_ALG_SHA256}};

	(void)state;
	json_object_set_new(v, "delegates",
			    delegate(manifest_keys.authority, false, json_pack("[s]", "web")));
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&s, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(cairn_release_set_signers(&signers, &s, manifest_keys.authorities), CAIRN_OK);
	assert_int_equal(cairn_jwks_count(signers), 2);
	snprintf(m.kid, sizeof(m.kid), "%s", cairn_key_kid(manifest_keys.authority));
	cairn_release_set_judge(&r, &s, &m);
	assert_int_equal(r.count, 1);
}

/* More keys than a set of keys may have. */
static void test_too_many_signers(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	cairn_auto_jwks struct cairn_jwks *many = NULL, *out = NULL;

	(void)state;
	json_object_set_new(v, "delegates", delegate(manifest_keys.stranger, false, json_pack("[s]", "a")));
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&s, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(cairn_jwks_new(&many), CAIRN_OK);
	while (cairn_jwks_count(many) < CAIRN_KEYS_MAX) {
		struct cairn_key *k = NULL;

		assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(many, k), CAIRN_OK);
		cairn_key_free(k);
	}
	assert_int_equal(cairn_release_set_signers(&out, &s, many), CAIRN_E_LIMIT);
	assert_null(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_delegate_rules),	  cmocka_unit_test(test_many_delegates),
	    cmocka_unit_test(test_delegate_signs),	  cmocka_unit_test(test_reload),
	    cmocka_unit_test(test_authority_as_delegate), cmocka_unit_test(test_too_many_signers),
	};
	return cmocka_run_group_tests(tests, manifest_setup, manifest_teardown);
}
