/* Launch logs whose bodies were dropped: read where that is asked for, and made whole again by who has the bodies. */
#include "tests/unit/records.h"

#include <string.h>

#include "cairn/launchlog.h"
#include "tests/unit/data_fixture.h"

static const struct cairn_pcr_numbers PCRS = CAIRN_PCR_NUMBERS_DEFAULT;
static struct cairn_buf whole;

static int setup(void **state)
{
	(void)state;
	data_load(&whole, "launchlog/all-types.log");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&whole);
	return 0;
}

/* The log without the bodies of the records of the mask; which of them could be dropped. */
static unsigned drop(struct cairn_buf *out, unsigned mask)
{
	struct cairn_log_reader r;
	unsigned dropped = 0;

	cairn_log_reader_init(&r, cairn_buf_span(&whole), &PCRS);
	for (size_t from = 0;; from = r.off) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		if (cairn_log_next(&r, &e) != CAIRN_OK)
			return dropped;
		assert_false(e.dropped);
		if (mask & 1u << e.recnum && cairn_log_line_drop(out, &e) == CAIRN_OK)
			dropped |= 1u << e.recnum;
		else
			cairn_buf_add(out, cairn_span(whole.ptr + from, r.off - from));
	}
}

/* Only what a host may forget. */
static void test_types(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	struct cairn_log_reader r;
	unsigned dropped = drop(&out, ~0u);

	(void)state;
	cairn_log_reader_init(&r, cairn_buf_span(&out), &PCRS);
	r.may_lack = true;
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		if (cairn_log_next(&r, &e) != CAIRN_OK)
			break;
		bool may = e.type == CAIRN_RECORD_LAUNCH || e.type == CAIRN_RECORD_EXIT ||
			   e.type == CAIRN_RECORD_REFUSAL;

		assert_int_equal(e.dropped, may);
		assert_int_equal(dropped >> e.recnum & 1, may);
		assert_int_equal(e.object == NULL, may);
		assert_int_equal(e.record.len == 0, may);
		assert_true(e.digest_count == 2);
	}
	assert_int_equal(r.off, out.len);
	assert_true(dropped != 0);
}

/* It replays to the same values; who does not ask for such a log is not given it. */
static void test_replay(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	struct cairn_log_summary before, after;
	struct cairn_log_reader r;
	enum cairn_status st = CAIRN_OK;

	(void)state;
	unsigned dropped = drop(&out, ~0u);

	assert_int_equal(cairn_log_replay(&before, cairn_buf_span(&whole), &PCRS), CAIRN_OK);
	assert_int_equal(cairn_log_replay(&after, cairn_buf_span(&out), &PCRS), CAIRN_OK);
	assert_memory_equal(&before.replay, &after.replay, sizeof(before.replay));
	assert_int_equal(before.dropped, 0);
	assert_int_equal(after.dropped, __builtin_popcount(dropped));
	cairn_log_reader_init(&r, cairn_buf_span(&out), &PCRS);
	while (st == CAIRN_OK) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		st = cairn_log_next(&r, &e);
	}
	assert_int_equal(st, CAIRN_E_DROPPED);
	assert_true(dropped >> r.recnum & 1);
}

static void test_join(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0}, joined = {0}, same = {0};

	(void)state;
	drop(&out, ~0u);
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&out), cairn_buf_span(&whole), &PCRS),
			 CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&joined), cairn_buf_span(&whole)));
	/* One that lacks nothing needs nobody. */
	assert_int_equal(cairn_log_join(&same, cairn_buf_span(&whole), cairn_span("", 0), &PCRS), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&same), cairn_buf_span(&whole)));
}

/* Bodies that do not go so far, are dropped themselves, or are of another record. */
static void test_join_refused(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0}, joined = {0}, other = {0};
	struct cairn_span all = cairn_buf_span(&whole), half = all;

	(void)state;
	drop(&out, ~0u);
	half.len = (size_t)((const uint8_t *)memchr(all.ptr, '\n', all.len) - all.ptr) + 1;
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&out), half, &PCRS), CAIRN_E_DROPPED);
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&out), cairn_buf_span(&out), &PCRS),
			 CAIRN_E_DROPPED);
	half.len--;
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&out), half, &PCRS), CAIRN_E_TRUNCATED);
	half = cairn_buf_span(&out);
	half.len--;
	assert_int_equal(cairn_log_join(&joined, half, all, &PCRS), CAIRN_E_TRUNCATED);
	/* A digest of a line without a body is a claim: one digit of one that is not what the body has. */
	const char *text = cairn_buf_str(&out), *at = strstr(text, "\"content\":{\"type\":");

	assert_non_null(at);
	at = strstr(at, "\"digest\":\"") + strlen("\"digest\":\"");
	cairn_buf_add(&other, cairn_buf_span(&out));
	other.ptr[at - text] = other.ptr[at - text] == '0' ? '1' : '0';
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&other), all, &PCRS), CAIRN_E_MISMATCH);
	assert_int_equal(joined.len, 0);
}

/* The same records in a log of another TPM, which has fewer banks, speak for other PCRs. */
static void test_join_other_banks(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0}, joined = {0}, one = {0};
	static const enum cairn_alg bank[] = {CAIRN_ALG_SHA256};
	struct cairn_host host = sample_host();
	struct cairn_log_reader r;
	cairn_auto_buf struct cairn_buf record = {0};

	(void)state;
	host.bank_count = 1;
	host.bank[0] = CAIRN_ALG_SHA256;
	assert_int_equal(cairn_record_host(&record, &host), CAIRN_OK);
	assert_int_equal(cairn_log_line_build(&one, 0, &PCRS, cairn_buf_span(&record), bank, 1), CAIRN_OK);
	cairn_log_reader_init(&r, cairn_buf_span(&whole), &PCRS);
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		if (cairn_log_next(&r, &e) != CAIRN_OK)
			break;
		if (e.recnum > 0)
			assert_int_equal(cairn_log_line_build(&one, e.recnum, &PCRS, e.record, bank, 1),
					 CAIRN_OK);
	}
	drop(&out, ~0u);
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&out), cairn_buf_span(&one), &PCRS),
			 CAIRN_E_MISMATCH);
	assert_int_equal(joined.len, 0);
}

/* Replaces the first of `from`, in a copy of the log without bodies. */
static enum cairn_status edited(const char *from, const char *to)
{
	cairn_auto_buf struct cairn_buf out = {0}, text = {0};
	struct cairn_log_summary s;

	drop(&out, ~0u);
	const char *start = cairn_buf_str(&out), *line = strstr(start, "\"content\":{\"type\":"),
		   *at = strstr(line, from);

	assert_non_null(at);
	cairn_buf_add(&text, cairn_span(start, (size_t)(at - start)));
	cairn_buf_add_str(&text, to);
	cairn_buf_add_str(&text, at + strlen(from));
	return cairn_log_replay(&s, cairn_buf_span(&text), &PCRS);
}

/* A line without a body is checked in all that is left of it. */
static void test_lines(void **state)
{
	(void)state;
	assert_int_equal(edited("\"type\":\"launch\"", "\"type\":\"launch\""), CAIRN_OK);
	assert_int_equal(edited("\"type\":\"launch\"", "\"type\":\"boot\""), CAIRN_E_MALFORMED);
	assert_int_equal(edited("\"type\":\"launch\"", "\"type\":\"violation\""), CAIRN_E_MALFORMED);
	assert_int_equal(edited("\"type\":\"launch\"", "\"type\":\"lunch\""), CAIRN_E_UNSUPPORTED);
	assert_int_equal(edited("\"pcr\":12", "\"pcr\":11"), CAIRN_E_MISMATCH);
	assert_int_equal(edited("\"hashAlg\":\"sha256\"", "\"hashAlg\":\"sha384\""), CAIRN_E_MALFORMED);
	assert_int_equal(edited("\"hashAlg\":\"sha256\"", "\"hashAlg\":\"sha512\""), CAIRN_E_MALFORMED);
	/* The same type in the same place: whoever has the body knows better. */
	assert_int_equal(edited("\"type\":\"launch\"", "\"type\":\"exit\""), CAIRN_OK);
}

static void test_another_type(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0}, joined = {0}, other = {0};

	(void)state;
	drop(&out, ~0u);
	const char *text = cairn_buf_str(&out), *at = strstr(text, "\"content\":{\"type\":\"exit\"");

	assert_non_null(at);
	cairn_buf_add(&other, cairn_span(text, (size_t)(at - text)));
	cairn_buf_add_str(&other, "\"content\":{\"type\":\"refusal\"");
	cairn_buf_add_str(&other, at + strlen("\"content\":{\"type\":\"exit\""));
	assert_int_equal(cairn_log_join(&joined, cairn_buf_span(&other), cairn_buf_span(&whole), &PCRS),
			 CAIRN_E_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
					   cmocka_unit_test(test_replay),
					   cmocka_unit_test(test_join),
					   cmocka_unit_test(test_join_refused),
					   cmocka_unit_test(test_join_other_banks),
					   cmocka_unit_test(test_lines),
					   cmocka_unit_test(test_another_type)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
