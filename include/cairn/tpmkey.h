/* Public areas of the TPM keys that cairn deals in, checked against the one template each may have.
 *
 * Sources: TPM 2.0 Library r1.59, part 2, clause 12.2 (TPMT_PUBLIC), part 1, clause 16 (Names); TCG EK
 * Credential Profile 2.5, B.3.3 (template L-1). A public area is only a claim: that its key lives in a TPM is
 * proven by a certificate chain (EK) and by TPM2_ActivateCredential (AK). No certificate chain is verified
 * here.
 */
#ifndef CAIRN_TPMKEY_H
#define CAIRN_TPMKEY_H

#include <openssl/x509.h>

#include "cairn/digest.h"

/* A point of P-256: x || y, big-endian, 32 bytes each. */
struct cairn_p256 {
	uint8_t xy[64];
};

/* The Name of an object whose nameAlg is SHA-256: the algorithm, big-endian, and the digest of its
 * TPMT_PUBLIC. */
struct cairn_name {
	uint8_t bytes[2 + CAIRN_SHA256_SIZE];
};
struct cairn_span cairn_name_span(const struct cairn_name *n);
bool cairn_name_equal(const struct cairn_name *a, const struct cairn_name *b);
/* The Name of a marshalled TPMT_PUBLIC. */
enum cairn_status cairn_name_of(struct cairn_name *out, struct cairn_span tpmt_public) CAIRN_MUST_CHECK;

/* ---- EK: RSA-2048, template L-1 ---- */

#define CAIRN_EK_MODULUS 256

struct cairn_ekpub {
	uint8_t modulus[CAIRN_EK_MODULUS]; /* the exponent is 65537 */
	struct cairn_digest host_id;	   /* SHA-256 of its TPMT_PUBLIC */
};
/* From exactly one TPM2B_PUBLIC. CAIRN_E_UNSUPPORTED: well formed so far, but not of the template (algorithm,
 * attributes, policy, AES-128-CFB, size); CAIRN_E_TRUNCATED, CAIRN_E_TRAILING, CAIRN_E_MALFORMED (sizes). */
enum cairn_status cairn_ekpub_parse(struct cairn_ekpub *out, struct cairn_span tpm2b_public) CAIRN_MUST_CHECK;
/* CAIRN_OK if the certificate is for this key, else CAIRN_E_MISMATCH. */
enum cairn_status cairn_ekpub_match_cert(const struct cairn_ekpub *ek, X509 *cert) CAIRN_MUST_CHECK;

/* ---- AK: ECC P-256 primary key of the endorsement hierarchy ---- */

/* restricted, sign, fixedTPM, fixedParent,
 * sensitiveDataOrigin, userWithAuth, noDA; no policy; ECDSA with SHA-256. */
struct cairn_akpub {
	struct cairn_p256 point;
	struct cairn_name name;
};
/* As cairn_ekpub_parse; and CAIRN_E_MALFORMED if the point is not on the curve. */
enum cairn_status cairn_akpub_parse(struct cairn_akpub *out, struct cairn_span tpm2b_public) CAIRN_MUST_CHECK;

/* ---- release key: an external P-256 key that signs approvals ---- */

/* TPMT_PUBLIC{ECC, SHA-256, sign|userWithAuth, no
 * policy, sym NULL, scheme NULL, P-256, kdf NULL, x, y}: appended to out as bytes (without the size of a
 * TPM2B), and its Name. */
enum cairn_status cairn_release_key_public(struct cairn_buf *out,
					   const struct cairn_p256 *key) CAIRN_MUST_CHECK;
enum cairn_status cairn_release_key_name(struct cairn_name *out,
					 const struct cairn_p256 *key) CAIRN_MUST_CHECK;

#endif
