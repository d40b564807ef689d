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

/* No byte of a text is NUL. */
static bool is_any(uint8_t c, const char *set)
{
	return strchr(set, c) != NULL;
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

enum cairn_alg cairn_pcrfile_bank_of(struct cairn_span word, bool *padded)
{
	char name[24] = "", *suffix;

	if (word.len >= sizeof name)
		return CAIRN_ALG_NONE;
	memcpy(name, word.ptr, word.len);
	suffix = padded ? strstr(name, "-padded") : NULL;
	if (suffix) {
		*padded = strcmp(suffix, "-padded") == 0;
		*suffix = '\0';
	}
	return suffix && !*padded ? CAIRN_ALG_NONE : cairn_alg_by_name(name);
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
	t->headings = true;
	if (cairn_span_equal(name, cairn_span_str("pcrs")))
		return CAIRN_OK;
	t->heading = cairn_pcrfile_bank_of(name, NULL);
	return t->heading == CAIRN_ALG_NONE ? CAIRN_E_UNSUPPORTED : CAIRN_OK;
}

static enum cairn_status take_row(struct text *t, const struct line *l)
{
	bool padded = false;
	enum cairn_alg alg = cairn_pcrfile_bank_of(l->word[0], &padded);

	t->rows = true;
	if (alg == CAIRN_ALG_NONE)
		return CAIRN_E_UNSUPPORTED;
	return put(padded ? t->padded : t->pcrs, alg, l->word[1], l->word[2]);
}

static enum cairn_status take_line(struct text *t, const struct line *l)
{
	if (l->words == 0 || l->word[0].ptr[0] == '#')
		return CAIRN_OK;
	if (l->words == 1 && l->colon)
		return take_heading(t, l->word[0]);
	if (l->words == 2)
		return put(t->pcrs, t->heading, l->word[0], l->word[1]);
	return take_row(t, l);
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
