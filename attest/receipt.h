/* Receipts: what the server keeps of launch logs, so that hosts need not. One log for each host, of its last boot. */
#ifndef CAIRN_ATTEST_RECEIPT_H
#define CAIRN_ATTEST_RECEIPT_H

#include "attest/verifier.h"

/* Of whose log, and of which boot. */
struct cairn_log_of {
	const uint8_t *host_id, *boot_id;
};

/* Appends the log with the bodies that it lacks. CAIRN_E_DROPPED: the server does not have them; the errors of
 * cairn_log_join and of the store. */
enum cairn_status cairn_receipt_whole(struct cairn_buf *out, struct cairn_verifier *v,
				      const struct cairn_log_of *of, struct cairn_span log) CAIRN_MUST_CHECK;
/* For accepted evidence: sent is the log in it, whole the same with all bodies. Where that has grown by receipt_kib since the
 * last time it is kept, and then a receipt for it is appended; else nothing is. */
enum cairn_status cairn_receipt_issue(struct cairn_buf *jws, struct cairn_verifier *v,
				      const struct cairn_log_of *of, struct cairn_span sent,
				      struct cairn_span whole) CAIRN_MUST_CHECK;

#endif
