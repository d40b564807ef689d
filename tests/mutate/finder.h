/* Inside of the search for checks: what is known of the function that is being read. */
#ifndef CAIRN_MUTATE_FINDER_H
#define CAIRN_MUTATE_FINDER_H

#include "tests/mutate/source.h"

#define STATUS_VARS 16

enum returns { RETURNS_OTHER, RETURNS_STATUS, RETURNS_BOOL };

struct finder {
	struct source *s;
	const struct tokens *t;
	char function[128];
	enum returns returns;
	size_t status[STATUS_VARS]; /* tokens that name variables of type enum cairn_status */
	size_t status_count;
};

static inline const struct token *tok(const struct finder *f, size_t i)
{
	return &f->t->item[i];
}

static inline bool is(const struct finder *f, size_t i, const char *s)
{
	return token_is(tok(f, i), s);
}

static inline bool has_top(const struct finder *f, size_t from, size_t to, const char *op)
{
	return tokens_find(f->t, from, to, op) < to;
}

/* The mutants of the expression from..to. never, always: it is false, or true, as a whole. */
void find_never(struct finder *f, size_t from, size_t to);
void find_always(struct finder *f, size_t from, size_t to);

/* A condition that leads to a refusal: each alternative is removed. */
void find_rejecting(struct finder *f, size_t from, size_t to);

/* A condition for going on: each demand is removed. */
void find_accepting(struct finder *f, size_t from, size_t to);

/* A truth whose use is not known: alternatives are removed as of a refusal, demands as of a permission. */
void find_either(struct finder *f, size_t from, size_t to);

/* Conditions of ?: that choose between what goes on and what refuses. */
void find_ternary(struct finder *f, size_t from, size_t to);

/* A value of type enum cairn_status; what a call found is ignored. plain: so is what is not a call. */
void find_status(struct finder *f, size_t from, size_t to, bool plain);

/* True if the value says no: false, NULL, -1, CAIRN_E_*. */
bool find_is_refusal(const struct finder *f, size_t from, size_t to);

#endif
