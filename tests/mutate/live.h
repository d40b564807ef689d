/* What the instrumented copies of the sources call: whether a check is in force. Only the mutation build has it.
 *
 * CAIRN_MUTANT=FILE:N       the one mutant that lives, else none
 * CAIRN_MUTANT_SEEN=DIR     for each file a map of its mutants: a byte is 1 where removing it would have changed a value,
 *                           2 where it was only passed
 * CAIRN_MUTANT_TEST=NAME    the one cmocka test to run
 */
#ifndef CAIRN_MUTATE_LIVE_H
#define CAIRN_MUTATE_LIVE_H

#include <stdbool.h>

struct cairn_mutate_unit {
	const char *file;
	unsigned count;
	bool ready;
	unsigned mutant;     /* the living one, from 1; 0: none here */
	unsigned char *seen; /* NULL: nobody asks */
};

void cairn_mutate_register(struct cairn_mutate_unit *u);

/* The value, but false (_off), true (_on) or 0 (_ok) while mutant n lives. */
bool cairn_mutate_off(struct cairn_mutate_unit *u, unsigned n, bool value);
bool cairn_mutate_on(struct cairn_mutate_unit *u, unsigned n, bool value);
int cairn_mutate_ok(struct cairn_mutate_unit *u, unsigned n, int value);

/* True while mutant n, the absence of a table's row, lives. */
bool cairn_mutate_row(struct cairn_mutate_unit *u, unsigned n);

#endif
