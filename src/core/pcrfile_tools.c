/* What `tpm2_quote -o` writes: the C structures of tpm2-tss as they lie in memory, little-endian; older versions in the
 * byte order of the machine.
 *
 *	u32 count, 16 x { u16 hash, u8 sizeofSelect, u8 pcrSelect[4], u8 unused }	TPML_PCR_SELECTION
 *	u32 n, n x { u32 count, 8 x { u16 size, u8 buffer[64] } }			TPML_DIGEST
 *
 * The digests are those of the selection, in its order; a list may be less than full. What lies behind a count is not
 * looked at. */
#include "src/core/quotefile_internal.h"

#define SELECTIONS 16
#define SELECTION  8 /* bytes of each */
#define DIGESTS	   8
#define MAP	   3 /* bytes of a bit map of 24 PCRs */

struct reader {
	struct cairn_cur c;
	bool big;
};

static uint32_t get_u32(struct reader *r)
{
	return r->big ? cairn_cur_u32be(&r->c) : cairn_cur_u32le(&r->c);
}

static uint16_t get_u16(struct reader *r)
{
	return r->big ? cairn_cur_u16be(&r->c) : cairn_cur_u16le(&r->c);
}

static void read_bank(struct cairn_selection *sel, struct reader *r)
{
	enum cairn_alg alg = (enum cairn_alg)get_u16(r);
	uint8_t size = cairn_cur_u8(&r->c);
	uint32_t map = cairn_cur_u32le(&r->c);

	(void)cairn_cur_u8(&r->c);
	if (size != MAP)
		cairn_cur_fail(&r->c, CAIRN_E_MALFORMED);
	if (cairn_alg_size(alg) == 0)
		cairn_cur_fail(&r->c, CAIRN_E_UNSUPPORTED);
	sel->bank[sel->count].alg = alg;
	sel->bank[sel->count].pcrs = map & ((1u << 8 * MAP) - 1);
	sel->count++;
}

static void read_selection(struct cairn_selection *sel, struct reader *r)
{
	uint32_t count = get_u32(r);

	if (count > CAIRN_BANK_MAX) {
		cairn_cur_fail(&r->c, CAIRN_E_LIMIT);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		read_bank(sel, r);
	(void)cairn_cur_bytes(&r->c, (uint64_t)(SELECTIONS - count) * SELECTION);
}

/* Goes through what is selected: the bank and the PCR of the next digest. Behind the last one there is no such PCR. */
struct place {
	size_t bank;
	unsigned next; /* the first PCR of the bank that was not given yet */
	enum cairn_alg alg;
	unsigned pcr;
};

static void next_place(struct place *p, const struct cairn_selection *sel)
{
	for (; p->bank < sel->count; p->bank++, p->next = 0) {
		while (p->next < CAIRN_PCR_COUNT) {
			p->alg = sel->bank[p->bank].alg;
			p->pcr = p->next++;
			if (sel->bank[p->bank].pcrs >> p->pcr & 1)
				return;
		}
	}
	p->pcr = CAIRN_PCR_COUNT;
}

static void take_digest(struct cairn_pcrfile *out, struct place *p, struct reader *r, bool counts)
{
	uint16_t size = get_u16(r);
	struct cairn_cur place = cairn_cur_sub(&r->c, CAIRN_DIGEST_MAX);
	enum cairn_status s;

	if (!counts)
		return;
	next_place(p, &out->selection);
	s = cairn_pcrfile_put(&out->pcrs, p->alg, p->pcr, cairn_cur_bytes(&place, size));
	if (s != CAIRN_OK)
		cairn_cur_fail(&r->c, s);
}

static void read_lists(struct cairn_pcrfile *out, struct reader *r)
{
	uint32_t lists = get_u32(r);
	struct place p = {0};

	for (uint32_t i = 0; i < lists && cairn_cur_ok(&r->c); i++) {
		uint32_t count = get_u32(r);

		if (count > DIGESTS)
			cairn_cur_fail(&r->c, CAIRN_E_MALFORMED);
		for (uint32_t k = 0; k < DIGESTS; k++)
			take_digest(out, &p, r, k < count);
	}
	next_place(&p, &out->selection);
	if (p.pcr < CAIRN_PCR_COUNT)
		cairn_cur_fail(&r->c, CAIRN_E_TRUNCATED);
}

enum cairn_status cairn_pcrfile_tools(struct cairn_pcrfile *out, struct cairn_span file)
{
	struct reader r = {.c = cairn_cur(file)};
	struct cairn_cur peek = r.c;

	r.big = cairn_cur_u32le(&peek) > SELECTIONS;
	out->selects = true;
	read_selection(&out->selection, &r);
	read_lists(out, &r);
	return cairn_cur_end(&r.c);
}
