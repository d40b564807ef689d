/* Launches where something else goes wrong: a TPM that is busy, a full disk, a hypervisor that answers oddly,
 * a toolstack that does more than was asked, a crash in between. Nothing is lost, nothing unmeasured runs. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <tss2/tss2_tpm2_types.h>

#include "tests/unit/agent_fixture.h"

#define ONE_COMMAND 40 /* the tries of one command: 8 of cairn, 5 of ESAPI each */

static struct agent_fixture f;
static struct cairn_launched done;
static char why[1024];

static int group_setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	return fixture_init(&f, NULL);
}

static int group_teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	f.tapped = false;
	return fixture_boot(&f);
}

static int setup_tapped(void **state)
{
	(void)state;
	fixture_stop(&f);
	f.tapped = true;
	return fixture_boot(&f);
}

static int teardown(void **state)
{
	(void)state;
	cairn_reasons_fini(&done.reasons);
	fixture_stop(&f);
	return 0;
}

static enum cairn_status launch(const char *config)
{
	cairn_auto_buf struct cairn_buf b = {0};

	cairn_reasons_fini(&done.reasons);
	enum cairn_status st = cairn_agent_launch(f.agent, config, 0, 30, &done, &b);
	const char *text = cairn_buf_str(&b);

	snprintf(why, sizeof(why), "%s", text ? text : "");
	return st;
}

static void assert_record(uint64_t recnum, const char *type, const char *reason)
{
	cairn_auto_json json_t *r = fixture_record(&f, recnum);
	const char *got = json_string_value(json_object_get(r, "reason"));

	assert_string_equal(json_string_value(json_object_get(r, "type")), type);
	if (reason)
		assert_string_equal(got ? got : "(none)", reason);
}

static void fail_next(uint32_t cc, uint32_t rc, unsigned count)
{
	f.tap.fail_cc = cc;
	f.tap.fail_rc = rc;
	f.tap.fail_count = count;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* ---- the TPM ------------------------------------------------------------------------------------------ */

/* The launch record is in the log, but not in the TPM: nothing is built, and the log says so once it can. */
static void test_tpm_busy(void **state)
{
	(void)state;
	fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, ONE_COMMAND);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_TPM_BUSY);
	assert_non_null(strstr(why, "nothing was launched"));
	assert_int_equal(f.fake.created, 0);
	assert_true(done.recorded);
	assert_int_equal(done.recnum, 2);
	fail_next(0, 0, 0);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 4);
	assert_record(2, "launch", NULL);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&f);
	/* It can be launched now, and counts as launched before. */
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&f, done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 1);
}

static void test_tpm_lockout(void **state)
{
	(void)state;
	fail_next(TPM2_CC_PCR_Extend, TPM2_RC_LOCKOUT, 1);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_TPM_LOCKOUT);
	assert_int_equal(f.fake.created, 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_OK);
	cairn_agent_sweep(f.agent);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&f);
}

/* A transport that breaks once does not end the agent's work. */
static void test_tpm_breaks(void **state)
{
	(void)state;
	f.tap.break_cc = TPM2_CC_PCR_Extend;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_TPM_ABSENT);
	assert_int_equal(f.fake.created, 0);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&f);
}

/* What was written is not written twice. */
static void test_tpm_busy_stranger(void **state)
{
	(void)state;
	f.fake.domain[0] =
	    (struct cairn_hv_domain){.domid = 7, .uuid = "00000000-0000-0000-0000-000000000007"};
	f.fake.count = 1;
	fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, ONE_COMMAND);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 3);
	fail_next(0, 0, 0);
	cairn_agent_sweep(f.agent);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 3);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&f);
}

/* The phase is said once, also where the TPM did not take it at first. */
static void test_tpm_busy_phase(void **state)
{
	static const char request[] = "{\"op\":\"phase\",\"phase\":\"none\"}";
	const struct cairn_peer root = {.root = true};
	cairn_auto_buf struct cairn_buf first = {0}, second = {0};

	(void)state;
	fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, ONE_COMMAND);
	assert_int_equal(cairn_agent_answer(f.agent, &root, cairn_span_str(request), &first), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&first), "tpm-busy"));
	fail_next(0, 0, 0);
	assert_int_equal(cairn_agent_answer(f.agent, &root, cairn_span_str(request), &second), CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&second), "exists"));
	assert_int_equal(f.agent->log.records, 3);
}

/* A refusal stays a refusal whatever becomes of its record. */
static void test_tpm_busy_refusal(void **state)
{
	(void)state;
	fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, ONE_COMMAND);
	assert_int_equal(launch(fixture_config(&f, "netdrv", "driver_domain = 1\n")), CAIRN_E_DENIED);
	assert_int_equal(f.fake.created, 0);
	assert_true(done.recorded);
	fail_next(0, 0, 0);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	assert_record(2, "refusal", NULL);
	fixture_assert_replays(&f);
}

/* ---- the disk ----------------------------------------------------------------------------------------- */

static void test_disk_full(void **state)
{
	const char *config = fixture_config(&f, "guest1", "");

	(void)state;
	limit_files(f.agent->log.size + 20);
	enum cairn_status st = launch(config);

	limit_files(RLIM_INFINITY);
	assert_int_equal(st, CAIRN_E_NOSPACE);
	assert_non_null(strstr(why, "the file system of the launch log is full"));
	assert_false(done.recorded);
	assert_int_equal(f.fake.created, 0);
	assert_int_equal(f.agent->log.records, 2);
	assert_int_equal(f.agent->state, CAIRN_AGENT_OK);
	fixture_assert_replays(&f);
	assert_int_equal(launch(config), CAIRN_OK);
}

/* The end of a domain is recorded later where it cannot be now. */
static void test_disk_full_exit(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	f.fake.domain[0].shutdown = true;
	f.fake.domain[0].shutdown_reason = 3;
	limit_files(f.agent->log.size + 20);
	cairn_agent_sweep(f.agent);
	cairn_agent_sweep(f.agent);
	limit_files(RLIM_INFINITY);
	assert_int_equal(f.fake.count, 0);
	assert_int_equal(f.agent->log.records, 3);
	cairn_agent_sweep(f.agent);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 4);
	assert_record(3, "exit", "crashed");
	assert_int_equal(cairn_agent_stop_domain(f.agent, "guest1", &b), CAIRN_E_NOTFOUND);
	fixture_assert_replays(&f);
}

/* ---- the hypervisor ----------------------------------------------------------------------------------- */

/* A failed build whose domain cannot be destroyed is not forgotten. */
static void test_destroy_fails(void **state)
{
	(void)state;
	f.fake.create_fails = CAIRN_E_XEN;
	f.fake.destroy_fails = CAIRN_E_XEN;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_XEN);
	assert_int_equal(f.fake.count, 1);
	f.fake.create_fails = CAIRN_OK;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_EXISTS);
	f.fake.destroy_fails = CAIRN_OK;
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.fake.count, 0);
	assert_int_equal(f.fake.unpaused, 0);
	assert_int_equal(f.agent->log.records, 4);
	assert_record(3, "exit", "build-failed");
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&f);
}

/* Two domains with the UUID of the launch: which of them xl built cannot be told, so neither runs. */
static void test_twin(void **state)
{
	(void)state;
	f.fake.twin = true;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_XEN);
	assert_non_null(strstr(why, "UUID"));
	assert_int_equal(f.fake.unpaused, 0);
	assert_int_equal(f.fake.count, 0);
	assert_record(3, "exit", "build-failed");
}

/* Stopping a domain ends that one, not another under its UUID. */
static void test_stop_the_right_one(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	f.fake.domain[1] = f.fake.domain[0];
	f.fake.domain[0].domid = 99;
	f.fake.count = 2;
	assert_int_equal(cairn_agent_stop_domain(f.agent, "guest1", &b), CAIRN_OK);
	assert_int_equal(f.fake.count, 1);
	assert_int_equal(f.fake.domain[0].domid, 99);
}

/* The table of domains is that of this moment, not that of the last sweep. */
static void test_ended_just_now(void **state)
{
	const char *app = fixture_config(&f, "app", "vif = [ 'backend=netdrv' ]\n");

	(void)state;
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", f.authority);
	assert_int_equal(launch(fixture_config(&f, "netdrv", "driver_domain = 1\n")), CAIRN_OK);
	f.fake.count = 0;
	assert_int_equal(launch(app), CAIRN_E_DENIED);
	assert_string_equal(done.reasons.item[0].code, CAIRN_R_BACKEND_NOT_ALLOWED);
	assert_int_equal(launch(fixture_config(&f, "netdrv", "driver_domain = 1\n")), CAIRN_OK);
}

/* Names can be given away and taken; the backend that is recorded is the domain that was launched. */
static void test_backend_is_a_domid(void **state)
{
	(void)state;
	f.fake.next_domid = 4;
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", f.authority);
	assert_int_equal(launch(fixture_config(&f, "netdrv", "driver_domain = 1\n")), CAIRN_OK);
	assert_int_equal(launch(fixture_config(&f, "g", "vif = [ 'backend=netdrv,bridge=b', '' ]\n")),
			 CAIRN_OK);
	assert_non_null(strstr(f.fake.text, "\"backend=5,bridge=b\""));
	assert_non_null(strstr(f.fake.text, "\"backend=0\"")); /* whatever xl.conf says of defaults */
	cairn_auto_json json_t *r = fixture_record(&f, done.recnum);

	assert_string_equal(json_string_value(json_object_get(json_object_get(r, "config"), "vif.0")),
			    "backend=netdrv,bridge=b");
}

static void test_list_fails(void **state)
{
	(void)state;
	f.fake.list_fails = CAIRN_E_XEN;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_XEN);
	assert_int_equal(f.fake.created, 0);
	assert_int_equal(f.agent->log.records, 2);
}

/* More domains than anybody thought of, and more strangers in a boot than there ever are at once. */
static void test_many_domains(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		f.fake.domain[i] = (struct cairn_hv_domain){.domid = i + 1};
		snprintf(f.fake.domain[i].uuid, sizeof(f.fake.domain[i].uuid),
			 "00000000-0000-0000-0000-%012u", i + 1);
	}
	f.fake.next_domid = 600;
	f.fake.count = 600;
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 602);
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	assert_int_equal(f.fake.count, 601);
	for (unsigned i = 0; i < 600; i++)
		f.fake.domain[i].domid = i + 1001;
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 1203);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 1203);
	/* Another cairnd knows them, too. */
	fixture_stop(&f);
	assert_int_equal(fixture_start(&f), 0);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 1203);
}

/* ---- crashes ------------------------------------------------------------------------------------------ */

/* cairnd died between building and unpausing: the domain was never checked, so it never runs. */
static void test_crash_before_unpause(void **state)
{
	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	fixture_stop(&f);
	f.fake.domain[0].paused = true;
	f.fake.unpaused = 0;
	assert_int_equal(fixture_start(&f), 0);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.fake.count, 0);
	assert_int_equal(f.fake.unpaused, 0);
	assert_record(3, "exit", "build-failed");
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	/* One that has run and is paused now is left alone. */
	fixture_stop(&f);
	f.fake.domain[0].paused = true;
	f.fake.domain[0].cpu_ns = 1;
	assert_int_equal(fixture_start(&f), 0);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.fake.count, 1);
	fixture_assert_replays(&f);
}

/* ---- the data volume ---------------------------------------------------------------------------------- */

static void test_too_many_manifests(void **state)
{
	char name[64];

	(void)state;
	for (unsigned i = 0; i <= CAIRN_MANIFESTS_MAX; i++) {
		snprintf(name, sizeof(name), "data/manifests/x-%u.jws", i);
		fixture_file(&f, name, "rubbish");
	}
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_LIMIT);
	assert_non_null(strstr(why, "manifests: more than 256"));
	assert_int_equal(f.fake.created, 0);
	unlink(fixture_file(&f, name, ""));
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
}

static void test_manifests_no_directory(void **state)
{
	char path[160], aside[170];

	(void)state;
	snprintf(path, sizeof(path), "%s/data/manifests", f.dir);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	fixture_file(&f, "data/manifests", "a file");
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_IO);
	assert_non_null(strstr(why, path));
	assert_int_equal(f.fake.created, 0);
	unlink(path);
	assert_int_equal(rename(aside, path), 0);
}

#define T(t)	  cmocka_unit_test_setup_teardown(t, setup, teardown)
#define TAPPED(t) cmocka_unit_test_setup_teardown(t, setup_tapped, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TAPPED(test_tpm_busy),
	    TAPPED(test_tpm_lockout),
	    TAPPED(test_tpm_breaks),
	    TAPPED(test_tpm_busy_stranger),
	    TAPPED(test_tpm_busy_refusal),
	    TAPPED(test_tpm_busy_phase),
	    T(test_disk_full),
	    T(test_disk_full_exit),
	    T(test_destroy_fails),
	    T(test_twin),
	    T(test_stop_the_right_one),
	    T(test_ended_just_now),
	    T(test_backend_is_a_domid),
	    T(test_list_fails),
	    T(test_many_domains),
	    T(test_crash_before_unpause),
	    T(test_too_many_manifests),
	    T(test_manifests_no_directory),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
