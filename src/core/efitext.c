/* Text that may deceive, made fit to be read: of UTF-16, as EFI has it, and of bytes that should be UTF-8. */
#include "cairn/efi.h"

#include <string.h>

struct cairn_span cairn_span_chomp(struct cairn_span s)
{
	while (s.len > 0 && s.ptr[s.len - 1] == 0)
		s.len--;
	return s;
}

struct cairn_span cairn_span_chomp16(struct cairn_span s)
{
	while (s.len >= 2 && s.len % 2 == 0 && s.ptr[s.len - 1] == 0 && s.ptr[s.len - 2] == 0)
		s.len -= 2;
	return s;
}

bool cairn_utf16_is(struct cairn_span utf16le, const char *ascii)
{
	size_t n = strlen(ascii);

	if (utf16le.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (utf16le.ptr[2 * i] != (uint8_t)ascii[i] || utf16le.ptr[2 * i + 1] != 0)
			return false;
	return true;
}

/* Shown by number: what moves the cursor, changes the direction of the text, or cannot be seen. */
static bool deceives(uint32_t ch)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
	    {0x0000, 0x001f},	/* controls */
	    {0x007f, 0x009f},	/* controls */
	    {0x00ad, 0x00ad},	/* soft hyphen */
	    {0x061c, 0x061c},	/* direction */
	    {0x200b, 0x200f},	/* no width, direction */
	    {0x2028, 0x202e},	/* line ends, direction */
	    {0x2060, 0x206f},	/* no width, direction */
	    {0xd800, 0xdfff},	/* surrogates */
	    {0xfeff, 0xfeff},	/* no width */
	    {0xfff0, 0xffff},	/* specials */
	    {0xe0000, 0x10ffff} /* tags; private planes */
	};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		if (ch >= ranges[i].first && ch <= ranges[i].last)
			return true;
	return false;
}

static void put(struct cairn_buf *out, uint32_t ch)
{
	if (deceives(ch)) {
		cairn_buf_add_fmt(out, "\\u%04x", (unsigned)ch);
	} else if (ch < 0x80) {
		cairn_buf_add_u8(out, (uint8_t)ch);
	} else if (ch < 0x800) {
		cairn_buf_add_u8(out, (uint8_t)(0xc0 | ch >> 6));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch & 0x3f)));
	} else if (ch < 0x10000) {
		cairn_buf_add_u8(out, (uint8_t)(0xe0 | ch >> 12));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch >> 6 & 0x3f)));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch & 0x3f)));
	} else {
		cairn_buf_add_u8(out, (uint8_t)(0xf0 | ch >> 18));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch >> 12 & 0x3f)));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch >> 6 & 0x3f)));
		cairn_buf_add_u8(out, (uint8_t)(0x80 | (ch & 0x3f)));
	}
}

void cairn_text_utf16(struct cairn_buf *out, struct cairn_span utf16le)
{
	struct cairn_cur c = cairn_cur(utf16le);

	while (cairn_cur_left(&c) >= 2) {
		uint32_t ch = cairn_cur_u16le(&c);
		struct cairn_cur ahead = c;
		uint32_t low = ch >= 0xd800 && ch < 0xdc00 ? cairn_cur_u16le(&ahead) : 0;

		if (low >= 0xdc00 && low < 0xe000) {
			ch = 0x10000 + ((ch - 0xd800) << 10) + (low - 0xdc00);
			c = ahead;
		}
		put(out, ch);
	}
	if (cairn_cur_left(&c) > 0)
		cairn_buf_add_fmt(out, "\\x%02x", cairn_cur_u8(&c));
}

/* The character at the start of s and its length; 0 where there is none. RFC 3629, section 4. */
static size_t utf8(uint32_t *ch, struct cairn_span s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t b = s.ptr[0];
	size_t n = b < 0x80		   ? 1
		   : b >= 0xc2 && b < 0xe0 ? 2
		   : b >= 0xe0 && b < 0xf0 ? 3
		   : b >= 0xf0 && b < 0xf5 ? 4
					   : 0;

	if (n > s.len)
		return 0;
	*ch = n == 1 ? b : b & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		*ch = *ch << 6 | (s.ptr[i] & 0x3f);
	}
	return *ch >= least[n] && *ch <= 0x10ffff ? n : 0;
}

void cairn_text_utf8(struct cairn_buf *out, struct cairn_span bytes)
{
	for (size_t i = 0; i < bytes.len;) {
		uint32_t ch;
		size_t n = utf8(&ch, cairn_span(bytes.ptr + i, bytes.len - i));

		if (n > 0)
			put(out, ch);
		else
			cairn_buf_add_fmt(out, "\\x%02x", bytes.ptr[i]);
		i += n > 0 ? n : 1;
	}
}
