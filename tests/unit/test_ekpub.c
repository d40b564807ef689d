/* Public areas that break off, and certificates that are for another key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cairn/tpmkey.h"
#include "ek_fixture.h"

static struct cairn_ekpub ekpub_of(enum ek_key which)
{
	struct cairn_ekpub ek = {0};
	BIGNUM *n = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(ek_key(which), OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(BN_bn2binpad(n, ek.modulus, sizeof ek.modulus), sizeof ek.modulus);
	BN_free(n);
	return ek;
}

static enum cairn_status match(const struct cairn_ekpub *ek, enum ek_key certified)
{
	struct ek_spec spec = {EK_GOOD};
	spec.key = certified;
	X509 *cert = ek_make(&spec);
	enum cairn_status st = cairn_ekpub_match_cert(ek, cert);
	X509_free(cert);
	return st;
}

static void certificates(void **state)
{
	const struct cairn_ekpub good = ekpub_of(EK_RSA2048), e3 = ekpub_of(EK_RSA_E3);
	(void)state;
	assert_int_equal(match(&good, EK_RSA2048), CAIRN_OK);
	assert_int_equal(match(&good, EK_RSA3072), CAIRN_E_MISMATCH);
	assert_int_equal(match(&good, EK_P256), CAIRN_E_MISMATCH);
	assert_int_equal(match(&e3, EK_RSA_E3), CAIRN_E_MISMATCH); /* its modulus, and another exponent */
	ek_keys_free();
}

static void areas_that_break_off(void **state)
{
	static const uint8_t area[] = {0, 6, 0, 1, 0, 0x0b, 0, 3};
	const struct cairn_span all = cairn_span(area, sizeof area);
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	(void)state;
	assert_int_equal(cairn_ekpub_parse(&ek, all), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_akpub_parse(&ak, all), CAIRN_E_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(areas_that_break_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
