/* Which service domains come back, and when. See restart.h. */
#include "agent/restart.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/measure.h"
#include "agent/paths.h"

/* ---- the table ---------------------------------------------------------------------------------------- */

void cairn_restart_fini(struct cairn_restarts *r)
{
	free(r->item);
	*r = (struct cairn_restarts){0};
}

static struct cairn_restart *find(struct cairn_restarts *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->item[i].name, name) == 0)
			return &all->item[i];
	return NULL;
}

const struct cairn_restart *cairn_restart_find(const struct cairn_agent *a, const char *name)
{
	struct cairn_restarts all = a->restarts;

	return find(&all, name);
}

/* NULL when out of memory. */
static struct cairn_restart *find_or_add(struct cairn_restarts *all, const char *name)
{
	struct cairn_restart *r = find(all, name);

	if (r)
		return r;
	if (all->count == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 8;
		struct cairn_restart *more = reallocarray(all->item, cap, sizeof(*more));

		if (!more)
			return NULL;
		all->item = more;
		all->cap = cap;
	}
	r = &all->item[all->count++];
	*r = (struct cairn_restart){0};
	snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

bool cairn_restart_waits(const struct cairn_agent *a, const struct cairn_restart *r)
{
	return r->due && r->failures <= a->conf->restart_max;
}

/* ---- the way to the configuration --------------------------------------------------------------------- */

/* Beside the log, and so of this boot where that is. */
static bool launched_path(const struct cairn_agent *a, char out[PATH_MAX], const char *name)
{
	const char *slash = strrchr(a->conf->log, '/');
	int dir = slash ? (int)(slash - a->conf->log) : 0;
	int n = snprintf(out, PATH_MAX, "%.*s/launched%s%s", dir, a->conf->log, name[0] ? "/" : "", name);

	return n > 0 && n < PATH_MAX;
}

bool cairn_restart_config(const struct cairn_agent *a, char *config, const char *name)
{
	char path[PATH_MAX];

	return launched_path(a, path, name) && cairn_path_kept(config, path);
}

void cairn_restart_remember(struct cairn_agent *a, const char *name, const char *config)
{
	char dir[PATH_MAX];

	if (!launched_path(a, dir, "") || !cairn_path_keep(dir, name, config))
		cairn_agent_say("%s will not come back by itself: its configuration cannot be remembered: %s",
				name, strerror(errno));
}

/* A configuration that is another domain's by now is not that of this one. */
static bool is_of(const char *path, const char *name)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_xlcfg *cfg = calloc(1, sizeof(*cfg));
	bool same = cfg && cairn_stage_read(&text, path, CAIRN_XLCFG_MAX) == CAIRN_OK &&
		    cairn_xlcfg_parse(cfg, cairn_buf_span(&text), &why) == CAIRN_OK &&
		    strcmp(cfg->name, name) == 0;

	free(cfg);
	return same;
}

/* ---- what the records say ----------------------------------------------------------------------------- */

const char *cairn_restart_reason(unsigned shutdown_reason)
{
	switch (shutdown_reason) {
	case 1: /* SHUTDOWN_reboot */
		return "rebooted";
	case 2: /* SHUTDOWN_suspend: somebody saves or migrates it, and it is ended before that is done */
		return "suspended";
	case 3: /* SHUTDOWN_crash */
	case 4: /* SHUTDOWN_watchdog */
		return "crashed";
	default:
		return "shutdown";
	}
}

/* Doubled with each failure. */
static uint64_t delay_s(const struct cairn_agent_config *c, unsigned failures)
{
	uint64_t s = c->restart_delay_s;

	for (unsigned i = 1; i < failures && s < c->restart_delay_max_s; i++)
		s *= 2;
	return s < c->restart_delay_max_s ? s : c->restart_delay_max_s;
}

static void count_failure(struct cairn_agent *a, struct cairn_restart *r, const char *what)
{
	r->failures++;
	r->what = what;
	r->due = true;
	r->at_ms = cairn_boot_ms() + (int64_t)delay_s(a->conf, r->failures) * 1000;
}

/* Names the domains that wait for it, for whoever reads the journal. */
static void tell(const struct cairn_agent *a, struct cairn_restart *r)
{
	cairn_auto_json json_t *dependants = cairn_agent_dependants(a, r->name);
	cairn_auto_json json_t *next = cairn_restart_json(a, r->name);
	cairn_auto_buf struct cairn_buf line = {0};
	size_t i;
	json_t *d;

	cairn_buf_add_fmt(&line, "%s: %s", r->name, r->what);
	if (cairn_restart_waits(a, r))
		cairn_buf_add_fmt(&line, "; it is launched again in %lld s (%u of %llu)",
				  (long long)json_integer_value(json_object_get(next, "in_s")), r->failures,
				  (unsigned long long)a->conf->restart_max);
	else
		cairn_buf_add_str(&line, "; it stays down until somebody launches it");
	json_array_foreach(dependants, i, d)
	    cairn_buf_add_fmt(&line, "%s%s", i ? ", " : "; depending on it: ", json_string_value(d));
	const char *text = cairn_buf_str(&line);

	cairn_agent_say("%s", text ? text : r->name);
	r->told = r->failures;
}

void cairn_restart_launched(struct cairn_agent *a, const char *name)
{
	struct cairn_restart *r = find(&a->restarts, name);

	if (!r)
		return;
	r->again = r->due;
	r->due = false;
	r->at_ms = cairn_boot_ms();
}

void cairn_restart_refused(struct cairn_agent *a, const char *name)
{
	struct cairn_restart *r = find(&a->restarts, name);

	if (!r || !r->due)
		return;
	count_failure(a, r, "refused");
}

static bool comes_back(const struct cairn_agent *a, const struct cairn_agent_domain *d)
{
	return d->service || cairn_bootset_has(a, d->name);
}

static void forget(struct cairn_restart *r)
{
	r->failures = r->told = 0;
	r->due = r->again = false;
	r->what = NULL;
}

/* The reason may be a record's. */
static const char *literal(const char *reason)
{
	static const char *const reasons[] = {"crashed", "rebooted",	       "suspended",
					      "lost",	 CAIRN_END_NO_SERVICE, CAIRN_END_NO_DEVICE_MODEL};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return reasons[i];
	return "not built";
}

void cairn_restart_ended(struct cairn_agent *a, const struct cairn_agent_domain *d, const char *reason)
{
	bool failed = strcmp(reason, "build-failed") == 0;
	struct cairn_restart *r = find(&a->restarts, d->name);

	if (strcmp(reason, "shutdown") == 0 || strcmp(reason, "destroyed") == 0) {
		if (r)
			forget(r);
		return;
	}
	if (!comes_back(a, d) || (failed && !(r && r->again) && !cairn_bootset_has(a, d->name)))
		return;
	r = find_or_add(&a->restarts, d->name);
	if (!r) {
		cairn_agent_say("out of memory: %s will not come back by itself", d->name);
		return;
	}
	count_failure(a, r, literal(reason));
}

void cairn_restart_forgive(struct cairn_agent *a, const char *name)
{
	struct cairn_restart *r = find(&a->restarts, name);

	if (r)
		forget(r);
}

void cairn_restart_want(struct cairn_agent *a, const char *name, const char *config, int64_t at_ms)
{
	struct cairn_restart *r = find_or_add(&a->restarts, name);

	if (!r) {
		cairn_agent_say("out of memory: %s is not launched", name);
		return;
	}
	cairn_restart_remember(a, name, config);
	forget(r);
	r->due = true;
	r->at_ms = at_ms;
}

/* ---- launching ---------------------------------------------------------------------------------------- */

/* After one that did not serve, the one that did is next. */
static bool goes_back(const struct cairn_restart *r)
{
	return r->what && strcmp(r->what, CAIRN_END_NO_SERVICE) == 0;
}

static bool find_config(const struct cairn_agent *a, char *config, const struct cairn_restart *r)
{
	if (goes_back(r) && cairn_bootset_good(a, config, r->name))
		return true;
	return cairn_restart_config(a, config, r->name);
}

/* The table may move while it launches: entries are found by their number. */
static void try_one(struct cairn_agent *a, size_t i)
{
	struct cairn_restart *r = &a->restarts.item[i];
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_launched done;
	char config[PATH_MAX];
	unsigned before = r->failures;
	bool back = goes_back(r);

	if (!find_config(a, config, r)) {
		count_failure(a, r, "it is not known where its configuration is");
		return;
	}
	if (!is_of(config, r->name)) {
		count_failure(a, r, "its configuration cannot be read, or is another domain's");
		return;
	}
	enum cairn_status st =
	    cairn_agent_launch(a, config, 0, (unsigned)a->conf->create_timeout_s, &done, &why);
	const char *text = cairn_buf_str(&why);

	r = &a->restarts.item[i];
	cairn_reasons_fini(&done.reasons);
	if (st == CAIRN_OK) {
		cairn_agent_say("%s runs again as domain %u, record %llu", r->name, done.domid,
				(unsigned long long)done.recnum);
		return;
	}
	cairn_agent_say("%s: %s", r->name, text ? text : cairn_status_text(st));
	if (back && st == CAIRN_E_DENIED)
		cairn_bootset_bar(a, r->name);
	if (r->failures == before) /* no record says that it failed */
		count_failure(a, r, "not launched");
}

/* Having run for a while, it has earned its tries anew. */
static void settle(struct cairn_agent *a, struct cairn_restart *r, int64_t now_ms)
{
	if (r->failures && now_ms - r->at_ms >= (int64_t)a->conf->restart_reset_s * 1000 &&
	    cairn_domains_live(&a->domains, r->name))
		forget(r);
}

void cairn_restart_tick(struct cairn_agent *a, int64_t now_ms)
{
	for (size_t i = 0; i < a->restarts.count; i++) {
		struct cairn_restart *r = &a->restarts.item[i];

		if (!r->due)
			settle(a, r, now_ms);
		else if (r->told != r->failures)
			tell(a, r);
		if (!cairn_restart_waits(a, r) || now_ms < r->at_ms || a->blind ||
		    a->state >= CAIRN_AGENT_VIOLATED)
			continue;
		try_one(a, i);
		return;
	}
}

/* ---- for people --------------------------------------------------------------------------------------- */

static bool uses(const struct cairn_agent_domain *d, const char *name)
{
	size_t i;
	json_t *b;

	json_array_foreach(d->backends, i, b) if (strcmp(json_string_value(b), name) == 0) return true;
	return false;
}

json_t *cairn_agent_dependants(const struct cairn_agent *a, const char *name)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < a->domains.count; i++) {
		const struct cairn_agent_domain *d = &a->domains.item[i];

		if (!d->live || !uses(d, name) || json_array_append_new(all, json_string(d->name)) == 0)
			continue;
		json_decref(all);
		all = NULL;
	}
	return all;
}

json_t *cairn_restart_json(const struct cairn_agent *a, const char *name)
{
	const struct cairn_restart *r = cairn_restart_find(a, name);

	if (!r || !r->due)
		return json_null();
	int64_t left = (r->at_ms - cairn_boot_ms() + 999) / 1000;
	bool waits = cairn_restart_waits(a, r);

	return json_pack("{s:i,s:s,s:I}", "failures", (int)r->failures, "state",
			 waits ? "waiting" : "given-up", "in_s", (json_int_t)(waits && left > 0 ? left : 0));
}
