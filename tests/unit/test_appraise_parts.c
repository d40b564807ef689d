/* The parts of the appraisal, given what they never are: the reader of the log has refused it before. They do too. */
#include "core/appraise_part.h"
#include "tests/unit/records.h"
#include "tests/unit/verdict_fixture.h"

static enum cairn_status judge(json_t *domains, json_t *marks)
{
	struct cairn_launch_facts f = {.domains = domains, .marks = marks};
	struct cairn_appraisal a = {.now = SIM_NOW};
	struct cairn_parts p = {.domains = json_object()};
	enum cairn_status st = cairn_appraise_launches(&p, &a, &f);
	cairn_reasons_fini(&p.dom0.reasons);
	json_decref(p.domains);
	cairn_launch_facts_fini(&f);
	return st;
}

static json_t *parsed(struct cairn_buf *record)
{
	json_t *v = NULL;
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(record)), CAIRN_OK);
	cairn_buf_fini(record);
	return v;
}

static json_t *good_launch(void)
{
	struct cairn_buf b = {0};
	struct cairn_launch l = sample_launch();
	assert_int_equal(cairn_record_launch(&b, &l), CAIRN_OK);
	return parsed(&b);
}

static json_t *good_refusal(void)
{
	struct cairn_buf b = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "netdrv", &r), CAIRN_OK);
	return parsed(&b);
}

static void what_is_no_launch(void **state)
{
	(void)state;
	assert_int_equal(judge(json_pack("{s:{s:o}}", "x", "launch", good_launch()), json_array()), CAIRN_OK);
	assert_int_equal(judge(json_pack("{s:{s:o}}", "x", "refusal", good_refusal()), json_array()),
			 CAIRN_OK);
	assert_int_equal(judge(json_pack("{s:{}}", "x"), json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(judge(json_pack("{s:{s:{}}}", "x", "launch"), json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(judge(json_pack("{s:{s:{}}}", "x", "refusal"), json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(judge(json_pack("{s:{s:o}}", "x", "refusal", good_launch()), json_array()),
			 CAIRN_E_MALFORMED);
	assert_int_equal(judge(json_pack("{s:{s:o}}", "x", "launch", good_refusal()), json_array()),
			 CAIRN_E_MALFORMED);
}

static void what_is_no_older_launch(void **state)
{
	(void)state;
	json_t *d = json_pack("{s:{s:o,s:{s:{},s:o}}}", "x", "launch", good_launch(), "older", "2", "3",
			      good_launch());
	assert_int_equal(judge(d, json_array()), CAIRN_E_MALFORMED);
}

static enum cairn_status judge_mark(json_t *mark)
{
	return judge(json_object(), json_pack("[o]", mark));
}

static void what_is_no_mark(void **state)
{
	static const char *const types[] = {"violation", "maintenance", "change", "foreign", "phase"};
	static const char *const members[] = {"reason", "reason", "reason", "value", "phase"};
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(judge_mark(json_pack("{s:s,s:s}", "type", types[i], members[i], "x")),
				 CAIRN_OK);
		assert_int_equal(judge_mark(json_pack("{s:s}", "type", types[i])), CAIRN_E_MALFORMED);
		assert_int_equal(judge_mark(json_pack("{s:s,s:i}", "type", types[i], members[i], 1)),
				 CAIRN_E_MALFORMED);
	}
	assert_int_equal(judge_mark(json_pack("{s:s}", "reason", "x")), CAIRN_E_MALFORMED);
	assert_int_equal(judge_mark(json_pack("{s:s,s:s}", "type", "launch", "reason", "x")),
			 CAIRN_E_UNSUPPORTED);
}

static void what_is_no_unrecorded_domain(void **state)
{
	(void)state;
	assert_int_equal(judge_mark(json_pack("{s:s,s:s,s:i}", "type", "unrecorded", "uuid", "", "domid", 4)),
			 CAIRN_OK);
	assert_int_equal(judge_mark(json_pack("{s:s,s:s}", "type", "unrecorded", "uuid", "")),
			 CAIRN_E_MALFORMED);
	assert_int_equal(judge_mark(json_pack("{s:s,s:i}", "type", "unrecorded", "domid", 4)),
			 CAIRN_E_MALFORMED);
}

static enum cairn_status boot(struct sim *s, const json_t *host_record)
{
	struct cairn_eventlog log;
	struct cairn_parts p = {0};
	struct cairn_appraisal a = {.now = SIM_NOW};
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	enum cairn_status st = cairn_appraise_boot(&p, &a, &log, host_record);
	cairn_reasons_fini(&p.firmware.reasons);
	cairn_reasons_fini(&p.boot.reasons);
	cairn_reasons_fini(&p.xen.reasons);
	cairn_reasons_fini(&p.dom0.reasons);
	return st;
}

static void what_is_no_host_record(void **state)
{
	struct sim *s = *state;
	struct cairn_buf b = {0};
	cairn_auto_json json_t *empty = json_object(), *launch = good_launch();
	assert_int_equal(cairn_record_host(&b, &s->host), CAIRN_OK);
	cairn_auto_json json_t *host = parsed(&b);
	assert_int_equal(boot(s, host), CAIRN_OK);
	assert_int_equal(boot(s, empty), CAIRN_E_MALFORMED);
	assert_int_equal(boot(s, launch), CAIRN_E_MALFORMED);
	assert_int_equal(boot(s, NULL), CAIRN_E_MALFORMED);
}

/* An event that was not extended, in a PCR whose events are compared: nothing is expected of it. */
static void an_event_that_was_not_extended(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf more = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;
	size_t last = 0;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		last = ev.offset;
	cairn_buf_add(&more, cairn_span(s->boot_log.ptr + last, s->boot_log.len - last));
	more.ptr[0] = 8;
	memcpy(more.ptr + 4, (const uint8_t[]){CAIRN_EV_NO_ACTION, 0, 0, 0}, 4);
	cairn_buf_add(&s->boot_log, cairn_buf_span(&more));
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_launch),  cmocka_unit_test(what_is_no_older_launch),
	    cmocka_unit_test(what_is_no_mark),	  cmocka_unit_test(what_is_no_unrecorded_domain),
	    VERDICT_TEST(what_is_no_host_record), VERDICT_TEST(an_event_that_was_not_extended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
