/* Writing the configuration for xl. */
#include <stdio.h>

#include "xen/xlread.h"

/* QEMU looks for its data beside its own executable, which a memfd has no place for. */
#define QEMU_DATA "\"-L\", \"/usr/share/qemu\", \"-L\", \"/usr/share/seabios\""

static void put(struct cairn_buf *out, const char *key, const char *value)
{
	if (value && value[0])
		cairn_buf_add_fmt(out, "%s = \"%s\"\n", key, value);
}

static void put_file(struct cairn_buf *out, const char *key, const struct cairn_xlcfg *c,
		     const struct cairn_xlpaths *paths, enum cairn_xlfile f)
{
	if (c->file[f][0])
		put(out, key, paths->file[f] ? paths->file[f] : c->file[f]);
}

/* xl takes a backend of digits for a domid; without one it would take a default of xl.conf. */
static void put_vif(struct cairn_buf *out, const struct cairn_vif *v)
{
	struct cairn_vif numbered = *v;

	snprintf(numbered.backend, sizeof(numbered.backend), "%u", v->backend[0] ? v->backend_domid : 0);
	cairn_vif_text(out, &numbered);
}

/* target= last: it takes the rest of the text, commas and all. A backend in dom0 is not named: libxl then knows
 * that it may open the disk itself. */
static void put_disk(struct cairn_buf *out, const struct cairn_xldisk *d, const char *path)
{
	struct cairn_xldisk numbered = *d;

	if (d->backend[0])
		snprintf(numbered.backend, sizeof(numbered.backend), "%u", d->backend_domid);
	cairn_xldisk_text(out, &numbered);
	cairn_buf_add_fmt(out, ",target=%s", path ? path : d->path);
}

static void put_lists(struct cairn_buf *out, const struct cairn_xlcfg *c, const struct cairn_xlpaths *paths)
{
	cairn_buf_add_str(out, "vif = [");
	for (size_t i = 0; i < c->vif_count; i++) {
		cairn_buf_add_str(out, i ? ", \"" : " \"");
		put_vif(out, &c->vif[i]);
		cairn_buf_add_str(out, "\"");
	}
	cairn_buf_add_str(out, " ]\n");
	for (size_t i = 0; i < c->disk_count; i++) {
		cairn_buf_add_str(out, i ? ", \"" : "disk = [ \"");
		put_disk(out, &c->disk[i], paths->disk[i]);
		cairn_buf_add_str(out, i + 1 < c->disk_count ? "\"" : "\" ]\n");
	}
	for (size_t i = 0; i < c->pci_count; i++) {
		cairn_buf_add_str(out, i ? ", \"" : "pci = [ \"");
		cairn_xlpci_text(out, &c->pci[i]);
		cairn_buf_add_str(out, i + 1 < c->pci_count ? "\"" : "\" ]\n");
	}
}

static void put_hvm(struct cairn_buf *out, const struct cairn_xlcfg *c, const struct cairn_xlpaths *paths)
{
	put_file(out, "firmware_override", c, paths, CAIRN_XLFILE_FIRMWARE);
	put_file(out, "bios_path_override", c, paths, CAIRN_XLFILE_BIOS);
	cairn_buf_add_fmt(out, "device_model_stubdomain_override = %d\n", c->stubdomain);
	put_file(out, "device_model_override", c, paths, CAIRN_XLFILE_DEVICE_MODEL);
	cairn_buf_add_fmt(out, "device_model_args_%s = [ " QEMU_DATA " ]\n", c->stubdomain ? "pv" : "hvm");
	if (!c->stubdomain)
		return;
	put_file(out, "stubdomain_kernel", c, paths, CAIRN_XLFILE_STUB_KERNEL);
	put_file(out, "stubdomain_ramdisk", c, paths, CAIRN_XLFILE_STUB_RAMDISK);
	put(out, "stubdomain_cmdline", c->stub_cmdline);
	put(out, "device_model_stubdomain_seclabel", c->stub_label);
}

enum cairn_status cairn_xlcfg_emit(struct cairn_buf *out, const struct cairn_xlcfg *c,
				   const struct cairn_xlpaths *paths)
{
	put(out, "name", c->name);
	put(out, "uuid", c->uuid);
	put(out, "type", cairn_domain_type_name(c->type));
	put_file(out, "kernel", c, paths, CAIRN_XLFILE_KERNEL);
	put_file(out, "ramdisk", c, paths, CAIRN_XLFILE_RAMDISK);
	put(out, "cmdline", c->cmdline);
	put(out, "tsc_mode", c->tsc_mode);
	put(out, "on_poweroff", "destroy");
	put(out, "on_reboot", "destroy");
	put(out, "on_crash", "destroy");
	cairn_buf_add_fmt(out, "memory = %u\nvcpus = %u\n", c->memory, c->vcpus);
	if (c->maxmem)
		cairn_buf_add_fmt(out, "maxmem = %u\n", c->maxmem);
	if (c->maxvcpus)
		cairn_buf_add_fmt(out, "maxvcpus = %u\n", c->maxvcpus);
	if (c->driver_domain)
		cairn_buf_add_str(out, "driver_domain = 1\n");
	put(out, "seclabel", c->label);
	cairn_xl_put_settings(out, c);
	if (c->type == CAIRN_DOMAIN_HVM)
		put_hvm(out, c, paths);
	put_lists(out, c, paths);
	return cairn_buf_status(out);
}
