/* Receipts: a verifier has read, and keeps, the first records of a launch log, so that the host may drop their bodies.
 *
 * A JWS (cairn/jws.h, typ "cairn-receipt+jws") by the key that the verifier signs its results with, of the canonical JSON
 * {"boot_id":hex,"format":"cairn-receipt","launch":hex,"records":n,"version":1}. launch is what the launch PCR
 * is after these records, in the SHA-256 bank: who holds another log of the same length holds no receipt.
 */
#ifndef CAIRN_RECEIPT_H
#define CAIRN_RECEIPT_H

#include "cairn/digest.h"
#include "cairn/jws.h"

#define CAIRN_RECEIPT_TYP "cairn-receipt+jws"

struct cairn_receipt {
	uint8_t boot_id[32];
	uint64_t records;
	struct cairn_digest launch; /* SHA-256 */
};

/* Appends the JWS. The errors of cairn_jws_sign; CAIRN_E_MALFORMED, CAIRN_E_LIMIT for what no reader would take. */
enum cairn_status cairn_receipt_sign(struct cairn_buf *out, const struct cairn_receipt *r,
				     const struct cairn_key *key) CAIRN_MUST_CHECK;
/* The errors of cairn_jws_verify; CAIRN_E_MALFORMED, CAIRN_E_VERSION, CAIRN_E_UNSUPPORTED for the payload. */
enum cairn_status cairn_receipt_open(struct cairn_receipt *out, struct cairn_span jws,
				     const struct cairn_jwks *verifiers) CAIRN_MUST_CHECK;

#endif
