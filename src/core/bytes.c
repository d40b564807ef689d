/* Spans and the reading cursor. What is called for every field is inline in the header. */
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

struct cairn_span cairn_cur_rest(struct cairn_cur *c)
{
	return cairn_cur_bytes(c, cairn_cur_left(c));
}

struct cairn_span cairn_cur_peek(struct cairn_cur c)
{
	return cairn_cur_rest(&c);
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
