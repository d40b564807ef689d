/* What a real TPM (swtpm) can be made to sign. */
#include "tests/attack/make/make.h"

#define NV_INDEX 0x01800c41

static const TPMT_SIG_SCHEME of_the_key = {.scheme = TPM2_ALG_NULL};
static const TPM2B_SENSITIVE_CREATE no_auth;
static const TPM2B_DATA no_data;
static const TPML_PCR_SELECTION no_pcrs;

void rig_start(struct rig *r)
{
	MUST(swtpm_start_bare(&r->tpm) == 0);
	r->t = tpmuse_open(&r->tpm);
}

void rig_stop(struct rig *r)
{
	cairn_tpm_close(r->t);
	swtpm_stop(&r->tpm);
}

void rig_extend(struct rig *r, unsigned pcr, const struct cairn_digest *d, size_t count)
{
	TPML_DIGEST_VALUES v = {.count = (UINT32)count};

	for (size_t i = 0; i < count; i++) {
		v.digests[i].hashAlg = (UINT16)d[i].alg;
		memcpy(&v.digests[i].digest, d[i].bytes, cairn_alg_size(d[i].alg));
	}
	MUST(Esys_PCR_Extend(r->t->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			     &v) == TSS2_RC_SUCCESS);
}

void rig_boot(struct rig *r, struct cairn_span bytes)
{
	struct cairn_eventlog log;
	struct cairn_event ev;

	MUST_OK(cairn_eventlog_open(&log, bytes));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_digest d[CAIRN_BANK_MAX] = {0};

		if (ev.type == CAIRN_EV_NO_ACTION)
			continue;
		for (size_t i = 0; i < ev.count; i++)
			MUST_OK(cairn_event_digest_get(&d[i], &ev, ev.digest[i].alg));
		rig_extend(r, ev.pcr, d, ev.count);
	}
}

struct cairn_pcrs rig_read(struct rig *r)
{
	struct cairn_pcrs p = {0};

	MUST_OK(cairn_tpm_pcrs_read(r->t, 0xffffff, &p));
	return p;
}

/* ---- keys ---- */

static void set_ecc(TPMT_PUBLIC *p, TPM2_ECC_CURVE curve, TPM2_ALG_ID scheme, TPM2_ALG_ID hash)
{
	p->type = TPM2_ALG_ECC;
	p->parameters.eccDetail = (TPMS_ECC_PARMS){
	    .symmetric.algorithm = TPM2_ALG_NULL,
	    .scheme = {.scheme = scheme, .details.ecdsa.hashAlg = hash},
	    .curveID = curve,
	    .kdf.scheme = TPM2_ALG_NULL,
	};
}

static void set_rsa(TPMT_PUBLIC *p, TPM2_ALG_ID scheme, TPM2_ALG_ID hash)
{
	p->type = TPM2_ALG_RSA;
	p->parameters.rsaDetail = (TPMS_RSA_PARMS){
	    .symmetric.algorithm = TPM2_ALG_NULL,
	    .scheme = {.scheme = scheme, .details.rsassa.hashAlg = hash},
	    .keyBits = 2048,
	};
}

struct tpm_key rig_key(struct rig *r, const char *kind, TPM2_ALG_ID scheme, TPM2_ALG_ID hash,
		       TPMA_OBJECT attributes)
{
	TPM2B_PUBLIC in = {
	    .publicArea = {.nameAlg = TPM2_ALG_SHA256, .objectAttributes = attributes},
	};
	struct tpm_key k = {.tr = ESYS_TR_NONE};

	if (strcmp(kind, "RSA") == 0)
		set_rsa(&in.publicArea, scheme, hash);
	else
		set_ecc(&in.publicArea, strcmp(kind, "P-256") == 0 ? TPM2_ECC_NIST_P256 : TPM2_ECC_NIST_P384,
			scheme, hash);
	MUST(Esys_CreatePrimary(r->t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &no_auth, &in, &no_data, &no_pcrs, &k.tr, &k.pub, NULL, NULL,
				NULL) == TSS2_RC_SUCCESS);
	return k;
}

void rig_forget(struct rig *r, struct tpm_key *k)
{
	MUST(Esys_FlushContext(r->t->esys, k->tr) == TSS2_RC_SUCCESS);
	Esys_Free(k->pub);
}

static void put_ak(struct evidence *e, const struct tpm_key *k)
{
	uint8_t bytes[sizeof(TPM2B_PUBLIC)];
	size_t off = 0;

	MUST(Tss2_MU_TPMT_PUBLIC_Marshal(&k->pub->publicArea, bytes, sizeof bytes, &off) == TSS2_RC_SUCCESS);
	evidence_ak(e, cairn_span(bytes, off), NULL);
}

/* ---- signed structures ---- */

static void take(struct evidence *e, TPM2B_ATTEST *a, TPMT_SIGNATURE *sig)
{
	uint8_t bytes[sizeof(*sig) + 2];
	size_t off = 0;

	MUST(Tss2_MU_TPMT_SIGNATURE_Marshal(sig, bytes, sizeof bytes, &off) == TSS2_RC_SUCCESS);
	evidence_put(e, QUOTE, cairn_span(a->attestationData, a->size));
	evidence_put(e, SIGNATURE, cairn_span(bytes, off));
	Esys_Free(a);
	Esys_Free(sig);
}

static TPM2B_DATA asked(const struct evidence *e)
{
	cairn_auto_buf struct cairn_buf nonce = {0};
	TPM2B_DATA d = {0};

	evidence_nonce(&nonce, e);
	MUST(nonce.len <= sizeof d.buffer);
	d.size = (UINT16)nonce.len;
	if (nonce.len > 0)
		memcpy(d.buffer, nonce.ptr, nonce.len);
	return d;
}

static void quote(struct rig *r, const struct tpm_key *k, struct evidence *e, const struct selection *s,
		  const TPM2B_DATA *extra)
{
	TPML_PCR_SELECTION sel = {0};
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	for (size_t i = 0; i < s->count; i++) {
		TPML_PCR_SELECTION one = cairn_tpm_selection(s->bank[i].alg, s->bank[i].mask);

		sel.pcrSelections[sel.count++] = one.pcrSelections[0];
	}
	MUST(Esys_Quote(r->t->esys, k->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, extra, &of_the_key,
			&sel, &a, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
}

void rig_quote(struct rig *r, const struct tpm_key *k, struct evidence *e, const struct selection *s)
{
	TPM2B_DATA extra = asked(e);

	quote(r, k, e, s, &extra);
}

struct evidence rig_evidence(struct rig *r, const struct tpm_key *k, const struct selection *s)
{
	struct cairn_pcrs p = rig_read(r);
	struct evidence e = {0};

	put_ak(&e, k);
	evidence_new_nonce(&e, 32);
	rig_quote(r, k, &e, s);
	evidence_ask(&e, s);
	evidence_values(&e, s, &p);
	return e;
}

void rig_no_nonce(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const struct selection s = SHA256_OF(0x3ff);

	quote(r, k, e, &s, &no_data);
}

void rig_certify(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const TPM2B_DATA extra = asked(e);
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	MUST(Esys_Certify(r->t->esys, k->tr, k->tr, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &extra,
			  &of_the_key, &a, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
}

void rig_time(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const TPM2B_DATA extra = asked(e);
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	MUST(Esys_GetTime(r->t->esys, ESYS_TR_RH_ENDORSEMENT, k->tr, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
			  ESYS_TR_NONE, &extra, &of_the_key, &a, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
}

void rig_command_audit(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const TPM2B_DATA extra = asked(e);
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	MUST(Esys_GetCommandAuditDigest(r->t->esys, ESYS_TR_RH_ENDORSEMENT, k->tr, ESYS_TR_PASSWORD,
					ESYS_TR_PASSWORD, ESYS_TR_NONE, &extra, &of_the_key, &a,
					&sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
}

void rig_session_audit(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const TPM2B_DATA extra = asked(e);
	const TPMT_SYM_DEF sym = {.algorithm = TPM2_ALG_NULL};
	ESYS_TR session = ESYS_TR_NONE;
	TPM2B_DIGEST *random = NULL;
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	MUST(Esys_StartAuthSession(r->t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				   ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &sym, TPM2_ALG_SHA256,
				   &session) == TSS2_RC_SUCCESS);
	MUST(Esys_TRSess_SetAttributes(r->t->esys, session, TPMA_SESSION_AUDIT | TPMA_SESSION_CONTINUESESSION,
				       0xff) == TSS2_RC_SUCCESS);
	MUST(Esys_GetRandom(r->t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, 8, &random) == TSS2_RC_SUCCESS);
	MUST(Esys_GetSessionAuditDigest(r->t->esys, ESYS_TR_RH_ENDORSEMENT, k->tr, session, ESYS_TR_PASSWORD,
					ESYS_TR_PASSWORD, ESYS_TR_NONE, &extra, &of_the_key, &a,
					&sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
	Esys_Free(random);
	MUST(Esys_FlushContext(r->t->esys, session) == TSS2_RC_SUCCESS);
}

void rig_creation(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	TPM2B_PUBLIC in = *k->pub;
	const TPM2B_DATA extra = asked(e);
	ESYS_TR made = ESYS_TR_NONE;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	in.publicArea.unique.ecc = (TPMS_ECC_POINT){0};
	MUST(Esys_CreatePrimary(r->t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &no_auth, &in, &no_data, &no_pcrs, &made, NULL, NULL, &hash,
				&ticket) == TSS2_RC_SUCCESS);
	MUST(Esys_CertifyCreation(r->t->esys, k->tr, made, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				  &extra, hash, &of_the_key, ticket, &a, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
	Esys_Free(hash);
	Esys_Free(ticket);
	MUST(Esys_FlushContext(r->t->esys, made) == TSS2_RC_SUCCESS);
}

/* An NV index with this content, certified by the AK. */
static void nv_certify(struct rig *r, const struct tpm_key *k, struct evidence *e, struct cairn_span holds)
{
	const TPM2B_DATA extra = asked(e);
	const uint16_t size = (uint16_t)holds.len;
	TPM2B_AUTH auth = {0};
	TPM2B_MAX_NV_BUFFER content = {.size = size};
	TPM2B_NV_PUBLIC pub = {
	    .nvPublic = {.nvIndex = NV_INDEX,
			 .nameAlg = TPM2_ALG_SHA256,
			 .attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA,
			 .dataSize = size}};
	ESYS_TR nv = ESYS_TR_NONE;
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *sig = NULL;

	memcpy(content.buffer, holds.ptr, size);
	MUST(Esys_NV_DefineSpace(r->t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				 &auth, &pub, &nv) == TSS2_RC_SUCCESS);
	MUST(Esys_NV_Write(r->t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &content, 0) ==
	     TSS2_RC_SUCCESS);
	MUST(Esys_NV_Certify(r->t->esys, k->tr, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			     &extra, &of_the_key, size, 0, &a, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
	MUST(Esys_NV_UndefineSpace(r->t->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE) == TSS2_RC_SUCCESS);
}

/* It holds what a good quote ends with: TPMS_QUOTE_INFO of one bank and SHA-256. */
void rig_nv_certify(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	cairn_auto_buf struct cairn_buf holds = {0};
	const size_t size = 4 + 2 + 1 + 3 + 2 + 32;

	MUST(e->file[QUOTE].len > size);
	cairn_buf_add(&holds, cairn_span(e->file[QUOTE].ptr + e->file[QUOTE].len - size, size));
	nv_certify(r, k, e, cairn_buf_span(&holds));
}

/* It holds the digest of a good quote where a reader that has not looked at the type finds pcrDigest: in the union
 * TPMU_ATTEST of tpm2-tss, as the compiler lays it out on a little-endian machine. */
void rig_nv_certify_overlay(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const size_t at =
	    offsetof(TPMS_QUOTE_INFO, pcrDigest) - offsetof(TPMS_NV_CERTIFY_INFO, nvContents.buffer);
	const struct cairn_buf *good = &e->file[QUOTE];
	uint8_t holds[sizeof(TPM2B_DIGEST) + sizeof(TPML_PCR_SELECTION)] = {0};

	MUST(at + 2 + 32 <= sizeof holds && good->len > 32);
	holds[at] = 32;
	memcpy(holds + at + 2, good->ptr + good->len - 32, 32);
	nv_certify(r, k, e, cairn_span(holds, at + 2 + 32));
}

/* A restricted key signs any message that the TPM has hashed and that does not begin with the magic number:
 * so this is the AK's own signature over a quote in everything but that. */
void rig_wrong_magic(struct rig *r, const struct tpm_key *k, struct evidence *e)
{
	const struct cairn_buf *good = &e->file[QUOTE];
	TPM2B_DIGEST *digest = NULL;
	TPMT_TK_HASHCHECK *ticket = NULL;
	TPMT_SIGNATURE *sig = NULL;
	TPM2B_MAX_BUFFER m = {.size = (UINT16)good->len};
	TPM2B_ATTEST *a = calloc(1, sizeof *a);

	MUST(a && good->len <= sizeof m.buffer);
	good->ptr[0] ^= 0x80;
	memcpy(m.buffer, good->ptr, good->len);
	memcpy(a->attestationData, good->ptr, good->len);
	a->size = m.size;
	MUST(Esys_Hash(r->t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &m, TPM2_ALG_SHA256,
		       ESYS_TR_RH_ENDORSEMENT, &digest, &ticket) == TSS2_RC_SUCCESS);
	MUST(Esys_Sign(r->t->esys, k->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, digest, &of_the_key,
		       ticket, &sig) == TSS2_RC_SUCCESS);
	take(e, a, sig);
	Esys_Free(digest);
	Esys_Free(ticket);
}
