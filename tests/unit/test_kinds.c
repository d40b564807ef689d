/* Launches of every kind: hvm domains with their device model in dom0 or in a stub domain, disks, PCI devices, what is
 * served. What is on record is what xl would have read, and nobody else's files are given away. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agentuse_fixture.h"

#define DRIVER "driver_domain = 1\n"

static char config[2048];

static const char *path(const char *name)
{
	static char text[8][160];
	static unsigned turn;
	char *p = text[turn++ % 8];

	snprintf(p, sizeof(text[0]), "%s/%s", agentuse.dir, name);
	return p;
}

static void put_files(void)
{
	static const char *const names[] = {"loader", "bios", "qemu", "sk", "sr"};

	for (size_t i = 0; i < 5; i++)
		fixture_file(&agentuse, names[i], names[i]);
}

/* An hvm domain with firmware of its own; more: further lines. */
static const char *hvm(const char *name, bool stub, const char *more)
{
	char file[80], model[512];

	put_files();
	snprintf(model, sizeof(model), "device_model_override = \"%s\"\n", path("qemu"));
	if (stub)
		snprintf(model + strlen(model), sizeof(model) - strlen(model),
			 "device_model_stubdomain_override = 1\nstubdomain_kernel = \"%s\"\n"
			 "stubdomain_ramdisk = \"%s\"\nstubdomain_cmdline = \"quiet\"\n",
			 path("sk"), path("sr"));
	snprintf(config, sizeof(config),
		 "name = \"%s\"\ntype = \"hvm\"\nmemory = 64\ndevice_model_version = \"qemu-xen\"\n"
		 "firmware_override = \"%s\"\nbios_path_override = \"%s\"\n%s%s",
		 name, path("loader"), path("bios"), model, more);
	snprintf(file, sizeof(file), "%s.cfg", name);
	return fixture_file(&agentuse, file, config);
}

static void assert_component(const json_t *record, const char *purpose, enum cairn_xlfile f,
			     const char *bytes)
{
	const json_t *c = json_object_get(json_object_get(record, "components"), purpose);
	struct cairn_digest want;

	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span_str(bytes)), CAIRN_OK);
	assert_string_equal(agentuse_str(c, "sha256"), cairn_digest_hex(&want).text);
	assert_true(cairn_digest_equal(&want, &agentuse.fake.file[f]));
	assert_non_null(strstr(agentuse.fake.config.file[f], "/fd/"));
}

static void launch(const char *cfg)
{
	enum cairn_status st = agentuse_launch(cfg);

	if (st != CAIRN_OK)
		fail_msg("%s: %s", cairn_status_name(st), agentuse_why);
}

static void refused(const char *cfg, const char *code)
{
	unsigned created = agentuse.fake.created;

	assert_int_equal(agentuse_launch(cfg), CAIRN_E_DENIED);
	if (strcmp(agentuse_done.reasons.item[0].code, code) != 0)
		fail_msg("expected %s, got %s: %s", code, agentuse_done.reasons.item[0].code, agentuse_why);
	assert_int_equal(agentuse.fake.created, created);
}

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* ---- hvm ---------------------------------------------------------------------------------------------- */

static void test_hvm(void **state)
{
	(void)state;
	launch(hvm("g", false, "vnc = 0\n"));
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);
	json_t *components = json_object_get(r, "components");

	assert_string_equal(agentuse_text(r, "domain", "type"), "hvm");
	assert_int_equal(json_object_size(components), 3);
	assert_component(r, "firmware", CAIRN_XLFILE_FIRMWARE, "loader");
	assert_component(r, "bios", CAIRN_XLFILE_BIOS, "bios");
	assert_component(r, "device-model", CAIRN_XLFILE_DEVICE_MODEL, "qemu");
	assert_non_null(strstr(agentuse_text(r, "dm_args", NULL), "{device-model} -xen-domid {domid} "));
	assert_string_equal(agentuse_text(r, "config", "vga"), "cirrus");
	assert_string_equal(agentuse_text(r, "config", "vnc"), "0");
	assert_string_equal(agentuse_text(r, "config", "device_model_stubdomain_override"), "0");
	assert_false(agentuse.fake.domain[0].paused);
	fixture_assert_replays(&agentuse);
	/* With a kernel of its own, through QEMU. */
	char more[256];

	snprintf(more, sizeof(more), "kernel = \"%s\"\ncmdline = \"x y\"\n", path("kernel"));
	launch(hvm("k", false, more));
	cairn_auto_json json_t *k = fixture_record(&agentuse, agentuse_done.recnum);

	assert_component(k, "kernel", CAIRN_XLFILE_KERNEL, "a kernel");
	assert_string_equal(agentuse_text(k, "cmdline", NULL), "x y");
	assert_non_null(strstr(agentuse_text(k, "dm_args", NULL), "-kernel {kernel} -append \"x y\""));
}

static void test_hvm_refused(void **state)
{
	const char *cfg = hvm("g", false, "");

	(void)state;
	unlink(path("bios"));
	refused(cfg, CAIRN_R_FILE_MISSING);
	assert_string_equal(agentuse_done.reasons.item[0].component, "bios");
	fixture_file(&agentuse, "bios", "bios");
	chmod(path("loader"), 0600);
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	assert_string_equal(agentuse_done.reasons.item[0].component, "firmware");
	chmod(path("loader"), 0644);
	agentuse.fake.other_type = true;
	assert_int_equal(agentuse_launch(cfg), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.count, 0);
	agentuse.fake.other_type = false;
	launch(cfg);
}

/* ---- a stub domain ------------------------------------------------------------------------------------ */

static void test_stub(void **state)
{
	(void)state;
	launch(hvm("g", true, "kernel = \"/in/k\"\nramdisk = \"/in/r\"\n"));
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);
	json_t *components = json_object_get(r, "components");

	assert_int_equal(json_object_size(components), 5);
	assert_component(r, "device-model", CAIRN_XLFILE_DEVICE_MODEL, "qemu");
	assert_component(r, "stubdomain-kernel", CAIRN_XLFILE_STUB_KERNEL, "sk");
	assert_component(r, "stubdomain-ramdisk", CAIRN_XLFILE_STUB_RAMDISK, "sr");
	assert_component(r, "firmware", CAIRN_XLFILE_FIRMWARE, "loader");
	assert_string_equal(agentuse_text(r, "stubdomain_cmdline", NULL), "quiet");
	assert_string_equal(agentuse_text(r, "inside_stubdomain", "kernel"), "/in/k");
	assert_string_equal(agentuse_text(r, "inside_stubdomain", "ramdisk"), "/in/r");
	assert_string_equal(agentuse.fake.config.file[CAIRN_XLFILE_KERNEL], "/in/k");
	assert_non_null(strstr(agentuse_text(r, "dm_args", NULL), "stubdom-dm "));
	/* The stub domain runs, and the sweep knows whose it is; so does the next cairnd. */
	uint64_t records = agentuse.agent->log.records;

	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, records);
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_int_equal(agentuse.fake.pauses, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
}

/* A guest whose stub domain is not what xl says it is does not run, and nothing of it is left. */
static void test_stub_built(void **state)
{
	const char *cfg = hvm("g", true, "");

	(void)state;
	agentuse.fake.no_stub = true;
	assert_int_equal(agentuse_launch(cfg), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.count, 0);
	agentuse.fake.no_stub = false;
	agentuse.fake.stub_is_hvm = true;
	assert_int_equal(agentuse_launch(cfg), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.fake.unpaused, 0);
	agentuse.fake.stub_is_hvm = false;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(cfg), CAIRN_E_XEN);
	assert_int_equal(agentuse.fake.count, 0);
	agentuse.fake.create_fails = CAIRN_OK;
	launch(cfg);
	assert_int_equal(agentuse.fake.count, 2);
}

/* ---- disks -------------------------------------------------------------------------------------------- */

static const json_t *disk(const json_t *record, size_t i)
{
	return json_array_get(json_object_get(record, "disks"), i);
}

static void test_disks(void **state)
{
	struct cairn_digest image, root;
	char more[512];
	unsigned before = open_files();

	(void)state;
	fixture_file(&agentuse, "image", "an image");
	fixture_file(&agentuse, "mapped", "verity");
	fixture_file(&agentuse, "plain", "block");
	assert_int_equal(cairn_hash(&image, CAIRN_ALG_SHA256, cairn_span_str("an image")), CAIRN_OK);
	assert_int_equal(cairn_hash(&root, CAIRN_ALG_SHA256, cairn_span_str("root")), CAIRN_OK);
	snprintf(more, sizeof(more),
		 "disk = [ '%s,raw,xvda,r', '%s,raw,xvdb,r', '%s,raw,xvdc,r', '%s,raw,xvdd,w' ]\n",
		 path("image"), path("mapped"), path("plain"), "/dev/none");
	launch(fixture_config(&agentuse, "g", more));
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);

	assert_int_equal(json_array_size(json_object_get(r, "disks")), 4);
	assert_string_equal(agentuse_str(disk(r, 0), "kind"), "image");
	assert_string_equal(agentuse_str(disk(r, 0), "sha256"), cairn_digest_hex(&image).text);
	assert_string_equal(agentuse_str(disk(r, 1), "kind"), "verity");
	assert_string_equal(agentuse_str(disk(r, 1), "sha256"), cairn_digest_hex(&root).text);
	assert_string_equal(agentuse_str(disk(r, 2), "kind"), "unmeasured");
	assert_false(json_is_true(json_object_get(disk(r, 2), "readwrite")));
	assert_string_equal(agentuse_str(disk(r, 3), "kind"), "unmeasured");
	assert_true(json_is_true(json_object_get(disk(r, 3), "readwrite")));
	assert_string_equal(agentuse_text(r, "config", "disk.3"),
			    "format=raw,vdev=xvdd,access=rw,devtype=disk,target=/dev/none");
	assert_null(strstr(agentuse.fake.text, path("image")));
	assert_null(strstr(agentuse.fake.text, path("mapped")));
	assert_non_null(strstr(agentuse.fake.text, "target=/dev/none"));
	assert_int_equal(agentuse.fake.loops, 1);
	/* Open as long as it lives. */
	assert_int_equal(open_files(), before + 3);
	cairn_auto_buf struct cairn_buf why = {0};

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "g", &why), CAIRN_OK);
	assert_int_equal(open_files(), before);
}

static void test_disks_refused(void **state)
{
	char more[256];
	unsigned before = open_files();

	(void)state;
	snprintf(more, sizeof(more), "disk = [ '%s,raw,xvda,r' ]\n", path("gone"));
	refused(fixture_config(&agentuse, "g", more), CAIRN_R_FILE_MISSING);
	assert_string_equal(agentuse_done.reasons.item[0].component, "disk");
	snprintf(more, sizeof(more), "disk = [ '%s,raw,xvda,r' ]\n", path("image"));
	const char *cfg = fixture_config(&agentuse, "g", more);

	unlink(path("image"));
	assert_int_equal(mkfifo(path("image"), 0644), 0);
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	assert_non_null(strstr(agentuse_why, "a disk is"));
	assert_int_equal(unlink(path("image")), 0);
	fixture_file(&agentuse, "image", "");
	refused(cfg, CAIRN_R_FILE_EMPTY);
	assert_int_equal(truncate(path("image"), (1 << 20) + 1), 0);
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	assert_non_null(strstr(agentuse_why, "dm-verity"));
	fixture_file(&agentuse, "image", "an image");
	agentuse.fake.probe_fails = CAIRN_E_UNSUPPORTED;
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	agentuse.fake.probe_fails = CAIRN_OK;
	chmod(path("image"), 0600);
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	chmod(path("image"), 0644);
	agentuse.fake.loop_fails = CAIRN_E_IO;
	assert_int_equal(agentuse_launch(cfg), CAIRN_E_IO);
	assert_non_null(strstr(agentuse_why, "loop"));
	assert_int_equal(agentuse.fake.created, 0);
	agentuse_assert_type(agentuse_done.recnum + 1, "exit");
	assert_int_equal(open_files(), before);
	agentuse.fake.loop_fails = CAIRN_OK;
	launch(cfg);
}

static void test_memory(void **state)
{
	char more[256];

	(void)state;
	fixture_file(&agentuse, "image", "an image");
	snprintf(more, sizeof(more), "disk = [ '%s,raw,xvda,r' ]\n", path("image"));
	const char *cfg = fixture_config(&agentuse, "g", more);

	agentuse.fake.memory_left = strlen("a kernela ramdiskan image") - 1;
	refused(cfg, CAIRN_R_FILE_UNREADABLE);
	assert_non_null(strstr(agentuse_why, "dm-verity"));
	agentuse.fake.memory_left++;
	launch(cfg);
}

/* ---- what is served, and what is given ---------------------------------------------------------------- */

static void audit(void)
{
	agentuse.conf.mode_service = "audit";
	assert_int_equal(fixture_boot(&agentuse), 0);
}

static void enforce(void)
{
	agentuse.conf.mode_service = "enforce";
}

static void test_serves(void **state)
{
	static const char disk_of[] = "disk = [ '/v,raw,xvda,r,backend=store' ]\n";

	(void)state;
	audit();
	refused(fixture_config(&agentuse, "app", disk_of), CAIRN_R_BACKEND_NOT_ALLOWED);
	launch(fixture_config(&agentuse, "store", DRIVER));
	refused(fixture_config(&agentuse, "app", disk_of), CAIRN_R_BACKEND_NOT_ALLOWED);
	assert_non_null(strstr(agentuse_why, "cairn_serves"));
	cairn_auto_buf struct cairn_buf why = {0};

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "store", &why), CAIRN_OK);
	launch(fixture_config(&agentuse, "store", DRIVER "cairn_serves = [ 'vbd' ]\n"));
	cairn_auto_json json_t *store = fixture_record(&agentuse, agentuse_done.recnum);

	assert_string_equal(json_string_value(json_array_get(json_object_get(store, "serves"), 0)), "vbd");
	assert_string_equal(json_string_value(json_array_get(json_object_get(store, "roles"), 0)),
			    "driver.block");
	refused(fixture_config(&agentuse, "app", "vif = [ 'backend=store' ]\n"), CAIRN_R_BACKEND_NOT_ALLOWED);
	launch(fixture_config(&agentuse, "app", disk_of));
	cairn_auto_json json_t *app = fixture_record(&agentuse, agentuse_done.recnum);

	assert_string_equal(agentuse_str(disk(app, 0), "backend"), "store");
	assert_string_equal(agentuse_str(disk(app, 0), "kind"), "unmeasured");
	assert_non_null(strstr(agentuse.fake.text, ",backend=2,target=/v\""));
	enforce();
}

static void test_pci(void **state)
{
	static const char nic[] = "pci = [ '03:00.0,permissive=1' ]\n";

	(void)state;
	refused(fixture_config(&agentuse, "g", nic), CAIRN_R_NO_MANIFEST); /* a claim, whatever its name */
	audit();
	refused(fixture_config(&agentuse, "g", "pci = [ '04:00.0' ]\n"), CAIRN_R_PCI_NOT_ALLOWED);
	launch(fixture_config(&agentuse, "g", nic));
	cairn_auto_json json_t *r = fixture_record(&agentuse, agentuse_done.recnum);
	const json_t *p = json_array_get(json_object_get(r, "pci"), 0);

	assert_string_equal(agentuse_str(p, "bdf"), "0000:03:00.0");
	assert_string_equal(agentuse_str(p, "vendor"), "8086");
	assert_string_equal(agentuse_str(p, "class"), "020000");
	assert_true(json_is_true(json_object_get(p, "permissive")));
	assert_false(json_is_true(json_object_get(p, "seize")));
	assert_non_null(strstr(agentuse.fake.text, "pci = [ \"0000:03:00.0,permissive=1,seize=0,"));
	enforce();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_hvm),	AGENTUSE_TEST(test_hvm_refused),
	    AGENTUSE_TEST(test_stub),	AGENTUSE_TEST(test_stub_built),
	    AGENTUSE_TEST(test_disks),	AGENTUSE_TEST(test_disks_refused),
	    AGENTUSE_TEST(test_memory), AGENTUSE_TEST(test_serves),
	    AGENTUSE_TEST(test_pci),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
