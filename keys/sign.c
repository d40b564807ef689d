/* Raw signatures: OpenSSL's DER for ECDSA on one side, r || s on the other. */
#include "keys/key.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>

static enum cairn_status digest_sign(struct cairn_buf *out, const struct cairn_key *k, struct cairn_span msg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[160];
	size_t len = sizeof(sig);
	bool good =
	    ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, curve_of(k->alg)->hash, NULL, NULL, k->pkey, NULL) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, msg.ptr, msg.len) == 1;

	EVP_MD_CTX_free(ctx);
	if (!good)
		return CAIRN_E_CRYPTO;
	cairn_buf_add(out, cairn_span(sig, len));
	return cairn_buf_status(out);
}

static enum cairn_status der_to_raw(struct cairn_buf *out, struct cairn_span der, size_t coord)
{
	const uint8_t *p = der.ptr;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
	uint8_t raw[2 * COORD_MAX];
	bool good = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)coord) == (int)coord &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + coord, (int)coord) == (int)coord;

	ECDSA_SIG_free(sig);
	if (!good)
		return CAIRN_E_CRYPTO;
	cairn_buf_add(out, cairn_span(raw, 2 * coord));
	return cairn_buf_status(out);
}

enum cairn_status cairn_key_sign(struct cairn_buf *out, const struct cairn_key *k, struct cairn_span msg)
{
	cairn_auto_buf struct cairn_buf sig = {0};
	enum cairn_status st = k->is_private ? digest_sign(&sig, k, msg) : CAIRN_E_USAGE;

	if (st != CAIRN_OK)
		return st;
	if (is_ec(k->alg))
		return der_to_raw(out, cairn_buf_span(&sig), curve_of(k->alg)->coord);
	cairn_buf_add(out, cairn_buf_span(&sig));
	return cairn_buf_status(out);
}

static enum cairn_status raw_to_der(struct cairn_buf *out, struct cairn_span raw, size_t coord)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.ptr, (int)coord, NULL), *s = BN_bin2bn(raw.ptr + coord, (int)coord, NULL);
	uint8_t *der = NULL;
	int len = -1;

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* sig owns them now */
		len = i2d_ECDSA_SIG(sig, &der);
	}
	if (len > 0)
		cairn_buf_add(out, cairn_span(der, (size_t)len));
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? cairn_buf_status(out) : CAIRN_E_CRYPTO;
}

static enum cairn_status digest_verify(const struct cairn_key *k, struct cairn_span msg,
				       struct cairn_span sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum cairn_status st = CAIRN_E_CRYPTO;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, curve_of(k->alg)->hash, NULL, NULL, k->pkey, NULL) == 1)
		st = EVP_DigestVerify(ctx, sig.ptr, sig.len, msg.ptr, msg.len) == 1 ? CAIRN_OK
										    : CAIRN_E_SIGNATURE;
	EVP_MD_CTX_free(ctx);
	return st;
}

enum cairn_status cairn_key_verify(const struct cairn_key *k, struct cairn_span msg, struct cairn_span sig)
{
	cairn_auto_buf struct cairn_buf der = {0};
	enum cairn_status st;

	if (sig.len != cairn_sigalg_size(k->alg))
		return CAIRN_E_SIGNATURE;
	if (!is_ec(k->alg))
		return digest_verify(k, msg, sig);
	st = raw_to_der(&der, sig, curve_of(k->alg)->coord);
	return st == CAIRN_OK ? digest_verify(k, msg, cairn_buf_span(&der)) : st;
}
