/* The client's side of cairn-verifier: HTTPS with JSON bodies, over libcurl.
 *
 * TLS 1.3 at least; the server must prove its name with a certificate of the given CA file and of no other; no proxy, no
 * redirect, no cookie. Every call has a deadline, and a body of at most CAIRN_CLIENT_BODY_MAX.
 */
#ifndef CAIRN_RELAY_HTTP_H
#define CAIRN_RELAY_HTTP_H

#include "cairn/json.h"

#define CAIRN_CLIENT_BODY_MAX (8u << 20) /* bytes of an answer */

struct cairn_client_options {
	const char *server;  /* "https://host[:port]", nothing behind it */
	const char *ca_file; /* PEM */
	const char *token;   /* bearer token, or NULL */
	unsigned timeout_ms; /* for a whole call; 0: 30 s */
};

struct cairn_client; /* keeps its connection alive between calls; for one thread */

/* The options are copied. On failure a sentence for the user is appended to why (may be NULL), here and below.
 * CAIRN_E_USAGE: not an https URL, no CA file. CAIRN_E_NOTFOUND: the CA file cannot be read. CAIRN_E_NOMEM. */
enum cairn_status cairn_client_new(struct cairn_client **out, const struct cairn_client_options *o,
				   struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_client_free(struct cairn_client *h);

/* One call. path starts with '/'; type is the body's media type; an empty body with method "GET" sends none.
 * CAIRN_OK: the server answered, *code is its HTTP status and the body is appended to out.
 * CAIRN_E_NET: no connection, or it broke. CAIRN_E_TIMEOUT. CAIRN_E_UNTRUSTED: its certificate does not verify.
 * CAIRN_E_LIMIT: the answer is too long. CAIRN_E_NOMEM. */
enum cairn_status cairn_client_call(struct cairn_buf *out, long *code, struct cairn_client *h,
				    const char *method, const char *path, const char *type,
				    struct cairn_span body, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* The same with JSON both ways; body may be NULL. *answer is a new reference to an object, whatever *code is.
 * Also CAIRN_E_MALFORMED: the answer is not JSON. */
enum cairn_status cairn_client_json(json_t **answer, long *code, struct cairn_client *h, const char *method,
				    const char *path, const json_t *body,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* What an HTTP status other than 2xx means: 401, 403 DENIED; 404 NOTFOUND; 409 EXISTS; 413 LIMIT; 400, 405, 415, 422
 * MALFORMED; 429 and 5xx NET (try again); others UNSUPPORTED. Appends the server's own message, where the answer has
 * one ({"error":{"message":...}}), to why. CAIRN_OK for 2xx. */
enum cairn_status cairn_client_verdict(long code, const json_t *answer,
				       struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
