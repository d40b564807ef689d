/* Records: the exact bytes that are hashed into the PCRs 11 (host), 12 (launch) and 13 (phase).
 *
 * A record is canonical JSON, {"format":"cairn-record","type":T,"version":1,...}; a launch record that says
 * what only version 2 can say has version 2, and no other does. Builders refuse what the parser would refuse, so that nothing gets into a PCR that nobody can read. Strings are UTF-8 without
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
#define CAIRN_BOOT_SET_MAX 32
#define CAIRN_KID_LEN	   43 /* base64url of a SHA-256 */

#define CAIRN_COMPONENTS_MAX 5
#define CAIRN_DISKS_MAX	     16
#define CAIRN_PCI_MAX	     16
#define CAIRN_SERVES_MAX     2
#define CAIRN_XSM_MAX	     256 /* bytes of an XSM label */

#define CAIRN_TYPE_PV  "pv"
#define CAIRN_TYPE_PVH "pvh"
#define CAIRN_TYPE_HVM "hvm"

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
	CAIRN_RECORD_RELEASE_SET,
	CAIRN_RECORD_CHANGE,
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
	const char *mode_service;  /* "enforce" or "audit" */
	const char *mode_guest;	   /* "enforce", "audit" or "record" */
	bool release_set_required; /* else the record does not have the member */
	struct cairn_pcr_numbers pcrs;
	size_t boot_count;
	const char *boot_set[CAIRN_BOOT_SET_MAX]; /* in order; none: the record does not have the member */
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

/* What a component is for, where it is neither the kernel nor the ramdisk of the domain. */
#define CAIRN_FIRMWARE		 "firmware"	/* hvmloader */
#define CAIRN_BIOS		 "bios"		/* SeaBIOS or OVMF, which hvmloader starts */
#define CAIRN_DEVICE_MODEL	 "device-model" /* the QEMU binary that dom0 runs for the domain */
#define CAIRN_STUBDOMAIN_KERNEL	 "stubdomain-kernel"
#define CAIRN_STUBDOMAIN_RAMDISK "stubdomain-ramdisk"

struct cairn_image {
	const char *purpose;
	struct cairn_component is;
	const char *file; /* where it was read: for reasons only, never part of a record. May be NULL. */
};

#define CAIRN_DISK_VERITY     "verity"	   /* digest is the root hash of the mapped device */
#define CAIRN_DISK_IMAGE      "image"	   /* digest is of all its bytes */
#define CAIRN_DISK_UNMEASURED "unmeasured" /* no digest and no size */

struct cairn_disk {
	const char *vdev;    /* "xvda"; each once */
	const char *backend; /* name of the domain that serves it; in a manifest NULL */
	const char *kind;
	bool readwrite;		    /* only where it is unmeasured: what can be written has no digest */
	struct cairn_digest digest; /* SHA-256; alg CAIRN_ALG_NONE: none */
	uint64_t size;		    /* bytes; at least 1 where it is measured */
	const char *file;	    /* for reasons only. May be NULL. */
};

/* What decides what runs beside kernel, ramdisk and command line: as a launch has it and as a manifest allows
 * it. Zeroed, there is nothing of all this. Texts that are NULL are not there; "" is not allowed.
 * - An hvm domain has firmware, and a device model or a stub domain's kernel.
 * - stubdomain_ramdisk, stubdomain_cmdline and inside_... need a stub domain's kernel.
 * - With a stub domain, kernel= and ramdisk= of the configuration name files inside of it, which its own
 *   ramdisk covers: they are said as inside_kernel and inside_ramdisk, and are no components. */
struct cairn_setup {
	size_t component_count, disk_count;
	struct cairn_image component[CAIRN_COMPONENTS_MAX]; /* each purpose once, in any order */
	struct cairn_disk disk[CAIRN_DISKS_MAX];	    /* in the order of the configuration */
	/* argv of the device model, wherever it runs: words separated by one space; a word that is empty or has a
	 * space in it stands in double quotes. What differs from one launch of the same thing to the next (numbers
	 * of domains) does not belong here, since a manifest says the exact text. */
	const char *dm_args;
	const char *stubdomain_cmdline;
	const char *inside_kernel, *inside_ramdisk; /* paths in the stub domain */
	const char *xsm;			    /* label, as configured */
};

/* The component of that purpose, or NULL. */
const struct cairn_image *cairn_setup_component(const struct cairn_setup *s, const char *purpose);

struct cairn_pci_device {
	const char *bdf; /* "0000:03:00.0", lower case; each once */
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class; /* 24 bits: base class, subclass, programming interface */
	uint8_t revision;
	bool permissive, seize;
	struct cairn_digest rom; /* SHA-256 of the option ROM; alg CAIRN_ALG_NONE: none, or not readable */
};

#define CAIRN_SERVES_VIF "vif"
#define CAIRN_SERVES_VBD "vbd"

struct cairn_launch {
	const char *name, *type, *uuid; /* uuid: 36 characters, lower case */
	uint64_t memory_mib, vcpus;	/* at least 1 */
	const char *cmdline;
	/* kernel.sha256.alg CAIRN_ALG_NONE: there is none, which only an hvm domain may have */
	struct cairn_component kernel, ramdisk;
	bool has_ramdisk;
	/* Where they were read: for reasons only, never part of the record. May be NULL. */
	const char *kernel_file, *ramdisk_file;
	size_t role_count, config_count, backend_count;
	const char *role[CAIRN_ROLES_MAX];	    /* the record has them sorted; no role means a guest */
	struct cairn_pair config[CAIRN_CONFIG_MAX]; /* the record has them sorted by key */
	/* In the order of the configuration. Each disk's backend is here too, as class "vbd". */
	struct cairn_backend_use backend[CAIRN_BACKENDS_MAX];
	struct cairn_setup setup;
	size_t pci_count, serve_count;
	struct cairn_pci_device pci[CAIRN_PCI_MAX]; /* in the order of the configuration */
	const char *serve[CAIRN_SERVES_MAX];	    /* CAIRN_SERVES_...; the record has them sorted */
	const char *target; /* the domain whose device model it is; NULL: it is nobody's */
	bool has_manifest;
	struct cairn_manifest_ref manifest; /* the one that allowed it */
	uint64_t restart;		    /* earlier launches of this name in this boot */
	json_t *doc;
};

/* True if it claims what only a service may have, so that it needs a manifest whatever the mode of guests: a
 * role, driver_domain (in config, any value but "0"), a PCI device, a class of backends that it serves, or a
 * domain whose device model it is. What runs on behalf of a guest (its device model, its stub domain) is no claim
 * of the guest. */
bool cairn_launch_claims_service(const struct cairn_launch *l);

/* ---- the others
 * ------------------------------------------------------------------------------------------------- */
struct cairn_refusal {
	char name[CAIRN_NAME_MAX + 1]; /* "" where it is not known or is not a name */
	struct cairn_reasons reasons;
};

struct cairn_exit_record {
	uint64_t launch; /* recnum of its launch record */
	const char *name;
	const char *reason; /* "destroyed", "crashed", "rebooted", "shutdown", "lost" (gone while no cairnd
			     * looked), "build-failed", "suspended" (saved or migrated away), "no-service" (the one before it
			     * did serve, and is launched again) or "no-device-model" (its
			     * stub domain was gone) */
	json_t *doc;
};

/* The release set (cairn/releaseset.h) that is in force from here on. */
struct cairn_release_set_ref {
	uint64_t serial;
	char kid[CAIRN_KID_LEN + 1]; /* who signed it */
	struct cairn_digest sha256;  /* of the JWS file */
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
/* What would be a violation where services were enforced; the reason is cleaned like one's. */
enum cairn_status cairn_record_change(struct cairn_buf *out, const char *reason) CAIRN_MUST_CHECK;
/* reason: 1 to CAIRN_REASON_TEXT_MAX bytes, taken as they are. */
enum cairn_status cairn_record_maintenance(struct cairn_buf *out, const char *reason) CAIRN_MUST_CHECK;
enum cairn_status cairn_record_release_set(struct cairn_buf *out,
					   const struct cairn_release_set_ref *r) CAIRN_MUST_CHECK;
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

/* The same, without a reference: nothing of it is borrowed. */
enum cairn_status cairn_release_set_from_json(struct cairn_release_set_ref *out,
					      const json_t *record) CAIRN_MUST_CHECK;

void cairn_host_fini(struct cairn_host *h);
void cairn_launch_fini(struct cairn_launch *l);
void cairn_refusal_fini(struct cairn_refusal *r);
void cairn_exit_fini(struct cairn_exit_record *x);

#define cairn_auto_host	   __attribute__((cleanup(cairn_host_fini)))
#define cairn_auto_launch  __attribute__((cleanup(cairn_launch_fini)))
#define cairn_auto_refusal __attribute__((cleanup(cairn_refusal_fini)))

#endif
