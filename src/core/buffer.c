/* The owning buffer. It grows by allocating anew and wiping the old place, so that a secret leaves no copies
 * behind. */
#include "cairn/bytes.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MAX ((size_t)1 << 30)
#define BUF_MIN ((size_t)64)

void cairn_buf_init(struct cairn_buf *b)
{
	*b = (struct cairn_buf){0};
}

void cairn_buf_fini(struct cairn_buf *b)
{
	free(b->ptr);
	cairn_buf_init(b);
}

void cairn_buf_fini_wipe(struct cairn_buf *b)
{
	if (b->ptr)
		OPENSSL_cleanse(b->ptr, b->cap);
	cairn_buf_fini(b);
}

static bool reserve(struct cairn_buf *b, size_t more)
{
	size_t cap = b->cap < BUF_MIN ? BUF_MIN : b->cap;
	uint8_t *fresh;

	if (b->failed || more > BUF_MAX - b->len) {
		b->failed = true;
		return false;
	}
	if (b->len + more <= b->cap)
		return true;
	while (cap < b->len + more)
		cap *= 2;
	fresh = malloc(cap);
	if (!fresh) {
		b->failed = true;
		return false;
	}
	if (b->len > 0)
		memcpy(fresh, b->ptr, b->len);
	if (b->ptr)
		OPENSSL_cleanse(b->ptr, b->cap);
	free(b->ptr);
	b->ptr = fresh;
	b->cap = cap;
	return true;
}

void cairn_buf_add(struct cairn_buf *b, struct cairn_span s)
{
	if (s.len == 0 || !reserve(b, s.len))
		return;
	memcpy(b->ptr + b->len, s.ptr, s.len);
	b->len += s.len;
}

void cairn_buf_add_str(struct cairn_buf *b, const char *s)
{
	cairn_buf_add(b, cairn_span_str(s));
}

void cairn_buf_add_fmt(struct cairn_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!reserve(b, (size_t)n + 1))
		return;
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static void add_be(struct cairn_buf *b, uint64_t v, size_t len)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
	cairn_buf_add(b, cairn_span(bytes, len));
}

void cairn_buf_add_u8(struct cairn_buf *b, uint8_t v)
{
	add_be(b, v, 1);
}

void cairn_buf_add_u16be(struct cairn_buf *b, uint16_t v)
{
	add_be(b, v, 2);
}

void cairn_buf_add_u32be(struct cairn_buf *b, uint32_t v)
{
	add_be(b, v, 4);
}

void cairn_buf_add_u64be(struct cairn_buf *b, uint64_t v)
{
	add_be(b, v, 8);
}

struct cairn_span cairn_buf_span(const struct cairn_buf *b)
{
	return b->failed ? (struct cairn_span){0} : cairn_span(b->ptr, b->len);
}

const char *cairn_buf_str(struct cairn_buf *b)
{
	if (!reserve(b, 1))
		return NULL;
	b->ptr[b->len] = 0;
	return (const char *)b->ptr;
}

enum cairn_status cairn_buf_status(const struct cairn_buf *b)
{
	return b->failed ? CAIRN_E_NOMEM : CAIRN_OK;
}
