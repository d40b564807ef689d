/* The HTTPS front of cairn-verifier: TLS 1.3, requests in, responses out.
 *
 * Trusts nothing that comes in. It bounds the size of headers and bodies, the number of connections, and the
 * time a connection may take from its start, or from its last answer, to its next complete request; a slow
 * client is cut off and never holds up another. What is not HTTP, and bodies over the largest limit of all,
 * are answered by libevent itself (400, 413); everything else goes to the one function that the server was
 * made with.
 */
#ifndef CAIRN_ATTEST_HTTP_H
#define CAIRN_ATTEST_HTTP_H

#include <event2/event.h>

#include "cairn/json.h"

#define CAIRN_HTTP_BODY_MAX ((size_t)4 * 1024 * 1024) /* bytes of the largest body that is read at all */

struct cairn_request {
	const char *method;	   /* "GET" */
	const char *path;	   /* as sent, without the query */
	const char *authorization; /* the header's value, or NULL */
	const char *encoding;	   /* of Content-Encoding, or NULL */
	const char *peer;	   /* address of the client */
	struct cairn_span body;
};

struct cairn_response {
	int code;
	const char *type;  /* Content-Type; static text */
	const char *allow; /* of 405; static text, or NULL */
	struct cairn_buf body;
};

/* Answers one request. The response comes as code 500 and an empty body, and is freed by the caller. */
typedef void cairn_http_serve(void *ctx, const struct cairn_request *req, struct cairn_response *resp);

struct cairn_http_options {
	const char *host;	/* numeric address */
	uint16_t port;		/* 0: any free one */
	const char *cert, *key; /* PEM files */
	unsigned idle_s;	/* seconds that a connection may take to its next complete request */
	size_t connections_max; /* one more, and the connection that was silent longest is cut off */
};

struct cairn_http;
/* Binds and listens; the options are not kept. CAIRN_E_CRYPTO (certificate or key), CAIRN_E_IO (address). */
enum cairn_status cairn_http_new(struct cairn_http **out, struct event_base *base,
				 const struct cairn_http_options *opt, cairn_http_serve *serve,
				 void *ctx) CAIRN_MUST_CHECK;
uint16_t cairn_http_port(const struct cairn_http *h);
void cairn_http_free(struct cairn_http *h);

/* Makes v the body; takes the reference. NULL (out of memory) leaves code 500. */
void cairn_response_json(struct cairn_response *resp, int code, json_t *v);
/* {"error":{"code":...,"message":...}} */
void cairn_response_error(struct cairn_response *resp, int code, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
