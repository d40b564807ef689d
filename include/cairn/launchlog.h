/* The launch log: one record a line.
 *
 * A line is
 * {"content":{"record":S,"type":T},"content_type":"cairn","digests":[{"digest":hex,"hashAlg":name}...],
 * "pcr":n,"recnum":n} in canonical JSON and "\n". Members recnum, pcr, digests, content_type and content are
 * those of the TCG Canonical Event Log Format, version 1.0, in its JSON encoding; the
 * content is ours: S is the record's exact bytes. Digests stand in ascending order of their TCG algorithm
 * identifier, SHA-256 among them.
 *
 * A launch, exit or refusal whose body was dropped on a verifier's receipt (cairn/receipt.h) has no member "record".
 *
 * The reader checks the log against itself: recnum from 0 without gaps, every digest recomputed from the
 * record's bytes, the same banks in every line, record 0 "host" and record 1 "boot" and these nowhere else,
 * each type in its PCR, the host record naming the same banks and PCRs. Whether it is the log of a TPM is for
 * the caller to compare.
 */
#ifndef CAIRN_LAUNCHLOG_H
#define CAIRN_LAUNCHLOG_H

#include "cairn/record.h"

#define CAIRN_LOG_LINE_MAX (64u * 1024)	       /* bytes with the newline */
#define CAIRN_LOG_MAX	   (64u * 1024 * 1024) /* bytes of a whole log */

struct cairn_log_entry {
	uint64_t recnum;
	unsigned pcr;
	enum cairn_record_type type;
	struct cairn_span record; /* the exact bytes; borrows from .line */
	json_t *object;		  /* the record, parsed */
	bool
	    dropped; /* there is neither: only the TPM vouches for type and digests; what was asked for may_lack */
	size_t digest_count;
	struct cairn_digest digest[CAIRN_BANK_MAX]; /* of record; checked */
	json_t *line;
};

void cairn_log_entry_fini(struct cairn_log_entry *e);

/* Appends the line with its newline. The record is parsed first, its type decides the PCR. The algorithms may
 * come in any order. CAIRN_E_LIMIT when the line would be too long; the errors of cairn_record_parse;
 * CAIRN_E_USAGE for an algorithm that is unknown or doubled, or without SHA-256; CAIRN_E_CRYPTO,
 * CAIRN_E_NOMEM. */
enum cairn_status cairn_log_line_build(struct cairn_buf *out, uint64_t recnum,
				       const struct cairn_pcr_numbers *pcrs, struct cairn_span record,
				       const enum cairn_alg *algs, size_t alg_count) CAIRN_MUST_CHECK;

/* One line without its newline. CAIRN_E_MISMATCH for a digest that is not that of the record, a type that is
 * not the record's or a PCR that is not the type's; the errors of cairn_record_parse. */
enum cairn_status cairn_log_line_parse(struct cairn_log_entry *out, struct cairn_span line,
				       const struct cairn_pcr_numbers *pcrs) CAIRN_MUST_CHECK;

/* Appends the line of e, with its newline, without the body. CAIRN_E_USAGE: records of this type are never dropped. */
enum cairn_status cairn_log_line_drop(struct cairn_buf *out,
				      const struct cairn_log_entry *e) CAIRN_MUST_CHECK;

/* ---- a whole log, line by line
 * ------------------------------------------------------------------------------------- */
struct cairn_log_reader {
	struct cairn_span text;
	struct cairn_pcr_numbers pcrs;
	size_t off; /* where the next line starts; after an error: where the line starts that it is about */
	uint64_t recnum; /* of the next line */
	bool may_lack;	 /* set by the caller: lines without their bodies are read too */
	size_t bank_count;
	enum cairn_alg bank[CAIRN_BANK_MAX];
};

void cairn_log_reader_init(struct cairn_log_reader *r, struct cairn_span text,
			   const struct cairn_pcr_numbers *pcrs);
/* The next record; the caller ends it with cairn_log_entry_fini. CAIRN_E_NOTFOUND: the log has ended,
 * properly. CAIRN_E_TRUNCATED: the bytes from r->off on have no newline, the torn last line of a crash.
 * CAIRN_E_MISMATCH: out of sequence, other banks, or as for a line. CAIRN_E_LIMIT: a line or the log is too
 * long. CAIRN_E_DROPPED: a body is gone, and may not be. */
enum cairn_status cairn_log_next(struct cairn_log_reader *r, struct cairn_log_entry *out) CAIRN_MUST_CHECK;

struct cairn_log_summary {
	uint64_t records, dropped; /* dropped: those whose body is gone */
	uint8_t boot_id[32];	   /* zero where there is no boot record yet */
	size_t torn_at;		   /* offset of a torn last line, or the length of the text */
	struct cairn_pcrs replay;  /* from zero, in the banks of the log; count 0 for a log without records */
};

/* Reads and replays the whole log. A torn last line is CAIRN_E_TRUNCATED, and *out is written all the same:
 * it speaks for the lines before it. Other errors as above, with nothing written. */
enum cairn_status cairn_log_replay(struct cairn_log_summary *out, struct cairn_span text,
				   const struct cairn_pcr_numbers *pcrs) CAIRN_MUST_CHECK;

/* Appends the log with the bodies that it lacks, which are those of `bodies`, an earlier state of the same log that has
 * all of its own. CAIRN_E_DROPPED: that one does not go so far. CAIRN_E_MISMATCH: its record is another one; and the errors
 * of cairn_log_next for both. */
enum cairn_status cairn_log_join(struct cairn_buf *out, struct cairn_span text, struct cairn_span bodies,
				 const struct cairn_pcr_numbers *pcrs) CAIRN_MUST_CHECK;

#define cairn_auto_log_entry __attribute__((cleanup(cairn_log_entry_fini)))

#endif
