/* Genuine evidence: what every verifier has to accept. A verifier that refuses all scores nothing. */
#include "tests/attack/make/make.h"

#define ACCEPT(name, base, concerns, text)                                                                   \
	&(const struct about)                                                                                \
	{                                                                                                    \
		name, base, "accept", concerns, "-", text                                                    \
	}

static void add_key(struct corpus *c, struct rig *r, const char *name, const char *kind, TPM2_ALG_ID scheme,
		    TPM2_ALG_ID hash, const char *text)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct tpm_key k = rig_key(r, kind, scheme, hash, RESTRICTED_AK);
	auto_evidence struct evidence e = rig_evidence(r, &k, &s);

	corpus_add(c, ACCEPT(name, NULL, "quote", text), &e);
	rig_forget(r, &k);
}

/* The base with a quote of the same AK over something else, and the boot log where there is one. */
static void add_selection(struct corpus *c, struct makers *m, const char *name, const char *base,
			  const struct selection *s, const char *text)
{
	auto_evidence struct evidence e = rig_evidence(&m->alpha, &m->ak, s);

	if (corpus_get(c, base)->has[BOOT_LOG])
		evidence_put(&e, BOOT_LOG, cairn_buf_span(&m->boot_log));
	corpus_add(c, ACCEPT(name, base, corpus_get(c, base)->has[BOOT_LOG] ? "both" : "quote", text), &e);
}

static void add_nonce(struct corpus *c, struct makers *m, const char *name, size_t len, const char *text)
{
	const struct selection s = SHA256_OF(0x3ff);
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));

	evidence_new_nonce(&e, len);
	rig_quote(&m->alpha, &m->ak, &e, &s);
	corpus_add(c, ACCEPT(name, "p256", "quote", text), &e);
}

static void add_log(struct corpus *c, const char *name, const char *base, enum file f, struct cairn_span log,
		    const char *text)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, base));

	evidence_put(&e, f, log);
	corpus_add(c, ACCEPT(name, base, "both", text), &e);
}

/* Unused space of a log area behind the last event. */
static void add_padded(struct corpus *c, const struct makers *m, const char *name, uint8_t byte,
		       const char *text)
{
	cairn_auto_buf struct cairn_buf log = {0};

	cairn_buf_add(&log, cairn_buf_span(&m->boot_log));
	for (int i = 0; i < 256; i++)
		cairn_buf_add_u8(&log, byte);
	add_log(c, name, "p256-log", BOOT_LOG, cairn_buf_span(&log), text);
}

static void add_software(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct cairn_pcrs p = rig_read(&m->alpha);
	auto_evidence struct evidence e = soft_evidence(&m->soft, &s, &p);

	corpus_add(
	    c,
	    ACCEPT("soft", NULL, "quote",
		   "good quote by a key that only looks like an AK: that it does not live in a TPM is for "
		   "enrolment to find out; base of cases that no TPM would sign"),
	    &e);
	add_log(c, "soft-log", "soft", BOOT_LOG, cairn_buf_span(&m->boot_log), "the same with its boot log");
}

void add_controls(struct corpus *c, struct makers *m)
{
	const struct selection usual = SHA256_OF(0x3ff), other = ONE_BANK(CAIRN_ALG_SHA384, 0x3ff);
	const struct selection both = {2, {{CAIRN_ALG_SHA256, 0x3ff}, {CAIRN_ALG_SHA384, 0x3ff}}};
	auto_evidence struct evidence e = rig_evidence(&m->alpha, &m->ak, &usual);

	corpus_add(c, ACCEPT("p256", NULL, "quote", "quote of a TPM: ECDSA with P-256 and SHA-256, PCRs 0-9"),
		   &e);
	add_key(c, &m->alpha, "p384", "P-384", TPM2_ALG_ECDSA, TPM2_ALG_SHA384,
		"quote of a TPM: ECDSA with P-384 and SHA-384");
	add_key(c, &m->alpha, "rsassa", "RSA", TPM2_ALG_RSASSA, TPM2_ALG_SHA256,
		"quote of a TPM: RSASSA-PKCS1-v1_5 with 2048 bits and SHA-256");
	add_key(c, &m->alpha, "rsapss", "RSA", TPM2_ALG_RSAPSS, TPM2_ALG_SHA256,
		"quote of a TPM: RSASSA-PSS with 2048 bits and SHA-256");
	add_log(c, "p256-log", "p256", BOOT_LOG, cairn_buf_span(&m->boot_log),
		"quote of a TPM and the boot log that explains it");
	add_selection(c, m, "one-pcr", "p256", &SHA256_OF(1), "quote over PCR 0 alone");
	add_selection(c, m, "all-pcrs", "p256", &SHA256_OF(0xffffff), "quote over all 24 PCRs");
	add_selection(c, m, "sha384-bank", "p256", &other, "quote over the SHA-384 bank");
	add_selection(c, m, "sha384-bank-log", "p256-log", &other,
		      "quote over the SHA-384 bank and the boot log");
	add_selection(c, m, "two-banks", "p256", &both, "quote over two banks");
	add_selection(c, m, "two-banks-log", "p256-log", &both, "quote over two banks and the boot log");
	add_nonce(c, m, "nonce-8", 8, "nonce of 8 bytes");
	add_nonce(c, m, "nonce-64", 64, "nonce of 64 bytes: all that a TPM takes");
	add_padded(c, m, "log-area-zeros", 0x00, "boot log in a larger area: 256 bytes of 00 behind it");
	add_padded(c, m, "log-area-ones", 0xff, "boot log in a larger area: 256 bytes of FF behind it");
	add_software(c, m);
}
