/* One pass over a file: read, hash with both algorithms, write to a memfd; then seal the memfd. The file is
 * not trusted: it may be a pipe, grow, shrink or change under the reader. What ends up sealed is what was
 * hashed in every case; a change is refused all the same, since then the bytes are those of no version of the
 * file. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS */
#include "agent/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256u * 1024)

void cairn_staged_init(struct cairn_staged *s)
{
	*s = (struct cairn_staged){.fd = -1};
}

void cairn_staged_fini(struct cairn_staged *s)
{
	if (s->fd >= 0)
		close(s->fd);
	cairn_staged_init(s);
}

struct pass {
	struct cairn_component_hasher *hasher;
	uint8_t chunk[CHUNK];
};

static enum cairn_status write_all(int fd, struct cairn_span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC || errno == ENOMEM ? CAIRN_E_NOMEM : CAIRN_E_IO;
		s = cairn_span(s.ptr + n, s.len - (size_t)n);
	}
	return CAIRN_OK;
}

static enum cairn_status pass_chunk(struct pass *p, int to, struct cairn_span s)
{
	enum cairn_status st = cairn_component_hasher_add(p->hasher, s);

	return st == CAIRN_OK ? write_all(to, s) : st;
}

/* Until the end of the file, or one byte more than it had when it was opened. */
static enum cairn_status pass_run(struct pass *p, int from, int to, uint64_t expected)
{
	for (;;) {
		uint64_t size = cairn_component_hasher_size(p->hasher);
		ssize_t n = read(from, p->chunk, sizeof(p->chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CAIRN_E_IO;
		if (n == 0)
			return size == expected ? CAIRN_OK : CAIRN_E_CHANGED;
		if ((uint64_t)n > expected - size)
			return CAIRN_E_CHANGED;
		enum cairn_status st = pass_chunk(p, to, cairn_span(p->chunk, (size_t)n));

		if (st != CAIRN_OK)
			return st;
	}
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

static enum cairn_status copy(struct cairn_component *out, int from, int to, uint64_t size)
{
	struct pass *p = calloc(1, sizeof(*p));
	enum cairn_status st = p ? cairn_component_hasher_new(&p->hasher) : CAIRN_E_NOMEM;

	if (st == CAIRN_OK)
		st = pass_run(p, from, to, size);
	if (st == CAIRN_OK)
		st = cairn_component_hasher_take(p->hasher, out);
	if (p)
		cairn_component_hasher_free(p->hasher);
	free(p);
	return st;
}

static enum cairn_status seal(int fd)
{
	const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	return fcntl(fd, F_ADD_SEALS, all) == 0 && fcntl(fd, F_GET_SEALS) == all ? CAIRN_OK : CAIRN_E_IO;
}

static enum cairn_status stage_fd(struct cairn_staged *s, int from, uint64_t max)
{
	struct stat before, after;

	if (fstat(from, &before) != 0)
		return CAIRN_E_IO;
	if (!S_ISREG(before.st_mode))
		return CAIRN_E_UNSUPPORTED;
	if (before.st_size <= 0)
		return CAIRN_E_TRUNCATED;
	if ((uint64_t)before.st_size > max)
		return CAIRN_E_LIMIT;
	s->public = (before.st_mode & S_IROTH) != 0;
	s->fd = memfd_create("cairn-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->fd < 0)
		return CAIRN_E_NOMEM;
	enum cairn_status st = copy(&s->is, from, s->fd, (uint64_t)before.st_size);

	if (st != CAIRN_OK)
		return st;
	if (fstat(from, &after) != 0)
		return CAIRN_E_IO;
	return same_file(&before, &after) ? seal(s->fd) : CAIRN_E_CHANGED;
}

enum cairn_status cairn_stage_file(struct cairn_staged *out, const char *path, uint64_t max)
{
	struct cairn_staged s;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (from < 0)
		return errno == ENOENT || errno == ENOTDIR ? CAIRN_E_NOTFOUND : CAIRN_E_IO;
	cairn_staged_init(&s);
	enum cairn_status st = stage_fd(&s, from, max);
	int e = errno;

	close(from);
	if (st == CAIRN_OK)
		*out = s;
	else
		cairn_staged_fini(&s);
	errno = e;
	return st;
}

enum cairn_status cairn_stage_read(struct cairn_buf *out, const char *path, uint64_t max)
{
	struct cairn_staged s;
	uint8_t part[16384];
	ssize_t n = 0;

	cairn_staged_init(&s);
	enum cairn_status st = cairn_stage_file(&s, path, max);

	if (st != CAIRN_OK)
		return st;
	for (off_t at = 0; (n = pread(s.fd, part, sizeof(part), at)) > 0; at += n)
		cairn_buf_add(out, cairn_span(part, (size_t)n));
	cairn_staged_fini(&s);
	return n < 0 ? CAIRN_E_IO : cairn_buf_status(out);
}
