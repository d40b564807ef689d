/* Spans and the reading cursor. All pointer arithmetic on hostile bytes happens in cairn_cur_bytes. */
#include "cairn/bytes.h"

#include <openssl/crypto.h>
#include <string.h>

struct cairn_span cairn_span(const void *ptr, size_t len)
{
	return (struct cairn_span){.ptr = ptr, .len = len};
}

struct cairn_span cairn_span_str(const char *s)
{
	return cairn_span(s, s ? strlen(s) : 0);
}

bool cairn_span_equal(struct cairn_span a, struct cairn_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool cairn_span_equal_ct(struct cairn_span a, struct cairn_span b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool cairn_span_all(struct cairn_span s, uint8_t c)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != c)
			return false;
	return s.len > 0;
}

struct cairn_cur cairn_cur(struct cairn_span in)
{
	return (struct cairn_cur){.in = in, .off = 0, .status = CAIRN_OK};
}

bool cairn_cur_ok(const struct cairn_cur *c)
{
	return c->status == CAIRN_OK;
}

size_t cairn_cur_left(const struct cairn_cur *c)
{
	return cairn_cur_ok(c) ? c->in.len - c->off : 0;
}

void cairn_cur_fail(struct cairn_cur *c, enum cairn_status why)
{
	if (c->status == CAIRN_OK)
		c->status = why == CAIRN_OK ? CAIRN_E_INTERNAL : why;
}

struct cairn_span cairn_cur_bytes(struct cairn_cur *c, uint64_t len)
{
	struct cairn_span s = {0};

	if (!cairn_cur_ok(c))
		return s;
	if (len > cairn_cur_left(c)) {
		cairn_cur_fail(c, CAIRN_E_TRUNCATED);
		return s;
	}
	if (len == 0)
		return s;
	s = cairn_span(c->in.ptr + c->off, (size_t)len);
	c->off += (size_t)len;
	return s;
}

struct cairn_span cairn_cur_rest(struct cairn_cur *c)
{
	return cairn_cur_bytes(c, cairn_cur_left(c));
}

struct cairn_cur cairn_cur_sub(struct cairn_cur *c, uint64_t len)
{
	struct cairn_cur sub = cairn_cur(cairn_cur_bytes(c, len));

	sub.status = c->status;
	return sub;
}

enum cairn_status cairn_cur_end(const struct cairn_cur *c)
{
	if (!cairn_cur_ok(c))
		return c->status;
	return cairn_cur_left(c) == 0 ? CAIRN_OK : CAIRN_E_TRAILING;
}

static uint64_t get_le(struct cairn_cur *c, size_t len)
{
	struct cairn_span s = cairn_cur_bytes(c, len);
	uint64_t v = 0;

	for (size_t i = s.len; i > 0; i--)
		v = v << 8 | s.ptr[i - 1];
	return v;
}

static uint64_t get_be(struct cairn_cur *c, size_t len)
{
	struct cairn_span s = cairn_cur_bytes(c, len);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint8_t cairn_cur_u8(struct cairn_cur *c)
{
	return (uint8_t)get_le(c, 1);
}

uint16_t cairn_cur_u16le(struct cairn_cur *c)
{
	return (uint16_t)get_le(c, 2);
}

uint32_t cairn_cur_u32le(struct cairn_cur *c)
{
	return (uint32_t)get_le(c, 4);
}

uint64_t cairn_cur_u64le(struct cairn_cur *c)
{
	return get_le(c, 8);
}

uint16_t cairn_cur_u16be(struct cairn_cur *c)
{
	return (uint16_t)get_be(c, 2);
}

uint32_t cairn_cur_u32be(struct cairn_cur *c)
{
	return (uint32_t)get_be(c, 4);
}

uint64_t cairn_cur_u64be(struct cairn_cur *c)
{
	return get_be(c, 8);
}
