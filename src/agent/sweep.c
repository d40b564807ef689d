/* How domains end, and domains that nobody recorded: the records against the hypervisor's own list. */
#include "agent/agent.h"

#include <stdlib.h>
#include <string.h>

void cairn_agent_record_exit(struct cairn_agent *a, struct cairn_agent_domain *d, const char *reason)
{
	const struct cairn_exit_record x = {.launch = d->recnum, .name = d->name, .reason = reason};
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_exit(&record, &x);

	if (st == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&record), NULL);
	if (st != CAIRN_OK)
		cairn_agent_say("the exit of %s could not be recorded: %s", d->name, cairn_status_text(st));
	d->live = false;
	if (d->domid && a->hv.ops->publish(a->hv.self, d->domid, NULL, NULL) != CAIRN_OK)
		cairn_agent_say("xenstore keeps /tool/cairn/%u", d->domid);
}

enum cairn_status cairn_agent_stop_domain(struct cairn_agent *a, const char *name, struct cairn_buf *why)
{
	struct cairn_agent_domain *d = cairn_domains_live(&a->domains, name);
	struct cairn_hv_domain found;
	enum cairn_status st = d ? cairn_hv_find(&a->hv, d->uuid, &found) : CAIRN_E_NOTFOUND;

	if (!d) {
		cairn_buf_add_str(why, "no domain of this name was launched by cairnd and still runs");
		return CAIRN_E_NOTFOUND;
	}
	if (st == CAIRN_OK)
		st = a->hv.ops->destroy(a->hv.self, found.domid);
	if (st != CAIRN_OK && st != CAIRN_E_NOTFOUND) {
		cairn_buf_add_fmt(why, "the domain could not be destroyed: %s", cairn_status_text(st));
		return st;
	}
	cairn_agent_record_exit(a, d, "destroyed");
	return CAIRN_OK;
}

/* ---- the sweep ---------------------------------------------------------------------------------------- */

/* By UUID, and by the domid once that is known: the hypervisor lets two domains have one UUID. */
static bool is_it(const struct cairn_agent_domain *d, const struct cairn_hv_domain *h)
{
	return (d->domid == 0 || d->domid == h->domid) && strcmp(d->uuid, h->uuid) == 0;
}

static const struct cairn_hv_domain *find(const struct cairn_agent_domain *d,
					  const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_it(d, &all[i]))
			return &all[i];
	return NULL;
}

/* Those of domains that an earlier cairnd launched. */
static void learn_domids(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];
		const struct cairn_hv_domain *found = d->live ? find(d, all, n) : NULL;

		if (found)
			d->domid = found->domid;
	}
}

static void sweep_one(struct cairn_agent *a, struct cairn_agent_domain *d, const struct cairn_hv_domain *now)
{
	const unsigned shutdown_crash = 3; /* xen/include/public/sched.h: SHUTDOWN_crash */

	if (!now) {
		cairn_agent_record_exit(a, d, "destroyed");
		return;
	}
	if (!now->shutdown || now->dying)
		return;
	if (a->hv.ops->destroy(a->hv.self, now->domid) != CAIRN_OK)
		cairn_agent_say("domain %u (%s) has ended but cannot be destroyed", now->domid, d->name);
	else
		cairn_agent_record_exit(a, d,
					now->shutdown_reason == shutdown_crash ? "crashed" : "shutdown");
}

static bool is_explained(const struct cairn_agent *a, const struct cairn_hv_domain *d)
{
	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].live && is_it(&a->domains.item[i], d))
			return true;
	for (size_t i = 0; i < a->stranger_count; i++)
		if (a->stranger[i].domid == d->domid && strcmp(a->stranger[i].uuid, d->uuid) == 0)
			return true;
	return false;
}

static void record_stranger(struct cairn_agent *a, const struct cairn_hv_domain *d)
{
	cairn_auto_buf struct cairn_buf record = {0};

	if (a->stranger_count == CAIRN_STRANGERS_MAX)
		return;
	enum cairn_status st = cairn_record_unrecorded(&record, d->domid, d->uuid);

	if (st == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&record), NULL);
	if (st != CAIRN_OK && st != CAIRN_E_DIVERGED)
		return; /* the next sweep tries again */
	struct cairn_stranger *s = &a->stranger[a->stranger_count++];

	s->domid = d->domid;
	memcpy(s->uuid, d->uuid, sizeof(s->uuid));
	cairn_agent_say("domain %u (%s) was started by somebody else and not measured", d->domid, d->uuid);
}

void cairn_agent_sweep(struct cairn_agent *a)
{
	struct cairn_hv_domain *all = calloc(CAIRN_HV_DOMAINS, sizeof(*all));
	size_t n = 0;

	if (!all || a->hv.ops->list(a->hv.self, all, CAIRN_HV_DOMAINS, &n) != CAIRN_OK) {
		free(all);
		return;
	}
	learn_domids(a, all, n);
	/* Before anything ends: what the list still shows must find its record. */
	for (size_t i = 0; i < n; i++)
		if (!is_explained(a, &all[i]) && !all[i].dying)
			record_stranger(a, &all[i]);
	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].live)
			sweep_one(a, &a->domains.item[i], find(&a->domains.item[i], all, n));
	free(all);
}
