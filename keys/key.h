/* Inside of a key: shared by the files of keys/ that make one, write one and use one. */
#ifndef KEYS_KEY_H
#define KEYS_KEY_H

#include <openssl/evp.h>

#include "cairn/jwk.h"
#include "cairn/record.h"

#define COORD_MAX 48

struct cairn_key {
	enum cairn_sigalg alg;
	bool is_private;
	EVP_PKEY *pkey;
	uint8_t x[COORD_MAX], y[COORD_MAX]; /* Ed25519 has only x */
	char kid[CAIRN_KID_LEN + 1];
};

struct curve {
	const char *alg, *kty, *crv;
	const char *group; /* OpenSSL's name */
	const char *hash;  /* NULL: the algorithm hashes for itself */
	size_t coord;	   /* bytes of x, y, d and of each half of a signature */
};

const struct curve *curve_of(enum cairn_sigalg alg);
static inline bool is_ec(enum cairn_sigalg alg)
{
	return alg != CAIRN_SIG_EDDSA;
}

/* {"crv","kty","x","y"} as RFC 7638 wants it. NULL when out of memory. */
json_t *key_public_json(const struct cairn_key *k);
/* From coordinates (coord bytes each; y NULL for Ed25519; d NULL for a public key): checks them, makes the
 * thumbprint. CAIRN_E_MALFORMED: no such point, or d does not belong to it. */
enum cairn_status key_from_raw(struct cairn_key **out, enum cairn_sigalg alg, const uint8_t *x,
			       const uint8_t *y, const uint8_t *d) CAIRN_MUST_CHECK;
/* d of a private key, coord bytes appended. */
enum cairn_status key_raw_private(struct cairn_buf *out, const struct cairn_key *k) CAIRN_MUST_CHECK;

#endif
