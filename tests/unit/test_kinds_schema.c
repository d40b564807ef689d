/* Version 2 documents that nobody may write or read: each rule that a table cannot say, broken alone. */
#include "kinds.h"

/* ---- records ------------------------------------------------------------------------------------------ */

static enum cairn_status build(const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_record_launch(&b, l);

	assert_true(st == CAIRN_OK || b.len == 0);
	return st;
}

static json_t *doc_of(const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_record_type t;
	json_t *v = NULL;

	assert_int_equal(cairn_record_launch(&b, l), CAIRN_OK);
	assert_int_equal(cairn_record_parse(&v, &t, cairn_buf_span(&b)), CAIRN_OK);
	return v;
}

/* The record with one member of one of its objects changed (or, for NULL, gone). */
static enum cairn_status edited(const struct cairn_launch *l, const char *array, size_t at,
				const char *member, json_t *value)
{
	cairn_auto_json json_t *v = doc_of(l), *back = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *parent = array != NULL ? json_array_get(json_object_get(v, array), at) : v;
	enum cairn_record_type t;

	if (value != NULL)
		assert_int_equal(json_object_set_new(parent, member, value), 0);
	else
		assert_int_equal(json_object_del(parent, member), 0);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_record_parse(&back, &t, cairn_buf_span(&b));
}

static void test_kernel(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.kernel = (struct cairn_component){0};
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* a ramdisk needs a kernel */
	l.has_ramdisk = false;
	assert_int_equal(build(&l), CAIRN_OK);
	l.type = CAIRN_TYPE_PVH;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_launch();
	l.kernel = (struct cairn_component){0};
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* in version 1 too */
	l = sample_hvm();
	l.kernel.size = 0;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* that is not what "none" looks like */
}

static void test_inside(void **state)
{
	struct cairn_launch l = sample_stubdomain();

	(void)state;
	l.kernel = sample_component("namesake");
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_stubdomain();
	l.has_ramdisk = true;
	l.ramdisk = sample_component("namesake");
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_stubdomain();
	l.setup.inside_kernel = NULL;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l.setup.inside_ramdisk = NULL;
	assert_int_equal(build(&l), CAIRN_OK);
	l.setup.inside_kernel = "";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
}

/* Without the stub domain's kernel there is none of what belongs to a stub domain. */
static void test_stubdomain(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.setup.component[1] = sample_image(CAIRN_STUBDOMAIN_RAMDISK, NULL);
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.stubdomain_cmdline = "x";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.kernel = (struct cairn_component){0};
	l.has_ramdisk = false;
	l.setup.inside_kernel = "/x";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_launch();
	l.setup.component_count = 1;
	l.setup.component[0] = sample_image(CAIRN_STUBDOMAIN_KERNEL, NULL);
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* only hvm has one */
	l.setup.component[0] = sample_image(CAIRN_DEVICE_MODEL, NULL);
	assert_int_equal(build(&l), CAIRN_OK);
}

static void test_hvm(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.setup.component[0].purpose = CAIRN_STUBDOMAIN_KERNEL;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* no firmware */
	l = sample_hvm();
	l.setup.component_count = 2;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* no device model */
	l.setup.component[1].purpose = CAIRN_STUBDOMAIN_KERNEL;
	assert_int_equal(build(&l), CAIRN_OK);
	l.setup.component_count = 0;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
}

static void test_purposes(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.setup.component[1].purpose = CAIRN_FIRMWARE;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l.setup.component[1].purpose = "kernel";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l.setup.component[1].purpose = NULL;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.component[1].is.size = 0;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
}

static void test_disks(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.setup.disk[0].readwrite = true;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED); /* measured, and can be written */
	l = sample_hvm();
	l.setup.disk[0].digest.alg = CAIRN_ALG_NONE;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[0].size = 0;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[2].digest = l.setup.disk[0].digest;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[2].size = 1;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[1].vdev = "xvda";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[0].kind = "raw";
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[0].backend = NULL;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.setup.disk[2].readwrite = false;
	assert_int_equal(build(&l), CAIRN_OK);
}

/* A disk's backend is one that the domain uses, as one for disks. */
static void test_disk_backends(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.backend_count = 2;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l = sample_hvm();
	l.backend[2].class = CAIRN_SERVES_VIF;
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
}

static void test_pci(void **state)
{
	static const char *const bad[] = {"0000:03:00.8", "0000:03:00:0", "0000-03:00.0", "0000:0g:00.0",
					  "0000:0A:00.0", "000:03:00.00", "0000:03:0.0",  "0000:03:00.0 "};
	struct cairn_launch l = sample_hvm();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		l.pci[0].bdf = bad[i];
		assert_int_not_equal(build(&l), CAIRN_OK);
	}
	l.pci[0].bdf = "ffff:ff:1f.7";
	assert_int_equal(build(&l), CAIRN_OK);
	l.pci[0].class = 0x1000000;
	assert_int_equal(build(&l), CAIRN_E_LIMIT);
	l = sample_hvm();
	l.pci_count = 2;
	l.pci[1] = l.pci[0];
	assert_int_equal(build(&l), CAIRN_E_MALFORMED);
	l.pci[1].bdf = "0000:03:00.1";
	l.pci[1].rom.alg = CAIRN_ALG_NONE;
	assert_int_equal(build(&l), CAIRN_OK);
	assert_int_equal(edited(&l, "pci", 1, "seize", json_integer(0)), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, "pci", 1, "revision", NULL), CAIRN_E_MALFORMED);
}

static void test_counts(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	l.setup.component_count = CAIRN_COMPONENTS_MAX + 1;
	assert_int_equal(build(&l), CAIRN_E_LIMIT);
	l = sample_hvm();
	l.setup.disk_count = CAIRN_DISKS_MAX + 1;
	assert_int_equal(build(&l), CAIRN_E_LIMIT);
	l = sample_hvm();
	l.pci_count = CAIRN_PCI_MAX + 1;
	assert_int_equal(build(&l), CAIRN_E_LIMIT);
	l = sample_hvm();
	l.serve_count = CAIRN_SERVES_MAX + 1;
	assert_int_equal(build(&l), CAIRN_E_LIMIT);
}

static void test_members(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	assert_int_equal(edited(&l, NULL, 0, "pci", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "disks", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "serves", json_pack("[s,s]", "vif", "vbd")), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "serves", json_pack("[s]", "vusb")), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "target", json_string("")), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "xsm", json_string("a\nb")), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "more", json_string("x")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(edited(&l, "disks", 0, "more", json_string("x")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(edited(&l, "disks", 0, "readwrite", json_null()), CAIRN_E_MALFORMED);
	assert_int_equal(edited(&l, NULL, 0, "dm_args", NULL), CAIRN_OK);
}

/* ---- each thing that only version 2 can say asks for it ------------------------------------------------ */

static int version_of(const struct cairn_launch *l)
{
	cairn_auto_json json_t *v = doc_of(l);

	return (int)json_integer_value(json_object_get(v, "version"));
}

static void test_record_version(void **state)
{
	struct cairn_launch hvm = sample_hvm(), l = sample_launch();

	(void)state;
	assert_int_equal(version_of(&l), 1);
	l.target = "guest";
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.serve_count = 1;
	l.serve[0] = CAIRN_SERVES_VBD;
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.pci_count = 1;
	l.pci[0] = hvm.pci[0];
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.setup.xsm = "label";
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.setup.dm_args = "-x";
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.setup.component_count = 1;
	l.setup.component[0] = sample_image(CAIRN_DEVICE_MODEL, NULL);
	assert_int_equal(version_of(&l), 2);
	l = sample_launch();
	l.setup.disk_count = 1;
	l.setup.disk[0] = hvm.setup.disk[2];
	l.backend[0].class = CAIRN_SERVES_VBD;
	assert_int_equal(version_of(&l), 2);
}

/* ---- who is a guest ------------------------------------------------------------------------------------ */

static void test_claims(void **state)
{
	struct cairn_launch l = sample_stubdomain(), hvm = sample_hvm();

	(void)state;
	l.role_count = 0;
	l.config_count = 1; /* on_crash */
	assert_false(cairn_launch_claims_service(&l));
	l.config[1].value = "0";
	l.config_count = 2; /* driver_domain=0 */
	assert_false(cairn_launch_claims_service(&l));
	l.config[1].value = "1";
	assert_true(cairn_launch_claims_service(&l));
	l.config_count = 1;
	l.role_count = 1;
	assert_true(cairn_launch_claims_service(&l));
	l.role_count = 0;
	l.pci_count = 1;
	l.pci[0] = hvm.pci[0];
	assert_true(cairn_launch_claims_service(&l));
	l.pci_count = 0;
	l.serve_count = 1;
	assert_true(cairn_launch_claims_service(&l));
	l.serve_count = 0;
	l.target = "guest";
	assert_true(cairn_launch_claims_service(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kernel),     cmocka_unit_test(test_inside),
	    cmocka_unit_test(test_stubdomain), cmocka_unit_test(test_hvm),
	    cmocka_unit_test(test_purposes),   cmocka_unit_test(test_disks),
	    cmocka_unit_test(test_pci),	       cmocka_unit_test(test_disk_backends),
	    cmocka_unit_test(test_counts),     cmocka_unit_test(test_members),
	    cmocka_unit_test(test_claims),     cmocka_unit_test(test_record_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
