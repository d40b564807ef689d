/* Launches: what is recorded is what is built, and everything else is refused, recorded and not built. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent_fixture.h"

static struct agent_fixture f;
static struct cairn_key *stranger;
static struct cairn_launched done;
static char why[1024];

static int group_setup(void **state)
{
	(void)state;
	return fixture_init(&f, NULL) == 0 && cairn_key_generate(&stranger, CAIRN_SIG_EDDSA) == CAIRN_OK ? 0
													 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	cairn_key_free(stranger);
	fixture_fini(&f);
	return 0;
}

static int setup(void **state)
{
	(void)state;
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

static const char *text_of(json_t *record, const char *a, const char *b)
{
	json_t *v = json_object_get(record, a);

	return json_string_value(b ? json_object_get(v, b) : v);
}

static void assert_type(uint64_t recnum, const char *type)
{
	cairn_auto_json json_t *r = fixture_record(&f, recnum);

	assert_string_equal(text_of(r, "type", NULL), type);
}

static void assert_refused(const char *config, const char *code)
{
	unsigned created = f.fake.created;
	uint64_t records = f.agent->log.records;
	enum cairn_status st = launch(config);

	if (st != CAIRN_E_DENIED)
		fail_msg("%s: %s: %s", code, cairn_status_name(st), why);
	assert_int_equal(f.fake.created, created);
	assert_int_equal(f.fake.count, 0);
	assert_true(done.recorded);
	assert_int_equal(done.recnum, records);
	assert_type(records, "refusal");
	if (strcmp(done.reasons.item[0].code, code) != 0)
		fail_msg("expected %s, got %s: %s", code, done.reasons.item[0].code, why);
	fixture_assert_replays(&f);
}

/* ---- allowed ------------------------------------------------------------------------------------------ */

static void test_first_records(void **state)
{
	cairn_auto_json json_t *host = fixture_record(&f, 0);

	(void)state;
	assert_string_equal(text_of(host, "type", NULL), "host");
	assert_string_equal(text_of(host, "xen", "build_id"), "0123456789abcdef");
	assert_string_equal(text_of(json_object_get(host, "xen"), "image", "sha256"), "unvouched");
	assert_int_equal(strlen(text_of(host, "agent", "sha256")), 64);
	assert_int_equal(json_array_size(json_object_get(json_object_get(host, "trust"), "authorities")), 1);
	assert_type(1, "boot");
	assert_int_equal(f.agent->log.records, 2);
	assert_int_equal(f.agent->state, CAIRN_AGENT_OK);
	assert_non_null(strstr(f.agent->boot_log_status, "missing"));
	fixture_assert_replays(&f);
}

static void test_guest(void **state)
{
	struct cairn_digest want;

	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "type = \"pvh\"\ntsc_mode = \"native\"\n")),
			 CAIRN_OK);
	assert_int_equal(done.domid, 1);
	assert_int_equal(done.recnum, 2);
	cairn_auto_json json_t *r = fixture_record(&f, 2);

	assert_string_equal(text_of(r, "type", NULL), "launch");
	assert_true(json_is_null(json_object_get(r, "manifest")));
	assert_int_equal(json_array_size(json_object_get(r, "roles")), 0);
	assert_string_equal(text_of(r, "cmdline", NULL), "console=hvc0");
	assert_string_equal(text_of(r, "config", "tsc_mode"), "native");
	assert_string_equal(text_of(r, "config", "on_reboot"), "destroy");
	/* The record says what xl was given, and both are what lies in the files. */
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a kernel")), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &f.fake.kernel));
	assert_string_equal(text_of(json_object_get(r, "components"), "kernel", "sha256"),
			    cairn_digest_hex(&want).text);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a ramdisk")), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &f.fake.ramdisk));
	assert_string_equal(text_of(json_object_get(r, "components"), "ramdisk", "sha256"),
			    cairn_digest_hex(&want).text);
	assert_string_equal(text_of(r, "domain", "uuid"), f.fake.domain[0].uuid);
	assert_string_equal(f.fake.config.cmdline, "console=hvc0");
	assert_non_null(strstr(f.fake.config.kernel, "/fd/"));
	assert_false(f.fake.domain[0].paused);
	assert_int_equal(f.fake.published, 4);
	fixture_assert_replays(&f);
	/* A second one of that name. */
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_EXISTS);
	assert_int_equal(f.fake.created, 1);
}

static void test_service(void **state)
{
	(void)state;
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", f.authority);
	fixture_manifest(&f, "app-3.jws", "app", "service", f.authority);
	assert_int_equal(launch(fixture_config(&f, "netdrv", "driver_domain = 1\n")), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&f, 2);

	assert_string_equal(text_of(r, "manifest", "name"), "netdrv");
	assert_string_equal(text_of(r, "manifest", "kid"), cairn_key_kid(f.authority));
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "roles"), 0)),
			    "driver.network");
	assert_int_equal(
	    launch(fixture_config(&f, "app", "vif = [ 'backend=netdrv,mac=00:16:3e:00:00:02' ]\n")),
	    CAIRN_OK);
	cairn_auto_json json_t *app = fixture_record(&f, 3);
	json_t *used = json_array_get(json_object_get(app, "backends_used"), 0);

	assert_string_equal(text_of(used, "backend", NULL), "netdrv");
	assert_string_equal(text_of(used, "class", NULL), "vif");
	assert_int_equal(f.fake.unpaused, 2);
	fixture_assert_replays(&f);
}

/* ---- refused ------------------------------------------------------------------------------------------ */

static void test_one_byte(void **state)
{
	struct cairn_digest want, found;

	(void)state;
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", f.authority);
	const char *config = fixture_config(&f, "netdrv", "driver_domain = 1\n");
	const char *ramdisk = fixture_file(&f, "ramdisk", "a rbmdisk");

	assert_refused(config, CAIRN_R_DIGEST_MISMATCH);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a ramdisk")), CAIRN_OK);
	assert_int_equal(cairn_hash(&found, CAIRN_ALG_SHA256, cairn_span_str("a rbmdisk")), CAIRN_OK);
	assert_string_equal(done.reasons.item[0].component, "ramdisk");
	assert_string_equal(done.reasons.item[0].file, ramdisk);
	assert_string_equal(done.reasons.item[0].expected, cairn_digest_hex(&want).text);
	assert_string_equal(done.reasons.item[0].found, cairn_digest_hex(&found).text);
	assert_non_null(strstr(why, ramdisk));
	assert_non_null(strstr(why, cairn_digest_hex(&found).text));
	/* The right file again, and it runs. */
	fixture_file(&f, "ramdisk", "a ramdisk");
	assert_int_equal(launch(config), CAIRN_OK);
}

static void test_manifests(void **state)
{
	const char *config = fixture_config(&f, "netdrv", "driver_domain = 1\n");

	(void)state;
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", stranger);
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	assert_string_equal(done.reasons.item[1].code, CAIRN_R_UNTRUSTED_SIGNER);
	fixture_file(&f, "data/manifests/netdrv-3.jws", "not a manifest at all");
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	assert_int_equal(done.reasons.count, 2);
	fixture_manifest(&f, "netdrv-3.jws", "other", "driver.network", f.authority);
	assert_refused(config, CAIRN_R_WRONG_NAME);
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "service", f.authority);
	assert_refused(config, CAIRN_R_ROLE_NOT_ALLOWED);
	/* A broken file beside the right one does not matter. */
	fixture_manifest(&f, "netdrv-3.jws", "netdrv", "driver.network", f.authority);
	fixture_file(&f, "data/manifests/netdrv-4.jws", "rubbish");
	assert_int_equal(launch(config), CAIRN_OK);
}

/* Somebody who runs under the name of a service without being it, or whose manifest was broken. */
static void test_service_name(void **state)
{
	const char *config = fixture_config(&f, "app", "");

	(void)state;
	fixture_manifest(&f, "app-3.jws", "app", "service", f.authority);
	fixture_file(&f, "kernel", "another kernel");
	assert_refused(config, CAIRN_R_DIGEST_MISMATCH);
	fixture_file(&f, "kernel", "a kernel");
	fixture_file(&f, "data/manifests/app-3.jws", "rubbish");
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	fixture_manifest(&f, "app-3.jws", "app", "driver.network", f.authority);
	assert_refused(config, CAIRN_R_ROLE_NOT_ALLOWED);
}

static void test_constraints(void **state)
{
	(void)state;
	fixture_manifest(&f, "app-3.jws", "app", "service", f.authority);
	assert_refused(fixture_config(&f, "app", "maxmem = 128\n"), CAIRN_R_MEMORY_EXCEEDED);
	assert_refused(fixture_config(&f, "app", "vcpus = 1\nmaxvcpus = 2\n"), CAIRN_R_VCPUS_EXCEEDED);
	assert_refused(fixture_config(&f, "app", "type = \"pvh\"\n"), CAIRN_R_WRONG_TYPE);
	assert_refused(fixture_config(&f, "app", "root = \"/dev/xvda\"\n"), CAIRN_R_CMDLINE_MISMATCH);
	assert_refused(fixture_config(&f, "app", "vif = [ '' ]\n"), CAIRN_R_BACKEND_NOT_ALLOWED);
	/* Allowed by the manifest, but no driver domain of that name runs. */
	assert_refused(fixture_config(&f, "app", "vif = [ 'backend=netdrv' ]\n"),
		       CAIRN_R_BACKEND_NOT_ALLOWED);
}

static void test_files(void **state)
{
	char gone[160], text[512];

	(void)state;
	assert_refused("/nowhere/x.cfg", CAIRN_R_FILE_MISSING);
	assert_refused(f.dir, CAIRN_R_FILE_UNREADABLE);
	assert_refused(fixture_file(&f, "e.cfg", ""), CAIRN_R_FILE_EMPTY);
	assert_refused(fixture_file(&f, "b.cfg",
				    "\x7f"
				    "ELF"),
		       CAIRN_R_CONFIG_MALFORMED);
	assert_refused(fixture_config(&f, "d", "disk = [ 'x' ]\n"), CAIRN_R_CONFIG_UNSUPPORTED);
	assert_non_null(strstr(why, "disk"));
	assert_string_equal(done.name, "d");
	fixture_file(&f, "kernel", "");
	assert_refused(fixture_config(&f, "k", ""), CAIRN_R_FILE_EMPTY);
	assert_string_equal(done.reasons.item[0].component, "kernel");
	fixture_file(&f, "kernel", "a kernel");
	snprintf(gone, sizeof(gone), "%s/ramdisk", f.dir);
	unlink(gone);
	assert_refused(fixture_config(&f, "r", ""), CAIRN_R_FILE_MISSING);
	assert_string_equal(done.reasons.item[0].component, "ramdisk");
	assert_string_equal(done.reasons.item[0].file, gone);
	assert_int_equal(mkfifo(gone, 0600), 0);
	assert_refused(fixture_config(&f, "r", ""), CAIRN_R_FILE_UNREADABLE);
	unlink(gone);
	fixture_file(&f, "ramdisk", "x");
	assert_int_equal(truncate(gone, (1 << 20) + 1), 0); /* max_image_mib = 1 */
	assert_refused(fixture_config(&f, "r", ""), CAIRN_R_FILE_UNREADABLE);
	snprintf(text, sizeof(text), "name=\"q\"\nkernel=\"/proc/self/mem\"\nmemory=64\n");
	assert_refused(fixture_file(&f, "q.cfg", text), CAIRN_R_FILE_EMPTY);
	unlink(gone);
}

static void test_rate(void **state)
{
	const char *config = fixture_config(&f, "netdrv", "driver_domain = 1\n");
	const char *other = fixture_config(&f, "d", "disk = [ 'x' ]\n");

	(void)state;
	for (unsigned i = 0; i < CAIRN_REFUSALS_MINUTE; i++)
		assert_refused(config, CAIRN_R_NO_MANIFEST);
	uint64_t records = f.agent->log.records;

	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(launch(config), CAIRN_E_DENIED);
	assert_false(done.recorded);
	assert_int_equal(done.reasons.count, 1);
	assert_int_equal(f.agent->log.records, records);
	assert_refused(other, CAIRN_R_CONFIG_UNSUPPORTED); /* another one still is */
}

/* ---- building that fails ------------------------------------------------------------------------------ */

static void assert_not_built(enum cairn_status want)
{
	uint64_t records = f.agent->log.records;

	assert_int_equal(launch(fixture_config(&f, "guest1", "")), want);
	assert_int_equal(f.fake.count, 0);
	assert_int_equal(f.fake.unpaused, 0);
	assert_string_equal(done.reasons.item[0].code, CAIRN_R_BUILD_FAILED);
	assert_type(records, "launch");
	cairn_auto_json json_t *r = fixture_record(&f, records + 1);

	assert_string_equal(text_of(r, "type", NULL), "exit");
	assert_string_equal(text_of(r, "reason", NULL), "build-failed");
	assert_null(cairn_domains_live(&f.agent->domains, "guest1"));
	fixture_assert_replays(&f);
}

static void test_build_fails(void **state)
{
	(void)state;
	f.fake.create_fails = CAIRN_E_XEN;
	assert_not_built(CAIRN_E_XEN);
	assert_non_null(strstr(why, "libxl says no"));
	f.fake.create_fails = CAIRN_E_TIMEOUT;
	assert_not_built(CAIRN_E_TIMEOUT);
	f.fake.create_fails = CAIRN_OK;
	f.fake.runs_early = true;
	assert_not_built(CAIRN_E_XEN);
	f.fake.runs_early = false;
	f.fake.other_type = true;
	assert_not_built(CAIRN_E_XEN);
	f.fake.other_type = false;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&f, done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 4);
}

/* ---- ends --------------------------------------------------------------------------------------------- */

static void assert_exit(uint64_t recnum, const char *reason, uint64_t launch_record)
{
	cairn_auto_json json_t *r = fixture_record(&f, recnum);

	assert_string_equal(text_of(r, "type", NULL), "exit");
	assert_string_equal(text_of(r, "reason", NULL), reason);
	assert_int_equal(json_integer_value(json_object_get(r, "launch")), launch_record);
}

static void test_ends(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	const char *config = fixture_config(&f, "guest1", "");

	(void)state;
	assert_int_equal(launch(config), CAIRN_OK); /* 2 */
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 3);
	f.fake.count = 0;
	cairn_agent_sweep(f.agent); /* 3 */
	assert_exit(3, "destroyed", 2);
	assert_int_equal(launch(config), CAIRN_OK); /* 4 */
	f.fake.domain[0].shutdown = true;
	f.fake.domain[0].shutdown_reason = 3;
	cairn_agent_sweep(f.agent); /* 5 */
	assert_exit(5, "crashed", 4);
	assert_int_equal(f.fake.count, 0);
	assert_int_equal(launch(config), CAIRN_OK); /* 6 */
	f.fake.domain[0].shutdown = true;
	f.fake.domain[0].shutdown_reason = 0;
	cairn_agent_sweep(f.agent); /* 7 */
	assert_exit(7, "shutdown", 6);
	assert_int_equal(launch(config), CAIRN_OK); /* 8 */
	assert_int_equal(cairn_agent_stop_domain(f.agent, "guest1", &b), CAIRN_OK);
	assert_exit(9, "destroyed", 8);
	assert_int_equal(cairn_agent_stop_domain(f.agent, "guest1", &b), CAIRN_E_NOTFOUND);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 10);
	fixture_assert_replays(&f);
}

/* Started behind cairnd's back: under its own UUID, that of a running domain, that of one that ended. */
static void test_strangers(void **state)
{
	struct cairn_hv_domain *d = f.fake.domain;

	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	d[1] = (struct cairn_hv_domain){.domid = 7, .uuid = "00000000-0000-0000-0000-000000000007"};
	d[2] = d[0];
	d[2].domid = 8;
	f.fake.count = 3;
	for (unsigned i = 0; i < 3; i++)
		cairn_agent_sweep(f.agent);
	assert_type(3, "unrecorded");
	assert_type(4, "unrecorded");
	assert_int_equal(f.agent->log.records, 5);
	d[0] = d[1];
	f.fake.count = 1;
	cairn_agent_sweep(f.agent);
	assert_exit(5, "destroyed", 2);
	d[1] = d[2];
	d[1].domid = 9;
	f.fake.count = 2;
	cairn_agent_sweep(f.agent);
	assert_type(6, "unrecorded");
	fixture_assert_replays(&f);
	/* Another cairnd does not record them again. */
	fixture_stop(&f);
	assert_int_equal(fixture_start(&f), 0);
	cairn_agent_sweep(f.agent);
	assert_int_equal(f.agent->log.records, 7);
}

/* ---- starting again ----------------------------------------------------------------------------------- */

static void test_restart(void **state)
{
	const char *config = fixture_config(&f, "guest1", "");

	(void)state;
	assert_int_equal(launch(config), CAIRN_OK);
	fixture_stop(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(f.agent->log.records, 3);
	assert_int_equal(launch(config), CAIRN_E_EXISTS);
	f.fake.count = 0;
	cairn_agent_sweep(f.agent);
	assert_int_equal(launch(config), CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&f, done.recnum);

	assert_int_equal(json_integer_value(json_object_get(r, "restart")), 1);
	fixture_assert_replays(&f);
}

/* Another set of trusted keys makes another host: PCR 11 is spoilt and nothing is launched. */
static void test_other_trust(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	assert_int_equal(cairn_tpm_pcr_read(f.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &before), CAIRN_OK);
	fixture_stop(&f);
	char path[160], aside[170];

	snprintf(path, sizeof(path), "%s/authorities.jwks", f.dir);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_VIOLATED);
	assert_type(2, "violation");
	assert_int_equal(cairn_tpm_pcr_read(f.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &after), CAIRN_OK);
	assert_false(cairn_digest_equal(&before.pcr[11], &after.pcr[11]));
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(f.fake.created, 0);
	/* Putting it back does not undo it. */
	assert_int_equal(rename(aside, path), 0);
	fixture_stop(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_VIOLATED);
	assert_int_equal(f.agent->log.records, 3);
	fixture_assert_replays(&f);
}

static void test_log_changed(void **state)
{
	cairn_auto_buf struct cairn_buf text = {0};

	(void)state;
	assert_int_equal(launch(fixture_config(&f, "guest1", "")), CAIRN_OK);
	fixture_stop(&f);
	assert_int_equal(cairn_file_read(&text, f.conf.log, 1 << 20), CAIRN_OK);
	text.len -= 100;
	while (text.ptr[text.len - 1] != '\n')
		text.len--;
	assert_int_equal(cairn_file_write(f.conf.log, cairn_buf_span(&text), 0600), CAIRN_OK);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_DIVERGED);
	assert_int_equal(launch(fixture_config(&f, "guest2", "")), CAIRN_E_DIVERGED);
	assert_int_equal(f.fake.created, 1);
}

static void test_log_removed(void **state)
{
	(void)state;
	fixture_stop(&f);
	unlink(f.conf.log);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.agent->state, CAIRN_AGENT_DIVERGED);
	assert_type(2, "foreign");
	assert_type(3, "foreign");
	assert_type(4, "violation");
	assert_int_equal(launch(fixture_config(&f, "guest2", "")), CAIRN_E_DIVERGED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_first_records), T(test_guest),	 T(test_service),     T(test_one_byte),
	    T(test_manifests),	   T(test_service_name), T(test_constraints), T(test_files),
	    T(test_rate),	   T(test_build_fails),	 T(test_ends),	      T(test_strangers),
	    T(test_restart),	   T(test_other_trust),	 T(test_log_changed), T(test_log_removed),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
