/* Manifests: signed reference values for one thing, the platform (Xen and dom0) or one service image set.
 *
 * A manifest is a JWS (cairn/jws.h) with typ "cairn-manifest+jws" by an ES384 or EdDSA key, whose payload is
 * the canonical JSON of
 * {"format":"cairn-manifest","version":1,"kind","name","release","not_before","not_after",...}. A service
 * manifest that says what only version 2 can say has version 2, and no other does. Its file, NAME-RELEASE.jws,
 * holds the JWS and nothing else, not even a newline.
 */
#ifndef CAIRN_MANIFEST_H
#define CAIRN_MANIFEST_H

#include "cairn/jws.h"
#include "cairn/record.h"

#define CAIRN_MANIFEST_TYP	  "cairn-manifest+jws"
#define CAIRN_MANIFEST_EVENTS_MAX 4096
#define CAIRN_MANIFEST_TEXT_MAX	  8192 /* bytes of an event's text */

enum cairn_manifest_kind {
	CAIRN_MANIFEST_SERVICE,
	CAIRN_MANIFEST_PLATFORM,
};

/* One extend of the boot path, in the order they happen per PCR. Components: "efi-action", "efi-separator",
 * "efi-cairn", "efi-grub", "grub-cmd", "grub-cfg", "grub-file", "xen", "dom0-kernel", "dom0-initrd",
 * "xen-cmdline", "dom0-cmdline". */
struct cairn_manifest_event {
	unsigned pcr; /* 4, 8 or 9 */
	const char *component;
	struct cairn_digest sha256, sha384; /* what is extended */
	const char *text;		    /* the command line or path; may be "" */
};

/* PCI devices that a service may be given: all of one class, or all of one vendor and device; or of these only those
 * with one option ROM. */
struct cairn_pci_rule {
	bool by_class;
	uint16_t class;		 /* base class and subclass: 0x0200 */
	uint16_t vendor, device; /* unless by_class */
	bool permissive;	 /* may be given with permissive=1 */
	struct cairn_digest rom; /* SHA-256 of the option ROM; alg CAIRN_ALG_NONE: whatever it is */
};

struct cairn_manifest {
	enum cairn_manifest_kind kind;
	const char *name;
	uint64_t release;
	uint64_t not_before, not_after; /* Unix seconds, inclusive */

	/* service */
	const char *type, *cmdline;
	struct cairn_component kernel, ramdisk; /* kernel: as in struct cairn_launch */
	bool has_ramdisk;
	size_t role_count, backend_count;
	const char *role[CAIRN_ROLES_MAX];
	uint64_t memory_max_mib, vcpus_max;
	const char *backend[CAIRN_BACKENDS_MAX]; /* domains whose backends it may use */
	struct cairn_setup setup;		 /* has to be as it says, all of it */
	size_t pci_count, serve_count, target_count;
	struct cairn_pci_rule pci[CAIRN_PCI_MAX];
	const char *serve[CAIRN_SERVES_MAX];	/* classes of backends that it may serve */
	const char *target[CAIRN_BACKENDS_MAX]; /* domains whose device model it may be */

	/* platform */
	size_t event_count;
	struct cairn_manifest_event *event; /* owned; the strings in it are borrowed */
	json_t *host_record;		    /* owned reference: the exact host record that is expected */

	/* set by cairn_manifest_load */
	char kid[CAIRN_KID_LEN + 1]; /* who signed */
	struct cairn_digest sha256;  /* of the JWS */
	json_t *doc;		     /* owned: what the strings of one that was read borrow from */
};

/* Start from a zeroed struct. Strings are borrowed. */
void cairn_manifest_fini(struct cairn_manifest *m);
/* Copies the struct, not its strings. CAIRN_E_LIMIT, CAIRN_E_NOMEM. */
enum cairn_status cairn_manifest_add_event(struct cairn_manifest *m,
					   const struct cairn_manifest_event *e) CAIRN_MUST_CHECK;
/* From the bytes of a host record (cairn_record_host), of which it keeps its own copy. */
enum cairn_status cairn_manifest_set_host_record(struct cairn_manifest *m,
						 struct cairn_span record) CAIRN_MUST_CHECK;

/* Appends the payload. CAIRN_E_MALFORMED, CAIRN_E_LIMIT: a member is missing or not allowed. */
enum cairn_status cairn_manifest_build(struct cairn_buf *out,
				       const struct cairn_manifest *m) CAIRN_MUST_CHECK;
/* Appends the JWS. CAIRN_E_USAGE: the key is public or an ES256 one. */
enum cairn_status cairn_manifest_sign(struct cairn_buf *out, const struct cairn_manifest *m,
				      const struct cairn_key *k) CAIRN_MUST_CHECK;

/* The payload alone, without a signature (for showing one that is being made).
 * CAIRN_E_MALFORMED, CAIRN_E_VERSION, CAIRN_E_UNSUPPORTED (unknown member), CAIRN_E_LIMIT. */
enum cairn_status cairn_manifest_parse(struct cairn_manifest *out,
				       struct cairn_span payload) CAIRN_MUST_CHECK;
/* A JWS, whose signature is verified before anything is believed. CAIRN_E_UNTRUSTED: signed by nobody in
 * authorities (or by an ES256 key, or not signed: "alg":"none" is CAIRN_E_UNSUPPORTED); CAIRN_E_SIGNATURE;
 * and as for parse. */
enum cairn_status cairn_manifest_load(struct cairn_manifest *out, struct cairn_span jws,
				      const struct cairn_jwks *authorities) CAIRN_MUST_CHECK;

/* The validity window, for those who have a clock they can trust. */
enum cairn_validity {
	CAIRN_VALID,
	CAIRN_NOT_YET_VALID,
	CAIRN_EXPIRED,
};
enum cairn_validity cairn_manifest_validity(const struct cairn_manifest *m, uint64_t now);

/* The reference for a launch record; borrows from m. */
struct cairn_manifest_ref cairn_manifest_ref(const struct cairn_manifest *m);

/* Adds every reason why this service manifest does not allow the launch; none means that it does. Roles, backends,
 * PCI devices, served classes and the target of the launch must be among those of the manifest; components, disks
 * and texts must be exactly those of the manifest. Does not look at the validity window. */
void cairn_manifest_match(struct cairn_reasons *out, const struct cairn_launch *l,
			  const struct cairn_manifest *m);

/* The one that allows the launch: the highest release among those of the same name that match; or NULL with
 * reasons against the highest release of that name ("no-manifest" where there is none of that name,
 * "wrong-name" where the launch is allowed under another name). Platform manifests in the list are passed
 * over. */
const struct cairn_manifest *cairn_manifest_select(struct cairn_reasons *out, const struct cairn_launch *l,
						   const struct cairn_manifest *const *list, size_t count);

/* PCR values (SHA-256 and SHA-384 banks) that a boot of this platform leaves: the events from zero, and the
 * host PCR (which the host record names) = extend(0, H(host record)). bank[].extended tells which PCRs it
 * speaks for. CAIRN_E_USAGE for a service manifest. */
enum cairn_status cairn_manifest_predict(struct cairn_pcrs *out,
					 const struct cairn_manifest *m) CAIRN_MUST_CHECK;

#define cairn_auto_manifest __attribute__((cleanup(cairn_manifest_fini)))

#endif
