/* The way of a relay that runs in another domain: frames come over a channel, and each goes to cairnd's socket over a
 * connection of its own. What is in them is cairnd's to judge, which knows this process as the relay's user. */
#ifndef CAIRN_VCHAN_BRIDGE_H
#define CAIRN_VCHAN_BRIDGE_H

#include "relay/channel.h"

struct cairn_bridge {
	const char *socket;  /* cairnd's */
	unsigned request_ms; /* from a request's first byte to its last */
	unsigned answer_ms;  /* for cairnd to answer */
	unsigned take_ms;    /* for the other side to take the answer */
	unsigned rest_ms;    /* after each request at least; at most REST_MAX_MS */
};

/* Serves one request after the other until the other side ends, breaks the rules, or is too slow. Never CAIRN_OK, and
 * always with a sentence in why. CAIRN_E_TRUNCATED: it ended. Where cairnd cannot be asked, the answer says so, and it
 * goes on. After each request it rests for as long as cairnd took, so that the other side has half of cairnd's time at most. */
enum cairn_status cairn_bridge_serve(const struct cairn_bridge *b, const struct cairn_channel *ch,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;

/* For good: no system call but those that serving takes. CAIRN_E_IO, with a sentence in why. */
enum cairn_status cairn_bridge_confine(struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
