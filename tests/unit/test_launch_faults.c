/* Launches where something else goes wrong: a TPM that is busy, a full disk, a hypervisor that answers oddly,
 * a toolstack that does more than was asked, a crash in between. Nothing is lost, nothing unmeasured runs. */
#define _GNU_SOURCE
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_tpm2_types.h>

static void assert_record(uint64_t recnum, const char *type, const char *reason)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);
	const char *got = json_string_value(json_object_get(r, "reason"));

	assert_string_equal(json_string_value(json_object_get(r, "type")), type);
	if (reason)
		assert_string_equal(got ? got : "(none)", reason);
}

/* ---- the TPM ------------------------------------------------------------------------------------------ */

/* The launch record is in the log, but not in the TPM: nothing is built, and the log says so once it can. */
static void test_tpm_busy(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, AGENTUSE_ONE_COMMAND);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_TPM_BUSY);
	assert_non_null(strstr(agentuse_why, "nothing was launched"));
	assert_int_equal(agentuse.fake.created, 0);
	assert_true(agentuse_done.recorded);
	assert_int_equal(agentuse_done.recnum, 2);
	agentuse_fail_next(0, 0, 0);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 4);
	assert_record(2, "launch", NULL);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&agentuse);
	/* It can be launched now, and counts as launched before. */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 1);
}

static void test_tpm_lockout(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_LOCKOUT, 1);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_TPM_LOCKOUT);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	cairn_agent_sweep(agentuse.agent);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&agentuse);
}

/* A transport that breaks once does not end the agent's work. */
static void test_tpm_breaks(void **state)
{
	(void)state;
	agentuse.tap.break_cc = TPM2_CC_PCR_Extend;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_TPM_ABSENT);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	assert_record(3, "exit", "build-failed");
	fixture_assert_replays(&agentuse);
}

/* A boot in which strangers are reported, and nothing more. */
static void boot_in_audit(void)
{
	agentuse.conf.mode_service = "audit";
	assert_int_equal(fixture_boot(&agentuse), 0);
}

static int teardown_audit(void **state)
{
	agentuse.conf.mode_service = "enforce";
	return agentuse_teardown(state);
}

/* What was written is not written twice. */
static void test_tpm_busy_stranger(void **state)
{
	(void)state;
	boot_in_audit();
	agentuse.agent->strangers.last_domid = 6;
	agentuse.fake.domain[0] =
	    (struct cairn_hv_domain){.domid = 7, .uuid = "00000000-0000-0000-0000-000000000007"};
	agentuse.fake.count = 1;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, AGENTUSE_ONE_COMMAND);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 3);
	agentuse_fail_next(0, 0, 0);
	cairn_agent_sweep(agentuse.agent);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 3);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&agentuse);
}

/* The phase is said once, also where the TPM did not take it at first. */
static void test_tpm_busy_phase(void **state)
{
	static const char request[] = "{\"op\":\"phase\",\"phase\":\"none\"}";
	const struct cairn_peer root = {.root = true};
	cairn_auto_buf struct cairn_buf first = {0}, second = {0};

	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, AGENTUSE_ONE_COMMAND);
	assert_int_equal(cairn_agent_answer(agentuse.agent, &root, cairn_span_str(request), &first),
			 CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&first), "tpm-busy"));
	agentuse_fail_next(0, 0, 0);
	assert_int_equal(cairn_agent_answer(agentuse.agent, &root, cairn_span_str(request), &second),
			 CAIRN_OK);
	assert_non_null(strstr(cairn_buf_str(&second), "exists"));
	assert_int_equal(agentuse.agent->log.records, 3);
}

/* A refusal stays a refusal whatever becomes of its record. */
static void test_tpm_busy_refusal(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, AGENTUSE_ONE_COMMAND);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	assert_true(agentuse_done.recorded);
	agentuse_fail_next(0, 0, 0);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	assert_record(2, "refusal", NULL);
	fixture_assert_replays(&agentuse);
}

/* ---- the disk ----------------------------------------------------------------------------------------- */

static void test_disk_full(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	agentuse_limit_files(agentuse.agent->log.size + 20);
	enum cairn_status st = agentuse_launch(config);

	agentuse_limit_files(RLIM_INFINITY);
	assert_int_equal(st, CAIRN_E_NOSPACE);
	assert_non_null(strstr(agentuse_why, "the file system of the launch log is full"));
	assert_false(agentuse_done.recorded);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(agentuse.agent->log.records, 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	fixture_assert_replays(&agentuse);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
}

/* The end of a domain is recorded later where it cannot be now. */
static void test_disk_full_exit(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	agentuse.fake.domain[0].shutdown = true;
	agentuse.fake.domain[0].shutdown_reason = 3;
	agentuse_limit_files(agentuse.agent->log.size + 20);
	cairn_agent_sweep(agentuse.agent);
	cairn_agent_sweep(agentuse.agent);
	agentuse_limit_files(RLIM_INFINITY);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.agent->log.records, 3);
	cairn_agent_sweep(agentuse.agent);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 4);
	assert_record(3, "exit", "crashed");
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &b), CAIRN_E_NOTFOUND);
	fixture_assert_replays(&agentuse);
}

/* ---- the hypervisor ----------------------------------------------------------------------------------- */

/* A failed build whose domain cannot be destroyed is not forgotten. */
static void test_destroy_fails(void **state)
{
	(void)state;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	agentuse.fake.destroy_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.count, 1);
	agentuse.fake.create_fails = CAIRN_OK;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_EXISTS);
	agentuse.fake.destroy_fails = CAIRN_OK;
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.fake.unpaused, 0);
	assert_int_equal(agentuse.agent->log.records, 4);
	assert_record(3, "exit", "build-failed");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&agentuse);
}

/* Two domains with the UUID of the launch: which of them xl built cannot be told, so neither runs. */
static void test_twin(void **state)
{
	(void)state;
	agentuse.fake.twin = true;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_XEN);
	assert_non_null(strstr(agentuse_why, "UUID"));
	assert_int_equal(agentuse.fake.unpaused, 0);
	assert_int_equal(agentuse.fake.count, 0);
	assert_record(3, "exit", "build-failed");
}

/* Stopping a domain ends that one, not another under its UUID. */
static void test_stop_the_right_one(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	agentuse.fake.domain[1] = agentuse.fake.domain[0];
	agentuse.fake.domain[0].domid = 99;
	agentuse.fake.count = 2;
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &b), CAIRN_OK);
	assert_int_equal(agentuse.fake.count, 1);
	assert_int_equal(agentuse.fake.domain[0].domid, 99);
}

/* The table of domains is that of this moment, not that of the last sweep. */
static void test_ended_just_now(void **state)
{
	const char *app = fixture_config(&agentuse, "app", "vif = [ 'backend=netdrv' ]\n");

	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_OK);
	agentuse.fake.count = 0;
	assert_int_equal(agentuse_launch(app), CAIRN_E_DENIED);
	assert_string_equal(agentuse_done.reasons.item[0].code, CAIRN_R_BACKEND_NOT_ALLOWED);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_OK);
}

/* Names can be given away and taken; the backend that is recorded is the domain that was launched. */
static void test_backend_is_a_domid(void **state)
{
	(void)state;
	agentuse.fake.next_domid = agentuse.agent->strangers.last_domid = 4;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_OK);
	assert_int_equal(
	    agentuse_launch(fixture_config(&agentuse, "g", "vif = [ 'backend=netdrv,bridge=b', '' ]\n")),
	    CAIRN_OK);
	assert_non_null(strstr(agentuse.fake.text, "\"backend=5,bridge=b\""));
	assert_non_null(strstr(agentuse.fake.text, "\"backend=0\"")); /* whatever xl.conf says of defaults */
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);

	assert_string_equal(json_string_value(json_object_get(json_object_get(r, "config"), "vif.0")),
			    "backend=netdrv,bridge=b");
}

static void test_list_fails(void **state)
{
	(void)state;
	agentuse.fake.list_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(agentuse.agent->log.records, 2);
}

/* More domains than anybody thought of, and more strangers in a boot than there ever are at once. */
static void test_many_domains(void **state)
{
	(void)state;
	boot_in_audit();
	for (unsigned i = 0; i < 600; i++) {
		agentuse.fake.domain[i] = (struct cairn_hv_domain){.domid = i + 1};
		snprintf(agentuse.fake.domain[i].uuid, sizeof(agentuse.fake.domain[i].uuid),
			 "00000000-0000-0000-0000-%012u", i + 1);
	}
	agentuse.fake.next_domid = 600;
	agentuse.fake.count = 600;
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 602);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	assert_int_equal(agentuse.fake.count, 601);
	for (unsigned i = 0; i < 600; i++)
		agentuse.fake.domain[i].domid = i + 602; /* the launched one has 601 */
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 1203);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 1203);
	/* Another cairnd knows them, too. */
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 1203);
}

/* ---- crashes ------------------------------------------------------------------------------------------ */

/* cairnd died between building and unpausing: the domain was never checked, so it never runs. */
static void test_crash_before_unpause(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_stop(&agentuse);
	agentuse.fake.domain[0].paused = true;
	agentuse.fake.unpaused = 0;
	assert_int_equal(fixture_start(&agentuse), 0);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.fake.unpaused, 0);
	assert_record(3, "exit", "build-failed");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	/* One that has run and is paused now is left alone. */
	fixture_stop(&agentuse);
	agentuse.fake.domain[0].paused = true;
	agentuse.fake.domain[0].cpu_ns = 1;
	assert_int_equal(fixture_start(&agentuse), 0);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.fake.count, 1);
	fixture_assert_replays(&agentuse);
}

/* ---- the data volume ---------------------------------------------------------------------------------- */

static void test_too_many_manifests(void **state)
{
	char name[64];

	(void)state;
	for (unsigned i = 0; i <= CAIRN_MANIFESTS_MAX; i++) {
		snprintf(name, sizeof(name), "data/manifests/x-%u.jws", i);
		fixture_file(&agentuse, name, "rubbish");
	}
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_LIMIT);
	assert_non_null(strstr(agentuse_why, "manifests: more than 256"));
	assert_int_equal(agentuse.fake.created, 0);
	unlink(fixture_file(&agentuse, name, ""));
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
}

static void test_manifests_no_directory(void **state)
{
	char path[160], aside[170];

	(void)state;
	snprintf(path, sizeof(path), "%s/data/manifests", agentuse.dir);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	fixture_file(&agentuse, "data/manifests", "a file");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_IO);
	assert_non_null(strstr(agentuse_why, path));
	assert_int_equal(agentuse.fake.created, 0);
	unlink(path);
	assert_int_equal(rename(aside, path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TAPPED(test_tpm_busy),
	    AGENTUSE_TAPPED(test_tpm_lockout),
	    AGENTUSE_TAPPED(test_tpm_breaks),
	    cmocka_unit_test_setup_teardown(test_tpm_busy_stranger, agentuse_setup_tapped, teardown_audit),
	    AGENTUSE_TAPPED(test_tpm_busy_refusal),
	    AGENTUSE_TAPPED(test_tpm_busy_phase),
	    AGENTUSE_TEST(test_disk_full),
	    AGENTUSE_TEST(test_disk_full_exit),
	    AGENTUSE_TEST(test_destroy_fails),
	    AGENTUSE_TEST(test_twin),
	    AGENTUSE_TEST(test_stop_the_right_one),
	    AGENTUSE_TEST(test_ended_just_now),
	    AGENTUSE_TEST(test_backend_is_a_domid),
	    AGENTUSE_TEST(test_list_fails),
	    cmocka_unit_test_setup_teardown(test_many_domains, agentuse_setup, teardown_audit),
	    AGENTUSE_TEST(test_crash_before_unpause),
	    AGENTUSE_TEST(test_too_many_manifests),
	    AGENTUSE_TEST(test_manifests_no_directory),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
