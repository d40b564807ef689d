/* What quote.c and its parts share. */
#ifndef CAIRN_CORE_QUOTE_INTERNAL_H
#define CAIRN_CORE_QUOTE_INTERNAL_H

#include "cairn/quote.h"

/* TPMS_ATTEST; what follows firmwareVersion only where it is a quote. Borrows. */
struct cairn_attest {
	uint32_t magic;
	uint16_t type;
	struct cairn_quote_facts facts;
};

/* CAIRN_E_LIMIT: more banks than can be; CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING. */
enum cairn_status cairn_attest_parse(struct cairn_attest *out, struct cairn_span in) CAIRN_MUST_CHECK;

/* TPMT_SIGNATURE; of RSA the signature, of ECDSA r and s. Borrows. */
struct cairn_tpmt_signature {
	uint16_t scheme;
	enum cairn_alg hash;
	struct cairn_span first, second;
};

/* CAIRN_E_UNSUPPORTED: another scheme than RSASSA, RSAPSS, ECDSA. */
enum cairn_status cairn_tpmt_signature_parse(struct cairn_tpmt_signature *out,
					     struct cairn_span in) CAIRN_MUST_CHECK;

/* The AK that the key was made of. */
const struct cairn_ak *cairn_ak_key_ak(const struct cairn_ak_key *k);
/* A hasher with nothing in it. The key keeps one: the hash of the last signature. */
enum cairn_status cairn_ak_key_hasher(struct cairn_hasher **out, struct cairn_ak_key *k,
				      enum cairn_alg hash) CAIRN_MUST_CHECK;
/* CAIRN_E_SIGNATURE; CAIRN_E_CRYPTO, CAIRN_E_NOMEM. The scheme fits the key. */
enum cairn_status cairn_ak_key_verify(struct cairn_ak_key *k, const struct cairn_tpmt_signature *sig,
				      struct cairn_span message) CAIRN_MUST_CHECK;

#endif
