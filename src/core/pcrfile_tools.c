/* What `tpm2_quote -o` writes: the C structures of tpm2-tss as they lie in memory, little-endian; tpm2-tools 4 and
 * older in the byte order of the machine.
 *
 *	u32 count, 16 x { u16 hash, u8 sizeofSelect, u8 pcrSelect[4], u8 unused }	TPML_PCR_SELECTION
 *	u32 n, n x { u32 count, 8 x { u16 size, u8 buffer[64] } }			TPML_DIGEST
 *
 * The digests are those of the selection, in its order; a list may be less than full. What lies behind a count is not
 * looked at. */
#include <string.h>

#include "src/core/quotefile_internal.h"

#define SELECTIONS 16
#define SELECTION  8 /* bytes of each */
#define DIGESTS	   8
#define DIGEST	   (2 + CAIRN_DIGEST_MAX)
#define HEAD	   (4 + SELECTIONS * SELECTION + 4)
#define LIST	   (4 + DIGESTS * DIGEST)
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

static enum cairn_status read_bank(struct cairn_selection *sel, struct reader *r)
{
	enum cairn_alg alg = (enum cairn_alg)get_u16(r);
	uint8_t size = cairn_cur_u8(&r->c);
	uint8_t map[MAP];

	cairn_cur_copy(&r->c, map, sizeof map);
	(void)cairn_cur_bytes(&r->c, SELECTION - 3 - MAP);
	if (!cairn_cur_ok(&r->c))
		return r->c.status;
	if (size != MAP)
		return CAIRN_E_MALFORMED;
	if (cairn_alg_size(alg) == 0)
		return CAIRN_E_UNSUPPORTED;
	sel->bank[sel->count].alg = alg;
	sel->bank[sel->count].pcrs = (uint32_t)map[2] << 16 | (uint32_t)map[1] << 8 | map[0];
	sel->count++;
	return CAIRN_OK;
}

static enum cairn_status read_selection(struct cairn_selection *sel, struct reader *r)
{
	uint32_t count = get_u32(r);
	struct reader entries = *r;
	enum cairn_status s = CAIRN_OK;

	if (count > CAIRN_BANK_MAX)
		return CAIRN_E_LIMIT;
	(void)cairn_cur_bytes(&r->c, SELECTIONS * SELECTION);
	for (uint32_t i = 0; i < count && s == CAIRN_OK; i++)
		s = read_bank(sel, &entries);
	return s;
}

/* The next digest of the lists. */
struct digests {
	struct reader r;
	uint32_t lists, left, unused; /* in this list: digests to come, and places behind them */
};

static struct cairn_span next_digest(struct digests *d)
{
	struct cairn_span place;
	uint16_t size;

	while (d->left == 0 && d->lists > 0 && cairn_cur_ok(&d->r.c)) {
		(void)cairn_cur_bytes(&d->r.c, (uint64_t)d->unused * DIGEST);
		d->lists--;
		d->left = get_u32(&d->r);
		if (d->left > DIGESTS)
			cairn_cur_fail(&d->r.c, CAIRN_E_MALFORMED);
		d->unused = DIGESTS - d->left;
	}
	if (d->left == 0)
		cairn_cur_fail(&d->r.c, CAIRN_E_TRUNCATED);
	else
		d->left--;
	size = get_u16(&d->r);
	place = cairn_cur_bytes(&d->r.c, CAIRN_DIGEST_MAX);
	if (size > place.len)
		cairn_cur_fail(&d->r.c, CAIRN_E_MALFORMED);
	return cairn_cur_ok(&d->r.c) ? cairn_span(place.ptr, size) : (struct cairn_span){0};
}

static enum cairn_status read_values(struct cairn_pcrfile *out, struct digests *d)
{
	const struct cairn_selection *sel = &out->selection;
	enum cairn_status s = CAIRN_OK;

	for (size_t i = 0; i < sel->count; i++) {
		for (unsigned n = 0; n < CAIRN_PCR_COUNT && s == CAIRN_OK; n++) {
			struct cairn_span value;

			if (!(sel->bank[i].pcrs >> n & 1))
				continue;
			value = next_digest(d);
			s = cairn_cur_ok(&d->r.c) ? cairn_pcrfile_put(&out->pcrs, sel->bank[i].alg, n, value)
						  : d->r.c.status;
		}
	}
	if (s == CAIRN_OK && (d->left > 0 || d->lists > 0))
		s = CAIRN_E_TRAILING;
	return s;
}

enum cairn_status cairn_pcrfile_tools(struct cairn_pcrfile *out, struct cairn_span file)
{
	struct digests d = {.r = {.c = cairn_cur(file)}};
	struct cairn_cur peek = d.r.c;
	enum cairn_status s;

	if (file.len < HEAD || (file.len - HEAD) % LIST != 0)
		return CAIRN_E_NOTFOUND;
	d.r.big = cairn_cur_u32le(&peek) > SELECTIONS;
	if (read_selection(&out->selection, &d.r) != CAIRN_OK)
		return CAIRN_E_NOTFOUND;
	d.lists = get_u32(&d.r);
	if (d.lists != (file.len - HEAD) / LIST)
		return CAIRN_E_MALFORMED;
	out->selects = true;
	s = read_values(out, &d);
	return s;
}
