/* Frames on a stream that may be slow, may lie about lengths, and may end anywhere. */
#include "relay/channel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD 4 /* bytes of a frame's length */

int64_t cairn_channel_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the deadline at most; a wait that ends for nothing is the caller's to repeat. */
static enum cairn_status await(const struct cairn_channel *ch, bool write, int64_t deadline)
{
	struct pollfd p = {.fd = ch->ops->fd(ch->self), .events = ch->ops->events(write)};
	int64_t left = deadline - cairn_channel_now_ms();
	int n = left > 0 ? poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX) : 0;

	if (n < 0)
		return errno == EINTR ? CAIRN_OK : CAIRN_E_IO;
	if (n == 0)
		return left < INT_MAX ? CAIRN_E_TIMEOUT : CAIRN_OK;
	ch->ops->woken(ch->self);
	return CAIRN_OK;
}

static enum cairn_status send_all(const struct cairn_channel *ch, struct cairn_span s, int64_t deadline)
{
	while (s.len > 0) {
		ssize_t n = ch->ops->write(ch->self, s.ptr, s.len);
		enum cairn_status st = n < 0 ? CAIRN_E_NET : CAIRN_OK;

		if (n > 0)
			s = cairn_span(s.ptr + n, s.len - (size_t)n);
		else if (n == 0)
			st = await(ch, true, deadline);
		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

enum cairn_status cairn_channel_send(const struct cairn_channel *ch, struct cairn_span body, int64_t deadline)
{
	cairn_auto_buf struct cairn_buf head = {0};

	if (body.len > UINT32_MAX)
		return CAIRN_E_LIMIT;
	cairn_buf_add_u32be(&head, (uint32_t)body.len);
	enum cairn_status st = cairn_buf_status(&head);

	if (st == CAIRN_OK)
		st = send_all(ch, cairn_buf_span(&head), deadline);
	return st == CAIRN_OK ? send_all(ch, body, deadline) : st;
}

/* Exactly len more bytes into in. A stream that always has a byte and never the last one meets the deadline too. */
static enum cairn_status recv_exactly(const struct cairn_channel *ch, struct cairn_buf *in, size_t len,
				      int64_t deadline)
{
	uint8_t part[16384];
	enum cairn_status st = CAIRN_OK;

	while (len > 0 && st == CAIRN_OK) {
		ssize_t n = ch->ops->read(ch->self, part, len < sizeof(part) ? len : sizeof(part));

		if (n > 0) {
			cairn_buf_add(in, cairn_span(part, (size_t)n));
			len -= (size_t)n;
			if (len > 0 && cairn_channel_now_ms() >= deadline)
				st = CAIRN_E_TIMEOUT;
		} else {
			st = n < 0 ? CAIRN_E_TRUNCATED : await(ch, false, deadline);
		}
	}
	explicit_bzero(part, sizeof(part));
	return st == CAIRN_OK ? cairn_buf_status(in) : st;
}

enum cairn_status cairn_channel_recv(const struct cairn_channel *ch, struct cairn_buf *out, size_t max,
				     int64_t first, unsigned rest_ms)
{
	cairn_auto_buf struct cairn_buf head = {0};
	enum cairn_status st = recv_exactly(ch, &head, 1, first);
	int64_t deadline = cairn_channel_now_ms() + rest_ms;

	if (st == CAIRN_OK)
		st = recv_exactly(ch, &head, HEAD - 1, deadline);
	if (st != CAIRN_OK)
		return st;
	struct cairn_cur c = cairn_cur(cairn_buf_span(&head));
	uint32_t len = cairn_cur_u32be(&c);

	return len > max ? CAIRN_E_LIMIT : recv_exactly(ch, out, len, deadline);
}

/* ---- sockets ------------------------------------------------------------------------------------------ */

static ssize_t moved(ssize_t n)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

/* The end of a stream is -1 here, as there is nothing more to wait for. */
static ssize_t socket_read(void *self, void *out, size_t max)
{
	ssize_t n = recv(*(const int *)self, out, max, MSG_DONTWAIT);

	return n == 0 ? -1 : moved(n);
}

static ssize_t socket_write(void *self, const void *bytes, size_t len)
{
	return moved(send(*(const int *)self, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static int socket_fd(void *self)
{
	return *(const int *)self;
}

static short socket_events(bool write)
{
	return write ? POLLOUT : POLLIN;
}

static void socket_woken(void *self)
{
	(void)self;
}

struct cairn_channel cairn_channel_socket(int *fd)
{
	static const struct cairn_channel_ops ops = {socket_read, socket_write, socket_fd, socket_events,
						     socket_woken};

	return (struct cairn_channel){.ops = &ops, .self = fd};
}
