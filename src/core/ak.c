/* Public areas of attestation keys. The bytes are hostile. */
#include "cairn/quote.h"

#include <string.h>

#include "src/core/tpm_constants.h"

#define AK_NEEDS                                                                                             \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_RESTRICTED | TPMA_SIGN)
#define AK_MAY	     (AK_NEEDS | TPMA_ST_CLEAR | TPMA_USER_WITH_AUTH | TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA)
#define RSA_BITS     2048
#define RSA_EXPONENT 65537

static struct cairn_span sized(struct cairn_cur *c)
{
	return cairn_cur_bytes(c, cairn_cur_u16be(c));
}

/* TPM2B of at most size bytes, to the right end of size bytes: a TPM may leave leading zeros away. */
static void number(struct cairn_ak *ak, struct cairn_cur *c, size_t size)
{
	struct cairn_span n = sized(c);

	if (cairn_cur_ok(c) && (n.len == 0 || n.len > size))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	if (!cairn_cur_ok(c))
		return;
	memcpy(ak->key + ak->key_len + size - n.len, n.ptr, n.len);
	ak->key_len += size;
}

/* TPMT_RSA_SCHEME+ or TPMT_ECC_SCHEME+ of a restricted signing key: it cannot be NULL. Clauses 11.2.4.2
 * and 11.2.5.6. */
static void scheme(struct cairn_ak *ak, struct cairn_cur *c)
{
	if (cairn_cur_u16be(c) != TPM_ALG_NULL) /* symmetric */
		cairn_cur_fail(c, CAIRN_E_DENIED);
	ak->scheme = cairn_cur_u16be(c);
	ak->hash = (enum cairn_alg)cairn_cur_u16be(c);
	if (ak->hash != CAIRN_ALG_SHA256 && ak->hash != CAIRN_ALG_SHA384)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
}

/* TPMS_RSA_PARMS and the modulus. Clause 12.2.3.5. */
static void rsa(struct cairn_ak *ak, struct cairn_cur *c)
{
	scheme(ak, c);
	if (ak->scheme != TPM_ALG_RSASSA && ak->scheme != TPM_ALG_RSAPSS)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	if (cairn_cur_u16be(c) != RSA_BITS)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	ak->exponent = cairn_cur_u32be(c);
	if (ak->exponent == 0)
		ak->exponent = RSA_EXPONENT;
	if (ak->exponent != RSA_EXPONENT)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	number(ak, c, RSA_BITS / 8);
	if (cairn_cur_ok(c) && !(ak->key[0] & 0x80 && ak->key[ak->key_len - 1] & 1))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* TPMS_ECC_PARMS and the point. Clause 12.2.3.6. */
static void ecc(struct cairn_ak *ak, struct cairn_cur *c)
{
	uint16_t curve;

	scheme(ak, c);
	if (ak->scheme != TPM_ALG_ECDSA)
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

enum cairn_status cairn_ak_parse(struct cairn_ak *out, struct cairn_span tpmt_public)
{
	struct cairn_cur c = cairn_cur(tpmt_public);
	struct cairn_ak ak = {0};
	uint16_t type = cairn_cur_u16be(&c);
	enum cairn_alg name_alg = (enum cairn_alg)cairn_cur_u16be(&c);
	uint32_t attributes = cairn_cur_u32be(&c);
	enum cairn_status s;

	if (name_alg != CAIRN_ALG_SHA256 && name_alg != CAIRN_ALG_SHA384)
		cairn_cur_fail(&c, CAIRN_E_UNSUPPORTED);
	if ((attributes & AK_NEEDS) != AK_NEEDS || attributes & ~AK_MAY)
		cairn_cur_fail(&c, CAIRN_E_DENIED);
	(void)sized(&c); /* authPolicy */
	if (type == TPM_ALG_RSA)
		rsa(&ak, &c);
	else if (type == TPM_ALG_ECC)
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

void cairn_ak_of_akpub(struct cairn_ak *out, const struct cairn_akpub *ak)
{
	*out = (struct cairn_ak){.scheme = TPM_ALG_ECDSA, .hash = CAIRN_ALG_SHA256};
	out->key_len = sizeof ak->point.xy;
	memcpy(out->key, ak->point.xy, sizeof ak->point.xy);
	out->name_len = sizeof ak->name.bytes;
	memcpy(out->name, ak->name.bytes, sizeof ak->name.bytes);
}

enum cairn_status cairn_ak_qualified_name(struct cairn_qualified_name *out, const struct cairn_ak *ak)
{
	static const uint8_t hierarchy[4] = {TPM_RH_ENDORSEMENT >> 24, TPM_RH_ENDORSEMENT >> 16 & 0xff,
					     TPM_RH_ENDORSEMENT >> 8 & 0xff, TPM_RH_ENDORSEMENT & 0xff};
	enum cairn_alg alg = (enum cairn_alg)(ak->name[0] << 8 | ak->name[1]);
	struct cairn_digest d;
	enum cairn_status s;

	if (ak->name_len != 2 + cairn_alg_size(alg))
		return CAIRN_E_USAGE;
	s = cairn_hash2(&d, alg, cairn_span(hierarchy, sizeof hierarchy), cairn_span(ak->name, ak->name_len));
	if (s != CAIRN_OK)
		return s;
	*out = (struct cairn_qualified_name){.len = ak->name_len};
	memcpy(out->bytes, ak->name, 2);
	memcpy(out->bytes + 2, d.bytes, cairn_alg_size(alg));
	return CAIRN_OK;
}
