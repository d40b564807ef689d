/* JWS: each character changed, every header that is not ours, the wrong key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cairn/jws.h"

#define TYP "test+jws"

static struct cairn_key *key[3], *stranger;
static struct cairn_jwks *keys;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(cairn_jwks_new(&keys), CAIRN_OK);
	for (int a = 0; a < 3; a++) {
		assert_int_equal(cairn_key_generate(&key[a], (enum cairn_sigalg)a), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(keys, key[a]), CAIRN_OK);
	}
	assert_int_equal(cairn_key_generate(&stranger, CAIRN_SIG_ES384), CAIRN_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int a = 0; a < 3; a++)
		cairn_key_free(key[a]);
	cairn_key_free(stranger);
	cairn_jwks_free(keys);
	return 0;
}

static enum cairn_status verify(struct cairn_span jws)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	enum cairn_status st = cairn_jws_verify(&payload, NULL, jws, TYP, keys);

	assert_true(st == CAIRN_OK || payload.len == 0);
	return st;
}

static void test_round(void **state)
{
	(void)state;
	for (int a = 0; a < 3; a++) {
		cairn_auto_buf struct cairn_buf jws = {0}, payload = {0};
		const struct cairn_key *signer = NULL;

		assert_int_equal(cairn_jws_sign(&jws, key[a], TYP, cairn_span_str("{\"a\":1}")), CAIRN_OK);
		assert_int_equal(cairn_jws_verify(&payload, &signer, cairn_buf_span(&jws), TYP, keys),
				 CAIRN_OK);
		assert_string_equal(cairn_buf_str(&payload), "{\"a\":1}");
		assert_true(cairn_key_same(signer, key[a]));
		assert_int_equal(cairn_jws_verify(&payload, &signer, cairn_buf_span(&jws), "other", keys),
				 CAIRN_E_MALFORMED);
	}
}

static void test_tampered(void **state)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	assert_int_equal(cairn_jws_sign(&jws, key[0], TYP, cairn_span_str("payload")), CAIRN_OK);
	for (size_t i = 0; i < jws.len; i++) {
		uint8_t was = jws.ptr[i];

		for (int bit = 0; bit < 8; bit++) {
			jws.ptr[i] = (uint8_t)(was ^ 1 << bit);
			assert_int_not_equal(verify(cairn_buf_span(&jws)), CAIRN_OK);
		}
		jws.ptr[i] = was;
	}
	for (size_t n = 0; n < jws.len; n++)
		assert_int_not_equal(verify(cairn_span(jws.ptr, n)), CAIRN_OK);
	assert_int_equal(verify(cairn_buf_span(&jws)), CAIRN_OK);
	cairn_buf_add_u8(&jws, '.');
	assert_int_equal(verify(cairn_buf_span(&jws)), CAIRN_E_MALFORMED);
	jws.ptr[jws.len - 1] = '\n';
	assert_int_equal(verify(cairn_buf_span(&jws)), CAIRN_E_MALFORMED);
}

static void test_stranger(void **state)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	assert_int_equal(cairn_jws_sign(&jws, stranger, TYP, cairn_span_str("payload")), CAIRN_OK);
	assert_int_equal(verify(cairn_buf_span(&jws)), CAIRN_E_UNTRUSTED);
}

/* Signed by k over the header as given. */
static enum cairn_status with_header(const char *header, const struct cairn_key *k)
{
	cairn_auto_buf struct cairn_buf jws = {0}, sig = {0};

	cairn_b64url_encode(&jws, cairn_span_str(header));
	cairn_buf_add_str(&jws, ".");
	cairn_b64url_encode(&jws, cairn_span_str("payload"));
	if (k != NULL)
		assert_int_equal(cairn_key_sign(&sig, k, cairn_buf_span(&jws)), CAIRN_OK);
	cairn_buf_add_str(&jws, ".");
	cairn_b64url_encode(&jws, cairn_buf_span(&sig));
	return verify(cairn_buf_span(&jws));
}

static void test_headers(void **state)
{
	static const struct {
		const char *format; /* with the kid of key[1] */
		int signer;
		enum cairn_status want;
	} rows[] = {
	    {"{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_OK},
	    {"{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", -1, CAIRN_E_UNSUPPORTED},
	    {"{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_UNSUPPORTED},
	    {"{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", -1, CAIRN_E_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_UNSUPPORTED},
	    {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_SIGNATURE},
	    {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 0, CAIRN_E_SIGNATURE},
	    {"{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 0, CAIRN_E_SIGNATURE},
	    {"{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 2, CAIRN_E_SIGNATURE},
	    {"{\"kid\":\"%s\",\"alg\":\"ES384\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_MALFORMED},
	    {"{\"alg\":\"ES384\",\"crit\":[],\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_UNSUPPORTED},
	    {"{\"alg\":\"ES384\",\"jwk\":{},\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_UNSUPPORTED},
	    {"{\"alg\":\"ES384\",\"kid\":\"%s\"}", 1, CAIRN_E_MALFORMED},
	    {"{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"JWT\"}", 1, CAIRN_E_MALFORMED},
	    {"{\"alg\":\"ES384\",\"kid\":\"x%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_MALFORMED},
	    {"{\"alg\":[\"ES384\"],\"kid\":\"%s\",\"typ\":\"" TYP "\"}", 1, CAIRN_E_MALFORMED},
	    {"[\"%s\"]", 1, CAIRN_E_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_buf struct cairn_buf header = {0};
		const char *at = strstr(rows[i].format, "%s");

		cairn_buf_add(&header, cairn_span(rows[i].format, (size_t)(at - rows[i].format)));
		cairn_buf_add_str(&header, cairn_key_kid(key[1]));
		cairn_buf_add_str(&header, at + 2);
		assert_int_equal(
		    with_header(cairn_buf_str(&header), rows[i].signer < 0 ? NULL : key[rows[i].signer]),
		    rows[i].want);
	}
}

static void test_forms(void **state)
{
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "...",
					  "e30.e30",
					  "e30..e30",
					  ".e30.e30",
					  "e30.e30.e30.e30",
					  "{\"payload\":\"e30\"}",
					  "e30=.e30.e30"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(verify(cairn_span_str(bad[i])), CAIRN_E_MALFORMED);
}

/* Parts that are missing from what is otherwise signed as it should be, and what is too long. */
static void test_sizes(void **state)
{
	cairn_auto_buf struct cairn_buf jws = {0}, header = {0}, sig = {0}, much = {0}, out = {0};

	(void)state;
	cairn_buf_add_fmt(&header, "{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}",
			  cairn_key_kid(key[1]));
	cairn_b64url_encode(&jws, cairn_buf_span(&header));
	cairn_buf_add_u8(&jws, '.');
	assert_int_equal(cairn_key_sign(&sig, key[1], cairn_buf_span(&jws)), CAIRN_OK);
	cairn_buf_add_u8(&jws, '.');
	cairn_b64url_encode(&jws, cairn_buf_span(&sig));
	assert_int_equal(verify(cairn_buf_span(&jws)), CAIRN_E_MALFORMED); /* no payload */
	for (size_t i = 0; i < CAIRN_JWS_MAX; i++)
		cairn_buf_add_u8(&much, 'x');
	assert_int_equal(cairn_jws_sign(&out, key[1], TYP, cairn_buf_span(&much)), CAIRN_E_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(verify(cairn_buf_span(&much)), CAIRN_E_MALFORMED);
	cairn_buf_add_u8(&much, 'x');
	assert_int_equal(verify(cairn_buf_span(&much)), CAIRN_E_LIMIT);
}

static void test_public_cannot_sign(void **state)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	assert_int_equal(cairn_jws_sign(&jws, cairn_jwks_at(keys, 0), TYP, cairn_span_str("x")),
			 CAIRN_E_USAGE);
	assert_int_equal(jws.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round),    cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_stranger), cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_forms),    cmocka_unit_test(test_public_cannot_sign),
	    cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
