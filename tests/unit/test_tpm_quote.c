/* Quotes of swtpm: OpenSSL and tpm2-tools check them, and they tell what the PCRs hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/unit/tpmuse_fixture.h"

static struct swtpm swtpm;

static int setup(void **state)
{
	(void)state;
	return swtpm_start_bare(&swtpm);
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	return 0;
}

static EVP_PKEY *key_of(const struct cairn_p256 *point)
{
	uint8_t spki[91] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
			    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
			    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
	const uint8_t *p = spki;

	memcpy(spki + 27, point->xy, sizeof(point->xy));
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, sizeof(spki));
	assert_non_null(key);
	return key;
}

/* The signature by OpenSSL, with the key that the identity gave. TPMT_SIGNATURE: part 2, 11.3.4. */
static bool signature_good(const struct cairn_p256 *point, struct cairn_span attest, struct cairn_span sig)
{
	struct cairn_cur c = cairn_cur(sig);

	assert_int_equal(cairn_cur_u16be(&c), TPM2_ALG_ECDSA);
	assert_int_equal(cairn_cur_u16be(&c), TPM2_ALG_SHA256);
	struct cairn_span r = cairn_cur_bytes(&c, cairn_cur_u16be(&c));
	struct cairn_span s = cairn_cur_bytes(&c, cairn_cur_u16be(&c));
	assert_int_equal(cairn_cur_end(&c), CAIRN_OK);
	ECDSA_SIG *raw = ECDSA_SIG_new();
	ECDSA_SIG_set0(raw, BN_bin2bn(r.ptr, (int)r.len, NULL), BN_bin2bn(s.ptr, (int)s.len, NULL));
	uint8_t *der = NULL;
	int der_len = i2d_ECDSA_SIG(raw, &der);
	EVP_PKEY *key = key_of(point);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(md, der, (size_t)der_len, attest.ptr, attest.len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	ECDSA_SIG_free(raw);
	return good;
}

static void quotes_what_is_in_the_pcrs(void **state)
{
	const uint32_t mask = 0x3bff;
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	struct cairn_tpm_identity id;
	struct cairn_akpub ak;
	struct cairn_bank bank;
	struct cairn_digest composite;
	TPMS_ATTEST a;
	size_t off = 0;
	struct cairn_buf attest = {0}, sig = {0};

	(void)state;
	tpmuse_extend(t, 12, "launch");
	assert_int_equal(cairn_tpm_identity(t, &id), CAIRN_OK);
	assert_int_equal(cairn_akpub_parse(&ak, cairn_buf_span(&id.ak_public)), CAIRN_OK);
	assert_int_equal(cairn_tpm_quote(t, mask, cairn_span_str("extra"), &attest, &sig), CAIRN_OK);
	assert_true(signature_good(&ak.point, cairn_buf_span(&attest), cairn_buf_span(&sig)));
	attest.ptr[attest.len - 1] ^= 1;
	assert_false(signature_good(&ak.point, cairn_buf_span(&attest), cairn_buf_span(&sig)));
	attest.ptr[attest.len - 1] ^= 1;
	assert_int_equal(Tss2_MU_TPMS_ATTEST_Unmarshal(attest.ptr, attest.len, &off, &a), 0);
	assert_int_equal(a.type, TPM2_ST_ATTEST_QUOTE);
	assert_int_equal(a.extraData.size, 5);
	assert_memory_equal(a.extraData.buffer, "extra", 5);
	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, mask, &bank), CAIRN_OK);
	assert_int_equal(cairn_pcrs_composite(&composite, &bank, mask, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_memory_equal(a.attested.quote.pcrDigest.buffer, composite.bytes, 32);
	assert_int_equal(cairn_tpm_quote(t, 0, cairn_span_str("extra"), &attest, &sig), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_quote(t, mask, cairn_span(NULL, 0), &attest, &sig), CAIRN_E_USAGE);
	cairn_buf_fini(&attest);
	cairn_buf_fini(&sig);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_close(t);
}

static int run_oracle(const char *extra_hex)
{
	char ak[128], attest[128], sig[128];

	snprintf(ak, sizeof(ak), "%s/ak.pem", swtpm.dir);
	snprintf(attest, sizeof(attest), "%s/attest", swtpm.dir);
	snprintf(sig, sizeof(sig), "%s/sig", swtpm.dir);
	const char *argv[] = {"tpm2_checkquote", "-u", ak, "-m", attest, "-s", sig, "-q", extra_hex, NULL};
	return swtpm_run(&swtpm, argv);
}

/* A second opinion: tpm2-tools take the quote with its extraData, and not with another. */
static void tpm2_checkquote_agrees(void **state)
{
	char path[128];
	struct cairn_buf attest = {0}, sig = {0};
	struct cairn_tpm_identity id;
	struct cairn_akpub ak;

	(void)state;
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	assert_int_equal(cairn_tpm_identity(t, &id), CAIRN_OK);
	assert_int_equal(cairn_akpub_parse(&ak, cairn_buf_span(&id.ak_public)), CAIRN_OK);
	assert_int_equal(cairn_tpm_quote(t, 0x3bff, cairn_span("\xca\x1e", 2), &attest, &sig), CAIRN_OK);
	snprintf(path, sizeof(path), "%s/attest", swtpm.dir);
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&attest), 0600), CAIRN_OK);
	snprintf(path, sizeof(path), "%s/sig", swtpm.dir);
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&sig), 0600), CAIRN_OK);
	snprintf(path, sizeof(path), "%s/ak.pem", swtpm.dir);
	FILE *f = fopen(path, "w");
	EVP_PKEY *key = key_of(&ak.point);
	assert_int_equal(PEM_write_PUBKEY(f, key), 1);
	fclose(f);
	EVP_PKEY_free(key);
	assert_int_equal(run_oracle("ca1e"), 0);
	assert_int_equal(run_oracle("ca1f"), 1);
	cairn_buf_fini(&attest);
	cairn_buf_fini(&sig);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_close(t);
}

/* resetCount and restartCount come plain from an AK of the endorsement hierarchy: they tell a reboot. */
static void quotes_count_reboots(void **state)
{
	uint32_t count[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct cairn_buf attest = {0}, sig = {0};
		TPMS_ATTEST a;
		size_t off = 0;
		struct cairn_tpm *t = tpmuse_open(&swtpm);

		assert_int_equal(cairn_tpm_quote(t, 1, cairn_span_str("x"), &attest, &sig), CAIRN_OK);
		assert_int_equal(Tss2_MU_TPMS_ATTEST_Unmarshal(attest.ptr, attest.len, &off, &a), 0);
		count[i] = a.clockInfo.resetCount;
		cairn_buf_fini(&attest);
		cairn_buf_fini(&sig);
		cairn_tpm_close(t);
		assert_int_equal(swtpm_reboot(&swtpm), 0);
	}
	assert_int_equal(count[1], count[0] + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quotes_what_is_in_the_pcrs),
	    cmocka_unit_test(tpm2_checkquote_agrees),
	    cmocka_unit_test(quotes_count_reboots),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
