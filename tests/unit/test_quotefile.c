/* Files of quotes and signatures: each form, cut and changed, and what could be two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/quotefile.h"
#include "tests/unit/quote_fixture.h"

static void tpm2b_of(struct cairn_buf *out, struct cairn_span area)
{
	cairn_buf_add_u16be(out, (uint16_t)area.len);
	cairn_buf_add(out, area);
}

static void attestations(void **state)
{
	static const uint8_t bare[] = {0xff, 0x54, 0x43, 0x47, 0x80, 0x18}, sized[] = {0, 2, 0xff, 0x54},
			     wrong[] = {0, 3, 0xff, 0x54}, empty[] = {0, 0};

	(void)state;
	assert_true(cairn_attestfile_view(cairn_span(bare, 6)).ptr == bare);
	assert_true(cairn_attestfile_view(cairn_span(sized, 4)).ptr == sized + 2);
	assert_int_equal(cairn_attestfile_view(cairn_span(sized, 4)).len, 2);
	assert_true(cairn_attestfile_view(cairn_span(wrong, 4)).ptr == wrong);
	assert_int_equal(cairn_attestfile_view(cairn_span(empty, 2)).len, 2);
	assert_int_equal(cairn_attestfile_view(cairn_span(empty, 1)).len, 1);
}

struct signed_quote {
	struct software_ak ak;
	struct cairn_buf attest, tpmt, plain;
};

static void der_signature(struct cairn_buf *out, struct cairn_span tpmt)
{
	struct cairn_cur c = cairn_cur(cairn_span(tpmt.ptr + 4, tpmt.len - 4));
	struct cairn_buf body = {0};

	for (int i = 0; i < 2; i++) {
		struct cairn_span n = cairn_cur_bytes(&c, cairn_cur_u16be(&c));
		bool zero = n.ptr[0] & 0x80;

		while (!zero && n.len > 1 && n.ptr[0] == 0 && !(n.ptr[1] & 0x80))
			n = cairn_span(n.ptr + 1, n.len - 1);
		cairn_buf_add_u8(&body, 0x02);
		cairn_buf_add_u8(&body, (uint8_t)(n.len + zero));
		if (zero)
			cairn_buf_add_u8(&body, 0);
		cairn_buf_add(&body, n);
	}
	cairn_buf_add_u8(out, 0x30);
	cairn_buf_add_u8(out, (uint8_t)body.len);
	cairn_buf_add(out, cairn_buf_span(&body));
	cairn_buf_fini(&body);
}

static void make(struct signed_quote *s, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256};
	struct cairn_digest digest;
	struct cairn_pcrs pcrs;

	*s = (struct signed_quote){0};
	software_ak_init(&s->ak, kind, scheme, hash);
	assert_int_equal(cairn_pcrs_init(&pcrs, banks, 1), CAIRN_OK);
	struct software_quote q =
	    software_quote(&s->ak, cairn_span_str("0123456789"), 1, &pcrs.bank[0], &digest);
	software_quote_marshal(&s->attest, &q);
	software_ak_sign(&s->tpmt, &s->ak, cairn_buf_span(&s->attest));
	if (scheme == AK_ECDSA)
		der_signature(&s->plain, cairn_buf_span(&s->tpmt));
	else
		cairn_buf_add(&s->plain, cairn_span(s->tpmt.ptr + 6, s->tpmt.len - 6));
}

static void unmake(struct signed_quote *s)
{
	software_ak_fini(&s->ak);
	cairn_buf_fini(&s->attest);
	cairn_buf_fini(&s->tpmt);
	cairn_buf_fini(&s->plain);
}

/* With the AK, and with no more than its key. */
static void assert_signature(const struct signed_quote *s, struct cairn_span file, const char *form)
{
	struct cairn_ak bare = s->ak.ak;

	bare.scheme = 0;
	bare.hash = CAIRN_ALG_NONE;
	for (int i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf out = {0};
		const char *got = "";
		const struct cairn_ak *ak = i ? &bare : &s->ak.ak;
		struct cairn_quote_expected e = {.ak = ak};
		struct cairn_quote_report r;

		assert_int_equal(cairn_sigfile_read(&out, &got, file, ak, cairn_buf_span(&s->attest)),
				 CAIRN_OK);
		assert_string_equal(got, form);
		assert_int_equal(
		    cairn_quote_examine(&r, &e, cairn_buf_span(&s->attest), cairn_buf_span(&out)), CAIRN_OK);
		assert_int_equal(cairn_quote_report_row(&r, "signature"), CAIRN_QUOTE_GOOD);
		assert_int_equal(r.facts.scheme, s->ak.scheme);
		assert_int_equal(r.facts.hash, s->ak.hash);
	}
}

static void signatures_in_every_form(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
		enum cairn_alg hash;
	} kinds[] = {
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA256}, {"P-384", AK_ECDSA, CAIRN_ALG_SHA384},
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA512}, {"RSA", AK_RSASSA, CAIRN_ALG_SHA256},
	    {"RSA", AK_RSASSA, CAIRN_ALG_SHA1},	   {"RSA", AK_RSAPSS, CAIRN_ALG_SHA384},
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		cairn_auto_buf struct cairn_buf sized = {0};
		struct signed_quote s;

		make(&s, kinds[i].kind, kinds[i].scheme, kinds[i].hash);
		tpm2b_of(&sized, cairn_buf_span(&s.tpmt));
		assert_signature(&s, cairn_buf_span(&s.tpmt), "TPMT_SIGNATURE");
		assert_signature(&s, cairn_buf_span(&sized), "TPM2B");
		assert_signature(&s, cairn_buf_span(&s.plain), "plain");
		unmake(&s);
	}
}

/* What is no signature goes on as it is, for the check to refuse. */
static void signatures_that_are_none(void **state)
{
	struct signed_quote s;
	const char *form = "";

	(void)state;
	make(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	for (size_t n = 0; n < s.plain.len; n++) {
		cairn_auto_buf struct cairn_buf out = {0};

		assert_int_equal(cairn_sigfile_read(&out, &form, cairn_span(s.plain.ptr, n), &s.ak.ak,
						    cairn_buf_span(&s.attest)),
				 CAIRN_OK);
		assert_string_equal(form, "TPMT_SIGNATURE");
		assert_true(cairn_span_equal(cairn_buf_span(&out), cairn_span(s.plain.ptr, n)));
	}
	static const uint8_t bad[][8] = {
	    {0x31, 6, 2, 1, 1, 2, 1, 1}, {0x30, 5, 2, 1, 1, 2, 1, 1},	 {0x30, 6, 3, 1, 1, 2, 1, 1},
	    {0x30, 6, 2, 0, 2, 2, 1, 1}, {0x30, 6, 2, 1, 0x81, 2, 1, 1},
	};
	static const uint8_t good[8] = {0x30, 6, 2, 1, 1, 2, 1, 1};
	for (size_t i = 0; i < 5; i++) {
		cairn_auto_buf struct cairn_buf out = {0};

		assert_int_equal(cairn_sigfile_read(&out, &form, cairn_span(bad[i], 8), &s.ak.ak,
						    cairn_buf_span(&s.attest)),
				 CAIRN_OK);
		assert_string_equal(form, "TPMT_SIGNATURE");
	}
	cairn_auto_buf struct cairn_buf out = {0};
	assert_int_equal(cairn_sigfile_read(&out, &form, cairn_span(good, 8), &s.ak.ak, cairn_span("", 0)),
			 CAIRN_OK);
	assert_string_equal(form, "plain");
	unmake(&s);
}

/* The bytes of an RSA signature that spell a TPMT_SIGNATURE. */
static void a_signature_that_could_be_two(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	uint8_t bytes[256] = {0x00, 0x14, 0x00, 0x0b, 0x00, 250};
	struct signed_quote s;
	const char *form;

	(void)state;
	make(&s, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	assert_int_equal(
	    cairn_sigfile_read(&out, &form, cairn_span(bytes, 256), &s.ak.ak, cairn_buf_span(&s.attest)),
	    CAIRN_E_MALFORMED);
	assert_int_equal(out.len, 0);
	bytes[5]--;
	assert_int_equal(
	    cairn_sigfile_read(&out, &form, cairn_span(bytes, 256), &s.ak.ak, cairn_buf_span(&s.attest)),
	    CAIRN_OK);
	unmake(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attestations),
	    cmocka_unit_test(signatures_in_every_form),
	    cmocka_unit_test(signatures_that_are_none),
	    cmocka_unit_test(a_signature_that_could_be_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
