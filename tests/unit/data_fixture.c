/* Reading tests/data. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/data_fixture.h"

void data_load(struct cairn_buf *out, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "tests/data/%s", name);
	assert_int_equal(cairn_file_read(out, path, 1 << 20), CAIRN_OK);
}

size_t data_load_pcrs(struct data_pcr *out, size_t max, const char *name)
{
	cairn_auto_buf struct cairn_buf text = {0};
	char *save = NULL, *line;
	size_t n = 0;

	data_load(&text, name);
	assert_non_null(cairn_buf_str(&text));
	for (line = strtok_r((char *)text.ptr, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char bank[16], pcr[8], hex[160];

		if (line[0] == '#')
			continue;
		assert_true(n < max);
		assert_int_equal(sscanf(line, "%15s %7s %159s", bank, pcr, hex), 3);
		out[n].pcr = (unsigned)strtoul(pcr, NULL, 10);
		assert_true(out[n].pcr < CAIRN_PCR_COUNT);
		assert_int_equal(cairn_digest_parse(&out[n].value, cairn_alg_by_name(bank), hex), CAIRN_OK);
		n++;
	}
	return n;
}

void data_load_key(struct cairn_buf *out, const char *name, const char *key)
{
	cairn_auto_buf struct cairn_buf text = {0};
	size_t len = strlen(key);
	char *save = NULL, *line;

	data_load(&text, name);
	assert_non_null(cairn_buf_str(&text));
	for (line = strtok_r((char *)text.ptr, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			assert_int_equal(cairn_hex_decode(out, cairn_span_str(line + len + 1)), CAIRN_OK);
			return;
		}
	}
	fail_msg("no key %s in %s", key, name);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void data_remove(const char *dir)
{
	assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
