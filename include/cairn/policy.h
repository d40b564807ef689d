/* Policy digests of sealed objects, computed without a TPM.
 *
 * Source: TPM 2.0 Library r1.59, part 3, clauses 23.7 (TPM2_PolicyPCR), 23.16 (TPM2_PolicyAuthorize), 23.2.3
 * (PolicyUpdate). All digests are SHA-256, the nameAlg of the sealed object. What may be selected and what a
 * class is, cairn/approval.h judges.
 */
#ifndef CAIRN_POLICY_H
#define CAIRN_POLICY_H

#include "cairn/pcr.h"
#include "cairn/tpmkey.h"

/* policyDigest of a session after TPM2_PolicyPCR alone, for these values of a SHA-256 bank. CAIRN_E_USAGE:
 * not a SHA-256 bank, an empty mask, or a PCR that is not in the bank. */
enum cairn_status cairn_policy_pcr(struct cairn_digest *out, const struct cairn_bank *bank,
				   uint32_t mask) CAIRN_MUST_CHECK;
/* policyDigest of a session after TPM2_PolicyAuthorize: the authPolicy of what is sealed for that key. */
enum cairn_status cairn_policy_authorize(struct cairn_digest *out, const struct cairn_name *key,
					 struct cairn_span policy_ref) CAIRN_MUST_CHECK;
/* aHash = H(approvedPolicy || policyRef): what the release key signs. */
enum cairn_status cairn_policy_ahash(struct cairn_digest *out, const struct cairn_digest *policy,
				     struct cairn_span policy_ref) CAIRN_MUST_CHECK;

#endif
