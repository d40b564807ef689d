/* What the parts of the event log reader share. */
#ifndef CAIRN_EVENTLOG_INTERNAL_H
#define CAIRN_EVENTLOG_INTERNAL_H

#include "cairn/eventlog.h"

#define CAIRN_NO_PCR 0xffffffffu /* an EV_NO_ACTION event of no PCR: PFP 1.05 r23, section 10.4.5 */

/* TCG_PCClientPCREvent, the form of SHA-1 logs and of every Spec ID event: PFP 1.05 r23, section 10.2.1. */
struct cairn_sha1_event {
	uint32_t pcr, type;
	struct cairn_span digest, data;
};
void cairn_sha1_event_read(struct cairn_sha1_event *ev, struct cairn_cur *c);

/* Reads what precedes the events, if anything does, and leaves the cursor at the first of them. Sets form, cc and the
 * banks. *end: the offset at which the log says that its last event ends; 0 where it says nothing. */
enum cairn_status cairn_eventlog_head(struct cairn_eventlog *log, struct cairn_cur *c,
				      size_t *end) CAIRN_MUST_CHECK;

#endif
