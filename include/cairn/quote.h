/* Quotes: who signed them, what they bind, and whether they are what was asked for.
 *
 * Sources: TPM 2.0 Library r1.59, part 2, clauses 10.12 (TPMS_ATTEST), 11.3 (TPMT_SIGNATURE) and 12.2
 * (TPMT_PUBLIC); part 1, clause 16 (Names); TCG Algorithm Registry r1.32.
 *
 * The only way to a struct cairn_quote is cairn_quote_check, and that checks everything: so whoever is handed
 * one need not ask whether its nonce was looked at. Whoever only looks at a quote, perhaps without a nonce, gets a
 * struct cairn_quote_report, which nobody can take for one. What neither proves: that the AK lives in a TPM
 * (enrolment does), that the nonce inside extraData was fresh, and that PCR values are good ones.
 */
#ifndef CAIRN_QUOTE_H
#define CAIRN_QUOTE_H

#include "cairn/selection.h"
#include "cairn/tpmkey.h"

/* ---- attestation keys
 * ----------------------------------------------------------------------------------------- */

#define CAIRN_AK_KEY_MAX  512 /* modulus of RSA-4096; x || y of P-256 (64) or P-384 (96) */
#define CAIRN_AK_NAME_MAX (2 + CAIRN_DIGEST_MAX)

/* The public half of an AK. A plain value: it owns nothing. Where only the key is known (keyfile.h) and not its
 * TPMT_PUBLIC, attributes is 0, there is no name, and scheme and hash may be 0: any that fits the key. */
struct cairn_ak {
	uint16_t type;	     /* TPM_ALG_RSA or TPM_ALG_ECC */
	uint16_t scheme;     /* TPM_ALG_ECDSA, _RSASSA or _RSAPSS; 0: not fixed in the key */
	enum cairn_alg hash; /* of that scheme */
	uint32_t attributes; /* TPMA_OBJECT */
	uint32_t exponent;   /* of RSA; 0 for ECC */
	size_t key_len;
	uint8_t key[CAIRN_AK_KEY_MAX];
	size_t name_len;
	uint8_t name[CAIRN_AK_NAME_MAX]; /* nameAlg, big-endian, and the digest of the TPMT_PUBLIC */
};

/* From exactly one marshalled TPMT_PUBLIC: RSA of 2048, 3072 or 4096 bits with the exponent 65537, P-256 or P-384;
 * nameAlg SHA-256, SHA-384 or SHA-512. Nothing is said of attributes and hash: cairn_ak_objection judges those.
 * CAIRN_E_UNSUPPORTED: another algorithm; CAIRN_E_DENIED: a key with a symmetric algorithm, which signs nothing;
 * CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING. Whether a point is on its curve is seen when a signature is checked. */
enum cairn_status cairn_ak_read(struct cairn_ak *out, struct cairn_span tpmt_public) CAIRN_MUST_CHECK;
/* What keeps the key from being an AK, by the name that TCG gives the attribute; NULL if nothing does: it is
 * restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin and neither decrypt, encryptedDuplication nor
 * x509sign, nothing that is not known, and has a signing scheme. A restricted key signs no structure that looks
 * like an attestation but was not made by the TPM. */
const char *cairn_ak_objection(const struct cairn_ak *ak);
/* Both, and no SHA-1. CAIRN_E_DENIED: there is an objection; CAIRN_E_UNSUPPORTED: SHA-1. */
enum cairn_status cairn_ak_parse(struct cairn_ak *out, struct cairn_span tpmt_public) CAIRN_MUST_CHECK;
/* The AK of cairn's own template. */
void cairn_ak_of_akpub(struct cairn_ak *out, const struct cairn_akpub *ak);

/* The qualified name of a primary key: H(handle of the hierarchy || name), written as a Name; of another key H(that
 * of its parent || name). */
struct cairn_qualified_name {
	size_t len;
	uint8_t bytes[CAIRN_AK_NAME_MAX];
};
/* In the endorsement hierarchy. CAIRN_E_USAGE: a key without a name. */
enum cairn_status cairn_ak_qualified_name(struct cairn_qualified_name *out,
					  const struct cairn_ak *ak) CAIRN_MUST_CHECK;
/* Under any handle (4 bytes, big-endian) or qualified name. */
enum cairn_status cairn_ak_qualified_name_under(struct cairn_qualified_name *out, const struct cairn_ak *ak,
						struct cairn_span parent) CAIRN_MUST_CHECK;

/* An AK made ready for verifying, for callers that verify more than once with it: some 3 KiB. One thread at a time.
 * CAIRN_E_MALFORMED: no key of its kind (a point that is not on the curve); CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
struct cairn_ak_key;
enum cairn_status cairn_ak_key_new(struct cairn_ak_key **out, const struct cairn_ak *ak) CAIRN_MUST_CHECK;
void cairn_ak_key_free(struct cairn_ak_key *k); /* NULL is allowed */
/* Makes *k, which may hold NULL, the key of another AK. Of keys on the same curve only the point is set, so one kept
 * by a server that knows many AKs costs no more than the point of each. On an error the key is freed and *k NULL. */
enum cairn_status cairn_ak_key_set(struct cairn_ak_key **k, const struct cairn_ak *ak) CAIRN_MUST_CHECK;

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

/* TPMS_CLOCK_INFO. Order of two quotes of one TPM: resetCount, restartCount, clock. */
struct cairn_tpm_clock {
	uint64_t clock; /* ms that the TPM was powered since it was cleared */
	uint32_t reset_count, restart_count;
	bool safe; /* no higher clock was ever given out */
};

/* What is expected. What is left empty is not checked, and cairn_quote_check refuses to go without it where it says
 * "always". */
struct cairn_quote_expected {
	const struct cairn_ak *ak;	    /* always; or key */
	struct cairn_ak_key *key;	    /* the same, kept ready by the caller */
	struct cairn_span qualified_signer; /* always: cairn_ak_qualified_name */
	struct cairn_span extra_data;	    /* always, 8 bytes or more */
	struct cairn_selection selection;   /* always: these PCRs exactly, at least one */
	const struct cairn_pcrs *pcrs; /* values that it must hold; or NULL, and cairn_quote_holds later */
	const struct cairn_tpm_clock *after; /* an earlier quote of this TPM; or NULL */
	const uint64_t *firmware_version;    /* or NULL */
	bool
	    allow_sha1; /* take SHA-1 as the hash of the signature, and PCRs of which only the SHA-1 bank is quoted */
};

/* What a quote says. Worth nothing before the quote was checked. */
struct cairn_quote_facts {
	struct cairn_span qualified_signer, extra_data; /* views of the attestation */
	struct cairn_tpm_clock clock;
	uint64_t firmware_version;
	struct cairn_selection selection;
	struct cairn_span pcr_digest; /* a view */
	uint16_t scheme;	      /* of the signature */
	enum cairn_alg hash;
};

enum cairn_quote_result {
	CAIRN_QUOTE_UNCHECKED,
	CAIRN_QUOTE_GOOD,
	CAIRN_QUOTE_BAD,
};

#define CAIRN_QUOTE_ROWS 24

/* Each check by name, in the order of the format. */
struct cairn_quote_report {
	size_t count;
	struct {
		const char *field; /* "extraData" */
		enum cairn_quote_result result;
		enum cairn_status why; /* where it is bad */
	} row[CAIRN_QUOTE_ROWS];
	bool read; /* both structures are well formed, and the attestation is a quote: facts is filled in */
	struct cairn_quote_facts facts;
};

/* For looking at a quote: does every check that expected has something for, and reports all of them. attest is a
 * TPMS_ATTEST, signature a TPMT_SIGNATURE, each without its size field and with nothing behind it. A report is not a
 * quote: appraisal does not take it, whatever it says, and whether a nonce was checked is a row like any other.
 * CAIRN_E_USAGE: no key, or a nonce of 1 to 7 bytes; CAIRN_E_CRYPTO, CAIRN_E_NOMEM. What is wrong with the quote is
 * no error. */
enum cairn_status cairn_quote_examine(struct cairn_quote_report *out,
				      const struct cairn_quote_expected *expected, struct cairn_span attest,
				      struct cairn_span signature) CAIRN_MUST_CHECK;
/* The result of the row of that name; _UNCHECKED where there is none. */
enum cairn_quote_result cairn_quote_report_row(const struct cairn_quote_report *r, const char *field);

struct cairn_quote; /* checked; only cairn_quote_check makes one */

/* The same checks for judging by: everything marked "always" must be expected, and be so. *out is freed by the
 * caller. On failure *failed, where failed is not NULL, names the field that failed ("extraData").
 * CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING; CAIRN_E_MISMATCH: one of the fields; CAIRN_E_DIVERGED: other PCR values;
 * CAIRN_E_STALE: not later than the earlier quote; CAIRN_E_DENIED: attributes of the AK, SHA-1;
 * CAIRN_E_UNSUPPORTED: algorithms; CAIRN_E_SIGNATURE; CAIRN_E_USAGE: nothing or too little is expected;
 * CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_quote_check(struct cairn_quote **out, const struct cairn_quote_expected *expected,
				    struct cairn_span attest, struct cairn_span signature,
				    const char **failed) CAIRN_MUST_CHECK;
void cairn_quote_free(struct cairn_quote *q);

struct cairn_tpm_clock cairn_quote_clock(const struct cairn_quote *q);
uint64_t cairn_quote_firmware_version(const struct cairn_quote *q);
const struct cairn_selection *cairn_quote_selection(const struct cairn_quote *q);
const struct cairn_digest *cairn_quote_pcr_digest(const struct cairn_quote *q);
/* CAIRN_OK if the quote is over these values, CAIRN_E_DIVERGED if not or if one of them is not among .extended. */
enum cairn_status cairn_quote_holds(const struct cairn_quote *q,
				    const struct cairn_pcrs *pcrs) CAIRN_MUST_CHECK;

#endif
