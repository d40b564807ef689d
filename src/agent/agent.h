/* cairnd: its configuration, its state, and what its parts ask of each other. One thread; nothing here is
 * shared. */
#ifndef CAIRN_AGENT_AGENT_H
#define CAIRN_AGENT_AGENT_H

#include <sys/types.h>

#include "agent/bootset.h"
#include "agent/log.h"
#include "agent/release.h"
#include "agent/restart.h"
#include "cairn/agent.h"
#include "cairn/agentconfig.h"
#include "cairn/manifest.h"
#include "xen/hv.h"

/* ---- domains: what was launched in this boot, and what of it still runs ------------------------------- */
struct cairn_agent_domain {
	char name[CAIRN_NAME_MAX + 1], uuid[CAIRN_XLCFG_UUID];
	uint64_t recnum;  /* of its launch record */
	uint64_t restart; /* as that says */
	bool live;	  /* no exit record yet */
	const char *end;  /* what its exit record will say, where it has to end or has ended; else NULL */
	bool service;	  /* it claims to be one, or a manifest says so */
	bool driver;	  /* driver_domain = 1 */
	uint32_t domid;	  /* 0: not built, or not seen yet */
	bool serves_vif, serves_vbd;
	bool stub;	      /* a stub domain is its device model */
	uint32_t stub_domid;  /* of that; 0: none, or not seen yet */
	int64_t stub_gone_ms; /* when it was first seen to be gone or shut down; 0: it runs */
	size_t disk_count;
	int disk_fd[CAIRN_XLCFG_DISKS]; /* owned: what its measured disks are open at while it lives */
	bool passed;			/* its domid is accounted for (strangers.c) */
	size_t vbds, vifs, pcis;	/* devices that its record describes */
	char *devices;			/* owned: those it has, as xen/devices.h says them; NULL: not known */
	json_t *roles;			/* owned: array of strings */
	json_t *backends;		/* owned: array of the names of the domains that serve it */
	json_t *manifest;		/* owned: {"name","release"} or null */
};

struct cairn_agent_domains {
	size_t count, cap;
	struct cairn_agent_domain *item;
};

enum cairn_status cairn_domains_add(struct cairn_agent_domains *d, uint64_t recnum,
				    const struct cairn_launch *l) CAIRN_MUST_CHECK;
/* Closes what a domain that has ended had open, and forgets its devices. */
void cairn_domain_close(struct cairn_agent_domain *d);
void cairn_domains_fini(struct cairn_agent_domains *d);
struct cairn_agent_domain *cairn_domains_live(struct cairn_agent_domains *d, const char *name); /* or NULL */
/* How often the name was launched: one more than its newest record says, since older ones may have no body any more. */
uint64_t cairn_domains_launches(const struct cairn_agent_domains *d, const char *name);

/* ---- strangers: domains that were started behind cairnd's back ------------------------------------------ */
#define CAIRN_DOMID_UNKNOWN UINT32_MAX

struct cairn_stranger {
	uint32_t domid;
	char uuid[CAIRN_XLCFG_UUID];
	int64_t since_ms; /* when it was first seen */
	int64_t tried_ms; /* when it was last tried to be destroyed; 0: never */
	bool recorded;	  /* an "unrecorded" record is of it */
	bool violated;	  /* and where that is enforced, a violation */
	bool passed;	  /* its domid is accounted for */
};

/* Those that are still there, and how far the hypervisor has come in giving out domids. */
struct cairn_strangers {
	size_t count, cap;
	struct cairn_stranger *item; /* owned */
	uint32_t last_domid;	     /* or CAIRN_DOMID_UNKNOWN: to be learned from the first list */
	unsigned unplaced;	     /* launches that ended without cairnd having learned their domid */
	uint32_t kept_domid;	     /* the two as the hypervisor's side remembers them */
	unsigned kept_unplaced;
};

/* ---- the trusted manifests (manifests.c) -------------------------------------------------------------- */
#define CAIRN_MANIFESTS_MAX 256

struct cairn_manifest_set {
	size_t count;
	struct cairn_manifest *item;
	const struct cairn_manifest **list; /* the same, as cairn_manifest_select wants them */
	struct cairn_reasons bad;	    /* files that are not trusted or not readable */
	bool bad_name;			    /* one of them is called NAME-*.jws */
};

/* ---- the agent ---------------------------------------------------------------------------------------- */
enum cairn_agent_state {
	CAIRN_AGENT_OK,
	CAIRN_AGENT_MAINTENANCE, /* launches what it is told to, enforces nothing, opens no secret */
	CAIRN_AGENT_VIOLATED,	 /* a violation is on record: nothing is launched before the next boot */
	CAIRN_AGENT_DIVERGED,	 /* the launch log is not that of the TPM */
};
const char *
cairn_agent_state_name(enum cairn_agent_state s); /* "ok", "maintenance", "violated", "diverged" */

#define CAIRN_AGENT_BOOT_LOG_MAX ((size_t)4 << 20) /* bytes of the firmware's log */
#define CAIRN_REFUSALS_KEPT	 64
#define CAIRN_REFUSALS_MINUTE	 10 /* identical ones of one caller that are recorded in a minute */
#define CAIRN_REFUSALS_ALL	 60 /* of one caller, however they differ */

struct cairn_agent {
	const struct cairn_agent_config *conf; /* borrowed */
	struct cairn_hv hv;
	struct cairn_tpm *tpm; /* owned */
	struct cairn_agent_log log;
	struct cairn_jwks *authorities;	 /* owned */
	struct cairn_manifest_set known; /* of the last launch: they need not be verified again */
	struct cairn_jwks *verifiers;	 /* owned: whose receipts count */
	enum cairn_agent_state state;
	char trouble[CAIRN_REASON_TEXT_MAX + 1]; /* why it is not OK; for people */
	char boot_log_status[128];		 /* "ok", or what is wrong with it */
	struct cairn_buf host_record;		 /* record 0 of the log */
	char phase[160];			 /* of the phase record; "" before it */
	struct cairn_agent_domains domains;
	struct cairn_restarts restarts;
	struct cairn_bootset bootset;
	struct cairn_agent_release release;
	bool blind; /* the hypervisor's list could not be read */
	struct cairn_strangers strangers;
	unsigned changes;    /* those of the hypervisor's that are on record */
	bool heard;	     /* xenstored said something since devices were looked at */
	int64_t devices_ms;  /* when that was */
	bool devices_unread; /* and it could not be done */
	size_t refusal_next;
	struct cairn_refused {
		uid_t uid;
		int64_t at_ms; /* 0: empty */
		struct cairn_digest record;
	} refused[CAIRN_REFUSALS_KEPT];
	struct cairn_tpm_identity id; /* zeroed until asked for */
	bool has_id;
};

/* One line to standard error. */
void cairn_agent_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Takes tpm over (also on failure), borrows conf and what is behind hv: reads the authorities, opens and
 * settles the log, makes or compares the host record. CAIRN_OK also where the state is then not OK. */
enum cairn_status cairn_agent_start(struct cairn_agent *a, const struct cairn_agent_config *conf,
				    struct cairn_tpm *tpm, const struct cairn_hv *hv,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_agent_stop(struct cairn_agent *a);
/* Appends a record, turns the state where that fails for good. *recnum as cairn_agent_log_append has it. */
enum cairn_status cairn_agent_record(struct cairn_agent *a, struct cairn_span record,
				     uint64_t *recnum) CAIRN_MUST_CHECK;

/* Makes the state worse, never better; trouble: a sentence that says why. */
void cairn_agent_worsen(struct cairn_agent *a, enum cairn_agent_state to, const char *trouble);
/* What is in force for service domains and for guests: the modes of the configuration, in maintenance "audit".
 * Not a word for "enforce" means that nothing is refused, stopped or paused. */
const char *cairn_agent_mode(const struct cairn_agent *a, bool service);

/* The host record of this machine (hostrec.c). Fills a->boot_log_status. */
enum cairn_status cairn_agent_host_record(struct cairn_agent *a, struct cairn_buf *out) CAIRN_MUST_CHECK;

/* ---- launching (launch.c), ends (sweep.c) ------------------------------------------------------------- */
struct cairn_launched {
	char name[CAIRN_NAME_MAX + 1]; /* "" where it did not get that far */
	uint32_t domid;
	uint64_t recnum; /* of the launch or refusal record, if recorded */
	bool recorded;
	struct cairn_reasons reasons; /* of a refusal or a failed build; ended by the caller */
};

/* Launches what a configuration describes, for a caller. CAIRN_E_DENIED: refused, with reasons. CAIRN_E_XEN,
 * CAIRN_E_TIMEOUT: allowed, but the toolstack failed; with a reason. CAIRN_E_EXISTS: a domain of this name
 * runs. Others: nothing was launched. A sentence in why in every case. */
enum cairn_status cairn_agent_launch(struct cairn_agent *a, const char *config, uid_t uid, unsigned timeout_s,
				     struct cairn_launched *out, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* CAIRN_E_DENIED, CAIRN_E_DIVERGED: nothing is launched on this host before the next boot. A sentence in why. */
enum cairn_status cairn_agent_may_launch(const struct cairn_agent *a, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Destroys a domain that was launched, and records its exit. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_agent_stop_domain(struct cairn_agent *a, const char *name,
					  struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Records how a launched domain ended (reason: a literal) and forgets that it is live. Where the log takes no
 * record now, the next sweep tries again. */
void cairn_agent_record_exit(struct cairn_agent *a, struct cairn_agent_domain *d, const char *reason);
/* Compares the hypervisor's list with the records: exits, shutdowns, and domains nobody recorded. Sets blind.
 */
void cairn_agent_sweep(struct cairn_agent *a);
/* For the time that a toolstack works, or anything else takes long (agent: a struct cairn_agent): strangers are
 * paused and recorded, and nothing else is touched. */
void cairn_agent_glance(void *agent);
/* For the time that images are hashed before anything of them is recorded: a sweep. */
void cairn_agent_meanwhile(void *agent);
/* Records a violation (PCR 11), and the state is violated from now on, even where that fails.
 * *recnum (may be NULL) as cairn_agent_record has it. */
enum cairn_status cairn_agent_violate(struct cairn_agent *a, const char *reason,
				      uint64_t *recnum) CAIRN_MUST_CHECK;

/* What was measured was changed past the gate: a violation where services are enforced, else a record in PCR 12. True
 * where it need not be said again. */
bool cairn_agent_changed(struct cairn_agent *a, const char *reason) CAIRN_MUST_CHECK;

/* ---- devices of service domains (devices.c) ------------------------------------------------------------ */
/* Those of one that was just built, and has not run: all must be on its record. CAIRN_E_XEN and others, with a sentence in
 * why. */
enum cairn_status cairn_devices_take(struct cairn_agent *a, struct cairn_agent_domain *d,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Those that came to one since. Looks when xenstored said something, and now and then. */
void cairn_devices_look(struct cairn_agent *a);

/* ---- domains that no record explains (strangers.c) ---------------------------------------------------- */
/* Notes a domain that an earlier cairnd of this boot recorded as unrecorded. */
enum cairn_status cairn_strangers_seen(struct cairn_agent *a, uint32_t domid,
				       const char *uuid) CAIRN_MUST_CHECK;
/* What an earlier cairnd of this boot had accounted for. */
void cairn_strangers_recall(struct cairn_agent *a);
/* What a list of the hypervisor shows beyond the records. One that runs, or that is paused for longer than a
 * toolstack may build, is recorded; in enforce mode it is paused first, and a violation is recorded too. */
void cairn_strangers_look(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n);
/* The domids that were given since the last time and belong to nothing that is known: recorded like the
 * strangers that they were. Not while a domain is being built. */
void cairn_strangers_gaps(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n);
/* In enforce mode: destroys those that are on record. */
void cairn_strangers_end(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n);
/* ---- the stub domains of guests (stubs.c) -------------------------------------------------------------- */
/* What the exit record says of a guest that was ended since its device model was gone. */
#define CAIRN_END_NO_DEVICE_MODEL "no-device-model"

/* Asks the toolstack's notes for those that are not known yet. */
void cairn_stubs_learn(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n);
/* One that was only seen paused and is gone: true if it is taken for the stub domain of a launch that is under way, of
 * which none is known yet. A toolstack that fails takes it away again. */
bool cairn_stub_claim(struct cairn_agent *a, uint32_t domid) CAIRN_MUST_CHECK;
/* Sets the end of guests whose stub domain has been gone for some seconds, so that this sweep ends them. */
void cairn_stubs_look(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n);
/* The guest is gone, or never was: destroys its stub domain where that is still there. False: try again. */
bool cairn_stub_end(struct cairn_agent *a, const struct cairn_agent_domain *d) CAIRN_MUST_CHECK;

/* The hypervisor's changes, and the host's sleep (changes.c). seen: reason is of a violation, or of a change, on record in
 * this boot. */
void cairn_changes_look(struct cairn_agent *a);
void cairn_changes_seen(struct cairn_agent *a, const char *reason);
/* By UUID, and by the domid once that is known: the hypervisor lets two domains have one UUID. */
bool cairn_domain_is(const struct cairn_agent_domain *d, const struct cairn_hv_domain *h);

/* Loads every *.jws of a directory that an authority signed. A directory that is not there is an empty one.
 * known: what was loaded before; what is still there is taken from it, and not verified again while its signer still counts.
 * name: of the domain that is being launched. CAIRN_E_IO, CAIRN_E_LIMIT: with a sentence in why. */
enum cairn_status cairn_manifests_load(struct cairn_manifest_set *out, struct cairn_manifest_set *known,
				       const char *dir, const char *name,
				       const struct cairn_jwks *authorities,
				       struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_manifests_fini(struct cairn_manifest_set *s);
/* True if one of them is a service manifest of this name. */
bool cairn_manifests_name(const struct cairn_manifest_set *s, const char *name);

/* ---- requests (ops.c, attest.c, secrets.c, maintenance.c) ----------------------------------------------------------- */
struct cairn_peer {
	uid_t uid;
	bool root, relay;
};

/* What a request works on. A failing one may leave members in the answer (reasons). */
struct cairn_call {
	struct cairn_agent *a;
	const struct cairn_peer *peer;
	const json_t *request; /* of the members that its table entry names */
	json_t *answer;
	struct cairn_buf why; /* a sentence, where it fails */
};

enum cairn_status cairn_op_chain(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_identity(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_activate(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_attest(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_receipt(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_maintenance(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_seal(struct cairn_call *c) CAIRN_MUST_CHECK;
enum cairn_status cairn_op_unseal(struct cairn_call *c) CAIRN_MUST_CHECK;

/* Adds a member; CAIRN_E_NOMEM if value is NULL or does not fit. Takes the reference. */
enum cairn_status cairn_call_set(struct cairn_call *c, const char *member, json_t *value) CAIRN_MUST_CHECK;
/* The domains of this boot, for status and chain. NULL when out of memory. */
json_t *cairn_agent_domains_json(const struct cairn_agent *a);

/* From now on, jansson wipes what it frees: requests and answers hold secrets. */
void cairn_agent_wipe_json(void);

/* Answers one request: appends the JSON to out, at most CAIRN_AGENT_ANSWER_MAX bytes. CAIRN_E_NOMEM. */
enum cairn_status cairn_agent_answer(struct cairn_agent *a, const struct cairn_peer *peer,
				     struct cairn_span request, struct cairn_buf *out) CAIRN_MUST_CHECK;

/* ---- the socket (server.c) ---------------------------------------------------------------------------- */
#define CAIRN_NOBODY ((uid_t)-1)

/* Makes the socket and its directory; a socket file that nobody listens on is replaced. The group of the
 * relay may connect (gid 0: root only). A sentence in why. CAIRN_E_EXISTS: somebody listens there. */
enum cairn_status cairn_agent_listen(int *fd, const char *path, gid_t gid,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Serves until *running is 0, which a signal handler sets; the signals of mask are let in only while waiting.
 */
enum cairn_status cairn_agent_serve(struct cairn_agent *a, int listen_fd, uid_t relay_uid,
				    const volatile int *running) CAIRN_MUST_CHECK;

#endif
