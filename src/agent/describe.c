/* The first steps of a launch: every byte that decides what runs, read once, and the description of it. */
#include "agent/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* ---- 1: the configuration and the files --------------------------------------------------------------- */

static const char *file_code(enum cairn_status st)
{
	switch (st) {
	case CAIRN_E_NOTFOUND:
		return CAIRN_R_FILE_MISSING;
	case CAIRN_E_TRUNCATED:
		return CAIRN_R_FILE_EMPTY;
	case CAIRN_E_CHANGED:
		return CAIRN_R_FILE_CHANGED;
	default:
		return CAIRN_R_FILE_UNREADABLE;
	}
}

static const char *file_text(enum cairn_status st, int err)
{
	switch (st) {
	case CAIRN_E_NOTFOUND:
		return "there is no such file";
	case CAIRN_E_TRUNCATED:
		return "the file is empty";
	case CAIRN_E_CHANGED:
		return "the file changed while it was copied; launch again when nobody writes to it";
	case CAIRN_E_UNSUPPORTED:
		return "not a regular file";
	case CAIRN_E_LIMIT:
		return "the file is larger than cairnd accepts (max_image_mib)";
	case CAIRN_E_IO:
		return strerror(err);
	default:
		return cairn_status_text(st);
	}
}

/* A bad file is a reason; running out of memory is an error. */
static enum cairn_status judge_file(struct cairn_job *j, enum cairn_status st, int err, const char *component,
				    const char *path)
{
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO)
		return st;
	cairn_reasons_add(j->reasons, file_code(st), component, path, "", "", file_text(st, err));
	return CAIRN_OK;
}

static enum cairn_status read_config(struct cairn_job *j)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf what = {0};
	enum cairn_status st = cairn_stage_read(&text, j->config, CAIRN_XLCFG_MAX);

	if (st != CAIRN_OK)
		return judge_file(j, st, errno, "config", j->config);
	st = cairn_xlcfg_parse(&j->cfg, cairn_buf_span(&text), &what);
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM)
		return st;
	cairn_reasons_add(j->reasons,
			  st == CAIRN_E_UNSUPPORTED ? CAIRN_R_CONFIG_UNSUPPORTED : CAIRN_R_CONFIG_MALFORMED,
			  "config", j->config, "", "", cairn_buf_str(&what));
	return CAIRN_OK;
}

static enum cairn_status stage(struct cairn_job *j, struct cairn_staged *s, const char *component,
			       const char *path)
{
	enum cairn_status st = cairn_stage_file(s, path, j->a->conf->max_image_mib << 20);

	return judge_file(j, st, errno, component, path);
}

enum cairn_status cairn_job_collect(struct cairn_job *j)
{
	enum cairn_status st = read_config(j);

	if (st == CAIRN_OK && j->reasons->count == 0)
		st = stage(j, &j->kernel, "kernel", j->cfg.file[CAIRN_XLFILE_KERNEL]);
	if (st == CAIRN_OK && j->cfg.file[CAIRN_XLFILE_RAMDISK][0] && j->kernel.fd >= 0)
		st = stage(j, &j->ramdisk, "ramdisk", j->cfg.file[CAIRN_XLFILE_RAMDISK]);
	return st;
}

/* ---- 2: the description ------------------------------------------------------------------------------- */

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

static enum cairn_status add_vif(struct cairn_job *j, size_t i)
{
	const struct cairn_vif *v = &j->cfg.vif[i];
	cairn_auto_buf struct cairn_buf text = {0};
	char key[32];

	cairn_vif_text(&text, v);
	const char *value = cairn_buf_str(&text);

	if (!value)
		return CAIRN_E_NOMEM;
	snprintf(key, sizeof(key), "vif.%zu", i);
	add_setting(j, key, value[0] ? value : "default");
	j->l.backend[j->l.backend_count++] =
	    (struct cairn_backend_use){.class = "vif", .backend = v->backend[0] ? v->backend : "Domain-0"};
	return CAIRN_OK;
}

/* Every setting that is written for xl and has no member of its own in the record. */
static enum cairn_status describe_settings(struct cairn_job *j)
{
	const struct cairn_xlcfg *c = &j->cfg;
	enum cairn_status st = CAIRN_OK;

	add_number(j, "memory", c->memory);
	add_number(j, "maxmem", c->maxmem);
	add_number(j, "vcpus", c->vcpus);
	add_number(j, "maxvcpus", c->maxvcpus);
	add_number(j, "driver_domain", c->driver_domain);
	add_setting(j, "tsc_mode", c->tsc_mode);
	add_setting(j, "on_poweroff", "destroy");
	add_setting(j, "on_reboot", "destroy");
	add_setting(j, "on_crash", "destroy");
	for (size_t i = 0; i < c->vif_count && st == CAIRN_OK; i++)
		st = add_vif(j, i);
	return st;
}

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

/* memory_mib and vcpus of the record are what the domain may grow to. */
enum cairn_status cairn_job_describe(struct cairn_job *j)
{
	struct cairn_xlcfg *c = &j->cfg;
	struct cairn_launch *l = &j->l;
	enum cairn_status st = c->uuid[0] ? CAIRN_OK : make_uuid(c->uuid);

	l->name = c->name;
	l->type = c->type == CAIRN_DOMAIN_PVH ? CAIRN_TYPE_PVH : CAIRN_TYPE_PV;
	l->uuid = c->uuid;
	l->memory_mib = c->maxmem ? c->maxmem : c->memory;
	l->vcpus = c->maxvcpus ? c->maxvcpus : c->vcpus;
	l->cmdline = c->cmdline;
	l->kernel = j->kernel.is;
	l->kernel_file = c->file[CAIRN_XLFILE_KERNEL];
	l->has_ramdisk = c->file[CAIRN_XLFILE_RAMDISK][0] != '\0';
	if (l->has_ramdisk) {
		l->ramdisk = j->ramdisk.is;
		l->ramdisk_file = c->file[CAIRN_XLFILE_RAMDISK];
	}
	l->restart = cairn_domains_launches(&j->a->domains, c->name);
	return st == CAIRN_OK ? describe_settings(j) : st;
}
