/* HTTPS client over libcurl. Trusts libcurl and OpenSSL with the protocol, and the CA file with the server's name. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/http.h"

struct cairn_client {
	CURL *curl;
	char *server;	     /* without a slash at the end */
	char *authorization; /* header line with the token, or NULL */
	char error[CURL_ERROR_SIZE];
};

static void explain(struct cairn_buf *why, const char *what, const char *reason)
{
	if (why)
		cairn_buf_add_fmt(why, "%s: %s", what, reason);
}

/* ---- setting up --------------------------------------------------------------------------------------------------- */
static bool server_ok(const char *server)
{
	static const char https[] = "https://";
	if (strncmp(server, https, sizeof(https) - 1) != 0)
		return false;
	const char *host = server + sizeof(https) - 1;
	return *host && strcspn(host, "/?#@ \t\r\n") == strlen(host);
}

static enum cairn_status check(const struct cairn_client_options *o, struct cairn_buf *why)
{
	if (!o->server || !server_ok(o->server)) {
		explain(why, o->server ? o->server : "no server", "the server is given as https://host:port");
		return CAIRN_E_USAGE;
	}
	if (!o->ca_file) {
		explain(why, "no CA file", "the server's certificate cannot be checked without one");
		return CAIRN_E_USAGE;
	}
	if (access(o->ca_file, R_OK) != 0) {
		explain(why, o->ca_file, "this CA file cannot be read");
		return CAIRN_E_NOTFOUND;
	}
	if (o->token && strcspn(o->token, "\r\n") != strlen(o->token)) {
		explain(why, "token", "it has more than one line");
		return CAIRN_E_USAGE;
	}
	return CAIRN_OK;
}

static bool set_token(struct cairn_client *h, const char *token)
{
	if (!token)
		return true;
	cairn_auto_secret struct cairn_buf line = {0};
	cairn_buf_add_fmt(&line, "Authorization: Bearer %s", token);
	const char *text = cairn_buf_str(&line);
	h->authorization = text ? strdup(text) : NULL;
	return h->authorization != NULL;
}

static bool set_options(struct cairn_client *h, const struct cairn_client_options *o)
{
	long timeout = o->timeout_ms ? (long)o->timeout_ms : 30000;
	CURLcode bad = curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->error);
	bad |= curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "https");
	bad |= curl_easy_setopt(h->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	bad |= curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(h->curl, CURLOPT_CAINFO, o->ca_file);
	bad |= curl_easy_setopt(h->curl, CURLOPT_CAPATH, NULL);
	bad |= curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, timeout);
	bad |= curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, timeout / 2);
	bad |= curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "cairn/" CAIRN_VERSION);
	return bad == CURLE_OK;
}

enum cairn_status cairn_client_new(struct cairn_client **out, const struct cairn_client_options *o,
				   struct cairn_buf *why)
{
	enum cairn_status s = check(o, why);
	if (s)
		return s;
	struct cairn_client *h = calloc(1, sizeof(*h));
	if (!h)
		return CAIRN_E_NOMEM;
	h->curl = curl_easy_init();
	h->server = strdup(o->server);
	if (!h->curl || !h->server || !set_options(h, o) || !set_token(h, o->token)) {
		explain(why, o->server, "libcurl cannot be set up");
		cairn_client_free(h);
		return CAIRN_E_NOMEM;
	}
	*out = h;
	return CAIRN_OK;
}

void cairn_client_free(struct cairn_client *h)
{
	if (!h)
		return;
	if (h->authorization)
		explicit_bzero(h->authorization, strlen(h->authorization));
	curl_easy_cleanup(h->curl);
	free(h->authorization);
	free(h->server);
	free(h);
}

/* ---- calling ------------------------------------------------------------------------------------------------------ */
static size_t receive(char *data, size_t size, size_t count, void *arg)
{
	struct cairn_buf *out = arg;
	size_t n = size * count;
	if (out->len + n > CAIRN_CLIENT_BODY_MAX)
		return 0; /* libcurl turns a short count into CURLE_WRITE_ERROR */
	cairn_buf_add(out, cairn_span(data, n));
	return out->failed ? 0 : n;
}

static enum cairn_status from_curl(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return CAIRN_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return CAIRN_E_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return CAIRN_E_UNTRUSTED;
	case CURLE_WRITE_ERROR:
		return CAIRN_E_LIMIT;
	case CURLE_OUT_OF_MEMORY:
		return CAIRN_E_NOMEM;
	default:
		return CAIRN_E_NET;
	}
}

static CURLcode perform(struct cairn_client *h, struct cairn_buf *got, const char *method, const char *url,
			struct curl_slist *headers, struct cairn_span body)
{
	bool get = strcmp(method, "GET") == 0;
	CURLcode bad = curl_easy_setopt(h->curl, CURLOPT_URL, url);
	bad |= curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	bad |= curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, receive);
	bad |= curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, got);
	if (get) {
		bad |= curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
	} else {
		bad |= curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
		bad |= curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body.len ? (const char *)body.ptr : "");
		bad |= curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	}
	bad |= curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, method);
	h->error[0] = 0;
	return bad ? CURLE_OUT_OF_MEMORY : curl_easy_perform(h->curl);
}

/* The headers of this call: the media type first, then what every call carries. */
static struct curl_slist *headers_for(const struct cairn_client *h, const char *type)
{
	char line[128];
	snprintf(line, sizeof(line), "Content-Type: %s", type);
	struct curl_slist *list = curl_slist_append(NULL, line);
	if (list && h->authorization && !curl_slist_append(list, h->authorization)) {
		curl_slist_free_all(list);
		return NULL;
	}
	return list;
}

enum cairn_status cairn_client_call(struct cairn_buf *out, long *code, struct cairn_client *h,
				    const char *method, const char *path, const char *type,
				    struct cairn_span body, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf url = {0};
	cairn_auto_buf struct cairn_buf got = {0};
	cairn_buf_add_fmt(&url, "%s%s", h->server, path);
	struct curl_slist *headers = headers_for(h, type);
	if (!headers || !cairn_buf_str(&url)) {
		curl_slist_free_all(headers);
		return CAIRN_E_NOMEM;
	}
	CURLcode rc = perform(h, &got, method, cairn_buf_str(&url), headers, body);
	curl_slist_free_all(headers);
	long http = 0;
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &http);
	enum cairn_status s = got.failed ? CAIRN_E_NOMEM : from_curl(rc);
	if (s) {
		explain(why, h->server, h->error[0] ? h->error : curl_easy_strerror(rc));
		return s;
	}
	cairn_buf_add(out, cairn_buf_span(&got));
	*code = http;
	return cairn_buf_status(out);
}

enum cairn_status cairn_client_json(json_t **answer, long *code, struct cairn_client *h, const char *method,
				    const char *path, const json_t *body, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf sent = {0};
	cairn_auto_buf struct cairn_buf got = {0};
	enum cairn_status s = body ? cairn_json_dump(&sent, body) : CAIRN_OK;
	if (!s)
		s = cairn_client_call(&got, code, h, method, path, "application/json", cairn_buf_span(&sent),
				      why);
	if (s)
		return s;
	s = cairn_json_parse(answer, cairn_buf_span(&got));
	if (s && why)
		cairn_buf_add_fmt(why, "%s%s: HTTP %ld and something that is not JSON", h->server, path,
				  *code);
	return s;
}

/* ---- what an answer means ------------------------------------------------------------------------------------------ */
static enum cairn_status from_http(long code)
{
	switch (code) {
	case 401:
	case 403:
		return CAIRN_E_DENIED;
	case 404:
		return CAIRN_E_NOTFOUND;
	case 409:
		return CAIRN_E_EXISTS;
	case 413:
		return CAIRN_E_LIMIT;
	case 400:
	case 405:
	case 415:
	case 422:
		return CAIRN_E_MALFORMED;
	default:
		return code == 429 || code >= 500 ? CAIRN_E_NET : CAIRN_E_UNSUPPORTED;
	}
}

enum cairn_status cairn_client_verdict(long code, const json_t *answer, struct cairn_buf *why)
{
	if (code >= 200 && code < 300)
		return CAIRN_OK;
	const char *message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	if (why)
		cairn_buf_add_fmt(why, "the server answered %ld: %s", code,
				  message ? message : "no reason given");
	return from_http(code);
}
