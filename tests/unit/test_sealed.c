/* Sealed secrets as documents: each member gone, of another type, and changed; and public areas of TPM keys that are
 * almost the one they may be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "cairn/policy.h"
#include "cairn/sealed.h"
#include "data_fixture.h"

static struct cairn_buf text, ek, ak;

static int setup(void **state)
{
	(void)state;
	data_load(&text, "sealed/disk.json");
	data_load(&ek, "ekpub/ek.bin");
	data_load(&ak, "ekpub/ak.bin");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&text);
	cairn_buf_fini(&ek);
	cairn_buf_fini(&ak);
	return 0;
}

static json_t *document(void)
{
	json_t *v = NULL;

	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&text)), CAIRN_OK);
	return v;
}

/* Reads the document with one member replaced (value is taken over), or without it. */
static enum cairn_status changed(const char *member, json_t *value)
{
	cairn_auto_json json_t *v = document();
	cairn_auto_sealed struct cairn_sealed s = {0};

	if (value != NULL)
		json_object_set_new(v, member, value);
	else
		json_object_del(v, member);
	return cairn_sealed_read(&s, v);
}

static void test_round(void **state)
{
	cairn_auto_json json_t *v = document(), *again = NULL;
	cairn_auto_sealed struct cairn_sealed s = {0};

	(void)state;
	assert_int_equal(cairn_sealed_read(&s, v), CAIRN_OK);
	assert_string_equal(s.class, "disk");
	assert_int_equal(cairn_sealed_write(&again, &s), CAIRN_OK);
	assert_true(json_equal(v, again));
}

static void test_members(void **state)
{
	static const char *const members[] = {"format", "version", "class", "key", "pub", "priv", "srk_name"};
	cairn_auto_json json_t *v = document();
	json_t *key = json_deep_copy(json_object_get(v, "key"));

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_equal(changed(members[i], NULL), CAIRN_E_MALFORMED);
		assert_int_equal(changed(members[i], json_true()), CAIRN_E_MALFORMED);
	}
	assert_int_equal(changed("more", json_true()), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed("version", json_integer(2)), CAIRN_E_VERSION);
	assert_int_equal(changed("class", json_string("core")), CAIRN_E_MISMATCH); /* another policy */
	assert_int_equal(changed("class", json_string("a/b")), CAIRN_E_MALFORMED);
	assert_int_equal(changed("srk_name", json_string("00")), CAIRN_E_MALFORMED);
	assert_int_equal(changed("pub", json_string("!")), CAIRN_E_MALFORMED);
	assert_int_equal(changed("priv", json_string("!")), CAIRN_E_MALFORMED);
	assert_int_equal(changed("pub", json_string("AAEA")), CAIRN_E_TRUNCATED);
	assert_int_equal(changed("priv", json_string("AAEAAA")), CAIRN_E_TRAILING);
	assert_int_equal(changed("priv", json_string("AAIA")), CAIRN_E_TRUNCATED);
	json_object_set_new(key, "crv", json_string("P-257"));
	assert_int_equal(changed("key", key), CAIRN_E_UNSUPPORTED);
}

/* A key that is not the one that the policy names; and keys that may not be there at all. */
static void test_keys(void **state)
{
	for (int alg = CAIRN_SIG_ES256; alg <= CAIRN_SIG_EDDSA; alg++) {
		cairn_auto_key struct cairn_key *k = NULL;
		json_t *public = NULL, *private = NULL;

		assert_int_equal(cairn_key_generate(&k, (enum cairn_sigalg)alg), CAIRN_OK);
		assert_int_equal(cairn_key_jwk(&public, k, false), CAIRN_OK);
		assert_int_equal(cairn_key_jwk(&private, k, true), CAIRN_OK);
		assert_int_equal(changed("key", public),
				 alg == CAIRN_SIG_ES256 ? CAIRN_E_MISMATCH : CAIRN_E_USAGE);
		assert_int_equal(changed("key", private), CAIRN_E_DENIED);
	}
	(void)state;
}

/* Each bit of the public half but the last 32 bytes, which no policy binds; what is too long; what does not end. */
static void test_public_half(void **state)
{
	cairn_auto_json json_t *v = document();
	cairn_auto_sealed struct cairn_sealed s = {0};

	(void)state;
	assert_int_equal(cairn_sealed_read(&s, v), CAIRN_OK);
	assert_int_equal(cairn_sealed_check(&s), CAIRN_OK);
	for (size_t i = 0; i + 32 < s.pub.len; i++) {
		s.pub.ptr[i] ^= 1;
		assert_int_not_equal(cairn_sealed_check(&s), CAIRN_OK);
		s.pub.ptr[i] ^= 1;
	}
	s.pub.len--;
	s.pub.ptr[1]--; /* its own size agrees, and it is one byte short */
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_TRUNCATED);
	s.pub.ptr[1]++;
	s.pub.len++;
	cairn_buf_add_u8(&s.pub, 0);
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_TRAILING);
	s.pub.ptr[1]++;
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_TRAILING);
	while (s.pub.len <= 1024)
		cairn_buf_add_u8(&s.pub, 0);
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_LIMIT);
}

static void test_private_half(void **state)
{
	cairn_auto_json json_t *v = document();
	cairn_auto_sealed struct cairn_sealed s = {0};

	(void)state;
	assert_int_equal(cairn_sealed_read(&s, v), CAIRN_OK);
	while (s.priv.len <= 1024)
		cairn_buf_add_u8(&s.priv, 0);
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_LIMIT);
	strcpy(s.class, "a b");
	assert_int_equal(cairn_sealed_check(&s), CAIRN_E_MALFORMED);
}

/* ---- policies ---- */

static void test_policies(void **state)
{
	static const enum cairn_alg alg[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_pcrs p;
	struct cairn_digest d = {.alg = CAIRN_ALG_NONE}, policy = {.alg = CAIRN_ALG_SHA384}, want;
	uint8_t message[32 + 3] = {0};

	(void)state;
	assert_int_equal(cairn_pcrs_init(&p, alg, 2), CAIRN_OK);
	p.bank[0].extended = p.bank[1].extended = 1u << 4 | 1u << 24;
	assert_int_equal(cairn_policy_pcr(&d, &p.bank[0], 1u << 4), CAIRN_OK);
	d.alg = CAIRN_ALG_NONE;
	assert_int_equal(cairn_policy_pcr(&d, &p.bank[1], 1u << 4), CAIRN_E_USAGE);
	assert_int_equal(cairn_policy_pcr(&d, &p.bank[0], 1u << 24), CAIRN_E_USAGE);
	assert_int_equal(cairn_policy_pcr(&d, &p.bank[0], 0), CAIRN_E_USAGE);
	assert_int_equal(cairn_policy_pcr(&d, &p.bank[0], 1u << 5), CAIRN_E_USAGE);
	assert_int_equal(cairn_policy_ahash(&d, &policy, cairn_span_str("ref")), CAIRN_E_USAGE);
	assert_int_equal(d.alg, CAIRN_ALG_NONE);
	policy.alg = CAIRN_ALG_SHA256;
	memcpy(message + 32, "ref", 3);
	assert_int_equal(cairn_hash(&want, CAIRN_ALG_SHA256, cairn_span(message, sizeof(message))), CAIRN_OK);
	assert_int_equal(cairn_policy_ahash(&d, &policy, cairn_span_str("ref")), CAIRN_OK);
	assert_true(cairn_digest_equal(&d, &want));
}

/* ---- public areas ---- */

static enum cairn_status read_ek(const struct cairn_buf *b)
{
	struct cairn_ekpub out;

	return cairn_ekpub_parse(&out, cairn_buf_span(b));
}

static enum cairn_status read_ak(const struct cairn_buf *b)
{
	struct cairn_akpub out;

	return cairn_akpub_parse(&out, cairn_buf_span(b));
}

/* Every byte gone, one changed before the key's own number, one too many. */
static void tamper(struct cairn_buf *b, size_t template, enum cairn_status (*read)(const struct cairn_buf *b))
{
	assert_int_equal(read(b), CAIRN_OK);
	for (size_t len = b->len; len > 0; len--) {
		struct cairn_buf cut = *b;

		cut.len = len - 1;
		assert_int_equal(read(&cut), CAIRN_E_TRUNCATED);
	}
	for (size_t i = 2; i < template; i++) {
		b->ptr[i] ^= 1;
		assert_int_equal(read(b), CAIRN_E_UNSUPPORTED);
		b->ptr[i] ^= 1;
	}
	cairn_buf_add_u8(b, 0);
	assert_int_equal(read(b), CAIRN_E_TRAILING);
	b->ptr[1]++;
	assert_int_equal(read(b), CAIRN_E_TRAILING);
	b->ptr[1]--;
	b->len--;
	assert_int_equal(read(b), CAIRN_OK);
}

static void test_ek_area(void **state)
{
	size_t modulus = ek.len - CAIRN_EK_MODULUS;
	cairn_auto_buf struct cairn_buf short_one = {0}, large = {0};

	(void)state;
	tamper(&ek, modulus - 2, read_ek);
	ek.ptr[modulus] &= 0x7f; /* 2047 bits */
	assert_int_equal(read_ek(&ek), CAIRN_E_MALFORMED);
	ek.ptr[modulus] |= 0x80;
	ek.ptr[ek.len - 1] &= 0xfe; /* even */
	assert_int_equal(read_ek(&ek), CAIRN_E_MALFORMED);
	ek.ptr[ek.len - 1] |= 1;
	/* A modulus of no bytes, and one of more than there is room for. */
	cairn_buf_add_u16be(&short_one, (uint16_t)(modulus - 2));
	cairn_buf_add(&short_one, cairn_span(ek.ptr + 2, modulus - 4));
	cairn_buf_add_u16be(&short_one, 0);
	assert_int_equal(read_ek(&short_one), CAIRN_E_MALFORMED);
	cairn_buf_add_u16be(&large, (uint16_t)(ek.len - 1));
	cairn_buf_add(&large, cairn_span(ek.ptr + 2, modulus - 4));
	cairn_buf_add_u16be(&large, CAIRN_EK_MODULUS + 1);
	cairn_buf_add(&large, cairn_span(ek.ptr + modulus, CAIRN_EK_MODULUS));
	cairn_buf_add_u8(&large, 1);
	assert_int_equal(read_ek(&large), CAIRN_E_MALFORMED);
	large.len = 0;
	cairn_buf_add_u16be(&large, 1025);
	for (size_t i = 0; i < 1025; i++)
		cairn_buf_add_u8(&large, 0);
	assert_int_equal(read_ek(&large), CAIRN_E_MALFORMED);
}

static void test_ak_area(void **state)
{
	(void)state;
	tamper(&ak, ak.len - 2 * 34, read_ak);
	ak.ptr[ak.len - 1] ^= 1; /* no point of the curve */
	assert_int_equal(read_ak(&ak), CAIRN_E_MALFORMED);
	ak.ptr[ak.len - 1] ^= 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),	 cmocka_unit_test(test_members),
	    cmocka_unit_test(test_keys),	 cmocka_unit_test(test_public_half),
	    cmocka_unit_test(test_private_half), cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_ek_area),	 cmocka_unit_test(test_ak_area),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
