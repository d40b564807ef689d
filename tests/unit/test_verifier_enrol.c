/* Enrolment at the server, against software TPMs: who becomes a host, and who does not. */
#include "tests/unit/verifier_fixture.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tests/unit/callee_faults.h"
#include "tests/unit/tpmuse_fixture.h"

static void enrols(void **state)
{
	struct verifier_world *w = *state;
	verifier_enrol(w, &w->tpm[0], "alpha");
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), "pending");
	verifier_enrol(w, &w->tpm[0], "alpha"); /* again, with the same keys */
	assert_int_equal(w->code, 200);
	verifier_expect_state(w, "pending");
	/* Of a TPM of software the shipped list warns. */
	assert_int_equal(verifier_count(w, "audit WHERE event='enrolment-warned'"), 2);
	struct cairn_ekdenied *shipped = w->v->ek_denied;
	w->v->ek_denied = NULL;
	verifier_enrol(w, &w->tpm[0], "alpha");
	assert_int_equal(w->code, 200);
	w->v->ek_denied = shipped;
	assert_int_equal(verifier_count(w, "audit WHERE event='enrolment-warned'"), 2);
}

static void enrolment_refusals(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_tpm_identity a = {0}, b = {0};
	verifier_identity(&w->tpm[0], &a);
	verifier_identity(&w->tpm[1], &b);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&b, &b, "alpha"));
	verifier_expect_error(w, 409, "label-taken");
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&a, &a, "beta"));
	verifier_expect_error(w, 409, "other-label");
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&a, &b, "alpha"));
	verifier_expect_error(w, 403, "other-ak");
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&a, &a, "no spaces"));
	verifier_expect_error(w, 400, "label");
	verifier_call(
	    w, "POST", "/v1/enroll",
	    verifier_enrolment(&a, &a, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
	verifier_expect_error(w, 400, "label");
	struct cairn_buf cert = a.ek_cert;
	a.ek_cert = b.ek_cert;
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&a, &a, "alpha"));
	verifier_expect_error(w, 403, "ek-untrusted");
	a.ek_cert = cert;
	a.ak_public.ptr[9] ^= 0x01; /* an attribute */
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&a, &a, "alpha"));
	verifier_expect_error(w, 403, "key-template");
	a.ak_public.ptr[9] ^= 0x01;
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

/* ---- EK certificates of a CA of our own ---- */

static X509 *issue(EVP_PKEY *subject, const char *uses, X509 *issuer, EVP_PKEY *key)
{
	X509 *c = X509_new();
	X509V3_CTX ctx;
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -60);
	X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	X509_set_pubkey(c, subject);
	const char *name = issuer ? "EK" : "CA";
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC, (const unsigned char *)name,
				   -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : c, c, NULL, NULL, 0);
	const struct {
		int nid;
		const char *value;
	} ext[] = {{NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE"},
		   {NID_ext_key_usage, uses}};
	for (size_t i = 0; i < 2; i++) {
		X509_EXTENSION *e =
		    ext[i].value ? X509V3_EXT_conf_nid(NULL, &ctx, ext[i].nid, ext[i].value) : NULL;
		if (e)
			X509_add_ext(c, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

/* Enrols with a certificate of the TPM's EK for these uses; padded as in an NV index. */
static void enrol_with(struct verifier_world *w, const char *uses, X509 *ca, EVP_PKEY *key)
{
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[1], &id);
	const unsigned char *p = id.ek_cert.ptr;
	X509 *real = d2i_X509(NULL, &p, (long)id.ek_cert.len);
	X509 *made = issue(X509_get0_pubkey(real), uses, ca, key);
	unsigned char *der = NULL;
	int len = i2d_X509(made, &der);
	id.ek_cert.len = 0;
	cairn_buf_add(&id.ek_cert, cairn_span(der, (size_t)len));
	for (int i = 0; i < 64; i++)
		cairn_buf_add_u8(&id.ek_cert, 0xff);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	OPENSSL_free(der);
	X509_free(real);
	X509_free(made);
	cairn_tpm_identity_fini(&id);
}

static void certificates_of_other_makers_and_uses(void **state)
{
	struct verifier_world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = issue(key, NULL, NULL, key);
	enrol_with(w, "2.23.133.8.1", ca, key);
	verifier_expect_error(w, 403, "ek-untrusted"); /* by nobody's root */
	X509_up_ref(ca);
	sk_X509_push(w->v->ek_roots, ca);
	enrol_with(w, "2.23.133.8.1", ca, key);
	assert_int_equal(w->code, 200);
	broken.name = "cairn_store_audit";
	broken.st = CAIRN_E_IO;
	enrol_with(w, "2.23.133.8.1", ca, key);
	broken.name = NULL;
	verifier_expect_error(w, 503, "unavailable");
	enrol_with(w, NULL, ca, key); /* nothing says that it is of an EK */
	verifier_expect_error(w, 403, "ek-untrusted");
	enrol_with(w, "serverAuth", ca, key);
	verifier_expect_error(w, 403, "ek-untrusted");
	X509_free(ca);
	EVP_PKEY_free(key);
}

/* The EK of one TPM with the AK of another: neither TPM can open the credential. */
static void keys_of_two_tpms(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_tpm_identity a = {0}, b = {0};
	cairn_auto_buf struct cairn_buf blob = {0};
	cairn_auto_buf struct cairn_buf secret = {0};
	cairn_auto_secret struct cairn_buf credential = {0};
	verifier_identity(&w->tpm[0], &a);
	verifier_identity(&w->tpm[1], &b);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&b, &a, "mixed"));
	assert_int_equal(w->code, 200);
	assert_int_equal(cairn_json_get_b64(&blob, w->body, "credential"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&secret, w->body, "secret"), CAIRN_OK);
	for (int i = 0; i < 2; i++) {
		struct cairn_tpm *t = tpmuse_open(&w->tpm[i]);
		assert_int_not_equal(
		    cairn_tpm_activate(t, cairn_buf_span(&blob), cairn_buf_span(&secret), &credential),
		    CAIRN_OK);
		cairn_tpm_close(t);
	}
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

static void a_challenge_is_one_try(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[1], &id);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	cairn_tpm_identity_fini(&id);
	json_t *right = verifier_answer(w, &w->tpm[1], "beta", 0), *wrong = json_deep_copy(right);
	json_object_set_new(wrong, "proof",
			    json_string("0000000000000000000000000000000000000000000000000000000000000000"));
	verifier_call(w, "POST", "/v1/enroll/proof", wrong);
	verifier_expect_error(w, 403, "wrong-proof");
	verifier_call(w, "POST", "/v1/enroll/proof", right);
	verifier_expect_error(w, 403, "no-session");
	verifier_call(w, "GET", "/v1/hosts/beta", NULL);
	assert_int_equal(w->code, 404);
}

static void admission_by_list(void **state)
{
	struct verifier_world *w = *state;
	char line[160];
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[1], &id);
	verifier_put_file(w, "list", cairn_span_str("# nobody\n"));
	snprintf(w->v->set.admission_list, sizeof w->v->set.admission_list, "%s/server/list", w->dir);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	verifier_expect_error(w, 403, "not-admitted");
	snprintf(line, sizeof line, "%s # beta\n", cairn_digest_hex(&id.host_id).text);
	verifier_put_file(w, "list", cairn_span_str(line));
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "beta"));
	assert_int_equal(w->code, 200);
	w->v->set.admission_list[0] = 0;
	cairn_tpm_identity_fini(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(enrols),
	    cmocka_unit_test(enrolment_refusals),
	    cmocka_unit_test(certificates_of_other_makers_and_uses),
	    cmocka_unit_test(keys_of_two_tpms),
	    cmocka_unit_test(a_challenge_is_one_try),
	    cmocka_unit_test(admission_by_list),
	};
	return cmocka_run_group_tests(tests, verifier_setup, verifier_teardown);
}
