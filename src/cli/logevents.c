/* One loop over the events of every kind of log. */
#include "logevents.h"

#include <string.h>

#include "cairn/eventjson.h"

static bool is_ima(enum cairn_anylog_kind kind)
{
	return kind == CAIRN_ANYLOG_IMA || kind == CAIRN_ANYLOG_IMA_ASCII;
}

static bool is_cel(enum cairn_anylog_kind kind)
{
	return kind == CAIRN_ANYLOG_CEL_JSON || kind == CAIRN_ANYLOG_CEL_TLV;
}

static bool is_tcg(enum cairn_anylog_kind kind)
{
	return kind == CAIRN_ANYLOG_TCG || kind == CAIRN_ANYLOG_SHA1 || kind == CAIRN_ANYLOG_CCEL;
}

static void launch_init(struct cairn_log_reader *r, struct cairn_span text)
{
	static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;

	cairn_log_reader_init(r, text, &pcrs);
	r->may_lack = true;
}

void cairn_cli_events_init(struct cairn_cli_events *it, const struct cairn_cli_log *log)
{
	*it = (struct cairn_cli_events){.log = log};
	if (log->log.kind == CAIRN_ANYLOG_LAUNCH)
		launch_init(&it->launch, log->log.bytes);
	else if (is_ima(log->log.kind))
		it->ima = cairn_ima_iter(&log->log.ima);
	else if (is_cel(log->log.kind))
		it->cel_opened = cairn_cel_open(&it->cel, log->log.bytes);
	else
		it->tcg = cairn_eventlog_iter(&log->log.tcg);
}

void cairn_cli_events_fini(struct cairn_cli_events *it)
{
	cairn_cel_fini(&it->cel);
}

static enum cairn_status read_next(struct cairn_cli_events *it, struct cairn_cli_event *ev)
{
	enum cairn_status s = CAIRN_OK;

	if (ev->kind == CAIRN_ANYLOG_LAUNCH) {
		s = cairn_log_next(&it->launch, &ev->launch);
		ev->pcr = ev->launch.pcr;
	} else if (is_ima(ev->kind)) {
		s = cairn_ima_next(&it->ima, &ev->ima);
		ev->pcr = ev->ima.pcr;
	} else if (is_cel(ev->kind)) {
		s = it->cel_opened ? it->cel_opened : cairn_cel_next(&it->cel, &ev->cel);
		ev->pcr = ev->cel.index;
	} else {
		s = cairn_eventlog_next(&it->tcg, &ev->tcg) ? CAIRN_OK : CAIRN_E_NOTFOUND;
		ev->pcr = ev->tcg.pcr;
	}
	return s;
}

enum cairn_status cairn_cli_events_next(struct cairn_cli_events *it, struct cairn_cli_event *out)
{
	enum cairn_status s;

	memset(out, 0, sizeof *out);
	out->kind = it->log->log.kind;
	s = read_next(it, out);
	it->count += s == CAIRN_OK;
	return s;
}

void cairn_cli_event_fini(struct cairn_cli_event *ev)
{
	if (ev->kind == CAIRN_ANYLOG_LAUNCH)
		cairn_log_entry_fini(&ev->launch);
}

/* ---- what an event says ------------------------------------------------------------------------------------------ */

/* The reader has recomputed every digest of a launch record that is still there. */
static json_t *launch_json(const struct cairn_log_entry *e)
{
	cairn_auto_buf struct cairn_buf summary = {0};
	json_t *digests = json_object(), *data = json_pack("{s:s, s:o}", "kind", "launch", "record",
							   e->dropped ? json_null() : json_incref(e->object));

	for (size_t i = 0; i < e->digest_count; i++)
		json_object_set_new(digests, cairn_alg_name(e->digest[i].alg),
				    json_string(cairn_digest_hex(&e->digest[i]).text));
	if (e->dropped)
		cairn_buf_add_str(&summary, "(dropped: the verifier that gave the receipt has it)");
	else if (cairn_json_dump(&summary, e->object) != CAIRN_OK || !cairn_buf_str(&summary))
		cairn_buf_init(&summary);
	return json_pack("{s:I, s:I, s:s, s:o, s:s, s:o, s:s}", "number", (json_int_t)e->recnum, "pcr",
			 (json_int_t)e->pcr, "type", cairn_record_type_name(e->type), "digests", digests,
			 "check", e->dropped ? "bare" : "matches", "data", data, "summary",
			 summary.len ? (const char *)summary.ptr : "");
}

/* The member gets another name: one name for one thing in all kinds. */
static void rename_member(json_t *v, const char *from, const char *to)
{
	json_object_set(v, to, json_object_get(v, from));
	json_object_del(v, from);
}

static json_t *ima_json(const struct cairn_ima_entry *e)
{
	json_t *v = cairn_ima_entry_json(e);

	rename_member(v, "template", "type");
	rename_member(v, "fields", "data");
	return v;
}

static json_t *cel_json(const struct cairn_cel_record *r)
{
	struct cairn_event ev = {.pcr = r->index, .type = r->event_type, .data = r->data};
	cairn_auto_buf struct cairn_buf summary = {0};
	json_t *v = cairn_cel_record_json(r), *data;

	if (!v)
		return NULL;
	rename_member(v, "content", "data");
	if (r->reg == CAIRN_CEL_MR)
		rename_member(v, "register", "pcr");
	if (r->type != CAIRN_CEL_PCCLIENT || !r->readable)
		return v;
	/* An event of firmware says here what it says in the firmware's own log. */
	data = cairn_event_data_json(&ev, &summary);
	json_object_set_new(v, "data", data);
	json_object_set_new(v, "type", json_string(cairn_event_type_name(ev.type)));
	json_object_set_new(v, "summary", json_string(cairn_buf_str(&summary)));
	return v;
}

json_t *cairn_cli_event_json(const struct cairn_cli_event *ev)
{
	if (ev->kind == CAIRN_ANYLOG_LAUNCH)
		return launch_json(&ev->launch);
	if (is_cel(ev->kind))
		return cel_json(&ev->cel);
	return is_ima(ev->kind) ? ima_json(&ev->ima) : cairn_event_json(&ev->tcg);
}

static bool find_digest(struct cairn_digest *out, const struct cairn_digest *d, size_t count,
			enum cairn_alg alg)
{
	for (size_t i = 0; i < count; i++) {
		if (d[i].alg != alg)
			continue;
		*out = d[i];
		return true;
	}
	return false;
}

bool cairn_cli_event_digest(struct cairn_digest *out, const struct cairn_cli_event *ev, enum cairn_alg alg)
{
	if (is_tcg(ev->kind))
		return cairn_event_digest_get(out, &ev->tcg, alg) == CAIRN_OK;
	if (is_ima(ev->kind))
		return find_digest(out, &ev->ima.digest, 1, alg);
	if (is_cel(ev->kind))
		return find_digest(out, ev->cel.digest, ev->cel.count, alg);
	return find_digest(out, ev->launch.digest, ev->launch.digest_count, alg);
}

struct cairn_span cairn_cli_event_type(const struct cairn_cli_event *ev)
{
	if (is_tcg(ev->kind))
		return cairn_span(&ev->tcg.type, sizeof ev->tcg.type);
	if (is_ima(ev->kind))
		return ev->ima.name;
	if (is_cel(ev->kind))
		return cairn_span(&ev->cel.type, sizeof ev->cel.type);
	return cairn_span_str(cairn_record_type_name(ev->launch.type));
}

bool cairn_cli_event_extends(const struct cairn_cli_event *ev)
{
	if (is_cel(ev->kind))
		return ev->cel.reg != CAIRN_CEL_NV && cairn_cel_extends(&ev->cel);
	return !is_tcg(ev->kind) || cairn_event_extends(&ev->tcg);
}

struct cairn_span cairn_cli_event_data(const struct cairn_cli_event *ev)
{
	if (is_tcg(ev->kind))
		return ev->tcg.data;
	if (is_ima(ev->kind))
		return ev->ima.data;
	if (is_cel(ev->kind))
		return ev->cel.readable ? ev->cel.data : ev->cel.value;
	return ev->launch.record;
}

/* Of the first event of a list: all others should be like it. */
size_t cairn_cli_log_banks(enum cairn_alg *out, const struct cairn_cli_log *log)
{
	static const enum cairn_alg algs[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					      CAIRN_ALG_SHA512, CAIRN_ALG_SM3_256};
	cairn_auto_events struct cairn_cli_events it;
	cairn_auto_event struct cairn_cli_event ev = {0};
	struct cairn_digest d;
	size_t count = 0;

	cairn_cli_events_init(&it, log);
	if (is_tcg(log->log.kind)) {
		memcpy(out, log->log.tcg.bank, sizeof log->log.tcg.bank);
		return log->log.tcg.banks;
	}
	if (cairn_cli_events_next(&it, &ev) != CAIRN_OK)
		return 0;
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++)
		if (cairn_cli_event_digest(&d, &ev, algs[i]))
			out[count++] = algs[i];
	return count;
}
