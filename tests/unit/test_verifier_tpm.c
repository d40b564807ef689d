/* The denied list at the server: at the start, at an enrolment, and at each appraisal. */
#include "tests/unit/verifier_fixture.h"

#include <string.h>

#define ROW(range, action, made)                                                                             \
	"{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[{\"id\":\"row\",\"maker\":\"00001014\","    \
	"\"model\":\"swtpm\"," range "\"action\":\"" action "\",\"made\":\"" made                            \
	"\",\"advisory\":[\"CVE-1\"],\"text\":\"a broken TPM\",\"source\":\"here\"}]}"
#define EVERY "\"firmware\":[\"0\",\"65535\"],"
#define OTHER "\"firmware\":[\"1\",\"2\"],"

static enum cairn_status restart(struct verifier_world *w, const char *list)
{
	char path[160];
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_verifier_free(w->v);
	w->v = NULL;
	if (list)
		verifier_put_file(w, "denied.json", cairn_span_str(list));
	snprintf(path, sizeof path, "%s/server/verifier.conf", w->dir);
	enum cairn_status st = cairn_verifier_new(&w->v, path, &why);
	assert_int_equal(why.len > 0, st != CAIRN_OK);
	return st;
}

static void name_the_list(struct verifier_world *w)
{
	char path[160];
	cairn_auto_buf struct cairn_buf conf = {0};
	snprintf(path, sizeof path, "%s/server/verifier.conf", w->dir);
	assert_int_equal(cairn_file_read(&conf, path, 65536), CAIRN_OK);
	cairn_buf_add_str(&conf, "ek_denied = denied.json\n");
	verifier_put_file(w, "verifier.conf", cairn_buf_span(&conf));
}

static const json_t *tpm_submod(struct verifier_world *w)
{
	verifier_call(w, "GET", "/v1/hosts/alpha", NULL);
	return json_object_get(json_object_get(w->body, "submods"), "tpm");
}

static void the_list_must_be_there(void **state)
{
	struct verifier_world *w = *state;
	name_the_list(w);
	assert_int_equal(restart(w, NULL), CAIRN_E_NOTFOUND);
	assert_int_equal(restart(w, "{}"), CAIRN_E_MALFORMED);
	assert_int_equal(restart(w, ROW("\"firmwares\":1,", "deny", "warn")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(restart(w, ROW(OTHER, "deny", "warn")), CAIRN_OK);
}

static void firmware_is_judged(void **state)
{
	struct verifier_world *w = *state;
	assert_int_equal(restart(w, ROW(OTHER, "deny", "deny")), CAIRN_OK);
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
	assert_null(tpm_submod(w));
	assert_int_equal(restart(w, ROW(EVERY, "warn", "deny")), CAIRN_OK);
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
	assert_string_equal(json_string_value(json_object_get(tpm_submod(w), "ear.status")), "warning");
	assert_int_equal(restart(w, ROW(EVERY, "deny", "warn")), CAIRN_OK);
	verifier_attest(w);
	verifier_expect_state(w, "contraindicated");
	const json_t *reason = json_array_get(json_object_get(tpm_submod(w), "cairn.reasons"), 0);
	assert_string_equal(json_string_value(json_object_get(reason, "code")), CAIRN_R_TPM_DENIED);
	assert_string_equal(json_string_value(json_object_get(reason, "text")), "a broken TPM");
	assert_int_equal(restart(w, ROW("", "warn", "deny")), CAIRN_OK); /* the TPM as such */
	verifier_attest(w);
	verifier_expect_state(w, "contraindicated");
	assert_int_equal(restart(w, ROW(OTHER, "deny", "warn")), CAIRN_OK);
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
}

/* A host of which no maker is known, or something else stands there: no row is its own. */
static void a_host_without_a_maker(void **state)
{
	static const char *const tpms[] = {"", "00001014", "0000101g swtpm", "00001014xswtpm",
					   "00001014 other"};
	struct verifier_world *w = *state;
	uint64_t firmware = 1;
	assert_int_equal(restart(w, ROW(EVERY, "deny", "warn")), CAIRN_OK);
	for (size_t i = 0; i <= sizeof(tpms) / sizeof(tpms[0]); i++) {
		cairn_auto_verdict struct cairn_verdict v = {CAIRN_STATE_TRUSTED, json_object()};
		struct cairn_host_row row = {0};
		bool ours = i == sizeof(tpms) / sizeof(tpms[0]);
		snprintf(row.tpm, sizeof row.tpm, "%s", ours ? "00001014 swtpm" : tpms[i]);
		assert_int_equal(cairn_judge_tpm(&v, w->v, &row, firmware), CAIRN_OK);
		assert_int_equal(v.state, ours ? CAIRN_STATE_CONTRAINDICATED : CAIRN_STATE_TRUSTED);
	}
}

/* Digits that are none are no maker 0. */
static void a_maker_that_is_no_number(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_verdict struct cairn_verdict v = {CAIRN_STATE_TRUSTED, json_object()};
	struct cairn_host_row row = {.tpm = "0000000g swtpm"};
	assert_int_equal(restart(w, "{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[{\"id\":\"row\","
				    "\"maker\":\"00000000\",\"action\":\"deny\",\"made\":\"deny\","
				    "\"advisory\":[],\"text\":\"nobody\",\"source\":\"here\"}]}"),
			 CAIRN_OK);
	assert_int_equal(cairn_judge_tpm(&v, w->v, &row, 1), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_TRUSTED);
}

static void enrolment_is_refused(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[1], &id);
	assert_int_equal(restart(w, ROW(EVERY, "warn", "deny")), CAIRN_OK);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	verifier_expect_error(w, 403, "ek-untrusted");
	const json_t *error = json_object_get(w->body, "error");
	assert_non_null(strstr(json_string_value(json_object_get(error, "message")), "a broken TPM"));
	assert_int_equal(restart(w, ROW(EVERY, "deny", "warn")),
			 CAIRN_OK); /* its firmware may be newer now */
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	assert_int_equal(w->code, 200);
	cairn_tpm_identity_fini(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order */
	    cmocka_unit_test(the_list_must_be_there), cmocka_unit_test(firmware_is_judged),
	    cmocka_unit_test(a_host_without_a_maker), cmocka_unit_test(a_maker_that_is_no_number),
	    cmocka_unit_test(enrolment_is_refused),
	};
	return cmocka_run_group_tests(tests, verifier_setup_trusted, verifier_teardown);
}
