/* IMA lists in ASCII, and entries of both forms as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/json.h"
#include "tests/unit/data_fixture.h"
#include "tests/unit/ima_fixture.h"

/* ---- ASCII
 * ------------------------------------------------------------------------------------------------------- */

/* A field as the kernel shows it. ima_template_lib.c */
static void put_ascii_field(struct cairn_buf *b, const struct cairn_ima_entry *e,
			    const struct cairn_ima_field *f)
{
	const uint8_t *nul = f->value.len ? memchr(f->value.ptr, 0, f->value.len) : NULL;
	unsigned number = 0;

	switch (f->syntax) {
	case CAIRN_IMA_DIGEST_NG:
	case CAIRN_IMA_DIGEST_NGV2:
		if (nul == NULL)
			break;
		cairn_buf_add_str(b, (const char *)f->value.ptr);
		cairn_hex_encode(b, cairn_span(nul + 1, f->value.len - (size_t)(nul + 1 - f->value.ptr)));
		break;
	case CAIRN_IMA_NAME:
		cairn_buf_add(b, cairn_span(f->value.ptr, f->value.len - (e->old || !f->value.len ? 0 : 1)));
		break;
	case CAIRN_IMA_U16:
	case CAIRN_IMA_U32:
		for (size_t i = f->value.len; i > 0; i--)
			number = number << 8 | f->value.ptr[i - 1];
		if (f->value.len > 0)
			cairn_buf_add_fmt(b, "%u", number);
		break;
	case CAIRN_IMA_DIGEST:
	case CAIRN_IMA_BYTES:
	case CAIRN_IMA_LENGTHS:
		cairn_hex_encode(b, f->value);
		break;
	}
}

static void put_ascii(struct cairn_buf *b, const struct cairn_ima_entry *e)
{
	cairn_buf_add_fmt(b, "%2u %s ", (unsigned)e->pcr, cairn_digest_hex(&e->digest).text);
	cairn_buf_add(b, e->name);
	for (size_t i = 0; i < e->count; i++) {
		cairn_buf_add_str(b, " ");
		put_ascii_field(b, e, &e->field[i]);
	}
	cairn_buf_add_str(b, "\n");
}

/* The list with every template, and the rows above, in ASCII: they come to the same. */
static void ascii_of_every_template(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, text = {0};
	struct cairn_ima log, ascii;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;
	struct cairn_ima_replay a, b;

	(void)state;
	data_load(&bytes, "ima/ima-all-templates.bin");
	for (size_t i = 0; i < ima_row_count; i++)
		if (ima_rows[i].status == CAIRN_OK && !ima_rows[i].unknown)
			ima_put_entry(&bytes, ima_rows[i].name, ima_rows[i].field, ima_rows[i].violation);
	ima_put_old(&bytes, "/a", 2);
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	while (cairn_ima_next(&it, &e) == CAIRN_OK)
		put_ascii(&text, &e);
	assert_int_equal(cairn_ima_open(&ascii, cairn_buf_span(&text)), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&a, &log, NULL), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&b, &ascii, NULL), CAIRN_OK);
	assert_int_equal(b.differing + b.bare, 0);
	assert_int_equal(a.entries, b.entries);
	assert_int_equal(a.violations, b.violations);
	assert_memory_equal(&a.own, &b.own, sizeof a.own);
	assert_memory_equal(&a.padded, &b.padded, sizeof a.padded);
}

#define H20 "6161616161616161616161616161616161616161"

static void ascii_lines(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
	} lines[] = {
	    {"10 " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_OK},
	    {" 9 " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_OK},
	    {"23 " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_OK},
	    {"24 " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_LIMIT},
	    {"1x " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"1; " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"1/ " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"1  " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10:" H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"100 " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 "61 ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 "6161616161616161616161616 ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 6A61616161616161616161616161616161616161 ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10  " H20 " ima-ng sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 "\n", CAIRN_E_MALFORMED},
	    {"10 " H20 "  sha1:" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha1:" H20 "61 /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha1" H20 " /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha1:6A61616161616161616161616161616161616161 /a\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha1:" H20 " /a", CAIRN_E_TRUNCATED},
	    {"10 " H20 " ima-ng sha1:" H20 " /a\r\n", CAIRN_OK}, /* a name may end so; the digest tells */
	    {"10 " H20 " ima-sig sha1:" H20 " /a \n", CAIRN_OK},
	    {"10 " H20 " ima-sig sha1:" H20 " /a\n", CAIRN_OK},
	    {"10 " H20 " ima-sig sha1:" H20 " /a 03020\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-sig sha1:" H20 " /a 0302 0\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " xattrlengths 0100000\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " xattrlengths 010000\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " xattrlengths 0100000g\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " xattrlengths 01000000\n", CAIRN_OK},
	    {"10 " H20 " iuid 4294967295\n", CAIRN_OK},
	    {"10 " H20 " iuid 4294967296\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " iuid 01\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " iuid -1\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " iuid 1:\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " iuid 1/\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " imode 65535\n", CAIRN_OK},
	    {"10 " H20 " imode 65536\n", CAIRN_E_MALFORMED},
	    {"10 " H20 " imode 0\n", CAIRN_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct cairn_ima_entry e;
		enum cairn_ima_check check;
		enum cairn_status s = ima_read_one(&e, cairn_span_str(lines[i].text));

		if (s != lines[i].status)
			fail_msg("line %zu: %s", i, cairn_status_name(s));
		if (s != CAIRN_OK)
			continue;
		assert_int_equal(cairn_ima_check(&check, &e), CAIRN_OK);
		assert_int_equal(check, CAIRN_IMA_DIFFERS);
	}
}

/* What is longer than anything that has its place. */
static void ascii_long_words(void **state)
{
	static const struct {
		const char *before, *word, *after;
		unsigned times;
		enum cairn_status status;
	} lines[] = {
	    {"10 ", "61", " ima-ng sha1:" H20 " /a\n", 5000, CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha512:", "61", " /a\n", 5000, CAIRN_E_MALFORMED},
	    {"10 " H20 " ima-ng sha512:", "61", " /a\n", 64, CAIRN_OK},
	    {"10 " H20 " ", "n", " x\n", 255, CAIRN_OK},
	    {"10 " H20 " ", "n", " x\n", 256, CAIRN_E_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		struct cairn_ima_entry e;

		cairn_buf_add_str(&b, lines[i].before);
		for (unsigned n = 0; n < lines[i].times; n++)
			cairn_buf_add_str(&b, lines[i].word);
		cairn_buf_add_str(&b, lines[i].after);
		assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), lines[i].status);
	}
}

/* In ASCII the data of an unknown template cannot be made again: the other banks are not vouched for. */
static void ascii_first_line(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} files[] = {
	    {"10 " H20 " x\n\1\2\3", true}, {"10 " H20 " ima-ng sha1", true}, {"10 " H20 " x\1\n", false},
	    {"10 " H20 "\n x y", false},    {"10 " H20 "6 x\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (cairn_ima_is(cairn_span_str(files[i].text)) != files[i].is)
			fail_msg("file %zu", i);
}

static void ascii_unknown_template(void **state)
{
	static const char list[] = "10 " H20 " ima-cgpath x y z\n12 " H20 " ima-ng sha1:" H20 " /a\n";
	struct cairn_ima log;
	struct cairn_ima_replay r;

	(void)state;
	assert_int_equal(cairn_ima_open(&log, cairn_span_str(list)), CAIRN_OK);
	assert_int_equal(cairn_ima_replay(&r, &log, NULL), CAIRN_OK);
	assert_int_equal(r.bare, 1);
	assert_int_equal(r.differing, 1);
	assert_int_equal(r.own.incomplete[0], 0);
	assert_int_equal(r.own.pcrs.bank[0].extended, 1 << 10 | 1 << 12);
	for (int i = 1; i < CAIRN_IMA_BANK_COUNT; i++) {
		assert_int_equal(r.own.incomplete[i], 1 << 10);
		assert_int_equal(r.own.pcrs.bank[i].extended, 1 << 12);
		assert_int_equal(r.padded.incomplete[i], 0);
		assert_int_equal(r.padded.pcrs.bank[i].extended, 1 << 10 | 1 << 12);
	}
}

/* Of a list with SHA-256 digests the padded SHA-1 ones cannot be known either. */
static void ascii_unknown_template_sha256(void **state)
{
	static const char list[] = "10 " H20 "616161616161616161616161 ima-cgpath x\n";
	struct cairn_ima log;
	struct cairn_ima_replay r;

	(void)state;
	assert_int_equal(cairn_ima_open(&log, cairn_span_str(list)), CAIRN_OK);
	assert_int_equal(log.alg, CAIRN_ALG_SHA256);
	assert_int_equal(cairn_ima_replay(&r, &log, NULL), CAIRN_OK);
	assert_int_equal(r.own.incomplete[0], 1 << 10);
	assert_int_equal(r.own.incomplete[1], 0);
	assert_int_equal(r.padded.incomplete[1], 1 << 10);
}

/* ---- JSON
 * -------------------------------------------------------------------------------------------------------- */

static const char *summary_of(json_t *o)
{
	return json_string_value(json_object_get(o, "summary"));
}

static void json_is_safe(void **state)
{
	static const struct ima_text fields[] = {T("ima:sha1:\0" A20), T("/a\x1b[2J\xff\n\0"),
						 T("\3\2\4kkkk\0\1s"), END};
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *o = NULL;
	const json_t *list;
	struct cairn_ima_entry e;

	(void)state;
	ima_put_entry(&b, "ima-sigv2", fields, false);
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
	o = cairn_ima_entry_json(&e);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "check")), "matches");
	assert_string_equal(json_string_value(json_object_get(o, "template")), "ima-sigv2");
	assert_string_equal(summary_of(o), "/a\\u001b[2J\\xff\\u000a ima:sha1:" H20);
	list = json_object_get(o, "fields");
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "type")), "ima");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "digest")), H20);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "text")),
			    "/a\\u001b[2J\\xff\\u000a");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "keyid")), "6b6b6b6b");
	assert_null(json_object_get(o, "boot_aggregate"));
}

static void json_of_both_forms(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, text = {0};
	struct cairn_ima log, ascii;
	struct cairn_ima_iter it, at;
	struct cairn_ima_entry e, f;

	(void)state;
	data_load(&bytes, "ima/ima-all-templates.bin");
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	while (cairn_ima_next(&it, &e) == CAIRN_OK)
		put_ascii(&text, &e);
	assert_int_equal(cairn_ima_open(&ascii, cairn_buf_span(&text)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	at = cairn_ima_iter(&ascii);
	while (cairn_ima_next(&it, &e) == CAIRN_OK) {
		cairn_auto_json json_t *a = cairn_ima_entry_json(&e), *b = NULL;

		assert_int_equal(cairn_ima_next(&at, &f), CAIRN_OK);
		b = cairn_ima_entry_json(&f);
		json_object_del(a, "offset");
		json_object_del(b, "offset");
		assert_true(json_equal(a, b));
	}
}

static void json_of_unknown_and_violation(void **state)
{
	static const struct ima_text unknown[] = {T("x"), END};
	cairn_auto_buf struct cairn_buf b = {0}, v = {0};
	cairn_auto_json json_t *o = NULL, *p = NULL;
	struct cairn_ima_entry e;

	(void)state;
	ima_put_entry(&b, "ima-cgpath", unknown, false);
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
	o = cairn_ima_entry_json(&e);
	assert_string_equal(summary_of(o), "unknown template, 5 bytes");
	assert_null(json_object_get(o, "fields"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "data"), "hex")),
			    "0100000078");
	ima_put_entry(&v, "ima-ng", ima_ng, true);
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&v)), CAIRN_OK);
	p = cairn_ima_entry_json(&e);
	assert_string_equal(summary_of(p), "violation: /a");
	assert_string_equal(json_string_value(json_object_get(p, "check")), "violation");
}

/* The one entry of a list as JSON: what the summary and the fields are. */
static void assert_shown(const char *template, const struct ima_text *fields, const char *summary,
			 const char *shown)
{
	cairn_auto_buf struct cairn_buf b = {0}, text = {0};
	cairn_auto_json json_t *o = NULL;
	struct cairn_ima_entry e;

	ima_put_entry(&b, template, fields, false);
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
	o = cairn_ima_entry_json(&e);
	assert_string_equal(summary_of(o), summary);
	assert_int_equal(cairn_json_dump(&text, json_object_get(o, "fields")), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&text), shown);
}

/* Empty fields have no value; a signature has a key only as the kernel writes it; a list may be without digests. */
static void json_of_fields(void **state)
{
	static const struct ima_text empty[] = {T(""), T(""), T(""), T(""), END};
	static const struct ima_text name[] = {T("/a\0"), END};
	static const struct ima_text sig[][2] = {{T("\3\2\4kkkk\0\1s"), END},
						 {T("\5\3\4kkkk\0\1s"), END},
						 {T("\4\2\4kkkk\0\1s"), END},
						 {T("\3\1\4kkkk\0\1s"), END}};

	(void)state;
	assert_shown("d-modsig|xattrnames|iuid|imode", empty, "",
		     "[{\"id\":\"d-modsig\"},{\"id\":\"xattrnames\",\"text\":\"\"},{\"id\":\"iuid\"},"
		     "{\"id\":\"imode\"}]");
	assert_shown("n-ng", name, "/a", "[{\"id\":\"n-ng\",\"text\":\"/a\"}]");
	assert_shown(
	    "sig", sig[0], "",
	    "[{\"hex\":\"0302046b6b6b6b000173\",\"id\":\"sig\",\"keyid\":\"6b6b6b6b\",\"size\":10}]");
	assert_shown(
	    "sig", sig[1], "",
	    "[{\"hex\":\"0503046b6b6b6b000173\",\"id\":\"sig\",\"keyid\":\"6b6b6b6b\",\"size\":10}]");
	assert_shown("sig", sig[2], "", "[{\"hex\":\"0402046b6b6b6b000173\",\"id\":\"sig\",\"size\":10}]");
	assert_shown("sig", sig[3], "", "[{\"hex\":\"0301046b6b6b6b000173\",\"id\":\"sig\",\"size\":10}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ascii_of_every_template),
	    cmocka_unit_test(ascii_lines),
	    cmocka_unit_test(ascii_first_line),
	    cmocka_unit_test(ascii_long_words),
	    cmocka_unit_test(ascii_unknown_template),
	    cmocka_unit_test(ascii_unknown_template_sha256),
	    cmocka_unit_test(json_is_safe),
	    cmocka_unit_test(json_of_both_forms),
	    cmocka_unit_test(json_of_unknown_and_violation),
	    cmocka_unit_test(json_of_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
