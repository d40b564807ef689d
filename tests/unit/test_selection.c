/* Selections of PCRs, as text and over values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/selection.h"

static void text(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
		const char *canonical;
	} rows[] = {
	    {"sha256:0", CAIRN_OK, "sha256:0"},
	    {"sha256:23,0,7", CAIRN_OK, "sha256:0,7,23"},
	    {"sha1:1+sha384:all", CAIRN_OK,
	     "sha1:1+sha384:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"},
	    {"sha256:24", CAIRN_E_LIMIT, NULL},
	    {"sha256:999", CAIRN_E_LIMIT, NULL},
	    {"sha256:0001", CAIRN_E_MALFORMED, NULL},
	    {"sha256:1,1", CAIRN_E_MALFORMED, NULL},
	    {"sha256:1+sha256:2", CAIRN_E_MALFORMED, NULL},
	    {"sha256:", CAIRN_E_MALFORMED, NULL},
	    {"sha256:1,", CAIRN_E_MALFORMED, NULL},
	    {"sha256:1+", CAIRN_E_MALFORMED, NULL},
	    {"sha256:1-3", CAIRN_E_MALFORMED, NULL},
	    {"sha256:/", CAIRN_E_MALFORMED, NULL},
	    {"sha256:a", CAIRN_E_MALFORMED, NULL},
	    {"sha256:x,1", CAIRN_E_MALFORMED, NULL},
	    {"x+sha256:1", CAIRN_E_MALFORMED, NULL},
	    {"sha256", CAIRN_E_MALFORMED, NULL},
	    {"", CAIRN_E_MALFORMED, NULL},
	    {"sha3_256:1", CAIRN_E_UNSUPPORTED, NULL},
	    {":1", CAIRN_E_UNSUPPORTED, NULL},
	    {"a name of no bank at all:1", CAIRN_E_MALFORMED, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cairn_auto_buf struct cairn_buf out = {0};
		struct cairn_selection sel = {.count = 99};
		enum cairn_status s = cairn_selection_parse(&sel, rows[i].text);

		if (s != rows[i].status)
			fail_msg("%s: %s", rows[i].text, cairn_status_name(s));
		if (s != CAIRN_OK) {
			assert_int_equal(sel.count, 99);
			continue;
		}
		cairn_selection_text(&out, &sel);
		assert_string_equal(cairn_buf_str(&out), rows[i].canonical);
	}
}

static void masks(void **state)
{
	struct cairn_selection sel = {.count = 2, .bank = {{CAIRN_ALG_SHA1, 1}, {CAIRN_ALG_SHA256, 6}}};
	cairn_auto_buf struct cairn_buf out = {0};

	(void)state;
	assert_int_equal(cairn_selection_mask(&sel, CAIRN_ALG_SHA256), 6);
	assert_int_equal(cairn_selection_mask(&sel, CAIRN_ALG_SHA384), 0);
	assert_int_equal(cairn_selection_any(&sel), 7);
	sel.bank[0].pcrs = 0;
	cairn_selection_text(&out, &sel);
	assert_string_equal(cairn_buf_str(&out), "sha1:none+sha256:1,2");
}

static void equal(void **state)
{
	const struct cairn_selection a = {.count = 2, .bank = {{CAIRN_ALG_SHA256, 1}, {CAIRN_ALG_SHA1, 0}}},
				     turned = {.count = 2,
					       .bank = {{CAIRN_ALG_SHA1, 0}, {CAIRN_ALG_SHA256, 1}}},
				     other = {.count = 2,
					      .bank = {{CAIRN_ALG_SHA256, 1}, {CAIRN_ALG_SHA384, 0}}},
				     one = {.count = 1, .bank = {{CAIRN_ALG_SHA256, 1}}},
				     two = {.count = 1, .bank = {{CAIRN_ALG_SHA256, 2}}};

	(void)state;
	assert_true(cairn_selection_equal(&a, &turned));
	assert_false(cairn_selection_equal(&a, &other));
	assert_false(cairn_selection_equal(&one, &a));
	assert_false(cairn_selection_equal(&a, &one));
	assert_false(cairn_selection_equal(&one, &two));
}

/* The values in the order of the selection; and a hasher that met a missing value is as good as new. */
static void digest(void **state)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_selection sel = {.count = 2, .bank = {{CAIRN_ALG_SHA384, 2}, {CAIRN_ALG_SHA256, 5}}};
	cairn_auto_buf struct cairn_buf all = {0};
	struct cairn_hasher *h = NULL;
	struct cairn_digest want, got;
	struct cairn_pcrs p;

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, banks, 2), CAIRN_OK);
	p.bank[0].extended = 5;
	p.bank[1].extended = 1;
	p.bank[0].pcr[0].bytes[0] = 1;
	p.bank[0].pcr[2].bytes[0] = 2;
	p.bank[1].pcr[1].bytes[0] = 3;
	assert_int_equal(cairn_hasher_new(&h, CAIRN_ALG_SHA256), CAIRN_OK);
	got = (struct cairn_digest){0};
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_E_NOTFOUND);
	assert_int_equal(got.alg, CAIRN_ALG_NONE);
	p.bank[1].extended = 2;
	cairn_buf_add(&all, cairn_digest_span(&p.bank[1].pcr[1]));
	cairn_buf_add(&all, cairn_digest_span(&p.bank[0].pcr[0]));
	cairn_buf_add(&all, cairn_digest_span(&p.bank[0].pcr[2]));
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_buf_span(&all)), CAIRN_OK);
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &got));
	p.bank[0].extended = 1; /* after a value was hashed */
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_E_NOTFOUND);
	p.bank[0].extended = 5;
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_OK);
	assert_true(cairn_digest_equal(&want, &got));
	p.count = 1;
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_E_NOTFOUND);
	sel.bank[0].pcrs = 0; /* nothing of a bank that is not there */
	assert_int_equal(cairn_selection_digest(&got, &sel, &p, h), CAIRN_OK);
	cairn_hasher_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),
	    cmocka_unit_test(masks),
	    cmocka_unit_test(equal),
	    cmocka_unit_test(digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
