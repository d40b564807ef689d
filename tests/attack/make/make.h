/* Makes the corpus of attacks on quote verifiers (tests/attack/corpus): evidence of software TPMs and of keys
 * made for it, each case with one thing wrong.
 *
 * Whatever fails aborts the program. Private keys are never written.
 */
#ifndef CAIRN_TEST_ATTACK_MAKE_H
#define CAIRN_TEST_ATTACK_MAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/eventlog.h"
#include "tests/unit/quote_fixture.h"
#include "tests/unit/tpmuse_fixture.h"

#define MUST(x)                                                                                              \
	do {                                                                                                 \
		if (!(x)) {                                                                                  \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #x);                      \
			abort();                                                                             \
		}                                                                                            \
	} while (0)
#define MUST_OK(x) MUST((x) == CAIRN_OK)
#define LENGTH(a)  (sizeof(a) / sizeof((a)[0]))

/* ---- evidence: the files of a case ---- */

enum file {
	AK_PUB,	   /* TPMT_PUBLIC */
	AK_PEM,	   /* the same key, without what a TPM says of it */
	QUOTE,	   /* TPMS_ATTEST */
	SIGNATURE, /* TPMT_SIGNATURE */
	NONCE,	   /* hex: what the verifier asked for */
	SELECTION, /* "sha256:0,1": what the verifier asked for */
	PCRS,	   /* the values that came with the quote, as tpm2-tools writes them */
	PCRS_TXT,  /* the same, "bank pcr hex" a line */
	BOOT_LOG,
	DRTM_LOG,
	IMA_LOG,
	FILES,
};

struct evidence {
	bool has[FILES];
	struct cairn_buf file[FILES];
};

struct evidence evidence_copy(const struct evidence *e);
void evidence_free(struct evidence *e);
#define auto_evidence __attribute__((cleanup(evidence_free)))
void evidence_put(struct evidence *e, enum file f, struct cairn_span bytes);
void evidence_drop(struct evidence *e, enum file f);
/* Replaces `cut` bytes at an offset (from the end if < 0; -1: behind the last byte) by others. */
void evidence_splice(struct evidence *e, enum file f, long at, size_t cut, struct cairn_span bytes);
/* A nonce that nobody has used, of so many bytes. */
void evidence_new_nonce(struct evidence *e, size_t len);
/* The bytes of the nonce file. */
void evidence_nonce(struct cairn_buf *out, const struct evidence *e);

struct selection {
	size_t count;
	struct {
		enum cairn_alg alg;
		uint32_t mask;
	} bank[2];
};
#define ONE_BANK(alg_, mask_) ((struct selection){.count = 1, .bank = {{alg_, mask_}}})
#define SHA256_OF(mask_)      ONE_BANK(CAIRN_ALG_SHA256, mask_)

/* What the verifier asks for. */
void evidence_ask(struct evidence *e, const struct selection *s);
/* The values that the host sends. */
void evidence_values(struct evidence *e, const struct selection *s, const struct cairn_pcrs *p);
/* Both files of an AK. pem may be NULL: taken from the public area. */
void evidence_ak(struct evidence *e, struct cairn_span tpmt_public, EVP_PKEY *key);

/* ---- the corpus ---- */

/* A row of CASES.tsv. */
struct about {
	const char *name;
	const char *base;     /* NULL: has all its files itself */
	const char *expected; /* accept, reject, undecided, any */
	const char *concerns; /* quote, log, both */
	const char *ids;      /* of the advisories that it stands for, joined by commas; "-" */
	const char *text;     /* one line */
};

struct corpus;
struct corpus *corpus_new(const char *dir);
void corpus_free(struct corpus *c);
/* Writes the files that differ from those of the base, and the row. */
void corpus_add(struct corpus *c, const struct about *a, const struct evidence *e);
/* The evidence of a case that was added. */
const struct evidence *corpus_get(const struct corpus *c, const char *name);

/* ---- a TPM ---- */

struct rig {
	struct swtpm tpm;
	struct cairn_tpm *t;
};
struct tpm_key {
	ESYS_TR tr;
	TPM2B_PUBLIC *pub;
};
void rig_start(struct rig *r);
void rig_stop(struct rig *r);
/* Extends the TPM with the log's digests. */
void rig_boot(struct rig *r, struct cairn_span log);
void rig_extend(struct rig *r, unsigned pcr, const struct cairn_digest *d, size_t count);
struct cairn_pcrs rig_read(struct rig *r);

/* A primary key of the endorsement hierarchy. kind: "P-256", "P-384", "RSA". */
struct tpm_key rig_key(struct rig *r, const char *kind, TPM2_ALG_ID scheme, TPM2_ALG_ID hash,
		       TPMA_OBJECT attributes);
#define RESTRICTED_AK                                                                                        \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |                  \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)
void rig_forget(struct rig *r, struct tpm_key *k);
/* Evidence over what the TPM holds, with a nonce of its own: AK, quote, signature, nonce, values, and asked
 * for is what is quoted. */
struct evidence rig_evidence(struct rig *r, const struct tpm_key *k, const struct selection *s);
/* A quote for the nonce of e, over s; replaces quote and signature only. */
void rig_quote(struct rig *r, const struct tpm_key *k, struct evidence *e, const struct selection *s);
/* What else the key can be made to sign, with the nonce of e. */
typedef void rig_signs(struct rig *r, const struct tpm_key *k, struct evidence *e);
rig_signs rig_certify, rig_nv_certify, rig_nv_certify_overlay, rig_time, rig_session_audit, rig_command_audit,
    rig_creation, rig_wrong_magic, rig_no_nonce;

/* ---- software keys: what no TPM would sign ---- */

void soft_init(struct software_ak *s, const char *kind, uint16_t scheme, enum cairn_alg hash,
	       uint32_t attributes);
/* Evidence over values, as rig_evidence; s has one bank. */
struct evidence soft_evidence(const struct software_ak *k, const struct selection *s,
			      const struct cairn_pcrs *p);
/* Signs what is in the quote file. */
void soft_sign(const struct software_ak *k, struct evidence *e);

/* ---- event logs ---- */

/* An event of a crypto-agile log, as offsets. */
struct spot {
	size_t start, digests, size, data, end; /* size: of the field eventSize */
};
/* The nth event (from 0) of a PCR; ANY_PCR: of all. */
struct spot log_event(struct cairn_span log, uint32_t pcr, unsigned nth);
/* Appends an event with the digests of data in SHA-256 and SHA-384; of EV_NO_ACTION they are zero. */
void log_add(struct cairn_buf *log, uint32_t pcr, uint32_t type, struct cairn_span data);
/* Extends the values with the events of a log, in the banks that both have. */
void log_values(struct cairn_pcrs *p, struct cairn_span log);
/* All zero, PCRs 17-22 too: after a dynamic launch. */
struct cairn_pcrs zero_values(void);

/* A case that edits a log and leaves the quote alone: cuts bytes away and puts others there. */
struct edit {
	const char *name, *base, *ids, *text;
	uint32_t pcr;
	unsigned nth;
	enum { FILE_START, EVENT, EVENT_SIZE, EVENT_DATA } where;
	size_t off; /* from there */
	size_t cut;
	struct cairn_span bytes;
};
#define ANY_PCR	 0xffffffffu
#define WHOLE	 ((size_t)-1) /* the event, from its start */
#define THE_REST ((size_t)-2) /* to the end of the log */
#define BYTES(x)                                                                                             \
	{                                                                                                    \
		(const uint8_t *)(x), sizeof(x) - 1                                                          \
	}
/* All of them expect rejection. */
void add_edits(struct corpus *c, const struct edit *rows, size_t count, enum file f);

/* ---- the cases ---- */

struct makers {
	struct rig alpha, beta;
	struct tpm_key ak; /* of alpha, P-256 */
	struct software_ak soft;
	struct cairn_buf boot_log, drtm_log, ima_log;
};
typedef void add_cases(struct corpus *c, struct makers *m);
add_cases add_controls, add_other_structures, add_selections, add_nonces, add_keys, add_signatures,
    add_fields, add_boot_logs, add_log_syntax, add_log_meaning, add_drtm_logs, add_ima_logs;

#endif
