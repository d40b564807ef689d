/* Events as JSON: certificates in variables, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/eventjson.h"
#include "cairn/eventtypes.h"
#include "cairn/json.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define GLOBAL	      "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define N64(c)	      c "\0\0\0\0\0\0\0"

static json_t *data_of(uint32_t pcr, uint32_t type, struct cairn_span data, struct cairn_buf *summary)
{
	const struct cairn_event ev = {.number = 1, .pcr = pcr, .type = type, .data = data};
	json_t *j = cairn_event_data_json(&ev, summary);

	assert_non_null(j);
	return j;
}

static const char *text_at(const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));

	return s ? s : "(none)";
}

/* A certificate whose subject is one field of some ASN.1 type. */
static void make_certificate(struct cairn_buf *out, const char *field, int type, const char *value)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned char *der = NULL;
	int n;

	assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), field, type,
					       (const unsigned char *)value, -1, -1, 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 60));
	assert_true(X509_set_pubkey(cert, key));
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	n = i2d_X509(cert, &der);
	assert_true(n > 0);
	cairn_buf_add(out, cairn_span(der, (size_t)n));
	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void put_variable(struct cairn_buf *b, struct cairn_span name, size_t size)
{
	cairn_buf_add(b, SPAN(GLOBAL));
	for (size_t k = 0; k < 8; k++)
		cairn_buf_add_u8(b, (uint8_t)(k < 4 ? name.len / 2 >> (8 * k) : 0));
	for (size_t k = 0; k < 8; k++)
		cairn_buf_add_u8(b, (uint8_t)(k < 4 ? size >> (8 * k) : 0));
	cairn_buf_add(b, name);
}

/* An authority is a certificate with or without its owner; the same in another variable is but bytes. */
static void certificates(void **state)
{
	cairn_auto_buf struct cairn_buf der = {0}, plain = {0}, owned = {0};

	(void)state;
	make_certificate(&der, "O", MBSTRING_ASC, "Maker");
	put_variable(&plain, SPAN("X\0"), der.len);
	cairn_buf_add(&plain, cairn_buf_span(&der));
	cairn_auto_json json_t *j = data_of(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, cairn_buf_span(&plain), NULL);
	assert_string_equal(text_at(j, "subject"), "/O=Maker");
	assert_int_equal(json_string_length(json_object_get(j, "sha256")), 64);
	assert_null(json_object_get(j, "owner"));
	assert_null(json_object_get(j, "trailing_hex"));
	cairn_auto_json json_t *other =
	    data_of(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, cairn_buf_span(&plain), NULL);
	assert_null(json_object_get(other, "subject"));
	assert_non_null(json_object_get(other, "hex"));
	put_variable(&owned, SPAN("X\0"), der.len + 16);
	cairn_buf_add(&owned, SPAN(GLOBAL));
	cairn_buf_add(&owned, cairn_buf_span(&der));
	cairn_buf_add(&owned, SPAN("x"));
	cairn_auto_json json_t *k = data_of(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, cairn_buf_span(&owned), NULL);
	assert_string_equal(text_at(k, "subject"), "/O=Maker");
	assert_string_equal(text_at(k, "owner_name"), "EFI_GLOBAL_VARIABLE");
	assert_string_equal(text_at(k, "trailing_hex"), "78");
}

/* A name that is not the text that it says it is: such a certificate is but bytes. */
static void certificate_with_a_bad_name(void **state)
{
	cairn_auto_buf struct cairn_buf der = {0}, data = {0};

	(void)state;
	make_certificate(&der, "CN", V_ASN1_UTF8STRING, "Signer");
	for (size_t i = 0; i + 6 <= der.len; i++)
		if (memcmp(der.ptr + i, "Signer", 6) == 0)
			der.ptr[i] = 0xff;
	put_variable(&data, SPAN("X\0"), der.len);
	cairn_buf_add(&data, cairn_buf_span(&der));
	cairn_auto_json json_t *j = data_of(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, cairn_buf_span(&data), NULL);
	assert_null(json_object_get(j, "subject"));
	assert_non_null(json_object_get(j, "hex"));
}

/* ---- memory that runs out: at each of the allocations, none of them is used, and none is lost ----------------------- */
static size_t until_failure;
static bool failed;

static void *fails_once(size_t size)
{
	if (until_failure-- > 0)
		return malloc(size);
	failed = true;
	return NULL;
}

static void out_of_memory(void **state)
{
	const struct cairn_span list =
	    SPAN(GLOBAL N64("\2") N64("\x2e") "P\0K\0"
					      "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43"
					      "\x28\x2e\0\0\0\0\0\0\0\x12\0\0\0"
					      "ownerownerownero"
					      "h1");
	const struct cairn_event ev = {.type = CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, .data = list};
	size_t n = 0;

	(void)state;
	cairn_auto_json json_t *whole = cairn_event_json(&ev);
	do {
		failed = false;
		until_failure = n++;
		json_set_alloc_funcs(fails_once, free);
		json_t *j = cairn_event_json(&ev);
		json_set_alloc_funcs(malloc, free);
		assert_true(!j || json_equal(j, whole));
		json_decref(j);
	} while (failed);
	assert_true(n > 10);
	assert_string_equal(text_at(whole, "summary"), "PK: 1 signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(certificate_with_a_bad_name),
	    cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
