/* The last step of a launch: xl builds what was described, from what cairnd holds open, and leaves it paused; it runs
 * once the hypervisor knows it as that. The stub domain of a guest runs earlier, since libxl waits for it. */
#include "agent/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The paths by which xl reaches what cairnd holds open. */
struct paths {
	char file[CAIRN_XLFILES][40], disk[CAIRN_XLCFG_DISKS][40];
	struct cairn_xlpaths list;
};

static const char *path_of(char out[40], int fd)
{
	snprintf(out, 40, "/proc/%d/fd/%d", (int)getpid(), fd);
	return fd >= 0 ? out : NULL;
}

static void fill_paths(struct paths *p, const struct cairn_job *j)
{
	for (size_t i = 0; i < CAIRN_XLFILES; i++)
		p->list.file[i] = path_of(p->file[i], j->file[i].fd);
	for (size_t i = 0; i < CAIRN_XLCFG_DISKS; i++)
		p->list.disk[i] = path_of(p->disk[i], j->disk[i].fd);
}

static enum cairn_status build_paused(struct cairn_job *j, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf text = {0};
	const struct cairn_hv *hv = &j->a->hv;
	struct paths paths = {0};
	enum cairn_status st = cairn_job_attach_disks(j, why);

	if (st != CAIRN_OK)
		return st;
	fill_paths(&paths, j);
	st = cairn_xlcfg_emit(&text, &j->cfg, &paths.list);
	return st == CAIRN_OK ? hv->ops->create(hv->self, cairn_buf_span(&text), j->timeout_s, why) : st;
}

/* The hypervisor must know the domain that was described, and no other by its UUID, and it must not have run.
 */
static enum cairn_status check_built(struct cairn_job *j, struct cairn_hv_domain *d, struct cairn_buf *why)
{
	enum cairn_status st = cairn_hv_find(&j->a->hv, j->cfg.uuid, d);

	if (st != CAIRN_OK) {
		cairn_buf_add_str(why, st == CAIRN_E_EXISTS
					   ? "there is another domain with its UUID"
					   : "the hypervisor does not know the domain that xl says it built");
		return CAIRN_E_XEN;
	}
	if (d->paused && !d->dying && !d->shutdown && d->cpu_ns == 0 &&
	    d->hvm == (j->cfg.type != CAIRN_DOMAIN_PV))
		return CAIRN_OK;
	cairn_buf_add_fmt(
	    why, "the domain that xl built is not the one described: %s, %s, %llu ns of CPU time",
	    d->hvm ? "hvm" : "pv", d->paused ? "paused" : "not paused", (unsigned long long)d->cpu_ns);
	return CAIRN_E_XEN;
}

/* The device model of the domain, in a domain of its own: there, PV as libxl makes it, and nobody else's. */
static enum cairn_status check_stub(struct cairn_job *j, struct cairn_agent_domain *entry,
				    struct cairn_buf *why)
{
	const struct cairn_hv *hv = &j->a->hv;
	struct cairn_hv_domain d;
	uint32_t stub = 0;
	bool known = false;

	if (!j->cfg.stubdomain)
		return CAIRN_OK;
	bool good = hv->ops->stub(hv->self, entry->domid, &stub) == CAIRN_OK && stub != entry->domid &&
		    cairn_hv_get(hv, stub, &d) == CAIRN_OK && !d.hvm && !d.dying && !d.shutdown;

	for (size_t i = 0; i < j->a->domains.count; i++) {
		const struct cairn_agent_domain *other = &j->a->domains.item[i];

		known |= other->live && other != entry && (other->domid == stub || other->stub_domid == stub);
	}
	if (!good || known) {
		cairn_buf_add_str(why, "the stub domain that xl should have built is not there");
		return CAIRN_E_XEN;
	}
	entry->stub_domid = stub;
	return CAIRN_OK;
}

/* xl takes a stub domain down with its guest, if it gets that far. */
static bool destroy_pair(struct cairn_job *j, uint32_t domid)
{
	const struct cairn_hv *hv = &j->a->hv;
	struct cairn_hv_domain d;
	uint32_t stub = 0;

	if (!j->cfg.stubdomain || hv->ops->stub(hv->self, domid, &stub) != CAIRN_OK)
		stub = 0;
	bool gone = hv->ops->destroy(hv->self, domid) == CAIRN_OK;

	if (stub && cairn_hv_get(hv, stub, &d) == CAIRN_OK)
		gone &= hv->ops->destroy(hv->self, stub) == CAIRN_OK;
	return gone;
}

/* Destroys whatever bears the UUID of the launch. False if something of it may be left. */
static bool destroy_all(struct cairn_job *j)
{
	const struct cairn_hv *hv = &j->a->hv;
	struct cairn_hv_domain *all = calloc(CAIRN_HV_DOMAINS, sizeof(*all));
	size_t n = 0;
	bool gone = all && hv->ops->list(hv->self, all, CAIRN_HV_DOMAINS, &n) == CAIRN_OK;

	for (size_t i = 0; i < n && all; i++)
		if (strcmp(all[i].uuid, j->cfg.uuid) == 0)
			gone &= destroy_pair(j, all[i].domid);
	free(all);
	return gone;
}

/* What cannot be destroyed now stays in the table, for the sweep to try again. */
static void undo_build(struct cairn_job *j, struct cairn_launched *out, const char *text)
{
	struct cairn_agent_domain *entry = cairn_domains_live(&j->a->domains, j->cfg.name);

	if (!destroy_all(j)) {
		cairn_agent_say("the domain of a failed launch of %s could not be destroyed yet",
				j->cfg.name);
		if (entry)
			entry->end = "build-failed";
	} else if (entry) {
		cairn_agent_record_exit(j->a, entry, "build-failed");
	}
	cairn_reasons_add(&out->reasons, CAIRN_R_BUILD_FAILED, "domain", j->config, "", "", text);
}

static void publish(struct cairn_agent *a, const struct cairn_agent_domain *d, const char *state)
{
	const struct cairn_hv_ops *ops = a->hv.ops;
	char record[24];

	snprintf(record, sizeof(record), "%llu", (unsigned long long)d->recnum);
	const char *manifest = json_string_value(json_object_get(d->manifest, "name"));

	if (ops->publish(a->hv.self, d->domid, "name", d->name) != CAIRN_OK ||
	    ops->publish(a->hv.self, d->domid, "record", record) != CAIRN_OK ||
	    ops->publish(a->hv.self, d->domid, "manifest", manifest ? manifest : "") != CAIRN_OK ||
	    ops->publish(a->hv.self, d->domid, "state", state) != CAIRN_OK)
		cairn_agent_say("xenstore does not take what is known of domain %u", d->domid);
}

enum cairn_status cairn_job_build(struct cairn_job *j, struct cairn_launched *out, struct cairn_buf *why)
{
	const struct cairn_hv *hv = &j->a->hv;
	struct cairn_hv_domain d = {0};
	struct cairn_agent_domain *entry = cairn_domains_live(&j->a->domains, j->cfg.name);
	cairn_auto_buf struct cairn_buf said = {0};
	enum cairn_status st = build_paused(j, &said);

	if (st == CAIRN_OK)
		st = check_built(j, &d, &said);
	if (entry)
		entry->domid = d.domid;
	if (st == CAIRN_OK && entry)
		st = check_stub(j, entry, &said);
	if (st == CAIRN_OK && entry)
		st = cairn_devices_take(j->a, entry, &said);
	if (st == CAIRN_OK && entry)
		cairn_job_give_disks(j, entry);
	if (st == CAIRN_OK)
		st = cairn_agent_may_launch(j->a, &said); /* which looked around while xl worked */
	if (st == CAIRN_OK)
		st = hv->ops->unpause(hv->self, d.domid);
	if (st != CAIRN_OK) {
		const char *text = cairn_buf_str(&said);

		cairn_buf_add_fmt(why, "%s was allowed, but not built: %s: %s", j->cfg.name,
				  cairn_status_text(st), text ? text : "");
		undo_build(j, out, text);
		return st;
	}
	out->domid = d.domid;
	if (entry)
		publish(j->a, entry, "running");
	return CAIRN_OK;
}
