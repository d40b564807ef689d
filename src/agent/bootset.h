/* The boot set: domains that are to run on this host, named in cairnd.conf (boot.set) and so in the host record. Each is
 * launched when the domains that serve it do so, or have had their time; one that others need and that was updated is
 * replaced by the last configuration of it that served, if it does not.
 *
 * None is launched before dom0's hand-over is on record (the phase), for as long as any of them may take: until then
 * files, devices and keys may be those of its initramfs, which waits for cairnd. After a failed one, none at all.
 *
 * Whether a domain serves is its own word, data/serving in its directory in xenstore. It is believed because a lie
 * harms nobody but those it serves. What was launched is in the log, what served last is in a file below the data
 * directory (paths.h); nothing else is kept, so that a cairnd that is started again goes on. */
#ifndef CAIRN_AGENT_BOOTSET_H
#define CAIRN_AGENT_BOOTSET_H

#include "cairn/agentconfig.h"

struct cairn_agent;

struct cairn_boot_member {
	bool read;	  /* its configuration was, and needs is what that says */
	bool circular;	  /* it needs itself */
	uint32_t needs;	  /* the members that serve it, by number */
	uint64_t watched; /* the launch record of the domain that is watched; CAIRN_NO_RECORD: none */
	int64_t since_ms; /* when that was first seen to run, with those that went down before it; 0: none */
	bool serves, late;
	bool barred; /* what served before was refused: an update that does not serve is all that there is */
};

struct cairn_bootset {
	int64_t since_ms; /* of the first tick, then of the hand-over; 0 before it */
	bool open;	  /* dom0 is where it is to stay */
	struct cairn_boot_member item[CAIRN_BOOT_SET_MAX];
};

/* True if the name is in the boot set. */
bool cairn_bootset_has(const struct cairn_agent *a, const char *name);
/* Looks at all members once: what serves, what is late, what can be launched now (cairn_restart_tick launches). */
void cairn_bootset_tick(struct cairn_agent *a, int64_t now_ms);
/* The configuration that served last was refused. */
void cairn_bootset_bar(struct cairn_agent *a, const char *name);
/* The configuration that served last: false if there is none. path has PATH_MAX bytes. */
bool cairn_bootset_good(const struct cairn_agent *a, char *path, const char *name);
/* [{"name","state","needs": [...]}] for status; NULL when out of memory. */
json_t *cairn_bootset_json(const struct cairn_agent *a);

#endif
