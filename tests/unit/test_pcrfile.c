/* Files of PCR values: each form, every cut, and what is no value of a PCR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/quotefile.h"
#include "tests/unit/data_fixture.h"

#define ZEROS "0000000000000000000000000000000000000000"
#define ONES  "1111111111111111111111111111111111111111"
#define CAPS  "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD"

static const struct cairn_selection nothing = {0};

static enum cairn_status read_text(struct cairn_pcrfile *f, const char *text)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_pcrfile_read(f, cairn_span_str(text), &nothing, &why);

	assert_int_equal(why.len > 0, s != CAIRN_OK);
	return s;
}

static void lines(void **state)
{
	struct cairn_pcrfile f;

	(void)state;
	assert_int_equal(read_text(&f, "# a remark\n"
				       "sha1 0 " ZEROS "\r\n"
				       "\n"
				       "  sha1\t23\t" ONES "\treplay and more\n"
				       "sha1 7 0x" CAPS),
			 CAIRN_OK);
	assert_string_equal(f.form, "lines");
	assert_false(f.selects);
	assert_int_equal(f.pcrs.count, 1);
	assert_int_equal(f.pcrs.bank[0].extended, 1u << 0 | 1u << 7 | 1u << 23);
	assert_int_equal(f.pcrs.bank[0].pcr[23].bytes[0], 0x11);
	assert_int_equal(f.pcrs.bank[0].pcr[7].bytes[0], 0xab);
	assert_int_equal(f.pcrs.bank[0].pcr[7].alg, CAIRN_ALG_SHA1);
}

/* A bank as IMA on older kernels extends it stands beside the other. */
static void padded(void **state)
{
	struct cairn_pcrfile f;

	(void)state;
	assert_int_equal(read_text(&f, "sha1 10 " ONES "\nsha1-padded 10 " ZEROS "\n"), CAIRN_OK);
	assert_int_equal(f.pcrs.bank[0].extended, 1u << 10);
	assert_int_equal(f.pcrs.bank[0].pcr[10].bytes[0], 0x11);
	assert_int_equal(f.padded.bank[0].extended, 1u << 10);
	assert_int_equal(f.padded.bank[0].pcr[10].bytes[0], 0);
	assert_int_equal(read_text(&f, "sha1-padded 10 " ZEROS "\nsha1-padded 10 " ZEROS), CAIRN_E_MALFORMED);
	assert_int_equal(read_text(&f, "-padded 10 " ZEROS), CAIRN_E_UNSUPPORTED);
	assert_int_equal(read_text(&f, "sha1_padded 10 " ZEROS), CAIRN_E_UNSUPPORTED);
}

static void headings(void **state)
{
	struct cairn_pcrfile f;

	(void)state;
	assert_int_equal(read_text(&f, "  sha1:\n    0 : 0x" ONES "\n    10: 0x" CAPS "\n  sha256:\n"),
			 CAIRN_OK);
	assert_string_equal(f.form, "tpm2_pcrread");
	assert_int_equal(f.pcrs.count, 1);
	assert_int_equal(f.pcrs.bank[0].extended, 1u << 0 | 1u << 10);
	assert_int_equal(read_text(&f, "pcrs:\n  sha1: \n    0 : 0x" ONES "\n"), CAIRN_OK);
	assert_int_equal(f.pcrs.bank[0].extended, 1);
}

static void json(void **state)
{
	struct cairn_pcrfile f;

	(void)state;
	assert_int_equal(read_text(&f, " \n{\"sha1\":{\"0\":\"" ONES "\",\"12\":\"0x" CAPS "\"}}"), CAIRN_OK);
	assert_string_equal(f.form, "JSON");
	assert_int_equal(f.pcrs.bank[0].extended, 1u << 0 | 1u << 12);
	assert_int_equal(read_text(&f, "{\"logs\":[],\"pcrs\":{\"sha1\":{\"10\":\"" ONES
				       "\"},\"sha1-padded\":{\"10\":\"" ZEROS "\"}}}"),
			 CAIRN_OK);
	assert_int_equal(f.pcrs.bank[0].pcr[10].bytes[0], 0x11);
	assert_int_equal(f.padded.bank[0].extended, 1u << 10);
}

static void texts_that_are_none(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
	} rows[] = {
	    {"sha1 24 " ONES, CAIRN_E_LIMIT},
	    {"sha1 0 " ONES "1", CAIRN_E_MALFORMED},
	    {"sha256 0 " ONES, CAIRN_E_MALFORMED},
	    {"sha1 0 " ONES "\nsha1 0 " ONES, CAIRN_E_MALFORMED},
	    {"sha1 0", CAIRN_E_MALFORMED},
	    {"sha1 0000 " ONES, CAIRN_E_MALFORMED},
	    {"sha1 x " ONES, CAIRN_E_MALFORMED},
	    {"sha1 0 g" ONES, CAIRN_E_MALFORMED},
	    {"sha3_256 0 " ONES, CAIRN_E_UNSUPPORTED},
	    {"a name of no bank " ONES, CAIRN_E_UNSUPPORTED},
	    {"0 " ONES, CAIRN_E_MALFORMED},
	    {"0 : 0x" ONES, CAIRN_E_MALFORMED},
	    {"0 1 " ONES, CAIRN_E_UNSUPPORTED},
	    {"sha1", CAIRN_E_MALFORMED},
	    {"sha1 ", CAIRN_E_MALFORMED},
	    {":sha1", CAIRN_E_MALFORMED},
	    {"sha1 :x", CAIRN_E_MALFORMED},
	    {"sha1 / " ONES, CAIRN_E_MALFORMED},
	    {"sha1 : " ONES, CAIRN_E_MALFORMED},
	    {"sha1 0 g111111111111111111111111111111111111111", CAIRN_E_MALFORMED},
	    {"sha1 0 " ONES ONES ONES ONES ONES ONES ONES ONES, CAIRN_E_MALFORMED},
	    {"averylongnameofnobankatall 0 " ONES, CAIRN_E_UNSUPPORTED},
	    {"sha1-paddedx 0 " ONES, CAIRN_E_UNSUPPORTED},
	    {"sha1-padded:\n 0 : " ONES, CAIRN_E_UNSUPPORTED},
	    {"sha3_256:\n  0 : " ONES, CAIRN_E_UNSUPPORTED},
	    {"sha1:\n  0 : " ONES "\nsha1 1 " ONES, CAIRN_E_MALFORMED}, /* two forms */
	    {"sha1:\n  0 : " ONES "\n  0 : " ONES, CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"0\":\"" ONES "\",\"0\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"00\":\"" ONES "\",\"0\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"0000\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"a\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha3_256\":{},\"sha1\":{\"1\":\"" ONES "\"}}", CAIRN_E_UNSUPPORTED},
	    {"{\"sha1\":{\"-1\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"24\":\"" ONES "\"}}", CAIRN_E_LIMIT},
	    {"{\"sha1\":{\"0\":7}}", CAIRN_E_MALFORMED},
	    {"{\"sha1\":[]}", CAIRN_E_MALFORMED},
	    {"{\"sha3_256\":{}}", CAIRN_E_UNSUPPORTED},
	    {"{", CAIRN_E_MALFORMED},
	    {"{\"sha1\":{\"0\":\"x\",\"1\":\"" ONES "\"}}", CAIRN_E_MALFORMED},
	};
	struct cairn_pcrfile f;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum cairn_status s = read_text(&f, rows[i].text);

		if (s != rows[i].status)
			fail_msg("%s: %s", rows[i].text, cairn_status_name(s));
	}
}

static void bare_values(void **state)
{
	const struct cairn_selection sel = {.count = 2, .bank = {{CAIRN_ALG_SHA256, 5}, {CAIRN_ALG_SHA1, 2}}};
	struct cairn_pcrfile f;
	uint8_t bytes[32 + 32 + 20];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i + 0x80);
	assert_int_equal(cairn_pcrfile_read(&f, cairn_span(bytes, sizeof bytes), &sel, NULL), CAIRN_OK);
	assert_string_equal(f.form, "values");
	assert_int_equal(f.pcrs.bank[0].extended, 5);
	assert_memory_equal(f.pcrs.bank[0].pcr[2].bytes, bytes + 32, 32);
	assert_memory_equal(f.pcrs.bank[1].pcr[1].bytes, bytes + 64, 20);
	for (size_t n = 0; n < sizeof bytes; n++)
		assert_int_equal(cairn_pcrfile_read(&f, cairn_span(bytes, n), &sel, NULL), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_pcrfile_read(&f, cairn_span(bytes, sizeof bytes), &nothing, NULL),
			 CAIRN_E_TRAILING);
}

/* ---- tpm2_quote -o
 * ---------------------------------------------------------------------------------------------- */

static void put(struct cairn_buf *b, bool big, unsigned size, uint32_t v)
{
	for (unsigned i = 0; i < size; i++)
		cairn_buf_add_u8(b, (uint8_t)(v >> 8 * (big ? size - 1 - i : i)));
}

static void zeros(struct cairn_buf *b, size_t n)
{
	while (n-- > 0)
		cairn_buf_add_u8(b, 0xee); /* what lies behind a count is anything */
}

/* PCRs 0 to 9 of SHA-256 and 1 of SHA-1, in lists of 8 and 3. */
static void make_blob(struct cairn_buf *b, bool big)
{
	static const struct {
		uint16_t alg;
		uint32_t pcrs;
	} banks[] = {{0x0b, 0x3ff}, {0x04, 2}};
	unsigned value = 0;

	put(b, big, 4, 2);
	for (size_t i = 0; i < 2; i++) {
		put(b, big, 2, banks[i].alg);
		cairn_buf_add_u8(b, 3);
		put(b, false, 3, banks[i].pcrs);
		zeros(b, 2);
	}
	zeros(b, 14 * 8);
	put(b, big, 4, 2);
	for (size_t list = 0; list < 2; list++) {
		unsigned count = list ? 3 : 8;

		put(b, big, 4, count);
		for (unsigned k = 0; k < 8; k++, value += k <= count) {
			unsigned size = value == 10 ? 20 : 32;

			if (k >= count) {
				zeros(b, 66);
				continue;
			}
			put(b, big, 2, size);
			for (unsigned n = 0; n < 64; n++)
				cairn_buf_add_u8(b, (uint8_t)(n < size ? value + 1 : 0xee));
		}
	}
}

static void assert_blob(const struct cairn_buf *b)
{
	struct cairn_pcrfile f;

	assert_int_equal(cairn_pcrfile_read(&f, cairn_buf_span(b), &nothing, NULL), CAIRN_OK);
	assert_string_equal(f.form, "tpm2_quote -o");
	assert_true(f.selects);
	assert_int_equal(f.selection.count, 2);
	assert_int_equal(cairn_selection_mask(&f.selection, CAIRN_ALG_SHA256), 0x3ff);
	assert_int_equal(f.pcrs.bank[0].extended, 0x3ff);
	for (unsigned n = 0; n < 10; n++)
		assert_int_equal(f.pcrs.bank[0].pcr[n].bytes[31], n + 1);
	assert_int_equal(f.pcrs.bank[1].pcr[1].bytes[19], 11);
}

static enum cairn_status change(const struct cairn_buf *good, size_t at, uint8_t value)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pcrfile f;

	cairn_buf_add(&b, cairn_buf_span(good));
	b.ptr[at] = value;
	return cairn_pcrfile_read(&f, cairn_buf_span(&b), &nothing, NULL);
}

/* A blob of banks, in one list whose places are all the same 20 bytes. */
static enum cairn_status one_list(const struct cairn_selection *banks, uint32_t count, uint8_t map_size,
				  uint32_t digests)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pcrfile f;

	put(&b, false, 4, count);
	for (size_t i = 0; i < 16; i++) {
		bool used = i < banks->count;

		put(&b, false, 2, used ? banks->bank[i].alg : CAIRN_ALG_SHA1);
		cairn_buf_add_u8(&b, i == 0 ? map_size : 3);
		put(&b, false, 3, used ? banks->bank[i].pcrs : 0);
		zeros(&b, 2);
	}
	put(&b, false, 4, 1);
	put(&b, false, 4, digests);
	for (size_t i = 0; i < 8; i++) {
		put(&b, false, 2, 20);
		zeros(&b, 64);
	}
	return cairn_pcrfile_read(&f, cairn_buf_span(&b), &nothing, NULL);
}

/* Each time all else is right. */
static void tools_limits(void **state)
{
	const struct cairn_selection one = cairn_selection_of(CAIRN_ALG_SHA1, 3),
				     none = cairn_selection_of(CAIRN_ALG_SHA1, 0),
				     eight = cairn_selection_of(CAIRN_ALG_SHA1, 0xff),
				     unknown = cairn_selection_of((enum cairn_alg)0x27, 0);

	(void)state;
	assert_int_equal(one_list(&one, 1, 3, 2), CAIRN_OK);
	assert_int_not_equal(one_list(&one, 1, 3, 1), CAIRN_OK);
	assert_int_not_equal(one_list(&one, 1, 3, 3), CAIRN_OK);
	assert_int_equal(one_list(&one, 5, 3, 2), CAIRN_OK);
	assert_int_not_equal(one_list(&one, 6, 3, 2), CAIRN_OK);
	assert_int_equal(one_list(&eight, 1, 3, 8), CAIRN_OK);
	assert_int_not_equal(one_list(&eight, 1, 3, 9), CAIRN_OK);
	assert_int_equal(one_list(&none, 1, 3, 0), CAIRN_OK);
	assert_int_not_equal(one_list(&none, 1, 4, 0), CAIRN_OK);
	assert_int_not_equal(one_list(&unknown, 1, 3, 0), CAIRN_OK);
}

/* A value that is there twice, by a selection that has a bank twice: the last one does not make up for it. */
static void bare_values_of_a_bank_that_is_twice(void **state)
{
	const struct cairn_selection sel = {.count = 2, .bank = {{CAIRN_ALG_SHA1, 1}, {CAIRN_ALG_SHA1, 3}}};
	uint8_t bytes[60] = {0};
	struct cairn_pcrfile f;

	(void)state;
	assert_int_equal(cairn_pcrfile_read(&f, cairn_span(bytes, sizeof bytes), &sel, NULL),
			 CAIRN_E_MALFORMED);
}

static void tools(void **state)
{
	cairn_auto_buf struct cairn_buf little = {0}, big = {0};
	struct cairn_pcrfile f;

	(void)state;
	make_blob(&little, false);
	make_blob(&big, true);
	assert_blob(&little);
	assert_blob(&big);
	for (size_t n = 1; n < little.len; n++)
		assert_int_not_equal(cairn_pcrfile_read(&f, cairn_span(little.ptr, n), &nothing, NULL),
				     CAIRN_OK);
	assert_int_not_equal(change(&little, 0, 6), CAIRN_OK); /* banks */
	assert_int_not_equal(change(&little, 0, 3), CAIRN_OK); /* a bank of rubbish */
	assert_int_not_equal(change(&little, 4, 0x27), CAIRN_OK);
	assert_int_not_equal(change(&little, 6, 4), CAIRN_OK);	  /* size of the map */
	assert_int_not_equal(change(&little, 7, 0xfe), CAIRN_OK); /* one value too many */
	assert_int_not_equal(change(&little, 9, 1), CAIRN_OK);	  /* one too few */
	assert_int_not_equal(change(&little, 132, 1), CAIRN_OK);  /* lists */
	assert_int_not_equal(change(&little, 132, 3), CAIRN_OK);
	assert_int_not_equal(change(&little, 136, 9), CAIRN_OK); /* digests of the first */
	assert_int_not_equal(change(&little, 136, 7), CAIRN_OK);
	assert_int_not_equal(change(&little, 140, 31), CAIRN_OK); /* size of a digest */
	assert_int_not_equal(change(&little, 140, 65), CAIRN_OK);
	assert_int_equal(change(&little, 142, 99), CAIRN_OK);
}

static void recorded(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pcrfile f;

	(void)state;
	data_load_key(&b, "quote/quote-keylime-rsa2048.kv", "pcrs_t2");
	assert_int_equal(cairn_pcrfile_read(&f, cairn_buf_span(&b), &nothing, NULL), CAIRN_OK);
	assert_int_equal(cairn_selection_mask(&f.selection, CAIRN_ALG_SHA256), 1 << 16);
	assert_int_equal(f.pcrs.bank[0].extended, 1 << 16);
}

static void every_form_has_its_limit(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pcrfile f;

	(void)state;
	for (size_t i = 0; i <= CAIRN_QUOTEFILE_MAX; i++)
		cairn_buf_add_u8(&b, '\n');
	assert_int_equal(cairn_pcrfile_read(&f, cairn_buf_span(&b), &nothing, NULL), CAIRN_E_LIMIT);
	b.len--;
	assert_int_equal(cairn_pcrfile_read(&f, cairn_buf_span(&b), &nothing, NULL), CAIRN_OK);
	assert_int_equal(f.pcrs.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(padded),
	    cmocka_unit_test(headings),
	    cmocka_unit_test(json),
	    cmocka_unit_test(texts_that_are_none),
	    cmocka_unit_test(bare_values),
	    cmocka_unit_test(tools),
	    cmocka_unit_test(tools_limits),
	    cmocka_unit_test(bare_values_of_a_bank_that_is_twice),
	    cmocka_unit_test(recorded),
	    cmocka_unit_test(every_form_has_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
