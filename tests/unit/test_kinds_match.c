/* What a version 2 manifest allows: each fact of a launch that differs is one reason, and nothing else is. */
#include "kinds.h"

/* Each changes one fact of the sample launch, or of the manifest that allows it. */
typedef void change(struct cairn_launch *l, struct cairn_manifest *m);

static void expect(struct cairn_launch l, change *apply, const char *code, const char *component,
		   const char *expected, const char *found)
{
	struct cairn_manifest m = sample_manifest_for(&l);
	cairn_auto_reasons struct cairn_reasons r = {0};

	apply(&l, &m);
	cairn_manifest_match(&r, &l, &m);
	if (code == NULL) {
		assert_int_equal(r.count, 0);
		return;
	}
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, code);
	assert_string_equal(r.item[0].component, component);
	if (expected != NULL)
		assert_string_equal(r.item[0].expected, expected);
	if (found != NULL)
		assert_string_equal(r.item[0].found, found);
}

static void nothing(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	(void)m;
}

static void test_allowed(void **state)
{
	(void)state;
	expect(sample_hvm(), nothing, NULL, NULL, NULL, NULL);
	expect(sample_stubdomain(), nothing, NULL, NULL, NULL, NULL);
	expect(sample_launch(), nothing, NULL, NULL, NULL, NULL);
}

/* ---- components --------------------------------------------------------------------------------------- */

static void other_firmware(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.component[0].is = sample_component("evil");
}

static void other_sha384(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.component[1].is.sha384 = sample_digest(CAIRN_ALG_SHA384, "evil");
}

static void no_bios(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.component[1] = l->setup.component[2];
	l->setup.component_count = 2;
}

static void bios_too_much(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->setup.component[1] = m->setup.component[2];
	m->setup.component_count = 2;
}

static void in_another_order(struct cairn_launch *l, struct cairn_manifest *m)
{
	struct cairn_image first = l->setup.component[0];

	(void)m;
	l->setup.component[0] = l->setup.component[2];
	l->setup.component[2] = first;
}

static void kernel_too_much(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->kernel = (struct cairn_component){0};
}

static void kernel_missing(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->kernel = (struct cairn_component){0};
}

static void test_components(void **state)
{
	struct cairn_launch l = sample_hvm();
	struct cairn_component evil = sample_component("evil");
	struct cairn_hex want = cairn_digest_hex(&l.setup.component[0].is.sha256),
			 got = cairn_digest_hex(&evil.sha256);

	(void)state;
	expect(l, other_firmware, CAIRN_R_DIGEST_MISMATCH, "firmware", want.text, got.text);
	want = cairn_digest_hex(&l.setup.component[1].is.sha384);
	got = cairn_digest_hex(&evil.sha384);
	expect(l, other_sha384, CAIRN_R_DIGEST_MISMATCH, "bios", want.text, got.text);
	want = cairn_digest_hex(&l.setup.component[1].is.sha256);
	expect(l, no_bios, CAIRN_R_DIGEST_MISMATCH, "bios", want.text, "none");
	expect(l, bios_too_much, CAIRN_R_DIGEST_MISMATCH, "bios", "none", want.text);
	expect(l, in_another_order, NULL, NULL, NULL, NULL);
	want = cairn_digest_hex(&l.kernel.sha256);
	expect(l, kernel_missing, CAIRN_R_DIGEST_MISMATCH, "kernel", want.text, "none");
	expect(l, kernel_too_much, CAIRN_R_DIGEST_MISMATCH, "kernel", "none", want.text);
}

/* ---- texts -------------------------------------------------------------------------------------------- */

static void other_args(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.dm_args = "-nographic";
}

static void no_args(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.dm_args = NULL;
}

static void args_too_much(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->setup.dm_args = NULL;
}

static void other_stub_cmdline(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.stubdomain_cmdline = "init=/bin/sh";
}

static void other_inside_kernel(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.inside_kernel = "/evil";
}

static void other_inside_ramdisk(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.inside_ramdisk = NULL;
}

static void other_label(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.xsm = "system_u:system_r:dom0_t";
}

static void test_texts(void **state)
{
	struct cairn_launch hvm = sample_hvm(), stub = sample_stubdomain();

	(void)state;
	expect(hvm, other_args, CAIRN_R_DM_ARGS_MISMATCH, "dm_args", "-nographic \"a b\"", "-nographic");
	expect(hvm, no_args, CAIRN_R_DM_ARGS_MISMATCH, "dm_args", "-nographic \"a b\"", "none");
	expect(hvm, args_too_much, CAIRN_R_DM_ARGS_MISMATCH, "dm_args", "none", "-nographic \"a b\"");
	expect(stub, other_stub_cmdline, CAIRN_R_STUBDOMAIN_CMDLINE, "stubdomain_cmdline", "console=hvc0",
	       "init=/bin/sh");
	expect(stub, other_inside_kernel, CAIRN_R_STUBDOMAIN_FILE, "inside_kernel", "/vmlinuz", "/evil");
	expect(stub, other_inside_ramdisk, CAIRN_R_STUBDOMAIN_FILE, "inside_ramdisk", "/initrd", "none");
	expect(hvm, other_label, CAIRN_R_XSM_MISMATCH, "xsm", "system_u:system_r:domU_t",
	       "system_u:system_r:dom0_t");
}

/* ---- disks -------------------------------------------------------------------------------------------- */

static void other_root(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.disk[0].digest = sample_digest(CAIRN_ALG_SHA256, "evil");
}

static void other_disk_size(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.disk[0].size = 8192;
}

static void other_kind(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.disk[0].kind = CAIRN_DISK_IMAGE;
}

static void unmeasured(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.disk[0] = (struct cairn_disk){
	    .vdev = "xvda", .backend = "Domain-0", .kind = CAIRN_DISK_UNMEASURED, .readwrite = true};
}

static void writable(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->setup.disk[2].readwrite = false;
}

static void disk_too_much(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->setup.disk_count = 2;
}

static void disk_missing(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->setup.disk_count = 2;
}

static void disks_in_another_order(struct cairn_launch *l, struct cairn_manifest *m)
{
	struct cairn_disk first = l->setup.disk[0];

	(void)m;
	l->setup.disk[0] = l->setup.disk[1];
	l->setup.disk[1] = first;
}

static void test_disks(void **state)
{
	struct cairn_launch l = sample_hvm();
	struct cairn_digest evil = sample_digest(CAIRN_ALG_SHA256, "evil");
	struct cairn_hex want = cairn_digest_hex(&l.setup.disk[0].digest), got = cairn_digest_hex(&evil);

	(void)state;
	expect(l, other_root, CAIRN_R_DIGEST_MISMATCH, "disk xvda", want.text, got.text);
	expect(l, other_disk_size, CAIRN_R_DIGEST_MISMATCH, "disk xvda", "4096 bytes", "8192 bytes");
	expect(l, other_kind, CAIRN_R_DISK_KIND, "disk xvda", "verity", "image");
	expect(l, unmeasured, CAIRN_R_DISK_KIND, "disk xvda", "verity", "unmeasured");
	expect(l, writable, CAIRN_R_DISK_MODE, "disk xvdc", "r", "w");
	expect(l, disk_too_much, CAIRN_R_DISK_NOT_ALLOWED, "disk xvdc", "none", "unmeasured");
	expect(l, disk_missing, CAIRN_R_DISK_MISSING, "disk xvdc", "unmeasured", "none");
	expect(l, disks_in_another_order, NULL, NULL, NULL, NULL);
}

/* ---- devices, and what it is for others --------------------------------------------------------------- */

static void other_device(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->pci[0].device = 0x1534;
}

static void other_vendor(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->pci[0].vendor = 0x8087;
}

static void no_rule(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->pci_count = 0;
}

static void by_class(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->pci[0] = (struct cairn_pci_rule){.by_class = true, .class = 0x0108, .permissive = true};
}

static void by_another_class(struct cairn_launch *l, struct cairn_manifest *m)
{
	by_class(l, m);
	m->pci[0].vendor = l->pci[0].vendor;
	m->pci[0].device = l->pci[0].device;
	m->pci[0].class = 0x0200;
}

static void permissive(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->pci[0].permissive = false;
}

/* The rule that lets others have it permissively says nothing of this one; a second that fits it does. */
static void permissive_by_another(struct cairn_launch *l, struct cairn_manifest *m)
{
	permissive(l, m);
	m->pci_count = 2;
	m->pci[1] = (struct cairn_pci_rule){.by_class = true, .class = 0x0200, .permissive = true};
}

static void permissive_by_second(struct cairn_launch *l, struct cairn_manifest *m)
{
	permissive_by_another(l, m);
	m->pci[1].class = 0x0108;
}

static void rom_signed(struct cairn_launch *l, struct cairn_manifest *m)
{
	m->pci[0].rom = l->pci[0].rom;
}

static void other_rom(struct cairn_launch *l, struct cairn_manifest *m)
{
	rom_signed(l, m);
	l->pci[0].rom = sample_digest(CAIRN_ALG_SHA256, "evil");
}

static void unreadable_rom(struct cairn_launch *l, struct cairn_manifest *m)
{
	rom_signed(l, m);
	l->pci[0].rom = (struct cairn_digest){0};
}

/* What the rule for one ROM allows, it does not allow for another. */
static void permissive_by_other_rom(struct cairn_launch *l, struct cairn_manifest *m)
{
	m->pci[0].permissive = false;
	m->pci[m->pci_count] = m->pci[0];
	m->pci[m->pci_count].permissive = true;
	m->pci[m->pci_count++].rom = sample_digest(CAIRN_ALG_SHA256, "evil");
	(void)l;
}

static void rom_of_second(struct cairn_launch *l, struct cairn_manifest *m)
{
	m->pci[0].rom = sample_digest(CAIRN_ALG_SHA256, "evil");
	m->pci[m->pci_count] = m->pci[0];
	m->pci[m->pci_count++].rom = l->pci[0].rom;
}

static void not_permissive(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->pci[0].permissive = false;
}

static void test_pci(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	expect(l, other_device, CAIRN_R_PCI_NOT_ALLOWED, "pci 0000:03:00.0", "", "8086:1534 class 010802");
	expect(l, other_vendor, CAIRN_R_PCI_NOT_ALLOWED, "pci 0000:03:00.0", "", "8087:1533 class 010802");
	expect(l, no_rule, CAIRN_R_PCI_NOT_ALLOWED, "pci 0000:03:00.0", NULL, NULL);
	expect(l, by_class, NULL, NULL, NULL, NULL);
	expect(l, by_another_class, CAIRN_R_PCI_NOT_ALLOWED, "pci 0000:03:00.0", NULL, NULL);
	expect(l, permissive, CAIRN_R_PCI_PERMISSIVE, "pci 0000:03:00.0", "permissive=0", "permissive=1");
	expect(l, permissive_by_another, CAIRN_R_PCI_PERMISSIVE, "pci 0000:03:00.0", NULL, NULL);
	expect(l, permissive_by_second, NULL, NULL, NULL, NULL);
	expect(l, not_permissive, NULL, NULL, NULL, NULL);
}

static void test_rom(void **state)
{
	struct cairn_launch l = sample_hvm();
	struct cairn_digest evil = sample_digest(CAIRN_ALG_SHA256, "evil");
	struct cairn_hex want = cairn_digest_hex(&l.pci[0].rom), got = cairn_digest_hex(&evil);

	(void)state;
	expect(l, rom_signed, NULL, NULL, NULL, NULL);
	expect(l, rom_of_second, NULL, NULL, NULL, NULL);
	expect(l, other_rom, CAIRN_R_PCI_ROM_MISMATCH, "pci 0000:03:00.0", want.text, got.text);
	expect(l, unreadable_rom, CAIRN_R_PCI_ROM_MISMATCH, "pci 0000:03:00.0", want.text,
	       "none that can be read");
	expect(l, permissive_by_other_rom, CAIRN_R_PCI_PERMISSIVE, "pci 0000:03:00.0", NULL, NULL);
}

static void serves_less(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->serve_count = 1;
}

static void serves_more(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)l;
	m->serve_count = 1;
}

static void other_target(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->target = "dom0";
}

static void no_target(struct cairn_launch *l, struct cairn_manifest *m)
{
	(void)m;
	l->target = NULL;
}

static void test_for_others(void **state)
{
	struct cairn_launch l = sample_hvm();

	(void)state;
	expect(l, serves_less, NULL, NULL, NULL, NULL);
	expect(l, serves_more, CAIRN_R_SERVES_NOT_ALLOWED, "serves", "", "vbd");
	expect(l, other_target, CAIRN_R_TARGET_NOT_ALLOWED, "target", "", "dom0");
	expect(l, no_target, NULL, NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_allowed),    cmocka_unit_test(test_components),
	    cmocka_unit_test(test_texts),      cmocka_unit_test(test_disks),
	    cmocka_unit_test(test_pci),	       cmocka_unit_test(test_rom),
	    cmocka_unit_test(test_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
