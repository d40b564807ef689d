/* Approvals: the release key says that secrets of a class may open where the PCRs have these values.
 *
 * A JSON file
 * {"format":"cairn-approval","version":1,"class","release","bank":"sha256","pcrs":{"4":hex,...},"policy":hex,
 * "key":public JWK (P-256),"signature":base64url of r || s}. policy is the policyDigest of TPM2_PolicyPCR
 * over these PCRs; the signature is over aHash = SHA-256(policy || policyRef), policyRef = "cairn-seal-v1:"
 * CLASS, as TPM2_PolicyAuthorize wants it (TPM 2.0 Library r1.59, part 3, section 23.16). The release number
 * is a label outside of the signature: nothing may be decided by it.
 */
#ifndef CAIRN_APPROVAL_H
#define CAIRN_APPROVAL_H

#include "cairn/jwk.h"
#include "cairn/pcr.h"
#include "cairn/record.h"

#define CAIRN_POLICY_REF_PREFIX "cairn-seal-v1:"
#define CAIRN_APPROVAL_MAX	(64u * 1024) /* bytes of the file */

struct cairn_approval {
	char class[CAIRN_NAME_MAX + 1];
	uint64_t release;
	uint32_t mask;		    /* bit n: PCR n */
	struct cairn_bank values;   /* SHA-256; those of the mask count */
	struct cairn_digest policy; /* SHA-256 */
	struct cairn_key *key;	    /* owned, public */
	uint8_t signature[64];
};

void cairn_approval_fini(struct cairn_approval *a);

/* Appends "cairn-seal-v1:" CLASS. CAIRN_E_MALFORMED if class is not a name. */
enum cairn_status cairn_policy_ref(struct cairn_buf *out, const char *class) CAIRN_MUST_CHECK;

/* CAIRN_E_DENIED where the selection lacks 4, 8 or 9 (what measures Xen and dom0 on the GRUB path), has a
 * resettable PCR (16, 23), or a value is all 00 or all FF: such an approval would open on a host that nobody
 * measured. why (may be NULL) gets one sentence. */
enum cairn_status cairn_approval_check_pcrs(const struct cairn_bank *values, uint32_t mask,
					    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Signs. CAIRN_E_USAGE: the key is not a private P-256 key, or the bank is not SHA-256. CAIRN_E_DENIED as
 * above. */
enum cairn_status cairn_approval_make(struct cairn_approval *out, const char *class, uint64_t release,
				      const struct cairn_bank *values, uint32_t mask,
				      const struct cairn_key *release_key,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Appends the canonical JSON; *out of the _json form is a new reference. */
enum cairn_status cairn_approval_dump(struct cairn_buf *out, const struct cairn_approval *a) CAIRN_MUST_CHECK;
enum cairn_status cairn_approval_json(json_t **out, const struct cairn_approval *a) CAIRN_MUST_CHECK;

/* Reads, and checks everything but who signed: the policy is recomputed (CAIRN_E_MISMATCH), the PCRs are
 * judged (CAIRN_E_DENIED), the signature verifies with the key inside (CAIRN_E_SIGNATURE). White space around
 * the members is allowed in the file, since what is signed is the policy. CAIRN_E_MALFORMED, CAIRN_E_VERSION,
 * CAIRN_E_UNSUPPORTED. */
enum cairn_status cairn_approval_parse(struct cairn_approval *out, struct cairn_span text,
				       struct cairn_buf *why) CAIRN_MUST_CHECK;
enum cairn_status cairn_approval_from_json(struct cairn_approval *out, const json_t *v,
					   struct cairn_buf *why) CAIRN_MUST_CHECK;
/* CAIRN_E_UNTRUSTED: not by this release key. CAIRN_E_MISMATCH: for another class. */
enum cairn_status cairn_approval_by(const struct cairn_approval *a, const char *class,
				    const struct cairn_key *release_key) CAIRN_MUST_CHECK;

#define cairn_auto_approval __attribute__((cleanup(cairn_approval_fini)))

#endif
