/* The first step of a launch: every byte that decides what runs, read once, into memory that nobody can change. */
#include "agent/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_MS 250

void cairn_job_init(struct cairn_job *j)
{
	for (size_t i = 0; i < CAIRN_XLFILES; i++)
		cairn_staged_init(&j->file[i]);
	for (size_t i = 0; i < CAIRN_XLCFG_DISKS; i++) {
		cairn_staged_init(&j->disk[i].image);
		j->disk[i].fd = -1;
	}
}

/* ---- reasons ------------------------------------------------------------------------------------------ */

const char *cairn_job_component(enum cairn_xlfile f)
{
	static const char *const names[CAIRN_XLFILES] = {
	    [CAIRN_XLFILE_KERNEL] = "kernel",
	    [CAIRN_XLFILE_RAMDISK] = "ramdisk",
	    [CAIRN_XLFILE_FIRMWARE] = CAIRN_FIRMWARE,
	    [CAIRN_XLFILE_BIOS] = CAIRN_BIOS,
	    [CAIRN_XLFILE_DEVICE_MODEL] = CAIRN_DEVICE_MODEL,
	    [CAIRN_XLFILE_STUB_KERNEL] = CAIRN_STUBDOMAIN_KERNEL,
	    [CAIRN_XLFILE_STUB_RAMDISK] = CAIRN_STUBDOMAIN_RAMDISK,
	};

	return names[f];
}

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

static const char *limit_text(const char *component)
{
	if (strcmp(component, "config") == 0)
		return "a configuration of a domain has at most 64 KiB";
	if (strcmp(component, "disk") == 0)
		return "the image is larger than cairnd takes into memory (max_image_mib): put it on a "
		       "dm-verity "
		       "device, which has no limit";
	return "the file is larger than cairnd accepts (max_image_mib)";
}

static const char *file_text(enum cairn_status st, int err, const char *component)
{
	switch (st) {
	case CAIRN_E_NOTFOUND:
		return "there is no such file";
	case CAIRN_E_TRUNCATED:
		return "the file is empty";
	case CAIRN_E_CHANGED:
		return "the file changed while it was copied; launch again when nobody writes to it";
	case CAIRN_E_UNSUPPORTED:
		return strcmp(component, "disk") == 0
			   ? "a disk is a regular file, or a block device; one of dm-verity with SHA-256 "
			     "that checks every block of it at each read"
			   : "not a regular file";
	case CAIRN_E_LIMIT:
		return limit_text(component);
	case CAIRN_E_IO:
		return strerror(err);
	default:
		return cairn_status_text(st);
	}
}

enum cairn_status cairn_job_judge(struct cairn_job *j, enum cairn_status st, int err, const char *component,
				  const char *path)
{
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO)
		return st;
	cairn_reasons_add(j->reasons, file_code(st), component, path, "", "", file_text(st, err, component));
	return CAIRN_OK;
}

/* ---- the configuration and the files ------------------------------------------------------------------ */

static enum cairn_status read_config(struct cairn_job *j)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf what = {0};
	enum cairn_status st = cairn_stage_read(&text, j->config, CAIRN_XLCFG_MAX);

	if (st != CAIRN_OK)
		return cairn_job_judge(j, st, errno, "config", j->config);
	st = cairn_xlcfg_parse(&j->cfg, cairn_buf_span(&text), &what);
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM)
		return st;
	cairn_reasons_add(j->reasons,
			  st == CAIRN_E_UNSUPPORTED ? CAIRN_R_CONFIG_UNSUPPORTED : CAIRN_R_CONFIG_MALFORMED,
			  "config", j->config, "", "", cairn_buf_str(&what));
	return CAIRN_OK;
}

bool cairn_job_has(const struct cairn_job *j, enum cairn_xlfile f)
{
	bool inside = j->cfg.stubdomain && (f == CAIRN_XLFILE_KERNEL || f == CAIRN_XLFILE_RAMDISK);

	return j->cfg.file[f][0] && !inside;
}

static uint64_t size_of(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISREG(s.st_mode) && s.st_size > 0 ? (uint64_t)s.st_size : 0;
}

/* Sizes are looked at and not trusted: what does not fit in the end fails, but for an honest configuration dom0 should
 * not run out of memory first. */
static void check_memory(struct cairn_job *j)
{
	const struct cairn_hv *hv = &j->a->hv;
	uint64_t need = 0, have = 0;
	char text[192];

	for (unsigned f = 0; f < CAIRN_XLFILES; f++)
		need += cairn_job_has(j, f) ? size_of(j->cfg.file[f]) : 0;
	for (size_t i = 0; i < j->cfg.disk_count; i++)
		need += !j->cfg.disk[i].readwrite && !j->cfg.disk[i].backend[0] ? size_of(j->cfg.disk[i].path)
										: 0;
	if (hv->ops->memory(hv->self, &have) != CAIRN_OK || need <= have)
		return;
	snprintf(text, sizeof(text),
		 "the images need %llu MiB of memory and dom0 has %llu: give it more, or put disks on "
		 "dm-verity devices",
		 (unsigned long long)(need >> 20), (unsigned long long)(have >> 20));
	cairn_reasons_add(j->reasons, CAIRN_R_FILE_UNREADABLE, "config", j->config, "", "", text);
}

static uint64_t max_of(const struct cairn_job *j)
{
	return j->a->conf->max_image_mib << 20;
}

/* What takes long to hash is no time in which cairnd does not look. */
static struct cairn_stage_tick tick_of(const struct cairn_job *j)
{
	return (struct cairn_stage_tick){cairn_agent_meanwhile, j->a, LOOK_MS};
}

enum cairn_status cairn_job_stage(struct cairn_job *j, struct cairn_staged *out, const char *path)
{
	struct cairn_stage one = {.path = path, .max = max_of(j), .tick = tick_of(j)};

	cairn_stage_files(&one, 1);
	if (one.status == CAIRN_OK)
		*out = one.staged;
	errno = one.error;
	return one.status;
}

/* All side by side; each that is bad is told of. */
static enum cairn_status stage_files(struct cairn_job *j)
{
	struct cairn_stage all[CAIRN_XLFILES];
	enum cairn_xlfile which[CAIRN_XLFILES];
	enum cairn_status st = CAIRN_OK;
	size_t count = 0;

	for (unsigned f = 0; f < CAIRN_XLFILES; f++) {
		if (!cairn_job_has(j, f))
			continue;
		which[count] = f;
		all[count++] = (struct cairn_stage){.path = j->cfg.file[f], .max = max_of(j)};
	}
	all[0].tick = tick_of(j);
	cairn_stage_files(all, count);
	for (size_t i = 0; i < count; i++) {
		enum cairn_status judged = cairn_job_judge(j, all[i].status, all[i].error,
							   cairn_job_component(which[i]), all[i].path);

		j->file[which[i]] = all[i].staged;
		st = st ? st : judged;
	}
	return st;
}

enum cairn_status cairn_job_collect(struct cairn_job *j)
{
	enum cairn_status st = read_config(j);

	if (st == CAIRN_OK && j->reasons->count == 0)
		check_memory(j);
	if (st == CAIRN_OK && j->reasons->count == 0)
		st = stage_files(j);
	if (st == CAIRN_OK && j->reasons->count == 0)
		st = cairn_job_collect_disks(j);
	if (st == CAIRN_OK && j->reasons->count == 0)
		st = cairn_job_collect_boot(j);
	return st;
}

void cairn_job_fini(struct cairn_job *j)
{
	for (size_t i = 0; i < CAIRN_XLFILES; i++)
		cairn_staged_fini(&j->file[i]);
	cairn_job_give_disks(j, NULL);
	cairn_buf_fini(&j->dm_args);
	if (j->manifests.item) {
		cairn_manifests_fini(&j->a->known);
		j->a->known = j->manifests;
	}
}
