/* Attestation keys as JSON Web Keys. */
#include <openssl/crypto.h>
#include <string.h>

#include "cairn/json.h"
#include "src/core/quotefile_internal.h"
#include "src/core/tpm_constants.h"

#define RSA_EXPONENT "AQAB" /* 65537 */

static enum cairn_status get_number(struct cairn_ak *ak, const json_t *v, const char *member, size_t size)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status s = cairn_json_get_b64(&b, v, member);

	if (s != CAIRN_OK)
		return s;
	if (b.len != size)
		return CAIRN_E_MALFORMED;
	memcpy(ak->key + ak->key_len, b.ptr, size);
	ak->key_len += size;
	return CAIRN_OK;
}

/* RFC 7518 section 6.2.1. */
static enum cairn_status get_ec(struct cairn_ak *ak, const json_t *v)
{
	const char *crv;
	enum cairn_status s = cairn_json_get_str(&crv, v, "crv");
	size_t size;

	if (s != CAIRN_OK)
		return s;
	if (strcmp(crv, "P-256") == 0)
		size = 32;
	else if (strcmp(crv, "P-384") == 0)
		size = 48;
	else
		return CAIRN_E_UNSUPPORTED;
	ak->type = TPM_ALG_ECC;
	s = get_number(ak, v, "x", size);
	return s == CAIRN_OK ? get_number(ak, v, "y", size) : s;
}

/* RFC 7518 section 6.3.1. */
static enum cairn_status get_rsa(struct cairn_ak *ak, const json_t *v)
{
	cairn_auto_buf struct cairn_buf n = {0};
	const char *e;
	enum cairn_status s = cairn_json_get_str(&e, v, "e");

	if (s != CAIRN_OK)
		return s;
	if (strcmp(e, RSA_EXPONENT) != 0)
		return CAIRN_E_UNSUPPORTED;
	s = cairn_json_get_b64(&n, v, "n");
	if (s != CAIRN_OK)
		return s;
	if (n.len != 256 && n.len != 384 && n.len != 512)
		return CAIRN_E_UNSUPPORTED;
	if (!(n.ptr[0] & 0x80))
		return CAIRN_E_MALFORMED;
	memcpy(ak->key, n.ptr, n.len);
	ak->key_len = n.len;
	ak->type = TPM_ALG_RSA;
	ak->exponent = 65537;
	return CAIRN_OK;
}

/* RFC 7518 section 3.1. */
static const struct {
	const char *name;
	uint16_t type, scheme;
	enum cairn_alg hash;
} algs[] = {
    {"RS256", TPM_ALG_RSA, TPM_ALG_RSASSA, CAIRN_ALG_SHA256},
    {"RS384", TPM_ALG_RSA, TPM_ALG_RSASSA, CAIRN_ALG_SHA384},
    {"RS512", TPM_ALG_RSA, TPM_ALG_RSASSA, CAIRN_ALG_SHA512},
    {"PS256", TPM_ALG_RSA, TPM_ALG_RSAPSS, CAIRN_ALG_SHA256},
    {"PS384", TPM_ALG_RSA, TPM_ALG_RSAPSS, CAIRN_ALG_SHA384},
    {"PS512", TPM_ALG_RSA, TPM_ALG_RSAPSS, CAIRN_ALG_SHA512},
    {"ES256", TPM_ALG_ECC, TPM_ALG_ECDSA, CAIRN_ALG_SHA256},
    {"ES384", TPM_ALG_ECC, TPM_ALG_ECDSA, CAIRN_ALG_SHA384},
};

static enum cairn_status get_alg(struct cairn_ak *ak, const json_t *v)
{
	const char *name;

	if (!json_object_get(v, "alg"))
		return CAIRN_OK;
	if (cairn_json_get_str(&name, v, "alg") != CAIRN_OK)
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		if (strcmp(algs[i].name, name) != 0)
			continue;
		if (algs[i].type != ak->type)
			return CAIRN_E_MALFORMED;
		ak->scheme = algs[i].scheme;
		ak->hash = algs[i].hash;
		return CAIRN_OK;
	}
	return CAIRN_E_UNSUPPORTED;
}

static enum cairn_status read_jwk(struct cairn_ak *ak, const json_t *v)
{
	const char *kty;
	enum cairn_status s = cairn_json_get_str(&kty, v, "kty");

	if (s != CAIRN_OK)
		return s;
	if (json_object_get(v, "d"))
		return CAIRN_E_DENIED;
	if (strcmp(kty, "EC") == 0)
		s = get_ec(ak, v);
	else if (strcmp(kty, "RSA") == 0)
		s = get_rsa(ak, v);
	else
		s = CAIRN_E_UNSUPPORTED;
	return s == CAIRN_OK ? get_alg(ak, v) : s;
}

enum cairn_status cairn_akfile_jwk(struct cairn_ak *out, const char **form, struct cairn_span file,
				   struct cairn_buf *why)
{
	cairn_auto_json json_t *v = NULL;
	struct cairn_ak ak = {0};
	enum cairn_status s = cairn_json_parse(&v, file);

	*form = "JWK";
	if (s == CAIRN_OK)
		s = read_jwk(&ak, v);
	if (s == CAIRN_OK)
		*out = ak;
	else if (why)
		cairn_buf_add_str(why, s == CAIRN_E_DENIED
					   ? "a private key: that of an AK never leaves its TPM"
				       : s == CAIRN_E_UNSUPPORTED ? "a JWK of another kind of key"
								  : "not a JWK");
	return s;
}
