/* The socket: one poll loop, a frame in, a frame out. Root and the relay's user may connect, nobody else;
 * each request is judged by its own table entry (ops.c). A client that is slow or silent costs a slot and
 * nothing more. */
#define _GNU_SOURCE
#include "agent/agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define IDLE_MS	    30000
#define SWEEP_MS    500 /* at least; and at once when domains come or go */

struct client {
	int fd; /* -1: a free slot */
	struct cairn_peer peer;
	int64_t since; /* of the last byte, or of the answer */
	struct cairn_buf in, out;
	size_t sent; /* of out */
};

struct server {
	struct cairn_agent *a;
	int64_t swept; /* when the last sweep was */
	int listen_fd;
	uid_t relay_uid;
	struct client client[CLIENTS_MAX];
};

static void client_close(struct client *c)
{
	close(c->fd);
	cairn_buf_fini_wipe(&c->in);
	cairn_buf_fini_wipe(&c->out);
	*c = (struct client){.fd = -1};
}

/* ---- one client --------------------------------------------------------------------------------------- */

/* 0 until the whole length is there; more than the limit counts as UINT64_MAX. */
static uint64_t frame_size(const struct client *c)
{
	struct cairn_cur cur = cairn_cur(cairn_buf_span(&c->in));

	if (c->in.len < 4)
		return 0;
	uint64_t len = cairn_cur_u32be(&cur);

	return len > CAIRN_AGENT_REQUEST_MAX ? UINT64_MAX : len + 4;
}

static bool answer(struct server *s, struct client *c)
{
	cairn_auto_secret struct cairn_buf body = {0};
	struct cairn_span request = cairn_span(c->in.ptr + 4, c->in.len - 4);
	enum cairn_status st = cairn_agent_answer(s->a, &c->peer, request, &body);

	if (st != CAIRN_OK) {
		cairn_agent_say("no answer for uid %u: %s", (unsigned)c->peer.uid, cairn_status_text(st));
		return false;
	}
	cairn_buf_fini_wipe(&c->in);
	cairn_buf_add_u32be(&c->out, (uint32_t)body.len);
	cairn_buf_add(&c->out, cairn_buf_span(&body));
	c->sent = 0;
	c->since = cairn_boot_ms();
	return cairn_buf_status(&c->out) == CAIRN_OK;
}

/* False when the client is done with. Reads no byte behind the frame: the next one starts there. */
static bool client_read(struct server *s, struct client *c)
{
	uint8_t part[16384];
	uint64_t size = frame_size(c), want = size ? size - c->in.len : 4 - c->in.len;
	ssize_t n = recv(c->fd, part, want < sizeof(part) ? (size_t)want : sizeof(part), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->since = cairn_boot_ms();
	cairn_buf_add(&c->in, cairn_span(part, (size_t)n));
	explicit_bzero(part, sizeof(part));
	if (cairn_buf_status(&c->in) != CAIRN_OK || frame_size(c) == UINT64_MAX)
		return false;
	return c->in.len < 4 || c->in.len < frame_size(c) || answer(s, c);
}

static bool client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->out.ptr + c->sent, c->out.len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	c->since = cairn_boot_ms();
	if (c->sent == c->out.len)
		cairn_buf_fini_wipe(&c->out);
	return true;
}

static void client_turn(struct server *s, struct client *c, short events)
{
	bool keep = true;

	if (events & (POLLERR | POLLNVAL))
		keep = false;
	else if (c->out.len && events & POLLOUT)
		keep = client_write(c);
	else if (!c->out.len && events & (POLLIN | POLLHUP))
		keep = client_read(s, c);
	else if (events & POLLHUP)
		keep = false;
	if (!keep)
		client_close(c);
}

/* ---- connections -------------------------------------------------------------------------------------- */

static struct client *free_slot(struct server *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].fd < 0)
			return &s->client[i];
	return NULL;
}

/* The relay may not keep root out. */
static bool relay_has_enough(const struct server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		n += s->client[i].fd >= 0 && !s->client[i].peer.root;
	return n >= CLIENTS_MAX / 2;
}

static void accept_one(struct server *s)
{
	struct ucred who = {.uid = CAIRN_NOBODY};
	socklen_t len = sizeof(who);
	struct client *c = free_slot(s);
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0;
	struct cairn_peer peer = {.uid = who.uid,
				  .root = known && who.uid == geteuid(),
				  .relay = known && s->relay_uid != CAIRN_NOBODY && who.uid == s->relay_uid};

	if (!c || (!peer.root && (!peer.relay || relay_has_enough(s)))) {
		close(fd);
		return;
	}
	*c = (struct client){.fd = fd, .peer = peer, .since = cairn_boot_ms()};
}

static void drop_idle(struct server *s)
{
	int64_t now = cairn_boot_ms();

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].fd >= 0 && now - s->client[i].since > IDLE_MS)
			client_close(&s->client[i]);
}

static void sweep(struct server *s)
{
	cairn_agent_sweep(s->a);
	cairn_bootset_tick(s->a, cairn_boot_ms());
	cairn_restart_tick(s->a, cairn_boot_ms());
	drop_idle(s);
	s->swept = cairn_boot_ms();
}

static void turn(struct server *s, const sigset_t *during_wait)
{
	const struct cairn_hv *hv = &s->a->hv;
	struct pollfd p[2 + CLIENTS_MAX];
	const struct timespec tick = {.tv_nsec = 250 * 1000 * 1000};

	/* A full house is told to wait in the backlog, not turned away. */
	p[0] = (struct pollfd){.fd = free_slot(s) ? s->listen_fd : -1, .events = POLLIN};
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		p[1 + i] =
		    (struct pollfd){.fd = s->client[i].fd, .events = s->client[i].out.len ? POLLOUT : POLLIN};
	p[1 + CLIENTS_MAX] = (struct pollfd){.fd = hv->ops->watch(hv->self), .events = POLLIN};
	if (ppoll(p, 2 + CLIENTS_MAX, &tick, during_wait) < 0)
		return;
	if (p[1 + CLIENTS_MAX].revents) {
		hv->ops->heard(hv->self);
		s->a->heard = true;
		sweep(s);
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (p[1 + i].fd >= 0 && p[1 + i].revents)
			client_turn(s, &s->client[i], p[1 + i].revents);
	if (p[0].revents & POLLIN)
		accept_one(s);
}

enum cairn_status cairn_agent_serve(struct cairn_agent *a, int listen_fd, uid_t relay_uid,
				    const volatile int *running)
{
	struct server *s = calloc(1, sizeof(*s));
	sigset_t blocked, during_wait;

	if (!s)
		return CAIRN_E_NOMEM;
	s->a = a;
	s->listen_fd = listen_fd;
	s->relay_uid = relay_uid;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->client[i].fd = -1;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &during_wait);
	while (*running) {
		if (cairn_boot_ms() - s->swept >= SWEEP_MS)
			sweep(s);
		turn(s, &during_wait);
	}
	sigprocmask(SIG_SETMASK, &during_wait, NULL);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].fd >= 0)
			client_close(&s->client[i]);
	free(s);
	return CAIRN_OK;
}

/* ---- the socket file ---------------------------------------------------------------------------------- */

static enum cairn_status make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(dir))
		return CAIRN_E_USAGE;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return mkdir(dir, 0755) == 0 || errno == EEXIST ? CAIRN_OK : CAIRN_E_IO;
}

static enum cairn_status bind_socket(int fd, const char *path, gid_t gid)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		return CAIRN_E_USAGE;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return CAIRN_E_EXISTS;
	if (unlink(path) != 0 && errno != ENOENT)
		return CAIRN_E_IO;
	/* Nobody gets in between: the file is private until it belongs to whom it should. */
	mode_t old = umask(0177);
	int e = bind(fd, (const struct sockaddr *)&a, sizeof(a));

	umask(old);
	if (e != 0 || (gid != 0 && (chown(path, (uid_t)-1, gid) != 0 || chmod(path, 0660) != 0)))
		return CAIRN_E_IO;
	return listen(fd, 16) == 0 ? CAIRN_OK : CAIRN_E_IO;
}

enum cairn_status cairn_agent_listen(int *out, const char *path, gid_t gid, struct cairn_buf *why)
{
	enum cairn_status st = make_directory(path);
	int fd = st == CAIRN_OK ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;

	if (st == CAIRN_OK)
		st = fd < 0 ? CAIRN_E_IO : bind_socket(fd, path, gid);
	if (st == CAIRN_OK) {
		*out = fd;
		return CAIRN_OK;
	}
	if (st == CAIRN_E_EXISTS)
		cairn_buf_add_fmt(why, "another cairnd listens on %s", path);
	else
		cairn_buf_add_fmt(why, "cannot make the socket %s: %s", path,
				  st == CAIRN_E_IO ? strerror(errno) : cairn_status_text(st));
	if (fd >= 0)
		close(fd);
	return st;
}
