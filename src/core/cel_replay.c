/* From a canonical event log to the values of registers. */
#include <string.h>

#include "core/cel_internal.h"

/* TCG_EfiStartupLocalityEvent. PFP 1.05 r23, section 10.4.5.3. */
static const uint8_t LOCALITY[16] = "StartupLocality";
#define ALL_PCRS  0xffffffu
#define DRTM_PCRS 0x7e0000u /* 17 to 22: PC Client Platform TPM Profile 1.05, section 4.6.1 */

struct replayer {
	struct cairn_cel_replay r;
	struct cairn_hasher *hasher[CAIRN_BANK_MAX];
	const struct cairn_pcrs *start;
	uint32_t before; /* registers that were extended before the log */
	uint32_t seen;	 /* registers that had a record, whatever its digests */
	bool has_locality;
};

static void replayer_fini(struct replayer *p)
{
	for (size_t i = 0; i < CAIRN_BANK_MAX; i++)
		cairn_hasher_free(p->hasher[i]);
}

/* A bank that appears late has missed what came before. */
static enum cairn_status add_bank(struct replayer *p, enum cairn_alg alg)
{
	struct cairn_replay *r = &p->r.replay;
	size_t i = r->pcrs.count++;
	struct cairn_bank *b = &r->pcrs.bank[i];
	const struct cairn_bank *from = p->start ? cairn_pcrs_bank_const(p->start, alg) : NULL;
	enum cairn_status s = cairn_hasher_new(&p->hasher[i], alg);

	*b = (struct cairn_bank){.alg = alg};
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		b->pcr[n] = (struct cairn_digest){.alg = alg};
		if (from)
			b->pcr[n] = from->pcr[n];
		else if (!p->r.mr && DRTM_PCRS >> n & 1 && !r->drtm)
			memset(b->pcr[n].bytes, 0xff, cairn_alg_size(alg));
	}
	if (!from)
		b->pcr[0].bytes[cairn_alg_size(alg) - 1] = r->startup_locality;
	r->incomplete[i] = p->seen;
	if (s != CAIRN_E_UNSUPPORTED)
		return s;
	r->unhashed |= UINT32_C(1) << i;
	r->incomplete[i] = ALL_PCRS;
	return CAIRN_OK;
}

static enum cairn_status add_banks(struct replayer *p, const struct cairn_cel_record *r)
{
	enum cairn_status s = CAIRN_OK;

	for (size_t i = 0; i < r->count && s == CAIRN_OK; i++)
		if (!cairn_pcrs_bank_const(&p->r.replay.pcrs, r->digest[i].alg))
			s = add_bank(p, r->digest[i].alg);
	return s;
}

static enum cairn_status set_locality(struct replayer *p, const struct cairn_cel_record *r)
{
	struct cairn_replay *to = &p->r.replay;
	struct cairn_cur c = cairn_cur(r->data);
	struct cairn_span name = cairn_cur_bytes(&c, sizeof LOCALITY);
	uint8_t locality = cairn_cur_u8(&c);

	if (!cairn_span_equal(name, cairn_span(LOCALITY, sizeof LOCALITY)))
		return CAIRN_OK;
	if (cairn_cur_end(&c) != CAIRN_OK)
		return CAIRN_E_MALFORMED;
	if (r->index != 0)
		return CAIRN_E_MALFORMED;
	if (p->has_locality || (p->seen | p->before) & 1)
		return CAIRN_E_MALFORMED;
	if (locality != 0 && locality != 3 && locality != 4)
		return CAIRN_E_MALFORMED;
	p->has_locality = true;
	to->startup_locality = locality;
	for (size_t i = 0; i < to->pcrs.count; i++)
		to->pcrs.bank[i].pcr[0].bytes[cairn_alg_size(to->pcrs.bank[i].alg) - 1] = locality;
	return CAIRN_OK;
}

/* Nothing but a dynamic launch can have made PCRs 17-22 extendable, and it sets them to zero. */
static void start_drtm(struct replayer *p)
{
	struct cairn_pcrs *pcrs = &p->r.replay.pcrs;

	p->r.replay.drtm = true;
	for (size_t i = 0; i < pcrs->count; i++)
		for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
			if (DRTM_PCRS >> n & 1 &&
			    cairn_span_all(cairn_digest_span(&pcrs->bank[i].pcr[n]), 0xff))
				memset(pcrs->bank[i].pcr[n].bytes, 0, CAIRN_DIGEST_MAX);
}

static const struct cairn_digest *digest_of(const struct cairn_cel_record *r, enum cairn_alg alg)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->digest[i].alg == alg)
			return &r->digest[i];
	return NULL;
}

static enum cairn_status extend_bank(struct replayer *p, size_t i, const struct cairn_cel_record *r)
{
	struct cairn_bank *b = &p->r.replay.pcrs.bank[i];
	const struct cairn_digest *d = digest_of(r, b->alg);
	uint32_t bit = UINT32_C(1) << r->index;

	if (d == NULL) {
		p->r.replay.incomplete[i] |= bit;
		return CAIRN_OK;
	}
	if (p->r.replay.unhashed >> i & 1)
		return CAIRN_OK;
	b->extended |= bit;
	return cairn_hasher_extend(p->hasher[i], &b->pcr[r->index], cairn_digest_span(d));
}

static enum cairn_status extend(struct replayer *p, const struct cairn_cel_record *r)
{
	uint32_t bit = UINT32_C(1) << r->index;
	enum cairn_status s = CAIRN_OK;

	if (bit & DRTM_PCRS && !p->r.mr && !p->r.replay.drtm)
		start_drtm(p);
	for (size_t i = 0; i < p->r.replay.pcrs.count && s == CAIRN_OK; i++)
		s = extend_bank(p, i, r);
	p->seen |= bit;
	return s;
}

static enum cairn_status replay_record(struct replayer *p, const struct cairn_cel_record *r, bool *begun)
{
	bool mr = r->reg == CAIRN_CEL_MR;
	enum cairn_status s;

	if (r->reg == CAIRN_CEL_NV) {
		p->r.nv++;
		return CAIRN_OK;
	}
	if (*begun && mr != p->r.mr)
		return CAIRN_E_MALFORMED;
	*begun = true;
	p->r.mr = mr;
	if (!cairn_cel_extends(r))
		return set_locality(p, r);
	s = add_banks(p, r);
	return s == CAIRN_OK ? extend(p, r) : s;
}

static enum cairn_status count(struct cairn_cel_replay *to, const struct cairn_cel_record *r)
{
	enum cairn_event_check check;
	enum cairn_status s = cairn_cel_check(&check, r);

	if (s == CAIRN_E_UNSUPPORTED) /* a bank that OpenSSL here cannot hash for */
		check = CAIRN_EVENT_UNCHECKED;
	else if (s != CAIRN_OK)
		return s;
	to->records++;
	to->differing += check == CAIRN_EVENT_DIFFERS;
	to->unchecked += check == CAIRN_EVENT_UNCHECKED;
	if (check == CAIRN_EVENT_DIFFERS && to->first_differing == 0)
		to->first_differing = r->number;
	return CAIRN_OK;
}

enum cairn_status cairn_cel_replay(struct cairn_cel_replay *out, struct cairn_cel *log,
				   const struct cairn_pcrs *start)
{
	__attribute__((cleanup(replayer_fini))) struct replayer p = {.start = start};
	enum cairn_status s = CAIRN_OK;
	bool begun = false;

	for (size_t i = 0; start && i < start->count; i++)
		p.before |= start->bank[i].extended;
	while (s == CAIRN_OK) {
		struct cairn_cel_record r;

		s = cairn_cel_next(log, &r);
		if (s == CAIRN_OK)
			s = replay_record(&p, &r, &begun);
		if (s == CAIRN_OK)
			s = count(&p.r, &r);
	}
	if (s != CAIRN_E_NOTFOUND)
		return s;
	*out = p.r;
	return CAIRN_OK;
}
