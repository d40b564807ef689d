/* Conditions and values: their operands, and what becomes of each. */
#include "tests/mutate/finder.h"

#include <string.h>

static void wrap(struct finder *f, size_t from, size_t to, enum mutant_kind kind, const char *call)
{
	char before[96];
	unsigned n = source_mutant(f->s, kind, f->function, from, to);
	snprintf(before, sizeof before, "%s(&cairn_mutate_unit, %u, (", call, n);
	source_insert(f->s, from, to, before, "))");
}

void find_never(struct finder *f, size_t from, size_t to)
{
	wrap(f, from, to, MUTANT_GUARD, "cairn_mutate_off");
}

void find_always(struct finder *f, size_t from, size_t to)
{
	wrap(f, from, to, MUTANT_ACCEPT, "cairn_mutate_on");
}

/* The whole of from..to is one pair of brackets. */
static bool bracketed(const struct finder *f, size_t from, size_t to)
{
	return to - from >= 2 && is(f, from, "(") && tok(f, from)->match == to - 1;
}

typedef void operand_fn(struct finder *f, size_t from, size_t to);

static void each_operand(struct finder *f, size_t from, size_t to, const char *op, operand_fn *fn)
{
	while (from < to) {
		size_t end = tokens_find(f->t, from, to, op);
		fn(f, from, end);
		from = end + 1;
	}
}

/* A condition that leads to a refusal: each alternative is removed. */
void find_rejecting(struct finder *f, size_t from, size_t to)
{
	if (has_top(f, from, to, "?"))
		find_never(f, from, to);
	else if (has_top(f, from, to, "||"))
		each_operand(f, from, to, "||", find_rejecting);
	else if (bracketed(f, from, to))
		find_rejecting(f, from + 1, to - 1);
	else if (is(f, from, "!") && bracketed(f, from + 1, to))
		find_accepting(f, from + 2, to - 1);
	else
		find_never(f, from, to);
}

/* An alternative of a condition for going on: only what is inside of it. */
static void accepting_part(struct finder *f, size_t from, size_t to)
{
	if (bracketed(f, from, to))
		accepting_part(f, from + 1, to - 1);
	else if (has_top(f, from, to, "&&"))
		each_operand(f, from, to, "&&", find_accepting);
}

/* A condition for going on: each demand is removed. */
void find_accepting(struct finder *f, size_t from, size_t to)
{
	if (has_top(f, from, to, "?")) {
		find_always(f, from, to);
	} else if (has_top(f, from, to, "||")) {
		find_always(f, from, to);
		each_operand(f, from, to, "||", accepting_part);
	} else if (has_top(f, from, to, "&&")) {
		each_operand(f, from, to, "&&", find_accepting);
	} else if (bracketed(f, from, to)) {
		find_accepting(f, from + 1, to - 1);
	} else if (is(f, from, "!") && bracketed(f, from + 1, to)) {
		find_rejecting(f, from + 2, to - 1);
	} else {
		find_always(f, from, to);
	}
}

/* A truth whose use is not known here: alternatives are removed as of a refusal, demands as of a permission. */
void find_either(struct finder *f, size_t from, size_t to)
{
	if (has_top(f, from, to, "?")) {
		find_ternary(f, from, to);
	} else if (has_top(f, from, to, "||")) {
		each_operand(f, from, to, "||", find_never);
		each_operand(f, from, to, "||", accepting_part);
	} else if (has_top(f, from, to, "&&")) {
		each_operand(f, from, to, "&&", find_accepting);
	} else if (bracketed(f, from, to)) {
		find_either(f, from + 1, to - 1);
	} else {
		find_never(f, from, to);
		find_always(f, from, to);
	}
}

/* ---- values ---- */

bool find_is_refusal(const struct finder *f, size_t from, size_t to)
{
	if (to - from == 1 && (is(f, from, "false") || is(f, from, "NULL")))
		return true;
	if (to - from == 2 && is(f, from, "-") && is(f, from + 1, "1"))
		return true;
	return tokens_have_prefix(f->t, from, to, "CAIRN_E_");
}

static size_t colon_of(const struct finder *f, size_t question, size_t to)
{
	size_t depth = 0;
	for (size_t i = question + 1; i < to; i++) {
		if (is(f, i, "("))
			i = tok(f, i)->match;
		else if (is(f, i, "?"))
			depth++;
		else if (is(f, i, ":") && depth-- == 0)
			return i;
	}
	return to;
}

/* A chooses between what goes on and what refuses. */
void find_ternary(struct finder *f, size_t from, size_t to)
{
	size_t q = tokens_find(f->t, from, to, "?"), c = colon_of(f, q, to);
	if (q >= to || c >= to)
		return;
	bool yes_refuses = find_is_refusal(f, q + 1, c) && !has_top(f, q + 1, c, "?");
	bool no_refuses = find_is_refusal(f, c + 1, to) && !has_top(f, c + 1, to, "?");
	if (yes_refuses && !no_refuses)
		find_rejecting(f, from, q);
	else if (no_refuses && !yes_refuses)
		find_accepting(f, from, q);
	find_ternary(f, q + 1, c);
	find_ternary(f, c + 1, to);
}

/* A value of type enum cairn_status: what a call found is ignored. */
void find_status(struct finder *f, size_t from, size_t to, bool plain)
{
	size_t q = tokens_find(f->t, from, to, "?"), c = colon_of(f, q, to);
	if (from >= to || is(f, from, "CAIRN_OK"))
		return;
	if (q < to && c < to) {
		bool yes_refuses = find_is_refusal(f, q + 1, c), no_refuses = find_is_refusal(f, c + 1, to);
		if (yes_refuses && !no_refuses)
			find_rejecting(f, from, q);
		else if (no_refuses && !yes_refuses)
			find_accepting(f, from, q);
		find_status(f, q + 1, c, false);
		find_status(f, c + 1, to, false);
	} else if (plain || tokens_have(f->t, from, to, "(")) {
		wrap(f, from, to, MUTANT_STEP, "(enum cairn_status)cairn_mutate_ok");
	}
}
