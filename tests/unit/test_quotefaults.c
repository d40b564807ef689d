/* Quotes and their files, with each allocation and each call into OpenSSL failing once: what is good is then good or not
 * judged, what is bad is never good, and what a file says is what it says or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "cairn/quotefile.h"
#include "data_fixture.h"
#include "faults.h"
#include "quote_fixture.h"

static const char nonce[] = "0123456789abcdef";

struct quoted {
	struct software_ak ak;
	struct cairn_pcrs pcrs;
	struct cairn_buf attest, signature, plain;
	struct cairn_quote_expected expected;
};

static void make(struct quoted *q, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256};
	struct cairn_digest digest;

	*q = (struct quoted){0};
	software_ak_init(&q->ak, kind, scheme, hash);
	assert_int_equal(cairn_pcrs_init(&q->pcrs, banks, 1), CAIRN_OK);
	q->pcrs.bank[0].extended = 0xff;
	struct software_quote s =
	    software_quote(&q->ak, cairn_span_str(nonce), 0xff, &q->pcrs.bank[0], &digest);
	software_quote_marshal(&q->attest, &s);
	software_ak_sign(&q->signature, &q->ak, cairn_buf_span(&q->attest));
	if (scheme != AK_ECDSA)
		cairn_buf_add(&q->plain, cairn_span(q->signature.ptr + 6, q->signature.len - 6));
	q->expected = (struct cairn_quote_expected){
	    .ak = &q->ak.ak,
	    .qualified_signer = cairn_span(q->ak.signer.bytes, q->ak.signer.len),
	    .extra_data = cairn_span_str(nonce),
	    .selection = cairn_selection_of(CAIRN_ALG_SHA256, 0xff),
	    .pcrs = &q->pcrs,
	};
}

static void unmake(struct quoted *q)
{
	software_ak_fini(&q->ak);
	cairn_buf_fini(&q->attest);
	cairn_buf_fini(&q->signature);
	cairn_buf_fini(&q->plain);
}

/* A task takes down what it was told, without a fault, and gives its status. */
typedef enum cairn_status task_fn(struct cairn_buf *said, void *arg);

static void say(struct cairn_buf *said, struct cairn_span s)
{
	bool on = faults.on;

	faults.on = false;
	cairn_buf_add(said, s);
	faults.on = on;
}

static bool is_memory(const char *call)
{
	static const char *const calls[] = {"malloc", "calloc", "realloc", "BIO_new_mem_buf"};

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (strcmp(calls[i], call) == 0)
			return true;
	return false;
}

/* honest: a fault may not be told as a fault of the input. */
static void each_fault(task_fn *task, void *arg, enum cairn_status want, bool honest)
{
	cairn_auto_buf struct cairn_buf calm = {0};

	assert_int_equal(task(&calm, arg), want);
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf said = {0};
		enum cairn_status st;

		faults.calls = 0;
		faults.on = true;
		st = task(&said, arg);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
		if (want != CAIRN_OK && st == CAIRN_OK)
			fail_msg("%s fails, and what is bad is good", faults.name);
		if (st == CAIRN_OK && !cairn_span_equal(cairn_buf_span(&said), cairn_buf_span(&calm)))
			fail_msg("%s fails, and something else is told", faults.name);
		if (want == CAIRN_OK && st == CAIRN_E_SIGNATURE &&
		    strcmp(faults.name, "EVP_PKEY_verify") != 0)
			fail_msg("%s fails, and the signature is blamed", faults.name);
		if (st && st != want && is_memory(faults.name) && st != CAIRN_E_NOMEM && st != CAIRN_E_CRYPTO)
			fail_msg("%s fails, and this is told: %s", faults.name, cairn_status_name(st));
		if (honest && st != want && st != CAIRN_E_CRYPTO && st != CAIRN_E_NOMEM)
			fail_msg("%s fails, and this is told: %s", faults.name, cairn_status_name(st));
	}
	assert_true(faults.at > 0);
}

/* ---- the check
 * -------------------------------------------------------------------------------------------------- */

static enum cairn_status check(struct cairn_buf *said, void *arg)
{
	const struct quoted *q = arg;
	struct cairn_quote *out = NULL;
	enum cairn_status s = cairn_quote_check(&out, &q->expected, cairn_buf_span(&q->attest),
						cairn_buf_span(&q->signature), NULL);

	assert_int_equal(out != NULL, s == CAIRN_OK);
	if (s == CAIRN_OK)
		say(said, cairn_digest_span(cairn_quote_pcr_digest(out)));
	cairn_quote_free(out);
	return s;
}

static enum cairn_status check_set(struct cairn_buf *said, void *arg)
{
	struct quoted q = *(const struct quoted *)arg;
	struct cairn_ak_key *key = NULL;
	enum cairn_status s = cairn_ak_key_set(&key, q.expected.ak);

	assert_int_equal(key != NULL, s == CAIRN_OK);
	if (s == CAIRN_OK) {
		q.expected.key = key;
		s = check(said, &q);
	}
	cairn_ak_key_free(key);
	return s;
}

static enum cairn_status holds(struct cairn_buf *said, void *arg)
{
	const struct quoted *q = arg;
	struct cairn_quote *out = NULL;
	bool on = faults.on;
	enum cairn_status s;

	(void)said;
	faults.on = false;
	assert_int_equal(cairn_quote_check(&out, &q->expected, cairn_buf_span(&q->attest),
					   cairn_buf_span(&q->signature), NULL),
			 CAIRN_OK);
	faults.on = on;
	s = cairn_quote_holds(out, &q->pcrs);
	cairn_quote_free(out);
	return s;
}

static void quotes(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme;
		enum cairn_alg hash;
	} kinds[] = {
	    {"P-256", AK_ECDSA, CAIRN_ALG_SHA256},
	    {"RSA", AK_RSASSA, CAIRN_ALG_SHA256},
	    {"RSA", AK_RSAPSS, CAIRN_ALG_SHA384},
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct quoted q;

		make(&q, kinds[i].kind, kinds[i].scheme, kinds[i].hash);
		each_fault(check, &q, CAIRN_OK, false);
		each_fault(check_set, &q, CAIRN_OK, false);
		each_fault(holds, &q, CAIRN_OK, true);
		q.pcrs.bank[0].pcr[7].bytes[0] ^= 1;
		each_fault(check, &q, CAIRN_E_DIVERGED, false);
		q.pcrs.bank[0].pcr[7].bytes[0] ^= 1;
		q.attest.ptr[62] ^= 1; /* in the clock, which is not compared */
		each_fault(check, &q, CAIRN_E_SIGNATURE, false);
		unmake(&q);
	}
}

/* ---- names
 * ------------------------------------------------------------------------------------------------------ */

static enum cairn_status name(struct cairn_buf *said, void *arg)
{
	const struct quoted *q = arg;
	struct cairn_qualified_name n;
	struct cairn_ak ak;
	enum cairn_status s = cairn_ak_read(&ak, cairn_buf_span(&q->ak.area));

	if (s == CAIRN_OK)
		s = cairn_ak_qualified_name(&n, &ak);
	if (s == CAIRN_OK) {
		say(said, cairn_span(ak.name, ak.name_len));
		say(said, cairn_span(n.bytes, n.len));
	}
	return s;
}

static void names(void **state)
{
	struct quoted q;

	(void)state;
	make(&q, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	each_fault(name, &q, CAIRN_OK, true);
	unmake(&q);
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------ */

static enum cairn_status read_key(struct cairn_buf *said, void *arg)
{
	const char *form = "";
	struct cairn_ak ak;
	enum cairn_status s = cairn_akfile_read(&ak, &form, cairn_buf_span(arg), NULL);

	if (s == CAIRN_OK) {
		say(said, cairn_span_str(form));
		say(said, cairn_span(ak.key, ak.key_len));
	}
	return s;
}

static void take_bio(struct cairn_buf *out, BIO *bio)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);

	cairn_buf_add(out, cairn_span(text, (size_t)len));
	BIO_free(bio);
}

static void key_files(void **state)
{
	static const char *const kinds[] = {"P-256", "RSA"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf pem = {0}, der = {0};
		BIO *bio[] = {BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};
		struct quoted q;

		make(&q, kinds[i], i ? AK_RSASSA : AK_ECDSA, CAIRN_ALG_SHA256);
		assert_int_equal(PEM_write_bio_PUBKEY(bio[0], q.ak.key), 1);
		assert_int_equal(i2d_PUBKEY_bio(bio[1], q.ak.key), 1);
		take_bio(&pem, bio[0]);
		take_bio(&der, bio[1]);
		each_fault(read_key, &pem, CAIRN_OK, false);
		each_fault(read_key, &der, CAIRN_OK, false);
		unmake(&q);
	}
}

static void key_files_in_json(void **state)
{
	static const char point[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	cairn_auto_buf struct cairn_buf ec = {0}, rsa = {0};

	(void)state;
	cairn_buf_add_fmt(&ec, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", point, point);
	each_fault(read_key, &ec, CAIRN_OK, true);
	cairn_buf_add_str(&rsa, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"_");
	for (int i = 0; i < 341; i++)
		cairn_buf_add_u8(&rsa, i == 340 ? 'w' : '_');
	cairn_buf_add_str(&rsa, "\"}");
	each_fault(read_key, &rsa, CAIRN_OK, true);
}

/* The scheme is found by trying: RSAPSS first. Told honestly but for the one call whose failure is an answer. */
static enum cairn_status read_signature(struct cairn_buf *said, void *arg)
{
	const struct quoted *q = arg;
	cairn_auto_buf struct cairn_buf out = {0};
	struct cairn_ak bare = q->ak.ak;
	const char *form = "";
	enum cairn_status s;

	bare.scheme = 0;
	bare.hash = CAIRN_ALG_NONE;
	s = cairn_sigfile_read(&out, &form, cairn_buf_span(&q->plain), &bare, cairn_buf_span(&q->attest));
	if (s == CAIRN_OK)
		say(said, cairn_buf_span(&out));
	return s;
}

static void signature_files(void **state)
{
	struct quoted q;

	(void)state;
	make(&q, "RSA", AK_RSASSA, CAIRN_ALG_SHA256);
	each_fault(read_signature, &q, CAIRN_OK, false);
	q.ak.ak.key_len = 0; /* not of this key: as it is */
	each_fault(read_signature, &q, CAIRN_OK, true);
	unmake(&q);
}

static enum cairn_status read_values(struct cairn_buf *said, void *arg)
{
	const struct cairn_selection none = {0};
	struct cairn_pcrfile f;
	enum cairn_status s = cairn_pcrfile_read(&f, cairn_buf_span(arg), &none, NULL);

	if (s == CAIRN_OK)
		say(said, cairn_digest_span(&f.pcrs.bank[0].pcr[2]));
	return s;
}

static void value_files(void **state)
{
	static const char ones[] = "1111111111111111111111111111111111111111";
	cairn_auto_buf struct cairn_buf json = {0};

	(void)state;
	cairn_buf_add_fmt(&json, "{\"sha1\":{\"2\":\"%s\"}}", ones);
	each_fault(read_values, &json, CAIRN_OK, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quotes),	       cmocka_unit_test(names),
	    cmocka_unit_test(key_files),       cmocka_unit_test(key_files_in_json),
	    cmocka_unit_test(signature_files), cmocka_unit_test(value_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
