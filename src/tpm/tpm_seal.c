/* Sealing to a release key's approvals, and opening. A secret crosses the bus only inside a session that is
 * salted to the SRK with parameter encryption, and every copy of it that is ours is wiped. */
#include "tpm/tpm_internal.h"

#include <stdlib.h>
#include <string.h>

#include "cairn/policy.h"
#include "cairn/sealed.h"
#include "keys/template.h"

/* TCG TPM v2.0 Provisioning Guidance 1.0, 7.5.1: unique of 32 zero bytes each. */
static enum cairn_status load_srk(struct cairn_tpm *t, struct cairn_tpm_handle *out, struct cairn_name *name)
{
	cairn_auto_buf struct cairn_buf head = {0};
	uint8_t unique[2 * (2 + 32)] = {0};
	TPM2B_PUBLIC template;

	unique[1] = unique[35] = 32;
	cairn_template_srk(&head);
	enum cairn_status s = cairn_tpm_template(&template, &head, cairn_span(unique, sizeof(unique)));
	if (s == CAIRN_OK)
		s = cairn_tpm_primary(t, ESYS_TR_RH_OWNER, &template, out, NULL);
	return s == CAIRN_OK ? cairn_tpm_name(t, out, name) : s;
}

/* A session salted to the SRK; crypt is TPMA_SESSION_DECRYPT (our parameter) or _ENCRYPT (the TPM's). */
static enum cairn_status start_session(struct cairn_tpm *t, const struct cairn_tpm_handle *srk, TPM2_SE type,
				       TPMA_SESSION crypt, struct cairn_tpm_handle *out)
{
	const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_StartAuthSession",
			   Esys_StartAuthSession(t->esys, srk->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						 ESYS_TR_NONE, NULL, type, &aes, TPM2_ALG_SHA256, &out->tr));

	if (s != CAIRN_OK)
		return s;
	return cairn_tpm_result(
	    t, "session attributes",
	    Esys_TRSess_SetAttributes(t->esys, out->tr, TPMA_SESSION_CONTINUESESSION | crypt, 0xff));
}

/* ---- seal ---- */

static enum cairn_status sealed_template(TPM2B_PUBLIC *out, const char *class, const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf head = {0};
	const uint8_t unique[2] = {0};
	struct cairn_digest policy;
	enum cairn_status s = cairn_sealed_policy(&policy, class, key);

	if (s != CAIRN_OK)
		return s;
	cairn_template_sealed(&head, &policy);
	return cairn_tpm_template(out, &head, cairn_span(unique, sizeof(unique)));
}

static enum cairn_status keep_halves(struct cairn_sealed *out, const TPM2B_PUBLIC *pub,
				     const TPM2B_PRIVATE *priv)
{
	if (!pub || !priv)
		return CAIRN_E_INTERNAL;
	cairn_buf_add_u16be(&out->priv, priv->size);
	cairn_buf_add(&out->priv, cairn_span(priv->buffer, priv->size));
	enum cairn_status s = cairn_buf_status(&out->priv);
	return s == CAIRN_OK ? cairn_tpm_public_add(&out->pub, pub) : s;
}

static enum cairn_status create(struct cairn_tpm *t, const TPM2B_PUBLIC *template, struct cairn_span secret,
				struct cairn_sealed *out)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle srk = cairn_tpm_handle(t), session = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_PRIVATE *priv = NULL;
	CAIRN_AUTO_ESYS TPM2B_PUBLIC *pub = NULL;
	TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.data.size = (UINT16)secret.len};
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION creation = {0};
	enum cairn_status s = load_srk(t, &srk, &out->srk_name);

	if (s == CAIRN_OK)
		s = start_session(t, &srk, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, &session);
	if (s != CAIRN_OK)
		return s;
	memcpy(sensitive.sensitive.data.buffer, secret.ptr, secret.len);
	s = CAIRN_TPM_CALL(t, "TPM2_Create",
			   Esys_Create(t->esys, srk.tr, session.tr, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
				       template, &outside, &creation, &priv, &pub, NULL, NULL, NULL));
	explicit_bzero(&sensitive, sizeof(sensitive));
	return s == CAIRN_OK ? keep_halves(out, pub, priv) : s;
}

/* The public part of the key, as the blob's own. */
static enum cairn_status copy_key(struct cairn_key **out, const struct cairn_key *key)
{
	struct cairn_p256 point;
	enum cairn_status s = cairn_key_p256_point(point.xy, key);

	return s == CAIRN_OK ? cairn_key_from_p256_point(out, point.xy) : s;
}

enum cairn_status cairn_tpm_seal(struct cairn_tpm *t, const char *class, const struct cairn_key *release_key,
				 struct cairn_span secret, struct cairn_sealed *out)
{
	struct cairn_sealed sealed = {0};
	TPM2B_PUBLIC template;

	if (secret.len == 0 || secret.len > CAIRN_SEALED_SECRET_MAX)
		return CAIRN_E_USAGE;
	enum cairn_status s = sealed_template(&template, class, release_key);
	if (s == CAIRN_OK)
		s = copy_key(&sealed.key, release_key);
	if (s == CAIRN_OK)
		s = create(t, &template, secret, &sealed);
	if (s == CAIRN_OK) {
		strncpy(sealed.class, class,
			sizeof(sealed.class) - 1); /* its length was checked with its policy */
		s = cairn_sealed_check(&sealed);
	}
	if (s == CAIRN_OK)
		*out = sealed;
	else
		cairn_sealed_fini(&sealed);
	return s;
}

/* ---- unseal ---- */

static enum cairn_status load_object(struct cairn_tpm *t, const struct cairn_tpm_handle *srk,
				     const struct cairn_sealed *blob, struct cairn_tpm_handle *out)
{
	TPM2B_PUBLIC pub = {0};
	TPM2B_PRIVATE priv = {0};
	size_t pub_off = 0, priv_off = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(blob->pub.ptr, blob->pub.len, &pub_off, &pub) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(blob->priv.ptr, blob->priv.len, &priv_off, &priv) !=
		TSS2_RC_SUCCESS)
		return CAIRN_E_MALFORMED;
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_Load",
	    Esys_Load(t->esys, srk->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &priv, &pub, &out->tr));
	if (s == CAIRN_E_TPM && (cairn_tpm_rc(t) == TPM2_RC_INTEGRITY || cairn_tpm_rc(t) == TPM2_RC_SIZE))
		return CAIRN_E_MISMATCH;
	return s;
}

static TPMT_SIGNATURE approval_signature(const struct cairn_approval *a)
{
	TPMT_SIGNATURE sig = {.sigAlg = TPM2_ALG_ECDSA};
	TPMS_SIGNATURE_ECDSA *e = &sig.signature.ecdsa;

	e->hash = TPM2_ALG_SHA256;
	e->signatureR.size = e->signatureS.size = 32;
	memcpy(e->signatureR.buffer, a->signature, 32);
	memcpy(e->signatureS.buffer, a->signature + 32, 32);
	return sig;
}

static enum cairn_status load_release_key(struct cairn_tpm *t, const struct cairn_key *key,
					  struct cairn_tpm_handle *out)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_p256 point;
	TPM2B_PUBLIC pub;
	enum cairn_status s = cairn_key_p256_point(point.xy, key);

	if (s == CAIRN_OK)
		s = cairn_release_key_public(&bytes, &point);
	if (s == CAIRN_OK)
		s = cairn_tpm_template(&pub, &bytes, cairn_span(NULL, 0));
	if (s != CAIRN_OK)
		return s;
	return CAIRN_TPM_CALL(t, "TPM2_LoadExternal",
			      Esys_LoadExternal(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &pub,
						ESYS_TR_RH_OWNER, &out->tr));
}

/* What the TPM makes of an approval before any PCR is looked at. */
struct verified {
	TPM2B_NAME key;
	TPM2B_NONCE ref;
	TPMT_TK_VERIFIED *ticket;
};

static enum cairn_status set_ref(TPM2B_NONCE *out, const struct cairn_buf *ref)
{
	if (ref->len > sizeof(out->buffer))
		return CAIRN_E_MALFORMED;
	out->size = (UINT16)ref->len;
	memcpy(out->buffer, ref->ptr, ref->len);
	return CAIRN_OK;
}

static enum cairn_status verify_approval(struct cairn_tpm *t, const struct cairn_sealed *blob,
					 const struct cairn_approval *a, struct verified *out)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle key = cairn_tpm_handle(t);
	cairn_auto_buf struct cairn_buf ref = {0};
	TPMT_SIGNATURE sig = approval_signature(a);
	TPM2B_DIGEST hash = {.size = CAIRN_SHA256_SIZE};
	struct cairn_digest ahash;
	struct cairn_name name;
	enum cairn_status s = cairn_policy_ref(&ref, blob->class);

	if (s == CAIRN_OK)
		s = set_ref(&out->ref, &ref);
	if (s == CAIRN_OK)
		s = cairn_policy_ahash(&ahash, &a->policy, cairn_buf_span(&ref));
	if (s == CAIRN_OK)
		s = load_release_key(t, blob->key, &key);
	if (s == CAIRN_OK)
		s = cairn_tpm_name(t, &key, &name);
	if (s != CAIRN_OK)
		return s;
	memcpy(hash.buffer, ahash.bytes, CAIRN_SHA256_SIZE);
	out->key.size = sizeof(name.bytes);
	memcpy(out->key.name, name.bytes, sizeof(name.bytes));
	s = CAIRN_TPM_CALL(t, "TPM2_VerifySignature",
			   Esys_VerifySignature(t->esys, key.tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						&hash, &sig, &out->ticket));
	return s == CAIRN_E_TPM && cairn_tpm_rc(t) == TPM2_RC_SIGNATURE ? CAIRN_E_SIGNATURE : s;
}

/* The present PCRs, then: "what you have is approved by this key". VALUE says that it is not. */
static enum cairn_status run_policy(struct cairn_tpm *t, const struct cairn_tpm_handle *session,
				    const struct cairn_approval *a, const struct verified *v)
{
	const TPM2B_DIGEST present = {0};
	TPM2B_DIGEST approved = {.size = CAIRN_SHA256_SIZE};
	TPML_PCR_SELECTION sel = cairn_tpm_selection(CAIRN_ALG_SHA256, a->mask);
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_PolicyPCR",
	    Esys_PolicyPCR(t->esys, session->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &present, &sel));

	if (s != CAIRN_OK)
		return s;
	memcpy(approved.buffer, a->policy.bytes, CAIRN_SHA256_SIZE);
	s = CAIRN_TPM_CALL(t, "TPM2_PolicyAuthorize",
			   Esys_PolicyAuthorize(t->esys, session->tr, ESYS_TR_NONE, ESYS_TR_NONE,
						ESYS_TR_NONE, &approved, &v->ref, &v->key, v->ticket));
	return s == CAIRN_E_TPM && cairn_tpm_rc(t) == TPM2_RC_VALUE ? CAIRN_E_TPM_POLICY : s;
}

static enum cairn_status take_secret(struct cairn_tpm *t, const struct cairn_tpm_handle *object,
				     const struct cairn_tpm_handle *session, struct cairn_buf *secret)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_Unseal",
			   Esys_Unseal(t->esys, object->tr, session->tr, ESYS_TR_NONE, ESYS_TR_NONE, &data));

	if (s != CAIRN_OK)
		return s;
	cairn_buf_add(secret, cairn_span(data->buffer, data->size));
	explicit_bzero(data, sizeof(*data));
	Esys_Free(data);
	return cairn_buf_status(secret);
}

/* One try, from the SRK on. The SRK goes as soon as the object is there. */
static enum cairn_status unseal(struct cairn_tpm *t, const struct cairn_sealed *blob,
				const struct cairn_approval *a, struct cairn_buf *secret)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle srk = cairn_tpm_handle(t), session = cairn_tpm_handle(t),
						  object = cairn_tpm_handle(t);
	struct cairn_name srk_name;
	struct verified v = {0};
	enum cairn_status s = load_srk(t, &srk, &srk_name);

	if (s == CAIRN_OK && !cairn_name_equal(&srk_name, &blob->srk_name))
		s = CAIRN_E_MISMATCH;
	if (s == CAIRN_OK)
		s = start_session(t, &srk, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, &session);
	if (s == CAIRN_OK)
		s = load_object(t, &srk, blob, &object);
	cairn_tpm_handle_fini(&srk);
	if (s == CAIRN_OK)
		s = verify_approval(t, blob, a, &v);
	if (s == CAIRN_OK)
		s = run_policy(t, &session, a, &v);
	if (s == CAIRN_OK)
		s = take_secret(t, &object, &session, secret);
	Esys_Free(v.ticket);
	return s;
}

/* PCR_CHANGED says that a PCR moved between the policy and its use: which one it was does not matter, so once
 * more. */
enum cairn_status cairn_tpm_unseal(struct cairn_tpm *t, const struct cairn_sealed *blob,
				   const struct cairn_approval *approval, struct cairn_buf *secret)
{
	enum cairn_status s = cairn_approval_check_pcrs(&approval->values, approval->mask, NULL);

	if (s == CAIRN_OK)
		s = cairn_sealed_check(blob);
	if (s == CAIRN_OK && !cairn_key_same(blob->key, approval->key))
		s = CAIRN_E_UNTRUSTED;
	if (s != CAIRN_OK)
		return s;
	t->rc = TSS2_RC_SUCCESS;
	s = unseal(t, blob, approval, secret);
	if (s == CAIRN_E_TPM_POLICY && cairn_tpm_rc(t) == TPM2_RC_PCR_CHANGED)
		s = unseal(t, blob, approval, secret);
	return s;
}
