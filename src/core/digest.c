/* Digests and hashing. The algorithm is fetched once for a hasher: fetching costs more than hashing a short
 * message. */
#include "cairn/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

static const struct alg_row {
	enum cairn_alg alg;
	size_t size;
	const char *name, *openssl;
} algs[] = {
    {CAIRN_ALG_SHA1, 20, "sha1", "SHA1"},	{CAIRN_ALG_SHA256, 32, "sha256", "SHA256"},
    {CAIRN_ALG_SHA384, 48, "sha384", "SHA384"}, {CAIRN_ALG_SHA512, 64, "sha512", "SHA512"},
    {CAIRN_ALG_SM3_256, 32, "sm3_256", "SM3"},
};

static const struct alg_row *alg_row(enum cairn_alg alg)
{
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++)
		if (algs[i].alg == alg)
			return &algs[i];
	return NULL;
}

size_t cairn_alg_size(enum cairn_alg alg)
{
	const struct alg_row *r = alg_row(alg);

	return r ? r->size : 0;
}

const char *cairn_alg_name(enum cairn_alg alg)
{
	const struct alg_row *r = alg_row(alg);

	return r ? r->name : "unknown";
}

enum cairn_alg cairn_alg_by_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof algs / sizeof algs[0]; i++)
		if (strcmp(algs[i].name, name) == 0)
			return algs[i].alg;
	return CAIRN_ALG_NONE;
}

struct cairn_span cairn_digest_span(const struct cairn_digest *d)
{
	return cairn_span(d->bytes, cairn_alg_size(d->alg));
}

bool cairn_digest_equal(const struct cairn_digest *a, const struct cairn_digest *b)
{
	return a->alg == b->alg && cairn_alg_size(a->alg) > 0 &&
	       cairn_span_equal_ct(cairn_digest_span(a), cairn_digest_span(b));
}

enum cairn_status cairn_digest_parse(struct cairn_digest *d, enum cairn_alg alg, const char *hex)
{
	struct cairn_digest fresh = {.alg = alg};
	size_t size = cairn_alg_size(alg);
	enum cairn_status s;

	if (size == 0)
		return CAIRN_E_UNSUPPORTED;
	s = cairn_hex_decode_into(fresh.bytes, size, hex);
	if (s == CAIRN_OK)
		*d = fresh;
	return s;
}

struct cairn_hex cairn_digest_hex(const struct cairn_digest *d)
{
	static const char digits[] = "0123456789abcdef";
	struct cairn_hex h = {{0}};

	for (size_t i = 0; i < cairn_alg_size(d->alg); i++) {
		h.text[2 * i] = digits[d->bytes[i] >> 4];
		h.text[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	return h;
}

struct cairn_hasher {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	enum cairn_alg alg;
	size_t size;
};

static enum cairn_status hasher_init(struct cairn_hasher *h, enum cairn_alg alg)
{
	const struct alg_row *r = alg_row(alg);

	if (!r)
		return CAIRN_E_UNSUPPORTED;
	h->alg = alg;
	h->size = r->size;
	h->md = EVP_MD_fetch(NULL, r->openssl, NULL);
	if (!h->md)
		return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED ? CAIRN_E_UNSUPPORTED
										  : CAIRN_E_CRYPTO;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		return CAIRN_E_NOMEM;
	return EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1 ? CAIRN_OK : CAIRN_E_CRYPTO;
}

static void hasher_fini(struct cairn_hasher *h)
{
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
}
#define auto_hasher __attribute__((cleanup(hasher_fini)))

enum cairn_status cairn_hasher_new(struct cairn_hasher **out, enum cairn_alg alg)
{
	struct cairn_hasher *h = OPENSSL_zalloc(sizeof *h);
	enum cairn_status s;

	if (!h)
		return CAIRN_E_NOMEM;
	s = hasher_init(h, alg);
	if (s == CAIRN_OK)
		*out = h;
	else
		cairn_hasher_free(h);
	return s;
}

enum cairn_status cairn_hasher_add(struct cairn_hasher *h, struct cairn_span in)
{
	return EVP_DigestUpdate(h->ctx, in.ptr, in.len) == 1 ? CAIRN_OK : CAIRN_E_CRYPTO;
}

enum cairn_status cairn_hasher_take(struct cairn_hasher *h, struct cairn_digest *out)
{
	struct cairn_digest d = {.alg = h->alg};

	if (EVP_DigestFinal_ex(h->ctx, d.bytes, NULL) != 1)
		return CAIRN_E_CRYPTO;
	if (EVP_DigestInit_ex2(h->ctx, NULL, NULL) != 1)
		return CAIRN_E_CRYPTO;
	*out = d;
	return CAIRN_OK;
}

/* One message in one piece, and the result where it belongs: each call into OpenSSL costs a tenth of the hashing. */
enum cairn_status cairn_hasher_extend(struct cairn_hasher *h, struct cairn_digest *d, struct cairn_span in)
{
	uint8_t message[2 * CAIRN_DIGEST_MAX];

	if (d->alg != h->alg || in.len != h->size)
		return CAIRN_E_USAGE;
	memcpy(message, d->bytes, h->size);
	memcpy(message + h->size, in.ptr, h->size);
	if (EVP_DigestUpdate(h->ctx, message, 2 * h->size) != 1)
		return CAIRN_E_CRYPTO;
	if (EVP_DigestFinal_ex(h->ctx, message, NULL) != 1)
		return CAIRN_E_CRYPTO;
	if (EVP_DigestInit_ex2(h->ctx, NULL, NULL) != 1)
		return CAIRN_E_CRYPTO;
	memcpy(d->bytes, message, h->size);
	return CAIRN_OK;
}

void cairn_hasher_free(struct cairn_hasher *h)
{
	if (!h)
		return;
	hasher_fini(h);
	OPENSSL_free(h);
}

enum cairn_status cairn_hash2(struct cairn_digest *out, enum cairn_alg alg, struct cairn_span a,
			      struct cairn_span b)
{
	auto_hasher struct cairn_hasher h = {0};
	enum cairn_status s = hasher_init(&h, alg);

	if (s == CAIRN_OK)
		s = cairn_hasher_add(&h, a);
	if (s == CAIRN_OK)
		s = cairn_hasher_add(&h, b);
	if (s == CAIRN_OK)
		s = cairn_hasher_take(&h, out);
	return s;
}

enum cairn_status cairn_hash(struct cairn_digest *out, enum cairn_alg alg, struct cairn_span in)
{
	return cairn_hash2(out, alg, in, (struct cairn_span){0});
}
