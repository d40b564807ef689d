/* AKs and quotes made by OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "tests/unit/quote_fixture.h"

static void add_sized(struct cairn_buf *out, struct cairn_span s)
{
	cairn_buf_add_u16be(out, (uint16_t)s.len);
	cairn_buf_add(out, s);
}

static void area_head(struct cairn_buf *out, uint16_t type, uint32_t attributes, uint16_t scheme,
		      enum cairn_alg hash)
{
	cairn_buf_add_u16be(out, type);
	cairn_buf_add_u16be(out, CAIRN_ALG_SHA256);
	cairn_buf_add_u32be(out, attributes);
	cairn_buf_add_u16be(out, 0);	  /* authPolicy */
	cairn_buf_add_u16be(out, 0x0010); /* symmetric */
	cairn_buf_add_u16be(out, scheme);
	cairn_buf_add_u16be(out, (uint16_t)hash);
}

void software_area_rsa(struct cairn_buf *out, struct cairn_span modulus, uint32_t attributes, uint16_t scheme,
		       enum cairn_alg hash)
{
	area_head(out, 0x0001, attributes, scheme, hash);
	cairn_buf_add_u16be(out, (uint16_t)(8 * modulus.len));
	cairn_buf_add_u32be(out, 0);
	add_sized(out, modulus);
}

void software_area(struct cairn_buf *out, const EVP_PKEY *key, uint32_t attributes, uint16_t scheme,
		   enum cairn_alg hash)
{
	static const char *const names[] = {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y};
	int size = EVP_PKEY_get_bits(key) / 8;
	uint8_t bytes[512];
	BIGNUM *n = NULL;

	if (EVP_PKEY_is_a(key, "RSA")) {
		assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
		assert_int_equal(BN_bn2binpad(n, bytes, size), size);
		BN_free(n);
		software_area_rsa(out, cairn_span(bytes, (size_t)size), attributes, scheme, hash);
		return;
	}
	area_head(out, 0x0023, attributes, scheme, hash);
	cairn_buf_add_u16be(out, size == 32 ? 0x0003 : 0x0004);
	cairn_buf_add_u16be(out, 0x0010); /* kdf */
	for (size_t i = 0; i < 2; i++) {
		n = NULL;
		assert_int_equal(EVP_PKEY_get_bn_param(key, names[i], &n), 1);
		assert_int_equal(BN_bn2binpad(n, bytes, size), size);
		BN_free(n);
		add_sized(out, cairn_span(bytes, (size_t)size));
	}
}

void software_ak_init(struct software_ak *s, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	*s = (struct software_ak){.scheme = scheme, .hash = hash};
	if (strcmp(kind, "RSA") == 0)
		s->key = EVP_RSA_gen(2048);
	else if (strcmp(kind, "RSA-3072") == 0)
		s->key = EVP_RSA_gen(3072);
	else if (strcmp(kind, "RSA-4096") == 0)
		s->key = EVP_RSA_gen(4096);
	else
		s->key = EVP_EC_gen(kind);
	assert_non_null(s->key);
	software_ak_attributes(s, AK_ATTRIBUTES);
}

void software_ak_attributes(struct software_ak *s, uint32_t attributes)
{
	s->area.len = 0;
	software_area(&s->area, s->key, attributes, s->scheme, s->hash);
	assert_int_equal(cairn_ak_read(&s->ak, cairn_buf_span(&s->area)), CAIRN_OK);
	assert_int_equal(cairn_ak_qualified_name(&s->signer, &s->ak), CAIRN_OK);
}

void software_ak_fini(struct software_ak *s)
{
	EVP_PKEY_free(s->key);
	cairn_buf_fini(&s->area);
}

struct software_quote software_quote(const struct software_ak *s, struct cairn_span extra_data, uint32_t mask,
				     const struct cairn_bank *b, struct cairn_digest *digest)
{
	assert_int_equal(cairn_pcrs_composite(digest, b, mask, s->hash), CAIRN_OK);
	return (struct software_quote){
	    .magic = 0xff544347,
	    .type = 0x8018,
	    .signer = cairn_span(s->signer.bytes, s->signer.len),
	    .extra_data = extra_data,
	    .safe = 1,
	    .banks = 1,
	    .bank = (uint16_t)b->alg,
	    .select_size = 3,
	    .selection = mask,
	    .pcr_digest = cairn_digest_span(digest),
	};
}

void software_quote_marshal(struct cairn_buf *out, const struct software_quote *q)
{
	cairn_buf_add_u32be(out, q->magic);
	cairn_buf_add_u16be(out, q->type);
	add_sized(out, q->signer);
	add_sized(out, q->extra_data);
	cairn_buf_add_u64be(out, 0x0102030405060708);
	cairn_buf_add_u32be(out, 9);
	cairn_buf_add_u32be(out, 7);
	cairn_buf_add_u8(out, q->safe);
	cairn_buf_add_u64be(out, 0x2019102300163636);
	cairn_buf_add_u32be(out, q->banks + (q->more_bank ? 1 : 0));
	for (uint32_t i = 0; i < q->banks; i++) {
		cairn_buf_add_u16be(out, q->bank);
		cairn_buf_add_u8(out, q->select_size);
		for (uint8_t k = 0; k < q->select_size; k++)
			cairn_buf_add_u8(out, (uint8_t)(q->selection >> (8 * k)));
	}
	if (q->more_bank) {
		cairn_buf_add_u16be(out, q->more_bank);
		cairn_buf_add_u8(out, 3);
		for (uint8_t k = 0; k < 3; k++)
			cairn_buf_add_u8(out, (uint8_t)(q->more_selection >> (8 * k)));
	}
	add_sized(out, q->pcr_digest);
}

static void add_ecdsa(struct cairn_buf *out, const struct software_ak *s, const uint8_t *der, size_t len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	const BIGNUM *number[2];
	uint8_t bytes[48];
	int size = EVP_PKEY_get_bits(s->key) / 8;

	assert_non_null(sig);
	ECDSA_SIG_get0(sig, &number[0], &number[1]);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(BN_bn2binpad(number[i], bytes, size), size);
		add_sized(out, cairn_span(bytes, (size_t)size));
	}
	ECDSA_SIG_free(sig);
}

void software_ak_sign(struct cairn_buf *out, const struct software_ak *s, struct cairn_span message)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	uint8_t sig[512];
	size_t len = sizeof sig;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, cairn_alg_name(s->hash), NULL, NULL, s->key, NULL),
			 1);
	if (s->scheme == AK_RSAPSS)
		assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, message.ptr, message.len), 1);
	EVP_MD_CTX_free(ctx);
	cairn_buf_add_u16be(out, s->scheme);
	cairn_buf_add_u16be(out, (uint16_t)s->hash);
	if (s->scheme == AK_ECDSA)
		add_ecdsa(out, s, sig, len);
	else
		add_sized(out, cairn_span(sig, len));
}
