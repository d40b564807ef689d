/* Version 2 of launch records and service manifests: what is written is read, and nothing but that. */
#include "kinds.h"

static json_t *launch_doc(const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_record_type t;
	json_t *v = NULL;

	assert_int_equal(cairn_record_launch(&b, l), CAIRN_OK);
	assert_int_equal(cairn_record_parse(&v, &t, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(t, CAIRN_RECORD_LAUNCH);
	return v;
}

static int version(const struct cairn_launch *l)
{
	cairn_auto_json json_t *v = launch_doc(l);

	return (int)json_integer_value(json_object_get(v, "version"));
}

static enum cairn_status reparse(const json_t *v)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *back = NULL;
	enum cairn_record_type t;

	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_record_parse(&back, &t, cairn_buf_span(&b));
}

static void same_record(const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_json json_t *v = launch_doc(l);
	cairn_auto_launch struct cairn_launch back = {0};

	assert_int_equal(cairn_launch_from_json(&back, v), CAIRN_OK);
	assert_int_equal(cairn_record_launch(&a, l), CAIRN_OK);
	assert_int_equal(cairn_record_launch(&b, &back), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&a), cairn_buf_span(&b)));
}

static void test_record_round(void **state)
{
	struct cairn_launch hvm = sample_hvm(), stub = sample_stubdomain(), old = sample_launch();

	(void)state;
	same_record(&hvm);
	same_record(&stub);
	hvm.pci[0].rom = (struct cairn_digest){0}; /* an option ROM that could not be read */
	same_record(&hvm);
	assert_int_equal(version(&hvm), 2);
	assert_int_equal(version(&stub), 2);
	assert_int_equal(version(&old), 1);
}

static void test_record_read(void **state)
{
	struct cairn_launch l = sample_hvm(), stub = sample_stubdomain();
	cairn_auto_json json_t *v = launch_doc(&l), *w = launch_doc(&stub);
	cairn_auto_launch struct cairn_launch a = {0}, b = {0};

	(void)state;
	assert_int_equal(cairn_launch_from_json(&a, v), CAIRN_OK);
	assert_int_equal(cairn_launch_from_json(&b, w), CAIRN_OK);
	assert_int_equal(a.setup.component_count, 3);
	assert_true(cairn_digest_equal(&cairn_setup_component(&a.setup, CAIRN_BIOS)->is.sha384,
				       &l.setup.component[1].is.sha384));
	assert_null(cairn_setup_component(&a.setup, CAIRN_STUBDOMAIN_KERNEL));
	assert_string_equal(a.setup.disk[0].backend, "Domain-0");
	assert_false(a.setup.disk[0].readwrite);
	assert_true(a.setup.disk[2].readwrite);
	assert_int_equal(a.pci[0].class, 0x010802);
	assert_int_equal(a.pci[0].subvendor, 0x103c);
	assert_int_equal(a.pci[0].revision, 3);
	assert_true(a.pci[0].permissive && !a.pci[0].seize);
	assert_string_equal(a.serve[0], CAIRN_SERVES_VBD);
	assert_string_equal(a.target, "guest");
	assert_string_equal(b.setup.inside_kernel, "/vmlinuz");
	assert_string_equal(b.setup.stubdomain_cmdline, "console=hvc0");
	assert_int_equal(b.kernel.sha256.alg, CAIRN_ALG_NONE);
	assert_null(b.target);
}

/* The same words cannot be said in another version, nor nothing in this one. */
static void test_record_version(void **state)
{
	struct cairn_launch l = sample_hvm(), old = sample_launch();
	cairn_auto_json json_t *v = launch_doc(&l), *w = launch_doc(&old);

	(void)state;
	json_object_set_new(v, "version", json_integer(1));
	assert_int_equal(reparse(v), CAIRN_E_UNSUPPORTED);
	json_object_set_new(v, "version", json_integer(3));
	assert_int_equal(reparse(v), CAIRN_E_VERSION);
	json_object_set_new(w, "version", json_integer(2));
	assert_int_equal(reparse(w), CAIRN_E_VERSION);
}

static void same_manifest(const struct cairn_launch *l, int expected)
{
	struct cairn_manifest m = sample_manifest_for(l);
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};

	assert_int_equal(cairn_manifest_build(&a, &m), CAIRN_OK);
	assert_int_equal(cairn_manifest_parse(&back, cairn_buf_span(&a)), CAIRN_OK);
	assert_int_equal(cairn_manifest_build(&b, &back), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&a), cairn_buf_span(&b)));
	assert_int_equal(json_integer_value(json_object_get(back.doc, "version")), expected);
}

static void test_manifest_round(void **state)
{
	struct cairn_launch hvm = sample_hvm(), stub = sample_stubdomain(), old = sample_launch();

	(void)state;
	same_manifest(&hvm, 2);
	same_manifest(&stub, 2);
	same_manifest(&old, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_record_round),
	    cmocka_unit_test(test_record_read),
	    cmocka_unit_test(test_record_version),
	    cmocka_unit_test(test_manifest_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
