/* Launches: what is recorded is what is built, and everything else is refused, recorded and not built. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_refused(const char *config, const char *code)
{
	unsigned created = agentuse.fake.created;
	uint64_t records = agentuse.agent->log.records;
	enum cairn_status st = agentuse_launch(config);

	if (st != CAIRN_E_DENIED)
		fail_msg("%s: %s: %s", code, cairn_status_name(st), agentuse_why);
	assert_int_equal(agentuse.fake.created, created);
	assert_int_equal(agentuse.fake.count, 0);
	assert_true(agentuse_done.recorded);
	assert_int_equal(agentuse_done.recnum, records);
	agentuse_assert_type(records, "refusal");
	if (strcmp(agentuse_done.reasons.item[0].code, code) != 0)
		fail_msg("expected %s, got %s: %s", code, agentuse_done.reasons.item[0].code, agentuse_why);
	fixture_assert_replays(&agentuse);
}

/* ---- allowed ------------------------------------------------------------------------------------------ */

static void test_first_records(void **state)
{
	cairn_auto_json json_t *host = fixture_record(&agentuse, 0);

	(void)state;
	assert_string_equal(agentuse_text(host, "type", NULL), "host");
	assert_string_equal(agentuse_text(host, "xen", "build_id"), "0123456789abcdef");
	assert_string_equal(agentuse_text(json_object_get(host, "xen"), "image", "sha256"), "unvouched");
	assert_int_equal(strlen(agentuse_text(host, "agent", "sha256")), 64);
	assert_int_equal(json_array_size(json_object_get(json_object_get(host, "trust"), "authorities")), 1);
	agentuse_assert_type(1, "boot");
	assert_int_equal(agentuse.agent->log.records, 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_non_null(strstr(agentuse.agent->boot_log_status, "missing"));
	fixture_assert_replays(&agentuse);
}

static void test_guest(void **state)
{
	struct cairn_digest want;

	(void)state;
	assert_int_equal(
	    agentuse_launch(fixture_config(&agentuse, "guest1", "type = \"pvh\"\ntsc_mode = \"native\"\n")),
	    CAIRN_OK);
	assert_int_equal(agentuse_done.domid, 1);
	assert_int_equal(agentuse_done.recnum, 2);
	cairn_auto_json json_t *r = fixture_record(&agentuse, 2);

	assert_string_equal(agentuse_text(r, "type", NULL), "launch");
	assert_true(json_is_null(json_object_get(r, "manifest")));
	assert_int_equal(json_array_size(json_object_get(r, "roles")), 0);
	assert_string_equal(agentuse_text(r, "cmdline", NULL), "console=hvc0");
	assert_string_equal(agentuse_text(r, "config", "tsc_mode"), "native");
	assert_string_equal(agentuse_text(r, "config", "on_reboot"), "destroy");
	/* The record says what xl was given, and both are what lies in the files. */
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a kernel")), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &agentuse.fake.kernel));
	assert_string_equal(agentuse_text(json_object_get(r, "components"), "kernel", "sha256"),
			    cairn_digest_hex(&want).text);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a ramdisk")), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &agentuse.fake.ramdisk));
	assert_string_equal(agentuse_text(json_object_get(r, "components"), "ramdisk", "sha256"),
			    cairn_digest_hex(&want).text);
	assert_string_equal(agentuse_text(r, "domain", "uuid"), agentuse.fake.domain[0].uuid);
	assert_string_equal(agentuse.fake.config.cmdline, "console=hvc0");
	assert_non_null(strstr(agentuse.fake.config.file[CAIRN_XLFILE_KERNEL], "/fd/"));
	assert_false(agentuse.fake.domain[0].paused);
	assert_int_equal(agentuse.fake.published, 4);
	fixture_assert_replays(&agentuse);
	/* A second one of that name. */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_EXISTS);
	assert_int_equal(agentuse.fake.created, 1);
}

static void test_service(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	fixture_manifest(&agentuse, "app-3.jws", "app", "service", agentuse.authority);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "netdrv", "driver_domain = 1\n")),
			 CAIRN_OK);
	cairn_auto_json json_t *r = fixture_record(&agentuse, 2);

	assert_string_equal(agentuse_text(r, "manifest", "name"), "netdrv");
	assert_string_equal(agentuse_text(r, "manifest", "kid"), cairn_key_kid(agentuse.authority));
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "roles"), 0)),
			    "driver.network");
	assert_int_equal(agentuse_launch(fixture_config(
			     &agentuse, "app", "vif = [ 'backend=netdrv,mac=00:16:3e:00:00:02' ]\n")),
			 CAIRN_OK);
	cairn_auto_json json_t *app = fixture_record(&agentuse, 3);
	json_t *used = json_array_get(json_object_get(app, "backends_used"), 0);

	assert_string_equal(agentuse_text(used, "backend", NULL), "netdrv");
	assert_string_equal(agentuse_text(used, "class", NULL), "vif");
	assert_int_equal(agentuse.fake.unpaused, 2);
	fixture_assert_replays(&agentuse);
}

/* ---- refused ------------------------------------------------------------------------------------------ */

static void test_one_byte(void **state)
{
	struct cairn_digest want, found;

	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	const char *config = fixture_config(&agentuse, "netdrv", "driver_domain = 1\n");
	const char *ramdisk = fixture_file(&agentuse, "ramdisk", "a rbmdisk");

	assert_refused(config, CAIRN_R_DIGEST_MISMATCH);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str("a ramdisk")), CAIRN_OK);
	assert_int_equal(cairn_hash(&found, CAIRN_ALG_SHA256, cairn_span_str("a rbmdisk")), CAIRN_OK);
	assert_string_equal(agentuse_done.reasons.item[0].component, "ramdisk");
	assert_string_equal(agentuse_done.reasons.item[0].file, ramdisk);
	assert_string_equal(agentuse_done.reasons.item[0].expected, cairn_digest_hex(&want).text);
	assert_string_equal(agentuse_done.reasons.item[0].found, cairn_digest_hex(&found).text);
	assert_non_null(strstr(agentuse_why, ramdisk));
	assert_non_null(strstr(agentuse_why, cairn_digest_hex(&found).text));
	/* The right file again, and it runs. */
	fixture_file(&agentuse, "ramdisk", "a ramdisk");
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
}

static void test_manifests(void **state)
{
	const char *config = fixture_config(&agentuse, "netdrv", "driver_domain = 1\n");

	(void)state;
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse_stranger);
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	assert_string_equal(agentuse_done.reasons.item[1].code, CAIRN_R_UNTRUSTED_SIGNER);
	fixture_file(&agentuse, "data/manifests/netdrv-3.jws", "not a manifest at all");
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	assert_int_equal(agentuse_done.reasons.count, 2);
	fixture_manifest(&agentuse, "netdrv-3.jws", "other", "driver.network", agentuse.authority);
	assert_refused(config, CAIRN_R_WRONG_NAME);
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "service", agentuse.authority);
	assert_refused(config, CAIRN_R_ROLE_NOT_ALLOWED);
	/* A broken file beside the right one does not matter. */
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	fixture_file(&agentuse, "data/manifests/netdrv-4.jws", "rubbish");
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
}

/* Somebody who runs under the name of a service without being it, or whose manifest was broken. */
static void test_service_name(void **state)
{
	const char *config = fixture_config(&agentuse, "app", "");

	(void)state;
	fixture_manifest(&agentuse, "app-3.jws", "app", "service", agentuse.authority);
	fixture_file(&agentuse, "kernel", "another kernel");
	assert_refused(config, CAIRN_R_DIGEST_MISMATCH);
	fixture_file(&agentuse, "kernel", "a kernel");
	fixture_file(&agentuse, "data/manifests/app-3.jws", "rubbish");
	assert_refused(config, CAIRN_R_NO_MANIFEST);
	fixture_manifest(&agentuse, "app-3.jws", "app", "driver.network", agentuse.authority);
	assert_refused(config, CAIRN_R_ROLE_NOT_ALLOWED);
}

static void test_constraints(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "app-3.jws", "app", "service", agentuse.authority);
	assert_refused(fixture_config(&agentuse, "app", "maxmem = 128\n"), CAIRN_R_MEMORY_EXCEEDED);
	assert_refused(fixture_config(&agentuse, "app", "vcpus = 1\nmaxvcpus = 2\n"), CAIRN_R_VCPUS_EXCEEDED);
	assert_refused(fixture_config(&agentuse, "app", "type = \"pvh\"\n"), CAIRN_R_WRONG_TYPE);
	assert_refused(fixture_config(&agentuse, "app", "root = \"/dev/xvda\"\n"), CAIRN_R_CMDLINE_MISMATCH);
	assert_refused(fixture_config(&agentuse, "app", "vif = [ '' ]\n"), CAIRN_R_BACKEND_NOT_ALLOWED);
	/* Allowed by the manifest, but no driver domain of that name runs. */
	assert_refused(fixture_config(&agentuse, "app", "vif = [ 'backend=netdrv' ]\n"),
		       CAIRN_R_BACKEND_NOT_ALLOWED);
}

static void test_files(void **state)
{
	char gone[160], text[512];

	(void)state;
	assert_refused("/nowhere/x.cfg", CAIRN_R_FILE_MISSING);
	assert_refused(agentuse.dir, CAIRN_R_FILE_UNREADABLE);
	assert_refused(fixture_file(&agentuse, "e.cfg", ""), CAIRN_R_FILE_EMPTY);
	assert_refused(fixture_file(&agentuse, "b.cfg",
				    "\x7f"
				    "ELF"),
		       CAIRN_R_CONFIG_MALFORMED);
	assert_refused(fixture_config(&agentuse, "d", "bootloader = 'x'\n"), CAIRN_R_CONFIG_UNSUPPORTED);
	assert_non_null(strstr(agentuse_why, "bootloader"));
	assert_string_equal(agentuse_done.name, "d");
	fixture_file(&agentuse, "kernel", "");
	assert_refused(fixture_config(&agentuse, "k", ""), CAIRN_R_FILE_EMPTY);
	assert_string_equal(agentuse_done.reasons.item[0].component, "kernel");
	fixture_file(&agentuse, "kernel", "a kernel");
	snprintf(gone, sizeof(gone), "%s/ramdisk", agentuse.dir);
	unlink(gone);
	assert_refused(fixture_config(&agentuse, "r", ""), CAIRN_R_FILE_MISSING);
	assert_string_equal(agentuse_done.reasons.item[0].component, "ramdisk");
	assert_string_equal(agentuse_done.reasons.item[0].file, gone);
	assert_int_equal(mkfifo(gone, 0600), 0);
	assert_refused(fixture_config(&agentuse, "r", ""), CAIRN_R_FILE_UNREADABLE);
	unlink(gone);
	fixture_file(&agentuse, "ramdisk", "x");
	assert_int_equal(truncate(gone, (1 << 20) + 1), 0); /* max_image_mib = 1 */
	assert_refused(fixture_config(&agentuse, "r", ""), CAIRN_R_FILE_UNREADABLE);
	snprintf(text, sizeof(text), "name=\"q\"\nkernel=\"/proc/self/mem\"\nmemory=64\n");
	assert_refused(fixture_file(&agentuse, "q.cfg", text), CAIRN_R_FILE_EMPTY);
	unlink(gone);
}

/* Each file that is bad is told of, in one refusal. */
static void test_bad_files(void **state)
{
	char gone[160];

	(void)state;
	fixture_file(&agentuse, "kernel", "");
	snprintf(gone, sizeof(gone), "%s/ramdisk", agentuse.dir);
	unlink(gone);
	assert_refused(fixture_config(&agentuse, "r", ""), CAIRN_R_FILE_EMPTY);
	assert_int_equal(agentuse_done.reasons.count, 2);
	assert_string_equal(agentuse_done.reasons.item[0].component, "kernel");
	assert_string_equal(agentuse_done.reasons.item[1].component, "ramdisk");
	assert_string_equal(agentuse_done.reasons.item[1].code, CAIRN_R_FILE_MISSING);
	assert_string_equal(agentuse_done.reasons.item[1].file, gone);
}

static void test_rate(void **state)
{
	const char *config = fixture_config(&agentuse, "netdrv", "driver_domain = 1\n");
	const char *other = fixture_config(&agentuse, "d", "bootloader = 'x'\n");

	(void)state;
	for (unsigned i = 0; i < CAIRN_REFUSALS_MINUTE; i++)
		assert_refused(config, CAIRN_R_NO_MANIFEST);
	uint64_t records = agentuse.agent->log.records;

	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	assert_false(agentuse_done.recorded);
	assert_int_equal(agentuse_done.reasons.count, 1);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_refused(other, CAIRN_R_CONFIG_UNSUPPORTED); /* another one still is */
}

/* Nor does it help to ask for something else each time. */
static void test_rate_of_all(void **state)
{
	char name[32];
	uint64_t before = agentuse.agent->log.records;

	(void)state;
	for (unsigned i = 0; i < CAIRN_REFUSALS_ALL + 5; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		assert_int_equal(agentuse_launch(fixture_config(&agentuse, name, "bootloader = 'x'\n")),
				 CAIRN_E_DENIED);
	}
	assert_int_equal(agentuse.agent->log.records, before + CAIRN_REFUSALS_ALL);
	for (size_t i = 0; i < CAIRN_REFUSALS_KEPT; i++)
		agentuse.agent->refused[i].at_ms -= 60000;
	assert_refused(fixture_config(&agentuse, "later", "bootloader = 'x'\n"), CAIRN_R_CONFIG_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_first_records), AGENTUSE_TEST(test_guest),
	    AGENTUSE_TEST(test_service),       AGENTUSE_TEST(test_one_byte),
	    AGENTUSE_TEST(test_manifests),     AGENTUSE_TEST(test_service_name),
	    AGENTUSE_TEST(test_constraints),   AGENTUSE_TEST(test_files),
	    AGENTUSE_TEST(test_bad_files),     AGENTUSE_TEST(test_rate),
	    AGENTUSE_TEST(test_rate_of_all),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
