/* Records: the exact bytes that are hashed into the PCRs 11 (host), 12 (launch) and 13 (phase).
 *
 * A record is canonical JSON, {"format":"cairn-record","type":T,"version":1,...}. Builders refuse what the
 * parser would refuse, so that nothing gets into a PCR that nobody can read. Strings are UTF-8 without
 * control characters.
 *
 * Structs borrow their strings. In one that came from bytes they borrow from .doc, which _fini releases; in
 * one that a caller filled in .doc is NULL and _fini does nothing.
 */
#ifndef CAIRN_RECORD_H
#define CAIRN_RECORD_H

#include "cairn/pcr.h"
#include "cairn/reason.h"

#define CAIRN_RECORD_MAX   (48u * 1024) /* bytes */
#define CAIRN_NAME_MAX	   64		/* characters of a domain, role, manifest or class name */
#define CAIRN_TEXT_MAX	   4096		/* bytes of a command line or of a configuration value */
#define CAIRN_ROLES_MAX	   16
#define CAIRN_CONFIG_MAX   128
#define CAIRN_BACKENDS_MAX 64
#define CAIRN_TRUST_MAX	   64
#define CAIRN_KID_LEN	   43 /* base64url of a SHA-256 */

#define CAIRN_TYPE_PV  "pv"
#define CAIRN_TYPE_PVH "pvh"

enum cairn_record_type {
	CAIRN_RECORD_HOST,
	CAIRN_RECORD_BOOT,
	CAIRN_RECORD_PHASE,
	CAIRN_RECORD_LAUNCH,
	CAIRN_RECORD_REFUSAL,
	CAIRN_RECORD_EXIT,
	CAIRN_RECORD_UNRECORDED,
	CAIRN_RECORD_VIOLATION,
	CAIRN_RECORD_FOREIGN,
	CAIRN_RECORD_MAINTENANCE,
	CAIRN_RECORD_TYPES,
};

const char *cairn_record_type_name(enum cairn_record_type t); /* "host" */
enum cairn_status cairn_record_type_by_name(enum cairn_record_type *out, const char *name) CAIRN_MUST_CHECK;

/* The three PCRs, which are settings of a host. */
struct cairn_pcr_numbers {
	unsigned host, launch, phase;
};
#define CAIRN_PCR_NUMBERS_DEFAULT                                                                            \
	{                                                                                                    \
		11, 12, 13                                                                                   \
	}
/* The PCR that records of this type are extended into. */
unsigned cairn_record_pcr(enum cairn_record_type t, const struct cairn_pcr_numbers *n);

/* [A-Za-z0-9_.-]{1,64}: names of domains, roles, manifests, classes, backends, configuration keys. */
bool cairn_name_ok(const char *s);
/* Valid UTF-8 of at most max bytes without control characters. */
bool cairn_text_ok(const char *s, size_t max);
/* 43 characters of base64url. */
bool cairn_kid_ok(const char *s);

/* ---- host
 * ------------------------------------------------------------------------------------------------------- */
#define CAIRN_UNVOUCHED "unvouched"

struct cairn_host {
	/* SHA-256, vouched for by the boot log; alg CAIRN_ALG_NONE stands for "unvouched" */
	struct cairn_digest agent, xen, kernel, initrd;
	const char *build_id; /* lower-case hex of at most 64 bytes */
	const char *xen_cmdline, *dom0_cmdline;
	size_t bank_count;
	enum cairn_alg bank[CAIRN_BANK_MAX];
	const char *mode_service; /* "enforce" or "audit" */
	const char *mode_guest;	  /* "enforce", "audit" or "record" */
	struct cairn_pcr_numbers pcrs;
	size_t authority_count;
	const char *authority[CAIRN_TRUST_MAX]; /* kids; the record has them sorted */
	json_t *doc;
};

/* ---- launch
 * ----------------------------------------------------------------------------------------------------- */
struct cairn_pair {
	const char *key, *value;
};

struct cairn_backend_use {
	const char *class;   /* "vif" */
	const char *backend; /* name of the domain that serves it */
};

struct cairn_manifest_ref {
	const char *kid, *name;
	uint64_t release;
	struct cairn_digest sha256; /* of the JWS file */
};

struct cairn_launch {
	const char *name, *type, *uuid; /* uuid: 36 characters, lower case */
	uint64_t memory_mib, vcpus;	/* at least 1 */
	const char *cmdline;
	struct cairn_component kernel, ramdisk;
	bool has_ramdisk;
	/* Where they were read: for reasons only, never part of the record. May be NULL. */
	const char *kernel_file, *ramdisk_file;
	size_t role_count, config_count, backend_count;
	const char *role[CAIRN_ROLES_MAX];	    /* the record has them sorted; no role means a guest */
	struct cairn_pair config[CAIRN_CONFIG_MAX]; /* the record has them sorted by key */
	struct cairn_backend_use backend[CAIRN_BACKENDS_MAX]; /* in the order of the configuration */
	bool has_manifest;
	struct cairn_manifest_ref manifest; /* the one that allowed it */
	uint64_t restart;		    /* earlier launches of this name in this boot */
	json_t *doc;
};

/* ---- the others
 * ------------------------------------------------------------------------------------------------- */
struct cairn_refusal {
	char name[CAIRN_NAME_MAX + 1]; /* "" where it is not known or is not a name */
	struct cairn_reasons reasons;
};

struct cairn_exit_record {
	uint64_t launch; /* recnum of its launch record */
	const char *name;
	const char *reason; /* "destroyed", "crashed", "shutdown" or "build-failed" */
	json_t *doc;
};

/* ---- building: appends the canonical bytes
 * ------------------------------------------------------------------------- All yield CAIRN_E_MALFORMED for a
 * value that is not allowed there, CAIRN_E_LIMIT for too many or too long, and CAIRN_E_NOMEM. */
enum cairn_status cairn_record_host(struct cairn_buf *out, const struct cairn_host *h) CAIRN_MUST_CHECK;
enum cairn_status cairn_record_boot(struct cairn_buf *out, const uint8_t boot_id[32]) CAIRN_MUST_CHECK;
enum cairn_status cairn_record_phase(struct cairn_buf *out, const char *phase) CAIRN_MUST_CHECK;
enum cairn_status cairn_record_launch(struct cairn_buf *out, const struct cairn_launch *l) CAIRN_MUST_CHECK;
/* A name that is none is written as "". Reasons at the end are left out where the record would grow over 16
 * KiB; at least one is needed and stays. */
enum cairn_status cairn_record_refusal(struct cairn_buf *out, const char *name,
				       const struct cairn_reasons *r) CAIRN_MUST_CHECK;
enum cairn_status cairn_record_exit(struct cairn_buf *out,
				    const struct cairn_exit_record *x) CAIRN_MUST_CHECK;
/* uuid may be "" where it is not known. */
enum cairn_status cairn_record_unrecorded(struct cairn_buf *out, uint64_t domid,
					  const char *uuid) CAIRN_MUST_CHECK;
/* The reason is cleaned like those of cairn/reason.h, so that a violation can always be recorded. */
enum cairn_status cairn_record_violation(struct cairn_buf *out, const char *reason) CAIRN_MUST_CHECK;
/* reason: 1 to CAIRN_REASON_TEXT_MAX bytes, taken as they are. */
enum cairn_status cairn_record_maintenance(struct cairn_buf *out, const char *reason) CAIRN_MUST_CHECK;
/* value: of the SHA-256 bank. */
enum cairn_status cairn_record_foreign(struct cairn_buf *out, unsigned pcr,
				       const struct cairn_digest *value) CAIRN_MUST_CHECK;

/* ---- reading
 * ------------------------------------------------------------------------------------------------------
 * Canonical, of a known type, every member there and as the schema says, and none besides. *out is a new
 * reference. CAIRN_E_MALFORMED, CAIRN_E_LIMIT, CAIRN_E_VERSION, CAIRN_E_UNSUPPORTED (unknown member or type).
 */
enum cairn_status cairn_record_parse(json_t **out, enum cairn_record_type *type,
				     struct cairn_span bytes) CAIRN_MUST_CHECK;

/* From the object of a record. The struct keeps a reference to it. CAIRN_E_MALFORMED if it is not of that
 * type. */
enum cairn_status cairn_host_from_json(struct cairn_host *out, json_t *record) CAIRN_MUST_CHECK;
enum cairn_status cairn_launch_from_json(struct cairn_launch *out, json_t *record) CAIRN_MUST_CHECK;
enum cairn_status cairn_refusal_from_json(struct cairn_refusal *out, json_t *record) CAIRN_MUST_CHECK;
enum cairn_status cairn_exit_from_json(struct cairn_exit_record *out, json_t *record) CAIRN_MUST_CHECK;

void cairn_host_fini(struct cairn_host *h);
void cairn_launch_fini(struct cairn_launch *l);
void cairn_refusal_fini(struct cairn_refusal *r);
void cairn_exit_fini(struct cairn_exit_record *x);

#define cairn_auto_host	   __attribute__((cleanup(cairn_host_fini)))
#define cairn_auto_launch  __attribute__((cleanup(cairn_launch_fini)))
#define cairn_auto_refusal __attribute__((cleanup(cairn_refusal_fini)))

#endif
