/* Reading tests/data. Units run in the root of the source tree. */
#ifndef CAIRN_TEST_DATA_FIXTURE_H
#define CAIRN_TEST_DATA_FIXTURE_H

#include "cairn/pcr.h"

/* The whole file; the test fails where it cannot be read. */
void data_load(struct cairn_buf *out, const char *name);

/* NAME.pcrs.tsv: each row is one value. */
struct data_pcr {
	unsigned pcr;
	struct cairn_digest value;
};
size_t data_load_pcrs(struct data_pcr *out, size_t max, const char *name);

/* Removes a directory of a test and all that is in it; the test fails where it cannot. */
void data_remove(const char *dir);

/* The value of a key of a .kv file. */
void data_load_key(struct cairn_buf *out, const char *name, const char *key);

#endif
