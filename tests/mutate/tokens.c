/* See tokens.h. */
#include "tests/mutate/tokens.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *p;
	unsigned line;
	bool line_start; /* nothing but blanks so far */
};

static const char *const MARKS[] = {"<<=", ">>=", "...", "&&", "||", "==", "!=", "<=", ">=", "->", "++", "--",
				    "<<",  ">>",  "+=",	 "-=", "*=", "/=", "%=", "|=", "&=", "^=", NULL};

static void step(struct reader *r)
{
	if (*r->p == '\n') {
		r->line++;
		r->line_start = true;
	}
	r->p++;
}

static void skip_comment(struct reader *r)
{
	while (*r->p && strncmp(r->p, "*/", 2) != 0)
		step(r);
	r->p += *r->p ? 2 : 0;
}

/* A preprocessor line, with the lines that continue it. */
static void skip_directive(struct reader *r)
{
	while (*r->p && *r->p != '\n') {
		if (*r->p == '\\' && r->p[1])
			step(r);
		step(r);
	}
}

static void skip_blank(struct reader *r)
{
	for (;;) {
		if (isspace((unsigned char)*r->p))
			step(r);
		else if (strncmp(r->p, "/*", 2) == 0)
			skip_comment(r);
		else if (strncmp(r->p, "//", 2) == 0 || (*r->p == '#' && r->line_start))
			skip_directive(r);
		else
			break;
	}
	r->line_start = false;
}

static size_t quoted(const char *p)
{
	size_t n = 1;
	while (p[n] && p[n] != p[0])
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return p[n] ? n + 1 : n;
}

static size_t word(const char *p)
{
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static size_t mark(const char *p)
{
	for (size_t i = 0; MARKS[i]; i++)
		if (strncmp(p, MARKS[i], strlen(MARKS[i])) == 0)
			return strlen(MARKS[i]);
	return 1;
}

static struct token next(struct reader *r)
{
	skip_blank(r);
	struct token t = {.at = r->p, .line = r->line};
	unsigned char c = (unsigned char)*r->p;
	if (c == '\0')
		return t;
	if (c == '"' || c == '\'') {
		t.kind = TOKEN_TEXT;
		t.len = quoted(r->p);
	} else if (isalpha(c) || c == '_') {
		t.kind = TOKEN_WORD;
		t.len = word(r->p);
	} else if (isdigit(c)) {
		t.kind = TOKEN_NUMBER;
		t.len = word(r->p);
	} else {
		t.kind = TOKEN_MARK;
		t.len = mark(r->p);
	}
	r->p += t.len;
	return t;
}

static bool opens(const struct token *t)
{
	return t->kind == TOKEN_MARK && t->len == 1 && strchr("([{", *t->at);
}

static bool closes(const struct token *t)
{
	return t->kind == TOKEN_MARK && t->len == 1 && strchr(")]}", *t->at);
}

static bool match_brackets(struct tokens *t)
{
	size_t *open = calloc(t->count + 1, sizeof *open), depth = 0;
	bool good = open != NULL;
	for (size_t i = 0; good && i < t->count; i++) {
		if (opens(&t->item[i])) {
			open[depth++] = i;
		} else if (closes(&t->item[i])) {
			good = depth > 0;
			if (!good)
				break;
			t->item[i].match = open[--depth];
			t->item[t->item[i].match].match = i;
		}
	}
	free(open);
	return good && depth == 0;
}

bool tokens_read(struct tokens *out, const char *text)
{
	struct reader r = {.p = text, .line = 1, .line_start = true};
	*out = (struct tokens){0};
	for (size_t room = 0;;) {
		if (out->count == room) {
			room = room ? 2 * room : 1024;
			out->item = reallocarray(out->item, room, sizeof *out->item);
			if (!out->item)
				abort();
		}
		out->item[out->count] = next(&r);
		if (out->item[out->count].kind == TOKEN_END)
			break;
		out->count++;
	}
	return match_brackets(out);
}

void tokens_fini(struct tokens *t)
{
	free(t->item);
	*t = (struct tokens){0};
}

bool token_is(const struct token *t, const char *s)
{
	return t->kind != TOKEN_END && t->len == strlen(s) && strncmp(t->at, s, t->len) == 0;
}

size_t tokens_find(const struct tokens *t, size_t from, size_t to, const char *s)
{
	for (size_t i = from; i < to; i++) {
		if (token_is(&t->item[i], s))
			return i;
		if (opens(&t->item[i]))
			i = t->item[i].match;
	}
	return to;
}

bool tokens_have(const struct tokens *t, size_t from, size_t to, const char *s)
{
	for (size_t i = from; i < to; i++)
		if (token_is(&t->item[i], s))
			return true;
	return false;
}

bool tokens_have_prefix(const struct tokens *t, size_t from, size_t to, const char *s)
{
	for (size_t i = from; i < to; i++)
		if (t->item[i].kind == TOKEN_WORD && t->item[i].len >= strlen(s) &&
		    strncmp(t->item[i].at, s, strlen(s)) == 0)
			return true;
	return false;
}

char *tokens_text(const struct tokens *t, size_t from, size_t to)
{
	size_t size = 1, at = 0;
	for (size_t i = from; i < to; i++)
		size += t->item[i].len + 1;
	char *s = malloc(size);
	if (!s)
		abort();
	for (size_t i = from; i < to; i++) {
		/* A blank where the source has one, so that it reads as it was written. */
		if (i > from && t->item[i].at > t->item[i - 1].at + t->item[i - 1].len)
			s[at++] = ' ';
		memcpy(s + at, t->item[i].at, t->item[i].len);
		at += t->item[i].len;
	}
	s[at] = '\0';
	for (char *p = s; *p; p++) /* a string may hold no line break, but a comment's place is one blank */
		*p = *p == '\n' || *p == '\t' ? ' ' : *p;
	return s;
}
