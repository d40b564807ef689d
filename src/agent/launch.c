/* The launch of a domain, in the order that makes it measured: read and stage, describe, authorise, record,
 * build paused, check, unpause. What is staged is what is described and what is built. */
#include "agent/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void job_fini(struct cairn_job *j)
{
	cairn_staged_fini(&j->kernel);
	cairn_staged_fini(&j->ramdisk);
	cairn_manifests_fini(&j->manifests);
}

/* ---- 3: may it run ------------------------------------------------------------------------------------ */

#define ROLE_NETWORK "driver.network"

/* Only a driver domain that was launched here may serve: a name alone can be anybody's, now or later. */
static void check_backends(struct cairn_job *j)
{
	for (size_t i = 0; i < j->cfg.vif_count; i++) {
		const char *b = j->cfg.vif[i].backend;
		const struct cairn_agent_domain *d = b[0] ? cairn_domains_live(&j->a->domains, b) : NULL;

		j->cfg.vif[i].backend_domid = d ? d->domid : 0;
		if (b[0] && (!d || !d->driver || d->end || d->domid == 0))
			cairn_reasons_add(j->reasons, CAIRN_R_BACKEND_NOT_ALLOWED, "vif", j->config,
					  "a running driver domain", b, "launch the driver domain first");
	}
}

static bool has_role(const struct cairn_manifest *m, const char *role)
{
	for (size_t i = 0; i < m->role_count; i++)
		if (strcmp(m->role[i], role) == 0)
			return true;
	return false;
}

static void take_roles(struct cairn_job *j, const struct cairn_manifest *m)
{
	if (has_role(m, ROLE_NETWORK) && !j->cfg.driver_domain) {
		cairn_reasons_add(j->reasons, CAIRN_R_ROLE_NOT_ALLOWED, "config", j->config,
				  "driver_domain = 1", "", "the manifest makes it a network driver domain");
		return;
	}
	j->l.role_count = m->role_count;
	for (size_t i = 0; i < m->role_count; i++)
		j->l.role[i] = m->role[i];
	j->l.has_manifest = true;
	j->l.manifest = cairn_manifest_ref(m);
}

static enum cairn_status load_manifests(struct cairn_job *j, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf dir = {0};

	cairn_buf_add_fmt(&dir, "%s/manifests", j->a->conf->data);
	const char *path = cairn_buf_str(&dir);

	return path ? cairn_manifests_load(&j->manifests, path, j->cfg.name, j->a->authorities, why)
		    : CAIRN_E_NOMEM;
}

/* What a mode makes of having no manifest: "enforce" refuses; "audit" says so and goes on, and the record
 * shows that there was none. */
static void no_manifest(struct cairn_job *j, const char *mode, const struct cairn_reasons *against)
{
	if (strcmp(mode, "enforce") == 0) {
		cairn_reasons_join(j->reasons, against);
		cairn_reasons_join(j->reasons, &j->manifests.bad);
	} else if (strcmp(mode, "audit") == 0) {
		cairn_agent_say("%s is launched without a manifest, since its mode is audit: %s", j->cfg.name,
				against->count ? against->item[0].text : "");
	}
}

/* What no manifest describes may be any file that the configuration names, and the configuration may lie on storage
 * that others write: a file that only root may read, such as a secret of dom0, is no guest's image. */
static void check_public(struct cairn_job *j)
{
	static const char text[] =
	    "the file is not for everybody to read, and so no image of a guest (chmod o+r)";

	if (!j->kernel.public)
		cairn_reasons_add(j->reasons, CAIRN_R_FILE_UNREADABLE, "kernel",
				  j->cfg.file[CAIRN_XLFILE_KERNEL], "", "", text);
	if (j->l.has_ramdisk && !j->ramdisk.public)
		cairn_reasons_add(j->reasons, CAIRN_R_FILE_UNREADABLE, "ramdisk",
				  j->cfg.file[CAIRN_XLFILE_RAMDISK], "", "", text);
}

/* A service is what claims to be one, or goes by the name of one; all else is a guest. */
static enum cairn_status authorise(struct cairn_job *j, struct cairn_buf *why)
{
	cairn_auto_reasons struct cairn_reasons against = {0};
	enum cairn_status st = load_manifests(j, why);

	if (st != CAIRN_OK)
		return st;
	check_backends(j);
	if (j->cfg.driver_domain) {
		j->l.role[0] = ROLE_NETWORK;
		j->l.role_count = 1;
	}
	const struct cairn_manifest *m =
	    cairn_manifest_select(&against, &j->l, j->manifests.list, j->manifests.count);
	bool service =
	    j->cfg.driver_domain || cairn_manifests_name(&j->manifests, j->cfg.name) || j->manifests.bad_name;

	if (m)
		take_roles(j, m);
	else
		no_manifest(j, cairn_agent_mode(j->a, service), &against);
	if (!m && j->reasons->count == 0)
		check_public(j);
	return CAIRN_OK;
}

/* ---- 4: records --------------------------------------------------------------------------------------- */

/* True if this caller's refusal is one too many of the same in a minute. */
static bool too_many(struct cairn_agent *a, uid_t uid, struct cairn_span record)
{
	struct cairn_refused now = {.uid = uid, .at_ms = cairn_agent_now_ms()};
	unsigned same = 0;

	if (cairn_hash(&now.record, CAIRN_ALG_SHA256, record) != CAIRN_OK)
		return true;
	for (size_t i = 0; i < CAIRN_REFUSALS_KEPT; i++) {
		const struct cairn_refused *r = &a->refused[i];

		same += r->at_ms && r->uid == uid && now.at_ms - r->at_ms < 60000 &&
			cairn_digest_equal(&r->record, &now.record);
	}
	if (same >= CAIRN_REFUSALS_MINUTE)
		return true;
	a->refused[a->refusal_next++ % CAIRN_REFUSALS_KEPT] = now;
	return false;
}

static enum cairn_status refuse(struct cairn_job *j, uid_t uid, struct cairn_launched *out,
				struct cairn_buf *why)
{
	const struct cairn_reason *first = &j->reasons->item[0];
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_refusal(&record, j->cfg.name, j->reasons);

	cairn_buf_add_fmt(why, "launch refused: %s: %s%s%s", first->code, first->file,
			  first->file[0] ? ": " : "", first->text);
	if (first->expected[0])
		cairn_buf_add_fmt(why, "; expected %s, found %s", first->expected,
				  first->found[0] ? first->found : "nothing");
	if (st == CAIRN_OK && too_many(j->a, uid, cairn_buf_span(&record))) {
		cairn_agent_say("one more refusal of %s for uid %u is not recorded: too many of the same",
				j->cfg.name, (unsigned)uid);
		return CAIRN_E_DENIED;
	}
	if (st == CAIRN_OK)
		st = cairn_agent_record(j->a, cairn_buf_span(&record), &out->recnum);
	out->recorded = out->recnum != CAIRN_NO_RECORD;
	if (out->recorded)
		cairn_restart_refused(j->a, j->cfg.name);
	if (st != CAIRN_OK)
		cairn_agent_say("a refusal could not be recorded%s: %s",
				out->recorded ? " in the TPM yet" : "", cairn_status_text(st));
	return CAIRN_E_DENIED;
}

/* A record that is written is of a launch, even where its extend failed: of one that then built nothing. */
static enum cairn_status record_launch(struct cairn_job *j, struct cairn_launched *out, struct cairn_buf *why)
{
	struct cairn_agent_domains *all = &j->a->domains;
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_launch(&record, &j->l);

	if (st == CAIRN_OK && (j->l.has_manifest || j->l.role_count > 0))
		cairn_restart_remember(j->a, j->l.name, j->config);
	if (st == CAIRN_OK)
		st = cairn_agent_record(j->a, cairn_buf_span(&record), &out->recnum);
	out->recorded = out->recnum != CAIRN_NO_RECORD;
	if (out->recorded)
		cairn_restart_launched(j->a, j->l.name);
	enum cairn_status added = out->recorded ? cairn_domains_add(all, out->recnum, &j->l) : CAIRN_OK;

	if (st == CAIRN_OK && added == CAIRN_OK)
		return CAIRN_OK;
	if (out->recorded && added == CAIRN_OK)
		all->item[all->count - 1].end = "build-failed"; /* the next sweep records it */
	st = st != CAIRN_OK ? st : added;
	cairn_buf_add_fmt(why, "nothing was launched: its record could not be written%s: %s%s",
			  out->recorded ? " to the TPM" : "", cairn_status_text(st),
			  st == CAIRN_E_NOSPACE ? " (the file system of the launch log is full)" : "");
	return st;
}

/* ---- 5: building -------------------------------------------------------------------------------------- */

static enum cairn_status build_paused(struct cairn_job *j, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf text = {0};
	const struct cairn_hv *hv = &j->a->hv;
	char kernel[64], ramdisk[64];
	int self = (int)getpid();

	snprintf(kernel, sizeof(kernel), "/proc/%d/fd/%d", self, j->kernel.fd);
	snprintf(ramdisk, sizeof(ramdisk), "/proc/%d/fd/%d", self, j->ramdisk.fd);
	const struct cairn_xlpaths paths = {.file = {kernel, ramdisk}};
	enum cairn_status st = cairn_xlcfg_emit(&text, &j->cfg, &paths);

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
	    d->hvm == (j->cfg.type == CAIRN_DOMAIN_PVH))
		return CAIRN_OK;
	cairn_buf_add_fmt(
	    why, "the domain that xl built is not the one described: %s, %s, %llu ns of CPU time",
	    d->hvm ? "hvm" : "pv", d->paused ? "paused" : "not paused", (unsigned long long)d->cpu_ns);
	return CAIRN_E_XEN;
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
			gone &= hv->ops->destroy(hv->self, all[i].domid) == CAIRN_OK;
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

static enum cairn_status build(struct cairn_job *j, struct cairn_launched *out, struct cairn_buf *why)
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

/* ---- the whole ---------------------------------------------------------------------------------------- */

/* Two domains of one name or UUID could not be told apart afterwards. What the table says must be true now.
 */
static enum cairn_status check_unique(struct cairn_job *j, struct cairn_buf *why)
{
	struct cairn_hv_domain d;

	cairn_agent_sweep(j->a);
	if (j->a->blind) {
		cairn_buf_add_str(why,
				  "nothing was launched: the hypervisor's list of domains cannot be read");
		return CAIRN_E_XEN;
	}
	const struct cairn_agent_domain *live = cairn_domains_live(&j->a->domains, j->cfg.name);

	if (live) {
		cairn_buf_add_fmt(
		    why,
		    live->end ? "the end of the last domain named %s is not on record yet: see to the "
				"TPM, and to room for the launch log"
			      : "a domain named %s runs already",
		    j->cfg.name);
		return CAIRN_E_EXISTS;
	}
	enum cairn_status st = j->cfg.uuid[0] ? cairn_hv_find(&j->a->hv, j->cfg.uuid, &d) : CAIRN_E_NOTFOUND;

	if (st == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	if (st == CAIRN_OK || st == CAIRN_E_EXISTS)
		cairn_buf_add_fmt(why, "another domain has the UUID %s already", j->cfg.uuid);
	return st == CAIRN_OK ? CAIRN_E_EXISTS : st;
}

static enum cairn_status run(struct cairn_job *j, uid_t uid, struct cairn_launched *out,
			     struct cairn_buf *why)
{
	enum cairn_status st = cairn_job_collect(j);

	snprintf(out->name, sizeof(out->name), "%s", j->cfg.name);
	if (st == CAIRN_OK && j->reasons->count > 0)
		return refuse(j, uid, out, why);
	if (st == CAIRN_OK)
		st = check_unique(j, why);
	if (st == CAIRN_OK)
		st = cairn_job_describe(j);
	if (st == CAIRN_OK)
		st = authorise(j, why);
	if (st == CAIRN_OK && j->reasons->count > 0)
		return refuse(j, uid, out, why);
	if (st == CAIRN_OK)
		st = record_launch(j, out, why);
	return st == CAIRN_OK ? build(j, out, why) : st;
}

enum cairn_status cairn_agent_launch(struct cairn_agent *a, const char *config, uid_t uid, unsigned timeout_s,
				     struct cairn_launched *out, struct cairn_buf *why)
{
	memset(out, 0, sizeof(*out));
	out->recnum = CAIRN_NO_RECORD;
	if (a->state >= CAIRN_AGENT_VIOLATED) {
		cairn_buf_add_fmt(why, "nothing is launched: this host is %s: %s",
				  cairn_agent_state_name(a->state), a->trouble);
		return a->state == CAIRN_AGENT_DIVERGED ? CAIRN_E_DIVERGED : CAIRN_E_DENIED;
	}
	struct cairn_job *j = calloc(1, sizeof(*j));

	if (!j)
		return CAIRN_E_NOMEM;
	j->a = a;
	j->config = config;
	j->timeout_s = timeout_s;
	j->reasons = &out->reasons;
	cairn_staged_init(&j->kernel);
	cairn_staged_init(&j->ramdisk);
	enum cairn_status st = run(j, uid, out, why);

	if (st != CAIRN_OK && why->len == 0)
		cairn_buf_add_fmt(why, "nothing was launched: %s", cairn_status_text(st));
	job_fini(j);
	free(j);
	return st;
}
