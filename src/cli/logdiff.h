/* What differs between two logs of one family: which events were added, removed, changed and moved, PCR by PCR. */
#ifndef CAIRN_CLI_LOGDIFF_H
#define CAIRN_CLI_LOGDIFF_H

#include "logevents.h"

/* Events that differ and are told in full, for each log; of more, only number and type are known. */
#define CAIRN_DIFF_DETAILS 20000

struct cairn_diff_event {
	uint32_t pcr, id; /* id: equal for equal measurements of both logs */
	uint64_t number;
	struct cairn_digest key;   /* of PCR, type and the digests of the banks that both logs have */
	struct cairn_digest words; /* of the data */
	bool differs;		   /* has no counterpart, or one that says something else */
	json_t *json;		   /* of those that differ; NULL beyond CAIRN_DIFF_DETAILS */
};

struct cairn_diff_side {
	const struct cairn_cli_log *log;
	struct cairn_diff_event *event;
	size_t count, room;
};

enum cairn_diff_kind {
	CAIRN_DIFF_REMOVED, /* only in a */
	CAIRN_DIFF_ADDED,   /* only in b */
	CAIRN_DIFF_CHANGED, /* about the same thing: the same variable, file, place */
	CAIRN_DIFF_MOVED,   /* the same, in another order */
	CAIRN_DIFF_RETOLD,  /* the same digests, but the log says something else about them */
};

struct cairn_diff_change {
	enum cairn_diff_kind kind;
	uint32_t pcr;
	size_t a, b; /* indices of events; CAIRN_ALIGN_NONE */
};

struct cairn_diff {
	struct cairn_diff_side a, b;
	size_t banks;
	enum cairn_alg bank[CAIRN_BANK_MAX]; /* that both logs have */
	struct cairn_diff_change *change;    /* by PCR, in the order of the logs */
	size_t count, room;
};

/* Compares; the logs must outlive *out, which cairn_diff_fini ends whatever came back. why gets a sentence.
 * CAIRN_E_UNSUPPORTED: logs of different families, or without a common bank. */
enum cairn_status cairn_diff_make(struct cairn_diff *out, const struct cairn_cli_log *a,
				  const struct cairn_cli_log *b, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* The last step of it: joins what moved and what changed. */
enum cairn_status cairn_diff_pair(struct cairn_diff *d) CAIRN_MUST_CHECK;
void cairn_diff_fini(struct cairn_diff *d);
#define cairn_auto_diff __attribute__((cleanup(cairn_diff_fini)))

const char *cairn_diff_name(enum cairn_diff_kind kind); /* "removed" */
/* What changed inside: [{"member", "a", "b"} for texts and numbers, with "words_removed" and "words_added" for texts of several
 * words; {"member", "removed":[...], "added":[...]} for lists]. A new reference. */
json_t *cairn_diff_inside(const json_t *a, const json_t *b);

#endif
