/* The appraisal: what a host's evidence says about it, measured against signed manifests.
 *
 * Pure: no clock, no files, no network; the server, `cairn` offline and the fuzzers call the same function.
 * It trusts the quote it is given (a checked one) and the manifests (whose signatures were verified); the two
 * logs are hostile until they replay to the quote. A verdict is data; a status other than CAIRN_OK means that
 * the evidence proves nothing, and a verdict that was held before stays as it was.
 */
#ifndef CAIRN_APPRAISE_H
#define CAIRN_APPRAISE_H

#include "cairn/quote.h"
#include "cairn/releaseset.h"

enum cairn_state {
	CAIRN_STATE_UNKNOWN,	     /* nothing was decided; never stored */
	CAIRN_STATE_TRUSTED,	     /* every measured part is one that a manifest names */
	CAIRN_STATE_CONTRAINDICATED, /* a part is known not to be */
	CAIRN_STATE_UNMEASURED,	     /* a claim has no measurement behind it */
	CAIRN_STATE_REVOKED,	     /* by the operator */
	CAIRN_STATE_CLEARED, /* the TPM's reset count fell: it was cleared, and must be enrolled again */
	CAIRN_STATE_STALE,   /* was judged once, and was silent past its deadline */
	CAIRN_STATE_PENDING, /* enrolled, and has shown nothing yet */
	CAIRN_STATE_COUNT,
};

const char *cairn_state_name(enum cairn_state s);	/* "trusted" */
enum cairn_state cairn_state_by_name(const char *name); /* CAIRN_STATE_UNKNOWN for an unknown one */

/* Codes of reasons that only an appraisal gives, besides those of cairn/reason.h. */
#define CAIRN_R_NO_BOOT_LOG	"no-boot-log"	  /* nothing vouches for what was booted */
#define CAIRN_R_UNVOUCHED	"unvouched"	  /* the host record itself says so */
#define CAIRN_R_NO_REFERENCE	"no-reference"	  /* replayed, and there is nothing to compare it with */
#define CAIRN_R_NOT_APPRAISED	"not-appraised"	  /* what ran before it is not good */
#define CAIRN_R_SEPARATOR	"separator"	  /* the firmware left one of PCR 0-7 open, or failed */
#define CAIRN_R_BOOT_MISMATCH	"boot-mismatch"	  /* the first event of a PCR that is not the manifest's */
#define CAIRN_R_RECORD_MISMATCH "record-mismatch" /* a member of the host record is not the manifest's */
#define CAIRN_R_JOIN_MISMATCH	"join-mismatch"	  /* host record and boot log tell of different files */
#define CAIRN_R_EXPIRED		"expired"
#define CAIRN_R_NOT_YET_VALID	"not-yet-valid"
#define CAIRN_R_UNKNOWN_MANIFEST                                                                             \
	"unknown-manifest" /* the launch was allowed by one that the verifier has not */
#define CAIRN_R_UNRECORDED_DOMAIN "unrecorded-domain"
#define CAIRN_R_VIOLATION	  "violation"
#define CAIRN_R_MAINTENANCE	  "maintenance" /* cairnd was told to enforce nothing until the next boot */
#define CAIRN_R_CHANGED		  "changed" /* what was measured was changed while it ran; nobody enforced */
#define CAIRN_R_FOREIGN_PCR	  "foreign-pcr"
#define CAIRN_R_PHASE_FAILED	  "phase-failed"
#define CAIRN_R_GUEST		  "guest"
#define CAIRN_R_NOT_LAUNCHED	  "not-launched"	/* of the boot set, and on no record yet */
#define CAIRN_R_UNKNOWN_SET	  "release-set-unknown" /* the host has one that the verifier has not */
#define CAIRN_R_TPM_DENIED	  "tpm-denied"	/* the denied list, on the TPM or on its present firmware */
#define CAIRN_R_TPM_FLAGGED	  "tpm-flagged" /* a row of it that warns */

#define CAIRN_APPRAISAL_PCRS   0x3bffu /* what a quote must be over: 0-9, 11, 12, 13 of the SHA-256 bank */
#define CAIRN_APPRAISAL_POLICY "cairn:default"
#define CAIRN_DOMAINS_MAX      4096 /* names that one boot's log may tell of */

struct cairn_policy {
	bool warn_guests; /* guests, which no manifest speaks for, are a warning */
};

struct cairn_appraisal {
	const struct cairn_quote *quote; /* checked: signature, nonce and binding to these logs */
	struct cairn_span boot_log, launch_log;
	uint8_t boot_id[32];
	const struct cairn_manifest *const *manifest; /* verified ones, of both kinds */
	size_t manifest_count;
	const struct cairn_release_set *release_set; /* the newest one; NULL: there is none */
	uint64_t now;				     /* Unix seconds */
	struct cairn_policy policy;
};

struct cairn_verdict {
	enum cairn_state state; /* TRUSTED, CONTRAINDICATED or UNMEASURED */
	/* The submods of an EAR: {NAME: {"ear.status": tier, "ear.trustworthiness-vector": {...},
	 * "ear.appraisal-policy-id": S, "cairn.manifest": {"kid","name","release","sha256"}|null,
	 * "cairn.reasons":
	 * [{"code","component","expected","file","found","manifest","text"}...]}}, NAME one of "firmware",
	 * "boot", "xen", "dom0", "domain:..."; a domain also has "cairn.running", and "cairn.restarts", how often
	 * its name was launched before in this boot, and "cairn.fell_back": true where the launch
	 * before this one did not serve. "manifest" in a reason
	 * names the one that would have allowed it. "release-set" is there where the host or the verifier has a
	 * release set, with "cairn.serial", that of the host (0: none is in force there): affirming where both have
	 * the same. Owned. */
	json_t *submods;
};

void cairn_verdict_fini(struct cairn_verdict *v);
#define cairn_auto_verdict __attribute__((cleanup(cairn_verdict_fini)))

/* CAIRN_E_DIVERGED: the logs do not replay to the quote. CAIRN_E_MISMATCH: the quote is over other PCRs; the
 * launch log is of another boot, or wrong in itself; CAIRN_E_MALFORMED and the other errors of the two logs'
 * readers; CAIRN_E_LIMIT; CAIRN_E_NOMEM. */
enum cairn_status cairn_appraise(struct cairn_verdict *out, const struct cairn_appraisal *a) CAIRN_MUST_CHECK;

/* Adds what the denied list says of a TPM whose present firmware is tpm->now: where a row denies it, or warns of that
 * firmware, a submod "tpm" with the reasons; where one denies, the state is CONTRAINDICATED, whatever it was.
 * CAIRN_E_NOMEM. */
struct cairn_ekdenied;
struct cairn_ekdenied_tpm;
enum cairn_status cairn_appraise_tpm(struct cairn_verdict *v, const struct cairn_ekdenied *denied,
				     const struct cairn_ekdenied_tpm *tpm) CAIRN_MUST_CHECK;

#endif
