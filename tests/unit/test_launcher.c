/* The process that runs xl: its command lines, its answers, and that it goes when cairnd goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xen/hv.h"
#include "xen/launcher.h"

static char dir[] = "/tmp/cairn-launcher.XXXXXX", xl[64];
static struct cairn_launcher launcher;

/* What stands for xl. */
static void script(const char *text)
{
	char all[512];

	snprintf(all, sizeof(all), "#!/bin/sh\n%s\n", text);
	assert_int_equal(cairn_file_write(xl, cairn_span_str(all), 0755), CAIRN_OK);
	assert_int_equal(chmod(xl, 0755), 0);
}

static enum cairn_status ask(enum cairn_launcher_job job, uint32_t number, unsigned timeout_s,
			     struct cairn_buf *out)
{
	out->len = 0;
	return cairn_launcher_ask(&launcher, job, number, timeout_s, out);
}

static int setup(void **state)
{
	(void)state;
	return cairn_launcher_start(&launcher, xl) == CAIRN_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cairn_launcher_stop(&launcher);
	return 0;
}

static void test_command_lines(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};
	char want[96];
	int fd = cairn_toolstack_config(cairn_span_str("name = \"x\"\n"));

	(void)state;
	script("echo \"$@\"; [ \"$1\" != create ] || cat \"$5\"");
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 17, 10, &out), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&out), "destroy 17\n");
	assert_int_equal(ask(CAIRN_LAUNCHER_CREATE, (uint32_t)fd, 10, &out), CAIRN_OK);
	snprintf(want, sizeof(want), "create -q -p -e /proc/%d/fd/%d\nname = \"x\"\n", (int)getpid(), fd);
	assert_string_equal(cairn_buf_str(&out), want);
	close(fd);
	/* Only those two. */
	script("echo ran >$0.ran");
	assert_int_equal(ask((enum cairn_launcher_job)99, 1, 10, &out), CAIRN_E_UNSUPPORTED);
	char ran[80];

	snprintf(ran, sizeof(ran), "%s.ran", xl);
	assert_int_equal(access(ran, F_OK), -1);
}

static void test_answers(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};

	(void)state;
	script("echo no; exit 1");
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 10, &out), CAIRN_E_XEN);
	assert_string_equal(cairn_buf_str(&out), "no\n");
	script("sleep 20");
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 1, &out), CAIRN_E_TIMEOUT);
	script("head -c 10000 /dev/zero | tr '\\0' x");
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 10, &out), CAIRN_OK);
	assert_int_equal(out.len, 4096);
}

static unsigned ticks;
static enum cairn_status asked_in_tick;

static void tick(void *context)
{
	cairn_auto_buf struct cairn_buf out = {0};

	asked_in_tick = cairn_launcher_ask(context, CAIRN_LAUNCHER_DESTROY, 1, 1, &out);
	ticks++;
}

static void test_ticks(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};

	(void)state;
	script("sleep 1");
	launcher.tick = tick;
	launcher.context = &launcher;
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 20, &out), CAIRN_OK);
	assert_true(ticks >= 1);
	assert_int_equal(asked_in_tick, CAIRN_E_EXISTS);
}

/* It has none of cairnd's files, and the TPM is one of them. */
static void test_no_files(void **state)
{
	char path[64], target[128];
	unsigned open_files = 0;

	(void)state;
	script("exit 0");
	cairn_auto_buf struct cairn_buf out = {0};

	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 10, &out), CAIRN_OK); /* it is up */
	for (int i = 3; i < 100; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)launcher.pid, i);
		ssize_t n = readlink(path, target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		assert_non_null(strstr(target, "socket:"));
		open_files++;
	}
	assert_int_equal(open_files, 1);
}

static void test_gone(void **state)
{
	cairn_auto_buf struct cairn_buf out = {0};

	(void)state;
	assert_int_equal(kill(launcher.pid, SIGKILL), 0);
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 1, &out), CAIRN_E_XEN);
	assert_non_null(strstr(cairn_buf_str(&out), "restart cairnd"));
	assert_int_equal(ask(CAIRN_LAUNCHER_DESTROY, 1, 1, &out), CAIRN_E_XEN);
}

/* Where cairnd is killed, nobody is left who would run xl. */
static void test_ends_with_cairnd(void **state)
{
	int end[2];
	char c;

	(void)state;
	assert_int_equal(pipe(end), 0);
	pid_t agent = fork();

	if (agent == 0) {
		struct cairn_launcher l;

		if (cairn_launcher_start(&l, xl) != CAIRN_OK || write(end[1], &l.pid, sizeof(l.pid)) < 0)
			_exit(1);
		pause();
	}
	pid_t pid = 0;

	close(end[1]);
	assert_int_equal(read(end[0], &pid, sizeof(pid)), sizeof(pid));
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	bool gone = false;

	for (unsigned i = 0; i < 200 && !gone; i++) {
		char stat[64];
		cairn_auto_buf struct cairn_buf b = {0};

		snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)pid);
		gone = cairn_file_read(&b, stat, 4096) != CAIRN_OK || strstr(cairn_buf_str(&b), ") Z ");
		usleep(20000);
	}
	assert_true(gone);
	assert_int_equal(read(end[0], &c, 1), 0);
	close(end[0]);
}

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(xl, sizeof(xl), "%s/xl", dir);
	script("exit 0");
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	unlink(xl);
	return rmdir(dir);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_command_lines), TEST(test_answers),
					   TEST(test_ticks),	     TEST(test_no_files),
					   TEST(test_gone),	     cmocka_unit_test(test_ends_with_cairnd)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
