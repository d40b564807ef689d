/* Records: exact bytes, what builders refuse, and that both agree. */
#include "records.h"

static const uint8_t BOOT_ID[32] = {1, 2, 3};

static void test_host(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_host h = sample_host();
	cairn_auto_host struct cairn_host back = {0};

	(void)state;
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&b),
			       "\"banks\":[\"sha256\",\"sha384\"],\"modes\":{\"guest\":\"record\","
			       "\"service\":\"enforce\"},\"pcrs\":{\"host\":11,\"launch\":12,"
			       "\"phase\":13}"));
	assert_non_null(strstr(cairn_buf_str(&b), "\"initrd\":{\"sha256\":\"unvouched\"}"));
	assert_non_null(strstr(cairn_buf_str(&b), "\"authorities\":[\"" KID_A "\",\"" KID_B "\"]"));
	assert_record(&b, CAIRN_RECORD_HOST, &v);
	assert_int_equal(cairn_host_from_json(&back, v), CAIRN_OK);
	assert_true(cairn_digest_equal(&back.xen, &h.xen));
	assert_int_equal(back.initrd.alg, CAIRN_ALG_NONE);
	assert_string_equal(back.dom0_cmdline, h.dom0_cmdline);
	assert_int_equal(back.bank[0], CAIRN_ALG_SHA256);
	assert_int_equal(back.pcrs.phase, 13);
	assert_string_equal(back.authority[1], KID_B);
}

static void refuse_host(const struct cairn_host *h, enum cairn_status want)
{
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_record_host(&b, h), want);
	assert_int_equal(b.len, 0);
}

static void test_host_refused(void **state)
{
	struct cairn_host h;

	(void)state;
	h = sample_host();
	h.bank_count = 1; /* SHA-384 only */
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.bank[1] = CAIRN_ALG_SHA384;
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.bank[0] = CAIRN_ALG_SM3_256;
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.bank_count = 99;
	refuse_host(&h, CAIRN_E_LIMIT);
	h = sample_host();
	h.mode_guest = "off";
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.pcrs.launch = 11;
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.pcrs.phase = h.pcrs.host;
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.pcrs.phase = h.pcrs.launch;
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.authority_count = 1000000;
	refuse_host(&h, CAIRN_E_LIMIT);
	h = sample_host();
	h.build_id = "0af";
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.pcrs.phase = 23; /* resettable */
	refuse_host(&h, CAIRN_E_LIMIT);
	h = sample_host();
	h.pcrs.host = 7; /* the firmware's */
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.authority[0] = "kid";
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.authority[0] = KID_A; /* twice */
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.build_id = "0AFF";
	refuse_host(&h, CAIRN_E_MALFORMED);
	h = sample_host();
	h.xen_cmdline = "a\nb";
	refuse_host(&h, CAIRN_E_MALFORMED);
}

/* Each word that a record may use, which the samples do not have. */
static void test_words(void **state)
{
	static const char *const exits[] = {"destroyed", "crashed", "shutdown", "build-failed",
					    "no-device-model"};
	struct cairn_launch l = sample_launch();
	struct cairn_host h = sample_host();
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	h.bank_count = 4;
	h.bank[0] = CAIRN_ALG_SHA1;
	h.bank[1] = CAIRN_ALG_SHA512;
	h.bank[2] = CAIRN_ALG_SHA256;
	h.bank[3] = CAIRN_ALG_SHA384;
	h.mode_service = h.mode_guest = "audit";
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	h.mode_guest = "enforce";
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	h.mode_service = "record"; /* is for guests */
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_E_MALFORMED);
	l.type = CAIRN_TYPE_PV;
	assert_int_equal(cairn_record_launch(&b, &l), CAIRN_OK);
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		struct cairn_exit_record x = {.launch = 2, .name = "a", .reason = exits[i]};

		assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	}
	assert_int_equal(cairn_record_phase(&b, "failed"), CAIRN_OK);
	assert_int_equal(cairn_record_type_by_name(&(enum cairn_record_type){0}, "hosts"),
			 CAIRN_E_UNSUPPORTED);
	assert_false(cairn_kid_ok(NULL));
	assert_false(cairn_kid_ok(KID_A "."));
	assert_false(cairn_kid_ok(KID_A "A"));
}

static void test_small_records(void **state)
{
	static const struct cairn_exit_record good_exit = {
	    .launch = 2, .name = "netdrv", .reason = "crashed"};
	static const struct cairn_exit_record suspended = {
	    .launch = 2, .name = "netdrv", .reason = "suspended"};
	static const struct cairn_exit_record bad_exit = {.launch = 2, .name = "netdrv", .reason = "bored"};
	const struct cairn_digest value = sample_digest(CAIRN_ALG_SHA256, "x");
	const struct cairn_digest value384 = sample_digest(CAIRN_ALG_SHA384, "x");
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(cairn_record_boot(&b, BOOT_ID), CAIRN_OK);
	assert_string_equal(
	    cairn_buf_str(&b),
	    "{\"boot_id\":\"0102030000000000000000000000000000000000000000000000000000000000\","
	    "\"format\":\"cairn-record\",\"type\":\"boot\",\"version\":1}");
	b.len = 0;
	assert_int_equal(cairn_record_phase(&b, "none"), CAIRN_OK);
	assert_int_equal(cairn_record_phase(&b, "00ff"), CAIRN_OK);
	assert_int_equal(cairn_record_phase(&b, "nones"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_record_phase(&b, ""), CAIRN_E_MALFORMED);
	b.len = 0;
	assert_int_equal(cairn_record_exit(&b, &good_exit), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b),
			    "{\"format\":\"cairn-record\",\"launch\":2,\"name\":\"netdrv\","
			    "\"reason\":\"crashed\",\"type\":\"exit\",\"version\":1}");
	assert_int_equal(cairn_record_exit(&b, &bad_exit), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_record_unrecorded(&b, 7, ""), CAIRN_OK);
	assert_int_equal(cairn_record_unrecorded(&b, 0x8000, ""), CAIRN_E_LIMIT);
	b.len = 0;
	assert_int_equal(cairn_record_violation(&b, "live\npatch"), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&b), "\"reason\":\"live?patch\""));
	assert_int_equal(cairn_record_violation(&b, NULL), CAIRN_OK);
	b.len = 0;
	assert_int_equal(cairn_record_change(&b, "live\npatch"), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), "{\"format\":\"cairn-record\",\"reason\":\"live?patch\","
					       "\"type\":\"change\",\"version\":1}");
	b.len = 0;
	assert_int_equal(cairn_record_exit(&b, &suspended), CAIRN_OK);
	assert_int_equal(cairn_record_foreign(&b, 12, &value), CAIRN_OK);
	assert_int_equal(cairn_record_foreign(&b, 12, &value384), CAIRN_E_LIMIT);
}

static void test_exit_round(void **state)
{
	struct cairn_exit_record x = {.launch = 9, .name = "a", .reason = "build-failed"}, back = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;

	(void)state;
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	assert_record(&b, CAIRN_RECORD_EXIT, &v);
	assert_int_equal(cairn_exit_from_json(&back, v), CAIRN_OK);
	assert_int_equal(back.launch, 9);
	assert_string_equal(back.reason, "build-failed");
	cairn_exit_fini(&back);
}

static void test_text(void **state)
{
	static const char *const bad[] = {
	    "\x7f",	    "\xc2\x80", "\xc0\xaf", "\xed\xa0\x80",	    "\xf4\x90\x80\x80",
	    "\xe2\x82",	    "a\tb",	"\x80",	    "\xf8\x88\x80\x80\x80", "a\xff",
	    "\xe2\x28\xa1", "\xc3("};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cairn_text_ok(bad[i], 100));
	assert_true(cairn_text_ok("\xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0", 100));
	assert_true(cairn_text_ok("abc", 3));
	assert_false(cairn_text_ok("abcd", 3));
	assert_false(cairn_text_ok(NULL, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host),       cmocka_unit_test(test_host_refused),
	    cmocka_unit_test(test_words),      cmocka_unit_test(test_small_records),
	    cmocka_unit_test(test_exit_round), cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
