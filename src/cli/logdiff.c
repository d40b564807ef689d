/* Comparing logs: read both, name equal measurements by equal numbers, align PCR by PCR, then tell apart what is left. */
#include "logdiff.h"

#include <stdlib.h>
#include <string.h>

#include "align.h"

static enum cairn_status refuse(struct cairn_buf *why, enum cairn_status s, const char *text)
{
	cairn_buf_add_str(why, text);
	return s;
}

/* ---- what can be compared ---------------------------------------------------------------------------------------- */

static const char *family(enum cairn_anylog_kind kind)
{
	static const char *const families[CAIRN_ANYLOG_KINDS] = {
	    [CAIRN_ANYLOG_TCG] = "firmware", [CAIRN_ANYLOG_SHA1] = "firmware",
	    [CAIRN_ANYLOG_CCEL] = "ccel",    [CAIRN_ANYLOG_LAUNCH] = "launch",
	    [CAIRN_ANYLOG_IMA] = "ima",	     [CAIRN_ANYLOG_IMA_ASCII] = "ima",
	    [CAIRN_ANYLOG_CEL_JSON] = "cel", [CAIRN_ANYLOG_CEL_TLV] = "cel",
	};

	return families[kind];
}

static enum cairn_status common_banks(struct cairn_diff *d, struct cairn_buf *why)
{
	enum cairn_alg a[CAIRN_BANK_MAX], b[CAIRN_BANK_MAX];
	size_t na = cairn_cli_log_banks(a, d->a.log), nb = cairn_cli_log_banks(b, d->b.log);

	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			if (a[i] == b[k])
				d->bank[d->banks++] = a[i];
	if (d->banks > 0)
		return CAIRN_OK;
	return refuse(why, CAIRN_E_UNSUPPORTED,
		      "the logs have no bank in common, so nothing can be compared");
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static enum cairn_status add_to_key(struct cairn_hasher *h, struct cairn_span s)
{
	uint64_t len = s.len;
	enum cairn_status st = cairn_hasher_add(h, cairn_span(&len, sizeof len));

	return st == CAIRN_OK ? cairn_hasher_add(h, s) : st;
}

/* What makes two events the same measurement. What has no digest in common is told by its data. */
static enum cairn_status key_of(struct cairn_digest *out, struct cairn_hasher *h, const struct cairn_diff *d,
				const struct cairn_cli_event *ev)
{
	bool by_data = !cairn_cli_event_extends(ev);
	size_t found = 0;
	enum cairn_status s = cairn_hasher_add(h, cairn_span(&ev->pcr, sizeof ev->pcr));

	if (s == CAIRN_OK)
		s = add_to_key(h, cairn_cli_event_type(ev));
	for (size_t i = 0; i < d->banks && s == CAIRN_OK; i++) {
		struct cairn_digest digest;
		bool has = cairn_cli_event_digest(&digest, ev, d->bank[i]);

		found += has;
		s = add_to_key(h, has ? cairn_digest_span(&digest) : (struct cairn_span){0});
	}
	if (s == CAIRN_OK && (by_data || found == 0))
		s = add_to_key(h, cairn_cli_event_data(ev));
	return s == CAIRN_OK ? cairn_hasher_take(h, out) : s;
}

static struct cairn_diff_event *more(struct cairn_diff_side *side)
{
	if (side->count == side->room) {
		size_t room = side->room ? 2 * side->room : 256;
		struct cairn_diff_event *grown = realloc(side->event, room * sizeof *grown);

		if (!grown)
			return NULL;
		side->event = grown;
		side->room = room;
	}
	side->event[side->count] = (struct cairn_diff_event){0};
	return &side->event[side->count++];
}

static enum cairn_status take(struct cairn_diff_side *side, struct cairn_hasher *h,
			      const struct cairn_diff *d, const struct cairn_cli_event *ev)
{
	struct cairn_diff_event *e = more(side);
	enum cairn_status s = e ? key_of(&e->key, h, d, ev) : CAIRN_E_NOMEM;

	if (s != CAIRN_OK)
		return s;
	e->pcr = ev->pcr;
	e->number = side->count;
	return cairn_hash(&e->words, CAIRN_ALG_SHA256, cairn_cli_event_data(ev));
}

static enum cairn_status read_side(struct cairn_diff_side *side, const struct cairn_diff *d,
				   struct cairn_buf *why)
{
	cairn_auto_events struct cairn_cli_events it;
	struct cairn_hasher *h = NULL;
	enum cairn_status s = cairn_hasher_new(&h, CAIRN_ALG_SHA256);

	cairn_cli_events_init(&it, side->log);
	while (s == CAIRN_OK) {
		cairn_auto_event struct cairn_cli_event ev;

		s = cairn_cli_events_next(&it, &ev);
		if (s == CAIRN_OK)
			s = take(side, h, d, &ev);
	}
	cairn_hasher_free(h);
	if (s == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	cairn_buf_add_fmt(why, "%s: the log breaks off after %llu events: %s", side->log->name,
			  (unsigned long long)it.count, cairn_status_text(s));
	return s;
}

/* ---- equal numbers for equal measurements ------------------------------------------------------------------------ */

static int by_key(const void *x, const void *y)
{
	const struct cairn_diff_event *a = *(struct cairn_diff_event *const *)x;
	const struct cairn_diff_event *b = *(struct cairn_diff_event *const *)y;

	return memcmp(a->key.bytes, b->key.bytes, CAIRN_SHA256_SIZE);
}

static enum cairn_status name_events(struct cairn_diff *d, uint32_t *ids)
{
	size_t n = d->a.count + d->b.count;
	struct cairn_diff_event **all = calloc(n > 0 ? n : 1, sizeof(struct cairn_diff_event *));

	*ids = 0;
	if (!all)
		return CAIRN_E_NOMEM;
	for (size_t i = 0; i < d->a.count; i++)
		all[i] = &d->a.event[i];
	for (size_t i = 0; i < d->b.count; i++)
		all[d->a.count + i] = &d->b.event[i];
	qsort(all, n, sizeof(struct cairn_diff_event *), by_key);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_key(&all[i - 1], &all[i]) != 0)
			++*ids;
		all[i]->id = *ids;
	}
	++*ids;
	free(all);
	return CAIRN_OK;
}

/* ---- PCR by PCR -------------------------------------------------------------------------------------------------- */

struct strand { /* the events of one PCR in one log */
	size_t *index;
	uint32_t *id;
	size_t count;
};

static void strand_fini(struct strand *s)
{
	free(s->index);
	free(s->id);
}
#define auto_strand __attribute__((cleanup(strand_fini)))

static enum cairn_status strand_of(struct strand *out, const struct cairn_diff_side *side, uint32_t pcr)
{
	size_t room = side->count > 0 ? side->count : 1;

	out->index = calloc(room, sizeof *out->index);
	out->id = calloc(room, sizeof *out->id);
	if (!out->index || !out->id)
		return CAIRN_E_NOMEM;
	for (size_t i = 0; i < side->count; i++) {
		if (side->event[i].pcr != pcr)
			continue;
		out->index[out->count] = i;
		out->id[out->count++] = side->event[i].id;
	}
	return CAIRN_OK;
}

static enum cairn_status add_change(struct cairn_diff *d, enum cairn_diff_kind kind, uint32_t pcr, size_t a,
				    size_t b)
{
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		struct cairn_diff_change *grown = realloc(d->change, room * sizeof *grown);

		if (!grown)
			return CAIRN_E_NOMEM;
		d->change = grown;
		d->room = room;
	}
	d->change[d->count++] = (struct cairn_diff_change){kind, pcr, a, b};
	if (a != CAIRN_ALIGN_NONE)
		d->a.event[a].differs = true;
	if (b != CAIRN_ALIGN_NONE)
		d->b.event[b].differs = true;
	return CAIRN_OK;
}

/* Only a log of firmware has words that no digest covers. */
static bool retold(const struct cairn_diff *d, size_t a, size_t b)
{
	return strcmp(family(d->a.log->log.kind), "firmware") == 0 &&
	       !cairn_digest_equal(&d->a.event[a].words, &d->b.event[b].words);
}

static enum cairn_status walk(struct cairn_diff *d, uint32_t pcr, const struct strand *a,
			      const struct strand *b, const size_t *match)
{
	enum cairn_status s = CAIRN_OK;
	size_t j = 0;

	for (size_t i = 0; i < a->count && s == CAIRN_OK; i++) {
		if (match[i] == CAIRN_ALIGN_NONE) {
			s = add_change(d, CAIRN_DIFF_REMOVED, pcr, a->index[i], CAIRN_ALIGN_NONE);
			continue;
		}
		for (; j < match[i] && s == CAIRN_OK; j++)
			s = add_change(d, CAIRN_DIFF_ADDED, pcr, CAIRN_ALIGN_NONE, b->index[j]);
		j = match[i] + 1;
		if (s == CAIRN_OK && retold(d, a->index[i], b->index[match[i]]))
			s = add_change(d, CAIRN_DIFF_RETOLD, pcr, a->index[i], b->index[match[i]]);
	}
	for (; j < b->count && s == CAIRN_OK; j++)
		s = add_change(d, CAIRN_DIFF_ADDED, pcr, CAIRN_ALIGN_NONE, b->index[j]);
	return s;
}

static enum cairn_status compare_pcr(struct cairn_diff *d, uint32_t pcr, uint32_t ids)
{
	auto_strand struct strand a = {0}, b = {0};
	size_t *match = NULL;
	enum cairn_status s = strand_of(&a, &d->a, pcr);

	if (s == CAIRN_OK)
		s = strand_of(&b, &d->b, pcr);
	if (s != CAIRN_OK || a.count + b.count == 0)
		return s;
	match = calloc(a.count + 1, sizeof *match);
	s = match ? cairn_align(match, (struct cairn_align_side){a.id, a.count},
				(struct cairn_align_side){b.id, b.count}, ids)
		  : CAIRN_E_NOMEM;
	if (s == CAIRN_OK)
		s = walk(d, pcr, &a, &b, match);
	free(match);
	return s;
}

/* PCRs of events are small numbers, but for what extends nothing and for NV indices. */
static enum cairn_status compare(struct cairn_diff *d)
{
	uint32_t ids, last = 0;
	bool first = true;
	enum cairn_status s = name_events(d, &ids);

	while (s == CAIRN_OK) {
		uint32_t next = UINT32_MAX;
		bool found = false;

		for (size_t k = 0; k < d->a.count + d->b.count; k++) {
			uint32_t pcr = k < d->a.count ? d->a.event[k].pcr : d->b.event[k - d->a.count].pcr;

			if ((first || pcr > last) && pcr <= next) {
				next = pcr;
				found = true;
			}
		}
		if (!found)
			break;
		s = compare_pcr(d, next, ids);
		last = next;
		first = false;
	}
	return s;
}

/* ---- what the events that differ say ----------------------------------------------------------------------------- */

static enum cairn_status tell(struct cairn_diff_side *side)
{
	cairn_auto_events struct cairn_cli_events it;
	size_t told = 0;

	cairn_cli_events_init(&it, side->log);
	for (size_t i = 0; i < side->count && told < CAIRN_DIFF_DETAILS; i++) {
		cairn_auto_event struct cairn_cli_event ev;
		enum cairn_status s = cairn_cli_events_next(&it, &ev);

		if (s != CAIRN_OK)
			return s;
		if (!side->event[i].differs)
			continue;
		side->event[i].json = cairn_cli_event_json(&ev);
		if (!side->event[i].json)
			return CAIRN_E_NOMEM;
		told++;
	}
	return CAIRN_OK;
}

enum cairn_status cairn_diff_make(struct cairn_diff *out, const struct cairn_cli_log *a,
				  const struct cairn_cli_log *b, struct cairn_buf *why)
{
	enum cairn_status s;

	*out = (struct cairn_diff){.a.log = a, .b.log = b};
	if (strcmp(family(a->log.kind), family(b->log.kind)) != 0) {
		cairn_buf_add_fmt(why, "%s and %s cannot be compared: they are logs of different families",
				  cairn_anylog_title(a->log.kind), cairn_anylog_title(b->log.kind));
		return CAIRN_E_UNSUPPORTED;
	}
	s = common_banks(out, why);
	if (s == CAIRN_OK)
		s = read_side(&out->a, out, why);
	if (s == CAIRN_OK)
		s = read_side(&out->b, out, why);
	if (s == CAIRN_OK)
		s = compare(out);
	if (s == CAIRN_OK)
		s = tell(&out->a);
	if (s == CAIRN_OK)
		s = tell(&out->b);
	if (s == CAIRN_OK)
		s = cairn_diff_pair(out);
	if (s != CAIRN_OK && why->len == 0)
		cairn_buf_add_str(why, cairn_status_text(s));
	return s;
}

static void side_fini(struct cairn_diff_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		json_decref(side->event[i].json);
	free(side->event);
}

void cairn_diff_fini(struct cairn_diff *d)
{
	side_fini(&d->a);
	side_fini(&d->b);
	free(d->change);
	*d = (struct cairn_diff){0};
}
