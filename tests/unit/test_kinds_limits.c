/* Version 2, member by member: what is one too short, too long, too many or of another type is refused. */
#include "kinds.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *record_of(const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *v = NULL;

	assert_int_equal(cairn_record_launch(&b, l), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&b)), CAIRN_OK);
	return v;
}

static json_t *manifest_of(const struct cairn_launch *l)
{
	struct cairn_manifest m = sample_manifest_for(l);
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *v = NULL;

	assert_int_equal(cairn_manifest_build(&b, &m), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&b)), CAIRN_OK);
	return v;
}

static enum cairn_status read_record(struct cairn_span bytes)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_record_type t;

	return cairn_record_parse(&v, &t, bytes);
}

static enum cairn_status read_manifest(struct cairn_span bytes)
{
	cairn_auto_manifest struct cairn_manifest m = {0};

	return cairn_manifest_parse(&m, bytes);
}

/* The object at "a/b", the first element standing for an array. */
static json_t *at(json_t *v, const char *path)
{
	char part[32];

	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		assert_true(len < sizeof(part));
		memcpy(part, path, len);
		part[len] = '\0';
		v = json_object_get(v, part);
		if (json_is_array(v))
			v = json_array_get(v, 0);
		path += len + (path[len] == '/');
	}
	assert_non_null(v);
	return v;
}

/* One member changed (NULL: gone) in a document, of which the caller gives up its reference. */
static void expect(json_t *given, const char *path, const char *member, json_t *value, enum cairn_status want)
{
	cairn_auto_json json_t *doc = given;
	cairn_auto_buf struct cairn_buf b = {0};
	bool record = strcmp(json_string_value(json_object_get(doc, "format")), "cairn-record") == 0;

	if (value != NULL)
		assert_int_equal(json_object_set_new(at(doc, path), member, value), 0);
	else
		assert_int_equal(json_object_del(at(doc, path), member), 0);
	assert_int_equal(cairn_json_dump(&b, doc), CAIRN_OK);
	enum cairn_status st = record ? read_record(cairn_buf_span(&b)) : read_manifest(cairn_buf_span(&b));

	if (st != want)
		fail_msg("%s %s: %d, not %d", path, member, (int)st, (int)want);
}

typedef json_t *make_fn(const struct cairn_launch *l);
static make_fn *const MAKE[] = {record_of, manifest_of};

/* In a record as in a manifest. */
static void both(const struct cairn_launch *l, const char *path, const char *member, json_t *value,
		 enum cairn_status want)
{
	for (size_t i = 0; i < 2; i++)
		expect(MAKE[i](l), path, member, value != NULL ? json_deep_copy(value) : NULL, want);
	json_decref(value);
}

static json_t *letters(size_t n)
{
	char *s = calloc(n + 1, 1);
	json_t *v;

	assert_non_null(s);
	memset(s, 'a', n);
	v = json_string(s);
	free(s);
	return v;
}

static void text(const struct cairn_launch *l, const char *path, const char *member, size_t max)
{
	both(l, path, member, letters(0), CAIRN_E_MALFORMED);
	both(l, path, member, letters(max), CAIRN_OK);
	both(l, path, member, letters(max + 1), CAIRN_E_LIMIT);
	both(l, path, member, json_true(), CAIRN_E_MALFORMED);
}

static void test_texts(void **state)
{
	struct cairn_launch hvm = sample_hvm(), stub = sample_stubdomain();

	(void)state;
	text(&hvm, "", "dm_args", CAIRN_TEXT_MAX);
	text(&hvm, "", "xsm", CAIRN_XSM_MAX);
	text(&stub, "", "stubdomain_cmdline", CAIRN_TEXT_MAX);
	text(&stub, "inside_stubdomain", "kernel", CAIRN_TEXT_MAX);
	text(&stub, "inside_stubdomain", "ramdisk", CAIRN_TEXT_MAX);
	both(&stub, "inside_stubdomain", "ramdisk", NULL, CAIRN_OK);
	both(&stub, "inside_stubdomain", "kernel", NULL, CAIRN_E_MALFORMED);
	both(&stub, "inside_stubdomain", "initrd", letters(1), CAIRN_E_UNSUPPORTED);
	both(&stub, "", "inside_stubdomain", json_array(), CAIRN_E_MALFORMED);
	both(&stub, "", "components", json_array(), CAIRN_E_MALFORMED);
	both(&stub, "components", "shim", json_object(), CAIRN_E_UNSUPPORTED);
}

/* Each purpose is one that can be named, alone beside what an hvm domain needs, and can be missing. */
static void test_purposes(void **state)
{
	static const char *const purposes[] = {CAIRN_FIRMWARE, CAIRN_BIOS, CAIRN_DEVICE_MODEL,
					       CAIRN_STUBDOMAIN_KERNEL, CAIRN_STUBDOMAIN_RAMDISK};
	struct cairn_launch hvm = sample_hvm(), stub = sample_stubdomain();

	(void)state;
	hvm.setup.component_count = 5;
	for (size_t i = 0; i < 5; i++)
		hvm.setup.component[i] = sample_image(purposes[i], NULL);
	for (size_t i = 1; i < 5; i++)
		both(&hvm, "components", purposes[i], NULL, i == 3 ? CAIRN_E_MALFORMED : CAIRN_OK);
	both(&hvm, "components", purposes[0], NULL, CAIRN_E_MALFORMED);
	both(&hvm, "components", "ramdisk", NULL, CAIRN_OK);
	both(&stub, "components", CAIRN_STUBDOMAIN_KERNEL, NULL, CAIRN_E_MALFORMED);
}

static json_t *disks(size_t n)
{
	json_t *array = json_array();
	char name[16];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "xvd%zu", i);
		json_array_append_new(
		    array, json_pack("{s:s, s:b, s:s}", "kind", "unmeasured", "readwrite", 1, "vdev", name));
	}
	return array;
}

static void test_disks(void **state)
{
	struct cairn_launch l = sample_hvm();
	json_t *many = disks(CAIRN_DISKS_MAX + 1);

	(void)state;
	both(&l, "disks", "sha256", letters(62), CAIRN_E_MALFORMED);
	both(&l, "disks", "sha256", letters(66), CAIRN_E_LIMIT);
	both(&l, "disks", "sha256", letters(64), CAIRN_OK);
	both(&l, "disks", "size", json_integer(0), CAIRN_E_MALFORMED);
	both(&l, "disks", "size", json_integer(1), CAIRN_OK);
	both(&l, "disks", "vdev", letters(0), CAIRN_E_MALFORMED);
	both(&l, "disks", "vdev", NULL, CAIRN_E_MALFORMED);
	both(&l, "disks", "kind", NULL, CAIRN_E_MALFORMED);
	both(&l, "disks", "kind", json_string("image"), CAIRN_OK);
	both(&l, "disks", "kind", json_string("verity"), CAIRN_OK);
	both(&l, "disks", "readwrite", NULL, CAIRN_E_MALFORMED);
	both(&l, "", "disks", json_array(), CAIRN_E_MALFORMED);
	both(&l, "", "disks", many, CAIRN_E_LIMIT);
	expect(manifest_of(&l), "", "disks", disks(CAIRN_DISKS_MAX), CAIRN_OK);
	expect(record_of(&l), "disks", "backend", NULL, CAIRN_E_MALFORMED);
	expect(record_of(&l), "disks", "backend", letters(0), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "disks", "backend", letters(1), CAIRN_E_UNSUPPORTED);
}

static void hex(json_t *(*make)(const struct cairn_launch *), const char *path, const char *member,
		size_t bytes)
{
	struct cairn_launch l = sample_hvm();

	expect(make(&l), path, member, letters(2 * bytes), CAIRN_OK);
	expect(make(&l), path, member, letters(2 * bytes - 2), CAIRN_E_MALFORMED);
	expect(make(&l), path, member, letters(2 * bytes + 2), CAIRN_E_LIMIT);
	expect(make(&l), path, member, json_integer(1), CAIRN_E_MALFORMED);
}

static void test_pci(void **state)
{
	static const struct {
		const char *member;
		size_t bytes;
	} ids[] = {{"vendor", 2}, {"device", 2},   {"subvendor", 2},  {"subdevice", 2},
		   {"class", 3},  {"revision", 1}, {"rom_sha256", 32}};
	struct cairn_launch l = sample_hvm();

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		hex(record_of, "pci", ids[i].member, ids[i].bytes);
		expect(record_of(&l), "pci", ids[i].member, NULL,
		       ids[i].bytes == 32 ? CAIRN_OK : CAIRN_E_MALFORMED);
	}
	expect(record_of(&l), "pci", "bdf", NULL, CAIRN_E_MALFORMED);
	expect(record_of(&l), "pci", "bdf", json_string("0000:03:00."), CAIRN_E_MALFORMED);
	expect(record_of(&l), "pci", "bdf", json_string("0000:03:00.0 "), CAIRN_E_LIMIT);
	expect(record_of(&l), "pci", "permissive", NULL, CAIRN_E_MALFORMED);
	expect(record_of(&l), "pci", "seize", NULL, CAIRN_E_MALFORMED);
	hex(manifest_of, "constraints/pci", "vendor", 2);
	hex(manifest_of, "constraints/pci", "device", 2);
	hex(manifest_of, "constraints/pci", "rom_sha256", 32);
}

/* A rule by class has its own length. */
static void test_class(void **state)
{
	static const struct {
		size_t digits;
		enum cairn_status want;
	} rows[] = {{2, CAIRN_E_MALFORMED}, {4, CAIRN_OK}, {6, CAIRN_E_LIMIT}};
	struct cairn_launch l = sample_hvm();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *rule = json_pack("[{s:o, s:b}]", "class", letters(rows[i].digits), "permissive", 0);

		expect(manifest_of(&l), "constraints", "pci", rule, rows[i].want);
	}
}

static json_t *repeated(const json_t *array, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append(out, json_array_get(array, 0));
	return out;
}

static json_t *names(size_t n)
{
	json_t *out = json_array();
	char name[16];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "d%02zu", i);
		json_array_append_new(out, json_string(name));
	}
	return out;
}

static void test_counts(void **state)
{
	struct cairn_launch l = sample_hvm();
	cairn_auto_json json_t *record = record_of(&l), *manifest = manifest_of(&l);
	const json_t *devices = json_object_get(record, "pci");
	const json_t *rules = json_object_get(json_object_get(manifest, "constraints"), "pci");

	(void)state;
	expect(record_of(&l), "", "pci", repeated(devices, CAIRN_PCI_MAX + 1), CAIRN_E_LIMIT);
	expect(record_of(&l), "", "serves", names(3), CAIRN_E_LIMIT);
	expect(record_of(&l), "", "serves", json_array(), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "pci", repeated(rules, CAIRN_PCI_MAX + 1), CAIRN_E_LIMIT);
	expect(manifest_of(&l), "constraints", "pci", repeated(rules, CAIRN_PCI_MAX), CAIRN_OK);
	expect(manifest_of(&l), "constraints", "pci", json_array(), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "serves", names(3), CAIRN_E_LIMIT);
	expect(manifest_of(&l), "constraints", "serves", json_array(), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "serves", json_pack("[s,s]", "vif", "vbd"), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "serves", json_pack("[s]", "vusb"), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "targets", names(CAIRN_BACKENDS_MAX + 1), CAIRN_E_LIMIT);
	expect(manifest_of(&l), "constraints", "targets", names(CAIRN_BACKENDS_MAX), CAIRN_OK);
	expect(manifest_of(&l), "constraints", "targets", json_array(), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "targets", json_pack("[s,s]", "b", "a"), CAIRN_E_MALFORMED);
	expect(manifest_of(&l), "constraints", "targets", json_pack("[s]", "a/b"), CAIRN_E_MALFORMED);
}

/* Each may be missing from a document that has the others. */
static void test_optional(void **state)
{
	static const char *const shared[] = {"disks", "dm_args", "xsm"};
	static const char *const own[] = {"pci", "serves", "target"};
	static const char *const limits[] = {"pci", "serves", "targets"};
	struct cairn_launch l = sample_hvm();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		both(&l, "", shared[i], NULL, CAIRN_OK);
		expect(record_of(&l), "", own[i], NULL, CAIRN_OK);
		expect(manifest_of(&l), "constraints", limits[i], NULL, CAIRN_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),    cmocka_unit_test(test_purposes), cmocka_unit_test(test_disks),
	    cmocka_unit_test(test_pci),	     cmocka_unit_test(test_class),    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_optional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
