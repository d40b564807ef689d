/* Configuration files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cairn/config.h"

static const char *const keys[] = {"listen", "port", "strict", "mode", NULL};

static void good(void **state)
{
	static const char text[] =
	    "# first\n\n  listen =\t127.0.0.1 # not a comment \nport=8443\n\t# x\nstrict = yes\nmode = b";
	static const char *const modes[] = {"a", "b", NULL};
	struct cairn_config *c = NULL;
	uint64_t n = 0;
	size_t choice = 9;
	bool b = false;

	(void)state;
	assert_int_equal(cairn_config_parse(&c, cairn_span_str(text), "f", keys, NULL), CAIRN_OK);
	assert_string_equal(cairn_config_str(c, "listen", "x"), "127.0.0.1 # not a comment");
	assert_int_equal(cairn_config_line(c, "listen"), 3);
	assert_int_equal(cairn_config_u64(&n, c, "port", 1, 1, 65535, NULL), CAIRN_OK);
	assert_int_equal(n, 8443);
	assert_int_equal(cairn_config_bool(&b, c, "strict", false, NULL), CAIRN_OK);
	assert_true(b);
	assert_int_equal(cairn_config_choice(&choice, c, "mode", 0, modes, NULL), CAIRN_OK);
	assert_int_equal(choice, 1);
	cairn_config_free(c);
}

static void fallbacks(void **state)
{
	struct cairn_config *c = NULL;
	uint64_t n = 0;
	bool b = false;

	(void)state;
	assert_int_equal(cairn_config_parse(&c, cairn_span(NULL, 0), "f", keys, NULL), CAIRN_OK);
	assert_string_equal(cairn_config_str(c, "listen", "x"), "x");
	assert_null(cairn_config_str(c, "listen", NULL));
	assert_int_equal(cairn_config_line(c, "listen"), 0);
	assert_int_equal(cairn_config_u64(&n, c, "port", 7, 1, 65535, NULL), CAIRN_OK);
	assert_int_equal(n, 7);
	assert_int_equal(cairn_config_bool(&b, c, "strict", true, NULL), CAIRN_OK);
	assert_true(b);
	cairn_config_free(c);
	cairn_config_free(NULL);
}

static void wrong_lines(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
	    {"\nprot = 1\n", "f:2: unknown key 'prot'"},
	    {"port = 1\n\nport = 1\n", "f:3: 'port' was given before, in line 1"},
	    {"port\n", "f:1: expected 'key = value' or '# comment'"},
	    {"port =\n", "f:1: 'port' has no value"},
	    {" = 1\n", "f:1: a key is made of a-z 0-9 _ - and '.'"},
	    {"Port = 1\n", "f:1: a key is made of a-z 0-9 _ - and '.'"},
	    {"port = 1\r\n", "f:1: a control character (are the line ends those of another system?)"},
	    {"# \x1b[2J\n", "f:1: a control character (are the line ends those of another system?)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_config *c = NULL;

		assert_int_equal(cairn_config_parse(&c, cairn_span_str(bad[i].text), "f", keys, &why),
				 CAIRN_E_USAGE);
		assert_string_equal(cairn_buf_str(&why), bad[i].why);
		assert_null(c);
	}
}

/* As many keys as there may be, and one more. */
static void many_keys(void **state)
{
	static char name[CAIRN_CONFIG_KEYS_MAX + 1][8];
	static const char *list[CAIRN_CONFIG_KEYS_MAX + 2];
	cairn_auto_buf struct cairn_buf text = {0}, why = {0};
	struct cairn_config *c = NULL;

	(void)state;
	for (size_t i = 0; i <= CAIRN_CONFIG_KEYS_MAX; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "k%zu", i);
		list[i] = name[i];
		cairn_buf_add_fmt(&text, "k%zu = %s\n", i,
				  i == 0   ? "18446744073709551615"
				  : i == 1 ? "//"
					   : "5");
		if (i + 1 == CAIRN_CONFIG_KEYS_MAX) {
			uint64_t n = 0;

			assert_int_equal(cairn_config_parse(&c, cairn_buf_span(&text), "f", list, &why),
					 CAIRN_OK);
			assert_int_equal(cairn_config_u64(&n, c, "k0", 1, 0, UINT64_MAX, NULL), CAIRN_OK);
			assert_true(n == UINT64_MAX);
			assert_int_equal(cairn_config_u64(&n, c, "k1", 1, 0, UINT64_MAX, NULL),
					 CAIRN_E_USAGE);
			cairn_config_free(c);
			c = NULL;
		}
	}
	assert_int_equal(cairn_config_parse(&c, cairn_buf_span(&text), "f", list, &why), CAIRN_E_USAGE);
	assert_string_equal(cairn_buf_str(&why), "f:129: more than 128 keys");
	assert_null(c);
}

/* Numbers that only nearly fit, and the text behind a NUL. */
static void numbers_at_the_edge(void **state)
{
	static const char *const bad[] = {
	    "18446744073709551616", "18446744073709551620", "99999999999999999999", "x", "1x", "-"};
	struct cairn_config *c = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cairn_auto_buf struct cairn_buf text = {0};
		uint64_t n = 0;

		cairn_buf_add_fmt(&text, "port = %s\n", bad[i]);
		assert_int_equal(cairn_config_parse(&c, cairn_buf_span(&text), "f", keys, NULL), CAIRN_OK);
		assert_int_equal(cairn_config_u64(&n, c, "port", 1, 0, UINT64_MAX, NULL), CAIRN_E_USAGE);
		cairn_config_free(c);
		c = NULL;
	}
	assert_int_equal(cairn_config_parse(&c, cairn_span("port = 1\0\n", 10), "f", keys, NULL),
			 CAIRN_E_USAGE);
	assert_null(c);
}

static void wrong_files(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0}, big = {0};
	struct cairn_config *c = NULL;

	(void)state;
	assert_int_equal(cairn_config_parse(&c, cairn_span("port\0= 1", 8), "f", keys, &why), CAIRN_E_USAGE);
	while (big.len <= CAIRN_CONFIG_SIZE_MAX)
		cairn_buf_add_str(&big, "# much\n");
	assert_int_equal(cairn_config_parse(&c, cairn_buf_span(&big), "f", keys, NULL), CAIRN_E_LIMIT);
	assert_int_equal(cairn_config_read(&c, "Makefile", keys, NULL), CAIRN_E_USAGE); /* is none */
	assert_int_equal(cairn_config_read(&c, "/nonexistent/f", keys, &why), CAIRN_E_NOTFOUND);
	assert_non_null(strstr(cairn_buf_str(&why), "/nonexistent/f: not found"));
	assert_null(c);
}

static void wrong_values(void **state)
{
	static const char *const numbers[] = {"0",    "65536", "-1", "0x10", "1.5", "18446744073709551616",
					      "80 80"};
	static const char *const modes[] = {"a", "b", NULL};
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		cairn_auto_buf struct cairn_buf why = {0}, text = {0};
		struct cairn_config *c = NULL;
		uint64_t n = 5;
		size_t choice = 5;
		bool b = true;

		cairn_buf_add_fmt(&text, "\nport = %s\nstrict = YES\nmode = c", numbers[i]);
		assert_int_equal(cairn_config_parse(&c, cairn_buf_span(&text), "f", keys, &why), CAIRN_OK);
		assert_int_equal(cairn_config_u64(&n, c, "port", 1, 1, 65535, &why), CAIRN_E_USAGE);
		assert_int_equal(n, 5);
		assert_string_equal(cairn_buf_str(&why), "f:2: 'port' must be a number from 1 to 65535");
		why.len = 0;
		assert_int_equal(cairn_config_bool(&b, c, "strict", false, &why), CAIRN_E_USAGE);
		assert_string_equal(cairn_buf_str(&why), "f:3: 'strict' must be one of: no, yes");
		assert_int_equal(cairn_config_choice(&choice, c, "mode", 0, modes, NULL), CAIRN_E_USAGE);
		assert_int_equal(choice, 5);
		cairn_config_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),	    cmocka_unit_test(fallbacks),
	    cmocka_unit_test(wrong_lines),  cmocka_unit_test(wrong_files),
	    cmocka_unit_test(many_keys),    cmocka_unit_test(numbers_at_the_edge),
	    cmocka_unit_test(wrong_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
