/* Reasons: the codes that a record may name, and what a reader takes for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/appraise.h"
#include "cairn/json.h"
#include "cairn/reason.h"

static const char *const members[] = {"component", "expected", "file", "found", "text"};
#define MEMBERS (sizeof(members) / sizeof(*members))

static json_t *reason(void)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "code", CAIRN_R_BUILD_FAILED, "component", "",
			 "expected", "", "file", "", "found", "", "text", "");
}

/* Of one reason, which it frees. */
static enum cairn_status reads(json_t *one)
{
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_json json_t *array = json_pack("[o]", one);
	enum cairn_status st = cairn_reasons_from_json(&r, array);

	assert_int_equal(r.count, st == CAIRN_OK);
	return st;
}

static enum cairn_status reads_with(const char *member, json_t *value)
{
	json_t *one = reason();

	assert_int_equal(json_object_set_new(one, member, value), 0);
	return reads(one);
}

static void how_long_a_text_may_be(void **state)
{
	char text[CAIRN_REASON_TEXT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < MEMBERS; i++) {
		text[CAIRN_REASON_TEXT_MAX] = '\0';
		assert_int_equal(reads_with(members[i], json_string(text)), CAIRN_OK);
		text[CAIRN_REASON_TEXT_MAX] = 'x';
		text[CAIRN_REASON_TEXT_MAX + 1] = '\0';
		assert_int_not_equal(reads_with(members[i], json_string(text)), CAIRN_OK);
	}
}

static void every_member_is_a_text(void **state)
{
	(void)state;
	assert_int_equal(reads(reason()), CAIRN_OK);
	for (size_t i = 0; i < MEMBERS; i++) {
		json_t *one = reason();

		assert_int_not_equal(reads_with(members[i], json_integer(1)), CAIRN_OK);
		assert_int_equal(json_object_del(one, members[i]), 0);
		assert_int_not_equal(reads(one), CAIRN_OK);
	}
	assert_int_not_equal(reads_with("else", json_string("")), CAIRN_OK);
	assert_int_not_equal(reads_with("code", json_string("build")), CAIRN_OK);
}

static void codes(void **state)
{
	static const char *const all[] = {
	    CAIRN_R_DIGEST_MISMATCH,	 CAIRN_R_NO_MANIFEST,
	    CAIRN_R_BAD_SIGNATURE,	 CAIRN_R_UNTRUSTED_SIGNER,
	    CAIRN_R_WRONG_NAME,		 CAIRN_R_WRONG_TYPE,
	    CAIRN_R_CMDLINE_MISMATCH,	 CAIRN_R_MEMORY_EXCEEDED,
	    CAIRN_R_VCPUS_EXCEEDED,	 CAIRN_R_ROLE_NOT_ALLOWED,
	    CAIRN_R_BACKEND_NOT_ALLOWED, CAIRN_R_DM_ARGS_MISMATCH,
	    CAIRN_R_STUBDOMAIN_CMDLINE,	 CAIRN_R_STUBDOMAIN_FILE,
	    CAIRN_R_XSM_MISMATCH,	 CAIRN_R_DISK_NOT_ALLOWED,
	    CAIRN_R_DISK_MISSING,	 CAIRN_R_DISK_KIND,
	    CAIRN_R_DISK_MODE,		 CAIRN_R_PCI_NOT_ALLOWED,
	    CAIRN_R_PCI_PERMISSIVE,	 CAIRN_R_SERVES_NOT_ALLOWED,
	    CAIRN_R_TARGET_NOT_ALLOWED,	 CAIRN_R_FILE_MISSING,
	    CAIRN_R_FILE_UNREADABLE,	 CAIRN_R_FILE_EMPTY,
	    CAIRN_R_FILE_CHANGED,	 CAIRN_R_CONFIG_UNSUPPORTED,
	    CAIRN_R_CONFIG_MALFORMED,	 CAIRN_R_BUILD_FAILED,
	    CAIRN_R_BELOW_FLOOR,	 CAIRN_R_REVOKED,
	    CAIRN_R_RELEASE_SET_MISSING, CAIRN_R_RELEASE_SET_OLD,
	    CAIRN_R_PCI_ROM_MISMATCH,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *literal = "";

		assert_true(cairn_reason_code(all[i], &literal));
		assert_string_equal(literal, all[i]);
		assert_int_equal(reads_with("code", json_string(all[i])), CAIRN_OK);
	}
	assert_false(cairn_reason_code("", NULL));
	assert_false(cairn_reason_code(CAIRN_R_GUEST, NULL)); /* of a verdict, never of a record */
}

static void what_is_no_list(void **state)
{
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_json json_t *object = json_object(), *many = json_array(), *most = json_array();

	(void)state;
	for (size_t i = 0; i < CAIRN_REASONS_MAX; i++)
		assert_int_equal(json_array_append_new(most, reason()), 0);
	for (size_t i = 0; i <= CAIRN_REASONS_MAX; i++)
		assert_int_equal(json_array_append_new(many, reason()), 0);
	assert_int_equal(cairn_reasons_from_json(&r, NULL), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_reasons_from_json(&r, object), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_reasons_from_json(&r, many), CAIRN_E_LIMIT);
	assert_int_equal(r.count, 0);
	assert_int_equal(cairn_reasons_from_json(&r, most), CAIRN_OK);
	assert_int_equal(r.count, CAIRN_REASONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(how_long_a_text_may_be),
	    cmocka_unit_test(every_member_is_a_text),
	    cmocka_unit_test(codes),
	    cmocka_unit_test(what_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
