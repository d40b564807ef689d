/* Records of launches: exact bytes, and what the builder refuses. */
#include "records.h"

static void test_launch(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, again = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_launch l = sample_launch();
	cairn_auto_launch struct cairn_launch back = {0};

	(void)state;
	assert_int_equal(cairn_record_launch(&b, &l), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&b),
			       "\"roles\":[\"driver.network\",\"service\"],\"type\":\"launch\","
			       "\"version\":1}"));
	assert_non_null(
	    strstr(cairn_buf_str(&b), "\"config\":{\"driver_domain\":\"1\",\"on_crash\":\"restart\"}"));
	assert_null(strstr(cairn_buf_str(&b), "images"));
	assert_record(&b, CAIRN_RECORD_LAUNCH, &v);
	assert_int_equal(cairn_launch_from_json(&back, v), CAIRN_OK);
	assert_string_equal(back.name, "netdrv");
	assert_int_equal(back.memory_mib, 128);
	assert_true(cairn_digest_equal(&back.ramdisk.sha384, &l.ramdisk.sha384));
	assert_int_equal(back.config_count, 2);
	assert_int_equal(back.backend_count, 1);
	assert_string_equal(back.backend[0].backend, "uplink");
	assert_int_equal(back.manifest.release, 3);
	assert_int_equal(cairn_record_launch(&again, &back), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&b), cairn_buf_span(&again)));
}

static void test_guest(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_launch l = sample_launch();
	cairn_auto_launch struct cairn_launch back = {0};

	(void)state;
	l.has_manifest = l.has_ramdisk = false;
	l.role_count = l.config_count = l.backend_count = 0;
	assert_int_equal(cairn_record_launch(&b, &l), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&b), "\"manifest\":null"));
	assert_record(&b, CAIRN_RECORD_LAUNCH, &v);
	assert_int_equal(cairn_launch_from_json(&back, v), CAIRN_OK);
	assert_false(back.has_manifest || back.has_ramdisk || back.role_count > 0);
	assert_int_equal(cairn_exit_from_json(&(struct cairn_exit_record){0}, v), CAIRN_E_MALFORMED);
}

static void refuse_launch(const struct cairn_launch *l, enum cairn_status want)
{
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_record_launch(&b, l), want);
	assert_int_equal(b.len, 0);
}

static void test_launch_refused(void **state)
{
	static const char *const names[] = {
	    "",		"a b",
	    "a/b",	"a\nb",
	    "\xc3\xa4", "..\x1b[31m",
	    NULL,	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
	struct cairn_launch l;
	char huge[CAIRN_TEXT_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		l = sample_launch();
		l.name = names[i];
		refuse_launch(&l, CAIRN_E_MALFORMED);
	}
	l = sample_launch();
	l.type = "hvm";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.uuid = "00112233-4455-6677-8899-AABBCCDDEEFF";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.memory_mib = 0;
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.vcpus = UINT64_MAX;
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.kernel.size = 0;
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.kernel.sha384.alg = CAIRN_ALG_NONE;
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.config[1].key = "on_crash";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.config[1].key = "a b";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.role[1] = "service";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	l.cmdline = "\xff";
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	memset(huge, 'x', sizeof(huge));
	huge[CAIRN_TEXT_MAX + 1] = '\0';
	l.cmdline = huge;
	refuse_launch(&l, CAIRN_E_LIMIT);
	l = sample_launch();
	l.role_count = 1000000;
	refuse_launch(&l, CAIRN_E_LIMIT);
	l = sample_launch();
	l.config_count = 1000000;
	refuse_launch(&l, CAIRN_E_LIMIT);
	l = sample_launch();
	l.backend_count = 1000000;
	refuse_launch(&l, CAIRN_E_LIMIT);
	l = sample_launch();
	l.config[1].key = NULL;
	refuse_launch(&l, CAIRN_E_MALFORMED);
	l = sample_launch();
	huge[CAIRN_TEXT_MAX] = '\0';
	for (l.config_count = 0; l.config_count < 16; l.config_count++)
		l.config[l.config_count] =
		    (struct cairn_pair){(const char *[]){"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
							 "k", "l", "m", "n", "o", "p"}[l.config_count],
					huge};
	refuse_launch(&l, CAIRN_E_LIMIT); /* each value is short enough, the record is not */
	l = sample_launch();
	l.manifest.kid = "";
	refuse_launch(&l, CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_launch),
	    cmocka_unit_test(test_guest),
	    cmocka_unit_test(test_launch_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
