/* Windows' tagged events: nested, cut at every byte, nested too deep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cairn/sipa.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define BOX	      "\1\0\1\x40" /* TRUSTBOUNDARY */
#define COUNTER	      "\2\0\2\0\1\0\0\0\7"

static void nested(void **state)
{
	/* a box with a counter and an empty box and a box with a counter; then a counter */
	const struct cairn_span in =
	    SPAN(BOX "\x22\0\0\0" COUNTER BOX "\0\0\0\0" BOX "\x09\0\0\0" COUNTER COUNTER);
	static const struct {
		unsigned depth;
		uint32_t id;
		size_t len;
	} want[] = {{0, 0x40010001, 34}, {1, 0x20002, 1}, {1, 0x40010001, 0},
		    {1, 0x40010001, 9},	 {2, 0x20002, 1}, {0, 0x20002, 1}};
	struct cairn_sipa_iter it = cairn_sipa_iter(in);
	struct cairn_sipa_event e;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_true(cairn_sipa_next(&it, &e));
		assert_int_equal(e.depth, want[i].depth);
		assert_int_equal(e.id, want[i].id);
		assert_int_equal(e.data.len, want[i].len);
	}
	assert_false(cairn_sipa_next(&it, &e));
	assert_int_equal(it.status, CAIRN_OK);
	for (size_t n = 1; n < in.len; n++)
		if (n != 42)
			assert_int_equal(cairn_sipa_check(cairn_span(in.ptr, n)), CAIRN_E_TRUNCATED);
}

/* An event may be longer than its container, and yet not longer than the whole. */
static void does_not_leave_its_container(void **state)
{
	(void)state;
	struct cairn_sipa_iter it = cairn_sipa_iter(SPAN(BOX "\x08\0\0\0" COUNTER));
	struct cairn_sipa_event e;

	assert_true(cairn_sipa_next(&it, &e));
	assert_false(cairn_sipa_next(&it, &e));
	assert_int_equal(it.status, CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_sipa_check(SPAN("\2\0\2\0\xff\xff\xff\xff\7")), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_sipa_check((struct cairn_span){0}), CAIRN_OK);
}

static void depth_is_bounded(void **state)
{
	/* in the seventh, an eighth that is empty and a counter */
	static const char boxes[] = BOX "\x41\0\0\0" BOX "\x39\0\0\0" BOX "\x31\0\0\0" BOX "\x29\0\0\0" BOX
					"\x21\0\0\0" BOX "\x19\0\0\0" BOX "\x11\0\0\0" BOX "\0\0\0\0" COUNTER;
	struct cairn_sipa_iter it = cairn_sipa_iter(SPAN(boxes));
	struct cairn_sipa_event e;

	(void)state;
	while (cairn_sipa_next(&it, &e))
		;
	assert_int_equal(it.status, CAIRN_E_LIMIT);
	assert_false(cairn_sipa_next(&it, &e)); /* nor does it go on behind what it did not enter */
	for (unsigned depth = 1; depth < 2000; depth = depth < 12 ? depth + 1 : depth * 10) {
		cairn_auto_buf struct cairn_buf b = {0};

		for (unsigned i = 0; i < depth; i++) {
			uint32_t len = 8 * (depth - 1 - i);

			cairn_buf_add(&b, SPAN(BOX));
			for (int k = 0; k < 4; k++)
				cairn_buf_add_u8(&b, (uint8_t)(len >> (8 * k)));
		}
		assert_int_equal(cairn_sipa_check(cairn_buf_span(&b)),
				 depth < CAIRN_SIPA_DEPTH ? CAIRN_OK : CAIRN_E_LIMIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nested),
	    cmocka_unit_test(does_not_leave_its_container),
	    cmocka_unit_test(depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
