/* The connection, its errors, and PCRs, against swtpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/swtpm_fixture.h"
#include "tests/unit/tcti_fixture.h"
#include "tpm/tpm_internal.h"

static struct swtpm swtpm;

static int setup(void **state)
{
	(void)state;
	return swtpm_start_bare(&swtpm);
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	return 0;
}

static struct cairn_tpm *open_tpm(void)
{
	struct cairn_tpm *t = NULL;
	struct cairn_tpm_why why = {0};

	if (cairn_tpm_open(&t, swtpm.tcti, &why) != CAIRN_OK)
		fail_msg("%s", why.text);
	return t;
}

static size_t make_digests(struct cairn_digest *d, const struct cairn_tpm *t, const char *text)
{
	const struct cairn_tpm_banks *b = cairn_tpm_banks(t);

	for (size_t i = 0; i < b->count; i++)
		assert_int_equal(cairn_hash(&d[i], b->alg[i], cairn_span_str(text)), CAIRN_OK);
	return b->count;
}

static void opens_and_tells_about_itself(void **state)
{
	struct cairn_tpm *t = open_tpm();
	struct cairn_tpm_info info;

	(void)state;
	assert_int_equal(cairn_tpm_info(t, &info), CAIRN_OK);
	assert_string_equal(info.manufacturer, "IBM");
	assert_true(info.firmware != 0);
	const struct cairn_tpm_banks *b = cairn_tpm_banks(t);
	assert_int_equal(b->unknown_count, 0);
	assert_int_equal(b->count, 4);
	assert_int_equal(b->alg[1], CAIRN_ALG_SHA256);
	assert_int_equal(b->alg[2], CAIRN_ALG_SHA384);
	assert_string_equal(cairn_tpm_error(t), "");
	cairn_tpm_close(t);
}

static void absent_is_said(void **state)
{
	struct cairn_tpm *t = NULL;
	struct cairn_tpm_why why = {0};

	(void)state;
	assert_int_equal(cairn_tpm_open(&t, "swtpm:path=/nonexistent/cairn", &why), CAIRN_E_TPM_ABSENT);
	assert_non_null(strstr(why.text, "/nonexistent/cairn"));
	assert_int_equal(cairn_tpm_open(&t, "device:/nonexistent/tpm0", NULL), CAIRN_E_TPM_ABSENT);
	assert_int_equal(cairn_tpm_open(&t, "no-such-tcti", NULL), CAIRN_E_TPM_ABSENT);
	assert_null(t);
}

/* Every PCR of every bank, as software computes it. 16 and 23 are left as they are: the bare TPM's start
 * values. */
static void reads_what_was_extended(void **state)
{
	struct cairn_tpm *t = open_tpm();
	struct cairn_pcrs got, want;
	struct cairn_digest d[CAIRN_BANK_MAX];
	const struct cairn_tpm_banks *b = cairn_tpm_banks(t);

	(void)state;
	assert_int_equal(cairn_pcrs_init(&want, b->alg, b->count), CAIRN_OK);
	for (unsigned i = 0; i < 14; i++) {
		char text[] = {(char)('a' + i), '\0'};
		size_t n = make_digests(d, t, text);

		assert_int_equal(cairn_tpm_pcr_extend(t, i, d, n), CAIRN_OK);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(cairn_pcrs_extend(&want, i, &d[k]), CAIRN_OK);
	}
	assert_int_equal(cairn_tpm_pcrs_read(t, 0xffffff, &got), CAIRN_OK);
	assert_int_equal(got.count, b->count);
	for (size_t k = 0; k < b->count; k++) {
		assert_int_equal(got.bank[k].extended, 0xffffff);
		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
			assert_true(cairn_digest_equal(&got.bank[k].pcr[i], &want.bank[k].pcr[i]));
	}
	cairn_tpm_close(t);
}

static void reads_one_bank(void **state)
{
	struct cairn_tpm *t = open_tpm();
	struct cairn_bank bank;

	(void)state;
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA384, 1u << 17 | 1u << 3, &bank), CAIRN_OK);
	assert_int_equal(bank.extended, 1u << 17 | 1u << 3);
	assert_true(cairn_span_all(cairn_digest_span(&bank.pcr[17]), 0xff));
	assert_int_equal(bank.pcr[3].alg, CAIRN_ALG_SHA384);
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, 0, &bank), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, 1u << 24, &bank), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_NONE, 1, &bank), CAIRN_E_USAGE);
	cairn_tpm_close(t);
}

/* A digest for each bank, no more and no less: else a bank would stay behind. */
static void extends_all_banks_or_none(void **state)
{
	struct cairn_tpm *t = open_tpm();
	struct cairn_digest d[CAIRN_BANK_MAX];
	struct cairn_pcrs before, after;
	size_t n = make_digests(d, t, "x");

	(void)state;
	assert_int_equal(cairn_tpm_pcrs_read(t, 1u << 12, &before), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_extend(t, 12, d, n - 1), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_pcr_extend(t, 24, d, n), CAIRN_E_USAGE);
	d[0] = d[1];
	assert_int_equal(cairn_tpm_pcr_extend(t, 12, d, n), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_pcrs_read(t, 1u << 12, &after), CAIRN_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	cairn_tpm_close(t);
}

static void values_start_again_after_a_reboot(void **state)
{
	struct cairn_tpm *t = open_tpm();
	struct cairn_digest d[CAIRN_BANK_MAX];
	struct cairn_bank bank;

	(void)state;
	size_t n = make_digests(d, t, "before");
	assert_int_equal(cairn_tpm_pcr_extend(t, 11, d, n), CAIRN_OK);
	cairn_tpm_close(t);
	assert_int_equal(swtpm_reboot(&swtpm), 0);
	t = open_tpm();
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, 1u << 11, &bank), CAIRN_OK);
	assert_true(cairn_span_all(cairn_digest_span(&bank.pcr[11]), 0));
	cairn_tpm_close(t);
}

/* ---- errors that a TPM gives ---- */

static struct cairn_tpm *open_tap(struct tcti_tap *tap)
{
	struct cairn_tpm *t = NULL;

	assert_int_equal(tcti_tap_init(tap, swtpm.tcti), 0);
	assert_int_equal(cairn_tpm_open_tcti(&t, tcti_tap_context(tap), NULL), CAIRN_OK);
	return t;
}

static enum cairn_status read_with(struct tcti_tap *tap, struct cairn_tpm *t, uint32_t rc, unsigned count)
{
	struct cairn_bank bank;

	tap->fail_cc = TPM2_CC_PCR_Read;
	tap->fail_rc = rc;
	tap->fail_count = count;
	enum cairn_status s = cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, 1, &bank);
	tap->fail_count = 0;
	return s;
}

static void errors_become_statuses(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm *t = open_tap(&tap);

	(void)state;
	assert_int_equal(read_with(&tap, t, TPM2_RC_LOCKOUT, 1), CAIRN_E_TPM_LOCKOUT);
	assert_non_null(strstr(cairn_tpm_error(t), "TPM2_PCR_Read"));
	assert_non_null(strstr(cairn_tpm_error(t), "lockout"));
	assert_int_equal(read_with(&tap, t, TPM2_RC_NV_UNAVAILABLE, 1), CAIRN_E_TPM_BUSY);
	assert_int_equal(read_with(&tap, t, TPM2_RC_VALUE | TPM2_RC_P | TPM2_RC_1, 1), CAIRN_E_TPM);
	assert_int_equal(cairn_tpm_rc(t), TPM2_RC_VALUE);
	assert_int_equal(read_with(&tap, t, TPM2_RC_POLICY_FAIL | TPM2_RC_S | TPM2_RC_1, 1),
			 CAIRN_E_TPM_POLICY);
	assert_int_equal(read_with(&tap, t, TPM2_RC_INITIALIZE, 1), CAIRN_E_TPM);
	assert_non_null(strstr(cairn_tpm_error(t), "Startup"));
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
}

/* No code of the 2^16 of each of the 256 layers crashes (the low ones in steps). */
static void every_layer_decodes(void **state)
{
	struct cairn_tpm *t = open_tpm();

	(void)state;
	for (uint32_t layer = 0; layer < 256; layer++) {
		for (uint32_t code = 1; code < 0x10000; code += 97)
			assert_int_not_equal(cairn_tpm_result(t, "x", layer << 16 | code), CAIRN_OK);
	}
	cairn_tpm_close(t);
}

static void retries_are_bounded(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm *t = open_tap(&tap);

	(void)state;
	assert_int_equal(read_with(&tap, t, TPM2_RC_RETRY, 7), CAIRN_OK);
	assert_int_equal(read_with(&tap, t, TPM2_RC_NV_RATE, 2), CAIRN_OK);
	tap.commands = 0;
	assert_int_equal(read_with(&tap, t, TPM2_RC_RETRY, 1000), CAIRN_E_TPM_BUSY);
	assert_true(tap.commands < 100);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
}

/* A PCR that moves between the commands of one reading makes it start again; one that never rests makes it
 * busy. */
static void a_reading_is_of_one_moment(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm *t = open_tap(&tap);
	struct cairn_pcrs got;
	struct cairn_bank again;

	(void)state;
	tap.extend_cc = TPM2_CC_PCR_Read;
	tap.extend_pcr = 2;
	tap.extend_count = 2; /* before the first and the second command */
	assert_int_equal(cairn_tpm_pcrs_read(t, 0xffff, &got), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, 1u << 2, &again), CAIRN_OK);
	assert_true(cairn_digest_equal(&got.bank[1].pcr[2], &again.pcr[2]));
	assert_int_equal(tap.extend_count, 0);
	tap.extend_count = 1000;
	assert_int_equal(cairn_tpm_pcrs_read(t, 0xffff, &got), CAIRN_E_TPM_BUSY);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens_and_tells_about_itself),
	    cmocka_unit_test(absent_is_said),
	    cmocka_unit_test(reads_one_bank),
	    cmocka_unit_test(reads_what_was_extended),
	    cmocka_unit_test(extends_all_banks_or_none),
	    cmocka_unit_test(errors_become_statuses),
	    cmocka_unit_test(every_layer_decodes),
	    cmocka_unit_test(retries_are_bounded),
	    cmocka_unit_test(a_reading_is_of_one_moment),
	    cmocka_unit_test(values_start_again_after_a_reboot),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
