/* Alignment of two sequences: what corresponds is equal, ascends, and is as much as there can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/align.h"

#define IDS 256

/* Aligns two texts of letters, checks what must hold, and gives the number of matches. */
static size_t aligned(const char *a, const char *b)
{
	uint32_t ia[512], ib[512];
	size_t match[512], n = strlen(a), m = strlen(b), matches = 0, next = 0;

	for (size_t i = 0; i < n; i++)
		ia[i] = (uint8_t)a[i];
	for (size_t i = 0; i < m; i++)
		ib[i] = (uint8_t)b[i];
	assert_int_equal(
	    cairn_align(match, (struct cairn_align_side){ia, n}, (struct cairn_align_side){ib, m}, IDS),
	    CAIRN_OK);
	for (size_t i = 0; i < n; i++) {
		if (match[i] == CAIRN_ALIGN_NONE)
			continue;
		assert_in_range(match[i], next, m - 1);
		assert_int_equal(a[i], b[match[i]]);
		next = match[i] + 1;
		matches++;
	}
	return matches;
}

static void small_ones(void **state)
{
	(void)state;
	assert_int_equal(aligned("", ""), 0);
	assert_int_equal(aligned("a", ""), 0);
	assert_int_equal(aligned("", "a"), 0);
	assert_int_equal(aligned("a", "b"), 0);
	assert_int_equal(aligned("abc", "abc"), 3);
	assert_int_equal(aligned("abc", "abxc"), 3);
	assert_int_equal(aligned("abxc", "abc"), 3);
	assert_int_equal(aligned("abc", "xyz"), 0);
	assert_int_equal(aligned("aaaa", "aa"), 2);
	assert_int_equal(aligned("xabcy", "uabcv"), 3);
	assert_int_equal(aligned("abcd", "dabc"), 3); /* moved to the front */
	assert_int_equal(aligned("sasbs", "sbsas"), 3);
	assert_int_equal(aligned("xaay", "zaaaw"), 2); /* nothing is unique */
	assert_int_equal(aligned("aXbYc", "aYbXc"), 3);
}

static size_t longest(const char *a, const char *b)
{
	static size_t t[64][64];
	size_t n = strlen(a), m = strlen(b);

	memset(t, 0, sizeof t);
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;)
			t[i][j] = a[i] == b[j]		      ? t[i + 1][j + 1] + 1
				  : t[i + 1][j] > t[i][j + 1] ? t[i + 1][j]
							      : t[i][j + 1];
	return t[0][0];
}

/* Without unique elements the match is a longest common subsequence. */
static void repeated_elements_match_as_much_as_they_can(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char a[41] = {0}, b[41] = {0};

		for (size_t i = 0; i < 40; i++) {
			x = x * 1664525u + 1013904223u;
			a[i] = (char)('a' + (x >> 28) % 3);
			b[i] = (char)('a' + (x >> 24) % 3);
		}
		assert_int_equal(aligned(a, b), longest(a, b));
	}
}

/* A hundred thousand elements, all unique and half of them moved, or all equal, end soon. */
static void large_ones_end(void **state)
{
	size_t n = 100000, matches = 0, *match = malloc(n * sizeof *match);
	uint32_t *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);

	(void)state;
	assert_true(match && a && b);
	for (size_t i = 0; i < n; i++) {
		a[i] = (uint32_t)i;
		b[i] = (uint32_t)(i % 2 ? n - i : i);
	}
	assert_int_equal(cairn_align(match, (struct cairn_align_side){a, n}, (struct cairn_align_side){b, n},
				     (uint32_t)n + 1),
			 CAIRN_OK);
	for (size_t i = 0; i < n; i++)
		matches += match[i] != CAIRN_ALIGN_NONE;
	assert_true(matches >= n / 2);
	for (size_t i = 0; i < n; i++) {
		a[i] = i % 2;
		b[i] = i % 3 % 2;
	}
	b[0] = 7;
	assert_int_equal(
	    cairn_align(match, (struct cairn_align_side){a, n}, (struct cairn_align_side){b, n}, 8),
	    CAIRN_OK);
	free(match);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_ones),
	    cmocka_unit_test(repeated_elements_match_as_much_as_they_can),
	    cmocka_unit_test(large_ones_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
