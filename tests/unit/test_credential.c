/* What cairn_credential_make wrote, opened as a TPM would: with the EK's private key. A challenge that was made while
 * memory ran out is either the right one or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "cairn/credential.h"
#include "openssl_faults.h"

#define CREDENTIAL "a secret of some bytes"

static EVP_PKEY *key;
static struct cairn_ekpub ek;
static struct cairn_name name;

static int setup(void **state)
{
	BIGNUM *n = NULL;
	(void)state;
	key = EVP_RSA_gen(2048);
	if (!key || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    BN_bn2binpad(n, ek.modulus, sizeof ek.modulus) != sizeof ek.modulus)
		return -1;
	for (size_t i = 0; i < sizeof name.bytes; i++)
		name.bytes[i] = (uint8_t)i;
	BN_free(n);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

/* One block of KDFa, by its definition. */
static void kdfa(uint8_t out[32], const uint8_t seed[32], const char *label, struct cairn_span context,
		 uint8_t bits_hi, uint8_t bits)
{
	cairn_auto_buf struct cairn_buf m = {0};
	unsigned len = 0;
	cairn_buf_add(&m, cairn_span("\0\0\0\1", 4));
	cairn_buf_add(&m, cairn_span(label, strlen(label) + 1));
	cairn_buf_add(&m, context);
	cairn_buf_add(&m, cairn_span((uint8_t[]){0, 0, bits_hi, bits}, 4));
	assert_non_null(HMAC(EVP_sha256(), seed, 32, m.ptr, m.len, out, &len));
	assert_int_equal(len, 32);
}

static void unwrap(uint8_t seed[32], struct cairn_span secret)
{
	uint8_t plain[256];
	size_t len = sizeof plain;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	char *label = OPENSSL_strdup("IDENTITY");
	assert_int_equal(secret.len, 2 + CAIRN_EK_MODULUS);
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, 9), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &len, secret.ptr + 2, CAIRN_EK_MODULUS), 1);
	assert_int_equal(len, 32);
	memcpy(seed, plain, 32);
	EVP_PKEY_CTX_free(ctx);
}

static void assert_opens(const struct cairn_buf *id_object, const struct cairn_buf *secret)
{
	const size_t size = 2 + strlen(CREDENTIAL), head = 2 + 2 + 32;
	const uint8_t iv[16] = {0};
	uint8_t seed[32], storage[32], integrity[32], plain[64];
	cairn_auto_buf struct cairn_buf sealed = {0};
	uint8_t hmac[32];
	int len = 0;
	unsigned hmac_len = 0;
	unwrap(seed, cairn_buf_span(secret));
	assert_int_equal(id_object->len, head + size);
	kdfa(integrity, seed, "INTEGRITY", cairn_span(NULL, 0), 1, 0);
	cairn_buf_add(&sealed, cairn_span(id_object->ptr + head, size));
	cairn_buf_add(&sealed, cairn_name_span(&name));
	assert_non_null(HMAC(EVP_sha256(), integrity, 32, sealed.ptr, sealed.len, hmac, &hmac_len));
	assert_memory_equal(hmac, id_object->ptr + 4, 32);
	kdfa(storage, seed, "STORAGE", cairn_name_span(&name), 0, 128);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, storage, iv), 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, plain, &len, id_object->ptr + head, (int)size), 1);
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(plain[0] << 8 | plain[1], strlen(CREDENTIAL));
	assert_memory_equal(plain + 2, CREDENTIAL, strlen(CREDENTIAL));
}

static enum cairn_status make(struct cairn_buf *id_object, struct cairn_buf *secret)
{
	return cairn_credential_make(id_object, secret, &ek, &name, cairn_span_str(CREDENTIAL));
}

static void opens(void **state)
{
	cairn_auto_buf struct cairn_buf id_object = {0}, secret = {0};
	(void)state;
	assert_int_equal(make(&id_object, &secret), CAIRN_OK);
	assert_opens(&id_object, &secret);
}

static void no_fault_weakens_it(void **state)
{
	(void)state;
	for (at = 0;; at++) {
		cairn_auto_buf struct cairn_buf id_object = {0}, secret = {0};
		calls = 0;
		armed = true;
		enum cairn_status st = make(&id_object, &secret);
		armed = false;
		if (st == CAIRN_OK)
			assert_opens(&id_object, &secret);
		else
			assert_int_equal(st, CAIRN_E_CRYPTO);
		if (calls <= at)
			break;
	}
	assert_true(at > 50);
}

/* A modulus that is none: OpenSSL refuses to encrypt under it. */
static void keys_that_are_none(void **state)
{
	cairn_auto_buf struct cairn_buf id_object = {0}, secret = {0};
	const struct cairn_ekpub none = {0};
	(void)state;
	assert_int_equal(cairn_credential_make(&id_object, &secret, &none, &name, cairn_span_str(CREDENTIAL)),
			 CAIRN_E_CRYPTO);
	assert_int_equal(id_object.len + secret.len, 0);
}

static void lengths(void **state)
{
	static const uint8_t bytes[CAIRN_CREDENTIAL_MAX + 1];
	cairn_auto_buf struct cairn_buf id_object = {0}, secret = {0};
	(void)state;
	assert_int_equal(cairn_credential_make(&id_object, &secret, &ek, &name, cairn_span(bytes, 0)),
			 CAIRN_E_USAGE);
	assert_int_equal(
	    cairn_credential_make(&id_object, &secret, &ek, &name, cairn_span(bytes, sizeof bytes)),
	    CAIRN_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens),
	    cmocka_unit_test(no_fault_weakens_it),
	    cmocka_unit_test(keys_that_are_none),
	    cmocka_unit_test(lengths),
	};
	if (!openssl_faults())
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
