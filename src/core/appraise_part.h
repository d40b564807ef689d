/* Inside the appraisal: the parts of a host (submodules of the result), and what was found about each. */
#ifndef CAIRN_APPRAISE_PART_H
#define CAIRN_APPRAISE_PART_H

#include "cairn/appraise.h"
#include "cairn/bootfacts.h"
#include "cairn/launchlog.h"

enum cairn_tier { /* of EAR: draft-ietf-rats-ear-00, section 3.2 */
		  CAIRN_TIER_NONE,
		  CAIRN_TIER_AFFIRMING,
		  CAIRN_TIER_WARNING,
		  CAIRN_TIER_CONTRAINDICATED,
};

struct cairn_part {
	enum cairn_tier tier;
	struct cairn_reasons reasons;
	const struct cairn_manifest *manifest; /* what it was compared with */
	const struct cairn_manifest *allows;   /* what would have allowed it */
};

struct cairn_parts {
	struct cairn_part firmware, boot, xen, dom0;
	json_t *domains;      /* finished submodules, by name */
	bool contraindicated; /* one of the domains is */
};

/* A reason against the part, which with that is contraindicated. */
void cairn_part_fail(struct cairn_part *p, const char *code, const char *component, const char *expected,
		     const char *found, const char *text);
/* A reason why nothing can be said about it. */
void cairn_part_unmeasured(struct cairn_part *p, const char *code, const char *component, const char *text);
/* Judges the validity window of a manifest for the part. */
void cairn_part_validity(struct cairn_part *p, const struct cairn_manifest *m, uint64_t now);
/* The submodule: a new reference, or NULL when out of memory. */
json_t *cairn_part_json(const struct cairn_part *p);

/* Firmware: separators of PCR 0-7. Without a log (NULL), firmware and boot are unmeasured. */
enum cairn_status cairn_appraise_firmware(struct cairn_parts *p,
					  const struct cairn_eventlog *log) CAIRN_MUST_CHECK;
/* Firmware, boot, xen, dom0: the boot log (which has replayed; NULL where there is none) and the host record
 * against the platform manifests. */
enum cairn_status cairn_appraise_boot(struct cairn_parts *p, const struct cairn_appraisal *a,
				      const struct cairn_eventlog *log,
				      const json_t *host_record) CAIRN_MUST_CHECK;

/* What the launch log says, gathered in one pass. */
struct cairn_launch_facts {
	json_t *host;	 /* the host record */
	json_t *domains; /* name -> {"launch": record, "recnum": n, "running": bool, "refusal": record,
			  * "ended": the last exit's reason, "fell_back": the launch before it did not serve}: the
			  * latest of each; and "older": {recnum: record}, launches before it that have not
			  * ended */
	json_t *
	    marks; /* the records of unrecorded domains, violations, maintenance, foreign values and phases, in order */
	json_t *release_set;	  /* the last record of one; NULL: none */
	struct cairn_bank sha256; /* the replay */
};
void cairn_launch_facts_fini(struct cairn_launch_facts *f);
enum cairn_status cairn_launch_facts_read(struct cairn_launch_facts *out,
					  const struct cairn_appraisal *a) CAIRN_MUST_CHECK;
/* True if the release set withdraws it, for whatever reason. */
bool cairn_withdrawn(const struct cairn_appraisal *a, const struct cairn_manifest *m);
/* Adds the reasons why the release set withdraws a manifest of either kind, which contraindicates the part. */
void cairn_part_release(struct cairn_part *p, const struct cairn_appraisal *a,
			const struct cairn_manifest *m);
/* The host's release set against the verifier's; nothing where neither has one. */
enum cairn_status cairn_appraise_release_set(struct cairn_parts *p, const struct cairn_appraisal *a,
					     const json_t *record) CAIRN_MUST_CHECK;
/* Adds the domains, and what the marks say about dom0. */
enum cairn_status cairn_appraise_launches(struct cairn_parts *p, const struct cairn_appraisal *a,
					  const struct cairn_launch_facts *f) CAIRN_MUST_CHECK;

#endif
