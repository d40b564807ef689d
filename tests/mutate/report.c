/* What came out: table.tsv, the counts of each file, and each survivor. */
#include "tests/mutate/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EQUIVALENT_PERCENT 3

struct count {
	size_t all, killed, equivalent, survivors;
};

static void tally(struct count *c, const struct mutant_row *m)
{
	c->all++;
	if (m->by[0])
		c->killed++;
	else if (m->excuse)
		c->equivalent++;
	else
		c->survivors++;
}

static void line(const char *name, const struct count *c)
{
	printf("%-32s %7zu %7zu %10zu %9zu\n", name, c->all, c->killed, c->equivalent, c->survivors);
}

static const char *verdict(const struct mutant_row *m)
{
	if (m->by[0])
		return "killed";
	if (m->excuse)
		return "equivalent";
	return m->reach ? "survives" : m->passed ? "never says no" : "not reached";
}

static bool table(const struct run *r)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/table.tsv", r->out);
	FILE *f = fopen(path, "we");
	if (!f)
		return false;
	fputs("file\tline\tfunction\tkind\tcheck\tverdict\tby\n", f);
	for (size_t i = 0; i < r->mutants; i++) {
		const struct mutant_row *m = &r->mutant[i];
		if (m->wanted)
			fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m->file, m->at, m->function, m->kind,
				m->text, verdict(m),
				m->by[0]    ? m->by
				: m->excuse ? m->excuse
					    : "");
	}
	return fclose(f) == 0;
}

static struct count files(const struct run *r)
{
	struct count all = {0}, one = {0};
	const char *name = NULL;
	printf("%-32s %7s %7s %10s %9s\n", "file", "mutants", "killed", "equivalent", "survivors");
	for (size_t i = 0; i < r->mutants; i++) {
		const struct mutant_row *m = &r->mutant[i];
		if (!m->wanted)
			continue;
		if (name && strcmp(name, m->file) != 0) {
			line(name, &one);
			one = (struct count){0};
		}
		name = m->file;
		tally(&one, m);
		tally(&all, m);
	}
	if (name)
		line(name, &one);
	line("all", &all);
	return all;
}

static void survivors(const struct run *r)
{
	for (size_t i = 0; i < r->mutants; i++) {
		const struct mutant_row *m = &r->mutant[i];
		if (m->wanted && !m->by[0] && !m->excuse)
			printf("%s:%s: %s: %s [%s] %s\n", m->file, m->at, m->function, verdict(m), m->kind,
			       m->text);
		if (m->wanted && m->by[0] && m->excuse)
			printf("%s:%s: %s: listed as equivalent, but %s kills it: %s\n", m->file, m->at,
			       m->function, m->by, m->text);
	}
}

bool report(struct run *r, size_t excuses)
{
	struct count all = files(r);
	bool good = table(r) && all.survivors == 0 && all.all > 0;
	survivors(r);
	for (size_t i = 0; i < r->mutants; i++)
		good = good && !(r->mutant[i].wanted && r->mutant[i].by[0] && r->mutant[i].excuse);
	if (excuses * 100 > r->mutants * EQUIVALENT_PERCENT) {
		printf("%zu equivalent ones of %zu mutants: more than %d %%\n", excuses, r->mutants,
		       EQUIVALENT_PERCENT);
		good = false;
	}
	printf("mutate: %zu mutants, %zu killed, %zu equivalent, %zu survivors\n", all.all, all.killed,
	       all.equivalent, all.survivors);
	return good;
}
