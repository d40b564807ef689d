/* The boot set in the host record, and what a verifier makes of it and of a domain that took the place of another. */
#include "records.h"
#include "tests/unit/sim_fixture.h"

#include <stdio.h>
#include <string.h>

static void test_record(void **state)
{
	cairn_auto_buf struct cairn_buf plain = {0}, with = {0}, none = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_host struct cairn_host back = {0};
	enum cairn_record_type type;
	struct cairn_host h = sample_host();

	(void)state;
	assert_int_equal(cairn_record_host(&plain, &h), CAIRN_OK);
	assert_null(strstr(cairn_buf_str(&plain), "boot_set"));
	h.boot_count = 2;
	h.boot_set[0] = "web";
	h.boot_set[1] = "netdrv";
	assert_int_equal(cairn_record_host(&with, &h), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&with), "\"boot_set\":[\"web\",\"netdrv\"],\"modes\""));
	assert_int_equal(cairn_record_parse(&v, &type, cairn_buf_span(&with)), CAIRN_OK);
	assert_int_equal(cairn_host_from_json(&back, v), CAIRN_OK);
	assert_int_equal(back.boot_count, 2);
	assert_string_equal(back.boot_set[1], "netdrv");
	h.boot_set[1] = "not/a/name";
	assert_int_equal(cairn_record_host(&none, &h), CAIRN_E_MALFORMED);
	h.boot_count = CAIRN_BOOT_SET_MAX + 1;
	assert_int_equal(cairn_record_host(&none, &h), CAIRN_E_LIMIT);
	assert_int_equal(none.len, 0);
}

static void test_release_set_record(void **state)
{
	cairn_auto_buf struct cairn_buf plain = {0}, with = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_host struct cairn_host back = {0};
	enum cairn_record_type type;
	struct cairn_host h = sample_host();

	(void)state;
	assert_int_equal(cairn_record_host(&plain, &h), CAIRN_OK);
	assert_null(strstr(cairn_buf_str(&plain), "release_set"));
	h.release_set_required = true;
	assert_int_equal(cairn_record_host(&with, &h), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&with), ",\"release_set\":\"required\"}"));
	assert_int_equal(cairn_record_parse(&v, &type, cairn_buf_span(&with)), CAIRN_OK);
	assert_int_equal(cairn_host_from_json(&back, v), CAIRN_OK);
	assert_true(back.release_set_required);
	json_object_set_new(json_object_get(v, "config"), "release_set", json_string("optional"));
	cairn_auto_buf struct cairn_buf other = {0};
	cairn_auto_json json_t *none = NULL;

	assert_int_equal(cairn_json_dump(&other, v), CAIRN_OK);
	assert_int_equal(cairn_record_parse(&none, &type, cairn_buf_span(&other)), CAIRN_E_MALFORMED);
}

static const json_t *reason_of(const struct cairn_verdict *v, const char *part)
{
	return json_array_get(json_object_get(json_object_get(v->submods, part), "cairn.reasons"), 0);
}

/* A host that starts more than its manifest says is another host. */
static void test_not_in_the_manifest(void **state)
{
	struct sim s;
	cairn_auto_verdict struct cairn_verdict v = {0};

	(void)state;
	sim_init(&s);
	s.host.boot_count = 1;
	s.host.boot_set[0] = "web";
	sim_restart(&s);
	assert_int_equal(sim_appraise(&v, &s, SIM_NOW), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	const json_t *r = reason_of(&v, "dom0");

	assert_string_equal(json_string_value(json_object_get(r, "code")), CAIRN_R_RECORD_MISMATCH);
	assert_string_equal(json_string_value(json_object_get(r, "component")), "config.boot_set");
	assert_string_equal(json_string_value(json_object_get(r, "found")), "[\"web\"]");
	sim_fini(&s);
}

static void record_exit(struct sim *s, uint64_t launch, const char *reason)
{
	const struct cairn_exit_record x = {.launch = launch, .name = "netdrv", .reason = reason};
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
}

static bool fell_back(struct sim *s)
{
	cairn_auto_verdict struct cairn_verdict v = {0};

	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_TRUSTED);
	return json_is_true(json_object_get(json_object_get(v.submods, "domain:netdrv"), "cairn.fell_back"));
}

static void test_fell_back(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s);
	struct cairn_launch l = sim_launch(&s);

	sim_record_launch(&s, &l); /* 2 */
	assert_false(fell_back(&s));
	record_exit(&s, 2, "no-service");
	assert_false(fell_back(&s));
	sim_record_launch(&s, &l); /* 4 */
	assert_true(fell_back(&s));
	record_exit(&s, 4, "crashed");
	sim_record_launch(&s, &l);
	assert_false(fell_back(&s));
	sim_fini(&s);
}

static void expect_told(struct sim *s, const char *name, const char *status)
{
	cairn_auto_verdict struct cairn_verdict v = {0};
	char part[CAIRN_NAME_MAX + 16];

	snprintf(part, sizeof(part), "domain:%s", name);
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_OK);
	const json_t *sub = json_object_get(v.submods, part);
	const char *code = json_string_value(json_object_get(reason_of(&v, part), "code"));

	assert_string_equal(json_string_value(json_object_get(sub, "ear.status")), status);
	assert_true(!code || strcmp(code, CAIRN_R_NOT_LAUNCHED) != 0);
}

static void expect_missing(struct sim *s, const char *name, const char *manifest)
{
	cairn_auto_verdict struct cairn_verdict v = {0};
	char part[CAIRN_NAME_MAX + 16];

	snprintf(part, sizeof(part), "domain:%s", name);
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_OK);
	const json_t *sub = json_object_get(v.submods, part), *r = reason_of(&v, part);
	const char *code = json_string_value(json_object_get(r, "code"));

	assert_string_equal(code, CAIRN_R_NOT_LAUNCHED);
	const char *allows = json_string_value(json_object_get(r, "manifest"));

	assert_string_equal(allows ? allows : "", manifest);
	assert_string_equal(json_string_value(json_object_get(sub, "ear.status")), "warning");
	assert_true(json_is_false(json_object_get(sub, "cairn.running")));
	assert_int_equal(json_array_size(json_object_get(sub, "cairn.reasons")), 1);
}

/* Of the set and never launched: a warning, with the manifest that would allow it. What was launched, is gone again, or was
 * refused is told as that. */
static void test_never_ran(void **state)
{
	char allows[256];
	struct sim s;

	(void)state;
	sim_init(&s);
	s.host.boot_count = 2;
	s.host.boot_set[0] = "netdrv";
	s.host.boot_set[1] = "web";
	sim_restart(&s);
	snprintf(allows, sizeof(allows), "netdrv release %llu (%s)", (unsigned long long)s.loaded[1].release,
		 s.kid);
	expect_missing(&s, "netdrv", allows);
	expect_missing(&s, "web", "");
	struct cairn_launch l = sim_launch(&s);

	sim_record_launch(&s, &l);
	expect_told(&s, "netdrv", "affirming");
	expect_missing(&s, "web", "");
	record_exit(&s, 2, "shutdown");
	expect_told(&s, "netdrv", "affirming");
	cairn_auto_reasons struct cairn_reasons why = {0};
	cairn_auto_buf struct cairn_buf b = {0};

	cairn_reasons_add(&why, CAIRN_R_NO_MANIFEST, "", "", "", "", "a test");
	assert_int_equal(cairn_record_refusal(&b, "web", &why), CAIRN_OK);
	sim_record(&s, cairn_buf_span(&b));
	expect_told(&s, "web", "contraindicated");
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_release_set_record),	cmocka_unit_test(test_record),
	    cmocka_unit_test(test_not_in_the_manifest), cmocka_unit_test(test_fell_back),
	    cmocka_unit_test(test_never_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
