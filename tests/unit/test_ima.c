/* IMA lists: recorded ones give their PCRs, each template is read, and no change of a byte goes unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/ima.h"
#include "tests/unit/data_fixture.h"

/* ---- recorded lists
 * ----------------------------------------------------------------------------------------------- */

static void assert_expected(const struct cairn_ima_replay *r, const char *name)
{
	cairn_auto_buf struct cairn_buf text = {0};
	char path[128], *save = NULL, *line;
	unsigned rows = 0;

	(void)snprintf(path, sizeof path, "ima/%s.pcrs.tsv", name);
	data_load(&text, path);
	assert_non_null(cairn_buf_str(&text));
	for (line = strtok_r((char *)text.ptr, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char bank[16], hex[160];
		const struct cairn_replay *of;
		const struct cairn_bank *b;
		char *dash;
		unsigned pcr;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%15s %u %159s", bank, &pcr, hex), 3);
		dash = strchr(bank, '-');
		of = dash ? &r->padded : &r->own;
		if (dash)
			*dash = 0;
		b = cairn_pcrs_bank_const(&of->pcrs, cairn_alg_by_name(bank));
		assert_non_null(b);
		assert_int_equal(b->extended, UINT32_C(1) << pcr);
		assert_string_equal(cairn_digest_hex(&b->pcr[pcr]).text, hex);
		rows++;
	}
	assert_int_equal(rows, 8);
}

static void recorded_lists_give_their_pcrs(void **state)
{
	static const struct {
		const char *name;
		unsigned entries, violations;
		enum cairn_status end;
		size_t offset;
	} lists[] = {
	    {"ima-all-templates.bin", 17, 1, CAIRN_OK, 4079},
	    {"ima-charra-binary.bin", 1650, 0, CAIRN_OK, 210950},
	    {"ima-ng-trailing.bin", 6, 0, CAIRN_E_TRUNCATED, 0x22e},
	};

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_ima log;
		struct cairn_ima_replay r;
		char path[128];

		(void)snprintf(path, sizeof path, "ima/%s", lists[i].name);
		data_load(&bytes, path);
		assert_true(cairn_ima_is(cairn_buf_span(&bytes)));
		assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
		assert_int_equal(log.form, CAIRN_IMA_BINARY);
		assert_int_equal(log.alg, CAIRN_ALG_SHA1);
		assert_int_equal(cairn_ima_replay(&r, &log, NULL), lists[i].end);
		assert_int_equal(r.entries, lists[i].entries);
		assert_int_equal(r.violations, lists[i].violations);
		assert_int_equal(r.differing, 0);
		assert_int_equal(r.bare, 0);
		assert_int_equal(r.end, lists[i].offset);
		assert_expected(&r, lists[i].name);
	}
}

/* The ASCII list was taken earlier than the binary one of the same boot: its entries are the first of it. */
static void ascii_is_the_same_list(void **state)
{
	cairn_auto_buf struct cairn_buf text = {0}, bytes = {0};
	struct cairn_ima ascii, binary;
	struct cairn_ima_iter a, b;
	struct cairn_ima_entry x, y;
	struct cairn_ima_replay rx, ry;

	(void)state;
	data_load(&text, "ima/ima-charra-ascii.txt");
	data_load(&bytes, "ima/ima-charra-binary.bin");
	assert_int_equal(cairn_ima_open(&ascii, cairn_buf_span(&text)), CAIRN_OK);
	assert_int_equal(ascii.form, CAIRN_IMA_ASCII);
	assert_int_equal(cairn_ima_open(&binary, cairn_buf_span(&bytes)), CAIRN_OK);
	a = cairn_ima_iter(&ascii);
	b = cairn_ima_iter(&binary);
	while (cairn_ima_next(&a, &x) == CAIRN_OK) {
		enum cairn_ima_check check;

		assert_int_equal(cairn_ima_next(&b, &y), CAIRN_OK);
		assert_int_equal(x.pcr, y.pcr);
		assert_true(cairn_digest_equal(&x.digest, &y.digest));
		assert_true(cairn_span_equal(x.name, y.name));
		assert_true(cairn_span_equal(x.path, y.path));
		assert_memory_equal(&x.file, &y.file, sizeof x.file);
		assert_int_equal(cairn_ima_check(&check, &x), CAIRN_OK);
		assert_int_equal(check, CAIRN_IMA_MATCHES);
		assert_int_equal(cairn_ima_is_boot_aggregate(&x), x.number == 1);
	}
	assert_int_equal(a.cur.status, CAIRN_OK);
	assert_int_equal(a.number, 1646);
	binary.bytes.len = b.cur.off;
	assert_int_equal(cairn_ima_replay(&rx, &ascii, NULL), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&ry, &binary, NULL), CAIRN_OK);
	assert_memory_equal(&rx.own, &ry.own, sizeof rx.own);
	assert_memory_equal(&rx.padded, &ry.padded, sizeof rx.padded);
}

static void ascii_with_sha1(void **state)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_ima log;
	struct cairn_ima_replay r;

	(void)state;
	data_load(&text, "ima/ima-ng-ascii-sha1.txt");
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&text)), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&r, &log, NULL), CAIRN_OK);
	assert_int_equal(r.entries, 826);
	assert_int_equal(r.differing + r.violations + r.bare, 0);
}

static void bad_list(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima log;

	(void)state;
	data_load(&bytes, "ima/bad-ima-ng-invalidated.bin");
	assert_true(cairn_ima_is(cairn_buf_span(&bytes)));
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_ima_open(&log, cairn_span(NULL, 0)), CAIRN_E_TRUNCATED);
	assert_false(cairn_ima_is(cairn_span(NULL, 0)));
	log.bytes = cairn_span(bytes.ptr, CAIRN_IMA_SIZE_MAX + 1);
	assert_int_equal(cairn_ima_open(&log, log.bytes), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_lists_give_their_pcrs),
	    cmocka_unit_test(ascii_is_the_same_list),
	    cmocka_unit_test(ascii_with_sha1),
	    cmocka_unit_test(bad_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
