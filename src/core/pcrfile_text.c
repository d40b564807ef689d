/* PCR values as text: `bank pcr hex` a line, or a heading for each bank and `pcr : 0xHEX` under it, as tpm2_pcrread has
 * it. A file is one or the other. */
#include <string.h>

#include "src/core/quotefile_internal.h"

#define WORDS 3

struct line {
	size_t words; /* at most WORDS are kept; the rest of a line is a remark */
	struct cairn_span word[WORDS];
	bool colon; /* there is one behind the first word */
};

struct text {
	struct cairn_pcrs *pcrs, *padded;
	enum cairn_alg heading; /* the bank of the values to come */
	bool headings, rows;	/* what was seen */
};

static bool is_any(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

static struct line split(struct cairn_span s)
{
	struct line l = {0};

	while (s.len > 0 && l.words < WORDS) {
		size_t n = 0;

		while (s.len > 0 && is_any(s.ptr[0], " \t\r\v\f:")) {
			l.colon = l.colon || (s.ptr[0] == ':' && l.words == 1);
			s = cairn_span(s.ptr + 1, s.len - 1);
		}
		while (n < s.len && !is_any(s.ptr[n], " \t\r\v\f:"))
			n++;
		if (n > 0)
			l.word[l.words++] = cairn_span(s.ptr, n);
		s = cairn_span(s.ptr + n, s.len - n);
	}
	return l;
}

static enum cairn_alg bank_of(struct cairn_span word)
{
	char name[16] = "";

	if (word.len >= sizeof name)
		return CAIRN_ALG_NONE;
	memcpy(name, word.ptr, word.len);
	return cairn_alg_by_name(name);
}

/* Without the suffix; true: it was there. */
static bool strip_padded(struct cairn_span *bank)
{
	const struct cairn_span suffix = cairn_span_str("-padded");

	if (bank->len <= suffix.len)
		return false;
	if (!cairn_span_equal(cairn_span(bank->ptr + bank->len - suffix.len, suffix.len), suffix))
		return false;
	bank->len -= suffix.len;
	return true;
}

static enum cairn_status put(struct cairn_pcrs *p, enum cairn_alg alg, struct cairn_span index,
			     struct cairn_span hex)
{
	unsigned pcr = 0;

	if (index.len > 3)
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < index.len; i++) {
		if (index.ptr[i] < '0' || index.ptr[i] > '9')
			return CAIRN_E_MALFORMED;
		pcr = pcr * 10 + index.ptr[i] - '0';
	}
	return cairn_pcrfile_put_hex(p, alg, pcr, hex);
}

static enum cairn_status take_heading(struct text *t, struct cairn_span name)
{
	static const char *const outer[] = {"pcrs", "selected-pcrs"};

	t->headings = true;
	for (size_t i = 0; i < sizeof outer / sizeof outer[0]; i++)
		if (cairn_span_equal(name, cairn_span_str(outer[i])))
			return CAIRN_OK;
	t->heading = bank_of(name);
	return t->heading == CAIRN_ALG_NONE ? CAIRN_E_UNSUPPORTED : CAIRN_OK;
}

static enum cairn_status take_line(struct text *t, const struct line *l)
{
	bool digit = l->words > 0 && l->word[0].ptr[0] >= '0' && l->word[0].ptr[0] <= '9';
	struct cairn_span bank;
	struct cairn_pcrs *p;
	enum cairn_alg alg;

	if (l->words == 0 || l->word[0].ptr[0] == '#')
		return CAIRN_OK;
	if (l->words == 1 && l->colon && !digit)
		return take_heading(t, l->word[0]);
	if (l->words == 2 && digit)
		return t->heading == CAIRN_ALG_NONE ? CAIRN_E_MALFORMED
						    : put(t->pcrs, t->heading, l->word[0], l->word[1]);
	t->rows = true;
	if (l->words != WORDS || digit)
		return CAIRN_E_MALFORMED;
	bank = l->word[0];
	p = strip_padded(&bank) ? t->padded : t->pcrs;
	alg = bank_of(bank);
	return alg == CAIRN_ALG_NONE ? CAIRN_E_UNSUPPORTED : put(p, alg, l->word[1], l->word[2]);
}

static enum cairn_status say(struct cairn_buf *why, enum cairn_status s, unsigned line)
{
	if (why)
		cairn_buf_add_fmt(
		    why, "line %u is neither `bank pcr hex` nor of tpm2_pcrread, or repeats a value", line);
	return s;
}

enum cairn_status cairn_pcrfile_text(struct cairn_pcrfile *out, struct cairn_span file, struct cairn_buf *why)
{
	struct text t = {.pcrs = &out->pcrs, .padded = &out->padded};
	enum cairn_status s;
	unsigned number = 0;

	while (file.len > 0) {
		const uint8_t *end = memchr(file.ptr, '\n', file.len);
		size_t len = end ? (size_t)(end - file.ptr) : file.len;
		struct line l = split(cairn_span(file.ptr, len));

		number++;
		s = take_line(&t, &l);
		if (s != CAIRN_OK)
			return say(why, s, number);
		file = cairn_span(file.ptr + len, file.len - len);
		if (file.len > 0)
			file = cairn_span(file.ptr + 1, file.len - 1);
	}
	if (t.rows && t.headings)
		return say(why, CAIRN_E_MALFORMED, number);
	out->form = t.headings ? "tpm2_pcrread" : "lines";
	return CAIRN_OK;
}
