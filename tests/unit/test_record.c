/* Records: exact bytes, what builders and the parser refuse, and that both agree. */
#include "records.h"

static const uint8_t BOOT_ID[32] = {1, 2, 3};

static void assert_round(struct cairn_buf *b, enum cairn_record_type want, json_t **out)
{
	enum cairn_record_type type = CAIRN_RECORD_TYPES;

	assert_int_equal(cairn_record_parse(out, &type, cairn_buf_span(b)), CAIRN_OK);
	assert_int_equal(type, want);
}

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
	assert_round(&b, CAIRN_RECORD_HOST, &v);
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
	assert_round(&b, CAIRN_RECORD_LAUNCH, &v);
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
	assert_round(&b, CAIRN_RECORD_LAUNCH, &v);
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
	assert_round(&b, CAIRN_RECORD_REFUSAL, &v);
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

/* Each word that a record may use, which the samples do not have. */
static void test_words(void **state)
{
	static const char *const exits[] = {"destroyed", "crashed", "shutdown", "build-failed"};
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
	assert_round(&b, CAIRN_RECORD_REFUSAL, &v);
	assert_int_equal(cairn_log_line_build(&line, 2, &(struct cairn_pcr_numbers)CAIRN_PCR_NUMBERS_DEFAULT,
					      cairn_buf_span(&b), banks, 4),
			 CAIRN_OK);
}

static void test_small_records(void **state)
{
	static const struct cairn_exit_record good_exit = {
	    .launch = 2, .name = "netdrv", .reason = "crashed"};
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
	assert_round(&b, CAIRN_RECORD_EXIT, &v);
	assert_int_equal(cairn_exit_from_json(&back, v), CAIRN_OK);
	assert_int_equal(back.launch, 9);
	assert_string_equal(back.reason, "build-failed");
	cairn_exit_fini(&back);
}

static enum cairn_status parse(const char *text)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_record_type type;

	return cairn_record_parse(&v, &type, cairn_span_str(text));
}

static void test_parse_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("{\"format\":\"cairn-record\",\"phase\":\"none\",\"type\":\"phase\",\"version\":1}"),
	    CAIRN_OK);
	assert_int_equal(
	    parse("{\"format\":\"cairn-record\",\"phase\":\"none\",\"type\":\"phase\",\"version\":2}"),
	    CAIRN_E_VERSION);
	assert_int_equal(
	    parse("{\"format\":\"cairn-recorD\",\"phase\":\"none\",\"type\":\"phase\",\"version\":1}"),
	    CAIRN_E_MALFORMED);
	assert_int_equal(
	    parse("{\"format\":\"cairn-record\",\"phase\":\"none\",\"type\":\"phasf\",\"version\":1}"),
	    CAIRN_E_UNSUPPORTED);
	assert_int_equal(
	    parse(
		"{\"format\":\"cairn-record\",\"phase\":\"none\",\"type\":\"phase\",\"version\":1,\"x\":1}"),
	    CAIRN_E_UNSUPPORTED);
	assert_int_equal(parse("{\"format\":\"cairn-record\",\"type\":\"phase\",\"version\":1}"),
			 CAIRN_E_MALFORMED);
	assert_int_equal(
	    parse("{\"format\":\"cairn-record\", \"phase\":\"none\",\"type\":\"phase\",\"version\":1}"),
	    CAIRN_E_MALFORMED);
	assert_int_equal(parse("[]"), CAIRN_E_MALFORMED);
}

static enum cairn_status parse_object(const json_t *v)
{
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return parse(cairn_buf_str(&b));
}

/* Whole records, but for one thing that no table says. */
static void test_parse_refused_late(void **state)
{
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_buf struct cairn_buf host = {0}, refusal = {0}, launch = {0}, large = {0};
	cairn_auto_json json_t *v = NULL, *w = NULL, *l = NULL;
	struct cairn_host h = sample_host();
	struct cairn_launch sample = sample_launch();

	(void)state;
	assert_int_equal(cairn_record_host(&host, &h), CAIRN_OK);
	assert_round(&host, CAIRN_RECORD_HOST, &v);
	json_object_set_new(v, "type", json_string("hosts"));
	assert_int_equal(parse_object(v), CAIRN_E_UNSUPPORTED);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&refusal, "a", &r), CAIRN_OK);
	assert_round(&refusal, CAIRN_RECORD_REFUSAL, &w);
	assert_int_equal(parse_object(w), CAIRN_OK);
	json_object_set_new(json_array_get(json_object_get(w, "reasons"), 0), "code", json_string("why-not"));
	assert_int_equal(parse_object(w), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_record_launch(&launch, &sample), CAIRN_OK);
	assert_round(&launch, CAIRN_RECORD_LAUNCH, &l);
	json_object_set_new(json_object_get(l, "config"), "a b", json_string("c"));
	assert_int_equal(parse_object(l), CAIRN_E_MALFORMED);
	assert_int_equal(parse("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), CAIRN_E_LIMIT);
	for (size_t i = 0; i <= CAIRN_RECORD_MAX; i++)
		cairn_buf_add_u8(&large, ' ');
	assert_int_equal(parse(cairn_buf_str(&large)), CAIRN_E_LIMIT);
}

/* No reader takes another type's record. */
static void test_other_types(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;

	(void)state;
	assert_int_equal(cairn_record_boot(&b, BOOT_ID), CAIRN_OK);
	assert_round(&b, CAIRN_RECORD_BOOT, &v);
	assert_int_equal(cairn_host_from_json(&(struct cairn_host){0}, v), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_launch_from_json(&(struct cairn_launch){0}, v), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_refusal_from_json(&(struct cairn_refusal){0}, v), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_exit_from_json(&(struct cairn_exit_record){0}, v), CAIRN_E_MALFORMED);
}

/* Readers check the whole record themselves: also what they have no use for. */
static void test_readers_check(void **state)
{
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_json json_t *launch = NULL, *refusal = NULL;
	struct cairn_launch l = sample_launch();

	(void)state;
	assert_int_equal(cairn_record_launch(&a, &l), CAIRN_OK);
	assert_round(&a, CAIRN_RECORD_LAUNCH, &launch);
	json_object_set_new(launch, "more", json_true());
	assert_int_equal(cairn_launch_from_json(&(struct cairn_launch){0}, launch), CAIRN_E_UNSUPPORTED);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "a", &r), CAIRN_OK);
	assert_round(&b, CAIRN_RECORD_REFUSAL, &refusal);
	json_object_set_new(refusal, "more", json_true());
	assert_int_equal(cairn_refusal_from_json(&(struct cairn_refusal){0}, refusal), CAIRN_E_UNSUPPORTED);
}

/* A member of another type, or one that is gone, at any depth, is refused. */
static void break_each(json_t *obj, json_t *whole)
{
	const char *key;
	json_t *value;
	void *tmp;
	enum cairn_record_type type;

	json_object_foreach_safe(obj, tmp, key, value)
	{
		json_t *kept = json_incref(value);
		cairn_auto_buf struct cairn_buf b = {0};
		cairn_auto_json json_t *v = NULL;

		json_object_set_new(obj, key, json_true());
		assert_int_equal(cairn_json_dump(&b, whole), CAIRN_OK);
		assert_int_not_equal(cairn_record_parse(&v, &type, cairn_buf_span(&b)), CAIRN_OK);
		json_object_set_new(obj, key, kept);
		if (json_is_object(kept))
			break_each(kept, whole);
	}
}

static void test_every_member(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, c = {0};
	cairn_auto_json json_t *host = NULL;
	cairn_auto_json json_t *launch = NULL;
	struct cairn_host h = sample_host();
	struct cairn_launch l = sample_launch();

	(void)state;
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	assert_round(&b, CAIRN_RECORD_HOST, &host);
	break_each(host, host);
	assert_int_equal(cairn_record_launch(&c, &l), CAIRN_OK);
	assert_round(&c, CAIRN_RECORD_LAUNCH, &launch);
	break_each(launch, launch);
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
	    cmocka_unit_test(test_host),	   cmocka_unit_test(test_host_refused),
	    cmocka_unit_test(test_launch),	   cmocka_unit_test(test_guest),
	    cmocka_unit_test(test_launch_refused), cmocka_unit_test(test_refusal),
	    cmocka_unit_test(test_reason_codes),   cmocka_unit_test(test_reasons_refused),
	    cmocka_unit_test(test_words),	   cmocka_unit_test(test_refusal_always_fits),
	    cmocka_unit_test(test_small_records),  cmocka_unit_test(test_exit_round),
	    cmocka_unit_test(test_parse_refused),  cmocka_unit_test(test_parse_refused_late),
	    cmocka_unit_test(test_other_types),	   cmocka_unit_test(test_readers_check),
	    cmocka_unit_test(test_every_member),   cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
