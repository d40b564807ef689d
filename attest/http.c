/* libevent's HTTP server over OpenSSL, with a deadline for every connection.
 *
 * evhttp does not tell when a connection begins or ends, so the state of a connection hangs on its SSL
 * object: made in the bufferevent callback, freed when OpenSSL frees the session.
 */
#include "attest/http.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "attest/log.h"

#define HEADERS_MAX 16384

struct conn {
	TAILQ_ENTRY(conn) link; /* in the order of last activity, the most silent first */
	struct cairn_http *http;
	struct bufferevent *bev; /* owned by evhttp */
	struct event *deadline;
};

TAILQ_HEAD(conns, conn);

struct cairn_http {
	struct event_base *base;
	struct evhttp *evhttp;
	SSL_CTX *tls;
	int ex_index; /* of struct conn in an SSL object */
	unsigned idle_s;
	size_t count, max;
	struct conns conns;
	uint16_t port;
	cairn_http_serve *serve;
	void *ctx;
};

/* ---- connections
 * ------------------------------------------------------------------------------------------------ */

static void conn_cut(struct conn *c)
{
	evutil_socket_t fd = bufferevent_getfd(c->bev);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);	/* evhttp sees the end, and frees it */
	TAILQ_REMOVE(&c->http->conns, c, link); /* to the end, that the next one to be cut is another */
	TAILQ_INSERT_TAIL(&c->http->conns, c, link);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_cut(arg);
}

static void conn_touch(struct conn *c)
{
	struct timeval tv = {.tv_sec = (time_t)c->http->idle_s};
	evtimer_add(c->deadline, &tv);
	TAILQ_REMOVE(&c->http->conns, c, link);
	TAILQ_INSERT_TAIL(&c->http->conns, c, link);
}

static void conn_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	struct conn *c = ptr;
	if (!c)
		return;
	TAILQ_REMOVE(&c->http->conns, c, link);
	c->http->count--;
	event_free(c->deadline);
	free(c);
}

static struct conn *conn_new(struct cairn_http *h, SSL *ssl)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->http = h;
	c->deadline = evtimer_new(h->base, on_deadline, c);
	if (!c->deadline || SSL_set_ex_data(ssl, h->ex_index, c) != 1) {
		if (c->deadline)
			event_free(c->deadline);
		free(c);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&h->conns, c, link);
	h->count++;
	return c;
}

/* evhttp would serve plain text if this returned NULL, so running out of memory ends the server. */
static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
	struct cairn_http *h = arg;
	if (h->count >= h->max)
		conn_cut(TAILQ_FIRST(&h->conns));
	SSL *ssl = SSL_new(h->tls);
	struct conn *c = ssl ? conn_new(h, ssl) : NULL;
	if (c)
		c->bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
							BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!c || !c->bev) {
		cairn_log("out of memory for a connection: the server ends");
		abort();
	}
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	conn_touch(c);
	return c->bev;
}

/* ---- requests
 * --------------------------------------------------------------------------------------------------- */

static const char *method_name(enum evhttp_cmd_type t)
{
	switch (t) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	default:
		return "OTHER";
	}
}

static void send_response(struct evhttp_request *req, struct cairn_response *resp)
{
	struct evkeyvalq *head = evhttp_request_get_output_headers(req);
	evhttp_add_header(head, "Content-Type", resp->type);
	evhttp_add_header(head, "Cache-Control", "no-store");
	evhttp_add_header(head, "X-Content-Type-Options", "nosniff");
	if (resp->code == 401)
		evhttp_add_header(head, "WWW-Authenticate", "Bearer");
	if (resp->allow)
		evhttp_add_header(head, "Allow", resp->allow);
	struct evbuffer *out = evbuffer_new();
	if (out && !cairn_buf_status(&resp->body))
		evbuffer_add(out, resp->body.ptr, resp->body.len);
	evhttp_send_reply(req, resp->code, NULL, out);
	if (out)
		evbuffer_free(out);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct cairn_http *h = arg;
	struct evhttp_connection *conn = evhttp_request_get_connection(req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	conn_touch(SSL_get_ex_data(bufferevent_openssl_get_ssl(bev), h->ex_index));

	struct evkeyvalq *head = evhttp_request_get_input_headers(req);
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(in);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	char *peer = NULL;
	ev_uint16_t peer_port = 0;
	evhttp_connection_get_peer(conn, &peer, &peer_port);
	struct cairn_request r = {
	    .method = method_name(evhttp_request_get_command(req)),
	    .path = path ? path : "",
	    .authorization = evhttp_find_header(head, "Authorization"),
	    .encoding = evhttp_find_header(head, "Content-Encoding"),
	    .peer = peer ? peer : "",
	    .body = cairn_span(len ? evbuffer_pullup(in, -1) : NULL, len),
	};
	struct cairn_response resp = {.code = 500, .type = "application/json"};
	cairn_buf_init(&resp.body);
	if (len && !r.body.ptr)
		cairn_response_error(&resp, 503, "out-of-memory", "the server is out of memory");
	else
		h->serve(h->ctx, &r, &resp);
	send_response(req, &resp);
	cairn_buf_fini(&resp.body);
}

void cairn_response_json(struct cairn_response *resp, int code, json_t *v)
{
	cairn_auto_buf struct cairn_buf text = {0};
	if (!v || cairn_json_dump(&text, v)) {
		json_decref(v);
		resp->code = 500;
		return;
	}
	json_decref(v);
	cairn_buf_add_u8(&text, '\n');
	resp->code = code;
	cairn_buf_fini(&resp->body);
	resp->body = text;
	cairn_buf_init(&text);
}

void cairn_response_error(struct cairn_response *resp, int code, const char *name, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_t *message = json_string(text);
	if (!message) /* a text cut within a character */
		message = json_string("");
	cairn_response_json(resp, code,
			    json_pack("{s:{s:s,s:o}}", "error", "code", name, "message", message));
}

/* ---- start and end
 * ---------------------------------------------------------------------------------------------- */

static enum cairn_status tls_new(SSL_CTX **out, const char *cert, const char *key)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	if (c && SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set_num_tickets(c, 0) == 1 && SSL_CTX_use_certificate_chain_file(c, cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(c) == 1) {
		*out = c;
		return CAIRN_OK;
	}
	SSL_CTX_free(c);
	return CAIRN_E_CRYPTO;
}

static enum cairn_status listen_on(struct cairn_http *h, const char *host, uint16_t port)
{
	struct evhttp_bound_socket *s = evhttp_bind_socket_with_handle(h->evhttp, host, port);
	if (!s)
		return CAIRN_E_IO;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = {.v6 = {0}};
	socklen_t len = sizeof a;
	if (getsockname(evhttp_bound_socket_get_fd(s), &a.any, &len))
		return CAIRN_E_IO;
	h->port = ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
	return CAIRN_OK;
}

enum cairn_status cairn_http_new(struct cairn_http **out, struct event_base *base,
				 const struct cairn_http_options *opt, cairn_http_serve *serve, void *ctx)
{
	struct cairn_http *h = calloc(1, sizeof *h);
	if (!h)
		return CAIRN_E_NOMEM;
	*h = (struct cairn_http){.base = base, .serve = serve, .ctx = ctx};
	h->idle_s = opt->idle_s;
	h->max = opt->connections_max;
	TAILQ_INIT(&h->conns);
	h->ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, conn_free);
	enum cairn_status st = h->ex_index < 0 ? CAIRN_E_CRYPTO : tls_new(&h->tls, opt->cert, opt->key);
	if (!st) {
		h->evhttp = evhttp_new(base);
		st = h->evhttp ? CAIRN_OK : CAIRN_E_NOMEM;
	}
	if (!st) {
		evhttp_set_bevcb(h->evhttp, on_accept, h);
		evhttp_set_gencb(h->evhttp, on_request, h);
		evhttp_set_max_headers_size(h->evhttp, HEADERS_MAX);
		evhttp_set_max_body_size(h->evhttp, (ev_ssize_t)CAIRN_HTTP_BODY_MAX);
		evhttp_set_timeout(h->evhttp, (int)opt->idle_s);
		evhttp_set_flags(h->evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
		evhttp_set_allowed_methods(h->evhttp, 0x1ff); /* all: the route table answers 405 */
		st = listen_on(h, opt->host, opt->port);
	}
	if (st) {
		cairn_http_free(h);
		return st;
	}
	*out = h;
	return CAIRN_OK;
}

uint16_t cairn_http_port(const struct cairn_http *h)
{
	return h->port;
}

void cairn_http_free(struct cairn_http *h)
{
	if (!h)
		return;
	if (h->evhttp) {
		evhttp_free(h->evhttp);
		event_base_loop(h->base,
				EVLOOP_NONBLOCK); /* bufferevents are freed from the loop, and use h */
	}
	SSL_CTX_free(h->tls);
	free(h);
}
