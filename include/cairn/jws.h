/* JSON Web Signatures, compact serialisation: header "." payload "." signature.
 *
 * Source: RFC 7515, section 7.1. cairn writes and reads one form only: the protected header is the canonical
 * JSON of exactly {"alg","kid","typ"}; alg is the one of the key that kid names, never a choice of the
 * sender; there is no "none", no "crit", no embedded key. Each text has one encoding, so that no byte can
 * change without being refused.
 */
#ifndef CAIRN_JWS_H
#define CAIRN_JWS_H

#include "cairn/jwk.h"

#define CAIRN_JWS_MAX (1024u * 1024) /* bytes */

/* Appends the JWS of the payload. CAIRN_E_USAGE for a public key; CAIRN_E_LIMIT; CAIRN_E_CRYPTO. */
enum cairn_status cairn_jws_sign(struct cairn_buf *out, const struct cairn_key *k, const char *typ,
				 struct cairn_span payload) CAIRN_MUST_CHECK;

/* Appends the payload, once the signature has been verified. *signer (may be NULL) borrows from keys.
 * CAIRN_E_MALFORMED: no JWS in this form, other typ; CAIRN_E_UNSUPPORTED: other header members, alg "none" or
 * unknown; CAIRN_E_UNTRUSTED: kid is not in keys; CAIRN_E_SIGNATURE: it does not verify, or alg is not that
 * of the key. */
enum cairn_status cairn_jws_verify(struct cairn_buf *payload, const struct cairn_key **signer,
				   struct cairn_span jws, const char *typ,
				   const struct cairn_jwks *keys) CAIRN_MUST_CHECK;

/* Appends the payload without a look at header or signature: to show it, or where it was verified before. CAIRN_E_MALFORMED,
 * CAIRN_E_LIMIT. */
enum cairn_status cairn_jws_unverified(struct cairn_buf *payload, struct cairn_span jws) CAIRN_MUST_CHECK;

#endif
