/* What the files that gather the facts of a log share. */
#ifndef CAIRN_LOGFACTS_INTERNAL_H
#define CAIRN_LOGFACTS_INTERNAL_H

#include "cairn/logfacts.h"
#include "eventjson_internal.h"

/* True if the event is of that PCR, below 16, or of the measurement register that stands for it. */
bool cairn_log_event_is_of(const struct cairn_eventlog *log, const struct cairn_event *ev, unsigned pcr);

/* One event on its way into the facts. */
struct fact_event {
	const struct cairn_eventlog *log;
	struct cairn_event ev;
	struct cairn_event_checked how;
};

/* cairn_log_facts, and each event that does not differ shown to a reader. */
enum cairn_status cairn_log_facts_each(struct cairn_log_facts *out, const struct cairn_eventlog *log,
				       void (*each)(struct ej *j, const struct fact_event *e),
				       struct ej *j) CAIRN_MUST_CHECK;

/* A new object with "event" and "backed", an element of the array `member` of j, or its member. */
struct ej fact_add(struct ej *j, const char *member, const struct fact_event *e);
struct ej fact_set(struct ej *j, const char *member, const struct fact_event *e);
/* The member, an object, made if it is not there. */
struct ej fact_open(struct ej *j, const char *member);
void fact_digests(struct ej *j, const struct cairn_event *ev);
/* Members of what cairn_event_data_json says of the event, NULL-ended; those that are not there are left out. */
void fact_copy(struct ej *j, const struct cairn_event *ev, const char *const *members);

/* Look at one event and add what it tells. The event does not differ. */
typedef void fact_fn(struct ej *j, const struct fact_event *e);
fact_fn fact_grub, fact_stub, fact_addon, fact_drtm; /* logfacts_os.c */

void fact_xen(struct ej *j, const struct cairn_eventlog *log); /* logfacts_os.c */

#endif
