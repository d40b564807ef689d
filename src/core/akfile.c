/* Files of attestation keys: what OpenSSL reads, and what a TPM writes. */
#include "cairn/quotefile.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "src/core/quotefile_internal.h"
#include "src/core/tpm_constants.h"

#define TPM_PUBLIC_MAX 1024 /* bytes; a TPMT_PUBLIC of RSA-4096 has some 600 */
#define RSA_EXPONENT   65537

static void free_pkey(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
	ERR_clear_error();
}
#define auto_pkey __attribute__((cleanup(free_pkey)))

static enum cairn_status say(struct cairn_buf *why, enum cairn_status s, const char *text)
{
	if (why)
		cairn_buf_add_str(why, text);
	return s;
}

/* ---- from OpenSSL's form
 * ---------------------------------------------------------------------------------------- */

static enum cairn_status add_number(struct cairn_ak *ak, const EVP_PKEY *key, const char *param, size_t size)
{
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, param, &n) == 1 &&
		  BN_bn2binpad(n, ak->key + ak->key_len, (int)size) == (int)size;

	BN_free(n);
	if (ok)
		ak->key_len += size;
	return ok ? CAIRN_OK : CAIRN_E_CRYPTO;
}

static enum cairn_status of_rsa(struct cairn_ak *ak, const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);
	BIGNUM *e = NULL;
	bool usual =
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, RSA_EXPONENT);

	BN_free(e);
	if (!usual)
		return CAIRN_E_UNSUPPORTED;
	if (bits != 2048 && bits != 3072 && bits != 4096)
		return CAIRN_E_UNSUPPORTED;
	ak->type = TPM_ALG_RSA;
	ak->exponent = RSA_EXPONENT;
	return add_number(ak, key, OSSL_PKEY_PARAM_RSA_N, (size_t)bits / 8);
}

static enum cairn_status of_ec(struct cairn_ak *ak, const EVP_PKEY *key)
{
	enum cairn_status s;
	char group[32] = "";
	size_t size;

	(void)EVP_PKEY_get_group_name(key, group, sizeof group,
				      NULL); /* of other kinds of keys it stays empty */
	if (strcmp(group, SN_X9_62_prime256v1) == 0)
		size = 32;
	else if (strcmp(group, SN_secp384r1) == 0)
		size = 48;
	else
		return CAIRN_E_UNSUPPORTED;
	ak->type = TPM_ALG_ECC;
	s = add_number(ak, key, OSSL_PKEY_PARAM_EC_PUB_X, size);
	return s == CAIRN_OK ? add_number(ak, key, OSSL_PKEY_PARAM_EC_PUB_Y, size) : s;
}

static enum cairn_status of_pkey(struct cairn_ak *out, const EVP_PKEY *key, struct cairn_buf *why)
{
	struct cairn_ak ak = {0};
	enum cairn_status s = EVP_PKEY_is_a(key, "RSA") ? of_rsa(&ak, key) : of_ec(&ak, key);

	if (s != CAIRN_OK)
		return say(why, s, "a key of another kind than RSA-2048, -3072, -4096, P-256, P-384");
	*out = ak;
	return CAIRN_OK;
}

/* ---- DER
 * -------------------------------------------------------------------------------------------------------- */

static EVP_PKEY *spki(struct cairn_span der)
{
	const unsigned char *p = der.ptr;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)der.len);

	if (key && p != der.ptr + der.len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static EVP_PKEY *certified(struct cairn_span der)
{
	const unsigned char *p = der.ptr;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	EVP_PKEY *key = p == der.ptr + der.len ? X509_get_pubkey(cert) : NULL;

	X509_free(cert);
	return key;
}

static enum cairn_status read_der(struct cairn_ak *out, const char **form, struct cairn_span der,
				  struct cairn_buf *why)
{
	auto_pkey EVP_PKEY *key = spki(der);

	*form = "public key";
	if (!key) {
		key = certified(der);
		*form = "certificate";
	}
	if (!key)
		return say(why, CAIRN_E_MALFORMED, "neither a public key nor a certificate in DER");
	return of_pkey(out, key, why);
}

/* ---- PEM
 * -------------------------------------------------------------------------------------------------------- */

static unsigned count(struct cairn_span in, const char *what)
{
	size_t len = strlen(what);
	unsigned n = 0;

	for (size_t i = 0; i + len <= in.len; i++)
		n += memcmp(in.ptr + i, what, len) == 0;
	return n;
}

static enum cairn_status read_block(struct cairn_ak *out, const char **form, const char *label,
				    struct cairn_span der, struct cairn_buf *why)
{
	const char *expected = strcmp(label, "CERTIFICATE") == 0 ? "certificate" : "public key";
	enum cairn_status s;

	if (strstr(label, "PRIVATE"))
		return say(why, CAIRN_E_DENIED, "a private key: that of an AK never leaves its TPM");
	if (strcmp(label, "PUBLIC KEY") != 0 && strcmp(label, "CERTIFICATE") != 0)
		return say(why, CAIRN_E_UNSUPPORTED, "neither PUBLIC KEY nor CERTIFICATE");
	s = read_der(out, form, der, why);
	if (s == CAIRN_OK && strcmp(*form, expected) != 0)
		return say(why, CAIRN_E_MALFORMED, "the PEM block is not what it says it is");
	return s;
}

static enum cairn_status read_pem(struct cairn_ak *out, const char **form, struct cairn_span file,
				  struct cairn_buf *why)
{
	unsigned char *der = NULL;
	char *label = NULL, *header = NULL;
	BIO *bio;
	enum cairn_status s;
	long len = 0;

	if (count(file, "-----BEGIN ") != 1)
		return say(why, CAIRN_E_MALFORMED, "more than one PEM block: which of them is meant?");
	bio = BIO_new_mem_buf(file.ptr, (int)file.len);
	if (!bio)
		return CAIRN_E_NOMEM;
	if (PEM_read_bio(bio, &label, &header, &der, &len) == 1)
		s = read_block(out, form, label, cairn_span(der, (size_t)len), why);
	else
		s = say(why, CAIRN_E_MALFORMED, "a broken PEM block");
	BIO_free(bio);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	ERR_clear_error();
	return s;
}

/* ---- by their first bytes, which no two forms share
 * ------------------------------------------------------------- */

static enum cairn_status read_tpm(struct cairn_ak *out, const char **form, struct cairn_span file,
				  struct cairn_buf *why)
{
	struct cairn_cur c = cairn_cur(file);
	enum cairn_status s;

	*form = "TPMT_PUBLIC";
	if (cairn_cur_u16be(&c) + 2u == file.len) {
		*form = "TPM2B_PUBLIC";
		file = cairn_cur_rest(&c);
	}
	s = cairn_ak_read(out, file);
	return s == CAIRN_OK ? s
			     : say(why, s, "not a key in a form that is known, or one that does not sign");
}

enum cairn_status cairn_akfile_read(struct cairn_ak *out, const char **form, struct cairn_span file,
				    struct cairn_buf *why)
{
	struct cairn_span text = file;

	while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0])
		text = cairn_span(text.ptr + 1, text.len - 1);
	if (file.len > CAIRN_QUOTEFILE_MAX)
		return CAIRN_E_LIMIT;
	if (text.len > 0 && text.ptr[0] == '{')
		return cairn_akfile_jwk(out, form, file, why);
	if (count(file, "-----BEGIN ") > 0)
		return read_pem(out, form, file, why);
	if (file.len > 0 && file.ptr[0] == 0x30)
		return read_der(out, form, file, why);
	if (file.len > TPM_PUBLIC_MAX)
		return say(why, CAIRN_E_MALFORMED, "not a key in a form that is known");
	return read_tpm(out, form, file, why);
}
