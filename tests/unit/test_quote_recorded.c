/* Recorded quotes, and what was changed in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/data_fixture.h"
#include "tests/unit/quote_fixture.h"

static const char nonce[] = "0123456789abcdef0123456789abcdef";

/* qualifiedSigner of an attestation: the recorded ones do not tell what their AK hangs from. */
static struct cairn_span signer_of(const struct cairn_buf *attest)
{
	struct cairn_cur c = cairn_cur(cairn_buf_span(attest));

	(void)cairn_cur_bytes(&c, 6);
	return cairn_cur_bytes(&c, cairn_cur_u16be(&c));
}

static void recorded_azure(void **state)
{
	static const char file[] = "quote/quote-azure-snp-vtpm.kv";
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256};
	cairn_auto_buf struct cairn_buf attest = {0}, raw = {0}, sig = {0}, modulus = {0}, area = {0};
	struct cairn_quote *q = NULL;
	struct cairn_pcrs pcrs;
	struct cairn_ak ak;

	(void)state;
	data_load_key(&attest, file, "attest");
	data_load_key(&raw, file, "sig_raw_rsassa");
	data_load_key(&modulus, file, "ak_rsa_modulus");
	software_area_rsa(&area, cairn_buf_span(&modulus), AK_ATTRIBUTES, AK_RSASSA, CAIRN_ALG_SHA256);
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&area)), CAIRN_OK);
	cairn_buf_add(&sig, cairn_span("\0\x14\0\x0b\1\0", 6));
	cairn_buf_add(&sig, cairn_buf_span(&raw));
	assert_int_equal(cairn_pcrs_init(&pcrs, banks, 1), CAIRN_OK);
	pcrs.bank[0].extended = 0xffffff;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		cairn_auto_buf struct cairn_buf value = {0};
		char key[32];

		(void)snprintf(key, sizeof key, "pcr_sha256_%u", n);
		data_load_key(&value, file, key);
		memcpy(pcrs.bank[0].pcr[n].bytes, value.ptr, 32);
	}
	struct cairn_quote_expected e = {.ak = &ak,
					 .qualified_signer = signer_of(&attest),
					 .extra_data = cairn_span_str("challenge"),
					 .selection = cairn_selection_of(CAIRN_ALG_SHA256, 0xffffff),
					 .pcrs = &pcrs};
	assert_int_equal(cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), NULL),
			 CAIRN_OK);
	assert_int_equal(cairn_quote_clock(q).reset_count, 3);
	cairn_quote_free(q);
	q = NULL;
	pcrs.bank[0].pcr[23].bytes[31] ^= 1;
	assert_int_equal(cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), NULL),
			 CAIRN_E_DIVERGED);
	assert_null(q);
}

static EVP_PKEY *pem_key(struct cairn_buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(key);
	return key;
}

static void recorded_keylime(void **state)
{
	static const char file[] = "quote/quote-keylime-rsa2048.kv";
	cairn_auto_buf struct cairn_buf attest = {0}, sig = {0}, pem = {0}, recorded_nonce = {0}, area = {0};
	struct cairn_quote *q = NULL;
	struct cairn_ak ak;
	EVP_PKEY *key;

	(void)state;
	data_load_key(&attest, file, "attest");
	data_load_key(&sig, file, "sig");
	data_load_key(&pem, file, "ak_pem");
	data_load_key(&recorded_nonce, file, "nonce");
	key = pem_key(&pem);
	software_area(&area, key, AK_ATTRIBUTES, AK_RSASSA, CAIRN_ALG_SHA256);
	EVP_PKEY_free(key);
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&area)), CAIRN_OK);
	struct cairn_quote_expected e = {.ak = &ak,
					 .qualified_signer = signer_of(&attest),
					 .extra_data = cairn_buf_span(&recorded_nonce),
					 .selection = cairn_selection_of(CAIRN_ALG_SHA256, 1 << 16)};
	assert_int_equal(cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), NULL),
			 CAIRN_OK);
	assert_true(cairn_quote_clock(q).safe);
	cairn_quote_free(q);
	q = NULL;
	e.selection = cairn_selection_of(CAIRN_ALG_SHA256, 1); /* a resettable PCR passed off as PCR 0 */
	assert_int_equal(cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), NULL),
			 CAIRN_E_MISMATCH);
	assert_null(q);
}

/* A SHA-1 AK is refused; and what its TPM made when the AK was created is no quote. */
static void recorded_windows(void **state)
{
	static const char file[] = "quote/quote-windows-gce.kv";
	cairn_auto_buf struct cairn_buf area = {0}, attest = {0}, sig = {0};
	struct cairn_quote *q = NULL;
	const char *failed = "";
	struct cairn_ak ak;

	(void)state;
	data_load_key(&area, file, "ak_public");
	data_load_key(&attest, file, "create_attest");
	data_load_key(&sig, file, "create_sig");
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&area)), CAIRN_E_UNSUPPORTED);
	area.ptr[47] = CAIRN_ALG_SHA256;
	assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&area)), CAIRN_OK);
	struct cairn_quote_expected e = {.ak = &ak,
					 .qualified_signer = signer_of(&attest),
					 .extra_data = cairn_span_str(nonce),
					 .selection = cairn_selection_of(CAIRN_ALG_SHA256, 0xffffff)};
	assert_int_equal(cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), &failed),
			 CAIRN_E_MISMATCH);
	assert_string_equal(failed, "type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_azure),
	    cmocka_unit_test(recorded_keylime),
	    cmocka_unit_test(recorded_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
