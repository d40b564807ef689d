/* Receipts: a verifier whose key this image holds keeps the bodies of the launch log up to a record, so they need not fill the
 * memory of dom0, nor the table of domains that of cairnd. What cairnd itself would need after a start of its own stays, and so does every digest. */
#include "cairn/receipt.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

/* The launch of a name that no later one has followed, or that may still be restarted for what it did. */
static bool keeps_launch(const struct cairn_agent *a, uint64_t recnum)
{
	const struct cairn_agent_domain *of = NULL;

	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].recnum == recnum)
			of = &a->domains.item[i];
	if (!of || of->live)
		return true;
	const struct cairn_restart *r = cairn_restart_find(a, of->name);

	if (r && r->failures > 0)
		return true;
	for (size_t i = 0; i < a->domains.count; i++)
		if (a->domains.item[i].recnum > recnum && strcmp(a->domains.item[i].name, of->name) == 0)
			return false;
	return true;
}

static bool keeps_refusal(const struct cairn_agent *a, const json_t *record)
{
	const char *name = json_string_value(json_object_get(json_object_get(record, "domain"), "name"));
	const struct cairn_restart *r = name ? cairn_restart_find(a, name) : NULL;

	return r && (r->due || r->failures > 0);
}

static bool keeps(const void *agent, const struct cairn_log_entry *e)
{
	const struct cairn_agent *a = agent;
	uint64_t launch = 0;

	switch (e->type) {
	case CAIRN_RECORD_LAUNCH:
		return keeps_launch(a, e->recnum);
	case CAIRN_RECORD_EXIT:
		return cairn_json_get_u64(&launch, e->object, "launch") != CAIRN_OK ||
		       keeps_launch(a, launch);
	case CAIRN_RECORD_REFUSAL:
		return keeps_refusal(a, e->object);
	default:
		return true;
	}
}

/* ---- the table, which is of the same launches ---------------------------------------------------------- */

static bool is_listed(const struct cairn_agent_domain *d, const struct cairn_hv_domain *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cairn_domain_is(d, &all[i]))
			return true;
	return false;
}

/* Ended, its body dropped, its number accounted for, and gone: a domain is seen dying for a while. */
static bool is_over(const struct cairn_agent *a, const struct cairn_agent_domain *d, uint64_t before,
		    const struct cairn_hv_domain *all, size_t n)
{
	return d->recnum < before && !keeps_launch(a, d->recnum) && (d->passed || d->domid == 0) &&
	       !is_listed(d, all, n);
}

/* What cannot be forgotten now is forgotten with the next receipt. */
static void forget(struct cairn_agent *a, uint64_t before)
{
	struct cairn_agent_domains *t = &a->domains, kept = {.cap = t->count};
	struct cairn_hv_domain *all = calloc(CAIRN_HV_DOMAINS, sizeof(*all));
	struct cairn_agent_domains over = {0};
	size_t n = 0;

	kept.item = calloc(t->count + 1, sizeof(*kept.item));
	over.item = calloc(t->count + 1, sizeof(*over.item));
	if (!kept.item || !over.item || !all ||
	    a->hv.ops->list(a->hv.self, all, CAIRN_HV_DOMAINS, &n) != CAIRN_OK) {
		free(kept.item);
		free(over.item);
		free(all);
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		struct cairn_agent_domains *to = is_over(a, &t->item[i], before, all, n) ? &over : &kept;

		to->item[to->count++] = t->item[i];
	}
	free(t->item);
	free(all);
	*t = kept;
	cairn_domains_fini(&over);
}

/* ---- the request --------------------------------------------------------------------------------------- */

static enum cairn_status check(struct cairn_call *c, const struct cairn_receipt *r)
{
	const struct cairn_agent_log *l = &c->a->log;

	if (memcmp(r->boot_id, l->boot_id, sizeof(r->boot_id)) != 0) {
		cairn_buf_add_str(&c->why, "the receipt is of another boot");
		return CAIRN_E_STALE;
	}
	if (l->state == CAIRN_LOG_DIVERGED) {
		cairn_buf_add_str(&c->why, "the launch log has diverged: nothing is dropped, it is evidence");
		return CAIRN_E_DIVERGED;
	}
	return CAIRN_OK;
}

enum cairn_status cairn_op_receipt(struct cairn_call *c)
{
	struct cairn_agent *a = c->a;
	struct cairn_receipt r;
	const char *jws = NULL;
	uint64_t dropped = 0;
	enum cairn_status st = cairn_json_get_str(&jws, c->request, "receipt");

	if (st != CAIRN_OK)
		return st;
	st = cairn_receipt_open(&r, cairn_span_str(jws), a->verifiers);
	if (st == CAIRN_E_UNTRUSTED)
		cairn_buf_add_fmt(&c->why, "the receipt is by a verifier whose key is not in %s",
				  a->conf->verifiers);
	if (st == CAIRN_OK)
		st = check(c, &r);
	if (st != CAIRN_OK)
		return st;
	st = cairn_agent_log_drop(&a->log, a->conf->log, r.records, &r.launch, keeps, a, &dropped);
	if (st == CAIRN_E_MISMATCH)
		cairn_buf_add_str(&c->why, "the receipt is for another launch log than this one");
	if (st != CAIRN_OK)
		return st;
	forget(a, r.records);
	return cairn_call_set(c, "dropped", json_integer((json_int_t)dropped));
}
