/* What an hvm domain has besides: firmware, a device model or a stub domain. Where the configuration names no
 * file, it is the one that libxl of Debian 12 takes. */
#include <stdio.h>
#include <string.h>

#include "xen/xlread.h"

/* Where libxl 4.17 of Debian 12 looks, and what in its source says so. None of these may come from xl.conf. */
#define HVMLOADER "/usr/lib/xen-4.17/boot/hvmloader" /* libxl_dom.c: libxl__domain_firmware, XENFIRMWAREDIR */
#define SEABIOS	  "/usr/share/seabios/bios-256k.bin" /* libxl_dom.c: libxl__seabios_path, SEABIOS_PATH */
#define OVMF	  "/usr/share/ovmf/OVMF.fd"	     /* libxl_dom.c: libxl__ovmf_path, OVMF_PATH */
#define QEMU	  "/usr/libexec/xen-qemu-system-i386" /* libxl_dm.c: qemu_xen_path, QEMU_XEN_PATH */
#define STUB_KERNEL                                                                                          \
	"/usr/lib/xen-4.17/boot/qemu-stubdom-linux-kernel" /* libxl_create.c: build_info_setdefault */
#define STUB_RAMDISK "/usr/lib/xen-4.17/boot/qemu-stubdom-linux-rootfs"

static const struct {
	const char *key;
	enum cairn_xlfile file;
} overrides[] = {
    {"firmware_override", CAIRN_XLFILE_FIRMWARE},	  {"bios_path_override", CAIRN_XLFILE_BIOS},
    {"device_model_override", CAIRN_XLFILE_DEVICE_MODEL}, {"stubdomain_kernel", CAIRN_XLFILE_STUB_KERNEL},
    {"stubdomain_ramdisk", CAIRN_XLFILE_STUB_RAMDISK},
};
#define OVERRIDES (sizeof(overrides) / sizeof(overrides[0]))

static void no_such_key(struct cairn_xlreader *r, const char *key)
{
	cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, key,
		      "cairn does not measure it for a domain of this kind, and so refuses it");
}

static void set_path(char *out, const char *path)
{
	if (!out[0])
		snprintf(out, CAIRN_XLCFG_PATH, "%s", path);
}

static void set_setting(struct cairn_xlcfg *c, const char *name, const char *value)
{
	snprintf(c->setting[cairn_xlsetting_find(name, strlen(name))], CAIRN_XLCFG_VALUE, "%s", value);
}

/* firmware= is the name of a BIOS, or a path in the place of hvmloader. xl takes the start of a name for the
 * name, and lets it win over bios= and firmware_override=; cairn wants it said once, in full. */
static void read_firmware(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	const char *v = cairn_xl_get(r, "firmware");
	char *hvmloader = c->file[CAIRN_XLFILE_FIRMWARE];
	bool ovmf = v && (strcmp(v, "uefi") == 0 || strcmp(v, "ovmf") == 0);
	bool seabios = v && (strcmp(v, "bios") == 0 || strcmp(v, "seabios") == 0);

	if (!v)
		return;
	if ((ovmf || seabios) && !cairn_xlcfg_setting(c, "bios")[0])
		set_setting(c, "bios", ovmf ? "ovmf" : "seabios");
	else if (v[0] == '/' && !hvmloader[0])
		cairn_xl_copy(r, "firmware", hvmloader, CAIRN_XLCFG_PATH, v);
	else
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "firmware",
			      "only uefi, ovmf, bios, seabios or an absolute path, and not a second time as "
			      "bios or firmware_override");
}

static void read_overrides(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	for (size_t i = 0; i < OVERRIDES; i++) {
		char *path = c->file[overrides[i].file];

		cairn_xl_get_text(r, overrides[i].key, path, CAIRN_XLCFG_PATH);
		if (path[0] && path[0] != '/')
			cairn_xl_fail(r, CAIRN_E_MALFORMED, overrides[i].key, "an absolute path is needed");
	}
}

static void set_files(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	bool ovmf = strcmp(cairn_xlcfg_setting(c, "bios"), "ovmf") == 0;

	set_path(c->file[CAIRN_XLFILE_FIRMWARE], HVMLOADER);
	set_path(c->file[CAIRN_XLFILE_BIOS], ovmf ? OVMF : SEABIOS);
	/* Beside a stub domain, it serves the stub's own console from dom0 (libxl_dm.c: libxl__spawn_stub_dm). */
	set_path(c->file[CAIRN_XLFILE_DEVICE_MODEL], QEMU);
	if (!c->stubdomain) {
		if (c->file[CAIRN_XLFILE_STUB_KERNEL][0] || c->file[CAIRN_XLFILE_STUB_RAMDISK][0] ||
		    c->stub_cmdline[0] || c->stub_label[0])
			cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "stubdomain_kernel",
				      "there is no stub domain (device_model_stubdomain_override = 1)");
		return;
	}
	set_path(c->file[CAIRN_XLFILE_STUB_KERNEL], STUB_KERNEL);
	set_path(c->file[CAIRN_XLFILE_STUB_RAMDISK], STUB_RAMDISK);
}

/* libxl takes the traditional device model for a stub domain whose version is not given. */
static void read_stubdomain(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	c->stubdomain = cairn_xl_get_number(r, "device_model_stubdomain_override", 0, 1, 0) == 1;
	cairn_xl_get_text(r, "stubdomain_cmdline", c->stub_cmdline, sizeof(c->stub_cmdline));
	if (c->stubdomain && !cairn_xlcfg_setting(c, "device_model_version")[0])
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "device_model_version",
			      "a stub domain needs device_model_version = \"qemu-xen\"");
}

/* xl: a kernel of that name is none at all. */
static void check_kernel(struct cairn_xlreader *r, const struct cairn_xlcfg *c)
{
	const char *slash = strrchr(c->file[CAIRN_XLFILE_KERNEL], '/');

	if (slash && strcmp(slash, "/hvmloader") == 0)
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "kernel", "xl does not take hvmloader for a kernel");
}

void cairn_xl_read_hvm(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	static const char *const keys[] = {"firmware", "device_model_stubdomain_override",
					   "stubdomain_cmdline"};

	if (c->type == CAIRN_DOMAIN_HVM) {
		check_kernel(r, c);
		read_overrides(r, c);
		read_firmware(r, c);
		read_stubdomain(r, c);
		if (r->status == CAIRN_OK)
			cairn_xl_set_defaults(r, c);
		if (r->status == CAIRN_OK)
			set_files(r, c);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (cairn_xl_get(r, keys[i]))
			no_such_key(r, keys[i]);
	for (size_t i = 0; i < OVERRIDES; i++)
		if (cairn_xl_get(r, overrides[i].key))
			no_such_key(r, overrides[i].key);
	if (c->stub_label[0])
		no_such_key(r, "device_model_stubdomain_seclabel");
}
