/* The configuration file of cairn-verifier; see settings.h. */
#include "attest/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/config.h"

static const char *const keys[] = {
    "listen",	       "tls_cert",	 "tls_key",	     "token_key",
    "nonce_key",       "database",	 "ek_roots",	     "ek_denied",
    "authorities",     "admission",	 "admission_list",   "firmware",
    "guests",	       "stale_after_s",	 "nonce_lifetime_s", "session_lifetime_s",
    "connections_max", "idle_timeout_s", "receipt_kib",	     NULL,
};

struct reader {
	const struct cairn_config *c;
	const char *path;
	struct cairn_buf *why;
	enum cairn_status st; /* the first failure stays */
};

static void fail(struct reader *r, const char *key, const char *text)
{
	if (r->st)
		return;
	cairn_buf_add_fmt(r->why, "%s:%u: %s: %s", r->path, cairn_config_line(r->c, key), key, text);
	r->st = CAIRN_E_USAGE;
}

static uint64_t number(struct reader *r, const char *key, uint64_t fallback, uint64_t min, uint64_t max)
{
	uint64_t v = fallback;
	if (!r->st)
		r->st = cairn_config_u64(&v, r->c, key, fallback, min, max, r->why);
	return v;
}

static size_t choice(struct reader *r, const char *key, const char *const *choices)
{
	size_t v = 0;
	if (!r->st)
		r->st = cairn_config_choice(&v, r->c, key, 0, choices, r->why);
	return v;
}

static void path_of(struct reader *r, char out[PATH_MAX], const char *key, const char *fallback)
{
	const char *v = cairn_config_str(r->c, key, fallback);
	const char *slash = strrchr(r->path, '/');
	int dir = slash && v[0] != '/' ? (int)(slash - r->path + 1) : 0;
	int n = snprintf(out, PATH_MAX, "%.*s%s", dir, r->path, v);
	if (n < 0 || n >= PATH_MAX)
		fail(r, key, "the path is too long");
}

/* ADDRESS:PORT, an IPv6 address in brackets. */
static void listen_of(struct reader *r, struct cairn_settings *s)
{
	const char *v = cairn_config_str(r->c, "listen", "127.0.0.1:8443");
	const char *colon = strrchr(v, ':');
	size_t len = colon ? (size_t)(colon - v) : 0;
	if (len > 2 && v[0] == '[' && v[len - 1] == ']') {
		v++;
		len -= 2;
	}
	char *end = NULL;
	unsigned long port =
	    colon && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 65536;
	if (len == 0 || len >= sizeof s->host || port > 65535 || *end) {
		fail(r, "listen", "must be ADDRESS:PORT, such as 127.0.0.1:8443 or [::]:8443");
		return;
	}
	memcpy(s->host, v, len);
	s->host[len] = 0;
	s->port = (uint16_t)port;
}

static void admission_of(struct reader *r, struct cairn_settings *s)
{
	static const char *const choices[] = {"any-ek", "list", NULL};
	if (choice(r, "admission", choices) == 1)
		path_of(r, s->admission_list, "admission_list", "admission.list");
	else if (cairn_config_str(r->c, "admission_list", NULL))
		fail(r, "admission_list", "is used with admission = list only");
}

static void firmware_of(struct reader *r)
{
	static const char *const choices[] = {"replay", "reference", NULL};
	if (choice(r, "firmware", choices) == 1)
		fail(r, "firmware",
		     "\"reference\" is not supported yet: firmware is replayed, and reported as such");
}

static void read_all(struct reader *r, struct cairn_settings *s)
{
	static const char *const guests[] = {"none", "warning", NULL};
	listen_of(r, s);
	path_of(r, s->tls_cert, "tls_cert", "tls-cert.pem");
	path_of(r, s->tls_key, "tls_key", "tls-key.pem");
	path_of(r, s->token_key, "token_key", "token-key.jwk");
	path_of(r, s->nonce_key, "nonce_key", "nonce.key");
	path_of(r, s->database, "database", "verifier.db");
	path_of(r, s->ek_roots, "ek_roots", "ek-roots");
	if (cairn_config_str(r->c, "ek_denied", NULL))
		path_of(r, s->ek_denied, "ek_denied", "");
	path_of(r, s->authorities, "authorities", "authorities.jwks");
	admission_of(r, s);
	firmware_of(r);
	s->policy.warn_guests = choice(r, "guests", guests) == 1;
	s->stale_after_s = number(r, "stale_after_s", 300, 1, 30 * 86400);
	s->nonce_lifetime_s = number(r, "nonce_lifetime_s", 600, 1, 30 * 86400);
	s->session_lifetime_s = number(r, "session_lifetime_s", 120, 1, 3600);
	s->connections_max = (size_t)number(r, "connections_max", 1000, 8, 100000);
	s->receipt_kib = number(r, "receipt_kib", 256, 0, 3072);
	s->idle_timeout_s = (unsigned)number(r, "idle_timeout_s", 30, 1, 3600);
}

enum cairn_status cairn_settings_read(struct cairn_settings *out, const char *path, struct cairn_buf *why)
{
	struct cairn_config *c = NULL;
	enum cairn_status st = cairn_config_read(&c, path, keys, why);
	if (st)
		return st;
	struct reader r = {.c = c, .path = path, .why = why};
	struct cairn_settings *s = calloc(1, sizeof *s);
	if (s)
		read_all(&r, s);
	else
		r.st = CAIRN_E_NOMEM;
	if (!r.st)
		*out = *s;
	free(s);
	cairn_config_free(c);
	return r.st;
}
