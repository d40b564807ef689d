/* Why something was not allowed, or does not match: the data of a verdict, shared by the agent and the
 * verifier.
 *
 * A list starts out zeroed. Adding never fails: where memory runs out the reason loses its details, never its
 * code, so "no reasons" always means that none was found. Codes are string literals (the list keeps the
 * pointer).
 */
#ifndef CAIRN_REASON_H
#define CAIRN_REASON_H

#include "cairn/json.h"

#define CAIRN_REASONS_MAX     32  /* further ones are only counted */
#define CAIRN_REASON_TEXT_MAX 512 /* bytes of one string; a longer one ends in "..." */

#define CAIRN_R_DIGEST_MISMATCH	    "digest-mismatch"
#define CAIRN_R_NO_MANIFEST	    "no-manifest"
#define CAIRN_R_BAD_SIGNATURE	    "bad-signature"
#define CAIRN_R_UNTRUSTED_SIGNER    "untrusted-signer"
#define CAIRN_R_WRONG_NAME	    "wrong-name"
#define CAIRN_R_WRONG_TYPE	    "wrong-type"
#define CAIRN_R_CMDLINE_MISMATCH    "cmdline-mismatch"
#define CAIRN_R_MEMORY_EXCEEDED	    "memory-exceeded"
#define CAIRN_R_VCPUS_EXCEEDED	    "vcpus-exceeded"
#define CAIRN_R_ROLE_NOT_ALLOWED    "role-not-allowed"
#define CAIRN_R_BACKEND_NOT_ALLOWED "backend-not-allowed"
#define CAIRN_R_DM_ARGS_MISMATCH    "dm-args-mismatch"
#define CAIRN_R_STUBDOMAIN_CMDLINE  "stubdomain-cmdline-mismatch"
#define CAIRN_R_STUBDOMAIN_FILE	    "stubdomain-file-mismatch"
#define CAIRN_R_XSM_MISMATCH	    "xsm-mismatch"
#define CAIRN_R_DISK_NOT_ALLOWED    "disk-not-allowed"
#define CAIRN_R_DISK_MISSING	    "disk-missing"
#define CAIRN_R_DISK_KIND	    "disk-kind-mismatch"
#define CAIRN_R_DISK_MODE	    "disk-mode-mismatch"
#define CAIRN_R_PCI_NOT_ALLOWED	    "pci-not-allowed"
#define CAIRN_R_PCI_PERMISSIVE	    "pci-permissive"
#define CAIRN_R_PCI_ROM_MISMATCH    "pci-rom-mismatch"
#define CAIRN_R_SERVES_NOT_ALLOWED  "serves-not-allowed"
#define CAIRN_R_TARGET_NOT_ALLOWED  "target-not-allowed"
#define CAIRN_R_FILE_MISSING	    "file-missing"
#define CAIRN_R_FILE_UNREADABLE	    "file-unreadable"
#define CAIRN_R_FILE_EMPTY	    "file-empty"
#define CAIRN_R_FILE_CHANGED	    "file-changed"
#define CAIRN_R_CONFIG_UNSUPPORTED  "config-unsupported"
#define CAIRN_R_CONFIG_MALFORMED    "config-malformed"
#define CAIRN_R_BUILD_FAILED	    "build-failed"
#define CAIRN_R_BELOW_FLOOR	    "below-floor"	  /* of the release set: an old release */
#define CAIRN_R_REVOKED		    "revoked"		  /* by the release set: a key or a manifest */
#define CAIRN_R_RELEASE_SET_MISSING "release-set-missing" /* although the TPM has seen one */
#define CAIRN_R_RELEASE_SET_OLD	    "release-set-old"	  /* older than one that was seen */

struct cairn_reason { /* no string is NULL; what does not apply is "" */
	const char *code;
	const char *component; /* "kernel" */
	const char *file;
	const char *expected;
	const char *found;
	const char *text; /* a sentence for people, that says what to do where there is something to do */
	void *own;	  /* private: what the strings borrow from */
};

struct cairn_reasons {
	size_t count;	/* of them are in item */
	size_t dropped; /* were left out for CAIRN_REASONS_MAX */
	struct cairn_reason item[CAIRN_REASONS_MAX];
};

void cairn_reasons_init(struct cairn_reasons *r);
void cairn_reasons_fini(struct cairn_reasons *r);

/* Copies the strings; NULL counts as "". Bytes that are not printable ASCII become '?', so that a reason is
 * one line wherever it is printed and always fits into a record. */
void cairn_reasons_add(struct cairn_reasons *r, const char *code, const char *component, const char *file,
		       const char *expected, const char *found, const char *text);
/* The same with a formatted text. */
void cairn_reasons_addf(struct cairn_reasons *r, const char *code, const char *component, const char *file,
			const char *expected, const char *found, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/* Appends copies of all of more to r. */
void cairn_reasons_join(struct cairn_reasons *r, const struct cairn_reasons *more);

/* True for one of the CAIRN_R_ codes above; *literal (may be NULL) becomes the literal itself. */
bool cairn_reason_code(const char *code, const char **literal);

/* [{"code","component","expected","file","found","text"}...]: a new reference, or NULL when out of memory. */
json_t *cairn_reasons_json(const struct cairn_reasons *r);
/* Appends the reasons of such an array. CAIRN_E_MALFORMED, CAIRN_E_UNSUPPORTED (other members),
 * CAIRN_E_LIMIT. */
enum cairn_status cairn_reasons_from_json(struct cairn_reasons *r, const json_t *array) CAIRN_MUST_CHECK;

#define cairn_auto_reasons __attribute__((cleanup(cairn_reasons_fini)))

#endif
