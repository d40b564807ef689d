/* The appraisal: replay, then the parts, then one state. See cairn/appraise.h. */
#include "cairn/appraise.h"

#include <string.h>

#include "appraise_part.h"

#define BOOT_LOG_PCRS	0x03ffu /* 0-9: firmware, GRUB */
#define LAUNCH_LOG_PCRS (CAIRN_APPRAISAL_PCRS & ~BOOT_LOG_PCRS)

static const char *const state_names[CAIRN_STATE_COUNT] = {
    [CAIRN_STATE_UNKNOWN] = "unknown",
    [CAIRN_STATE_TRUSTED] = "trusted",
    [CAIRN_STATE_CONTRAINDICATED] = "contraindicated",
    [CAIRN_STATE_UNMEASURED] = "unmeasured",
    [CAIRN_STATE_REVOKED] = "revoked",
    [CAIRN_STATE_CLEARED] = "cleared",
    [CAIRN_STATE_STALE] = "stale",
    [CAIRN_STATE_PENDING] = "pending",
};

const char *cairn_state_name(enum cairn_state s)
{
	return (unsigned)s < CAIRN_STATE_COUNT ? state_names[s] : state_names[CAIRN_STATE_UNKNOWN];
}

enum cairn_state cairn_state_by_name(const char *name)
{
	for (enum cairn_state s = CAIRN_STATE_TRUSTED; s < CAIRN_STATE_COUNT; s++)
		if (strcmp(name, state_names[s]) == 0)
			return s;
	return CAIRN_STATE_UNKNOWN;
}

void cairn_verdict_fini(struct cairn_verdict *v)
{
	json_decref(v->submods);
	*v = (struct cairn_verdict){0};
}

/* ---- replay
 * ---------------------------------------------------------------------------------------------------------
 */

/* The quote carries one digest over all its PCRs, so the two logs are judged together. */
static enum cairn_status replays(const struct cairn_appraisal *a, const struct cairn_eventlog *log,
				 const struct cairn_launch_facts *facts)
{
	const struct cairn_selection asked = cairn_selection_of(CAIRN_ALG_SHA256, CAIRN_APPRAISAL_PCRS);
	struct cairn_pcrs pcrs = {.count = 1, .bank = {facts->sha256}};
	struct cairn_bank *bank = &pcrs.bank[0];
	if (!cairn_selection_equal(cairn_quote_selection(a->quote), &asked))
		return CAIRN_E_MISMATCH;
	if (log) {
		struct cairn_replay r = {0};
		enum cairn_status st = cairn_eventlog_replay(&r, log);
		if (st)
			return st;
		const struct cairn_bank *boot = cairn_pcrs_bank_const(&r.pcrs, CAIRN_ALG_SHA256);
		if (!boot || (r.incomplete[boot - r.pcrs.bank] & BOOT_LOG_PCRS))
			return CAIRN_E_DIVERGED;
		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
			if (BOOT_LOG_PCRS >> i & 1)
				bank->pcr[i] = boot->pcr[i];
	}
	bank->extended |= CAIRN_APPRAISAL_PCRS;
	return cairn_quote_holds(a->quote, &pcrs);
}

/* ---- the state
 * -------------------------------------------------------------------------------------------------------- */

static enum cairn_state overall(const struct cairn_parts *p)
{
	const struct {
		const struct cairn_part *part;
		enum cairn_tier best;
	} all[] = {
	    {&p->dom0, CAIRN_TIER_AFFIRMING},
	    {&p->xen, CAIRN_TIER_AFFIRMING},
	    {&p->boot, CAIRN_TIER_AFFIRMING},
	    {&p->firmware, CAIRN_TIER_WARNING}, /* there are no reference values to compare it with */
	};
	bool bad = p->contraindicated, unmeasured = false;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bad = bad || all[i].part->tier == CAIRN_TIER_CONTRAINDICATED;
		unmeasured = unmeasured || all[i].part->tier != all[i].best;
	}
	if (bad)
		return CAIRN_STATE_CONTRAINDICATED;
	if (unmeasured)
		return CAIRN_STATE_UNMEASURED;
	return CAIRN_STATE_TRUSTED;
}

static enum cairn_status conclude(struct cairn_verdict *out, struct cairn_parts *p)
{
	json_t *s = p->domains;
	if (json_object_set_new(s, "firmware", cairn_part_json(&p->firmware)) ||
	    json_object_set_new(s, "boot", cairn_part_json(&p->boot)) ||
	    json_object_set_new(s, "xen", cairn_part_json(&p->xen)) ||
	    json_object_set_new(s, "dom0", cairn_part_json(&p->dom0)))
		return CAIRN_E_NOMEM;
	out->state = overall(p);
	out->submods = json_incref(s);
	return CAIRN_OK;
}

static enum cairn_status judge(struct cairn_verdict *out, const struct cairn_appraisal *a,
			       const struct cairn_eventlog *log, const struct cairn_launch_facts *facts)
{
	struct cairn_parts p = {.domains = json_object()};
	enum cairn_status st = cairn_appraise_boot(&p, a, log, facts->host);
	if (!st)
		st = cairn_appraise_launches(&p, a, facts);
	if (!st)
		st = cairn_appraise_release_set(&p, a, facts->release_set);
	if (!st)
		st = conclude(out, &p);
	cairn_reasons_fini(&p.firmware.reasons);
	cairn_reasons_fini(&p.boot.reasons);
	cairn_reasons_fini(&p.xen.reasons);
	cairn_reasons_fini(&p.dom0.reasons);
	json_decref(p.domains);
	return st;
}

/* A log of a TPM's PCRs; those of a virtual machine's measurement registers are none. */
static enum cairn_status open_boot_log(struct cairn_eventlog *out, struct cairn_span bytes)
{
	enum cairn_status st = cairn_eventlog_open(out, bytes);
	if (st)
		return st;
	return out->cc ? CAIRN_E_UNSUPPORTED : CAIRN_OK;
}

enum cairn_status cairn_appraise(struct cairn_verdict *out, const struct cairn_appraisal *a)
{
	struct cairn_eventlog log;
	struct cairn_launch_facts facts = {0};
	bool has_log = a->boot_log.len > 0;
	enum cairn_status st = has_log ? open_boot_log(&log, a->boot_log) : CAIRN_OK;
	if (!st)
		st = cairn_launch_facts_read(&facts, a);
	if (!st)
		st = replays(a, has_log ? &log : NULL, &facts);
	if (!st)
		st = judge(out, a, has_log ? &log : NULL, &facts);
	cairn_launch_facts_fini(&facts);
	return st;
}
