/* Hash algorithms by their TCG identifiers, and digests.
 *
 * Sources: TCG Algorithm Registry r1.32, table 3 (identifiers). The hashing itself is OpenSSL's.
 */
#ifndef CAIRN_DIGEST_H
#define CAIRN_DIGEST_H

#include "cairn/bytes.h"

enum cairn_alg { /* TPM_ALG_ID */
		 CAIRN_ALG_NONE = 0x0000,
		 CAIRN_ALG_SHA1 = 0x0004,
		 CAIRN_ALG_SHA256 = 0x000b,
		 CAIRN_ALG_SHA384 = 0x000c,
		 CAIRN_ALG_SHA512 = 0x000d,
		 CAIRN_ALG_SM3_256 = 0x0012,
};

#define CAIRN_DIGEST_MAX  64
#define CAIRN_SHA256_SIZE 32
#define CAIRN_SHA384_SIZE 48

struct cairn_digest {
	enum cairn_alg alg;
	uint8_t bytes[CAIRN_DIGEST_MAX]; /* cairn_alg_size(alg) of them count; the others are zero */
};

size_t cairn_alg_size(enum cairn_alg alg);	    /* 0 for an unknown one */
const char *cairn_alg_name(enum cairn_alg alg);	    /* "sha256"; "unknown" */
enum cairn_alg cairn_alg_by_name(const char *name); /* CAIRN_ALG_NONE for an unknown one */

struct cairn_span cairn_digest_span(const struct cairn_digest *d);
bool cairn_digest_equal(const struct cairn_digest *a, const struct cairn_digest *b);
/* From the text form: exactly the digits of alg. */
enum cairn_status cairn_digest_parse(struct cairn_digest *d, enum cairn_alg alg,
				     const char *hex) CAIRN_MUST_CHECK;
/* Lower-case hex into a static-size text, NUL-terminated. */
struct cairn_hex {
	char text[2 * CAIRN_DIGEST_MAX + 1];
};
struct cairn_hex cairn_digest_hex(const struct cairn_digest *d);

enum cairn_status cairn_hash(struct cairn_digest *out, enum cairn_alg alg,
			     struct cairn_span in) CAIRN_MUST_CHECK;
/* H(a || b) */
enum cairn_status cairn_hash2(struct cairn_digest *out, enum cairn_alg alg, struct cairn_span a,
			      struct cairn_span b) CAIRN_MUST_CHECK;

/* A running hash. CAIRN_E_UNSUPPORTED: not an algorithm, or one that OpenSSL here was built or configured without. */
struct cairn_hasher;
enum cairn_status cairn_hasher_new(struct cairn_hasher **out, enum cairn_alg alg) CAIRN_MUST_CHECK;
enum cairn_status cairn_hasher_add(struct cairn_hasher *h, struct cairn_span in) CAIRN_MUST_CHECK;
/* Finishes and leaves the hasher ready for the next message. */
enum cairn_status cairn_hasher_take(struct cairn_hasher *h, struct cairn_digest *out) CAIRN_MUST_CHECK;
/* d = H(d || in), the extend operation of a PCR, for a d and an in of the algorithm's size; with nothing added before.
 * CAIRN_E_USAGE. */
enum cairn_status cairn_hasher_extend(struct cairn_hasher *h, struct cairn_digest *d,
				      struct cairn_span in) CAIRN_MUST_CHECK;
void cairn_hasher_free(struct cairn_hasher *h);

/* The two digests that every component of a launch has, and its size. */
struct cairn_component {
	struct cairn_digest sha256, sha384;
	uint64_t size; /* bytes */
};

/* Both digests of a component in one pass over its bytes. The hasher is freed by the caller; NULL may be. */
struct cairn_component_hasher;
enum cairn_status cairn_component_hasher_new(struct cairn_component_hasher **out) CAIRN_MUST_CHECK;
enum cairn_status cairn_component_hasher_add(struct cairn_component_hasher *h,
					     struct cairn_span in) CAIRN_MUST_CHECK;
/* Bytes that were added so far. */
uint64_t cairn_component_hasher_size(const struct cairn_component_hasher *h);
enum cairn_status cairn_component_hasher_take(struct cairn_component_hasher *h,
					      struct cairn_component *out) CAIRN_MUST_CHECK;
void cairn_component_hasher_free(struct cairn_component_hasher *h);
/* Of bytes that are in memory. */
enum cairn_status cairn_component_of(struct cairn_component *out, struct cairn_span in) CAIRN_MUST_CHECK;

#endif
