/* Patience alignment: anchors are what is unique in both sequences, in the longest order that they share. */
#include "align.h"

#include <stdlib.h>
#include <string.h>

#define GAP_CELLS ((size_t)1 << 20)

struct aligner {
	struct cairn_align_side a, b;
	size_t *match;
	uint32_t *table; /* of the common subsequence of a gap */
	size_t *place;	 /* by identity: the only index in b, or NONE */
	uint8_t *seen_a, *seen_b;
	size_t *tails,
	    *before; /* of the longest ascending run: last anchor of each length, the anchor before */
};

static void aligner_fini(struct aligner *al)
{
	free(al->table);
	free(al->place);
	free(al->seen_a);
	free(al->seen_b);
	free(al->tails);
	free(al->before);
}

static enum cairn_status aligner_init(struct aligner *al, size_t *match, struct cairn_align_side a,
				      struct cairn_align_side b, uint32_t ids)
{
	*al = (struct aligner){.a = a, .b = b, .match = match};
	al->table = malloc(GAP_CELLS * sizeof *al->table);
	al->place = malloc((ids + 1u) * sizeof *al->place);
	al->seen_a = calloc(ids + 1u, 1);
	al->seen_b = calloc(ids + 1u, 1);
	al->tails = malloc((a.count + 1) * sizeof *al->tails);
	al->before = malloc((a.count + 1) * sizeof *al->before);
	if (!al->table || !al->place || !al->seen_a || !al->seen_b || !al->tails || !al->before)
		return CAIRN_E_NOMEM;
	for (size_t i = 0; i < a.count; i++)
		match[i] = CAIRN_ALIGN_NONE;
	return CAIRN_OK;
}

/* ---- a gap: a[a0, a1) and b[b0, b1) ------------------------------------------------------------------------------ */
struct gap {
	size_t a0, a1, b0, b1;
};

static void trim(const struct aligner *al, struct gap *g)
{
	while (g->a0 < g->a1 && g->b0 < g->b1 && al->a.id[g->a0] == al->b.id[g->b0])
		al->match[g->a0++] = g->b0++;
	while (g->a0 < g->a1 && g->b0 < g->b1 && al->a.id[g->a1 - 1] == al->b.id[g->b1 - 1])
		al->match[--g->a1] = --g->b1;
}

/* table[i][j]: the length of the longest common subsequence of a[i, a1) and b[j, b1). */
static void fill_table(const struct aligner *al, const struct gap *g, size_t wide)
{
	size_t n = g->a1 - g->a0, m = g->b1 - g->b0;

	memset(al->table + n * wide, 0, wide * sizeof *al->table);
	for (size_t i = n; i-- > 0;) {
		uint32_t *row = al->table + i * wide;
		const uint32_t *below = row + wide;

		row[m] = 0;
		for (size_t j = m; j-- > 0;) {
			if (al->a.id[g->a0 + i] == al->b.id[g->b0 + j])
				row[j] = below[j + 1] + 1;
			else
				row[j] = below[j] > row[j + 1] ? below[j] : row[j + 1];
		}
	}
}

static void match_gap(const struct aligner *al, struct gap g)
{
	size_t wide, i = 0, j = 0;

	trim(al, &g);
	wide = g.b1 - g.b0 + 1;
	if (g.a0 == g.a1 || g.b0 == g.b1 || g.a1 - g.a0 + 1 > GAP_CELLS / wide)
		return;
	fill_table(al, &g, wide);
	while (g.a0 + i < g.a1 && g.b0 + j < g.b1) {
		const uint32_t *row = al->table + i * wide;

		if (al->a.id[g.a0 + i] == al->b.id[g.b0 + j]) {
			al->match[g.a0 + i++] = g.b0 + j++;
		} else if (row[wide + j] >= row[j + 1]) {
			i++;
		} else {
			j++;
		}
	}
}

/* ---- anchors ----------------------------------------------------------------------------------------------------- */

static void count(uint8_t *seen, const struct cairn_align_side *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (seen[s->id[i]] < 2)
			seen[s->id[i]]++;
}

static size_t place_of(const struct aligner *al, size_t i)
{
	uint32_t id = al->a.id[i];

	return al->seen_a[id] == 1 && al->seen_b[id] == 1 ? al->place[id] : CAIRN_ALIGN_NONE;
}

/* How many of the runs found so far end before place. */
static size_t runs_before(const struct aligner *al, size_t runs, size_t place)
{
	size_t low = 0, high = runs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (place_of(al, al->tails[mid]) < place)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Matches the anchors of the gap: the longest run of unique elements that ascends in both. */
static void match_anchors(const struct aligner *al, const struct gap *g)
{
	size_t runs = 0;

	count(al->seen_a, &al->a, g->a0, g->a1);
	count(al->seen_b, &al->b, g->b0, g->b1);
	for (size_t j = g->b0; j < g->b1; j++)
		al->place[al->b.id[j]] = j;
	for (size_t i = g->a0; i < g->a1; i++) {
		size_t place = place_of(al, i), at;

		if (place == CAIRN_ALIGN_NONE)
			continue;
		at = runs_before(al, runs, place);
		al->before[i] = at > 0 ? al->tails[at - 1] : CAIRN_ALIGN_NONE;
		al->tails[at] = i;
		runs += at == runs;
	}
	for (size_t i = runs > 0 ? al->tails[runs - 1] : CAIRN_ALIGN_NONE; i != CAIRN_ALIGN_NONE;
	     i = al->before[i])
		al->match[i] = place_of(al, i);
}

enum cairn_status cairn_align(size_t *match, struct cairn_align_side a, struct cairn_align_side b,
			      uint32_t ids)
{
	__attribute__((cleanup(aligner_fini))) struct aligner al;
	struct gap all = {0, a.count, 0, b.count}, g;
	enum cairn_status s = aligner_init(&al, match, a, b, ids);

	if (s != CAIRN_OK)
		return s;
	trim(&al, &all);
	match_anchors(&al, &all);
	g = all;
	for (size_t i = all.a0; i < all.a1; i++) {
		if (match[i] == CAIRN_ALIGN_NONE || i < g.a0)
			continue;
		size_t anchor = match[i];

		match_gap(&al, (struct gap){g.a0, i, g.b0, anchor});
		g.a0 = i + 1;
		g.b0 = anchor + 1;
	}
	match_gap(&al, g);
	return CAIRN_OK;
}
