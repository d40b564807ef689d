/* One pass over a file: read, write to a memfd, hash what is in there; then seal the memfd. The file is not trusted: it
 * may be a pipe, grow, shrink or change under the reader. What ends up sealed is what was hashed in every case: nothing
 * else is hashed, and nobody else has the memfd before it is sealed. A change of the file is refused all the same,
 * since then the bytes are those of no version of it. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS, sched_getaffinity */
#include "agent/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/lanes.h"
#include "xen/hv.h"

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

/* What the owner of the lanes leaves to be hashed while there is more to be read: enough for helpers to go on with, and
 * little enough to be in the cache still when it is hashed here. */
#define BEHIND (2u * CAIRN_LANE_PIECE)

/* A file on its way. */
struct pass {
	struct cairn_stage *stage;
	struct cairn_lane *lane;
	struct stat before;
	uint64_t size; /* read so far */
	int from;
	bool ended; /* well or not */
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

/* The next piece, until the end of the file, or one byte more than it had when it was opened. */
static enum cairn_status pass_piece(struct pass *p, struct cairn_lanes *l, uint8_t *piece)
{
	uint64_t expected = (uint64_t)p->before.st_size;
	ssize_t n = read(p->from, piece, CAIRN_LANE_PIECE);

	if (n < 0)
		return errno == EINTR ? CAIRN_OK : CAIRN_E_IO;
	if (n == 0) {
		p->ended = true;
		return p->size == expected ? CAIRN_OK : CAIRN_E_CHANGED;
	}
	if ((uint64_t)n > expected - p->size)
		return CAIRN_E_CHANGED;
	p->size += (uint64_t)n;
	enum cairn_status st = write_all(p->stage->staged.fd, cairn_span(piece, (size_t)n));

	if (st == CAIRN_OK)
		cairn_lane_fill(l, p->lane, (size_t)n);
	return st;
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

static enum cairn_status seal(int fd)
{
	const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	return fcntl(fd, F_ADD_SEALS, all) == 0 && fcntl(fd, F_GET_SEALS) == all ? CAIRN_OK : CAIRN_E_IO;
}

/* ---- the files of one call ---------------------------------------------------------------------------------------- */

static void fail(struct pass *p, enum cairn_status st)
{
	p->stage->error = errno;
	p->stage->status = st;
	p->ended = true;
}

static enum cairn_status pass_stat(struct pass *p)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	p->from = open(p->stage->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p->from < 0)
		return errno == ENOENT || errno == ENOTDIR ? CAIRN_E_NOTFOUND : CAIRN_E_IO;
	if (fstat(p->from, &p->before) != 0)
		return CAIRN_E_IO;
	if (!S_ISREG(p->before.st_mode))
		return CAIRN_E_UNSUPPORTED;
	if (p->before.st_size <= 0)
		return CAIRN_E_TRUNCATED;
	return (uint64_t)p->before.st_size > p->stage->max ? CAIRN_E_LIMIT : CAIRN_OK;
}

static enum cairn_status pass_open(struct pass *p, struct cairn_lanes *l)
{
	enum cairn_status st = pass_stat(p);

	if (st != CAIRN_OK)
		return st;
	p->stage->staged.public = (p->before.st_mode & S_IROTH) != 0;
	p->stage->staged.fd = memfd_create("cairn-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (p->stage->staged.fd < 0)
		return CAIRN_E_NOMEM;
	return cairn_lanes_add(l, &p->lane, p->stage->staged.fd, (uint64_t)p->before.st_size);
}

/* When all of it is hashed. */
static enum cairn_status pass_close(struct pass *p)
{
	struct stat after;
	enum cairn_status st = cairn_lane_take(p->lane, &p->stage->staged.is);

	if (st != CAIRN_OK)
		return st;
	if (fstat(p->from, &after) != 0)
		return CAIRN_E_IO;
	return same_file(&p->before, &after) ? seal(p->stage->staged.fd) : CAIRN_E_CHANGED;
}

/* A piece of each file of which there is more. False: there is of none. */
static bool read_some(struct pass *pass, size_t count, struct cairn_lanes *l)
{
	uint8_t piece[CAIRN_LANE_PIECE];
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		enum cairn_status st = pass[i].ended ? CAIRN_OK : pass_piece(&pass[i], l, piece);

		if (st != CAIRN_OK)
			fail(&pass[i], st);
		any |= !pass[i].ended;
	}
	return any;
}

/* For files of a single piece a thread takes longer to start than there is work for it. */
static unsigned helpers(const struct pass *pass, size_t count)
{
	cpu_set_t cores;
	bool large = false;

	for (size_t i = 0; i < count; i++)
		large |= !pass[i].ended && pass[i].before.st_size > CAIRN_LANE_PIECE;
	if (!large || sched_getaffinity(0, sizeof(cores), &cores) != 0)
		return 0;
	return (unsigned)CPU_COUNT(&cores) - 1;
}

/* Calls tick when it is time to. */
static void meanwhile(const struct cairn_stage_tick *tick, int64_t *last_ms)
{
	if (!tick->fn || cairn_boot_ms() - *last_ms < tick->every_ms)
		return;
	tick->fn(tick->context);
	*last_ms = cairn_boot_ms();
}

static void hash_all(struct pass *pass, size_t count, struct cairn_lanes *l,
		     const struct cairn_stage_tick *tick)
{
	int64_t last_ms = cairn_boot_ms();

	while (cairn_lanes_work(l, BEHIND) || read_some(pass, count, l))
		meanwhile(tick, &last_ms);
	while (!cairn_lanes_finish(l, tick->fn ? tick->every_ms : 60000))
		meanwhile(tick, &last_ms);
}

static void stage_some(struct cairn_stage *files, size_t count, const struct cairn_stage_tick *tick)
{
	struct pass pass[CAIRN_LANES_MAX];
	struct cairn_lanes lanes;

	cairn_lanes_init(&lanes);
	for (size_t i = 0; i < count; i++) {
		pass[i] = (struct pass){.stage = &files[i], .from = -1};
		files[i].status = CAIRN_OK;
		cairn_staged_init(&files[i].staged);
		enum cairn_status st = pass_open(&pass[i], &lanes);

		if (st != CAIRN_OK)
			fail(&pass[i], st);
	}
	cairn_lanes_start(&lanes, helpers(pass, count));
	hash_all(pass, count, &lanes, tick);
	for (size_t i = 0; i < count; i++) {
		enum cairn_status st = files[i].status ? CAIRN_OK : pass_close(&pass[i]);

		if (st != CAIRN_OK)
			fail(&pass[i], st);
		if (files[i].status != CAIRN_OK)
			cairn_staged_fini(&files[i].staged);
		if (pass[i].from >= 0)
			close(pass[i].from);
	}
	cairn_lanes_fini(&lanes);
}

void cairn_stage_files(struct cairn_stage *files, size_t count)
{
	for (size_t done = 0; done < count; done += CAIRN_LANES_MAX)
		stage_some(files + done, count - done < CAIRN_LANES_MAX ? count - done : CAIRN_LANES_MAX,
			   &files[0].tick);
}

enum cairn_status cairn_stage_file(struct cairn_staged *out, const char *path, uint64_t max)
{
	struct cairn_stage one = {.path = path, .max = max};

	cairn_stage_files(&one, 1);
	if (one.status == CAIRN_OK)
		*out = one.staged;
	errno = one.error;
	return one.status;
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
