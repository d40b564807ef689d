/* Configurations that nobody means well: what is no file, what is far too long, and paths that are more than one line. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/agentuse_fixture.h"

static char path[200];

static const char *at(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", agentuse.dir, name);
	return path;
}

/* Refused by its path, recorded in one line, and nothing was built. */
static void refused(const char *config, const char *code, const char *words)
{
	uint64_t records = agentuse.agent->log.records;

	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	assert_string_equal(agentuse_done.reasons.item[0].code, code);
	if (!strstr(agentuse_why, words))
		fail_msg("no '%s' in %s", words, agentuse_why);
	assert_int_equal(agentuse.agent->log.records, records + 1);
	assert_null(strpbrk(agentuse_why, "\n\r\033"));
	assert_int_equal(agentuse.fake.created, 0);
	fixture_assert_replays(&agentuse);
}

static void test_no_configuration(void **state)
{
	(void)state;
	refused(at("none.cfg"), CAIRN_R_FILE_MISSING, "there is no such file");
	assert_int_equal(mkdir(at("dir.cfg"), 0755), 0);
	refused(path, CAIRN_R_FILE_UNREADABLE, "not a regular file");
	rmdir(path);
	assert_int_equal(mkfifo(at("fifo.cfg"), 0644), 0); /* and nobody waits for its writer */
	refused(path, CAIRN_R_FILE_UNREADABLE, "not a regular file");
	unlink(path);
	assert_int_equal(symlink("loop.cfg", at("loop.cfg")), 0);
	refused(path, CAIRN_R_FILE_UNREADABLE, strerror(ELOOP));
	unlink(path);
	refused("/dev/zero", CAIRN_R_FILE_UNREADABLE, "not a regular file");
	refused(fixture_file(&agentuse, "empty.cfg", ""), CAIRN_R_FILE_EMPTY, "empty");
}

/* 100,000 lines that each are a statement; and as many as there is room for, of which the last one is bad. */
static void test_many_lines(void **state)
{
	static const char line[] = "memory = 64\n";
	size_t n = 100000 * (sizeof(line) - 1);
	char *text = malloc(n + 1);
	clock_t start = clock();

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i += sizeof(line) - 1)
		memcpy(text + i, line, sizeof(line) - 1);
	text[n] = '\0';
	refused(fixture_file(&agentuse, "long.cfg", text), CAIRN_R_FILE_UNREADABLE, "at most 64 KiB");
	memset(text, '\n', CAIRN_XLCFG_MAX);
	memcpy(text + CAIRN_XLCFG_MAX - 6, "x = 1\n", 6);
	text[CAIRN_XLCFG_MAX] = '\0';
	refused(fixture_file(&agentuse, "long.cfg", text), CAIRN_R_CONFIG_UNSUPPORTED, "line 65531");
	free(text);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void test_newlines(void **state)
{
	static const char lines[] = "name = \"g\"\ntype = \"pv\"\nmemory = 64\nkernel = \"%s/ker\nnel\"\n";
	char text[512];

	(void)state;
	refused(at("no\nsuch\033.cfg"), CAIRN_R_FILE_MISSING, "no?such?.cfg: there is no such file");
	snprintf(text, sizeof(text), lines, agentuse.dir);
	refused(fixture_file(&agentuse, "g.cfg", text), CAIRN_R_CONFIG_MALFORMED, "g.cfg");
	snprintf(text, sizeof(text),
		 "name = \"g\"\nmemory = 64\nkernel = \"/k\"\ndisk = [ '/a\nb,raw,xvda,r' ]\n");
	refused(fixture_file(&agentuse, "g.cfg", text), CAIRN_R_CONFIG_MALFORMED, "g.cfg");
	/* A name of a file is whatever the file system has. */
	const char *good = fixture_config(&agentuse, "g", "");

	assert_int_equal(rename(good, at("a\nb.cfg")), 0);
	assert_int_equal(agentuse_launch(path), CAIRN_OK);
	fixture_assert_replays(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_no_configuration),
					   AGENTUSE_TEST(test_many_lines), AGENTUSE_TEST(test_newlines)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
