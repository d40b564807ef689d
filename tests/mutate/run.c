/* run [-j JOBS] [-f FILE]... [-e EQUIVALENT] OUT PROGRAM... : the mutation run over what mutate wrote to OUT, with the
 * test programs of the mutation build. -f: only the mutants of these files. Results are kept in OUT/results.tsv: a run
 * that was interrupted goes on where it stopped, and a later one asks first the test that killed a mutant before. */
#include "tests/mutate/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELDS 7

/* ---- files ---- */

uint64_t hash_file(uint64_t h, const char *path)
{
	unsigned char block[65536];
	FILE *f = fopen(path, "re");
	size_t n;
	while (f && (n = fread(block, 1, sizeof block, f)) > 0)
		for (size_t i = 0; i < n; i++)
			h = (h ^ block[i]) * UINT64_C(1099511628211); /* FNV-1a */
	if (f)
		fclose(f);
	return h;
}

/* Cuts a line at its tabs; the number of fields. */
static size_t cut(char *line, char **field, size_t max)
{
	size_t n = 0;
	line[strcspn(line, "\n")] = '\0';
	for (char *p = line; p && n < max; n++) {
		field[n] = p;
		p = n + 1 < max ? strchr(p, '\t') : NULL;
		if (p)
			*p++ = '\0';
	}
	return n;
}

static bool wanted(char *const *files, size_t count, const char *file)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(files[i], file) == 0)
			return true;
	return count == 0;
}

static bool read_mutants(struct run *r, char *const *files, size_t count)
{
	char path[4096], *line = NULL, *field[FIELDS];
	size_t size = 0;
	snprintf(path, sizeof path, "%s/mutants.tsv", r->out);
	FILE *f = fopen(path, "re");
	if (!f) {
		perror(path);
		return false;
	}
	while (getline(&line, &size, f) > 0) {
		char *own = strdup(line);
		r->mutant = reallocarray(r->mutant, r->mutants + 1, sizeof *r->mutant);
		if (!own || !r->mutant || cut(own, field, FIELDS) != FIELDS)
			abort();
		r->mutant[r->mutants++] = (struct mutant_row){.line = own,
							      .file = field[0],
							      .number = field[1],
							      .at = field[2],
							      .kind = field[3],
							      .class = field[4],
							      .function = field[5],
							      .text = field[6],
							      .wanted = wanted(files, count, field[0])};
	}
	free(line);
	fclose(f);
	return r->mutants > 0;
}

/* The same check: in one function of one file, with the same words. */
static bool same(const struct mutant_row *m, char *const *field)
{
	return strcmp(m->file, field[0]) == 0 && strcmp(m->function, field[1]) == 0 &&
	       strcmp(m->kind, field[2]) == 0 && strcmp(m->text, field[3]) == 0;
}

/* stamp, by, file, function, kind, text: the last line of a check counts. */
static void read_results(struct run *r)
{
	char path[4096], *line = NULL, *field[6];
	size_t size = 0;
	snprintf(path, sizeof path, "%s/results.tsv", r->out);
	FILE *f = fopen(path, "re");
	while (f && getline(&line, &size, f) > 0) {
		if (cut(line, field, 6) != 6)
			continue;
		bool valid = strtoull(field[0], NULL, 16) == r->stamp, twin = false;
		for (size_t i = 0; i < r->mutants; i++) {
			struct mutant_row *m = &r->mutant[i];
			if (!same(m, field + 2) || twin || (valid && m->by))
				continue;
			twin = valid; /* one line for each of those that read alike, in their order */
			free(m->hint);
			m->hint = field[1][0] ? strdup(field[1]) : NULL;
			if (valid)
				m->by = strdup(field[1]);
		}
	}
	free(line);
	if (f)
		fclose(f);
}

/* file, function, kind, text, why: applies to every check of the function that reads so. False: a line without one. */
static bool read_excuses(struct run *r, const char *path, size_t *count)
{
	char *line = NULL, *field[5];
	size_t size = 0;
	bool good = true;
	FILE *f = path ? fopen(path, "re") : NULL;
	while (f && getline(&line, &size, f) > 0) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		bool found = false, whole = cut(line, field, 5) == 5;
		for (size_t i = 0; whole && i < r->mutants; i++) {
			if (!same(&r->mutant[i], field))
				continue;
			found = true;
			r->mutant[i].excuse = strdup(field[4]);
			++*count;
		}
		if (!found)
			printf("%s: no such check: %s %s %s\n", path, field[0], whole ? field[1] : "",
			       whole ? field[3] : "");
		good = good && found;
	}
	free(line);
	if (f)
		fclose(f);
	return good && (f || !path);
}

/* ---- */

static int go(struct run *r, char **programs, size_t count, const char *equivalent)
{
	char path[4096];
	size_t excuses = 0;
	snprintf(path, sizeof path, "%s/mutants.tsv", r->out);
	r->stamp = hash_file(HASH_START, path);
	for (size_t i = 0; i < count; i++)
		r->stamp = hash_file(r->stamp, programs[i]);
	bool excused = read_excuses(r, equivalent, &excuses);
	read_results(r);
	if (!baseline(r, programs, count) || !kill_mutants(r))
		return 1;
	return report(r, excuses) && excused ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct run r = {.jobs = 2};
	char *file[512];
	const char *equivalent = NULL;
	size_t files = 0;
	for (int c; (c = getopt(argc, argv, "j:f:e:")) != -1;) {
		if (c == 'j')
			r.jobs = (unsigned)atoi(optarg);
		else if (c == 'f' && files < 512)
			file[files++] = optarg;
		else if (c == 'e')
			equivalent = optarg;
		else
			return 2;
	}
	if (argc - optind < 2 || r.jobs < 1 || r.jobs > JOBS_MAX) {
		fprintf(stderr, "usage: run [-j JOBS] [-f FILE]... [-e EQUIVALENT] OUT PROGRAM...\n");
		return 2;
	}
	r.out = argv[optind++];
	if (!read_mutants(&r, file, files))
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return go(&r, argv + optind, (size_t)(argc - optind), equivalent);
}
