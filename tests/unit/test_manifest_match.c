/* What a service manifest allows, and which of several is taken. */
#include "manifests.h"

/* A platform manifest of the domain's name is no manifest of the domain, and not worth naming. */
static void test_select_kind(void **state)
{
	struct cairn_launch l = sample_launch();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	const struct cairn_manifest *list[] = {&platform};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.name = "platform";
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
	assert_string_equal(r.item[0].expected, "platform");
}

static void expect_one(const struct cairn_launch *l, const char *code, const char *component,
		       const char *expected, const char *found)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	cairn_manifest_match(&r, l, &m);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, code);
	assert_string_equal(r.item[0].component, component);
	assert_string_equal(r.item[0].expected, expected);
	assert_string_equal(r.item[0].found, found);
}

static void test_match(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 0);
	l.role_count = 0;
	l.backend_count = 0;
	l.memory_mib = 64;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 0);
}

static void test_no_match(void **state)
{
	struct cairn_launch l;
	struct cairn_hex want = cairn_digest_hex(&(struct cairn_digest){0}), got;
	struct cairn_component evil = sample_component("evil");

	(void)state;
	l = sample_launch();
	want = cairn_digest_hex(&l.kernel.sha256);
	got = cairn_digest_hex(&evil.sha256);
	l.kernel = evil;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "kernel", want.text, got.text);
	l = sample_launch();
	want = cairn_digest_hex(&l.ramdisk.sha384);
	got = cairn_digest_hex(&evil.sha384);
	l.ramdisk.sha384 = evil.sha384;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "ramdisk", want.text, got.text);
	l = sample_launch();
	l.kernel.size++;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "kernel", "6 bytes", "7 bytes");
	l = sample_launch();
	want = cairn_digest_hex(&l.ramdisk.sha256);
	l.has_ramdisk = false;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "ramdisk", want.text, "none");
	l = sample_launch();
	l.name = "netdrv2";
	expect_one(&l, CAIRN_R_WRONG_NAME, "name", "netdrv", "netdrv2");
	l = sample_launch();
	l.type = CAIRN_TYPE_PV;
	expect_one(&l, CAIRN_R_WRONG_TYPE, "type", "pvh", "pv");
	l = sample_launch();
	l.cmdline = "console=hvc0 root=/dev/ram0 init=/bin/sh";
	expect_one(&l, CAIRN_R_CMDLINE_MISMATCH, "cmdline", "console=hvc0 root=/dev/ram0", l.cmdline);
	l = sample_launch();
	l.memory_mib = 129;
	expect_one(&l, CAIRN_R_MEMORY_EXCEEDED, "memory_mib", "at most 128", "129");
	l = sample_launch();
	l.vcpus = 2;
	expect_one(&l, CAIRN_R_VCPUS_EXCEEDED, "vcpus", "at most 1", "2");
	l = sample_launch();
	l.role[0] = "driver.block";
	expect_one(&l, CAIRN_R_ROLE_NOT_ALLOWED, "roles", "", "driver.block");
	l = sample_launch();
	l.backend[0].backend = "evil";
	expect_one(&l, CAIRN_R_BACKEND_NOT_ALLOWED, "vif", "", "evil");
}

static void test_extra_ramdisk(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	m.has_ramdisk = false;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].file, l.ramdisk_file);
	assert_string_equal(r.item[0].expected, "none");
}

static void test_every_reason(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.kernel = l.ramdisk = sample_component("evil");
	l.name = "x";
	l.vcpus = 9;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 4);
	cairn_reasons_fini(&r);
	cairn_manifest_match(&r, &l, &platform);
	assert_int_equal(r.count, 1);
}

static void test_select(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest old = sample_service(), mid = sample_service(), new = sample_service();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	const struct cairn_manifest *list[] = {&platform, &old, &new, &mid};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	old.release = 1;
	mid.release = 2;
	assert_ptr_equal(cairn_manifest_select(&r, &l, list, 4), &new);
	new.kernel = sample_component("newer");
	assert_ptr_equal(cairn_manifest_select(&r, &l, list, 4), &mid);
	assert_int_equal(r.count, 0);
	l.kernel = sample_component("evil");
	assert_null(cairn_manifest_select(&r, &l, list, 4));
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].expected, cairn_digest_hex(&new.kernel.sha256).text);
	assert_string_equal(r.item[0].file, l.kernel_file);
}

static void test_select_name(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	const struct cairn_manifest *list[] = {&m};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.name = "other";
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_string_equal(r.item[0].code, CAIRN_R_WRONG_NAME);
	assert_string_equal(r.item[0].expected, "netdrv");
	cairn_reasons_fini(&r);
	l.vcpus = 2;
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
	cairn_reasons_fini(&r);
	assert_null(cairn_manifest_select(&r, &l, NULL, 0));
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_select_kind),	 cmocka_unit_test(test_match),
	    cmocka_unit_test(test_no_match),	 cmocka_unit_test(test_extra_ramdisk),
	    cmocka_unit_test(test_every_reason), cmocka_unit_test(test_select),
	    cmocka_unit_test(test_select_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
