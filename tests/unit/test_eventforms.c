/* Event logs that differ from what a PC's firmware writes: other forms, other registers, events of no PCR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/evlog_fixture.h"

#define NO_VENDOR cairn_span(NULL, 0)

static void sha1_logs_with_a_spec_id(void **state)
{
	static const char *const signatures[] = {"Spec ID Event00", "Spec ID Event02"};
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		evlog_spec_id(&e, signatures[i], 0, NULL, 0, cairn_span_str("vendor"));
		evlog_text(&e, 4, CAIRN_EV_ACTION, "one");
		evlog_text(&e, 4, CAIRN_EV_ACTION, "two");
		evlog_open(&log, &e);
		assert_int_equal(log.form, CAIRN_EVENTLOG_SHA1);
		assert_int_equal(log.count, 2);
		evlog_replay(&r, &e);
		evlog_expect(&r, CAIRN_ALG_SHA1, 4, 0, TEXTS{"one", "two", NULL});
		assert_int_equal(r.pcrs.bank[0].extended, 1 << 4);
		evlog_assert_cuts_refused(&e);
		e.bytes.ptr[56]--; /* the vendor information is shorter than the event */
		assert_int_equal(evlog_try(&e), CAIRN_E_TRAILING);
		e.bytes.ptr[56] += 2;
		assert_int_equal(evlog_try(&e), CAIRN_E_TRUNCATED);
		evlog_spec_id(&e, signatures[i], 1, NULL, 0, NO_VENDOR);
		assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	}
}

/* Offsets into the container of TXT. */
enum { AT_MAJOR = 32, AT_MINOR, AT_EVENT_MAJOR, AT_EVENT_MINOR, AT_SIZE = 36, AT_FIRST = 40, AT_NEXT = 44 };

static void make_container(struct evlog *e, uint32_t first)
{
	static const uint8_t versions[] = {1, 0, 1, 0};
	static const uint8_t reserved[64] = {0};

	e->bytes.len = 0;
	cairn_buf_add(&e->bytes, cairn_span("TXT Event Container", 20));
	cairn_buf_add(&e->bytes, cairn_span(reserved, 12));
	cairn_buf_add(&e->bytes, cairn_span(versions, sizeof versions));
	evlog_u32(e, 4096);
	evlog_u32(e, first);
	evlog_u32(e, 0);
	cairn_buf_add(&e->bytes, cairn_span(reserved, first - 48));
	evlog_blank(e, 255, 0x401, cairn_span_str("\1"));
	evlog_text(e, 17, 0x402, "sinit");
	evlog_text(e, 18, 0x501, "tboot");
	evlog_set_u32(e, AT_NEXT, (uint32_t)e->bytes.len);
}

static void container_of_txt(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;

	(void)state;
	for (uint32_t first = 48; first <= 56; first += 8) {
		make_container(&e, first);
		evlog_open(&log, &e);
		assert_int_equal(log.first, first);
		assert_int_equal(log.form, CAIRN_EVENTLOG_SHA1);
		assert_false(log.padded);
		evlog_replay(&r, &e);
		assert_true(r.drtm);
		assert_int_equal(r.pcrs.bank[0].extended, 3 << 17);
		evlog_expect(&r, CAIRN_ALG_SHA1, 17, 0, TEXTS{"sinit", NULL});
		evlog_expect(&r, CAIRN_ALG_SHA1, 18, 0, TEXTS{"tboot", NULL});
		for (size_t n = 0; n < e.bytes.len; n++)
			assert_int_not_equal(cairn_eventlog_open(&log, cairn_span(e.bytes.ptr, n)), CAIRN_OK);
		for (size_t n = 20; n < first; n++)
			assert_int_equal(cairn_eventlog_open(&log, cairn_span(e.bytes.ptr, n)),
					 CAIRN_E_TRUNCATED);
		while (e.bytes.len < 4096)
			cairn_buf_add_u8(&e.bytes, 0);
		evlog_open(&log, &e);
		assert_true(log.padded);
		e.bytes.ptr[4095] = 1;
		assert_int_not_equal(evlog_try(&e), CAIRN_OK);
	}
}

static void container_header_is_exact(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		enum cairn_status status;
	} edits[] = {
	    {AT_MAJOR, 0x00010002, CAIRN_E_VERSION},   {AT_MAJOR, 0x00010101, CAIRN_OK},
	    {AT_MAJOR, 0x00020001, CAIRN_E_VERSION},   {AT_MAJOR, 0x01010001, CAIRN_E_VERSION},
	    {AT_FIRST, 47, CAIRN_E_MALFORMED},	       {AT_FIRST, 0, CAIRN_E_MALFORMED},
	    {AT_FIRST, 0xffffffff, CAIRN_E_TRUNCATED}, {AT_NEXT, 4097, CAIRN_E_MALFORMED},
	    {AT_NEXT, 48, CAIRN_E_MALFORMED},	       {AT_NEXT, 0xffffffff, CAIRN_E_MALFORMED},
	};
	auto_evlog struct evlog e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		make_container(&e, 48);
		evlog_set_u32(&e, edits[i].at, edits[i].value);
		if (evlog_try(&e) != edits[i].status)
			fail_msg("edit %zu: %s", i, cairn_status_name(evlog_try(&e)));
	}
	make_container(&e, 48);
	evlog_set_u32(&e, AT_SIZE, (uint32_t)e.bytes.len);
	assert_int_equal(evlog_try(&e), CAIRN_OK);
	evlog_set_u32(&e, AT_SIZE, (uint32_t)e.bytes.len - 1);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	make_container(&e, 48);
	evlog_set_u32(&e, AT_NEXT, (uint32_t)e.bytes.len - 1);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	e.bytes.len = 48; /* no event at all */
	evlog_set_u32(&e, AT_NEXT, 48);
	assert_int_equal(evlog_try(&e), CAIRN_OK);
}

/* What TXT logs for PCR 255 and TrenchBoot's marks are in the log and in no PCR. */
static void events_of_no_pcr(void **state)
{
	static const struct {
		uint32_t pcr, type;
		enum cairn_status status;
	} rows[] = {
	    {255, 0x401, CAIRN_OK},
	    {255, 0x400, CAIRN_OK},
	    {255, 0x4ff, CAIRN_OK},
	    {255, 0x5ff, CAIRN_OK},
	    {255, 0x3ff, CAIRN_E_LIMIT},
	    {255, 0x600, CAIRN_E_LIMIT},
	    {254, 0x401, CAIRN_E_LIMIT},
	    {256, 0x401, CAIRN_E_LIMIT},
	    {0xffffffff, 0x401, CAIRN_E_LIMIT},
	    {17, 0x503, CAIRN_OK},
	    {17, 0x504, CAIRN_OK},
	    {24, 0x503, CAIRN_E_LIMIT},
	    {0xffffffff, 3, CAIRN_OK},
	    {0, 3, CAIRN_OK},
	    {23, 3, CAIRN_OK},
	    {24, 3, CAIRN_E_LIMIT},
	    {255, 3, CAIRN_E_LIMIT},
	    {0x7fffffff, 3, CAIRN_E_LIMIT},
	    {0xfffffffe, 3, CAIRN_E_LIMIT},
	};
	auto_evlog struct evlog e = {0};
	struct cairn_replay r;

	(void)state;
	for (int sha1 = 0; sha1 < 2; sha1++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			if (sha1)
				e.bytes.len = e.banks = 0;
			else
				evlog_begin2(&e);
			evlog_text(&e, rows[i].pcr, rows[i].type, "not in a PCR");
			if (evlog_try(&e) != rows[i].status)
				fail_msg("row %zu: %s", i, cairn_status_name(evlog_try(&e)));
			if (rows[i].status != CAIRN_OK)
				continue;
			evlog_replay(&r, &e);
			assert_int_equal(r.pcrs.bank[0].extended, 0);
			assert_false(r.drtm);
		}
	}
}

static void trenchboot_on_amd(void **state)
{
	static const struct evlog_alg banks[] = {{CAIRN_ALG_SHA1, 20}, {CAIRN_ALG_SHA256, 32}};
	static const uint8_t vendor[20] = {0, 0, 0, 0x40}; /* HEAP_EVENT_LOG_POINTER_ELEMENT2_1 */
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;

	(void)state;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 2, cairn_span(vendor, sizeof vendor));
	evlog_text(&e, 17, 0x502, "SKINIT");
	evlog_blank(&e, 17, 0x503, NO_VENDOR);
	evlog_text(&e, 18, 0x502, "Measured Kernel command line");
	evlog_blank(&e, 17, 0x504, NO_VENDOR);
	evlog_text(&e, 22, 0x502, "last");
	evlog_text(&e, 23, 0x502, "no DRTM");
	evlog_text(&e, 16, 0x502, "no DRTM");
	evlog_open(&log, &e);
	assert_int_equal(log.count, 7);
	evlog_replay(&r, &e);
	assert_true(r.drtm);
	evlog_expect(&r, CAIRN_ALG_SHA256, 17, 0, TEXTS{"SKINIT", NULL});
	evlog_expect(&r, CAIRN_ALG_SHA1, 18, 0, TEXTS{"Measured Kernel command line", NULL});
	evlog_expect(&r, CAIRN_ALG_SHA1, 19, 0, TEXTS{NULL});
	evlog_expect(&r, CAIRN_ALG_SHA1, 22, 0, TEXTS{"last", NULL});
	evlog_expect(&r, CAIRN_ALG_SHA1, 23, 0, TEXTS{"no DRTM", NULL});
	evlog_expect(&r, CAIRN_ALG_SHA1, 16, 0, TEXTS{"no DRTM", NULL});
	evlog_assert_cuts_refused(&e);
}

/* PCRs 16 and 23 are extended by anybody and say nothing of a dynamic launch. */
static void no_drtm(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_replay r;

	(void)state;
	evlog_begin256(&e);
	evlog_text(&e, 16, CAIRN_EV_IPL, "x");
	evlog_text(&e, 23, CAIRN_EV_IPL, "x");
	evlog_replay(&r, &e);
	assert_false(r.drtm);
	assert_true(cairn_span_all(cairn_digest_span(&r.pcrs.bank[0].pcr[17]), 0xff));
	assert_true(cairn_span_all(cairn_digest_span(&r.pcrs.bank[0].pcr[22]), 0xff));
}

static void measurement_registers(void **state)
{
	static const struct evlog_alg bank = {CAIRN_ALG_SHA384, 48};
	static const struct {
		uint32_t mr, type;
		enum cairn_status status;
	} rows[] = {{0, CAIRN_EV_ACTION, CAIRN_OK},	   {4, CAIRN_EV_ACTION, CAIRN_OK},
		    {5, CAIRN_EV_ACTION, CAIRN_E_LIMIT},   {17, 0x401, CAIRN_E_LIMIT},
		    {255, 0x401, CAIRN_E_LIMIT},	   {0xffffffff, CAIRN_EV_NO_ACTION, CAIRN_OK},
		    {5, CAIRN_EV_NO_ACTION, CAIRN_E_LIMIT}};
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		evlog_spec_id(&e, "Spec ID Event03", 1, &bank, 1, NO_VENDOR);
		evlog_text(&e, rows[i].mr, rows[i].type, "x");
		if (evlog_try(&e) != rows[i].status)
			fail_msg("row %zu: %s", i, cairn_status_name(evlog_try(&e)));
	}
	evlog_spec_id(&e, "Spec ID Event03", 1, &bank, 1, NO_VENDOR);
	evlog_locality(&e, 3);
	evlog_text(&e, 1, CAIRN_EV_ACTION, "x");
	evlog_open(&log, &e);
	assert_true(log.cc);
	evlog_replay(&r, &e);
	assert_int_equal(r.startup_locality, 0);
	evlog_expect(&r, CAIRN_ALG_SHA384, 0, 0, TEXTS{NULL});
	evlog_expect(&r, CAIRN_ALG_SHA384, 1, 0, TEXTS{"x", NULL});
	evlog_spec_id(&e, "Spec ID Event03", 0, &bank, 1, cairn_span_str("td_shim"));
	evlog_open(&log, &e);
	assert_true(log.cc);
	evlog_spec_id(&e, "Spec ID Event03", 0, &bank, 1, cairn_span_str("td_shin"));
	evlog_open(&log, &e);
	assert_false(log.cc);
}

/* What was opened is what is replayed. */
static void bytes_that_change(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_eventlog_iter it;
	struct cairn_event ev;
	struct cairn_replay r;

	(void)state;
	evlog_begin2(&e);
	evlog_text(&e, 1, CAIRN_EV_ACTION, "x");
	evlog_open(&log, &e);
	it = cairn_eventlog_iter(&log);
	assert_true(cairn_eventlog_next(&it, &ev));
	for (int more = 0; more < 2; more++) {
		assert_false(cairn_eventlog_next(&it, &ev));
		assert_int_equal(ev.pcr, 1); /* left alone at the end */
	}
	evlog_set_u32(&e, log.first, 24);
	it = cairn_eventlog_iter(&log);
	assert_false(cairn_eventlog_next(&it, &ev));
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_E_CHANGED);
	evlog_set_u32(&e, log.first, 1);
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_OK);
	log.bank[1] = log.bank[0];
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha1_logs_with_a_spec_id),	 cmocka_unit_test(container_of_txt),
	    cmocka_unit_test(container_header_is_exact), cmocka_unit_test(events_of_no_pcr),
	    cmocka_unit_test(trenchboot_on_amd),	 cmocka_unit_test(no_drtm),
	    cmocka_unit_test(measurement_registers),	 cmocka_unit_test(bytes_that_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
