/* Keys: published vectors, what is refused, and the files that hold them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cairn/jwk.h"

static const enum cairn_sigalg ALGS[] = {CAIRN_SIG_ES256, CAIRN_SIG_ES384, CAIRN_SIG_EDDSA};

/* RFC 8037, appendix A.1 */
#define ED_X   "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D   "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
#define ED     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}"
/* RFC 7515, appendix A.3.1 */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define EC   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""

static char dir[] = "/tmp/cairn-keys-XXXXXX";

static enum cairn_status read_key(struct cairn_key **k, const char *text)
{
	cairn_auto_json json_t *v = NULL;

	assert_int_equal(cairn_json_parse(&v, cairn_span_str(text)), CAIRN_OK);
	return cairn_key_from_jwk(k, v);
}

static enum cairn_status check_vector(const char *key, const char *msg, const char *sig)
{
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(read_key(&k, key), CAIRN_OK);
	assert_int_equal(cairn_b64url_decode(&b, cairn_span_str(sig)), CAIRN_OK);
	return cairn_key_verify(k, cairn_span_str(msg), cairn_buf_span(&b));
}

static void test_vectors(void **state)
{
	static const char es256[] =
	    "eyJhbGciOiJFUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19"
	    "yb290Ijp0cnVlfQ";
	cairn_auto_key struct cairn_key *k = NULL;

	(void)state;
	assert_int_equal(read_key(&k, ED), CAIRN_OK);
	assert_string_equal(cairn_key_kid(k),
			    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); /* RFC 8037, A.3 */
	assert_int_equal(
	    check_vector(
		ED, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", /* RFC 8037, A.4 */
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
	    CAIRN_OK);
	assert_int_equal(
	    check_vector(
		EC "}", es256, /* RFC 7515, A.3.1 */
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
	    CAIRN_OK);
	assert_int_equal(
	    check_vector(
		EC "}", es256 + 1,
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
	    CAIRN_E_SIGNATURE);
}

static void test_sign(void **state)
{
	(void)state;
	for (size_t a = 0; a < 3; a++) {
		cairn_auto_key struct cairn_key *k = NULL, *other = NULL, *pub = NULL;
		cairn_auto_json json_t *v = NULL;
		cairn_auto_buf struct cairn_buf sig = {0};
		struct cairn_span msg = cairn_span_str("message");

		assert_int_equal(cairn_key_generate(&k, ALGS[a]), CAIRN_OK);
		assert_int_equal(cairn_key_generate(&other, ALGS[a]), CAIRN_OK);
		assert_int_equal(cairn_key_sign(&sig, k, msg), CAIRN_OK);
		assert_int_equal(sig.len, cairn_sigalg_size(ALGS[a]));
		assert_int_equal(cairn_key_verify(k, msg, cairn_buf_span(&sig)), CAIRN_OK);
		assert_int_equal(cairn_key_verify(other, msg, cairn_buf_span(&sig)), CAIRN_E_SIGNATURE);
		assert_int_equal(cairn_key_jwk(&v, k, false), CAIRN_OK);
		assert_int_equal(cairn_key_from_jwk(&pub, v), CAIRN_OK);
		assert_true(cairn_key_same(k, pub) && !cairn_key_is_private(pub));
		assert_int_equal(cairn_key_sign(&sig, pub, msg), CAIRN_E_USAGE);
		for (size_t i = 0; i < sig.len; i++) {
			sig.ptr[i] ^= 1;
			assert_int_equal(cairn_key_verify(pub, msg, cairn_buf_span(&sig)), CAIRN_E_SIGNATURE);
			sig.ptr[i] ^= 1;
		}
		for (size_t n = 0; n < sig.len; n++)
			assert_int_equal(cairn_key_verify(pub, msg, cairn_span(sig.ptr, n)),
					 CAIRN_E_SIGNATURE);
		memset(sig.ptr, 0, sig.len);
		assert_int_equal(cairn_key_verify(pub, msg, cairn_buf_span(&sig)), CAIRN_E_SIGNATURE);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status want;
	} rows[] = {
	    {EC "}", CAIRN_OK},
	    {EC ",\"d\":\"" EC_D "\",\"use\":\"sig\",\"alg\":\"ES256\",\"key_ops\":[\"sign\"]}", CAIRN_OK},
	    {EC ",\"d\":\"" ED_D "\"}", CAIRN_E_MALFORMED}, /* of another key */
	    {EC ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", CAIRN_E_MALFORMED},
	    {EC ",\"d\":\"AQ\"}", CAIRN_E_MALFORMED},
	    {EC ",\"kid\":\"" ED_X "\"}", CAIRN_E_MALFORMED},
	    {EC ",\"alg\":\"ES384\"}", CAIRN_E_MALFORMED},
	    {EC ",\"alg\":\"none\"}", CAIRN_E_MALFORMED},
	    {EC ",\"alg\":1}", CAIRN_E_MALFORMED},
	    {EC ",\"key_ops\":\"verify\"}", CAIRN_E_MALFORMED},
	    {EC ",\"key_ops\":[1]}", CAIRN_E_MALFORMED},
	    {ED_KEY ED_X "\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\",\"sign\"]}", CAIRN_OK},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", CAIRN_E_MALFORMED},
	    {ED_KEY ED_X "\",\"d\":\"AQ\"}", CAIRN_E_MALFORMED},
	    /* 31 and 33 bytes, which OpenSSL would not mind if 32 were taken from them */
	    {ED_KEY "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"}", CAIRN_E_MALFORMED},
	    {ED_KEY "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoA\"}", CAIRN_E_MALFORMED},
	    {EC ",\"use\":\"enc\"}", CAIRN_E_MALFORMED},
	    {EC ",\"key_ops\":[\"deriveKey\"]}", CAIRN_E_MALFORMED},
	    {EC ",\"x5u\":\"https://example.org\"}", CAIRN_E_UNSUPPORTED},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_X "\"}", CAIRN_E_MALFORMED},
	    {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", CAIRN_E_MALFORMED},
	    {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
	     CAIRN_E_UNSUPPORTED},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}", CAIRN_E_MALFORMED},
	    {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", CAIRN_E_MALFORMED},
	    {"{\"kty\":\"RSA\",\"crv\":\"P-256\",\"n\":\"AAAA\",\"e\":\"AQAB\"}", CAIRN_E_UNSUPPORTED},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"d\":\"" ED_D "\"}", CAIRN_OK},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"d\":\"" EC_D "\"}",
	     CAIRN_E_MALFORMED},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"y\":\"" EC_Y "\"}",
	     CAIRN_E_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_key struct cairn_key *k = NULL;

		assert_int_equal(read_key(&k, rows[i].text), rows[i].want);
	}
}

static void test_point(void **state)
{
	cairn_auto_key struct cairn_key *k = NULL, *back = NULL, *ed = NULL;
	uint8_t xy[64];

	(void)state;
	assert_int_equal(read_key(&k, EC "}"), CAIRN_OK);
	assert_int_equal(cairn_key_p256_point(xy, k), CAIRN_OK);
	assert_int_equal(cairn_key_from_p256_point(&back, xy), CAIRN_OK);
	assert_true(cairn_key_same(k, back));
	xy[63] ^= 1;
	assert_int_equal(cairn_key_from_p256_point(&ed, xy), CAIRN_E_MALFORMED);
	memset(xy, 0, sizeof(xy));
	assert_int_equal(cairn_key_from_p256_point(&ed, xy), CAIRN_E_MALFORMED);
	assert_int_equal(read_key(&ed, ED), CAIRN_OK);
	assert_int_equal(cairn_key_p256_point(xy, ed), CAIRN_E_USAGE);
}

static void path_of(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", dir, name);
}

static void test_files(void **state)
{
	char path[64];

	(void)state;
	for (size_t a = 0; a < 3; a++) {
		cairn_auto_key struct cairn_key *k = NULL, *back = NULL, *pub = NULL;
		cairn_auto_buf struct cairn_buf why = {0};
		struct stat sb;
		mode_t before;

		path_of(path, sizeof(path), cairn_sigalg_name(ALGS[a]));
		assert_int_equal(cairn_key_generate(&k, ALGS[a]), CAIRN_OK);
		before = umask(0);
		assert_int_equal(cairn_key_save_private(path, k, &why), CAIRN_OK);
		umask(before);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0600);
		assert_int_equal(cairn_key_save_private(path, k, &why), CAIRN_E_EXISTS);
		assert_int_equal(cairn_key_load_private(&back, path, &why), CAIRN_OK);
		assert_true(cairn_key_same(k, back) && cairn_key_is_private(back));
		assert_int_equal(cairn_key_load_public(&pub, path, &why), CAIRN_OK);
		assert_false(cairn_key_is_private(pub));
	}
}

static void test_modes(void **state)
{
	static const mode_t bad[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
	cairn_auto_key struct cairn_key *k = NULL, *back = NULL;
	char path[64];

	(void)state;
	path_of(path, sizeof(path), "mode");
	assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_save_private(path, k, NULL), CAIRN_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};

		assert_int_equal(chmod(path, bad[i]), 0);
		assert_int_equal(cairn_key_load_private(&back, path, &why), CAIRN_E_DENIED);
		assert_non_null(strstr(cairn_buf_str(&why), "chmod 0600"));
		assert_int_equal(cairn_key_load_public(&back, path, NULL), CAIRN_E_DENIED);
	}
	assert_null(back);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(cairn_key_load_private(&back, path, NULL), CAIRN_OK);
}

static void test_public_file(void **state)
{
	cairn_auto_key struct cairn_key *k = NULL, *back = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	char path[64];

	(void)state;
	path_of(path, sizeof(path), "public");
	assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
	assert_int_equal(cairn_key_save_public(path, k), CAIRN_OK);
	assert_int_equal(cairn_key_load_private(&back, path, &why), CAIRN_E_USAGE);
	assert_int_equal(cairn_key_load_public(&back, path, &why), CAIRN_OK);
	assert_true(cairn_key_same(k, back));
	path_of(path, sizeof(path), "missing");
	assert_int_equal(cairn_key_load_private(&back, path, &why), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_key_load_private(&back, dir, &why), CAIRN_E_DENIED);
}

static void test_sets(void **state)
{
	cairn_auto_jwks struct cairn_jwks *s = NULL, *back = NULL, *bad = NULL;
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_json json_t *v = NULL;
	json_t *keys, *priv = NULL;

	(void)state;
	assert_int_equal(cairn_jwks_new(&s), CAIRN_OK);
	for (size_t a = 0; a < 3; a++) {
		cairn_key_release(&k);
		assert_int_equal(cairn_key_generate(&k, ALGS[a]), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(s, k), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(s, k), CAIRN_E_EXISTS);
	}
	assert_int_equal(cairn_jwks_json(&v, s), CAIRN_OK);
	assert_int_equal(cairn_jwks_from_json(&back, v), CAIRN_OK);
	assert_int_equal(cairn_jwks_count(back), 3);
	assert_true(cairn_key_same(cairn_jwks_find(back, cairn_key_kid(k)), k));
	assert_false(cairn_key_is_private(cairn_jwks_at(s, 2)));
	assert_null(cairn_jwks_find(back, ED_X));
	assert_null(cairn_jwks_at(back, 3));
	keys = json_object_get(v, "keys");
	json_array_append(keys, json_array_get(keys, 0));
	assert_int_equal(cairn_jwks_from_json(&bad, v), CAIRN_E_EXISTS);
	assert_int_equal(cairn_key_jwk(&priv, k, true), CAIRN_OK);
	json_array_set_new(keys, 3, priv);
	assert_int_equal(cairn_jwks_from_json(&bad, v), CAIRN_E_DENIED);
	json_object_set_new(v, "more", json_true());
	assert_int_equal(cairn_jwks_from_json(&bad, v), CAIRN_E_UNSUPPORTED);
	json_object_clear(v);
	assert_int_equal(cairn_jwks_from_json(&bad, v), CAIRN_E_MALFORMED);
	assert_null(bad);
}

static void test_set_is_full(void **state)
{
	cairn_auto_jwks struct cairn_jwks *s = NULL;

	(void)state;
	assert_int_equal(cairn_jwks_new(&s), CAIRN_OK);
	for (size_t i = 0; i <= CAIRN_KEYS_MAX; i++) {
		cairn_auto_key struct cairn_key *k = NULL;

		assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(s, k), i < CAIRN_KEYS_MAX ? CAIRN_OK : CAIRN_E_LIMIT);
	}
	assert_null(cairn_jwks_at(s, CAIRN_KEYS_MAX));
}

static void test_large_file(void **state)
{
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_buf struct cairn_buf b = {0}, why = {0};
	char path[64];

	(void)state;
	path_of(path, sizeof(path), "public");
	cairn_buf_add_str(&b, ED);
	while (b.len < CAIRN_KEY_FILE_MAX)
		cairn_buf_add_u8(&b, ' ');
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&b), 0644), CAIRN_OK);
	assert_int_equal(cairn_key_load_public(&k, path, &why), CAIRN_OK);
	cairn_buf_add_u8(&b, ' ');
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&b), 0644), CAIRN_OK);
	cairn_key_release(&k);
	assert_int_equal(cairn_key_load_public(&k, path, &why), CAIRN_E_LIMIT);
	assert_null(k);
}

static void test_no_private_half(void **state)
{
	cairn_auto_key struct cairn_key *k = NULL;
	json_t *v = NULL;

	(void)state;
	assert_int_equal(read_key(&k, ED), CAIRN_OK);
	assert_int_equal(cairn_key_jwk(&v, k, true), CAIRN_E_USAGE);
	assert_null(v);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"ES256", "ES384", "EdDSA", "mode", "public"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(path, sizeof(path), names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_refused),	    cmocka_unit_test(test_point),
	    cmocka_unit_test(test_files),	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_public_file),	    cmocka_unit_test(test_sets),
	    cmocka_unit_test(test_set_is_full),	    cmocka_unit_test(test_large_file),
	    cmocka_unit_test(test_no_private_half),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
