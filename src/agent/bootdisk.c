/* A domain that boots from its own disk: pygrub, as nobody, says what that is, and from then on it is measured like any
 * other kernel. What it came from and what was read of it need not be believed: what counts is what was copied. */
#include "agent/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* pygrub has two files in memory, and cairnd a copy of each: half of what there is. */
static unsigned limit_mib(const struct cairn_job *j)
{
	const struct cairn_hv *hv = &j->a->hv;
	uint64_t have = 0, most = j->a->conf->max_image_mib;

	if (hv->ops->memory(hv->self, &have) == CAIRN_OK && have >> 23 < most)
		most = have >> 23;
	return most ? (unsigned)most : 1;
}

/* The last line of what pygrub printed is why it ended. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	const char *line = strrchr(text, '\n');

	return line ? line + 1 : text;
}

static void refuse(struct cairn_job *j, enum cairn_status st, struct cairn_buf *words)
{
	char said[512] = "";
	const char *text = cairn_buf_str(words);

	snprintf(said, sizeof(said), "%s", text ? text : "");
	const char *line = last_line(said);

	switch (st) {
	case CAIRN_E_NOTFOUND:
		text = "pygrub is not where xl is: install it, or name a kernel in the place of a bootloader";
		break;
	case CAIRN_E_TIMEOUT:
		text = "pygrub was stopped: it took too long";
		break;
	case CAIRN_E_UNSUPPORTED:
	case CAIRN_E_LIMIT:
		text = "the command line on the disk is too long, or has quotes, backslashes or control "
		       "characters";
		break;
	case CAIRN_E_XEN:
		text = "pygrub found nothing to boot";
		break;
	default:
		text = "pygrub does not say what it found";
	}
	cairn_reasons_addf(j->reasons, CAIRN_R_FILE_UNREADABLE, "disk", j->cfg.disk[0].path, "", "", "%s%s%s",
			   text, st == CAIRN_E_XEN && line[0] ? ": " : "", st == CAIRN_E_XEN ? line : "");
}

/* As pygrub would have put it, had it been given them: the words of the disk, then those of the configuration. */
static void take_args(struct cairn_job *j, const char *args)
{
	struct cairn_xlcfg *c = &j->cfg;
	char line[2 * CAIRN_XLCFG_CMDLINE];

	snprintf(line, sizeof(line), "%s%s%s", args, args[0] && c->cmdline[0] ? " " : "", c->cmdline);
	if (strlen(line) < sizeof(c->cmdline))
		memcpy(c->cmdline, line, strlen(line) + 1);
	else
		cairn_reasons_add(j->reasons, CAIRN_R_CONFIG_MALFORMED, "cmdline", j->config, "", "",
				  "together with that of the disk, the command line is too long");
}

/* The domain has the whole disk: nothing of it is a secret that it should not see. */
static enum cairn_status stage(struct cairn_job *j, enum cairn_xlfile f, int fd)
{
	const char *disk = j->cfg.disk[0].path;
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(j->cfg.file[f], sizeof(j->cfg.file[f]), "%s", disk);
	enum cairn_status st = cairn_job_stage(j, &j->file[f], path);

	j->file[f].public = true;
	return cairn_job_judge(j, st, errno, cairn_job_component(f), disk);
}

static enum cairn_status take(struct cairn_job *j, const struct cairn_hv_boot *b)
{
	enum cairn_status st = stage(j, CAIRN_XLFILE_KERNEL, b->kernel);

	if (st == CAIRN_OK && b->ramdisk >= 0)
		st = stage(j, CAIRN_XLFILE_RAMDISK, b->ramdisk);
	take_args(j, b->args);
	close(b->kernel);
	if (b->ramdisk >= 0)
		close(b->ramdisk);
	return st;
}

enum cairn_status cairn_job_collect_boot(struct cairn_job *j)
{
	const struct cairn_hv *hv = &j->a->hv;
	cairn_auto_buf struct cairn_buf words = {0};
	struct cairn_hv_boot found;
	int disk = -1;

	if (!j->cfg.pygrub)
		return CAIRN_OK;
	enum cairn_status st = cairn_job_open_disk(j, 0, &disk);

	if (st != CAIRN_OK)
		return cairn_job_judge(j, st, errno, "disk", j->cfg.disk[0].path);
	st = hv->ops->extract(hv->self, disk, limit_mib(j), &found, &words);
	close(disk);
	if (st == CAIRN_OK)
		return take(j, &found);
	if (st == CAIRN_E_NOMEM || st == CAIRN_E_IO || st == CAIRN_E_EXISTS)
		return st;
	refuse(j, st, &words);
	return CAIRN_OK;
}
