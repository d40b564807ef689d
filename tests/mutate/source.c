/* See source.h. */
#include "tests/mutate/source.h"

#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	FILE *m = f ? open_memstream(&text, &size) : NULL;
	if (!m) {
		if (f)
			fclose(f);
		return NULL;
	}
	for (int c = getc(f); c != EOF; c = getc(f))
		putc(c, m);
	bool good = !ferror(f);
	fclose(f);
	if (fclose(m) != 0 || !good) {
		free(text);
		return NULL;
	}
	return text;
}

bool source_open(struct source *s, const char *path)
{
	*s = (struct source){.path = path, .text = read_text(path)};
	if (!s->text) {
		perror(path);
		return false;
	}
	if (!tokens_read(&s->t, s->text)) {
		fprintf(stderr, "%s: its brackets do not match\n", path);
		source_close(s);
		return false;
	}
	return true;
}

void source_close(struct source *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->mutant[i].function);
		free(s->mutant[i].text);
	}
	for (size_t i = 0; i < s->edits; i++)
		free(s->edit[i].text);
	free(s->mutant);
	free(s->edit);
	tokens_fini(&s->t);
	free(s->text);
	*s = (struct source){0};
}

/* Only running out of memory: no other reason is named, or the one question asked is that of a buffer. */
static bool only_memory(const char *text)
{
	const char *e = strstr(text, "CAIRN_E_");
	if (!e)
		return strstr(text, "cairn_buf_status(") == text || strstr(text, "return cairn_buf_status(");
	for (; e; e = strstr(e + 1, "CAIRN_E_"))
		if (strncmp(e, "CAIRN_E_NOMEM", strlen("CAIRN_E_NOMEM")) != 0)
			return false;
	return true;
}

unsigned source_mutant(struct source *s, enum mutant_kind kind, const char *function, size_t from, size_t to)
{
	s->mutant = reallocarray(s->mutant, s->count + 1, sizeof *s->mutant);
	if (!s->mutant)
		abort();
	struct mutant *m = &s->mutant[s->count++];
	*m = (struct mutant){.kind = kind, .line = s->t.item[from].line, .function = strdup(function)};
	m->text = tokens_text(&s->t, from, to);
	m->memory = only_memory(m->text);
	return (unsigned)s->count;
}

static void add_edit(struct source *s, size_t at, bool close, const char *text)
{
	s->edit = reallocarray(s->edit, s->edits + 1, sizeof *s->edit);
	if (!s->edit)
		abort();
	s->edit[s->edits] = (struct edit){.at = at, .order = s->edits, .close = close, .text = strdup(text)};
	s->edits++;
}

static size_t offset(const struct source *s, const char *p)
{
	return (size_t)(p - s->text);
}

void source_behind(struct source *s, size_t i, const char *text)
{
	add_edit(s, offset(s, s->t.item[i].at) + s->t.item[i].len, true, text);
}

void source_insert(struct source *s, size_t from, size_t to, const char *before, const char *behind)
{
	add_edit(s, offset(s, s->t.item[from].at), false, before);
	source_behind(s, to - 1, behind);
}

/* In the order of the text; what closes comes before what opens, outer opens before inner, inner closes before outer. */
static int compare_edits(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->close != y->close)
		return x->close ? -1 : 1;
	return (x->order < y->order) == x->close ? 1 : -1;
}

/* Tables are changed when the program starts: neither the copy nor the headers it includes may call them const. */
bool source_write(struct source *s, FILE *f)
{
	size_t at = 0;
	if (s->edits)
		qsort(s->edit, s->edits, sizeof *s->edit, compare_edits);
	fprintf(f,
		"#include \"tests/mutate/live.h\"\n"
		"static struct cairn_mutate_unit cairn_mutate_unit = {.file = \"%s\", .count = %zu};\n"
		"__attribute__((constructor)) static void cairn_mutate_start(void)\n"
		"{\n\tcairn_mutate_register(&cairn_mutate_unit);\n}\n#define const\n#line 1 \"%s\"\n",
		s->path, s->count, s->path);
	for (size_t i = 0; i < s->edits; i++) {
		fwrite(s->text + at, 1, s->edit[i].at - at, f);
		at = s->edit[i].at;
		fputs(s->edit[i].text, f);
	}
	fputs(s->text + at, f);
	return !ferror(f);
}
