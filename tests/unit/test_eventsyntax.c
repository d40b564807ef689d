/* The syntax of event logs: damaged ones, cut ones and oversized ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cairn/eventlog.h"
#include "tests/unit/data_fixture.h"

static void open_log(struct cairn_eventlog *log, struct cairn_buf *bytes, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof path, "eventlog/%s", name);
	data_load(bytes, path);
	assert_int_equal(cairn_eventlog_open(log, cairn_buf_span(bytes)), CAIRN_OK);
}

/* Offsets into the Spec ID event of every log with two banks. */
enum {
	AT_PCR = 0,
	AT_TYPE = 4,
	AT_DIGEST = 8,
	AT_SIZE = 28,
	AT_SIGNATURE = 32,
	AT_CLASS = 48,
	AT_MAJOR = 53,
	AT_UINTN = 55,
	AT_COUNT = 56,
	AT_ALG0 = 60,
	AT_SIZE0 = 62,
	AT_ALG1 = 64,
	AT_VENDOR = 68
};

static void spec_id_event_is_exact(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum cairn_status status;
	} edits[] = {
	    {AT_PCR, 2, CAIRN_E_MALFORMED},
	    {AT_PCR + 1, 1, CAIRN_E_MALFORMED},
	    {AT_TYPE, 8, CAIRN_E_MALFORMED},
	    {AT_DIGEST, 1, CAIRN_E_MALFORMED},
	    {AT_DIGEST + 19, 1, CAIRN_E_MALFORMED},
	    {AT_SIZE, 38, CAIRN_E_TRAILING},
	    {AT_SIZE, 36, CAIRN_E_TRUNCATED},
	    {AT_SIGNATURE + 14, '2', CAIRN_E_TRAILING},
	    {AT_SIGNATURE + 14, '0', CAIRN_E_TRAILING},
	    {AT_SIGNATURE + 14, '4', CAIRN_E_VERSION},
	    {AT_SIGNATURE + 15, ' ', CAIRN_E_VERSION},
	    {AT_MAJOR, 3, CAIRN_E_VERSION},
	    {AT_MAJOR, 1, CAIRN_E_MALFORMED},
	    {AT_MAJOR - 1, 1,
	     CAIRN_OK}, /* minor version, errata, platform class and size of a UINTN are not judged */
	    {AT_MAJOR + 1, 105, CAIRN_OK},
	    {AT_CLASS, 1, CAIRN_OK},
	    {AT_UINTN, 0, CAIRN_OK},
	    {AT_UINTN, 8, CAIRN_OK},
	    {AT_COUNT, 0, CAIRN_E_MALFORMED},
	    {AT_COUNT, 6, CAIRN_E_TRUNCATED},
	    {AT_COUNT, 3, CAIRN_E_TRUNCATED},
	    {AT_COUNT, 1, CAIRN_E_TRUNCATED},
	    {AT_COUNT + 3, 0x80, CAIRN_E_TRUNCATED},
	    {AT_ALG0, 0x0c, CAIRN_E_MALFORMED},
	    {AT_SIZE0, 20, CAIRN_E_MALFORMED},
	    {AT_SIZE0, 0, CAIRN_E_MALFORMED},
	    {AT_ALG1, 0x0b, CAIRN_E_MALFORMED},
	    {AT_VENDOR, 1, CAIRN_E_TRUNCATED},
	};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		uint8_t old = bytes.ptr[edits[i].at];
		enum cairn_status s;

		bytes.ptr[edits[i].at] = edits[i].value;
		s = cairn_eventlog_open(&log, cairn_buf_span(&bytes));
		bytes.ptr[edits[i].at] = old;
		if (s != edits[i].status)
			fail_msg("edit %zu: %s", i, cairn_status_name(s));
	}
}

/* SHA-256 and SM3-256 have one size, so that only their identifiers tell them apart. */
static void algorithms_are_those_of_the_log(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, sm3 = {0};
	struct cairn_eventlog log;
	size_t third_alg = AT_ALG0 + 8, third_digest;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	bytes.ptr[log.first + 12] = CAIRN_ALG_SM3_256; /* not of this log */
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_MALFORMED);
	open_log(&log, &sm3, "tcg2-hcrtm-sm3.bin");
	third_digest = log.first + 12 + 2 + 20 + 2 + 32;
	assert_int_equal(sm3.ptr[third_alg], CAIRN_ALG_SM3_256);
	assert_int_equal(sm3.ptr[third_digest], CAIRN_ALG_SM3_256);
	sm3.ptr[third_digest] = CAIRN_ALG_SHA256; /* twice in one event */
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&sm3)), CAIRN_E_MALFORMED);
	sm3.ptr[third_digest] = CAIRN_ALG_SM3_256;
	sm3.ptr[third_alg] = CAIRN_ALG_SHA256; /* twice in the Spec ID event, of a log without events */
	assert_int_equal(cairn_eventlog_open(&log, cairn_span(sm3.ptr, log.first)), CAIRN_E_MALFORMED);
}

/* A cut log is refused unless the cut falls between two events, or leaves of an event but bytes that look like
 * padding. */
static void truncated_at_every_byte(void **state)
{
	static const char *const names[] = {"xen-grub-swtpm.bin", "tcg2-sdboot-fedora37.bin",
					    "tcg2-sp800155-noaction.bin", "tcg12-hirs-sha1.bin",
					    "ccel-tdx-sha384.bin"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog whole, cut;
		unsigned boundaries;

		open_log(&whole, &bytes, names[i]);
		boundaries = whole.first == 0; /* nothing at all is no log */
		for (size_t n = 0; n < bytes.len; n++) {
			if (cairn_eventlog_open(&cut, cairn_span(bytes.ptr, n)) != CAIRN_OK)
				continue;
			if (cut.padded) {
				assert_true(n - cut.end <= 4);
				continue;
			}
			assert_int_equal(cut.end, n);
			assert_int_equal(cut.count, boundaries);
			boundaries++;
		}
		assert_int_equal(boundaries, whole.count);
	}
}

static void tails(void **state)
{
	static const char *const names[] = {"xen-grub-swtpm.bin", "tcg12-hirs-sha1.bin"};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint8_t c = i & 1 ? 0xff : 0x00;
		size_t end;

		bytes.len = 0;
		open_log(&log, &bytes, names[i / 2]);
		assert_false(log.padded);
		end = bytes.len;
		for (size_t n = 1; n < 100; n++) {
			cairn_buf_add_u8(&bytes, c);
			assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
			assert_true(log.padded);
			assert_int_equal(log.padding, c);
			assert_int_equal(log.end, end);
			bytes.ptr[bytes.len - 1] = 1;
			assert_int_not_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
			bytes.ptr[bytes.len - 1] = c ^ 0xff;
			if (n > 1)
				assert_int_not_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)),
						     CAIRN_OK);
			bytes.ptr[bytes.len - 1] = c;
		}
	}
}

static void pcr_index_out_of_range(void **state)
{
	static const uint32_t indices[] = {24, 31, 32, 255, 0x80000000, 0xffffffff};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	size_t first;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	first = log.first;
	for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
		for (size_t k = 0; k < 4; k++)
			bytes.ptr[first + k] = (uint8_t)(indices[i] >> (8 * k));
		bytes.ptr[first + 4] = CAIRN_EV_S_CRTM_VERSION;
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
		bytes.ptr[first + 4] = CAIRN_EV_NO_ACTION;
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)),
				 indices[i] == 0xffffffff ? CAIRN_OK : CAIRN_E_LIMIT);
	}
}

static void limits(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	static const uint8_t event[16] = {1, 0, 0, 0, 3}; /* PCR 1, EV_NO_ACTION, no digest, no data */
	struct cairn_eventlog log;
	size_t end;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	end = bytes.len = log.first;
	for (size_t i = 0; i < CAIRN_EVENTLOG_EVENTS_MAX; i++)
		cairn_buf_add(&bytes, cairn_span(event, sizeof event));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.count, CAIRN_EVENTLOG_EVENTS_MAX);
	cairn_buf_add(&bytes, cairn_span(event, sizeof event));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
	bytes.len = end;
	while (bytes.len <= CAIRN_EVENTLOG_SIZE_MAX)
		cairn_buf_add(&bytes, cairn_span(event + 5, 8));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spec_id_event_is_exact),  cmocka_unit_test(algorithms_are_those_of_the_log),
	    cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(tails),
	    cmocka_unit_test(pcr_index_out_of_range),  cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
