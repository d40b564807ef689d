/* Receipts: round, each wrong payload, keys that are not trusted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/receipt.h"

static struct cairn_key *key, *stranger;
static struct cairn_jwks *keys;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(cairn_jwks_new(&keys), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&key, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&stranger, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(keys, key), CAIRN_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_key_free(key);
	cairn_key_free(stranger);
	cairn_jwks_free(keys);
	return 0;
}

static struct cairn_receipt sample(void)
{
	struct cairn_receipt r = {.boot_id = {1, 2, 3}, .records = 7};

	assert_int_equal(cairn_hash(&r.launch, CAIRN_ALG_SHA256, cairn_span_str("launch")), CAIRN_OK);
	return r;
}

static void test_round(void **state)
{
	struct cairn_receipt r = sample(), back = {0};
	cairn_auto_buf struct cairn_buf jws = {0}, none = {0};

	(void)state;
	assert_int_equal(cairn_receipt_sign(&jws, &r, key), CAIRN_OK);
	assert_int_equal(cairn_receipt_open(&back, cairn_buf_span(&jws), keys), CAIRN_OK);
	assert_memory_equal(back.boot_id, r.boot_id, sizeof(r.boot_id));
	assert_int_equal(back.records, 7);
	assert_true(cairn_digest_equal(&back.launch, &r.launch));
	r.records = 1;
	assert_int_equal(cairn_receipt_sign(&none, &r, key), CAIRN_E_MALFORMED);
	r.records = UINT64_MAX;
	assert_int_equal(cairn_receipt_sign(&none, &r, key), CAIRN_E_MALFORMED);
	r = sample();
	r.launch.alg = CAIRN_ALG_SHA384;
	assert_true(cairn_receipt_sign(&none, &r, key) != CAIRN_OK);
	assert_int_equal(none.len, 0);
}

static void test_trust(void **state)
{
	struct cairn_receipt r = sample(), back = {0};
	cairn_auto_buf struct cairn_buf by_stranger = {0}, good = {0}, other = {0};

	(void)state;
	assert_int_equal(cairn_receipt_sign(&by_stranger, &r, stranger), CAIRN_OK);
	assert_int_equal(cairn_receipt_open(&back, cairn_buf_span(&by_stranger), keys), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_receipt_sign(&good, &r, key), CAIRN_OK);
	for (size_t i = 0; i < good.len; i += 7) {
		good.ptr[i] ^= 1;
		assert_true(cairn_receipt_open(&back, cairn_buf_span(&good), keys) != CAIRN_OK);
		good.ptr[i] ^= 1;
	}
	/* Signed for something else: the verifier's results are signed with the same key. */
	assert_int_equal(cairn_jws_sign(&other, key, "JWT", cairn_span_str("{}")), CAIRN_OK);
	assert_int_equal(cairn_receipt_open(&back, cairn_buf_span(&other), keys), CAIRN_E_MALFORMED);
	assert_int_equal(back.records, 0);
}

#define HEX "0000000000000000000000000000000000000000000000000000000000000000"
#define BODY(boot, format, launch, more, version)                                                            \
	"{\"boot_id\":\"" boot "\",\"format\":\"" format "\",\"launch\":\"" launch "\"" more                 \
	",\"version\":" version "}"
#define N ",\"records\":2"

static void test_payloads(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status want;
	} rows[] = {
	    {BODY(HEX, "cairn-receipt", HEX, N, "1"), CAIRN_OK},
	    {BODY(HEX, "cairn-receipt", HEX, N, "2"), CAIRN_E_VERSION},
	    {BODY(HEX, "cairn-receipt", HEX, N, "0"), CAIRN_E_MALFORMED},
	    {BODY(HEX, "cairn-recipe", HEX, N, "1"), CAIRN_E_MALFORMED},
	    {BODY("00", "cairn-receipt", HEX, N, "1"), CAIRN_E_MALFORMED},
	    {BODY(HEX, "cairn-receipt", "00", N, "1"), CAIRN_E_MALFORMED},
	    {BODY(HEX "00", "cairn-receipt", HEX, N, "1"), CAIRN_E_LIMIT},
	    {BODY(HEX, "cairn-receipt", HEX "00", N, "1"), CAIRN_E_LIMIT},
	    {BODY(HEX, "cairn-receipt", HEX, "", "1"), CAIRN_E_MALFORMED},
	    {BODY(HEX, "cairn-receipt", HEX, ",\"records\":1", "1"), CAIRN_E_MALFORMED},
	    {BODY(HEX, "cairn-receipt", HEX, ",\"records\":\"2\"", "1"), CAIRN_E_MALFORMED},
	    {BODY(HEX, "cairn-receipt", HEX, N ",\"room\":1", "1"), CAIRN_E_UNSUPPORTED},
	    {" " BODY(HEX, "cairn-receipt", HEX, N, "1"), CAIRN_E_MALFORMED},
	    {"[]", CAIRN_E_MALFORMED},
	    {"{}", CAIRN_E_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_buf struct cairn_buf jws = {0};
		struct cairn_receipt r;

		assert_int_equal(cairn_jws_sign(&jws, key, CAIRN_RECEIPT_TYP, cairn_span_str(rows[i].text)),
				 CAIRN_OK);
		assert_int_equal(cairn_receipt_open(&r, cairn_buf_span(&jws), keys), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_trust),
					   cmocka_unit_test(test_payloads)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
