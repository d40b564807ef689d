/* Schemas: each kind of field at its edges, on values as they are, without a text that jansson would refuse first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/schema.h"

/* {"m": value}, against a table with the one member; value is taken over. */
static enum cairn_status check(const struct cairn_field *field, json_t *value)
{
	const struct cairn_field table[] = {*field, {0}};
	cairn_auto_json json_t *v = json_pack("{s:o}", "m", value);

	return cairn_schema_check(v, table);
}

static json_t *text(const char *s)
{
	return json_string_nocheck(s);
}

static void test_strings(void **state)
{
	static const struct cairn_field some = {.name = "m", .kind = CAIRN_F_TEXT, .min = 1, .max = 3};
	static const struct cairn_field name = {.name = "m", .kind = CAIRN_F_NAME};
	static const char *const words[] = {"this", "that", NULL};
	static const struct cairn_field word = {.name = "m", .kind = CAIRN_F_WORD, .words = words};

	(void)state;
	assert_int_equal(check(&some, text("abc")), CAIRN_OK);
	assert_int_equal(check(&some, text("a")), CAIRN_OK);
	assert_int_equal(check(&some, text("")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&some, text("abcd")), CAIRN_E_LIMIT);
	assert_int_equal(check(&some, text("a\n")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&some, json_stringn_nocheck("a\0b", 3)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&some, json_null()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&name, text("a.b")), CAIRN_OK);
	assert_int_equal(check(&name, text("a b")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&word, text("that")), CAIRN_OK);
	assert_int_equal(check(&word, text("thaT")), CAIRN_E_MALFORMED);
}

static void test_hex(void **state)
{
	static const struct cairn_field hex = {.name = "m", .kind = CAIRN_F_HEX, .min = 1, .max = 2};

	(void)state;
	assert_int_equal(check(&hex, text("00ff")), CAIRN_OK);
	assert_int_equal(check(&hex, text("00f")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&hex, text("00FF")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&hex, text("")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&hex, text("00ff00")), CAIRN_E_LIMIT);
}

static void test_uuid(void **state)
{
	static const struct cairn_field uuid = {.name = "m", .kind = CAIRN_F_UUID};
	static const char *const bad[] = {
	    "00112233-4455-6677-8899-aabbccddeef",  "00112233-4455-6677-8899-aabbccddeeff0",
	    "00112233-4455-6677-8899-AABBCCDDEEFF", "0011223304455-6677-8899-aabbccddeeff",
	    "00112233-4455066778-8899-aabbccddeef", "00112233-4455-6677088990-aabbccddeef",
	    "00112233-4455-6677-8899aaabbccddeeff", "001122-3-4455-6677-8899-aabbccddeeff",
	    "00112233044550667708899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef\xff",
	};

	(void)state;
	assert_int_equal(check(&uuid, text("00112233-4455-6677-8899-aabbccddeeff")), CAIRN_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(&uuid, text(bad[i])), CAIRN_E_MALFORMED);
	for (size_t i = 0; i < 36; i++) {
		char s[] = "00112233-4455-6677-8899-aabbccddeeff";

		s[i] = s[i] == '-' ? '0' : '-';
		assert_int_equal(check(&uuid, text(s)), CAIRN_E_MALFORMED);
	}
}

static void test_numbers(void **state)
{
	static const struct cairn_field number = {.name = "m", .kind = CAIRN_F_INT, .min = 2, .max = 4};
	static const struct cairn_field any = {.name = "m", .kind = CAIRN_F_INT, .max = UINT64_MAX};

	(void)state;
	assert_int_equal(check(&number, json_integer(2)), CAIRN_OK);
	assert_int_equal(check(&number, json_integer(4)), CAIRN_OK);
	assert_int_equal(check(&number, json_integer(1)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&number, json_integer(5)), CAIRN_E_LIMIT);
	assert_int_equal(check(&any, json_integer(0)), CAIRN_OK);
	assert_int_equal(check(&any, json_integer(-1)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&any, text("1")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&any, json_real(1)), CAIRN_E_MALFORMED);
}

static void test_arrays(void **state)
{
	static const struct cairn_field element[] = {{.name = "", .kind = CAIRN_F_NAME}};
	static const struct cairn_field list = {
	    .name = "m", .kind = CAIRN_F_ARRAY, .min = 1, .max = 2, .sub = element, .ascending = true};
	static const struct cairn_field loose = {
	    .name = "m", .kind = CAIRN_F_ARRAY, .max = 2, .sub = element};

	(void)state;
	assert_int_equal(check(&list, json_pack("[s]", "a")), CAIRN_OK);
	assert_int_equal(check(&list, json_pack("[s, s]", "a", "b")), CAIRN_OK);
	assert_int_equal(check(&list, json_pack("[s, s]", "b", "a")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&list, json_pack("[s, s]", "a", "a")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&loose, json_pack("[s, s]", "b", "a")), CAIRN_OK);
	assert_int_equal(check(&list, json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&list, json_pack("[s, s, s]", "a", "b", "c")), CAIRN_E_LIMIT);
	assert_int_equal(check(&list, json_pack("[i, s]", 1, "b")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&loose, json_pack("[s, i]", "a", 1)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&loose, json_pack("[i, s]", 1, "a")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&loose, json_object()), CAIRN_E_MALFORMED);
}

static void test_objects(void **state)
{
	static const struct cairn_field value[] = {{.name = "", .kind = CAIRN_F_INT, .max = 9}};
	static const struct cairn_field map = {
	    .name = "m", .kind = CAIRN_F_MAP, .min = 1, .max = 2, .sub = value};
	static const struct cairn_field optional[] = {{.name = "k", .kind = CAIRN_F_NAME, .optional = true},
						      {0}};
	static const struct cairn_field object = {.name = "m", .kind = CAIRN_F_OBJECT, .sub = optional};
	static const struct cairn_field null = {
	    .name = "m", .kind = CAIRN_F_OBJECT, .sub = optional, .nullable = true};
	static const struct cairn_field any = {.name = "m", .kind = CAIRN_F_ANY};

	(void)state;
	assert_int_equal(check(&map, json_pack("{s:i}", "a", 1)), CAIRN_OK);
	assert_int_equal(check(&map, json_object()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&map, json_pack("{s:i, s:i, s:i}", "a", 1, "b", 2, "c", 3)), CAIRN_E_LIMIT);
	assert_int_equal(check(&map, json_pack("{s:i}", "a b", 1)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&map, json_pack("{s:i}", "a", 10)), CAIRN_E_LIMIT);
	assert_int_equal(check(&map, json_pack("[i]", 1)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&object, json_object()), CAIRN_OK);
	assert_int_equal(check(&object, json_pack("{s:s}", "k", "v")), CAIRN_OK);
	assert_int_equal(check(&object, json_pack("{s:s}", "k", "v w")), CAIRN_E_MALFORMED);
	assert_int_equal(check(&object, json_pack("{s:s}", "l", "v")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(check(&object, json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&object, json_null()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&null, json_null()), CAIRN_OK);
	assert_int_equal(check(&null, json_false()), CAIRN_E_MALFORMED);
	assert_int_equal(check(&any, json_object()), CAIRN_OK);
	assert_int_equal(check(&any, json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_schema_check(NULL, optional), CAIRN_E_MALFORMED);
}

static void test_components(void **state)
{
	static const struct cairn_field field = {.name = "m", .kind = CAIRN_F_COMPONENT};
	struct cairn_component c;

	(void)state;
	assert_int_equal(cairn_component_of(&c, cairn_span_str("x")), CAIRN_OK);
	assert_int_equal(check(&field, cairn_json_component(&c)), CAIRN_OK);
	c.size = 0;
	assert_int_equal(check(&field, cairn_json_component(&c)), CAIRN_E_MALFORMED);
	assert_int_equal(check(&field, json_object()), CAIRN_E_MALFORMED);
}

static void test_builders(void **state)
{
	static const char *const in[] = {"b", NULL, "a"};
	cairn_auto_json json_t *sorted = cairn_schema_texts(in, 3, true),
			       *same = cairn_schema_texts(in, 3, false);
	cairn_auto_json json_t *large = cairn_schema_number(UINT64_MAX), *none = cairn_schema_text(NULL);

	(void)state;
	assert_string_equal(json_string_value(json_array_get(sorted, 0)), "");
	assert_string_equal(json_string_value(json_array_get(sorted, 1)), "a");
	assert_string_equal(json_string_value(json_array_get(same, 0)), "b");
	assert_int_equal(json_integer_value(large), -1);
	assert_string_equal(json_string_value(none), "");
	assert_string_equal(in[0], "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strings),    cmocka_unit_test(test_hex),
	    cmocka_unit_test(test_uuid),       cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_arrays),     cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_components), cmocka_unit_test(test_builders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
