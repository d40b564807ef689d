/* The launch of a domain, in the order that makes it measured: read and stage, describe, authorise, record, build
 * paused, check, unpause. What is staged is what is described and what is built. */
#include "agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/measure.h"

#define SETTINGS (10 + CAIRN_XLCFG_VIFS)

/* One launch on its way through the steps. */
struct job {
	struct cairn_agent *a;
	const char *config; /* path */
	unsigned timeout_s;
	struct cairn_xlcfg cfg;
	struct cairn_staged kernel, ramdisk;
	struct cairn_manifest_set manifests;
	struct cairn_launch l;
	char key[SETTINGS][32], value[SETTINGS][4 * CAIRN_XLCFG_NAME];
	struct cairn_reasons *reasons; /* the caller's: none means allowed */
};

static void job_fini(struct job *j)
{
	cairn_staged_fini(&j->kernel);
	cairn_staged_fini(&j->ramdisk);
	cairn_manifests_fini(&j->manifests);
}

/* ---- 1: the configuration and the files ----------------------------------------------------------------------------------- */

static const char *file_code(enum cairn_status st)
{
	switch (st) {
	case CAIRN_E_NOTFOUND:
		return CAIRN_R_FILE_MISSING;
	case CAIRN_E_TRUNCATED:
		return CAIRN_R_FILE_EMPTY;
	case CAIRN_E_CHANGED:
		return CAIRN_R_FILE_CHANGED;
	default:
		return CAIRN_R_FILE_UNREADABLE;
	}
}

static const char *file_text(enum cairn_status st, int err)
{
	switch (st) {
	case CAIRN_E_NOTFOUND:
		return "there is no such file";
	case CAIRN_E_TRUNCATED:
		return "the file is empty";
	case CAIRN_E_CHANGED:
		return "the file changed while it was copied; launch again when nobody writes to it";
	case CAIRN_E_UNSUPPORTED:
		return "not a regular file";
	case CAIRN_E_LIMIT:
		return "the file is larger than cairnd accepts (max_image_mib)";
	case CAIRN_E_IO:
		return strerror(err);
	default:
		return cairn_status_text(st);
	}
}

/* A bad file is a reason; running out of memory is an error. */
static enum cairn_status judge_file(struct job *j, enum cairn_status st, int err, const char *component, const char *path)
{
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO)
		return st;
	cairn_reasons_add(j->reasons, file_code(st), component, path, "", "", file_text(st, err));
	return CAIRN_OK;
}

static enum cairn_status read_config(struct job *j)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf what = {0};
	enum cairn_status st = cairn_stage_read(&text, j->config, CAIRN_XLCFG_MAX);

	if (st != CAIRN_OK)
		return judge_file(j, st, errno, "config", j->config);
	st = cairn_xlcfg_parse(&j->cfg, cairn_buf_span(&text), &what);
	if (st == CAIRN_OK || st == CAIRN_E_NOMEM)
		return st;
	cairn_reasons_add(j->reasons,
			  st == CAIRN_E_UNSUPPORTED ? CAIRN_R_CONFIG_UNSUPPORTED : CAIRN_R_CONFIG_MALFORMED, "config",
			  j->config, "", "", cairn_buf_str(&what));
	return CAIRN_OK;
}

static enum cairn_status stage(struct job *j, struct cairn_staged *s, const char *component, const char *path)
{
	enum cairn_status st = cairn_stage_file(s, path, j->a->conf->max_image_mib << 20);

	return judge_file(j, st, errno, component, path);
}

static enum cairn_status collect(struct job *j)
{
	enum cairn_status st = read_config(j);

	if (st == CAIRN_OK && j->reasons->count == 0)
		st = stage(j, &j->kernel, "kernel", j->cfg.kernel);
	if (st == CAIRN_OK && j->cfg.ramdisk[0] && j->kernel.fd >= 0)
		st = stage(j, &j->ramdisk, "ramdisk", j->cfg.ramdisk);
	return st;
}

/* ---- 2: the description ------------------------------------------------------------------------------------------------------ */

static void add_setting(struct job *j, const char *key, const char *value)
{
	size_t n = j->l.config_count;

	if (!value[0] || n == SETTINGS)
		return;
	snprintf(j->key[n], sizeof(j->key[n]), "%s", key);
	snprintf(j->value[n], sizeof(j->value[n]), "%s", value);
	j->l.config[n] = (struct cairn_pair){j->key[n], j->value[n]};
	j->l.config_count = n + 1;
}

static void add_number(struct job *j, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	if (value)
		add_setting(j, key, text);
}

static enum cairn_status add_vif(struct job *j, size_t i)
{
	const struct cairn_vif *v = &j->cfg.vif[i];
	cairn_auto_buf struct cairn_buf text = {0};
	char key[32];

	cairn_vif_text(&text, v);
	const char *value = cairn_buf_str(&text);

	if (!value)
		return CAIRN_E_NOMEM;
	snprintf(key, sizeof(key), "vif.%zu", i);
	add_setting(j, key, value[0] ? value : "default");
	j->l.backend[j->l.backend_count++] =
		(struct cairn_backend_use){.class = "vif", .backend = v->backend[0] ? v->backend : "Domain-0"};
	return CAIRN_OK;
}

/* Every setting that is written for xl and has no member of its own in the record. */
static enum cairn_status describe_settings(struct job *j)
{
	const struct cairn_xlcfg *c = &j->cfg;
	enum cairn_status st = CAIRN_OK;

	add_number(j, "memory", c->memory);
	add_number(j, "maxmem", c->maxmem);
	add_number(j, "vcpus", c->vcpus);
	add_number(j, "maxvcpus", c->maxvcpus);
	add_number(j, "driver_domain", c->driver_domain);
	add_setting(j, "tsc_mode", c->tsc_mode);
	add_setting(j, "on_poweroff", "destroy");
	add_setting(j, "on_reboot", "destroy");
	add_setting(j, "on_crash", "destroy");
	for (size_t i = 0; i < c->vif_count && st == CAIRN_OK; i++)
		st = add_vif(j, i);
	return st;
}

static enum cairn_status make_uuid(char out[CAIRN_XLCFG_UUID])
{
	uint8_t u[16];

	if (getrandom(u, sizeof(u), 0) != (ssize_t)sizeof(u))
		return CAIRN_E_IO;
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40); /* RFC 4122, section 4.4: version 4 */
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (size_t i = 0, at = 0; i < 16; i++)
		at += (size_t)snprintf(out + at, CAIRN_XLCFG_UUID - at, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	return CAIRN_OK;
}

/* memory_mib and vcpus of the record are what the domain may grow to. */
static enum cairn_status describe(struct job *j)
{
	struct cairn_xlcfg *c = &j->cfg;
	struct cairn_launch *l = &j->l;
	enum cairn_status st = c->uuid[0] ? CAIRN_OK : make_uuid(c->uuid);

	l->name = c->name;
	l->type = c->type == CAIRN_DOMAIN_PVH ? CAIRN_TYPE_PVH : CAIRN_TYPE_PV;
	l->uuid = c->uuid;
	l->memory_mib = c->maxmem ? c->maxmem : c->memory;
	l->vcpus = c->maxvcpus ? c->maxvcpus : c->vcpus;
	l->cmdline = c->cmdline;
	l->kernel = j->kernel.is;
	l->kernel_file = c->kernel;
	l->has_ramdisk = c->ramdisk[0] != '\0';
	if (l->has_ramdisk) {
		l->ramdisk = j->ramdisk.is;
		l->ramdisk_file = c->ramdisk;
	}
	l->restart = cairn_domains_launches(&j->a->domains, c->name);
	return st == CAIRN_OK ? describe_settings(j) : st;
}

/* ---- 3: may it run ----------------------------------------------------------------------------------------------------------- */

#define ROLE_NETWORK "driver.network"

/* Only a driver domain that was launched here may serve: a name alone can be anybody's. */
static void check_backends(struct job *j)
{
	for (size_t i = 0; i < j->cfg.vif_count; i++) {
		const char *b = j->cfg.vif[i].backend;
		const struct cairn_agent_domain *d = b[0] ? cairn_domains_live(&j->a->domains, b) : NULL;

		if (b[0] && (!d || !d->driver))
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

static void take_roles(struct job *j, const struct cairn_manifest *m)
{
	if (has_role(m, ROLE_NETWORK) && !j->cfg.driver_domain) {
		cairn_reasons_add(j->reasons, CAIRN_R_ROLE_NOT_ALLOWED, "config", j->config, "driver_domain = 1", "",
				  "the manifest makes it a network driver domain");
		return;
	}
	j->l.role_count = m->role_count;
	for (size_t i = 0; i < m->role_count; i++)
		j->l.role[i] = m->role[i];
	j->l.has_manifest = true;
	j->l.manifest = cairn_manifest_ref(m);
}

static enum cairn_status load_manifests(struct job *j)
{
	cairn_auto_buf struct cairn_buf dir = {0};

	cairn_buf_add_fmt(&dir, "%s/manifests", j->a->conf->data);
	const char *path = cairn_buf_str(&dir);

	return path ? cairn_manifests_load(&j->manifests, path, j->cfg.name, j->a->authorities) : CAIRN_E_NOMEM;
}

/* What a mode makes of having no manifest: "enforce" refuses; "audit" says so and goes on, and the record shows that
 * there was none. */
static void no_manifest(struct job *j, const char *mode, const struct cairn_reasons *against)
{
	if (strcmp(mode, "enforce") == 0) {
		cairn_reasons_join(j->reasons, against);
		cairn_reasons_join(j->reasons, &j->manifests.bad);
	} else if (strcmp(mode, "audit") == 0) {
		cairn_agent_say("%s is launched without a manifest, since its mode is audit: %s", j->cfg.name,
				against->count ? against->item[0].text : "");
	}
}

/* A service is what claims to be one, or goes by the name of one; all else is a guest. */
static enum cairn_status authorise(struct job *j)
{
	cairn_auto_reasons struct cairn_reasons against = {0};
	enum cairn_status st = load_manifests(j);

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
		no_manifest(j, service ? j->a->conf->mode_service : j->a->conf->mode_guest, &against);
	return CAIRN_OK;
}

/* ---- 4: records ---------------------------------------------------------------------------------------------------------------- */

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

static enum cairn_status refuse(struct job *j, uid_t uid, struct cairn_launched *out, struct cairn_buf *why)
{
	const struct cairn_reason *first = &j->reasons->item[0];
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_refusal(&record, j->cfg.name, j->reasons);

	cairn_buf_add_fmt(why, "launch refused: %s: %s%s%s", first->code, first->file, first->file[0] ? ": " : "",
			  first->text);
	if (first->expected[0])
		cairn_buf_add_fmt(why, "; expected %s, found %s", first->expected,
				  first->found[0] ? first->found : "nothing");
	if (st == CAIRN_OK && too_many(j->a, uid, cairn_buf_span(&record))) {
		cairn_agent_say("one more refusal of %s for uid %u is not recorded: too many of the same", j->cfg.name,
				(unsigned)uid);
		return CAIRN_E_DENIED;
	}
	if (st == CAIRN_OK)
		st = cairn_agent_record(j->a, cairn_buf_span(&record), &out->recnum);
	out->recorded = st == CAIRN_OK;
	if (st != CAIRN_OK)
		cairn_agent_say("a refusal could not be recorded: %s", cairn_status_text(st));
	return CAIRN_E_DENIED;
}

static enum cairn_status record_launch(struct job *j, struct cairn_launched *out, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_launch(&record, &j->l);

	if (st == CAIRN_OK)
		st = cairn_agent_record(j->a, cairn_buf_span(&record), &out->recnum);
	if (st == CAIRN_OK)
		st = cairn_domains_add(&j->a->domains, out->recnum, &j->l);
	out->recorded = st == CAIRN_OK;
	if (st != CAIRN_OK)
		cairn_buf_add_fmt(why, "nothing was launched: its record could not be written: %s%s", cairn_status_text(st),
				  st == CAIRN_E_NOSPACE ? " (the file system of the launch log is full)" : "");
	return st;
}

/* ---- 5: building ------------------------------------------------------------------------------------------------------------------ */

static enum cairn_status build_paused(struct job *j, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf text = {0};
	const struct cairn_hv *hv = &j->a->hv;
	char kernel[64], ramdisk[64];
	int self = (int)getpid();

	snprintf(kernel, sizeof(kernel), "/proc/%d/fd/%d", self, j->kernel.fd);
	snprintf(ramdisk, sizeof(ramdisk), "/proc/%d/fd/%d", self, j->ramdisk.fd);
	enum cairn_status st = cairn_xlcfg_emit(&text, &j->cfg, kernel, j->l.has_ramdisk ? ramdisk : NULL);

	return st == CAIRN_OK ? hv->ops->create(hv->self, cairn_buf_span(&text), j->timeout_s, why) : st;
}

/* The hypervisor must know the domain that was described, and it must not have run. */
static enum cairn_status check_built(struct job *j, struct cairn_hv_domain *d, struct cairn_buf *why)
{
	enum cairn_status st = cairn_hv_find(&j->a->hv, j->cfg.uuid, d);

	if (st != CAIRN_OK) {
		cairn_buf_add_str(why, "the hypervisor does not know the domain that xl says it built");
		return CAIRN_E_XEN;
	}
	if (d->paused && !d->dying && !d->shutdown && d->cpu_ns == 0 && d->hvm == (j->cfg.type == CAIRN_DOMAIN_PVH))
		return CAIRN_OK;
	cairn_buf_add_fmt(why, "the domain that xl built is not the one described: %s, %s, %llu ns of CPU time",
			  d->hvm ? "hvm" : "pv", d->paused ? "paused" : "not paused", (unsigned long long)d->cpu_ns);
	return CAIRN_E_XEN;
}

static void undo_build(struct job *j, struct cairn_launched *out, const char *text)
{
	struct cairn_hv_domain d;

	if (cairn_hv_find(&j->a->hv, j->cfg.uuid, &d) == CAIRN_OK &&
	    j->a->hv.ops->destroy(j->a->hv.self, d.domid) != CAIRN_OK)
		cairn_agent_say("domain %u of a failed launch of %s could not be destroyed", d.domid, j->cfg.name);
	struct cairn_agent_domain *entry = cairn_domains_live(&j->a->domains, j->cfg.name);

	if (entry)
		cairn_agent_record_exit(j->a, entry, "build-failed");
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

static enum cairn_status build(struct job *j, struct cairn_launched *out, struct cairn_buf *why)
{
	const struct cairn_hv *hv = &j->a->hv;
	struct cairn_hv_domain d;
	cairn_auto_buf struct cairn_buf said = {0};
	enum cairn_status st = build_paused(j, &said);

	if (st == CAIRN_OK)
		st = check_built(j, &d, &said);
	if (st == CAIRN_OK)
		st = hv->ops->unpause(hv->self, d.domid);
	if (st != CAIRN_OK) {
		const char *text = cairn_buf_str(&said);

		cairn_buf_add_fmt(why, "%s was allowed, but not built: %s: %s", j->cfg.name, cairn_status_text(st),
				  text ? text : "");
		undo_build(j, out, text);
		return st;
	}
	struct cairn_agent_domain *entry = cairn_domains_live(&j->a->domains, j->cfg.name);

	out->domid = d.domid;
	if (entry) {
		entry->domid = d.domid;
		publish(j->a, entry, "running");
	}
	return CAIRN_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------------- */

/* Two domains of one name or UUID could not be told apart afterwards. */
static enum cairn_status check_unique(struct job *j, struct cairn_buf *why)
{
	struct cairn_hv_domain d;

	if (cairn_domains_live(&j->a->domains, j->cfg.name)) {
		cairn_buf_add_fmt(why, "a domain named %s runs already", j->cfg.name);
		return CAIRN_E_EXISTS;
	}
	enum cairn_status st = j->cfg.uuid[0] ? cairn_hv_find(&j->a->hv, j->cfg.uuid, &d) : CAIRN_E_NOTFOUND;

	if (st == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	if (st == CAIRN_OK)
		cairn_buf_add_fmt(why, "domain %u has the UUID %s already", d.domid, j->cfg.uuid);
	return st == CAIRN_OK ? CAIRN_E_EXISTS : st;
}

static enum cairn_status run(struct job *j, uid_t uid, struct cairn_launched *out, struct cairn_buf *why)
{
	enum cairn_status st = collect(j);

	snprintf(out->name, sizeof(out->name), "%s", j->cfg.name);
	if (st == CAIRN_OK && j->reasons->count > 0)
		return refuse(j, uid, out, why);
	if (st == CAIRN_OK)
		st = check_unique(j, why);
	if (st == CAIRN_OK)
		st = describe(j);
	if (st == CAIRN_OK)
		st = authorise(j);
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
	if (a->state != CAIRN_AGENT_OK) {
		cairn_buf_add_fmt(why, "nothing is launched: this host is %s: %s", cairn_agent_state_name(a->state),
				  a->trouble);
		return a->state == CAIRN_AGENT_DIVERGED ? CAIRN_E_DIVERGED : CAIRN_E_DENIED;
	}
	struct job *j = calloc(1, sizeof(*j));

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
