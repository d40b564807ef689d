/* How domains end: the records against the hypervisor's own list. */
#include "agent/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ends --------------------------------------------------------------------------------------------- */

static enum cairn_status write_exit(struct cairn_agent *a, const struct cairn_agent_domain *d,
				    uint64_t *recnum)
{
	const struct cairn_exit_record x = {.launch = d->recnum, .name = d->name, .reason = d->end};
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_exit(&record, &x);

	return st == CAIRN_OK ? cairn_agent_record(a, cairn_buf_span(&record), recnum) : st;
}

void cairn_agent_record_exit(struct cairn_agent *a, struct cairn_agent_domain *d, const char *reason)
{
	bool first = d->end == NULL;
	uint64_t recnum = CAIRN_NO_RECORD;

	d->end = reason;
	enum cairn_status st = write_exit(a, d, &recnum);

	if (st != CAIRN_OK && first)
		cairn_agent_say("the exit of %s cannot be recorded now: %s", d->name, cairn_status_text(st));
	if (recnum == CAIRN_NO_RECORD && st != CAIRN_E_DIVERGED)
		return;
	d->live = false;
	cairn_domain_close(d);
	if (d->domid == 0)
		a->strangers.unplaced += d->stub && d->stub_domid == 0 ? 2 : 1;
	cairn_restart_ended(a, d, reason);
	if (d->domid && a->hv.ops->publish(a->hv.self, d->domid, NULL, NULL) != CAIRN_OK)
		cairn_agent_say("xenstore keeps /tool/cairn/%u", d->domid);
}

static const struct cairn_hv_domain *find(const struct cairn_agent_domain *d,
					  const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cairn_domain_is(d, &all[i]))
			return &all[i];
	return NULL;
}

/* The caller frees *out, also after a failure. */
static enum cairn_status list(struct cairn_agent *a, struct cairn_hv_domain **out, size_t *n)
{
	*out = calloc(CAIRN_HV_DOMAINS, sizeof(**out));
	*n = 0;
	return *out ? a->hv.ops->list(a->hv.self, *out, CAIRN_HV_DOMAINS, n) : CAIRN_E_NOMEM;
}

static enum cairn_status destroy_one(struct cairn_agent *a, const struct cairn_agent_domain *d)
{
	struct cairn_hv_domain *all = NULL;
	size_t n = 0;
	enum cairn_status st = list(a, &all, &n);
	const struct cairn_hv_domain *found = st == CAIRN_OK ? find(d, all, n) : NULL;

	if (found)
		st = a->hv.ops->destroy(a->hv.self, found->domid);
	free(all);
	return st;
}

enum cairn_status cairn_agent_stop_domain(struct cairn_agent *a, const char *name, struct cairn_buf *why)
{
	struct cairn_agent_domain *d = cairn_domains_live(&a->domains, name);

	if (!d) {
		cairn_buf_add_str(why, "no domain of this name was launched by cairnd and still runs");
		return CAIRN_E_NOTFOUND;
	}
	enum cairn_status st = destroy_one(a, d);

	if (st == CAIRN_OK && !cairn_stub_end(a, d))
		st = CAIRN_E_XEN;
	if (st != CAIRN_OK) {
		cairn_buf_add_fmt(why, "the domain could not be destroyed: %s", cairn_status_text(st));
		return st;
	}
	cairn_agent_record_exit(a, d, "destroyed");
	return CAIRN_OK;
}

/* ---- the sweep ---------------------------------------------------------------------------------------- */

/* Those of domains that an earlier cairnd launched. One that has never run was being built when that cairnd
 * died, and nobody checked it: it ends. */
static void learn_domids(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];
		const struct cairn_hv_domain *found = d->live ? find(d, all, n) : NULL;

		if (!found)
			continue;
		if (d->domid == 0 && !d->end && found->paused && found->cpu_ns == 0)
			d->end = "build-failed";
		d->domid = found->domid;
	}
}

/* The exit record's reason for a domain that is still there, or NULL while it may stay. */
static const char *must_end(const struct cairn_agent_domain *d, const struct cairn_hv_domain *now)
{
	if (now->dying)
		return NULL;
	if (d->end || !now->shutdown)
		return d->end;
	return cairn_restart_reason(now->shutdown_reason);
}

static void sweep_one(struct cairn_agent *a, struct cairn_agent_domain *d, const struct cairn_hv_domain *now)
{
	/* One without a number was launched by an earlier cairnd, which may have died before it was built. */
	const char *gone = d->domid ? "destroyed" : "lost";
	const char *end = now ? must_end(d, now) : d->end ? d->end : gone;

	if (!end)
		return;
	if (now && a->hv.ops->destroy(a->hv.self, now->domid) != CAIRN_OK)
		cairn_agent_say("domain %u (%s) must end (%s) but cannot be destroyed", now->domid, d->name,
				end);
	else if (cairn_stub_end(a, d))
		cairn_agent_record_exit(a, d, end);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static void sweep(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	learn_domids(a, all, n);
	/* Before anything ends: what the list still shows must find its record. */
	cairn_strangers_gaps(a, all, n);
	cairn_strangers_look(a, all, n);
	cairn_strangers_end(a, all, n);
	cairn_stubs_look(a, all, n);
	cairn_devices_look(a);
	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].live)
			sweep_one(a, &a->domains.item[i], find(&a->domains.item[i], all, n));
}

void cairn_agent_sweep(struct cairn_agent *a)
{
	struct cairn_hv_domain *all = NULL;
	size_t n = 0;
	enum cairn_status st = list(a, &all, &n);

	cairn_tpm_revive(a->tpm);
	cairn_changes_look(a);
	cairn_release_look(a);
	if (st == CAIRN_OK)
		sweep(a, all, n);
	else if (!a->blind)
		cairn_agent_say(
		    "the hypervisor's list of domains cannot be read (%s): what starts now goes unseen",
		    cairn_status_text(st));
	a->blind = st != CAIRN_OK;
	free(all);
}

void cairn_agent_glance(void *agent)
{
	struct cairn_agent *a = agent;
	struct cairn_hv_domain *all = NULL;
	size_t n = 0;

	if (list(a, &all, &n) == CAIRN_OK)
		cairn_strangers_look(a, all, n);
	free(all);
}

void cairn_agent_meanwhile(void *agent)
{
	cairn_agent_sweep(agent);
}
