/* The appraisal: an honest host is trusted, and each thing that is not honest is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/eventlog.h"
#include "tests/unit/sim_fixture.h"

static int setup(void **state)
{
	struct sim *s = malloc(sizeof *s);
	sim_init(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sim_fini(*state);
	free(*state);
	return 0;
}

static const char *member(const struct cairn_verdict *v, const char *sub, const char *what)
{
	const char *t = json_string_value(json_object_get(json_object_get(v->submods, sub), what));
	return t ? t : "(none)";
}

static const char *reason(const struct cairn_verdict *v, const char *sub, size_t at, const char *what)
{
	const json_t *list = json_object_get(json_object_get(v->submods, sub), "cairn.reasons");
	const char *t = json_string_value(json_object_get(json_array_get(list, at), what));
	return t ? t : "(none)";
}

static void expect(struct sim *s, struct cairn_verdict *v, enum cairn_state state)
{
	cairn_verdict_fini(v);
	assert_int_equal(sim_appraise(v, s, SIM_NOW), CAIRN_OK);
	assert_string_equal(cairn_state_name(v->state), cairn_state_name(state));
}

static void expect_sub(const struct cairn_verdict *v, const char *sub, const char *tier, const char *code)
{
	assert_string_equal(member(v, sub, "ear.status"), tier);
	assert_string_equal(reason(v, sub, 0, "code"), code);
}

static void honest_host(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_TRUSTED);
	expect_sub(&v, "firmware", "warning", CAIRN_R_NO_REFERENCE);
	expect_sub(&v, "boot", "affirming", "(none)");
	expect_sub(&v, "xen", "affirming", "(none)");
	expect_sub(&v, "dom0", "affirming", "(none)");
	expect_sub(&v, "domain:netdrv", "affirming", "(none)");
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
		expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		expect_sub(&v, files[i].sub, "contraindicated", CAIRN_R_BOOT_MISMATCH);
		assert_string_equal(reason(&v, files[i].sub, 0, "component"), files[i].component);
		assert_int_equal(strlen(reason(&v, files[i].sub, 0, "expected")), 64);
		assert_string_not_equal(reason(&v, files[i].sub, 0, "expected"),
					reason(&v, files[i].sub, 0, "found"));
		assert_string_equal(member(&v, "boot", "ear.status"), "affirming");
		sim_swap_file(s, files[i].path);
	}
	expect(s, &v, CAIRN_STATE_TRUSTED);
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
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "boot", "contraindicated", CAIRN_R_BOOT_MISMATCH);
	assert_string_equal(reason(&v, "boot", 0, "found"), "");
}

static void what_a_changed_xen_measured_does_not_count(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	sim_swap_file(s, "/xen");
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_not_equal(member(&v, "dom0", "ear.status"), "affirming");
}

static void another_host_record(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen_cmdline = "placeholder debug";
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "xen", "contraindicated", CAIRN_R_RECORD_MISMATCH);
	assert_string_equal(reason(&v, "xen", 0, "component"), "xen.cmdline");
	assert_string_equal(reason(&v, "xen", 0, "expected"), "placeholder");
	assert_string_equal(reason(&v, "xen", 0, "found"), "placeholder debug");
	s->host.xen_cmdline = "placeholder";
	s->host.mode_service = "audit";
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_equal(reason(&v, "dom0", 0, "component"), "config.modes");
}

/* What stands for a missing digest means nothing anywhere else. */
static void a_command_line_that_says_unvouched(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen_cmdline = CAIRN_UNVOUCHED;
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "xen", "contraindicated", CAIRN_R_RECORD_MISMATCH);
	s->host.xen_cmdline = "placeholder";
	s->host.dom0_cmdline = CAIRN_UNVOUCHED;
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "dom0", "contraindicated", CAIRN_R_RECORD_MISMATCH);
}

/* The host record tells of the manifest's files, the boot log of others: it must not join. */
static void records_that_do_not_join(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.kernel.bytes[0] ^= 1;
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_string_equal(reason(&v, "dom0", 0, "code"), CAIRN_R_RECORD_MISMATCH);
	assert_string_equal(reason(&v, "dom0", 1, "code"), CAIRN_R_JOIN_MISMATCH);
}

static void without_a_boot_log(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->boot_log.len = 0;
	for (unsigned i = 0; i < 10; i++)
		memset(s->bank.pcr[i].bytes, 0, sizeof s->bank.pcr[i].bytes);
	expect(s, &v, CAIRN_STATE_UNMEASURED);
	expect_sub(&v, "boot", "none", CAIRN_R_NO_BOOT_LOG);
	expect_sub(&v, "xen", "none", CAIRN_R_NO_BOOT_LOG);
}

static void unvouched(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	s->host.xen = (struct cairn_digest){0};
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_UNMEASURED);
	expect_sub(&v, "xen", "none", CAIRN_R_UNVOUCHED);
	s->host.agent = s->host.kernel = s->host.initrd = s->host.xen;
	s->boot_log.len = 0;
	for (unsigned i = 0; i < 10; i++)
		memset(s->bank.pcr[i].bytes, 0, sizeof s->bank.pcr[i].bytes);
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_UNMEASURED);
	expect_sub(&v, "dom0", "none", CAIRN_R_UNVOUCHED);
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
		expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_string_equal(reason(&v, "firmware", 1, "code"), CAIRN_R_SEPARATOR);
		*type = CAIRN_EV_SEPARATOR;
		data[0] = 1;
		expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_string_equal(reason(&v, "firmware", 1, "code"), CAIRN_R_SEPARATOR);
		data[0] = 0;
		seen |= 1u << ev.pcr;
	}
	assert_int_equal(seen, 0xff);
	expect(s, &v, CAIRN_STATE_TRUSTED);
}

static void validity(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	assert_int_equal(sim_appraise(&v, s, 2001), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "boot", "contraindicated", CAIRN_R_EXPIRED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_EXPIRED);
	cairn_verdict_fini(&v);
	assert_int_equal(sim_appraise(&v, s, 999), CAIRN_OK);
	expect_sub(&v, "boot", "contraindicated", CAIRN_R_NOT_YET_VALID);
}

/* ---- domains
 * ---------------------------------------------------------------------------------------------------------
 */

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
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_non_null(strstr(reason(&v, "domain:netdrv", 0, "manifest"), "netdrv release 3"));
	end(s);
	l = sim_launch(s);
	l.memory_mib = 129;
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_MEMORY_EXCEEDED);
	end(s);
	l = sim_launch(s);
	l.manifest.sha256.bytes[0] ^= 1;
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_UNKNOWN_MANIFEST);
	end(s);
	l = sim_launch(s);
	l.has_manifest = false;
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_NO_MANIFEST);
	end(s);
	l = sim_launch(s);
	sim_record_launch(s, &l); /* the latest launch of a name is what counts */
	expect(s, &v, CAIRN_STATE_TRUSTED);
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
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	expect(s, &v, CAIRN_STATE_TRUSTED);
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
	expect(s, &v, CAIRN_STATE_TRUSTED);
	expect_sub(&v, "domain:guest", "none", CAIRN_R_GUEST);
	l.name = "netdrv"; /* the name of a service: its manifest went missing on the host */
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_NO_MANIFEST);
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
	expect(s, &v, CAIRN_STATE_TRUSTED);
	expect_sub(&v, "domain:?", "warning", CAIRN_R_DIGEST_MISMATCH);
}

static void refusal_counts_until_the_next_launch(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	sim_record_launch(s, &l);
	refuse(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_string_equal(reason(&v, "domain:netdrv", 0, "file"), "/images/net.img");
	assert_string_equal(reason(&v, "domain:netdrv", 0, "expected"), "aa");
	assert_string_equal(reason(&v, "domain:netdrv", 0, "found"), "bb");
	assert_non_null(strstr(reason(&v, "domain:netdrv", 0, "manifest"), "netdrv release 3"));
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_TRUSTED);
}

static void marks(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf unrecorded = {0};
	cairn_auto_buf struct cairn_buf violation = {0};
	cairn_auto_buf struct cairn_buf phase = {0};
	cairn_auto_buf struct cairn_buf none = {0};
	cairn_auto_buf struct cairn_buf root = {0};
	assert_int_equal(cairn_record_phase(&none, "none"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&none));
	expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_int_equal(cairn_record_unrecorded(&unrecorded, 4, ""), CAIRN_OK);
	sim_record(s, cairn_buf_span(&unrecorded));
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "domain:unrecorded-4", "contraindicated", CAIRN_R_UNRECORDED_DOMAIN);
	sim_restart(s);
	assert_int_equal(cairn_record_violation(&violation, "live patch"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&violation));
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "dom0", "contraindicated", CAIRN_R_VIOLATION);
	sim_restart(s);
	assert_int_equal(cairn_record_phase(&phase, "failed"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&phase));
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	expect_sub(&v, "dom0", "contraindicated", CAIRN_R_PHASE_FAILED);
	sim_restart(s);
	assert_int_equal(cairn_record_phase(&root, "00ff"), CAIRN_OK);
	sim_record(s, cairn_buf_span(&root));
	expect(s, &v, CAIRN_STATE_UNMEASURED); /* no manifest says which root it should be */
	expect_sub(&v, "dom0", "none", CAIRN_R_NO_REFERENCE);
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
	expect(s, &v, CAIRN_STATE_TRUSTED);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(honest_host),
	    TEST(booted_another_file),
	    TEST(events_that_are_missing),
	    TEST(what_a_changed_xen_measured_does_not_count),
	    TEST(another_host_record),
	    TEST(a_command_line_that_says_unvouched),
	    TEST(records_that_do_not_join),
	    TEST(without_a_boot_log),
	    TEST(unvouched),
	    TEST(logs_that_do_not_replay),
	    TEST(retyped_events),
	    TEST(firmware_that_left_a_pcr_open),
	    TEST(validity),
	    TEST(launches_that_no_manifest_allows),
	    TEST(a_launch_that_has_not_ended),
	    TEST(guests_do_not_spoil_the_host),
	    TEST(refusal_of_no_name_is_a_warning),
	    TEST(refusal_counts_until_the_next_launch),
	    TEST(marks),
	    TEST(exits_are_told),
	    cmocka_unit_test(state_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
