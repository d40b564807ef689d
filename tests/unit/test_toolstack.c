/* Running a program: its exit code, its words, and that a hanging one ends with all its children. */
#define _GNU_SOURCE /* unshare */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

/* In a process whose clocks say that the machine slept for so long. Making them say so takes the privileges of a
 * namespace of one's own. */
static bool slept(const char *offset)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if ((geteuid() != 0 && unshare(CLONE_NEWUSER) != 0) || unshare(CLONE_NEWTIME) != 0)
			_exit(100);
		int fd = open("/proc/self/timens_offsets", O_WRONLY);

		if (fd < 0 || write(fd, offset, strlen(offset)) != (ssize_t)strlen(offset))
			_exit(101);
		pid = fork();
		if (pid == 0)
			_exit(cairn_boot_slept() ? 1 : 0);
		_exit(waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 102);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

static void test_slept(void **state)
{
	(void)state;
	assert_false(slept("boottime 0 50000000\n"));
	assert_true(slept("boottime 1 0\n"));
	assert_true(slept("boottime 5 0\n"));
	assert_false(slept("monotonic 5 0\n"));
}

/* Not even what a library opened without O_CLOEXEC, such as the TPM. */
static void test_no_files(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	int leak = open("/dev/null", O_RDWR), low = fcntl(leak, F_DUPFD, 50),
	    high = fcntl(leak, F_DUPFD, 1000);

	(void)state;
	assert_true(low >= 50 && high >= 1000);
	assert_int_equal(run("for f in /proc/$$/fd/*; do echo ${f##*/}; done", 10, &out), CAIRN_OK);
	char *text = (char *)out.ptr;

	assert_non_null(cairn_buf_str(&out));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strtol(line, NULL, 10) < 50 || strtol(line, NULL, 10) == 255 /* a shell's own */);
	close(leak);
	close(low);
	close(high);
}

/* What xl is to read cannot be written any more, not even by root through /proc. */
static void test_config(void **state)
{
	char text[32] = "", path[64];
	int fd = cairn_toolstack_config(cairn_span_str("memory = 64\n"));

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 12);
	assert_string_equal(text, "memory = 64\n");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_RDWR);

	assert_true(again >= 0);
	assert_int_equal(pwrite(again, "x", 1, 0), -1);
	assert_int_equal(ftruncate(again, 3), -1);
	assert_int_equal(ftruncate(again, 30), -1);
	close(again);
	close(fd);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_results), cmocka_unit_test(test_slept),
					   cmocka_unit_test(test_bounds), cmocka_unit_test(test_no_files),
					   cmocka_unit_test(test_config)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
