/* The client's side of cairnd's socket. It trusts nothing that comes back further than its syntax. */
#include "relay/agent_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_S 30

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

static enum cairn_status open_socket(int *out, const char *path, struct cairn_buf *why)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = CONNECT_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return CAIRN_E_IO;
	*out = fd;
	/* For connect, which waits while cairnd's backlog is full. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
		return CAIRN_E_IO;
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

/* What a person is told of an exchange that failed. */
static void explain(struct cairn_buf *why, enum cairn_status st)
{
	if (st != CAIRN_OK && why)
		cairn_buf_add_fmt(why, "cairnd gave no usable answer: %s%s", cairn_status_text(st),
				  st == CAIRN_E_TRUNCATED ? " (it closed the connection)" : "");
}

static enum cairn_status exchange(struct cairn_buf *answer, const struct cairn_channel *ch,
				  struct cairn_span request, unsigned timeout_ms)
{
	int64_t deadline = cairn_channel_now_ms() + timeout_ms;

	if (request.len > CAIRN_AGENT_REQUEST_MAX)
		return CAIRN_E_LIMIT;
	enum cairn_status st = cairn_channel_send(ch, request, deadline);

	if (st == CAIRN_OK)
		st = cairn_channel_recv(ch, answer, CAIRN_AGENT_ANSWER_MAX, deadline, timeout_ms);
	return st;
}

enum cairn_status cairn_agent_call_over(json_t **answer, const struct cairn_channel *ch,
					const json_t *request, unsigned timeout_ms, struct cairn_buf *why)
{
	cairn_auto_secret struct cairn_buf out = {0};
	cairn_auto_secret struct cairn_buf in = {0};
	enum cairn_status st = cairn_json_dump(&out, request);

	if (st != CAIRN_OK)
		return st;
	st = exchange(&in, ch, cairn_buf_span(&out), timeout_ms);
	if (st == CAIRN_OK)
		st = cairn_json_parse(answer, cairn_buf_span(&in));
	explain(why, st);
	return st == CAIRN_E_TRUNCATED ? CAIRN_E_NET : st;
}

enum cairn_status cairn_agent_call(json_t **answer, const char *path, const json_t *request,
				   unsigned timeout_ms, struct cairn_buf *why)
{
	auto_fd int fd = -1;
	enum cairn_status st = open_socket(&fd, path ? path : CAIRN_AGENT_SOCKET, why);

	if (st != CAIRN_OK)
		return st;
	const struct cairn_channel ch = cairn_channel_socket(&fd);

	return cairn_agent_call_over(answer, &ch, request, timeout_ms, why);
}

enum cairn_status cairn_agent_pass(struct cairn_buf *answer, const char *path, struct cairn_span request,
				   unsigned timeout_ms, struct cairn_buf *why)
{
	auto_fd int fd = -1;
	enum cairn_status st = open_socket(&fd, path, why);

	if (st != CAIRN_OK)
		return st;
	const struct cairn_channel ch = cairn_channel_socket(&fd);

	st = exchange(answer, &ch, request, timeout_ms);
	explain(why, st);
	return st;
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
