/* AKs and quotes made by OpenSSL in the place of a TPM: whatever a signer could be made to sign. */
#ifndef CAIRN_TEST_QUOTE_FIXTURE_H
#define CAIRN_TEST_QUOTE_FIXTURE_H

#include <openssl/evp.h>

#include "cairn/quote.h"

#define AK_ATTRIBUTES                                                                                        \
	0x00050472u /* fixedTPM fixedParent sensitiveDataOrigin userWithAuth noDA restricted sign */
#define AK_ECDSA  0x0018
#define AK_RSASSA 0x0014
#define AK_RSAPSS 0x0016

struct software_ak {
	EVP_PKEY *key;
	uint16_t scheme;
	enum cairn_alg hash;
	struct cairn_buf area; /* TPMT_PUBLIC */
	struct cairn_ak ak;
	struct cairn_qualified_name signer;
};

/* kind: "P-256", "P-384", "RSA" (2048 bits), "RSA-3072", "RSA-4096". Freed by software_ak_fini. */
void software_ak_init(struct software_ak *s, const char *kind, uint16_t scheme, enum cairn_alg hash);
/* The same key with other attributes, whatever they make of it. */
void software_ak_attributes(struct software_ak *s, uint32_t attributes);
void software_ak_fini(struct software_ak *s);

/* What goes into a quote: as fields, so that a test can make each of them wrong. */
struct software_quote {
	uint32_t magic;
	uint16_t type;
	struct cairn_span signer, extra_data;
	uint8_t safe;
	uint32_t banks;
	uint16_t bank;
	uint8_t select_size;
	uint32_t selection;
	uint16_t more_bank; /* one more, where it is not 0 */
	uint32_t more_selection;
	struct cairn_span pcr_digest;
};

/* A good one over the PCRs of mask, of b's values; digest holds what pcr_digest views. */
struct software_quote software_quote(const struct software_ak *s, struct cairn_span extra_data, uint32_t mask,
				     const struct cairn_bank *b, struct cairn_digest *digest);
void software_quote_marshal(struct cairn_buf *out, const struct software_quote *q);
/* TPMT_SIGNATURE over the bytes, in the AK's own scheme. */
void software_ak_sign(struct cairn_buf *out, const struct software_ak *s, struct cairn_span message);

/* TPMT_PUBLIC of a key of OpenSSL. */
void software_area(struct cairn_buf *out, const EVP_PKEY *key, uint32_t attributes, uint16_t scheme,
		   enum cairn_alg hash);
/* TPMT_PUBLIC of an RSA-2048 AK. */
void software_area_rsa(struct cairn_buf *out, struct cairn_span modulus, uint32_t attributes, uint16_t scheme,
		       enum cairn_alg hash);

#endif
