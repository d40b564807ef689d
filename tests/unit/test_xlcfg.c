/* xl configurations: what is accepted, what is written for xl, and that everything else is refused by name.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "xen/xlcfg.h"

static char said[1024];

static enum cairn_status parse(struct cairn_xlcfg *c, const char *text)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_xlcfg_parse(c, cairn_span_str(text), &why);
	const char *w = cairn_buf_str(&why);

	snprintf(said, sizeof(said), "%s", w ? w : "");
	if (st == CAIRN_OK)
		assert_string_equal(said, "");
	else
		assert_true(said[0] != '\0');
	return st;
}

static const char full[] =
    "# the network driver domain\n"
    "name = \"netdrv\"\n"
    "type = 'pv'   # comment\n"
    "kernel = \"/var/lib/cairn/images/vmlinuz\"; ramdisk = \"/var/lib/cairn/images/net.cpio.gz\"\n"
    "root = \"/dev/ram0\"\nextra = \"console=hvc0 quiet\"\n"
    "memory = 0x100\nmaxmem = 512\nvcpus = 1\nmaxvcpus = 2\n"
    "driver_domain = 1\ntsc_mode = \"native\"\n"
    "uuid = \"01234567-89ab-cdef-0123-456789abcdef\"\n"
    "on_poweroff = \"destroy\"\non_reboot=\"destroy\"\non_crash=\"destroy\"\n"
    "vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0',\n"
    "        'backend=netdrv2, script=vif-nat' ]\n";

static void check_full(const struct cairn_xlcfg *c)
{
	assert_string_equal(c->name, "netdrv");
	assert_int_equal(c->type, CAIRN_DOMAIN_PV);
	assert_string_equal(c->cmdline, "root=/dev/ram0 console=hvc0 quiet");
	assert_int_equal(c->memory, 256);
	assert_int_equal(c->maxmem, 512);
	assert_int_equal(c->vcpus, 1);
	assert_int_equal(c->maxvcpus, 2);
	assert_true(c->driver_domain);
	assert_string_equal(c->tsc_mode, "native");
	assert_string_equal(c->uuid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_equal(c->vif_count, 2);
	assert_string_equal(c->vif[0].mac, "00:16:3e:00:00:01");
	assert_string_equal(c->vif[0].bridge, "xenbr0");
	assert_string_equal(c->vif[0].backend, "");
	assert_string_equal(c->vif[1].backend, "netdrv2");
	assert_string_equal(c->vif[1].script, "vif-nat");
}

static void test_full(void **state)
{
	struct cairn_xlcfg c;

	(void)state;
	assert_int_equal(parse(&c, full), CAIRN_OK);
	check_full(&c);
	assert_string_equal(c.file[CAIRN_XLFILE_KERNEL], "/var/lib/cairn/images/vmlinuz");
	assert_string_equal(c.file[CAIRN_XLFILE_RAMDISK], "/var/lib/cairn/images/net.cpio.gz");
}

/* Exactly what was read, but for the files and the names of backends; and what xl would do unasked. */
static void test_emit(void **state)
{
	static const char want[] =
	    "name = \"netdrv\"\nuuid = \"01234567-89ab-cdef-0123-456789abcdef\"\ntype = \"pv\"\n"
	    "kernel = \"/proc/7/fd/3\"\nramdisk = \"/proc/7/fd/4\"\n"
	    "cmdline = \"root=/dev/ram0 console=hvc0 quiet\"\ntsc_mode = \"native\"\n"
	    "on_poweroff = \"destroy\"\non_reboot = \"destroy\"\non_crash = \"destroy\"\n"
	    "memory = 256\nvcpus = 1\nmaxmem = 512\nmaxvcpus = 2\ndriver_domain = 1\n"
	    "vif = [ \"backend=0,bridge=xenbr0,mac=00:16:3e:00:00:01\", \"backend=12,script=vif-nat\" ]\n";
	static const struct cairn_xlpaths files = {.file = {"/proc/7/fd/3", "/proc/7/fd/4"}};
	struct cairn_xlcfg c;
	cairn_auto_buf struct cairn_buf text = {0};

	(void)state;
	assert_int_equal(parse(&c, full), CAIRN_OK);
	c.vif[1].backend_domid = 12;
	assert_int_equal(cairn_xlcfg_emit(&text, &c, &files), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&text), want);
}

static void test_small(void **state)
{
	struct cairn_xlcfg c;

	(void)state;
	assert_int_equal(parse(&c, "name=\"g\"\nkernel=\"/k\"\nmemory=64\ntype=\"pvh\""), CAIRN_OK);
	assert_int_equal(c.type, CAIRN_DOMAIN_PVH);
	assert_int_equal(c.vcpus, 1);
	assert_int_equal(c.maxmem, 0);
	assert_string_equal(c.cmdline, "");
	assert_string_equal(c.file[CAIRN_XLFILE_RAMDISK], "");
	assert_string_equal(c.uuid, "");
	assert_false(c.driver_domain);
	assert_int_equal(c.vif_count, 0);
	assert_int_equal(parse(&c, "name=\"g\"\nkernel=\"/k\"\nmemory=\"64\"\nvif=['backend=Domain-0', ]\n"),
			 CAIRN_OK);
	assert_string_equal(c.vif[0].backend, "");
}

/* Keys of xl.cfg(5), its deprecated ones, and a misspelt one: none of them may be dropped in silence. */
static const char *const refused[] = {
    "acpi",
    "acpi_firmware",
    "acpi_laptop_slate",
    "acpi_s3",
    "acpi_s4",
    "acpilow",
    "altp2m",
    "altp2mhvm",
    "apic",
    "argo",
    "bios",
    "bios_path_override",
    "blkdev_start",
    "boot",
    "bootloader_args",
    "builder",
    "channel",
    "claim_mode",
    "colo",
    "cpuid",
    "cpus_soft",
    "device_model",
    "device_model_args",
    "device_model_args_hvm",
    "device_model_args_pv",
    "device_model_override",
    "device_model_stubdomain_cmdline_extra",
    "device_model_stubdomain_initrd",
    "device_model_stubdomain_init_seclabel",
    "device_model_stubdomain_kernel",
    "device_model_stubdomain_memory",
    "device_model_stubdomain_override",
    "device_model_stubdomain_ramdisk",
    "device_model_stubdomain_seclabel",
    "device_model_user",
    "device_model_version",
    "device_tree",
    "dm_restrict",
    "dtdev",
    "e820_host",
    "event_channels",
    "extratime",
    "firmware",
    "firmware_override",
    "gfx_passthru",
    "gic_version",
    "guest_ram",
    "hap",
    "hdtype",
    "hpet",
    "hvm",
    "init_seclabel",
    "iomem",
    "ioports",
    "irqs",
    "keymap",
    "latency",
    "llc_colors",
    "max_event_channels",
    "max_grant_frames",
    "max_grant_version",
    "max_maptrack_frames",
    "mca_caps",
    "mmio_hole",
    "ms_vm_genid",
    "msr_relaxed",
    "nestedhvm",
    "nodes",
    "nographic",
    "nx",
    "on_soft_reset",
    "on_watchdog",
    "on_xend_start",
    "on_xend_stop",
    "oos",
    "p9",
    "pae",
    "passthrough",
    "period",
    "pool",
    "pvcalls",
    "pvh",
    "pvshim",
    "pvshim_cmdline",
    "pvshim_extra",
    "pvshim_path",
    "rdm",
    "rdm_mem_boundary",
    "rtc_timeoffset",
    "sched",
    "sdl",
    "serial",
    "shadow_memory",
    "slice",
    "smbios",
    "smbios_firmware",
    "soundhw",
    "spice",
    "spiceport",
    "stdvga",
    "stubdomain",
    "suppress_vmdesc",
    "system_firmware",
    "tee",
    "timer_mode",
    "timeoffset",
    "tpm",
    "uclamp",
    "usb",
    "usbctrl",
    "usbdev",
    "usbdevice",
    "usbversion",
    "vcpu_hard",
    "vdispl",
    "vendor_device",
    "vfb",
    "vga",
    "videoram",
    "viommu",
    "viridian",
    "virtio",
    "vkb",
    "vm_watchdog",
    "vmport",
    "vmtrace_buf_kb",
    "vnc",
    "vncconsole",
    "vncdisplay",
    "vnclisten",
    "vncpasswd",
    "vncunused",
    "vnuma",
    "vpmu",
    "vpt_align",
    "vsnd",
    "vtpm",
    "vuart",
    "xauthority",
    "xen_platform_pci",
    "xend_suspend_evtchn_compat",
    "kernal",
};

/* libxlutil aborts on some strings: what the scanner does not accept is not given to it, whatever came
 * before. */
static void test_behind_unknown(void **state)
{
	static const char text[] = "name=\"g\"\nbootloader_args=1\ncmdline = \"a\0\0b\"\n";
	struct cairn_xlcfg c;
	cairn_auto_buf struct cairn_buf why = {0};

	(void)state;
	assert_int_equal(cairn_xlcfg_parse(&c, cairn_span(text, sizeof(text) - 1), &why), CAIRN_E_MALFORMED);
	assert_non_null(strstr(cairn_buf_str(&why), "bootloader"));
	assert_non_null(strstr(cairn_buf_str(&why), "line 3"));
}

static void test_refused_keys(void **state)
{
	struct cairn_xlcfg c;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), "name=\"g\"\nkernel=\"/k\"\nmemory=64\n%s = 1\n", refused[i]);
		assert_int_equal(parse(&c, text), CAIRN_E_UNSUPPORTED);
		assert_non_null(strstr(said, refused[i]));
		assert_string_equal(c.name, "g"); /* so that the refusal can name it */
	}
}

static const struct {
	const char *text, *names;
	enum cairn_status st;
} bad[] = {
    {"", "name", CAIRN_E_MALFORMED},
    {"name=\"g\"\nmemory=64", "kernel", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"", "memory", CAIRN_E_MALFORMED},
    {"name=\"12\"\nkernel=\"/k\"\nmemory=64", "name", CAIRN_E_MALFORMED},
    {"name=\"a/b\"\nkernel=\"/k\"\nmemory=64", "name", CAIRN_E_MALFORMED},
    {"name=\"Domain-0\"\nkernel=\"/k\"\nmemory=64", "name", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"k\"\nmemory=64", "kernel", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=0", "memory", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=\"x\"", "memory", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nmaxmem=32", "maxmem", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvcpus=2\nmaxvcpus=1", "maxvcpus", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\ndriver_domain=2", "driver_domain", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\ntype=\"p\"", "type", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\ntype=\"\"", "type", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\non_crash=\"preserve\"", "on_crash", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\non_reboot=\"restart\"", "on_reboot", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\ncmdline=\"a\"\nextra=\"b\"", "cmdline", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nextra='a=\"b\"'", "cmdline", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nextra=\"a\\\"b\"", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nextra=\"a\x01\"", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nextra=\"\xc3\xa9\"", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nextra=\"no end\n", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nname=\"h\"\nkernel=\"/k\"\nmemory=64", "line 2", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=[['a']]", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif+=['a']", "line 4", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64 vcpus=1", "line 3", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=\"mac=\"", "vif", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['mac=00']", "vif", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['model=e1000']", "vif", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['rubbish']", "vif", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['script=vif-x']", "vif", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['script=vif-x,backend=Domain-0']", "vif",
     CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['script=/bin/sh,backend=n']", "vif", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['backend=3']", "vif", CAIRN_E_UNSUPPORTED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nvif=['','','','','','','','','']", "vif", CAIRN_E_LIMIT},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nuuid=\"01234567\"", "uuid", CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\nuuid=\"00000000-0000-0000-0000-000000000000\"", "uuid",
     CAIRN_E_MALFORMED},
    {"name=\"g\"\nkernel=\"/k\"\nmemory=64\ntsc_mode=\"odd\"", "tsc_mode", CAIRN_E_UNSUPPORTED},
    {"\x7f"
     "ELF",
     "line 1", CAIRN_E_MALFORMED},
};

static void test_bad(void **state)
{
	struct cairn_xlcfg c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum cairn_status st = parse(&c, bad[i].text);

		if (st != bad[i].st || !strstr(said, bad[i].names))
			fail_msg("%s: %s: %s", bad[i].text, cairn_status_name(st), said);
	}
}

/* Cut anywhere it is either refused or says less; it never names another kernel. */
static void test_truncated(void **state)
{
	struct cairn_xlcfg c;
	cairn_auto_buf struct cairn_buf why = {0};

	(void)state;
	for (size_t n = 0; n < sizeof(full) - 1; n++)
		if (cairn_xlcfg_parse(&c, cairn_span(full, n), &why) == CAIRN_OK)
			assert_string_equal(c.file[CAIRN_XLFILE_KERNEL], "/var/lib/cairn/images/vmlinuz");
}

static void test_limit(void **state)
{
	static char big[CAIRN_XLCFG_MAX + 2];
	struct cairn_xlcfg c;

	(void)state;
	memset(big, '\n', sizeof(big) - 1);
	assert_int_equal(parse(&c, big), CAIRN_E_LIMIT);
	memset(big, 0, sizeof(big));
	snprintf(big, sizeof(big), "name=\"g\"\nmemory=64\nkernel=\"/");
	memset(big + strlen(big), 'k', CAIRN_XLCFG_PATH);
	strcat(big, "\"\n");
	assert_int_equal(parse(&c, big), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),	   cmocka_unit_test(test_emit),
	    cmocka_unit_test(test_small),	   cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_behind_unknown), cmocka_unit_test(test_refused_keys),
	    cmocka_unit_test(test_truncated),	   cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
