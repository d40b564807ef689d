/* Recorded documents of version 2: read now as when they were made, refused when cut, and never read as something
 * that would be written in another way. */
#include "kinds.h"

#define DATA_MAX 8192

static void load(struct cairn_buf *out, const char *path)
{
	assert_int_equal(cairn_file_read(out, path, DATA_MAX), CAIRN_OK);
}

/* What was read, written again; false where it was refused. */
static bool record_again(struct cairn_buf *out, struct cairn_span bytes)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_launch struct cairn_launch l = {0};
	enum cairn_record_type t;

	if (cairn_record_parse(&v, &t, bytes) != CAIRN_OK)
		return false;
	assert_int_equal(cairn_launch_from_json(&l, v), CAIRN_OK);
	assert_int_equal(cairn_record_launch(out, &l), CAIRN_OK);
	return true;
}

static bool manifest_again(struct cairn_buf *out, struct cairn_span bytes)
{
	cairn_auto_manifest struct cairn_manifest m = {0};

	if (cairn_manifest_parse(&m, bytes) != CAIRN_OK)
		return false;
	assert_int_equal(cairn_manifest_build(out, &m), CAIRN_OK);
	return true;
}

typedef bool again_fn(struct cairn_buf *out, struct cairn_span bytes);

static void same_again(again_fn *again, struct cairn_span bytes)
{
	cairn_auto_buf struct cairn_buf b = {0};

	if (again(&b, bytes))
		assert_true(cairn_span_equal(cairn_buf_span(&b), bytes));
}

static void check_file(again_fn *again, const char *path)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, b = {0};

	load(&bytes, path);
	assert_true(again(&b, cairn_buf_span(&bytes)));
	assert_true(cairn_span_equal(cairn_buf_span(&b), cairn_buf_span(&bytes)));
	for (size_t n = 0; n < bytes.len; n++)
		assert_false(again(&b, cairn_span(bytes.ptr, n)));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.ptr[i] ^= 1;
		same_again(again, cairn_buf_span(&bytes));
		bytes.ptr[i] ^= 1;
	}
}

static void test_records(void **state)
{
	(void)state;
	check_file(record_again, "tests/data/record/launch-hvm.json");
	check_file(record_again, "tests/data/record/launch-stubdomain.json");
}

static void test_manifests(void **state)
{
	(void)state;
	check_file(manifest_again, "tests/data/manifest/service-hvm.json");
	check_file(manifest_again, "tests/data/manifest/service-stubdomain.json");
}

/* The recorded manifest allows the recorded launch. */
static void test_both(void **state)
{
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_launch struct cairn_launch l = {0};
	cairn_auto_manifest struct cairn_manifest m = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	enum cairn_record_type t;

	(void)state;
	load(&a, "tests/data/record/launch-hvm.json");
	load(&b, "tests/data/manifest/service-hvm.json");
	assert_int_equal(cairn_record_parse(&v, &t, cairn_buf_span(&a)), CAIRN_OK);
	assert_int_equal(cairn_launch_from_json(&l, v), CAIRN_OK);
	assert_int_equal(cairn_manifest_parse(&m, cairn_buf_span(&b)), CAIRN_OK);
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_manifests),
	    cmocka_unit_test(test_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
