/* Domains that boot from their own disk: what pygrub finds is sealed, judged, recorded and built like any other kernel. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agentuse_fixture.h"

static char text[1024];

/* A configuration of that name with one disk, image, and more lines. */
static const char *config(const char *name, const char *access, const char *more)
{
	char file[80];

	snprintf(file, sizeof(file), "%s.cfg", name);
	snprintf(text, sizeof(text),
		 "name = \"%s\"\ntype = \"pv\"\nmemory = 64\nbootloader = \"pygrub\"\n"
		 "disk = [ '%s/image,raw,xvda,%s' ]\n%s",
		 name, agentuse.dir, access, more);
	return fixture_file(&agentuse, file, text);
}

static void plays(const char *kernel, const char *ramdisk, const char *args)
{
	fixture_file(&agentuse, "image", "the whole disk");
	agentuse.fake.boot_kernel = kernel;
	agentuse.fake.boot_ramdisk = ramdisk;
	agentuse.fake.boot_args = args;
	agentuse.fake.extract_fails = CAIRN_OK;
	agentuse.fake.memory_left = 0;
}

static struct cairn_digest digest(const char *bytes)
{
	struct cairn_digest d;

	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(bytes)), CAIRN_OK);
	return d;
}

static void assert_component(const json_t *record, const char *name, const char *bytes)
{
	const struct cairn_digest want = digest(bytes);
	const json_t *c = json_object_get(json_object_get(record, "components"), name);

	assert_string_equal(agentuse_str(c, "sha256"), cairn_digest_hex(&want).text);
}

static void test_runs_what_was_found(void **state)
{
	const struct cairn_digest k = digest("disk kernel"), r = digest("disk init"),
				  d = digest("the whole disk");

	(void)state;
	plays("disk kernel", "disk init", "root=/dev/xvda1 ro");
	assert_int_equal(agentuse_launch(config("g", "r", "")), CAIRN_OK);
	cairn_auto_json json_t *rec = fixture_record(&agentuse, agentuse_done.recnum);
	const json_t *disk = json_array_get(json_object_get(rec, "disks"), 0);

	assert_component(rec, "kernel", "disk kernel");
	assert_component(rec, "ramdisk", "disk init");
	assert_string_equal(agentuse_text(rec, "cmdline", NULL), "root=/dev/xvda1 ro");
	assert_string_equal(agentuse_text(rec, "config", "bootloader"), "pygrub");
	assert_string_equal(agentuse_str(disk, "kind"), "image");
	/* xl is given the copies, and no bootloader; pygrub was given the bytes on record. */
	assert_true(cairn_digest_equal(&k, &agentuse.fake.kernel));
	assert_true(cairn_digest_equal(&r, &agentuse.fake.ramdisk));
	assert_true(cairn_digest_equal(&d, &agentuse.fake.extract_of));
	assert_string_equal(agentuse.fake.config.cmdline, "root=/dev/xvda1 ro");
	assert_null(strstr(agentuse.fake.text, "bootloader"));
	assert_non_null(strstr(agentuse.fake.config.file[CAIRN_XLFILE_KERNEL], "/fd/"));
	fixture_assert_replays(&agentuse);
}

static void test_writable_disk(void **state)
{
	(void)state;
	plays("disk kernel", NULL, "");
	chmod(fixture_file(&agentuse, "image", "the whole disk"), 0600); /* as guests' disks are */
	assert_int_equal(agentuse_launch(config("g", "w", "extra = \"single\"\n")), CAIRN_OK);
	cairn_auto_json json_t *rec = fixture_record(&agentuse, agentuse_done.recnum);

	assert_component(rec, "kernel", "disk kernel");
	assert_null(json_object_get(json_object_get(rec, "components"), "ramdisk"));
	assert_string_equal(agentuse_text(rec, "cmdline", NULL), "single");
	assert_string_equal(agentuse_str(json_array_get(json_object_get(rec, "disks"), 0), "kind"),
			    "unmeasured");
	/* The words of the disk come first. */
	plays("disk kernel", NULL, "quiet");
	assert_int_equal(agentuse_launch(config("h", "w", "extra = \"single\"\n")), CAIRN_OK);
	assert_string_equal(agentuse.fake.config.cmdline, "quiet single");
}

static void refused(const char *cfg, const char *code, const char *word)
{
	unsigned created = agentuse.fake.created;

	assert_int_equal(agentuse_launch(cfg), CAIRN_E_DENIED);
	assert_string_equal(agentuse_done.reasons.item[0].code, code);
	if (!strstr(agentuse_why, word))
		fail_msg("no '%s' in %s", word, agentuse_why);
	assert_int_equal(agentuse.fake.created, created);
}

/* A service whose kernel on the disk is not the signed one. */
static void test_is_judged(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "svc.jws", "svc", "service", agentuse.authority);
	plays("another kernel", "a ramdisk", "");
	refused(config("svc", "r", ""), CAIRN_R_DIGEST_MISMATCH, "image");
}

static void test_finds_nothing(void **state)
{
	static const struct {
		enum cairn_status st;
		const char *words, *want;
	} ends[] = {
	    {CAIRN_E_XEN, "Traceback\nRuntimeError: no\033 kernel\n",
	     "pygrub found nothing to boot: RuntimeError: no"},
	    {CAIRN_E_XEN, "", "pygrub found nothing to boot"},
	    {CAIRN_E_NOTFOUND, "", "pygrub is not where xl is"},
	    {CAIRN_E_TIMEOUT, "", "took too long"},
	    {CAIRN_E_UNSUPPORTED, "", "the command line on the disk"},
	    {CAIRN_E_LIMIT, "", "the command line on the disk"},
	    {CAIRN_E_MALFORMED, "", "does not say what it found"},
	    {CAIRN_E_TRUNCATED, "", "does not say what it found"},
	};

	(void)state;
	plays("", NULL, "");
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		agentuse.fake.extract_fails = ends[i].st;
		agentuse.fake.boot_words = ends[i].words;
		refused(config("g", "r", ""), CAIRN_R_FILE_UNREADABLE, ends[i].want);
		assert_null(strchr(agentuse_why, '\033'));
	}
	agentuse.fake.extract_fails = CAIRN_E_IO;
	assert_int_equal(agentuse_launch(config("g", "r", "")), CAIRN_E_IO);
	agentuse.fake.extract_fails = CAIRN_OK;
	agentuse.fake.boot_kernel = "";
	refused(config("g", "r", ""), CAIRN_R_FILE_EMPTY, "image");
	unlink(fixture_file(&agentuse, "image", ""));
	refused(config("g", "w", ""), CAIRN_R_FILE_MISSING, "image");
}

static void test_limits(void **state)
{
	char args[CAIRN_XLCFG_CMDLINE];

	(void)state;
	plays("k", NULL, "");
	assert_int_equal(agentuse_launch(config("g", "w", "")), CAIRN_OK);
	assert_int_equal(agentuse.fake.extract_limit_mib, agentuse.conf.max_image_mib);
	agentuse.conf.max_image_mib = 64;
	agentuse.fake.memory_left = 40u << 20;
	assert_int_equal(agentuse_launch(config("h", "w", "")), CAIRN_OK);
	assert_int_equal(agentuse.fake.extract_limit_mib, 5);
	agentuse.fake.memory_left = 1u << 20;
	assert_int_equal(agentuse_launch(config("i", "w", "")), CAIRN_OK);
	assert_int_equal(agentuse.fake.extract_limit_mib, 1);
	agentuse.conf.max_image_mib = 1;
	memset(args, 'x', sizeof(args) - 1);
	args[sizeof(args) - 1] = '\0';
	plays("k", NULL, args);
	assert_int_equal(agentuse_launch(config("j", "w", "")), CAIRN_OK);
	refused(config("k", "w", "extra = \"y\"\n"), CAIRN_R_CONFIG_MALFORMED, "too long");
}

static void test_configurations(void **state)
{
	static const struct {
		const char *more, *word;
	} bad[] = {
	    {"kernel = \"/k\"\n", "pygrub finds"},
	    {"ramdisk = \"/k\"\n", "pygrub finds"},
	    {"bootloader_args = [ \"-x\" ]\n", "bootloader_args"},
	};
	static const char *const lines[] = {
	    "bootloader = \"/usr/bin/pygrub\"\ndisk = [ '/d,raw,xvda,r' ]\n",
	    "bootloader = \"pygrub\"\n",
	    "bootloader = \"pygrub\"\ndisk = [ '/d,raw,xvda,r,backend=store' ]\n",
	    "bootloader = \"pygrub\"\ndisk = [ '/d,raw,xvda,r,devtype=cdrom' ]\n",
	    "type = \"hvm\"\nbootloader = \"pygrub\"\ndisk = [ '/d,raw,xvda,w' ]\n",
	};

	(void)state;
	plays("k", NULL, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(config("g", "r", bad[i].more), CAIRN_R_CONFIG_UNSUPPORTED, bad[i].word);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "name = \"g\"\nmemory = 64\n%s", lines[i]);
		refused(fixture_file(&agentuse, "g.cfg", text), CAIRN_R_CONFIG_UNSUPPORTED, "bootloader");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_runs_what_was_found),
	    AGENTUSE_TEST(test_writable_disk),
	    AGENTUSE_TEST(test_is_judged),
	    AGENTUSE_TEST(test_finds_nothing),
	    AGENTUSE_TEST(test_limits),
	    AGENTUSE_TEST(test_configurations),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
