/* Staging: digests against OpenSSL's own, seals that hold, and every file that must be refused. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/lanes.h"
#include "agent/measure.h"

#define MAX (64u * 1024 * 1024)

static char dir[] = "/tmp/cairn-measure.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/image", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void put(const void *bytes, size_t len)
{
	assert_int_equal(cairn_file_write(path, cairn_span(bytes, len), 0644), CAIRN_OK);
}

static void test_digests(void **state)
{
	size_t len = 3 * 256 * 1024 + 17;
	uint8_t *bytes = malloc(len);
	struct cairn_staged s;
	struct cairn_digest want;

	(void)state;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 251);
	put(bytes, len);
	assert_int_equal(cairn_stage_file(&s, path, MAX), CAIRN_OK);
	assert_int_equal(s.is.size, len);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span(bytes, len)), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &s.is.sha256));
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA384, cairn_span(bytes, len)), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &s.is.sha384));
	/* The copy has the bytes that were hashed, and nobody can write to it. */
	void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, s.fd, 0);

	assert_true(map != MAP_FAILED);
	assert_memory_equal(map, bytes, len);
	munmap(map, len);
	assert_int_equal(pwrite(s.fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(s.fd, 1), -1);
	assert_int_equal(ftruncate(s.fd, (off_t)len + 1), -1);
	assert_true(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s.fd, 0) == MAP_FAILED);
	assert_int_equal(fcntl(s.fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	char again[64];

	snprintf(again, sizeof(again), "/proc/self/fd/%d", s.fd);
	int fd = open(again, O_RDWR);

	if (fd >= 0)
		assert_int_equal(write(fd, "x", 1), -1);
	if (fd >= 0)
		close(fd);
	cairn_staged_fini(&s);
	free(bytes);
}

static void test_refused(void **state)
{
	struct cairn_staged s;

	(void)state;
	cairn_staged_init(&s);
	unlink(path);
	assert_int_equal(cairn_stage_file(&s, path, MAX), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_stage_file(&s, "/tmp/x\x01/none/y", MAX), CAIRN_E_NOTFOUND);
	put("", 0);
	assert_int_equal(cairn_stage_file(&s, path, MAX), CAIRN_E_TRUNCATED);
	put("abc", 3);
	assert_int_equal(cairn_stage_file(&s, path, 2), CAIRN_E_LIMIT);
	assert_int_equal(cairn_stage_file(&s, dir, MAX), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_stage_file(&s, "/dev/zero", MAX), CAIRN_E_UNSUPPORTED);
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(cairn_stage_file(&s, path, MAX), CAIRN_E_UNSUPPORTED); /* and does not hang */
	assert_int_equal(s.fd, -1);
	unlink(path);
}

static void test_symlink(void **state)
{
	struct cairn_staged s;
	char link[80];

	(void)state;
	snprintf(link, sizeof(link), "%s/link", dir);
	put("abc", 3);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(cairn_stage_file(&s, link, MAX), CAIRN_OK);
	assert_int_equal(s.is.size, 3);
	cairn_staged_fini(&s);
	unlink(link);
}

/* A child that changes the file all the time: append (grow), rewrite in place (same size), truncate. */
static pid_t change_forever(int how)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int fd = open(path, O_RDWR | (how == 0 ? O_APPEND : 0));

	for (unsigned i = 0; i < 50u * 1000 * 1000; i++) {
		ssize_t n = 0;

		if (how == 0)
			n = write(fd, "y", 1);
		else if (how == 1)
			n = pwrite(fd, &i, sizeof(i), 5000);
		else
			n = ftruncate(fd, 20 * 1024 * 1024 - (off_t)(i % 4096));
		if (n < 0)
			_exit(1);
	}
	_exit(0);
}

static void changing(int how)
{
	unsigned changed = 0;
	pid_t pid;

	put("x", 1);
	assert_int_equal(truncate(path, 20 * 1024 * 1024), 0);
	pid = change_forever(how);
	assert_true(pid > 0);
	/* Reading takes longer than a tick of the file's clock, in which the child writes many times, if it
	 * runs. */
	for (unsigned i = 0; i < 200 && changed < 3; i++) {
		struct cairn_stage one = {.path = path, .max = MAX};

		cairn_stage_files(&one, 1);
		assert_true(one.status == CAIRN_OK || one.status == CAIRN_E_CHANGED);
		assert_int_equal(one.staged.fd >= 0, one.status == CAIRN_OK);
		changed += one.status == CAIRN_E_CHANGED;
		cairn_staged_fini(&one.staged);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(changed, 3);
}

static void test_growing(void **state)
{
	(void)state;
	changing(0);
}

static void test_rewritten(void **state)
{
	(void)state;
	changing(1);
}

static void test_shrinking(void **state)
{
	(void)state;
	changing(2);
}

static void test_read(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	put("name = 1\n", 9);
	assert_int_equal(cairn_stage_read(&b, path, 64), CAIRN_OK);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.ptr, "name = 1\n", 9);
	assert_int_equal(cairn_stage_read(&b, path, 8), CAIRN_E_LIMIT);
	assert_int_equal(b.len, 9);
}

/* More files than are staged at a time, of many sizes; the bad among them spoil nothing but themselves. */
static void test_several(void **state)
{
	enum { COUNT = CAIRN_LANES_MAX * 2 + 3 };
	struct cairn_stage all[COUNT] = {{0}};
	char name[COUNT][96];
	uint8_t *bytes = calloc(1, COUNT * 100000);

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		size_t len = i * 99991;

		memset(bytes, (int)i, len);
		snprintf(name[i], sizeof(name[i]), "%s/%zu", dir, i);
		if (i != 5)
			assert_int_equal(cairn_file_write(name[i], cairn_span(bytes, len), 0600), CAIRN_OK);
		all[i] = (struct cairn_stage){.path = i == 7 ? dir : name[i], .max = i == 9 ? len - 1 : MAX};
	}
	cairn_stage_files(all, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		struct cairn_component want;
		enum cairn_status st = i == 0	? CAIRN_E_TRUNCATED
				       : i == 5 ? CAIRN_E_NOTFOUND
				       : i == 7 ? CAIRN_E_UNSUPPORTED
				       : i == 9 ? CAIRN_E_LIMIT
						: CAIRN_OK;

		assert_int_equal(all[i].status, st);
		assert_int_equal(all[i].staged.fd >= 0, st == CAIRN_OK);
		memset(bytes, (int)i, i * 99991);
		assert_int_equal(cairn_component_of(&want, cairn_span(bytes, i * 99991)), CAIRN_OK);
		if (st == CAIRN_OK) {
			assert_true(cairn_digest_equal(&all[i].staged.is.sha256, &want.sha256));
			assert_true(cairn_digest_equal(&all[i].staged.is.sha384, &want.sha384));
			assert_int_equal(all[i].staged.is.size, want.size);
			assert_int_equal(pwrite(all[i].staged.fd, "x", 1, 0), -1);
		}
		cairn_staged_fini(&all[i].staged);
		unlink(name[i]);
	}
	free(bytes);
}

static void count(void *context)
{
	*(unsigned *)context += 1;
}

/* While a file is read, and while it is hashed: whoever waits hears of it. */
static void test_ticks(void **state)
{
	enum { SIZE = 8 * 1024 * 1024 };
	unsigned ticks = 0;
	struct cairn_stage one = {.path = path, .max = SIZE, .tick = {count, &ticks, 1}};

	(void)state;
	put("x", 1);
	assert_int_equal(truncate(path, SIZE), 0);
	cairn_stage_files(&one, 1);
	assert_int_equal(one.status, CAIRN_OK);
	assert_true(ticks >= 2);
	cairn_staged_fini(&one.staged);
	one.tick.every_ms = 3600 * 1000;
	ticks = 0;
	cairn_stage_files(&one, 1);
	assert_int_equal(one.status, CAIRN_OK);
	assert_int_equal(ticks, 0);
	cairn_staged_fini(&one.staged);
}

/* Where the system is to blame, it says why. */
static void test_errors(void **state)
{
	struct cairn_staged s;
	char name[300];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	errno = 0;
	assert_int_equal(cairn_stage_file(&s, name, MAX), CAIRN_E_IO);
	assert_int_equal(errno, ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ticks),     cmocka_unit_test(test_several),
	    cmocka_unit_test(test_errors),    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_refused),   cmocka_unit_test(test_symlink),
	    cmocka_unit_test(test_growing),   cmocka_unit_test(test_rewritten),
	    cmocka_unit_test(test_shrinking), cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
