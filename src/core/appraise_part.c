/* Parts of a verdict: what is found about one, and its form as JSON. */
#include "appraise_part.h"

#include <stdio.h>
#include <string.h>

void cairn_part_fail(struct cairn_part *p, const char *code, const char *component, const char *expected,
		     const char *found, const char *text)
{
	cairn_reasons_add(&p->reasons, code, component, "", expected, found, text);
	p->tier = CAIRN_TIER_CONTRAINDICATED;
}

void cairn_part_unmeasured(struct cairn_part *p, const char *code, const char *component, const char *text)
{
	cairn_reasons_add(&p->reasons, code, component, "", "", "", text);
	if (p->tier != CAIRN_TIER_CONTRAINDICATED)
		p->tier = CAIRN_TIER_NONE;
}

void cairn_part_validity(struct cairn_part *p, const struct cairn_manifest *m, uint64_t now)
{
	char bound[32], have[32];
	snprintf(have, sizeof have, "%llu", (unsigned long long)now);
	switch (cairn_manifest_validity(m, now)) {
	case CAIRN_VALID:
		return;
	case CAIRN_EXPIRED:
		snprintf(bound, sizeof bound, "%llu", (unsigned long long)m->not_after);
		cairn_part_fail(p, CAIRN_R_EXPIRED, "not_after", bound, have, "the manifest has expired");
		return;
	case CAIRN_NOT_YET_VALID:
		break;
	}
	snprintf(bound, sizeof bound, "%llu", (unsigned long long)m->not_before);
	cairn_part_fail(p, CAIRN_R_NOT_YET_VALID, "not_before", bound, have, "the manifest is not valid yet");
}

/* ---- JSON
 * ---------------------------------------------------------------------------------------------------------
 */

static const char *const tier_names[] = {"none", "affirming", "warning", "contraindicated"};

/* Reasons that speak against settings; all others speak against what was executed. */
static bool is_configuration(const char *code)
{
	static const char *const codes[] = {CAIRN_R_CMDLINE_MISMATCH,	 CAIRN_R_MEMORY_EXCEEDED,
					    CAIRN_R_VCPUS_EXCEEDED,	 CAIRN_R_ROLE_NOT_ALLOWED,
					    CAIRN_R_BACKEND_NOT_ALLOWED, CAIRN_R_CONFIG_UNSUPPORTED,
					    CAIRN_R_CONFIG_MALFORMED};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

/* draft-ietf-rats-ar4si-08, section 2.3.4: executables 3 approved at boot, 33 unrecognised, 96
 * contraindicated; configuration 2 approved, 96 not supportable; 0 no claim. */
static json_t *vector_json(const struct cairn_part *p)
{
	int executables = 0, configuration = 0;
	if (p->tier == CAIRN_TIER_AFFIRMING) {
		executables = 3;
		configuration = 2;
	} else if (p->tier == CAIRN_TIER_WARNING) {
		executables = 33;
	} else if (p->tier == CAIRN_TIER_CONTRAINDICATED) {
		for (size_t i = 0; i < p->reasons.count; i++)
			*(is_configuration(p->reasons.item[i].code) ? &configuration : &executables) = 96;
	}
	return json_pack("{s:i,s:i}", "configuration", configuration, "executables", executables);
}

static json_t *manifest_json(const struct cairn_manifest *m)
{
	if (!m)
		return json_null();
	return json_pack("{s:s,s:s,s:I,s:o}", "kid", m->kid, "name", m->name, "release",
			 (json_int_t)m->release, "sha256", cairn_json_hex(cairn_digest_span(&m->sha256)));
}

static json_t *reasons_json(const struct cairn_part *p)
{
	char allows[2 * CAIRN_NAME_MAX + CAIRN_KID_LEN + 64] = "";
	if (p->allows)
		snprintf(allows, sizeof allows, "%s release %llu (%s)", p->allows->name,
			 (unsigned long long)p->allows->release, p->allows->kid);
	json_t *list = cairn_reasons_json(&p->reasons), *r;
	size_t i;
	json_array_foreach(list, i, r)
	{
		if (json_object_set_new(r, "manifest", json_string(allows))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *cairn_part_json(const struct cairn_part *p)
{
	return json_pack("{s:s,s:o,s:s,s:o,s:o}", "ear.status", tier_names[p->tier],
			 "ear.trustworthiness-vector", vector_json(p), "ear.appraisal-policy-id",
			 CAIRN_APPRAISAL_POLICY, "cairn.manifest", manifest_json(p->manifest),
			 "cairn.reasons", reasons_json(p));
}
