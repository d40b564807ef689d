/* The denied list; see cairn/ekdenied.h. */
#include "cairn/ekdenied.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cairn/json.h"
#include "keys/ek.h"

struct row {
	const char *id, *model, *text, *source; /* borrow from the document */
	char advisory[128];
	uint32_t maker;
	bool has_range;
	uint64_t first, last;
	bool deny, deny_made;
};

struct cairn_ekdenied {
	json_t *doc;
	size_t count;
	struct row row[];
};

/* The list that is shipped, which the assembler takes in as it is. */
__asm__(".section .rodata\n"
	"cairn_ekdenied_start:\n"
	".incbin \"keys/ek-denied.json\"\n"
	"cairn_ekdenied_end:\n"
	".previous\n");
extern const uint8_t cairn_ekdenied_start[], cairn_ekdenied_end[];

/* ---- values
 * ---------------------------------------------------------------------------------------------------------- */

static enum cairn_status maker_of(uint32_t *out, const char *text)
{
	size_t len = strlen(text);
	uint8_t b[4] = {0};
	if (len == 8 && cairn_hex_decode_into(b, sizeof b, text))
		return CAIRN_E_MALFORMED;
	if (len != 8 && (len == 0 || len > 4))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; len != 8 && i < len; i++)
		b[i] = (uint8_t)text[i];
	*out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return CAIRN_OK;
}

/* "7.62": four numbers of 16 bits, those that are left out being fill. */
static enum cairn_status version_of(uint64_t *out, const char *text, uint16_t fill)
{
	uint64_t v = 0;
	unsigned parts = 0;
	for (const char *p = text;; p++, parts++) {
		unsigned n = 0, digits = 0;
		for (; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
			n = 10 * n + (unsigned)(*p - '0');
		if (digits == 0 || n > 0xffff || parts == 4)
			return CAIRN_E_MALFORMED;
		v = v << 16 | n;
		if (*p == 0)
			break;
		if (*p != '.')
			return CAIRN_E_MALFORMED;
	}
	for (parts++; parts < 4; parts++)
		v = v << 16 | fill;
	*out = v;
	return CAIRN_OK;
}

static enum cairn_status range_of(struct row *r, const json_t *range)
{
	const char *first = json_string_value(json_array_get(range, 0));
	const char *last = json_string_value(json_array_get(range, 1));
	if (json_array_size(range) != 2 || !first || !last)
		return CAIRN_E_MALFORMED;
	enum cairn_status st = version_of(&r->first, first, 0);
	if (!st)
		st = version_of(&r->last, last, 0xffff);
	if (!st && r->first > r->last)
		st = CAIRN_E_MALFORMED;
	r->has_range = true;
	return st;
}

static enum cairn_status action_of(bool *deny, const json_t *v, const char *member)
{
	const char *text = NULL;
	enum cairn_status st = cairn_json_get_str(&text, v, member);
	if (st)
		return st;
	*deny = strcmp(text, "deny") == 0;
	return *deny || strcmp(text, "warn") == 0 ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status advisories_of(struct row *r, const json_t *v)
{
	json_t *list = NULL, *item;
	size_t i, len = 0;
	enum cairn_status st = cairn_json_get_arr(&list, v, "advisory");
	if (st)
		return st;
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		if (!text)
			return CAIRN_E_MALFORMED;
		int n = snprintf(r->advisory + len, sizeof r->advisory - len, "%s%s", len ? " " : "", text);
		if ((size_t)n >= sizeof r->advisory - len)
			return CAIRN_E_LIMIT;
		len += (size_t)n;
	}
	return CAIRN_OK;
}

/* ---- rows
 * ------------------------------------------------------------------------------------------------------------ */

static enum cairn_status read_row(struct row *r, const json_t *v)
{
	static const char *const members[] = {"id",   "maker",	  "model", "firmware", "action",
					      "made", "advisory", "text",  "source",   NULL};
	const char *maker = NULL;
	const json_t *range = json_object_get(v, "firmware");
	enum cairn_status st = cairn_json_only(v, members);
	if (!st)
		st = cairn_json_get_str(&r->id, v, "id");
	if (!st)
		st = cairn_json_get_str(&maker, v, "maker");
	if (!st)
		st = maker_of(&r->maker, maker);
	r->model = "";
	if (!st && json_object_get(v, "model"))
		st = cairn_json_get_str(&r->model, v, "model");
	if (!st && range)
		st = range_of(r, range);
	if (!st)
		st = action_of(&r->deny, v, "action");
	if (!st)
		st = action_of(&r->deny_made, v, "made");
	if (!st)
		st = advisories_of(r, v);
	if (!st)
		st = cairn_json_get_str(&r->text, v, "text");
	return st ? st : cairn_json_get_str(&r->source, v, "source");
}

static bool is_there(const struct cairn_ekdenied *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(d->row[i].id, d->row[n].id) == 0)
			return true;
	return false;
}

static enum cairn_status read_rows(struct cairn_ekdenied *d, const json_t *rows, struct cairn_buf *why)
{
	for (; d->count < json_array_size(rows); d->count++) {
		enum cairn_status st = read_row(&d->row[d->count], json_array_get(rows, d->count));
		if (!st && is_there(d, d->count))
			st = CAIRN_E_MALFORMED;
		if (st) {
			if (why)
				cairn_buf_add_fmt(why, "row %zu of the denied list: %s", d->count + 1,
						  cairn_status_text(st));
			return st;
		}
	}
	return CAIRN_OK;
}

static enum cairn_status read_document(json_t **rows, const json_t *doc)
{
	static const char *const members[] = {"format", "version", "rows", NULL};
	enum cairn_status st = cairn_json_format(doc, "cairn-ek-denied", 1);
	if (!st)
		st = cairn_json_only(doc, members);
	if (!st)
		st = cairn_json_get_arr(rows, doc, "rows");
	return !st && json_array_size(*rows) > CAIRN_DENIED_ROWS_MAX ? CAIRN_E_LIMIT : st;
}

enum cairn_status cairn_ekdenied_parse(struct cairn_ekdenied **out, struct cairn_span text,
				       struct cairn_buf *why)
{
	cairn_auto_json json_t *doc = NULL;
	json_t *rows = NULL;
	enum cairn_status st =
	    text.len > CAIRN_DENIED_SIZE_MAX ? CAIRN_E_LIMIT : cairn_json_parse(&doc, text);
	if (!st)
		st = read_document(&rows, doc);
	if (st) {
		if (why)
			cairn_buf_add_fmt(why, "the denied list: %s", cairn_status_text(st));
		return st;
	}
	struct cairn_ekdenied *d = calloc(1, sizeof *d + json_array_size(rows) * sizeof(struct row));
	if (!d)
		return CAIRN_E_NOMEM;
	d->doc = json_incref(doc);
	st = read_rows(d, rows, why);
	if (st) {
		cairn_ekdenied_free(d);
		return st;
	}
	*out = d;
	return CAIRN_OK;
}

enum cairn_status cairn_ekdenied_load(struct cairn_ekdenied **out, const char *path, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf file = {0};
	struct cairn_span text =
	    cairn_span(cairn_ekdenied_start, (size_t)(cairn_ekdenied_end - cairn_ekdenied_start));
	if (path) {
		enum cairn_status st = cairn_file_read(&file, path, CAIRN_DENIED_SIZE_MAX);
		if (st) {
			if (why)
				cairn_buf_add_fmt(why, "%s: %s", path, cairn_status_text(st));
			return st;
		}
		text = cairn_buf_span(&file);
	}
	cairn_auto_buf struct cairn_buf said = {0};
	enum cairn_status st = cairn_ekdenied_parse(out, text, &said);
	if (st && why)
		cairn_buf_add_fmt(why, "%s: %s", path ? path : "built in", cairn_buf_str(&said));
	return st;
}

void cairn_ekdenied_free(struct cairn_ekdenied *d)
{
	if (!d)
		return;
	json_decref(d->doc);
	free(d);
}

size_t cairn_ekdenied_count(const struct cairn_ekdenied *d)
{
	return d->count;
}

/* ---- judging
 * -------------------------------------------------------------------------------------------------------- */

static bool in_range(const struct row *r, const uint64_t *version)
{
	return version && *version >= r->first && *version <= r->last;
}

static bool speaks_of(const struct row *r, const struct cairn_ekdenied_tpm *tpm)
{
	if (!tpm->has_maker || !cairn_maker_equal(r->maker, tpm->maker))
		return false;
	if (strncasecmp(tpm->model, r->model, strlen(r->model)) != 0)
		return false;
	return !r->has_range || in_range(r, tpm->now ? tpm->now : tpm->made);
}

bool cairn_ekdenied_next(struct cairn_ekdenied_hit *out, const struct cairn_ekdenied *d, size_t *at,
			 const struct cairn_ekdenied_tpm *tpm)
{
	for (; d && *at < d->count; ++*at) {
		const struct row *r = &d->row[*at];
		if (!speaks_of(r, tpm))
			continue;
		bool present = r->has_range && tpm->now;
		*out = (struct cairn_ekdenied_hit){.id = r->id,
						   .advisory = r->advisory,
						   .text = r->text,
						   .source = r->source,
						   .deny = present ? r->deny : r->deny_made,
						   .present = present};
		++*at;
		return true;
	}
	return false;
}
