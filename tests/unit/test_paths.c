/* Paths that outlive cairnd: what is kept comes back as it was, and what lies there instead is not taken for a path. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/paths.h"
#include "cairn/bytes.h"

static char dir[] = "/tmp/cairn-paths.XXXXXX";
static char kept_dir[64], file[80];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(kept_dir, sizeof(kept_dir), "%s/good", dir);
	snprintf(file, sizeof(file), "%s/netdrv", kept_dir);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	(void)(unlink(file) && rmdir(file));
	return 0;
}

static int teardown(void **state)
{
	clean(state);
	return rmdir(kept_dir) || rmdir(dir);
}

static void assert_kept(const char *want)
{
	char path[PATH_MAX];

	assert_true(cairn_path_kept(path, file));
	assert_string_equal(path, want);
}

static void test_comes_back(void **state)
{
	char longest[PATH_MAX];

	(void)state;
	assert_true(cairn_path_keep(kept_dir, "netdrv", "/a/netdrv-1.cfg"));
	assert_kept("/a/netdrv-1.cfg");
	assert_true(cairn_path_keep(kept_dir, "netdrv", "/a line\nand another\n"));
	assert_kept("/a line\nand another\n");
	memset(longest, '/', sizeof(longest));
	longest[PATH_MAX - 1] = '\0';
	assert_true(cairn_path_keep(kept_dir, "netdrv", longest));
	assert_kept(longest);
}

/* The volume may be anybody's: nothing that lies there makes cairnd wait, or write elsewhere. */
static void test_what_is_in_the_way(void **state)
{
	char victim[80];

	(void)state;
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_true(cairn_path_keep(kept_dir, "netdrv", "/b"));
	assert_kept("/b");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink(victim, file), 0);
	assert_true(cairn_path_keep(kept_dir, "netdrv", "/c"));
	assert_int_equal(access(victim, F_OK), -1);
	assert_kept("/c");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_false(cairn_path_keep(kept_dir, "netdrv", "/d"));
	assert_int_equal(errno, EISDIR);
}

static void test_not_kept(void **state)
{
	char longer[PATH_MAX + 1];

	(void)state;
	memset(longer, '/', sizeof(longer));
	longer[PATH_MAX] = '\0';
	assert_false(cairn_path_keep(kept_dir, "netdrv", longer));
	assert_int_equal(errno, ENAMETOOLONG);
	errno = 0;
	assert_false(cairn_path_keep(longer, "netdrv", "/a"));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_false(cairn_path_keep("/dev/null", "netdrv", "/a"));
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(access(file, F_OK), -1);
}

static void test_no_path(void **state)
{
	static const char zero[] = "/a\0b\n";
	const struct cairn_span bad[] = {cairn_span("", 0), cairn_span("\n", 1), cairn_span("a/b\n", 4),
					 cairn_span(zero, sizeof(zero) - 1)};
	char path[PATH_MAX] = "before", longer[PATH_MAX + 1];

	(void)state;
	assert_false(cairn_path_kept(path, file));
	assert_string_equal(path, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cairn_file_write(file, bad[i], 0600), CAIRN_OK);
		assert_false(cairn_path_kept(path, file));
	}
	memset(longer, '/', sizeof(longer));
	for (size_t n = PATH_MAX; n <= sizeof(longer); n++) {
		assert_int_equal(cairn_file_write(file, cairn_span(longer, n), 0600), CAIRN_OK);
		assert_false(cairn_path_kept(path, file));
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_false(cairn_path_kept(path, file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_comes_back, clean),
	    cmocka_unit_test_teardown(test_what_is_in_the_way, clean),
	    cmocka_unit_test_teardown(test_not_kept, clean),
	    cmocka_unit_test_teardown(test_no_path, clean),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
