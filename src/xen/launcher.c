/* The launcher: a process that cairnd forks before it gives its privileges up, and that runs xl for it. It knows two
 * things to do, create and destroy, and builds their command lines itself; it runs pygrub as nobody, and no other program;
 * and it reads one table of device-mapper. What cairnd sends is numbers. It ends when cairnd does. */
#define _GNU_SOURCE
#include "xen/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xen/disk.h"
#include "xen/hv.h"
#include "xen/pygrub.h"

#define WORDS_MAX 4096
#define NAME	  "cairn-launcher" /* in lists of processes, where a name of cairnd's would be one too many */
#define TICK_MS	  250
#define GRACE_MS  5000 /* for the launcher to kill and to answer */

struct request {
	uint32_t job, number, timeout_s, limit_mib;
};

struct answer {
	uint32_t status, len;
	uint8_t words[WORDS_MAX];
};

/* ---- the launcher's side ------------------------------------------------------------------------------ */

struct worker {
	int fd;
	pid_t agent; /* whose files are given to xl */
	const char *xl;
};

static enum cairn_status create(const struct worker *w, const struct request *r, struct cairn_buf *words)
{
	char xl[256], path[64], verb[] = "create", quiet[] = "-q", paused[] = "-p", no_monitor[] = "-e";
	char *const argv[] = {xl, verb, quiet, paused, no_monitor, path, NULL};

	snprintf(xl, sizeof(xl), "%s", w->xl);
	snprintf(path, sizeof(path), "/proc/%d/fd/%u", (int)w->agent, r->number);
	return cairn_toolstack_run(argv, r->timeout_s, words);
}

static enum cairn_status destroy(const struct worker *w, const struct request *r, struct cairn_buf *words)
{
	char xl[256], verb[] = "destroy", id[16];
	char *const argv[] = {xl, verb, id, NULL};

	snprintf(xl, sizeof(xl), "%s", w->xl);
	snprintf(id, sizeof(id), "%u", r->number);
	return cairn_toolstack_run(argv, r->timeout_s, words);
}

static enum cairn_status mapped(const struct request *r, struct cairn_buf *words)
{
	struct cairn_hv_disk d;

	memset(&d, 0, sizeof(d));
	enum cairn_status st = cairn_disk_mapped(&d, r->number);

	if (st != CAIRN_OK)
		return st;
	cairn_buf_add(words, cairn_span(&d, sizeof(d)));
	return cairn_buf_status(words);
}

/* pygrub lies beside xl. */
static enum cairn_status extract(const struct worker *w, const struct request *r, struct cairn_buf *words,
				 int files[CAIRN_LAUNCHER_FILES])
{
	const char *slash = strrchr(w->xl, '/');
	char program[256], path[64];
	struct cairn_hv_boot found;

	snprintf(program, sizeof(program), "%.*spygrub", slash ? (int)(slash + 1 - w->xl) : 0, w->xl);
	snprintf(path, sizeof(path), "/proc/%d/fd/%u", (int)w->agent, r->number);
	int disk = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (disk < 0)
		return CAIRN_E_IO;
	enum cairn_status st = cairn_pygrub_run(&found, program, disk, r->limit_mib, r->timeout_s, words);

	close(disk);
	if (st != CAIRN_OK)
		return st;
	files[0] = found.kernel;
	files[1] = found.ramdisk;
	words->len = 0;
	cairn_buf_add_str(words, found.args);
	return CAIRN_OK;
}

static enum cairn_status work(const struct worker *w, const struct request *r, struct cairn_buf *words,
			      int files[CAIRN_LAUNCHER_FILES])
{
	switch (r->job) {
	case CAIRN_LAUNCHER_CREATE:
		return create(w, r, words);
	case CAIRN_LAUNCHER_DESTROY:
		return destroy(w, r, words);
	case CAIRN_LAUNCHER_MAPPED:
		return mapped(r, words);
	case CAIRN_LAUNCHER_EXTRACT:
		return extract(w, r, words, files);
	default:
		return CAIRN_E_UNSUPPORTED;
	}
}

/* Room for the descriptors that go with an answer. */
union passed {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(CAIRN_LAUNCHER_FILES * sizeof(int))];
};

static bool send_answer(int fd, const struct answer *a, const int files[CAIRN_LAUNCHER_FILES])
{
	struct iovec whole = {.iov_base = (void *)(uintptr_t)a, .iov_len = sizeof(*a)};
	union passed p = {.bytes = {0}};
	struct msghdr m = {.msg_iov = &whole, .msg_iovlen = 1};
	size_t count = 0;

	while (count < CAIRN_LAUNCHER_FILES && files[count] >= 0)
		count++;
	if (count > 0) {
		m.msg_control = p.bytes;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		p.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&p.head), files, count * sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(*a);
}

static void close_files(int files[CAIRN_LAUNCHER_FILES])
{
	for (size_t i = 0; i < CAIRN_LAUNCHER_FILES; i++) {
		if (files[i] >= 0)
			close(files[i]);
		files[i] = -1;
	}
}

static bool serve_one(const struct worker *w)
{
	struct request r;
	struct answer a = {0};
	cairn_auto_buf struct cairn_buf words = {0};
	int files[CAIRN_LAUNCHER_FILES] = {-1, -1};

	if (recv(w->fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return false;
	a.status = (uint32_t)work(w, &r, &words, files);
	a.len = words.len < WORDS_MAX ? (uint32_t)words.len : WORDS_MAX;
	if (a.len)
		memcpy(a.words, words.ptr, a.len);
	bool sent = send_answer(w->fd, &a, files);

	close_files(files);
	return sent;
}

/* Nothing of cairnd's stays open here: not the TPM, not the launch log. */
static _Noreturn void run(int fd, const char *xl, pid_t agent)
{
	struct worker w = {.fd = fd, .agent = agent, .xl = xl};
	const int keep = 3;

	prctl(PR_SET_NAME, NAME);
	snprintf(program_invocation_name, strlen(program_invocation_name) + 1, NAME);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_IGN); /* cairnd may still have a domain to take down */
	signal(SIGINT, SIG_IGN);
	if (getppid() != agent || (fd != keep && dup2(fd, keep) != keep) ||
	    close_range(keep + 1, ~0u, 0) != 0)
		_exit(1);
	w.fd = keep;
	while (serve_one(&w))
		;
	_exit(0);
}

/* ---- cairnd's side ------------------------------------------------------------------------------------ */

enum cairn_status cairn_launcher_start(struct cairn_launcher *out, const char *xl)
{
	pid_t self = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return CAIRN_E_IO;
	pid_t pid = fork();

	if (pid == 0)
		run(pair[1], xl, self);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return CAIRN_E_IO;
	}
	*out = (struct cairn_launcher){.fd = pair[0], .pid = pid};
	return CAIRN_OK;
}

void cairn_launcher_stop(struct cairn_launcher *l)
{
	if (l->pid <= 0)
		return;
	close(l->fd);
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*l = (struct cairn_launcher){0};
}

/* Until the answer is there, cairnd goes on looking. */
static enum cairn_status wait_for(const struct cairn_launcher *l, int64_t deadline)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, TICK_MS);

		if (n > 0)
			return CAIRN_OK;
		if (n < 0 && errno != EINTR)
			return CAIRN_E_IO;
		if (cairn_boot_ms() >= deadline)
			return CAIRN_E_TIMEOUT;
		if (l->tick)
			l->tick(l->context);
	}
}

/* Descriptors beyond those that there is room for are closed by the kernel, and the answer counts for none. */
static bool take_answer(int fd, struct answer *a, int files[CAIRN_LAUNCHER_FILES])
{
	struct iovec whole = {.iov_base = a, .iov_len = sizeof(*a)};
	union passed p = {.bytes = {0}};
	struct msghdr m = {
	    .msg_iov = &whole, .msg_iovlen = 1, .msg_control = p.bytes, .msg_controllen = sizeof(p.bytes)};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len <= CMSG_LEN(CAIRN_LAUNCHER_FILES * sizeof(int)))
		memcpy(files, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return n == (ssize_t)sizeof(*a) && !(m.msg_flags & MSG_CTRUNC) && a->len <= WORDS_MAX;
}

/* An answer that comes too late would be taken for that to the next request: a launcher that does not answer is done
 * with. */
enum cairn_status cairn_launcher_ask_files(struct cairn_launcher *l, const struct cairn_launcher_ask *ask,
					   struct cairn_buf *words, int files[CAIRN_LAUNCHER_FILES])
{
	const struct request r = {
	    .job = ask->job, .number = ask->number, .timeout_s = ask->timeout_s, .limit_mib = ask->limit_mib};
	struct answer a;
	enum cairn_status st = CAIRN_E_XEN;

	for (size_t i = 0; i < CAIRN_LAUNCHER_FILES; i++)
		files[i] = -1;
	if (l->busy)
		return CAIRN_E_EXISTS;
	l->busy = true;
	if (send(l->fd, &r, sizeof(r), MSG_NOSIGNAL) == (ssize_t)sizeof(r))
		st = wait_for(l, cairn_boot_ms() + (int64_t)ask->timeout_s * 1000 + GRACE_MS);
	if (st == CAIRN_OK && !take_answer(l->fd, &a, files))
		st = CAIRN_E_XEN;
	l->busy = false;
	if (st != CAIRN_OK) {
		close_files(files);
		shutdown(l->fd, SHUT_RDWR);
		cairn_buf_add_str(words, "cairnd's launcher does not answer: restart cairnd");
		return st;
	}
	cairn_buf_add(words, cairn_span(a.words, a.len));
	return (enum cairn_status)a.status;
}

enum cairn_status cairn_launcher_ask(struct cairn_launcher *l, enum cairn_launcher_job job, uint32_t number,
				     unsigned timeout_s, struct cairn_buf *words)
{
	const struct cairn_launcher_ask ask = {.job = job, .number = number, .timeout_s = timeout_s};
	int files[CAIRN_LAUNCHER_FILES];
	enum cairn_status st = cairn_launcher_ask_files(l, &ask, words, files);

	close_files(files);
	return st;
}
