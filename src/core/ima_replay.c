/* From an IMA list to PCR values. */
#include <string.h>

#include "core/ima_internal.h"

static const enum cairn_alg BANKS[CAIRN_IMA_BANK_COUNT] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
							   CAIRN_ALG_SHA512};
#define SHA1_BANK 0

struct replayer {
	struct cairn_ima_replay r;
	struct cairn_hasher *hasher[CAIRN_IMA_BANK_COUNT];
	struct cairn_hasher *check; /* of the list's own algorithm */
};

static void replayer_fini(struct replayer *p)
{
	for (size_t i = 0; i < CAIRN_IMA_BANK_COUNT; i++)
		cairn_hasher_free(p->hasher[i]);
	cairn_hasher_free(p->check);
}

/* Linux extends from locality 0, which cannot touch PCRs 17 to 22 as they are before a dynamic launch. */
static void start_bank(struct cairn_pcrs *p, size_t i, const struct cairn_pcrs *start)
{
	const struct cairn_bank *from = start ? cairn_pcrs_bank_const(start, BANKS[i]) : NULL;

	p->bank[i].alg = BANKS[i];
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		p->bank[i].pcr[n] = (struct cairn_digest){.alg = BANKS[i]};
		if (from)
			p->bank[i].pcr[n] = from->pcr[n];
	}
}

static enum cairn_status replayer_init(struct replayer *p, enum cairn_alg alg, const struct cairn_pcrs *start)
{
	enum cairn_status s = cairn_hasher_new(&p->check, alg);

	p->r.own.pcrs.count = CAIRN_IMA_BANK_COUNT;
	for (size_t i = 0; i < CAIRN_IMA_BANK_COUNT && s == CAIRN_OK; i++) {
		start_bank(&p->r.own.pcrs, i, start);
		s = cairn_hasher_new(&p->hasher[i], BANKS[i]);
	}
	p->r.padded = p->r.own;
	return s;
}

static enum cairn_status extend(struct cairn_replay *r, size_t bank, struct cairn_hasher *h, uint32_t pcr,
				const uint8_t *digest)
{
	struct cairn_bank *b = &r->pcrs.bank[bank];

	b->extended |= UINT32_C(1) << pcr;
	return cairn_hasher_extend(h, &b->pcr[pcr], cairn_span(digest, cairn_alg_size(b->alg)));
}

/* What a bank is extended with; d->alg is NONE where that cannot be known. */
static enum cairn_status own_digest(struct cairn_digest *d, struct replayer *p, size_t bank,
				    const struct cairn_ima_entry *e)
{
	enum cairn_status s;

	*d = (struct cairn_digest){.alg = CAIRN_ALG_NONE};
	if (e->violation) {
		d->alg = BANKS[bank];
		memset(d->bytes, 0xff, cairn_alg_size(d->alg));
		return CAIRN_OK;
	}
	if (e->digest.alg == BANKS[bank]) {
		*d = e->digest;
		return CAIRN_OK;
	}
	s = cairn_ima_hash_data(p->hasher[bank], e);
	if (s == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	return s == CAIRN_OK ? cairn_hasher_take(p->hasher[bank], d) : s;
}

static enum cairn_status replay_bank(struct replayer *p, size_t bank, const struct cairn_ima_entry *e,
				     const struct cairn_digest *own, const struct cairn_digest *sha1)
{
	uint32_t bit = UINT32_C(1) << e->pcr;
	const struct cairn_digest *padded = e->violation ? own : sha1;
	enum cairn_status s = CAIRN_OK;

	if (own->alg == CAIRN_ALG_NONE)
		p->r.own.incomplete[bank] |= bit;
	else
		s = extend(&p->r.own, bank, p->hasher[bank], e->pcr, own->bytes);
	if (s != CAIRN_OK)
		return s;
	if (padded->alg == CAIRN_ALG_NONE)
		p->r.padded.incomplete[bank] |= bit;
	else
		s = extend(&p->r.padded, bank, p->hasher[bank], e->pcr, padded->bytes);
	return s;
}

static enum cairn_status replay_entry(struct replayer *p, const struct cairn_ima_entry *e)
{
	struct cairn_digest sha1, own;
	enum cairn_status s = own_digest(&sha1, p, SHA1_BANK, e);

	for (size_t i = 0; i < CAIRN_IMA_BANK_COUNT && s == CAIRN_OK; i++) {
		s = own_digest(&own, p, i, e);
		if (s == CAIRN_OK)
			s = replay_bank(p, i, e, &own, &sha1);
	}
	return s;
}

static enum cairn_status count(struct replayer *p, const struct cairn_ima_entry *e)
{
	struct cairn_ima_replay *r = &p->r;
	enum cairn_ima_check check;
	enum cairn_status s = cairn_ima_check_with(&check, p->check, e);

	if (s != CAIRN_OK)
		return s;
	r->entries++;
	r->violations += check == CAIRN_IMA_VIOLATION;
	r->bare += check == CAIRN_IMA_BARE;
	r->differing += check == CAIRN_IMA_DIFFERS;
	if (check == CAIRN_IMA_DIFFERS && r->first_differing == 0)
		r->first_differing = e->number;
	return CAIRN_OK;
}

enum cairn_status cairn_ima_replay(struct cairn_ima_replay *out, const struct cairn_ima *log,
				   const struct cairn_pcrs *start)
{
	__attribute__((cleanup(replayer_fini))) struct replayer p = {0};
	struct cairn_ima_iter it = cairn_ima_iter(log);
	enum cairn_status s = replayer_init(&p, log->alg, start);
	enum cairn_status end = CAIRN_OK;
	struct cairn_ima_entry e;

	while (s == CAIRN_OK && end == CAIRN_OK) {
		end = cairn_ima_next(&it, &e);
		if (end == CAIRN_OK)
			s = replay_entry(&p, &e);
		if (end == CAIRN_OK && s == CAIRN_OK)
			s = count(&p, &e);
	}
	if (s != CAIRN_OK)
		return s;
	p.r.end = it.cur.off;
	*out = p.r;
	return end == CAIRN_E_NOTFOUND ? CAIRN_OK : end;
}
