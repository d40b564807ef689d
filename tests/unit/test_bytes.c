/* Spans, cursor, buffer, encodings, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "cairn/bytes.h"

static void spans(void **state)
{
	const uint8_t ff[3] = {0xff, 0xff, 0xff};

	(void)state;
	assert_true(cairn_span_equal(cairn_span_str("ab"), cairn_span("abc", 2)));
	assert_false(cairn_span_equal(cairn_span_str("ab"), cairn_span_str("abc")));
	assert_false(cairn_span_equal(cairn_span_str("ab"), cairn_span_str("ac")));
	assert_true(cairn_span_equal_ct(cairn_span_str("ab"), cairn_span_str("ab")));
	assert_false(cairn_span_equal_ct(cairn_span_str("ab"), cairn_span_str("ac")));
	assert_false(cairn_span_equal_ct(cairn_span_str("ab"), cairn_span_str("a")));
	assert_false(cairn_span_equal_ct(cairn_span_str("ab"), cairn_span_str("abc")));
	assert_true(cairn_span_equal(cairn_span(NULL, 0), cairn_span_str("")));
	assert_true(cairn_span_all(cairn_span(ff, 3), 0xff));
	assert_false(cairn_span_all(cairn_span(ff, 3), 0));
	assert_false(cairn_span_all(cairn_span(ff, 0), 0xff));
}

static void cursor_reads_both_byte_orders(void **state)
{
	static const uint8_t in[] = {1, 2, 1, 3, 2, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1,
				     1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct cairn_cur c = cairn_cur(cairn_span(in, sizeof in));

	(void)state;
	assert_int_equal(cairn_cur_u8(&c), 1);
	assert_int_equal(cairn_cur_u16le(&c), 0x0102);
	assert_int_equal(cairn_cur_u32le(&c), 0x00010203);
	assert_true(cairn_cur_u64le(&c) == 0x0102030405060708);
	assert_int_equal(cairn_cur_u16be(&c), 0x0102);
	assert_int_equal(cairn_cur_u32be(&c), 0x01020304);
	assert_true(cairn_cur_u64be(&c) == 0x0102030405060708);
	assert_int_equal(cairn_cur_left(&c), 1);
	assert_int_equal(cairn_cur_end(&c), CAIRN_E_TRAILING);
	assert_int_equal(cairn_cur_rest(&c).len, 1);
	assert_int_equal(cairn_cur_end(&c), CAIRN_OK);
}

static void cursor_failure_sticks(void **state)
{
	struct cairn_cur c = cairn_cur(cairn_span_str("abcd"));
	struct cairn_cur sub;

	(void)state;
	assert_int_equal(cairn_cur_bytes(&c, UINT64_MAX).len, 0);
	assert_int_equal(c.status, CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_cur_u8(&c), 0);
	assert_int_equal(cairn_cur_left(&c), 0);
	cairn_cur_fail(&c, CAIRN_E_LIMIT);
	assert_int_equal(cairn_cur_end(&c), CAIRN_E_TRUNCATED);
	sub = cairn_cur_sub(&c, 1);
	assert_int_equal(cairn_cur_end(&sub), CAIRN_E_TRUNCATED);
	c = cairn_cur(cairn_span_str("abcd"));
	sub = cairn_cur_sub(&c, 3);
	assert_int_equal(cairn_cur_u16be(&sub), 'a' << 8 | 'b');
	assert_int_equal(cairn_cur_end(&sub), CAIRN_E_TRAILING);
	assert_int_equal(cairn_cur_u16be(&sub), 0);
	assert_int_equal(cairn_cur_end(&sub), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_cur_u8(&c), 'd');
	assert_int_equal(cairn_cur_end(&c), CAIRN_OK);
	cairn_cur_fail(&c, CAIRN_OK); /* a failure without a reason is one */
	assert_int_equal(cairn_cur_end(&c), CAIRN_E_INTERNAL);
}

static void buffer_grows_and_formats(void **state)
{
	cairn_auto_secret struct cairn_buf b = {0};

	(void)state;
	assert_string_equal(cairn_buf_str(&b), "");
	cairn_buf_add_u8(&b, 'A');
	cairn_buf_add_u16be(&b, 0x4243);
	cairn_buf_add_u32be(&b, 0x44454647);
	cairn_buf_add_u64be(&b, 0x48494a4b4c4d4e4f);
	cairn_buf_add_fmt(&b, "-%d-%s", 42, "x");
	assert_string_equal(cairn_buf_str(&b), "ABCDEFGHIJKLMNO-42-x");
	for (int i = 0; i < 10000; i++)
		cairn_buf_add_str(&b, "0123456789");
	assert_int_equal(cairn_buf_span(&b).len, 100020);
	assert_memory_equal(b.ptr + 100010, "0123456789", 10);
	assert_int_equal(cairn_buf_status(&b), CAIRN_OK);
	cairn_buf_add(&b, cairn_span(b.ptr, (size_t)1 << 30));
	assert_int_equal(cairn_buf_status(&b), CAIRN_E_NOMEM);
	cairn_buf_add_str(&b, "more");
	assert_null(cairn_buf_str(&b));
	assert_int_equal(cairn_buf_span(&b).len, 0);
	cairn_buf_fini(&b);
	cairn_buf_add_fmt(&b, "%lc", (wint_t)0x110000); /* no character: nothing can be formatted */
	assert_int_equal(cairn_buf_status(&b), CAIRN_E_NOMEM);
}

static void hex_is_strict(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	uint8_t four[4] = {9, 9, 9, 9};
	static const char *const bad[] = {"0", "0G", "AB", " 0", "0x", "00 ", "``", "WW", "//", "::"};

	(void)state;
	cairn_hex_encode(&b, cairn_span("\x00\x9f\xff", 3));
	assert_string_equal(cairn_buf_str(&b), "009fff");
	assert_int_equal(cairn_hex_decode(&b, cairn_span_str("414a")), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), "009fffAJ");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(cairn_hex_decode(&b, cairn_span_str(bad[i])), CAIRN_E_MALFORMED);
	assert_int_equal(b.len, 8);
	assert_int_equal(cairn_hex_decode_into(four, 4, "0102030"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_hex_decode_into(four, 4, "0102030405"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_hex_decode_into(four, 4, "010203040"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_hex_decode_into(four, 4, "010203xx"), CAIRN_E_MALFORMED);
	assert_int_equal(four[0], 9);
	assert_int_equal(cairn_hex_decode_into(four, 4, "01020304"), CAIRN_OK);
	assert_memory_equal(four, "\1\2\3\4", 4);
}

static void base64_vectors(void **state)
{
	/* RFC 4648, section 10. */
	static const char *const pairs[][2] = {{"", ""},
					       {"f", "Zg=="},
					       {"fo", "Zm8="},
					       {"foo", "Zm9v"},
					       {"foob", "Zm9vYg=="},
					       {"fooba", "Zm9vYmE="},
					       {"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		cairn_auto_buf struct cairn_buf e = {0}, u = {0}, d = {0};
		size_t digits = strcspn(pairs[i][1], "=");

		cairn_b64_encode(&e, cairn_span_str(pairs[i][0]));
		assert_string_equal(cairn_buf_str(&e), pairs[i][1]);
		cairn_b64url_encode(&u, cairn_span_str(pairs[i][0]));
		assert_true(cairn_span_equal(cairn_buf_span(&u), cairn_span(pairs[i][1], digits)));
		assert_int_equal(cairn_b64_decode(&d, cairn_buf_span(&e)), CAIRN_OK);
		assert_int_equal(cairn_b64url_decode(&d, cairn_buf_span(&u)), CAIRN_OK);
		assert_int_equal(d.len, 2 * strlen(pairs[i][0]));
	}
}

static void base64_is_strict(void **state)
{
	static const char *const bad[] = {
	    "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm 9v", "-_8=", "Zg==Zg=="};
	static const char *const bad_url[] = {"Z", "Zh", "Zm9", "Zg==", "+/8", "Zm9v\n", "Zm9vZ"};
	cairn_auto_buf struct cairn_buf d = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(cairn_b64_decode(&d, cairn_span_str(bad[i])), CAIRN_E_MALFORMED);
	for (size_t i = 0; i < sizeof bad_url / sizeof bad_url[0]; i++)
		assert_int_equal(cairn_b64url_decode(&d, cairn_span_str(bad_url[i])), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_b64url_decode(&d, cairn_span("Zm\0v", 4)), CAIRN_E_MALFORMED);
	assert_int_equal(d.len, 0);
	assert_int_equal(cairn_b64url_decode(&d, cairn_span_str("-_8")), CAIRN_OK);
	assert_memory_equal(d.ptr, "\xfb\xff", 2);
}

static void files(void **state)
{
	char dir[] = "/tmp/cairn-test-XXXXXX", path[64], sub[80];
	cairn_auto_buf struct cairn_buf b = {0};
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/file", dir);
	(void)snprintf(sub, sizeof sub, "%s/none/file", dir);
	assert_int_equal(cairn_file_read(&b, path, 10), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_file_write(sub, cairn_span_str("x"), 0600), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_file_write(path, cairn_span_str("0123456789"), 0640), CAIRN_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(cairn_file_read(&b, path, 9), CAIRN_E_LIMIT);
	assert_int_equal(b.len, 0);
	assert_int_equal(cairn_file_read(&b, path, 10), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), "0123456789");
	assert_int_equal(cairn_file_write(path, cairn_span_str("new"), 0600), CAIRN_OK);
	assert_int_equal(cairn_file_read(&b, path, 10), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), "0123456789new");
	assert_int_equal(cairn_file_read(&b, dir, 10), CAIRN_E_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left behind */
}

static void statuses(void **state)
{
	(void)state;
	for (int i = 0; i < CAIRN_STATUS_COUNT; i++) {
		assert_true(strlen(cairn_status_name((enum cairn_status)i)) > 1);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(cairn_status_name((enum cairn_status)i),
						cairn_status_name((enum cairn_status)k));
	}
	assert_string_equal(cairn_status_name((enum cairn_status)9999), "internal");
	assert_int_equal(cairn_status_exit(CAIRN_OK), 0);
	assert_int_equal(cairn_status_exit(CAIRN_E_DIVERGED), 1);
	assert_int_equal(cairn_status_exit(CAIRN_E_TPM_POLICY), 1);
	assert_int_equal(cairn_status_exit(CAIRN_E_USAGE), 2);
	assert_int_equal(cairn_status_exit(CAIRN_E_MALFORMED), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spans),
	    cmocka_unit_test(cursor_reads_both_byte_orders),
	    cmocka_unit_test(cursor_failure_sticks),
	    cmocka_unit_test(buffer_grows_and_formats),
	    cmocka_unit_test(hex_is_strict),
	    cmocka_unit_test(base64_vectors),
	    cmocka_unit_test(base64_is_strict),
	    cmocka_unit_test(files),
	    cmocka_unit_test(statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
