/* Logs of one boot, one behind the other: what is refused, with the sentence, and what both forms of IMA come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <string.h>

#include "cairn/anylog.h"
#include "tests/unit/data_fixture.h"
#include "tests/unit/evlog_fixture.h"

#define NOT_ONE_STATE "measurement registers of a confidential VM and PCRs of a TPM are not one state"

/* As systemd writes it; the digest is that of "enter-initrd". */
#define DIGEST "51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed"
#define PHASE(number)                                                                                        \
	"{\"recnum\":" number ",\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" DIGEST        \
	"\"}],\"content_type\":\"systemd\",\"content\":{\"eventType\":\"phase\",\"string\":\"enter-"         \
	"initrd\"}}\n"

static enum cairn_status add(struct cairn_anylog_replay *r, const char *name)
{
	cairn_auto_buf struct cairn_buf bytes = {0};

	data_load(&bytes, name);
	return cairn_anylog_replay(r, cairn_buf_span(&bytes), NULL);
}

/* The state stays as it was. */
static void assert_refused(struct cairn_anylog_replay *r, struct cairn_span bytes, enum cairn_status expected,
			   const char *sentence)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog_replay before = *r;

	assert_int_equal(cairn_anylog_replay(r, bytes, &why), expected);
	assert_string_equal(cairn_buf_str(&why), sentence);
	assert_memory_equal(r, &before, sizeof before);
	assert_int_equal(cairn_anylog_replay(r, bytes, NULL), expected);
}

static void registers_are_not_pcrs_whichever_comes_first(void **state)
{
	cairn_auto_buf struct cairn_buf cc = {0}, cos = {0}, launch = {0}, ima = {0};
	struct cairn_anylog_replay boot = {0}, registers = {0};

	(void)state;
	data_load(&cc, "eventlog/ccel-tdx-sha384.bin");
	data_load(&cos, "cel/cel-cos-tlv.bin");
	data_load(&launch, "launchlog/all-types.log");
	data_load(&ima, "ima/ima-ng-trailing.bin");
	assert_int_equal(cairn_anylog_replay(&boot, cairn_buf_span(&launch), NULL), CAIRN_OK);
	assert_refused(&boot, cairn_buf_span(&cc), CAIRN_E_USAGE, NOT_ONE_STATE);
	assert_refused(&boot, cairn_buf_span(&cos), CAIRN_E_USAGE, NOT_ONE_STATE);
	assert_int_equal(cairn_anylog_replay(&registers, cairn_buf_span(&cc), NULL), CAIRN_OK);
	assert_refused(&registers, cairn_buf_span(&launch), CAIRN_E_USAGE, NOT_ONE_STATE);
	assert_refused(&registers, cairn_buf_span(&ima), CAIRN_E_USAGE, NOT_ONE_STATE);
}

/* A broken launch log is refused with the number of its record, from 0 as the log counts. */
static void launch_logs_that_break(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_anylog_replay r = {0};
	uint8_t *second;

	(void)state;
	data_load(&bytes, "launchlog/all-types.log");
	assert_refused(&r, cairn_span(bytes.ptr, bytes.len - 1), CAIRN_E_TRUNCATED,
		       "record 8 of the launch log: the bytes end before their format does");
	second = memchr(bytes.ptr, '\n', bytes.len);
	second[1] = 'x';
	assert_refused(&r, cairn_buf_span(&bytes), CAIRN_E_MALFORMED,
		       "record 1 of the launch log: the bytes do not follow their format");
	second[1] = '{';
	assert_int_equal(cairn_anylog_replay(&r, cairn_buf_span(&bytes), NULL), CAIRN_OK);
}

static void a_canonical_log_with_a_gap(void **state)
{
	struct cairn_anylog_replay r = {0};

	(void)state;
	assert_refused(&r, cairn_span_str(PHASE("0") PHASE("2")), CAIRN_E_MISMATCH,
		       "record 2: two things that must be equal are not");
	assert_int_equal(cairn_anylog_replay(&r, cairn_span_str(PHASE("0") PHASE("1")), NULL), CAIRN_OK);
	/* Behind IMA as well. */
	assert_int_equal(add(&r, "ima/ima-all-templates.bin"), CAIRN_OK);
	assert_refused(&r, cairn_span_str(PHASE("0") PHASE("2")), CAIRN_E_MISMATCH,
		       "record 2: two things that must be equal are not");
}

static void a_locality_that_is_told_twice(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_anylog_replay r = {0};

	(void)state;
	evlog_begin256(&e);
	evlog_locality(&e, 3);
	evlog_locality(&e, 3);
	evlog_text(&e, 0, CAIRN_EV_POST_CODE, "x");
	assert_refused(
	    &r, cairn_buf_span(&e.bytes), CAIRN_E_MALFORMED,
	    "a StartupLocality event is doubled, out of place, or of no locality that can start a TPM");
}

/* Of a text the lines that are whole count too. */
static void an_ima_text_that_is_cut(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_anylog_replay r = {0};

	(void)state;
	data_load(&bytes, "ima/ima-charra-ascii.txt");
	assert_int_equal(cairn_anylog_replay(&r, cairn_span(bytes.ptr, 1000), NULL), CAIRN_E_TRUNCATED);
	assert_int_equal(r.logs, 1);
	assert_int_equal(r.ima, 1 << 10);
}

/* Without a list of IMA there is one form only; behind one, every log goes into both. */
static void what_follows_ima_is_in_both_forms(void **state)
{
	struct cairn_anylog_replay r = {0};
	struct cairn_pcrs own;

	(void)state;
	assert_int_equal(add(&r, "eventlog/xen-grub-swtpm.bin"), CAIRN_OK);
	assert_int_equal(add(&r, "launchlog/all-types.log"), CAIRN_OK);
	assert_int_equal(cairn_anylog_replay(&r, cairn_span_str(PHASE("0")), NULL), CAIRN_OK);
	assert_int_equal(r.padded.pcrs.count, 0);
	r = (struct cairn_anylog_replay){0};
	assert_int_equal(add(&r, "ima/ima-all-templates.bin"), CAIRN_OK);
	assert_int_equal(add(&r, "eventlog/xen-grub-swtpm.bin"), CAIRN_OK);
	assert_int_equal(add(&r, "launchlog/all-types.log"), CAIRN_OK);
	assert_int_equal(cairn_anylog_replay(&r, cairn_span_str(PHASE("0")), NULL), CAIRN_OK);
	own = r.own.pcrs;
	assert_int_equal(r.padded.pcrs.count, own.count);
	for (size_t b = 0; b < own.count; b++) {
		own.bank[b].pcr[10] = r.padded.pcrs.bank[b].pcr[10];
		assert_memory_equal(&own.bank[b], &r.padded.pcrs.bank[b], sizeof own.bank[b]);
		assert_int_equal(r.own.incomplete[b], r.padded.incomplete[b]);
	}
	assert_int_equal(r.touched & (1 << 0 | 1 << 10 | 1 << 11 | 1 << 12),
			 1 << 0 | 1 << 10 | 1 << 11 | 1 << 12);
}

/* A bank that OpenSSL cannot hash for stays without values, and nothing vouches for it. */
static void a_bank_that_cannot_be_hashed(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_anylog_replay r = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_text(&e, 8, CAIRN_EV_IPL, "one");
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	assert_int_equal(cairn_anylog_replay(&r, cairn_buf_span(&e.bytes), NULL), CAIRN_OK);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_int_equal(r.own.unhashed, 3);
	for (size_t b = 0; b < 2; b++) {
		assert_int_equal(r.own.pcrs.bank[b].extended, 0);
		assert_int_equal(cairn_anylog_differs(&r, &r.own.pcrs.bank[b], 1 << 8), 1 << 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registers_are_not_pcrs_whichever_comes_first),
	    cmocka_unit_test(launch_logs_that_break),
	    cmocka_unit_test(a_canonical_log_with_a_gap),
	    cmocka_unit_test(a_locality_that_is_told_twice),
	    cmocka_unit_test(an_ima_text_that_is_cut),
	    cmocka_unit_test(what_follows_ima_is_in_both_forms),
	    cmocka_unit_test(a_bank_that_cannot_be_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
