/* The launch log against the service manifests: one pass over the records, then the latest word on each name.
 */
#include <stdio.h>
#include <string.h>

#include "appraise_part.h"
#include "core/schema.h"

/* ---- reading
 * ----------------------------------------------------------------------------------------------------------
 */

void cairn_launch_facts_fini(struct cairn_launch_facts *f)
{
	json_decref(f->host);
	json_decref(f->domains);
	json_decref(f->marks);
	json_decref(f->release_set);
	*f = (struct cairn_launch_facts){0};
}

/* The name of a launch or refusal: the reader of the log has checked the record. */
static const char *domain_name(const struct cairn_log_entry *e)
{
	return cairn_schema_str(json_object_get(e->object, "domain"), "name");
}

/* What is known of the name so far; a new name has an entry from here on. Where there is no room for it (NULL), nothing
 * can be put into it either. */
static enum cairn_status domain_entry(json_t **out, struct cairn_launch_facts *f, const char *name)
{
	json_t *d = json_object_get(f->domains, name);
	if (!d && json_object_size(f->domains) >= CAIRN_DOMAINS_MAX)
		return CAIRN_E_LIMIT;
	if (!d)
		json_object_set_new(f->domains, name, json_object());
	*out = json_object_get(f->domains, name);
	return CAIRN_OK;
}

/* A launch that has not ended counts beside the one that takes its name over. */
static enum cairn_status keep_running(json_t *d)
{
	json_t *launch = json_object_get(d, "launch"), *older = json_object_get(d, "older");
	if (!launch || !json_is_true(json_object_get(d, "running")))
		return CAIRN_OK;
	if (!older)
		json_object_set_new(d, "older", json_object());
	older = json_object_get(d, "older");
	char key[24];
	snprintf(key, sizeof key, "%lld", (long long)json_integer_value(json_object_get(d, "recnum")));
	return json_object_set(older, key, launch) ? CAIRN_E_NOMEM : CAIRN_OK;
}

static enum cairn_status note_launch(struct cairn_launch_facts *f, const struct cairn_log_entry *e)
{
	json_t *d = NULL;
	enum cairn_status st = domain_entry(&d, f, domain_name(e));
	if (!st)
		st = keep_running(d);
	if (st)
		return st;
	json_object_del(d, "refusal");
	const char *ended = json_string_value(json_object_get(d, "ended"));
	bool fell_back = ended && strcmp(ended, "no-service") == 0;
	json_object_del(d, "ended");
	bool failed = json_object_set_new(d, "fell_back", json_boolean(fell_back)) ||
		      json_object_set(d, "launch", e->object) ||
		      json_object_set_new(d, "recnum", json_integer((json_int_t)e->recnum)) ||
		      json_object_set_new(d, "running", json_true());
	return failed ? CAIRN_E_NOMEM : CAIRN_OK;
}

static enum cairn_status note_refusal(struct cairn_launch_facts *f, const struct cairn_log_entry *e)
{
	json_t *d = NULL;
	enum cairn_status st = domain_entry(&d, f, domain_name(e));
	if (st)
		return st;
	return json_object_set(d, "refusal", e->object) ? CAIRN_E_NOMEM : CAIRN_OK;
}

static enum cairn_status note_exit(struct cairn_launch_facts *f, const struct cairn_log_entry *e)
{
	json_t *d = json_object_get(f->domains, cairn_schema_str(e->object, "name"));
	uint64_t launch = cairn_schema_int(e->object, "launch");
	bool latest = d && (uint64_t)json_integer_value(json_object_get(d, "recnum")) == launch;
	char key[24];
	snprintf(key, sizeof key, "%llu", (unsigned long long)launch);
	json_object_del(json_object_get(d, "older"), key);
	if (latest && (json_object_set_new(d, "running", json_false()) ||
		       json_object_set(d, "ended", json_object_get(e->object, "reason"))))
		return CAIRN_E_NOMEM;
	return CAIRN_OK;
}

static enum cairn_status note_boot(const struct cairn_log_entry *e, const struct cairn_appraisal *a)
{
	struct cairn_digest id = {.alg = CAIRN_ALG_SHA256}; /* as long as one, and written like one */
	memcpy(id.bytes, a->boot_id, sizeof a->boot_id);
	bool same = strcmp(cairn_schema_str(e->object, "boot_id"), cairn_digest_hex(&id).text) == 0;
	return same ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status note(struct cairn_launch_facts *f, const struct cairn_log_entry *e,
			      const struct cairn_appraisal *a)
{
	switch (e->type) {
	case CAIRN_RECORD_HOST:
		f->host = json_incref(e->object);
		return CAIRN_OK;
	case CAIRN_RECORD_BOOT:
		return note_boot(e, a);
	case CAIRN_RECORD_LAUNCH:
		return note_launch(f, e);
	case CAIRN_RECORD_REFUSAL:
		return note_refusal(f, e);
	case CAIRN_RECORD_EXIT:
		return note_exit(f, e);
	case CAIRN_RECORD_RELEASE_SET:
		json_decref(f->release_set);
		f->release_set = json_incref(e->object);
		return CAIRN_OK;
	case CAIRN_RECORD_PHASE:
	case CAIRN_RECORD_UNRECORDED:
	case CAIRN_RECORD_VIOLATION:
	case CAIRN_RECORD_FOREIGN:
	case CAIRN_RECORD_MAINTENANCE:
	case CAIRN_RECORD_CHANGE:
	case CAIRN_RECORD_TYPES:
		break;
	}
	/* mark() has a rule for each of these types, or refuses it. */
	return json_array_append(f->marks, e->object) ? CAIRN_E_NOMEM : CAIRN_OK;
}

static enum cairn_status replay(struct cairn_pcrs *pcrs, const struct cairn_log_entry *e)
{
	for (size_t i = 0; i < e->digest_count; i++)
		if (e->digest[i].alg == CAIRN_ALG_SHA256)
			return cairn_pcrs_extend(pcrs, e->pcr, &e->digest[i]);
	return CAIRN_E_MISMATCH;
}

static enum cairn_status read_all(struct cairn_launch_facts *f, const struct cairn_appraisal *a)
{
	static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;
	static const enum cairn_alg bank[] = {CAIRN_ALG_SHA256};
	struct cairn_pcrs pcrs;
	struct cairn_log_reader reader;
	enum cairn_status st = cairn_pcrs_init(&pcrs, bank, 1);
	cairn_log_reader_init(&reader, a->launch_log, &numbers);
	while (!st) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		st = cairn_log_next(&reader, &e);
		if (!st)
			st = replay(&pcrs, &e);
		if (!st)
			st = note(f, &e, a);
	}
	if (st != CAIRN_E_NOTFOUND)
		return st;
	if (reader.recnum < 2) /* host and boot come first, and belong to every log */
		return CAIRN_E_TRUNCATED;
	f->sha256 = pcrs.bank[0];
	return CAIRN_OK;
}

enum cairn_status cairn_launch_facts_read(struct cairn_launch_facts *out, const struct cairn_appraisal *a)
{
	struct cairn_launch_facts f = {.domains = json_object(), .marks = json_array()};
	enum cairn_status st = read_all(&f, a);
	if (st)
		cairn_launch_facts_fini(&f);
	else
		*out = f;
	return st;
}

/* ---- judging
 * ----------------------------------------------------------------------------------------------------------
 */

static const struct cairn_manifest *known(const struct cairn_appraisal *a,
					  const struct cairn_manifest_ref *ref)
{
	for (size_t i = 0; i < a->manifest_count; i++) {
		const struct cairn_manifest *m = a->manifest[i];
		if (m->kind == CAIRN_MANIFEST_SERVICE && m->release == ref->release &&
		    cairn_digest_equal(&m->sha256, &ref->sha256) && strcmp(m->kid, ref->kid) == 0 &&
		    strcmp(m->name, ref->name) == 0)
			return m;
	}
	return NULL;
}

/* The newest one of this name that is valid now: what should have been launched. */
static const struct cairn_manifest *current(const struct cairn_appraisal *a, const char *name)
{
	const struct cairn_manifest *best = NULL;
	for (size_t i = 0; i < a->manifest_count; i++) {
		const struct cairn_manifest *m = a->manifest[i];
		if (m->kind == CAIRN_MANIFEST_SERVICE && strcmp(m->name, name) == 0 &&
		    cairn_manifest_validity(m, a->now) == CAIRN_VALID && !cairn_withdrawn(a, m) &&
		    (!best || m->release > best->release))
			best = m;
	}
	return best;
}

/* True if a manifest, whether it is valid now or not, is for a service of this name. */
static bool is_service_name(const struct cairn_appraisal *a, const char *name)
{
	for (size_t i = 0; i < a->manifest_count; i++)
		if (a->manifest[i]->kind == CAIRN_MANIFEST_SERVICE && strcmp(a->manifest[i]->name, name) == 0)
			return true;
	return false;
}

static void judge_guest(struct cairn_part *p, const struct cairn_appraisal *a)
{
	p->tier = a->policy.warn_guests ? CAIRN_TIER_WARNING : CAIRN_TIER_NONE;
	cairn_reasons_add(&p->reasons, CAIRN_R_GUEST, "", "", "", "",
			  "a guest: recorded, and no manifest speaks for it");
}

static enum cairn_status judge_launch(struct cairn_part *p, const struct cairn_appraisal *a, json_t *record)
{
	cairn_auto_launch struct cairn_launch l = {0};
	enum cairn_status st = cairn_launch_from_json(&l, record);
	if (st)
		return st;
	if (!l.has_manifest && !cairn_launch_claims_service(&l) && !is_service_name(a, l.name)) {
		judge_guest(p, a);
		return CAIRN_OK;
	}
	p->tier = CAIRN_TIER_AFFIRMING;
	p->allows = current(a, l.name);
	if (!l.has_manifest) {
		cairn_part_fail(p, CAIRN_R_NO_MANIFEST, "", "", "",
				"a service was launched that no manifest allowed");
		return CAIRN_OK;
	}
	p->manifest = known(a, &l.manifest);
	if (!p->manifest) {
		cairn_part_fail(p, CAIRN_R_UNKNOWN_MANIFEST, l.manifest.name, "",
				cairn_digest_hex(&l.manifest.sha256).text,
				"the manifest that allowed the launch is not known here");
		return CAIRN_OK;
	}
	cairn_manifest_match(&p->reasons, &l, p->manifest);
	if (p->reasons.count || p->reasons.dropped)
		p->tier = CAIRN_TIER_CONTRAINDICATED;
	cairn_part_release(p, a, p->manifest);
	cairn_part_validity(p, p->manifest, a->now);
	return CAIRN_OK;
}

static enum cairn_status judge_refusal(struct cairn_part *p, const struct cairn_appraisal *a, json_t *record)
{
	cairn_auto_refusal struct cairn_refusal r = {0};
	enum cairn_status st = cairn_refusal_from_json(&r, record);
	if (st)
		return st;
	cairn_reasons_join(&p->reasons, &r.reasons);
	p->allows = current(a, r.name);
	/* A configuration that could not even be read names no domain, and no launch of that name can ever follow it. */
	p->tier = r.name[0] ? CAIRN_TIER_CONTRAINDICATED : CAIRN_TIER_WARNING;
	return CAIRN_OK;
}

/* facts: of the launch log, or NULL for one without a record. */
static enum cairn_status add_domain(struct cairn_parts *p, const char *name, const struct cairn_part *part,
				    const json_t *facts, bool running)
{
	char key[CAIRN_NAME_MAX + 16];
	snprintf(key, sizeof key, "domain:%s", name[0] ? name : "?");
	json_t *sub = cairn_part_json(part);
	p->contraindicated = p->contraindicated || part->tier == CAIRN_TIER_CONTRAINDICATED;
	json_t *restarts = json_object_get(json_object_get(facts, "launch"), "restart");
	if (json_object_set_new(sub, "cairn.running", json_boolean(running)) ||
	    (restarts && json_object_set(sub, "cairn.restarts", restarts)) ||
	    (json_is_true(json_object_get(facts, "fell_back")) &&
	     json_object_set_new(sub, "cairn.fell_back", json_true())) ||
	    json_object_set(p->domains, key, sub)) {
		json_decref(sub);
		return CAIRN_E_NOMEM;
	}
	json_decref(sub);
	return CAIRN_OK;
}

/* Earlier launches of the name that have not ended: what speaks against one of them speaks against the
 * domain. */
static enum cairn_status judge_older(struct cairn_part *p, const struct cairn_appraisal *a, json_t *older)
{
	const char *key;
	json_t *record;
	json_object_foreach(older, key, record)
	{
		struct cairn_part one = {0};
		enum cairn_status st = judge_launch(&one, a, record);
		if (!st && one.tier == CAIRN_TIER_CONTRAINDICATED) {
			cairn_reasons_join(&p->reasons, &one.reasons);
			p->allows = p->allows ? p->allows : one.allows;
			p->tier = CAIRN_TIER_CONTRAINDICATED;
		}
		cairn_reasons_fini(&one.reasons);
		if (st)
			return st;
	}
	return CAIRN_OK;
}

static enum cairn_status judge_domain(struct cairn_parts *p, const struct cairn_appraisal *a,
				      const char *name, const json_t *d)
{
	struct cairn_part part = {0};
	json_t *refusal = json_object_get(d, "refusal");
	enum cairn_status st =
	    refusal ? judge_refusal(&part, a, refusal) : judge_launch(&part, a, json_object_get(d, "launch"));
	if (!st)
		st = judge_older(&part, a, json_object_get(d, "older"));
	if (!st)
		st = add_domain(p, name, &part, d, json_is_true(json_object_get(d, "running")));
	cairn_reasons_fini(&part.reasons);
	return st;
}

/* A domain that nobody recorded has no name that could be believed: its uuid, or its number, stands for it.
 */
static enum cairn_status mark_unrecorded(struct cairn_parts *p, const json_t *record)
{
	const char *uuid = NULL;
	uint64_t domid = 0;
	char name[CAIRN_NAME_MAX + 1];
	enum cairn_status st = cairn_json_get_str(&uuid, record, "uuid");
	if (!st)
		st = cairn_json_get_u64(&domid, record, "domid");
	if (st)
		return st;
	struct cairn_part part = {0};
	snprintf(name, sizeof name, "unrecorded-%llu", (unsigned long long)domid);
	cairn_part_fail(&part, CAIRN_R_UNRECORDED_DOMAIN, "", "", uuid,
			"a domain ran that was never recorded");
	st = add_domain(p, name, &part, NULL, true);
	cairn_reasons_fini(&part.reasons);
	return st;
}

/* What the host is to run by itself is missing, which is nothing bad that ran; until the log says something of it, in its
 * place. */
static enum cairn_status judge_boot_set(struct cairn_parts *p, const struct cairn_appraisal *a,
					const struct cairn_launch_facts *f)
{
	const json_t *set = json_object_get(json_object_get(f->host, "config"), "boot_set");
	enum cairn_status st = CAIRN_OK;
	for (size_t i = 0; i < json_array_size(set) && !st; i++) {
		const char *name = json_string_value(json_array_get(set, i));
		struct cairn_part part = {.tier = CAIRN_TIER_WARNING, .allows = current(a, name)};
		cairn_reasons_add(&part.reasons, CAIRN_R_NOT_LAUNCHED, "", "", "", "",
				  "of the boot set, and not launched in this boot");
		st = add_domain(p, name, &part, NULL, false);
		cairn_reasons_fini(&part.reasons);
	}
	return st;
}

static void mark_violation(struct cairn_part *dom0, const char *reason)
{
	cairn_part_fail(dom0, CAIRN_R_VIOLATION, "", "", "", reason);
}

static void mark_maintenance(struct cairn_part *dom0, const char *reason)
{
	cairn_part_fail(dom0, CAIRN_R_MAINTENANCE, "", "", "", reason);
}

static void mark_change(struct cairn_part *dom0, const char *reason)
{
	cairn_part_fail(dom0, CAIRN_R_CHANGED, "", "", "", reason);
}

static void mark_foreign(struct cairn_part *dom0, const char *value)
{
	cairn_part_fail(dom0, CAIRN_R_FOREIGN_PCR, "pcr", "", value,
			"a PCR of cairn's had been extended before cairn started");
}

static void mark_phase(struct cairn_part *dom0, const char *phase)
{
	if (strcmp(phase, "failed") == 0)
		cairn_part_fail(dom0, CAIRN_R_PHASE_FAILED, "phase", "", phase, "dom0's hand-over failed");
	else if (strcmp(phase, "none") != 0)
		cairn_part_unmeasured(dom0, CAIRN_R_NO_REFERENCE, "phase",
				      "dom0 went on to a root that no manifest names");
}

static const struct {
	const char *type, *member;
	void (*mark)(struct cairn_part *dom0, const char *text);
} marks_of_dom0[] = {
    {"violation", "reason", mark_violation}, {"maintenance", "reason", mark_maintenance},
    {"change", "reason", mark_change},	     {"foreign", "value", mark_foreign},
    {"phase", "phase", mark_phase},
};

static enum cairn_status mark(struct cairn_parts *p, const json_t *record)
{
	const char *type = NULL, *text = NULL;
	enum cairn_status st = cairn_json_get_str(&type, record, "type");
	if (st)
		return st;
	if (strcmp(type, "unrecorded") == 0)
		return mark_unrecorded(p, record);
	for (size_t i = 0; i < sizeof marks_of_dom0 / sizeof *marks_of_dom0; i++) {
		if (strcmp(type, marks_of_dom0[i].type) != 0)
			continue;
		st = cairn_json_get_str(&text, record, marks_of_dom0[i].member);
		if (st)
			return st;
		marks_of_dom0[i].mark(&p->dom0, text);
		return CAIRN_OK;
	}
	return CAIRN_E_UNSUPPORTED; /* a type without a rule is never passed over */
}

enum cairn_status cairn_appraise_launches(struct cairn_parts *p, const struct cairn_appraisal *a,
					  const struct cairn_launch_facts *f)
{
	const char *name;
	json_t *v;
	size_t i;
	enum cairn_status st = judge_boot_set(p, a, f);
	if (st)
		return st;
	json_object_foreach(f->domains, name, v)
	{
		st = judge_domain(p, a, name, v);
		if (st)
			return st;
	}
	json_array_foreach(f->marks, i, v)
	{
		st = mark(p, v);
		if (st)
			return st;
	}
	return CAIRN_OK;
}
