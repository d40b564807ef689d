/* Signing keys as JSON Web Keys.
 *
 * Sources: RFC 7517 (JWK), RFC 7518 sections 3.4, 6.2 (ECDSA, EC keys), RFC 8037 (Ed25519), RFC 7638
 * (thumbprint). Three kinds: P-256 with ES256, P-384 with ES384, Ed25519 with EdDSA. A key is checked when it
 * is read: the point is on its curve, and a private key belongs to its public one. Files of private keys have
 * mode 0600 from their first byte.
 */
#ifndef CAIRN_JWK_H
#define CAIRN_JWK_H

#include "cairn/json.h"

enum cairn_sigalg {
	CAIRN_SIG_ES256,
	CAIRN_SIG_ES384,
	CAIRN_SIG_EDDSA,
};

#define CAIRN_KEYS_MAX	   256 /* keys of a set */
#define CAIRN_KEY_FILE_MAX (256u * 1024)

const char *cairn_sigalg_name(enum cairn_sigalg a); /* "ES256", "ES384", "EdDSA" */
enum cairn_status cairn_sigalg_by_name(enum cairn_sigalg *out, const char *name) CAIRN_MUST_CHECK;
size_t cairn_sigalg_size(enum cairn_sigalg a); /* bytes of a signature: 64, 96, 64 */

struct cairn_key;

enum cairn_status cairn_key_generate(struct cairn_key **out, enum cairn_sigalg alg) CAIRN_MUST_CHECK;
void cairn_key_free(struct cairn_key *k); /* NULL is allowed; wipes */

/* Members kty, crv, x, y, d as the curve has them; kid, alg, use and key_ops may be there and must fit.
 * CAIRN_E_MALFORMED; CAIRN_E_UNSUPPORTED (other kty, crv or members); CAIRN_E_CRYPTO. */
enum cairn_status cairn_key_from_jwk(struct cairn_key **out, const json_t *jwk) CAIRN_MUST_CHECK;
/* With "kid" and "alg". The private form only where the key has one: else CAIRN_E_USAGE. *out: a new
 * reference. */
enum cairn_status cairn_key_jwk(json_t **out, const struct cairn_key *k, bool with_private) CAIRN_MUST_CHECK;

enum cairn_sigalg cairn_key_alg(const struct cairn_key *k);
bool cairn_key_is_private(const struct cairn_key *k);
/* The thumbprint: 43 characters of base64url. Borrows from the key. */
const char *cairn_key_kid(const struct cairn_key *k);
bool cairn_key_same(const struct cairn_key *a, const struct cairn_key *b);
/* x || y, 32 bytes each. CAIRN_E_USAGE for a key that is not P-256. */
enum cairn_status cairn_key_p256_point(uint8_t xy[64], const struct cairn_key *k) CAIRN_MUST_CHECK;
/* From such a point, public. CAIRN_E_MALFORMED when it is not on the curve. */
enum cairn_status cairn_key_from_p256_point(struct cairn_key **out, const uint8_t xy[64]) CAIRN_MUST_CHECK;

/* Appends the signature of msg: r || s for ECDSA (RFC 7518 section 3.4), over SHA-256 or SHA-384 of msg.
 * CAIRN_E_USAGE for a public key; CAIRN_E_CRYPTO. */
enum cairn_status cairn_key_sign(struct cairn_buf *out, const struct cairn_key *k,
				 struct cairn_span msg) CAIRN_MUST_CHECK;
/* CAIRN_E_SIGNATURE when it is not the signature of msg by this key. */
enum cairn_status cairn_key_verify(const struct cairn_key *k, struct cairn_span msg,
				   struct cairn_span sig) CAIRN_MUST_CHECK;

/* ---- files
 * ---------------------------------------------------------------------------------------------------------
 * why (may be NULL) gets one sentence about what is wrong, without a newline. */

/* A new file. CAIRN_E_EXISTS: a key is never overwritten. */
enum cairn_status cairn_key_save_private(const char *path, const struct cairn_key *k,
					 struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Public part, mode 0644. */
enum cairn_status cairn_key_save_public(const char *path, const struct cairn_key *k) CAIRN_MUST_CHECK;
/* A regular file that belongs to the caller or to root and that nobody else may read or write: else
 * CAIRN_E_DENIED. CAIRN_E_USAGE: it holds only a public key. */
enum cairn_status cairn_key_load_private(struct cairn_key **out, const char *path,
					 struct cairn_buf *why) CAIRN_MUST_CHECK;
/* The public part of whatever key the file holds; of a file with a private key mode and owner are checked all
 * the same. */
enum cairn_status cairn_key_load_public(struct cairn_key **out, const char *path,
					struct cairn_buf *why) CAIRN_MUST_CHECK;

/* ---- sets: {"keys":[...]}, public keys only
 * ------------------------------------------------------------------------ */
struct cairn_jwks;

enum cairn_status cairn_jwks_new(struct cairn_jwks **out) CAIRN_MUST_CHECK;
void cairn_jwks_free(struct cairn_jwks *s); /* NULL is allowed */
/* Adds a copy of the public part. CAIRN_E_EXISTS, CAIRN_E_LIMIT. */
enum cairn_status cairn_jwks_add(struct cairn_jwks *s, const struct cairn_key *k) CAIRN_MUST_CHECK;
/* CAIRN_E_DENIED: there is a private key in it. CAIRN_E_EXISTS: a key is there twice. */
enum cairn_status cairn_jwks_from_json(struct cairn_jwks **out, const json_t *set) CAIRN_MUST_CHECK;
enum cairn_status cairn_jwks_json(json_t **out, const struct cairn_jwks *s) CAIRN_MUST_CHECK;
enum cairn_status cairn_jwks_load(struct cairn_jwks **out, const char *path,
				  struct cairn_buf *why) CAIRN_MUST_CHECK;
size_t cairn_jwks_count(const struct cairn_jwks *s);
const struct cairn_key *cairn_jwks_at(const struct cairn_jwks *s, size_t i); /* borrowed; NULL past the end */
const struct cairn_key *cairn_jwks_find(const struct cairn_jwks *s,
					const char *kid); /* borrowed; NULL if there is none */

static inline void cairn_key_release(struct cairn_key **k)
{
	cairn_key_free(*k);
	*k = NULL;
}
static inline void cairn_jwks_release(struct cairn_jwks **s)
{
	cairn_jwks_free(*s);
	*s = NULL;
}
#define cairn_auto_key	__attribute__((cleanup(cairn_key_release)))
#define cairn_auto_jwks __attribute__((cleanup(cairn_jwks_release)))

#endif
