/* The limits of manifests, each on both of its sides. */
#include <stdio.h>

#include "manifests.h"
#include "tests/unit/manifest_fixture.h"

static void test_limits(void **state)
{
	struct cairn_manifest service = sample_service(), m = {.kind = CAIRN_MANIFEST_PLATFORM};
	struct cairn_manifest_event e = sample_event(4, "efi-cairn", "x");
	cairn_auto_buf struct cairn_buf out = {0}, large = {0};
	cairn_auto_manifest struct cairn_manifest back = {0};
	struct cairn_pcrs p;

	(void)state;
	for (size_t i = 0; i <= CAIRN_MANIFEST_EVENTS_MAX; i++)
		assert_int_equal(cairn_manifest_add_event(&m, &e),
				 i < CAIRN_MANIFEST_EVENTS_MAX ? CAIRN_OK : CAIRN_E_LIMIT);
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_USAGE); /* without a host record */
	m.event[0].pcr = CAIRN_PCR_COUNT;
	m.host_record = json_object();
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_LIMIT);
	m.event[0].pcr = 4;
	m.event[0].sha256.alg = CAIRN_ALG_NONE;
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_NOTFOUND);
	m.event[0].sha256 = e.sha256;
	m.event[0].sha384.alg = CAIRN_ALG_NONE;
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_NOTFOUND);
	m.event[0].sha384 = e.sha384;
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_MALFORMED);
	cairn_manifest_fini(&m);
	service.type = CAIRN_TYPE_PV;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_OK);
	service.role_count = 1000000;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_E_LIMIT);
	service.role_count = 0;
	service.backend_count = 1000000;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_E_LIMIT);
	for (size_t i = 0; i <= CAIRN_JWS_MAX; i++)
		cairn_buf_add_u8(&large, ' ');
	assert_int_equal(cairn_manifest_parse(&back, cairn_buf_span(&large)), CAIRN_E_LIMIT);
	assert_int_equal(cairn_manifest_parse(&back, cairn_span_str("[[[[[[[[[[[[[[[[[[")), CAIRN_E_LIMIT);
}

static json_t *names(size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%04zu", i);
		json_array_append_new(v, json_string(name));
	}
	return v;
}

static json_t *text_of(size_t len)
{
	char text[9000];

	memset(text, 'x', sizeof(text));
	return json_stringn(text, len);
}

/* Each limit of a service manifest, on both of its sides. */
static void test_service_limits(void **state)
{
	static const struct {
		const char *path, *member;
		json_int_t good, bad;
		enum cairn_status want;
	} rows[] = {
	    {"constraints", "memory_max_mib", 1, 0, CAIRN_E_MALFORMED},
	    {"constraints", "memory_max_mib", UINT32_MAX, (json_int_t)UINT32_MAX + 1, CAIRN_E_LIMIT},
	    {"constraints", "vcpus_max", 1, 0, CAIRN_E_MALFORMED},
	    {"constraints", "vcpus_max", 4096, 4097, CAIRN_E_LIMIT},
	    {"", "not_before", 0, -1, CAIRN_E_MALFORMED},
	};
	struct cairn_manifest m = sample_service();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    manifest_changed(&m, rows[i].path, rows[i].member, json_integer(rows[i].good)), CAIRN_OK);
		assert_int_equal(
		    manifest_changed(&m, rows[i].path, rows[i].member, json_integer(rows[i].bad)),
		    rows[i].want);
	}
	assert_int_equal(manifest_changed(&m, "constraints", "backends", names(CAIRN_BACKENDS_MAX)),
			 CAIRN_OK);
	assert_int_equal(manifest_changed(&m, "constraints", "backends", names(CAIRN_BACKENDS_MAX + 1)),
			 CAIRN_E_LIMIT);
	assert_int_equal(manifest_changed(&m, "constraints", "backends", json_pack("[s, s]", "b", "a")),
			 CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "roles", names(CAIRN_ROLES_MAX)), CAIRN_OK);
	assert_int_equal(manifest_changed(&m, "", "roles", names(CAIRN_ROLES_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(manifest_changed(&m, "", "roles", json_pack("[s, s]", "b", "a")), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "cmdline", text_of(CAIRN_TEXT_MAX)), CAIRN_OK);
	assert_int_equal(manifest_changed(&m, "", "cmdline", text_of(CAIRN_TEXT_MAX + 1)), CAIRN_E_LIMIT);
}

/* The first event of a platform manifest with one member changed. */
static enum cairn_status changed_event(const struct cairn_manifest *m, const char *member, json_t *value)
{
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_manifest struct cairn_manifest back = {0};

	assert_int_equal(cairn_manifest_build(&a, m), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&a)), CAIRN_OK);
	json_object_set_new(json_array_get(json_object_get(v, "events"), 0), member, value);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_manifest_parse(&back, cairn_buf_span(&b));
}

static void test_platform_limits(void **state)
{
	cairn_auto_manifest struct cairn_manifest m = sample_platform();
	struct cairn_manifest_event e = m.event[0];
	cairn_auto_buf struct cairn_buf out = {0};
	json_t *many = json_array();

	(void)state;
	assert_int_equal(changed_event(&m, "text", text_of(CAIRN_MANIFEST_TEXT_MAX)), CAIRN_OK);
	assert_int_equal(changed_event(&m, "text", text_of(CAIRN_MANIFEST_TEXT_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(changed_event(&m, "pcr", json_integer(3)), CAIRN_E_MALFORMED);
	assert_int_equal(changed_event(&m, "pcr", json_integer(68)), CAIRN_E_LIMIT); /* 4 modulo 64 */
	assert_int_equal(changed_event(&m, "sha256", json_string("00")), CAIRN_E_MALFORMED);
	assert_int_equal(changed_event(&m, "sha256", json_string(cairn_digest_hex(&e.sha384).text)),
			 CAIRN_E_LIMIT);
	assert_int_equal(changed_event(&m, "sha384", json_string(cairn_digest_hex(&e.sha256).text)),
			 CAIRN_E_MALFORMED);
	for (size_t i = 0; i <= CAIRN_MANIFEST_EVENTS_MAX; i++)
		json_array_append_new(many, json_object());
	assert_int_equal(manifest_changed(&m, "", "events", many), CAIRN_E_LIMIT);
	e.pcr = 5;
	assert_int_equal(cairn_manifest_add_event(&m, &e), CAIRN_OK); /* to be refused with the whole */
	assert_int_equal(cairn_manifest_build(&out, &m), CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_service_limits),
	    cmocka_unit_test(test_platform_limits),
	};
	return cmocka_run_group_tests(tests, manifest_setup, manifest_teardown);
}
