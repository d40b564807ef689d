/* Records of refusals, and the reasons in them. */
#include "records.h"

static void test_refusal(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_refusal struct cairn_refusal back = {0};

	(void)state;
	assert_int_equal(cairn_record_refusal(&b, "netdrv", &r), CAIRN_E_MALFORMED); /* no reason */
	cairn_reasons_add(&r, CAIRN_R_DIGEST_MISMATCH, "kernel", "/a\nb\x1b[2J", "00", "11", NULL);
	assert_int_equal(cairn_record_refusal(&b, "not a name", &r), CAIRN_OK);
	assert_record(&b, CAIRN_RECORD_REFUSAL, &v);
	assert_int_equal(cairn_refusal_from_json(&back, v), CAIRN_OK);
	assert_string_equal(back.name, "");
	assert_int_equal(back.reasons.count, 1);
	assert_string_equal(back.reasons.item[0].code, CAIRN_R_DIGEST_MISMATCH);
	assert_string_equal(back.reasons.item[0].file, "/a?b?[2J");
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "c", "f", "e", "o", "t");
	assert_string_equal(r.item[1].found, "o");
	assert_string_equal(r.item[1].text, "t");
}

/* What may stand in a refusal; all else is another record's. */
static void test_reason_codes(void **state)
{
	static const char *const codes[] = {
	    CAIRN_R_DIGEST_MISMATCH,	CAIRN_R_NO_MANIFEST,	     CAIRN_R_BAD_SIGNATURE,
	    CAIRN_R_UNTRUSTED_SIGNER,	CAIRN_R_WRONG_NAME,	     CAIRN_R_WRONG_TYPE,
	    CAIRN_R_CMDLINE_MISMATCH,	CAIRN_R_MEMORY_EXCEEDED,     CAIRN_R_VCPUS_EXCEEDED,
	    CAIRN_R_ROLE_NOT_ALLOWED,	CAIRN_R_BACKEND_NOT_ALLOWED, CAIRN_R_FILE_MISSING,
	    CAIRN_R_FILE_UNREADABLE,	CAIRN_R_FILE_EMPTY,	     CAIRN_R_FILE_CHANGED,
	    CAIRN_R_CONFIG_UNSUPPORTED, CAIRN_R_CONFIG_MALFORMED,    CAIRN_R_BUILD_FAILED,
	};
	const char *literal = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		cairn_auto_reasons struct cairn_reasons r = {0}, back = {0};
		cairn_auto_json json_t *v = NULL;

		assert_true(cairn_reason_code(codes[i], &literal));
		assert_string_equal(literal, codes[i]);
		cairn_reasons_add(&r, codes[i], "", "", "", "", "");
		v = cairn_reasons_json(&r);
		assert_int_equal(cairn_reasons_from_json(&back, v), CAIRN_OK);
		assert_string_equal(back.item[0].code, codes[i]);
	}
	assert_false(cairn_reason_code("dom0-violation", NULL));
	assert_false(cairn_reason_code("", NULL));
}

static void test_reasons_refused(void **state)
{
	cairn_auto_reasons struct cairn_reasons r = {0}, one = {0};
	cairn_auto_json json_t *object = json_object(), *list = NULL;

	(void)state;
	assert_int_equal(cairn_reasons_from_json(&r, object), CAIRN_E_MALFORMED);
	cairn_reasons_add(&one, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	list = cairn_reasons_json(&one);
	json_array_insert_new(list, 0, json_object());
	assert_int_equal(cairn_reasons_from_json(&r, list), CAIRN_E_MALFORMED);
	json_array_remove(list, 0);
	for (size_t i = 1; i < CAIRN_REASONS_MAX; i++)
		json_array_append(list, json_array_get(list, 0));
	assert_int_equal(cairn_reasons_from_json(&r, list), CAIRN_OK);
	cairn_reasons_fini(&r);
	json_array_append(list, json_array_get(list, 0));
	assert_int_equal(cairn_reasons_from_json(&r, list), CAIRN_E_LIMIT);
	assert_int_equal(r.count, 0);
}

static void test_refusal_always_fits(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, line = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_reasons struct cairn_reasons r = {0};
	char huge[5000];
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					       CAIRN_ALG_SHA512};

	(void)state;
	memset(huge, '"', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	for (size_t i = 0; i < 2 * CAIRN_REASONS_MAX; i++)
		cairn_reasons_add(&r, CAIRN_R_CMDLINE_MISMATCH, huge, huge, huge, huge, huge);
	assert_int_equal(r.count, CAIRN_REASONS_MAX);
	assert_int_equal(r.dropped, CAIRN_REASONS_MAX);
	assert_int_equal(strlen(r.item[0].text), CAIRN_REASON_TEXT_MAX);
	assert_string_equal(r.item[0].text + CAIRN_REASON_TEXT_MAX - 4, "\"...");
	assert_int_equal(cairn_record_refusal(&b, "x", &r), CAIRN_OK);
	assert_true(b.len <= 16 * 1024);
	assert_record(&b, CAIRN_RECORD_REFUSAL, &v);
	assert_int_equal(cairn_log_line_build(&line, 2, &(struct cairn_pcr_numbers)CAIRN_PCR_NUMBERS_DEFAULT,
					      cairn_buf_span(&b), banks, 4),
			 CAIRN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refusal),
	    cmocka_unit_test(test_reason_codes),
	    cmocka_unit_test(test_reasons_refused),
	    cmocka_unit_test(test_refusal_always_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
