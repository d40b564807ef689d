/* Each row of the check by itself: a quote in which everything is right but one thing, which that row names. And what
 * a report says of quotes that are not judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/quote_fixture.h"

#define PCRS 0xffu

static const char nonce[] = "0123456789abcdef";
static const enum cairn_alg banks[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

struct scene {
	struct software_ak ak;
	struct cairn_pcrs pcrs;
	struct cairn_digest pcr_digest;
	struct software_quote quote;
	struct cairn_buf attest, signature;
	struct cairn_quote_expected expected;
};

static void digest_of(struct scene *s, const struct cairn_selection *sel)
{
	struct cairn_hasher *h = NULL;

	assert_int_equal(cairn_hasher_new(&h, s->ak.hash), CAIRN_OK);
	assert_int_equal(cairn_selection_digest(&s->pcr_digest, sel, &s->pcrs, h), CAIRN_OK);
	cairn_hasher_free(h);
	s->quote.pcr_digest = cairn_digest_span(&s->pcr_digest);
	s->expected.selection = *sel;
}

static void scene_init(struct scene *s, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	const struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA256, PCRS);

	*s = (struct scene){0};
	software_ak_init(&s->ak, kind, scheme, hash);
	assert_int_equal(cairn_pcrs_init(&s->pcrs, banks, 3), CAIRN_OK);
	for (size_t i = 0; i < 3; i++)
		s->pcrs.bank[i].extended = 0xffffff;
	s->pcrs.bank[0].pcr[3].bytes[0] = 1;
	s->pcrs.bank[1].pcr[3].bytes[0] = 2;
	s->quote = software_quote(&s->ak, cairn_span_str(nonce), PCRS, &s->pcrs.bank[1], &s->pcr_digest);
	s->expected = (struct cairn_quote_expected){
	    .ak = &s->ak.ak,
	    .qualified_signer = cairn_span(s->ak.signer.bytes, s->ak.signer.len),
	    .extra_data = cairn_span_str(nonce),
	    .pcrs = &s->pcrs,
	};
	digest_of(s, &sel);
}

static void p256(struct scene *s)
{
	scene_init(s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
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

/* The judgement, and that exactly this row of the report is bad; field "": none is. */
static void assert_only(struct scene *s, enum cairn_status status, const char *field)
{
	struct cairn_quote_report r;
	struct cairn_quote *q = NULL;
	const char *failed = "";
	enum cairn_status st = cairn_quote_check(&q, &s->expected, cairn_buf_span(&s->attest),
						 cairn_buf_span(&s->signature), &failed);

	if (st != status || strcmp(failed, field) != 0)
		fail_msg("%s at %s instead of %s at %s", cairn_status_name(st), failed,
			 cairn_status_name(status), field);
	cairn_quote_free(q);
	assert_int_equal(
	    cairn_quote_examine(&r, &s->expected, cairn_buf_span(&s->attest), cairn_buf_span(&s->signature)),
	    CAIRN_OK);
	for (size_t i = 0; i < r.count; i++) {
		bool bad = r.row[i].result == CAIRN_QUOTE_BAD;

		if (bad != (strcmp(r.row[i].field, field) == 0))
			fail_msg("row %s, looking for %s", r.row[i].field, field);
		if (bad)
			assert_int_equal(r.row[i].why, status);
	}
}

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
	p256(&s);
	assert_null(cairn_ak_objection(&s.ak.ak));
	for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
		software_ak_attributes(&s.ak, AK_ATTRIBUTES ^ UINT32_C(1) << flips[i].bit);
		s.quote.signer = s.expected.qualified_signer = cairn_span(s.ak.signer.bytes, s.ak.signer.len);
		scene_sign(&s);
		assert_string_equal(cairn_ak_objection(&s.ak.ak), flips[i].name);
		assert_only(&s, CAIRN_E_DENIED, "attributes");
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
	p256(&s);
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
	p256(&s);
	scene_sign(&s);
	assert_only(&s, CAIRN_OK, "");
	scene_fini(&s);
}

static void signer_and_nonce(void **state)
{
	struct scene s;

	(void)state;
	p256(&s);
	s.quote.signer = cairn_span(s.ak.ak.name, s.ak.ak.name_len);
	scene_sign(&s);
	assert_only(&s, CAIRN_E_MISMATCH, "qualifiedSigner");
	s.quote.signer = s.expected.qualified_signer;
	s.quote.extra_data = cairn_span_str("0123456789abcdeF");
	scene_sign(&s);
	assert_only(&s, CAIRN_E_MISMATCH, "extraData");
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
	p256(&s);
	scene_sign(&s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		s.expected.after = &rows[i].after;
		assert_only(&s, rows[i].status, rows[i].status ? "clockInfo" : "");
	}
	scene_fini(&s);
}

static void firmware_is_the_same(void **state)
{
	uint64_t version = 0x2019102300163636;
	struct scene s;

	(void)state;
	p256(&s);
	scene_sign(&s);
	s.expected.firmware_version = &version;
	assert_only(&s, CAIRN_OK, "");
	version++;
	assert_only(&s, CAIRN_E_MISMATCH, "firmwareVersion");
	scene_fini(&s);
}

/* ---- of the selection
 * ------------------------------------------------------------------------------------------- */

static void several_banks(void **state)
{
	struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA256, PCRS), turned;
	struct scene s;

	(void)state;
	p256(&s);
	sel.count = 2;
	sel.bank[1].alg = CAIRN_ALG_SHA384;
	sel.bank[1].pcrs = 1 << 16;
	s.quote.more_bank = CAIRN_ALG_SHA384;
	s.quote.more_selection = 1 << 16;
	digest_of(&s, &sel);
	scene_sign(&s);
	assert_only(&s, CAIRN_OK, "");
	turned = sel; /* what is asked for has no order */
	turned.bank[0] = sel.bank[1];
	turned.bank[1] = sel.bank[0];
	s.expected.selection = turned;
	assert_only(&s, CAIRN_OK, "");
	s.expected.selection.bank[0].pcrs = 1 << 17;
	assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = cairn_selection_of(CAIRN_ALG_SHA256, PCRS);
	assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = sel;
	s.expected.selection.bank[1].alg = CAIRN_ALG_SHA512;
	assert_only(&s, CAIRN_E_MISMATCH, "pcrSelect");
	s.expected.selection = sel;
	s.pcrs.bank[2].pcr[16].bytes[47] ^= 1;
	assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
	s.pcrs.bank[2].pcr[16].bytes[47] ^= 1;
	s.pcrs.bank[2].extended = 0; /* no value there */
	assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
	s.pcrs.count = 2; /* no such bank */
	assert_only(&s, CAIRN_E_DIVERGED, "PCR values");
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
	p256(&s);
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
	struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA1, PCRS);
	struct scene s;

	(void)state;
	p256(&s);
	s.quote.bank = CAIRN_ALG_SHA1;
	digest_of(&s, &sel);
	scene_sign(&s);
	assert_only(&s, CAIRN_E_DENIED, "SHA-1 bank");
	s.expected.allow_sha1 = true;
	assert_only(&s, CAIRN_OK, "");
	s.expected.allow_sha1 = false;
	sel.count = 2; /* beside a better one that covers the same */
	sel.bank[1].alg = CAIRN_ALG_SHA256;
	sel.bank[1].pcrs = PCRS;
	s.quote.more_bank = CAIRN_ALG_SHA256;
	s.quote.more_selection = PCRS;
	digest_of(&s, &sel);
	scene_sign(&s);
	assert_only(&s, CAIRN_OK, "");
	sel.bank[1].pcrs = s.quote.more_selection = PCRS & ~4u; /* but for PCR 2 */
	digest_of(&s, &sel);
	scene_sign(&s);
	assert_only(&s, CAIRN_E_DENIED, "SHA-1 bank");
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
	assert_only(&s, CAIRN_E_DENIED, "SHA-1");
	s.expected.allow_sha1 = true;
	assert_only(&s, CAIRN_OK, "");
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
	assert_only(&s, CAIRN_E_MISMATCH, "sigAlg");
	scene_fini(&s);
	scene_init(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	s.ak.hash = CAIRN_ALG_SHA384;
	digest_of(&s, &(struct cairn_selection){.count = 1, .bank = {{CAIRN_ALG_SHA256, PCRS}}});
	scene_sign(&s);
	assert_only(&s, CAIRN_E_MISMATCH, "hash");
	scene_fini(&s);
}

static void digest_of_another_size(void **state)
{
	struct scene s;

	(void)state;
	p256(&s);
	s.expected.pcrs = NULL;
	s.quote.pcr_digest.len = 31;
	scene_sign(&s);
	assert_only(&s, CAIRN_E_MISMATCH, "pcrDigest");
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
		assert_only(&s, CAIRN_OK, "");
		s.attest.ptr[62] ^= 1; /* in the clock, which is not compared */
		assert_only(&s, CAIRN_E_SIGNATURE, "signature");
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
	p256(&s);
	scene_sign(&s);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		s.signature.len = 4;
		cairn_buf_add_u16be(&s.signature, sizes[i].r);
		cairn_buf_add(&s.signature, cairn_span(number, sizes[i].r));
		cairn_buf_add_u16be(&s.signature, sizes[i].s);
		cairn_buf_add(&s.signature, cairn_span(number, sizes[i].s));
		assert_only(&s, CAIRN_E_SIGNATURE, "signature");
	}
	scene_fini(&s);
}

/* ---- reports, and keys that are kept
 * ----------------------------------------------------------------------------- */

/* With nothing but the key: what PEM tells. */
static void only_the_key_is_known(void **state)
{
	struct cairn_quote *q = NULL;
	struct cairn_quote_report r;
	struct cairn_ak ak;
	struct scene s;

	(void)state;
	p256(&s);
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
	p256(&s);
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
		assert_only(a, CAIRN_OK, "");
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
	    cmocka_unit_test(only_the_key_is_known),
	    cmocka_unit_test(what_is_no_quote_is_not_read),
	    cmocka_unit_test(a_key_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
