/* Digests against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>

#include <string.h>

#include "cairn/digest.h"

/* H("abc"): FIPS 180-4 example values; GB/T 32905-2016, example 1. */
static const struct {
	enum cairn_alg alg;
	size_t size;
	const char *name, *abc;
} vectors[] = {
    {CAIRN_ALG_SHA1, 20, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {CAIRN_ALG_SHA256, 32, "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {CAIRN_ALG_SHA384, 48, "sha384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {CAIRN_ALG_SHA512, 64, "sha512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {CAIRN_ALG_SM3_256, 32, "sm3_256", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
};

static void known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct cairn_digest d, e;

		assert_int_equal(cairn_hash(&d, vectors[i].alg, cairn_span_str("abc")), CAIRN_OK);
		assert_string_equal(cairn_digest_hex(&d).text, vectors[i].abc);
		assert_int_equal(cairn_hash2(&e, vectors[i].alg, cairn_span_str("a"), cairn_span_str("bc")),
				 CAIRN_OK);
		assert_true(cairn_digest_equal(&d, &e));
		assert_int_equal(cairn_digest_parse(&e, vectors[i].alg, vectors[i].abc), CAIRN_OK);
		assert_true(cairn_digest_equal(&d, &e));
		assert_int_equal(cairn_digest_span(&d).len, vectors[i].size);
		assert_int_equal(cairn_alg_size(vectors[i].alg), vectors[i].size);
		assert_string_equal(cairn_alg_name(vectors[i].alg), vectors[i].name);
		assert_int_equal(cairn_alg_by_name(vectors[i].name), vectors[i].alg);
	}
}

static void unknown_algorithm(void **state)
{
	struct cairn_digest d = {.alg = CAIRN_ALG_NONE}, e = d;
	struct cairn_hasher *h = NULL;

	(void)state;
	assert_int_equal(cairn_alg_size((enum cairn_alg)0x1234), 0);
	assert_string_equal(cairn_alg_name((enum cairn_alg)0x1234), "unknown");
	assert_int_equal(cairn_alg_by_name("md5"), CAIRN_ALG_NONE);
	assert_int_equal(cairn_alg_by_name("SHA256"), CAIRN_ALG_NONE);
	assert_int_equal(cairn_hash(&d, (enum cairn_alg)0x1234, cairn_span_str("")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_hasher_new(&h, CAIRN_ALG_NONE), CAIRN_E_UNSUPPORTED);
	assert_null(h);
	assert_false(cairn_digest_equal(&d, &e)); /* two unset digests are not a match */
}

static void comparisons(void **state)
{
	struct cairn_digest a, b;

	(void)state;
	assert_int_equal(cairn_hash(&a, CAIRN_ALG_SHA256, cairn_span_str("a")), CAIRN_OK);
	b = a;
	b.bytes[31] ^= 1;
	assert_false(cairn_digest_equal(&a, &b));
	b = a;
	b.alg = CAIRN_ALG_SM3_256;
	assert_false(cairn_digest_equal(&a, &b));
	assert_int_equal(cairn_digest_parse(&b, CAIRN_ALG_SHA256, "00"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_digest_parse(&b, CAIRN_ALG_NONE, ""), CAIRN_E_UNSUPPORTED);
	assert_int_equal(b.alg, CAIRN_ALG_SM3_256);
}

static void hasher_is_reusable(void **state)
{
	struct cairn_hasher *h = NULL;
	struct cairn_digest d;

	(void)state;
	assert_int_equal(cairn_hasher_new(&h, CAIRN_ALG_SHA384), CAIRN_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cairn_hasher_add(h, cairn_span_str("ab")), CAIRN_OK);
		assert_int_equal(cairn_hasher_add(h, cairn_span(NULL, 0)), CAIRN_OK);
		assert_int_equal(cairn_hasher_add(h, cairn_span_str("c")), CAIRN_OK);
		assert_int_equal(cairn_hasher_take(h, &d), CAIRN_OK);
		assert_string_equal(cairn_digest_hex(&d).text, vectors[2].abc);
	}
	cairn_hasher_free(h);
	cairn_hasher_free(NULL);
}

static void extends(void **state)
{
	struct cairn_hasher *h = NULL;
	struct cairn_digest d = {.alg = CAIRN_ALG_SHA256}, expected, in;

	(void)state;
	assert_int_equal(cairn_hash(&in, CAIRN_ALG_SHA256, cairn_span_str("abc")), CAIRN_OK);
	assert_int_equal(cairn_hasher_new(&h, CAIRN_ALG_SHA256), CAIRN_OK);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(
		    cairn_hash2(&expected, CAIRN_ALG_SHA256, cairn_digest_span(&d), cairn_digest_span(&in)),
		    CAIRN_OK);
		assert_int_equal(cairn_hasher_extend(h, &d, cairn_digest_span(&in)), CAIRN_OK);
		assert_true(cairn_digest_equal(&d, &expected));
	}
	assert_int_equal(cairn_hasher_extend(h, &d, cairn_span(in.bytes, 31)), CAIRN_E_USAGE);
	d.alg = CAIRN_ALG_SM3_256;
	assert_int_equal(cairn_hasher_extend(h, &d, cairn_digest_span(&in)), CAIRN_E_USAGE);
	cairn_hasher_free(h);
}

/* An algorithm that OpenSSL does not offer here is not the same as OpenSSL failing. */
static void algorithm_not_offered(void **state)
{
	struct cairn_hasher *h = NULL;

	(void)state;
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	assert_int_equal(cairn_hasher_new(&h, CAIRN_ALG_SHA256), CAIRN_E_UNSUPPORTED);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_null(h);
}

static void components_in_parts(void **state)
{
	static const char text[] = "the same bytes, whole or in parts";
	struct cairn_span all = cairn_span_str(text);
	struct cairn_component_hasher *h = NULL;
	struct cairn_component whole, parts, again;

	(void)state;
	assert_int_equal(cairn_component_of(&whole, all), CAIRN_OK);
	assert_int_equal(whole.size, all.len);
	assert_int_equal(cairn_component_hasher_new(&h), CAIRN_OK);
	for (size_t i = 0; i < all.len; i++) {
		assert_int_equal(cairn_component_hasher_size(h), i);
		assert_int_equal(cairn_component_hasher_add(h, cairn_span(all.ptr + i, 1)), CAIRN_OK);
	}
	assert_int_equal(cairn_component_hasher_take(h, &parts), CAIRN_OK);
	assert_int_equal(cairn_component_hasher_add(h, all), CAIRN_OK); /* the next message starts anew */
	assert_int_equal(cairn_component_hasher_take(h, &again), CAIRN_OK);
	cairn_component_hasher_free(h);
	assert_true(cairn_digest_equal(&whole.sha256, &parts.sha256));
	assert_true(cairn_digest_equal(&whole.sha384, &parts.sha384));
	assert_int_equal(whole.size, parts.size);
	assert_true(cairn_digest_equal(&whole.sha384, &again.sha384));
	assert_int_equal(whole.size, again.size);
	assert_false(cairn_digest_equal(&whole.sha256, &whole.sha384));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers),	     cmocka_unit_test(unknown_algorithm),
	    cmocka_unit_test(comparisons),	     cmocka_unit_test(components_in_parts),
	    cmocka_unit_test(hasher_is_reusable),    cmocka_unit_test(extends),
	    cmocka_unit_test(algorithm_not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
