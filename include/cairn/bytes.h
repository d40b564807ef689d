/* Byte spans, the reading cursor, the owning buffer, and text encodings.
 *
 * A span borrows: it never frees, and is valid as long as what it points into. A cursor reads hostile bytes: it does
 * all the pointer arithmetic there is, and its failure sticks. A buffer owns its memory.
 */
#ifndef CAIRN_BYTES_H
#define CAIRN_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cairn/status.h"

struct cairn_span {
	const uint8_t *ptr;
	size_t len;
};

struct cairn_span cairn_span(const void *ptr, size_t len);
struct cairn_span cairn_span_str(const char *s); /* without the NUL */
bool cairn_span_equal(struct cairn_span a, struct cairn_span b);
/* Equal in a time that depends on the lengths only. */
bool cairn_span_equal_ct(struct cairn_span a, struct cairn_span b);
/* True if every byte is c (and there is at least one). */
bool cairn_span_all(struct cairn_span s, uint8_t c);

/* ---- cursor ----------------------------------------------------------------------------------------------------
 * After the first failure every read yields zero or an empty span, and the status stays what it became. */
struct cairn_cur {
	struct cairn_span in;
	size_t off;
	enum cairn_status status;
};

struct cairn_cur cairn_cur(struct cairn_span in);

static inline void cairn_cur_fail(struct cairn_cur *c, enum cairn_status why)
{
	if (c->status == CAIRN_OK)
		c->status = why == CAIRN_OK ? CAIRN_E_INTERNAL : why;
}

static inline bool cairn_cur_ok(const struct cairn_cur *c)
{
	return c->status == CAIRN_OK;
}

static inline size_t cairn_cur_left(const struct cairn_cur *c)
{
	return cairn_cur_ok(c) ? c->in.len - c->off : 0;
}

static inline struct cairn_span cairn_cur_bytes(struct cairn_cur *c, uint64_t len)
{
	struct cairn_span s = {(const uint8_t *)"", 0}; /* no bytes are somewhere too */

	if (len > cairn_cur_left(c)) {
		cairn_cur_fail(c, CAIRN_E_TRUNCATED);
		return s;
	}
	if (len == 0)
		return s;
	s.ptr = c->in.ptr + c->off;
	s.len = (size_t)len;
	c->off += s.len;
	return s;
}

/* The next bytes as they are; zeros after a failure. */
static inline void cairn_cur_copy(struct cairn_cur *c, void *out, size_t size)
{
	struct cairn_span s = cairn_cur_bytes(c, size);

	memset(out, 0, size);
	if (s.len > 0)
		memcpy(out, s.ptr, size);
}

#define CAIRN_CUR_READER(name, type, to_host)                                                                \
	static inline type name(struct cairn_cur *c)                                                         \
	{                                                                                                    \
		type v;                                                                                      \
		cairn_cur_copy(c, &v, sizeof v);                                                             \
		return to_host(v);                                                                           \
	}
CAIRN_CUR_READER(cairn_cur_u8, uint8_t, )
CAIRN_CUR_READER(cairn_cur_u16le, uint16_t, le16toh)
CAIRN_CUR_READER(cairn_cur_u32le, uint32_t, le32toh)
CAIRN_CUR_READER(cairn_cur_u64le, uint64_t, le64toh)
CAIRN_CUR_READER(cairn_cur_u16be, uint16_t, be16toh)
CAIRN_CUR_READER(cairn_cur_u32be, uint32_t, be32toh)
CAIRN_CUR_READER(cairn_cur_u64be, uint64_t, be64toh)

struct cairn_span cairn_cur_rest(struct cairn_cur *c);
/* The same, left where it is. */
struct cairn_span cairn_cur_peek(struct cairn_cur c);
/* A cursor over the next len bytes, which the caller ends with cairn_cur_end. */
struct cairn_cur cairn_cur_sub(struct cairn_cur *c, uint64_t len);
/* The cursor's status, or CAIRN_E_TRAILING when bytes are left over. */
enum cairn_status cairn_cur_end(const struct cairn_cur *c) CAIRN_MUST_CHECK;

/* ---- buffer: grows, owns; failure (out of memory, over 1 GiB) sticks in .failed --------------------------------- */
struct cairn_buf {
	uint8_t *ptr;
	size_t len, cap;
	bool failed;
};

void cairn_buf_init(struct cairn_buf *b);
void cairn_buf_fini(struct cairn_buf *b);      /* frees */
void cairn_buf_fini_wipe(struct cairn_buf *b); /* wipes, then frees */
void cairn_buf_add(struct cairn_buf *b, struct cairn_span s);
void cairn_buf_add_str(struct cairn_buf *b, const char *s);
void cairn_buf_add_fmt(struct cairn_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cairn_buf_add_u8(struct cairn_buf *b, uint8_t v);
void cairn_buf_add_u16be(struct cairn_buf *b, uint16_t v);
void cairn_buf_add_u32be(struct cairn_buf *b, uint32_t v);
void cairn_buf_add_u64be(struct cairn_buf *b, uint64_t v);
struct cairn_span cairn_buf_span(const struct cairn_buf *b);
/* The content as a NUL-terminated string, owned by the buffer. NULL if the buffer failed. */
const char *cairn_buf_str(struct cairn_buf *b);
enum cairn_status cairn_buf_status(const struct cairn_buf *b) CAIRN_MUST_CHECK;

/* ---- text encodings ---------------------------------------------------------------------------------------------
 * Encoders append to a buffer. Decoders append to a buffer, are strict (lower-case hex only; RFC 4648 alphabets, no
 * white space; base64url without padding, base64 with) and yield CAIRN_E_MALFORMED with nothing appended. */
/* The value of a lower-case digit; -1 for what is none. */
int cairn_hex_digit(uint8_t c);
void cairn_hex_encode(struct cairn_buf *out, struct cairn_span in);
enum cairn_status cairn_hex_decode(struct cairn_buf *out, struct cairn_span in) CAIRN_MUST_CHECK;
/* Exactly len bytes from exactly 2*len digits. */
enum cairn_status cairn_hex_decode_into(uint8_t *out, size_t len, const char *hex) CAIRN_MUST_CHECK;
void cairn_b64_encode(struct cairn_buf *out, struct cairn_span in);
enum cairn_status cairn_b64_decode(struct cairn_buf *out, struct cairn_span in) CAIRN_MUST_CHECK;
void cairn_b64url_encode(struct cairn_buf *out, struct cairn_span in);
enum cairn_status cairn_b64url_decode(struct cairn_buf *out, struct cairn_span in) CAIRN_MUST_CHECK;

/* ---- files -------------------------------------------------------------------------------------------------------
 * Appends the whole file (at most max bytes, else CAIRN_E_LIMIT) to out. "-" is standard input. */
enum cairn_status cairn_file_read(struct cairn_buf *out, const char *path, size_t max) CAIRN_MUST_CHECK;
/* Writes a file so that after a crash it holds either the old or the new content: temporary file, fsync, rename.
 * mode is given to the file whatever the umask. */
enum cairn_status cairn_file_write(const char *path, struct cairn_span in, unsigned mode) CAIRN_MUST_CHECK;

/* Scope cleanup: `cairn_auto_buf struct cairn_buf b = {0};` */
#define cairn_auto_buf	  __attribute__((cleanup(cairn_buf_fini)))
#define cairn_auto_secret __attribute__((cleanup(cairn_buf_fini_wipe)))

#endif
