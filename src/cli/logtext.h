/* How `cairn log show` and `cairn log diff` look: blocks of lines, wrapped and coloured only on a terminal, and nothing
 * of a log printed that would drive one. */
#ifndef CAIRN_CLI_LOGTEXT_H
#define CAIRN_CLI_LOGTEXT_H

#include "logevents.h"

struct cairn_cli_style {
	bool colour;
	unsigned width;	 /* columns; 0: lines are not wrapped */
	const char *reg; /* "PCR", "MR" */
};

/* Colour and width of standard output: colour on a terminal where NO_COLOR is not set and TERM is not "dumb". */
struct cairn_cli_style cairn_cli_style(const struct cairn_anylog *log);

enum cairn_cli_ink { CAIRN_INK_PLAIN, CAIRN_INK_BOLD, CAIRN_INK_DIM, CAIRN_INK_RED, CAIRN_INK_GREEN };
/* printf, then back to plain; the format's texts are escaped. */
void cairn_cli_ink(const struct cairn_cli_style *st, enum cairn_cli_ink ink, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A paragraph, indented, with its newline. */
void cairn_cli_put_wrapped(const struct cairn_cli_style *st, unsigned indent, const char *text);
/* Members of an object, or elements of an array, a line each, indented, objects in objects further in. */
void cairn_cli_put_members(const struct cairn_cli_style *st, unsigned indent, const json_t *v,
			   const char *summary);

/* "   4  PCR 7   EV_SEPARATOR  ok" and the lines under it. mark ("+ ", "- ", "") stands before the number. */
void cairn_cli_put_event(const struct cairn_cli_style *st, const json_t *event, const char *mark);
/* The facts of a log (logfacts.h); of lists, only "events", "matches", "bare", "differs", "violations". */
void cairn_cli_put_facts(const struct cairn_cli_style *st, const json_t *facts);

#endif
