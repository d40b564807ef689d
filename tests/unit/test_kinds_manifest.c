/* Service manifests of version 2: what may be written and read. */
#include "kinds.h"

static enum cairn_status build(const struct cairn_manifest *m)
{
	cairn_auto_buf struct cairn_buf b = {0};

	return cairn_manifest_build(&b, m);
}

static struct cairn_manifest hvm(void)
{
	struct cairn_launch l = sample_hvm();

	return sample_manifest_for(&l);
}

static json_t *doc_of(const struct cairn_manifest *m)
{
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *v = NULL;

	assert_int_equal(cairn_manifest_build(&b, m), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&b)), CAIRN_OK);
	return v;
}

static enum cairn_status parse(const json_t *v)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_manifest struct cairn_manifest m = {0};

	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_manifest_parse(&m, cairn_buf_span(&b));
}

static void test_version(void **state)
{
	struct cairn_manifest second = hvm(), first = sample_service();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	cairn_auto_json json_t *v = doc_of(&second), *w = doc_of(&first), *p = doc_of(&platform);

	(void)state;
	json_object_set_new(v, "version", json_integer(3));
	assert_int_equal(parse(v), CAIRN_E_VERSION);
	json_object_set_new(v, "version", json_integer(1));
	assert_int_equal(parse(v), CAIRN_E_UNSUPPORTED);
	json_object_set_new(w, "version", json_integer(2));
	assert_int_equal(parse(w), CAIRN_E_VERSION);
	json_object_set_new(p, "version", json_integer(2));
	assert_int_equal(parse(p), CAIRN_E_VERSION);
}

static int version_of(const struct cairn_manifest *m)
{
	cairn_auto_json json_t *v = doc_of(m);

	return (int)json_integer_value(json_object_get(v, "version"));
}

static void test_needs_version_2(void **state)
{
	struct cairn_manifest m = sample_service();

	(void)state;
	assert_int_equal(version_of(&m), 1);
	m.pci_count = 1;
	assert_int_equal(version_of(&m), 2);
	m.pci_count = 0;
	m.serve_count = 1;
	m.serve[0] = CAIRN_SERVES_VIF;
	assert_int_equal(version_of(&m), 2);
	m.serve_count = 0;
	m.target_count = 1;
	m.target[0] = "guest";
	assert_int_equal(version_of(&m), 2);
	m.target_count = 0;
	m.setup.xsm = "label";
	assert_int_equal(version_of(&m), 2);
}

static void test_read(void **state)
{
	struct cairn_manifest m = hvm();
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	m.pci_count = 2;
	m.pci[1] = (struct cairn_pci_rule){
	    .by_class = true, .class = 0x0200, .rom = sample_digest(CAIRN_ALG_SHA256, "rom")};
	assert_int_equal(cairn_manifest_build(&b, &m), CAIRN_OK);
	assert_int_equal(cairn_manifest_parse(&back, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(back.pci_count, 2);
	assert_true(!back.pci[0].by_class && back.pci[0].permissive);
	assert_int_equal(back.pci[0].vendor, 0x8086);
	assert_int_equal(back.pci[0].device, 0x1533);
	assert_true(back.pci[1].by_class && !back.pci[1].permissive);
	assert_int_equal(back.pci[1].class, 0x0200);
	assert_int_equal(back.pci[0].rom.alg, CAIRN_ALG_NONE);
	assert_true(cairn_digest_equal(&back.pci[1].rom, &m.pci[1].rom));
	assert_int_equal(back.serve_count, 2);
	assert_string_equal(back.target[0], "guest");
	assert_int_equal(back.setup.disk_count, 3);
	assert_null(back.setup.disk[0].backend);
	assert_int_equal(back.setup.disk[0].size, 4096);
	assert_string_equal(back.setup.dm_args, "-nographic \"a b\"");
}

/* What is refused in a record is refused in a manifest: no manifest asks for what nobody can launch. */
static void test_refused(void **state)
{
	struct cairn_manifest m = hvm();

	(void)state;
	m.kernel = (struct cairn_component){0};
	assert_int_equal(build(&m), CAIRN_E_MALFORMED);
	m = hvm();
	m.setup.component_count = 2;
	assert_int_equal(build(&m), CAIRN_E_MALFORMED);
	m = hvm();
	m.setup.disk[0].readwrite = true;
	assert_int_equal(build(&m), CAIRN_E_MALFORMED);
	m = hvm();
	m.setup.disk[0].backend = "Domain-0";
	assert_int_equal(build(&m), CAIRN_E_UNSUPPORTED);
	m = hvm();
	m.setup.component[1] = m.setup.component[0];
	assert_int_equal(build(&m), CAIRN_E_MALFORMED);
	m = sample_service();
	m.kernel = (struct cairn_component){0};
	assert_int_equal(build(&m), CAIRN_E_MALFORMED);
}

static void test_counts(void **state)
{
	struct cairn_manifest m = hvm();

	(void)state;
	m.pci_count = CAIRN_PCI_MAX + 1;
	assert_int_equal(build(&m), CAIRN_E_LIMIT);
	m = hvm();
	m.serve_count = CAIRN_SERVES_MAX + 1;
	assert_int_equal(build(&m), CAIRN_E_LIMIT);
	m = hvm();
	m.target_count = CAIRN_BACKENDS_MAX + 1;
	assert_int_equal(build(&m), CAIRN_E_LIMIT);
	m = hvm();
	m.setup.disk_count = CAIRN_DISKS_MAX + 1;
	assert_int_equal(build(&m), CAIRN_E_LIMIT);
}

/* A rule of PCI devices is for a class or for a vendor's device: neither both, nor half of it. */
static void test_rules(void **state)
{
	static const char *const bad[][2] = {
	    {"class", "0200"}, {"vendor", NULL}, {"device", NULL}, {"permissive", NULL}, {"vendor", "086"}};
	struct cairn_manifest m = hvm();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cairn_auto_json json_t *v = doc_of(&m);
		json_t *limits = json_object_get(v, "constraints");
		json_t *rule = json_array_get(json_object_get(limits, "pci"), 0);

		if (bad[i][1] != NULL)
			json_object_set_new(rule, bad[i][0], json_string(bad[i][1]));
		else
			json_object_del(rule, bad[i][0]);
		assert_int_equal(parse(v), CAIRN_E_MALFORMED);
	}
	m.pci[0] = (struct cairn_pci_rule){.by_class = true, .class = 0x0200};
	cairn_auto_json json_t *v = doc_of(&m);
	json_t *rule = json_array_get(json_object_get(json_object_get(v, "constraints"), "pci"), 0);

	assert_int_equal(parse(v), CAIRN_OK);
	json_object_set_new(rule, "device", json_string("1533"));
	assert_int_equal(parse(v), CAIRN_E_MALFORMED);
	json_object_del(rule, "device");
	json_object_set_new(rule, "vendor", json_string("8086"));
	assert_int_equal(parse(v), CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_version), cmocka_unit_test(test_needs_version_2),
	    cmocka_unit_test(test_read),    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_counts),  cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
