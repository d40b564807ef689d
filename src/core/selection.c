/* Selections of PCRs. */
#include "cairn/selection.h"

#include <string.h>

#define ALL_PCRS ((UINT32_C(1) << CAIRN_PCR_COUNT) - 1)

struct cairn_selection cairn_selection_of(enum cairn_alg alg, uint32_t pcrs)
{
	return (struct cairn_selection){.count = 1, .bank = {{alg, pcrs}}};
}

uint32_t cairn_selection_mask(const struct cairn_selection *s, enum cairn_alg alg)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->bank[i].alg == alg)
			return s->bank[i].pcrs;
	return 0;
}

uint32_t cairn_selection_any(const struct cairn_selection *s)
{
	uint32_t any = 0;

	for (size_t i = 0; i < s->count; i++)
		any |= s->bank[i].pcrs;
	return any;
}

static bool has_bank(const struct cairn_selection *s, enum cairn_alg alg)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->bank[i].alg == alg)
			return true;
	return false;
}

bool cairn_selection_equal(const struct cairn_selection *a, const struct cairn_selection *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!has_bank(b, a->bank[i].alg))
			return false;
		if (a->bank[i].pcrs != cairn_selection_mask(b, a->bank[i].alg))
			return false;
	}
	return true;
}

/* ---- text
 * ------------------------------------------------------------------------------------------------------- */

/* What stands before the next separator, which is taken away with it; *more: there was one. */
static struct cairn_span cut(struct cairn_span *rest, char separator, bool *more)
{
	const uint8_t *at = memchr(rest->ptr, separator, rest->len);
	struct cairn_span field = *rest;

	*more = at != NULL;
	if (at) {
		field.len = (size_t)(at - rest->ptr);
		*rest = cairn_span(at + 1, rest->len - field.len - 1);
	} else {
		rest->len = 0;
	}
	return field;
}

static enum cairn_status add_pcr(uint32_t *pcrs, struct cairn_span digits)
{
	unsigned n = 0;

	if (digits.len == 0 || digits.len > 3)
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return CAIRN_E_MALFORMED;
		n = n * 10 + digits.ptr[i] - '0';
	}
	if (n >= CAIRN_PCR_COUNT)
		return CAIRN_E_LIMIT;
	if (*pcrs >> n & 1)
		return CAIRN_E_MALFORMED;
	*pcrs |= UINT32_C(1) << n;
	return CAIRN_OK;
}

static enum cairn_status parse_pcrs(uint32_t *out, struct cairn_span list)
{
	enum cairn_status s = CAIRN_OK;
	uint32_t pcrs = 0;
	bool more = true;

	if (cairn_span_equal(list, cairn_span_str("all"))) {
		*out = ALL_PCRS;
		return CAIRN_OK;
	}
	while (more && s == CAIRN_OK)
		s = add_pcr(&pcrs, cut(&list, ',', &more));
	if (s == CAIRN_OK)
		*out = pcrs;
	return s;
}

static enum cairn_status add_bank(struct cairn_selection *sel, struct cairn_span text)
{
	bool colon;
	struct cairn_span name = cut(&text, ':', &colon);
	char alg[16] = "";
	enum cairn_alg bank;

	if (!colon || name.len >= sizeof alg)
		return CAIRN_E_MALFORMED;
	memcpy(alg, name.ptr, name.len);
	bank = cairn_alg_by_name(alg);
	if (bank == CAIRN_ALG_NONE)
		return CAIRN_E_UNSUPPORTED;
	if (has_bank(sel, bank))
		return CAIRN_E_MALFORMED;
	sel->bank[sel->count].alg = bank;
	return parse_pcrs(&sel->bank[sel->count++].pcrs, text);
}

enum cairn_status cairn_selection_parse(struct cairn_selection *out, const char *text)
{
	struct cairn_span rest = cairn_span_str(text);
	struct cairn_selection sel = {0};
	enum cairn_status s = CAIRN_OK;
	bool more = true;

	while (more && s == CAIRN_OK)
		s = add_bank(&sel, cut(&rest, '+', &more));
	if (s == CAIRN_OK)
		*out = sel;
	return s;
}

void cairn_selection_text(struct cairn_buf *out, const struct cairn_selection *s)
{
	for (size_t i = 0; i < s->count; i++) {
		char separator = ':';

		cairn_buf_add_fmt(out, "%s%s", i ? "+" : "", cairn_alg_name(s->bank[i].alg));
		for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
			if (!(s->bank[i].pcrs >> n & 1))
				continue;
			cairn_buf_add_fmt(out, "%c%u", separator, n);
			separator = ',';
		}
		if (s->bank[i].pcrs == 0)
			cairn_buf_add_str(out, ":none");
	}
}

/* ---- digest
 * ----------------------------------------------------------------------------------------------------- */

static enum cairn_status add_values(struct cairn_hasher *h, const struct cairn_pcrs *values,
				    enum cairn_alg alg, uint32_t pcrs)
{
	const struct cairn_bank *b = cairn_pcrs_bank_const(values, alg);
	enum cairn_status s = CAIRN_OK;

	if (pcrs == 0)
		return CAIRN_OK;
	if (!b)
		return CAIRN_E_NOTFOUND;
	if (pcrs & ~b->extended)
		return CAIRN_E_NOTFOUND;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT && s == CAIRN_OK; n++)
		if (pcrs >> n & 1)
			s = cairn_hasher_add(h, cairn_digest_span(&b->pcr[n]));
	return s;
}

/* Whatever is in the hasher when a value is missing is taken out: it is used again. */
enum cairn_status cairn_selection_digest(struct cairn_digest *out, const struct cairn_selection *s,
					 const struct cairn_pcrs *values, struct cairn_hasher *hasher)
{
	enum cairn_status status = CAIRN_OK, taken;
	struct cairn_digest d;

	for (size_t i = 0; i < s->count && status == CAIRN_OK; i++)
		status = add_values(hasher, values, s->bank[i].alg, s->bank[i].pcrs);
	taken = cairn_hasher_take(hasher, &d);
	if (status == CAIRN_OK)
		status = taken;
	if (status == CAIRN_OK)
		*out = d;
	return status;
}
