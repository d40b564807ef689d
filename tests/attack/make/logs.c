/* Event logs as bytes: where an event is, and events put behind. Logs here are genuine or made by this program. */
#include "tests/attack/make/make.h"

static uint32_t le32(struct cairn_span log, size_t at)
{
	MUST(at + 4 <= log.len);
	return (uint32_t)log.ptr[at + 3] << 24 | (uint32_t)log.ptr[at + 2] << 16 |
	       (uint32_t)log.ptr[at + 1] << 8 | log.ptr[at];
}

static struct spot spot_at(struct cairn_span log, size_t start)
{
	struct spot s = {.start = start, .digests = start + 8};
	uint32_t count = le32(log, s.digests);

	s.size = start + 12;
	for (uint32_t i = 0; i < count; i++)
		s.size += 2 + cairn_alg_size((enum cairn_alg)(le32(log, s.size) & 0xffff));
	s.data = s.size + 4;
	s.end = s.data + le32(log, s.size);
	MUST(s.end <= log.len);
	return s;
}

struct spot log_event(struct cairn_span log, uint32_t pcr, unsigned nth)
{
	size_t at = 32 + le32(log, 28); /* the Spec ID event */

	for (;;) {
		struct spot s = spot_at(log, at);

		if (pcr == ANY_PCR || le32(log, at) == pcr) {
			if (nth == 0)
				return s;
			nth--;
		}
		at = s.end;
	}
}

static void add_le32(struct cairn_buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		cairn_buf_add_u8(b, (uint8_t)(v >> 8 * i));
}

static void add_digest(struct cairn_buf *log, enum cairn_alg alg, bool extended, struct cairn_span data)
{
	struct cairn_digest d = {.alg = alg};

	if (extended)
		MUST_OK(cairn_hash(&d, alg, data));
	cairn_buf_add_u8(log, (uint8_t)alg);
	cairn_buf_add_u8(log, 0);
	cairn_buf_add(log, cairn_digest_span(&d));
}

void log_add(struct cairn_buf *log, uint32_t pcr, uint32_t type, struct cairn_span data)
{
	bool extended = type != CAIRN_EV_NO_ACTION;

	add_le32(log, pcr);
	add_le32(log, type);
	add_le32(log, 2);
	add_digest(log, CAIRN_ALG_SHA256, extended, data);
	add_digest(log, CAIRN_ALG_SHA384, extended, data);
	add_le32(log, (uint32_t)data.len);
	cairn_buf_add(log, data);
}

void log_values(struct cairn_pcrs *p, struct cairn_span bytes)
{
	struct cairn_eventlog log;
	struct cairn_event ev;

	MUST_OK(cairn_eventlog_open(&log, bytes));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		for (size_t i = 0; i < ev.count && ev.type != CAIRN_EV_NO_ACTION; i++) {
			struct cairn_digest d;

			MUST_OK(cairn_event_digest_get(&d, &ev, ev.digest[i].alg));
			if (cairn_pcrs_bank(p, d.alg))
				MUST_OK(cairn_pcrs_extend(p, ev.pcr, &d));
		}
	}
}

struct cairn_pcrs zero_values(void)
{
	static const enum cairn_alg algs[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_pcrs p;

	MUST_OK(cairn_pcrs_init(&p, algs, LENGTH(algs)));
	for (size_t i = 0; i < p.count; i++)
		for (unsigned pcr = 17; pcr <= 22; pcr++)
			memset(p.bank[i].pcr[pcr].bytes, 0, cairn_alg_size(p.bank[i].alg));
	return p;
}

void add_edits(struct corpus *c, const struct edit *rows, size_t count, enum file f)
{
	for (size_t i = 0; i < count; i++) {
		const struct edit *r = &rows[i];
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, r->base));
		struct cairn_span log = cairn_buf_span(&e.file[f]);
		size_t at = 0, cut = r->cut;

		if (r->where != FILE_START) {
			struct spot s = log_event(log, r->pcr, r->nth);

			at = r->where == EVENT ? s.start : r->where == EVENT_SIZE ? s.size : s.data;
			cut = cut == WHOLE ? s.end - s.start : cut;
		}
		cut = cut == THE_REST ? log.len - at - r->off : cut;
		evidence_splice(&e, f, (long)(at + r->off), cut, r->bytes);
		corpus_add(c, &(const struct about){r->name, r->base, "reject", "both", r->ids, r->text}, &e);
	}
}
