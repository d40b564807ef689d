/* The client's side of cairnd's socket: one request, one answer. */
#ifndef CAIRN_RELAY_AGENT_CLIENT_H
#define CAIRN_RELAY_AGENT_CLIENT_H

#include "cairn/agent.h"
#include "cairn/json.h"
#include "relay/channel.h"

/* Connects to path (NULL: CAIRN_AGENT_SOCKET), sends the request, waits for its answer, at most timeout_ms in
 * all. CAIRN_OK: *answer is a new reference to whatever cairnd said, a refusal included (see
 * cairn_agent_verdict). Otherwise a sentence for the user is appended to why (may be NULL): CAIRN_E_NET
 * cairnd is not running, or broke off CAIRN_E_DENIED    the socket may not be opened by this user
 *   CAIRN_E_TIMEOUT   no answer in time
 *   CAIRN_E_LIMIT, CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED, CAIRN_E_NOMEM */
enum cairn_status cairn_agent_call(json_t **answer, const char *path, const json_t *request,
				   unsigned timeout_ms, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* The same over a channel that is open, and that stays open: a relay in another domain has one for all requests. After a
 * failure it is out of step, and to be closed. */
enum cairn_status cairn_agent_call_over(json_t **answer, const struct cairn_channel *ch,
					const json_t *request, unsigned timeout_ms,
					struct cairn_buf *why) CAIRN_MUST_CHECK;
/* For who passes requests on: the bytes as they are, both ways, unparsed. The answer's are appended. */
enum cairn_status cairn_agent_pass(struct cairn_buf *answer, const char *path, struct cairn_span request,
				   unsigned timeout_ms, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* CAIRN_OK if the answer says so; else the status that it names (CAIRN_E_INTERNAL for an unknown name), with
 * its error text appended to why (may be NULL). */
enum cairn_status cairn_agent_verdict(const json_t *answer, struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
