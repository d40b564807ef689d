/* Nonce tokens: what is made opens, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/nonce.h"

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
	    cmocka_unit_test(never_repeats),
	    cmocka_unit_test(orders_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
