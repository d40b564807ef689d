/* pygrub as nobody: a script stands for it, which tries what a disk could make pygrub do. Where this process may not make
 * such a place, nothing is run at all. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xen/launcher.h"
#include "xen/pygrub.h"

#define OUT "out=${4#--output-directory=}\n"
/* Says that K and R were found. Nothing is run for it: the shell has printf. */
#define FOUND                                                                                                \
	OUT "printf kern >$out/K; printf init >$out/R\n"                                                     \
	    "printf 'kernel %s/K\\0ramdisk %s/R\\0args a b\\0\\0' $out $out >${3#--output=}\n"

static char dir[] = "/tmp/cairn-pygrub.XXXXXX", program[64];
static int disk = -1;
static bool may; /* this process may make the place */
static struct cairn_hv_boot found;
static char said[4200];

static void script(const char *text)
{
	char all[1024];

	snprintf(all, sizeof(all), "#!/bin/sh\n%s", text);
	assert_int_equal(cairn_file_write(program, cairn_span_str(all), 0755), CAIRN_OK);
}

static enum cairn_status run_for(unsigned seconds)
{
	cairn_auto_buf struct cairn_buf words = {0};

	found = (struct cairn_hv_boot){.kernel = -1, .ramdisk = -1};
	enum cairn_status st = cairn_pygrub_run(&found, program, disk, 1, seconds, &words);
	const char *text = cairn_buf_str(&words);

	snprintf(said, sizeof(said), "%s", text ? text : "");
	return st;
}

/* What comes out where the place can be made. */
static void expect(enum cairn_status st)
{
	enum cairn_status is = run_for(20);

	if (is != (may ? st : CAIRN_E_IO))
		fail_msg("%s: %s", cairn_status_name(is), said);
}

static void assert_file(int fd, const char *want)
{
	char text[64] = "";

	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, want);
	close(fd);
}

static void test_found(void **state)
{
	(void)state;
	script("[ \"$1\" = -q ] || exit 1\n[ \"$2\" = --output-format=simple0 ] || exit 1\n" FOUND);
	expect(CAIRN_OK);
	if (may) {
		assert_string_equal(found.args, "a b");
		assert_file(found.kernel, "kern");
		assert_file(found.ramdisk, "init");
	}
	script(OUT "printf kern >$out/K; printf 'kernel %s/K\\0\\0' $out >${3#--output=}\n");
	expect(CAIRN_OK);
	if (may) {
		assert_int_equal(found.ramdisk, -1);
		assert_file(found.kernel, "kern");
	}
}

static void test_finds_nothing(void **state)
{
	(void)state;
	script("echo no kernel here >&2; exit 1\n");
	expect(CAIRN_E_XEN);
	assert_true(!may || strcmp(said, "no kernel here\n") == 0);
	script("exit 0\n");
	expect(CAIRN_E_TRUNCATED);
	unlink(program);
	assert_int_equal(run_for(20), CAIRN_E_NOTFOUND);
}

/* Who it is, and what it may: the kernel's own words of it. */
static void test_is_nobody(void **state)
{
	static const char *const want[] = {"Uid:\t2147287040\t2147287040\t2147287040\t2147287040\n",
					   "Gid:\t2147287040\t2147287040\t2147287040\t2147287040\n",
					   "Groups:\t \n",
					   "CapPrm:\t0000000000000000\n",
					   "CapEff:\t0000000000000000\n",
					   "NoNewPrivs:\t1\n",
					   "Seccomp:\t2\n"};

	(void)state;
	script("while read -r l; do echo \"$l\"; done </proc/self/status; exit 1\n");
	expect(CAIRN_E_XEN);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]) && may; i++)
		if (!strstr(said, i == 2 ? "Groups:" : want[i]))
			fail_msg("no %s in %s", want[i], said);
}

/* Each of these would end with 0, and with an answer, if it could be done. */
static void test_may_not(void **state)
{
	char held[96], text[640];
	const char *const tries[] = {
	    "read -r l </etc/shadow || exit 1\n",
	    held,
	    ": >/tmp/cairn-pygrub-was-here || exit 1\n",
	    ": >/dev/shm/cairn-pygrub-was-here || exit 1\n",
	    "(:) || exit 1\n",
	    "echo x >$5 || exit 1\n",
	    "kill -0 $PPID || exit 1\n",
	    "[ ! -e /proc/self/fd/4 ] || exit 0; exit 1\n",
	    "while read -r l; do case $l in *eth0:*) exit 0;; esac; done </proc/net/dev; exit 1\n",
	};

	(void)state;
	snprintf(held, sizeof(held), ": >>%s || exit 1\n", program);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", tries[i], FOUND);
		script(text);
		enum cairn_status st = run_for(20);

		if (st != (may ? CAIRN_E_XEN : CAIRN_E_IO))
			fail_msg("%s%s: %s", tries[i], cairn_status_name(st), said);
	}
}

/* The disk is there, whole, to be read. */
static void test_disk(void **state)
{
	(void)state;
	script("read -r l <$5; echo \"$l\"; exit 1\n");
	expect(CAIRN_E_XEN);
	assert_true(!may || strcmp(said, "the first line\n") == 0);
}

/* What it leaves behind leads nowhere. */
static void test_answers(void **state)
{
	(void)state;
	script(OUT "printf 'kernel %s/K\\0\\0' $out >${3#--output=}; exec ln -s /etc/shadow $out/K\n");
	expect(CAIRN_E_MALFORMED);
	script(OUT "printf 'kernel %s/K\\0\\0' $out >${3#--output=}; exec mkfifo $out/K\n");
	expect(CAIRN_E_MALFORMED);
	script(OUT "printf 'kernel %s/disk\\0\\0' $out >${3#--output=}\n");
	expect(CAIRN_E_MALFORMED);
	script(OUT "printf 'kernel %s/none\\0\\0' $out >${3#--output=}\n");
	expect(CAIRN_E_MALFORMED);
	script(OUT "exec ln -sf /etc/passwd $out/answer\n");
	expect(CAIRN_E_MALFORMED);
	script(OUT "printf 'kernel /etc/shadow\\0\\0' >${3#--output=}\n");
	expect(CAIRN_E_MALFORMED);
}

static void test_bounds(void **state)
{
	(void)state;
	script(OUT "exec head -c 1048577 /dev/zero >$out/K\n");
	expect(CAIRN_E_XEN);
	script("exec sleep 30\n");
	assert_int_equal(run_for(1), may ? CAIRN_E_TIMEOUT : CAIRN_E_IO);
}

/* The whole way: cairnd's number of the disk, and files that come back. */
static void test_launcher(void **state)
{
	cairn_auto_buf struct cairn_buf words = {0};
	struct cairn_launcher l;
	char xl[64];
	int files[CAIRN_LAUNCHER_FILES];
	struct cairn_launcher_ask ask = {.job = CAIRN_LAUNCHER_EXTRACT, .timeout_s = 20, .limit_mib = 1};

	(void)state;
	snprintf(xl, sizeof(xl), "%s/xl", dir);
	ask.number = (uint32_t)disk;
	script(FOUND);
	assert_int_equal(cairn_launcher_start(&l, xl), CAIRN_OK);
	assert_int_equal(cairn_launcher_ask_files(&l, &ask, &words, files), may ? CAIRN_OK : CAIRN_E_IO);
	if (may) {
		assert_string_equal(cairn_buf_str(&words), "a b");
		assert_true(fcntl(files[0], F_GETFD) & FD_CLOEXEC);
		assert_file(files[0], "kern");
		assert_file(files[1], "init");
	}
	ask.number = 9999;
	assert_int_equal(cairn_launcher_ask_files(&l, &ask, &words, files), CAIRN_E_IO);
	assert_int_equal(files[0], -1);
	cairn_launcher_stop(&l);
}

static int group_setup(void **state)
{
	int loop = -1, fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	static char text[4096] = "the first line\nthe second\n";

	(void)state;
	disk = memfd_create("disk", MFD_CLOEXEC);
	if (!mkdtemp(dir) || chmod(dir, 0755) != 0 || disk < 0 ||
	    write(disk, text, sizeof(text)) != (ssize_t)sizeof(text))
		return -1;
	snprintf(program, sizeof(program), "%s/pygrub", dir);
	may = geteuid() == 0 && fs >= 0 && cairn_disk_loop(&loop, disk) == CAIRN_OK;
	if (fs >= 0)
		close(fs);
	if (loop >= 0)
		close(loop);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	close(disk);
	unlink(program);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),     cmocka_unit_test(test_finds_nothing),
	    cmocka_unit_test(test_is_nobody), cmocka_unit_test(test_may_not),
	    cmocka_unit_test(test_disk),      cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_bounds),    cmocka_unit_test(test_launcher),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
