/* EK, AK, certificate, MakeCredential in software against ActivateCredential in the TPM, quotes: against
 * swtpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cairn/credential.h"
#include "tests/unit/tpmuse_fixture.h"

static struct swtpm swtpm, bare;

static int setup(void **state)
{
	(void)state;
	return swtpm_start(&swtpm, "sha256,sha384") == 0 ? swtpm_start_bare(&bare) : -1;
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	swtpm_stop(&bare);
	return 0;
}

static void identity_of(const struct swtpm *s, struct cairn_tpm_identity *id)
{
	struct cairn_tpm *t = tpmuse_open(s);

	if (cairn_tpm_identity(t, id) != CAIRN_OK)
		fail_msg("%s", cairn_tpm_error(t));
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
}

static struct cairn_ekpub ek_of(const struct cairn_tpm_identity *id)
{
	struct cairn_ekpub ek;

	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&id->ek_public)), CAIRN_OK);
	return ek;
}

/* The AK's name in the TPM's own words. */
static void identity_is_what_the_tpm_says(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	struct cairn_tpm_identity id;
	struct cairn_name name;
	TPM2B_PUBLIC *pub = NULL;
	struct cairn_tpm_handle ak = cairn_tpm_handle(t);

	(void)state;
	assert_int_equal(cairn_tpm_identity(t, &id), CAIRN_OK);
	assert_int_equal(cairn_tpm_ak(t, &ak, &pub), CAIRN_OK);
	assert_int_equal(cairn_tpm_name(t, &ak, &name), CAIRN_OK);
	assert_true(cairn_name_equal(&name, &id.ak_name));
	assert_int_equal(pub->publicArea.objectAttributes, 0x00050472);
	Esys_Free(pub);
	cairn_tpm_handle_fini(&ak);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_close(t);
}

static void identity_survives_a_reboot(void **state)
{
	struct cairn_tpm_identity a, b;

	(void)state;
	identity_of(&swtpm, &a);
	assert_int_equal(swtpm_reboot(&swtpm), 0);
	identity_of(&swtpm, &b);
	assert_true(cairn_digest_equal(&a.host_id, &b.host_id));
	assert_true(cairn_name_equal(&a.ak_name, &b.ak_name));
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

static void identities_differ_between_tpms(void **state)
{
	struct cairn_tpm_identity a, b;

	(void)state;
	identity_of(&swtpm, &a);
	identity_of(&bare, &b);
	assert_false(cairn_digest_equal(&a.host_id, &b.host_id));
	assert_false(cairn_name_equal(&a.ak_name, &b.ak_name));
	assert_int_equal(b.ek_cert.len, 0);
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

/* The persistent EK of the maker is the key that the template yields, so host ids do not depend on which was
 * used. */
static void the_persistent_ek_is_the_primary_one(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	struct cairn_tpm_identity before, after;
	ESYS_TR ek, gone;

	(void)state;
	assert_int_equal(cairn_tpm_identity(t, &before), CAIRN_OK);
	assert_int_equal(
	    Esys_TR_FromTPMPublic(t->esys, 0x81010001, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &ek), 0);
	assert_int_equal(Esys_EvictControl(t->esys, ESYS_TR_RH_OWNER, ek, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					   ESYS_TR_NONE, 0x81010001, &gone),
			 0);
	assert_int_equal(cairn_tpm_identity(t, &after), CAIRN_OK);
	assert_true(cairn_digest_equal(&before.host_id, &after.host_id));
	cairn_tpm_identity_fini(&before);
	cairn_tpm_identity_fini(&after);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
}

/* Another key at the EK's handle is not taken for the EK. */
static void a_foreign_key_at_the_handle_is_not_the_ek(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&bare);
	struct cairn_tpm_identity before, after;
	struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	ESYS_TR persistent;

	(void)state;
	assert_int_equal(cairn_tpm_identity(t, &before), CAIRN_OK);
	assert_int_equal(cairn_tpm_ak(t, &ak, NULL), CAIRN_OK);
	assert_int_equal(Esys_EvictControl(t->esys, ESYS_TR_RH_OWNER, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					   ESYS_TR_NONE, 0x81010001, &persistent),
			 0);
	cairn_tpm_handle_fini(&ak);
	assert_int_equal(cairn_tpm_identity(t, &after), CAIRN_OK);
	assert_true(cairn_digest_equal(&before.host_id, &after.host_id));
	assert_int_equal(
	    Esys_TR_FromTPMPublic(t->esys, 0x81010001, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &persistent),
	    0);
	assert_int_equal(Esys_EvictControl(t->esys, ESYS_TR_RH_OWNER, persistent, ESYS_TR_PASSWORD,
					   ESYS_TR_NONE, ESYS_TR_NONE, 0x81010001, &persistent),
			 0);
	cairn_tpm_identity_fini(&before);
	cairn_tpm_identity_fini(&after);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
}

static X509 *parse_cert(const struct cairn_buf *der)
{
	const uint8_t *p = der->ptr;

	return d2i_X509(NULL, &p, (long)der->len);
}

static void the_certificate_is_of_the_ek(void **state)
{
	struct cairn_tpm_identity id, other;

	(void)state;
	identity_of(&swtpm, &id);
	identity_of(&bare, &other);
	X509 *cert = parse_cert(&id.ek_cert);
	assert_non_null(cert);
	struct cairn_ekpub ek = ek_of(&id), stranger = ek_of(&other);
	assert_int_equal(cairn_ekpub_match_cert(&ek, cert), CAIRN_OK);
	assert_int_equal(cairn_ekpub_match_cert(&stranger, cert), CAIRN_E_MISMATCH);
	for (size_t i = 0; i < sizeof(ek.modulus); i++) {
		struct cairn_ekpub bent = ek;

		bent.modulus[i] ^= 1;
		assert_int_equal(cairn_ekpub_match_cert(&bent, cert), CAIRN_E_MISMATCH);
	}
	X509_free(cert);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_identity_fini(&other);
}

/* ---- parsing: good, cut at every byte, every byte changed ---- */

static void ek_area_is_strict(void **state)
{
	struct cairn_tpm_identity id;
	struct cairn_ekpub ek;

	(void)state;
	identity_of(&swtpm, &id);
	struct cairn_span all = cairn_buf_span(&id.ek_public);
	struct cairn_ekpub good = ek_of(&id);
	for (size_t n = 0; n < all.len; n++)
		assert_int_equal(cairn_ekpub_parse(&ek, cairn_span(all.ptr, n)), CAIRN_E_TRUNCATED);
	for (size_t i = 0; i < all.len; i++) {
		id.ek_public.ptr[i] ^= 0x40;
		enum cairn_status s = cairn_ekpub_parse(&ek, all);
		if (i < all.len - CAIRN_EK_MODULUS)
			assert_int_not_equal(s, CAIRN_OK);
		else
			assert_false(s == CAIRN_OK && cairn_digest_equal(&ek.host_id, &good.host_id));
		id.ek_public.ptr[i] ^= 0x40;
	}
	cairn_buf_add_u8(&id.ek_public, 0);
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&id.ek_public)), CAIRN_E_TRAILING);
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&id.ak_public)), CAIRN_E_UNSUPPORTED);
	cairn_tpm_identity_fini(&id);
}

static void ak_area_is_strict(void **state)
{
	struct cairn_tpm_identity id;
	struct cairn_akpub ak;

	(void)state;
	identity_of(&swtpm, &id);
	struct cairn_span all = cairn_buf_span(&id.ak_public);
	for (size_t n = 0; n < all.len; n++)
		assert_int_equal(cairn_akpub_parse(&ak, cairn_span(all.ptr, n)), CAIRN_E_TRUNCATED);
	for (size_t i = 0; i < all.len; i++) { /* a changed point is not on the curve */
		for (unsigned bit = 0; bit < 8; bit++) {
			id.ak_public.ptr[i] ^= (uint8_t)(1u << bit);
			assert_int_not_equal(cairn_akpub_parse(&ak, all), CAIRN_OK);
			id.ak_public.ptr[i] ^= (uint8_t)(1u << bit);
		}
	}
	assert_int_equal(cairn_akpub_parse(&ak, all), CAIRN_OK);
	assert_true(cairn_name_equal(&ak.name, &id.ak_name));
	cairn_buf_add_u8(&id.ak_public, 0);
	assert_int_equal(cairn_akpub_parse(&ak, cairn_buf_span(&id.ak_public)), CAIRN_E_TRAILING);
	assert_int_equal(cairn_akpub_parse(&ak, cairn_buf_span(&id.ek_public)), CAIRN_E_UNSUPPORTED);
	cairn_tpm_identity_fini(&id);
}

/* ---- challenge ---- */

struct made {
	struct cairn_buf id_object, secret;
};

static struct made make(const struct cairn_tpm_identity *id, const struct cairn_name *ak,
			const char *credential)
{
	struct made m = {0};
	struct cairn_ekpub ek = ek_of(id);

	assert_int_equal(cairn_credential_make(&m.id_object, &m.secret, &ek, ak, cairn_span_str(credential)),
			 CAIRN_OK);
	return m;
}

static void made_fini(struct made *m)
{
	cairn_buf_fini(&m->id_object);
	cairn_buf_fini(&m->secret);
}

static enum cairn_status answer(struct cairn_tpm *t, const struct made *m, struct cairn_buf *out)
{
	return cairn_tpm_activate(t, cairn_buf_span(&m->id_object), cairn_buf_span(&m->secret), out);
}

static void the_right_tpm_answers(void **state)
{
	static const char *const credentials[] = {"x", "sixteen bytes ok",
						  "thirty-two bytes of a credential"};
	struct cairn_tpm_identity id;

	(void)state;
	identity_of(&swtpm, &id);
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	for (size_t i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++) {
		struct made m = make(&id, &id.ak_name, credentials[i]);
		cairn_auto_secret struct cairn_buf got = {0};

		assert_int_equal(answer(t, &m, &got), CAIRN_OK);
		assert_true(cairn_span_equal(cairn_buf_span(&got), cairn_span_str(credentials[i])));
		made_fini(&m);
	}
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
	cairn_tpm_identity_fini(&id);
}

static void no_other_key_or_tpm_answers(void **state)
{
	struct cairn_tpm_identity id, other;
	cairn_auto_secret struct cairn_buf got = {0};

	(void)state;
	identity_of(&swtpm, &id);
	identity_of(&bare, &other);
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	struct made wrong_ak = make(&id, &other.ak_name, "credential");
	struct made wrong_ek = make(&other, &id.ak_name, "credential");
	assert_int_equal(answer(t, &wrong_ak, &got), CAIRN_E_TPM_POLICY);
	if (answer(t, &wrong_ek, &got) != CAIRN_E_TPM_POLICY)
		fail_msg("%s", cairn_tpm_error(t));
	assert_int_equal(got.len, 0);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
	made_fini(&wrong_ak);
	made_fini(&wrong_ek);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_identity_fini(&other);
}

static void a_changed_challenge_is_refused(void **state)
{
	struct cairn_tpm_identity id;
	cairn_auto_secret struct cairn_buf got = {0};

	(void)state;
	identity_of(&swtpm, &id);
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	struct made m = make(&id, &id.ak_name, "credential");
	for (size_t i = 0; i < m.id_object.len; i++) {
		m.id_object.ptr[i] ^= 1;
		assert_int_not_equal(answer(t, &m, &got), CAIRN_OK);
		m.id_object.ptr[i] ^= 1;
	}
	for (size_t i = 0; i < m.secret.len; i += 37) {
		m.secret.ptr[i] ^= 1;
		assert_int_not_equal(answer(t, &m, &got), CAIRN_OK);
		m.secret.ptr[i] ^= 1;
	}
	assert_int_equal(got.len, 0);
	assert_int_equal(answer(t, &m, &got), CAIRN_OK);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
	made_fini(&m);
	cairn_tpm_identity_fini(&id);
}

static void credentials_have_a_size(void **state)
{
	struct cairn_ekpub ek = {0};
	struct cairn_name ak = {0};
	struct cairn_buf a = {0}, b = {0};
	uint8_t bytes[33] = {0};

	(void)state;
	assert_int_equal(cairn_credential_make(&a, &b, &ek, &ak, cairn_span(bytes, 0)), CAIRN_E_USAGE);
	assert_int_equal(cairn_credential_make(&a, &b, &ek, &ak, cairn_span(bytes, 33)), CAIRN_E_USAGE);
	assert_int_equal(cairn_credential_make(&a, &b, &ek, &ak, cairn_span(bytes, 32)), CAIRN_E_CRYPTO);
	assert_int_equal(a.len + b.len, 0);
}

/* ---- quote ---- */

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

static int run_oracle(const char *dir, const char *extra_hex)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cd %s && timeout 20 tpm2_checkquote -u ak.pem -m attest -s sig -q %s "
		 ">/dev/null 2>&1",
		 dir, extra_hex);
	return system(command);
}

/* A second opinion: tpm2-tools take the quote with its extraData, and not with another. */
static void tpm2_checkquote_agrees(void **state)
{
	char path[128];
	struct cairn_buf attest = {0}, sig = {0};
	struct cairn_tpm_identity id;
	struct cairn_akpub ak;

	(void)state;
	identity_of(&swtpm, &id);
	struct cairn_tpm *t = tpmuse_open(&swtpm);
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
	assert_int_equal(run_oracle(swtpm.dir, "ca1e"), 0);
	assert_int_not_equal(run_oracle(swtpm.dir, "ca1f"), 0);
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

/* Fifty of everything, good and refused, and after each command in turn fails: nothing stays in the TPM. */
static void nothing_is_left(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm_identity id, other;

	(void)state;
	identity_of(&swtpm, &id);
	identity_of(&bare, &other);
	struct cairn_tpm *t = tpmuse_open_tap(&tap, &swtpm);
	struct made good = make(&id, &id.ak_name, "c"), bad = make(&id, &other.ak_name, "c");
	for (unsigned i = 0; i < 50; i++) {
		cairn_auto_buf struct cairn_buf a = {0}, b = {0}, c = {0};

		assert_int_equal(answer(t, &bad, &c), CAIRN_E_TPM_POLICY);
		assert_int_equal(answer(t, &good, &c), CAIRN_OK);
		assert_int_equal(cairn_tpm_quote(t, 1, cairn_span_str("x"), &a, &b), CAIRN_OK);
	}
	static const uint32_t commands[] = {TPM2_CC_CreatePrimary, TPM2_CC_StartAuthSession,
					    TPM2_CC_PolicySecret, TPM2_CC_ActivateCredential,
					    TPM2_CC_ReadPublic};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		cairn_auto_buf struct cairn_buf c = {0};

		tap.fail_cc = commands[i];
		tap.fail_rc = TPM2_RC_MEMORY;
		tap.fail_count = 1;
		assert_int_equal(answer(t, &good, &c), CAIRN_E_TPM);
		assert_int_equal(tap.fail_count, 0);
		assert_int_equal(tpmuse_left(t), 0);
	}
	made_fini(&good);
	made_fini(&bad);
	cairn_tpm_identity_fini(&id);
	cairn_tpm_identity_fini(&other);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(identity_is_what_the_tpm_says),
	    cmocka_unit_test(identity_survives_a_reboot),
	    cmocka_unit_test(identities_differ_between_tpms),
	    cmocka_unit_test(the_certificate_is_of_the_ek),
	    cmocka_unit_test(ek_area_is_strict),
	    cmocka_unit_test(ak_area_is_strict),
	    cmocka_unit_test(the_right_tpm_answers),
	    cmocka_unit_test(no_other_key_or_tpm_answers),
	    cmocka_unit_test(a_changed_challenge_is_refused),
	    cmocka_unit_test(credentials_have_a_size),
	    cmocka_unit_test(quotes_what_is_in_the_pcrs),
	    cmocka_unit_test(tpm2_checkquote_agrees),
	    cmocka_unit_test(quotes_count_reboots),
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(a_foreign_key_at_the_handle_is_not_the_ek),
	    cmocka_unit_test(the_persistent_ek_is_the_primary_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
