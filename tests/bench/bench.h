/* What benches share: a clock, repetition, and the one line a figure.
 *
 * Budgets are ratios of two things measured in one run, so that they hold on any machine. Each side is run in turn,
 * several times, and the best time of each counts: what disturbs a machine only ever makes a run slower.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cairn/status.h"

static inline double bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A bench that measures failures measures nothing. */
static inline void bench_must(enum cairn_status s)
{
	if (s == CAIRN_OK)
		return;
	fprintf(stderr, "bench: %s\n", cairn_status_text(s));
	exit(3);
}

typedef void bench_fn(void *arg);

/* Seconds of `times` calls, and the lower of that and *best. */
static inline void bench_run(double *best, bench_fn *fn, void *arg, unsigned times)
{
	double start = bench_now();
	for (unsigned i = 0; i < times; i++)
		fn(arg);
	double took = bench_now() - start;
	if (*best == 0 || took < *best)
		*best = took;
}

/* Best times of two sides, five rounds in turn. */
static inline void bench_pair(double best[2], bench_fn *a, bench_fn *b, void *arg, unsigned times)
{
	best[0] = best[1] = 0;
	for (int round = 0; round < 5; round++) {
		bench_run(&best[0], a, arg, times);
		bench_run(&best[1], b, arg, times);
	}
}

static inline void bench_print(const char *name, double value, const char *unit, const char *budget, int ok)
{
	printf("%s\t%.3g\t%s\t%s\t%s\n", name, value, unit, budget, ok ? "ok" : "over");
	fflush(stdout);
}

#endif
