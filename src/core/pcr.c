/* PCR banks in software. */
#include "cairn/pcr.h"

#include <string.h>

/* PCRs 17 to 22 hold all ones until a dynamic launch. PC Client Platform TPM Profile 1.05, section 4.6.1,
 * table 4. */
#define DRTM_FIRST 17
#define DRTM_LAST  22

static void bank_init(struct cairn_bank *b, enum cairn_alg alg)
{
	*b = (struct cairn_bank){.alg = alg};
	for (size_t i = 0; i < CAIRN_PCR_COUNT; i++) {
		b->pcr[i].alg = alg;
		if (i >= DRTM_FIRST && i <= DRTM_LAST)
			memset(b->pcr[i].bytes, 0xff, cairn_alg_size(alg));
	}
}

enum cairn_status cairn_pcrs_init(struct cairn_pcrs *p, const enum cairn_alg *algs, size_t count)
{
	if (count == 0 || count > CAIRN_BANK_MAX)
		return CAIRN_E_LIMIT;
	for (size_t i = 0; i < count; i++) {
		if (cairn_alg_size(algs[i]) == 0)
			return CAIRN_E_UNSUPPORTED;
		for (size_t k = 0; k < i; k++)
			if (algs[k] == algs[i])
				return CAIRN_E_USAGE;
	}
	*p = (struct cairn_pcrs){.count = count};
	for (size_t i = 0; i < count; i++)
		bank_init(&p->bank[i], algs[i]);
	return CAIRN_OK;
}

size_t cairn_pcrs_place(struct cairn_pcrs *p, enum cairn_alg alg)
{
	size_t at = 0;

	while (at < p->count && p->bank[at].alg != alg)
		at++;
	if (at == p->count)
		bank_init(&p->bank[p->count++], alg);
	return at;
}

const struct cairn_bank *cairn_pcrs_bank_const(const struct cairn_pcrs *p, enum cairn_alg alg)
{
	for (size_t i = 0; i < p->count && i < CAIRN_BANK_MAX; i++)
		if (p->bank[i].alg == alg)
			return &p->bank[i];
	return NULL;
}

struct cairn_bank *cairn_pcrs_bank(struct cairn_pcrs *p, enum cairn_alg alg)
{
	for (size_t i = 0; i < p->count && i < CAIRN_BANK_MAX; i++)
		if (p->bank[i].alg == alg)
			return &p->bank[i];
	return NULL;
}

enum cairn_status cairn_pcrs_extend(struct cairn_pcrs *p, unsigned index, const struct cairn_digest *d)
{
	struct cairn_bank *b = cairn_pcrs_bank(p, d->alg);
	enum cairn_status s;

	if (!b)
		return CAIRN_E_NOTFOUND;
	if (index >= CAIRN_PCR_COUNT)
		return CAIRN_E_LIMIT;
	s = cairn_hash2(&b->pcr[index], d->alg, cairn_digest_span(&b->pcr[index]), cairn_digest_span(d));
	if (s == CAIRN_OK)
		b->extended |= UINT32_C(1) << index;
	return s;
}

enum cairn_status cairn_pcrs_composite(struct cairn_digest *out, const struct cairn_bank *b, uint32_t mask,
				       enum cairn_alg hash_alg)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s;

	if (mask >> CAIRN_PCR_COUNT)
		return CAIRN_E_LIMIT;
	s = cairn_hasher_new(&h, hash_alg);
	for (unsigned i = 0; i < CAIRN_PCR_COUNT && s == CAIRN_OK; i++)
		if (mask >> i & 1)
			s = cairn_hasher_add(h, cairn_digest_span(&b->pcr[i]));
	if (s == CAIRN_OK)
		s = cairn_hasher_take(h, out);
	cairn_hasher_free(h);
	return s;
}
