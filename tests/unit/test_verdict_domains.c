/* Demands on what a launch log tells of domains, each by itself. */
#include <stdio.h>

#include "tests/unit/verdict_fixture.h"

static void manifests_that_are_not_the_one(void **state)
{
	struct sim *s = *state;
	struct cairn_launch l = sim_launch(s), lies[4] = {l, l, l, l};
	lies[0].manifest.release++;
	lies[1].manifest.kid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	lies[2].manifest.name = "other";
	lies[3].manifest = cairn_manifest_ref(&s->loaded[0]); /* of the platform */
	for (size_t i = 0; i < 4; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		sim_restart(s);
		sim_record_launch(s, &lies[i]);
		verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_true(
		    verdict_says(&v, "domain:netdrv", CAIRN_R_UNKNOWN_MANIFEST, lies[i].manifest.name));
	}
}

static void a_guest_with_the_platforms_name(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.name = "platform"; /* a manifest has this name, but of no service */
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_true(verdict_says(&v, "domain:platform", CAIRN_R_GUEST, ""));
}

/* What is good about the last domain does not mend the first. */
static void bad_before_good(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.memory_mib++;
	sim_record_launch(s, &l);
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "domain:guest", CAIRN_R_GUEST, ""));
}

static void record_exit(struct sim *s, uint64_t launch, const char *name)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_exit_record x = {.launch = launch, .name = name, .reason = "crashed"};
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
}

static void exits_of_other_launches(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	uint64_t first = s->recnum;
	sim_record_launch(s, &l);
	sim_record_launch(s, &l);
	record_exit(s, first, "netdrv");
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_true(verdict_running(&v, "domain:netdrv"));
	record_exit(s, 0, "nobody");
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	record_exit(s, first + 1, "netdrv");
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_false(verdict_running(&v, "domain:netdrv"));
}

static void foreign_values(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	assert_int_equal(cairn_record_foreign(&b, 12, &s->host.xen), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "dom0", CAIRN_R_FOREIGN_PCR, "pcr"));
}

/* Policy: whether guests are a warning. */
static void guests_by_policy(void **state)
{
	struct sim *s = *state;
	struct cairn_launch l = sim_launch(s);
	struct cairn_quote *q;
	const struct cairn_manifest *list[] = {&s->loaded[0], &s->loaded[1]};
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	q = sim_quote(s);
	for (int warn = 0; warn < 2; warn++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		struct cairn_appraisal a = {.quote = q,
					    .boot_log = cairn_buf_span(&s->boot_log),
					    .launch_log = cairn_buf_span(&s->launch_log),
					    .manifest = list,
					    .manifest_count = 2,
					    .policy.warn_guests = warn,
					    .now = SIM_NOW};
		memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
		assert_int_equal(cairn_appraise(&v, &a), CAIRN_OK);
		assert_string_equal(json_string_value(json_object_get(
					json_object_get(v.submods, "domain:guest"), "ear.status")),
				    warn ? "warning" : "none");
	}
	cairn_quote_free(q);
}

/* More names than a boot's log may tell of; one that is known already is no new one. */
static void too_many_names(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	char name[16];
	l.has_manifest = false;
	l.role_count = 0;
	l.name = name;
	for (unsigned i = 0; i < CAIRN_DOMAINS_MAX; i++) {
		snprintf(name, sizeof name, "g%u", i);
		sim_record_launch(s, &l);
	}
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	size_t len = s->launch_log.len;
	struct cairn_bank bank = s->bank;
	cairn_verdict_fini(&v);
	snprintf(name, sizeof name, "more");
	sim_record_launch(s, &l);
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_LIMIT);
	s->launch_log.len = len;
	s->bank = bank;
	s->recnum--;
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "more", &r), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(manifests_that_are_not_the_one),
	    VERDICT_TEST(a_guest_with_the_platforms_name),
	    VERDICT_TEST(bad_before_good),
	    VERDICT_TEST(exits_of_other_launches),
	    VERDICT_TEST(foreign_values),
	    VERDICT_TEST(guests_by_policy),
	    VERDICT_TEST(too_many_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
