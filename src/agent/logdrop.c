/* The launch log without bodies that somebody else keeps. The new file takes the place of the old one at once, so that a crash
 * leaves one of the two; both replay to the same PCRs. */
#define _GNU_SOURCE
#include "agent/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_LEN 512

struct dropping {
	const struct cairn_agent_log *log;
	uint64_t records;
	const struct cairn_digest *launch;
	cairn_log_keep *keep;
	const void *self;
	struct cairn_buf text; /* the new log */
	uint64_t dropped;
	struct cairn_pcrs pcrs; /* of SHA-256, after the lines so far */
};

static enum cairn_status extend(struct dropping *d, const struct cairn_log_entry *e)
{
	for (size_t i = 0; i < e->digest_count; i++)
		if (e->digest[i].alg == CAIRN_ALG_SHA256)
			return cairn_pcrs_extend(&d->pcrs, e->pcr, &e->digest[i]);
	return CAIRN_E_INTERNAL;
}

static enum cairn_status take_line(struct dropping *d, const struct cairn_log_entry *e,
				   struct cairn_span line)
{
	enum cairn_status st = extend(d, e);
	bool drop = e->recnum < d->records && !e->dropped && !d->keep(d->self, e);

	if (st == CAIRN_OK && drop)
		st = cairn_log_line_drop(&d->text, e);
	else
		cairn_buf_add(&d->text, line);
	d->dropped += drop;
	if (st == CAIRN_OK && e->recnum + 1 == d->records &&
	    !cairn_digest_equal(&d->pcrs.bank[0].pcr[d->log->pcrs.launch], d->launch))
		st = CAIRN_E_MISMATCH;
	return st == CAIRN_OK ? cairn_buf_status(&d->text) : st;
}

static enum cairn_status rewrite(struct dropping *d, struct cairn_span old)
{
	static const enum cairn_alg bank[] = {CAIRN_ALG_SHA256};
	struct cairn_log_reader r;
	enum cairn_status st = cairn_pcrs_init(&d->pcrs, bank, 1);

	cairn_log_reader_init(&r, old, &d->log->pcrs);
	r.may_lack = true;
	while (st == CAIRN_OK) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		size_t from = r.off;

		st = cairn_log_next(&r, &e);
		if (st == CAIRN_OK)
			st = take_line(d, &e, cairn_span(old.ptr + from, r.off - from));
	}
	if (st != CAIRN_E_NOTFOUND)
		return st;
	return r.recnum >= d->records ? CAIRN_OK : CAIRN_E_MISMATCH;
}

/* Locked before anybody can find it under the name of the log. */
static enum cairn_status write_new(int *out, const char *path, struct cairn_span text)
{
	char fresh[PATH_LEN];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path);

	if (n < 0 || n >= PATH_LEN)
		return CAIRN_E_LIMIT;
	int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0)
		return CAIRN_E_IO;
	ssize_t written = write(fd, text.ptr, text.len);

	if (written == (ssize_t)text.len && flock(fd, LOCK_EX | LOCK_NB) == 0 && fsync(fd) == 0 &&
	    rename(fresh, path) == 0) {
		*out = fd;
		return CAIRN_OK;
	}
	bool full = written >= 0 && written != (ssize_t)text.len;

	unlink(fresh);
	close(fd);
	return full ? CAIRN_E_NOSPACE : CAIRN_E_IO;
}

enum cairn_status cairn_agent_log_drop(struct cairn_agent_log *l, const char *path, uint64_t records,
				       const struct cairn_digest *launch, cairn_log_keep *keep,
				       const void *self, uint64_t *dropped)
{
	struct dropping d = {.log = l, .records = records, .launch = launch, .keep = keep, .self = self};
	cairn_auto_buf struct cairn_buf old = {0};
	int fd = -1;
	enum cairn_status st = cairn_agent_log_text(l, &old);

	if (st == CAIRN_OK)
		st = rewrite(&d, cairn_buf_span(&old));
	if (st == CAIRN_OK && d.dropped > 0)
		st = write_new(&fd, path, cairn_buf_span(&d.text));
	if (st == CAIRN_OK && d.dropped > 0) {
		close(l->fd);
		l->fd = fd;
		l->size = d.text.len;
	}
	if (st == CAIRN_OK)
		*dropped = d.dropped;
	cairn_buf_fini(&d.text);
	return st;
}
