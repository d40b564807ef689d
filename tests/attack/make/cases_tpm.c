/* What a real AK can be made to sign beside the quote that was asked for; quotes over other PCRs; nonces. */
#include "tests/attack/make/make.h"

#define REJECT(name, base, ids, text)                                                                        \
	&(const struct about)                                                                                \
	{                                                                                                    \
		name, base, "reject", "quote", ids, text                                                     \
	}
#define UNDECIDED(name, base, ids, text)                                                                     \
	&(const struct about)                                                                                \
	{                                                                                                    \
		name, base, "undecided", "quote", ids, text                                                  \
	}
#define TYPE_IDS      "GHSA-gwfg-w3jr-xh66,tpm2-tss-2026-07"
#define MAGIC_IDS     "CVE-2024-29038,CVE-2024-29040"
#define SELECTION_IDS "CVE-2022-0317,CVE-2024-29039"
#define NONCE_IDS     "CVE-2026-6420,Veraison#427,Veraison#447,cmcp#359"

/* ---- other structures ---- */

static const struct {
	const char *name, *ids, *text;
	rig_signs *make;
} structures[] = {
    {"certify", TYPE_IDS, "TPM2_Certify of the AK by itself, with the nonce, in the place of a quote",
     rig_certify},
    {"nv-certify", TYPE_IDS,
     "TPM2_NV_Certify of an index that holds what a good quote ends with, in the place of a quote",
     rig_nv_certify},
    {"nv-certify-overlay", TYPE_IDS,
     "TPM2_NV_Certify of an index that holds the right digest where a program that does not look at the type "
     "reads "
     "pcrDigest (the union of tpm2-tss), in the place of a quote",
     rig_nv_certify_overlay},
    {"get-time", TYPE_IDS, "TPM2_GetTime with the nonce, in the place of a quote", rig_time},
    {"session-audit", TYPE_IDS, "TPM2_GetSessionAuditDigest with the nonce, in the place of a quote",
     rig_session_audit},
    {"command-audit", TYPE_IDS, "TPM2_GetCommandAuditDigest with the nonce, in the place of a quote",
     rig_command_audit},
    {"certify-creation", TYPE_IDS, "TPM2_CertifyCreation with the nonce, in the place of a quote",
     rig_creation},
    {"magic-signed-by-ak", MAGIC_IDS,
     "a message that is a quote but for the first bit of the magic number, signed by the restricted AK "
     "(TPM2_Sign)",
     rig_wrong_magic},
};

void add_other_structures(struct corpus *c, struct makers *m)
{
	for (size_t i = 0; i < LENGTH(structures); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));

		structures[i].make(&m->alpha, &m->ak, &e);
		corpus_add(c, REJECT(structures[i].name, "p256", structures[i].ids, structures[i].text), &e);
	}
}

/* ---- selections: the host quotes something else than it was asked for ---- */

#define HALVES(first, second)                                                                                \
	{                                                                                                    \
		2,                                                                                           \
		{                                                                                            \
			{CAIRN_ALG_SHA256, first},                                                           \
			{                                                                                    \
				CAIRN_ALG_SHA256, second                                                     \
			}                                                                                    \
		}                                                                                            \
	}
static const struct {
	const char *name, *base, *text;
	bool values_too; /* and sends the values of what it quoted */
	struct selection s;
} quoted[] = {
    {"selection-empty", "p256", "quote over no PCR; the values asked for come with it", false, {0}},
    {"selection-empty-mask", "p256", "quote over no PCR of the SHA-256 bank; the values come with it", false,
     SHA256_OF(0)},
    {"selection-subset", "p256", "PCR 7 is not in the quote, but among the values", false,
     SHA256_OF(0x3ff & ~(1u << 7))},
    {"selection-subset-values", "p256", "PCR 7 is neither in the quote nor among the values", true,
     SHA256_OF(0x3ff & ~(1u << 7))},
    {"selection-one", "p256", "only PCR 0 is in the quote; all values come with it", false, SHA256_OF(1)},
    {"selection-superset", "p256", "PCR 12 is in the quote as well, but not among the values", false,
     SHA256_OF(0x3ff | 1u << 12)},
    {"selection-superset-values", "p256", "PCR 12 is in the quote and among the values, though not asked for",
     true, SHA256_OF(0x3ff | 1u << 12)},
    {"bank-other", "p256", "quote over the SHA-384 bank; the values are of the SHA-256 bank", false,
     ONE_BANK(CAIRN_ALG_SHA384, 0x3ff)},
    {"bank-other-values", "p256", "quote over the SHA-384 bank and its values, where SHA-256 was asked for",
     true, ONE_BANK(CAIRN_ALG_SHA384, 0x3ff)},
    {"bank-weak-values", "p256", "quote over the SHA-1 bank and its values, where SHA-256 was asked for",
     true, ONE_BANK(CAIRN_ALG_SHA1, 0x3ff)},
    {"bank-missing", "two-banks", "two banks were asked for, one is quoted", true, SHA256_OF(0x3ff)},
    {"bank-empty",
     "two-banks",
     "two banks were asked for, of the second no PCR is quoted",
     false,
     {2, {{CAIRN_ALG_SHA256, 0x3ff}, {CAIRN_ALG_SHA384, 0}}}},
    {"bank-twice", "p256", "the bank is in the quote twice, the second time without PCRs", false,
     HALVES(0x3ff, 0)},
    {"bank-halves-swapped", "p256", "the bank is in the quote in two halves, the second half first", false,
     HALVES(0x3e0, 0x01f)},
    {"bank-twice-same", "p256", "the bank is in the quote twice with the same PCRs", false,
     HALVES(0x3ff, 0x3ff)},
};

/* PCR 16 can be reset and extended by anybody: it was given what PCR 0 has. */
static void add_masquerade(struct corpus *c, struct makers *m)
{
	const struct selection asked = SHA256_OF(1u << 0), used = SHA256_OF(1u << 16);
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "one-pcr"));
	struct cairn_pcrs p = rig_read(&m->alpha);

	rig_quote(&m->alpha, &m->ak, &e, &used);
	evidence_values(&e, &asked, &p);
	corpus_add(
	    c,
	    REJECT("pcr16-as-pcr0", "one-pcr", "CVE-2024-29039",
		   "quote over PCR 16, which anybody can extend to the value of PCR 0; the value is sent "
		   "as that of PCR 0"),
	    &e);
	evidence_splice(&e, QUOTE, -(2 + 32 + 3 + 1), 3, cairn_span("\x01\0\0", 3));
	corpus_add(
	    c,
	    REJECT("pcr16-relabelled", "one-pcr", "CVE-2024-29039",
		   "the same with the selection in the quote written over: the signature is of other bytes"),
	    &e);
}

static void add_order(struct corpus *c, struct makers *m)
{
	const struct selection s = {2, {{CAIRN_ALG_SHA384, 0x3ff}, {CAIRN_ALG_SHA256, 0x3ff}}};
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "two-banks"));

	rig_quote(&m->alpha, &m->ak, &e, &s);
	corpus_add(c,
		   &(const struct about){
		       "bank-order", "two-banks", "any", "quote", SELECTION_IDS,
		       "two banks were asked for, and are quoted the other way round: the same PCRs, "
		       "nothing is hidden"},
		   &e);
}

void add_selections(struct corpus *c, struct makers *m)
{
	struct cairn_pcrs p = rig_read(&m->alpha);

	for (size_t i = 0; i < LENGTH(quoted); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, quoted[i].base));

		rig_quote(&m->alpha, &m->ak, &e, &quoted[i].s);
		if (quoted[i].values_too)
			evidence_values(&e, &quoted[i].s, &p);
		corpus_add(c, REJECT(quoted[i].name, quoted[i].base, SELECTION_IDS, quoted[i].text), &e);
	}
	add_order(c, m);
	add_masquerade(c, m);
}

/* ---- nonces ---- */

/* The nonce of the base with something done to it: what the TPM is given, while another was asked for. */
static void add_nonce(struct corpus *c, struct makers *m, const char *name, struct cairn_span given,
		      const char *text)
{
	const struct selection s = SHA256_OF(0x3ff);
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));
	cairn_auto_buf struct cairn_buf hex = {0}, asked = {0};

	cairn_buf_add(&asked, cairn_buf_span(&e.file[NONCE]));
	cairn_hex_encode(&hex, given);
	cairn_buf_add_str(&hex, "\n");
	evidence_put(&e, NONCE, cairn_buf_span(&hex));
	rig_quote(&m->alpha, &m->ak, &e, &s);
	evidence_put(&e, NONCE, cairn_buf_span(&asked));
	corpus_add(c, REJECT(name, "p256", NONCE_IDS, text), &e);
}

static void add_changed_nonces(struct corpus *c, struct makers *m)
{
	cairn_auto_buf struct cairn_buf n = {0};

	evidence_nonce(&n, corpus_get(c, "p256"));
	add_nonce(c, m, "nonce-prefix", cairn_span(n.ptr, 8), "extraData is the first 8 bytes of the nonce");
	add_nonce(c, m, "nonce-short", cairn_span(n.ptr, n.len - 1), "extraData lacks the nonce's last byte");
	cairn_buf_add_u8(&n, 0);
	add_nonce(c, m, "nonce-longer", cairn_buf_span(&n), "extraData is the nonce and a byte 00");
	n.ptr[n.len - 2] ^= 1;
	add_nonce(c, m, "nonce-last-bit", cairn_span(n.ptr, n.len - 1),
		  "extraData differs from the nonce in its last bit");
	n.ptr[n.len - 2] ^= 1;
	n.ptr[0] ^= 0x80;
	add_nonce(c, m, "nonce-first-bit", cairn_span(n.ptr, n.len - 1),
		  "extraData differs from the nonce in its first bit");
	n.ptr[0] ^= 0x80;
	memset(n.ptr, 0, n.len);
	add_nonce(c, m, "nonce-zeros", cairn_span(n.ptr, n.len - 1),
		  "extraData is as long as the nonce, all 00");
}

void add_nonces(struct corpus *c, struct makers *m)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));

	evidence_new_nonce(&e, 32);
	corpus_add(c, REJECT("nonce-reused", "p256", NONCE_IDS, "old quote, new nonce: replayed evidence"),
		   &e);
	add_changed_nonces(c, m);

	auto_evidence struct evidence nil = evidence_copy(corpus_get(c, "p256"));
	rig_no_nonce(&m->alpha, &m->ak, &nil);
	corpus_add(c, REJECT("nonce-none", "p256", NONCE_IDS, "quote made without a nonce"), &nil);
	evidence_put(&nil, NONCE, cairn_span_str("\n"));
	corpus_add(c,
		   UNDECIDED("nonce-empty", "p256", "kairos#4828,CVE-2026-6420",
			     "nobody asked for anything: the nonce is empty, and so is extraData"),
		   &nil);
	evidence_drop(&nil, NONCE);
	corpus_add(c,
		   UNDECIDED("nonce-nil", "p256", "kairos#4828,CVE-2026-6420",
			     "the verifier has no nonce, and extraData is empty"),
		   &nil);
	auto_evidence struct evidence absent = evidence_copy(corpus_get(c, "p256"));
	evidence_drop(&absent, NONCE);
	corpus_add(c,
		   UNDECIDED("nonce-absent", "p256", "kairos#4828,CVE-2026-6420",
			     "the verifier has no nonce: a good quote of any time"),
		   &absent);
}
