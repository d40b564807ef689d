/* mutate OUT FILE... : writes an instrumented copy of each FILE to OUT/src/FILE and the list of all mutants to
 * OUT/mutants.tsv. A copy that would not change is not written, so that make builds only what is new. */
#include "tests/mutate/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const KINDS[MUTANT_KINDS] = {[MUTANT_GUARD] = "guard",
						[MUTANT_ACCEPT] = "accept",
						[MUTANT_STEP] = "step",
						[MUTANT_SAY] = "say",
						[MUTANT_ROW] = "row"};

static bool same_content(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t i = 0;
	if (!f)
		return false;
	int c = getc(f);
	while (c != EOF && i < size && (unsigned char)text[i] == (unsigned)c) {
		i++;
		c = getc(f);
	}
	fclose(f);
	return c == EOF && i == size;
}

static bool make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		int rc = mkdir(path, 0755);
		*p = '/';
		if (rc != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static bool put(char *path, const char *text, size_t size)
{
	if (same_content(path, text, size))
		return true;
	FILE *f = make_parents(path) ? fopen(path, "we") : NULL;
	bool good = f && fwrite(text, 1, size, f) == size;
	good = f && fclose(f) == 0 && good;
	if (!good)
		perror(path);
	return good;
}

static bool instrument(const char *out, const char *path, FILE *list)
{
	struct source s;
	char target[4096], *text = NULL;
	size_t size = 0;
	if (!source_open(&s, path))
		return false;
	source_find(&s);
	FILE *f = open_memstream(&text, &size);
	bool good = f && source_write(&s, f);
	good = f && fclose(f) == 0 && good;
	snprintf(target, sizeof target, "%s/src/%s", out, path);
	good = good && put(target, text, size);
	for (size_t i = 0; good && i < s.count; i++) {
		const struct mutant *m = &s.mutant[i];
		fprintf(list, "%s\t%zu\t%u\t%s\t%s\t%s\t%s\n", path, i + 1, m->line, KINDS[m->kind],
			m->memory ? "memory" : "check", m->function, m->text);
	}
	free(text);
	source_close(&s);
	return good;
}

int main(int argc, char **argv)
{
	char target[4096], *text = NULL;
	size_t size = 0;
	if (argc < 3) {
		fprintf(stderr, "usage: mutate OUT FILE...\n");
		return 2;
	}
	FILE *list = open_memstream(&text, &size);
	bool good = list != NULL;
	for (int i = 2; good && i < argc; i++)
		good = instrument(argv[1], argv[i], list);
	good = list && fclose(list) == 0 && good;
	snprintf(target, sizeof target, "%s/mutants.tsv", argv[1]);
	good = good && put(target, text, size);
	free(text);
	return good ? 0 : 1;
}
