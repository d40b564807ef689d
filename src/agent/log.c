/* The launch log's file and its PCRs. The file lies in a directory that only root can write; that it was not
 * changed is known only from the TPM, so nothing in it is believed before it replays. */
#define _GNU_SOURCE
#include "agent/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the TPM's side ----------------------------------------------------------------------------------- */

static uint32_t mask_of(const struct cairn_agent_log *l)
{
	return 1u << l->pcrs.host | 1u << l->pcrs.launch | 1u << l->pcrs.phase;
}

static bool same_pcrs(const struct cairn_agent_log *l, const struct cairn_pcrs *want,
		      const struct cairn_pcrs *have)
{
	if (want->count != have->count)
		return false;
	for (size_t b = 0; b < want->count; b++) {
		const struct cairn_bank *h = cairn_pcrs_bank_const(have, want->bank[b].alg);

		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
			if (mask_of(l) & 1u << i &&
			    (!h || !cairn_digest_equal(&want->bank[b].pcr[i], &h->pcr[i])))
				return false;
	}
	return true;
}

enum cairn_status cairn_agent_log_settle(struct cairn_agent_log *l)
{
	struct cairn_pcrs now;

	if (l->state == CAIRN_LOG_DIVERGED)
		return CAIRN_E_DIVERGED;
	if (!l->pending)
		return CAIRN_OK;
	enum cairn_status st = cairn_tpm_pcrs_read(l->tpm, mask_of(l), &now);

	if (st != CAIRN_OK)
		return st;
	if (!same_pcrs(l, &l->replay, &now)) {
		if (!same_pcrs(l, &l->before, &now)) {
			l->state = CAIRN_LOG_DIVERGED;
			return CAIRN_E_DIVERGED;
		}
		st = cairn_tpm_pcr_extend(l->tpm, l->last_pcr, l->last, l->last_count);
		if (st != CAIRN_OK)
			return st;
	}
	l->pending = false;
	return CAIRN_OK;
}

enum cairn_status cairn_agent_log_condemn(struct cairn_agent_log *l, const char *reason)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(l->tpm);
	struct cairn_digest d[CAIRN_BANK_MAX];
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_violation(&record, reason);

	for (size_t i = 0; i < banks->count && st == CAIRN_OK; i++)
		st = cairn_hash(&d[i], banks->alg[i], cairn_buf_span(&record));
	if (st == CAIRN_OK)
		st = cairn_tpm_pcr_extend(l->tpm, l->pcrs.host, d, banks->count);
	l->state = CAIRN_LOG_DIVERGED;
	return st;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static enum cairn_status read_fd(int fd, struct cairn_buf *out)
{
	uint8_t part[16384];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, part, sizeof(part), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CAIRN_E_IO;
		if (n == 0)
			return cairn_buf_status(out);
		if ((uint64_t)at + (uint64_t)n > CAIRN_LOG_MAX)
			return CAIRN_E_LIMIT;
		cairn_buf_add(out, cairn_span(part, (size_t)n));
		at += n;
	}
}

enum cairn_status cairn_agent_log_text(const struct cairn_agent_log *l, struct cairn_buf *out)
{
	return read_fd(l->fd, out);
}

/* Makes e the last record, extended in the replay. */
static enum cairn_status take_entry(struct cairn_agent_log *l, const struct cairn_log_entry *e)
{
	enum cairn_status st = CAIRN_OK;

	l->before = l->replay;
	l->last_pcr = e->pcr;
	l->last_count = e->digest_count;
	for (size_t i = 0; i < e->digest_count && st == CAIRN_OK; i++) {
		l->last[i] = e->digest[i];
		st = cairn_pcrs_extend(&l->replay, e->pcr, &e->digest[i]);
	}
	if (st == CAIRN_OK && e->type == CAIRN_RECORD_BOOT)
		st = cairn_json_get_hex(l->boot_id, sizeof(l->boot_id), e->object, "boot_id");
	l->records = e->recnum + 1;
	return st;
}

/* Reads what the file holds. CAIRN_E_TRUNCATED: a torn last line starts at *end. */
static enum cairn_status take_all(struct cairn_agent_log *l, struct cairn_span text, cairn_log_seen *seen,
				  void *self, size_t *end)
{
	struct cairn_log_reader r;
	enum cairn_status st = CAIRN_OK;

	cairn_log_reader_init(&r, text, &l->pcrs);
	r.may_lack = true;
	while (st == CAIRN_OK) {
		struct cairn_log_entry e = {0};

		st = cairn_log_next(&r, &e);
		if (st != CAIRN_OK)
			break;
		st = take_entry(l, &e);
		if (st == CAIRN_OK && seen && !e.dropped)
			st = seen(self, &e);
		cairn_log_entry_fini(&e);
	}
	*end = r.off;
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static enum cairn_status open_file(struct cairn_agent_log *l, const char *path)
{
	struct stat is;

	l->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (l->fd < 0)
		return errno == ENOSPC ? CAIRN_E_NOSPACE : CAIRN_E_IO;
	if (fstat(l->fd, &is) != 0 || !S_ISREG(is.st_mode))
		return CAIRN_E_UNSUPPORTED;
	if (flock(l->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? CAIRN_E_EXISTS : CAIRN_E_IO;
	return CAIRN_OK;
}

/* Keeps the torn bytes beside the log and cuts them off. */
static enum cairn_status move_tail(struct cairn_agent_log *l, const char *path, struct cairn_span tail,
				   struct cairn_buf *notice)
{
	char aside[512];
	int fd = -1;

	for (unsigned n = 1; n < 1000 && fd < 0; n++) {
		snprintf(aside, sizeof(aside), "%s.torn-%u", path, n);
		fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno != EEXIST)
			return CAIRN_E_IO;
	}
	if (fd < 0)
		return CAIRN_E_IO;
	ssize_t n = write(fd, tail.ptr, tail.len);
	bool kept = n == (ssize_t)tail.len && fsync(fd) == 0;

	close(fd);
	if (!kept || ftruncate(l->fd, (off_t)l->size) != 0 || fsync(l->fd) != 0)
		return CAIRN_E_IO;
	cairn_buf_add_fmt(notice, "the last line of %s was torn by a crash; its %zu bytes are now in %s. ",
			  path, tail.len, aside);
	return CAIRN_OK;
}

static enum cairn_status judge(struct cairn_agent_log *l, struct cairn_buf *notice)
{
	bool was_written = l->records > 0;
	struct cairn_pcrs now;
	enum cairn_status st = cairn_tpm_pcrs_read(l->tpm, mask_of(l), &now);

	if (st != CAIRN_OK)
		return st;
	if (!was_written) {
		l->pending = false;
		l->state = same_pcrs(l, &l->replay, &now) ? CAIRN_LOG_EMPTY : CAIRN_LOG_FOREIGN;
		return CAIRN_OK;
	}
	bool complete = same_pcrs(l, &l->replay, &now);

	st = cairn_agent_log_settle(l);
	if (st == CAIRN_E_DIVERGED)
		return CAIRN_OK;
	if (st == CAIRN_OK && !complete)
		cairn_buf_add_fmt(notice,
				  "record %llu was written but not extended before a crash; it is now. ",
				  (unsigned long long)l->records - 1);
	l->state = st == CAIRN_OK ? CAIRN_LOG_GOOD : l->state;
	return st;
}

static enum cairn_status load(struct cairn_agent_log *l, const char *path, cairn_log_seen *seen, void *self,
			      struct cairn_buf *notice)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(l->tpm);
	cairn_auto_buf struct cairn_buf text = {0};
	size_t end = 0;
	enum cairn_status st = read_fd(l->fd, &text);

	if (st == CAIRN_OK)
		st = cairn_pcrs_init(&l->replay, banks->alg, banks->count);
	if (st != CAIRN_OK)
		return st;
	l->before = l->replay;
	l->pending = true;
	l->state = CAIRN_LOG_GOOD;
	st = take_all(l, cairn_buf_span(&text), seen, self, &end);
	l->size = end;
	if (st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO)
		return st;
	if (st != CAIRN_OK && st != CAIRN_E_TRUNCATED) {
		cairn_buf_add_fmt(notice, "the launch log is not one from byte %zu on (%s). ", end,
				  cairn_status_text(st));
		l->state = CAIRN_LOG_DIVERGED;
		return CAIRN_OK;
	}
	bool torn = st == CAIRN_E_TRUNCATED;

	st = judge(l, notice);
	if (st == CAIRN_OK && torn && l->state != CAIRN_LOG_DIVERGED)
		st = move_tail(l, path, cairn_span(text.ptr + end, text.len - end), notice);
	return st;
}

enum cairn_status cairn_agent_log_open(struct cairn_agent_log *out, const char *path, struct cairn_tpm *tpm,
				       const struct cairn_pcr_numbers *pcrs, cairn_log_seen *seen, void *self,
				       struct cairn_buf *notice)
{
	struct cairn_agent_log l = {.tpm = tpm, .fd = -1, .pcrs = *pcrs};
	enum cairn_status st = open_file(&l, path);

	if (st == CAIRN_OK)
		st = load(&l, path, seen, self, notice);
	if (st == CAIRN_OK)
		*out = l;
	else
		cairn_agent_log_close(&l);
	return st;
}

void cairn_agent_log_close(struct cairn_agent_log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* ---- appending ---------------------------------------------------------------------------------------- */

/* All or nothing. If not even "nothing" can be had, the log has diverged. */
static enum cairn_status write_line(struct cairn_agent_log *l, struct cairn_span line)
{
	ssize_t n = write(l->fd, line.ptr, line.len);
	int e = errno;

	if (n == (ssize_t)line.len && fsync(l->fd) == 0) {
		l->size += line.len;
		return CAIRN_OK;
	}
	if (n >= 0)
		e = n == (ssize_t)line.len ? errno : ENOSPC;
	if (ftruncate(l->fd, (off_t)l->size) != 0)
		l->state = CAIRN_LOG_DIVERGED;
	return e == ENOSPC || e == EDQUOT ? CAIRN_E_NOSPACE : CAIRN_E_IO;
}

enum cairn_status cairn_agent_log_append(struct cairn_agent_log *l, struct cairn_span record,
					 uint64_t *recnum)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(l->tpm);
	cairn_auto_buf struct cairn_buf line = {0};
	cairn_auto_log_entry struct cairn_log_entry e = {0};
	enum cairn_status st = cairn_agent_log_settle(l);
	struct cairn_agent_log next = *l;

	if (recnum)
		*recnum = CAIRN_NO_RECORD;
	if (st == CAIRN_OK)
		st = cairn_log_line_build(&line, l->records, &l->pcrs, record, banks->alg, banks->count);
	if (st == CAIRN_OK)
		st = cairn_log_line_parse(&e, cairn_span(line.ptr, line.len - 1), &l->pcrs);
	if (st == CAIRN_OK && l->size + line.len > CAIRN_LOG_MAX)
		st = CAIRN_E_LIMIT;
	if (st == CAIRN_OK)
		st = take_entry(&next, &e);
	if (st == CAIRN_OK)
		st = write_line(l, cairn_buf_span(&line));
	if (st != CAIRN_OK)
		return st;
	next.size = l->size;
	next.pending = true;
	if (next.state == CAIRN_LOG_EMPTY)
		next.state = CAIRN_LOG_GOOD;
	*l = next;
	if (recnum)
		*recnum = l->records - 1;
	st = cairn_tpm_pcr_extend(l->tpm, l->last_pcr, l->last, l->last_count);
	if (st == CAIRN_OK)
		l->pending = false;
	return st;
}
