/* One source file, the mutants found in it, and the edits that make the instrumented copy. */
#ifndef CAIRN_MUTATE_SOURCE_H
#define CAIRN_MUTATE_SOURCE_H

#include <stdio.h>

#include "tests/mutate/tokens.h"

/* What is done to a check; see docs/mutation.md. */
enum mutant_kind {
	MUTANT_GUARD,  /* a condition that rejects is false */
	MUTANT_ACCEPT, /* a condition for going on is true */
	MUTANT_STEP,   /* a status is CAIRN_OK, whatever was found */
	MUTANT_SAY,    /* a failure is not recorded */
	MUTANT_ROW,    /* a row of a table is not there */
	MUTANT_KINDS
};

struct mutant {
	enum mutant_kind kind;
	bool memory; /* nothing but running out of memory reaches it */
	unsigned line;
	char *function;
	char *text;
};

struct edit {
	size_t at;
	size_t order;
	bool close;
	char *text;
};

struct source {
	const char *path;
	char *text;
	struct tokens t;
	struct mutant *mutant; /* number n is mutant[n - 1] */
	size_t count;
	struct edit *edit;
	size_t edits;
};

bool source_open(struct source *s, const char *path);
void source_close(struct source *s);

/* Records a mutant for the tokens from..to; its number. */
unsigned source_mutant(struct source *s, enum mutant_kind kind, const char *function, size_t from, size_t to);

/* Text to insert before token `from`, and behind token `to` - 1. Of two that enclose the same tokens the first made is
 * the outer one. */
void source_insert(struct source *s, size_t from, size_t to, const char *before, const char *behind);

/* Text to insert behind token i. */
void source_behind(struct source *s, size_t i, const char *text);

/* The instrumented copy. */
bool source_write(struct source *s, FILE *f);

/* Finds every mutant of the file. */
void source_find(struct source *s);

/* The mutants of an initialised array whose declaration has the tokens from..to ("to" is the semicolon). */
void source_find_table(struct source *s, const char *function, size_t from, size_t to);

#endif
