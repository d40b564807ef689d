/* Bytes that look like a log by some of their first bytes only: which kind they are said to be, or that they are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/anylog.h"
#include "tests/unit/evlog_fixture.h"

#define NONE "this is no log of a kind that cairn knows"

static void assert_said(struct cairn_span bytes, enum cairn_status expected, const char *sentence)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog log;

	assert_int_equal(cairn_anylog_open(&log, bytes, &why), expected);
	assert_string_equal(cairn_buf_str(&why), sentence);
}

/* What stands behind the end of the bytes does not count. */
static void marks_that_are_cut(void **state)
{
	static const char launch[] = "{\"content\":{\"record\":\"", txt[] = "TXT Event Container";

	(void)state;
	assert_said(cairn_span(launch, sizeof launch - 2), CAIRN_E_MALFORMED, NONE);
	assert_said(cairn_span(txt, sizeof txt - 1), CAIRN_E_MALFORMED, NONE);
	assert_said(cairn_span(txt, sizeof txt), CAIRN_E_TRUNCATED,
		    "read as TCG log in the form of TPM 1.2 (SHA-1): the bytes end before their format does");
}

/* The first event has "Spec ID Event03" without its NUL; that of the next event's PCR stands behind it. */
static void a_spec_id_that_is_cut(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_blank(&e, 0, CAIRN_EV_NO_ACTION, cairn_span("Spec ID Event03", 15));
	evlog_text(&e, 0, CAIRN_EV_POST_CODE, "x");
	assert_said(cairn_buf_span(&e.bytes), CAIRN_E_VERSION,
		    "read as TCG log in the form of TPM 1.2 (SHA-1): the format is newer than this program; "
		    "update cairn");
}

/* The head of a first event of TPM 1.2, which tells a log even where the rest is cut. */
static void first_events(void **state)
{
	static const struct {
		uint32_t pcr, type;
		char digest;
		bool looks;
	} rows[] = {
	    {0, CAIRN_EV_POST_CODE, 'd', true}, {0, CAIRN_EV_NO_ACTION, 0, true},
	    {0, CAIRN_EV_POST_CODE, 0, false},	{23, CAIRN_EV_IPL, 'd', true},
	    {24, CAIRN_EV_IPL, 'd', false},	{1, 0x12345678, 'd', false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		auto_evlog struct evlog e = {0};
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_anylog log;

		evlog_u32(&e, rows[i].pcr);
		evlog_u32(&e, rows[i].type);
		for (int k = 0; k < 20; k++)
			cairn_buf_add_u8(&e.bytes, (uint8_t)rows[i].digest);
		assert_int_not_equal(cairn_anylog_open(&log, cairn_buf_span(&e.bytes), &why), CAIRN_OK);
		if (strncmp(cairn_buf_str(&why), "read as TCG log", 15) != 0 && rows[i].looks)
			fail_msg("row %zu: %s", i, cairn_buf_str(&why));
		if (strcmp(cairn_buf_str(&why), NONE) != 0 && !rows[i].looks)
			fail_msg("row %zu: %s", i, cairn_buf_str(&why));
		/* Without the last byte of its digest it is nothing. */
		assert_said(cairn_span(e.bytes.ptr, 27), CAIRN_E_MALFORMED, NONE);
	}
}

/* What a reader refuses as a whole is told with what it was read as. */
static void logs_that_break_off(void **state)
{
	static const char json[] = "{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\"";
	static const char ima[] = "\12\0\0\0dddddddddddddddddddd\6\0\0\0ima-ng\x40\0\0\0x";

	(void)state;
	assert_said(cairn_span_str(json), CAIRN_E_TRUNCATED,
		    "read as canonical event log, JSON: the bytes end before their format does");
	assert_said(cairn_span(ima, sizeof ima - 1), CAIRN_E_TRUNCATED,
		    "read as IMA measurement list, binary: the bytes end before their format does");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(marks_that_are_cut),
	    cmocka_unit_test(a_spec_id_that_is_cut),
	    cmocka_unit_test(first_events),
	    cmocka_unit_test(logs_that_break_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
