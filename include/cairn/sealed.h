/* A sealed secret: the two halves of a TPM object, the class and the release key that its policy names.
 *
 * {"format":"cairn-sealed","version":1,"class":S,"key":public JWK (P-256),"pub":base64url TPM2B_PUBLIC,
 *  "priv":base64url TPM2B_PRIVATE,"srk_name":hex}
 *
 * The object is a child of the TPM's SRK with authPolicy = PolicyAuthorize(name(key), policyRef(class)) and
 * nothing else opens it. The blob is public: it holds no plaintext, and its srk_name says which TPM made it,
 * as a hint, not as proof. An approval for a release is signed by the key and names PCR values by their
 * policy digest.
 */
#ifndef CAIRN_SEALED_H
#define CAIRN_SEALED_H

#include "cairn/approval.h"
#include "cairn/tpmkey.h"

#define CAIRN_SEALED_SECRET_MAX 128 /* bytes: MAX_SYM_DATA, TPM 2.0 Library r1.59 part 2, 11.1.12 */

struct cairn_sealed {
	char class[CAIRN_NAME_MAX + 1];
	struct cairn_key *key;	    /* owned: the release key, public */
	struct cairn_buf pub, priv; /* TPM2B_PUBLIC, TPM2B_PRIVATE */
	struct cairn_name srk_name;
};

/* Ended with cairn_sealed_fini, safe on a zeroed one. Besides the errors of cairn/json.h and cairn/jwk.h:
 * CAIRN_E_MISMATCH (the public half is not what such an object has: other attributes, or a policy that is not
 * the one of class and key). */
enum cairn_status cairn_sealed_read(struct cairn_sealed *out, const json_t *v) CAIRN_MUST_CHECK;
/* A new reference in *out. */
enum cairn_status cairn_sealed_write(json_t **out, const struct cairn_sealed *s) CAIRN_MUST_CHECK;
/* The authPolicy of a class and a release key. CAIRN_E_USAGE: the key is not P-256. CAIRN_E_MALFORMED: class.
 */
enum cairn_status cairn_sealed_policy(struct cairn_digest *out, const char *class,
				      const struct cairn_key *key) CAIRN_MUST_CHECK;
/* The check of the public half that cairn_sealed_read makes. */
enum cairn_status cairn_sealed_check(const struct cairn_sealed *s) CAIRN_MUST_CHECK;
void cairn_sealed_fini(struct cairn_sealed *s);

#define cairn_auto_sealed __attribute__((cleanup(cairn_sealed_fini)))

#endif
