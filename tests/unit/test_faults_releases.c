/* Faults while release sets are signed, read and heard: nothing is allowed because it could not be judged. */
#include "faulttasks.h"
#include "core/appraise_part.h"
#include "tests/unit/manifest_fixture.h"

static struct {
	json_t *members, *record;
	struct cairn_buf jws, payload;
	struct cairn_release_set set;
} in;

static void say_number(struct cairn_buf *said, uint64_t n)
{
	say(said, cairn_span(&n, sizeof(n)));
}

static enum cairn_status task_sign(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	enum cairn_status st = cairn_release_set_sign(&jws, in.members, manifest_keys.authority);

	if (st == CAIRN_OK)
		say(said, cairn_buf_span(&jws)); /* EdDSA: always the same */
	return st;
}

static enum cairn_status say_set(struct cairn_buf *said, const struct cairn_release_set *s)
{
	say_number(said, s->serial);
	say_number(said, cairn_jwks_count(s->delegates));
	say_json(said, s->doc);
	return CAIRN_OK;
}

static enum cairn_status task_parse(struct cairn_buf *said)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_release_set_parse(&s, cairn_buf_span(&in.payload));

	return st == CAIRN_OK ? say_set(said, &s) : st;
}

static enum cairn_status task_load(struct cairn_buf *said)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_release_set_load(&s, cairn_buf_span(&in.jws), manifest_keys.authorities);

	if (st == CAIRN_OK)
		say(said, cairn_digest_span(&s.sha256));
	return st == CAIRN_OK ? say_set(said, &s) : st;
}

static enum cairn_status task_signers(struct cairn_buf *said)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	enum cairn_status st = cairn_release_set_signers(&keys, &in.set, manifest_keys.authorities);

	if (st == CAIRN_OK)
		say_number(said, cairn_jwks_count(keys));
	return st;
}

/* However little memory there is, what is withdrawn stays withdrawn. */
static enum cairn_status task_judge(struct cairn_buf *said)
{
	cairn_auto_reasons struct cairn_reasons r = {0};
	struct cairn_manifest m = {.name = "netdrv", .release = 2, .sha256 = {.alg = CAIRN_ALG_SHA256}};

	cairn_release_set_judge(&r, &in.set, &m);
	say(said, cairn_span_str(r.count == 1 ? r.item[0].code : "nothing"));
	return CAIRN_OK;
}

static enum cairn_status task_appraise(struct cairn_buf *said)
{
	struct cairn_appraisal a = {.release_set = &in.set};
	struct cairn_parts p = {.domains = json_object()};
	enum cairn_status st = p.domains ? cairn_appraise_release_set(&p, &a, in.record) : CAIRN_E_NOMEM;

	const json_t *sub =
	    json_object_get(p.domains, "release-set"); /* a reason may lose all but its code */
	const json_t *reason = json_array_get(json_object_get(sub, "cairn.reasons"), 0);

	if (st == CAIRN_OK) {
		say_json(said, json_object_get(sub, "ear.trustworthiness-vector"));
		say_number(said, (uint64_t)json_integer_value(json_object_get(sub, "cairn.serial")));
		say(said, cairn_span_str(json_string_value(json_object_get(reason, "code"))));
	}
	json_decref(p.domains);
	return st;
}

static void faults_of_release_sets(void **state)
{
	(void)state;
	each_fault(task_sign, CAIRN_OK, CALM);
	each_fault(task_parse, CAIRN_OK, CALM);
	each_fault(task_load, CAIRN_OK, CALM);
	each_fault(task_signers, CAIRN_OK, CALM);
	each_fault(task_judge, CAIRN_OK, CALM);
	each_fault(task_appraise, CAIRN_OK, CALM);
}

static int setup(void **state)
{
	json_t *jwk = NULL;

	assert_int_equal(manifest_setup(state), 0);
	assert_int_equal(cairn_key_jwk(&jwk, manifest_keys.stranger, false), CAIRN_OK);
	in.members = json_pack("{s:i,s:{s:i},s:[],s:[],s:[{s:o,s:[s]}]}", "serial", 7, "floors", "netdrv", 3,
			       "revoked_keys", "revoked_manifests", "delegates", "key", jwk, "names", "web");
	assert_non_null(in.members);
	assert_int_equal(cairn_release_set_sign(&in.jws, in.members, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&in.set, cairn_buf_span(&in.jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(cairn_json_dump(&in.payload, in.set.doc), CAIRN_OK);
	in.record =
	    json_pack("{s:s,s:s,s:i,s:s,s:s,s:i}", "format", "cairn-record", "type", "release-set", "version",
		      1, "kid", in.set.kid, "sha256", cairn_digest_hex(&in.set.sha256).text, "serial", 6);
	assert_non_null(in.record);
	return 0;
}

static int teardown(void **state)
{
	json_decref(in.members);
	json_decref(in.record);
	cairn_buf_fini(&in.jws);
	cairn_buf_fini(&in.payload);
	cairn_release_set_fini(&in.set);
	return manifest_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(faults_of_release_sets)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
