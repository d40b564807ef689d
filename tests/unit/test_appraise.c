/* The appraisal: an honest host is trusted, and each thing that is not honest is named. */
#include "cairn/eventlog.h"
#include "tests/unit/verdict_fixture.h"

static void honest_host(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "firmware", "warning", CAIRN_R_NO_REFERENCE);
	verdict_expect_sub(&v, "boot", "affirming", "(none)");
	verdict_expect_sub(&v, "xen", "affirming", "(none)");
	verdict_expect_sub(&v, "dom0", "affirming", "(none)");
	verdict_expect_sub(&v, "domain:netdrv", "affirming", "(none)");
	const json_t *m = json_object_get(json_object_get(v.submods, "domain:netdrv"), "cairn.manifest");
	assert_int_equal(json_integer_value(json_object_get(m, "release")), 3);
}

static void booted_another_file(void **state)
{
	static const struct {
		const char *path, *sub, *component;
	} files[] = {{"/xen", "xen", "xen"},
		     {"/vmlinuz", "dom0", "dom0-kernel"},
		     {"/dom0.img", "dom0", "dom0-initrd"}};
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	for (size_t i = 0; i < 3; i++) {
		sim_swap_file(s, files[i].path);
		verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		verdict_expect_sub(&v, files[i].sub, "contraindicated", CAIRN_R_BOOT_MISMATCH);
		assert_string_equal(verdict_reason(&v, files[i].sub, 0, "component"), files[i].component);
		assert_int_equal(strlen(verdict_reason(&v, files[i].sub, 0, "expected")), 64);
		assert_string_not_equal(verdict_reason(&v, files[i].sub, 0, "expected"),
					verdict_reason(&v, files[i].sub, 0, "found"));
		assert_string_equal(verdict_member(&v, "boot", "ear.status"), "affirming");
		sim_swap_file(s, files[i].path);
	}
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

/* The log of a boot that stopped short: its last events were never extended. */
static void events_that_are_missing(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;
	size_t last = 0;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.pcr == 8)
			last = ev.offset;
	s->boot_log.len = last;
	sim_replay(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "boot", "contraindicated", CAIRN_R_BOOT_MISMATCH);
	assert_string_equal(verdict_reason(&v, "boot", 0, "found"), "");
}

static void what_a_changed_xen_measured_does_not_count(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	sim_swap_file(s, "/xen");
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_not_equal(verdict_member(&v, "dom0", "ear.status"), "affirming");
}

static void another_host_record(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen_cmdline = "placeholder debug";
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "xen", "contraindicated", CAIRN_R_RECORD_MISMATCH);
	assert_string_equal(verdict_reason(&v, "xen", 0, "component"), "xen.cmdline");
	assert_string_equal(verdict_reason(&v, "xen", 0, "expected"), "placeholder");
	assert_string_equal(verdict_reason(&v, "xen", 0, "found"), "placeholder debug");
	s->host.xen_cmdline = "placeholder";
	s->host.mode_service = "audit";
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_equal(verdict_reason(&v, "dom0", 0, "component"), "config.modes");
}

/* What stands for a missing digest means nothing anywhere else. */
static void a_command_line_that_says_unvouched(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen_cmdline = CAIRN_UNVOUCHED;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "xen", "contraindicated", CAIRN_R_RECORD_MISMATCH);
	s->host.xen_cmdline = "placeholder";
	s->host.dom0_cmdline = CAIRN_UNVOUCHED;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "dom0", "contraindicated", CAIRN_R_RECORD_MISMATCH);
}

/* The host record tells of the manifest's files, the boot log of others: it must not join. */
static void records_that_do_not_join(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.kernel.bytes[0] ^= 1;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_equal(verdict_reason(&v, "dom0", 0, "code"), CAIRN_R_RECORD_MISMATCH);
	assert_string_equal(verdict_reason(&v, "dom0", 1, "code"), CAIRN_R_JOIN_MISMATCH);
}

static void without_a_boot_log(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->boot_log.len = 0;
	for (unsigned i = 0; i < 10; i++)
		memset(s->bank.pcr[i].bytes, 0, sizeof s->bank.pcr[i].bytes);
	verdict_expect(s, &v, CAIRN_STATE_UNMEASURED);
	verdict_expect_sub(&v, "boot", "none", CAIRN_R_NO_BOOT_LOG);
	verdict_expect_sub(&v, "xen", "none", CAIRN_R_NO_BOOT_LOG);
}

static void unvouched(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen = (struct cairn_digest){0};
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_UNMEASURED);
	verdict_expect_sub(&v, "xen", "none", CAIRN_R_UNVOUCHED);
	s->host.agent = s->host.kernel = s->host.initrd = s->host.xen;
	s->boot_log.len = 0;
	for (unsigned i = 0; i < 10; i++)
		memset(s->bank.pcr[i].bytes, 0, sizeof s->bank.pcr[i].bytes);
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_UNMEASURED);
	verdict_expect_sub(&v, "dom0", "none", CAIRN_R_UNVOUCHED);
}

static void logs_that_do_not_replay(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	for (unsigned i = 0; i < 14; i++) {
		if (!(CAIRN_APPRAISAL_PCRS >> i & 1))
			continue;
		s->bank.pcr[i].bytes[31] ^= 1;
		assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_DIVERGED);
		assert_null(v.submods);
		assert_int_equal(v.state, CAIRN_STATE_UNKNOWN);
		s->bank.pcr[i].bytes[31] ^= 1;
	}
	s->boot_id[0] ^= 1;
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_MISMATCH);
	s->boot_id[0] ^= 1;
	s->launch_log.len--;
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_TRUNCATED);
	s->launch_log.len = 0;
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_TRUNCATED);
}

/* Types of events are not hashed: retyping one must never make a verdict better. */
static void retyped_events(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;
	sim_swap_file(s, "/vmlinuz");
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		uint8_t *type = s->boot_log.ptr + ev.offset + 4, was = *type;
		for (uint8_t t = 0; t < 16; t++) {
			*type = t;
			cairn_verdict_fini(&v);
			if (sim_appraise(&v, s, SIM_NOW) == CAIRN_OK)
				assert_int_not_equal(v.state, CAIRN_STATE_TRUSTED);
		}
		*type = was;
	}
}

/* Each of PCR 0-7 must have been closed by the firmware; PCR 4 is compared with the manifest besides. */
static void firmware_that_left_a_pcr_open(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;
	unsigned seen = 0;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		if (ev.type != CAIRN_EV_SEPARATOR)
			continue;
		uint8_t *type = s->boot_log.ptr + ev.offset + 4;
		uint8_t *data = s->boot_log.ptr + (ev.data.ptr - s->boot_log.ptr);
		*type = CAIRN_EV_EVENT_TAG;
		verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_string_equal(verdict_reason(&v, "firmware", 1, "code"), CAIRN_R_SEPARATOR);
		*type = CAIRN_EV_SEPARATOR;
		data[0] = 1;
		verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_string_equal(verdict_reason(&v, "firmware", 1, "code"), CAIRN_R_SEPARATOR);
		data[0] = 0;
		seen |= 1u << ev.pcr;
	}
	assert_int_equal(seen, 0xff);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

static void validity(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	assert_int_equal(sim_appraise(&v, s, 2001), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "boot", "contraindicated", CAIRN_R_EXPIRED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_EXPIRED);
	cairn_verdict_fini(&v);
	assert_int_equal(sim_appraise(&v, s, 999), CAIRN_OK);
	verdict_expect_sub(&v, "boot", "contraindicated", CAIRN_R_NOT_YET_VALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(honest_host),
	    VERDICT_TEST(booted_another_file),
	    VERDICT_TEST(events_that_are_missing),
	    VERDICT_TEST(what_a_changed_xen_measured_does_not_count),
	    VERDICT_TEST(another_host_record),
	    VERDICT_TEST(a_command_line_that_says_unvouched),
	    VERDICT_TEST(records_that_do_not_join),
	    VERDICT_TEST(without_a_boot_log),
	    VERDICT_TEST(unvouched),
	    VERDICT_TEST(logs_that_do_not_replay),
	    VERDICT_TEST(retyped_events),
	    VERDICT_TEST(firmware_that_left_a_pcr_open),
	    VERDICT_TEST(validity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
