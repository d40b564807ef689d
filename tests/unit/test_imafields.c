/* Entries of IMA made by hand: what each field may hold, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/ima_fixture.h"

static void fields_of_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ima_row_count; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		struct cairn_ima_entry e;
		enum cairn_ima_check check;
		enum cairn_status s;

		ima_put_entry(&b, ima_rows[i].name, ima_rows[i].field, ima_rows[i].violation);
		s = ima_read_one(&e, cairn_buf_span(&b));
		if (s != ima_rows[i].status)
			fail_msg("row %zu (%s): %s", i, ima_rows[i].name, cairn_status_name(s));
		if (s != CAIRN_OK)
			continue;
		assert_int_equal(e.known, !ima_rows[i].unknown);
		assert_int_equal(cairn_ima_check(&check, &e), CAIRN_OK);
		assert_int_equal(check, ima_rows[i].violation ? CAIRN_IMA_VIOLATION : CAIRN_IMA_MATCHES);
	}
}

/* crypto/hash_info.c of Linux */
static void algorithms(void **state)
{
	static const struct {
		const char *name;
		size_t size;
	} algs[] = {{"md4", 16},	 {"md5", 16},	   {"sha1", 20},     {"rmd160", 20},
		    {"sha256", 32},	 {"sha384", 48},   {"sha512", 64},   {"sha224", 28},
		    {"rmd128", 16},	 {"rmd256", 32},   {"rmd320", 40},   {"wp256", 32},
		    {"wp384", 48},	 {"wp512", 64},	   {"tgr128", 16},   {"tgr160", 20},
		    {"tgr192", 24},	 {"sm3", 32},	   {"sm3-256", 32},  {"streebog256", 32},
		    {"streebog512", 64}, {"sha3-256", 32}, {"sha3-384", 48}, {"sha3-512", 64}};

	(void)state;
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		cairn_auto_buf struct cairn_buf d = {0}, b = {0};
		struct ima_text fields[] = {END, T("/a\0"), END};
		struct cairn_ima_entry e;

		cairn_buf_add_str(&d, algs[i].name);
		cairn_buf_add(&d, cairn_span(":\0" A64, 2 + algs[i].size));
		fields[0] = (struct ima_text){(const char *)d.ptr, d.len};
		ima_put_entry(&b, "ima-ng", fields, false);
		assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
		assert_string_equal(e.file.alg, algs[i].name);
		assert_int_equal(e.file.size, algs[i].size);
	}
}

/* ---- the layout of an entry
 * --------------------------------------------------------------------------------------- */

static void lengths_and_bounds(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_ima_entry e;

	(void)state;
	ima_put_entry(&b, "ima-ng", ima_ng, false);
	b.ptr[0] = 23;
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(e.pcr, 23);
	b.ptr[0] = 24;
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_LIMIT);
	b.ptr[0] = 10;
	b.ptr[3] = 1;
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_LIMIT);
	assert_false(cairn_ima_is(cairn_buf_span(&b)));
	b.ptr[3] = 0;
	b.ptr[25] = 1; /* length of the name: 262 */
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_MALFORMED);
	b.ptr[25] = 0;
	b.ptr[34]--; /* length of the data: the last field does not fit */
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_MALFORMED);
	b.ptr[34] += 2; /* the list ends before the data */
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_TRUNCATED);
	cairn_buf_add_u8(&b, 0); /* a byte after the last field */
	assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_MALFORMED);
}

/* An error is of the second entry: the first stands, and the error stays. */
static void an_error_sticks(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_ima log;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;
	struct cairn_ima_replay r;
	size_t end;

	(void)state;
	ima_put_entry(&b, "ima-ng", ima_ng, false);
	end = b.len;
	ima_put_entry(&b, "ima-ng", ima_ng, false);
	b.ptr[end] = 99;
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	assert_int_equal(cairn_ima_next(&it, &e), CAIRN_OK);
	assert_int_equal(cairn_ima_next(&it, &e), CAIRN_E_LIMIT);
	assert_int_equal(cairn_ima_next(&it, &e), CAIRN_E_LIMIT);
	assert_int_equal(e.number, 1);
	assert_int_equal(it.cur.off, end);
	assert_int_equal(cairn_ima_replay(&r, &log, NULL), CAIRN_E_LIMIT);
	assert_int_equal(r.entries, 1);
	assert_int_equal(r.end, end);
}

static void old_template(void **state)
{
	static const struct {
		size_t len;
		enum cairn_status status;
	} sizes[] = {{0, CAIRN_OK}, {9, CAIRN_OK}, {255, CAIRN_OK}, {256, CAIRN_E_MALFORMED}};
	char name[256];

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		struct cairn_ima_entry e;
		enum cairn_ima_check check;

		ima_put_old(&b, name, sizes[i].len);
		assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), sizes[i].status);
		if (sizes[i].status != CAIRN_OK)
			continue;
		assert_true(e.old);
		assert_int_equal(e.path.len, sizes[i].len);
		assert_int_equal(cairn_ima_check(&check, &e), CAIRN_OK);
		assert_int_equal(check, CAIRN_IMA_MATCHES);
		b.ptr[4 + 20 + 7] ^= 1; /* of the file's digest */
		assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_OK);
		assert_int_equal(cairn_ima_check(&check, &e), CAIRN_OK);
		assert_int_equal(check, CAIRN_IMA_DIFFERS);
	}
	{
		cairn_auto_buf struct cairn_buf b = {0};
		struct cairn_ima_entry e;

		ima_put_old(&b, "a\0b", 3);
		assert_int_equal(ima_read_one(&e, cairn_buf_span(&b)), CAIRN_E_MALFORMED);
	}
}

static void boot_aggregate(void **state)
{
	static const struct ima_text first[] = {T("sha1:\0" A20), T("boot_aggregate\0"), END};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_ima log;
	struct cairn_ima_iter it;
	struct cairn_ima_entry e;

	(void)state;
	ima_put_entry(&b, "ima-ng", first, false);
	ima_put_entry(&b, "ima-ng", first, false);
	assert_int_equal(cairn_ima_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	it = cairn_ima_iter(&log);
	assert_int_equal(cairn_ima_next(&it, &e), CAIRN_OK);
	assert_true(cairn_ima_is_boot_aggregate(&e));
	assert_int_equal(cairn_ima_next(&it, &e), CAIRN_OK);
	assert_false(cairn_ima_is_boot_aggregate(&e)); /* a file may have this name */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_of_entries),  cmocka_unit_test(algorithms),
	    cmocka_unit_test(lengths_and_bounds), cmocka_unit_test(an_error_sticks),
	    cmocka_unit_test(old_template),	  cmocka_unit_test(boot_aggregate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
