/* Release sets: read as signed, tampered with, each rule on both of its sides, and what they withdraw. */
#include "cairn/releaseset.h"
#include "manifests.h"
#include "tests/unit/manifest_fixture.h"

#include <stdio.h>
#include <string.h>

#define REVOKED_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define REVOKED_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define SHA_A	  "00000000000000000000000000000000000000000000000000000000000000aa"
#define SHA_B	  "00000000000000000000000000000000000000000000000000000000000000bb"

static json_t *members(void)
{
	return json_pack("{s:I,s:{s:i,s:i},s:[s,s],s:[s,s]}", "serial", (json_int_t)7, "floors", "netdrv", 3,
			 "platform", 7, "revoked_keys", REVOKED_A, REVOKED_B, "revoked_manifests", SHA_A,
			 SHA_B);
}

/* Of what an authority signs; takes the reference. */
static enum cairn_status signs(json_t *v)
{
	cairn_auto_json json_t *own = v;
	cairn_auto_buf struct cairn_buf jws = {0};

	return cairn_release_set_sign(&jws, own, manifest_keys.authority);
}

static enum cairn_status signs_with(const char *member, json_t *value)
{
	json_t *v = members();

	assert_int_equal(json_object_set_new(v, member, value), 0);
	return signs(v);
}

static enum cairn_status loads(struct cairn_span jws)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_release_set_load(&s, jws, manifest_keys.authorities);

	assert_int_equal(s.doc != NULL, st == CAIRN_OK);
	return st;
}

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

/* ---- delegates ----------------------------------------------------------------------------------------- */

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
	    cmocka_unit_test(test_round),
	    cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_signers),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_withdraws),
	    cmocka_unit_test(test_too_many_signers),
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_delegate_rules),
	    cmocka_unit_test(test_many_delegates),
	    cmocka_unit_test(test_delegate_signs),
	    cmocka_unit_test(test_reload),
	    cmocka_unit_test(test_authority_as_delegate),
	};

	return cmocka_run_group_tests(tests, manifest_setup, manifest_teardown);
}
