/* TPMT_SIGNATURE, and its verification by OpenSSL. */
#include "src/core/quote_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "src/core/tpm_constants.h"

enum cairn_status cairn_tpmt_signature_parse(struct cairn_tpmt_signature *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_tpmt_signature sig = {.scheme = cairn_cur_u16be(&c)};
	enum cairn_status s;

	if (sig.scheme != TPM_ALG_RSASSA && sig.scheme != TPM_ALG_RSAPSS && sig.scheme != TPM_ALG_ECDSA)
		cairn_cur_fail(&c, CAIRN_E_UNSUPPORTED);
	sig.hash = (enum cairn_alg)cairn_cur_u16be(&c);
	sig.first = cairn_cur_bytes(&c, cairn_cur_u16be(&c));
	if (sig.scheme == TPM_ALG_ECDSA)
		sig.second = cairn_cur_bytes(&c, cairn_cur_u16be(&c));
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = sig;
	return s;
}

static void free_pkey(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void free_md_ctx(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
	ERR_clear_error();
}
#define auto_pkey   __attribute__((cleanup(free_pkey)))
#define auto_md_ctx __attribute__((cleanup(free_md_ctx)))

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
	uint8_t point[1 + CAIRN_AK_KEY_MAX] = {POINT_CONVERSION_UNCOMPRESSED};

	if (ak->key_len == 96)
		memcpy(group, "P-384", sizeof group);
	else if (ak->key_len != 64)
		return NULL;
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

/* The signature as OpenSSL wants it: of ECDSA, DER. Freed with OPENSSL_free; NULL: not one of this key. */
static uint8_t *ecdsa_der(int *len, const struct cairn_ak *ak, const struct cairn_tpmt_signature *sig)
{
	size_t max = ak->key_len / 2;
	ECDSA_SIG *e = ECDSA_SIG_new();
	uint8_t *der = NULL;
	BIGNUM *r, *s;

	if (!e || sig->first.len == 0 || sig->first.len > max || sig->second.len == 0 ||
	    sig->second.len > max) {
		ECDSA_SIG_free(e);
		return NULL;
	}
	r = BN_bin2bn(sig->first.ptr, (int)sig->first.len, NULL);
	s = BN_bin2bn(sig->second.ptr, (int)sig->second.len, NULL);
	if (r && s && ECDSA_SIG_set0(e, r, s) == 1) {
		*len = i2d_ECDSA_SIG(e, &der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(e);
	return der;
}

static bool set_padding(EVP_PKEY_CTX *ctx, uint16_t scheme)
{
	if (scheme == TPM_ALG_RSASSA)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	if (scheme == TPM_ALG_RSAPSS) /* part 1, annex B.7: the salt is as long as the digest, in older TPMs
					 as long as can be */
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) == 1;
	return true;
}

static enum cairn_status verify(EVP_PKEY *key, const struct cairn_ak *ak, struct cairn_span sig,
				struct cairn_span message)
{
	auto_md_ctx EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;

	if (!ctx ||
	    EVP_DigestVerifyInit_ex(ctx, &pctx, cairn_alg_name(ak->hash), NULL, NULL, key, NULL) != 1 ||
	    !set_padding(pctx, ak->scheme))
		return CAIRN_E_CRYPTO;
	return EVP_DigestVerify(ctx, sig.ptr, sig.len, message.ptr, message.len) == 1 ? CAIRN_OK
										      : CAIRN_E_SIGNATURE;
}

enum cairn_status cairn_ak_verify(const struct cairn_ak *ak, const struct cairn_tpmt_signature *sig,
				  struct cairn_span message)
{
	bool ecc = ak->scheme == TPM_ALG_ECDSA;
	auto_pkey EVP_PKEY *key = ecc ? ec_key(ak) : rsa_key(ak);
	enum cairn_status s;
	uint8_t *der;
	int len = 0;

	if (!key) {
		ERR_clear_error();
		return CAIRN_E_MALFORMED;
	}
	if (!ecc)
		return verify(key, ak, sig->first, message);
	der = ecdsa_der(&len, ak, sig);
	s = der && len > 0 ? verify(key, ak, cairn_span(der, (size_t)len), message) : CAIRN_E_SIGNATURE;
	OPENSSL_free(der);
	return s;
}
