/* Checking a JSON object against a table of its members. */
#include "core/schema.h"

#include <stdlib.h>
#include <string.h>

#include "cairn/record.h"

static bool is_word(const char *s, const char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		if (strcmp(*words, s) == 0)
			return true;
	return false;
}

static bool is_lower_hex(const char *s, size_t len)
{
	return strspn(s, "0123456789abcdef") == len;
}

static bool is_uuid(const char *s)
{
	if (strlen(s) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	}
	return true;
}

static enum cairn_status check_hex(const char *s, size_t len, const struct cairn_field *f)
{
	if (len % 2 != 0 || !is_lower_hex(s, len) || len / 2 < f->min)
		return CAIRN_E_MALFORMED;
	return len / 2 > f->max ? CAIRN_E_LIMIT : CAIRN_OK;
}

static enum cairn_status check_text(const char *s, size_t len, const struct cairn_field *f)
{
	if (len > f->max)
		return CAIRN_E_LIMIT;
	return len >= f->min && cairn_text_ok(s, f->max) ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status check_string(const json_t *v, const struct cairn_field *f)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	bool good = false;

	if (s == NULL || strlen(s) != len)
		return CAIRN_E_MALFORMED;
	if (is_word(s, f->words))
		return CAIRN_OK;
	if (f->kind == CAIRN_F_TEXT)
		return check_text(s, len, f);
	if (f->kind == CAIRN_F_HEX)
		return check_hex(s, len, f);
	if (f->kind == CAIRN_F_NAME)
		good = cairn_name_ok(s);
	else if (f->kind == CAIRN_F_KID)
		good = cairn_kid_ok(s);
	else if (f->kind == CAIRN_F_UUID)
		good = is_uuid(s);
	return good ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status check_int(const json_t *v, const struct cairn_field *f)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n < f->min)
		return CAIRN_E_MALFORMED;
	return (uint64_t)n > f->max ? CAIRN_E_LIMIT : CAIRN_OK;
}

static enum cairn_status check_value(const json_t *v, const struct cairn_field *f);

static enum cairn_status check_count(size_t count, const struct cairn_field *f)
{
	if (count > f->max)
		return CAIRN_E_LIMIT;
	return count < f->min ? CAIRN_E_MALFORMED : CAIRN_OK;
}

static enum cairn_status check_array(const json_t *v, const struct cairn_field *f)
{
	const char *before = NULL;
	enum cairn_status st = json_is_array(v) ? check_count(json_array_size(v), f) : CAIRN_E_MALFORMED;

	for (size_t i = 0; st == CAIRN_OK && i < json_array_size(v); i++) {
		const json_t *e = json_array_get(v, i);

		st = check_value(e, f->sub);
		if (st == CAIRN_OK && f->ascending && before != NULL &&
		    strcmp(before, json_string_value(e)) >= 0)
			st = CAIRN_E_MALFORMED;
		before = json_string_value(e);
	}
	return st;
}

static enum cairn_status check_map(const json_t *v, const struct cairn_field *f)
{
	enum cairn_status st = json_is_object(v) ? check_count(json_object_size(v), f) : CAIRN_E_MALFORMED;
	json_t *obj = (json_t *)(uintptr_t)v;
	const char *key;
	json_t *value;

	if (st != CAIRN_OK)
		return st;
	json_object_foreach(obj, key, value)
	{
		if (!cairn_name_ok(key))
			return CAIRN_E_MALFORMED;
		st = check_value(value, f->sub);
		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

static enum cairn_status check_component(const json_t *v)
{
	static const struct cairn_field members[] = {
	    {.name = "sha256", .kind = CAIRN_F_HEX, .min = CAIRN_SHA256_SIZE, .max = CAIRN_SHA256_SIZE},
	    {.name = "sha384", .kind = CAIRN_F_HEX, .min = CAIRN_SHA384_SIZE, .max = CAIRN_SHA384_SIZE},
	    {.name = "size", .kind = CAIRN_F_INT, .min = 1, .max = INT64_MAX},
	    {0},
	};

	return cairn_schema_check(v, members);
}

static enum cairn_status check_value(const json_t *v, const struct cairn_field *f)
{
	if (f->nullable && json_is_null(v))
		return CAIRN_OK;
	switch (f->kind) {
	case CAIRN_F_INT:
		return check_int(v, f);
	case CAIRN_F_BOOL:
		return json_is_boolean(v) ? CAIRN_OK : CAIRN_E_MALFORMED;
	case CAIRN_F_COMPONENT:
		return check_component(v);
	case CAIRN_F_OBJECT:
		return cairn_schema_check(v, f->sub);
	case CAIRN_F_ARRAY:
		return check_array(v, f);
	case CAIRN_F_MAP:
		return check_map(v, f);
	case CAIRN_F_ANY:
		return json_is_object(v) ? CAIRN_OK : CAIRN_E_MALFORMED;
	default:
		return check_string(v, f);
	}
}

static bool knows(const struct cairn_field *members, const char *key)
{
	for (; members->name != NULL; members++)
		if (strcmp(members->name, key) == 0)
			return true;
	return false;
}

static enum cairn_status check_known(const json_t *v, const struct cairn_field *members)
{
	json_t *obj = (json_t *)(uintptr_t)v;
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return CAIRN_E_MALFORMED;
	json_object_foreach(obj, key, value) if (!knows(members, key)) return CAIRN_E_UNSUPPORTED;
	return CAIRN_OK;
}

enum cairn_status cairn_schema_check(const json_t *v, const struct cairn_field *members)
{
	enum cairn_status st = check_known(v, members);

	for (const struct cairn_field *f = members; st == CAIRN_OK && f->name != NULL; f++) {
		const json_t *m = json_object_get(v, f->name);

		if (m != NULL)
			st = check_value(m, f);
		else if (!f->optional)
			st = CAIRN_E_MALFORMED;
	}
	return st;
}

const char *cairn_schema_str(const json_t *v, const char *member)
{
	const char *s = json_string_value(json_object_get(v, member));

	return s != NULL ? s : "";
}

uint64_t cairn_schema_int(const json_t *v, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(v, member));
}

struct cairn_digest cairn_schema_digest(enum cairn_alg alg, const json_t *v, const char *member)
{
	struct cairn_digest d = {0};
	enum cairn_status st = cairn_json_get_digest(&d, alg, v, member);

	return st == CAIRN_OK ? d : (struct cairn_digest){0};
}

struct cairn_component cairn_schema_component(const json_t *v, const char *member)
{
	const json_t *c = json_object_get(v, member);

	return (struct cairn_component){cairn_schema_digest(CAIRN_ALG_SHA256, c, "sha256"),
					cairn_schema_digest(CAIRN_ALG_SHA384, c, "sha384"),
					cairn_schema_int(c, "size")};
}

size_t cairn_schema_strs(const char **out, size_t max, const json_t *v, const char *member)
{
	const json_t *array = json_object_get(v, member);
	size_t count = json_array_size(array);

	for (size_t i = 0; i < count && i < max; i++)
		out[i] = json_string_value(json_array_get(array, i));
	return count < max ? count : max;
}

json_t *cairn_schema_text(const char *s)
{
	return json_string_nocheck(s != NULL ? s : "");
}

json_t *cairn_schema_number(uint64_t n)
{
	return json_integer(n <= INT64_MAX ? (json_int_t)n : -1);
}

static int by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

json_t *cairn_schema_texts(const char *const *in, size_t count, bool sorted)
{
	const char **order = calloc(count + 1, sizeof(*order));
	json_t *array = order != NULL ? json_array() : NULL;

	for (size_t i = 0; array != NULL && i < count; i++)
		order[i] = in[i] != NULL ? in[i] : "";
	if (array != NULL && sorted)
		qsort(order, count, sizeof(*order), by_bytes);
	for (size_t i = 0; array != NULL && i < count; i++)
		if (json_array_append_new(array, cairn_schema_text(order[i])) != 0)
			cairn_json_release(&array);
	free(order);
	return array;
}
