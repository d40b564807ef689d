/* Configuration files of cairnd, cairn-relay and cairn-verifier.
 *
 *	# a comment is a line of its own
 *	key = value
 *
 * A key is made of a-z 0-9 _ - and '.'. A value is what follows '=', without the white space around it; it is
 *not empty, has no quotes and no escapes, and may contain '#'. A file is wrong as a whole if one line is: an
 *unknown key, a key given twice, a control character or anything else. Every message names file:line.
 *
 * Whether a file can be trusted (owner, mode, measured or not) is for the caller to know.
 */
#ifndef CAIRN_CONFIG_H
#define CAIRN_CONFIG_H

#include "cairn/bytes.h"

#define CAIRN_CONFIG_SIZE_MAX 65536 /* bytes */
#define CAIRN_CONFIG_KEYS_MAX 128

struct cairn_config;

/* keys: the permitted keys, NULL-ended; borrowed until cairn_config_free. name: how messages call the file;
 * copied. *out is freed by the caller. CAIRN_E_USAGE for a wrong line, CAIRN_E_LIMIT for a file too large,
 * CAIRN_E_NOMEM; then a message (one line, no newline) is appended to why, which may be NULL. */
enum cairn_status cairn_config_parse(struct cairn_config **out, struct cairn_span text, const char *name,
				     const char *const *keys, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* The same from a file: also CAIRN_E_NOTFOUND, CAIRN_E_IO. */
enum cairn_status cairn_config_read(struct cairn_config **out, const char *path, const char *const *keys,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_config_free(struct cairn_config *c);

/* The value, borrowed until cairn_config_free; fallback (which may be NULL) where the file does not give the
 * key. */
const char *cairn_config_str(const struct cairn_config *c, const char *key, const char *fallback);
/* The line of the key, from 1; 0 where the file does not give it. */
unsigned cairn_config_line(const struct cairn_config *c, const char *key);

/* Typed values. *out is the fallback where the file does not give the key. A value of another form or outside
 * min..max is CAIRN_E_USAGE with a message in why. Numbers are decimal without sign; booleans are "yes" or
 * "no". */
enum cairn_status cairn_config_u64(uint64_t *out, const struct cairn_config *c, const char *key,
				   uint64_t fallback, uint64_t min, uint64_t max,
				   struct cairn_buf *why) CAIRN_MUST_CHECK;
enum cairn_status cairn_config_bool(bool *out, const struct cairn_config *c, const char *key, bool fallback,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;
/* One of the NULL-ended choices; *out is its index. */
enum cairn_status cairn_config_choice(size_t *out, const struct cairn_config *c, const char *key,
				      size_t fallback, const char *const *choices,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
