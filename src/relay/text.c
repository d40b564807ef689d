/* Escapes what a terminal would act on. Trusts nothing about the text but its NUL. */
#include "relay/text.h"

/* The length of the printable UTF-8 character at p, or 0. C1 controls (U+0080-9F) are not printable. */
static size_t printable(const unsigned char *p)
{
	if (p[0] >= 0x20 && p[0] < 0x7f)
		return 1;
	if (p[0] >= 0xc2 && p[0] < 0xe0 && (p[1] & 0xc0) == 0x80)
		return (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c) ? 0 : 2;
	/* the line and bidirectional controls of U+2000-206F could disguise a text: E2 80 and E2 81 are escaped */
	if (p[0] == 0xed ||
	    (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)) /* surrogates; a byte order mark */
		return 0;
	if (p[0] >= 0xe1 && p[0] < 0xf0 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
		return p[0] == 0xe2 && p[1] < 0x82 ? 0 : 3;
	return 0;
}

void cairn_text_put(FILE *f, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = printable(p);
		if (n == 0)
			fprintf(f, "\\x%02x", *p++);
		for (; n > 0; n--)
			fputc(*p++, f);
	}
}

void cairn_text_vprint(FILE *f, const char *fmt, va_list ap)
{
	char text[2048];
	vsnprintf(text, sizeof(text), fmt, ap);
	cairn_text_put(f, text);
}
