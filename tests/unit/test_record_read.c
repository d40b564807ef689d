/* Reading records: what the parser and the readers of each type refuse. */
#include "records.h"

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
	assert_record(&host, CAIRN_RECORD_HOST, &v);
	json_object_set_new(v, "type", json_string("hosts"));
	assert_int_equal(parse_object(v), CAIRN_E_UNSUPPORTED);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&refusal, "a", &r), CAIRN_OK);
	assert_record(&refusal, CAIRN_RECORD_REFUSAL, &w);
	assert_int_equal(parse_object(w), CAIRN_OK);
	json_object_set_new(json_array_get(json_object_get(w, "reasons"), 0), "code", json_string("why-not"));
	assert_int_equal(parse_object(w), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_record_launch(&launch, &sample), CAIRN_OK);
	assert_record(&launch, CAIRN_RECORD_LAUNCH, &l);
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
	static const uint8_t boot_id[32] = {1, 2, 3};

	(void)state;
	assert_int_equal(cairn_record_boot(&b, boot_id), CAIRN_OK);
	assert_record(&b, CAIRN_RECORD_BOOT, &v);
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
	assert_record(&a, CAIRN_RECORD_LAUNCH, &launch);
	json_object_set_new(launch, "more", json_true());
	assert_int_equal(cairn_launch_from_json(&(struct cairn_launch){0}, launch), CAIRN_E_UNSUPPORTED);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "a", &r), CAIRN_OK);
	assert_record(&b, CAIRN_RECORD_REFUSAL, &refusal);
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
	assert_record(&b, CAIRN_RECORD_HOST, &host);
	break_each(host, host);
	assert_int_equal(cairn_record_launch(&c, &l), CAIRN_OK);
	assert_record(&c, CAIRN_RECORD_LAUNCH, &launch);
	break_each(launch, launch);
}

/* A digest that is a byte short, or a byte long. */
static void assert_length(json_t *holder, const json_t *whole)
{
	char hex[2 * 33 + 1] = "";
	memset(hex, 'a', 2 * 31);
	json_object_set_new(holder, "sha256", json_string(hex));
	assert_int_equal(parse_object(whole), CAIRN_E_MALFORMED);
	memset(hex, 'a', 2 * 33);
	json_object_set_new(holder, "sha256", json_string(hex));
	assert_int_equal(parse_object(whole), CAIRN_E_LIMIT);
}

static void test_lengths_of_digests(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, c = {0};
	cairn_auto_json json_t *host = NULL, *launch = NULL;
	struct cairn_host h = sample_host();
	struct cairn_launch l = sample_launch();
	(void)state;
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	assert_record(&b, CAIRN_RECORD_HOST, &host);
	assert_length(json_object_get(host, "agent"), host);
	assert_int_equal(cairn_record_launch(&c, &l), CAIRN_OK);
	assert_record(&c, CAIRN_RECORD_LAUNCH, &launch);
	assert_length(json_object_get(launch, "manifest"), launch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_refused), cmocka_unit_test(test_parse_refused_late),
	    cmocka_unit_test(test_other_types),	  cmocka_unit_test(test_readers_check),
	    cmocka_unit_test(test_every_member),  cmocka_unit_test(test_lengths_of_digests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
