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

/* ---- cut and changed
 * ---------------------------------------------------------------------------------------------- */

static enum cairn_status replay_bytes(struct cairn_ima_replay *r, struct cairn_span bytes)
{
	struct cairn_ima log;
	enum cairn_status s = cairn_ima_open(&log, bytes);

	*r = (struct cairn_ima_replay){0};
	return s == CAIRN_OK ? cairn_ima_replay(r, &log, NULL) : s;
}

/* Of a cut list the whole entries are read, and that it was cut is said. */
static void cut_at_every_byte(const char *name)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima log;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;
	size_t n = 0;

	data_load(&bytes, name);
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	for (unsigned whole = 0; whole < 12; whole++) {
		size_t last = n;

		assert_int_equal(cairn_ima_next(&it, &e), CAIRN_OK);
		for (; n < it.cur.off; n++) {
			/* of its own size, so that the sanitizers see a read behind the end */
			uint8_t *cut = malloc(n + 1);
			struct cairn_ima_replay r;

			memcpy(cut, bytes.ptr, n);
			assert_int_equal(replay_bytes(&r, cairn_span(cut, n)),
					 n == last && whole > 0 ? CAIRN_OK : CAIRN_E_TRUNCATED);
			assert_int_equal(r.entries, whole);
			assert_int_equal(r.end, last);
			free(cut);
		}
	}
}

static void cut_lists(void **state)
{
	(void)state;
	cut_at_every_byte("ima/ima-all-templates.bin");
	cut_at_every_byte("ima/ima-charra-binary.bin");
	cut_at_every_byte("ima/ima-charra-ascii.txt");
}

/* Where nothing covers the bytes: names of templates, and the data of a violation. */
static void find_uncovered(bool *uncovered, const struct cairn_ima *log)
{
	struct cairn_ima_iter it = cairn_ima_iter(log);
	struct cairn_ima_entry e;

	while (cairn_ima_next(&it, &e) == CAIRN_OK) {
		for (size_t i = 0; i < e.name.len; i++)
			uncovered[e.name.ptr + i - log->bytes.ptr] = true;
		for (size_t i = 0; e.violation && i < e.data.len; i++)
			uncovered[e.data.ptr + i - log->bytes.ptr] = true;
	}
}

static bool same_values(const struct cairn_ima_replay *a, const struct cairn_ima_replay *b)
{
	for (size_t i = 0; i < CAIRN_IMA_BANK_COUNT; i++)
		if (cairn_replay_differs(&a->own, &b->own.pcrs.bank[i], 0xffffff) != 0)
			return false;
	return true;
}

/* A change of a byte makes the list unreadable, or its digests differ from its data, or the PCRs change. */
static void changed_at_every_byte(void **state)
{
	static bool uncovered[4096];
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima log;
	struct cairn_ima_replay good, r;

	(void)state;
	data_load(&bytes, "ima/ima-all-templates.bin");
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&good, &log, NULL), CAIRN_OK);
	find_uncovered(uncovered, &log);
	for (size_t i = 0; i < bytes.len; i++) {
		bool noticed;

		bytes.ptr[i] ^= 1;
		noticed = replay_bytes(&r, cairn_buf_span(&bytes)) != CAIRN_OK || !same_values(&r, &good);
		if (!noticed && !uncovered[i])
			fail_msg("a change of byte %zu goes unnoticed", i);
		bytes.ptr[i] ^= 1;
	}
}

/* The digest of a file is changed: the list reads, the SHA-1 bank replays, and the entry is told. */
static void changed_file_digest(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima_replay r;

	(void)state;
	data_load(&bytes, "ima/ima-charra-binary.bin");
	bytes.ptr[0xb0] ^= 0x10; /* of the second entry */
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(r.differing, 1);
	assert_int_equal(r.first_differing, 2);
	assert_string_equal(cairn_digest_hex(&r.own.pcrs.bank[0].pcr[10]).text,
			    "b9d6433e7b6f9d17ee6ae6bf42df902984df2dcd");
	bytes.ptr[0x65 + 10] ^= 0x10; /* and now the digest of that entry */
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_string_not_equal(cairn_digest_hex(&r.own.pcrs.bank[0].pcr[10]).text,
				"b9d6433e7b6f9d17ee6ae6bf42df902984df2dcd");
}

/* ---- lists of other algorithms, and lists in parts
 * ---------------------------------------------------------------- */

/* The list as binary_runtime_measurements_sha256 and the like have it. */
static void rewrite(struct cairn_buf *out, struct cairn_span bytes, enum cairn_alg alg)
{
	struct cairn_ima log;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;
	size_t from = 0;

	assert_int_equal(cairn_ima_open(&log, bytes), CAIRN_OK);
	it = cairn_ima_iter(&log);
	while (cairn_ima_next(&it, &e) == CAIRN_OK) {
		struct cairn_digest d = {.alg = alg};

		if (!e.violation)
			assert_int_equal(cairn_ima_template_digest(&d, &e, alg), CAIRN_OK);
		cairn_buf_add(out, cairn_span(bytes.ptr + from, 4));
		cairn_buf_add(out, cairn_digest_span(&d));
		cairn_buf_add(out, cairn_span(bytes.ptr + from + 24, it.cur.off - from - 24));
		from = it.cur.off;
	}
	assert_int_equal(cairn_buf_status(out), CAIRN_OK);
}

static void lists_of_every_bank(void **state)
{
	static const enum cairn_alg algs[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384, CAIRN_ALG_SHA512,
					      CAIRN_ALG_SM3_256};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima_replay good;

	(void)state;
	data_load(&bytes, "ima/ima-all-templates.bin");
	assert_int_equal(replay_bytes(&good, cairn_buf_span(&bytes)), CAIRN_OK);
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		cairn_auto_buf struct cairn_buf other = {0};
		struct cairn_ima log;
		struct cairn_ima_replay r;

		rewrite(&other, cairn_buf_span(&bytes), algs[i]);
		assert_true(cairn_ima_is(cairn_buf_span(&other)));
		assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&other)), CAIRN_OK);
		assert_int_equal(log.alg, algs[i]);
		assert_int_equal(cairn_ima_replay(&r, &log, NULL), CAIRN_OK);
		assert_int_equal(r.entries, 17);
		assert_int_equal(r.differing, 0);
		assert_true(same_values(&r, &good));
		assert_memory_equal(&r.padded, &good.padded, sizeof r.padded);
	}
}

static void replay_goes_on_from_values(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_ima log, part;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;
	struct cairn_ima_replay whole, first, second;

	(void)state;
	data_load(&bytes, "ima/ima-charra-binary.bin");
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&whole, &log, NULL), CAIRN_OK);
	it = cairn_ima_iter(&log);
	for (int i = 0; i < 100; i++)
		assert_int_equal(cairn_ima_next(&it, &e), CAIRN_OK);
	part = log;
	part.bytes.len = it.cur.off;
	assert_int_equal(cairn_ima_replay(&first, &part, NULL), CAIRN_OK);
	part.bytes = cairn_span(log.bytes.ptr + it.cur.off, log.bytes.len - it.cur.off);
	assert_int_equal(cairn_ima_replay(&second, &part, &first.own.pcrs), CAIRN_OK);
	assert_true(same_values(&second, &whole));
	assert_int_equal(cairn_ima_replay(&second, &part, &first.padded.pcrs), CAIRN_OK);
	assert_memory_equal(&second.padded, &whole.padded, sizeof whole.padded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_lists_give_their_pcrs),
	    cmocka_unit_test(ascii_is_the_same_list),
	    cmocka_unit_test(ascii_with_sha1),
	    cmocka_unit_test(bad_list),
	    cmocka_unit_test(cut_lists),
	    cmocka_unit_test(changed_at_every_byte),
	    cmocka_unit_test(changed_file_digest),
	    cmocka_unit_test(lists_of_every_bank),
	    cmocka_unit_test(replay_goes_on_from_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
