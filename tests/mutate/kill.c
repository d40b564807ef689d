/* Runs the mutants: each through the tests that it makes a difference to, the fastest first, until one goes red. */
#include "tests/mutate/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOWER	 10 /* times the test's own time: then it hangs */
#define GRACE_MS 3000

struct work {
	size_t mutant;
	size_t *test; /* those to run, in order */
	size_t tests, next;
	bool busy;
};

struct pool {
	struct run *r;
	FILE *results;
	struct task task[JOBS_MAX];
	struct work work[JOBS_MAX];
	size_t next, done, total, survivors;
	uint64_t started, shown;
};

static const struct run *sorting; /* qsort has no context argument */

static int by_time(const void *a, const void *b)
{
	const struct test *x = &sorting->test[*(const size_t *)a], *y = &sorting->test[*(const size_t *)b];
	return x->ms < y->ms ? -1 : x->ms > y->ms;
}

static void label(char out[512], const struct test *t)
{
	const char *base = strrchr(t->program, '/');
	snprintf(out, 512, "%s%s%s", base ? base + 1 : t->program, t->name[0] ? ":" : "", t->name);
}

/* What killed it the last time comes first. */
static void hint_first(const struct run *r, struct work *w, const char *hint)
{
	char name[512];
	for (size_t i = 0; hint && i < w->tests; i++) {
		label(name, &r->test[w->test[i]]);
		if (strcmp(name, hint) != 0)
			continue;
		size_t t = w->test[i];
		memmove(w->test + 1, w->test, i * sizeof *w->test);
		w->test[0] = t;
		return;
	}
}

static void plan(const struct run *r, struct work *w, size_t mutant)
{
	const struct mutant_row *m = &r->mutant[mutant];
	*w = (struct work){.mutant = mutant, .busy = true, .test = calloc(r->tests + 1, sizeof *w->test)};
	if (!w->test)
		abort();
	for (size_t i = 0; m->reach && i < r->tests; i++)
		if (m->reach[i / 8] >> i % 8 & 1)
			w->test[w->tests++] = i;
	sorting = r;
	qsort(w->test, w->tests, sizeof *w->test, by_time);
	hint_first(r, w, m->hint);
}

static void progress(struct pool *p)
{
	uint64_t now = now_ms(), spent = now - p->started;
	if (now - p->shown < 1000 && p->done < p->total)
		return;
	p->shown = now;
	fprintf(stderr, "\rmutate: %zu of %zu mutants, %zu survive, %llu s left   ", p->done, p->total,
		p->survivors,
		(unsigned long long)(p->done ? spent * (p->total - p->done) / p->done / 1000 : 0));
}

static void finish(struct pool *p, struct work *w, const char *by)
{
	struct mutant_row *m = &p->r->mutant[w->mutant];
	m->by = strdup(by);
	p->done++;
	p->survivors += !by[0];
	fprintf(p->results, "%016llx\t%s\t%s\t%s\t%s\t%s\n", (unsigned long long)p->r->stamp, by, m->file,
		m->function, m->kind, m->text);
	fflush(p->results);
	free(w->test);
	*w = (struct work){0};
	progress(p);
}

/* Takes the next mutant that has a test to run; those that no test reaches have survived at once. */
static bool take(struct pool *p, struct work *w)
{
	while (p->next < p->r->mutants) {
		size_t i = p->next++;
		if (!p->r->mutant[i].wanted || p->r->mutant[i].by)
			continue;
		plan(p->r, w, i);
		if (w->tests)
			return true;
		finish(p, w, "");
	}
	return false;
}

static bool start(struct pool *p, size_t slot)
{
	struct work *w = &p->work[slot];
	const struct mutant_row *m = &p->r->mutant[w->mutant];
	const struct test *t = &p->r->test[w->test[w->next]];
	char id[4096];
	snprintf(id, sizeof id, "%s:%s", m->file, m->number);
	return task_start(&p->task[slot], t, id, NULL, SLOWER * t->ms + GRACE_MS);
}

/* The slot's test has ended. */
static void judge(struct pool *p, size_t slot, int status)
{
	struct work *w = &p->work[slot];
	char name[512];
	close(p->task[slot].output);
	p->task[slot].pid = 0;
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		label(name, &p->r->test[w->test[w->next]]);
		finish(p, w, name);
	} else if (++w->next == w->tests) {
		finish(p, w, "");
	}
}

static bool fill(struct pool *p)
{
	for (size_t slot = 0; slot < p->r->jobs; slot++) {
		if (!p->work[slot].busy && !take(p, &p->work[slot]))
			continue;
		if (p->task[slot].pid == 0 && !start(p, slot))
			return false;
	}
	return true;
}

static bool working(const struct pool *p)
{
	for (size_t slot = 0; slot < p->r->jobs; slot++)
		if (p->work[slot].busy)
			return true;
	return false;
}

bool kill_mutants(struct run *r)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/results.tsv", r->out);
	struct pool p = {.r = r, .results = fopen(path, "ae"), .started = now_ms()};
	if (!p.results)
		return false;
	for (size_t i = 0; i < r->mutants; i++)
		p.total += r->mutant[i].wanted && !r->mutant[i].by;
	bool good = fill(&p);
	while (good && working(&p)) {
		int status = 0;
		size_t slot = task_wait(p.task, r->jobs, &status);
		judge(&p, slot, status);
		good = fill(&p);
	}
	if (p.total)
		fputc('\n', stderr);
	return fclose(p.results) == 0 && good;
}
