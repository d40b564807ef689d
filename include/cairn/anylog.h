/* Any log of measurements: which kind the bytes are, and one replay for all kinds.
 *
 * A kind is found from the content alone; file names and formats that somebody states count for nothing. Bytes that
 * look like no kind, or that are whole logs of two, are refused with a sentence that says so. Found is not yet
 * believed: what was read proves nothing until its replay was compared with PCR values that a TPM signed.
 *
 * Several logs of one boot are replayed one after the other into one state, in the order in which they were
 * written: the firmware's, then those that continue it (canonical event logs, cairn's launch log, IMA).
 */
#ifndef CAIRN_ANYLOG_H
#define CAIRN_ANYLOG_H

#include "cairn/ima.h"

/* The largest file that is worth reading. Each kind has limits of its own as well. */
#define CAIRN_ANYLOG_SIZE_MAX CAIRN_IMA_SIZE_MAX /* bytes */

enum cairn_anylog_kind {
	CAIRN_ANYLOG_NONE,
	CAIRN_ANYLOG_TCG,    /* crypto-agile log of firmware, TXT, TrenchBoot: eventlog.h */
	CAIRN_ANYLOG_SHA1,   /* the same in the form of TPM 1.2: eventlog.h */
	CAIRN_ANYLOG_CCEL,   /* crypto-agile log of a confidential VM's measurement registers: eventlog.h */
	CAIRN_ANYLOG_LAUNCH, /* cairn's launch log: launchlog.h */
	CAIRN_ANYLOG_IMA,    /* binary list of Linux IMA: ima.h */
	CAIRN_ANYLOG_IMA_ASCII, /* the same as text */
	CAIRN_ANYLOG_CEL_JSON,	/* canonical event log: cel.h */
	CAIRN_ANYLOG_CEL_TLV,
	CAIRN_ANYLOG_KINDS,
};

/* "tcg", for JSON; "crypto-agile firmware log", for people. */
const char *cairn_anylog_name(enum cairn_anylog_kind kind);
const char *cairn_anylog_title(enum cairn_anylog_kind kind);

/* A log that was found. It borrows the bytes and owns nothing. */
struct cairn_anylog {
	enum cairn_anylog_kind kind;
	struct cairn_span bytes;
	struct cairn_eventlog tcg; /* of the kinds that eventlog.h reads */
	struct cairn_ima ima;
	size_t end;			   /* where the log ends in the bytes; what follows is unused space */
	struct cairn_eventlog_fault fault; /* where a log of firmware is broken; zero for the others */
};

/* Finds the kind. A log of firmware was read as a whole when this gives CAIRN_OK; the records of the others are
 * read by replaying or showing them. why, which may be NULL, gets a sentence without a full stop where the answer
 * is not CAIRN_OK.
 * CAIRN_E_NOTFOUND: there are no bytes. CAIRN_E_MALFORMED: none of the kinds, or more than one. Otherwise the errors
 * of the reader of that kind. */
enum cairn_status cairn_anylog_open(struct cairn_anylog *out, struct cairn_span bytes,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* ---- replay
 * ------------------------------------------------------------------------------------------------- */
struct cairn_anylog_replay {
	/* .extended: the PCRs for which a log had a digest of the bank. An event without a digest of a bank did not
	 * extend that bank: so do Windows and tboot when they measure into one bank alone. .incomplete: the PCRs
	 * with such an event; a TPM may agree, but nothing vouches for it. Of .unhashed banks there are no values. */
	struct cairn_replay own;
	/* The same, had IMA extended every bank by its SHA-1 digest and zeros, as Linux before 5.8 does. Differs from
	 * own in the PCRs of .ima only, and is empty where no IMA list was replayed. */
	struct cairn_replay padded;
	uint32_t ima;	  /* the PCRs that an IMA list extends */
	uint32_t touched; /* the PCRs that have an event, in any bank */
	unsigned logs;	  /* how many were replayed */
	bool cc;	  /* the indices are measurement registers of a confidential VM, not PCRs */
	/* Entries of IMA lists and of canonical event logs whose digest is not that of their data. Replay follows
	 * the digests; who judges refuses. */
	unsigned differing;
};

/* Replays one log onto the state, which starts as all zero ({0}). Banks that the state has not are added.
 * Logs of firmware start from reset: one of a PCR that an earlier log has extended is CAIRN_E_USAGE, and so is a
 * log of a confidential VM together with one of PCRs. On an error the state is as it was, with one exception:
 * CAIRN_E_TRUNCATED of an IMA list, whose whole entries were replayed. why as above. */
enum cairn_status cairn_anylog_replay_add(struct cairn_anylog_replay *state, const struct cairn_anylog *log,
					  struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Both steps: opens the bytes, and replays them onto the state. */
enum cairn_status cairn_anylog_replay(struct cairn_anylog_replay *state, struct cairn_span bytes,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;

/* The PCRs of mask for which the replay does not vouch for the values in actual: another value (of IMA's PCRs: than
 * either), incomplete, or without such a bank. A PCR that no log extends has to be as it is after reset. 0 is
 * what one wants. */
uint32_t cairn_anylog_differs(const struct cairn_anylog_replay *state, const struct cairn_bank *actual,
			      uint32_t mask);

#endif
