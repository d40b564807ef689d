/* Stub domains: the device model of a guest, in a domain of its own that runs nothing else. A guest without its device
 * model is ended, and a stub domain without its guest; which domain it is, is learned once and never again. */
#include "agent/agent.h"

#define GRACE_MS 5000 /* a toolstack that takes both down may take the stub domain down first */

static const struct cairn_hv_domain *find(const struct cairn_agent_domain *d,
					  const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (d->stub_domid && all[i].domid == d->stub_domid && !all[i].dying)
			return &all[i];
	return NULL;
}

/* ---- which it is -------------------------------------------------------------------------------------- */

/* A toolstack makes the device model's domain while it builds the one that cairnd asked for, and says which it is
 * before it lets it run. */
static void learn(struct cairn_agent *a, struct cairn_agent_domain *d, const struct cairn_hv_domain *all,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t domid = 0;

		if (cairn_domain_is(d, &all[i]) &&
		    a->hv.ops->stub(a->hv.self, all[i].domid, &domid) == CAIRN_OK)
			d->stub_domid = domid;
	}
}

void cairn_stubs_learn(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];

		if (d->live && d->stub && d->stub_domid == 0)
			learn(a, d, all, n);
	}
}

bool cairn_stub_claim(struct cairn_agent *a, uint32_t domid)
{
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];

		if (!d->live || !d->stub || d->domid != 0 || d->stub_domid != 0)
			continue;
		d->stub_domid = domid;
		return true;
	}
	return false;
}

/* ---- ends --------------------------------------------------------------------------------------------- */

static void look_at(struct cairn_agent_domain *d, const struct cairn_hv_domain *stub, int64_t now)
{
	if (stub && !stub->shutdown)
		return;
	if (d->stub_gone_ms == 0)
		d->stub_gone_ms = now;
	if (d->end || now - d->stub_gone_ms < GRACE_MS)
		return;
	d->end = CAIRN_END_NO_DEVICE_MODEL;
	cairn_agent_say("%s ends: its stub domain, %u, is gone", d->name, (unsigned)d->stub_domid);
}

void cairn_stubs_look(struct cairn_agent *a, const struct cairn_hv_domain *all, size_t n)
{
	int64_t now = cairn_boot_ms();

	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];

		if (d->live && d->stub_domid)
			look_at(d, find(d, all, n), now);
	}
}

/* By a new list: a toolstack that destroys the one takes the other along. */
bool cairn_stub_end(struct cairn_agent *a, const struct cairn_agent_domain *d)
{
	struct cairn_hv_domain stub;

	if (!d->stub_domid)
		return true;
	enum cairn_status st = cairn_hv_get(&a->hv, d->stub_domid, &stub);

	if (st == CAIRN_E_NOTFOUND || (st == CAIRN_OK && stub.dying))
		return true;
	if (st == CAIRN_OK && a->hv.ops->destroy(a->hv.self, d->stub_domid) == CAIRN_OK)
		return true;
	cairn_agent_say("domain %u, the device model of %s, must end and cannot be destroyed",
			(unsigned)d->stub_domid, d->name);
	return false;
}
