/* The boot path against the platform manifests.
 *
 * The log has replayed to the quote, so its digests are what was extended; its texts are only descriptions.
 * Digests of PCRs 4, 8 and 9 are compared in the order of extension. What comes after the first one that
 * differs, in that PCR, is not compared any more: nothing says what belongs where.
 */
#include <stdio.h>
#include <string.h>

#include "appraise_part.h"

#define BOOT_PCRS 3
static const unsigned boot_pcr[BOOT_PCRS] = {4, 8, 9};

struct deviation {
	bool found;
	unsigned pcr;
	const struct cairn_manifest_event *expected; /* NULL: the manifest has no more events */
	struct cairn_digest have;		     /* alg NONE: the log has no more events */
	struct cairn_span text;			     /* of the log, if it is one of GRUB */
};

struct comparison {
	const struct cairn_manifest *manifest;
	struct deviation deviation[BOOT_PCRS];
	size_t matched;
	bool good; /* no deviation */
	bool withdrawn;
};

/* ---- events
 * ---------------------------------------------------------------------------------------------------------
 */

static const struct cairn_manifest_event *next_expected(const struct cairn_manifest *m, unsigned pcr,
							size_t *at)
{
	while (*at < m->event_count) {
		const struct cairn_manifest_event *e = &m->event[(*at)++];
		if (e->pcr == pcr)
			return e;
	}
	return NULL;
}

static void compare_event(struct comparison *c, struct deviation *d, size_t *at, const struct cairn_event *ev)
{
	struct cairn_digest have;
	if (cairn_event_digest_get(&have, ev, CAIRN_ALG_SHA256))
		have = (struct cairn_digest){.alg = CAIRN_ALG_NONE}; /* which no manifest expects */
	const struct cairn_manifest_event *want = next_expected(c->manifest, ev->pcr, at);
	if (want && cairn_digest_equal(&want->sha256, &have)) {
		c->matched++;
		return;
	}
	*d = (struct deviation){.found = true, .pcr = ev->pcr, .expected = want, .have = have};
	struct cairn_span text;
	if (cairn_event_grub_text(&text, ev) != CAIRN_GRUB_NONE)
		d->text = text;
}

static void compare_pcr(struct comparison *c, struct deviation *d, unsigned pcr,
			const struct cairn_eventlog *log)
{
	size_t at = 0;
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct cairn_event ev;
	while (!d->found && cairn_eventlog_next(&it, &ev))
		if (ev.pcr == pcr && ev.type != CAIRN_EV_NO_ACTION)
			compare_event(c, d, &at, &ev);
	const struct cairn_manifest_event *missing = d->found ? NULL : next_expected(c->manifest, pcr, &at);
	if (missing)
		*d = (struct deviation){.found = true, .pcr = pcr, .expected = missing};
}

static void compare_events(struct comparison *c, const struct cairn_eventlog *log)
{
	c->good = true;
	for (size_t i = 0; i < BOOT_PCRS; i++) {
		compare_pcr(c, &c->deviation[i], boot_pcr[i], log);
		c->good = c->good && !c->deviation[i].found;
	}
}

/* ---- the best manifest
 * ------------------------------------------------------------------------------------------------ */

#define RANKS 6
/* Higher is better: what matches whole and was not withdrawn, then what is valid now, then what matches further, then the newer
 * release. */
static void rank(uint64_t out[RANKS], const struct comparison *c, uint64_t now, const json_t *host_record)
{
	out[0] = c->good;
	out[1] = json_equal(c->manifest->host_record, host_record) == 1;
	out[2] = !c->withdrawn;
	out[3] = cairn_manifest_validity(c->manifest, now) == CAIRN_VALID;
	out[4] = c->matched;
	out[5] = c->manifest->release;
}

static bool better(const struct comparison *a, const struct comparison *b, uint64_t now,
		   const json_t *host_record)
{
	uint64_t ra[RANKS], rb[RANKS];
	if (!b->manifest)
		return true;
	rank(ra, a, now, host_record);
	rank(rb, b, now, host_record);
	for (size_t i = 0; i < RANKS; i++)
		if (ra[i] != rb[i])
			return ra[i] > rb[i];
	return false;
}

static void find_best(struct comparison *best, const struct cairn_appraisal *a,
		      const struct cairn_eventlog *log, const json_t *host_record)
{
	for (size_t i = 0; i < a->manifest_count; i++) {
		struct comparison c = {.manifest = a->manifest[i],
				       .withdrawn = cairn_withdrawn(a, a->manifest[i])};
		if (c.manifest->kind != CAIRN_MANIFEST_PLATFORM)
			continue;
		if (log)
			compare_events(&c, log);
		if (better(&c, best, a->now, host_record))
			*best = c;
	}
}

/* ---- what the events say
 * ------------------------------------------------------------------------------------------------ */

static struct cairn_part *part_of(struct cairn_parts *p, const char *component)
{
	if (strncmp(component, "xen", 3) == 0)
		return &p->xen;
	if (strncmp(component, "dom0", 4) == 0)
		return &p->dom0;
	return &p->boot;
}

static void report_deviation(struct cairn_parts *p, const struct deviation *d)
{
	const struct cairn_manifest_event *e = d->expected;
	struct cairn_hex expected = {""}, found = {""};
	char text[2 * CAIRN_REASON_TEXT_MAX];
	if (e)
		expected = cairn_digest_hex(&e->sha256);
	if (d->have.alg != CAIRN_ALG_NONE)
		found = cairn_digest_hex(&d->have);
	int len = d->text.len < 160 ? (int)d->text.len : 160;
	if (!e)
		snprintf(text, sizeof text, "PCR %u has an event more than the manifest: '%.*s'", d->pcr, len,
			 (const char *)d->text.ptr);
	else if (d->have.alg == CAIRN_ALG_NONE)
		snprintf(text, sizeof text, "PCR %u lacks this event: '%.160s'", d->pcr, e->text);
	else
		snprintf(text, sizeof text, "PCR %u: expected '%.160s', the log says '%.*s'", d->pcr, e->text,
			 len, (const char *)d->text.ptr);
	const char *component = e ? e->component : "unexpected";
	cairn_part_fail(part_of(p, component), CAIRN_R_BOOT_MISMATCH, component, expected.text, found.text,
			text);
}

/* ---- the host record
 * ---------------------------------------------------------------------------------------------------- */

static void value_text(struct cairn_buf *out, const json_t *v)
{
	if (json_is_string(v))
		cairn_buf_add_str(out, json_string_value(v));
	else if (v && cairn_json_dump(out, v))
		out->failed = true;
}

/* Of a file or the agent: a command line may say what it likes, and is compared. */
static bool says_unvouched(const char *member, const json_t *have)
{
	const char *text = json_string_value(json_is_object(have) ? json_object_get(have, "sha256") : NULL);
	if (strcmp(member, "agent.sha256") == 0)
		text = json_string_value(have);
	return text && strcmp(text, CAIRN_UNVOUCHED) == 0;
}

static void compare_member(struct cairn_part *p, const char *name, const json_t *want, const json_t *have)
{
	cairn_auto_buf struct cairn_buf expected = {0};
	cairn_auto_buf struct cairn_buf found = {0};
	if (json_equal(want, have) || says_unvouched(name, have)) /* which the join reports */
		return;
	value_text(&expected, want);
	value_text(&found, have);
	cairn_part_fail(p, CAIRN_R_RECORD_MISMATCH, name, cairn_buf_str(&expected), cairn_buf_str(&found),
			"the host record is not what the manifest expects");
}

/* A host record has two levels: {"xen":{"cmdline":...}} is reported as xen.cmdline. */
static void compare_records(struct cairn_parts *p, const json_t *want, const json_t *have)
{
	static const char *const members[] = {"agent", "config", "dom0", "trust",
					      "xen"}; /* the rest is fixed */
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const json_t *w = json_object_get(want, members[i]), *h = json_object_get(have, members[i]);
		struct cairn_part *part = strcmp(members[i], "xen") == 0 ? &p->xen : &p->dom0;
		const char *key;
		json_t *value;
		json_object_foreach((json_t *)(uintptr_t)w, key, value)
		{
			char name[128];
			snprintf(name, sizeof name, "%s.%s", members[i], key);
			compare_member(part, name, value, json_object_get(h, key));
		}
		json_object_foreach((json_t *)(uintptr_t)h, key, value)
		{
			char name[128];
			snprintf(name, sizeof name, "%s.%s", members[i], key);
			if (!json_object_get(w, key))
				compare_member(part, name, NULL, value);
		}
	}
}

/* ---- the join
 * ---------------------------------------------------------------------------------------------------------------
 */

static void join_one(struct cairn_part *p, const char *component, const struct cairn_digest *claimed,
		     const struct cairn_digest *measured)
{
	if (claimed->alg == CAIRN_ALG_NONE)
		cairn_part_unmeasured(p, CAIRN_R_UNVOUCHED, component,
				      "the host record says that nothing vouches for it");
	else if (measured->alg == CAIRN_ALG_NONE)
		cairn_part_unmeasured(p, CAIRN_R_NO_BOOT_LOG, component, "no boot log vouches for it");
	else if (!cairn_digest_equal(claimed, measured))
		cairn_part_fail(p, CAIRN_R_JOIN_MISMATCH, component, cairn_digest_hex(measured).text,
				cairn_digest_hex(claimed).text,
				"the host record and the boot log name different files");
}

static enum cairn_status join(struct cairn_parts *p, const struct cairn_eventlog *log,
			      const json_t *host_record)
{
	cairn_auto_host struct cairn_host host = {0};
	struct cairn_boot_facts facts = {0};
	enum cairn_status st = cairn_host_from_json(&host, (json_t *)(uintptr_t)host_record);
	if (!st && log)
		st = cairn_boot_facts(&facts, log, CAIRN_ALG_SHA256);
	if (st)
		return st;
	if (log && facts.problem != CAIRN_BOOT_OK)
		cairn_part_unmeasured(&p->boot, CAIRN_R_UNVOUCHED, "boot-log",
				      cairn_boot_problem_text(facts.problem));
	join_one(&p->xen, "xen", &host.xen, &facts.xen.digest);
	join_one(&p->dom0, "dom0-kernel", &host.kernel, &facts.kernel.digest);
	join_one(&p->dom0, "dom0-initrd", &host.initrd, &facts.initrd.digest);
	if (host.agent.alg == CAIRN_ALG_NONE)
		cairn_part_unmeasured(&p->dom0, CAIRN_R_UNVOUCHED, "agent",
				      "the host record has no digest of the agent");
	return CAIRN_OK;
}

/* ---- together
 * ---------------------------------------------------------------------------------------------------------------
 */

static void not_appraised(struct cairn_part *p, const struct cairn_part *before)
{
	bool bad_before = before->tier != CAIRN_TIER_AFFIRMING;
	if (p->reasons.count == 0 && bad_before) {
		p->tier = CAIRN_TIER_NONE;
		cairn_reasons_add(&p->reasons, CAIRN_R_NOT_APPRAISED, "", "", "", "",
				  "what ran before it is not affirmed, so nothing that it measured counts");
	}
}

enum cairn_status cairn_appraise_boot(struct cairn_parts *p, const struct cairn_appraisal *a,
				      const struct cairn_eventlog *log, const json_t *host_record)
{
	struct comparison best = {0};
	find_best(&best, a, log, host_record);
	p->boot.tier = p->xen.tier = p->dom0.tier = CAIRN_TIER_AFFIRMING;
	p->boot.manifest = p->xen.manifest = p->dom0.manifest = best.manifest;
	enum cairn_status st = cairn_appraise_firmware(p, log);
	if (st)
		return st;
	for (int i = 0; log && best.manifest && i < BOOT_PCRS; i++)
		if (best.deviation[i].found)
			report_deviation(p, &best.deviation[i]);
	if (best.manifest) {
		cairn_part_release(&p->boot, a, best.manifest);
		cairn_part_validity(&p->boot, best.manifest, a->now);
		compare_records(p, best.manifest->host_record, host_record);
	} else {
		cairn_part_fail(&p->boot, CAIRN_R_NO_MANIFEST, "platform", "", "",
				"no platform manifest is known");
	}
	st = join(p, log, host_record);
	not_appraised(&p->xen, &p->boot);
	not_appraised(&p->dom0, &p->xen);
	return st;
}
