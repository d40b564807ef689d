/* Public areas of TPM keys. The bytes are hostile: a public area must be the template it may have, byte for
 * byte, with nothing but the key itself left to read. Constants are those of TPM 2.0 Library r1.59, part 2.
 */
#include "cairn/tpmkey.h"

#include "cairn/ekcert.h"
#include "keys/template.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <tss2/tss2_tpm2_types.h>

/* A TPMT_PUBLIC may not be longer than this: an RSA-2048 EK has 314 bytes. */
#define PUBLIC_MAX 1024

struct cairn_span cairn_name_span(const struct cairn_name *n)
{
	return cairn_span(n->bytes, sizeof(n->bytes));
}

bool cairn_name_equal(const struct cairn_name *a, const struct cairn_name *b)
{
	return cairn_span_equal(cairn_name_span(a), cairn_name_span(b));
}

enum cairn_status cairn_name_of(struct cairn_name *out, struct cairn_span tpmt_public)
{
	struct cairn_digest d;
	enum cairn_status s = cairn_hash(&d, CAIRN_ALG_SHA256, tpmt_public);

	if (s != CAIRN_OK)
		return s;
	out->bytes[0] = (uint8_t)(TPM2_ALG_SHA256 >> 8);
	out->bytes[1] = (uint8_t)TPM2_ALG_SHA256;
	memcpy(out->bytes + 2, d.bytes, CAIRN_SHA256_SIZE);
	return CAIRN_OK;
}

/* ---- reading ---- */

/* The TPMT_PUBLIC inside exactly one TPM2B_PUBLIC. */
static enum cairn_status open_public(struct cairn_span *out, struct cairn_span tpm2b)
{
	struct cairn_cur c = cairn_cur(tpm2b);
	uint16_t size = cairn_cur_u16be(&c);

	if (cairn_cur_ok(&c) && size > PUBLIC_MAX)
		return CAIRN_E_MALFORMED;
	*out = cairn_cur_bytes(&c, size);
	return cairn_cur_end(&c);
}

/* Takes the template off the front of the public area. */
static enum cairn_status take_template(struct cairn_cur *c, const struct cairn_buf *template)
{
	enum cairn_status s = cairn_buf_status(template);

	if (s != CAIRN_OK)
		return s;
	struct cairn_span head = cairn_cur_bytes(c, template->len);
	if (!cairn_cur_ok(c))
		return c->status;
	return cairn_span_equal(head, cairn_buf_span(template)) ? CAIRN_OK : CAIRN_E_UNSUPPORTED;
}

/* TPM2B of 1 to size bytes, to the right end of out: a TPM may leave leading zeros away. */
static void take_number(struct cairn_cur *c, uint8_t *out, size_t size)
{
	uint16_t len = cairn_cur_u16be(c);

	if (cairn_cur_ok(c) && (len == 0 || len > size))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	struct cairn_span n = cairn_cur_bytes(c, len);
	memset(out, 0, size);
	if (cairn_cur_ok(c))
		memcpy(out + (size - n.len), n.ptr, n.len);
}

enum cairn_status cairn_ekpub_parse(struct cairn_ekpub *out, struct cairn_span tpm2b_public)
{
	cairn_auto_buf struct cairn_buf template = {0};
	struct cairn_ekpub ek = {0};
	struct cairn_span area;
	enum cairn_status s = open_public(&area, tpm2b_public);

	if (s != CAIRN_OK)
		return s;
	struct cairn_cur c = cairn_cur(area);
	cairn_template_ek(&template);
	s = take_template(&c, &template);
	if (s != CAIRN_OK)
		return s;
	take_number(&c, ek.modulus, sizeof(ek.modulus));
	s = cairn_cur_end(&c);
	if (s != CAIRN_OK)
		return s;
	if (!(ek.modulus[0] & 0x80) || !(ek.modulus[CAIRN_EK_MODULUS - 1] & 1)) /* 2048 bits, odd */
		return CAIRN_E_MALFORMED;
	s = cairn_hash(&ek.host_id, CAIRN_ALG_SHA256, area);
	if (s == CAIRN_OK)
		*out = ek;
	return s;
}

static bool on_curve(const struct cairn_p256 *p)
{
	uint8_t octets[1 + sizeof(p->xy)] = {POINT_CONVERSION_UNCOMPRESSED};
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(group);

	memcpy(octets + 1, p->xy, sizeof(p->xy));
	bool good = point && EC_POINT_oct2point(group, point, octets, sizeof(octets), NULL) == 1;
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return good;
}

enum cairn_status cairn_akpub_parse(struct cairn_akpub *out, struct cairn_span tpm2b_public)
{
	cairn_auto_buf struct cairn_buf template = {0};
	struct cairn_akpub ak = {0};
	struct cairn_span area;
	enum cairn_status s = open_public(&area, tpm2b_public);

	if (s != CAIRN_OK)
		return s;
	struct cairn_cur c = cairn_cur(area);
	cairn_template_ak(&template);
	s = take_template(&c, &template);
	if (s != CAIRN_OK)
		return s;
	take_number(&c, ak.point.xy, 32);
	take_number(&c, ak.point.xy + 32, 32);
	s = cairn_cur_end(&c);
	if (s != CAIRN_OK)
		return s;
	if (!on_curve(&ak.point))
		return CAIRN_E_MALFORMED;
	s = cairn_name_of(&ak.name, area);
	if (s == CAIRN_OK)
		*out = ak;
	return s;
}

/* ---- certificates ---- */

static bool number_is(const EVP_PKEY *key, const char *param, const BIGNUM *want)
{
	BIGNUM *n = NULL;
	bool same = EVP_PKEY_get_bn_param(key, param, &n) == 1 && BN_cmp(n, want) == 0;

	BN_free(n);
	return same;
}

enum cairn_status cairn_ekpub_match_cert(const struct cairn_ekpub *ek, X509 *cert)
{
	EVP_PKEY *key = NULL;
	BIGNUM *n = BN_bin2bn(ek->modulus, sizeof(ek->modulus), NULL), *e = BN_new();
	enum cairn_status s = CAIRN_E_MISMATCH;

	if (!n || !e || BN_set_word(e, RSA_F4) != 1)
		s = CAIRN_E_NOMEM;
	else if (cairn_cert_key(&key, cert) == CAIRN_OK && number_is(key, OSSL_PKEY_PARAM_RSA_N, n) &&
		 number_is(key, OSSL_PKEY_PARAM_RSA_E, e))
		s = CAIRN_OK;
	EVP_PKEY_free(key);
	BN_free(n);
	BN_free(e);
	return s;
}

/* ---- release key ---- */

enum cairn_status cairn_release_key_public(struct cairn_buf *out, const struct cairn_p256 *key)
{
	cairn_template_release(out);
	for (size_t i = 0; i < 2; i++) {
		cairn_buf_add_u16be(out, 32);
		cairn_buf_add(out, cairn_span(key->xy + 32 * i, 32));
	}
	return cairn_buf_status(out);
}

enum cairn_status cairn_release_key_name(struct cairn_name *out, const struct cairn_p256 *key)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status s = cairn_release_key_public(&b, key);

	return s == CAIRN_OK ? cairn_name_of(out, cairn_buf_span(&b)) : s;
}
