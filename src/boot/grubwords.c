/* GRUB's rules for words (script/yylex.l), less all that expands: a byte that could start an expansion, an
 * escape or a second command is refused where GRUB would give it that meaning. */
#include <string.h>

#include "boot/grubwords.h"

struct splitter {
	struct cairn_grub_words *out;
	struct cairn_span in;
	size_t at, used;
	const char *why;
	enum cairn_status status;
};

static void refuse(struct splitter *s, enum cairn_status status, const char *why)
{
	s->status = status;
	s->why = why;
}

static bool more(const struct splitter *s)
{
	return s->status == CAIRN_OK && s->at < s->in.len;
}

static uint8_t peek(const struct splitter *s)
{
	return s->in.ptr[s->at];
}

static void put(struct splitter *s, uint8_t c)
{
	s->out->text[s->used++] = (char)c; /* text has room for the line and a NUL for each word */
	s->at++;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void quoted(struct splitter *s, uint8_t quote)
{
	s->at++;
	while (more(s) && peek(s) != quote) {
		if (quote == '"' && (peek(s) == '$' || peek(s) == '\\'))
			refuse(s, CAIRN_E_UNSUPPORTED, "a variable or an escape inside double quotes");
		else if (peek(s) == '\\' || peek(s) == '*' || peek(s) == '?')
			refuse(s, CAIRN_E_UNSUPPORTED, "a backslash or a wildcard inside quotes");
		else
			put(s, peek(s));
	}
	if (s->status == CAIRN_OK && s->at == s->in.len)
		refuse(s, CAIRN_E_UNSUPPORTED, "a quote that does not end on its line");
	s->at++;
}

static void bare(struct splitter *s)
{
	if (strchr("$\\", peek(s)))
		refuse(s, CAIRN_E_UNSUPPORTED, "a variable or an escape");
	else if (strchr("*?[]", peek(s)))
		refuse(s, CAIRN_E_UNSUPPORTED, "a wildcard");
	else if (strchr("{}|&;<>", peek(s)))
		refuse(s, CAIRN_E_UNSUPPORTED, "a block, a second command or an operator");
	else
		put(s, peek(s));
}

static void word(struct splitter *s)
{
	struct cairn_grub_words *w = s->out;
	if (w->count == CAIRN_GRUB_WORDS_MAX) {
		refuse(s, CAIRN_E_LIMIT, "too many words");
		return;
	}
	char *start = w->text + s->used;
	while (more(s) && !blank(peek(s))) {
		if (peek(s) == '"' || peek(s) == '\'')
			quoted(s, peek(s));
		else
			bare(s);
	}
	if (s->status == CAIRN_OK && start == w->text + s->used)
		refuse(s, CAIRN_E_UNSUPPORTED, "an empty word");
	w->text[s->used++] = '\0';
	w->word[w->count++] = start;
}

static void check_bytes(struct splitter *s)
{
	if (s->in.len > CAIRN_GRUB_LINE_MAX) {
		refuse(s, CAIRN_E_LIMIT, "a line that is too long");
		return;
	}
	for (size_t i = 0; i < s->in.len; i++) {
		uint8_t c = s->in.ptr[i];
		if ((c < 0x20 && c != '\t') || c > 0x7e)
			refuse(s, CAIRN_E_UNSUPPORTED, "a byte that is not printable ASCII");
	}
}

enum cairn_status cairn_grub_split(struct cairn_grub_words *out, struct cairn_span line, const char **why)
{
	struct splitter s = {.out = out, .in = line};
	out->count = 0;
	check_bytes(&s);
	while (more(&s)) {
		if (blank(peek(&s)))
			s.at++;
		else if (peek(&s) == '#')
			break; /* a comment, to the end of the line */
		else
			word(&s);
	}
	if (s.status != CAIRN_OK)
		*why = s.why;
	return s.status;
}
