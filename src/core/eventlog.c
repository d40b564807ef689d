/* The syntax of event logs: the events. The bytes are hostile; nothing is allocated. */
#include "eventlog_internal.h"

#include <string.h>

#include "cairn/eventtypes.h"

#define MR_COUNT 5 /* MRTD and RTMR 0-3: UEFI 2.10, section 38.4.1 */
/* Intel TXT Software Development Guide, document 315168 revision 017, appendix F: event types start at 0x400, and what
 * is logged only is logged for PCR 255. tboot and TrenchBoot use types from 0x501 on. */
#define TXT_NO_PCR 255
#define TXT_FIRST  0x400
#define TXT_LAST   0x5ff

bool cairn_event_extends(const struct cairn_event *ev)
{
	if (ev->type == CAIRN_EV_NO_ACTION)
		return false;
	if (ev->type == CAIRN_EVTYPE_SLAUNCH_START || ev->type == CAIRN_EVTYPE_SLAUNCH_END)
		return false;
	return ev->pcr < CAIRN_PCR_COUNT; /* and not one of TXT's for PCR 255 */
}

static bool register_exists(const struct cairn_eventlog *log, const struct cairn_event *ev)
{
	if (ev->pcr < (log->cc ? MR_COUNT : CAIRN_PCR_COUNT))
		return true;
	if (ev->type == CAIRN_EV_NO_ACTION)
		return ev->pcr == CAIRN_NO_PCR;
	if (log->cc)
		return false;
	return ev->pcr == TXT_NO_PCR && ev->type >= TXT_FIRST && ev->type <= TXT_LAST;
}

/* The size of a digest of the algorithm; 0 for one that the log does not have. *bit: another for each algorithm. */
static size_t digest_size(const struct cairn_eventlog *log, uint16_t alg, unsigned *bit)
{
	for (unsigned i = 0; i < log->banks; i++) {
		*bit = i;
		if (log->bank[i] == (enum cairn_alg)alg)
			return log->bank_size[i];
	}
	for (unsigned i = 0; i < log->unknown_banks; i++) {
		*bit = CAIRN_BANK_MAX + i;
		if (log->unknown[i].alg == alg)
			return log->unknown[i].size;
	}
	return 0;
}

static uint32_t no_digests(struct cairn_cur *c)
{
	cairn_cur_fail(c, CAIRN_E_MALFORMED);
	return 0;
}

/* TPML_DIGEST_VALUES. Yields how many there are, those of unknown algorithms as well. */
static uint32_t read_digests(struct cairn_event *ev, const struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t count = cairn_cur_u32le(c), seen = 0;

	for (uint32_t i = 0; i < count && cairn_cur_ok(c); i++) {
		unsigned bit = 0;
		uint16_t alg = cairn_cur_u16le(c);
		size_t size = digest_size(log, alg, &bit);
		struct cairn_span value;

		if (size == 0)
			return no_digests(c);
		if (seen >> bit & 1)
			return no_digests(c);
		seen |= UINT32_C(1) << bit;
		value = cairn_cur_bytes(c, size);
		if (bit < CAIRN_BANK_MAX)
			ev->digest[ev->count++] = (struct cairn_event_digest){(enum cairn_alg)alg, value};
	}
	return count;
}

static uint32_t read_sha1(struct cairn_event *ev, const struct cairn_eventlog *log, struct cairn_cur *c)
{
	ev->digest[0].alg = log->bank[0];
	ev->digest[0].value = cairn_cur_bytes(c, log->bank_size[0]);
	ev->count = 1;
	return 1;
}

/* TCG_PCR_EVENT2 or TCG_PCClientPCREvent. PFP 1.05 r23, sections 10.2.2 and 10.2.1. */
static void read_event(struct cairn_event *ev, const struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t digests;

	ev->offset = c->off;
	ev->count = 0;
	ev->pcr = cairn_cur_u32le(c);
	ev->type = cairn_cur_u32le(c);
	digests = log->form == CAIRN_EVENTLOG_SHA1 ? read_sha1(ev, log, c) : read_digests(ev, log, c);
	ev->data = cairn_cur_bytes(c, cairn_cur_u32le(c));
	if (!register_exists(log, ev))
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	if (digests == 0 && ev->type != CAIRN_EV_NO_ACTION)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	if (ev->type == CAIRN_EV_PREBOOT_CERT && ev->data.len == 0)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* True if what is left is the unused space of a log area. An event differs from padding in its first bytes, so this
 * looks at few of them. */
static bool is_padding(const struct cairn_cur *c)
{
	struct cairn_span rest = cairn_cur_peek(*c);

	return cairn_span_all(rest, 0x00) || cairn_span_all(rest, 0xff);
}

static enum cairn_status read_events(struct cairn_eventlog *log, struct cairn_cur *c,
				     struct cairn_eventlog_fault *fault)
{
	struct cairn_event ev;

	while (cairn_cur_left(c) > 0 && !is_padding(c)) {
		*fault = (struct cairn_eventlog_fault){log->count + 1, c->off};
		if (log->count == CAIRN_EVENTLOG_EVENTS_MAX)
			return CAIRN_E_LIMIT;
		read_event(&ev, log, c);
		log->count++;
	}
	log->end = c->off;
	log->padded = cairn_cur_left(c) > 0;
	log->padding = log->padded ? c->in.ptr[c->off] : 0;
	return c->status;
}

enum cairn_status cairn_eventlog_open(struct cairn_eventlog *out, struct cairn_span bytes)
{
	struct cairn_eventlog_fault fault;

	return cairn_eventlog_open_or(out, bytes, &fault);
}

enum cairn_status cairn_eventlog_open_or(struct cairn_eventlog *out, struct cairn_span bytes,
					 struct cairn_eventlog_fault *fault)
{
	struct cairn_eventlog log = {.bytes = bytes};
	struct cairn_cur c = cairn_cur(bytes);
	enum cairn_status s;
	size_t end;

	*fault = (struct cairn_eventlog_fault){0};
	if (bytes.len > CAIRN_EVENTLOG_SIZE_MAX)
		return CAIRN_E_LIMIT;
	s = cairn_eventlog_head(&log, &c, &end);
	if (s != CAIRN_OK)
		return s;
	log.first = c.off;
	s = read_events(&log, &c, fault);
	if (s != CAIRN_OK)
		return s;
	if (log.end == 0) /* nothing but padding */
		return CAIRN_E_MALFORMED;
	if (end != 0 && log.end != end)
		return CAIRN_E_MALFORMED;
	*out = log;
	return CAIRN_OK;
}

struct cairn_eventlog_iter cairn_eventlog_iter(const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = {.log = log, .cur = cairn_cur(cairn_span(log->bytes.ptr, log->end))};

	(void)cairn_cur_bytes(&it.cur, log->first);
	return it;
}

bool cairn_eventlog_next(struct cairn_eventlog_iter *it, struct cairn_event *ev)
{
	if (cairn_cur_left(&it->cur) == 0)
		return false;
	read_event(ev, it->log, &it->cur);
	if (!cairn_cur_ok(&it->cur))
		return false;
	ev->number = ++it->number;
	return true;
}

const struct cairn_event_digest *cairn_event_digest_of(const struct cairn_event *ev, enum cairn_alg alg)
{
	for (size_t i = 0; i < ev->count; i++)
		if (ev->digest[i].alg == alg)
			return &ev->digest[i];
	return NULL;
}

enum cairn_status cairn_event_digest_get(struct cairn_digest *out, const struct cairn_event *ev,
					 enum cairn_alg alg)
{
	const struct cairn_event_digest *d = cairn_event_digest_of(ev, alg);

	if (!d)
		return CAIRN_E_NOTFOUND;
	*out = (struct cairn_digest){.alg = alg};
	memcpy(out->bytes, d->value.ptr, d->value.len);
	return CAIRN_OK;
}
