/* What the server calls fails on demand: one function, at one of its calls, by the linker's --wrap (callee_faults.wrap: for
 * the programs that include this). */
#ifndef TESTS_UNIT_CALLEE_FAULTS_H
#define TESTS_UNIT_CALLEE_FAULTS_H

#include <jansson.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "attest/store/store.h"
#include "cairn/appraise.h"
#include "cairn/credential.h"
#include "cairn/ekcert.h"
#include "cairn/jws.h"
#include "cairn/manifest.h"
#include "cairn/quote.h"
#include "cairn/releaseset.h"
#include "cairn/tpmkey.h"

static struct {
	const char *name;     /* of the function; NULL: nothing fails */
	unsigned at;	      /* the call that fails, from 0 */
	enum cairn_status st; /* what it says then, if it says a status */
	unsigned calls;	      /* so far */
} broken;

static bool breaks(const char *name)
{
	return broken.name && strcmp(broken.name, name) == 0 && broken.calls++ == broken.at;
}

#define CALLEE(type, bad, name, parameters, arguments)                                                       \
	type __real_##name parameters;                                                                       \
	type __wrap_##name parameters;                                                                       \
	type __wrap_##name parameters                                                                        \
	{                                                                                                    \
		return breaks(#name) ? bad : __real_##name arguments;                                        \
	}
#define STATUS(name, parameters, arguments) CALLEE(enum cairn_status, broken.st, name, parameters, arguments)
/* Does its work, and then says that it failed: what goes on all the same has all that it wants. */
#define LATE(name, parameters, arguments)                                                                    \
	CALLEE(enum cairn_status, __real_##name arguments ? broken.st : broken.st, name, parameters,         \
	       arguments)

STATUS(cairn_store_host_get, (struct cairn_host_row * o, struct cairn_store *s, const uint8_t *i), (o, s, i))
STATUS(cairn_store_host_find, (struct cairn_host_row * o, struct cairn_store *s, const char *i), (o, s, i))
STATUS(cairn_store_host_add, (struct cairn_store * s, const struct cairn_host_row *h), (s, h))
STATUS(cairn_store_host_accept, (struct cairn_store * s, const struct cairn_host_row *h), (s, h))
STATUS(cairn_store_host_set_state, (struct cairn_store * s, const uint8_t *i, enum cairn_state t), (s, i, t))
STATUS(cairn_store_session_add,
       (struct cairn_store * s, const struct cairn_session *n, uint64_t now,
	const struct cairn_session_limits *m),
       (s, n, now, m))
STATUS(cairn_store_session_take,
       (struct cairn_session * o, struct cairn_store *s, const uint8_t *i, uint64_t now), (o, s, i, now))
STATUS(cairn_store_audit, (struct cairn_store * s, uint64_t now, const char *e, const char *o, const char *t),
       (s, now, e, o, t))
STATUS(cairn_store_manifest_each, (struct cairn_store * s, cairn_manifest_visit *f, void *c), (s, f, c))

LATE(cairn_ak_parse, (struct cairn_ak * o, struct cairn_span s), (o, s))
STATUS(cairn_ak_qualified_name, (struct cairn_qualified_name * o, const struct cairn_ak *a), (o, a))
STATUS(cairn_ak_key_set, (struct cairn_ak_key * *k, const struct cairn_ak *a), (k, a))
STATUS(cairn_quote_binding, (struct cairn_digest * o, const struct cairn_quote_binding *b), (o, b))
STATUS(cairn_quote_check,
       (struct cairn_quote * *o, const struct cairn_quote_expected *w, struct cairn_span q,
	struct cairn_span s, const char **f),
       (o, w, q, s, f))
STATUS(cairn_appraise, (struct cairn_verdict * o, const struct cairn_appraisal *a), (o, a))
STATUS(cairn_manifest_load, (struct cairn_manifest * o, struct cairn_span s, const struct cairn_jwks *k),
       (o, s, k))
STATUS(cairn_release_set_load,
       (struct cairn_release_set * o, struct cairn_span s, const struct cairn_jwks *k), (o, s, k))
STATUS(cairn_release_set_signers,
       (struct cairn_jwks * *o, const struct cairn_release_set *s, const struct cairn_jwks *k), (o, s, k))
STATUS(cairn_appraise_tpm,
       (struct cairn_verdict * o, const struct cairn_ekdenied *d, const struct cairn_ekdenied_tpm *t),
       (o, d, t))
STATUS(cairn_jws_sign, (struct cairn_buf * o, const struct cairn_key *k, const char *t, struct cairn_span s),
       (o, k, t, s))
STATUS(cairn_credential_make,
       (struct cairn_buf * b, struct cairn_buf *s, const struct cairn_ekpub *e, const struct cairn_name *n,
	struct cairn_span c),
       (b, s, e, n, c))
STATUS(cairn_ekcert_judge, (struct cairn_ek_verdict * o, const struct cairn_ek_question *q), (o, q))
LATE(cairn_json_get_b64, (struct cairn_buf * o, const json_t *v, const char *m), (o, v, m))
LATE(cairn_b64url_decode, (struct cairn_buf * o, struct cairn_span s), (o, s))
LATE(cairn_hash, (struct cairn_digest * o, enum cairn_alg a, struct cairn_span s), (o, a, s))
STATUS(cairn_json_dump, (struct cairn_buf * o, const json_t *v), (o, v))
STATUS(cairn_buf_status, (const struct cairn_buf *b), (b))

CALLEE(const char *, NULL, cairn_buf_str, (struct cairn_buf * b), (b))

CALLEE(int, 0, RAND_bytes, (unsigned char *b, int n), (b, n))
CALLEE(unsigned char *, NULL, HMAC,
       (const EVP_MD *e, const void *k, int kn, const unsigned char *d, size_t n, unsigned char *m,
	unsigned *mn),
       (e, k, kn, d, n, m, mn))
CALLEE(OPENSSL_STACK *, NULL, OPENSSL_sk_new_null, (void), ())
CALLEE(json_t *, NULL, json_copy, (json_t * v), (v))
CALLEE(int, (json_decref(n), -1), json_object_set_new, (json_t * v, const char *k, json_t *n), (v, k, n))
CALLEE(int, (json_decref(n), -1), json_array_append_new, (json_t * v, json_t *n), (v, n))
CALLEE(void *, NULL, malloc, (size_t n), (n))
CALLEE(void *, NULL, calloc, (size_t n, size_t size), (n, size))
CALLEE(void *, NULL, realloc, (void *p, size_t n), (p, n))

#endif
