/* Lanes: the same digests with any number of helpers, whatever is filled when. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/lanes.h"

#define SIZE ((size_t)1 << 21)

static uint8_t bytes[SIZE];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 251);
	return 0;
}

static int memfd(void)
{
	int fd = memfd_create("lane", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	return fd;
}

/* Writes and tells of the next `len` bytes of a lane that got `at` of them. */
static void fill(struct cairn_lanes *l, struct cairn_lane *lane, int fd, size_t at, size_t len)
{
	assert_int_equal(pwrite(fd, bytes + at, len, (off_t)at), len);
	cairn_lane_fill(l, lane, len);
}

static void expect(struct cairn_lane *lane, size_t size)
{
	struct cairn_component want, got;

	assert_int_equal(cairn_component_of(&want, cairn_span(bytes, size)), CAIRN_OK);
	assert_int_equal(cairn_lane_take(lane, &got), CAIRN_OK);
	assert_true(cairn_digest_equal(&got.sha256, &want.sha256));
	assert_true(cairn_digest_equal(&got.sha384, &want.sha384));
	assert_int_equal(got.size, size);
}

/* As many lanes as there may be, of sizes that are no multiple of anything, filled by uneven pieces in turn. */
static void with_helpers(unsigned helpers)
{
	struct cairn_lane *lane[CAIRN_LANES_MAX], *more;
	size_t size[CAIRN_LANES_MAX], at[CAIRN_LANES_MAX] = {0}, left = CAIRN_LANES_MAX;
	int fd[CAIRN_LANES_MAX];
	struct cairn_lanes l;

	cairn_lanes_init(&l);
	for (size_t i = 0; i < CAIRN_LANES_MAX; i++) {
		fd[i] = memfd();
		size[i] = SIZE / (i + 1) - i;
		assert_int_equal(cairn_lanes_add(&l, &lane[i], fd[i], size[i]), CAIRN_OK);
	}
	assert_int_equal(cairn_lanes_add(&l, &more, fd[0], 1), CAIRN_E_LIMIT);
	cairn_lanes_start(&l, helpers);
	assert_int_equal(l.helpers, helpers < CAIRN_HELPERS_MAX ? helpers : CAIRN_HELPERS_MAX);
	for (size_t n = 1; left > 0; n = n * 7 % 200003) {
		size_t i = n % CAIRN_LANES_MAX, len = n < size[i] - at[i] ? n : size[i] - at[i];

		left -= len > 0 && at[i] + len == size[i];
		if (len > 0)
			fill(&l, lane[i], fd[i], at[i], len);
		at[i] += len;
		(void)cairn_lanes_work(&l, n % 3 * CAIRN_LANE_PIECE);
	}
	assert_true(cairn_lanes_finish(&l, 60000));
	for (size_t i = 0; i < CAIRN_LANES_MAX; i++) {
		expect(lane[i], size[i]);
		close(fd[i]);
	}
	cairn_lanes_fini(&l);
}

static void test_helpers(void **state)
{
	static const unsigned counts[] = {0, 1, 2, 7, CAIRN_HELPERS_MAX, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		with_helpers(counts[i]);
}

/* The owner's own work: only what is far enough behind, and a piece at a time; the rest at the end. */
static void test_behind(void **state)
{
	struct cairn_lanes l;
	struct cairn_lane *lane;
	int fd = memfd();

	(void)state;
	cairn_lanes_init(&l);
	assert_int_equal(cairn_lanes_add(&l, &lane, fd, 2 * CAIRN_LANE_PIECE), CAIRN_OK);
	assert_false(cairn_lanes_work(&l, 0));
	fill(&l, lane, fd, 0, CAIRN_LANE_PIECE);
	assert_false(cairn_lanes_work(&l, CAIRN_LANE_PIECE + 1));
	assert_true(cairn_lanes_work(&l, CAIRN_LANE_PIECE)); /* of either hash */
	assert_true(cairn_lanes_work(&l, CAIRN_LANE_PIECE));
	assert_false(cairn_lanes_work(&l, 0));
	fill(&l, lane, fd, CAIRN_LANE_PIECE, 3);
	assert_true(cairn_lanes_finish(&l, 60000));
	assert_false(cairn_lanes_work(&l, 0));
	expect(lane, CAIRN_LANE_PIECE + 3);
	cairn_lanes_fini(&l);
	close(fd);
}

/* A moment is enough for a piece and not for all: the owner comes back, and goes on. */
static void test_a_moment(void **state)
{
	struct cairn_lanes l;
	struct cairn_lane *lane;
	unsigned turns = 0;
	int fd = memfd();

	(void)state;
	for (unsigned helpers = 0; helpers < 2; helpers++) {
		cairn_lanes_init(&l);
		assert_int_equal(cairn_lanes_add(&l, &lane, fd, SIZE), CAIRN_OK);
		fill(&l, lane, fd, 0, SIZE);
		cairn_lanes_start(&l, helpers);
		for (turns = 0; !cairn_lanes_finish(&l, 1); turns++)
			assert_true(turns < 100000);
		assert_true(turns > 0);
		expect(lane, SIZE);
		cairn_lanes_fini(&l);
	}
	close(fd);
}

/* Lanes that are given up with work in them; and ones that had none. */
static void test_given_up(void **state)
{
	struct cairn_lanes l;
	struct cairn_lane *lane;
	int fd = memfd();

	(void)state;
	for (unsigned helpers = 0; helpers < 3; helpers++) {
		cairn_lanes_init(&l);
		assert_int_equal(cairn_lanes_add(&l, &lane, fd, SIZE), CAIRN_OK);
		cairn_lanes_start(&l, helpers);
		fill(&l, lane, fd, 0, SIZE / 2);
		cairn_lanes_fini(&l);
	}
	cairn_lanes_init(&l);
	cairn_lanes_start(&l, 5);
	assert_int_equal(l.helpers, 0);
	assert_int_equal(cairn_lanes_add(&l, &lane, -1, 1), CAIRN_E_NOMEM);
	assert_true(cairn_lanes_finish(&l, 60000));
	cairn_lanes_fini(&l);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_helpers),
	    cmocka_unit_test(test_behind),
	    cmocka_unit_test(test_a_moment),
	    cmocka_unit_test(test_given_up),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
