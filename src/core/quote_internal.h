/* What quote.c and its parts share. */
#ifndef CAIRN_CORE_QUOTE_INTERNAL_H
#define CAIRN_CORE_QUOTE_INTERNAL_H

#include "cairn/quote.h"

/* TPMT_SIGNATURE; of RSA the signature, of ECDSA r and s. Borrows. */
struct cairn_tpmt_signature {
	uint16_t scheme;
	enum cairn_alg hash;
	struct cairn_span first, second;
};

enum cairn_status cairn_tpmt_signature_parse(struct cairn_tpmt_signature *out,
					     struct cairn_span in) CAIRN_MUST_CHECK;
/* CAIRN_E_SIGNATURE; CAIRN_E_MALFORMED: the AK is no key; CAIRN_E_CRYPTO. Scheme and hash are those of the
 * AK. */
enum cairn_status cairn_ak_verify(const struct cairn_ak *ak, const struct cairn_tpmt_signature *sig,
				  struct cairn_span message) CAIRN_MUST_CHECK;

#endif
