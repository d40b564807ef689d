/* Service domains that ended without having been told to: they come back through the gate, like every launch, with a
 * growing delay and not for ever.
 *
 * What is known of a name follows from the launch log: crashes, reboots, losses and failed tries are counted, a clean end
 * or a launch by hand starts anew. Only the way to the configuration is kept elsewhere, in a file beside the log
 * (paths.h): it says what to try, the gate decides. */
#ifndef CAIRN_AGENT_RESTART_H
#define CAIRN_AGENT_RESTART_H

#include "cairn/record.h"

struct cairn_agent;
struct cairn_agent_domain;

struct cairn_restart {
	char name[CAIRN_NAME_MAX + 1];
	unsigned failures; /* in a row: ends that nobody asked for, and tries that failed */
	bool due;	   /* it is down, and to be launched */
	bool again;	   /* the launch that is on record last was a try of this kind */
	int64_t at_ms;	   /* due: of the next try; else of the last launch */
	const char *what;  /* the last failure, a literal */
	unsigned told;	   /* the number of the failure that the journal has */
};

struct cairn_restarts {
	size_t count, cap;
	struct cairn_restart *item;
};

void cairn_restart_fini(struct cairn_restarts *r);
/* What is known of a name, or NULL. */
const struct cairn_restart *cairn_restart_find(const struct cairn_agent *a, const char *name);
/* True if it is to come back and will be tried again. */
bool cairn_restart_waits(const struct cairn_agent *a, const struct cairn_restart *r);

/* The exit record's reason for a domain that the hypervisor says has shut down (xen/include/public/sched.h:
 * SHUTDOWN_*). */
const char *cairn_restart_reason(unsigned shutdown_reason);

/* Of a domain that did not do what it is for. */
#define CAIRN_END_NO_SERVICE "no-service"

/* The configuration that the name was launched from last, or is to be launched from. config has PATH_MAX bytes. */
bool cairn_restart_config(const struct cairn_agent *a, char *config, const char *name) CAIRN_MUST_CHECK;
/* Has a domain launched at that time, as one that came down would be. */
void cairn_restart_want(struct cairn_agent *a, const char *name, const char *config, int64_t at_ms);
/* A launch that is about to be recorded, and may have to be repeated. */
void cairn_restart_remember(struct cairn_agent *a, const char *name, const char *config);
/* The records as they are written, or read after a start. */
void cairn_restart_launched(struct cairn_agent *a, const char *name);
void cairn_restart_refused(struct cairn_agent *a, const char *name);
void cairn_restart_ended(struct cairn_agent *a, const struct cairn_agent_domain *d, const char *reason);
/* Somebody launched it by hand: what was before does not count any more. */
void cairn_restart_forgive(struct cairn_agent *a, const char *name);

/* Says what came down, and launches what is due at that time: one domain at most, so that the socket is served in
 * between. */
void cairn_restart_tick(struct cairn_agent *a, int64_t now_ms);

/* The names of live domains that use this one as a backend. A new reference, NULL when out of memory. */
json_t *cairn_agent_dependants(const struct cairn_agent *a, const char *name);
/* {"failures","state": "waiting" | "given-up","in_s"} of a domain that is to come back, else null. */
json_t *cairn_restart_json(const struct cairn_agent *a, const char *name);

#endif
