/* Quotes: who signed them, what they bind, and whether they are what was asked for.
 *
 * Sources: TPM 2.0 Library r1.59, part 2, clauses 10.12 (TPMS_ATTEST), 11.3 (TPMT_SIGNATURE) and 12.2
 * (TPMT_PUBLIC); part 1, clause 16 (Names); TCG Algorithm Registry r1.32.
 *
 * The only way to a struct cairn_quote is cairn_quote_check, and that checks everything: so whoever is handed
 * one need not ask whether its nonce was looked at. What it does not prove: that the AK lives in a TPM
 * (enrolment does), that the nonce inside extraData was fresh, and that PCR values are good ones.
 */
#ifndef CAIRN_QUOTE_H
#define CAIRN_QUOTE_H

#include "cairn/pcr.h"
#include "cairn/tpmkey.h"

/* ---- attestation keys
 * ----------------------------------------------------------------------------------------- */

#define CAIRN_AK_KEY_MAX  256 /* modulus of RSA-2048; x || y of P-256 (64) or P-384 (96) */
#define CAIRN_AK_NAME_MAX (2 + CAIRN_DIGEST_MAX)

/* The public half of an AK. A plain value: it owns nothing. */
struct cairn_ak {
	uint16_t scheme;     /* TPM_ALG_ECDSA, _RSASSA or _RSAPSS, fixed in the key */
	enum cairn_alg hash; /* of that scheme: SHA-256 or SHA-384 */
	uint32_t exponent;   /* of RSA; 0 for ECC */
	size_t key_len;
	uint8_t key[CAIRN_AK_KEY_MAX];
	size_t name_len;
	uint8_t name[CAIRN_AK_NAME_MAX]; /* nameAlg, big-endian, and the digest of the TPMT_PUBLIC */
};

/* From exactly one marshalled TPMT_PUBLIC: an RSA-2048, P-256 or P-384 key that is restricted, sign,
 * fixedTPM, fixedParent, sensitiveDataOrigin and neither decrypt, encryptedDuplication nor x509sign, with a
 * signing scheme. A restricted key signs no structure that looks like an attestation but was not made by the
 * TPM. CAIRN_E_DENIED: another kind of key; CAIRN_E_UNSUPPORTED: an algorithm that is not one of these (SHA-1
 * as well); CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING. Whether a point is on its curve is seen when a
 * signature is checked. */
enum cairn_status cairn_ak_parse(struct cairn_ak *out, struct cairn_span tpmt_public) CAIRN_MUST_CHECK;
/* The AK of cairn's own template. */
void cairn_ak_of_akpub(struct cairn_ak *out, const struct cairn_akpub *ak);

/* The qualified name of a primary key of the endorsement hierarchy: H(TPM_RH_ENDORSEMENT || name), written as
 * a Name. */
struct cairn_qualified_name {
	size_t len;
	uint8_t bytes[CAIRN_AK_NAME_MAX];
};
enum cairn_status cairn_ak_qualified_name(struct cairn_qualified_name *out,
					  const struct cairn_ak *ak) CAIRN_MUST_CHECK;

/* ---- what a quote binds
 * ---------------------------------------------------------------------------------------- */

/* extraData of cairn's quotes:
 *   SHA256("cairn-quote-v1" 00 | "attest" 00 | verifier_kid 00 | host_id | SHA256(nonce) | boot_id |
 *          SHA256(boot_log) | SHA256(launch_log)) */
struct cairn_quote_binding {
	const char *verifier_kid;
	uint8_t host_id[32];
	struct cairn_span nonce; /* the token as text */
	uint8_t boot_id[32];
	struct cairn_span boot_log, launch_log; /* the bytes that travel with the quote; may be empty */
};
/* CAIRN_E_USAGE: an empty kid or nonce. */
enum cairn_status cairn_quote_binding(struct cairn_digest *out,
				      const struct cairn_quote_binding *b) CAIRN_MUST_CHECK;

/* ---- the check
 * --------------------------------------------------------------------------------------------------- */

struct cairn_quote; /* checked */

struct cairn_quote_expected {
	const struct cairn_ak *ak;
	struct cairn_span qualified_signer; /* cairn_ak_qualified_name */
	struct cairn_span extra_data;	    /* 8 bytes or more: a quote is never taken without a nonce */
	uint32_t selection;		    /* PCRs of the SHA-256 bank, exactly these; not 0 */
	const struct cairn_bank
	    *bank; /* SHA-256 values that it must hold; or NULL, and cairn_quote_holds later */
};

/* attest is a TPMS_ATTEST, signature a TPMT_SIGNATURE, each without its size field and with nothing behind
 * it. *out is freed by the caller. On failure *failed, where failed is not NULL, names the field that failed
 * ("extraData"). CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING; CAIRN_E_MISMATCH: one of the fields;
 * CAIRN_E_DIVERGED: other PCR values; CAIRN_E_SIGNATURE; CAIRN_E_USAGE: nothing or too little is expected;
 * CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_quote_check(struct cairn_quote **out, const struct cairn_quote_expected *expected,
				    struct cairn_span attest, struct cairn_span signature,
				    const char **failed) CAIRN_MUST_CHECK;
void cairn_quote_free(struct cairn_quote *q);

/* TPMS_CLOCK_INFO. Order of two quotes of one TPM: resetCount, restartCount, clock. */
struct cairn_tpm_clock {
	uint64_t clock; /* ms that the TPM was powered since it was cleared */
	uint32_t reset_count, restart_count;
	bool safe; /* no higher clock was ever given out */
};

struct cairn_tpm_clock cairn_quote_clock(const struct cairn_quote *q);
uint64_t cairn_quote_firmware_version(const struct cairn_quote *q);
uint32_t cairn_quote_selection(const struct cairn_quote *q);
const struct cairn_digest *cairn_quote_pcr_digest(const struct cairn_quote *q);
/* CAIRN_OK if the quote is over these values of the SHA-256 bank, CAIRN_E_DIVERGED if not. */
enum cairn_status cairn_quote_holds(const struct cairn_quote *q,
				    const struct cairn_bank *bank) CAIRN_MUST_CHECK;

#endif
