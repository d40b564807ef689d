/* The mutation run: which tests there are, what each of them reaches, and which mutants they kill. */
#ifndef CAIRN_MUTATE_RUN_H
#define CAIRN_MUTATE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOBS_MAX 16

/* A test to run: one of a cmocka program, or (name "") all of the program. */
struct test {
	const char *program;
	char *name;
	unsigned ms;
};

struct mutant_row {
	char *line; /* what the fields point into */
	char *file, *number, *at, *kind, *class, *function, *text;
	unsigned char *reach; /* one bit a test: it sees a difference */
	bool passed;	      /* some test came by, to no effect */
	bool wanted;	      /* part of this run */
	const char *excuse;   /* equivalent: why; NULL: it is not */
	char *by;	      /* what killed it, or "" for nothing; NULL: not known yet */
	char *hint;	      /* what killed it last time */
};

struct run {
	const char *out;
	unsigned jobs;
	struct test *test;
	size_t tests;
	struct mutant_row *mutant;
	size_t mutants;
	uint64_t stamp; /* of the programs and the list of mutants: results of another stamp are only hints */
};

/* ---- one process ---- */

struct task {
	int pid;
	uint64_t started, deadline; /* ms */
	int output;		    /* a file with its standard output */
};

/* Starts a test with its output in a file, in a group of its own. mutant and seen may be NULL. */
bool task_start(struct task *t, const struct test *test, const char *mutant, const char *seen,
		unsigned limit_ms);

/* Waits until one of the tasks has ended or is out of time: its index, with *status as of waitpid (-1: time). */
size_t task_wait(struct task *tasks, size_t count, int *status);

uint64_t now_ms(void);

/* ---- the run ---- */

/* FNV-1a, 64 bits, over a file's bytes, going on from h. */
#define HASH_START UINT64_C(14695981039346656037)
uint64_t hash_file(uint64_t h, const char *path);

/* What each test reaches, without a mutant. False: a test fails, and nothing can be said. */
bool baseline(struct run *r, char *const *programs, size_t count);

/* Runs every wanted mutant that has no result yet. */
bool kill_mutants(struct run *r);

/* The summary and table.tsv. False: a survivor, or a line of the list of equivalents that is wrong. */
bool report(struct run *r, size_t excuses);

#endif
