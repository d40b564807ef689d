/* Lists of Linux' IMA: a few entries of a genuine one, and a violation. */
#include "cairn/ima.h"
#include "tests/attack/make/make.h"

#define B(x)	   BYTES(x)
#define LOG_IDS	   "event-log-disclosure"
#define PARSER_IDS "tpm2-tss-2026-07,GHSA-qp88-8f4j-wv7q"
#define BASE	   "ima"
#define TEN	   (1u << 10)

/* Where the nth entry (from 0) starts: PCR, SHA-1 digest, template's name and data, with their lengths. */
static size_t entry(struct cairn_span list, unsigned nth)
{
	struct cairn_ima log;
	struct cairn_ima_entry e = {0};

	MUST_OK(cairn_ima_open(&log, list));
	struct cairn_ima_iter it = cairn_ima_iter(&log);
	for (unsigned i = 0; i <= nth; i++)
		MUST_OK(cairn_ima_next(&it, &e));
	return e.offset;
}

static struct cairn_pcrs replayed(struct cairn_span list, bool padded)
{
	struct cairn_ima log;
	struct cairn_ima_replay r;
	struct cairn_pcrs p = zero_values();

	MUST_OK(cairn_ima_open(&log, list));
	MUST_OK(cairn_ima_replay(&r, &log, NULL));
	const struct cairn_pcrs *from = padded ? &r.padded.pcrs : &r.own.pcrs;
	for (size_t i = 0; i < p.count; i++)
		p.bank[i].pcr[10] = cairn_pcrs_bank_const(from, p.bank[i].alg)->pcr[10];
	return p;
}

static void add_control(struct corpus *c, struct makers *m, const char *name, bool padded, uint32_t more,
			const char *text)
{
	const struct selection s = SHA256_OF(TEN | more);
	struct cairn_pcrs p = replayed(cairn_buf_span(&m->ima_log), padded);

	if (more)
		log_values(&p, cairn_buf_span(&m->boot_log));
	auto_evidence struct evidence e = soft_evidence(&m->soft, &s, &p);
	evidence_put(&e, IMA_LOG, cairn_buf_span(&m->ima_log));
	if (more)
		evidence_put(&e, BOOT_LOG, cairn_buf_span(&m->boot_log));
	const char *base = strcmp(name, BASE) == 0 ? "soft" : BASE;
	corpus_add(c, &(const struct about){name, base, "accept", "both", "-", text}, &e);
}

/* Offsets from the start of an entry of template ima-ng. */
enum at { PCR = 0, DIGEST = 4, NAME_SIZE = 24, NAME = 28, DATA_SIZE = 34, FIELD = 38, HASH = 50 };

static const struct {
	const char *name, *ids, *text;
	unsigned nth;
	enum at at;
	size_t cut;
	struct cairn_span bytes;
} edits[] = {
    {"ima-file-changed", LOG_IDS, "digest of a file changed, the template's digest kept", 2, HASH, 1,
     B("\0")},
    {"ima-digest-changed", LOG_IDS, "template's digest changed, the data kept", 2, DIGEST, 2, B("\0\0")},
    {"ima-pcr-11", LOG_IDS, "entry of PCR 11", 2, PCR, 4, B("\x0b\0\0\0")},
    {"ima-pcr-24", PARSER_IDS, "entry of PCR 24", 2, PCR, 4, B("\x18\0\0\0")},
    {"ima-pcr-32", PARSER_IDS, "entry of PCR 32", 2, PCR, 4, B("\x20\0\0\0")},
    {"ima-pcr-max", PARSER_IDS, "entry of PCR 2^32-1", 2, PCR, 4, B("\xff\xff\xff\xff")},
    {"ima-name-size-less", PARSER_IDS, "length of the template's name one less", 2, NAME_SIZE, 1, B("\5")},
    {"ima-name-size-more", PARSER_IDS, "length of the template's name one more", 2, NAME_SIZE, 1, B("\7")},
    {"ima-name-size-zero", PARSER_IDS, "length of the template's name 0", 2, NAME_SIZE, 1, B("\0")},
    {"ima-name-size-max", PARSER_IDS, "template's name of 2^32-1 bytes", 2, NAME_SIZE, 4,
     B("\xff\xff\xff\xff")},
    {"ima-data-size-less", PARSER_IDS, "length of the template's data one less", 2, DATA_SIZE, 1, B("\x3b")},
    {"ima-data-size-more", PARSER_IDS, "length of the template's data one more", 2, DATA_SIZE, 1, B("\x3d")},
    {"ima-data-size-max", PARSER_IDS, "template's data of 2^32-1 bytes", 2, DATA_SIZE, 4,
     B("\xff\xff\xff\xff")},
    {"ima-field-size-less", PARSER_IDS, "length of a field one less", 2, FIELD, 1, B("\x27")},
    {"ima-field-size-more", PARSER_IDS, "length of a field one more", 2, FIELD, 1, B("\x29")},
    {"ima-field-size-max", PARSER_IDS, "field of 2^32-1 bytes", 2, FIELD, 4, B("\xff\xff\xff\xff")},
    {"ima-violation-made", LOG_IDS, "an entry made a violation, so that nothing covers its data", 2, DIGEST,
     20, B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
};

static void reject(struct corpus *c, const char *name, const char *text, const struct evidence *e)
{
	corpus_add(c, &(const struct about){name, BASE, "reject", "both", LOG_IDS, text}, e);
}

/* The violation comes last. Its digest is put right: it then is an entry like any other. */
static void add_violation_hidden(struct corpus *c, unsigned last)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
	struct cairn_span list = cairn_buf_span(&e.file[IMA_LOG]);
	size_t at = entry(list, last);
	struct cairn_digest d;

	MUST_OK(cairn_hash(&d, CAIRN_ALG_SHA1, cairn_span(list.ptr + at + FIELD, list.len - at - FIELD)));
	evidence_splice(&e, IMA_LOG, (long)at + DIGEST, 20, cairn_digest_span(&d));
	reject(c, "ima-violation-disguised", "a violation with the digest of its data, as if it were none",
	       &e);
	evidence_splice(&e, IMA_LOG, (long)at, e.file[IMA_LOG].len - at, (struct cairn_span){0});
	reject(c, "ima-violation-dropped", "a violation left out", &e);
}

static void add_lists(struct corpus *c, unsigned last)
{
	const struct evidence *base = corpus_get(c, BASE);
	struct cairn_span list = cairn_buf_span(&base->file[IMA_LOG]);
	size_t one = entry(list, 1), two = entry(list, 2), three = entry(list, 3);
	auto_evidence struct evidence e = evidence_copy(base);

	evidence_splice(&e, IMA_LOG, (long)one, two - one, (struct cairn_span){0});
	reject(c, "ima-dropped", "an entry left out", &e);
	evidence_splice(&e, IMA_LOG, (long)(one + three - two), 0, cairn_span(list.ptr + one, two - one));
	reject(c, "ima-swapped", "two entries exchanged", &e);
	evidence_put(&e, IMA_LOG, list);
	evidence_splice(&e, IMA_LOG, (long)two, 0, cairn_span(list.ptr + one, two - one));
	reject(c, "ima-twice", "an entry is there twice", &e);
	evidence_put(&e, IMA_LOG, cairn_span(list.ptr, list.len - 5));
	reject(c, "ima-cut", "the list ends within its last entry", &e);
	evidence_put(&e, IMA_LOG, list);
	evidence_splice(&e, IMA_LOG, -1, 0, cairn_span_str("\1"));
	reject(c, "ima-trailing", "a byte behind the last entry", &e);
	evidence_put(&e, IMA_LOG, cairn_span_str(""));
	reject(c, "ima-empty", "the list is an empty file", &e);
	add_violation_hidden(c, last);
}

void add_ima_logs(struct corpus *c, struct makers *m)
{
	const unsigned last = 6;

	add_control(c, m, BASE, false, 0, "list of IMA with a violation, as Linux extends since 5.8");
	add_control(c, m, "ima-padded", true, 0,
		    "the same as Linux extended before 5.8: SHA-1 digests padded with zeros");
	add_control(c, m, "ima-boot", false, 0x3ff, "boot log and list of IMA together");
	auto_evidence struct evidence absent = evidence_copy(corpus_get(c, "ima-boot"));
	evidence_drop(&absent, IMA_LOG);
	corpus_add(c,
		   &(const struct about){"ima-absent", "ima-boot", "undecided", "both", LOG_IDS,
					 "the list of IMA is left out: nothing explains PCR 10"},
		   &absent);
	for (size_t i = 0; i < LENGTH(edits); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
		size_t at = entry(cairn_buf_span(&e.file[IMA_LOG]), edits[i].nth) + edits[i].at;

		evidence_splice(&e, IMA_LOG, (long)at, edits[i].cut, edits[i].bytes);
		corpus_add(
		    c,
		    &(const struct about){edits[i].name, BASE, "reject", "both", edits[i].ids, edits[i].text},
		    &e);
	}
	add_lists(c, last);
}
