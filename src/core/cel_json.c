/* Records of canonical event logs in JSON. The text is hostile: it is cut into its values by one pass without recursion,
 * and cairn_json_parse bounds the depth of each before jansson sees it. */
#include <string.h>
#include <strings.h>

#include "core/cel_internal.h"

/* ---- values of the text
 * ------------------------------------------------------------------------------------------ */

bool cairn_cel_is_gap(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0x1e; /* RS: RFC 7464 */
}

/* The length of the object or array that rest begins with. */
static enum cairn_status value_length(size_t *len, struct cairn_span rest)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < rest.len; i++) {
		uint8_t c = rest.ptr[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && --depth == 0) {
			*len = i + 1;
			return CAIRN_OK;
		}
	}
	return CAIRN_E_TRUNCATED;
}

/* A record, or an array of them. */
static enum cairn_status add_value(json_t *records, struct cairn_span text)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status s = cairn_json_parse(&v, text);
	int failed;

	if (s != CAIRN_OK)
		return s;
	failed = json_is_array(v) ? json_array_extend(records, v) : json_array_append(records, v);
	return failed ? CAIRN_E_NOMEM : CAIRN_OK;
}

enum cairn_status cairn_cel_load_json(struct cairn_cel *log)
{
	struct cairn_cur c = cairn_cur(log->bytes);
	enum cairn_status s = CAIRN_OK;

	log->records = json_array();
	while (s == CAIRN_OK && cairn_cur_left(&c) > 0) {
		struct cairn_span rest = cairn_cur_peek(c);
		size_t len = 1;

		if (cairn_cel_is_gap(rest.ptr[0])) {
			(void)cairn_cur_bytes(&c, len);
			continue;
		}
		if (rest.ptr[0] != '{' && rest.ptr[0] != '[')
			return CAIRN_E_MALFORMED;
		s = value_length(&len, rest);
		if (s == CAIRN_OK)
			s = add_value(log->records, cairn_cur_bytes(&c, len));
	}
	return s;
}

/* ---- members of a record
 * ---------------------------------------------------------------------------------------- */

/* In either case; 16 or more for what is no digit. */
static unsigned hex_value(char c)
{
	return (unsigned)cairn_hex_digit((uint8_t)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
}

/* Appends the bytes of hex in either case. */
static enum cairn_status add_hex(struct cairn_buf *out, const char *hex)
{
	for (; *hex != 0; hex += 2) {
		unsigned high = hex_value(hex[0]), low = hex_value(hex[1]);

		if (high > 15 || low > 15)
			return CAIRN_E_MALFORMED;
		cairn_buf_add_u8(out, (uint8_t)(high << 4 | low));
	}
	return cairn_buf_status(out);
}

static bool is_u32(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= UINT32_MAX;
}

static enum cairn_status read_recnum(struct cairn_cel_record *r, const json_t *v)
{
	const json_t *recnum = json_object_get(v, "recnum");

	if (recnum == NULL)
		return CAIRN_OK;
	r->numbered = true;
	return cairn_json_get_u64(&r->recnum, v, "recnum");
}

static enum cairn_status read_register(struct cairn_cel_record *r, const json_t *v)
{
	const json_t *pcr = json_object_get(v, "pcr"), *nv = json_object_get(v, "nv_index");

	if ((pcr == NULL) == (nv == NULL))
		return CAIRN_E_MALFORMED;
	if (!is_u32(pcr ? pcr : nv))
		return CAIRN_E_MALFORMED;
	r->reg = pcr ? CAIRN_CEL_PCR : CAIRN_CEL_NV;
	r->index = (uint32_t)json_integer_value(pcr ? pcr : nv);
	return CAIRN_OK;
}

/* All of the text, as a number of 32 bits. */
static bool read_number(uint32_t *out, const char *text, unsigned base)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; text[i] != 0 && v <= UINT32_MAX; i++) {
		unsigned digit = hex_value(text[i]);

		if (digit >= base)
			return false;
		v = v * base + digit;
	}
	*out = (uint32_t)v;
	return i > 0 && v <= UINT32_MAX;
}

/* "sha256", "SHA256", "sm3-256", "0x000B", 11. */
static uint64_t read_alg(const json_t *v)
{
	static const enum cairn_alg known[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					       CAIRN_ALG_SHA512, CAIRN_ALG_SM3_256};
	const char *name = json_string_value(v);
	uint32_t number;

	if (json_is_integer(v))
		return (uint64_t)json_integer_value(v);
	if (strncmp(name, "0x", 2) == 0 && read_number(&number, name + 2, 16))
		return number;
	if (strcasecmp(name, "sm3-256") == 0)
		return CAIRN_ALG_SM3_256;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcasecmp(name, cairn_alg_name(known[i])) == 0)
			return known[i];
	return CAIRN_ALG_NONE;
}

static enum cairn_status read_digest(struct cairn_cel *log, struct cairn_cel_record *r, const json_t *v)
{
	const json_t *alg = json_object_get(v, "hashAlg");
	const char *hex = json_string_value(json_object_get(v, "digest"));

	if (hex == NULL)
		return CAIRN_E_MALFORMED;
	if (!json_is_string(alg) && !json_is_integer(alg))
		return CAIRN_E_MALFORMED;
	log->data.len = 0;
	enum cairn_status s = add_hex(&log->data, hex);
	if (s != CAIRN_OK)
		return s;
	return cairn_cel_add_digest(r, read_alg(alg), cairn_buf_span(&log->data));
}

/* What is no array has no digests, and a record without one is refused. */
static enum cairn_status read_digests(struct cairn_cel *log, struct cairn_cel_record *r, const json_t *v)
{
	const json_t *digests = json_object_get(v, "digests");
	enum cairn_status s = CAIRN_OK;

	for (size_t i = 0; s == CAIRN_OK && i < json_array_size(digests); i++)
		s = read_digest(log, r, json_array_get(digests, i));
	return s;
}

/* ---- contents
 * --------------------------------------------------------------------------------------------------- */

/* The bytes of a member that is hex; .readable says whether there is one. */
static enum cairn_status read_hex(struct cairn_cel *log, struct cairn_cel_record *r, const char *member)
{
	const char *hex = json_string_value(json_object_get(r->content, member));

	r->readable = hex != NULL;
	if (hex == NULL)
		return CAIRN_OK;
	enum cairn_status s = add_hex(&log->data, hex);
	if (s == CAIRN_OK)
		r->data = cairn_buf_span(&log->data);
	return s;
}

static void read_text(struct cairn_cel_record *r, const char *member)
{
	const json_t *text = json_object_get(r->content, member);

	r->readable = json_is_string(text);
	if (r->readable)
		r->data = cairn_span(json_string_value(text), json_string_length(text));
	r->hashed = r->data;
}

/* Names are many and logs are short: the numbers that have one are tried. */
static bool type_by_name(uint32_t *out, const char *name)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0, 0x1f}, {0x400, 0x50f}, {0x80000000, 0x800000ff}};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		for (uint32_t t = ranges[i].first; t <= ranges[i].last; t++) {
			if (strcasecmp(cairn_event_type_name(t), name) == 0) {
				*out = t;
				return strcmp(name, "unknown") != 0;
			}
		}
	}
	return false;
}

/* "EV_SEPARATOR", 4, "4". */
static bool read_event_type(uint32_t *out, const json_t *v)
{
	const char *name = json_string_value(v);

	if (is_u32(v)) {
		*out = (uint32_t)json_integer_value(v);
		return true;
	}
	if (name == NULL)
		return false;
	return read_number(out, name, 10) || type_by_name(out, name);
}

static enum cairn_status read_pcclient(struct cairn_cel *log, struct cairn_cel_record *r)
{
	enum cairn_status s = read_hex(log, r, "event_data");
	bool typed = read_event_type(&r->event_type, json_object_get(r->content, "event_type"));

	r->readable = r->readable && typed;
	return s;
}

static enum cairn_status read_ima_template(struct cairn_cel *log, struct cairn_cel_record *r)
{
	const json_t *name = json_object_get(r->content, "template_name");
	const char *member =
	    json_object_get(r->content, "template_value") ? "template_value" : "template_data";

	if (json_is_string(name))
		r->name = cairn_span(json_string_value(name), json_string_length(name));
	return read_hex(log, r, member);
}

static enum cairn_status read_tss2(struct cairn_cel *log, struct cairn_cel_record *r)
{
	enum cairn_status s = read_hex(log, r, "data");

	r->hashed = r->data;
	return s;
}

/* systemd logs a text that is safe to show: escaped as in C and cut with dots where the data was otherwise. Of
 * a volume's key it hashes the text under that key. */
static void read_systemd(struct cairn_cel_record *r)
{
	const char *type = json_string_value(json_object_get(r->content, "eventType"));
	struct cairn_span text;

	read_text(r, "string");
	text = r->data;
	r->excused = type && (strcmp(type, "volume-key") == 0 || strcmp(type, "nvpcr-init") == 0);
	if (text.len > 0 && memchr(text.ptr, '\\', text.len) != NULL)
		r->excused = true;
	if (text.len > 3 && memcmp(text.ptr + text.len - 3, "...", 3) == 0)
		r->excused = true;
}

static enum cairn_status read_content(struct cairn_cel *log, struct cairn_cel_record *r)
{
	switch (r->type) {
	case CAIRN_CEL_PCCLIENT:
		return read_pcclient(log, r);
	case CAIRN_CEL_IMA_TEMPLATE:
		return read_ima_template(log, r);
	case CAIRN_CEL_SYSTEMD:
		read_systemd(r);
		break;
	case CAIRN_CEL_CAIRN:
		read_text(r, "record");
		break;
	case CAIRN_CEL_TSS2:
		return read_tss2(log, r);
	case CAIRN_CEL_OTHER:
	case CAIRN_CEL_MANAGEMENT:
	case CAIRN_CEL_IMA_TLV:
	case CAIRN_CEL_COS:
		break;
	}
	return CAIRN_OK;
}

static enum cairn_status read_type(struct cairn_cel_record *r, const json_t *v)
{
	const json_t *type = json_object_get(v, "content_type");
	const struct cairn_cel_type_row *row = NULL;

	if (type == NULL)
		return CAIRN_OK;
	if (!json_is_string(type) && !is_u32(type))
		return CAIRN_E_MALFORMED;
	if (json_is_string(type))
		row = cairn_cel_type_by_name(json_string_value(type));
	else
		row = cairn_cel_type_by_number((uint64_t)json_integer_value(type));
	r->type = row ? row->type : CAIRN_CEL_OTHER;
	r->type_name = row ? row->name : json_string_value(type);
	r->type_number = row ? row->number : 0;
	return CAIRN_OK;
}

enum cairn_status cairn_cel_read_json(struct cairn_cel *log, struct cairn_cel_record *r)
{
	const json_t *v = json_array_get(log->records, log->number);
	enum cairn_status s = read_recnum(r, v);

	if (s == CAIRN_OK)
		s = read_register(r, v);
	if (s == CAIRN_OK)
		s = read_digests(log, r, v);
	if (s == CAIRN_OK)
		s = read_type(r, v);
	if (s != CAIRN_OK)
		return s;
	r->content = json_object_get(v, "content");
	log->data.len = 0;
	return read_content(log, r);
}
