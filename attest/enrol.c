/* Enrolment: an endorsement key that a maker vouches for, and an attestation key proven to live in the same
 * TPM.
 *
 * 1. /v1/enroll checks the EK certificate, the two public areas and admission, and answers with a credential
 * that only the TPM holding both keys can open.
 * 2. /v1/enroll/proof takes the one answer that a challenge has, and binds EK, AK and label in one row.
 * The host's state is not touched by an enrolment that repeats what is known already.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "attest/verifier.h"
#include "cairn/credential.h"

#define ADMISSION_FILE_MAX ((size_t)4 * 1024 * 1024)
#define EK_CERTS_MAX	   8	/* strings of one enrolment */
#define EK_CERT_SIZE_MAX   8192 /* bytes of one, which may hold a chain, padding included */
#define EK_CHAIN_CERTS_MAX 16	/* certificates in them */

struct claim {
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	struct cairn_host_row row;
};

static void refuse(struct cairn_verifier *v, struct cairn_response *resp, int code, const char *name,
		   const char *subject, const char *text)
{
	v->count[COUNT_ENROL_REFUSED]++;
	enum cairn_status st = cairn_audit_refusal(v, "enrolment-refused", subject, "%s: %s", name, text);
	if (st)
		cairn_response_failure(resp, st, "writing the audit log");
	else
		cairn_response_error(resp, code, name, "%s", text);
}

/* ---- what is claimed
 * ---------------------------------------------------------------------------------------------- */

/* A label must not look like a host id, which is found by the same route. NULL is none. */
static bool label_ok(const char *label)
{
	uint8_t id[32];
	return cairn_name_ok(label) &&
	       !(strlen(label) == 64 && cairn_hex_decode_into(id, sizeof id, label) == CAIRN_OK);
}

static enum cairn_status read_certs(STACK_OF(X509) * certs, const json_t *array)
{
	size_t i;
	json_t *item;
	if (json_array_size(array) == 0 ||
	    json_array_size(array) > EK_CERTS_MAX) /* what is no array has none */
		return CAIRN_E_LIMIT;
	json_array_foreach((json_t *)(uintptr_t)array, i, item)
	{
		cairn_auto_buf struct cairn_buf der = {0};
		/* What is no string is an empty one, which holds no certificate. */
		enum cairn_status st =
		    cairn_b64url_decode(&der, cairn_span(json_string_value(item), json_string_length(item)));
		if (!st && der.len > EK_CERT_SIZE_MAX)
			st = CAIRN_E_LIMIT;
		if (!st)
			st = cairn_certs_read(certs, NULL, cairn_buf_span(&der), NULL);
		if (!st && sk_X509_num(certs) > EK_CHAIN_CERTS_MAX)
			st = CAIRN_E_LIMIT;
		if (st)
			return st;
	}
	return CAIRN_OK;
}

static enum cairn_status read_keys(struct claim *c, const json_t *body)
{
	cairn_auto_buf struct cairn_buf ek = {0};
	cairn_auto_buf struct cairn_buf ak = {0};
	enum cairn_status st = cairn_json_get_b64(&ek, body, "ek_public");
	if (!st)
		st = cairn_ekpub_parse(&c->ek, cairn_buf_span(&ek));
	if (!st)
		st = cairn_json_get_b64(&ak, body, "ak_public");
	if (!st)
		st = cairn_akpub_parse(&c->ak, cairn_buf_span(&ak));
	if (!st && (ak.len < 2 || ak.len - 2 > sizeof c->row.ak_public))
		st = CAIRN_E_LIMIT;
	if (st)
		return st;
	c->row.ak_public_len = ak.len - 2; /* without the size of the TPM2B */
	memcpy(c->row.ak_public, ak.ptr + 2, ak.len - 2);
	memcpy(c->row.ak_name, c->ak.name.bytes, sizeof c->row.ak_name);
	memcpy(c->row.id, c->ek.host_id.bytes, sizeof c->row.id);
	return CAIRN_OK;
}

static bool read_claim(struct claim *c, STACK_OF(X509) * certs, struct cairn_verifier *v, const json_t *body,
		       const char *peer, struct cairn_response *resp)
{
	const char *label = json_string_value(json_object_get(body, "label"));
	if (!label_ok(label)) {
		cairn_response_error(resp, 400, "label",
				     "a label is 1 to 64 of A-Z a-z 0-9 . _ - and no host id");
		return false;
	}
	memcpy(c->row.label, label, strlen(label) + 1);
	if (read_certs(certs, json_object_get(body, "ek_certs"))) {
		cairn_response_error(resp, 400, "ek-certificate", "ek_certs holds no readable certificates");
		return false;
	}
	enum cairn_status st = read_keys(c, body);
	if (st == CAIRN_E_UNSUPPORTED)
		refuse(
		    v, resp, 403, "key-template", label,
		    "the EK or AK is not of the one template (RSA-2048 EK; restricted, TPM-bound P-256 AK)");
	else if (st)
		cairn_response_error(resp, 400, "malformed", "ek_public or ak_public (from %s): %s", peer,
				     cairn_status_text(st));
	return st == CAIRN_OK;
}

/* ---- admission
 * ------------------------------------------------------------------------------------------------------ */

/* The list is read each time, so that an operator's edit counts at once: host ids in hex, one a line, '#'
 * comments. */
static enum cairn_status listed(const char *path, const struct cairn_digest *id)
{
	const struct cairn_hex want = cairn_digest_hex(id);
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_file_read(&text, path, ADMISSION_FILE_MAX);
	char *line = st ? NULL : (char *)(uintptr_t)cairn_buf_str(&text);
	if (!line)
		return st ? st : CAIRN_E_NOMEM;
	for (char *save = NULL, *l = strtok_r(line, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		l[strcspn(l, " \t\r#")] = 0;
		if (strcmp(l, want.text) == 0)
			return CAIRN_OK;
	}
	return CAIRN_E_DENIED;
}

static bool admitted(struct cairn_verifier *v, const struct claim *c, struct cairn_response *resp)
{
	if (!v->set.admission_list[0])
		return true;
	enum cairn_status st = listed(v->set.admission_list, &c->ek.host_id);
	if (st == CAIRN_E_DENIED)
		refuse(v, resp, 403, "not-admitted", c->row.label,
		       "the host id is not in the admission list");
	else if (st)
		cairn_response_failure(resp, st, "reading the admission list");
	return st == CAIRN_OK;
}

/* What an earlier enrolment bound stays bound. */
static bool compatible(struct cairn_verifier *v, const struct cairn_host_row *want,
		       struct cairn_response *resp)
{
	cairn_auto_row struct cairn_host_row have = {0};
	enum cairn_status st = cairn_store_host_get(&have, v->store, want->id);
	if (st == CAIRN_E_NOTFOUND) {
		st = cairn_store_host_find(&have, v->store, want->label);
		if (st == CAIRN_OK)
			refuse(v, resp, 409, "label-taken", want->label, "another TPM has this label");
		else if (st != CAIRN_E_NOTFOUND)
			cairn_response_failure(resp, st, "reading a host");
		return st == CAIRN_E_NOTFOUND;
	}
	if (st)
		cairn_response_failure(resp, st, "reading a host");
	else if (have.state == CAIRN_STATE_REVOKED || have.state == CAIRN_STATE_CLEARED)
		refuse(v, resp, 403, "host-barred", want->label,
		       "the host is revoked or its TPM was cleared; an operator must forget it first");
	else if (memcmp(have.ak_name, want->ak_name, sizeof have.ak_name) != 0)
		refuse(v, resp, 403, "other-ak", want->label,
		       "this TPM is enrolled with another attestation key");
	else if (strcmp(have.label, want->label) != 0)
		refuse(v, resp, 409, "other-label", want->label, "this TPM is enrolled under another label");
	else
		return true;
	return false;
}

/* ---- challenge
 * ---------------------------------------------------------------------------------------------------- */

/* SHA-256 of HMAC-SHA256(credential, "cairn-enroll-v1" 0 | verifier kid 0 | label 0 | host id | AK name's
 * digest). */
static enum cairn_status expected_proof(uint8_t out[32], const struct cairn_verifier *v,
					const struct cairn_host_row *h, struct cairn_span credential)
{
	static const char context[] = "cairn-enroll-v1";
	cairn_auto_buf struct cairn_buf t = {0};
	cairn_buf_add(&t, cairn_span(context, sizeof context));
	cairn_buf_add_str(&t, cairn_verifier_kid(v));
	cairn_buf_add_u8(&t, 0);
	cairn_buf_add_str(&t, h->label);
	cairn_buf_add_u8(&t, 0);
	cairn_buf_add(&t, cairn_span(h->id, sizeof h->id));
	cairn_buf_add(&t, cairn_span(h->ak_name + 2, sizeof h->ak_name - 2));
	enum cairn_status st = cairn_buf_status(&t);
	uint8_t proof[32];
	unsigned len = sizeof proof;
	if (!st && !HMAC(EVP_sha256(), credential.ptr, (int)credential.len, t.ptr, t.len, proof, &len))
		st = CAIRN_E_CRYPTO;
	struct cairn_digest d;
	if (!st)
		st = cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span(proof, sizeof proof));
	OPENSSL_cleanse(proof, sizeof proof);
	if (!st)
		memcpy(out, d.bytes, 32);
	return st;
}

static enum cairn_status make_session(struct cairn_session *s, struct cairn_buf *id_object,
				      struct cairn_buf *secret, struct cairn_verifier *v,
				      const struct claim *c)
{
	static const struct cairn_session_limits max = {CAIRN_SESSIONS_MAX, CAIRN_SESSIONS_HOST_MAX};
	uint8_t credential[CAIRN_CREDENTIAL_MAX];
	uint64_t now = cairn_now_ms();
	if (RAND_bytes(s->id, sizeof s->id) != 1 || RAND_bytes(credential, sizeof credential) != 1)
		return CAIRN_E_CRYPTO;
	s->host = c->row;
	s->expires_ms = now + v->set.session_lifetime_s * 1000;
	struct cairn_span cred = cairn_span(credential, sizeof credential);
	enum cairn_status st = expected_proof(s->proof_sha256, v, &c->row, cred);
	if (!st)
		st = cairn_credential_make(id_object, secret, &c->ek, &c->ak.name, cred);
	OPENSSL_cleanse(credential, sizeof credential);
	return st ? st : cairn_store_session_add(v->store, s, now, &max);
}

static void challenge(struct cairn_verifier *v, const struct claim *c, struct cairn_response *resp)
{
	struct cairn_session s = {0};
	cairn_auto_buf struct cairn_buf id_object = {0};
	cairn_auto_buf struct cairn_buf secret = {0};
	enum cairn_status st = make_session(&s, &id_object, &secret, v, c);
	if (st)
		cairn_response_failure(resp, st, "making an enrolment challenge");
	else
		cairn_response_json(resp, 200,
				    json_pack("{s:o,s:o,s:o,s:s}", "session",
					      cairn_json_b64(cairn_span(s.id, sizeof s.id)), "credential",
					      cairn_json_b64(cairn_buf_span(&id_object)), "secret",
					      cairn_json_b64(cairn_buf_span(&secret)), "verifier_kid",
					      cairn_verifier_kid(v)));
}

/* The certificate of this EK among those that were sent; the others may be its intermediates. */
static X509 *own_certificate(const struct claim *c, const STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (cairn_ekpub_match_cert(&c->ek, sk_X509_value(certs, i)) == CAIRN_OK)
			return sk_X509_value(certs, i);
	return NULL;
}

/* One line of reasons: each says what to do about it. */
static void join_texts(struct cairn_buf *out, const struct cairn_reasons *r)
{
	for (size_t i = 0; i < r->count; i++)
		cairn_buf_add_fmt(out, "%s%s: %s", i ? "; " : "", r->item[i].code, r->item[i].text);
}

static bool note_warnings(struct cairn_verifier *v, const struct claim *c, const struct cairn_ek_verdict *ek,
			  struct cairn_response *resp)
{
	cairn_auto_buf struct cairn_buf text = {0};
	if (ek->warnings.count == 0)
		return true;
	join_texts(&text, &ek->warnings);
	const char *t = cairn_buf_str(&text);
	enum cairn_status st = cairn_audit_refusal(v, "enrolment-warned", c->row.label, "%s", t ? t : "");
	if (st)
		cairn_response_failure(resp, st, "writing the audit log");
	return st == CAIRN_OK;
}

static bool certified(struct cairn_verifier *v, struct claim *c, STACK_OF(X509) * certs,
		      struct cairn_response *resp)
{
	cairn_auto_ek_verdict struct cairn_ek_verdict ek = {0};
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_ek_question q = {.cert = own_certificate(c, certs),
				      .helpers = certs,
				      .anchors = v->ek_roots,
				      .denied = v->ek_denied,
				      .now = cairn_now_ms() / 1000};
	if (!q.cert) {
		refuse(v, resp, 403, "ek-untrusted", c->row.label,
		       "no certificate is of this endorsement key");
		return false;
	}
	enum cairn_status st = cairn_ekcert_judge(&ek, &q);
	if (st) {
		cairn_response_failure(resp, st, "verifying an EK certificate");
		return false;
	}
	if (!ek.accepted) {
		join_texts(&text, &ek.reasons);
		const char *t = cairn_buf_str(&text);
		refuse(v, resp, 403, "ek-untrusted", c->row.label, t ? t : "");
		return false;
	}
	memcpy(c->row.ek_cert, ek.facts.sha256, sizeof c->row.ek_cert);
	cairn_host_tpm(&c->row, &ek.facts);
	return note_warnings(v, c, &ek, resp);
}

void cairn_handle_enroll(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	static const char *const members[] = {"label", "ek_public", "ek_certs", "ak_public", NULL};
	cairn_auto_json json_t *body = cairn_call_object(call, resp, members);
	STACK_OF(X509) *certs = sk_X509_new_null();
	struct claim c = {0};
	if (body && certs && read_claim(&c, certs, v, body, call->peer, resp) &&
	    certified(v, &c, certs, resp) && admitted(v, &c, resp) && compatible(v, &c.row, resp))
		challenge(v, &c, resp);
	sk_X509_pop_free(certs, X509_free);
}

/* ---- proof
 * ----------------------------------------------------------------------------------------------------------
 */

/* Binds EK, AK and label; the database's constraints decide between two that race. */
static void bind_host(struct cairn_verifier *v, struct cairn_host_row *h, struct cairn_response *resp)
{
	h->state = CAIRN_STATE_PENDING;
	h->enrolled_ms = cairn_now_ms();
	h->nonce_issued_ms = h->enrolled_ms; /* what an earlier enrolment was asked is answered no more */
	enum cairn_status st = cairn_store_host_add(v->store, h);
	if (st == CAIRN_E_EXISTS) {
		if (!compatible(v, h, resp))
			return;
		cairn_auto_row struct cairn_host_row have = {0};
		st = cairn_store_host_get(&have, v->store, h->id);
		if (st == CAIRN_E_NOTFOUND) { /* neither id nor label is there: it is the AK */
			refuse(v, resp, 409, "ak-taken", h->label,
			       "another TPM is enrolled with this attestation key");
			return;
		}
		h->state = st ? CAIRN_STATE_UNKNOWN : cairn_host_state(&have, h->enrolled_ms);
	}
	if (!st)
		st = cairn_audit(v, "enrolled", h->label, "EK and AK bound, state %s",
				 cairn_state_name(h->state));
	if (st) {
		cairn_response_failure(resp, st, "binding a host");
		return;
	}
	v->count[COUNT_ENROLLED]++;
	cairn_response_json(resp, 200,
			    json_pack("{s:o,s:s,s:s}", "host_id",
				      cairn_json_hex(cairn_span(h->id, sizeof h->id)), "label", h->label,
				      "state", cairn_state_name(h->state)));
}

static bool proof_right(const struct cairn_session *s, const uint8_t proof[32])
{
	struct cairn_digest d;
	return cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span(proof, 32)) == CAIRN_OK &&
	       cairn_span_equal_ct(cairn_digest_span(&d), cairn_span(s->proof_sha256, 32));
}

void cairn_handle_proof(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	static const char *const members[] = {"session", "proof", NULL};
	cairn_auto_json json_t *body = cairn_call_object(call, resp, members);
	if (!body)
		return;
	cairn_auto_buf struct cairn_buf id = {0};
	uint8_t proof[32];
	if (cairn_json_get_b64(&id, body, "session") || id.len != CAIRN_SESSION_ID_SIZE ||
	    cairn_json_get_hex(proof, sizeof proof, body, "proof")) {
		cairn_response_error(resp, 400, "malformed", "session or proof is not of its form");
		return;
	}
	struct cairn_session s = {0};
	enum cairn_status st = cairn_store_session_take(&s, v->store, id.ptr, cairn_now_ms());
	if (st == CAIRN_E_NOTFOUND)
		refuse(v, resp, 403, "no-session", call->peer,
		       "no such challenge: it was answered once, or has expired");
	else if (st)
		cairn_response_failure(resp, st, "taking a session");
	else if (!proof_right(&s, proof))
		refuse(v, resp, 403, "wrong-proof", s.host.label,
		       "the proof is wrong; the challenge is used up");
	else
		bind_host(v, &s.host, resp);
}
