/* Devices of a configuration: network interfaces, disks, PCI devices. Each is parsed, reduced to what cairn
 * measures, and has one spelling when it is written. */
#include <libxl.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>

#include "xen/xlread.h"

/* ---- network ------------------------------------------------------------------------------------------ */

static bool is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_mac(const char *s)
{
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !is_hex(s[i]))
			return false;
	return s[17] == '\0';
}

/* The emulated side of an interface, which only an hvm domain has. */
static bool read_vif_emulation(struct cairn_vif *v, const char *field, const char *value)
{
	if (strcmp(field, "type") == 0 && (strcmp(value, "vif") == 0 || strcmp(value, "ioemu") == 0))
		snprintf(v->type, sizeof(v->type), "%s", value);
	else if (strcmp(field, "model") == 0 &&
		 (strcmp(value, "e1000") == 0 || strcmp(value, "rtl8139") == 0))
		snprintf(v->model, sizeof(v->model), "%s", value);
	else
		return false;
	return true;
}

static void read_vif_field(struct cairn_xlreader *r, struct cairn_vif *v, bool hvm, char *field)
{
	char *value = strchr(field, '=');

	if (!value) {
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "vif", "expected name=value");
		return;
	}
	*value++ = '\0';
	if (strcmp(field, "mac") == 0 && is_mac(value))
		memcpy(v->mac, value, sizeof(v->mac));
	else if (strcmp(field, "backend") == 0 && cairn_xl_is_name(value))
		cairn_xl_copy(r, "vif", v->backend, sizeof(v->backend), value);
	else if (strcmp(field, "bridge") == 0 && cairn_xl_is_name(value))
		cairn_xl_copy(r, "vif", v->bridge, sizeof(v->bridge), value);
	else if (strcmp(field, "script") == 0 && cairn_xl_is_name(value))
		cairn_xl_copy(r, "vif", v->script, sizeof(v->script), value);
	else if (!hvm || !read_vif_emulation(v, field, value))
		cairn_xl_fail(
		    r, CAIRN_E_UNSUPPORTED, "vif",
		    "only mac=, backend=, bridge= and script= with plain names are accepted, and for "
		    "an hvm domain type= and model=");
}

/* libxl_nic.c: libxl__device_nic_setdefault. */
static void set_vif_defaults(struct cairn_vif *v)
{
	if (!v->type[0])
		snprintf(v->type, sizeof(v->type), "ioemu");
	if (!v->model[0])
		snprintf(v->model, sizeof(v->model), "rtl8139");
	if (!v->bridge[0])
		snprintf(v->bridge, sizeof(v->bridge), "xenbr0");
}

static void read_vif(struct cairn_xlreader *r, struct cairn_vif *v, bool hvm, const char *item)
{
	char text[256] = "", *rest = text;

	memset(v, 0, sizeof(*v));
	if (!cairn_xl_copy(r, "vif", text, sizeof(text), item))
		return;
	while (rest && *rest && r->status == CAIRN_OK) {
		char *field = strsep(&rest, ",");

		read_vif_field(r, v, hvm, field + strspn(field, " "));
	}
	if (strcmp(v->backend, "Domain-0") == 0)
		v->backend[0] = '\0';
	/* A script runs as root where the backend is: in dom0 only xl's own default may. */
	if (v->script[0] && !v->backend[0])
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "vif",
			      "script= is accepted only with backend= of another domain");
	if (hvm)
		set_vif_defaults(v);
}

void cairn_xl_read_vifs(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	XLU_ConfigList *list = NULL;
	int n = cairn_xl_get_list(r, "vif", &list, CAIRN_XLCFG_VIFS);

	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = cairn_xl_get_item(r, "vif", list, i);

		if (item)
			read_vif(r, &c->vif[c->vif_count++], c->type == CAIRN_DOMAIN_HVM, item);
	}
}

void cairn_vif_text(struct cairn_buf *out, const struct cairn_vif *v)
{
	const char *const names[] = {"backend", "bridge", "mac", "model", "script", "type"};
	const char *const values[] = {v->backend, v->bridge, v->mac, v->model, v->script, v->type};
	const char *comma = "";

	for (size_t i = 0; i < 6; i++) {
		if (!values[i][0])
			continue;
		cairn_buf_add_fmt(out, "%s%s=%s", comma, names[i], values[i]);
		comma = ",";
	}
}

/* ---- disks -------------------------------------------------------------------------------------------- */

/* The number of a disk, as libxl has it (libxl__device_disk_dev_number), of those names that cairn takes. */
int cairn_xldisk_number(const char *vdev)
{
	const char *at = vdev + strcspn(vdev, "d") + (strchr(vdev, 'd') != NULL);

	return at[0] >= 'a' && at[0] <= 'z' && at[1] == '\0' ? at[0] - 'a' : -1;
}

static bool is_vdev(const char *s)
{
	int n = cairn_xldisk_number(s);

	return n >= 0 && (strncmp(s, "xvd", 3) == 0 || (strncmp(s, "hd", 2) == 0 && n < 4) ||
			  (strncmp(s, "sd", 2) == 0 && n < 16));
}

/* qemu has no emulated disk that is read-only but SCSI and CD-ROM; libxl refuses others (libxl_dm.c). */
static bool emulates_readonly(const struct cairn_xlcfg *c, const struct cairn_xldisk *d)
{
	int last = strcmp(cairn_xlcfg_setting(c, "hdtype"), "ahci") == 0 ? 6 : 4;

	return c->type != CAIRN_DOMAIN_HVM || d->readwrite || d->cdrom || d->vdev[0] == 's' ||
	       cairn_xldisk_number(d->vdev) >= last;
}

/* Everything that libxl could be told about a disk and that is not one of struct cairn_xldisk. */
static bool is_simple(const libxl_device_disk *d)
{
	return d->format == LIBXL_DISK_FORMAT_RAW && !d->script && !d->direct_io_safe &&
	       (d->backend == LIBXL_DISK_BACKEND_UNKNOWN || d->backend == LIBXL_DISK_BACKEND_PHY) &&
	       d->specification != LIBXL_DISK_SPECIFICATION_VIRTIO && d->colo_enable.val == 0 &&
	       d->discard_enable.val == 0 && d->trusted.val == 0 && !d->colo_host && !d->colo_export &&
	       !d->active_disk && !d->hidden_disk && d->colo_port == 0;
}

static void take_disk(struct cairn_xlreader *r, struct cairn_xlcfg *c, const libxl_device_disk *from)
{
	struct cairn_xldisk *d = &c->disk[c->disk_count++];
	const char *backend = from->backend_domname ? from->backend_domname : "";

	if (strcmp(backend, "Domain-0") == 0)
		backend = "";
	d->readwrite = from->readwrite != 0;
	d->cdrom = from->is_cdrom != 0;
	if (!is_simple(from))
		cairn_xl_fail(
		    r, CAIRN_E_UNSUPPORTED, "disk",
		    "only target=, format=raw, vdev=, access=, devtype=, backend= and backendtype=phy "
		    "are accepted");
	if (!cairn_xl_copy(r, "disk", d->path, sizeof(d->path), from->pdev_path ? from->pdev_path : "") ||
	    !cairn_xl_copy(r, "disk", d->vdev, sizeof(d->vdev), from->vdev) ||
	    !cairn_xl_copy(r, "disk", d->backend, sizeof(d->backend), backend))
		return;
	if (!is_vdev(d->vdev))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "disk",
			      "vdev must be a whole disk: xvda to xvdz, hda to hdd or sda to sdp");
	if (d->backend[0] && !cairn_xl_is_name(d->backend))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "disk", "backend= must be the name of a domain");
	if (d->path[0] != '/')
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "disk", "target= must be an absolute path");
	if (!emulates_readonly(c, d))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "disk",
			      "an emulated disk that is read-only must be sda to sdp or devtype=cdrom");
	for (size_t i = 0; i + 1 < c->disk_count; i++)
		if (strcmp(c->disk[i].vdev, d->vdev) == 0)
			cairn_xl_fail(r, CAIRN_E_MALFORMED, "disk", "two of the same vdev");
}

static void read_disk(struct cairn_xlreader *r, struct cairn_xlcfg *c, const char *item)
{
	char text[CAIRN_XLCFG_PATH + 256];
	const char *spec = text;
	libxl_device_disk disk;

	if (!cairn_xl_copy(r, "disk", text, sizeof(text), item))
		return;
	libxl_device_disk_init(&disk);
	if (xlu_disk_parse(r->xlu, 1, &spec, &disk) != 0)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "disk", "xl's own parser rejects it");
	else
		take_disk(r, c, &disk);
	libxl_device_disk_dispose(&disk);
}

void cairn_xl_read_disks(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	XLU_ConfigList *list = NULL;
	int n = cairn_xl_get_list(r, "disk", &list, CAIRN_XLCFG_DISKS);

	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = cairn_xl_get_item(r, "disk", list, i);

		if (item)
			read_disk(r, c, item);
	}
}

void cairn_xldisk_text(struct cairn_buf *out, const struct cairn_xldisk *d)
{
	cairn_buf_add_fmt(out, "format=raw,vdev=%s,access=%s,devtype=%s", d->vdev, d->readwrite ? "rw" : "ro",
			  d->cdrom ? "cdrom" : "disk");
	if (d->backend[0])
		cairn_buf_add_fmt(out, ",backend=%s", d->backend);
}

/* ---- PCI ---------------------------------------------------------------------------------------------- */

/* [DDDD:]BB:DD.F and then a comma or the end: libxlutil's own reader looks behind what it did not find. */
static size_t bdf_length(const char *s)
{
	static const char shape[] = "hhhh:hh:hh.h";
	const char *want = s[2] == ':' ? shape + 5 : shape;
	size_t n = 0;

	for (; want[n]; n++)
		if (want[n] == 'h' ? !is_hex(s[n]) : s[n] != want[n])
			return 0;
	return s[n] == '\0' || s[n] == ',' ? n : 0;
}

static bool read_pci_flag(struct cairn_xlpci *p, const char *field)
{
	const char *const names[] = {"permissive=", "seize=", "msitranslate=", "power_mgmt="};
	bool *const flags[] = {&p->permissive, &p->seize, &p->msitranslate, &p->power_mgmt};

	for (size_t i = 0; i < 4; i++) {
		size_t n = strlen(names[i]);

		if (strncmp(field, names[i], n) != 0 || (field[n] != '0' && field[n] != '1') || field[n + 1])
			continue;
		*flags[i] = field[n] == '1';
		return true;
	}
	return false;
}

static void read_pci(struct cairn_xlreader *r, struct cairn_xlpci *p, const char *item)
{
	char text[128] = "", *rest;
	libxl_device_pci pci;

	if (!cairn_xl_copy(r, "pci", text, sizeof(text), item))
		return;
	size_t n = bdf_length(text);

	rest = text[n] == ',' ? text + n + 1 : NULL;
	text[n] = '\0';
	libxl_device_pci_init(&pci);
	if (n == 0 || xlu_pci_parse_bdf(r->xlu, &pci, text) != 0)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "pci", "expected [DDDD:]BB:DD.F of one function");
	else
		snprintf(p->bdf, sizeof(p->bdf), "%04x:%02x:%02x.%x", (unsigned)pci.domain & 0xffffu, pci.bus,
			 pci.dev & 0x1fu, pci.func & 7u);
	libxl_device_pci_dispose(&pci);
	while (rest && r->status == CAIRN_OK)
		if (!read_pci_flag(p, strsep(&rest, ",")))
			cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "pci",
				      "only permissive=, seize=, msitranslate= and power_mgmt= are accepted");
}

void cairn_xl_read_pci(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	const struct cairn_xlpci all = {
	    .permissive = cairn_xl_get_number(r, "pci_permissive", 0, 1, 0) == 1,
	    .seize = cairn_xl_get_number(r, "pci_seize", 0, 1, 0) == 1,
	    .msitranslate = cairn_xl_get_number(r, "pci_msitranslate", 0, 1, 0) == 1,
	    .power_mgmt = cairn_xl_get_number(r, "pci_power_mgmt", 0, 1, 0) == 1,
	};
	XLU_ConfigList *list = NULL;
	int n = cairn_xl_get_list(r, "pci", &list, CAIRN_XLCFG_PCI);

	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = cairn_xl_get_item(r, "pci", list, i);
		struct cairn_xlpci *p = &c->pci[c->pci_count++];

		*p = all;
		if (item)
			read_pci(r, p, item);
		for (size_t k = 0; k + 1 < c->pci_count; k++)
			if (strcmp(c->pci[k].bdf, p->bdf) == 0)
				cairn_xl_fail(r, CAIRN_E_MALFORMED, "pci", "the same device twice");
	}
}

void cairn_xlpci_text(struct cairn_buf *out, const struct cairn_xlpci *p)
{
	cairn_buf_add_fmt(out, "%s,permissive=%d,seize=%d,msitranslate=%d,power_mgmt=%d", p->bdf,
			  p->permissive, p->seize, p->msitranslate, p->power_mgmt);
}
