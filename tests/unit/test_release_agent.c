/* Release sets on a host: in force when they are dropped in, never an older one, and what they withdraw is refused. The
 * software TPM keeps its counter from test to test, as a TPM does; serial numbers here count from where it stands. */
#include "cli/logs.h"
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIVER "driver_domain = 1\n"

static uint64_t base; /* what the TPM had seen before the test */

static int setup(void **state)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/data/release-set.jws", agentuse.dir);
	(void)unlink(path);
	int failed = agentuse_setup_tapped(state);

	if (failed == 0)
		base = agentuse.agent->release.seen;
	return failed;
}

/* ---- what is dropped in ------------------------------------------------------------------------------- */

static void put(struct cairn_span bytes)
{
	char path[160], temporary[170];

	snprintf(path, sizeof(path), "%s/data/release-set.jws", agentuse.dir);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	assert_int_equal(cairn_file_write(temporary, bytes, 0644), CAIRN_OK);
	assert_int_equal(rename(temporary, path), 0);
}

/* The set base + ahead, with a floor for netdrv (0: none) and perhaps a revoked manifest key. */
static void sign_set(struct cairn_buf *jws, uint64_t ahead, int floor, const char *revoked,
		     const struct cairn_key *key)
{
	cairn_auto_json json_t *v =
	    json_pack("{s:I,s:{},s:[],s:[]}", "serial", (json_int_t)base + (json_int_t)ahead, "floors",
		      "revoked_keys", "revoked_manifests");

	if (floor)
		json_object_set_new(json_object_get(v, "floors"), "netdrv", json_integer(floor));
	if (revoked)
		json_array_append_new(json_object_get(v, "revoked_keys"), json_string(revoked));
	assert_int_equal(cairn_release_set_sign(jws, v, key), CAIRN_OK);
}

static void drop_by(uint64_t ahead, int floor, const char *revoked, const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	sign_set(&jws, ahead, floor, revoked, key);
	put(cairn_buf_span(&jws));
	cairn_agent_sweep(agentuse.agent);
}

static void drop(uint64_t ahead, int floor)
{
	drop_by(ahead, floor, NULL, agentuse.authority);
}

static void assert_in_force(uint64_t ahead)
{
	uint64_t seen = 0;

	assert_int_equal(agentuse.agent->release.set.serial, ahead ? base + ahead : 0);
	if (!ahead)
		return;
	assert_int_equal(cairn_tpm_serial(agentuse.agent->tpm, &seen), CAIRN_OK);
	assert_int_equal(seen, base + ahead);
	assert_int_equal(agentuse.agent->release.seen, base + ahead);
}

static uint64_t last(void)
{
	return agentuse.agent->log.records - 1;
}

static void assert_set_record(uint64_t recnum, uint64_t ahead)
{
	cairn_auto_json json_t *v = fixture_record(&agentuse, recnum);
	struct cairn_release_set_ref ref;

	assert_int_equal(cairn_release_set_from_json(&ref, v), CAIRN_OK);
	assert_int_equal(ref.serial, base + ahead);
	assert_string_equal(ref.kid, cairn_key_kid(agentuse.authority));
}

/* The last record: of no domain in particular where name is "". */
static void assert_refused(const char *name, const char *code)
{
	cairn_auto_json json_t *v = fixture_record(&agentuse, last());
	cairn_auto_refusal struct cairn_refusal r = {0};

	assert_int_equal(cairn_refusal_from_json(&r, v), CAIRN_OK);
	assert_string_equal(r.name, name);
	assert_string_equal(r.reasons.item[0].code, code);
}

static enum cairn_status launch_driver(int release)
{
	const char *config = fixture_config(&agentuse, "netdrv", DRIVER);

	fixture_release(&agentuse, release == 3 ? "netdrv-3.jws" : "netdrv-4.jws", "netdrv", "driver.network",
			(uint64_t)release, agentuse.authority);
	return agentuse_launch(config);
}

static void restart_agent(void)
{
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

/* First: no set has ever been seen. */
static void test_without_any(void **state)
{
	(void)state;
	assert_int_equal(base, 0);
	assert_null(json_string_value(cairn_release_json(agentuse.agent)));
	assert_int_equal(launch_driver(3), CAIRN_OK);
	assert_in_force(0);
	assert_int_equal(agentuse.agent->log.records, 3);
}

/* A host that is told to need one launches nothing without; the host record says that it is such a host. */
static void test_required(void **state)
{
	(void)state;
	assert_int_equal(base, 0);
	agentuse.conf.release_set_required = true;
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_RELEASE_SET_MISSING);
	assert_non_null(strstr(agentuse_why, "release_set = required"));
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest", "")), CAIRN_OK);
	cairn_auto_json json_t *host = fixture_record(&agentuse, 0);

	assert_string_equal(agentuse_text(host, "config", "release_set"), "required");
	drop(1, 3);
	assert_int_equal(launch_driver(3), CAIRN_OK);
	agentuse.conf.release_set_required = false;
}

static void test_dropped_in(void **state)
{
	(void)state;
	drop(1, 3);
	assert_in_force(1);
	assert_set_record(2, 1);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 3);
	assert_int_equal(launch_driver(3), CAIRN_OK);
	drop(4, 4);
	assert_in_force(4);
	assert_set_record(4, 4);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &(struct cairn_buf){0}), CAIRN_OK);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_BELOW_FLOOR);
	assert_non_null(strstr(agentuse_why, "install a newer one"));
	assert_int_equal(launch_driver(4), CAIRN_OK);
	fixture_assert_replays(&agentuse);
	cairn_auto_json json_t *status = cairn_release_json(agentuse.agent);

	assert_int_equal(json_integer_value(json_object_get(status, "serial")), (json_int_t)base + 4);
	assert_int_equal(json_integer_value(json_object_get(status, "seen")), (json_int_t)base + 4);
}

/* The chain of the host tells which set came into force when. */
static void test_chain(void **state)
{
	static const struct cairn_peer root = {.uid = 0, .root = true};
	cairn_auto_json json_t *chain = NULL;
	char name[48], signer[80];

	(void)state;
	drop(1, 3);
	cairn_auto_json json_t *answer = agentuse_ask(&root, json_pack("{s:s}", "op", "chain"));

	assert_int_equal(cairn_cli_chain(&chain, answer), CAIRN_OK);
	cairn_auto_buf struct cairn_buf text = {0};

	assert_int_equal(cairn_json_dump(&text, json_object_get(chain, "tree")), CAIRN_OK);
	snprintf(name, sizeof(name), "\"release set %llu\"", (unsigned long long)base + 1);
	snprintf(signer, sizeof(signer), "record 2, signed by %s", cairn_key_kid(agentuse.authority));
	assert_non_null(strstr(cairn_buf_str(&text), name));
	assert_non_null(strstr(cairn_buf_str(&text), signer));
}

/* cairnd started again in the same boot goes on with it, and says it once; after a boot it says it again. */
static void test_starts_with_it(void **state)
{
	(void)state;
	drop(1, 3);
	uint64_t records = agentuse.agent->log.records;

	restart_agent();
	assert_in_force(1);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_in_force(1);
	assert_set_record(2, 1);
	assert_int_equal(launch_driver(3), CAIRN_OK);
}

/* While a set is in force an older one changes nothing; after a start without it nothing is launched. */
static void test_an_older_one(void **state)
{
	(void)state;
	drop(3, 3);
	drop(2, 0);
	assert_in_force(3);
	assert_refused("", CAIRN_R_RELEASE_SET_OLD);
	assert_int_equal(launch_driver(3), CAIRN_OK);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_in_force(0);
	assert_refused("", CAIRN_R_RELEASE_SET_OLD);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_RELEASE_SET_OLD);
	drop(3, 3);
	assert_in_force(3);
	assert_int_equal(launch_driver(3), CAIRN_OK);
	fixture_assert_replays(&agentuse);
}

static void test_taken_away(void **state)
{
	char path[160];

	(void)state;
	drop(1, 3);
	snprintf(path, sizeof(path), "%s/data/release-set.jws", agentuse.dir);
	assert_int_equal(unlink(path), 0);
	cairn_agent_sweep(agentuse.agent);
	assert_in_force(1);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_in_force(0);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_RELEASE_SET_MISSING);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest", "")), CAIRN_OK);
	cairn_auto_json json_t *status = cairn_release_json(agentuse.agent);

	assert_non_null(status);
	assert_int_equal(json_integer_value(json_object_get(status, "serial")), 0);
	assert_int_equal(json_integer_value(json_object_get(status, "seen")), (json_int_t)base + 1);
}

/* Twins, strangers, and bytes that are nothing: none of them is used, and what was in force stays. */
static void test_what_is_not_taken(void **state)
{
	struct cairn_agent_release *r = &agentuse.agent->release;

	(void)state;
	drop(2, 3);
	drop(2, 0);
	assert_refused("", CAIRN_R_RELEASE_SET_OLD);
	r->refused_ms = 0;
	drop_by(3, 0, NULL, agentuse_stranger);
	assert_refused("", CAIRN_R_UNTRUSTED_SIGNER);
	r->refused_ms = 0;
	put(cairn_span_str("no set"));
	cairn_agent_sweep(agentuse.agent);
	assert_refused("", CAIRN_R_BAD_SIGNATURE);
	uint64_t records = agentuse.agent->log.records;

	put(cairn_span_str("not one either"));
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, records); /* one a minute */
	r->refused_ms = 0;
	drop(2 + CAIRN_TPM_SERIAL_STEPS + 1, 0);
	assert_refused("", CAIRN_R_CONFIG_UNSUPPORTED);
	assert_in_force(2);
	assert_int_equal(launch_driver(3), CAIRN_OK);
}

static void test_revoked_key(void **state)
{
	(void)state;
	assert_int_equal(cairn_jwks_add(agentuse.agent->authorities, agentuse_stranger), CAIRN_OK);
	fixture_release(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", 3, agentuse_stranger);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", DRIVER)), CAIRN_E_DENIED);
	drop_by(1, 0, NULL, agentuse_stranger);
	assert_in_force(1);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", DRIVER)), CAIRN_OK);
	drop_by(2, 0, cairn_key_kid(agentuse_stranger), agentuse.authority);
	assert_in_force(2);
	drop_by(3, 0, NULL, agentuse_stranger);
	assert_in_force(2);
	assert_refused("", CAIRN_R_REVOKED);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &(struct cairn_buf){0}), CAIRN_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", DRIVER)), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_REVOKED);
}

/* A vendor's key, which is no authority's, signs for the names that the set gives it, and as long as it does. */
static void test_vendor(void **state)
{
	json_t *jwk = NULL;
	cairn_auto_json json_t *v = json_pack("{s:I,s:{},s:[],s:[]}", "serial", (json_int_t)base + 1,
					      "floors", "revoked_keys", "revoked_manifests");
	cairn_auto_buf struct cairn_buf jws = {0};
	const char *config = fixture_config(&agentuse, "netdrv", DRIVER);
	const char *other = fixture_config(&agentuse, "blkdrv", DRIVER);

	(void)state;
	assert_int_equal(cairn_key_jwk(&jwk, agentuse_stranger, false), CAIRN_OK);
	json_object_set_new(v, "delegates", json_pack("[{s:o,s:[s]}]", "key", jwk, "names", "netdrv"));
	fixture_release(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", 3, agentuse_stranger);
	fixture_release(&agentuse, "blkdrv-3.jws", "blkdrv", "driver.network", 3, agentuse_stranger);
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	assert_int_equal(cairn_release_set_sign(&jws, v, agentuse.authority), CAIRN_OK);
	put(cairn_buf_span(&jws));
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	assert_int_equal(agentuse_launch(other), CAIRN_E_DENIED);
	assert_refused("blkdrv", CAIRN_R_UNTRUSTED_SIGNER);
	drop(2, 0);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "netdrv", &(struct cairn_buf){0}), CAIRN_OK);
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
}

/* A TPM that does not take the number now: the set is not in force, and is tried again. */
static void test_tpm_fails(void **state)
{
	(void)state;
	drop(1, 3);
	agentuse_fail_next(TPM2_CC_NV_Increment, TPM2_RC_FAILURE, 1);
	drop(2, 4);
	assert_int_equal(agentuse.agent->release.set.serial, base + 1);
	agentuse_fail_next(0, 0, 0);
	cairn_agent_sweep(agentuse.agent);
	assert_in_force(2);
	assert_set_record(last(), 2);
	fixture_assert_replays(&agentuse);
}

/* No room for its record: it is in force all the same, and on record when there is room. */
static void test_log_is_full(void **state)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	uint64_t records = agentuse.agent->log.records;
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	sign_set(&jws, 1, 4, NULL, agentuse.authority);
	put(cairn_buf_span(&jws));
	agentuse_limit_files(agentuse.agent->log.size + 10);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	agentuse_limit_files(all.rlim_max);
	assert_in_force(1);
	assert_int_equal(agentuse.agent->log.records, records);
	cairn_agent_sweep(agentuse.agent);
	assert_set_record(records, 1);
	fixture_assert_replays(&agentuse);
}

/* Somebody with the owner's authorisation deletes the counter: old sets stay old, and what stands there instead of it
 * is not believed. Last, since it moves the count. */
static void test_counter_deleted(void **state)
{
	char delete[160], define[200];
	const char *const nv_delete[] = {"sh", "-c", delete, NULL}, *const nv_define[] = {"sh", "-c", define,
											  NULL};

	(void)state;
	snprintf(delete, sizeof(delete), "tpm2_nvundefine -T %s 0x%08x", agentuse.swtpm.tcti,
		 CAIRN_TPM_SERIAL_INDEX);
	snprintf(define, sizeof(define), "tpm2_nvdefine -T %s -s 8 -a 'authread|authwrite' 0x%08x",
		 agentuse.swtpm.tcti, CAIRN_TPM_SERIAL_INDEX);
	drop(1, 3);
	fixture_stop(&agentuse);
	assert_int_equal(swtpm_run(&agentuse.swtpm, nv_delete), 0);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_int_equal(agentuse.agent->release.set.serial, 0);
	assert_refused("", CAIRN_R_RELEASE_SET_OLD);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	drop(3, 3); /* above what any counter ever had */
	assert_in_force(3);
	fixture_stop(&agentuse);
	assert_int_equal(swtpm_run(&agentuse.swtpm, nv_delete), 0);
	assert_int_equal(swtpm_run(&agentuse.swtpm, nv_define), 0);
	assert_int_equal(fixture_boot(&agentuse), 0);
	assert_int_equal(launch_driver(3), CAIRN_E_DENIED);
	assert_refused("netdrv", CAIRN_R_RELEASE_SET_MISSING);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, agentuse_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_without_any),	TEST(test_required),	      TEST(test_dropped_in),
	    TEST(test_chain),		TEST(test_starts_with_it),    TEST(test_an_older_one),
	    TEST(test_taken_away),	TEST(test_what_is_not_taken), TEST(test_revoked_key),
	    TEST(test_vendor),		TEST(test_tpm_fails),	      TEST(test_log_is_full),
	    TEST(test_counter_deleted),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
