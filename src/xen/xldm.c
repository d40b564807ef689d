/* The arguments that libxl gives to the device model of an hvm domain: tools/libs/light/libxl_dm.c,
 * libxl__build_device_model_args_new of Xen 4.17, in its order, for the configurations that cairn accepts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen/xlread.h"

#define RUN_DIR "/var/run/xen" /* libxl__run_dir_path */

/* One argument. */
static void word(struct cairn_buf *out, const char *text)
{
	const char *quote = !text[0] || strchr(text, ' ') ? "\"" : "";

	cairn_buf_add_fmt(out, "%s%s%s%s", out->len ? " " : "", quote, text, quote);
}

static void words(struct cairn_buf *out, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		word(out, list[i]);
}
#define WORDS(out, ...)                                                                                      \
	words(out, (const char *const[]){__VA_ARGS__},                                                       \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool is(const struct cairn_xlcfg *c, const char *name, const char *value)
{
	return strcmp(cairn_xlcfg_setting(c, name), value) == 0;
}

static void put_monitor(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	if (c->stubdomain)
		return;
	WORDS(out, "-chardev", "socket,id=libxl-cmd,path=" RUN_DIR "/qmp-libxl-{domid},server=on,wait=off");
	WORDS(out, "-mon", "chardev=libxl-cmd,mode=control", "-chardev");
	word(out, "socket,id=libxenstat-cmd,path=" RUN_DIR "/qmp-libxenstat-{domid},server=on,wait=off");
	WORDS(out, "-mon", "chardev=libxenstat-cmd,mode=control");
}

static void put_display(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	const char *keymap = cairn_xlcfg_setting(c, "keymap");
	char vnc[96] = "none";

	if (is(c, "vnc", "1"))
		snprintf(vnc, sizeof(vnc), "%s:%s%s", cairn_xlcfg_setting(c, "vnclisten"),
			 cairn_xlcfg_setting(c, "vncdisplay"), is(c, "vncunused", "1") ? ",to=99" : "");
	if (!c->stubdomain)
		WORDS(out, "-vnc", vnc);
	WORDS(out, "-display", "none");
	if (keymap[0])
		WORDS(out, "-k", keymap);
}

static void put_direct_kernel(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	const char *kernel = c->file[CAIRN_XLFILE_KERNEL], *ramdisk = c->file[CAIRN_XLFILE_RAMDISK];

	if (kernel[0])
		WORDS(out, "-kernel", c->stubdomain ? kernel : "{kernel}");
	if (ramdisk[0])
		WORDS(out, "-initrd", c->stubdomain ? ramdisk : "{ramdisk}");
	if (c->cmdline[0])
		WORDS(out, "-append", c->cmdline);
}

static bool has_scsi(const struct cairn_xlcfg *c)
{
	for (size_t i = 0; i < c->disk_count; i++)
		if (!c->disk[i].cdrom && c->disk[i].vdev[0] == 's')
			return true;
	return false;
}

static void put_usb(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	const char *devices = cairn_xlcfg_setting(c, "usbdevice");

	if (is(c, "usb", "1") || devices[0])
		word(out, "-usb");
	for (const char *at = devices; *at;) {
		char one[CAIRN_XLCFG_VALUE];
		size_t n = strcspn(at, " ");

		snprintf(one, sizeof(one), "%.*s", (int)n, at);
		WORDS(out, "-usbdevice", one);
		at += n + (at[n] == ' ');
	}
}

static void put_board(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	const char *serial = cairn_xlcfg_setting(c, "serial"), *ram = cairn_xlcfg_setting(c, "videoram");
	char text[160];

	if (has_scsi(c))
		WORDS(out, "-device", "lsi53c895a");
	if (serial[0])
		WORDS(out, "-serial", c->stubdomain ? "/dev/hvc3" : serial); /* STUBDOM_CONSOLE_SERIAL */
	if (is(c, "nographic", "1") && !is(c, "vnc", "1"))
		word(out, "-nographic");
	snprintf(text, sizeof(text), "%s,vgamem_mb=%s", is(c, "vga", "stdvga") ? "VGA" : "cirrus-vga", ram);
	if (!is(c, "vga", "none"))
		WORDS(out, "-device", text);
	snprintf(text, sizeof(text), "order=%s", cairn_xlcfg_setting(c, "boot"));
	WORDS(out, "-boot", text);
	put_usb(out, c);
	if (is(c, "acpi", "0"))
		word(out, "-no-acpi");
	unsigned max = c->maxvcpus ? c->maxvcpus : c->vcpus;

	snprintf(text, sizeof(text), "%u,maxcpus=%u", c->vcpus, max);
	if (max > 1)
		WORDS(out, "-smp", text);
}

static void put_nics(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	bool none = true;

	for (size_t i = 0; i < c->vif_count; i++) {
		const struct cairn_vif *v = &c->vif[i];
		char text[192], mac[18] = "{mac}";

		if (strcmp(v->type, "ioemu") != 0)
			continue;
		for (size_t k = 0; k < sizeof(mac) && v->mac[0]; k++)
			mac[k] = (char)(v->mac[k] >= 'A' && v->mac[k] <= 'F' ? v->mac[k] + 32 : v->mac[k]);
		snprintf(text, sizeof(text), "%s,id=nic%zu,netdev=net%zu,mac=%s", v->model, i, i, mac);
		WORDS(out, "-device", text);
		snprintf(text, sizeof(text),
			 "type=tap,id=net%zu,ifname=vif{domid}.%zu-emu,br=%s,script=no,downscript=no", i, i,
			 v->bridge);
		WORDS(out, "-netdev", text);
		none = false;
	}
	if (none)
		WORDS(out, "-net", "none");
}

/* ---- disks -------------------------------------------------------------------------------------------- */

/* libxl_device.c: libxl__device_disk_dev_number. */
static unsigned device_number(const char *vdev)
{
	unsigned n = (unsigned)cairn_xldisk_number(vdev);

	if (vdev[0] == 'x')
		return n <= 15 ? 202u << 8 | n << 4 : 1u << 28 | n << 8;
	return vdev[0] == 's' ? 8u << 8 | n << 4 : (n < 2 ? 3u : 22u) << 8 | (n & 1) << 6;
}

static void put_cdrom(struct cairn_buf *out, const char *vdev, unsigned n, const char *file,
		      const char *format)
{
	unsigned id = device_number(vdev);
	char text[128];

	if (n > 4)
		return;
	snprintf(text, sizeof(text), "if=none,readonly=on,id=ide-%u,file=%s,format=%s", id, file, format);
	WORDS(out, "-drive", text);
	snprintf(text, sizeof(text), "ide-cd,id=ide-%u,drive=ide-%u,bus=ide.%u,unit=%u", id, id, n / 2,
		 n % 2);
	WORDS(out, "-device", text);
}

static void put_scsi(struct cairn_buf *out, bool readwrite, unsigned n, const char *file, const char *format)
{
	char text[128];

	snprintf(text, sizeof(text), "file=%s,id=scsi0-hd%u,format=%s,if=none,readonly=%s,cache=writeback",
		 file, n, format, readwrite ? "off" : "on");
	WORDS(out, "-drive", text);
	snprintf(text, sizeof(text), "scsi-hd,drive=scsi0-hd%u,scsi-id=%u", n, n);
	WORDS(out, "-device", text);
}

static void put_ahci(struct cairn_buf *out, unsigned n, const char *file, const char *format)
{
	char text[128];

	snprintf(text, sizeof(text), "file=%s,if=none,id=ahcidisk-%u,format=%s,cache=writeback", file, n,
		 format);
	WORDS(out, "-drive", text);
	snprintf(text, sizeof(text), "ide-hd,bus=ahci0.%u,unit=0,drive=ahcidisk-%u", n, n);
	WORDS(out, "-device", text);
}

static void put_ide(struct cairn_buf *out, unsigned n, const char *file, const char *format)
{
	char text[128];

	snprintf(text, sizeof(text), "file=%s,if=ide,index=%u,media=disk,format=%s,cache=writeback", file, n,
		 format);
	WORDS(out, "-drive", text);
}

/* In dom0 QEMU opens the disk beside the backend; a disk of a storage domain it cannot open and does not have. */
static void put_disk(struct cairn_buf *out, const struct cairn_xlcfg *c, const struct cairn_xldisk *d)
{
	unsigned n = (unsigned)cairn_xldisk_number(d->vdev);
	const char *format = c->stubdomain ? "host_device" : "raw";
	char file[16];

	if (c->stubdomain)
		snprintf(file, sizeof(file), "/dev/xvd%c", 'a' + (int)(n % 26));
	else
		snprintf(file, sizeof(file), "{%s}", d->vdev);
	if (d->backend[0] && !c->stubdomain)
		return;
	if (d->cdrom)
		put_cdrom(out, d->vdev, n, file, format);
	else if (d->vdev[0] == 's')
		put_scsi(out, d->readwrite, n, file, format);
	else if (n < 6 && is(c, "hdtype", "ahci"))
		put_ahci(out, n, file, format);
	else if (n < 4)
		put_ide(out, n, file, format);
}

void cairn_xlcfg_dm_args(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	unsigned mib = c->maxmem ? c->maxmem : c->memory;
	/* Digits, of which it was checked that they are a size. */
	unsigned long video = strtoul(cairn_xlcfg_setting(c, "videoram"), NULL, 10);
	char text[24];

	WORDS(out, c->stubdomain ? "stubdom-dm" : "{device-model}", "-xen-domid", "{domid}", "-no-shutdown");
	put_monitor(out, c);
	WORDS(out, "-nodefaults", "-no-user-config", "-name", c->name);
	put_display(out, c);
	put_direct_kernel(out, c);
	put_board(out, c);
	put_nics(out, c);
	word(out, "-machine");
	word(out,
	     is(c, "xen_platform_pci", "0") ? "pc,accel=xen,suppress-vmdesc=on" : "xenfv,suppress-vmdesc=on");
	if (!c->stubdomain) /* what cairn adds itself: see xlemit.c */
		WORDS(out, "-L", "/usr/share/qemu", "-L", "/usr/share/seabios");
	snprintf(text, sizeof(text), "%lu", mib > video ? mib - video : 0);
	WORDS(out, "-m", text);
	if (is(c, "hdtype", "ahci"))
		WORDS(out, "-device", "ahci,id=ahci0");
	for (size_t i = 0; i < c->disk_count; i++)
		put_disk(out, c, &c->disk[i]);
}
