/* Faults while a host is judged: part by part, and as a whole. */
#include "data_fixture.h"
#include "faulttasks.h"
#include "sim_fixture.h"

#include "core/appraise_part.h"

static struct cairn_buf service, platform;

static void say_parts(struct cairn_buf *said, const struct cairn_parts *p)
{
	const struct cairn_part *part[] = {&p->firmware, &p->boot, &p->xen, &p->dom0};
	bool on = faults.on;
	faults.on = false;
	for (size_t i = 0; i < 4; i++) {
		/* A reason may lose its words where there is no room for them, but neither its code nor its weight. */
		cairn_buf_add_fmt(said, "%d", part[i]->tier);
		for (size_t k = 0; k < part[i]->reasons.count; k++)
			cairn_buf_add_str(said, part[i]->reasons.item[k].code);
	}
	cairn_buf_add_fmt(said, "%d", p->contraindicated);
	faults.on = on;
}

static enum cairn_status judge(struct cairn_buf *said, const struct cairn_buf *input)
{
	struct cairn_cur c = cairn_cur(cairn_buf_span(input));
	struct cairn_span boot = cairn_cur_bytes(&c, cairn_cur_u32be(&c)),
			  launch = cairn_cur_bytes(&c, cairn_cur_u32be(&c));
	cairn_auto_manifest struct cairn_manifest m = {0};
	const struct cairn_manifest *list[] = {&m};
	struct cairn_appraisal a = {.launch_log = launch, .manifest = list, .manifest_count = 1, .now = 1500};
	struct cairn_launch_facts f = {0};
	struct cairn_parts p = {.domains = json_object()};
	struct cairn_eventlog log;
	enum cairn_status st = p.domains ? cairn_manifest_parse(&m, cairn_cur_rest(&c)) : CAIRN_E_NOMEM;
	bool has_log = cairn_eventlog_open(&log, boot) == CAIRN_OK;
	if (!st)
		st = cairn_launch_facts_read(&f, &a);
	if (!st)
		st = cairn_appraise_boot(&p, &a, has_log ? &log : NULL, f.host);
	if (!st)
		st = cairn_appraise_launches(&p, &a, &f);
	if (!st)
		say_parts(said, &p);
	struct cairn_part *parts[] = {&p.firmware, &p.boot, &p.xen, &p.dom0};
	for (size_t i = 0; i < 4; i++)
		cairn_reasons_fini(&parts[i]->reasons);
	json_decref(p.domains);
	cairn_launch_facts_fini(&f);
	return st;
}

static enum cairn_status judge_service(struct cairn_buf *said)
{
	return judge(said, &service);
}

static enum cairn_status judge_platform(struct cairn_buf *said)
{
	return judge(said, &platform);
}

/* A whole appraisal, by what a reader decides on: the state, and the code of each reason. */
static struct sim sim;
static struct cairn_quote *quote;

static void say_verdict(struct cairn_buf *said, const struct cairn_verdict *v)
{
	bool on = faults.on;
	const char *name;
	json_t *sub, *r;
	size_t i;
	faults.on = false;
	cairn_buf_add_str(said, cairn_state_name(v->state));
	json_object_foreach(v->submods, name, sub)
	{
		cairn_buf_add_fmt(said, ";%s %s %d %d %lld", name,
				  json_string_value(json_object_get(sub, "ear.status")),
				  json_is_true(json_object_get(sub, "cairn.running")),
				  json_is_true(json_object_get(sub, "cairn.fell_back")),
				  (long long)json_integer_value(json_object_get(sub, "cairn.restarts")));
		json_array_foreach(json_object_get(sub, "cairn.reasons"), i, r)
		    cairn_buf_add_fmt(said, "%s/%s", json_string_value(json_object_get(r, "code")),
				      json_string_value(json_object_get(r, "manifest")));
	}
	faults.on = on;
}

static enum cairn_status appraise(struct cairn_buf *said)
{
	const struct cairn_manifest *list[] = {&sim.loaded[0], &sim.loaded[1]};
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_appraisal a = {.quote = quote,
				    .boot_log = cairn_buf_span(&sim.boot_log),
				    .launch_log = cairn_buf_span(&sim.launch_log),
				    .manifest = list,
				    .manifest_count = 2,
				    .now = SIM_NOW};
	memcpy(a.boot_id, sim.boot_id, sizeof a.boot_id);
	enum cairn_status st = cairn_appraise(&v, &a);
	if (!st)
		say_verdict(said, &v);
	return st;
}

/* What the launch log replays to: no quote is asked what it should be. */
static enum cairn_status read_log(struct cairn_buf *said)
{
	struct cairn_launch_facts f = {0};
	struct cairn_appraisal a = {.launch_log = cairn_buf_span(&sim.launch_log)};
	memcpy(a.boot_id, sim.boot_id, sizeof a.boot_id);
	enum cairn_status st = cairn_launch_facts_read(&f, &a);
	for (unsigned i = 11; !st && i <= 13; i++)
		say(said, cairn_digest_span(&f.sha256.pcr[i]));
	cairn_launch_facts_fini(&f);
	return st;
}

static void record(struct cairn_buf *b)
{
	sim_record(&sim, cairn_buf_span(b));
	cairn_buf_fini(b);
}

/* A host of which there is much to say. */
static void busy_host(void)
{
	struct cairn_buf b = {0};
	struct cairn_release_set_ref set = {.serial = 3, .sha256 = sim.host.xen};
	struct cairn_launch l = sim_launch(&sim);
	struct cairn_exit_record x = {.launch = 2, .name = "netdrv", .reason = "crashed"};
	cairn_auto_reasons struct cairn_reasons r = {0};
	memset(set.kid, 'k', CAIRN_KID_LEN);
	sim_record_launch(&sim, &l);
	sim_record_launch(&sim, &l);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	record(&b);
	l.memory_mib++; /* runs still, behind the good one after it */
	sim_record_launch(&sim, &l);
	l.memory_mib--;
	sim_record_launch(&sim, &l);
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	x.launch = sim.recnum;
	x.name = "guest";
	x.reason = "no-service";
	sim_record_launch(&sim, &l);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	record(&b);
	l.restart = 2;
	sim_record_launch(&sim, &l);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "other", &r), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_unrecorded(&b, 4, ""), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_violation(&b, "live patch"), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_foreign(&b, 12, &sim.host.xen), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_phase(&b, "00ff"), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_release_set(&b, &set), CAIRN_OK);
	record(&b);
}

static void test_verdicts(void **state)
{
	(void)state;
	sim_init(&sim);
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	busy_host();
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	each_fault(read_log, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	sim_fini(&sim);
}

/* A host with a firmware that failed, another agent, and a boot set that is missing: nothing of it gets lost. */
static void test_bad_boot(void **state)
{
	struct cairn_eventlog log;
	struct cairn_event ev;
	(void)state;
	sim_init(&sim);
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&sim.boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.type == CAIRN_EV_SEPARATOR && ev.pcr == 7)
			sim.boot_log.ptr[ev.data.ptr - sim.boot_log.ptr] ^= 1;
	sim.host.agent.bytes[0] ^= 1;
	sim.host.boot_count = 2;
	sim.host.boot_set[0] = "netdrv";
	sim.host.boot_set[1] = "web";
	sim_restart(&sim);
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	sim_fini(&sim);
}

static void test_judging(void **state)
{
	(void)state;
	each_fault(judge_service, CAIRN_OK, CALM);
	each_fault(judge_platform, CAIRN_OK, CALM);
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	data_load(&service, "fuzz-appraise/service.bin");
	data_load(&platform, "fuzz-appraise/platform.bin");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&service);
	cairn_buf_fini(&platform);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_bad_boot),
	    cmocka_unit_test(test_judging),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
