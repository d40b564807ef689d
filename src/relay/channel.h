/* A stream of bytes to another process or domain, and the frames of cairnd's socket on it (cairn/agent.h).
 *
 * The other side is trusted with nothing: every wait has a deadline, every length a limit, and what a frame holds is not
 * looked at. After any status but CAIRN_OK the stream is out of step, and of no more use.
 */
#ifndef CAIRN_RELAY_CHANNEL_H
#define CAIRN_RELAY_CHANNEL_H

#include <sys/types.h>

#include "cairn/bytes.h"

struct cairn_channel_ops {
	/* Never wait. Bytes that were moved; 0: none now; -1: the other side is gone, or the stream broke. */
	ssize_t (*read)(void *self, void *out, size_t max);
	ssize_t (*write)(void *self, const void *bytes, size_t len);
	int (*fd)(void *self);	     /* to poll */
	short (*events)(bool write); /* what for, where a read or a write found nothing to do */
	void (*woken)(void *self);   /* fd was ready */
};

struct cairn_channel {
	const struct cairn_channel_ops *ops;
	void *self;
};

/* Over a stream socket, which stays the caller's. fd is borrowed as long as the channel is used. */
struct cairn_channel cairn_channel_socket(int *fd);

int64_t cairn_channel_now_ms(void);	/* since some moment; deadlines are counted in it */
#define CAIRN_CHANNEL_PATIENT INT64_MAX /* a deadline that never comes */

/* One frame out, of the bytes of body, by the deadline. CAIRN_E_TIMEOUT, CAIRN_E_NET, CAIRN_E_IO. */
enum cairn_status cairn_channel_send(const struct cairn_channel *ch, struct cairn_span body,
				     int64_t deadline) CAIRN_MUST_CHECK;
/* One frame in: its body is appended to out. Its first byte must be there by `first`, and then all of it within rest_ms.
 * CAIRN_E_LIMIT: it says that it is longer than max; none of it is read. CAIRN_E_TRUNCATED: the other side ended, in a
 * frame or (out is as it was) before one. Also CAIRN_E_TIMEOUT, CAIRN_E_IO, CAIRN_E_NOMEM. */
enum cairn_status cairn_channel_recv(const struct cairn_channel *ch, struct cairn_buf *out, size_t max,
				     int64_t first, unsigned rest_ms) CAIRN_MUST_CHECK;

#endif
