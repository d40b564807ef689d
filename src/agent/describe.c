/* The second step of a launch: its description, which is what is authorised, recorded and built. */
#include "agent/job.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* ---- settings: what is written for xl and has no member of its own in the record ---------------------- */

static void add_setting(struct cairn_job *j, const char *key, const char *value)
{
	size_t n = j->l.config_count;

	if (!value[0] || n == CAIRN_JOB_SETTINGS)
		return;
	snprintf(j->key[n], sizeof(j->key[n]), "%s", key);
	snprintf(j->value[n], sizeof(j->value[n]), "%s", value);
	j->l.config[n] = (struct cairn_pair){j->key[n], j->value[n]};
	j->l.config_count = n + 1;
}

static void add_number(struct cairn_job *j, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	if (value)
		add_setting(j, key, text);
}

/* A device, under its class and its number; it may be the text of nothing. */
static enum cairn_status add_device(struct cairn_job *j, const char *class, size_t i, struct cairn_buf *text)
{
	const char *value = cairn_buf_str(text);
	char key[32];

	if (!value)
		return CAIRN_E_NOMEM;
	snprintf(key, sizeof(key), "%s.%zu", class, i);
	add_setting(j, key, value[0] ? value : "default");
	return CAIRN_OK;
}

static void add_backend(struct cairn_job *j, const char *class, const char *name)
{
	j->l.backend[j->l.backend_count++] =
	    (struct cairn_backend_use){.class = class, .backend = name[0] ? name : "Domain-0"};
}

static enum cairn_status describe_vifs(struct cairn_job *j)
{
	enum cairn_status st = CAIRN_OK;

	for (size_t i = 0; i < j->cfg.vif_count && st == CAIRN_OK; i++) {
		cairn_auto_buf struct cairn_buf text = {0};

		cairn_vif_text(&text, &j->cfg.vif[i]);
		st = add_device(j, "vif", i, &text);
		add_backend(j, CAIRN_SERVES_VIF, j->cfg.vif[i].backend);
	}
	return st;
}

static enum cairn_status describe_settings(struct cairn_job *j)
{
	const struct cairn_xlcfg *c = &j->cfg;

	add_number(j, "memory", c->memory);
	add_number(j, "maxmem", c->maxmem);
	add_number(j, "vcpus", c->vcpus);
	add_number(j, "maxvcpus", c->maxvcpus);
	add_number(j, "driver_domain", c->driver_domain);
	add_setting(j, "bootloader", c->pygrub ? "pygrub" : "");
	add_setting(j, "tsc_mode", c->tsc_mode);
	add_setting(j, "on_poweroff", "destroy");
	add_setting(j, "on_reboot", "destroy");
	add_setting(j, "on_crash", "destroy");
	for (size_t i = 0; i < cairn_xlsetting_count(); i++)
		add_setting(j, cairn_xlsetting_name(i), c->setting[i]);
	if (c->type == CAIRN_DOMAIN_HVM)
		add_setting(j, "device_model_stubdomain_override", c->stubdomain ? "1" : "0");
	add_setting(j, "device_model_stubdomain_seclabel", c->stub_label);
	return describe_vifs(j);
}

/* ---- disks and PCI devices ---------------------------------------------------------------------------- */

static struct cairn_disk disk_of(const struct cairn_xldisk *c, const struct cairn_job_disk *d)
{
	struct cairn_disk out = {.vdev = c->vdev,
				 .backend = c->backend[0] ? c->backend : "Domain-0",
				 .kind = CAIRN_DISK_UNMEASURED,
				 .readwrite = c->readwrite,
				 .file = c->path};

	if (d->image.fd >= 0) {
		out.kind = CAIRN_DISK_IMAGE;
		out.digest = d->image.is.sha256;
		out.size = d->image.is.size;
	} else if (d->found.verity) {
		out.kind = CAIRN_DISK_VERITY;
		out.digest = d->found.root;
		out.size = d->found.size;
	}
	return out;
}

/* Of a disk that is not measured, the record says at least which it was. */
static enum cairn_status describe_disks(struct cairn_job *j)
{
	enum cairn_status st = CAIRN_OK;

	for (size_t i = 0; i < j->cfg.disk_count && st == CAIRN_OK; i++) {
		const struct cairn_xldisk *c = &j->cfg.disk[i];
		struct cairn_disk *d = &j->l.setup.disk[j->l.setup.disk_count++];
		cairn_auto_buf struct cairn_buf text = {0};

		*d = disk_of(c, &j->disk[i]);
		cairn_xldisk_text(&text, c);
		if (strcmp(d->kind, CAIRN_DISK_UNMEASURED) == 0)
			cairn_buf_add_fmt(&text, ",target=%s", c->path);
		st = add_device(j, "disk", i, &text);
		add_backend(j, CAIRN_SERVES_VBD, c->backend);
	}
	return st;
}

static enum cairn_status describe_pci(struct cairn_job *j)
{
	const struct cairn_hv *hv = &j->a->hv;

	for (size_t i = 0; i < j->cfg.pci_count; i++) {
		const struct cairn_xlpci *c = &j->cfg.pci[i];
		struct cairn_pci_device *p = &j->l.pci[i];
		cairn_auto_buf struct cairn_buf text = {0};
		enum cairn_status st = hv->ops->pci(hv->self, c->bdf, p);

		if (st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO)
			return st;
		if (st != CAIRN_OK) {
			cairn_reasons_add(j->reasons, CAIRN_R_PCI_NOT_ALLOWED, "pci", j->config, "", c->bdf,
					  st == CAIRN_E_NOTFOUND ? "there is no such PCI device"
								 : "the PCI device does not say what it is");
			return CAIRN_OK;
		}
		p->bdf = c->bdf;
		p->permissive = c->permissive;
		p->seize = c->seize;
		j->l.pci_count = i + 1;
		cairn_xlpci_text(&text, c);
		st = add_device(j, "pci", i, &text);
		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

/* ---- what runs for an hvm domain ---------------------------------------------------------------------- */

static void describe_files(struct cairn_job *j)
{
	struct cairn_setup *s = &j->l.setup;

	if (cairn_job_has(j, CAIRN_XLFILE_KERNEL)) {
		j->l.kernel = j->file[CAIRN_XLFILE_KERNEL].is;
		j->l.kernel_file = j->cfg.file[CAIRN_XLFILE_KERNEL];
	}
	j->l.has_ramdisk = cairn_job_has(j, CAIRN_XLFILE_RAMDISK);
	if (j->l.has_ramdisk) {
		j->l.ramdisk = j->file[CAIRN_XLFILE_RAMDISK].is;
		j->l.ramdisk_file = j->cfg.file[CAIRN_XLFILE_RAMDISK];
	}
	for (unsigned f = CAIRN_XLFILE_FIRMWARE; f < CAIRN_XLFILES; f++)
		if (cairn_job_has(j, f))
			s->component[s->component_count++] = (struct cairn_image){
			    .purpose = cairn_job_component(f), .is = j->file[f].is, .file = j->cfg.file[f]};
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static enum cairn_status describe_setup(struct cairn_job *j)
{
	const struct cairn_xlcfg *c = &j->cfg;
	struct cairn_setup *s = &j->l.setup;

	s->xsm = or_null(c->label);
	if (c->type != CAIRN_DOMAIN_HVM)
		return CAIRN_OK;
	if (c->stubdomain) {
		s->stubdomain_cmdline = or_null(c->stub_cmdline);
		s->inside_kernel = or_null(c->file[CAIRN_XLFILE_KERNEL]);
		s->inside_ramdisk = or_null(c->file[CAIRN_XLFILE_RAMDISK]);
	}
	cairn_xlcfg_dm_args(&j->dm_args, c);
	s->dm_args = cairn_buf_str(&j->dm_args);
	return s->dm_args ? CAIRN_OK : CAIRN_E_NOMEM;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static enum cairn_status make_uuid(char out[CAIRN_XLCFG_UUID])
{
	uint8_t u[16];

	if (getrandom(u, sizeof(u), 0) != (ssize_t)sizeof(u))
		return CAIRN_E_IO;
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40); /* RFC 4122, section 4.4: version 4 */
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (size_t i = 0, at = 0; i < 16; i++)
		at += (size_t)snprintf(out + at, CAIRN_XLCFG_UUID - at, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	return CAIRN_OK;
}

static void describe_roles(struct cairn_job *j)
{
	struct cairn_launch *l = &j->l;

	if (j->cfg.serves_vif)
		l->serve[l->serve_count++] = CAIRN_SERVES_VIF;
	if (j->cfg.serves_vbd)
		l->serve[l->serve_count++] = CAIRN_SERVES_VBD;
	if (j->cfg.serves_vif || (j->cfg.driver_domain && !j->cfg.serves_vbd))
		l->role[l->role_count++] = CAIRN_ROLE_NETWORK;
	if (j->cfg.serves_vbd)
		l->role[l->role_count++] = CAIRN_ROLE_BLOCK;
}

/* memory_mib and vcpus of the record are what the domain may grow to. */
enum cairn_status cairn_job_describe(struct cairn_job *j)
{
	static const char *const types[] = {CAIRN_TYPE_PV, CAIRN_TYPE_PVH, CAIRN_TYPE_HVM};
	struct cairn_xlcfg *c = &j->cfg;
	struct cairn_launch *l = &j->l;
	enum cairn_status st = c->uuid[0] ? CAIRN_OK : make_uuid(c->uuid);

	l->name = c->name;
	l->type = types[c->type];
	l->uuid = c->uuid;
	l->memory_mib = c->maxmem ? c->maxmem : c->memory;
	l->vcpus = c->maxvcpus ? c->maxvcpus : c->vcpus;
	l->cmdline = c->cmdline;
	l->restart = cairn_domains_launches(&j->a->domains, c->name);
	describe_files(j);
	describe_roles(j);
	if (st == CAIRN_OK)
		st = describe_settings(j);
	if (st == CAIRN_OK)
		st = describe_disks(j);
	if (st == CAIRN_OK)
		st = describe_pci(j);
	return st == CAIRN_OK ? describe_setup(j) : st;
}
