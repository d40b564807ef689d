/* The client's side of cairnd's socket. It trusts nothing that comes back further than its syntax. */
#include "relay/agent_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define auto_fd __attribute__((cleanup(close_fd)))

static void say(struct cairn_buf *why, const char *text)
{
	if (why)
		cairn_buf_add_str(why, text);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until fd is ready for events, or deadline. */
static enum cairn_status await(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return CAIRN_OK;
		if (n == 0)
			return CAIRN_E_TIMEOUT;
		if (errno != EINTR)
			return CAIRN_E_IO;
	}
}

static enum cairn_status send_all(int fd, struct cairn_span s, int64_t deadline)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			s = cairn_span(s.ptr + n, s.len - (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return CAIRN_E_NET;
		enum cairn_status st = await(fd, POLLOUT, deadline);

		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

/* Exactly len more bytes into in. */
static enum cairn_status recv_exactly(int fd, struct cairn_buf *in, size_t len, int64_t deadline)
{
	uint8_t part[16384];

	while (len > 0) {
		enum cairn_status st = await(fd, POLLIN, deadline);

		if (st != CAIRN_OK)
			return st;
		ssize_t n = recv(fd, part, len < sizeof(part) ? len : sizeof(part), MSG_DONTWAIT);

		if (n == 0)
			return CAIRN_E_TRUNCATED;
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return CAIRN_E_NET;
		cairn_buf_add(in, cairn_span(part, (size_t)n));
		len -= (size_t)n;
	}
	return cairn_buf_status(in);
}

static enum cairn_status recv_answer(json_t **answer, int fd, int64_t deadline)
{
	cairn_auto_secret struct cairn_buf in = {0};
	enum cairn_status st = recv_exactly(fd, &in, 4, deadline);

	if (st != CAIRN_OK)
		return st;
	struct cairn_cur c = cairn_cur(cairn_buf_span(&in));
	uint32_t len = cairn_cur_u32be(&c);

	if (len > CAIRN_AGENT_ANSWER_MAX)
		return CAIRN_E_LIMIT;
	in.len = 0;
	st = recv_exactly(fd, &in, len, deadline);
	return st == CAIRN_OK ? cairn_json_parse(answer, cairn_buf_span(&in)) : st;
}

static enum cairn_status open_socket(int *out, const char *path, struct cairn_buf *why)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return CAIRN_E_IO;
	*out = fd;
	if (strlen(path) >= sizeof(a.sun_path)) {
		say(why, "the path of cairnd's socket is too long");
		return CAIRN_E_USAGE;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return CAIRN_OK;
	int e = errno;

	if (why)
		cairn_buf_add_fmt(why, "cannot reach cairnd at %s: %s%s", path, strerror(e),
				  e == EACCES ? " (run this as root)" : "; is cairnd running on this host?");
	return e == EACCES || e == EPERM ? CAIRN_E_DENIED : CAIRN_E_NET;
}

static enum cairn_status exchange(json_t **answer, int fd, const json_t *request, int64_t deadline)
{
	cairn_auto_secret struct cairn_buf body = {0};
	cairn_auto_secret struct cairn_buf frame = {0};
	enum cairn_status st = cairn_json_dump(&body, request);

	if (st != CAIRN_OK)
		return st;
	if (body.len > CAIRN_AGENT_REQUEST_MAX)
		return CAIRN_E_LIMIT;
	cairn_buf_add_u32be(&frame, (uint32_t)body.len);
	cairn_buf_add(&frame, cairn_buf_span(&body));
	st = cairn_buf_status(&frame);
	if (st == CAIRN_OK)
		st = send_all(fd, cairn_buf_span(&frame), deadline);
	return st == CAIRN_OK ? recv_answer(answer, fd, deadline) : st;
}

enum cairn_status cairn_agent_call(json_t **answer, const char *path, const json_t *request,
				   unsigned timeout_ms, struct cairn_buf *why)
{
	auto_fd int fd = -1;
	enum cairn_status st = open_socket(&fd, path ? path : CAIRN_AGENT_SOCKET, why);

	if (st != CAIRN_OK)
		return st;
	st = exchange(answer, fd, request, now_ms() + timeout_ms);
	if (st != CAIRN_OK && why)
		cairn_buf_add_fmt(why, "cairnd gave no usable answer: %s%s", cairn_status_text(st),
				  st == CAIRN_E_TRUNCATED ? " (it closed the connection)" : "");
	return st == CAIRN_E_TRUNCATED ? CAIRN_E_NET : st;
}

static enum cairn_status status_by_name(const char *name)
{
	for (enum cairn_status s = CAIRN_OK; s < CAIRN_STATUS_COUNT; s++)
		if (strcmp(name, cairn_status_name(s)) == 0)
			return s;
	return CAIRN_E_INTERNAL;
}

enum cairn_status cairn_agent_verdict(const json_t *answer, struct cairn_buf *why)
{
	const json_t *ok = json_object_get(answer, "ok");
	const char *name = NULL, *error = NULL;

	if (json_is_true(ok))
		return CAIRN_OK;
	if (!json_is_false(ok) || cairn_json_get_str(&name, answer, "status") != CAIRN_OK ||
	    cairn_json_get_str(&error, answer, "error") != CAIRN_OK) {
		say(why, "cairnd's answer is not one that this program knows");
		return CAIRN_E_MALFORMED;
	}
	say(why, error);
	enum cairn_status s = status_by_name(name);

	return s == CAIRN_OK ? CAIRN_E_INTERNAL : s;
}
