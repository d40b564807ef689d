/* Files of attestation keys: each form, cut and changed, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "cairn/json.h"
#include "cairn/quotefile.h"
#include "tests/unit/quote_fixture.h"

static void take_bio(struct cairn_buf *out, BIO *bio)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);

	cairn_buf_add(out, cairn_span(text, (size_t)len));
	BIO_free(bio);
}

static void pem_of(struct cairn_buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	take_bio(out, bio);
}

static void der_of(struct cairn_buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(i2d_PUBKEY_bio(bio, key), 1);
	take_bio(out, bio);
}

static void cert_of(struct cairn_buf *out, EVP_PKEY *key, bool pem)
{
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(X509_set_pubkey(x, key), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 60);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(pem ? PEM_write_bio_X509(bio, x) : i2d_X509_bio(bio, x), 1);
	take_bio(out, bio);
	X509_free(x);
}

static void jwk_of(struct cairn_buf *out, const struct cairn_ak *ak, const char *more)
{
	bool ec = ak->exponent == 0;
	size_t half = ak->key_len / 2;

	cairn_buf_add_fmt(out, "{\"kty\":\"%s\",", ec ? "EC" : "RSA");
	if (ec) {
		cairn_buf_add_fmt(out, "\"crv\":\"%s\",\"x\":\"", half == 32 ? "P-256" : "P-384");
		cairn_b64url_encode(out, cairn_span(ak->key, half));
		cairn_buf_add_str(out, "\",\"y\":\"");
		cairn_b64url_encode(out, cairn_span(ak->key + half, half));
	} else {
		cairn_buf_add_str(out, "\"e\":\"AQAB\",\"n\":\"");
		cairn_b64url_encode(out, cairn_span(ak->key, ak->key_len));
	}
	cairn_buf_add_fmt(out, "\"%s}", more);
}

static void tpm2b_of(struct cairn_buf *out, struct cairn_span area)
{
	cairn_buf_add_u16be(out, (uint16_t)area.len);
	cairn_buf_add(out, area);
}

/* ---- keys
 * ------------------------------------------------------------------------------------------------------- */

static void assert_key(const struct cairn_buf *file, const char *form, const struct software_ak *s)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *got = "";
	struct cairn_ak ak;
	enum cairn_status st = cairn_akfile_read(&ak, &got, cairn_buf_span(file), &why);

	if (st != CAIRN_OK)
		fail_msg("%s: %s", form, cairn_buf_str(&why));
	assert_string_equal(got, form);
	assert_int_equal(ak.type, s->ak.type);
	assert_int_equal(ak.exponent, s->ak.exponent);
	assert_int_equal(ak.key_len, s->ak.key_len);
	assert_memory_equal(ak.key, s->ak.key, ak.key_len);
	if (strncmp(form, "TPM", 3) == 0)
		assert_memory_equal(&ak, &s->ak, sizeof ak);
	else
		assert_true(ak.name_len == 0 && ak.attributes == 0 && ak.scheme == 0);
}

static void keys_in_every_form(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
	} kinds[] = {{"P-256", AK_ECDSA}, {"P-384", AK_ECDSA}, {"RSA", AK_RSASSA}, {"RSA-3072", AK_RSAPSS}};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct cairn_buf f[8] = {{0}};
		struct software_ak s;

		software_ak_init(&s, kinds[i].kind, kinds[i].scheme, CAIRN_ALG_SHA256);
		pem_of(&f[0], s.key);
		der_of(&f[1], s.key);
		cert_of(&f[2], s.key, true);
		cert_of(&f[3], s.key, false);
		cairn_buf_add_str(&f[4], " \r\n\t");
		jwk_of(&f[4], &s.ak, ",\"kid\":\"any\"");
		cairn_buf_add(&f[5], cairn_buf_span(&s.area));
		tpm2b_of(&f[6], cairn_buf_span(&s.area));
		cairn_buf_add_str(&f[7], "subject=none\n"); /* text around it, as openssl x509 -text has it */
		pem_of(&f[7], s.key);
		cairn_buf_add_str(&f[7], "\nthe end\n");
		assert_key(&f[0], "public key", &s);
		assert_key(&f[1], "public key", &s);
		assert_key(&f[2], "certificate", &s);
		assert_key(&f[3], "certificate", &s);
		assert_key(&f[4], "JWK", &s);
		assert_key(&f[5], "TPMT_PUBLIC", &s);
		assert_key(&f[6], "TPM2B_PUBLIC", &s);
		assert_key(&f[7], "public key", &s);
		for (size_t k = 0; k < 8; k++)
			cairn_buf_fini(&f[k]);
		software_ak_fini(&s);
	}
}

static enum cairn_status read_key(struct cairn_span file)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *form;
	struct cairn_ak ak;
	enum cairn_status s = cairn_akfile_read(&ak, &form, file, &why);

	assert_true((s == CAIRN_OK) == (why.len == 0) || s == CAIRN_E_LIMIT || s == CAIRN_E_NOMEM);
	return s;
}

static void keys_are_whole(void **state)
{
	struct cairn_buf f[5] = {{0}};
	struct software_ak s;

	(void)state;
	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	der_of(&f[0], s.key);
	cert_of(&f[1], s.key, false);
	jwk_of(&f[2], &s.ak, "");
	cairn_buf_add(&f[3], cairn_buf_span(&s.area));
	tpm2b_of(&f[4], cairn_buf_span(&s.area));
	for (size_t k = 0; k < 5; k++) {
		for (size_t n = 0; n < f[k].len; n++)
			assert_int_not_equal(read_key(cairn_span(f[k].ptr, n)), CAIRN_OK);
		cairn_buf_add_u8(&f[k], 1);
		assert_int_not_equal(read_key(cairn_buf_span(&f[k])), CAIRN_OK);
		cairn_buf_fini(&f[k]);
	}
	software_ak_fini(&s);
}

static void refused_key(const char *text, enum cairn_status status)
{
	enum cairn_status s = read_key(cairn_span_str(text));

	if (s != status)
		fail_msg("%s: %s", text, cairn_status_name(s));
}

static void keys_that_are_none(void **state)
{
	cairn_auto_buf struct cairn_buf big = {0};
	static const char x[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	char text[512];

	(void)state;
	refused_key("", CAIRN_E_TRUNCATED);
	refused_key("{}", CAIRN_E_MALFORMED);
	refused_key("0 starts as DER does", CAIRN_E_MALFORMED);
	refused_key("{\"a\":[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}", CAIRN_E_LIMIT);
	refused_key("{\"kty\":\"EC\"}", CAIRN_E_MALFORMED);
	refused_key("{\"kty\":\"RSA\"}", CAIRN_E_MALFORMED);
	refused_key("{\"kty\":\"RSA\",\"e\":\"AQAB\"}", CAIRN_E_MALFORMED);
	refused_key("{\"kty\":\"EC\",\"crv\":\"P-256\"}", CAIRN_E_MALFORMED);
	refused_key("{\"kty\":\"OKP\"}", CAIRN_E_UNSUPPORTED);
	refused_key("{\"kty\":\"EC\",\"crv\":\"P-521\"}", CAIRN_E_UNSUPPORTED);
	refused_key("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", CAIRN_E_MALFORMED);
	refused_key("{\"kty\":\"RSA\",\"e\":\"Aw\",\"n\":\"AA\"}", CAIRN_E_UNSUPPORTED);
	refused_key("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AA\"}", CAIRN_E_UNSUPPORTED);
	(void)snprintf(text, sizeof text, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\"}", x);
	refused_key(text, CAIRN_E_MALFORMED);
	(void)snprintf(text, sizeof text, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"%s\"}", x);
	refused_key(text, CAIRN_E_MALFORMED);
	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"d\":\"%s\"}", x, x, x);
	refused_key(text, CAIRN_E_DENIED);
	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"alg\":\"RS256\"}", x,
		       x);
	refused_key(text, CAIRN_E_MALFORMED);
	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"alg\":\"ES512\"}", x,
		       x);
	refused_key(text, CAIRN_E_UNSUPPORTED);
	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"alg\":1}", x, x);
	refused_key(text, CAIRN_E_MALFORMED);
	for (size_t i = 0; i < CAIRN_QUOTEFILE_MAX; i++)
		cairn_buf_add_u8(&big, 0);
	assert_int_equal(read_key(cairn_buf_span(&big)), CAIRN_E_MALFORMED);
	cairn_buf_add_u8(&big, 0);
	assert_int_equal(read_key(cairn_buf_span(&big)), CAIRN_E_LIMIT);
}

static EVP_PKEY *rsa_with_exponent_3(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	BN_set_word(e, 3);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A modulus that starts with zeros is one of fewer bits. */
static void rsa_of_other_sizes(void **state)
{
	static const unsigned sizes[] = {1024, 2056};
	cairn_auto_buf struct cairn_buf jwk = {0};
	const char *exponent;
	struct software_ak s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		cairn_auto_buf struct cairn_buf der = {0};
		EVP_PKEY *key = i < 2 ? EVP_RSA_gen(sizes[i]) : rsa_with_exponent_3();

		der_of(&der, key);
		assert_int_equal(read_key(cairn_buf_span(&der)), CAIRN_E_UNSUPPORTED);
		EVP_PKEY_free(key);
	}
	software_ak_init(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	jwk_of(&jwk, &s.ak, "");
	exponent = strstr(cairn_buf_str(&jwk), "AQAB");
	assert_non_null(exponent);
	memcpy(jwk.ptr + (exponent - (const char *)jwk.ptr), "AAAD", 4);
	assert_int_equal(read_key(cairn_buf_span(&jwk)), CAIRN_E_UNSUPPORTED);
	jwk.len = 0;
	s.ak.key[0] &= 0x7f;
	jwk_of(&jwk, &s.ak, "");
	assert_int_equal(read_key(cairn_buf_span(&jwk)), CAIRN_E_MALFORMED);
	software_ak_fini(&s);
}

static void add_pem(struct cairn_buf *out, const char *label, const struct cairn_buf *der)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_true(PEM_write_bio(bio, label, "", der->ptr, (long)der->len) > 0);
	take_bio(out, bio);
}

static void pem_blocks(void **state)
{
	struct cairn_buf key = {0}, cert = {0}, f[8] = {{0}};
	struct software_ak s;

	(void)state;
	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	der_of(&key, s.key);
	cert_of(&cert, s.key, false);
	pem_of(&f[0], s.key);
	pem_of(&f[0], s.key);
	assert_int_equal(read_key(cairn_buf_span(&f[0])), CAIRN_E_MALFORMED); /* two */
	add_pem(&f[1], "CERTIFICATE", &key);
	assert_int_equal(read_key(cairn_buf_span(&f[1])), CAIRN_E_MALFORMED); /* labelled wrongly */
	add_pem(&f[2], "PUBLIC KEY", &cert);
	assert_int_equal(read_key(cairn_buf_span(&f[2])), CAIRN_E_MALFORMED);
	add_pem(&f[3], "EC PRIVATE KEY", &key);
	assert_int_equal(read_key(cairn_buf_span(&f[3])), CAIRN_E_DENIED);
	add_pem(&f[4], "X509 CRL", &key);
	assert_int_equal(read_key(cairn_buf_span(&f[4])), CAIRN_E_UNSUPPORTED);
	pem_of(&f[5], s.key);
	f[5].len -= 30;
	assert_int_equal(read_key(cairn_buf_span(&f[5])), CAIRN_E_MALFORMED); /* cut */
	key.len = 20;
	add_pem(&f[6], "PUBLIC KEY", &key);
	assert_int_equal(read_key(cairn_buf_span(&f[6])), CAIRN_E_MALFORMED);
	add_pem(&f[7], "CERTIFICATE", &key);
	assert_int_equal(read_key(cairn_buf_span(&f[7])), CAIRN_E_MALFORMED);
	for (size_t i = 0; i < 8; i++)
		cairn_buf_fini(&f[i]);
	cairn_buf_fini(&key);
	cairn_buf_fini(&cert);
	software_ak_fini(&s);
}

/* A key for something else than signing; and a curve that TPMs have but we do not. */
static void keys_for_other_things(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-521"), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	cairn_auto_buf struct cairn_buf f = {0}, g = {0};
	struct software_ak s;

	(void)state;
	der_of(&f, key);
	assert_int_equal(read_key(cairn_buf_span(&f)), CAIRN_E_UNSUPPORTED);
	der_of(&g, ed);
	assert_int_equal(read_key(cairn_buf_span(&g)), CAIRN_E_UNSUPPORTED);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ed);
	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	s.area.ptr[11] = 0x06; /* symmetric: AES */
	assert_int_equal(read_key(cairn_buf_span(&s.area)), CAIRN_E_DENIED);
	software_ak_fini(&s);
}

static void jwk_fixes_the_scheme(void **state)
{
	static const struct {
		const char *kind, *alg;
		uint16_t scheme;
		enum cairn_alg hash;
	} rows[] = {
	    {"P-256", ",\"alg\":\"ES256\"", AK_ECDSA, CAIRN_ALG_SHA256},
	    {"P-384", ",\"alg\":\"ES384\"", AK_ECDSA, CAIRN_ALG_SHA384},
	    {"RSA", ",\"alg\":\"RS256\"", AK_RSASSA, CAIRN_ALG_SHA256},
	    {"RSA", ",\"alg\":\"RS384\"", AK_RSASSA, CAIRN_ALG_SHA384},
	    {"RSA", ",\"alg\":\"RS512\"", AK_RSASSA, CAIRN_ALG_SHA512},
	    {"RSA", ",\"alg\":\"PS256\"", AK_RSAPSS, CAIRN_ALG_SHA256},
	    {"RSA", ",\"alg\":\"PS384\"", AK_RSAPSS, CAIRN_ALG_SHA384},
	    {"RSA", ",\"alg\":\"PS512\"", AK_RSAPSS, CAIRN_ALG_SHA512},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cairn_auto_buf struct cairn_buf jwk = {0};
		const char *form;
		struct software_ak s;
		struct cairn_ak ak;

		software_ak_init(&s, rows[i].kind, rows[i].scheme, CAIRN_ALG_SHA256);
		jwk_of(&jwk, &s.ak, rows[i].alg);
		assert_int_equal(cairn_akfile_read(&ak, &form, cairn_buf_span(&jwk), NULL), CAIRN_OK);
		assert_int_equal(ak.scheme, rows[i].scheme);
		assert_int_equal(ak.hash, rows[i].hash);
		software_ak_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_in_every_form),   cmocka_unit_test(keys_are_whole),
	    cmocka_unit_test(keys_that_are_none),   cmocka_unit_test(rsa_of_other_sizes),
	    cmocka_unit_test(pem_blocks),	    cmocka_unit_test(keys_for_other_things),
	    cmocka_unit_test(jwk_fixes_the_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
