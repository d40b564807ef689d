/* Hex and base64 (RFC 4648 sections 4, 5 and 8), strict in both directions: one text for each value, no
 * other. */
#include "cairn/bytes.h"

#include <string.h>

static const uint8_t HEX[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
				'8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
static const char B64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char B64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void cairn_hex_encode(struct cairn_buf *out, struct cairn_span in)
{
	for (size_t i = 0; i < in.len; i++) {
		const uint8_t pair[2] = {HEX[in.ptr[i] >> 4], HEX[in.ptr[i] & 15]};
		cairn_buf_add(out, cairn_span(pair, 2));
	}
}

int cairn_hex_digit(uint8_t c)
{
	int d = 0;

	while (d < 16 && HEX[d] != c)
		d++;
	return d < 16 ? d : -1;
}

static bool all_hex(struct cairn_span in)
{
	for (size_t i = 0; i < in.len; i++)
		if (cairn_hex_digit(in.ptr[i]) < 0)
			return false;
	return true;
}

static uint8_t hex_byte(const uint8_t *two)
{
	return (uint8_t)((unsigned)cairn_hex_digit(two[0]) << 4 | (unsigned)cairn_hex_digit(two[1]));
}

enum cairn_status cairn_hex_decode(struct cairn_buf *out, struct cairn_span in)
{
	if (in.len % 2 != 0 || !all_hex(in))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < in.len; i += 2)
		cairn_buf_add_u8(out, hex_byte(in.ptr + i));
	return cairn_buf_status(out);
}

enum cairn_status cairn_hex_decode_into(uint8_t *out, size_t len, const char *hex)
{
	struct cairn_span in = cairn_span_str(hex);

	if (in.len % 2 != 0 || in.len / 2 != len || !all_hex(in))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < len; i++)
		out[i] = hex_byte(in.ptr + 2 * i);
	return CAIRN_OK;
}

static void b64_encode(struct cairn_buf *out, struct cairn_span in, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t n = in.len - i < 3 ? in.len - i : 3;
		uint32_t v = (uint32_t)in.ptr[i] << 16;
		char four[4];

		if (n > 1)
			v |= (uint32_t)in.ptr[i + 1] << 8;
		if (n > 2)
			v |= in.ptr[i + 2];
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= n ? alphabet[v >> (18 - 6 * k) & 63] : '=';
		cairn_buf_add(out, cairn_span(four, pad ? 4 : n + 1));
	}
}

static int b64_digit(uint8_t c, const char *alphabet)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* in: 1 to 4 digits of one group, without padding. The number of bytes, or 0: one digit, a wrong one, or spare
 * bits that are set. */
static size_t b64_group(uint8_t out[3], struct cairn_span in, const char *alphabet)
{
	uint32_t v = 0;

	for (size_t k = 0; k < 4; k++) {
		int d = k < in.len ? b64_digit(in.ptr[k], alphabet) : 0;

		if (d < 0)
			return 0;
		v = v << 6 | (uint32_t)d;
	}
	for (size_t k = 0; k < 3; k++)
		out[k] = (uint8_t)(v >> (16 - 8 * k));
	if ((in.len == 2 && (out[1] || out[2])) || (in.len == 3 && out[2]))
		return 0;
	return in.len - 1;
}

static enum cairn_status b64_decode(struct cairn_buf *out, struct cairn_span in, const char *alphabet)
{
	size_t start = out->len;

	for (size_t i = 0; i < in.len; i += 4) {
		uint8_t bytes[3];
		size_t n =
		    b64_group(bytes, cairn_span(in.ptr + i, in.len - i < 4 ? in.len - i : 4), alphabet);

		if (n == 0) {
			out->len = start;
			return CAIRN_E_MALFORMED;
		}
		cairn_buf_add(out, cairn_span(bytes, n));
	}
	return cairn_buf_status(out);
}

void cairn_b64_encode(struct cairn_buf *out, struct cairn_span in)
{
	b64_encode(out, in, B64, true);
}

enum cairn_status cairn_b64_decode(struct cairn_buf *out, struct cairn_span in)
{
	if (in.len % 4 != 0)
		return CAIRN_E_MALFORMED;
	for (int pads = 0; pads < 2 && in.len > 0 && in.ptr[in.len - 1] == '='; pads++)
		in.len--;
	return b64_decode(out, in, B64);
}

void cairn_b64url_encode(struct cairn_buf *out, struct cairn_span in)
{
	b64_encode(out, in, B64URL, false);
}

enum cairn_status cairn_b64url_decode(struct cairn_buf *out, struct cairn_span in)
{
	return b64_decode(out, in, B64URL);
}
