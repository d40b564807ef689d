/* What is out of the ordinary in a log: of made logs, with one such thing each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/eventtypes.h"
#include "cairn/logfacts.h"
#include "tests/unit/evlog_fixture.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define GLOBAL	      "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define SECURITY      "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
#define N64(c)	      c "\0\0\0\0\0\0\0"
#define SECURE_BOOT   GLOBAL N64("\x0a") N64("\1") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0"

/* ---- out of the ordinary ---------------------------------------------------------------------------------------- */
static struct cairn_log_facts facts_of(const struct evlog *e)
{
	struct cairn_eventlog log;
	struct cairn_log_facts f;

	evlog_open(&log, e);
	assert_int_equal(cairn_log_facts(&f, &log), CAIRN_OK);
	return f;
}

/* The log has this anomaly once, and no other. */
static void assert_only(const struct evlog *e, enum cairn_anomaly what, unsigned event, uint32_t pcr)
{
	struct cairn_log_facts f = facts_of(e);
	size_t want[CAIRN_ANOMALY_COUNT + 1] = {0};

	want[what] = 1;
	for (size_t i = 0; i < CAIRN_ANOMALY_COUNT; i++)
		if (f.anomalies[i] != want[i])
			fail_msg("%s: %zu", cairn_anomaly_name((enum cairn_anomaly)i), f.anomalies[i]);
	assert_int_equal(f.listed, what != CAIRN_ANOMALY_COUNT);
	if (f.listed == 0)
		return;
	assert_int_equal(f.anomaly[0].what, what);
	assert_int_equal(f.anomaly[0].event, event);
	assert_int_equal(f.anomaly[0].pcr, pcr);
}

static void separator(struct evlog *e, uint32_t pcr)
{
	evlog_event(e, pcr, CAIRN_EV_SEPARATOR, SPAN("\0\0\0\0"));
}

static void separators(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		separator(&e, pcr);
	assert_only(&e, CAIRN_ANOMALY_COUNT, 0, 0);
	assert_int_equal(facts_of(&e).separators, 0xff);
	assert_int_equal(facts_of(&e).matches, 8);
	separator(&e, 3);
	assert_only(&e, CAIRN_ANOMALY_SEPARATOR_REPEATED, 9, 3);
	evlog_begin2(&e);
	separator(&e, 12); /* Windows' PCRs are not the firmware's */
	separator(&e, 12);
	assert_only(&e, CAIRN_ANOMALY_COUNT, 0, 0);
	evlog_text(&e, 6, CAIRN_EV_ACTION, "Wake Event 2");
	assert_only(&e, CAIRN_ANOMALY_SEPARATOR_MISSING, 0, 6);
	/* An event of another type with the same digest is none. */
	evlog_begin2(&e);
	evlog_event(&e, 7, CAIRN_EV_POST_CODE, SPAN("\0\0\0\0"));
	assert_only(&e, CAIRN_ANOMALY_SEPARATOR_MISSING, 0, 7);
	evlog_begin2(&e);
	evlog_event(&e, 0, CAIRN_EV_SEPARATOR, SPAN("\1\0\0\0"));
	assert_only(&e, CAIRN_ANOMALY_SEPARATOR_ERROR, 1, 0);
}

static void after_the_separator(void **state)
{
	static const struct {
		uint32_t pcr, type;
		bool ordinary;
	} cases[] = {
	    {0, CAIRN_EV_POST_CODE, false},
	    {0, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, false},
	    {1, CAIRN_EV_EFI_HANDOFF_TABLES, true},
	    {1, CAIRN_EV_EFI_HANDOFF_TABLES2, true},
	    {1, CAIRN_EV_EVENT_TAG, true},
	    {1, CAIRN_EV_PLATFORM_CONFIG_FLAGS, false},
	    {2, CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, false},
	    {3, CAIRN_EV_EVENT_TAG, false},
	    {4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, true},
	    {4, CAIRN_EV_EFI_ACTION, true},
	    {4, CAIRN_EV_ACTION, true},
	    {4, CAIRN_EV_IPL, true},
	    {4, CAIRN_EV_COMPACT_HASH, true},
	    {4, CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, true},
	    {4, CAIRN_EV_POST_CODE, false},
	    {5, CAIRN_EV_EFI_ACTION, true},
	    {5, CAIRN_EV_ACTION, true},
	    {5, CAIRN_EV_IPL, true},
	    {5, CAIRN_EV_IPL_PARTITION_DATA, true},
	    {5, CAIRN_EV_EVENT_TAG, true},
	    {5, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, false},
	    {6, CAIRN_EV_COMPACT_HASH, false},
	    {7, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, false},
	    {9, CAIRN_EV_POST_CODE, true},
	};
	static const struct {
		uint32_t pcr, type;
		bool ordinary;
	} variables[] = {
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT, true},	     {1, CAIRN_EV_EFI_VARIABLE_BOOT2, true},
	    {1, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, true},  {7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, true},
	    {7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		auto_evlog struct evlog e = {0};

		evlog_begin2(&e);
		separator(&e, cases[i].pcr);
		evlog_text(&e, cases[i].pcr, cases[i].type, "text");
		assert_only(&e, cases[i].ordinary ? CAIRN_ANOMALY_COUNT : CAIRN_ANOMALY_AFTER_SEPARATOR, 2,
			    cases[i].pcr);
	}
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		auto_evlog struct evlog e = {0};

		evlog_begin2(&e);
		separator(&e, variables[i].pcr);
		evlog_event(&e, variables[i].pcr, variables[i].type, SPAN(GLOBAL N64("\1") N64("\1") "X\0y"));
		assert_only(&e, variables[i].ordinary ? CAIRN_ANOMALY_COUNT : CAIRN_ANOMALY_AFTER_SEPARATOR,
			    2, variables[i].pcr);
	}
	for (uint32_t type = CAIRN_EV_EFI_GPT_EVENT; type;
	     type = type == CAIRN_EV_EFI_GPT_EVENT ? CAIRN_EV_EFI_GPT_EVENT2 : 0) {
		auto_evlog struct evlog e = {0};

		evlog_begin2(&e);
		separator(&e, 5);
		evlog_text(&e, 5, type, "EFI PART");
		assert_only(&e, CAIRN_ANOMALY_COUNT, 0, 0);
	}
}

static void types_and_digests(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_text(&e, 9, 0x12345678, "text");
	assert_only(&e, CAIRN_ANOMALY_TYPE_UNKNOWN, 1, 9);
	evlog_begin2(&e);
	evlog_text(&e, 0, CAIRN_EV_NO_ACTION, "text"); /* extends nothing */
	assert_only(&e, CAIRN_ANOMALY_COUNT, 0, 0);
	assert_int_equal(facts_of(&e).bare, 0);
	evlog_text(&e, 9, CAIRN_EV_EFI_ACTION, "\1\2\3");
	assert_only(&e, CAIRN_ANOMALY_DIGEST_DIFFERS, 2, 9);
	assert_int_equal(facts_of(&e).differs, 1);
}

/* Sets every byte of both digests of the only event. */
static void set_digests(struct evlog *e, int fill, int first, int last)
{
	size_t sha1 = e->bytes.len - 4 - 4 - 32 - 2 - 20, sha256 = e->bytes.len - 4 - 4 - 32;

	memset(e->bytes.ptr + sha1, fill, 20);
	memset(e->bytes.ptr + sha256, fill, 32);
	e->bytes.ptr[sha256] = (uint8_t)first;
	e->bytes.ptr[sha256 + 31] = (uint8_t)last;
}

static void digests_that_are_none(void **state)
{
	static const struct {
		int fill, first, last;
		bool plain;
	} cases[] = {{0, 0, 0, true},	  {0xff, 0xff, 0xff, true}, {0, 1, 0, true},	      {0, 0, 1, true},
		     {0x55, 0, 0, false}, {0x55, 1, 0, false},	    {0x55, 0xff, 0xff, false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		auto_evlog struct evlog e = {0};

		evlog_begin2(&e);
		evlog_text(&e, 9, CAIRN_EV_EFI_HANDOFF_TABLES, "text");
		set_digests(&e, cases[i].fill, cases[i].first, cases[i].last);
		if (!cases[i].plain) /* nor is one that is nearly so: the SHA-1 digest is another */
			assert_only(&e, CAIRN_ANOMALY_COUNT, 0, 0);
		else
			assert_only(&e, CAIRN_ANOMALY_DIGEST_NOT_ONE, 1, 9);
	}
	for (size_t i = 0; i < 4; i++) { /* in the last bank alone */
		static const uint8_t first[] = {0, 0, 2, 0}, last[] = {2, 0, 0, 1}, plain[] = {0, 1, 0, 1};
		auto_evlog struct evlog e = {0};
		size_t at;

		evlog_begin2(&e);
		evlog_text(&e, 9, CAIRN_EV_EFI_HANDOFF_TABLES, "text");
		at = e.bytes.len - 4 - 4 - 32;
		memset(e.bytes.ptr + at, 0, 32);
		e.bytes.ptr[at] = first[i];
		e.bytes.ptr[at + 31] = last[i];
		assert_int_equal(facts_of(&e).anomalies[CAIRN_ANOMALY_DIGEST_NOT_ONE], plain[i]);
	}
}

static void secure_boot(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_log_facts f;

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 6, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1")); /* another PCR */
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, SPAN(SECURE_BOOT "\1"));	 /* another type */
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		    SPAN(SECURITY N64("\x0a") N64("\1") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\1")); /* another's */
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\1") N64("\1") "S\0\1"));
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1and more"));
	assert_int_equal(facts_of(&e).secure_boot, CAIRN_SECURE_BOOT_UNKNOWN);
	assert_int_equal(facts_of(&e).secure_boot_event, 0);
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1"));
	assert_int_equal(facts_of(&e).secure_boot, CAIRN_SECURE_BOOT_ON);
	assert_int_equal(facts_of(&e).secure_boot_event, 6);
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1"));
	assert_int_equal(facts_of(&e).secure_boot, CAIRN_SECURE_BOOT_ON);
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1and more"));
	assert_int_equal(facts_of(&e).secure_boot_event, 7);
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\0"));
	f = facts_of(&e);
	assert_int_equal(f.secure_boot, CAIRN_SECURE_BOOT_UNKNOWN);
	assert_int_equal(f.anomalies[CAIRN_ANOMALY_SECURE_BOOT], 1);
	/* A lie does not count, not even against another. */
	evlog_begin2(&e);
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURE_BOOT "\1"));
	e.bytes.ptr[e.bytes.len - 1] = 0;
	f = facts_of(&e);
	assert_int_equal(f.secure_boot, CAIRN_SECURE_BOOT_UNKNOWN);
	assert_int_equal(f.differs, 1);
}

static void dynamic_launch(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 16, CAIRN_EVTYPE_MLE_HASH, SPAN(""));
	evlog_event(&e, 23, CAIRN_EVTYPE_MLE_HASH, SPAN(""));
	evlog_event(&e, 17, CAIRN_EV_NO_ACTION, SPAN(""));
	assert_false(facts_of(&e).drtm);
	evlog_event(&e, 17, CAIRN_EVTYPE_MLE_HASH, SPAN(""));
	assert_true(facts_of(&e).drtm);
	evlog_begin2(&e);
	evlog_event(&e, 22, CAIRN_EVTYPE_SLAUNCH, SPAN("x"));
	assert_true(facts_of(&e).drtm);
}

static void many_anomalies(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_log_facts f;

	(void)state;
	evlog_begin2(&e);
	for (int i = 0; i < CAIRN_LOG_ANOMALIES_MAX + 5; i++)
		evlog_text(&e, 9, 0x12345678, "text");
	f = facts_of(&e);
	assert_int_equal(f.listed, CAIRN_LOG_ANOMALIES_MAX);
	assert_int_equal(f.anomalies[CAIRN_ANOMALY_TYPE_UNKNOWN], CAIRN_LOG_ANOMALIES_MAX + 5);
	assert_string_equal(cairn_anomaly_name(CAIRN_ANOMALY_COUNT), "unknown");
	assert_string_equal(cairn_anomaly_text(CAIRN_ANOMALY_COUNT), "unknown");
	for (size_t i = 0; i < CAIRN_ANOMALY_COUNT; i++)
		assert_true(strlen(cairn_anomaly_text((enum cairn_anomaly)i)) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(separators),	 cmocka_unit_test(after_the_separator),
	    cmocka_unit_test(types_and_digests), cmocka_unit_test(digests_that_are_none),
	    cmocka_unit_test(secure_boot),	 cmocka_unit_test(many_anomalies),
	    cmocka_unit_test(dynamic_launch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
