/* The appraisal of what runs on a host: launches, refusals, ends, and what the agent noticed. */
#include "tests/unit/verdict_fixture.h"

static void end(struct sim *s)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_exit_record x = {.launch = s->recnum - 1, .name = "netdrv", .reason = "destroyed"};
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
}

static void launches_that_no_manifest_allows(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.kernel.sha256.bytes[0] ^= 1;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_non_null(strstr(verdict_reason(&v, "domain:netdrv", 0, "manifest"), "netdrv release 3"));
	end(s);
	l = sim_launch(s);
	l.memory_mib = 129;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_MEMORY_EXCEEDED);
	end(s);
	l = sim_launch(s);
	l.manifest.sha256.bytes[0] ^= 1;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_UNKNOWN_MANIFEST);
	end(s);
	l = sim_launch(s);
	l.has_manifest = false;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_NO_MANIFEST);
	end(s);
	l = sim_launch(s);
	sim_record_launch(s, &l); /* the latest launch of a name is what counts */
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

/* A good launch does not hide a bad one of the same name that still runs. */
static void a_launch_that_has_not_ended(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_launch l = sim_launch(s);
	struct cairn_exit_record x = {.launch = s->recnum, .name = "netdrv", .reason = "destroyed"};
	l.kernel.sha256.bytes[0] ^= 1;
	sim_record_launch(s, &l);
	l = sim_launch(s);
	sim_record_launch(s, &l);
	sim_record_launch(s, &l);
	end(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

/* What goes by the name of a service is no guest, in whatever mode it was launched. */
static void guests_do_not_spoil_the_host(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "domain:guest", "none", CAIRN_R_GUEST);
	l.name = "netdrv"; /* the name of a service: its manifest went missing on the host */
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_NO_MANIFEST);
}

static void refuse_name(struct sim *s, const char *name)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_reasons_add(&r, CAIRN_R_DIGEST_MISMATCH, "ramdisk", "/images/net.img", "aa", "bb",
			  "other bytes");
	assert_int_equal(cairn_record_refusal(&b, name, &r), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
}

static void refuse(struct sim *s)
{
	refuse_name(s, "netdrv");
}

/* A configuration that cannot be read names nobody: said, but no launch could ever put it right. */
static void refusal_of_no_name_is_a_warning(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};

	refuse_name(s, "");
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "domain:?", "warning", CAIRN_R_DIGEST_MISMATCH);
}

static void refusal_counts_until_the_next_launch(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	refuse(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_string_equal(verdict_reason(&v, "domain:netdrv", 0, "file"), "/images/net.img");
	assert_string_equal(verdict_reason(&v, "domain:netdrv", 0, "expected"), "aa");
	assert_string_equal(verdict_reason(&v, "domain:netdrv", 0, "found"), "bb");
	assert_non_null(strstr(verdict_reason(&v, "domain:netdrv", 0, "manifest"), "netdrv release 3"));
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

static void marks(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf unrecorded = {0};
	cairn_auto_buf struct cairn_buf violation = {0};
	cairn_auto_buf struct cairn_buf change = {0};
	cairn_auto_buf struct cairn_buf phase = {0};
	cairn_auto_buf struct cairn_buf none = {0};
	cairn_auto_buf struct cairn_buf root = {0};
	assert_int_equal(cairn_record_phase(&none, "none"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&none));
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_int_equal(cairn_record_unrecorded(&unrecorded, 4, ""), CAIRN_OK);
	sim_record(s, cairn_buf_span(&unrecorded));
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:unrecorded-4", "contraindicated", CAIRN_R_UNRECORDED_DOMAIN);
	assert_true(verdict_running(&v, "domain:unrecorded-4"));
	sim_restart(s);
	assert_int_equal(cairn_record_violation(&violation, "live patch"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&violation));
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "dom0", "contraindicated", CAIRN_R_VIOLATION);
	sim_restart(s);
	assert_int_equal(cairn_record_change(&change, "live patch"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&change));
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "dom0", "contraindicated", CAIRN_R_CHANGED);
	sim_restart(s);
	assert_int_equal(cairn_record_phase(&phase, "failed"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&phase));
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "dom0", "contraindicated", CAIRN_R_PHASE_FAILED);
	sim_restart(s);
	assert_int_equal(cairn_record_phase(&root, "00ff"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&root));
	verdict_expect(s, &v, CAIRN_STATE_UNMEASURED); /* no manifest says which root it should be */
	verdict_expect_sub(&v, "dom0", "none", CAIRN_R_NO_REFERENCE);
}

static void exits_are_told(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	struct cairn_exit_record x = {.launch = 2, .name = "netdrv", .reason = "crashed"};
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_true(
	    json_is_false(json_object_get(json_object_get(v.submods, "domain:netdrv"), "cairn.running")));
}

static void state_names(void **state)
{
	(void)state;
	for (enum cairn_state s = CAIRN_STATE_TRUSTED; s < CAIRN_STATE_COUNT; s++)
		assert_int_equal(cairn_state_by_name(cairn_state_name(s)), s);
	assert_int_equal(cairn_state_by_name("unknown"), CAIRN_STATE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(launches_that_no_manifest_allows),
	    VERDICT_TEST(a_launch_that_has_not_ended),
	    VERDICT_TEST(guests_do_not_spoil_the_host),
	    VERDICT_TEST(refusal_of_no_name_is_a_warning),
	    VERDICT_TEST(refusal_counts_until_the_next_launch),
	    VERDICT_TEST(marks),
	    VERDICT_TEST(exits_are_told),
	    cmocka_unit_test(state_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
