/* Keys in OpenSSL's hands: making and checking them. */
#include "keys/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>

/* RFC 7518 sections 3.4 and 6.2.1.1; RFC 8037 section 2. */
static const struct curve CURVES[] = {
    [CAIRN_SIG_ES256] = {"ES256", "EC", "P-256", "P-256", "SHA256", 32},
    [CAIRN_SIG_ES384] = {"ES384", "EC", "P-384", "P-384", "SHA384", 48},
    [CAIRN_SIG_EDDSA] = {"EdDSA", "OKP", "Ed25519", "ED25519", NULL, 32},
};
#define ALGS (sizeof(CURVES) / sizeof(CURVES[0]))

const struct curve *curve_of(enum cairn_sigalg alg)
{
	return &CURVES[(unsigned)alg < ALGS ? alg : 0];
}

const char *cairn_sigalg_name(enum cairn_sigalg a)
{
	return (unsigned)a < ALGS ? CURVES[a].alg : "unknown";
}

enum cairn_status cairn_sigalg_by_name(enum cairn_sigalg *out, const char *name)
{
	for (size_t i = 0; i < ALGS; i++) {
		if (strcmp(CURVES[i].alg, name) != 0)
			continue;
		*out = (enum cairn_sigalg)i;
		return CAIRN_OK;
	}
	return CAIRN_E_UNSUPPORTED;
}

size_t cairn_sigalg_size(enum cairn_sigalg a)
{
	return 2 * curve_of(a)->coord;
}

enum cairn_sigalg cairn_key_alg(const struct cairn_key *k)
{
	return k->alg;
}

bool cairn_key_is_private(const struct cairn_key *k)
{
	return k->is_private;
}

const char *cairn_key_kid(const struct cairn_key *k)
{
	return k->kid;
}

bool cairn_key_same(const struct cairn_key *a, const struct cairn_key *b)
{
	return strcmp(a->kid, b->kid) == 0; /* the thumbprint is over the curve as well */
}

void cairn_key_free(struct cairn_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	OPENSSL_clear_free(k, sizeof(*k));
}

static enum cairn_status set_kid(struct cairn_key *k)
{
	cairn_auto_json json_t *v = key_public_json(k);
	cairn_auto_buf struct cairn_buf text = {0}, kid = {0};
	struct cairn_digest d;
	enum cairn_status st = cairn_json_dump(&text, v);

	if (st == CAIRN_OK)
		st = cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&text));
	if (st != CAIRN_OK)
		return st;
	cairn_b64url_encode(&kid, cairn_digest_span(&d));
	if (cairn_buf_str(&kid) == NULL)
		return CAIRN_E_NOMEM;
	memcpy(k->kid, cairn_buf_str(&kid), sizeof(k->kid));
	return CAIRN_OK;
}

/* ---- from OpenSSL's key to ours
 * ---------------------------------------------------------------------------------- */

static enum cairn_status take_coord(uint8_t *out, const struct cairn_key *k, const char *param)
{
	BIGNUM *n = NULL;
	bool good = EVP_PKEY_get_bn_param(k->pkey, param, &n) == 1 &&
		    BN_bn2binpad(n, out, (int)curve_of(k->alg)->coord) == (int)curve_of(k->alg)->coord;

	BN_free(n);
	return good ? CAIRN_OK : CAIRN_E_CRYPTO;
}

static enum cairn_status take_point(struct cairn_key *k)
{
	size_t len = curve_of(k->alg)->coord;
	enum cairn_status st;

	if (!is_ec(k->alg))
		return EVP_PKEY_get_raw_public_key(k->pkey, k->x, &len) == 1 ? CAIRN_OK : CAIRN_E_CRYPTO;
	st = take_coord(k->x, k, OSSL_PKEY_PARAM_EC_PUB_X);
	return st == CAIRN_OK ? take_coord(k->y, k, OSSL_PKEY_PARAM_EC_PUB_Y) : st;
}

/* Takes pkey over. */
static enum cairn_status adopt(struct cairn_key **out, enum cairn_sigalg alg, EVP_PKEY *pkey, bool is_private)
{
	struct cairn_key *k = calloc(1, sizeof(*k));
	enum cairn_status st;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return CAIRN_E_NOMEM;
	}
	k->alg = alg;
	k->pkey = pkey;
	k->is_private = is_private;
	st = take_point(k);
	if (st == CAIRN_OK)
		st = set_kid(k);
	if (st == CAIRN_OK)
		*out = k;
	else
		cairn_key_free(k);
	return st;
}

enum cairn_status cairn_key_generate(struct cairn_key **out, enum cairn_sigalg alg)
{
	const struct curve *c = curve_of(alg);
	EVP_PKEY *pkey = is_ec(alg) ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->group)
				    : EVP_PKEY_Q_keygen(NULL, NULL, c->group);

	return pkey != NULL ? adopt(out, alg, pkey, true) : CAIRN_E_CRYPTO;
}

/* ---- from coordinates
 * -------------------------------------------------------------------------------------------- */

/* All that is asked of a key before it is used: on the curve, of the right order, and d is that of the point.
 */
static bool ec_good(EVP_PKEY *pkey, bool is_private)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool good =
	    ctx != NULL && EVP_PKEY_public_check(ctx) == 1 && (!is_private || EVP_PKEY_check(ctx) == 1);

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static OSSL_PARAM *ec_params(const struct curve *c, const uint8_t *point, const BIGNUM *d)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (b != NULL && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, c->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c->coord) == 1 &&
	    (d == NULL || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1))
		params = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	return params;
}

static EVP_PKEY *ec_make(const struct curve *c, const uint8_t *x, const uint8_t *y, const uint8_t *d)
{
	uint8_t point[1 + 2 * COORD_MAX] = {4}; /* SEC 1 v2.0, section 2.3.3: uncompressed */
	BIGNUM *n = d != NULL ? BN_secure_new() : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	int what = d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;

	memcpy(point + 1, x, c->coord);
	memcpy(point + 1 + c->coord, y, c->coord);
	if (d == NULL || (n != NULL && BN_bin2bn(d, (int)c->coord, n) != NULL))
		params = ec_params(c, point, n);
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, what, params) != 1)
		pkey = NULL;
	if (pkey != NULL && !ec_good(pkey, d != NULL)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(n);
	return pkey;
}

static EVP_PKEY *ed_make(const uint8_t *x, const uint8_t *d)
{
	uint8_t derived[32];
	size_t len = sizeof(derived);
	EVP_PKEY *pkey = d != NULL ? EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, d, 32)
				   : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x, 32);

	if (pkey != NULL &&
	    (EVP_PKEY_get_raw_public_key(pkey, derived, &len) != 1 || memcmp(derived, x, 32) != 0)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return pkey;
}

enum cairn_status key_from_raw(struct cairn_key **out, enum cairn_sigalg alg, const uint8_t *x,
			       const uint8_t *y, const uint8_t *d)
{
	EVP_PKEY *pkey = is_ec(alg) ? ec_make(curve_of(alg), x, y, d) : ed_make(x, d);

	return pkey != NULL ? adopt(out, alg, pkey, d != NULL) : CAIRN_E_MALFORMED;
}

enum cairn_status key_raw_private(struct cairn_buf *out, const struct cairn_key *k)
{
	uint8_t d[COORD_MAX];
	size_t len = curve_of(k->alg)->coord;
	enum cairn_status st = CAIRN_OK;

	if (!k->is_private)
		return CAIRN_E_USAGE;
	if (is_ec(k->alg))
		st = take_coord(d, k, OSSL_PKEY_PARAM_PRIV_KEY);
	else if (EVP_PKEY_get_raw_private_key(k->pkey, d, &len) != 1)
		st = CAIRN_E_CRYPTO;
	if (st == CAIRN_OK)
		cairn_buf_add(out, cairn_span(d, len));
	OPENSSL_cleanse(d, sizeof(d));
	return st == CAIRN_OK ? cairn_buf_status(out) : st;
}

enum cairn_status cairn_key_p256_point(uint8_t xy[64], const struct cairn_key *k)
{
	if (k->alg != CAIRN_SIG_ES256)
		return CAIRN_E_USAGE;
	memcpy(xy, k->x, 32);
	memcpy(xy + 32, k->y, 32);
	return CAIRN_OK;
}

enum cairn_status cairn_key_from_p256_point(struct cairn_key **out, const uint8_t xy[64])
{
	return key_from_raw(out, CAIRN_SIG_ES256, xy, xy + 32, NULL);
}
