/* Every status has a name, a sentence and an exit code; a number that is none is an internal error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cairn/status.h"

static void rows(void **state)
{
	(void)state;
	for (int n = 0; n < CAIRN_STATUS_COUNT; n++) {
		assert_non_null(cairn_status_name((enum cairn_status)n));
		assert_non_null(cairn_status_text((enum cairn_status)n));
		assert_int_equal(cairn_status_exit((enum cairn_status)n) == 0, n == CAIRN_OK);
	}
}

static void no_status(void **state)
{
	static const int none[] = {CAIRN_STATUS_COUNT, -1, 9999};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_string_equal(cairn_status_name((enum cairn_status)none[i]),
				    cairn_status_name(CAIRN_E_INTERNAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(no_status)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
