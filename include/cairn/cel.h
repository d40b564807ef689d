/* Canonical event logs (CEL) in TLV and in JSON, and their replay.
 *
 * Sources: TCG Canonical Event Log Format 1.0 r0.41, sections 4 (records) and 5 (encodings); content types besides:
 * systemd 252 to 258, src/shared/tpm2-util.c (/run/log/systemd/tpm2-measure.log); go-tpm-tools 0.4 and go-eventlog
 * 0.0.2, package cel (Confidential Space: type 108 for measurement registers of a confidential VM, type 80 for its
 * events); tpm2-tss 4, FAPI (tss2); cairn's own launch log, which launchlog.h reads more strictly.
 *
 * JSON may be an array of records, or records one after the other: one a line, or with RS before each as
 * systemd writes them. What a digest covers is the content, by the rule of its type, and nothing else of a record.
 * A log proves nothing until its replay was compared with the PCRs that a TPM gave.
 */
#ifndef CAIRN_CEL_H
#define CAIRN_CEL_H

#include "cairn/eventlog.h"
#include "cairn/json.h"

#define CAIRN_CEL_SIZE_MAX    ((size_t)16 << 20) /* bytes of a log */
#define CAIRN_CEL_RECORDS_MAX 65536
#define CAIRN_CEL_NV_MAX      32 /* different NV indices in a log */

enum cairn_cel_encoding {
	CAIRN_CEL_TLV,
	CAIRN_CEL_JSON,
};

enum cairn_cel_register {
	CAIRN_CEL_PCR,
	CAIRN_CEL_NV, /* an NV index: not replayed */
	CAIRN_CEL_MR, /* a measurement register of a confidential VM: 0 is MRTD, 1 to 4 are RTMR 0 to 3 */
};

enum cairn_cel_type {
	CAIRN_CEL_OTHER,
	CAIRN_CEL_MANAGEMENT,	/* 4, "cel" */
	CAIRN_CEL_PCCLIENT,	/* 5, "pcclient_std": an event of firmware, see eventlog.h */
	CAIRN_CEL_IMA_TEMPLATE, /* 7, "ima_template": an entry of IMA, see ima.h */
	CAIRN_CEL_IMA_TLV,	/* 8, "ima_tlv" */
	CAIRN_CEL_SYSTEMD,	/* 9, "systemd" */
	CAIRN_CEL_COS,		/* 80: Confidential Space */
	CAIRN_CEL_CAIRN,	/* "cairn" */
	CAIRN_CEL_TSS2,		/* "tss2" */
};

struct cairn_cel_record {
	unsigned number; /* the first is 1 */
	bool numbered;	 /* has a recnum; systemd writes none */
	uint64_t recnum;
	enum cairn_cel_register reg;
	uint32_t index; /* PCR and MR: below CAIRN_PCR_COUNT */
	size_t count;	/* of digests of algorithms that cairn knows: at most one each */
	struct cairn_digest digest[CAIRN_BANK_MAX];
	unsigned unknown; /* digests of other algorithms */
	enum cairn_cel_type type;
	uint32_t type_number;	 /* TLV */
	const char *type_name;	 /* "systemd"; NULL where there is none */
	const json_t *content;	 /* JSON; NULL in TLV or without content */
	struct cairn_span value; /* TLV: the content */
	/* Of types that have them. The spans live until the next record is read. */
	bool readable;		/* the content has what its type says */
	uint32_t event_type;	/* pcclient_std */
	uint32_t subtype;	/* cos: kind of the event */
	struct cairn_span name; /* ima_template: of the template, may be empty */
	struct cairn_span
	    data; /* pcclient_std, ima_template: the data; systemd, cos, cairn, tss2: what was measured */
	struct cairn_span hashed; /* what the digests are taken over, where that is simply these bytes */
	bool excused; /* systemd: the text is not what was hashed: escaped, cut, or hashed with a secret */
};

/* An open log. It borrows the bytes; JSON was parsed and is owned. */
struct cairn_cel {
	enum cairn_cel_encoding encoding;
	struct cairn_span bytes;
	struct cairn_cur cur;  /* TLV */
	json_t *records;       /* JSON: an array */
	struct cairn_buf data; /* JSON: of the record */
	unsigned number;
	enum cairn_status status; /* what ended the log */
	/* Record numbers count from 0 or 1, either through the log or within each register. */
	bool numbered, by_log, by_register;
	uint64_t base, next[2][CAIRN_PCR_COUNT];
	size_t nv_count;
	struct {
		uint32_t index;
		uint64_t next;
	} nv[CAIRN_CEL_NV_MAX];
};

/* Whether the bytes begin as a CEL does: TLV of a record number, or JSON of a record. */
bool cairn_cel_is(struct cairn_span bytes);
/* Ended with cairn_cel_fini, which may be called on a failed or zero one. JSON is parsed as a whole here.
 * CAIRN_E_TRUNCATED: no bytes, or JSON that breaks off. CAIRN_E_MALFORMED; CAIRN_E_LIMIT (size, records, depth of 16);
 * CAIRN_E_NOMEM. */
enum cairn_status cairn_cel_open(struct cairn_cel *out, struct cairn_span bytes) CAIRN_MUST_CHECK;
void cairn_cel_fini(struct cairn_cel *log);
/* The next record. CAIRN_E_NOTFOUND: the log has ended, properly. CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED,
 * CAIRN_E_LIMIT (PCR from 24 on, too many records); CAIRN_E_MISMATCH: record numbers with gaps, or not in every
 * record. An error sticks. */
enum cairn_status cairn_cel_next(struct cairn_cel *log, struct cairn_cel_record *out) CAIRN_MUST_CHECK;

/* ---- meaning
 * ------------------------------------------------------------------------------------------------- */
/* CAIRN_EVENT_UNCHECKED: by its type the digest is not of the content, or the rule is not known.
 * pcclient_std: as cairn_event_check. ima_template: as cairn_ima_check, or SHA-1 filled up with zeros as by
 * Linux before 5.8; a violation is unchecked. ima_tlv, cos: the whole TLV of the content. systemd: the
 * string, but for volume keys and texts that were escaped or cut. */
enum cairn_status cairn_cel_check(enum cairn_event_check *out,
				  const struct cairn_cel_record *r) CAIRN_MUST_CHECK;
/* False for an event of pcclient_std that extends nothing: see cairn_event_extends. */
bool cairn_cel_extends(const struct cairn_cel_record *r);

/* ---- replay
 * ------------------------------------------------------------------------------------------------- */
struct cairn_cel_replay {
	/* A bank for each algorithm of the log, in order of appearance; .incomplete: registers with a
	 * record that has no digest for the bank. */
	struct cairn_replay replay;
	bool mr; /* the indices are those of measurement registers, not of PCRs */
	unsigned records, differing, unchecked, nv; /* nv: records of NV indices, which are not replayed */
	unsigned first_differing;		    /* number of the record; 0: none */
};

/* Of a log that was just opened; reads it to its end. Registers start from zero (PCRs 17 to 22 as well where they have
 * records) or, in its banks, from start, which may be NULL. The errors of cairn_cel_next;
 * CAIRN_E_MALFORMED: records of PCRs and of measurement registers in one log, or a StartupLocality event in the wrong
 * place. */
enum cairn_status cairn_cel_replay(struct cairn_cel_replay *out, struct cairn_cel *log,
				   const struct cairn_pcrs *start) CAIRN_MUST_CHECK;

/* ---- JSON for people and pipes
 * ------------------------------------------------------------------------------------------------- */
/* {"number":1, "recnum":0, "pcr":n or "nv_index":n or "register":n, "type":"systemd", "digests":{alg:hex},
 *  "unknown_digests":n, only where there are, "check":"matches"|"bare"|"differs", "content":{...}, "summary":"one line"}
 * content: pcclient_std: event_type, event_type_number, data (of cairn_event_data_json); ima_template:
 * template, fields (of cairn_ima_fields_json); systemd, cos: kind, text; cairn: kind, record; otherwise hex and size, or json.
 * Text is made safe (cairn_text_utf8). A new reference; NULL when out of memory or when hashing failed. */
json_t *cairn_cel_record_json(const struct cairn_cel_record *r);

#define cairn_auto_cel __attribute__((cleanup(cairn_cel_fini)))

#endif
