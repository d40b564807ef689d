/* What a report says of quotes that are not judged, and keys that are kept from one AK to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/quote_internal.h"
#include "tests/unit/scene_fixture.h"

static const char nonce[] = SCENE_NONCE;

/* With nothing but the key: what PEM tells. */
static void only_the_key_is_known(void **state)
{
	struct cairn_quote *q = NULL;
	struct cairn_quote_report r;
	struct cairn_ak ak;
	struct scene s;

	(void)state;
	scene_p256(&s);
	scene_sign(&s);
	ak = s.ak.ak;
	ak.scheme = 0;
	ak.hash = CAIRN_ALG_NONE;
	ak.attributes = 0;
	ak.name_len = 0;
	s.expected.ak = &ak;
	assert_int_equal(
	    cairn_quote_check(&q, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature), NULL),
	    CAIRN_E_USAGE);
	s.expected = (struct cairn_quote_expected){.ak = &ak};
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_OK);
	assert_true(r.read);
	for (size_t i = 0; i < r.count; i++)
		assert_int_not_equal(r.row[i].result, CAIRN_QUOTE_BAD);
	assert_int_equal(cairn_quote_report_row(&r, "sigAlg"), CAIRN_QUOTE_GOOD);
	assert_int_equal(cairn_quote_report_row(&r, "hash"), CAIRN_QUOTE_GOOD);
	assert_int_equal(cairn_quote_report_row(&r, "signature"), CAIRN_QUOTE_GOOD);
	assert_int_equal(cairn_quote_report_row(&r, "attributes"), CAIRN_QUOTE_UNCHECKED);
	assert_int_equal(cairn_quote_report_row(&r, "qualifiedSigner"), CAIRN_QUOTE_UNCHECKED);
	assert_int_equal(cairn_quote_report_row(&r, "extraData"), CAIRN_QUOTE_UNCHECKED);
	assert_int_equal(cairn_quote_report_row(&r, "pcrSelect"), CAIRN_QUOTE_UNCHECKED);
	assert_int_equal(cairn_quote_report_row(&r, "no such row"), CAIRN_QUOTE_UNCHECKED);
	s.signature.ptr[1] = AK_RSASSA; /* no scheme of such a key */
	s.signature.len = 4 + 2 + 32;
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_OK);
	assert_int_equal(cairn_quote_report_row(&r, "sigAlg"), CAIRN_QUOTE_BAD);
	scene_sign(&s);
	s.signature.ptr[3] = 0x27; /* SHA3-256 */
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_OK);
	assert_int_equal(cairn_quote_report_row(&r, "hash"), CAIRN_QUOTE_BAD);
	scene_fini(&s);
}

static void what_is_no_quote_is_not_read(void **state)
{
	struct cairn_quote_report r;
	struct scene s;

	(void)state;
	scene_p256(&s);
	s.quote.type = 0x8014; /* TPM_ST_ATTEST_NV */
	scene_sign(&s);
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_OK);
	assert_false(r.read);
	assert_int_equal(cairn_quote_report_row(&r, "magic"), CAIRN_QUOTE_GOOD);
	assert_int_equal(cairn_quote_report_row(&r, "type"), CAIRN_QUOTE_BAD);
	assert_int_equal(cairn_quote_report_row(&r, "extraData"), CAIRN_QUOTE_UNCHECKED);
	assert_int_equal(cairn_quote_report_row(&r, "signature"), CAIRN_QUOTE_UNCHECKED);
	s.expected.extra_data = cairn_span(nonce, 7);
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_E_USAGE);
	s.expected.ak = NULL;
	s.expected.extra_data = cairn_span_str(nonce);
	assert_int_equal(
	    cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest), cairn_buf_span(&s.signature)),
	    CAIRN_E_USAGE);
	scene_fini(&s);
}

/* One key, kept, goes from AK to AK and from kind to kind. */
static void a_key_is_kept(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
		enum cairn_alg hash;
	} kinds[] = {
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA256}, {"P-256", AK_ECDSA, CAIRN_ALG_SHA256},
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA384}, {"RSA", AK_RSASSA, CAIRN_ALG_SHA256},
	    {"RSA", AK_RSAPSS, CAIRN_ALG_SHA256},  {"P-384", AK_ECDSA, CAIRN_ALG_SHA384},
	};
	struct cairn_ak_key *key = NULL;
	struct scene s[6];
	struct cairn_ak off;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		scene_init(&s[i], kinds[i].kind, kinds[i].scheme, kinds[i].hash);
		scene_sign(&s[i]);
	}
	for (size_t i = 0; i < 36; i++) {
		struct scene *a = &s[i % 6], *b = &s[i / 6];

		assert_int_equal(cairn_ak_key_set(&key, &a->ak.ak), CAIRN_OK);
		a->expected.key = b->expected.key = key;
		scene_assert_only(a, CAIRN_OK, "");
		if (a == b)
			continue;
		b->expected.qualified_signer = b->quote.signer;
		struct cairn_quote *q = NULL;
		assert_int_not_equal(cairn_quote_check(&q, &b->expected, cairn_buf_span(&b->attest),
						       cairn_buf_span(&b->signature), NULL),
				     CAIRN_OK);
	}
	off = s[0].ak.ak;
	off.key[0] ^= 1;
	assert_int_equal(cairn_ak_key_set(&key, &s[0].ak.ak), CAIRN_OK);
	assert_int_equal(cairn_ak_key_set(&key, &off), CAIRN_E_MALFORMED);
	assert_null(key);
	for (size_t i = 0; i < 6; i++)
		scene_fini(&s[i]);
}

/* An ECDSA signature has two numbers, and neither is empty. */
static void a_signature_that_is_cut(void **state)
{
	struct cairn_ak_key *key = NULL;
	struct scene s;
	struct cairn_tpmt_signature sig = {.scheme = AK_ECDSA, .hash = CAIRN_ALG_SHA256};

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	assert_int_equal(cairn_ak_key_set(&key, &s.ak.ak), CAIRN_OK);
	sig.first = cairn_span("0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(cairn_ak_key_verify(key, &sig, cairn_span_str("x")), CAIRN_E_SIGNATURE);
	sig.second = sig.first;
	sig.first = cairn_span(NULL, 0);
	assert_int_equal(cairn_ak_key_verify(key, &sig, cairn_span_str("x")), CAIRN_E_SIGNATURE);
	cairn_ak_key_free(key);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_key_is_known),
	    cmocka_unit_test(what_is_no_quote_is_not_read),
	    cmocka_unit_test(a_key_is_kept),
	    cmocka_unit_test(a_signature_that_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
