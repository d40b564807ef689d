/* PCR values of several banks, and extending them in software.
 *
 * Source: TPM 2.0 Library r1.59, part 1, clause 17 (PCR operations).
 */
#ifndef CAIRN_PCR_H
#define CAIRN_PCR_H

#include "cairn/digest.h"

#define CAIRN_PCR_COUNT 24
#define CAIRN_BANK_MAX	5

struct cairn_bank {
	enum cairn_alg alg;
	uint32_t extended; /* bit n: PCR n was extended (replay) or was read (from a TPM) */
	struct cairn_digest pcr[CAIRN_PCR_COUNT];
};

struct cairn_pcrs {
	size_t count;
	struct cairn_bank bank[CAIRN_BANK_MAX];
};

/* All PCRs zero in the given banks; 17-22 all-FF, as after a boot without a dynamic launch. */
enum cairn_status cairn_pcrs_init(struct cairn_pcrs *p, const enum cairn_alg *algs,
				  size_t count) CAIRN_MUST_CHECK;
/* The place of alg's bank, which is added as cairn_pcrs_init makes it where p has none. alg is one of enum cairn_alg but
 * not CAIRN_ALG_NONE: of them there are CAIRN_BANK_MAX. */
size_t cairn_pcrs_place(struct cairn_pcrs *p, enum cairn_alg alg);
struct cairn_bank *cairn_pcrs_bank(struct cairn_pcrs *p, enum cairn_alg alg); /* NULL if there is none */
const struct cairn_bank *cairn_pcrs_bank_const(const struct cairn_pcrs *p, enum cairn_alg alg);
/* pcr = H(pcr || digest) in the bank of the digest. */
enum cairn_status cairn_pcrs_extend(struct cairn_pcrs *p, unsigned index,
				    const struct cairn_digest *d) CAIRN_MUST_CHECK;
/* H over the PCR values of the mask (bit n: PCR n) in ascending order, hashed with hash_alg: TPMS_QUOTE_INFO.pcrDigest
 * and the pcrDigest of TPM2_PolicyPCR. */
enum cairn_status cairn_pcrs_composite(struct cairn_digest *out, const struct cairn_bank *b, uint32_t mask,
				       enum cairn_alg hash_alg) CAIRN_MUST_CHECK;

#endif
