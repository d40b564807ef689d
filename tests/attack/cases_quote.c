/* Attacks on the quote: whatever else the AK can be made to sign, other selections, other hosts, used nonces,
 * and changes on the way. */
#include "tests/attack/attack.h"

#include <string.h>

#define NV_INDEX 0x01800c41

/* ---- what a TPM can be made to sign ---------------------------------------------------------------------
 */

static void take(struct cairn_buf *attest, struct cairn_buf *signature, const TPM2B_ATTEST *a,
		 const TPMT_SIGNATURE *sig)
{
	uint8_t bytes[sizeof(*sig) + 2];
	size_t off = 0;

	MUST(Tss2_MU_TPMT_SIGNATURE_Marshal(sig, bytes, sizeof(bytes), &off) == TSS2_RC_SUCCESS);
	cairn_buf_add(attest, cairn_span(a->attestationData, a->size));
	cairn_buf_add(signature, cairn_span(bytes, off));
}

static TPM2B_DATA data_of(struct cairn_span extra)
{
	TPM2B_DATA d = {.size = (UINT16)extra.len};

	memcpy(d.buffer, extra.ptr, extra.len);
	return d;
}

static const TPMT_SIG_SCHEME of_the_key = {.scheme = TPM2_ALG_NULL};

static void quote_over(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
		       struct cairn_buf *signature, const TPML_PCR_SELECTION *sel)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_ATTEST *a = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	const TPM2B_DATA data = data_of(extra);

	MUST_OK(cairn_tpm_ak(t, &ak, NULL));
	MUST(Esys_Quote(t->esys, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &of_the_key, sel,
			&a, &sig) == TSS2_RC_SUCCESS);
	take(attest, signature, a, sig);
}

#define QUOTE(name, ...)                                                                                     \
	static void name(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,             \
			 struct cairn_buf *signature)                                                        \
	{                                                                                                    \
		TPML_PCR_SELECTION sel = {0};                                                                \
		__VA_ARGS__                                                                                  \
		quote_over(t, extra, attest, signature, &sel);                                               \
	}

#define GOOD CAIRN_APPRAISAL_PCRS
QUOTE(q_empty, )
QUOTE(q_subset, sel = cairn_tpm_selection(CAIRN_ALG_SHA256, GOOD & ~(1u << 12));)
QUOTE(q_more, sel = cairn_tpm_selection(CAIRN_ALG_SHA256, GOOD | 1u << 10);)
/* PCR 23 holds zeros, as 13 does: the digest is that of a good quote. */
QUOTE(q_masquerade, sel = cairn_tpm_selection(CAIRN_ALG_SHA256, (GOOD & ~(1u << 13)) | 1u << 23);)
QUOTE(q_other_bank, sel = cairn_tpm_selection(CAIRN_ALG_SHA384, GOOD);)
QUOTE(q_two_banks, sel = cairn_tpm_selection(CAIRN_ALG_SHA256, GOOD);
      TPML_PCR_SELECTION more = cairn_tpm_selection(CAIRN_ALG_SHA384, GOOD);
      sel.pcrSelections[sel.count++] = more.pcrSelections[0];)
QUOTE(q_bank_in_halves, sel = cairn_tpm_selection(CAIRN_ALG_SHA256, 0x3ff);
      TPML_PCR_SELECTION more = cairn_tpm_selection(CAIRN_ALG_SHA256, GOOD & ~0x3ffu);
      sel.pcrSelections[sel.count++] = more.pcrSelections[0];)

/* A restricted key signs any message that the TPM has hashed, as long as it does not begin with the magic
 * number: so this is the AK's own signature over a quote in everything but that. */
static void q_wrong_magic(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
			  struct cairn_buf *signature)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_DIGEST *digest = NULL;
	CAIRN_AUTO_ESYS TPMT_TK_HASHCHECK *ticket = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	cairn_auto_buf struct cairn_buf good = {0}, unused = {0};
	TPM2B_MAX_BUFFER m = {0};
	TPM2B_ATTEST a = {0};

	quote_genuine(t, extra, &good, &unused);
	good.ptr[0] ^= 0x80;
	memcpy(m.buffer, good.ptr, good.len);
	memcpy(a.attestationData, good.ptr, good.len);
	m.size = a.size = (UINT16)good.len;
	MUST_OK(cairn_tpm_ak(t, &ak, NULL));
	MUST(Esys_Hash(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &m, TPM2_ALG_SHA256,
		       ESYS_TR_RH_ENDORSEMENT, &digest, &ticket) == TSS2_RC_SUCCESS);
	MUST(Esys_Sign(t->esys, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, digest, &of_the_key,
		       ticket, &sig) == TSS2_RC_SUCCESS);
	take(attest, signature, &a, sig);
}

/* An NV index that holds what a good quote ends with, certified by the AK. */
static void q_nv_certify(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
			 struct cairn_buf *signature)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_ATTEST *a = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	cairn_auto_buf struct cairn_buf good = {0}, unused = {0};
	const TPM2B_DATA data = data_of(extra);
	const uint16_t size = 4 + 2 + 1 + 3 + 2 + 32; /* TPMS_QUOTE_INFO */
	TPM2B_AUTH auth = {0};
	TPM2B_MAX_NV_BUFFER content = {.size = size};
	TPM2B_NV_PUBLIC pub = {
	    .nvPublic = {.nvIndex = NV_INDEX,
			 .nameAlg = TPM2_ALG_SHA256,
			 .attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA,
			 .dataSize = size}};
	ESYS_TR nv = ESYS_TR_NONE;

	quote_genuine(t, extra, &good, &unused);
	memcpy(content.buffer, good.ptr + good.len - size, size);
	MUST_OK(cairn_tpm_ak(t, &ak, NULL));
	MUST(Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				 &auth, &pub, &nv) == TSS2_RC_SUCCESS);
	MUST(Esys_NV_Write(t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &content, 0) ==
	     TSS2_RC_SUCCESS);
	MUST(Esys_NV_Certify(t->esys, ak.tr, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data,
			     &of_the_key, size, 0, &a, &sig) == TSS2_RC_SUCCESS);
	take(attest, signature, a, sig);
	MUST(Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE) == TSS2_RC_SUCCESS);
}

static void q_certify(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
		      struct cairn_buf *signature)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_ATTEST *a = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	const TPM2B_DATA data = data_of(extra);

	MUST_OK(cairn_tpm_ak(t, &ak, NULL));
	MUST(Esys_Certify(t->esys, ak.tr, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data,
			  &of_the_key, &a, &sig) == TSS2_RC_SUCCESS);
	take(attest, signature, a, sig);
}

static void q_time(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
		   struct cairn_buf *signature)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_ATTEST *a = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	const TPM2B_DATA data = data_of(extra);

	MUST_OK(cairn_tpm_ak(t, &ak, NULL));
	MUST(Esys_GetTime(t->esys, ESYS_TR_RH_ENDORSEMENT, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
			  ESYS_TR_NONE, &data, &of_the_key, &a, &sig) == TSS2_RC_SUCCESS);
	take(attest, signature, a, sig);
}

/* A quote of what nobody asked for: the challenge left out. */
static void q_no_challenge(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
			   struct cairn_buf *signature)
{
	const TPML_PCR_SELECTION sel = cairn_tpm_selection(CAIRN_ALG_SHA256, GOOD);

	quote_over(t, cairn_span(extra.ptr, 0), attest, signature, &sel);
}

static void send_made(struct world *w, quote_maker *make)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.quote = make;
	plan_send(w, &p);
}

#define MADE(maker)                                                                                          \
	static void maker##_sent(struct world *w)                                                            \
	{                                                                                                    \
		send_made(w, maker);                                                                         \
	}
MADE(q_empty)
MADE(q_subset)
MADE(q_more)
MADE(q_masquerade)
MADE(q_other_bank)
MADE(q_two_banks)
MADE(q_bank_in_halves)
MADE(q_wrong_magic)
MADE(q_nv_certify)
MADE(q_certify)
MADE(q_time)
MADE(q_no_challenge)

/* ---- changes on the way ---------------------------------------------------------------------------------
 */

/* Sends genuine evidence with a member of the document replaced. */
static void send_with(struct world *w, const char *member, json_t *value)
{
	struct plan p = plan_genuine(w, &w->alpha);
	json_t *doc = plan_evidence(w, &p);

	MUST(json_object_set_new(doc, member, value) == 0);
	post(w, "/v1/evidence", doc);
}

/* Sends evidence made by `make` with bytes changed in one of its base64url members: at counts from the end if
 * < 0. */
static void send_patched(struct world *w, quote_maker *make, const char *member, long at,
			 struct cairn_span bytes)
{
	struct plan p = plan_genuine(w, &w->alpha);
	cairn_auto_buf struct cairn_buf b = {0};

	p.quote = make;
	json_t *doc = plan_evidence(w, &p);
	MUST_OK(cairn_json_get_b64(&b, doc, member));
	size_t off = at < 0 ? b.len - (size_t)-at : (size_t)at;
	MUST(off + bytes.len <= b.len);
	memcpy(b.ptr + off, bytes.ptr, bytes.len);
	MUST(json_object_set_new(doc, member, cairn_json_b64(cairn_buf_span(&b))) == 0);
	post(w, "/v1/evidence", doc);
}

/* The selection of a quote over PCR 23 is written over with the one that was asked for. */
static void relabelled(struct world *w)
{
	send_patched(w, q_masquerade, "quote", -(2 + 32 + 3), cairn_span("\xff\x3b\x00", 3));
}

static void relabelled_bank(struct world *w)
{
	send_patched(w, q_other_bank, "quote", -(2 + 32 + 3 + 1 + 2), cairn_span("\x00\x0b", 2));
}

static void clock_put_back(struct world *w)
{
	send_patched(w, quote_genuine, "quote", -(44 + 8 + 17), cairn_span("\0\0\0\0\0\0\0\0", 8));
}

static void other_scheme(struct world *w)
{
	send_patched(w, quote_genuine, "signature", 0, cairn_span("\x00\x14", 2)); /* RSASSA */
}

static void other_hash(struct world *w)
{
	send_patched(w, quote_genuine, "signature", 2, cairn_span("\x00\x0c", 2)); /* SHA-384 */
}

static void zero_signature(struct world *w)
{
	static const uint8_t zero[32];

	send_patched(w, quote_genuine, "signature", 6, cairn_span(zero, sizeof(zero)));
}

static void no_signature(struct world *w)
{
	send_with(w, "signature", json_string(""));
}

static void trailing_bytes(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *doc = plan_evidence(w, &p);

	MUST_OK(cairn_json_get_b64(&b, doc, "quote"));
	cairn_buf_add_u8(&b, 0);
	MUST(json_object_set_new(doc, "quote", cairn_json_b64(cairn_buf_span(&b))) == 0);
	post(w, "/v1/evidence", doc);
}

static void boot_log_left_out(struct world *w)
{
	send_with(w, "boot_log", json_string(""));
}

static void another_verifier(struct world *w)
{
	send_with(w, "verifier_kid", json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

/* ---- nonces ---------------------------------------------------------------------------------------------
 */

static void replayed(struct world *w)
{
	post(w, "/v1/evidence", json_incref(w->accepted));
}

static void replayed_after_restart(struct world *w)
{
	server_restart(w);
	post(w, "/v1/evidence", json_incref(w->accepted));
}

/* Old evidence with a nonce that was never used. */
static void spliced_nonce(struct world *w)
{
	char nonce[256];
	json_t *doc = json_copy(w->accepted);

	fresh_nonce(w, &w->alpha, nonce);
	MUST(json_object_set_new(doc, "nonce", json_string(nonce)) == 0);
	post(w, "/v1/evidence", doc);
}

static void nonce_of_another_host(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	fresh_nonce(w, &w->beta, p.nonce);
	plan_send(w, &p);
}

/* A nonce with its expiry put off, made anew with the logs and the quote. */
static void nonce_prolonged(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	cairn_auto_buf struct cairn_buf b = {0}, text = {0};

	MUST_OK(cairn_b64url_decode(&b, cairn_span_str(p.nonce)));
	b.ptr[1 + 32 + 8 + 3] ^= 1; /* expires */
	cairn_b64url_encode(&text, cairn_buf_span(&b));
	snprintf(p.nonce, sizeof(p.nonce), "%s", cairn_buf_str(&text));
	plan_send(w, &p);
}

static void nonce_of_zeros(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	memset(p.nonce, 'A', strlen(p.nonce));
	plan_send(w, &p);
}

/* A quote made now for the nonce that was used. */
static void used_nonce(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	snprintf(p.nonce, sizeof(p.nonce), "%s", json_string_value(json_object_get(w->accepted, "nonce")));
	plan_send(w, &p);
}

/* ---- hosts ----------------------------------------------------------------------------------------------
 */

static void another_tpm(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.signer = &w->beta;
	plan_send(w, &p);
}

static void evidence_under_another_name(struct world *w)
{
	struct plan p = plan_genuine(w, &w->beta);

	p.signer = &w->alpha; /* a good host vouches for another */
	plan_send(w, &p);
}

static void nobody(struct world *w)
{
	send_with(w, "host_id",
		  json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
}

const struct attack attacks_quote[] = {
    {"wrong magic, signed by the AK", q_wrong_magic_sent, 403, "bad-quote: magic"},
    {"NV_Certify in the place of a quote", q_nv_certify_sent, 403, "bad-quote: type"},
    {"Certify in the place of a quote", q_certify_sent, 403, "bad-quote: type"},
    {"GetTime in the place of a quote", q_time_sent, 403, "bad-quote: type"},
    {"quote without a challenge", q_no_challenge_sent, 403, "bad-quote: extraData"},
    {"selection empty", q_empty_sent, 403, "bad-quote: PCRs"},
    {"selection a subset", q_subset_sent, 403, "bad-quote: pcrSelect"},
    {"selection a superset", q_more_sent, 403, "bad-quote: pcrSelect"},
    {"PCR 23 in the place of PCR 13", q_masquerade_sent, 403, "bad-quote: pcrSelect"},
    {"PCR 23 relabelled as PCR 13", relabelled, 403, "bad-signature"},
    {"another bank", q_other_bank_sent, 403, "bad-quote: pcrSelect"},
    {"another bank relabelled", relabelled_bank, 403, "bad-signature"},
    {"two banks", q_two_banks_sent, 403, "bad-quote: pcrSelect"},
    {"one bank in two halves", q_bank_in_halves_sent, 403, "bad-quote: each bank once"},
    {"clock put back on the way", clock_put_back, 403, "bad-signature"},
    {"signature of another scheme", other_scheme, 403, "bad-quote: TPMT_SIGNATURE"},
    {"signature of another hash", other_hash, 403, "bad-quote: hash"},
    {"signature with r of zero", zero_signature, 403, "bad-signature"},
    {"no signature", no_signature, 403, "bad-quote: TPMT_SIGNATURE"},
    {"bytes behind the quote", trailing_bytes, 403, "bad-quote: TPMS_ATTEST"},
    {"boot log left out on the way", boot_log_left_out, 403, "bad-quote: extraData"},
    {"evidence for another verifier", another_verifier, 403, "other-verifier"},
    {"evidence replayed", replayed, 409, "stale-nonce"},
    {"evidence replayed after a restart of the server", replayed_after_restart, 409, "stale-nonce"},
    {"old evidence with a fresh nonce", spliced_nonce, 403, "bad-quote: extraData"},
    {"fresh quote for a used nonce", used_nonce, 409, "stale-nonce"},
    {"nonce of another host", nonce_of_another_host, 403, "bad-nonce"},
    {"nonce with its expiry put off", nonce_prolonged, 403, "bad-nonce"},
    {"nonce of zeros", nonce_of_zeros, 403, "bad-nonce"},
    {"quote by another host's TPM", another_tpm, 403, "bad-quote: qualifiedSigner"},
    {"a good host vouches for another", evidence_under_another_name, 403, "bad-quote: qualifiedSigner"},
    {"evidence of a host that is not enrolled", nobody, 404, "unknown-host"},
    {NULL, NULL, 0, NULL},
};
