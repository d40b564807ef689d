/* Release sets: what an authority says of all manifests together, so that old but correctly signed ones end.
 *
 * A release set is a JWS (cairn/jws.h) with typ "cairn-release-set+jws" by an ES384 or EdDSA key of an authority,
 * whose payload is the canonical JSON of
 * {"format":"cairn-release-set","version":1,"floors":{NAME:LOWEST,...},"revoked_keys":[KID...],
 * "revoked_manifests":[SHA-256...],"serial":N}. The highest serial that a host has seen is kept in its TPM: a set
 * with a lower one is an old one. What a name has no floor for is allowed in every release.
 *
 * "delegates":[{"key":JWK,"names":[NAME...]}...], where it is there, has keys that are no authority's and may sign
 * manifests of these names, and of no others, as long as the set is in force. A release set is signed by an authority.
 */
#ifndef CAIRN_RELEASESET_H
#define CAIRN_RELEASESET_H

#include "cairn/manifest.h"

#define CAIRN_RELEASE_SET_TYP	    "cairn-release-set+jws"
#define CAIRN_RELEASE_SET_FORMAT    "cairn-release-set"
#define CAIRN_RELEASE_SET_FLOORS    4096
#define CAIRN_RELEASE_SET_KEYS	    256
#define CAIRN_RELEASE_SET_MANIFESTS 4096
#define CAIRN_RELEASE_SET_DELEGATES 64
#define CAIRN_RELEASE_SET_NAMES	    64 /* of one delegate */

struct cairn_release_set {
	uint64_t serial;	      /* at least 1; 0: there is none */
	json_t *doc;		      /* owned: the payload */
	struct cairn_jwks *delegates; /* owned, in the order of the payload */

	/* set by cairn_release_set_load */
	char kid[CAIRN_KID_LEN + 1]; /* who signed */
	struct cairn_digest sha256;  /* of the JWS */
};

void cairn_release_set_fini(struct cairn_release_set *s);
#define cairn_auto_release_set __attribute__((cleanup(cairn_release_set_fini)))

/* Appends the JWS of a set with these members; format and version are added to it. CAIRN_E_MALFORMED, CAIRN_E_LIMIT,
 * CAIRN_E_UNSUPPORTED: a member is missing or not allowed. CAIRN_E_DENIED: a delegate's key is private.
 * CAIRN_E_USAGE: the key is public or an ES256 one, or the
 * set revokes it. */
enum cairn_status cairn_release_set_sign(struct cairn_buf *out, const json_t *members,
					 const struct cairn_key *k) CAIRN_MUST_CHECK;

/* The payload alone, without a signature. CAIRN_E_MALFORMED, CAIRN_E_VERSION, CAIRN_E_UNSUPPORTED, CAIRN_E_LIMIT;
 * CAIRN_E_DENIED as above. */
enum cairn_status cairn_release_set_parse(struct cairn_release_set *out,
					  struct cairn_span payload) CAIRN_MUST_CHECK;
/* A JWS, whose signature is verified before anything is believed. CAIRN_E_UNTRUSTED: signed by nobody in
 * authorities, by an ES256 key, or by one that the set itself revokes; CAIRN_E_SIGNATURE; and as for parse. */
enum cairn_status cairn_release_set_load(struct cairn_release_set *out, struct cairn_span jws,
					 const struct cairn_jwks *authorities) CAIRN_MUST_CHECK;

/* A set that was verified when it came, whose signer may count no more since: what it withdraws stays withdrawn, and its
 * delegates count no more either. As for parse, and CAIRN_E_CRYPTO. */
enum cairn_status cairn_release_set_reload(struct cairn_release_set *out,
					   struct cairn_span jws) CAIRN_MUST_CHECK;

/* The lowest release of that name that is allowed; 0: all are. */
uint64_t cairn_release_set_floor(const struct cairn_release_set *s, const char *name);
/* True if the set withdraws what this key signed. */
bool cairn_release_set_revokes(const struct cairn_release_set *s, const char *kid);
/* Who may sign manifests: the authorities, and the delegates of a set, which may be zeroed. */
enum cairn_status cairn_release_set_signers(struct cairn_jwks **out, const struct cairn_release_set *s,
					    const struct cairn_jwks *authorities) CAIRN_MUST_CHECK;
/* Adds every reason why the set withdraws this manifest, of either kind; none means that it does not. m was read by
 * cairn_manifest_load with the signers above. */
void cairn_release_set_judge(struct cairn_reasons *out, const struct cairn_release_set *s,
			     const struct cairn_manifest *m);

#endif
