/* The syntax of crypto-agile event logs. The bytes are hostile; nothing is allocated. */
#include "cairn/eventlog.h"

#include <string.h>

#define NO_PCR 0xffffffffu

/* TCG_EfiSpecIDEvent. PFP 1.05 r23, section 10.4.5.1, table 22. */
static const uint8_t SPEC_ID[16] = "Spec ID Event03";
#define SPEC_ID_MAJOR 2

static void read_spec_algorithms(struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t count = cairn_cur_u32le(c);

	if (count > CAIRN_BANK_MAX) {
		cairn_cur_fail(c, CAIRN_E_LIMIT);
		return;
	}
	if (count == 0)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	for (uint32_t i = 0; i < count && cairn_cur_ok(c); i++) {
		enum cairn_alg alg = (enum cairn_alg)cairn_cur_u16le(c);
		uint16_t size = cairn_cur_u16le(c);

		if (cairn_alg_size(alg) == 0)
			cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
		if (size != cairn_alg_size(alg))
			cairn_cur_fail(c, CAIRN_E_MALFORMED);
		for (size_t k = 0; k < log->banks; k++)
			if (log->bank[k] == alg)
				cairn_cur_fail(c, CAIRN_E_MALFORMED);
		log->bank[log->banks++] = alg;
	}
}

static enum cairn_status read_spec_data(struct cairn_eventlog *log, struct cairn_cur *c)
{
	struct cairn_span signature = cairn_cur_bytes(c, sizeof SPEC_ID);
	uint8_t major, uintn;

	if (!cairn_span_equal(signature, cairn_span(SPEC_ID, sizeof SPEC_ID)))
		return cairn_cur_ok(c) ? CAIRN_E_UNSUPPORTED : c->status;
	(void)cairn_cur_u32le(c); /* platformClass */
	(void)cairn_cur_u8(c);	  /* specVersionMinor */
	major = cairn_cur_u8(c);
	(void)cairn_cur_u8(c); /* specErrata */
	uintn = cairn_cur_u8(c);
	if (major > SPEC_ID_MAJOR)
		cairn_cur_fail(c, CAIRN_E_VERSION);
	if (major < SPEC_ID_MAJOR || uintn < 1 || uintn > 2)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	read_spec_algorithms(log, c);
	(void)cairn_cur_bytes(c, cairn_cur_u8(c)); /* vendorInfo */
	return cairn_cur_end(c);
}

/* The first event has the TPM 1.2 form, TCG_PCClientPCREvent, for the sake of older readers. */
static enum cairn_status read_spec_event(struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t pcr = cairn_cur_u32le(c);
	uint32_t type = cairn_cur_u32le(c);
	struct cairn_span digest = cairn_cur_bytes(c, cairn_alg_size(CAIRN_ALG_SHA1));
	struct cairn_cur data = cairn_cur_sub(c, cairn_cur_u32le(c));

	if (!cairn_cur_ok(c))
		return c->status;
	if (pcr != 0 || type != CAIRN_EV_NO_ACTION)
		return CAIRN_E_UNSUPPORTED;
	if (!cairn_span_all(digest, 0))
		return CAIRN_E_MALFORMED;
	return read_spec_data(log, &data);
}

static bool has_bank(const struct cairn_eventlog *log, enum cairn_alg alg)
{
	for (size_t i = 0; i < log->banks; i++)
		if (log->bank[i] == alg)
			return true;
	return false;
}

static void read_digests(struct cairn_event *ev, const struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t count = cairn_cur_u32le(c);

	if (count > log->banks) {
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
		return;
	}
	for (uint32_t i = 0; i < count && cairn_cur_ok(c); i++) {
		enum cairn_alg alg = (enum cairn_alg)cairn_cur_u16le(c);

		if (!has_bank(log, alg) || cairn_event_digest_of(ev, alg))
			cairn_cur_fail(c, CAIRN_E_MALFORMED);
		ev->digest[i].alg = alg;
		ev->digest[i].value = cairn_cur_bytes(c, cairn_alg_size(alg));
		ev->count = i + 1;
	}
}

/* TCG_PCR_EVENT2. PFP 1.05 r23, section 10.2.2. */
static void read_event(struct cairn_event *ev, const struct cairn_eventlog *log, struct cairn_cur *c)
{
	*ev = (struct cairn_event){.offset = c->off};
	ev->pcr = cairn_cur_u32le(c);
	ev->type = cairn_cur_u32le(c);
	read_digests(ev, log, c);
	ev->data = cairn_cur_bytes(c, cairn_cur_u32le(c));
	if (ev->pcr >= CAIRN_PCR_COUNT && !(ev->type == CAIRN_EV_NO_ACTION && ev->pcr == NO_PCR))
		cairn_cur_fail(c, CAIRN_E_LIMIT);
}

/* True if what is left is the unused space of a log area. An event differs from padding in its first bytes,
 * so this looks at few of them. */
static bool is_padding(const struct cairn_cur *c)
{
	struct cairn_span rest = cairn_span(c->in.ptr + c->off, cairn_cur_left(c));

	return rest.len >= CAIRN_EVENTLOG_PADDING_MIN &&
	       (cairn_span_all(rest, 0x00) || cairn_span_all(rest, 0xff));
}

static enum cairn_status read_events(struct cairn_eventlog *log, struct cairn_cur *c)
{
	struct cairn_event ev;

	while (cairn_cur_left(c) > 0 && !is_padding(c)) {
		if (log->count == CAIRN_EVENTLOG_EVENTS_MAX)
			return CAIRN_E_LIMIT;
		read_event(&ev, log, c);
		log->count++;
	}
	log->end = c->off;
	log->padded = cairn_cur_left(c) > 0;
	return c->status;
}

enum cairn_status cairn_eventlog_open(struct cairn_eventlog *out, struct cairn_span bytes)
{
	struct cairn_eventlog log = {.bytes = bytes};
	struct cairn_cur c = cairn_cur(bytes);
	enum cairn_status s;

	if (bytes.len > CAIRN_EVENTLOG_SIZE_MAX)
		return CAIRN_E_LIMIT;
	s = read_spec_event(&log, &c);
	if (s != CAIRN_OK)
		return s;
	log.first = c.off;
	s = read_events(&log, &c);
	if (s == CAIRN_OK)
		*out = log;
	return s;
}

struct cairn_eventlog_iter cairn_eventlog_iter(const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = {.log = log, .cur = cairn_cur(cairn_span(log->bytes.ptr, log->end))};

	(void)cairn_cur_bytes(&it.cur, log->first);
	return it;
}

bool cairn_eventlog_next(struct cairn_eventlog_iter *it, struct cairn_event *ev)
{
	struct cairn_event next;

	if (cairn_cur_left(&it->cur) == 0)
		return false;
	read_event(&next, it->log, &it->cur);
	if (!cairn_cur_ok(&it->cur))
		return false; /* cannot be: open has read the same bytes */
	next.number = ++it->number;
	*ev = next;
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
