/* Policy digests without a TPM. Everything here is computed from the caller's values; nothing is trusted or
 * judged. */
#include "cairn/policy.h"

#include <tss2/tss2_tpm2_types.h>

static const uint8_t zero_policy[CAIRN_SHA256_SIZE];

/* Hashes what the buffer holds. */
static enum cairn_status hash_buf(struct cairn_digest *out, const struct cairn_buf *b)
{
	enum cairn_status s = cairn_buf_status(b);

	return s == CAIRN_OK ? cairn_hash(out, CAIRN_ALG_SHA256, cairn_buf_span(b)) : s;
}

/* A selection of one bank: TPML_PCR_SELECTION, part 2, 10.9.7 and 10.6.2. */
static void add_selection(struct cairn_buf *b, enum cairn_alg alg, uint32_t mask)
{
	cairn_buf_add_u32be(b, 1);
	cairn_buf_add_u16be(b, (uint16_t)alg);
	cairn_buf_add_u8(b, 3);
	for (unsigned i = 0; i < 3; i++)
		cairn_buf_add_u8(b, (uint8_t)(mask >> 8 * i));
}

/* policyDigest = H(0 || TPM_CC_PolicyPCR || pcrs || digestTPM). Part 3, 23.7.1. */
enum cairn_status cairn_policy_pcr(struct cairn_digest *out, const struct cairn_bank *bank, uint32_t mask)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_digest composite;

	if (bank->alg != CAIRN_ALG_SHA256 || mask == 0 || mask >> CAIRN_PCR_COUNT != 0 ||
	    (mask & ~bank->extended) != 0)
		return CAIRN_E_USAGE;
	enum cairn_status s = cairn_pcrs_composite(&composite, bank, mask, CAIRN_ALG_SHA256);
	if (s != CAIRN_OK)
		return s;
	cairn_buf_add(&b, cairn_span(zero_policy, sizeof(zero_policy)));
	cairn_buf_add_u32be(&b, TPM2_CC_PolicyPCR);
	add_selection(&b, bank->alg, mask);
	cairn_buf_add(&b, cairn_digest_span(&composite));
	return hash_buf(out, &b);
}

/* PolicyAuthorize starts again from a zero digest, then PolicyUpdate(TPM_CC_PolicyAuthorize, keySign,
 * policyRef): H(H(0 || CC || name) || policyRef). Part 3, 23.16.1 and 23.2.3. */
enum cairn_status cairn_policy_authorize(struct cairn_digest *out, const struct cairn_name *key,
					 struct cairn_span policy_ref)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_digest first;

	cairn_buf_add(&b, cairn_span(zero_policy, sizeof(zero_policy)));
	cairn_buf_add_u32be(&b, TPM2_CC_PolicyAuthorize);
	cairn_buf_add(&b, cairn_name_span(key));
	enum cairn_status s = hash_buf(&first, &b);
	if (s != CAIRN_OK)
		return s;
	return cairn_hash2(out, CAIRN_ALG_SHA256, cairn_digest_span(&first), policy_ref);
}

/* Part 3, 23.16.1. */
enum cairn_status cairn_policy_ahash(struct cairn_digest *out, const struct cairn_digest *policy,
				     struct cairn_span policy_ref)
{
	if (policy->alg != CAIRN_ALG_SHA256)
		return CAIRN_E_USAGE;
	return cairn_hash2(out, CAIRN_ALG_SHA256, cairn_digest_span(policy), policy_ref);
}
