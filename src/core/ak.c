/* Public areas of attestation keys. The bytes are hostile. */
#include "cairn/quote.h"

#include <string.h>

#include "src/core/tpm_constants.h"

#define RSA_EXPONENT 65537

static struct cairn_span sized(struct cairn_cur *c)
{
	return cairn_cur_bytes(c, cairn_cur_u16be(c));
}

/* TPM2B of at most size bytes, to the right end of size bytes: a TPM may leave leading zeros away. */
static void number(struct cairn_ak *ak, struct cairn_cur *c, size_t size)
{
	struct cairn_span n = sized(c);

	if (n.len == 0 || n.len > size) {
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
		return;
	}
	memcpy(ak->key + ak->key_len + size - n.len, n.ptr, n.len);
	ak->key_len += size;
}

static bool is_hash(enum cairn_alg alg)
{
	return alg == CAIRN_ALG_SHA256 || alg == CAIRN_ALG_SHA384 || alg == CAIRN_ALG_SHA512;
}

/* TPMT_RSA_SCHEME+ or TPMT_ECC_SCHEME+. Clauses 11.2.4.2 and 11.2.5.6. Only of a key that is not restricted it can
 * be NULL. */
static void scheme(struct cairn_ak *ak, struct cairn_cur *c)
{
	if (cairn_cur_u16be(c) != TPM_ALG_NULL) /* symmetric */
		cairn_cur_fail(c, CAIRN_E_DENIED);
	ak->scheme = cairn_cur_u16be(c);
	if (ak->scheme == TPM_ALG_NULL) {
		ak->scheme = 0;
		return;
	}
	ak->hash = (enum cairn_alg)cairn_cur_u16be(c);
	if (!is_hash(ak->hash) && ak->hash != CAIRN_ALG_SHA1)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
}

/* TPMS_RSA_PARMS and the modulus. Clause 12.2.3.5. */
static void rsa(struct cairn_ak *ak, struct cairn_cur *c)
{
	uint16_t bits;

	scheme(ak, c);
	if (ak->scheme != 0 && ak->scheme != TPM_ALG_RSASSA && ak->scheme != TPM_ALG_RSAPSS)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	bits = cairn_cur_u16be(c);
	if (bits != 2048 && bits != 3072 && bits != 4096)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	ak->exponent = cairn_cur_u32be(c);
	if (ak->exponent == 0)
		ak->exponent = RSA_EXPONENT;
	if (ak->exponent != RSA_EXPONENT)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	number(ak, c, bits / 8);
	if (cairn_cur_ok(c) && !(ak->key[0] & 0x80 && ak->key[ak->key_len - 1] & 1))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* TPMS_ECC_PARMS and the point. Clause 12.2.3.6. */
static void ecc(struct cairn_ak *ak, struct cairn_cur *c)
{
	uint16_t curve;

	scheme(ak, c);
	if (ak->scheme != 0 && ak->scheme != TPM_ALG_ECDSA)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	curve = cairn_cur_u16be(c);
	if (curve != TPM_ECC_NIST_P256 && curve != TPM_ECC_NIST_P384)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	if (cairn_cur_u16be(c) != TPM_ALG_NULL) /* kdf */
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	for (int i = 0; i < 2; i++)
		number(ak, c, curve == TPM_ECC_NIST_P256 ? 32 : 48);
}

static enum cairn_status name_of(struct cairn_ak *ak, enum cairn_alg alg, struct cairn_span area)
{
	struct cairn_digest d;
	enum cairn_status s = cairn_hash(&d, alg, area);

	if (s != CAIRN_OK)
		return s;
	ak->name[0] = (uint8_t)((unsigned)alg >> 8);
	ak->name[1] = (uint8_t)alg;
	memcpy(ak->name + 2, d.bytes, cairn_alg_size(alg));
	ak->name_len = 2 + cairn_alg_size(alg);
	return CAIRN_OK;
}

enum cairn_status cairn_ak_read(struct cairn_ak *out, struct cairn_span tpmt_public)
{
	struct cairn_cur c = cairn_cur(tpmt_public);
	struct cairn_ak ak = {.type = cairn_cur_u16be(&c)};
	enum cairn_alg name_alg = (enum cairn_alg)cairn_cur_u16be(&c);
	enum cairn_status s;

	if (!is_hash(name_alg))
		cairn_cur_fail(&c, CAIRN_E_UNSUPPORTED);
	ak.attributes = cairn_cur_u32be(&c);
	(void)sized(&c); /* authPolicy */
	if (ak.type == TPM_ALG_RSA)
		rsa(&ak, &c);
	else if (ak.type == TPM_ALG_ECC)
		ecc(&ak, &c);
	else
		cairn_cur_fail(&c, CAIRN_E_UNSUPPORTED);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		s = name_of(&ak, name_alg, tpmt_public);
	if (s == CAIRN_OK)
		*out = ak;
	return s;
}

/* ---- what an AK must and must not be
 * --------------------------------------------------------------------------- */
static const struct {
	const char *name;
	uint32_t mask, value;
} attributes[] = {
    {"fixedTPM", TPMA_FIXED_TPM, TPMA_FIXED_TPM},
    {"fixedParent", TPMA_FIXED_PARENT, TPMA_FIXED_PARENT},
    {"sensitiveDataOrigin", TPMA_SENSITIVE_DATA_ORIGIN, TPMA_SENSITIVE_DATA_ORIGIN},
    {"restricted", TPMA_RESTRICTED, TPMA_RESTRICTED},
    {"sign", TPMA_SIGN, TPMA_SIGN},
    {"decrypt", TPMA_DECRYPT, 0},
    {"encryptedDuplication", TPMA_ENCRYPTED_DUPLICATION, 0},
    {"x509sign", TPMA_X509_SIGN, 0},
    {"reserved",
     ~(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_RESTRICTED | TPMA_SIGN |
       TPMA_DECRYPT | TPMA_ENCRYPTED_DUPLICATION | TPMA_X509_SIGN | TPMA_ST_CLEAR | TPMA_USER_WITH_AUTH |
       TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA),
     0},
};

const char *cairn_ak_objection(const struct cairn_ak *ak)
{
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if ((ak->attributes & attributes[i].mask) != attributes[i].value)
			return attributes[i].name;
	return ak->scheme == 0 ? "scheme" : NULL;
}

enum cairn_status cairn_ak_parse(struct cairn_ak *out, struct cairn_span tpmt_public)
{
	struct cairn_ak ak;
	enum cairn_status s = cairn_ak_read(&ak, tpmt_public);

	if (s != CAIRN_OK)
		return s;
	if (cairn_ak_objection(&ak))
		return CAIRN_E_DENIED;
	if (ak.hash == CAIRN_ALG_SHA1)
		return CAIRN_E_UNSUPPORTED;
	*out = ak;
	return CAIRN_OK;
}

/* Its template has these attributes: tpmkey.h. */
void cairn_ak_of_akpub(struct cairn_ak *out, const struct cairn_akpub *ak)
{
	*out = (struct cairn_ak){
	    .type = TPM_ALG_ECC,
	    .scheme = TPM_ALG_ECDSA,
	    .hash = CAIRN_ALG_SHA256,
	    .attributes = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN |
			  TPMA_USER_WITH_AUTH | TPMA_NO_DA | TPMA_RESTRICTED | TPMA_SIGN,
	};
	out->key_len = sizeof ak->point.xy;
	memcpy(out->key, ak->point.xy, sizeof ak->point.xy);
	out->name_len = sizeof ak->name.bytes;
	memcpy(out->name, ak->name.bytes, sizeof ak->name.bytes);
}

enum cairn_status cairn_ak_qualified_name_under(struct cairn_qualified_name *out, const struct cairn_ak *ak,
						struct cairn_span parent)
{
	enum cairn_alg alg = (enum cairn_alg)(ak->name[0] << 8 | ak->name[1]);
	struct cairn_digest d;
	enum cairn_status s;

	if (ak->name_len != 2 + cairn_alg_size(alg))
		return CAIRN_E_USAGE;
	s = cairn_hash2(&d, alg, parent, cairn_span(ak->name, ak->name_len));
	if (s != CAIRN_OK)
		return s;
	*out = (struct cairn_qualified_name){.len = ak->name_len};
	memcpy(out->bytes, ak->name, 2);
	memcpy(out->bytes + 2, d.bytes, cairn_alg_size(alg));
	return CAIRN_OK;
}

enum cairn_status cairn_ak_qualified_name(struct cairn_qualified_name *out, const struct cairn_ak *ak)
{
	static const uint8_t hierarchy[4] = {TPM_RH_ENDORSEMENT >> 24, TPM_RH_ENDORSEMENT >> 16 & 0xff,
					     TPM_RH_ENDORSEMENT >> 8 & 0xff, TPM_RH_ENDORSEMENT & 0xff};

	return cairn_ak_qualified_name_under(out, ak, cairn_span(hierarchy, sizeof hierarchy));
}
