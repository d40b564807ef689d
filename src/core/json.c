/* Strict and canonical JSON over jansson. The text is hostile: before jansson sees it, one pass without
 * recursion has bounded its depth and refused real numbers. */
#include "cairn/json.h"

#include <string.h>

#define DEPTH_MAX  16
#define DUMP_FLAGS (JSON_COMPACT | JSON_SORT_KEYS)

/* True where the character, outside strings, belongs to a real number. */
static bool is_real_mark(uint8_t before, uint8_t c)
{
	if (c == '.' || c == 'E')
		return true;
	return c == 'e' && before <= '9'; /* an e behind less than a digit is no JSON at all */
}

/* Depth and reals only; whether it is JSON at all is for jansson to say. */
static enum cairn_status prescan(struct cairn_span text)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return CAIRN_E_LIMIT;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		} else if (is_real_mark(i > 0 ? text.ptr[i - 1] : 0, c)) {
			return CAIRN_E_MALFORMED;
		}
	}
	return CAIRN_OK;
}

enum cairn_status cairn_json_parse(json_t **out, struct cairn_span text)
{
	json_error_t err;
	enum cairn_status st = prescan(text);
	json_t *v;

	if (st != CAIRN_OK)
		return st;
	v = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &err);
	if (v == NULL)
		return json_error_code(&err) == json_error_out_of_memory ? CAIRN_E_NOMEM : CAIRN_E_MALFORMED;
	*out = v;
	return CAIRN_OK;
}

enum cairn_status cairn_json_parse_canonical(json_t **out, struct cairn_span text)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf again = {0};
	enum cairn_status st = cairn_json_parse(&v, text);

	if (st == CAIRN_OK)
		st = cairn_json_dump(&again, v);
	if (st != CAIRN_OK)
		return st;
	if (!cairn_span_equal(cairn_buf_span(&again), text))
		return CAIRN_E_MALFORMED;
	*out = v;
	v = NULL;
	return CAIRN_OK;
}

static int append(const char *ptr, size_t len, void *buf)
{
	cairn_buf_add(buf, cairn_span(ptr, len));
	return 0;
}

enum cairn_status cairn_json_dump(struct cairn_buf *out, const json_t *v)
{
	cairn_auto_secret struct cairn_buf text = {0};

	if (json_dump_callback(v, append, &text, DUMP_FLAGS) != 0)
		return CAIRN_E_NOMEM;
	if (cairn_buf_status(&text) != CAIRN_OK)
		return cairn_buf_status(&text);
	if (prescan(cairn_buf_span(&text)) != CAIRN_OK)
		return CAIRN_E_INTERNAL;
	cairn_buf_add(out, cairn_buf_span(&text));
	return cairn_buf_status(out);
}

enum cairn_status cairn_json_format(const json_t *v, const char *format, int version)
{
	const char *name;
	uint64_t n;
	enum cairn_status st = cairn_json_get_str(&name, v, "format");

	if (st == CAIRN_OK)
		st = cairn_json_get_u64(&n, v, "version");
	if (st != CAIRN_OK)
		return st;
	if (strcmp(name, format) != 0 || n < 1)
		return CAIRN_E_MALFORMED;
	return n > (uint64_t)version ? CAIRN_E_VERSION : CAIRN_OK;
}

static bool listed(const char *const *members, const char *key)
{
	for (; *members != NULL; members++)
		if (strcmp(*members, key) == 0)
			return true;
	return false;
}

enum cairn_status cairn_json_only(const json_t *v, const char *const *members)
{
	cairn_auto_json json_t *ref = json_incref((json_t *)(uintptr_t)v);
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return CAIRN_E_MALFORMED;
	json_object_foreach(ref, key, value) if (!listed(members, key)) return CAIRN_E_UNSUPPORTED;
	return CAIRN_OK;
}

enum cairn_status cairn_json_get_str(const char **out, const json_t *v, const char *member)
{
	const json_t *m = json_object_get(v, member);

	if (!json_is_string(m))
		return CAIRN_E_MALFORMED;
	*out = json_string_value(m);
	return CAIRN_OK;
}

enum cairn_status cairn_json_get_u64(uint64_t *out, const json_t *v, const char *member)
{
	const json_t *m = json_object_get(v, member);

	if (!json_is_integer(m) || json_integer_value(m) < 0)
		return CAIRN_E_MALFORMED;
	*out = (uint64_t)json_integer_value(m);
	return CAIRN_OK;
}

enum cairn_status cairn_json_get_obj(json_t **out, const json_t *v, const char *member)
{
	json_t *m = json_object_get(v, member);

	if (!json_is_object(m))
		return CAIRN_E_MALFORMED;
	*out = m;
	return CAIRN_OK;
}

enum cairn_status cairn_json_get_arr(json_t **out, const json_t *v, const char *member)
{
	json_t *m = json_object_get(v, member);

	if (!json_is_array(m))
		return CAIRN_E_MALFORMED;
	*out = m;
	return CAIRN_OK;
}

enum cairn_status cairn_json_get_hex(uint8_t *out, size_t len, const json_t *v, const char *member)
{
	/* No string is no digits, and so not len bytes. */
	return cairn_hex_decode_into(out, len, json_string_value(json_object_get(v, member)));
}

enum cairn_status cairn_json_get_digest(struct cairn_digest *out, enum cairn_alg alg, const json_t *v,
					const char *member)
{
	return cairn_digest_parse(out, alg, json_string_value(json_object_get(v, member)));
}

enum cairn_status cairn_json_get_b64(struct cairn_buf *out, const json_t *v, const char *member)
{
	const char *text;
	enum cairn_status st = cairn_json_get_str(&text, v, member);

	return st == CAIRN_OK ? cairn_b64url_decode(out, cairn_span_str(text)) : st;
}

enum cairn_status cairn_json_get_component(struct cairn_component *out, const json_t *v, const char *member)
{
	static const char *const members[] = {"sha256", "sha384", "size", NULL};
	struct cairn_component c = {0};
	const json_t *obj = json_object_get(v, member);
	enum cairn_status st = cairn_json_only(obj, members);

	if (st == CAIRN_OK)
		st = cairn_json_get_digest(&c.sha256, CAIRN_ALG_SHA256, obj, "sha256");
	if (st == CAIRN_OK)
		st = cairn_json_get_digest(&c.sha384, CAIRN_ALG_SHA384, obj, "sha384");
	if (st == CAIRN_OK)
		st = cairn_json_get_u64(&c.size, obj, "size");
	if (st == CAIRN_OK)
		*out = c;
	return st;
}

static json_t *encoded(struct cairn_span s, void (*encode)(struct cairn_buf *, struct cairn_span))
{
	cairn_auto_secret struct cairn_buf text = {0};

	encode(&text, s);
	if (cairn_buf_status(&text) != CAIRN_OK)
		return NULL;
	return json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len);
}

json_t *cairn_json_hex(struct cairn_span s)
{
	return encoded(s, cairn_hex_encode);
}

json_t *cairn_json_b64(struct cairn_span s)
{
	return encoded(s, cairn_b64url_encode);
}

json_t *cairn_json_component(const struct cairn_component *c)
{
	return json_pack("{s:o, s:o, s:I}", "sha256", cairn_json_hex(cairn_digest_span(&c->sha256)), "sha384",
			 cairn_json_hex(cairn_digest_span(&c->sha384)), "size", (json_int_t)c->size);
}

void cairn_json_release(json_t **v)
{
	json_decref(*v);
	*v = NULL;
}
