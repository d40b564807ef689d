/* Strangers: domains that run, or have run, and that no record explains. The hypervisor's own list is believed, and
 * the order in which it gives out domids: xenstore and names are not, since whoever builds a domain writes those. */
#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY_AGAIN_MS 10000
/* A stranger that comes this far behind the last domid may have chosen its own; it says nothing of those between. */
#define NEAR	 64u
#define GAPS_MAX 16u /* unrecorded records for one gap; the violation names the rest */
#define DOMIDS	 (CAIRN_HV_DOMAINS - 1u)

bool cairn_domain_is(const struct cairn_agent_domain *d, const struct cairn_hv_domain *h)
{
	return (d->domid == 0 || d->domid == h->domid) && strcmp(d->uuid, h->uuid) == 0;
}

/* What nobody described may be anything, a service as well: the mode of services is what it meets. */
static bool enforced(const struct cairn_agent *a)
{
	return strcmp(cairn_agent_mode(a, true), "enforce") == 0;
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static struct cairn_stranger *find(struct cairn_agent *a, uint32_t domid, const char *uuid)
{
	for (size_t i = 0; i < a->strangers.count; i++)
		if (a->strangers.item[i].domid == domid && strcmp(a->strangers.item[i].uuid, uuid) == 0)
			return &a->strangers.item[i];
	return NULL;
}

/* NULL: out of memory. */
static struct cairn_stranger *note(struct cairn_agent *a, uint32_t domid, const char *uuid)
{
	struct cairn_strangers *s = &a->strangers;

	if (s->count == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct cairn_stranger *more = reallocarray(s->item, cap, sizeof(*more));

		if (!more)
			return NULL;
		s->item = more;
		s->cap = cap;
	}
	struct cairn_stranger *n = &s->item[s->count++];

	*n = (struct cairn_stranger){.domid = domid, .since_ms = cairn_boot_ms()};
	snprintf(n->uuid, sizeof(n->uuid), "%s", uuid);
	return n;
}

enum cairn_status cairn_strangers_seen(struct cairn_agent *a, uint32_t domid, const char *uuid)
{
	struct cairn_stranger *s = note(a, domid, uuid);

	if (!s)
		return CAIRN_E_NOMEM;
	s->recorded = s->violated = s->passed = true;
	return CAIRN_OK;
}

/* ---- records ------------------------------------------------------------------------------------------ */

static bool is_written(enum cairn_status st, uint64_t recnum)
{
	return recnum != CAIRN_NO_RECORD || st == CAIRN_E_DIVERGED;
}

static bool record(struct cairn_agent *a, uint32_t domid, const char *uuid)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	uint64_t recnum = CAIRN_NO_RECORD;
	enum cairn_status st = cairn_record_unrecorded(&bytes, domid, uuid);

	if (st == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&bytes), &recnum);
	return is_written(st, recnum);
}

static bool violate(struct cairn_agent *a, const char *reason)
{
	uint64_t recnum = CAIRN_NO_RECORD;
	enum cairn_status st = cairn_agent_violate(a, reason, &recnum);

	return is_written(st, recnum);
}

/* What cannot be written now is tried again by the next look. */
static void put_on_record(struct cairn_agent *a, struct cairn_stranger *s, const char *what)
{
	char reason[160];

	if (!s->recorded) {
		s->recorded = record(a, s->domid, s->uuid);
		cairn_agent_say("domain %" PRIu32 " (%s) %s", s->domid, s->uuid, what);
	}
	if (s->violated || !enforced(a))
		return;
	snprintf(reason, sizeof(reason), "domain %" PRIu32 " (%s) %s", s->domid, s->uuid, what);
	s->violated = violate(a, reason);
}

/* ---- what is there ------------------------------------------------------------------------------------ */

/* A domain of which the launch has ended may be seen dying for a while; alive again it is another one. */
static bool is_explained(const struct cairn_agent *a, const struct cairn_hv_domain *h)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		const struct cairn_agent_domain *d = &a->domains.item[i];

		if ((d->live || h->dying) &&
		    (cairn_domain_is(d, h) || (d->stub_domid && d->stub_domid == h->domid)))
			return true;
	}
	return false;
}

/* A toolstack builds a domain paused, so one that has never run is nobody's harm yet. */
static const char *trouble_of(const struct cairn_agent *a, const struct cairn_stranger *s,
			      const struct cairn_hv_domain *h)
{
	int64_t patience_ms = (int64_t)a->conf->create_timeout_s * 1000;

	if (!h->paused || h->cpu_ns > 0 || h->shutdown || h->dying)
		return "was started by somebody else and not measured";
	if (cairn_boot_ms() - s->since_ms >= patience_ms)
		return "was built by somebody else and is on no record";
	return NULL;
}

static void look_at(struct cairn_agent *a, const struct cairn_hv_domain *h)
{
	struct cairn_stranger *s = find(a, h->domid, h->uuid);

	if (!s)
		s = note(a, h->domid, h->uuid);
	const char *what = s ? trouble_of(a, s, h) : "cannot be remembered: out of memory";

	if (!what)
		return;
	if (enforced(a) && !h->paused && !h->dying && a->hv.ops->pause(a->hv.self, h->domid) != CAIRN_OK)
		cairn_agent_say("domain %" PRIu32 " cannot be paused", h->domid);
	if (s)
		put_on_record(a, s, what);
}

/* A stub domain is seen before the toolstack has noted whose it is; once that is known it was never a stranger. */
static void clear(struct cairn_agent *a, const struct cairn_hv_domain *h)
{
	struct cairn_strangers *t = &a->strangers;
	struct cairn_stranger *s = find(a, h->domid, h->uuid);

	if (s && !s->recorded)
		*s = t->item[--t->count];
}

static bool is_there(const struct cairn_stranger *s, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].domid == s->domid && strcmp(all[i].uuid, s->uuid) == 0)
			return true;
	return false;
}

/* Those that are gone need not be remembered: should one come back, it is another start. One that was only seen paused
 * may have run between two looks. */
static void forget(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	struct cairn_strangers *t = &a->strangers;
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct cairn_stranger *s = &t->item[i];
		bool there = is_there(s, all, n);

		if (!there && !s->recorded && cairn_stub_claim(a, s->domid))
			continue;
		if (!there)
			put_on_record(a, s, "came and went and is on no record");
		if (there || !s->recorded || (enforced(a) && !s->violated))
			t->item[kept++] = *s;
	}
	t->count = kept;
}

void cairn_strangers_look(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	cairn_stubs_learn(a, all, n);
	for (size_t i = 0; i < n; i++)
		if (is_explained(a, &all[i]))
			clear(a, &all[i]);
		else
			look_at(a, &all[i]);
	forget(a, all, n);
}

void cairn_strangers_end(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	int64_t now = cairn_boot_ms();

	for (size_t i = 0; i < n && enforced(a); i++) {
		struct cairn_stranger *s = find(a, all[i].domid, all[i].uuid);

		if (!s || !s->recorded || !s->violated || all[i].dying ||
		    (s->tried_ms && now - s->tried_ms < TRY_AGAIN_MS))
			continue;
		s->tried_ms = now;
		if (a->hv.ops->destroy(a->hv.self, s->domid) != CAIRN_OK)
			cairn_agent_say("domain %" PRIu32 " must end and cannot be destroyed", all[i].domid);
	}
}

/* ---- what was there ----------------------------------------------------------------------------------- */

static bool is_known(const struct cairn_agent *a, uint32_t domid, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].domid == domid)
			return true;
	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].domid == domid || a->domains.item[i].stub_domid == domid)
			return true;
	for (size_t i = 0; i < a->strangers.count; i++)
		if (a->strangers.item[i].domid == domid)
			return true;
	return false;
}

static uint32_t after(uint32_t domid)
{
	return domid >= DOMIDS ? 1 : domid + 1;
}

/* The gap in a few records of their own; what is more than that, a violation says in one. */
static bool record_gap(struct cairn_agent *a, uint32_t domid, unsigned nth)
{
	char reason[128];

	if (nth < GAPS_MAX && !record(a, domid, ""))
		return false;
	if (nth > GAPS_MAX)
		return true;
	snprintf(reason, sizeof(reason), "domain %" PRIu32 " %scame and went and is on no record", domid,
		 nth == GAPS_MAX ? "and others behind it " : "");
	cairn_agent_say("%s", reason);
	return !enforced(a) || (nth > 0 && nth < GAPS_MAX) || violate(a, reason);
}

/* True when all before domid are accounted for; then it is the last that is. */
static bool pass(struct cairn_agent *a, uint32_t domid, const struct cairn_hv_domain *all, size_t n)
{
	struct cairn_strangers *s = &a->strangers;
	unsigned gaps = 0;

	for (uint32_t i = after(s->last_domid); i != domid; i = after(i)) {
		if (!is_known(a, i, all, n)) {
			if (s->unplaced > 0)
				s->unplaced--;
			else if (!record_gap(a, i, gaps++))
				return false;
		}
		s->last_domid = i;
	}
	s->last_domid = domid;
	return true;
}

/* True if domid was given before the last one, or more than limit behind it, the way round that domids are given. */
static bool is_elsewhere(const struct cairn_agent *a, uint32_t domid, uint32_t limit)
{
	uint32_t distance = (domid + DOMIDS - a->strangers.last_domid) % DOMIDS;

	return distance == 0 || distance > limit;
}

/* The hypervisor chose the domid of what cairnd launched: that tells where it is. */
static void pass_launched(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];

		if (!d->passed && d->domid != 0)
			d->passed = is_elsewhere(a, d->domid, DOMIDS / 2) || pass(a, d->domid, all, n);
	}
}

static void pass_strangers(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < a->strangers.count; i++) {
		struct cairn_stranger *s = &a->strangers.item[i];

		if (!s->passed)
			s->passed = is_elsewhere(a, s->domid, NEAR) || pass(a, s->domid, all, n);
	}
}

/* Nobody remembers what was given before: what is there now is where it starts. */
static void learn_last(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	cairn_agent_say("it is not known which domains came and went while cairnd did not look");
	a->strangers.last_domid = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].domid > a->strangers.last_domid)
			a->strangers.last_domid = all[i].domid;
}

/* Domids are given in order from 1 after a boot: at its first start, none was passed over yet. */
void cairn_strangers_recall(struct cairn_agent *a)
{
	struct cairn_strangers *s = &a->strangers;

	if (a->log.state == CAIRN_LOG_GOOD &&
	    a->hv.ops->recall(a->hv.self, &s->last_domid, &s->unplaced) != CAIRN_OK)
		s->last_domid = CAIRN_DOMID_UNKNOWN;
	s->kept_domid = s->last_domid;
	s->kept_unplaced = s->unplaced;
}

void cairn_strangers_gaps(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	struct cairn_strangers *s = &a->strangers;

	if (s->last_domid == CAIRN_DOMID_UNKNOWN)
		learn_last(a, all, n);
	cairn_stubs_learn(a, all, n);
	for (size_t i = 0; i < n; i++)
		if (!is_explained(a, &all[i]) && !find(a, all[i].domid, all[i].uuid))
			(void)note(a, all[i].domid, all[i].uuid); /* else the look that follows reports it */
	pass_launched(a, all, n);
	pass_strangers(a, all, n);
	if (s->last_domid == s->kept_domid && s->unplaced == s->kept_unplaced)
		return;
	if (a->hv.ops->remember(a->hv.self, s->last_domid, s->unplaced) != CAIRN_OK) {
		cairn_agent_say("xenstore does not take the last domid");
		return;
	}
	s->kept_domid = s->last_domid;
	s->kept_unplaced = s->unplaced;
}
