/* Approvals: read as made, each member changed, selections and values that must never be approved. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cairn/approval.h"

#define MASK (1u << 4 | 1u << 8 | 1u << 9 | 1u << 11)

static struct cairn_key *release, *other, *p384;
static struct cairn_bank values;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(cairn_key_generate(&release, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&other, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&p384, CAIRN_SIG_ES384), CAIRN_OK);
	values.alg = CAIRN_ALG_SHA256;
	values.extended = (1u << CAIRN_PCR_COUNT) - 1;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
		assert_int_equal(cairn_hash(&values.pcr[n], CAIRN_ALG_SHA256, cairn_span(&n, sizeof(n))),
				 CAIRN_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_key_free(release);
	cairn_key_free(other);
	cairn_key_free(p384);
	return 0;
}

static struct cairn_buf made(void)
{
	cairn_auto_approval struct cairn_approval a = {0};
	struct cairn_buf text = {0};

	assert_int_equal(cairn_approval_make(&a, "edge", 7, &values, MASK, release, NULL), CAIRN_OK);
	assert_int_equal(cairn_approval_dump(&text, &a), CAIRN_OK);
	return text;
}

static void test_round(void **state)
{
	cairn_auto_buf struct cairn_buf text = made(), again = {0}, msg = {0};
	cairn_auto_approval struct cairn_approval a = {0};

	(void)state;
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&text), NULL), CAIRN_OK);
	assert_string_equal(a.class, "edge");
	assert_int_equal(a.release, 7);
	assert_int_equal(a.mask, MASK);
	assert_true(cairn_digest_equal(&a.values.pcr[9], &values.pcr[9]));
	assert_int_equal(cairn_approval_dump(&again, &a), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&text), cairn_buf_span(&again)));
	assert_int_equal(cairn_approval_by(&a, "edge", release), CAIRN_OK);
	assert_int_equal(cairn_approval_by(&a, "edge", other), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_approval_by(&a, "core", release), CAIRN_E_MISMATCH);
	cairn_buf_add(&msg, cairn_digest_span(&a.policy));
	cairn_buf_add_str(&msg, "cairn-seal-v1:edge");
	assert_int_equal(cairn_key_verify(release, cairn_buf_span(&msg), cairn_span(a.signature, 64)),
			 CAIRN_OK);
}

static enum cairn_status make(const struct cairn_bank *v, uint32_t mask, const struct cairn_key *k)
{
	cairn_auto_approval struct cairn_approval a = {0};

	return cairn_approval_make(&a, "edge", 7, v, mask, k, NULL);
}

static void test_selections(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};

	(void)state;
	assert_int_equal(make(&values, MASK, release), CAIRN_OK);
	assert_int_equal(make(&values, MASK | 1u << 7, release), CAIRN_OK);
	assert_int_equal(make(&values, 1u << 11, release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, 0, release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK & ~(1u << 4), release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK & ~(1u << 8), release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK & ~(1u << 9), release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK | 1u << 16, release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK | 1u << 23, release), CAIRN_E_DENIED);
	assert_int_equal(make(&values, MASK | 1u << 24, release), CAIRN_E_DENIED);
	assert_int_equal(cairn_approval_check_pcrs(&values, MASK | 1u << 23, &why), CAIRN_E_DENIED);
	assert_non_null(strstr(cairn_buf_str(&why), "PCR 23"));
}

static void test_values(void **state)
{
	(void)state;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		struct cairn_bank v = values;
		enum cairn_status want = (MASK & 1u << n) != 0 ? CAIRN_E_DENIED : CAIRN_OK;

		memset(v.pcr[n].bytes, 0, 32);
		assert_int_equal(make(&v, MASK, release), want);
		memset(v.pcr[n].bytes, 0xff, 32);
		assert_int_equal(make(&v, MASK, release), want);
		v.pcr[n] = (struct cairn_digest){0};
		assert_int_equal(make(&v, MASK, release), want);
	}
}

static void test_keys(void **state)
{
	cairn_auto_key struct cairn_key *public = NULL;
	uint8_t xy[64];
	struct cairn_bank sha384 = values;
	cairn_auto_buf struct cairn_buf ref = {0};
	cairn_auto_approval struct cairn_approval a = {0};

	(void)state;
	assert_int_equal(cairn_key_p256_point(xy, release), CAIRN_OK);
	assert_int_equal(cairn_key_from_p256_point(&public, xy), CAIRN_OK);
	assert_int_equal(make(&values, MASK, public), CAIRN_E_USAGE);
	assert_int_equal(make(&values, MASK, p384), CAIRN_E_USAGE);
	sha384.alg = CAIRN_ALG_SHA384;
	assert_int_equal(make(&sha384, MASK, release), CAIRN_E_USAGE);
	assert_int_equal(cairn_approval_make(&a, "no/name", 7, &values, MASK, release, NULL),
			 CAIRN_E_MALFORMED);
	assert_int_equal(
	    cairn_approval_make(&a, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 7,
				&values, MASK, release, NULL),
	    CAIRN_E_MALFORMED); /* one character too long: no other class is signed instead */
	assert_int_equal(cairn_policy_ref(&ref, "a b"), CAIRN_E_MALFORMED);
	assert_int_equal(ref.len, 0);
}

/* Reads the approval with one member of v or of a member of v replaced. */
static enum cairn_status changed(const char *path, const char *member, json_t *value)
{
	cairn_auto_buf struct cairn_buf text = made(), why = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_approval struct cairn_approval a = {0};
	json_t *parent;
	enum cairn_status st;

	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&text)), CAIRN_OK);
	parent = *path == '\0' ? v : json_object_get(v, path);
	if (value != NULL)
		json_object_set_new(parent, member, value);
	else
		json_object_del(parent, member);
	st = cairn_approval_from_json(&a, v, &why);
	assert_true(st == CAIRN_OK || why.len > 0);
	return st;
}

static json_t *jwk(const struct cairn_key *k, bool with_private)
{
	json_t *v = NULL;

	assert_int_equal(cairn_key_jwk(&v, k, with_private), CAIRN_OK);
	return v;
}

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE  "0000000000000000000000000000000000000000000000000000000000000001"

/* The signature's digits and some more, or two fewer. */
static json_t *signature(const char *more)
{
	cairn_auto_buf struct cairn_buf text = made(), out = {0};
	cairn_auto_json json_t *v = NULL;
	const char *digits;

	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&text)), CAIRN_OK);
	digits = json_string_value(json_object_get(v, "signature"));
	cairn_buf_add(&out, cairn_span(digits, strlen(digits) - (more == NULL ? 2 : 0)));
	cairn_buf_add_str(&out, more);
	return json_string(cairn_buf_str(&out));
}

static void test_changed(void **state)
{
	static const char *const members[] = {"format", "version", "class", "release",	"bank",
					      "pcrs",	"policy",  "key",   "signature"};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_equal(changed("", members[i], NULL), CAIRN_E_MALFORMED);
		assert_int_equal(changed("", members[i], json_true()), CAIRN_E_MALFORMED);
	}
	assert_int_equal(changed("", "version", json_integer(2)), CAIRN_E_VERSION);
	assert_int_equal(changed("", "note", json_string("")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed("", "class", json_string("core")), CAIRN_E_SIGNATURE);
	assert_int_equal(changed("", "bank", json_string("sha1")), CAIRN_E_MALFORMED);
	assert_int_equal(changed("", "policy", json_string(ONE)), CAIRN_E_MISMATCH);
	assert_int_equal(changed("pcrs", "4", json_string(ONE)), CAIRN_E_MISMATCH);
	assert_int_equal(changed("pcrs", "4", json_string(ZERO)), CAIRN_E_DENIED);
	assert_int_equal(changed("pcrs", "11", NULL), CAIRN_E_MISMATCH);
	assert_int_equal(changed("pcrs", "9", NULL), CAIRN_E_DENIED);
	assert_int_equal(changed("pcrs", "23", json_string(ONE)), CAIRN_E_DENIED);
	assert_int_equal(changed("pcrs", "24", json_string(ONE)), CAIRN_E_MALFORMED);
	assert_int_equal(changed("pcrs", "04", json_string(ONE)), CAIRN_E_MALFORMED);
	assert_int_equal(changed("", "key", jwk(other, false)), CAIRN_E_SIGNATURE);
	assert_int_equal(changed("", "key", jwk(p384, false)), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed("", "key", jwk(release, true)), CAIRN_E_DENIED);
	assert_int_equal(
	    changed("", "signature",
		    json_string("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
				"!!!!!!!!!!!!")),
	    CAIRN_E_MALFORMED);
	assert_int_equal(changed("", "signature", signature("AA")), CAIRN_E_LIMIT);
	assert_int_equal(changed("", "signature", signature(NULL)), CAIRN_E_MALFORMED);
}

/* One byte too few, one too many. */
static void test_lengths(void **state)
{
	static const char short_hex[] = "00000000000000000000000000000000000000000000000000000000000000";
	static const char long_hex[] = ZERO "00";
	json_t *many = json_object();
	char name[16];

	(void)state;
	assert_int_equal(changed("", "policy", json_string(short_hex)), CAIRN_E_MALFORMED);
	assert_int_equal(changed("", "policy", json_string(long_hex)), CAIRN_E_LIMIT);
	assert_int_equal(changed("pcrs", "4", json_string(short_hex)), CAIRN_E_MALFORMED);
	assert_int_equal(changed("pcrs", "4", json_string(long_hex)), CAIRN_E_LIMIT);
	assert_int_equal(changed("", "pcrs", json_object()), CAIRN_E_MALFORMED);
	for (unsigned n = 0; n <= CAIRN_PCR_COUNT; n++) {
		snprintf(name, sizeof(name), "%u", n);
		json_object_set_new(many, name, json_string(ONE));
	}
	assert_int_equal(changed("", "pcrs", many), CAIRN_E_LIMIT);
}

/* One sentence why, and the sizes of the text. */
static void test_why(void **state)
{
	cairn_auto_buf struct cairn_buf text = made(), why = {0}, large = {0};
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_json json_t *v = NULL;

	(void)state;
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&text)), CAIRN_OK);
	json_object_set_new(json_object_get(v, "pcrs"), "4", json_string(ZERO));
	assert_int_equal(cairn_approval_from_json(&a, v, &why), CAIRN_E_DENIED);
	assert_string_equal(cairn_buf_str(&why),
			    "PCR 4 has the value of a boot that measured nothing into it");
	for (size_t i = 0; i <= CAIRN_APPROVAL_MAX; i++)
		cairn_buf_add_u8(&large, i < text.len ? text.ptr[i] : ' ');
	assert_int_equal(cairn_approval_parse(&a, cairn_span(large.ptr, CAIRN_APPROVAL_MAX), NULL), CAIRN_OK);
	cairn_approval_fini(&a);
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&large), NULL), CAIRN_E_LIMIT);
	assert_int_equal(cairn_approval_parse(&a, cairn_span_str("[[[[[[[[[[[[[[[[[[[["), NULL),
			 CAIRN_E_LIMIT);
}

/* Any bit of what is decided on: the policy, each value, the class, the signature. The release number is a
 * label. */
static void test_tampered(void **state)
{
	cairn_auto_buf struct cairn_buf text = made();
	const char *release_at = strstr(cairn_buf_str(&text), "\"release\":7") + strlen("\"release\":");
	size_t skip = (size_t)(release_at - (const char *)text.ptr);

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		cairn_auto_approval struct cairn_approval a = {0};

		if (i == skip)
			continue;
		text.ptr[i] ^= 1;
		assert_int_not_equal(cairn_approval_parse(&a, cairn_buf_span(&text), NULL), CAIRN_OK);
		text.ptr[i] ^= 1;
	}
	for (size_t n = 0; n < text.len; n++) {
		cairn_auto_approval struct cairn_approval a = {0};

		assert_int_equal(cairn_approval_parse(&a, cairn_span(text.ptr, n), NULL), CAIRN_E_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),    cmocka_unit_test(test_selections),
	    cmocka_unit_test(test_values),   cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_changed),  cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_tampered), cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
