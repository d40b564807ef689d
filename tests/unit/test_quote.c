/* The check of quotes, of ones made here, and everything that must not pass for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/quote_fixture.h"

#define MASK 0x3bffu /* what cairn quotes */

static const char nonce[] = "0123456789abcdef0123456789abcdef";

struct scene {
	struct software_ak ak;
	struct cairn_pcrs pcrs;
	struct cairn_digest pcr_digest;
	struct software_quote quote;
	struct cairn_buf attest, signature;
	struct cairn_quote_expected expected;
};

static void scene_init(struct scene *s, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

	*s = (struct scene){0};
	software_ak_init(&s->ak, kind, scheme, hash);
	assert_int_equal(cairn_pcrs_init(&s->pcrs, banks, 2), CAIRN_OK);
	for (size_t i = 0; i < 2; i++)
		s->pcrs.bank[i].extended = 0xffffff;
	for (size_t i = 0; i < 2; i++)
		for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
			s->pcrs.bank[i].pcr[n].bytes[5] = (uint8_t)(n + 1);
	s->quote = software_quote(&s->ak, cairn_span_str(nonce), MASK, &s->pcrs.bank[0], &s->pcr_digest);
	s->expected = (struct cairn_quote_expected){
	    .ak = &s->ak.ak,
	    .qualified_signer = cairn_span(s->ak.signer.bytes, s->ak.signer.len),
	    .extra_data = cairn_span_str(nonce),
	    .selection = cairn_selection_of(CAIRN_ALG_SHA256, MASK),
	};
}

static void scene_sign(struct scene *s)
{
	s->attest.len = s->signature.len = 0;
	software_quote_marshal(&s->attest, &s->quote);
	software_ak_sign(&s->signature, &s->ak, cairn_buf_span(&s->attest));
}

static void scene_fini(struct scene *s)
{
	software_ak_fini(&s->ak);
	cairn_buf_fini(&s->attest);
	cairn_buf_fini(&s->signature);
}

static enum cairn_status check(const struct scene *s, const char **failed)
{
	struct cairn_quote *q = NULL;
	enum cairn_status st = cairn_quote_check(&q, &s->expected, cairn_buf_span(&s->attest),
						 cairn_buf_span(&s->signature), failed);

	assert_true((st == CAIRN_OK) == (q != NULL));
	cairn_quote_free(q);
	return st;
}

static void assert_refused(const struct scene *s, enum cairn_status status, const char *field)
{
	const char *failed = "";
	enum cairn_status st = check(s, &failed);

	if (st != status || strcmp(failed, field) != 0)
		fail_msg("%s at %s instead of %s at %s", cairn_status_name(st), failed,
			 cairn_status_name(status), field);
}

static void every_scheme(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
		enum cairn_alg hash;
	} schemes[] = {
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA256}, {"P-384", AK_ECDSA, CAIRN_ALG_SHA384},
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA384}, {"RSA", AK_RSASSA, CAIRN_ALG_SHA256},
	    {"RSA", AK_RSAPSS, CAIRN_ALG_SHA256},  {"RSA", AK_RSAPSS, CAIRN_ALG_SHA384},
	};

	(void)state;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		struct cairn_quote *q = NULL;
		struct cairn_tpm_clock clock;
		struct scene s;

		scene_init(&s, schemes[i].kind, schemes[i].scheme, schemes[i].hash);
		scene_sign(&s);
		s.expected.pcrs = &s.pcrs;
		assert_int_equal(cairn_quote_check(&q, &s.expected, cairn_buf_span(&s.attest),
						   cairn_buf_span(&s.signature), NULL),
				 CAIRN_OK);
		clock = cairn_quote_clock(q);
		assert_true(clock.clock == 0x0102030405060708 && clock.reset_count == 9 &&
			    clock.restart_count == 7);
		assert_true(clock.safe);
		assert_true(cairn_quote_firmware_version(q) == 0x2019102300163636);
		assert_true(cairn_selection_equal(cairn_quote_selection(q), &s.expected.selection));
		assert_true(cairn_digest_equal(cairn_quote_pcr_digest(q), &s.pcr_digest));
		assert_int_equal(cairn_quote_holds(q, &s.pcrs), CAIRN_OK);
		s.pcrs.bank[0].pcr[10].bytes[0] ^= 1; /* not selected */
		assert_int_equal(cairn_quote_holds(q, &s.pcrs), CAIRN_OK);
		s.pcrs.bank[0].pcr[13].bytes[31] ^= 1;
		assert_int_equal(cairn_quote_holds(q, &s.pcrs), CAIRN_E_DIVERGED);
		assert_refused(&s, CAIRN_E_DIVERGED, "PCR values");
		cairn_quote_free(q);
		scene_fini(&s);
	}
}

static void every_byte_tampered(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
	} schemes[] = {{"P-256", AK_ECDSA}, {"RSA", AK_RSASSA}, {"RSA", AK_RSAPSS}};
	static const uint8_t masks[] = {0x01, 0x80};

	(void)state;
	for (size_t i = 0; i < 3 * sizeof masks; i++) {
		struct cairn_buf *both[2];
		struct scene s;

		scene_init(&s, schemes[i / 2].kind, schemes[i / 2].scheme, CAIRN_ALG_SHA256);
		scene_sign(&s);
		both[0] = &s.attest;
		both[1] = &s.signature;
		assert_int_equal(check(&s, NULL), CAIRN_OK);
		for (size_t k = 0; k < 2; k++) {
			for (size_t n = 0; n < both[k]->len; n++) {
				both[k]->ptr[n] ^= masks[i % 2];
				if (check(&s, NULL) == CAIRN_OK)
					fail_msg("%s: byte %zu of %zu", schemes[i / 2].kind, n, k);
				both[k]->ptr[n] ^= masks[i % 2];
			}
		}
		scene_fini(&s);
	}
}

static void every_cut_and_any_tail(void **state)
{
	struct scene s;
	size_t attest, signature;

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	scene_sign(&s);
	attest = s.attest.len;
	signature = s.signature.len;
	for (s.attest.len = 0; s.attest.len < attest; s.attest.len++)
		assert_refused(&s, CAIRN_E_TRUNCATED, "TPMS_ATTEST");
	for (s.signature.len = 0; s.signature.len < signature; s.signature.len++)
		assert_int_not_equal(check(&s, NULL), CAIRN_OK);
	s.signature.len = signature;
	cairn_buf_add_u8(&s.signature, 0);
	assert_refused(&s, CAIRN_E_TRAILING, "TPMT_SIGNATURE");
	s.signature.len = signature;
	cairn_buf_add_u8(&s.attest, 0);
	assert_refused(&s, CAIRN_E_TRAILING, "TPMS_ATTEST");
	scene_fini(&s);
}

/* Everything here has a good signature by the AK: only the field under test is wrong. */
static void signed_but_not_the_quote_asked_for(void **state)
{
	static const uint16_t types[] = {0x8014, 0x8015, 0x8016, 0x8017, 0x8019, 0x801a, 0x801c, 0};
	static const uint32_t masks[] = {1, MASK | 1 << 10, MASK & ~1u, MASK << 8, 0xffffff, 1 << 16};
	struct software_quote good;
	struct scene s;

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	good = s.quote;
	s.quote.magic = 0;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "magic");
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		s.quote = good;
		s.quote.type = types[i];
		scene_sign(&s);
		assert_refused(&s, CAIRN_E_MISMATCH, "type");
	}
	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
		s.quote = good;
		s.quote.selection = masks[i];
		scene_sign(&s);
		assert_refused(&s, CAIRN_E_MISMATCH, "pcrSelect");
	}
	s.quote = good;
	s.quote.selection = 0;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "PCRs");
	s.quote = good;
	s.quote.extra_data = cairn_span("", 0);
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "extraData");
	s.quote.extra_data = cairn_span(nonce, sizeof nonce - 2);
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "extraData");
	s.quote = good;
	s.quote.signer = cairn_span(s.ak.ak.name, s.ak.ak.name_len); /* the name, not the qualified name */
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "qualifiedSigner");
	for (size_t len = 0; len < s.ak.signer.len; len++) { /* no Name, thus nobody's */
		s.quote.signer = cairn_span(s.ak.signer.bytes, len);
		scene_sign(&s);
		assert_refused(&s, CAIRN_E_MISMATCH, "signer's name");
	}
	s.quote.signer = cairn_span("ww", 2); /* by an algorithm that is not known */
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_UNSUPPORTED, "signer's name");
	scene_fini(&s);
}

static void wrong_banks_and_sizes(void **state)
{
	static const uint8_t sizes[] = {0, 1, 2, 4};
	static const uint32_t counts[] = {0, 2, 5};
	struct software_quote good;
	struct scene s;

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	good = s.quote;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) { /* the same bank twice as well */
		s.quote = good;
		s.quote.banks = counts[i];
		scene_sign(&s);
		assert_refused(&s, CAIRN_E_MISMATCH, counts[i] ? "each bank once" : "PCRs");
	}
	s.quote.banks = 6;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_LIMIT, "TPMS_ATTEST");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		s.quote = good;
		s.quote.select_size = sizes[i];
		scene_sign(&s);
		assert_refused(&s, CAIRN_E_MALFORMED, "TPMS_ATTEST");
	}
	for (uint16_t bank = 0; bank < 0x20; bank++) {
		s.quote = good;
		s.quote.bank = bank;
		scene_sign(&s);
		if (cairn_alg_size((enum cairn_alg)bank) == 0)
			assert_refused(&s, CAIRN_E_UNSUPPORTED, "known banks");
		else if (bank != CAIRN_ALG_SHA256)
			assert_refused(&s, CAIRN_E_MISMATCH, "pcrSelect");
	}
	s.quote = good;
	s.quote.pcr_digest.len = 20;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "pcrDigest");
	s.quote.pcr_digest.len = 0;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MISMATCH, "pcrDigest");
	s.quote = good;
	s.quote.safe = 2;
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_MALFORMED, "TPMS_ATTEST");
	scene_fini(&s);
}

/* Of PEM and the like nothing is known but the key: it may be one of a scheme that we cannot do. No key is one of
 * TPM_ALG_NULL, HMAC or what does not exist. */
static void assert_schemes_of_bare_key(const struct scene *s)
{
	static const struct {
		uint8_t scheme;
		enum cairn_status why;
	} rows[] = {
	    {0x1a, CAIRN_E_UNSUPPORTED}, {0x1b, CAIRN_E_UNSUPPORTED}, {0x1c, CAIRN_E_UNSUPPORTED},
	    {0x10, CAIRN_E_MISMATCH},	 {0x05, CAIRN_E_MISMATCH},    {0x77, CAIRN_E_MISMATCH},
	};
	struct cairn_quote_expected e = s->expected;
	struct cairn_ak bare = s->ak.ak;

	bare.scheme = 0;
	bare.name_len = 0;
	e.ak = &bare;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cairn_quote_report r;

		s->signature.ptr[1] = rows[i].scheme;
		assert_int_equal(
		    cairn_quote_examine(&r, &e, cairn_buf_span(&s->attest), cairn_buf_span(&s->signature)),
		    CAIRN_OK);
		assert_string_equal(r.row[2].field, "TPMT_SIGNATURE");
		assert_int_equal(r.row[2].why, rows[i].why);
	}
}

static void another_key_scheme_or_hash(void **state)
{
	struct software_ak other;
	struct scene s;

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	scene_sign(&s);
	software_ak_init(&other, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	s.expected.ak = &other.ak; /* the AK of another TPM, whose name was not looked at */
	assert_refused(&s, CAIRN_E_SIGNATURE, "signature");
	s.expected.qualified_signer = cairn_span(other.signer.bytes, other.signer.len);
	assert_refused(&s, CAIRN_E_MISMATCH, "qualifiedSigner");
	software_ak_fini(&other);
	scene_fini(&s);

	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	scene_sign(&s);
	s.signature.ptr[3] = CAIRN_ALG_SHA1;
	assert_refused(&s, CAIRN_E_MISMATCH, "hash");
	s.signature.ptr[3] = CAIRN_ALG_SHA384;
	assert_refused(&s, CAIRN_E_MISMATCH, "hash");
	s.signature.ptr[3] = CAIRN_ALG_SHA256;
	s.signature.ptr[1] = 0x1a; /* ECDAA */
	assert_refused(&s, CAIRN_E_MISMATCH, "TPMT_SIGNATURE");
	assert_schemes_of_bare_key(&s);
	s.signature.len = 0;
	cairn_buf_add(&s.signature, cairn_span("\0\x14\0\x0b\0\x01\0", 7)); /* RSASSA for an ECC key */
	assert_refused(&s, CAIRN_E_MISMATCH, "sigAlg");
	s.signature.len = 0;
	cairn_buf_add(&s.signature, cairn_span("\0\x18\0\x0b\0\0\0\0", 8)); /* r and s empty */
	assert_refused(&s, CAIRN_E_SIGNATURE, "signature");
	s.signature.len = 0;
	cairn_buf_add(&s.signature, cairn_span("\0\x18\0\x0b\0\1\0\0\1\0", 10)); /* r = s = 0 */
	assert_refused(&s, CAIRN_E_SIGNATURE, "signature");
	scene_sign(&s);
	s.ak.ak.key[0] ^= 1; /* off the curve */
	assert_refused(&s, CAIRN_E_MALFORMED, "expectation");
	scene_fini(&s);
}

/* A caller that forgot to say what it expects gets no quote. */
static void nothing_expected(void **state)
{
	struct cairn_quote_expected good;
	struct cairn_ak none = {0};
	struct scene s;

	(void)state;
	scene_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	good = s.expected;
	s.quote.extra_data = cairn_span("", 0);
	s.expected.extra_data = cairn_span("", 0);
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected.extra_data = cairn_span(nonce, 7);
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected = good;
	s.quote.selection = 0;
	s.expected.selection = cairn_selection_of(CAIRN_ALG_SHA256, 0);
	scene_sign(&s);
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected.selection.count = 0;
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected = good;
	s.expected.qualified_signer = cairn_span("", 0);
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected = good;
	s.expected.ak = NULL;
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	s.expected.ak = &none;
	assert_refused(&s, CAIRN_E_USAGE, "expectation");
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scheme),	      cmocka_unit_test(every_byte_tampered),
	    cmocka_unit_test(every_cut_and_any_tail), cmocka_unit_test(signed_but_not_the_quote_asked_for),
	    cmocka_unit_test(wrong_banks_and_sizes),  cmocka_unit_test(another_key_scheme_or_hash),
	    cmocka_unit_test(nothing_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
