/* EK, AK, certificate, MakeCredential in software against ActivateCredential in the TPM, quotes: against
 * swtpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

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
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(a_foreign_key_at_the_handle_is_not_the_ek),
	    cmocka_unit_test(the_persistent_ek_is_the_primary_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
