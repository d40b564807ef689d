/* PCR banks in software. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/pcr.h"

static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

static void reset_values(void **state)
{
	struct cairn_pcrs p;

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, banks, 2), CAIRN_OK);
	for (size_t b = 0; b < 2; b++)
		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
			assert_true(cairn_span_all(cairn_digest_span(&p.bank[b].pcr[i]),
						   i >= 17 && i <= 22 ? 0xff : 0));
	assert_ptr_equal(cairn_pcrs_bank(&p, CAIRN_ALG_SHA384), &p.bank[1]);
	assert_ptr_equal(cairn_pcrs_bank_const(&p, CAIRN_ALG_SHA256), &p.bank[0]);
	assert_null(cairn_pcrs_bank(&p, CAIRN_ALG_SHA1));
	assert_null(cairn_pcrs_bank_const(&p, CAIRN_ALG_NONE));
}

static void bad_banks(void **state)
{
	const enum cairn_alg twice[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA256}, none[] = {CAIRN_ALG_NONE};
	struct cairn_pcrs p;

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, twice, 2), CAIRN_E_USAGE);
	assert_int_equal(cairn_pcrs_init(&p, none, 1), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_pcrs_init(&p, banks, 0), CAIRN_E_LIMIT);
	assert_int_equal(cairn_pcrs_init(&p, banks, CAIRN_BANK_MAX + 1), CAIRN_E_LIMIT);
}

static void extending(void **state)
{
	struct cairn_pcrs p;
	struct cairn_digest d;

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, banks, 2), CAIRN_OK);
	/* What any TPM gives for an extend of PCR 0 with 32 zero bytes: SHA256 of 64 zero bytes. */
	assert_int_equal(
	    cairn_digest_parse(&d, CAIRN_ALG_SHA256,
			       "0000000000000000000000000000000000000000000000000000000000000000"),
	    CAIRN_OK);
	assert_int_equal(cairn_pcrs_extend(&p, 11, &d), CAIRN_OK);
	assert_string_equal(cairn_digest_hex(&p.bank[0].pcr[11]).text,
			    "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
	assert_int_equal(p.bank[0].extended, 1 << 11);
	assert_int_equal(p.bank[1].extended, 0);
	assert_int_equal(cairn_pcrs_extend(&p, 24, &d), CAIRN_E_LIMIT);
	d.alg = CAIRN_ALG_SHA1;
	assert_int_equal(cairn_pcrs_extend(&p, 11, &d), CAIRN_E_NOTFOUND);
}

static void composite(void **state)
{
	struct cairn_pcrs p;
	struct cairn_digest d, e;
	uint8_t two[64] = {0};

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, banks, 2), CAIRN_OK);
	p.bank[0].pcr[3].bytes[0] = 3;
	p.bank[0].pcr[9].bytes[0] = 9;
	two[0] = 3;
	two[32] = 9;
	assert_int_equal(cairn_hash(&e, CAIRN_ALG_SHA256, cairn_span(two, sizeof two)), CAIRN_OK);
	assert_int_equal(cairn_pcrs_composite(&d, &p.bank[0], 1 << 3 | 1 << 9, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_true(cairn_digest_equal(&d, &e));
	assert_int_equal(cairn_pcrs_composite(&d, &p.bank[0], 1 << 3 | 1 << 8, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_false(cairn_digest_equal(&d, &e));
	assert_int_equal(cairn_pcrs_composite(&d, &p.bank[0], 1 << 24, CAIRN_ALG_SHA256), CAIRN_E_LIMIT);
	assert_int_equal(cairn_pcrs_composite(&d, &p.bank[0], 1, CAIRN_ALG_NONE), CAIRN_E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reset_values),
	    cmocka_unit_test(bad_banks),
	    cmocka_unit_test(extending),
	    cmocka_unit_test(composite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
