/* What release sets make of a verdict: the verifier's withdraws, and the host's is compared with it. */
#include "core/appraise_part.h"
#include "tests/unit/verdict_fixture.h"

struct withdrawal {
	struct cairn_release_set set;
	struct cairn_buf jws;
};

/* The set of the host's authority, which the verifier then has: floors for netdrv and the platform. */
static void has_set(struct withdrawal *w, struct sim *s, int serial, int netdrv, int platform)
{
	struct cairn_key *other = NULL;
	struct cairn_jwks *keys = NULL;
	cairn_auto_json json_t *v =
	    json_pack("{s:i,s:{s:i,s:i},s:[],s:[]}", "serial", serial, "floors", "netdrv", netdrv, "platform",
		      platform, "revoked_keys", "revoked_manifests");
	*w = (struct withdrawal){0};
	assert_int_equal(cairn_key_generate(&other, CAIRN_SIG_ES384), CAIRN_OK);
	assert_int_equal(cairn_jwks_new(&keys), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(keys, other), CAIRN_OK);
	assert_int_equal(cairn_release_set_sign(&w->jws, v, other), CAIRN_OK);
	assert_int_equal(cairn_release_set_load(&w->set, cairn_buf_span(&w->jws), keys), CAIRN_OK);
	cairn_key_free(other);
	cairn_jwks_free(keys);
	s->release_set = &w->set;
}

static void fini(struct withdrawal *w, struct sim *s)
{
	s->release_set = NULL;
	cairn_release_set_fini(&w->set);
	cairn_buf_fini(&w->jws);
}

static void record_set(struct sim *s, uint64_t serial, const struct cairn_digest *sha256)
{
	cairn_auto_buf struct cairn_buf record = {0};
	struct cairn_release_set_ref ref = {.serial = serial, .sha256 = *sha256};
	memset(ref.kid, 'k', CAIRN_KID_LEN);
	assert_int_equal(cairn_record_release_set(&record, &ref), CAIRN_OK);
	sim_record(s, cairn_buf_span(&record));
}

static void a_release_that_is_still_allowed(void **state)
{
	struct sim *s = *state;
	struct withdrawal w;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	has_set(&w, s, 5, 3, 7);
	record_set(s, 4, &w.set.sha256);
	record_set(s, 5, &w.set.sha256);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "release-set", "affirming", "(none)");
	const json_t *sub = json_object_get(v.submods, "release-set");
	assert_int_equal(json_integer_value(json_object_get(sub, "cairn.serial")), 5);
	fini(&w, s);
}

static void a_domain_below_the_floor(void **state)
{
	struct sim *s = *state;
	struct withdrawal w;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	has_set(&w, s, 5, 4, 7);
	record_set(s, 5, &w.set.sha256);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_BELOW_FLOOR);
	/* What would be allowed is not told: the only manifest of that name is withdrawn. */
	assert_string_equal(verdict_reason(&v, "domain:netdrv", 0, "manifest"), "");
	verdict_expect_sub(&v, "boot", "affirming", "(none)");
	fini(&w, s);
}

static void a_platform_below_the_floor(void **state)
{
	struct sim *s = *state;
	struct withdrawal w;
	cairn_auto_verdict struct cairn_verdict v = {0};
	has_set(&w, s, 5, 3, 8);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "boot", "contraindicated", CAIRN_R_BELOW_FLOOR);
	fini(&w, s);
}

/* Of two that match, the one that is still allowed counts, wherever it stands. */
static void an_equal_platform_that_is_allowed(void **state)
{
	struct sim *s = *state;
	struct withdrawal w;
	struct cairn_manifest twin = s->loaded[0];
	const struct cairn_manifest *const lists[][3] = {{&s->loaded[0], &twin, &s->loaded[1]},
							 {&twin, &s->loaded[0], &s->loaded[1]}};
	twin.name = "twin"; /* no floor is above it */
	has_set(&w, s, 5, 3, 8);
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		assert_int_equal(verdict_appraise(&v, s, lists[i], 3), CAIRN_OK);
		assert_int_equal(v.state, CAIRN_STATE_TRUSTED);
		const json_t *m = json_object_get(json_object_get(v.submods, "boot"), "cairn.manifest");
		assert_string_equal(json_string_value(json_object_get(m, "name")), "twin");
	}
	fini(&w, s);
}

/* serial: of the host's last record, 0 for none. */
static void compares(struct sim *s, uint64_t serial, uint8_t change, const char *tier, const char *code,
		     enum cairn_state state)
{
	struct withdrawal w;
	cairn_auto_verdict struct cairn_verdict v = {0};
	has_set(&w, s, 5, 3, 7);
	struct cairn_digest d = w.set.sha256;
	d.bytes[0] ^= change;
	sim_restart(s);
	if (serial)
		record_set(s, serial, &d);
	verdict_expect(s, &v, state);
	verdict_expect_sub(&v, "release-set", tier, code);
	fini(&w, s);
}

static void what_the_host_has(void **state)
{
	struct sim *s = *state;
	compares(s, 5, 0, "affirming", "(none)", CAIRN_STATE_TRUSTED);
	compares(s, 5, 1, "contraindicated", CAIRN_R_UNKNOWN_SET, CAIRN_STATE_CONTRAINDICATED);
	compares(s, 4, 1, "warning", CAIRN_R_RELEASE_SET_OLD, CAIRN_STATE_TRUSTED);
	compares(s, 6, 1, "warning", CAIRN_R_UNKNOWN_SET, CAIRN_STATE_TRUSTED);
	compares(s, 0, 0, "warning", CAIRN_R_RELEASE_SET_MISSING, CAIRN_STATE_TRUSTED);
}

static void a_verifier_without_a_set(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_digest d = {.alg = CAIRN_ALG_SHA256};
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_null(json_object_get(v.submods, "release-set"));
	record_set(s, 5, &d);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "release-set", "none", CAIRN_R_NO_REFERENCE);
}

/* What the reader of the log would have refused. */
static void what_is_no_record(void **state)
{
	cairn_auto_json json_t *empty = json_object();
	struct cairn_appraisal a = {0};
	struct cairn_parts p = {.domains = json_object()};
	(void)state;
	assert_int_equal(cairn_appraise_release_set(&p, &a, empty), CAIRN_E_MALFORMED);
	assert_int_equal(json_object_size(p.domains), 0);
	assert_int_equal(cairn_appraise_release_set(&p, &a, NULL), CAIRN_OK);
	assert_int_equal(json_object_size(p.domains), 0);
	json_decref(p.domains);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(a_release_that_is_still_allowed),
	    VERDICT_TEST(a_domain_below_the_floor),
	    VERDICT_TEST(a_platform_below_the_floor),
	    VERDICT_TEST(an_equal_platform_that_is_allowed),
	    VERDICT_TEST(what_the_host_has),
	    VERDICT_TEST(a_verifier_without_a_set),
	    cmocka_unit_test(what_is_no_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
