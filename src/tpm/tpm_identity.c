/* Who this TPM is: EK, its certificate, AK, and the answer to a MakeCredential challenge. */
#include "tpm/tpm_internal.h"

#include <string.h>

#include "keys/template.h"

/* The RSA-2048 certificate: TCG EK Credential Profile 2.5, 2.2.1.4 (low range). The key: TCG Registry of
 * Reserved TPM 2.0 Handles and Localities 1.1. */
#define EK_CERT_INDEX	 0x01c00002
#define EK_HANDLE	 0x81010001
#define EK_CERT_SIZE_MAX 8192
#define NV_CHUNK_MAX	 1024
#define AK_UNIQUE	 "cairn-ak1" /* the number is the generation: another one yields another key */

/* ---- keys ---- */

static bool is_ek(const TPM2B_PUBLIC *pub)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_ekpub ek;

	return cairn_tpm_public_add(&b, pub) == CAIRN_OK &&
	       cairn_ekpub_parse(&ek, cairn_buf_span(&b)) == CAIRN_OK;
}

/* The key at the EK's handle if there is one and it is of the template; else out->tr stays ESYS_TR_NONE. */
static enum cairn_status persistent_ek(struct cairn_tpm *t, struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub)
{
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_ReadPublic",
	    Esys_TR_FromTPMPublic(t->esys, EK_HANDLE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &out->tr));

	if (s == CAIRN_E_TPM && cairn_tpm_rc(t) == TPM2_RC_HANDLE)
		return CAIRN_OK;
	if (s != CAIRN_OK)
		return s;
	out->persistent = true;
	s = CAIRN_TPM_CALL(
	    t, "TPM2_ReadPublic",
	    Esys_ReadPublic(t->esys, out->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, pub, NULL, NULL));
	if (s == CAIRN_OK && !is_ek(*pub)) {
		cairn_tpm_handle_fini(out);
		Esys_Free(*pub);
		*pub = NULL;
		out->persistent = false;
	}
	return s;
}

static enum cairn_status load_ek(struct cairn_tpm *t, struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub)
{
	cairn_auto_buf struct cairn_buf head = {0};
	uint8_t unique[2 + CAIRN_EK_MODULUS] = {CAIRN_EK_MODULUS >> 8, CAIRN_EK_MODULUS & 0xff};
	TPM2B_PUBLIC template;
	enum cairn_status s = persistent_ek(t, out, pub);

	if (s != CAIRN_OK || out->tr != ESYS_TR_NONE)
		return s;
	cairn_template_ek(&head);
	s = cairn_tpm_template(&template, &head, cairn_span(unique, sizeof(unique)));
	if (s != CAIRN_OK)
		return s;
	return cairn_tpm_primary(t, ESYS_TR_RH_ENDORSEMENT, &template, out, pub);
}

enum cairn_status cairn_tpm_ak(struct cairn_tpm *t, struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub)
{
	cairn_auto_buf struct cairn_buf head = {0}, unique = {0};
	TPM2B_PUBLIC template;

	cairn_buf_add_u16be(&unique, sizeof(AK_UNIQUE) - 1);
	cairn_buf_add_str(&unique, AK_UNIQUE);
	cairn_buf_add_u16be(&unique, 0);
	if (unique.failed)
		return CAIRN_E_NOMEM;
	cairn_template_ak(&head);
	enum cairn_status s = cairn_tpm_template(&template, &head, cairn_buf_span(&unique));
	if (s != CAIRN_OK)
		return s;
	return cairn_tpm_primary(t, ESYS_TR_RH_ENDORSEMENT, &template, out, pub);
}

/* ---- certificate ---- */

static enum cairn_status nv_chunk_size(struct cairn_tpm *t, uint16_t *out)
{
	uint32_t max = 0;
	enum cairn_status s = cairn_tpm_property(t, TPM2_PT_NV_BUFFER_MAX, &max, 1);

	if (s == CAIRN_OK)
		*out = (uint16_t)(max < NV_CHUNK_MAX ? max : NV_CHUNK_MAX);
	return s == CAIRN_OK && max == 0 ? CAIRN_E_UNSUPPORTED : s;
}

static enum cairn_status nv_read(struct cairn_tpm *t, ESYS_TR auth, ESYS_TR index, uint16_t size,
				 struct cairn_buf *out)
{
	uint16_t chunk = 0, off = 0;
	enum cairn_status s = nv_chunk_size(t, &chunk);

	while (s == CAIRN_OK && off < size) {
		CAIRN_AUTO_ESYS TPM2B_MAX_NV_BUFFER *data = NULL;
		uint16_t want = (uint16_t)(size - off) < chunk ? (uint16_t)(size - off) : chunk;

		s = CAIRN_TPM_CALL(t, "TPM2_NV_Read",
				   Esys_NV_Read(t->esys, auth, index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
						ESYS_TR_NONE, want, off, &data));
		if (s != CAIRN_OK)
			return s;
		if (data->size != want)
			return CAIRN_E_TPM;
		cairn_buf_add(out, cairn_span(data->buffer, data->size));
		off = (uint16_t)(off + want);
		s = cairn_buf_status(out);
	}
	return s;
}

/* The whole index; nothing where there is none. */
static enum cairn_status read_cert(struct cairn_tpm *t, struct cairn_buf *out)
{
	struct cairn_tpm_handle nv = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_NV_PUBLIC *pub = NULL;
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_NV_ReadPublic",
	    Esys_TR_FromTPMPublic(t->esys, EK_CERT_INDEX, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv.tr));

	if (s == CAIRN_E_TPM && cairn_tpm_rc(t) == TPM2_RC_HANDLE)
		return CAIRN_OK;
	if (s != CAIRN_OK)
		return s;
	s = CAIRN_TPM_CALL(
	    t, "TPM2_NV_ReadPublic",
	    Esys_NV_ReadPublic(t->esys, nv.tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub, NULL));
	if (s == CAIRN_OK && pub->nvPublic.dataSize > EK_CERT_SIZE_MAX)
		s = CAIRN_E_LIMIT;
	if (s == CAIRN_OK) {
		bool by_itself = (pub->nvPublic.attributes & TPMA_NV_AUTHREAD) != 0;

		s = nv_read(t, by_itself ? nv.tr : ESYS_TR_RH_OWNER, nv.tr, pub->nvPublic.dataSize, out);
	}
	Esys_TR_Close(t->esys, &nv.tr);
	return s;
}

/* ---- identity ---- */

static enum cairn_status describe_ek(struct cairn_tpm *t, struct cairn_tpm_identity *id)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ek = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_PUBLIC *pub = NULL;
	struct cairn_ekpub parsed;
	enum cairn_status s = load_ek(t, &ek, &pub);

	if (s == CAIRN_OK)
		s = cairn_tpm_public_add(&id->ek_public, pub);
	if (s == CAIRN_OK)
		s = cairn_ekpub_parse(&parsed, cairn_buf_span(&id->ek_public));
	if (s == CAIRN_OK)
		id->host_id = parsed.host_id;
	return s;
}

static enum cairn_status describe_ak(struct cairn_tpm *t, struct cairn_tpm_identity *id)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_PUBLIC *pub = NULL;
	struct cairn_akpub parsed;
	enum cairn_status s = cairn_tpm_ak(t, &ak, &pub);

	if (s == CAIRN_OK)
		s = cairn_tpm_public_add(&id->ak_public, pub);
	if (s == CAIRN_OK)
		s = cairn_akpub_parse(&parsed, cairn_buf_span(&id->ak_public));
	if (s == CAIRN_OK)
		id->ak_name = parsed.name;
	return s;
}

enum cairn_status cairn_tpm_identity(struct cairn_tpm *t, struct cairn_tpm_identity *out)
{
	struct cairn_tpm_identity id = {0};
	enum cairn_status s = describe_ek(t, &id);

	if (s == CAIRN_OK)
		s = read_cert(t, &id.ek_cert);
	if (s == CAIRN_OK)
		s = describe_ak(t, &id);
	if (s == CAIRN_OK)
		*out = id;
	else
		cairn_tpm_identity_fini(&id);
	return s;
}

void cairn_tpm_identity_fini(struct cairn_tpm_identity *id)
{
	cairn_buf_fini(&id->ek_public);
	cairn_buf_fini(&id->ek_cert);
	cairn_buf_fini(&id->ak_public);
}

/* ---- challenge ---- */

struct challenge {
	TPM2B_ID_OBJECT blob;
	TPM2B_ENCRYPTED_SECRET secret;
};

/* One TPM2B that is all of the input. */
static enum cairn_status take_tpm2b(struct cairn_span in, UINT16 *size, uint8_t *out, size_t max)
{
	struct cairn_cur c = cairn_cur(in);
	uint16_t len = cairn_cur_u16be(&c);
	struct cairn_span body = cairn_cur_bytes(&c, len);
	enum cairn_status s = cairn_cur_end(&c);

	if (s != CAIRN_OK)
		return s;
	if (len == 0 || len > max)
		return CAIRN_E_MALFORMED;
	*size = len;
	memcpy(out, body.ptr, len);
	return CAIRN_OK;
}

/* A session in which the owner of the endorsement hierarchy has spoken: the policy of the EK. */
static enum cairn_status ek_session(struct cairn_tpm *t, struct cairn_tpm_handle *out)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_StartAuthSession",
	    Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				  ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &out->tr));

	if (s != CAIRN_OK)
		return s;
	return CAIRN_TPM_CALL(t, "TPM2_PolicySecret",
			      Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, out->tr, ESYS_TR_PASSWORD,
						ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL));
}

/* The codes for a challenge that is for another AK (INTEGRITY) or EK: part 3, 12.5.2. libtpms answers FAILURE
 * where RSA does not decrypt; a TPM that is in failure mode would not have got this far. */
static bool not_for_us(TSS2_RC rc)
{
	return rc == TPM2_RC_INTEGRITY || rc == TPM2_RC_SIZE || rc == TPM2_RC_VALUE || rc == TPM2_RC_FAILURE;
}

static enum cairn_status activate(struct cairn_tpm *t, const struct cairn_tpm_handle *ak,
				  const struct cairn_tpm_handle *ek, const struct challenge *c,
				  struct cairn_buf *out)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle session = cairn_tpm_handle(t);
	TPM2B_DIGEST *credential = NULL;
	enum cairn_status s = ek_session(t, &session);

	if (s != CAIRN_OK)
		return s;
	s = CAIRN_TPM_CALL(t, "TPM2_ActivateCredential",
			   Esys_ActivateCredential(t->esys, ak->tr, ek->tr, ESYS_TR_PASSWORD, session.tr,
						   ESYS_TR_NONE, &c->blob, &c->secret, &credential));
	if (s == CAIRN_E_TPM && not_for_us(cairn_tpm_rc(t)))
		return CAIRN_E_TPM_POLICY;
	if (s != CAIRN_OK)
		return s;
	cairn_buf_add(out, cairn_span(credential->buffer, credential->size));
	explicit_bzero(credential, sizeof(*credential));
	Esys_Free(credential);
	return cairn_buf_status(out);
}

enum cairn_status cairn_tpm_activate(struct cairn_tpm *t, struct cairn_span id_object,
				     struct cairn_span secret, struct cairn_buf *out)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ek = cairn_tpm_handle(t), ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_PUBLIC *ek_pub = NULL;
	struct challenge c = {0};
	enum cairn_status s =
	    take_tpm2b(id_object, &c.blob.size, c.blob.credential, sizeof(c.blob.credential));

	if (s == CAIRN_OK)
		s = take_tpm2b(secret, &c.secret.size, c.secret.secret, sizeof(c.secret.secret));
	if (s == CAIRN_OK)
		s = load_ek(t, &ek, &ek_pub);
	if (s == CAIRN_OK)
		s = cairn_tpm_ak(t, &ak, NULL);
	return s == CAIRN_OK ? activate(t, &ak, &ek, &c, out) : s;
}
