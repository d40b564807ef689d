/* Nonce tokens: what is made opens, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/nonce.h"
#include "tests/unit/callee_faults.h"

static const uint8_t key[CAIRN_NONCE_KEY_SIZE] = {1, 2, 3};

static struct cairn_nonce sample(void)
{
	struct cairn_nonce n = {.issued_ms = 1000, .expires_ms = 2000, .time = {7, 8, 9}};
	memset(n.host_id, 0xab, sizeof n.host_id);
	return n;
}

static const char *make(struct cairn_buf *b)
{
	struct cairn_nonce n = sample();
	assert_int_equal(cairn_nonce_make(b, key, &n), CAIRN_OK);
	return cairn_buf_str(b);
}

static void opens(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got, want = sample();
	const char *token = make(&b);
	assert_int_equal(strlen(token), CAIRN_NONCE_TEXT);
	assert_int_equal(cairn_nonce_open(&got, key, token, 1000), CAIRN_OK);
	assert_memory_equal(got.host_id, want.host_id, 32);
	assert_int_equal(got.issued_ms, 1000);
	assert_int_equal(got.expires_ms, 2000);
	assert_int_equal(cairn_tpm_time_compare(&got.time, &want.time), 0);
}

static void ages(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got;
	const char *token = make(&b);
	assert_int_equal(cairn_nonce_open(&got, key, token, 1999), CAIRN_OK);
	assert_int_equal(cairn_nonce_open(&got, key, token, 2000), CAIRN_E_STALE);
}

static void refuses_every_change(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got;
	char *token = strdup(make(&b));
	for (size_t i = 0; token[i]; i++) {
		char was = token[i];
		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(cairn_nonce_open(&got, key, token, 1500), CAIRN_OK);
		token[i] = 0;
		assert_int_equal(cairn_nonce_open(&got, key, token, 1500), CAIRN_E_MALFORMED);
		token[i] = was;
	}
	assert_int_equal(cairn_nonce_open(&got, key, token, 1500), CAIRN_OK);
	free(token);
}

static void refuses_another_key(void **state)
{
	(void)state;
	static const uint8_t other[CAIRN_NONCE_KEY_SIZE] = {1, 2, 4};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got;
	assert_int_equal(cairn_nonce_open(&got, other, make(&b), 1500), CAIRN_E_SIGNATURE);
}

/* Of this key, and of another version. */
static void refuses_another_version(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_buf struct cairn_buf raw = {0};
	cairn_auto_buf struct cairn_buf token = {0};
	struct cairn_nonce got;
	unsigned len = 0;
	assert_int_equal(cairn_b64url_decode(&raw, cairn_span_str(make(&b))), CAIRN_OK);
	raw.ptr[0]++;
	assert_non_null(
	    HMAC(EVP_sha256(), key, sizeof key, raw.ptr, raw.len - 32, raw.ptr + raw.len - 32, &len));
	cairn_b64url_encode(&token, cairn_buf_span(&raw));
	assert_int_equal(cairn_nonce_open(&got, key, cairn_buf_str(&token), 1500), CAIRN_E_MALFORMED);
}

static void longer_is_none(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got;
	make(&b);
	cairn_buf_add_str(&b, "AAAA");
	assert_int_equal(cairn_nonce_open(&got, key, cairn_buf_str(&b), 1500), CAIRN_E_MALFORMED);
}

static void faults(void **state)
{
	static const struct {
		const char *name;
		unsigned at;
		enum cairn_status want;
	} list[] = {{"RAND_bytes", 0, CAIRN_E_CRYPTO},
		    {"HMAC", 0, CAIRN_E_CRYPTO},
		    {"cairn_buf_status", 0, CAIRN_E_NOMEM},
		    {"cairn_buf_status", 1, CAIRN_E_NOMEM},
		    {"cairn_buf_status", 2, CAIRN_E_NOMEM}};
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_nonce got, n = sample();
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		cairn_auto_buf struct cairn_buf none = {0};
		broken.name = list[i].name;
		broken.at = list[i].at;
		broken.st = CAIRN_E_NOMEM;
		broken.calls = 0;
		assert_int_equal(cairn_nonce_make(&none, key, &n), list[i].want);
		broken.name = NULL;
	}
	const char *token = make(&b);
	broken.name = "HMAC";
	broken.at = broken.calls = 0;
	assert_int_equal(cairn_nonce_open(&got, key, token, 1500), CAIRN_E_CRYPTO);
	broken.name = "cairn_b64url_decode";
	broken.calls = 0;
	assert_int_equal(cairn_nonce_open(&got, key, token, 1500), CAIRN_E_NOMEM);
	broken.name = NULL;
}

static int compare_text(const void *a, const void *b)
{
	return memcmp(a, b, CAIRN_NONCE_TEXT);
}

static void never_repeats(void **state)
{
	(void)state;
	enum { N = 100000 };
	char *all = malloc((size_t)N * CAIRN_NONCE_TEXT);
	assert_non_null(all);
	for (size_t i = 0; i < N; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		memcpy(all + i * CAIRN_NONCE_TEXT, make(&b), CAIRN_NONCE_TEXT);
	}
	qsort(all, N, CAIRN_NONCE_TEXT, compare_text);
	for (size_t i = 1; i < N; i++)
		assert_int_not_equal(
		    compare_text(all + (i - 1) * CAIRN_NONCE_TEXT, all + i * CAIRN_NONCE_TEXT), 0);
	free(all);
}

static void orders_time(void **state)
{
	(void)state;
	struct cairn_tpm_time t = {5, 5, 100};
	struct cairn_tpm_time later[] = {{6, 0, 0}, {5, 6, 0}, {5, 5, 101}};
	for (size_t i = 0; i < 3; i++) {
		assert_true(cairn_tpm_time_compare(&t, &later[i]) < 0);
		assert_true(cairn_tpm_time_compare(&later[i], &t) > 0);
	}
	assert_int_equal(cairn_tpm_time_compare(&t, &t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens),
	    cmocka_unit_test(ages),
	    cmocka_unit_test(refuses_every_change),
	    cmocka_unit_test(refuses_another_key),
	    cmocka_unit_test(refuses_another_version),
	    cmocka_unit_test(longer_is_none),
	    cmocka_unit_test(faults),
	    cmocka_unit_test(never_repeats),
	    cmocka_unit_test(orders_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
