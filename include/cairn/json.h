/* JSON the way cairn reads and writes it, on top of jansson.
 *
 * Canonical form: no white space, members sorted by name, UTF-8 as it is, integers only. What is hashed or signed is
 * always the canonical bytes. Readers are strict: no duplicate members, nothing after the value, no reals, a depth of
 * at most 16, and a schema that names every member.
 */
#ifndef CAIRN_JSON_H
#define CAIRN_JSON_H

#include <jansson.h>

#include "cairn/digest.h"

/* Any JSON object or array. *out is a new reference. CAIRN_E_MALFORMED, CAIRN_E_LIMIT (depth). */
enum cairn_status cairn_json_parse(json_t **out, struct cairn_span text) CAIRN_MUST_CHECK;
/* The same, and the text must be the canonical form of what it says. */
enum cairn_status cairn_json_parse_canonical(json_t **out, struct cairn_span text) CAIRN_MUST_CHECK;
/* Appends the canonical form. CAIRN_E_NOMEM; CAIRN_E_INTERNAL for a real number. */
enum cairn_status cairn_json_dump(struct cairn_buf *out, const json_t *v) CAIRN_MUST_CHECK;

/* "format" must be as named and "version" at most the one given: else CAIRN_E_MALFORMED, CAIRN_E_VERSION. */
enum cairn_status cairn_json_format(const json_t *v, const char *format, int version) CAIRN_MUST_CHECK;
/* Every member of the object is in the NULL-ended list; else CAIRN_E_UNSUPPORTED. */
enum cairn_status cairn_json_only(const json_t *v, const char *const *members) CAIRN_MUST_CHECK;

/* Members of an object. A missing member or one of another type is CAIRN_E_MALFORMED. Strings borrow from v. */
enum cairn_status cairn_json_get_str(const char **out, const json_t *v, const char *member) CAIRN_MUST_CHECK;
enum cairn_status cairn_json_get_u64(uint64_t *out, const json_t *v, const char *member) CAIRN_MUST_CHECK;
enum cairn_status cairn_json_get_obj(json_t **out, const json_t *v, const char *member) CAIRN_MUST_CHECK;
enum cairn_status cairn_json_get_arr(json_t **out, const json_t *v, const char *member) CAIRN_MUST_CHECK;
/* Exactly len bytes of lower-case hex. */
enum cairn_status cairn_json_get_hex(uint8_t *out, size_t len, const json_t *v,
				     const char *member) CAIRN_MUST_CHECK;
enum cairn_status cairn_json_get_digest(struct cairn_digest *out, enum cairn_alg alg, const json_t *v,
					const char *member) CAIRN_MUST_CHECK;
/* Base64url; appends to out. */
enum cairn_status cairn_json_get_b64(struct cairn_buf *out, const json_t *v,
				     const char *member) CAIRN_MUST_CHECK;
enum cairn_status cairn_json_get_component(struct cairn_component *out, const json_t *v,
					   const char *member) CAIRN_MUST_CHECK;

/* New references, or NULL when out of memory. */
json_t *cairn_json_hex(struct cairn_span s);
json_t *cairn_json_b64(struct cairn_span s);
json_t *cairn_json_component(const struct cairn_component *c);

void cairn_json_release(json_t **v);
#define cairn_auto_json __attribute__((cleanup(cairn_json_release)))

#endif
