/* Memory that runs out inside OpenSSL, at each allocation in turn: a certificate that is rejected is never accepted for
 * it, and a list that denies is not passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "cairn/appraise.h"
#include "ek_fixture.h"
#include "openssl_faults.h"

/* A copy that nothing was asked of yet: OpenSSL keeps what it finds out about a certificate. */
static X509 *fresh(const unsigned char *der, int len)
{
	X509 *cert = d2i_X509(NULL, &der, len);
	assert_non_null(cert);
	return cert;
}

static void each_fault(const struct ek_spec *spec, const struct ek_spec *ca, const uint64_t *firmware,
		       bool good)
{
	STACK_OF(X509) *anchors = sk_X509_new_null();
	struct cairn_ekdenied *denied = NULL;
	X509 *made = ek_make(spec), *maker = ek_make(ca);
	unsigned char *der = NULL;
	int len = i2d_X509(made, &der);
	sk_X509_push(anchors, maker);
	assert_int_equal(cairn_ekdenied_load(&denied, NULL, NULL), CAIRN_OK);
	for (at = 0;; at++) {
		struct cairn_ek_verdict v = {0};
		X509 *cert = fresh(der, len);
		struct cairn_ek_question q = {.cert = cert,
					      .anchors = anchors,
					      .denied = denied,
					      .firmware = firmware,
					      .now = 1800000000};
		calls = 0;
		armed = true;
		enum cairn_status st = cairn_ekcert_judge(&v, &q);
		armed = false;
		if (st == CAIRN_OK) {
			uint8_t sha256[32];
			unsigned size = 0;
			assert_int_equal(X509_digest(made, EVP_sha256(), sha256, &size), 1);
			assert_memory_equal(v.facts.sha256, sha256, 32);
			assert_true(!v.accepted || v.chain_len > 0);
			if (v.chain_len)
				assert_memory_equal(v.chain[0].sha256, sha256, 32);
			if (v.accepted && !good)
				fail_msg("allocation %lu fails, and the certificate is accepted", at);
			cairn_ek_verdict_fini(&v);
		}
		X509_free(cert);
		if (calls <= at) {
			assert_int_equal(st, CAIRN_OK);
			break;
		}
	}
	assert_true(at > 50);
	cairn_ekdenied_free(denied);
	OPENSSL_free(der);
	X509_free(made);
	sk_X509_pop_free(anchors, X509_free);
}

#define ECC                                                                                                  \
	.key = EK_P256, .by = EK_MAKER, .usage = "keyAgreement", .maker = "id:53544D20", .model = "ST33",    \
	.version = "id:004A0020"

static void no_fault_helps(void **state)
{
	static const uint64_t broken = 0x0049000400000000; /* 73.4 */
	static const struct ek_spec ca = {EK_CA},
				    narrow = {EK_CA, .names = "critical,permitted;DNS:example.org"};
	static const struct {
		struct ek_spec spec;
		const uint64_t *firmware;
		bool good;
	} rows[] = {
	    {{ECC, .purpose = "2.23.133.8.1"}, NULL, true},
	    {{ECC, .purpose = "2.23.133.8.1"}, &broken, false},
	    {{ECC, .purpose = "serverAuth"}, NULL, false},
	    {{ECC, .maker2 = "id:49465800"}, NULL, false},
	    {{ECC, .constraints = "CA:TRUE"}, NULL, false},
	    {{ECC, .critical = "1.3.6.1.4.1.99999.1"}, NULL, false},
	    {{EK_GOOD, .digest = "SHA1"}, NULL, false},
	    {{.key = EK_ROCA, .by = EK_MAKER, .purpose = "2.23.133.8.1", .maker = "id:53544D20"},
	     NULL,
	     false},
	    {{.key = EK_RSA_E3, .by = EK_MAKER, .purpose = "2.23.133.8.1", .maker = "id:53544D20"},
	     NULL,
	     false},
	    {{.key = EK_P256, .by = EK_OTHER, .purpose = "2.23.133.8.1", .maker = "id:53544D20"},
	     NULL,
	     false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		each_fault(&rows[i].spec, &ca, rows[i].firmware, rows[i].good);
	static const struct ek_spec outside = {ECC, .purpose = "2.23.133.8.1", .subject = "ek.example.com"};
	each_fault(&outside, &narrow, NULL, false); /* OpenSSL's judgement alone speaks against it */
	ek_keys_free();
}

/* What is read is all, or nothing. */
static void reading(void **state)
{
	X509 *made = ek_make(&(struct ek_spec){EK_GOOD});
	unsigned char *der = NULL;
	int len = i2d_X509(made, &der);
	struct cairn_buf forms[2] = {{0}, {0}};
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	(void)state;
	for (int i = 0; i < 2; i++) {
		cairn_buf_add(&forms[0], cairn_span(der, (size_t)len));
		assert_int_equal(PEM_write_bio_X509(bio, made), 1);
	}
	long n = BIO_get_mem_data(bio, &text);
	cairn_buf_add(&forms[1], cairn_span(text, (size_t)n));
	for (size_t f = 0; f < 2; f++) {
		for (at = 0;; at++) {
			STACK_OF(X509) *certs = NULL;
			calls = 0;
			certs = sk_X509_new_null();
			armed = true;
			enum cairn_status st = cairn_certs_read(certs, NULL, cairn_buf_span(&forms[f]), NULL);
			armed = false;
			assert_int_equal(sk_X509_num(certs), st ? 0 : 2);
			sk_X509_pop_free(certs, X509_free);
			if (calls <= at)
				break;
		}
		assert_true(at > 50);
	}
	BIO_free(bio);
	OPENSSL_free(der);
	X509_free(made);
	cairn_buf_fini(&forms[0]);
	cairn_buf_fini(&forms[1]);
	ek_keys_free();
}

static void *json_fault(size_t n)
{
	return fails() ? NULL : malloc(n);
}

/* A TPM that is denied, and no memory to say so. */
static void appraisal(void **state)
{
	static const uint64_t now = 0x0049000400000000;
	const struct cairn_ekdenied_tpm tpm = {
	    .has_maker = true, .maker = 0x53544d20, .model = "ST33", .now = &now};
	struct cairn_ekdenied *denied = NULL;
	(void)state;
	assert_int_equal(cairn_ekdenied_load(&denied, NULL, NULL), CAIRN_OK);
	json_set_alloc_funcs(json_fault, free);
	for (at = 0;; at++) {
		cairn_auto_verdict struct cairn_verdict v = {CAIRN_STATE_TRUSTED, json_object()};
		calls = 0;
		armed = true;
		enum cairn_status st = cairn_appraise_tpm(&v, denied, &tpm);
		armed = false;
		if (st == CAIRN_OK)
			assert_non_null(json_object_get(v.submods, "tpm"));
		assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
		if (calls <= at)
			break;
	}
	assert_true(at > 5);
	json_set_alloc_funcs(malloc, free);
	cairn_ekdenied_free(denied);
}

/* A report of a verdict is whole, or there is none. */
static void report(void **state)
{
	struct cairn_ek_verdict v = {.accepted = true, .chain_len = 2};
	(void)state;
	json_set_alloc_funcs(json_fault, free);
	for (at = 0;; at++) {
		calls = 0;
		armed = true;
		json_t *said = cairn_ek_json(&v);
		armed = false;
		if (said)
			assert_int_equal(json_array_size(json_object_get(said, "chain")), 2);
		json_decref(said);
		if (calls <= at)
			break;
	}
	assert_true(at > 10);
	json_set_alloc_funcs(malloc, free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_fault_helps), cmocka_unit_test(reading),
					   cmocka_unit_test(appraisal), cmocka_unit_test(report)};
	if (!openssl_faults())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
