/* Each row of the check by itself: a quote in which everything is right but one thing, which that row names. And what
 * a report says of quotes that are not judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/scene_fixture.h"

/* ---- the AK
 * ----------------------------------------------------------------------------------------------------- */

static void ak_attributes(void **state)
{
	static const struct {
		unsigned bit;
		const char *name;
	} flips[] = {
	    {1, "fixedTPM"}, {4, "fixedParent"}, {5, "sensitiveDataOrigin"},   {16, "restricted"},
	    {18, "sign"},    {17, "decrypt"},	 {11, "encryptedDuplication"}, {19, "x509sign"},
	    {0, "reserved"}, {31, "reserved"},
	};
	struct scene s;

	(void)state;
	scene_p256(&s);
	assert_null(cairn_ak_objection(&s.ak.ak));
	for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
		software_ak_attributes(&s.ak, AK_ATTRIBUTES ^ UINT32_C(1) << flips[i].bit);
		s.quote.signer = s.expected.qualified_signer = cairn_span(s.ak.signer.bytes, s.ak.signer.len);
		scene_sign(&s);
		assert_string_equal(cairn_ak_objection(&s.ak.ak), flips[i].name);
		scene_assert_only(&s, CAIRN_E_DENIED, "attributes");
	}
	scene_fini(&s);
}

/* A key without a scheme signs with any: it can only be one that is not restricted. */
static void ak_without_scheme(void **state)
{
	static const uint8_t edit[] = {0x00, 0x10}; /* TPM_ALG_NULL, and no hash */
	cairn_auto_buf struct cairn_buf area = {0};
	struct cairn_ak ak;
	struct scene s;

	(void)state;
	scene_p256(&s);
	cairn_buf_add(&area, cairn_span(s.ak.area.ptr, 12));
	cairn_buf_add(&area, cairn_span(edit, 2));
	cairn_buf_add(&area, cairn_span(s.ak.area.ptr + 16, s.ak.area.len - 16));
	assert_int_equal(cairn_ak_read(&ak, cairn_buf_span(&area)), CAIRN_OK);
	assert_string_equal(cairn_ak_objection(&ak), "scheme");
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&area)), CAIRN_E_DENIED);
	scene_fini(&s);
}

/* ---- of TPMS_ATTEST
 * --------------------------------------------------------------------------------------------- */

static void nothing_wrong(void **state)
{
	struct scene s;

	(void)state;
	scene_p256(&s);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_OK, "");
	scene_fini(&s);
}

static void signer_and_nonce(void **state)
{
	struct scene s;

	(void)state;
	scene_p256(&s);
	s.quote.signer = cairn_span(s.ak.ak.name, s.ak.ak.name_len);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "qualifiedSigner");
	s.quote.signer = s.expected.qualified_signer;
	s.quote.extra_data = cairn_span_str("0123456789abcdeF");
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "extraData");
	scene_fini(&s);
}

/* The fixture's clock: 0x0102030405060708, resetCount 9, restartCount 7. */
static void clock_is_later(void **state)
{
	static const uint64_t now = 0x0102030405060708;
	static const struct {
		struct cairn_tpm_clock after;
		enum cairn_status status;
	} rows[] = {
	    {{now - 1, 9, 7, true}, CAIRN_OK},	     {{now, 9, 7, true}, CAIRN_E_STALE},
	    {{now + 1, 9, 7, true}, CAIRN_E_STALE},  {{now + 1, 9, 6, true}, CAIRN_OK},
	    {{now - 1, 9, 8, true}, CAIRN_E_STALE},  {{now + 1, 8, 8, true}, CAIRN_OK},
	    {{now - 1, 10, 6, true}, CAIRN_E_STALE},
	};
	struct scene s;

	(void)state;
	scene_p256(&s);
	scene_sign(&s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		s.expected.after = &rows[i].after;
		scene_assert_only(&s, rows[i].status, rows[i].status ? "clockInfo" : "");
	}
	scene_fini(&s);
}

static void firmware_is_the_same(void **state)
{
	uint64_t version = 0x2019102300163636;
	struct scene s;

	(void)state;
	scene_p256(&s);
	scene_sign(&s);
	s.expected.firmware_version = &version;
	scene_assert_only(&s, CAIRN_OK, "");
	version++;
	scene_assert_only(&s, CAIRN_E_MISMATCH, "firmwareVersion");
	scene_fini(&s);
}

/* ---- of the selection
 * ------------------------------------------------------------------------------------------- */

static void several_banks(void **state)
{
	struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA256, SCENE_PCRS), turned;
	struct scene s;

	(void)state;
	scene_p256(&s);
	sel.count = 2;
	sel.bank[1].alg = CAIRN_ALG_SHA384;
	sel.bank[1].pcrs = 1 << 16;
	s.quote.more_bank = CAIRN_ALG_SHA384;
	s.quote.more_selection = 1 << 16;
	scene_quote(&s, &sel);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_OK, "");
	turned = sel; /* what is asked for has no order */
	turned.bank[0] = sel.bank[1];
	turned.bank[1] = sel.bank[0];
	s.expected.selection = turned;
	scene_assert_only(&s, CAIRN_OK, "");
	s.expected.selection.bank[0].pcrs = 1 << 17;
	scene_assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = cairn_selection_of(CAIRN_ALG_SHA256, SCENE_PCRS);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = sel;
	s.expected.selection.bank[1].alg = CAIRN_ALG_SHA512;
	scene_assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = sel;
	s.pcrs.bank[2].pcr[16].bytes[47] ^= 1;
	scene_assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
	s.pcrs.bank[2].pcr[16].bytes[47] ^= 1;
	s.pcrs.bank[2].extended = 0; /* no value there */
	scene_assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
	s.pcrs.count = 2; /* no such bank */
	scene_assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
	scene_fini(&s);
}

/* Whoever asks for nothing in particular still gets no selection that means nothing. */
static void selection_that_means_nothing(void **state)
{
	static const struct {
		uint32_t banks, mask;
		uint16_t bank, more;
		const char *field;
	} rows[] = {
	    {1, 0, CAIRN_ALG_SHA256, 0, "PCRs"},
	    {0, 0, CAIRN_ALG_SHA256, 0, "PCRs"},
	    {1, 1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA256, "each bank once"},
	    {1, 1, 0x27, 0, "known banks"},
	    {1, 1, CAIRN_ALG_SHA256, 0x27, "known banks"},
	};
	struct scene s;

	(void)state;
	scene_p256(&s);
	s.expected.pcrs = NULL;
	s.expected.selection.count = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cairn_quote_report r;

		s.quote.banks = rows[i].banks;
		s.quote.selection = rows[i].mask;
		s.quote.bank = rows[i].bank;
		s.quote.more_bank = rows[i].more;
		s.quote.more_selection = 2;
		scene_sign(&s);
		assert_int_equal(cairn_quote_examine(&r, &s.expected, cairn_buf_span(&s.attest),
						     cairn_buf_span(&s.signature)),
				 CAIRN_OK);
		for (size_t k = 0; k < r.count; k++)
			assert_int_equal(r.row[k].result == CAIRN_QUOTE_BAD,
					 strcmp(r.row[k].field, rows[i].field) == 0);
	}
	scene_fini(&s);
}

/* ---- SHA-1
 * ------------------------------------------------------------------------------------------------------ */

static void sha1_bank_alone(void **state)
{
	struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA1, SCENE_PCRS);
	struct scene s;

	(void)state;
	scene_p256(&s);
	s.quote.bank = CAIRN_ALG_SHA1;
	scene_quote(&s, &sel);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_DENIED, "SHA-1 bank");
	s.expected.allow_sha1 = true;
	scene_assert_only(&s, CAIRN_OK, "");
	s.expected.allow_sha1 = false;
	sel.count = 2; /* beside a better one that covers the same */
	sel.bank[1].alg = CAIRN_ALG_SHA256;
	sel.bank[1].pcrs = SCENE_PCRS;
	s.quote.more_bank = CAIRN_ALG_SHA256;
	s.quote.more_selection = SCENE_PCRS;
	scene_quote(&s, &sel);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_OK, "");
	sel.bank[1].pcrs = s.quote.more_selection = SCENE_PCRS & ~4u; /* but for PCR 2 */
	scene_quote(&s, &sel);
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_DENIED, "SHA-1 bank");
	scene_fini(&s);
}

static void sha1_signature(void **state)
{
	struct cairn_ak ak;
	struct scene s;

	(void)state;
	scene_init(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA1);
	scene_sign(&s);
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&s.ak.area)), CAIRN_E_UNSUPPORTED);
	scene_assert_only(&s, CAIRN_E_DENIED, "SHA-1");
	s.expected.allow_sha1 = true;
	scene_assert_only(&s, CAIRN_OK, "");
	scene_fini(&s);
}

/* ---- of the signature
 * ------------------------------------------------------------------------------------------- */

/* By another key, whose scheme and hash the AK does not have. */
static void scheme_and_hash_of_the_key(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	s.ak.scheme = AK_RSAPSS;
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "sigAlg");
	scene_fini(&s);
	scene_init(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	s.ak.hash = CAIRN_ALG_SHA384;
	scene_quote(&s, &(struct cairn_selection){.count = 1, .bank = {{CAIRN_ALG_SHA256, SCENE_PCRS}}});
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "hash");
	scene_fini(&s);
}

static void digest_of_another_size(void **state)
{
	struct scene s;

	(void)state;
	scene_p256(&s);
	s.expected.pcrs = NULL;
	s.quote.pcr_digest.len = 31;
	scene_sign(&s);
	scene_assert_only(&s, CAIRN_E_MISMATCH, "pcrDigest");
	scene_fini(&s);
}

static void signature_of_something_else(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
		enum cairn_alg hash;
	} schemes[] = {
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA256},     {"P-384", AK_ECDSA, CAIRN_ALG_SHA384},
	    {"P-384", AK_ECDSA, CAIRN_ALG_SHA512},     {"RSA-3072", AK_RSASSA, CAIRN_ALG_SHA384},
	    {"RSA-3072", AK_RSAPSS, CAIRN_ALG_SHA512}, {"RSA-4096", AK_RSAPSS, CAIRN_ALG_SHA512},
	};

	(void)state;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		struct scene s;

		scene_init(&s, schemes[i].kind, schemes[i].scheme, schemes[i].hash);
		scene_sign(&s);
		scene_assert_only(&s, CAIRN_OK, "");
		s.attest.ptr[62] ^= 1; /* in the clock, which is not compared */
		scene_assert_only(&s, CAIRN_E_SIGNATURE, "signature");
		scene_fini(&s);
	}
}

/* Numbers that are none, or too long: with the others as they should be. */
static void ecdsa_numbers(void **state)
{
	static const uint8_t number[256] = {1, 1};
	static const struct {
		uint16_t r, s;
	} sizes[] = {{0, 32}, {32, 0}, {250, 32}, {32, 250}, {33, 32}, {32, 33}};
	struct scene s;

	(void)state;
	scene_p256(&s);
	scene_sign(&s);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		s.signature.len = 4;
		cairn_buf_add_u16be(&s.signature, sizes[i].r);
		cairn_buf_add(&s.signature, cairn_span(number, sizes[i].r));
		cairn_buf_add_u16be(&s.signature, sizes[i].s);
		cairn_buf_add(&s.signature, cairn_span(number, sizes[i].s));
		scene_assert_only(&s, CAIRN_E_SIGNATURE, "signature");
	}
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ak_attributes),
	    cmocka_unit_test(ak_without_scheme),
	    cmocka_unit_test(nothing_wrong),
	    cmocka_unit_test(signer_and_nonce),
	    cmocka_unit_test(clock_is_later),
	    cmocka_unit_test(firmware_is_the_same),
	    cmocka_unit_test(several_banks),
	    cmocka_unit_test(selection_that_means_nothing),
	    cmocka_unit_test(sha1_bank_alone),
	    cmocka_unit_test(sha1_signature),
	    cmocka_unit_test(scheme_and_hash_of_the_key),
	    cmocka_unit_test(digest_of_another_size),
	    cmocka_unit_test(signature_of_something_else),
	    cmocka_unit_test(ecdsa_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
