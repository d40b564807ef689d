/* The launch log of a running host: a file, and the PCRs that it replays to.
 *
 * A record is written and synced first and extended then, so that at every moment the PCRs are those of the
 * whole log or of the log without its last record. At start, and after an extend that failed, the file is
 * compared with the TPM and the missing extend is made; if neither fits the log has diverged and takes no
 * record any more.
 */
#ifndef CAIRN_AGENT_LOG_H
#define CAIRN_AGENT_LOG_H

#include "cairn/launchlog.h"
#include "tpm/tpm.h"

enum cairn_agent_log_state {
	CAIRN_LOG_EMPTY,    /* no record yet, and the PCRs are zero */
	CAIRN_LOG_GOOD,	    /* it replays to the PCRs */
	CAIRN_LOG_FOREIGN,  /* no record yet, but somebody extended one of the PCRs */
	CAIRN_LOG_DIVERGED, /* it does not replay to the PCRs, or cannot be read as a log */
};

struct cairn_agent_log {
	struct cairn_tpm *tpm; /* borrowed */
	int fd;
	struct cairn_pcr_numbers pcrs;
	enum cairn_agent_log_state state;
	uint64_t size, records;
	uint8_t boot_id[32];	  /* zero before the boot record */
	struct cairn_pcrs replay; /* of all records */
	bool pending;		  /* perhaps the last record was written but not extended */
	struct cairn_pcrs before; /* replay without it */
	unsigned last_pcr;
	size_t last_count;
	struct cairn_digest last[CAIRN_BANK_MAX];
};

/* Called for each record of the log, in order, while it is opened. */
typedef enum cairn_status cairn_log_seen(void *self, const struct cairn_log_entry *e);

/* Opens or creates the file and settles it; *out is closed with cairn_agent_log_close. Its state says what
 * was found: a diverged log is CAIRN_OK and a state. A torn last line is moved to PATH.torn-N first. What was
 * done to the log is said in notice (sentences, may be empty). CAIRN_E_EXISTS: another cairnd has it open.
 * CAIRN_E_UNSUPPORTED: not a regular file. CAIRN_E_IO, CAIRN_E_NOMEM, CAIRN_E_TPM*: nothing could be decided.
 */
enum cairn_status cairn_agent_log_open(struct cairn_agent_log *out, const char *path, struct cairn_tpm *tpm,
				       const struct cairn_pcr_numbers *pcrs, cairn_log_seen *seen, void *self,
				       struct cairn_buf *notice) CAIRN_MUST_CHECK;
void cairn_agent_log_close(struct cairn_agent_log *l);

#define CAIRN_NO_RECORD UINT64_MAX

/* Appends a record and extends its PCR. *recnum (may be NULL) is its number, after a failure as well if the
 * record was written, else CAIRN_NO_RECORD.
 * CAIRN_E_DIVERGED: the log takes none any more. CAIRN_E_NOSPACE, CAIRN_E_IO: not written, nothing extended.
 * CAIRN_E_TPM*: written but perhaps not extended; the next append, or the next start, settles that first. */
enum cairn_status cairn_agent_log_append(struct cairn_agent_log *l, struct cairn_span record,
					 uint64_t *recnum) CAIRN_MUST_CHECK;
/* Makes a pending extend. CAIRN_E_DIVERGED, CAIRN_E_TPM*. */
enum cairn_status cairn_agent_log_settle(struct cairn_agent_log *l) CAIRN_MUST_CHECK;
/* Appends the text of the log. */
enum cairn_status cairn_agent_log_text(const struct cairn_agent_log *l,
				       struct cairn_buf *out) CAIRN_MUST_CHECK;

/* True if the body of that record, which is there, is still needed. */
typedef bool cairn_log_keep(const void *self, const struct cairn_log_entry *e);
/* Drops the bodies of the first `records` records that are not kept, provided that launch is what they replay to in the launch
 * PCR (SHA-256); else CAIRN_E_MISMATCH. *dropped says how many. CAIRN_E_NOSPACE, CAIRN_E_IO, CAIRN_E_NOMEM: the log is what
 * it was. path: as it was opened. */
enum cairn_status cairn_agent_log_drop(struct cairn_agent_log *l, const char *path, uint64_t records,
				       const struct cairn_digest *launch, cairn_log_keep *keep,
				       const void *self, uint64_t *dropped) CAIRN_MUST_CHECK;

/* Extends the host PCR with a violation record that no log holds: what shuts every secret when the log cannot
 * say so any more. */
enum cairn_status cairn_agent_log_condemn(struct cairn_agent_log *l, const char *reason) CAIRN_MUST_CHECK;

#endif
