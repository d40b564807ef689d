/* Boot logs that do not lead to what was quoted, and logs that are none. */
#include "tests/attack/make/make.h"

#define B(x)	   BYTES(x)
#define LOG_IDS	   "event-log-disclosure,safeboot#139"
#define PARSER_IDS "tpm2-tss-2026-07"
#define PCR_IDS	   "GHSA-qp88-8f4j-wv7q,tpm2-tss-2026-07"
#define BASE	   "p256-log"

/* ---- the replay ---- */

static const struct edit replays[] = {
    {"log-first-dropped", BASE, LOG_IDS, "first event left out", ANY_PCR, 0, EVENT, 0, WHOLE, {0}},
    {"log-event-dropped",
     BASE,
     LOG_IDS,
     "an event of PCR 9 left out: a file that GRUB read",
     9,
     1,
     EVENT,
     0,
     WHOLE,
     {0}},
    {"log-only-event-dropped", BASE, LOG_IDS, "the only event of PCR 6 left out", 6, 0, EVENT, 0, WHOLE, {0}},
    {"log-last-dropped", BASE, LOG_IDS, "last event left out", 5, 2, EVENT, 0, WHOLE, {0}},
    {"log-half", BASE, LOG_IDS, "the second half of the log left out", 4, 2, EVENT, 0, THE_REST, {0}},
    {"log-spec-only", BASE, LOG_IDS, "no event but the Spec ID event", ANY_PCR, 0, EVENT, 0, THE_REST, {0}},
    {"log-hidden-no-action", BASE, LOG_IDS,
     "an event of PCR 9 retyped as EV_NO_ACTION, which is never extended", 9, 1, EVENT, 4, 4, B("\3\0\0\0")},
    {"log-digest-changed", BASE, LOG_IDS, "the SHA-256 digest of a boot application changed", 4, 2, EVENT, 14,
     1, B("\0")},
    {"log-digest-zero", BASE, LOG_IDS, "first bytes of GRUB's digest changed to 00", 4, 3, EVENT, 14, 2,
     B("\0\0")},
    {"log-event-of-other-pcr", BASE, LOG_IDS, "an event of PCR 9 given to PCR 8", 9, 1, EVENT, 0, 1,
     B("\x08")},
    {"log-event-of-unquoted-pcr", BASE, LOG_IDS, "an event of PCR 9 given to PCR 10, which is not quoted", 9,
     1, EVENT, 0, 1, B("\x0a")},
    {"log-one-bank", "two-banks-log", LOG_IDS,
     "the log leads to the SHA-256 bank and not to the SHA-384 bank", 4, 2, EVENT, 48, 2, B("\0\0")},
};

static void copy_event(struct cairn_buf *out, struct cairn_span log, uint32_t pcr, unsigned nth)
{
	struct spot s = log_event(log, pcr, nth);

	cairn_buf_add(out, cairn_span(log.ptr + s.start, s.end - s.start));
}

static void reject(struct corpus *c, const char *name, const char *text, const struct evidence *e)
{
	corpus_add(c, &(const struct about){name, BASE, "reject", "both", LOG_IDS, text}, e);
}

static void add_moved(struct corpus *c)
{
	const struct evidence *base = corpus_get(c, BASE);
	struct cairn_span log = cairn_buf_span(&base->file[BOOT_LOG]);
	struct spot first = log_event(log, 8, 0), second = log_event(log, 8, 1);
	auto_evidence struct evidence swapped = evidence_copy(base), twice = evidence_copy(base);
	cairn_auto_buf struct cairn_buf one = {0}, two = {0};

	copy_event(&one, log, 8, 0);
	copy_event(&two, log, 8, 1);
	evidence_splice(&swapped, BOOT_LOG, (long)second.start, two.len, cairn_buf_span(&one));
	evidence_splice(&swapped, BOOT_LOG, (long)first.start, one.len, cairn_buf_span(&two));
	reject(c, "log-events-swapped", "two events of PCR 8 exchanged", &swapped);
	evidence_splice(&twice, BOOT_LOG, (long)first.start, 0, cairn_buf_span(&one));
	reject(c, "log-event-twice", "an event of PCR 8 is there twice", &twice);
	evidence_put(&twice, BOOT_LOG, log);
	evidence_splice(&twice, BOOT_LOG, -1, 0, cairn_buf_span(&one));
	reject(c, "log-event-appended", "an event appended that was never extended", &twice);
}

static void add_others(struct corpus *c)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
	cairn_auto_buf struct cairn_buf other = {0};

	MUST_OK(cairn_file_read(&other, "tests/data/eventlog/tcg2-sdboot-fedora37.bin", 1 << 20));
	evidence_put(&e, BOOT_LOG, cairn_buf_span(&other));
	reject(c, "log-of-another-host", "genuine boot log of another host", &e);
	other.len = 0;
	MUST_OK(cairn_file_read(&other, "tests/data/eventlog/ccel-tdx-sha384.bin", 1 << 20));
	evidence_put(&e, BOOT_LOG, cairn_buf_span(&other));
	reject(c, "log-ccel", "log of a confidential VM: its indices are measurement registers, no PCRs", &e);
	evidence_put(&e, BOOT_LOG, cairn_span_str(""));
	reject(c, "log-empty", "the boot log is an empty file", &e);
	evidence_put(&e, BOOT_LOG,
		     cairn_span_str("This is not a boot log, but it is long enough to be one.\n"));
	reject(c, "log-text", "a text in the place of the boot log", &e);
}

/* An event without a digest for a bank: that bank cannot be replayed, the other can. */
static void add_fewer_digests(struct corpus *c)
{
	static const struct {
		const char *name, *base, *expected, *text;
	} rows[] = {
	    {"log-fewer-digests", BASE, "accept",
	     "an event has no digest for the SHA-384 bank, which is not quoted"},
	    {"log-missing-digest", "two-banks-log", "reject",
	     "an event has no digest for the SHA-384 bank, which is quoted"},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, rows[i].base));
		struct spot s = log_event(cairn_buf_span(&e.file[BOOT_LOG]), 9, 1);

		evidence_splice(&e, BOOT_LOG, (long)s.start + 46, 50, (struct cairn_span){0});
		evidence_splice(&e, BOOT_LOG, (long)s.digests, 1, cairn_span("\1", 1));
		corpus_add(c,
			   &(const struct about){rows[i].name, rows[i].base, rows[i].expected, "both",
						 i == 0 ? "-" : LOG_IDS, rows[i].text},
			   &e);
	}
}

void add_boot_logs(struct corpus *c, struct makers *m)
{
	(void)m;
	add_edits(c, replays, LENGTH(replays), BOOT_LOG);
	add_fewer_digests(c);
	add_moved(c);
	add_others(c);
}

/* ---- the syntax ---- */

#define ZEROS_32 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_64 ZEROS_32 ZEROS_32
#define ONES_16	 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

/* Offsets in the log: TCG_PCClientPCREvent, TCG_EfiSpecIdEvent with two algorithms and no vendor information. */
enum spec {
	SPEC_SIZE = 28,
	SPEC_NAME = 32,
	SPEC_COUNT = 56,
	SPEC_ALG_1 = 60,
	SPEC_ALG_2 = 64,
	SPEC_VENDOR = 68,
	SPEC_END = 69
};

static const struct edit specs[] = {
    {"spec-dropped", BASE, PARSER_IDS, "no Spec ID event", 0, 0, FILE_START, 0, SPEC_END, {0}},
    {"spec-name", BASE, PARSER_IDS, "first event is called \"Spec ID Event99\"", 0, 0, FILE_START,
     SPEC_NAME + 13, 2, B("99")},
    {"spec-size-less", BASE, PARSER_IDS, "size of the Spec ID event one less", 0, 0, FILE_START, SPEC_SIZE, 1,
     B("\x24")},
    {"spec-size-more", BASE, PARSER_IDS, "size of the Spec ID event one more", 0, 0, FILE_START, SPEC_SIZE, 1,
     B("\x26")},
    {"spec-size-max", BASE, PARSER_IDS, "Spec ID event of 2^32-1 bytes", 0, 0, FILE_START, SPEC_SIZE, 4,
     B("\xff\xff\xff\xff")},
    {"spec-count-zero", BASE, PARSER_IDS, "Spec ID event counts no algorithm", 0, 0, FILE_START, SPEC_COUNT,
     1, B("\0")},
    {"spec-count-less", BASE, PARSER_IDS, "Spec ID event counts one algorithm less than it has", 0, 0,
     FILE_START, SPEC_COUNT, 1, B("\x01")},
    {"spec-count-more", BASE, PARSER_IDS, "Spec ID event counts one algorithm more than it has", 0, 0,
     FILE_START, SPEC_COUNT, 1, B("\x03")},
    {"spec-count-max", BASE, PARSER_IDS, "Spec ID event counts 2^32-1 algorithms", 0, 0, FILE_START,
     SPEC_COUNT, 4, B("\xff\xff\xff\xff")},
    {"spec-count-wraps", BASE, PARSER_IDS, "Spec ID event counts 2^30 algorithms: four times that is 0", 0, 0,
     FILE_START, SPEC_COUNT, 4, B("\0\0\0\x40")},
    {"spec-digest-less", BASE, PARSER_IDS, "SHA-256 digests of 31 bytes", 0, 0, FILE_START, SPEC_ALG_1 + 2, 1,
     B("\x1f")},
    {"spec-digest-more", BASE, PARSER_IDS, "SHA-256 digests of 33 bytes", 0, 0, FILE_START, SPEC_ALG_1 + 2, 1,
     B("\x21")},
    {"spec-digest-max", BASE, PARSER_IDS, "SHA-256 digests of 65535 bytes", 0, 0, FILE_START, SPEC_ALG_1 + 2,
     2, B("\xff\xff")},
    {"spec-bank-twice", BASE, PARSER_IDS, "SHA-256 twice among the algorithms", 0, 0, FILE_START, SPEC_ALG_2,
     4, B("\x0b\0\x20\0")},
    {"spec-vendor-more", BASE, PARSER_IDS, "vendor information of one byte that is not there", 0, 0,
     FILE_START, SPEC_VENDOR, 1, B("\x01")},
    {"spec-vendor-max", BASE, PARSER_IDS, "vendor information of 255 bytes that are not there", 0, 0,
     FILE_START, SPEC_VENDOR, 1, B("\xff")},
};

#define AT 9, 1 /* the event that is edited: of PCR 9, the second */
static const struct edit events[] = {
    {"event-pcr-24", BASE, PCR_IDS, "event of PCR 24", AT, EVENT, 0, 4, B("\x18\0\0\0")},
    {"event-pcr-31", BASE, PCR_IDS, "event of PCR 31", AT, EVENT, 0, 4, B("\x1f\0\0\0")},
    {"event-pcr-32", BASE, PCR_IDS, "event of PCR 32", AT, EVENT, 0, 4, B("\x20\0\0\0")},
    {"event-pcr-265", BASE, PCR_IDS, "event of PCR 265: its last byte says 9", AT, EVENT, 0, 4,
     B("\x09\x01\0\0")},
    {"event-pcr-max", BASE, PCR_IDS, "event of PCR 2^32-1 that is extended", AT, EVENT, 0, 4,
     B("\xff\xff\xff\xff")},
    {"event-digests-none", BASE, PARSER_IDS, "event that counts no digest", AT, EVENT, 8, 4, B("\0\0\0\0")},
    {"event-digests-less", BASE, PARSER_IDS, "event that counts one digest less than it has", AT, EVENT, 8, 4,
     B("\1\0\0\0")},
    {"event-digests-more", BASE, PARSER_IDS, "event that counts one digest more than it has", AT, EVENT, 8, 4,
     B("\3\0\0\0")},
    {"event-digests-max", BASE, PARSER_IDS, "event that counts 2^32-1 digests", AT, EVENT, 8, 4,
     B("\xff\xff\xff\xff")},
    {"event-digest-unknown", BASE, PARSER_IDS,
     "digest of an algorithm that the log has not announced (0x7777)", AT, EVENT, 12, 2, B("ww")},
    {"event-digest-sha1", BASE, PARSER_IDS, "digest that says SHA-1, which the log has not announced", AT,
     EVENT, 12, 2, B("\4\0")},
    {"event-digest-twice", BASE, PARSER_IDS, "two SHA-256 digests in one event", AT, EVENT, 46, 50,
     B("\x0b\0" ZEROS_32)},
    {"event-size-less", BASE, PARSER_IDS, "size of an event one less", AT, EVENT_SIZE, 0, 1, B("\x0e")},
    {"event-size-more", BASE, PARSER_IDS, "size of an event one more", AT, EVENT_SIZE, 0, 1, B("\x10")},
    {"event-size-zero", BASE, PARSER_IDS, "size of an event 0, its data left in", AT, EVENT_SIZE, 0, 4,
     B("\0\0\0\0")},
    {"event-size-max", BASE, PARSER_IDS, "event of 2^32-1 bytes", AT, EVENT_SIZE, 0, 4,
     B("\xff\xff\xff\xff")},
    {"event-size-half", BASE, PARSER_IDS, "event of 2^31 bytes", AT, EVENT_SIZE, 0, 4, B("\0\0\0\x80")},
};

static const struct {
	const char *name, *text;
	size_t cut; /* from the end */
	struct cairn_span bytes;
	bool event; /* and the log's first event behind that */
} tails[] = {
    {"tail-cut", "the log ends within its last event", 3, {0}, false},
    {"tail-cut-to-header", "of the last event only PCR and type are there", 132, {0}, false},
    {"tail-byte", "a byte 01 behind the last event", 0, B("\1"), false},
    {"tail-text", "a text behind the last event", 0, B("end of the log\n"), false},
    {"tail-event-behind-zeros", "an event hidden behind 64 bytes of 00", 0, B(ZEROS_64), true},
    {"tail-garbage-behind-zeros", "a byte behind 64 bytes of 00", 0, B(ZEROS_64 "\1"), false},
    {"tail-ones-behind-zeros", "FF behind 64 bytes of 00: no unused space looks like that", 0,
     B(ZEROS_64 ONES_16), false},
    {"tail-zero-behind-ones", "a byte 00 behind 16 bytes of FF", 0, B(ONES_16 "\0"), false},
};

static void add_tails(struct corpus *c)
{
	for (size_t i = 0; i < LENGTH(tails); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
		cairn_auto_buf struct cairn_buf tail = {0};

		cairn_buf_add(&tail, tails[i].bytes);
		if (tails[i].event)
			copy_event(&tail, cairn_buf_span(&e.file[BOOT_LOG]), ANY_PCR, 0);
		evidence_splice(&e, BOOT_LOG, -1 - (long)tails[i].cut, tails[i].cut, cairn_buf_span(&tail));
		corpus_add(
		    c,
		    &(const struct about){tails[i].name, BASE, "reject", "both", PARSER_IDS, tails[i].text},
		    &e);
	}
}

void add_log_syntax(struct corpus *c, struct makers *m)
{
	(void)m;
	add_edits(c, specs, LENGTH(specs), BOOT_LOG);
	add_edits(c, events, LENGTH(events), BOOT_LOG);
	add_tails(c);
}
