/* From an event log to PCR values. */
#include "eventlog_internal.h"

#include <string.h>

/* TCG_EfiStartupLocalityEvent. PFP 1.05 r23, section 10.4.5.3. */
static const uint8_t LOCALITY[16] = "StartupLocality";
#define ALL_PCRS  0xffffffu
#define DRTM_PCRS 0x7e0000u /* 17 to 22: PC Client Platform TPM Profile 1.05, section 4.6.1 */

struct replayer {
	struct cairn_replay r;
	struct cairn_hasher *hasher[CAIRN_BANK_MAX];
	const struct cairn_eventlog *log;
	uint32_t seen; /* PCRs that had an event, whatever its digests */
	bool has_locality;
};

static void replayer_fini(struct replayer *p)
{
	for (size_t i = 0; i < CAIRN_BANK_MAX; i++)
		cairn_hasher_free(p->hasher[i]);
}

static enum cairn_status replayer_init(struct replayer *p, const struct cairn_eventlog *log)
{
	enum cairn_status s = log->banks ? cairn_pcrs_init(&p->r.pcrs, log->bank, log->banks) : CAIRN_OK;

	p->log = log;
	for (size_t i = 0; i < log->banks && s == CAIRN_OK; i++) {
		s = cairn_hasher_new(&p->hasher[i], log->bank[i]);
		if (s == CAIRN_E_UNSUPPORTED) {
			p->r.unhashed |= UINT32_C(1) << i;
			p->r.incomplete[i] = ALL_PCRS;
			s = CAIRN_OK;
		}
	}
	return s;
}

static bool is_locality(uint8_t locality)
{
	return locality == 0 || locality == 3 || locality == 4;
}

static enum cairn_status set_locality(struct replayer *p, const struct cairn_event *ev)
{
	uint8_t locality = ev->data.ptr[ev->data.len - 1];

	if (ev->data.len != sizeof LOCALITY + 1)
		return CAIRN_E_MALFORMED;
	if (ev->pcr != 0)
		return CAIRN_E_MALFORMED;
	if (p->has_locality)
		return CAIRN_E_MALFORMED;
	if (p->seen & 1)
		return CAIRN_E_MALFORMED;
	if (!is_locality(locality))
		return CAIRN_E_MALFORMED;
	p->has_locality = true;
	p->r.startup_locality = locality;
	for (size_t i = 0; i < p->r.pcrs.count; i++) {
		struct cairn_digest *pcr0 = &p->r.pcrs.bank[i].pcr[0];
		pcr0->bytes[cairn_alg_size(pcr0->alg) - 1] = locality;
	}
	return CAIRN_OK;
}

static enum cairn_status no_action(struct replayer *p, const struct cairn_event *ev)
{
	size_t n = sizeof LOCALITY;

	if (p->log->cc)
		return CAIRN_OK;
	if (ev->data.len < n || memcmp(ev->data.ptr, LOCALITY, n) != 0)
		return CAIRN_OK;
	return set_locality(p, ev);
}

/* Nothing but a dynamic launch can have made PCRs 17-22 extendable, and it sets them to zero. */
static void start_drtm(struct replayer *p)
{
	p->r.drtm = true;
	for (size_t i = 0; i < p->r.pcrs.count; i++)
		for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
			if (DRTM_PCRS >> n & 1)
				memset(p->r.pcrs.bank[i].pcr[n].bytes, 0, CAIRN_DIGEST_MAX);
}

static enum cairn_status replay_event(struct replayer *p, const struct cairn_event *ev)
{
	uint32_t bit;

	if (ev->type == CAIRN_EV_NO_ACTION)
		return no_action(p, ev);
	if (!cairn_event_extends(ev))
		return CAIRN_OK;
	bit = UINT32_C(1) << ev->pcr;
	if (bit & DRTM_PCRS && !p->r.drtm)
		start_drtm(p);
	p->seen |= bit;
	for (size_t i = 0; i < p->r.pcrs.count; i++) {
		struct cairn_bank *b = &p->r.pcrs.bank[i];
		const struct cairn_event_digest *d = cairn_event_digest_of(ev, b->alg);
		enum cairn_status s;

		if (!p->hasher[i])
			continue;
		b->extended |= bit;
		if (!d) {
			p->r.incomplete[i] |= bit;
			continue;
		}
		s = cairn_hasher_extend(p->hasher[i], &b->pcr[ev->pcr], d->value);
		if (s != CAIRN_OK)
			return s;
	}
	return CAIRN_OK;
}

enum cairn_status cairn_eventlog_replay(struct cairn_replay *out, const struct cairn_eventlog *log)
{
	__attribute__((cleanup(replayer_fini))) struct replayer p = {0};
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	enum cairn_status s = replayer_init(&p, log);
	struct cairn_event ev;

	while (s == CAIRN_OK && cairn_eventlog_next(&it, &ev))
		s = replay_event(&p, &ev);
	if (s != CAIRN_OK)
		return s;
	if (it.number != log->count)
		return CAIRN_E_CHANGED;
	*out = p.r;
	return CAIRN_OK;
}

uint32_t cairn_replay_differs(const struct cairn_replay *r, const struct cairn_bank *actual, uint32_t mask)
{
	const struct cairn_bank *b = cairn_pcrs_bank_const(&r->pcrs, actual->alg);
	uint32_t differs = mask;

	if (!b)
		return mask;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		bool incomplete = r->incomplete[b - r->pcrs.bank] >> n & 1;

		if (!incomplete && cairn_digest_equal(&b->pcr[n], &actual->pcr[n]))
			differs &= ~(UINT32_C(1) << n);
	}
	return differs;
}
