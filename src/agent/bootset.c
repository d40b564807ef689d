/* The boot set: who waits for whom, and for how long. See bootset.h. */
#include "agent/bootset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/measure.h"
#include "agent/paths.h"

static size_t number_of(const struct cairn_agent *a, const char *name)
{
	size_t i = 0;

	while (i < a->conf->boot_count && strcmp(a->conf->boot_set[i], name) != 0)
		i++;
	return i;
}

bool cairn_bootset_has(const struct cairn_agent *a, const char *name)
{
	return number_of(a, name) < a->conf->boot_count;
}

/* NAME.cfg, or where there is none the path in NAME.path: a file system may have no symbolic links. */
static bool config_path(const struct cairn_agent *a, char out[PATH_MAX], size_t i)
{
	const char *dir = a->conf->boot_configs, *name = a->conf->boot_set[i];
	char file[PATH_MAX];
	int n = snprintf(out, PATH_MAX, "%s/%s.cfg", dir, name);
	int m = snprintf(file, PATH_MAX, "%s/%s.path", dir, name);

	if (n < 0 || m < 0 || n >= PATH_MAX || m >= PATH_MAX)
		return false;
	return access(out, F_OK) == 0 || cairn_path_kept(out, file);
}

/* ---- the configuration that served last ---------------------------------------------------------------- */

static bool good_path(const struct cairn_agent *a, char out[PATH_MAX], const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/good%s%s", a->conf->data, name[0] ? "/" : "", name);

	return n > 0 && n < PATH_MAX;
}

bool cairn_bootset_good(const struct cairn_agent *a, char *path, const char *name)
{
	char file[PATH_MAX];

	return good_path(a, file, name) && cairn_path_kept(path, file);
}

static void keep_good(const struct cairn_agent *a, const char *name)
{
	char dir[PATH_MAX], config[PATH_MAX];

	if (!cairn_restart_config(a, config, name))
		return;
	if (!good_path(a, dir, "") || !cairn_path_keep(dir, name, config))
		cairn_agent_say("that %s serves cannot be remembered: %s", name, strerror(errno));
}

/* ---- who needs whom ------------------------------------------------------------------------------------ */

static uint32_t bit_of(const struct cairn_agent *a, const char *name)
{
	size_t n = number_of(a, name);

	return n < a->conf->boot_count ? 1u << n : 0;
}

static uint32_t needs_of(const struct cairn_agent *a, const struct cairn_xlcfg *cfg)
{
	uint32_t needs = 0;

	for (size_t i = 0; i < cfg->vif_count; i++)
		needs |= bit_of(a, cfg->vif[i].backend);
	for (size_t i = 0; i < cfg->disk_count; i++)
		needs |= bit_of(a, cfg->disk[i].backend);
	return needs;
}

/* One that cannot be read yet, because its disk is still closed for instance, is looked at again. */
static void read_needs(struct cairn_agent *a, size_t i)
{
	struct cairn_boot_member *m = &a->bootset.item[i];
	char path[PATH_MAX];
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_xlcfg *cfg = calloc(1, sizeof(*cfg));

	m->read =
	    cfg && config_path(a, path, i) && cairn_stage_read(&text, path, CAIRN_XLCFG_MAX) == CAIRN_OK;
	/* What is wrong with it is for the gate to say, and to record. */
	if (m->read && cairn_xlcfg_parse(cfg, cairn_buf_span(&text), &why) == CAIRN_OK)
		m->needs = needs_of(a, cfg);
	free(cfg);
}

static bool is_needed(const struct cairn_agent *a, size_t i)
{
	for (size_t j = 0; j < a->conf->boot_count; j++)
		if (a->bootset.item[j].needs & 1u << i)
			return true;
	return false;
}

/* All that it needs, and what that needs. */
static uint32_t closure(const struct cairn_agent *a, size_t i)
{
	uint32_t all = a->bootset.item[i].needs, before = 0;

	while (all != before) {
		before = all;
		for (size_t j = 0; j < a->conf->boot_count; j++)
			if (before & 1u << j)
				all |= a->bootset.item[j].needs;
	}
	return all;
}

/* ---- one member ---------------------------------------------------------------------------------------- */

/* Not launched in this boot, nor to be launched. */
static bool is_pending(const struct cairn_agent *a, size_t i)
{
	const char *name = a->conf->boot_set[i];
	const struct cairn_restart *r = cairn_restart_find(a, name);

	return !(r && r->due) && cairn_domains_launches(&a->domains, name) == 0;
}

static bool over(const struct cairn_agent *a, int64_t since_ms, int64_t now_ms)
{
	return now_ms - since_ms >= (int64_t)a->conf->boot_wait_s * 1000;
}

/* True if nobody has to wait for it any more: it serves, had its time, or will not come. */
static bool is_settled(const struct cairn_agent *a, size_t i, int64_t now_ms)
{
	const struct cairn_boot_member *m = &a->bootset.item[i];
	const char *name = a->conf->boot_set[i];
	const struct cairn_restart *r = cairn_restart_find(a, name);

	if (m->serves || m->late || m->circular)
		return true;
	if (r && r->due)
		return !cairn_restart_waits(a, r);
	if (is_pending(a, i))
		return !m->read && over(a, a->bootset.since_ms, now_ms);
	return m->watched == CAIRN_NO_RECORD; /* it has ended, and stays down */
}

static bool is_ready(const struct cairn_agent *a, size_t i, int64_t now_ms)
{
	for (size_t j = 0; j < a->conf->boot_count; j++)
		if (a->bootset.item[i].needs & 1u << j && !is_settled(a, j, now_ms))
			return false;
	return true;
}

static void start(struct cairn_agent *a, size_t i, int64_t now_ms)
{
	char path[PATH_MAX], real[PATH_MAX];

	if (config_path(a, path, i) && realpath(path, real))
		cairn_restart_want(a, a->conf->boot_set[i], real, now_ms);
}

/* ---- serving ------------------------------------------------------------------------------------------- */

/* True if another configuration than that of the last launch has served before. */
static bool other_good(const struct cairn_agent *a, char good[PATH_MAX], const char *name)
{
	char now[PATH_MAX];

	return cairn_restart_config(a, now, name) && cairn_bootset_good(a, good, name) &&
	       strcmp(now, good) != 0;
}

void cairn_bootset_bar(struct cairn_agent *a, const char *name)
{
	size_t i = number_of(a, name);

	if (i < a->conf->boot_count)
		a->bootset.item[i].barred = true;
}

/* Another configuration of it has served before: that one is launched once this domain has ended. */
static bool fall_back(struct cairn_agent *a, size_t i, struct cairn_agent_domain *d)
{
	char good[PATH_MAX];

	if (a->conf->restart_max == 0 || a->bootset.item[i].barred || !other_good(a, good, d->name))
		return false;
	cairn_agent_say("%s does not serve after %llu s: back to %s, which did", d->name,
			(unsigned long long)a->conf->boot_wait_s, good);
	d->end = CAIRN_END_NO_SERVICE; /* the next sweep ends it */
	return true;
}

/* One that crashes again and again has no more time for that than one that only stands there. */
static bool is_same_try(const struct cairn_agent *a, size_t i)
{
	const struct cairn_restart *r = cairn_restart_find(a, a->conf->boot_set[i]);

	return r && r->again && r->what && strcmp(r->what, CAIRN_END_NO_SERVICE) != 0;
}

/* Nothing came of all the tries: what served before has as many. */
static void rescue(struct cairn_agent *a, size_t i, int64_t now_ms)
{
	const char *name = a->conf->boot_set[i];
	const struct cairn_restart *r = cairn_restart_find(a, name);
	char good[PATH_MAX];

	if (!r || !r->due || cairn_restart_waits(a, r) || a->conf->restart_max == 0 ||
	    !other_good(a, good, name))
		return;
	cairn_agent_say("%s: back to %s, which served", name, good);
	cairn_restart_want(a, name, good, now_ms);
}

static void watch(struct cairn_agent *a, size_t i, int64_t now_ms)
{
	struct cairn_boot_member *m = &a->bootset.item[i];
	struct cairn_agent_domain *d = cairn_domains_live(&a->domains, a->conf->boot_set[i]);
	uint64_t launch = d ? d->recnum : CAIRN_NO_RECORD;

	if (m->watched != launch) {
		if (m->serves || m->late || !is_same_try(a, i))
			m->since_ms = 0;
		m->watched = launch;
		m->serves = m->late = false;
	}
	if (d && !m->since_ms)
		m->since_ms = now_ms;
	if (!d || d->end || m->serves || !is_needed(a, i))
		return;
	if (d->domid && a->hv.ops->serving(a->hv.self, d->domid)) {
		m->serves = true;
		m->barred = false;
		cairn_agent_say("%s serves", d->name);
		keep_good(a, d->name);
	} else if (!m->late && over(a, m->since_ms, now_ms) && !fall_back(a, i, d)) {
		m->late = true;
		cairn_agent_say(
		    "%s does not serve after %llu s: those that need it are launched all the same", d->name,
		    (unsigned long long)a->conf->boot_wait_s);
	}
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static void begin(struct cairn_agent *a, int64_t now_ms)
{
	a->bootset.since_ms = now_ms;
	for (size_t i = 0; i < a->conf->boot_count; i++)
		a->bootset.item[i].watched = CAIRN_NO_RECORD;
}

static bool is_open(struct cairn_agent *a, int64_t now_ms)
{
	struct cairn_bootset *b = &a->bootset;

	if (strcmp(a->phase, "failed") == 0)
		return false;
	if (!b->open && (a->phase[0] || over(a, b->since_ms, now_ms))) {
		b->open = true;
		b->since_ms = now_ms;
	}
	return b->open;
}

static void judge_circle(struct cairn_agent *a, size_t i)
{
	struct cairn_boot_member *m = &a->bootset.item[i];
	bool was = m->circular;

	m->circular = closure(a, i) & 1u << i;
	if (m->circular && !was)
		cairn_agent_say("%s is not launched: in the boot set it needs what needs it",
				a->conf->boot_set[i]);
}

void cairn_bootset_tick(struct cairn_agent *a, int64_t now_ms)
{
	size_t count = a->conf->boot_count;

	if (a->blind || a->state >= CAIRN_AGENT_VIOLATED)
		return;
	if (!a->bootset.since_ms)
		begin(a, now_ms);
	if (!is_open(a, now_ms))
		return;
	for (size_t i = 0; i < count; i++)
		if (!a->bootset.item[i].read)
			read_needs(a, i);
	for (size_t i = 0; i < count; i++) {
		judge_circle(a, i);
		watch(a, i, now_ms);
		rescue(a, i, now_ms);
	}
	for (size_t i = 0; i < count; i++)
		if (a->bootset.item[i].read && !a->bootset.item[i].circular && is_pending(a, i) &&
		    is_ready(a, i, now_ms))
			start(a, i, now_ms);
}

/* ---- for people ---------------------------------------------------------------------------------------- */

static const char *state_of(const struct cairn_agent *a, size_t i)
{
	const struct cairn_boot_member *m = &a->bootset.item[i];
	const struct cairn_restart *r = cairn_restart_find(a, a->conf->boot_set[i]);

	if (r && r->due)
		return cairn_restart_waits(a, r) ? "to be launched" : "given up";
	if (is_pending(a, i))
		return m->circular		     ? "needs itself"
		       : m->read || !a->bootset.open ? "waiting"
						     : "without configuration";
	if (m->watched == CAIRN_NO_RECORD)
		return "ended";
	if (!is_needed(a, i))
		return "running";
	return m->serves ? "serving" : m->late ? "late" : "starting";
}

static json_t *needs_json(const struct cairn_agent *a, size_t i)
{
	json_t *names = json_array();

	for (size_t j = 0; names && j < a->conf->boot_count; j++) {
		if (!(a->bootset.item[i].needs & 1u << j) ||
		    json_array_append_new(names, json_string(a->conf->boot_set[j])) == 0)
			continue;
		json_decref(names);
		names = NULL;
	}
	return names;
}

json_t *cairn_bootset_json(const struct cairn_agent *a)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < a->conf->boot_count; i++) {
		json_t *one = json_pack("{s:s,s:s,s:o}", "name", a->conf->boot_set[i], "state",
					state_of(a, i), "needs", needs_json(a, i));

		if (json_array_append_new(all, one) == 0)
			continue;
		json_decref(all);
		all = NULL;
	}
	return all;
}
