/* Tables of checks: a row is removed by writing its neighbour over it, which leaves the count alone; and the limits
 * that it states are lifted. */
#include "tests/mutate/source.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 256

struct rows {
	size_t from[ROWS_MAX], to[ROWS_MAX];
	size_t count;
};

static void split(struct rows *r, const struct tokens *t, size_t open)
{
	size_t end = t->item[open].match;
	for (size_t at = open + 1; at < end && r->count < ROWS_MAX;) {
		size_t comma = tokens_find(t, at, end, ",");
		if (comma > at) {
			r->from[r->count] = at;
			r->to[r->count++] = comma;
		}
		at = comma + 1;
	}
}

/* {0}, {}, NULL, a macro of that name: the end of a table, and no row. */
static bool is_end(const struct tokens *t, size_t from, size_t to)
{
	const struct token *i = &t->item[from];
	if (token_is(i, "NULL") || token_is(i, "END"))
		return true;
	return token_is(i, "{") &&
	       (to - from == 2 || (to - from == 3 && (token_is(i + 1, "0") || token_is(i + 1, "NULL"))));
}

/* A word among structs is a macro that stands for some rows, of which nothing more is known here. */
static bool is_macro(const struct tokens *t, const struct rows *r, size_t k)
{
	bool structs = false;
	for (size_t i = 0; i < r->count; i++)
		structs = structs || token_is(&t->item[r->from[i]], "{");
	return structs && t->item[r->from[k]].kind == TOKEN_WORD;
}

/* Row k's index: counted from the end where a macro comes before it. */
static void index_of(char out[96], const struct tokens *t, const struct rows *r, size_t k,
		     const struct token *name)
{
	bool behind = false;
	for (size_t i = 0; i < k; i++)
		behind = behind || is_macro(t, r, i);
	if (behind)
		snprintf(out, 96, "sizeof %.*s / sizeof *%.*s - %zu", (int)name->len, name->at,
			 (int)name->len, name->at, r->count - k);
	else
		snprintf(out, 96, "%zu", k);
}

/* Structs, names and strings. Numbers are data; a designated index makes a table that is looked up, every entry of which
 * has its own place. */
static bool is_check_table(const struct tokens *t, const struct rows *r)
{
	for (size_t k = 0; k < r->count; k++) {
		const struct token *i = &t->item[r->from[k]];
		bool one = r->to[k] - r->from[k] == 1 && i->kind != TOKEN_NUMBER && *i->at != '\'';
		if (!one && !token_is(i, "{"))
			return false;
	}
	return r->count >= 2;
}

/* The first token from..to that reads c and is not inside of a struct's body. */
static size_t outside(const struct tokens *t, size_t from, size_t to, const char *c)
{
	for (size_t i = from; i < to; i++) {
		if (token_is(&t->item[i], "{"))
			i = t->item[i].match;
		else if (token_is(&t->item[i], c))
			return i;
	}
	return to;
}

/* The array's name: the word before the first "[" of the declaration; 0 if it has more dimensions. */
static size_t name_of(const struct tokens *t, size_t from, size_t eq)
{
	size_t open = outside(t, from, eq, "[");
	if (open == eq || token_is(&t->item[t->item[open].match + 1], "["))
		return 0;
	return t->item[open - 1].kind == TOKEN_WORD ? open - 1 : 0;
}

/* Limits of row k, which tests may reach on either side: .min is 0, .max the largest there is, a flag false. */
static void limits(struct source *s, const char *function, const struct rows *r, size_t k, size_t name,
		   FILE *f)
{
	const struct tokens *t = &s->t;
	const struct token *w = &t->item[name];
	char at[96];
	index_of(at, t, r, k, w);
	for (size_t i = r->from[k] + 1; token_is(&t->item[r->from[k]], "{") && i + 3 < r->to[k]; i++) {
		const struct token *field = &t->item[i + 1];
		bool min = token_is(field, "min"), max = token_is(field, "max");
		bool flag = token_is(&t->item[i + 3], "true");
		if (!token_is(&t->item[i], ".") || !token_is(field + 1, "=") || (!min && !max && !flag))
			continue;
		if (token_is(field + 2, "INT64_MAX")) /* JSON has no more */
			continue;
		size_t end = tokens_find(t, i, r->to[k] - 1, ",");
		unsigned n = source_mutant(s, MUTANT_ROW, function[0] ? function : "-", r->from[k], end);
		fprintf(f, " if (cairn_mutate_row(&cairn_mutate_unit, %u)) %.*s[%s].%.*s = %s;", n,
			(int)w->len, w->at, at, (int)field->len, field->at, max ? "-1" : "0");
	}
}

void source_find_table(struct source *s, const char *function, size_t from, size_t to)
{
	const struct tokens *t = &s->t;
	size_t eq = tokens_find(t, from, to, "="), name = name_of(t, from, eq);
	struct rows r = {0};
	split(&r, t, eq + 1);
	if (name == 0 || !is_check_table(t, &r))
		return;
	char *code = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&code, &size);
	if (!f)
		abort();
	if (!function[0])
		fprintf(f, " __attribute__((constructor)) static void cairn_mutate_rows_%zu(void) {", name);
	for (size_t k = 0; k < r.count; k++) {
		const struct token *w = &t->item[name];
		char at[96], other[96];
		if (is_end(t, r.from[k], r.to[k]))
			continue;
		unsigned n = source_mutant(s, MUTANT_ROW, function[0] ? function : "-", r.from[k], r.to[k]);
		index_of(at, t, &r, k, w);
		index_of(other, t, &r, k > 0 ? k - 1 : 1, w);
		fprintf(f, " if (cairn_mutate_row(&cairn_mutate_unit, %u)) %.*s[%s] = %.*s[%s];", n,
			(int)w->len, w->at, at, (int)w->len, w->at, other);
		limits(s, function, &r, k, name, f);
	}
	if (!function[0])
		fputs(" }", f);
	fclose(f);
	source_behind(s, to, code);
	free(code);
}
