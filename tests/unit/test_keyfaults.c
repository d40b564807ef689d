/* Keys that are made while memory runs out inside OpenSSL: good ones, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cairn/jwk.h"
#include "openssl_faults.h"

static void assert_works(const struct cairn_key *k)
{
	cairn_auto_buf struct cairn_buf sig = {0};
	const struct cairn_span said = cairn_span_str("said");
	assert_int_equal(cairn_key_sign(&sig, k, said), CAIRN_OK);
	assert_int_equal(cairn_key_verify(k, said, cairn_buf_span(&sig)), CAIRN_OK);
}

static void each(enum cairn_sigalg alg)
{
	struct cairn_key *first = NULL; /* OpenSSL sets itself up */
	assert_int_equal(cairn_key_generate(&first, alg), CAIRN_OK);
	assert_works(first);
	cairn_key_free(first);
	for (at = 0;; at++) {
		struct cairn_key *k = NULL;
		calls = 0;
		armed = true;
		enum cairn_status st = cairn_key_generate(&k, alg);
		armed = false;
		assert_true((st == CAIRN_OK) == (k != NULL));
		if (k)
			assert_works(k);
		cairn_key_free(k);
		if (calls <= at)
			break;
	}
	assert_true(at > 10);
}

static void generating(void **state)
{
	(void)state;
	each(CAIRN_SIG_ES256);
	each(CAIRN_SIG_ES384);
	each(CAIRN_SIG_EDDSA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(generating)};
	if (!openssl_faults())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
