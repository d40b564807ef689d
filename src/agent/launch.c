/* The launch of a domain, in the order that makes it measured: read and stage (stage.c, disks.c), describe
 * (describe.c), authorise, record, build paused, check, unpause (build.c). What is staged is what is described and
 * what is built. */
#include "agent/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 3: may it run ------------------------------------------------------------------------------------ */

/* Only a driver domain that was launched here may serve, and only what it said: a name alone can be anybody's, now or
 * later. */
static uint32_t check_backend(struct cairn_job *j, const char *class, const char *name)
{
	const struct cairn_agent_domain *d = name[0] ? cairn_domains_live(&j->a->domains, name) : NULL;
	bool vif = strcmp(class, CAIRN_SERVES_VIF) == 0;
	bool serves = d && d->driver && !d->end && d->domid != 0 && (vif ? d->serves_vif : d->serves_vbd);

	if (name[0] && !serves)
		cairn_reasons_add(
		    j->reasons, CAIRN_R_BACKEND_NOT_ALLOWED, class, j->config, "a running driver domain",
		    name,
		    vif ? "launch the driver domain first"
			: "launch the driver domain first; it has to say cairn_serves = [ \"vbd\" ]");
	return serves ? d->domid : 0;
}

static void check_backends(struct cairn_job *j)
{
	struct cairn_xlcfg *c = &j->cfg;

	for (size_t i = 0; i < c->vif_count; i++)
		c->vif[i].backend_domid = check_backend(j, CAIRN_SERVES_VIF, c->vif[i].backend);
	for (size_t i = 0; i < c->disk_count; i++)
		c->disk[i].backend_domid = check_backend(j, CAIRN_SERVES_VBD, c->disk[i].backend);
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
	if ((has_role(m, CAIRN_ROLE_NETWORK) || has_role(m, CAIRN_ROLE_BLOCK)) && !j->cfg.driver_domain) {
		cairn_reasons_add(j->reasons, CAIRN_R_ROLE_NOT_ALLOWED, "config", j->config,
				  "driver_domain = 1", "", "the manifest makes it a driver domain");
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
	cairn_auto_jwks struct cairn_jwks *signers = NULL;
	enum cairn_status st = cairn_release_set_signers(&signers, &j->a->release.set, j->a->authorities);

	cairn_buf_add_fmt(&dir, "%s/manifests", j->a->conf->data);
	const char *path = cairn_buf_str(&dir);

	if (st == CAIRN_OK && !path)
		st = CAIRN_E_NOMEM;
	return st == CAIRN_OK
		   ? cairn_manifests_load(&j->manifests, &j->a->known, path, j->cfg.name, signers, why)
		   : st;
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

	for (unsigned f = 0; f < CAIRN_XLFILES; f++)
		if (j->file[f].fd >= 0 && !j->file[f].public)
			cairn_reasons_add(j->reasons, CAIRN_R_FILE_UNREADABLE, cairn_job_component(f),
					  j->cfg.file[f], "", "", text);
	for (size_t i = 0; i < j->cfg.disk_count; i++)
		if (j->disk[i].image.fd >= 0 && !j->disk[i].image.public)
			cairn_reasons_add(j->reasons, CAIRN_R_FILE_UNREADABLE, "disk", j->cfg.disk[i].path,
					  "", "", text);
}

/* A service is what claims to be one, or goes by the name of one; all else is a guest. */
static enum cairn_status authorise(struct cairn_job *j, struct cairn_buf *why)
{
	cairn_auto_reasons struct cairn_reasons against = {0};
	enum cairn_status st = load_manifests(j, why);

	if (st != CAIRN_OK)
		return st;
	check_backends(j);
	const struct cairn_manifest *m = cairn_release_select(&against, j->a, &j->l, &j->manifests);
	bool service = cairn_launch_claims_service(&j->l) ||
		       cairn_manifests_name(&j->manifests, j->cfg.name) || j->manifests.bad_name;

	if (m)
		take_roles(j, m);
	else
		no_manifest(j, cairn_agent_mode(j->a, service), &against);
	if (!m && j->reasons->count == 0)
		check_public(j);
	return CAIRN_OK;
}

/* ---- 4: records --------------------------------------------------------------------------------------- */

/* True if this refusal of a caller is one too many in a minute: of the same, or of any. */
static bool too_many(struct cairn_agent *a, uid_t uid, struct cairn_span record)
{
	struct cairn_refused now = {.uid = uid, .at_ms = cairn_boot_ms()};
	unsigned same = 0, all = 0;

	if (cairn_hash(&now.record, CAIRN_ALG_SHA256, record) != CAIRN_OK)
		return true;
	for (size_t i = 0; i < CAIRN_REFUSALS_KEPT; i++) {
		const struct cairn_refused *r = &a->refused[i];
		bool counts = r->at_ms && r->uid == uid && now.at_ms - r->at_ms < 60000;

		all += counts;
		same += counts && cairn_digest_equal(&r->record, &now.record);
	}
	if (same >= CAIRN_REFUSALS_MINUTE || all >= CAIRN_REFUSALS_ALL)
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
		cairn_agent_say("one more refusal of %s for uid %u is not recorded: too many in a minute",
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

	if (st == CAIRN_OK &&
	    (j->l.has_manifest || cairn_launch_claims_service(&j->l) || cairn_bootset_has(j->a, j->l.name)))
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

/* ---- the whole ---------------------------------------------------------------------------------------- */

enum cairn_status cairn_agent_may_launch(const struct cairn_agent *a, struct cairn_buf *why)
{
	if (a->state < CAIRN_AGENT_VIOLATED)
		return CAIRN_OK;
	cairn_buf_add_fmt(why, "nothing is launched: this host is %s: %s", cairn_agent_state_name(a->state),
			  a->trouble);
	return a->state == CAIRN_AGENT_DIVERGED ? CAIRN_E_DIVERGED : CAIRN_E_DENIED;
}

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
		st = cairn_agent_may_launch(j->a, why); /* that looked around */
	if (st == CAIRN_OK)
		st = cairn_job_describe(j);
	if (st == CAIRN_OK && j->reasons->count == 0)
		st = authorise(j, why);
	if (st == CAIRN_OK && j->reasons->count > 0)
		return refuse(j, uid, out, why);
	if (st == CAIRN_OK)
		st = record_launch(j, out, why);
	return st == CAIRN_OK ? cairn_job_build(j, out, why) : st;
}

enum cairn_status cairn_agent_launch(struct cairn_agent *a, const char *config, uid_t uid, unsigned timeout_s,
				     struct cairn_launched *out, struct cairn_buf *why)
{
	memset(out, 0, sizeof(*out));
	out->recnum = CAIRN_NO_RECORD;
	enum cairn_status st = cairn_agent_may_launch(a, why);

	if (st != CAIRN_OK)
		return st;
	struct cairn_job *j = calloc(1, sizeof(*j));

	if (!j)
		return CAIRN_E_NOMEM;
	j->a = a;
	j->config = config;
	j->timeout_s = timeout_s;
	j->reasons = &out->reasons;
	cairn_job_init(j);
	st = run(j, uid, out, why);

	if (st != CAIRN_OK && why->len == 0)
		cairn_buf_add_fmt(why, "nothing was launched: %s", cairn_status_text(st));
	cairn_job_fini(j);
	free(j);
	return st;
}
