/* Attacks on enrolment: keys that are not what they must be, or not where, and labels that are others'. */
#include "tests/attack/attack.h"

#include <string.h>

#include <openssl/x509.h>

static struct cairn_tpm_identity *of(struct host *h)
{
	return &h->id;
}

/* Claims with one bit of the AK's attributes changed: TPM2B_PUBLIC is size 2, type 2, nameAlg 2,
 * attributes 4. */
static void claim_attribute(struct world *w, size_t byte, uint8_t bit)
{
	cairn_auto_buf struct cairn_buf ak = {0};

	cairn_buf_add(&ak, cairn_buf_span(&of(&w->alpha)->ak_public));
	ak.ptr[6 + byte] ^= bit;
	post(w, "/v1/enroll",
	     enrolment("alpha", cairn_buf_span(&w->alpha.id.ek_public), cairn_buf_span(&w->alpha.id.ek_cert),
		       cairn_buf_span(&ak)));
}

static void unrestricted_ak(struct world *w)
{
	claim_attribute(w, 1, 0x01);
}

static void movable_ak(struct world *w)
{
	claim_attribute(w, 3, 0x02); /* fixedTPM */
}

static void imported_ak(struct world *w)
{
	claim_attribute(w, 3, 0x20); /* sensitiveDataOrigin */
}

static void decrypting_ak(struct world *w)
{
	claim_attribute(w, 1, 0x02);
}

/* Whether some TPM opens the credential in w->body, whatever AK it was made for. */
static bool opens(const struct world *w, const struct host *h)
{
	cairn_auto_buf struct cairn_buf blob = {0}, secret = {0};
	cairn_auto_secret struct cairn_buf credential = {0};

	MUST_OK(cairn_json_get_b64(&blob, w->body, "credential"));
	MUST_OK(cairn_json_get_b64(&secret, w->body, "secret"));
	struct cairn_tpm *t = tpmuse_open(&h->tpm);
	enum cairn_status s =
	    cairn_tpm_activate(t, cairn_buf_span(&blob), cairn_buf_span(&secret), &credential);
	cairn_tpm_close(t);
	return s == CAIRN_OK;
}

static json_t *guess(const struct world *w)
{
	const char *session = json_string_value(json_object_get(w->body, "session"));

	MUST(session);
	return json_pack("{s:s,s:s}", "session", session, "proof",
			 "0000000000000000000000000000000000000000000000000000000000000000");
}

/* The server hands out a challenge, which no TPM there is can open; what is left is to guess. */
static void nobody_opens(struct world *w)
{
	MUST(w->code == 200);
	MUST(!opens(w, &w->alpha) && !opens(w, &w->beta) && !opens(w, &w->gamma));
	post(w, "/v1/enroll/proof", guess(w));
}

/* A key of software with the public area that an AK must have, which the server cannot see. */
static void software_ak(struct world *w)
{
	struct software_ak s;
	cairn_auto_buf struct cairn_buf ak = {0};

	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	cairn_buf_add_u16be(&ak, (uint16_t)s.area.len);
	cairn_buf_add(&ak, cairn_buf_span(&s.area));
	post(w, "/v1/enroll",
	     enrolment("gamma", cairn_buf_span(&w->gamma.id.ek_public), cairn_buf_span(&w->gamma.id.ek_cert),
		       cairn_buf_span(&ak)));
	software_ak_fini(&s);
	nobody_opens(w);
}

static void ak_of_another_tpm(struct world *w)
{
	claim(w, "gamma", of(&w->gamma), of(&w->beta));
	nobody_opens(w);
}

static void ak_exchanged(struct world *w)
{
	claim(w, "alpha", of(&w->alpha), of(&w->gamma));
}

/* A new TPM under a name that is taken. */
static void label_taken(struct world *w)
{
	claim(w, "alpha", of(&w->gamma), of(&w->gamma));
}

static void label_of_another_host(struct world *w)
{
	claim(w, "alpha", of(&w->beta), of(&w->beta));
}

static void second_label(struct world *w)
{
	claim(w, "gamma", of(&w->alpha), of(&w->alpha));
}

static void label_with_a_line(struct world *w)
{
	claim(w, "alpha\nbeta", of(&w->alpha), of(&w->alpha));
}

static void label_like_a_host_id(struct world *w)
{
	claim(w, cairn_digest_hex(&w->beta.id.host_id).text, of(&w->alpha), of(&w->alpha));
}

static void certificate_of_another_tpm(struct world *w)
{
	post(w, "/v1/enroll",
	     enrolment("alpha", cairn_buf_span(&w->alpha.id.ek_public), cairn_buf_span(&w->beta.id.ek_cert),
		       cairn_buf_span(&w->alpha.id.ak_public)));
}

/* An EK of software, with a certificate that it has signed itself in the name of the TPM's maker. */
static void software_ek(struct world *w)
{
	cairn_auto_buf struct cairn_buf ek = {0};
	const unsigned char *der = w->alpha.id.ek_cert.ptr;
	unsigned char *out = NULL;
	X509 *cert = d2i_X509(NULL, &der, (long)w->alpha.id.ek_cert.len);
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIGNUM *n = NULL;

	MUST(cert && key && EVP_PKEY_get_bn_param(key, "n", &n) == 1);
	cairn_buf_add(&ek, cairn_buf_span(&w->alpha.id.ek_public));
	MUST(BN_bn2binpad(n, ek.ptr + ek.len - 256, 256) == 256); /* the modulus comes last */
	MUST(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0);
	int len = i2d_X509(cert, &out);
	MUST(len > 0);
	post(w, "/v1/enroll",
	     enrolment("gamma", cairn_buf_span(&ek), cairn_span(out, (size_t)len),
		       cairn_buf_span(&w->gamma.id.ak_public)));
	OPENSSL_free(out);
	BN_free(n);
	EVP_PKEY_free(key);
	X509_free(cert);
}

static void proof_guessed(struct world *w)
{
	claim(w, "alpha", of(&w->alpha), of(&w->alpha));
	post(w, "/v1/enroll/proof", guess(w));
}

/* The right answer, after a wrong one. */
static void second_try(struct world *w)
{
	claim(w, "alpha", of(&w->alpha), of(&w->alpha));
	json_t *right = host_proof(w, &w->alpha, "alpha");
	post(w, "/v1/enroll/proof", guess(w));
	MUST(w->code == 403);
	post(w, "/v1/enroll/proof", right);
}

static void proof_replayed(struct world *w)
{
	claim(w, "alpha", of(&w->alpha), of(&w->alpha));
	json_t *right = host_proof(w, &w->alpha, "alpha");
	post(w, "/v1/enroll/proof", json_incref(right));
	MUST(w->code == 200);
	post(w, "/v1/enroll/proof", right);
}

/* cairnd's proof covers the label: a relay that claims another one than it told cairnd gets nowhere. */
static void proof_for_another_label(struct world *w)
{
	claim(w, "alpha", of(&w->alpha), of(&w->alpha));
	post(w, "/v1/enroll/proof", host_proof(w, &w->alpha, "gamma"));
}

const struct attack attacks_enrol[] = {
    {"AK that is not restricted", unrestricted_ak, 403, "key-template"},
    {"AK that may leave its TPM", movable_ak, 403, "key-template"},
    {"AK that was not made in a TPM", imported_ak, 403, "key-template"},
    {"AK that may decrypt", decrypting_ak, 403, "key-template"},
    {"software key shaped like an AK", software_ak, 403, "wrong-proof"},
    {"AK of one TPM with the EK of another", ak_of_another_tpm, 403, "wrong-proof"},
    {"AK exchanged for an enrolled host", ak_exchanged, 403, "other-ak"},
    {"new TPM under a taken label", label_taken, 409, "label-taken"},
    {"label of another host", label_of_another_host, 409, "other-label"},
    {"second label for an enrolled TPM", second_label, 409, "other-label"},
    {"label with a line of its own", label_with_a_line, 400, "label"},
    {"label that is a host id", label_like_a_host_id, 400, "label"},
    {"EK with another TPM's certificate", certificate_of_another_tpm, 403, "ek-untrusted"},
    {"software EK that vouches for itself", software_ek, 403, "ek-untrusted"},
    {"proof guessed", proof_guessed, 403, "wrong-proof"},
    {"right proof after a wrong one", second_try, 403, "no-session"},
    {"proof replayed", proof_replayed, 403, "no-session"},
    {"proof for another label", proof_for_another_label, 403, "wrong-proof"},
    {NULL, NULL, 0, NULL},
};
