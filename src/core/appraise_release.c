/* Release sets in an appraisal: what the verifier's withdraws, and whether the host has the same. A host that has not
 * got the newest one yet is warned of, and no worse for it: what it runs is judged by the verifier's. */
#include <stdio.h>

#include "appraise_part.h"

void cairn_part_release(struct cairn_part *p, const struct cairn_appraisal *a, const struct cairn_manifest *m)
{
	size_t before = p->reasons.count + p->reasons.dropped;
	if (a->release_set)
		cairn_release_set_judge(&p->reasons, a->release_set, m);
	if (p->reasons.count + p->reasons.dropped > before)
		p->tier = CAIRN_TIER_CONTRAINDICATED;
}

bool cairn_withdrawn(const struct cairn_appraisal *a, const struct cairn_manifest *m)
{
	cairn_auto_reasons struct cairn_reasons why = {0};
	if (a->release_set)
		cairn_release_set_judge(&why, a->release_set, m);
	return why.count > 0;
}

static void warn(struct cairn_part *p, const char *code, uint64_t want, uint64_t have, const char *text)
{
	char expected[32], found[32];
	snprintf(expected, sizeof expected, "%llu", (unsigned long long)want);
	snprintf(found, sizeof found, "%llu", (unsigned long long)have);
	cairn_reasons_add(&p->reasons, code, "release-set", "", expected, found, text);
	p->tier = CAIRN_TIER_WARNING;
}

static void compare(struct cairn_part *p, const struct cairn_release_set *want,
		    const struct cairn_release_set_ref *have)
{
	p->tier = CAIRN_TIER_AFFIRMING;
	if (!want)
		cairn_part_unmeasured(p, CAIRN_R_NO_REFERENCE, "release-set",
				      "this verifier has no release set to compare it with");
	else if (have->serial == 0)
		warn(p, CAIRN_R_RELEASE_SET_MISSING, want->serial, 0, "the host has no release set in force");
	else if (have->serial < want->serial)
		warn(p, CAIRN_R_RELEASE_SET_OLD, want->serial, have->serial,
		     "a newer release set has not come into force on the host");
	else if (have->serial > want->serial)
		warn(p, CAIRN_R_UNKNOWN_SET, want->serial, have->serial,
		     "the host has a newer release set than this verifier: give it to the verifier");
	else if (!cairn_digest_equal(&have->sha256, &want->sha256))
		cairn_part_fail(p, CAIRN_R_UNKNOWN_SET, "release-set", cairn_digest_hex(&want->sha256).text,
				cairn_digest_hex(&have->sha256).text,
				"the host has another release set with this serial number");
}

enum cairn_status cairn_appraise_release_set(struct cairn_parts *p, const struct cairn_appraisal *a,
					     const json_t *record)
{
	struct cairn_release_set_ref have = {0};
	struct cairn_part part = {0};
	enum cairn_status st = record ? cairn_release_set_from_json(&have, record) : CAIRN_OK;
	if (st || (!record && !a->release_set))
		return st;
	compare(&part, a->release_set, &have);
	json_t *sub = cairn_part_json(&part);
	p->contraindicated = p->contraindicated || part.tier == CAIRN_TIER_CONTRAINDICATED;
	cairn_reasons_fini(&part.reasons);
	if (json_object_set_new(sub, "cairn.serial", json_integer((json_int_t)have.serial)) ||
	    json_object_set(p->domains, "release-set", sub)) {
		json_decref(sub);
		return CAIRN_E_NOMEM;
	}
	json_decref(sub);
	return CAIRN_OK;
}
