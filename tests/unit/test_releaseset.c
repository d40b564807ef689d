/* Release sets: read as signed, tampered with, each rule on both of its sides, and what they withdraw. */
#include "releasesets.h"

static void test_round(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0}, recorded = {0}, again = {0};
	cairn_auto_release_set struct cairn_release_set s = {0}, sample = {0};
	struct cairn_digest d;

	(void)state;
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&s, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(s.serial, 7);
	assert_string_equal(s.kid, cairn_key_kid(manifest_keys.authority));
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&jws)), CAIRN_OK);
	assert_true(cairn_digest_equal(&d, &s.sha256));
	assert_int_equal(cairn_release_set_floor(&s, "netdrv"), 3);
	assert_int_equal(cairn_release_set_floor(&s, "blkdrv"), 0);
	assert_true(cairn_release_set_revokes(&s, REVOKED_B));
	assert_false(cairn_release_set_revokes(&s, s.kid));
	assert_int_equal(cairn_file_read(&recorded, "tests/data/releaseset/set.json", 4096), CAIRN_OK);
	assert_int_equal(cairn_release_set_parse(&sample, cairn_buf_span(&recorded)), CAIRN_OK);
	assert_int_equal(cairn_json_dump(&again, s.doc), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&again), cairn_buf_span(&recorded)));
}

static void test_tampered(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	for (size_t i = 0; i < jws.len; i++) {
		jws.ptr[i] ^= 1;
		assert_int_not_equal(loads(cairn_buf_span(&jws)), CAIRN_OK);
		jws.ptr[i] ^= 1;
	}
	for (size_t n = 0; n < jws.len; n++)
		assert_int_not_equal(loads(cairn_span(jws.ptr, n)), CAIRN_OK);
	assert_int_equal(loads(cairn_buf_span(&jws)), CAIRN_OK);
}

static enum cairn_status loads_payload(const struct cairn_key *k, const char *typ, const char *payload)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	assert_int_equal(cairn_jws_sign(&jws, k, typ, cairn_span_str(payload)), CAIRN_OK);
	return loads(cairn_buf_span(&jws));
}

#define PAYLOAD(keys, version)                                                                               \
	"{\"floors\":{},\"format\":\"cairn-release-set\",\"revoked_keys\":[" keys                            \
	"],\"revoked_manifests\":[],\"serial\":1,\"version\":" version "}"

/* Who may sign one, and what a signature does not make good. */
static void test_signers(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf out = {0}, stranger = {0}, manifest = {0};
	struct cairn_manifest m = sample_service();
	char revoked[400];

	(void)state;
	assert_int_equal(cairn_release_set_sign(&out, v, manifest_keys.release), CAIRN_E_USAGE);
	assert_int_equal(cairn_release_set_sign(&stranger, v, manifest_keys.stranger), CAIRN_OK);
	assert_int_equal(loads(cairn_buf_span(&stranger)), CAIRN_E_UNTRUSTED);
	assert_int_equal(loads_payload(manifest_keys.authority, CAIRN_RELEASE_SET_TYP, PAYLOAD("", "1")),
			 CAIRN_OK);
	assert_int_equal(loads_payload(manifest_keys.release, CAIRN_RELEASE_SET_TYP, PAYLOAD("", "1")),
			 CAIRN_E_UNTRUSTED);
	assert_int_equal(loads_payload(manifest_keys.authority, CAIRN_MANIFEST_TYP, PAYLOAD("", "1")),
			 CAIRN_E_MALFORMED);
	assert_int_equal(loads_payload(manifest_keys.authority, CAIRN_RELEASE_SET_TYP, PAYLOAD("", "2")),
			 CAIRN_E_VERSION);
	snprintf(revoked, sizeof(revoked), PAYLOAD("\"%s\"", "1"), cairn_key_kid(manifest_keys.authority));
	assert_int_equal(loads_payload(manifest_keys.authority, CAIRN_RELEASE_SET_TYP, revoked),
			 CAIRN_E_UNTRUSTED);
	assert_int_equal(signs_with("revoked_keys", json_pack("[s]", cairn_key_kid(manifest_keys.authority))),
			 CAIRN_E_USAGE);
	assert_int_equal(cairn_manifest_sign(&manifest, &m, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(loads(cairn_buf_span(&manifest)), CAIRN_E_MALFORMED);
	assert_int_equal(out.len, 0);
}

static void test_members(void **state)
{
	static const char *const names[] = {"floors", "revoked_keys", "revoked_manifests", "serial"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *v = members();

		assert_int_equal(json_object_del(v, names[i]), 0);
		assert_int_equal(signs(v), CAIRN_E_MALFORMED);
		assert_int_equal(signs_with(names[i], json_true()), CAIRN_E_MALFORMED);
	}
	assert_int_equal(signs_with("comment", json_array()), CAIRN_E_UNSUPPORTED);
	assert_int_equal(signs_with("serial", json_integer(0)), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("serial", json_integer(1)), CAIRN_OK);
	assert_int_equal(signs_with("serial", json_integer(INT64_MAX)), CAIRN_OK);
	assert_int_equal(signs_with("floors", json_pack("{s:i}", "netdrv", 0)), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("floors", json_pack("{s:I}", "netdrv", (json_int_t)INT64_MAX)), CAIRN_OK);
	assert_int_equal(signs_with("floors", json_pack("{s:i}", "net drv", 1)), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("revoked_keys", json_pack("[s]", "short")), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("revoked_keys", json_pack("[s,s]", REVOKED_B, REVOKED_A)),
			 CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("revoked_manifests", json_pack("[s]", SHA_A "00")), CAIRN_E_LIMIT);
	assert_int_equal(signs_with("revoked_manifests", json_pack("[s]", "aa")), CAIRN_E_MALFORMED);
	assert_int_equal(signs_with("revoked_manifests", json_pack("[s,s]", SHA_B, SHA_A)),
			 CAIRN_E_MALFORMED);
}

/* As many as there may be, and one more. */
static json_t *many(const char *format, size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++) {
		char text[80];

		(void)snprintf(text, sizeof(text), strcmp(format, "kid") == 0 ? "%043zu" : "%064zx", i);
		assert_int_equal(json_array_append_new(v, json_string(text)), 0);
	}
	return v;
}

static json_t *many_floors(size_t count)
{
	json_t *v = json_object();

	for (size_t i = 0; i < count; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%zu", i);
		assert_int_equal(json_object_set_new(v, name, json_integer(1)), 0);
	}
	return v;
}

static void test_limits(void **state)
{
	cairn_auto_buf struct cairn_buf large = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};

	(void)state;
	assert_int_equal(signs_with("revoked_keys", many("kid", CAIRN_RELEASE_SET_KEYS)), CAIRN_OK);
	assert_int_equal(signs_with("revoked_keys", many("kid", CAIRN_RELEASE_SET_KEYS + 1)), CAIRN_E_LIMIT);
	assert_int_equal(signs_with("revoked_manifests", many("hex", CAIRN_RELEASE_SET_MANIFESTS)), CAIRN_OK);
	assert_int_equal(signs_with("revoked_manifests", many("hex", CAIRN_RELEASE_SET_MANIFESTS + 1)),
			 CAIRN_E_LIMIT);
	assert_int_equal(signs_with("floors", many_floors(CAIRN_RELEASE_SET_FLOORS)), CAIRN_OK);
	assert_int_equal(signs_with("floors", many_floors(CAIRN_RELEASE_SET_FLOORS + 1)), CAIRN_E_LIMIT);
	for (size_t i = 0; i <= CAIRN_JWS_MAX; i++)
		cairn_buf_add_u8(&large, ' ');
	assert_int_equal(cairn_release_set_parse(&s, cairn_buf_span(&large)), CAIRN_E_LIMIT);
	large.len--;
	assert_int_equal(cairn_release_set_parse(&s, cairn_buf_span(&large)), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_release_set_parse(&s, cairn_span_str("[]")), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_release_set_parse(&s, cairn_span_str(PAYLOAD("", "1"))), CAIRN_OK);
	cairn_release_set_fini(&s);
	assert_int_equal(cairn_release_set_parse(&s, cairn_span_str(" " PAYLOAD("", "1"))),
			 CAIRN_E_MALFORMED);
	assert_int_equal(cairn_release_set_parse(&s, cairn_span_str(PAYLOAD("", "0"))), CAIRN_E_MALFORMED);
}

/* ---- what it withdraws -------------------------------------------------------------------------------- */

static size_t judged(struct cairn_reasons *out, const struct cairn_release_set *s, uint64_t release,
		     const char *kid, uint8_t last)
{
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_SERVICE, .name = "netdrv", .release = release};

	cairn_reasons_fini(out);
	snprintf(m.kid, sizeof(m.kid), "%s", kid);
	m.sha256.alg = CAIRN_ALG_SHA256;
	m.sha256.bytes[CAIRN_SHA256_SIZE - 1] = last;
	cairn_release_set_judge(out, s, &m);
	return out->count;
}

static void test_withdraws(void **state)
{
	cairn_auto_json json_t *v = members();
	cairn_auto_buf struct cairn_buf jws = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	const char *good = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

	(void)state;
	assert_int_equal(cairn_release_set_sign(&jws, v, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&s, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(judged(&r, &s, 3, good, 1), 0);
	assert_int_equal(judged(&r, &s, 4, good, 1), 0);
	assert_int_equal(judged(&r, &s, 2, good, 1), 1);
	assert_string_equal(r.item[0].code, CAIRN_R_BELOW_FLOOR);
	assert_string_equal(r.item[0].expected, "at least 3");
	assert_string_equal(r.item[0].found, "2");
	assert_int_equal(judged(&r, &s, 3, REVOKED_A, 1), 1);
	assert_string_equal(r.item[0].code, CAIRN_R_REVOKED);
	assert_string_equal(r.item[0].component, "key");
	assert_int_equal(judged(&r, &s, 3, good, 0xbb), 1);
	assert_string_equal(r.item[0].code, CAIRN_R_REVOKED);
	assert_string_equal(r.item[0].component, "manifest");
	assert_int_equal(judged(&r, &s, 0, REVOKED_B, 0xaa), 3);
}

/* ---- the record ----------------------------------------------------------------------------------------- */

static void test_record(void **state)
{
	struct cairn_release_set_ref ref = {.serial = 7,
					    .kid = REVOKED_A,
					    .sha256 = {.alg = CAIRN_ALG_SHA256}},
				     back;
	const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_auto_buf struct cairn_buf b = {0}, none = {0}, recorded = {0};
	cairn_auto_json json_t *v = NULL, *other = json_object();
	enum cairn_record_type type;

	(void)state;
	assert_int_equal(cairn_record_release_set(&b, &ref), CAIRN_OK);
	assert_int_equal(cairn_file_read(&recorded, "tests/data/record/release-set.json", 4096), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&b), cairn_buf_span(&recorded)));
	assert_int_equal(cairn_record_parse(&v, &type, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(type, CAIRN_RECORD_RELEASE_SET);
	assert_int_equal(cairn_record_pcr(type, &numbers), 12);
	assert_int_equal(cairn_release_set_from_json(&back, v), CAIRN_OK);
	assert_int_equal(back.serial, 7);
	assert_string_equal(back.kid, REVOKED_A);
	assert_true(cairn_digest_equal(&back.sha256, &ref.sha256));
	assert_int_equal(cairn_release_set_from_json(&back, other), CAIRN_E_MALFORMED);
	ref.serial = 0;
	assert_int_equal(cairn_record_release_set(&none, &ref), CAIRN_E_MALFORMED);
	ref.serial = 1;
	ref.kid[0] = '\0';
	assert_int_equal(cairn_record_release_set(&none, &ref), CAIRN_E_MALFORMED);
	ref = (struct cairn_release_set_ref){.serial = 1, .kid = REVOKED_A};
	assert_int_equal(cairn_record_release_set(&none, &ref), CAIRN_E_MALFORMED);
	ref.sha256.alg = CAIRN_ALG_SHA384;
	assert_int_equal(cairn_record_release_set(&none, &ref), CAIRN_E_LIMIT);
	assert_int_equal(none.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),   cmocka_unit_test(test_tampered), cmocka_unit_test(test_signers),
	    cmocka_unit_test(test_members), cmocka_unit_test(test_limits),   cmocka_unit_test(test_withdraws),
	    cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, manifest_setup, manifest_teardown);
}
