/* The events of a log of any kind, one after the other, and what each says as JSON. */
#ifndef CAIRN_CLI_LOGEVENTS_H
#define CAIRN_CLI_LOGEVENTS_H

#include "cairn/cel.h"
#include "cairn/launchlog.h"
#include "logs.h"

struct cairn_cli_event {
	enum cairn_anylog_kind kind;
	uint32_t pcr;
	struct cairn_event tcg; /* of the kinds that eventlog.h reads */
	struct cairn_ima_entry ima;
	struct cairn_cel_record cel;
	struct cairn_log_entry launch;
};

struct cairn_cli_events {
	const struct cairn_cli_log *log;
	struct cairn_eventlog_iter tcg;
	struct cairn_ima_iter ima;
	struct cairn_cel cel;
	enum cairn_status cel_opened;
	struct cairn_log_reader launch;
	uint64_t count; /* of the events that were given */
};

void cairn_cli_events_init(struct cairn_cli_events *it, const struct cairn_cli_log *log);
void cairn_cli_events_fini(struct cairn_cli_events *it);
#define cairn_auto_events __attribute__((cleanup(cairn_cli_events_fini)))
/* The next event; it lives until the next call, and the caller ends it with cairn_cli_event_fini. CAIRN_E_NOTFOUND: that
 * was the last, properly. Other errors: the log is broken from there on. */
enum cairn_status cairn_cli_events_next(struct cairn_cli_events *it,
					struct cairn_cli_event *out) CAIRN_MUST_CHECK;
void cairn_cli_event_fini(struct cairn_cli_event *ev);
#define cairn_auto_event __attribute__((cleanup(cairn_cli_event_fini)))

/* {"number","pcr","type","digests":{bank:hex},"check","data":{"kind",...},"summary"}, as eventjson.h has it for events
 * of firmware; "check" is also "violation" for IMA. A new reference; NULL when out of memory or hashing failed. */
json_t *cairn_cli_event_json(const struct cairn_cli_event *ev);
/* The digest of the event for a bank. False: it has none. */
bool cairn_cli_event_digest(struct cairn_digest *out, const struct cairn_cli_event *ev, enum cairn_alg alg);
/* What tells its type beside the digests, and whether it extends its PCR at all. */
struct cairn_span cairn_cli_event_type(const struct cairn_cli_event *ev);
bool cairn_cli_event_extends(const struct cairn_cli_event *ev);
/* The bytes that the event carries. */
struct cairn_span cairn_cli_event_data(const struct cairn_cli_event *ev);
/* Banks that the log has digests of, as far as its kind says before it is read. */
size_t cairn_cli_log_banks(enum cairn_alg *out, const struct cairn_cli_log *log);

#endif
