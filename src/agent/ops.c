/* Requests: who may ask what, with which members, and the small ones themselves. A request is hostile until
 * its table entry has let it through. */
#include "agent/agent.h"

#include <stdlib.h>
#include <string.h>

enum cairn_status cairn_call_set(struct cairn_call *c, const char *member, json_t *value)
{
	return json_object_set_new(c->answer, member, value) == 0 ? CAIRN_OK : CAIRN_E_NOMEM;
}

/* ---- facts -------------------------------------------------------------------------------------------- */

/* True if no later launch has the name of this one. */
static bool latest(const struct cairn_agent *a, size_t at)
{
	for (size_t i = at + 1; i < a->domains.count; i++)
		if (strcmp(a->domains.item[i].name, a->domains.item[at].name) == 0)
			return false;
	return true;
}

json_t *cairn_agent_domains_json(const struct cairn_agent *a)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < a->domains.count; i++) {
		const struct cairn_agent_domain *d = &a->domains.item[i];
		json_t *one =
		    json_pack("{s:s,s:s,s:I,s:s,s:O,s:O,s:I,s:o,s:o}", "name", d->name, "uuid", d->uuid,
			      "domid", (json_int_t)d->domid, "state", d->live ? "running" : "ended", "roles",
			      d->roles, "manifest", d->manifest, "recnum", (json_int_t)d->recnum, "restart",
			      latest(a, i) ? cairn_restart_json(a, d->name) : json_null(), "dependants",
			      latest(a, i) ? cairn_agent_dependants(a, d->name) : json_array());

		if (json_array_append_new(all, one) == 0)
			continue;
		json_decref(all);
		all = NULL;
	}
	return all;
}

static json_t *banks_json(const struct cairn_tpm_banks *b)
{
	json_t *names = json_array();

	for (size_t i = 0; names && i < b->count; i++) {
		if (json_array_append_new(names, json_string(cairn_alg_name(b->alg[i]))) == 0)
			continue;
		json_decref(names);
		names = NULL;
	}
	return names;
}

static enum cairn_status tpm_facts(struct cairn_call *c)
{
	const struct cairn_tpm_banks *b = cairn_tpm_banks(c->a->tpm);
	struct cairn_tpm_info info;
	enum cairn_status st = cairn_tpm_info(c->a->tpm, &info);

	if (st != CAIRN_OK)
		return st;
	return cairn_call_set(c, "tpm",
			      json_pack("{s:s,s:s,s:I,s:o,s:I}", "manufacturer", info.manufacturer, "vendor",
					info.vendor, "firmware", (json_int_t)info.firmware, "banks",
					banks_json(b), "unknown_banks", (json_int_t)b->unknown_count));
}

static enum cairn_status op_status(struct cairn_call *c)
{
	const struct cairn_agent *a = c->a;
	const struct cairn_pcr_numbers *p = &a->conf->pcrs;
	enum cairn_status st = tpm_facts(c);

	if (st == CAIRN_OK)
		st = cairn_call_set(c, "version", json_string(CAIRN_VERSION));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "boot_id",
				    cairn_json_hex(cairn_span(a->log.boot_id, sizeof(a->log.boot_id))));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "state", json_string(cairn_agent_state_name(a->state)));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "trouble", json_string(a->trouble));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "phase", json_string(a->phase));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "records", json_integer((json_int_t)a->log.records));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "boot_log_status", json_string(a->boot_log_status));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "pcrs",
				    json_pack("{s:i,s:i,s:i}", "host", (int)p->host, "launch", (int)p->launch,
					      "phase", (int)p->phase));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "boot_set", cairn_bootset_json(a));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "release_set", cairn_release_json(a));
	return st == CAIRN_OK ? cairn_call_set(c, "domains", cairn_agent_domains_json(a)) : st;
}

static enum cairn_status op_log(struct cairn_call *c)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_agent_log_text(&c->a->log, &text);

	if (st != CAIRN_OK)
		return st;
	json_t *log = json_stringn(text.ptr ? (const char *)text.ptr : "", text.len);

	if (!log) {
		cairn_buf_add_str(&c->why, "the launch log is not text: somebody wrote to it");
		return CAIRN_E_MALFORMED;
	}
	return cairn_call_set(c, "log", log);
}

/* ---- acts --------------------------------------------------------------------------------------------- */

static enum cairn_status set_launched(struct cairn_call *c, const struct cairn_launched *l)
{
	enum cairn_status st = cairn_call_set(c, "name", json_string(l->name));

	if (st == CAIRN_OK && l->recorded)
		st = cairn_call_set(c, "recnum", json_integer((json_int_t)l->recnum));
	if (st == CAIRN_OK && l->domid)
		st = cairn_call_set(c, "domid", json_integer((json_int_t)l->domid));
	if (st == CAIRN_OK && l->reasons.count)
		st = cairn_call_set(c, "reasons", cairn_reasons_json(&l->reasons));
	return st;
}

static enum cairn_status op_launch(struct cairn_call *c)
{
	const char *config;
	uint64_t timeout_s = c->a->conf->create_timeout_s;
	struct cairn_launched done;
	enum cairn_status st = cairn_json_get_str(&config, c->request, "config");

	if (st == CAIRN_OK && json_object_get(c->request, "timeout_s"))
		st = cairn_json_get_u64(&timeout_s, c->request, "timeout_s");
	if (st != CAIRN_OK)
		return st;
	if (config[0] != '/' || timeout_s < 1 || timeout_s > 3600) {
		cairn_buf_add_str(&c->why, "config must be an absolute path, timeout_s from 1 to 3600");
		return CAIRN_E_USAGE;
	}
	st = cairn_agent_launch(c->a, config, c->peer->uid, (unsigned)timeout_s, &done, &c->why);
	if (st == CAIRN_OK)
		cairn_restart_forgive(c->a, done.name);
	enum cairn_status set = set_launched(c, &done);

	cairn_reasons_fini(&done.reasons);
	return st != CAIRN_OK ? st : set;
}

static enum cairn_status op_stop(struct cairn_call *c)
{
	const char *name;
	enum cairn_status st = cairn_json_get_str(&name, c->request, "name");

	return st == CAIRN_OK ? cairn_agent_stop_domain(c->a, name, &c->why) : st;
}

/* The hand-over happens once; that it failed may be said at any time. */
static enum cairn_status op_phase(struct cairn_call *c)
{
	const char *phase;
	uint64_t recnum = CAIRN_NO_RECORD;
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_json_get_str(&phase, c->request, "phase");

	if (st != CAIRN_OK)
		return st;
	if (c->a->phase[0] && (strcmp(phase, "failed") != 0 || strcmp(c->a->phase, "failed") == 0)) {
		cairn_buf_add_fmt(&c->why, "the phase of this boot is on record already: %s", c->a->phase);
		return CAIRN_E_EXISTS;
	}
	if (strlen(phase) >= sizeof(c->a->phase))
		return CAIRN_E_LIMIT;
	st = cairn_record_phase(&record, phase);
	if (st == CAIRN_OK)
		st = cairn_agent_record(c->a, cairn_buf_span(&record), &recnum);
	if (recnum != CAIRN_NO_RECORD)
		memcpy(c->a->phase, phase, strlen(phase) + 1);
	return st != CAIRN_OK ? st : cairn_call_set(c, "recnum", json_integer((json_int_t)recnum));
}

/* ---- the table ---------------------------------------------------------------------------------------- */

struct op {
	const char *name;
	bool relay; /* the relay's user may ask, too; root always may */
	enum cairn_status (*run)(struct cairn_call *c);
	const char *member[5]; /* that a request may have, NULL-ended */
};

static const struct op ops[] = {
    {"status", true, op_status, {"op"}},
    {"log", true, op_log, {"op"}},
    {"chain", true, cairn_op_chain, {"op"}},
    {"identity", true, cairn_op_identity, {"op"}},
    {"activate", true, cairn_op_activate, {"op", "credential", "secret", "label", "verifier_kid"}},
    {"attest", true, cairn_op_attest, {"op", "nonce", "verifier_kid"}},
    {"receipt", true, cairn_op_receipt, {"op", "receipt"}},
    {"launch", false, op_launch, {"op", "config", "timeout_s"}},
    {"stop", false, op_stop, {"op", "name"}},
    {"phase", false, op_phase, {"op", "phase"}},
    {"maintenance", false, cairn_op_maintenance, {"op", "reason"}},
    {"seal", false, cairn_op_seal, {"op", "class", "key", "secret"}},
    {"unseal", false, cairn_op_unseal, {"op", "blob", "approval"}},
};

static bool has_only(const json_t *request, const struct op *op)
{
	const char *list[6] = {NULL};

	memcpy(list, op->member, sizeof(op->member));
	return cairn_json_only(request, list) == CAIRN_OK;
}

static enum cairn_status dispatch(struct cairn_call *c)
{
	const char *name = NULL;
	const struct op *op = NULL;

	if (cairn_json_get_str(&name, c->request, "op") != CAIRN_OK) {
		cairn_buf_add_str(&c->why, "a request is an object with \"op\"");
		return CAIRN_E_MALFORMED;
	}
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(ops[i].name, name) == 0)
			op = &ops[i];
	if (!op) {
		cairn_buf_add_str(&c->why, "this cairnd does not know that operation");
		return CAIRN_E_UNSUPPORTED;
	}
	if (!c->peer->root && !(op->relay && c->peer->relay)) {
		cairn_buf_add_fmt(&c->why, "uid %u may not ask for %s", (unsigned)c->peer->uid, op->name);
		return CAIRN_E_DENIED;
	}
	if (!has_only(c->request, op)) {
		cairn_buf_add_fmt(&c->why, "the request has members that %s does not know", op->name);
		return CAIRN_E_UNSUPPORTED;
	}
	return op->run(c);
}

/* What the TPM said is worth more than that it failed. */
static bool is_tpm(enum cairn_status st)
{
	return st >= CAIRN_E_TPM && st <= CAIRN_E_TPM_POLICY;
}

static enum cairn_status conclude(struct cairn_call *c, enum cairn_status st)
{
	enum cairn_status set = cairn_call_set(c, "ok", json_boolean(st == CAIRN_OK));

	if (st == CAIRN_OK || set != CAIRN_OK)
		return set;
	if (c->why.len == 0)
		cairn_buf_add_str(&c->why, cairn_status_text(st));
	if (is_tpm(st))
		cairn_buf_add_fmt(&c->why, "; %s", cairn_tpm_error(c->a->tpm));
	const char *why = cairn_buf_str(&c->why);

	set = cairn_call_set(c, "status", json_string(cairn_status_name(st)));
	if (set == CAIRN_OK)
		set = cairn_call_set(c, "error", json_string(why ? why : ""));
	return set == CAIRN_OK ? cairn_call_set(c, "exit", json_integer(cairn_status_exit(st))) : set;
}

/* What no frame can hold is an error that says so. */
static enum cairn_status write_answer(struct cairn_buf *out, const json_t *answer)
{
	cairn_auto_secret struct cairn_buf text = {0};
	enum cairn_status st = cairn_json_dump(&text, answer);

	if (st != CAIRN_OK || text.len <= CAIRN_AGENT_ANSWER_MAX) {
		cairn_buf_add(out, cairn_buf_span(&text));
		return st == CAIRN_OK ? cairn_buf_status(out) : st;
	}
	cairn_auto_json json_t *error =
	    json_pack("{s:b,s:s,s:s,s:i}", "ok", 0, "status", cairn_status_name(CAIRN_E_LIMIT), "error",
		      "the answer is too large: the logs of this boot have outgrown what cairnd can send",
		      "exit", cairn_status_exit(CAIRN_E_LIMIT));

	return cairn_json_dump(out, error);
}

enum cairn_status cairn_agent_answer(struct cairn_agent *a, const struct cairn_peer *peer,
				     struct cairn_span request, struct cairn_buf *out)
{
	cairn_auto_json json_t *parsed = NULL;
	cairn_auto_json json_t *answer = json_object();
	struct cairn_call c = {.a = a, .peer = peer, .answer = answer};
	enum cairn_status st = cairn_json_parse(&parsed, request);

	if (!answer)
		return CAIRN_E_NOMEM;
	c.request = parsed;
	cairn_tpm_revive(a->tpm);
	if (st == CAIRN_OK)
		st = dispatch(&c);
	st = conclude(&c, st);
	cairn_buf_fini(&c.why);
	return st == CAIRN_OK ? write_answer(out, answer) : st;
}
