/* Finds the checks of a file: its functions, their statements, the conditions in them. Which statement is a check and
 * what becomes of it is said in docs/mutation.md. */
#include "tests/mutate/finder.h"

#include <stdlib.h>
#include <string.h>

/* Words that make a called function one that records a failure, or judges without an answer. */
static const char *const VERBS[] = {"fail",    "refuse", "reject", "deny",  "reasons_add",    "unmeasured",
				    "contra",  "check",	 "judge",  "valid", "manifest_match", "open_pcr",
				    "violate", "verify", "match",  NULL};

static bool starts(const struct finder *f, size_t i, const char *s)
{
	return tok(f, i)->len >= strlen(s) && strncmp(tok(f, i)->at, s, strlen(s)) == 0;
}

/* ---- statements ---- */

static bool is_status(const struct finder *f, size_t i)
{
	if (is(f, i, "status"))
		return true;
	for (size_t k = 0; k < f->status_count; k++) {
		const struct token *t = tok(f, f->status[k]);
		if (tok(f, i)->len == t->len && strncmp(tok(f, i)->at, t->at, t->len) == 0)
			return true;
	}
	return false;
}

/* The call of a function whose name says that it refuses or judges. */
static bool is_verb(const struct finder *f, size_t i)
{
	if (tok(f, i)->kind != TOKEN_WORD || !is(f, i + 1, "("))
		return false;
	for (size_t k = 0; VERBS[k]; k++)
		if (memmem(tok(f, i)->at, tok(f, i)->len, VERBS[k], strlen(VERBS[k])))
			return true;
	return false;
}

static bool calls_verb(const struct finder *f, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (is_verb(f, i))
			return true;
	return false;
}

/* What a branch does. */
struct branch {
	bool leaves;  /* return, goto, break, continue */
	bool refuses; /* and says no, or records a failure */
	bool steps;   /* asks for a status */
};

static bool returns_refusal(const struct finder *f, size_t i, size_t end)
{
	if (i == end)
		return true;
	if (find_is_refusal(f, i, end) || is(f, i, "0"))
		return true;
	return end == i + 1 ? is_status(f, i) : f->returns == RETURNS_STATUS;
}

static struct branch look(const struct finder *f, size_t from, size_t to)
{
	struct branch b = {0};
	for (size_t i = from; i < to; i++) {
		if (is(f, i, "return")) {
			b.leaves = true;
			b.refuses |= returns_refusal(f, i + 1, tokens_find(f->t, i, to, ";"));
		} else if (is(f, i, "goto") || is(f, i, "continue") || is(f, i, "break")) {
			b.leaves = b.refuses = true;
		} else if (is(f, i, "=") && i > from && is_status(f, i - 1)) {
			bool constant = starts(f, i + 1, "CAIRN_E_") && is(f, i + 2, ";");
			b.refuses |= constant;
			b.steps |= !constant;
		} else if (is(f, i, "=") && is(f, i + 1, "false")) {
			b.refuses = true;
		}
	}
	b.refuses |= calls_verb(f, from, to);
	return b;
}

static size_t statement(struct finder *f, size_t i, size_t end, bool guarded);

/* The condition from..to of an if with the given branch. True: the branch itself is covered by it. */
static bool condition(struct finder *f, size_t from, size_t to, struct branch b)
{
	if (b.refuses) {
		find_rejecting(f, from, to);
		return true;
	}
	if (b.leaves) {
		find_never(f, from, to);
		find_accepting(f, from, to);
		return true;
	}
	if (b.steps) {
		find_never(f, from, to);
		find_accepting(f, from, to);
	}
	return false;
}

static size_t end_of_statement(const struct finder *f, size_t i, size_t end);

static size_t if_statement(struct finder *f, size_t i, size_t end)
{
	size_t close = tok(f, i + 1)->match;
	size_t after = end_of_statement(f, close + 1, end);
	bool covered = condition(f, i + 2, close, look(f, close + 1, after));
	statement(f, close + 1, end, covered);
	if (after < end && is(f, after, "else"))
		return statement(f, after + 1, end, false);
	return after;
}

/* The end of the statement at i, without looking into it. */
static size_t end_of_statement(const struct finder *f, size_t i, size_t end)
{
	if (is(f, i, "{"))
		return tok(f, i)->match + 1;
	if (is(f, i, "if") || is(f, i, "for") || is(f, i, "while") || is(f, i, "switch")) {
		size_t after = end_of_statement(f, tok(f, i + 1)->match + 1, end);
		if (is(f, i, "if") && after < end && is(f, after, "else"))
			return end_of_statement(f, after + 1, end);
		return after;
	}
	if (tok(f, i)->kind == TOKEN_WORD && is(f, i + 1, "(") && !is(f, i, "return")) {
		size_t next = tok(f, i + 1)->match + 1; /* a macro that is a loop */
		if (next < end && (is(f, next, "{") || is(f, next, "if") || tok(f, next)->kind == TOKEN_WORD))
			return end_of_statement(f, next, end);
	}
	return tokens_find(f->t, i, end, ";") + 1;
}

/* Statuses that keep a loop going, among other things: ignoring them ignores an error. */
static void loop_condition(struct finder *f, size_t from, size_t to)
{
	if (!has_top(f, from, to, "&&") || has_top(f, from, to, "||"))
		return;
	while (from < to) {
		size_t e = tokens_find(f->t, from, to, "&&");
		bool negated = e - from == 2 && is(f, from, "!") && is_status(f, from + 1);
		bool compared = e - from == 3 && is_status(f, from) && is(f, from + 2, "CAIRN_OK");
		if (negated || compared)
			find_always(f, from, e);
		from = e + 1;
	}
}

static size_t loop(struct finder *f, size_t i, size_t end)
{
	size_t from = i + 2, to = tok(f, i + 1)->match;
	if (is(f, i, "for")) {
		from = tokens_find(f->t, from, to, ";") + 1;
		to = tokens_find(f->t, from, to, ";");
	}
	if (!is(f, i, "switch"))
		loop_condition(f, from, to);
	return statement(f, tok(f, i + 1)->match + 1, end, false);
}

static size_t return_statement(struct finder *f, size_t i, size_t end, bool guarded)
{
	size_t from = i + 1, to = tokens_find(f->t, i, end, ";");
	bool one = to - from == 1;
	if (f->returns == RETURNS_STATUS) {
		if (!(guarded && !tokens_have(f->t, from, to, "(") && !has_top(f, from, to, "?")))
			find_status(f, from, to, true);
	} else if (f->returns == RETURNS_BOOL && !is(f, from, "true")) {
		if (one && is(f, from, "false") && !guarded)
			find_always(f, from, to);
		else if (!one || !is(f, from, "false"))
			find_either(f, from, to);
	} else {
		find_ternary(f, from, to);
	}
	return to + 1;
}

/* `if (st) return st;` right behind: it is the check of what was assigned. */
static bool guarded_next(const struct finder *f, size_t var, size_t after, size_t end)
{
	if (after + 3 >= end || !is(f, after, "if"))
		return false;
	size_t v = after + 2;
	if (tok(f, v)->len != tok(f, var)->len ||
	    strncmp(tok(f, v)->at, tok(f, var)->at, tok(f, v)->len) != 0)
		return false;
	return is(f, v + 1, ")") || (is(f, v + 1, "!=") && is(f, v + 2, "CAIRN_OK") && is(f, v + 3, ")"));
}

static void assignment(struct finder *f, size_t eq, size_t end, size_t after, size_t limit, bool guarded)
{
	size_t from = eq + 1;
	if (is(f, from, "{"))
		return;
	if (is_status(f, eq - 1)) {
		bool constant = end - from == 1 && starts(f, from, "CAIRN_E_");
		bool judged =
		    tokens_find(f->t, eq, limit, ";") + 1 == after && guarded_next(f, eq - 1, after, limit);
		if (constant ? !guarded : !judged || has_top(f, from, end, "?"))
			find_status(f, from, end, constant);
	} else if (has_top(f, from, end, "?")) {
		find_ternary(f, from, end);
	} else if (has_top(f, from, end, "&&") || has_top(f, from, end, "||")) {
		find_either(f, from, end);
	}
}

static void note_status(struct finder *f, size_t from, size_t to)
{
	for (size_t i = from; i + 1 < to; i++)
		if (is(f, i, "cairn_status") && tok(f, i + 1)->kind == TOKEN_WORD && !is(f, i + 2, "(") &&
		    f->status_count < STATUS_VARS)
			f->status[f->status_count++] = i + 1;
}

static bool declares_table(const struct finder *f, size_t i, size_t end)
{
	size_t eq = tokens_find(f->t, i, end, "=");
	return (is(f, i, "static") || is(f, i, "const")) && eq < end && is(f, eq + 1, "{") &&
	       (is(f, eq - 1, "]") || tokens_have(f->t, i, eq, "["));
}

/* Expressions and declarations. */
static size_t plain(struct finder *f, size_t i, size_t end, bool guarded)
{
	size_t to = tokens_find(f->t, i, end, ";");
	note_status(f, i, to);
	if (declares_table(f, i, to)) {
		source_find_table(f->s, f->function, i, to);
		return to + 1;
	}
	if (is_verb(f, i) && tok(f, i + 1)->match + 1 == to) {
		if (!guarded) {
			char before[96];
			unsigned n = source_mutant(f->s, MUTANT_SAY, f->function, i, to);
			snprintf(before, sizeof before, "if (cairn_mutate_off(&cairn_mutate_unit, %u, 1)) ",
				 n);
			source_insert(f->s, i, to, before, "");
		}
		return to + 1;
	}
	for (size_t eq = tokens_find(f->t, i, to, "="); eq < to; eq = tokens_find(f->t, eq + 1, to, "=")) {
		size_t comma = tokens_find(f->t, eq, to, ",");
		assignment(f, eq, comma, to + 1, end, guarded);
		if (comma == to)
			break;
	}
	return to + 1;
}

static size_t block(struct finder *f, size_t i, bool guarded)
{
	size_t end = tok(f, i)->match;
	for (size_t at = i + 1; at < end;)
		at = statement(f, at, end, guarded);
	return end + 1;
}

static size_t label(const struct finder *f, size_t i, size_t end)
{
	if (is(f, i, "case") || is(f, i, "default"))
		return tokens_find(f->t, i, end, ":") + 1;
	if (tok(f, i)->kind == TOKEN_WORD && is(f, i + 1, ":"))
		return i + 2;
	return i;
}

static size_t statement(struct finder *f, size_t i, size_t end, bool guarded)
{
	size_t behind = label(f, i, end);
	if (behind > i || is(f, i, ";"))
		return behind > i ? behind : i + 1;
	if (is(f, i, "{"))
		return block(f, i, guarded);
	if (is(f, i, "if"))
		return if_statement(f, i, end);
	if (is(f, i, "for") || is(f, i, "while") || is(f, i, "switch"))
		return loop(f, i, end);
	if (is(f, i, "do"))
		return statement(f, i + 1, end, false);
	if (is(f, i, "return"))
		return return_statement(f, i, end, guarded);
	size_t to = end_of_statement(f, i, end);
	if (is(f, i + 1, "(") && tok(f, i + 1)->match + 1 < to - 1 && !is(f, tok(f, i + 1)->match + 1, ";") &&
	    (is(f, tok(f, i + 1)->match + 1, "{") || tok(f, tok(f, i + 1)->match + 1)->kind == TOKEN_WORD))
		return statement(f, tok(f, i + 1)->match + 1, end, false);
	return plain(f, i, end, guarded);
}

/* ---- functions ---- */

/* open: the bracket of the body; from: the first token of the declaration. */
static void function(struct finder *f, size_t from, size_t open)
{
	size_t args = tok(f, open - 1)->match, name = args - 1;
	snprintf(f->function, sizeof f->function, "%.*s", (int)tok(f, name)->len, tok(f, name)->at);
	f->returns = RETURNS_OTHER;
	if (!is(f, name - 1, "*") && tokens_have(f->t, from, name, "cairn_status"))
		f->returns = RETURNS_STATUS;
	else if (!is(f, name - 1, "*") && tokens_have(f->t, from, name, "bool"))
		f->returns = RETURNS_BOOL;
	f->status_count = 0;
	note_status(f, args, open);
	block(f, open, false);
}

void source_find(struct source *s)
{
	struct finder f = {.s = s, .t = &s->t};
	size_t from = 0;
	for (size_t i = 0; i < s->t.count; i++) {
		if (is(&f, i, ";")) {
			f.function[0] = '\0';
			if (declares_table(&f, from, i))
				source_find_table(s, "", from, i);
			from = i + 1;
		} else if (is(&f, i, "{")) {
			bool body = i > 0 && is(&f, i - 1, ")");
			if (body)
				function(&f, from, i);
			i = s->t.item[i].match;
			if (body)
				from = i + 1;
		} else if (is(&f, i, "(")) {
			i = s->t.item[i].match;
		}
	}
}
