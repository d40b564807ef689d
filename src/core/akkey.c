/* AKs as OpenSSL has them, and the verification of signatures with them. */
#include "src/core/quote_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/tpm_constants.h"

#define POINT_MAX 96 /* x || y of P-384 */
/* SEQUENCE of two INTEGERs of 48 bytes and a leading zero each: every length fits in one byte. */
#define ECDSA_DER_MAX (2 + 2 * (2 + 1 + POINT_MAX / 2))

struct cairn_ak_key {
	struct cairn_ak ak;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx; /* set up for the scheme and the hash of the last signature */
	uint16_t scheme;
	struct cairn_hasher *hasher;
	enum cairn_alg hash;
};

const struct cairn_ak *cairn_ak_key_ak(const struct cairn_ak_key *k)
{
	return &k->ak;
}

static EVP_PKEY *key_from(const char *type, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1) {
		/* fromdata does not write through its parameters. */
		union {
			const OSSL_PARAM *in;
			OSSL_PARAM *out;
		} p = {.in = params};
		if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p.out) != 1)
			key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *ec_key(const struct cairn_ak *ak)
{
	char group[] = "P-256";
	uint8_t point[1 + POINT_MAX] = {POINT_CONVERSION_UNCOMPRESSED};

	if (ak->key_len == POINT_MAX)
		memcpy(group, "P-384", sizeof group);
	memcpy(point + 1, ak->key, ak->key_len);
	return key_from(
	    "EC", (OSSL_PARAM[]){
		      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + ak->key_len),
		      OSSL_PARAM_construct_end(),
		  });
}

static EVP_PKEY *rsa_key(const struct cairn_ak *ak)
{
	BIGNUM *n = BN_bin2bn(ak->key, (int)ak->key_len, NULL), *e = BN_new();
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n && e && b && BN_set_word(e, ak->exponent) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(b);
	if (params)
		key = key_from("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_free(n);
	BN_free(e);
	return key;
}

enum cairn_status cairn_ak_key_new(struct cairn_ak_key **out, const struct cairn_ak *ak)
{
	struct cairn_ak_key *k = calloc(1, sizeof *k);

	if (!k)
		return CAIRN_E_NOMEM;
	k->ak = *ak;
	k->pkey = ak->type == TPM_ALG_ECC ? ec_key(ak) : rsa_key(ak);
	if (!k->pkey) {
		ERR_clear_error();
		cairn_ak_key_free(k);
		return CAIRN_E_MALFORMED;
	}
	*out = k;
	return CAIRN_OK;
}

void cairn_ak_key_free(struct cairn_ak_key *k)
{
	if (!k)
		return;
	EVP_PKEY_CTX_free(k->ctx);
	EVP_PKEY_free(k->pkey);
	cairn_hasher_free(k->hasher);
	free(k);
}

static bool set_point(struct cairn_ak_key *k, const struct cairn_ak *ak)
{
	uint8_t point[1 + POINT_MAX] = {POINT_CONVERSION_UNCOMPRESSED};

	if (ak->key_len > POINT_MAX)
		return false; /* RSA */
	if (ak->key_len != k->ak.key_len)
		return false; /* another kind of key, or another curve */
	memcpy(point + 1, ak->key, ak->key_len);
	if (EVP_PKEY_set1_encoded_public_key(k->pkey, point, 1 + ak->key_len) != 1)
		return false;
	k->ak = *ak;
	return true;
}

enum cairn_status cairn_ak_key_set(struct cairn_ak_key **k, const struct cairn_ak *ak)
{
	if (*k && set_point(*k, ak))
		return CAIRN_OK;
	ERR_clear_error();
	cairn_ak_key_free(*k);
	*k = NULL;
	return cairn_ak_key_new(k, ak);
}

/* ---- made ready for a scheme and a hash; most keys only ever see one
 * ------------------------------------------ */

/* What OpenSSL starts from is the padding of RSASSA. Of RSAPSS the salt is as long as the digest, in older TPMs as long
 * as can be (TPM 2.0 Library r1.59, part 1, annex B.7): OpenSSL takes whatever length it finds. */
static bool set_padding(EVP_PKEY_CTX *ctx, uint16_t scheme)
{
	return scheme != TPM_ALG_RSAPSS || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1;
}

static bool set_hash(EVP_PKEY_CTX *ctx, enum cairn_alg hash)
{
	EVP_MD *md = EVP_MD_fetch(NULL, cairn_alg_name(hash), NULL);
	bool ok = EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;

	EVP_MD_free(md);
	return ok;
}

enum cairn_status cairn_ak_key_hasher(struct cairn_hasher **out, struct cairn_ak_key *k, enum cairn_alg hash)
{
	enum cairn_status s = CAIRN_OK;

	if (!k->hasher || k->hash != hash) {
		cairn_hasher_free(k->hasher);
		k->hasher = NULL;
		k->scheme = 0;
		k->hash = hash;
		s = cairn_hasher_new(&k->hasher, hash);
	}
	if (s == CAIRN_OK)
		*out = k->hasher;
	return s;
}

static enum cairn_status make_ready(struct cairn_ak_key *k, uint16_t scheme)
{
	if (k->scheme == scheme)
		return CAIRN_OK;
	k->scheme = 0;
	EVP_PKEY_CTX_free(k->ctx);
	k->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	if (EVP_PKEY_verify_init(k->ctx) != 1 || !set_padding(k->ctx, scheme) || !set_hash(k->ctx, k->hash))
		return CAIRN_E_CRYPTO;
	k->scheme = scheme;
	return CAIRN_OK;
}

/* ---- signatures
 * ------------------------------------------------------------------------------------------------- */

/* INTEGER of an unsigned number; its length. */
static size_t der_integer(uint8_t *out, struct cairn_span n)
{
	size_t zero;

	while (n.len > 1 && n.ptr[0] == 0)
		n = cairn_span(n.ptr + 1, n.len - 1);
	zero = n.ptr[0] >> 7;
	out[0] = 0x02;
	out[1] = (uint8_t)(zero + n.len);
	out[2] = 0;
	memcpy(out + 2 + zero, n.ptr, n.len);
	return 2 + zero + n.len;
}

/* r and s as OpenSSL wants them: RFC 3279, section 2.2.3. Empty where one of them cannot be of this key. */
static struct cairn_span ecdsa_der(uint8_t out[ECDSA_DER_MAX], size_t max,
				   const struct cairn_tpmt_signature *sig)
{
	size_t len = 2;

	if (sig->first.len == 0)
		return (struct cairn_span){0};
	if (sig->second.len == 0)
		return (struct cairn_span){0};
	if (sig->first.len > max)
		return (struct cairn_span){0};
	if (sig->second.len > max)
		return (struct cairn_span){0};
	len += der_integer(out + len, sig->first);
	len += der_integer(out + len, sig->second);
	out[0] = 0x30;
	out[1] = (uint8_t)(len - 2);
	return cairn_span(out, len);
}

static enum cairn_status verify(struct cairn_ak_key *k, struct cairn_span sig, const struct cairn_digest *d)
{
	if (EVP_PKEY_verify(k->ctx, sig.ptr, sig.len, d->bytes, cairn_alg_size(d->alg)) == 1)
		return CAIRN_OK;
	ERR_clear_error();
	return CAIRN_E_SIGNATURE;
}

enum cairn_status cairn_ak_key_verify(struct cairn_ak_key *k, const struct cairn_tpmt_signature *sig,
				      struct cairn_span message)
{
	struct cairn_span bytes = sig->first;
	uint8_t der[ECDSA_DER_MAX];
	struct cairn_hasher *h = NULL;
	struct cairn_digest d;
	enum cairn_status s = cairn_ak_key_hasher(&h, k, sig->hash);

	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, message);
	if (s == CAIRN_OK)
		s = cairn_hasher_take(h, &d);
	if (s == CAIRN_OK)
		s = make_ready(k, sig->scheme);
	if (s != CAIRN_OK)
		return s;
	if (k->ak.type == TPM_ALG_ECC)
		bytes = ecdsa_der(der, k->ak.key_len / 2, sig);
	return verify(k, bytes, &d);
}
