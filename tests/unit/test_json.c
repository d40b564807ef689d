/* JSON: what is refused, what is canonical, and that outputs stay untouched on failure. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cairn/json.h"

static enum cairn_status parse(const char *s, bool canonical)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status st = canonical ? cairn_json_parse_canonical(&v, cairn_span_str(s))
					 : cairn_json_parse(&v, cairn_span_str(s));

	assert_true((st == CAIRN_OK) == (v != NULL));
	return st;
}

static void test_accepts(void **state)
{
	(void)state;
	assert_int_equal(parse("{}", true), CAIRN_OK);
	assert_int_equal(parse("[1,-2,true,false,null,\"1.5e3 \\\" .\"]", true), CAIRN_OK);
	assert_int_equal(parse("{\"a\":\"\xc3\xa4\",\"b\":[{}]}", true), CAIRN_OK);
	assert_int_equal(parse(" { \"b\" : 1 , \"a\" : 2 }\n", false), CAIRN_OK);
	assert_int_equal(parse("[true,false]", true), CAIRN_OK);
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
	    "",
	    " ",
	    "1",
	    "\"a\"",
	    "null",
	    "{",
	    "}",
	    "[1]]",
	    "[1] x",
	    "{\"a\":1,\"a\":1}",
	    "{\"a\":1,}",
	    "[1.5]",
	    "[\"a\",1.5]",
	    "[1e3]",
	    "[1E3]",
	    "[1.0]",
	    "[9223372036854775808]",
	    "[\"\xff\"]",
	    "[\"\xc0\xaf\"]",
	    "[\"\\u0000\"]",
	    "[\"\\ud800\"]",
	    "[\"a\nb\"]",
	    "{1:2}",
	    "[01]",
	    "[NaN]",
	    "\xef\xbb\xbf{}",
	    "{'a':1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], false), CAIRN_E_MALFORMED);
}

static void test_not_canonical(void **state)
{
	static const char *const loose[] = {
	    " {}",  "{} ",	     "{}\n",	  "{\"b\":1,\"a\":2}",	       "{\"a\": 1}",
	    "[-0]", "[\"\\u0061\"]", "[\"\\/\"]", "[\"\\u001f\",\"\\u001F\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
		assert_int_equal(parse(loose[i], false), CAIRN_OK);
		assert_int_equal(parse(loose[i], true), CAIRN_E_MALFORMED);
	}
}

static void test_depth(void **state)
{
	char text[96];

	(void)state;
	for (size_t depth = 1; depth <= 40; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * depth] = '\0';
		assert_int_equal(parse(text, false), depth <= 16 ? CAIRN_OK : CAIRN_E_LIMIT);
	}
	assert_int_equal(parse("[\"[[[[[[[[[[[[[[[[[[[[[[\"]", false), CAIRN_OK);
	assert_int_equal(parse("[\"a\",[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", true), CAIRN_E_LIMIT);
	strcpy(text, "{}");
	for (size_t depth = 2; depth <= 17; depth++) {
		char inner[96];

		strcpy(inner, text);
		(void)snprintf(text, sizeof(text), "{\"\":%.80s}", inner);
	}
	assert_int_equal(parse(text, false), CAIRN_E_LIMIT);
}

static void test_truncated(void **state)
{
	static const char good[] = "{\"a\":[1,true,\"x\\\"y\"],\"b\":{\"c\":null}}";
	cairn_auto_json json_t *v = NULL;

	(void)state;
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		assert_int_equal(cairn_json_parse(&v, cairn_span(good, n)), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_parse(&v, cairn_span(good, sizeof(good) - 1)), CAIRN_OK);
}

static void test_dump(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = json_pack("{s:i, s:s, s:[]}", "z", 1, "a", "\x01/\xc3\xa4", "m");
	cairn_auto_json json_t *real = json_pack("[f]", 1.0);

	(void)state;
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), "{\"a\":\"\\u0001/\xc3\xa4\",\"m\":[],\"z\":1}");
	assert_int_equal(cairn_json_dump(&b, real), CAIRN_E_INTERNAL);
	assert_int_equal(b.len, strlen("{\"a\":\"\\u0001/\xc3\xa4\",\"m\":[],\"z\":1}"));
}

static void test_format(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status want;
	} rows[] = {
	    {"{\"format\":\"f\",\"version\":1}", CAIRN_OK},
	    {"{\"format\":\"f\",\"version\":2}", CAIRN_E_VERSION},
	    {"{\"format\":\"f\",\"version\":0}", CAIRN_E_MALFORMED},
	    {"{\"format\":\"g\",\"version\":1}", CAIRN_E_MALFORMED},
	    {"{\"format\":\"f\",\"version\":\"1\"}", CAIRN_E_MALFORMED},
	    {"{\"version\":1}", CAIRN_E_MALFORMED},
	    {"[]", CAIRN_E_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_json json_t *v = NULL;

		assert_int_equal(cairn_json_parse(&v, cairn_span_str(rows[i].text)), CAIRN_OK);
		assert_int_equal(cairn_json_format(v, "f", 1), rows[i].want);
	}
}

static void test_members(void **state)
{
	static const char *const all[] = {"n", "neg", "s", "o", "a", "h", "b", NULL};
	static const char *const few[] = {"n", "s", NULL};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	const char *s = NULL;
	uint64_t n = 7;
	uint8_t h[2] = {0};
	json_t *m = NULL;

	(void)state;
	assert_int_equal(
	    cairn_json_parse(&v, cairn_span_str("{\"n\":5,\"neg\":-1,\"s\":\"x\",\"o\":{},\"a\":[],"
						"\"h\":\"0aff\",\"b\":\"AQI\"}")),
	    CAIRN_OK);
	assert_int_equal(cairn_json_only(v, all), CAIRN_OK);
	assert_int_equal(cairn_json_only(v, few), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_json_get_u64(&n, v, "neg"), CAIRN_E_MALFORMED);
	assert_int_equal(n, 7);
	assert_int_equal(cairn_json_get_u64(&n, v, "n"), CAIRN_OK);
	assert_int_equal(n, 5);
	assert_int_equal(cairn_json_get_str(&s, v, "n"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_str(&s, v, "s"), CAIRN_OK);
	assert_string_equal(s, "x");
	assert_int_equal(cairn_json_get_obj(&m, v, "a"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_obj(&m, v, "o"), CAIRN_OK);
	assert_int_equal(cairn_json_get_arr(&m, v, "o"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_arr(&m, v, "a"), CAIRN_OK);
	assert_int_equal(cairn_json_get_hex(h, 1, v, "h"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_hex(h, 2, v, "h"), CAIRN_OK);
	assert_int_equal(h[1], 0xff);
	assert_int_equal(cairn_json_get_b64(&b, v, "b"), CAIRN_OK);
	assert_int_equal(b.len, 2);
	assert_int_equal(cairn_json_get_b64(&b, v, "missing"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_u64(&n, v, "s"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_hex(h, 2, v, "missing"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_get_arr(&m, v, "a"), CAIRN_OK);
	assert_int_equal(cairn_json_only(m, few), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_dump(&b, NULL), CAIRN_E_NOMEM);
}

static void test_component(void **state)
{
	struct cairn_component c = {.size = 12}, d = {0};
	cairn_auto_json json_t *v = json_object();
	json_t *m = NULL;

	(void)state;
	assert_int_equal(cairn_hash(&c.sha256, CAIRN_ALG_SHA256, cairn_span_str("x")), CAIRN_OK);
	assert_int_equal(cairn_hash(&c.sha384, CAIRN_ALG_SHA384, cairn_span_str("x")), CAIRN_OK);
	assert_int_equal(json_object_set_new(v, "kernel", cairn_json_component(&c)), 0);
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_OK);
	assert_true(cairn_digest_equal(&c.sha256, &d.sha256));
	assert_true(cairn_digest_equal(&c.sha384, &d.sha384));
	assert_int_equal(d.size, 12);
	assert_int_equal(cairn_json_get_obj(&m, v, "kernel"), CAIRN_OK);
	json_object_set_new(m, "more", json_integer(1));
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_UNSUPPORTED);
	json_object_del(m, "more");
	json_object_set_new(m, "sha384", json_string("00"));
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_MALFORMED);
	json_object_del(m, "sha384");
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_MALFORMED);
	assert_int_equal(json_object_set_new(v, "kernel", cairn_json_component(&c)), 0);
	m = json_object_get(v, "kernel");
	json_object_set_new(m, "size", json_integer(-1));
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_MALFORMED);
	json_object_set_new(m, "size", json_integer(12));
	json_object_set_new(m, "sha256", json_integer(1));
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_MALFORMED);
	json_object_set_new(v, "kernel", json_array());
	assert_int_equal(cairn_json_get_component(&d, v, "kernel"), CAIRN_E_MALFORMED);
	assert_int_equal(d.size, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepts),	  cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_not_canonical), cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_truncated),	  cmocka_unit_test(test_dump),
	    cmocka_unit_test(test_format),	  cmocka_unit_test(test_members),
	    cmocka_unit_test(test_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
