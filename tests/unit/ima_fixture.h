/* Entries of IMA lists made by hand. */
#ifndef CAIRN_TEST_IMA_FIXTURE_H
#define CAIRN_TEST_IMA_FIXTURE_H

#include "cairn/ima.h"

#define Z20 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define A20 "aaaaaaaaaaaaaaaaaaaa"
#define A12 "aaaaaaaaaaaa"
#define A32 A20 A12
#define A64 A32 A32

/* A field, with its NULs. */
struct ima_text {
	const char *bytes;
	size_t len;
};
#define T(s)                                                                                                 \
	{                                                                                                    \
		s, sizeof(s) - 1                                                                             \
	}
#define END                                                                                                  \
	{                                                                                                    \
		NULL, 0                                                                                      \
	}

/* An entry of PCR 10 with the right digest (or all zero) over the fields; END ends them. */
void ima_put_entry(struct cairn_buf *b, const char *name, const struct ima_text *fields, bool violation);
/* Template "ima" in its own layout: a digest of A20 and the name. */
void ima_put_old(struct cairn_buf *b, const char *name, size_t len);
/* Reads the one entry of a list; the whole list must be that entry. */
enum cairn_status ima_read_one(struct cairn_ima_entry *e, struct cairn_span bytes);

/* Entries with what each field may hold and may not. */
struct ima_row {
	const char *name;
	struct ima_text field[10];
	enum cairn_status status;
	bool violation, unknown;
};
extern const struct ima_row ima_rows[];
extern const size_t ima_row_count;
extern const struct ima_text ima_ng[]; /* of an entry "/a" */

#endif
