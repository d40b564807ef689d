/* pygrub's answer: read whole or not at all, cut and changed at each byte, and nothing that leads out of the directory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "xen/bootinfo.h"

#define DIR	   "/proc/self/fd/3"
#define K	   "kernel " DIR "/boot_kernel.a_b1\0"
#define R	   "ramdisk " DIR "/boot_ramdisk.c2\0"
#define A	   "args root=/dev/xvda1 ro\0"
#define SPAN(text) cairn_span(text, sizeof(text) - 1)

static enum cairn_status parse(struct cairn_bootinfo *b, struct cairn_span s)
{
	return cairn_bootinfo_parse(b, s, DIR);
}

static void test_good(void **state)
{
	struct cairn_bootinfo b;

	(void)state;
	assert_int_equal(parse(&b, SPAN(K R A "\0")), CAIRN_OK);
	assert_string_equal(b.kernel, "boot_kernel.a_b1");
	assert_string_equal(b.ramdisk, "boot_ramdisk.c2");
	assert_string_equal(b.args, "root=/dev/xvda1 ro");
	assert_int_equal(parse(&b, SPAN(K "\0")), CAIRN_OK);
	assert_string_equal(b.ramdisk, "");
	assert_string_equal(b.args, "");
}

static void test_cut(void **state)
{
	static const char whole[] = K R A "\0";

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct cairn_bootinfo b = {.kernel = "as it was"};

		assert_int_not_equal(parse(&b, cairn_span(whole, n)), CAIRN_OK);
		assert_string_equal(b.kernel, "as it was");
	}
	struct cairn_bootinfo b;

	assert_int_equal(parse(&b, SPAN(K "\0\0")), CAIRN_E_TRAILING);
	assert_int_equal(parse(&b, SPAN(K "\0x")), CAIRN_E_TRAILING);
}

/* Whatever one byte is changed to: no name has more than a name's characters. */
static void test_changed(void **state)
{
	static const char whole[] = K R A "\0";
	char text[sizeof(whole)];

	(void)state;
	for (size_t at = 0; at < sizeof(whole) - 1; at++)
		for (unsigned to = 0; to < 256; to++) {
			struct cairn_bootinfo b;

			memcpy(text, whole, sizeof(text));
			text[at] = (char)to;
			if (parse(&b, SPAN(text)) != CAIRN_OK)
				continue;
			assert_null(strchr(b.kernel, '/'));
			assert_null(strchr(b.ramdisk, '/'));
			assert_true(b.kernel[0] && b.kernel[0] != '.' && b.ramdisk[0] != '.');
			assert_null(strpbrk(b.args, "\"'\\\n\x7f\xff"));
		}
}

static void test_refused(void **state)
{
	static const struct {
		struct cairn_span answer;
		enum cairn_status st;
	} bad[] = {
	    {{(const uint8_t *)"", 0}, CAIRN_E_TRUNCATED},
	    {{(const uint8_t *)"\0", 1}, CAIRN_E_MALFORMED},
#define BAD(text, st) {{(const uint8_t *)(text), sizeof(text) - 1}, st}
	    BAD(R A "\0", CAIRN_E_MALFORMED),
	    BAD(K K "\0", CAIRN_E_MALFORMED),
	    BAD(K R R "\0", CAIRN_E_MALFORMED),
	    BAD(K A A "\0", CAIRN_E_MALFORMED),
	    BAD(K "ramdisk " DIR "/boot_kernel.a_b1\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel /etc/shadow\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "/\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "/..\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "/a/b\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "/a b\0\0", CAIRN_E_MALFORMED),
	    BAD("kernel " DIR "/0123456789012345678901234567890123456789012345678901234567890123\0\0",
		CAIRN_E_MALFORMED),
	    BAD("kernel  " DIR "/a\0\0", CAIRN_E_MALFORMED),
	    BAD(K "args a \"b\"\0\0", CAIRN_E_UNSUPPORTED),
	    BAD(K "args a\nb\0\0", CAIRN_E_UNSUPPORTED),
	    BAD(K "args a\\b\0\0", CAIRN_E_UNSUPPORTED),
	    BAD(K "else a\0\0", CAIRN_E_MALFORMED),
	};
	struct cairn_bootinfo b;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(&b, bad[i].answer) != bad[i].st)
			fail_msg("%zu: %s", i, (const char *)bad[i].answer.ptr);
}

static void test_limits(void **state)
{
	char text[CAIRN_BOOTINFO_MAX + 2];
	struct cairn_bootinfo b;
	int n = snprintf(text, sizeof(text), "args ");

	(void)state;
	memset(text + n, 'x', CAIRN_XLCFG_CMDLINE);
	memcpy(text + n + CAIRN_XLCFG_CMDLINE, "\0" K "\0", sizeof(K) + 1);
	size_t len = (size_t)n + CAIRN_XLCFG_CMDLINE + 1 + sizeof(K);

	assert_int_equal(parse(&b, cairn_span(text, len)), CAIRN_E_LIMIT);
	/* One byte less is a command line. */
	memcpy(text + 1, "args ", 5);
	assert_int_equal(parse(&b, cairn_span(text + 1, len - 1)), CAIRN_OK);
	assert_int_equal(strlen(b.args), CAIRN_XLCFG_CMDLINE - 1);
	memset(text, 0, sizeof(text));
	assert_int_equal(parse(&b, cairn_span(text, CAIRN_BOOTINFO_MAX + 1)), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),    cmocka_unit_test(test_cut),	   cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
