/* What each test reaches without a mutant. Every program runs whole, for its verdict and its tests' names; then each test
 * alone, so that a mutant needs only those tests in which it makes a difference. */
#include "tests/mutate/run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS     120000
#define SEEN_CHANGED 1

static void clear(const char *dir)
{
	char path[4096];
	DIR *d = opendir(dir);
	mkdir(dir, 0755);
	for (const struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
}

static void append_test(struct run *r, const struct test *t)
{
	r->test = reallocarray(r->test, r->tests + 1, sizeof *r->test);
	if (!r->test)
		abort();
	r->test[r->tests++] = *t;
}

/* Tests that the program says it runs, each as a test of its own. */
static size_t list_tests(struct run *r, const char *program, int output)
{
	char line[512], name[256];
	size_t before = r->tests;
	lseek(output, 0, SEEK_SET);
	FILE *f = fdopen(dup(output), "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "[ RUN ] %255s", name) == 1)
			append_test(r, &(struct test){.program = program, .name = strdup(name)});
	if (f)
		fclose(f);
	return r->tests - before;
}

struct map {
	const char *file;
	unsigned char *byte;
	size_t size;
};

static void load_map(struct map *m, const char *dir, const char *file)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s", dir, file);
	for (char *p = path + strlen(dir) + 1; n > 0 && *p; p++)
		*p = *p == '/' ? '_' : *p;
	free(m->byte);
	*m = (struct map){.file = file};
	FILE *f = fopen(path, "re");
	struct stat s;
	if (!f)
		return;
	if (fstat(fileno(f), &s) == 0 && (m->byte = malloc((size_t)s.st_size + 1)))
		m->size = fread(m->byte, 1, (size_t)s.st_size, f);
	fclose(f);
}

/* Rows are in place before anything is reached: they count where something else of their file is. */
static bool reaches(const struct map *m, const struct mutant_row *row)
{
	size_t n = strtoul(row->number, NULL, 10);
	if (n >= m->size || m->byte[n] != SEEN_CHANGED)
		return false;
	if (strcmp(row->kind, "row") != 0)
		return true;
	for (size_t i = 1; i < m->size; i++)
		if (m->byte[i] != 0 && i != n)
			return true;
	return false;
}

static void note_reach(struct run *r, size_t test, const char *seen)
{
	struct map m = {0};
	for (size_t i = 0; i < r->mutants; i++) {
		struct mutant_row *row = &r->mutant[i];
		if (!m.file || strcmp(m.file, row->file) != 0)
			load_map(&m, seen, row->file);
		size_t n = strtoul(row->number, NULL, 10);
		row->passed = row->passed || (n < m.size && m.byte[n]);
		if (!reaches(&m, row))
			continue;
		row->reach = row->reach ? row->reach : calloc(1, 65536 / 8);
		if (!row->reach)
			abort();
		row->reach[test / 8] = (unsigned char)(row->reach[test / 8] | 1u << test % 8);
	}
	free(m.byte);
}

/* One test without a mutant: true if it is green. */
static bool green(struct test *t, const char *seen, int *output)
{
	struct task task;
	int status = 0;
	clear(seen);
	if (!task_start(&task, t, NULL, seen, LIMIT_MS))
		return false;
	task_wait(&task, 1, &status);
	t->ms = (unsigned)(now_ms() - task.started);
	if (output)
		*output = task.output;
	else
		close(task.output);
	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Where the maps of a program's test are; test 0 is the whole of it. */
static void place(char out[4096], const struct run *r, const char *program, size_t test)
{
	const char *base = strrchr(program, '/');
	snprintf(out, 4096, "%s/base/%s/%zu", r->out, base ? base + 1 : program, test);
}

/* Runs the program's tests: how many there are, of which each can run alone; 1 if it is the program as a whole. 0: it
 * fails. */
static size_t measure(struct run *r, const char *program)
{
	struct test whole = {.program = program, .name = strdup("")};
	char seen[4096];
	int output = -1;
	size_t first = r->tests;
	place(seen, r, program, 0);
	bool good = green(&whole, seen, &output);
	size_t listed = good ? list_tests(r, program, output) : 0;
	close(output);
	if (!good) {
		fprintf(stderr, "\nmutate: %s fails without any mutant\n", program);
		return 0;
	}
	bool alone = listed > 1;
	for (size_t i = 0; alone && i < listed; i++) {
		place(seen, r, program, i + 1);
		alone = green(&r->test[first + i], seen, NULL);
	}
	if (alone)
		return listed;
	r->tests = first;
	append_test(r, &whole);
	return 1;
}

/* ---- kept between runs, for programs that have not changed ---- */

static FILE *record(const struct run *r, const char *program, const char *mode)
{
	char path[4096];
	place(path, r, program, 0);
	strcpy(path + strlen(path) - 1, "tests");
	return fopen(path, mode);
}

static size_t recall(struct run *r, const char *program, uint64_t hash)
{
	unsigned long long have = 0;
	unsigned ms;
	char name[256];
	size_t first = r->tests;
	FILE *f = record(r, program, "re");
	if (f && fscanf(f, "%llx", &have) == 1 && have == hash)
		while (fscanf(f, "%u %255s", &ms, name) == 2)
			append_test(r, &(struct test){.program = program,
						      .name = strdup(strcmp(name, "-") == 0 ? "" : name),
						      .ms = ms});
	if (f)
		fclose(f);
	return r->tests - first;
}

static void remember(const struct run *r, const char *program, uint64_t hash, size_t first)
{
	FILE *f = record(r, program, "we");
	if (!f)
		return;
	fprintf(f, "%llx\n", (unsigned long long)hash);
	for (size_t i = first; i < r->tests; i++)
		fprintf(f, "%u %s\n", r->test[i].ms, r->test[i].name[0] ? r->test[i].name : "-");
	fclose(f);
}

static bool add_program(struct run *r, const char *program)
{
	uint64_t hash = hash_file(HASH_START, program);
	size_t first = r->tests, count = recall(r, program, hash);
	char seen[4096];
	if (count == 0) {
		place(seen, r, program, 0);
		*strrchr(seen, '/') = '\0';
		mkdir(seen, 0755);
		count = measure(r, program);
		if (count)
			remember(r, program, hash, first);
	}
	for (size_t i = 0; i < count; i++) {
		place(seen, r, program, r->test[first + i].name[0] ? i + 1 : 0);
		note_reach(r, first + i, seen);
	}
	return count > 0;
}

bool baseline(struct run *r, char *const *programs, size_t count)
{
	char dir[4096];
	bool good = true;
	snprintf(dir, sizeof dir, "%s/base", r->out);
	mkdir(dir, 0755);
	for (size_t i = 0; i < count; i++) {
		fprintf(stderr, "\rmutate: what the tests reach: %zu of %zu programs", i + 1, count);
		good = add_program(r, programs[i]) && good;
	}
	fprintf(stderr, ", %zu tests\n", r->tests);
	return good;
}
