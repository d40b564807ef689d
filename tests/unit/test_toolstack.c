/* Running a program: its exit code, its words, and that a hanging one ends with all its children. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xen/hv.h"

static enum cairn_status run(const char *script, unsigned timeout_s, struct cairn_buf *out)
{
	char sh[] = "/bin/sh", c[] = "-c", text[512] = "";
	char *const argv[] = {sh, c, text, NULL};

	memcpy(text, script, strlen(script));
	return cairn_toolstack_run(argv, timeout_s, out);
}

static void test_results(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	char none[] = "/nowhere/xl";
	char *const argv[] = {none, NULL};

	(void)state;
	assert_int_equal(run("echo one; echo two >&2", 10, &out), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&out), "one\ntwo\n");
	assert_int_equal(run("exit 3", 10, &out), CAIRN_E_XEN);
	assert_int_equal(run("kill -9 $$", 10, &out), CAIRN_E_XEN);
	assert_int_equal(cairn_toolstack_run(argv, 10, &out), CAIRN_E_XEN);
	/* It inherits no secret of the environment and nothing to read. */
	out.len = 0;
	setenv("CAIRN_TEST_SECRET", "x", 1);
	assert_int_equal(run("cat; echo \"[$CAIRN_TEST_SECRET]\"", 10, &out), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&out), "[]\n");
}

static void test_bounds(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	time_t start = time(NULL);

	(void)state;
	assert_int_equal(run("head -c 1000000 /dev/zero | tr '\\0' x", 10, &out), CAIRN_OK);
	assert_int_equal(out.len, 4096);
	out.len = 0;
	/* A grandchild that keeps the pipe does not keep the caller. */
	assert_int_equal(run("sleep 20 & echo gone", 10, &out), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&out), "gone\n");
	out.len = 0;
	assert_int_equal(run("sleep 21 & echo $!; sleep 22", 1, &out), CAIRN_E_TIMEOUT);
	assert_true(time(NULL) - start < 15);
	pid_t grandchild = (pid_t)strtol(cairn_buf_str(&out), NULL, 10);

	assert_true(grandchild > 1);
	for (unsigned i = 0; i < 100 && kill(grandchild, 0) == 0; i++)
		usleep(20000); /* until whoever adopts orphans has reaped it */
	char stat[64];
	cairn_auto_buf struct cairn_buf left = {0};

	snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)grandchild);
	if (cairn_file_read(&left, stat, 4096) == CAIRN_OK)
		assert_non_null(strstr(cairn_buf_str(&left), ") Z ")); /* dead, and nobody reaps here */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_results), cmocka_unit_test(test_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
