/* Records of canonical event logs as JSON. */
#include "cairn/efi.h"
#include "cairn/eventjson.h"
#include "cairn/ima.h"
#include "core/cel_internal.h"
#include "core/showjson.h"

#define HEX_MAX CAIRN_EVENT_JSON_HEX

struct show {
	json_t *content;
	struct cairn_buf *line;
};

static void show_pcclient(struct show *s, const struct cairn_cel_record *r)
{
	struct cairn_event ev = {
	    .number = r->number, .pcr = r->index, .type = r->event_type, .data = r->data};
	const char *name = cairn_event_type_name(r->event_type);

	cairn_buf_add_fmt(s->line, "%s ", name);
	(void)json_object_set_new(s->content, "event_type", json_string(name));
	(void)json_object_set_new(s->content, "event_type_number", json_integer(r->event_type));
	(void)json_object_set_new(s->content, "data", cairn_event_data_json(&ev, s->line));
}

static void show_ima(struct show *s, const struct cairn_cel_record *r)
{
	struct cairn_ima_entry e;

	(void)json_object_set_new(s->content, "template", cairn_show_text(r->name));
	if (cairn_ima_entry_of(&e, r->name, r->data) == CAIRN_OK && e.known)
		(void)json_object_set_new(s->content, "fields", cairn_ima_fields_json(&e, s->line));
	else
		cairn_show_hex(s->content, r->data, HEX_MAX);
}

/* go-tpm-tools 0.4, cel/cos_tlv.go. */
static const char *cos_kind(uint32_t subtype)
{
	static const char *const kinds[] = {
	    "image_reference",	"image_digest",	  "restart_policy",    "image_id",
	    "argument",		"environment",	  "argument_override", "environment_override",
	    "launch_separator", "memory_monitor", "gpu_cc_mode"};

	return subtype < sizeof kinds / sizeof kinds[0] ? kinds[subtype] : "unknown";
}

static void show_cos(struct show *s, const struct cairn_cel_record *r)
{
	cairn_buf_add_fmt(s->line, "%s: ", cos_kind(r->subtype));
	cairn_text_utf8(s->line, r->data);
	(void)json_object_set_new(s->content, "kind", json_string(cos_kind(r->subtype)));
	(void)json_object_set_new(s->content, "text", cairn_show_text(r->data));
}

static void set_kind(struct show *s, const struct cairn_cel_record *r, const char *member)
{
	const json_t *kind = json_object_get(r->content, member);

	if (!json_is_string(kind))
		return;
	(void)json_object_set_new(
	    s->content, "kind",
	    cairn_show_text(cairn_span(json_string_value(kind), json_string_length(kind))));
}

static void show_systemd(struct show *s, const struct cairn_cel_record *r)
{
	set_kind(s, r, "eventType");
	(void)json_object_set_new(s->content, "text", cairn_show_text(r->data));
	cairn_text_utf8(s->line, r->data);
}

static void show_cairn(struct show *s, const struct cairn_cel_record *r)
{
	set_kind(s, r, "type");
	(void)json_object_set_new(s->content, "record", cairn_show_text(r->data));
	cairn_text_utf8(s->line, r->data);
}

static void show_other(struct show *s, const struct cairn_cel_record *r)
{
	cairn_auto_buf struct cairn_buf text = {0};

	if (r->content == NULL) {
		cairn_show_hex(s->content, r->value, HEX_MAX);
		cairn_buf_add_fmt(s->line, "%zu bytes", r->value.len);
	} else if ((json_is_object(r->content) || json_is_array(r->content)) &&
		   cairn_json_dump(&text, r->content) == CAIRN_OK) {
		if (text.len > HEX_MAX)
			text.len = HEX_MAX;
		(void)json_object_set_new(s->content, "json", cairn_show_text(cairn_buf_span(&text)));
		cairn_text_utf8(s->line, cairn_buf_span(&text));
	}
}

static void show_content(struct show *s, const struct cairn_cel_record *r)
{
	static void (*const shows[])(struct show *, const struct cairn_cel_record *) = {
	    [CAIRN_CEL_OTHER] = show_other,	  [CAIRN_CEL_MANAGEMENT] = show_other,
	    [CAIRN_CEL_PCCLIENT] = show_pcclient, [CAIRN_CEL_IMA_TEMPLATE] = show_ima,
	    [CAIRN_CEL_IMA_TLV] = show_other,	  [CAIRN_CEL_SYSTEMD] = show_systemd,
	    [CAIRN_CEL_COS] = show_cos,		  [CAIRN_CEL_CAIRN] = show_cairn,
	    [CAIRN_CEL_TSS2] = show_other,
	};

	(r->readable ? shows[r->type] : show_other)(s, r);
}

static json_t *show_type(const struct cairn_cel_record *r)
{
	if (r->type_name)
		return cairn_show_text(cairn_span_str(r->type_name));
	return r->type_number ? json_integer(r->type_number) : json_null();
}

json_t *cairn_cel_record_json(const struct cairn_cel_record *r)
{
	static const char *const checks[] = {"bare", "matches", "differs"};
	static const char *const registers[] = {"pcr", "nv_index", "register"};
	cairn_auto_buf struct cairn_buf line = {0};
	enum cairn_event_check check;
	enum cairn_status s = cairn_cel_check(&check, r);
	struct show show = {.line = &line};
	json_t *o;

	if (s == CAIRN_E_UNSUPPORTED)
		check = CAIRN_EVENT_UNCHECKED;
	else if (s != CAIRN_OK)
		return NULL;
	show.content = json_object();
	show_content(&show, r);
	o = json_pack("{s:I, s:I, s:o, s:o, s:s, s:o, s:s}", "number", (json_int_t)r->number,
		      registers[r->reg], (json_int_t)r->index, "type", show_type(r), "digests",
		      cairn_show_digests(r->digest, r->count), "check", checks[check], "content",
		      show.content, "summary", cairn_buf_str(&line));
	if (o && r->numbered)
		(void)json_object_set_new(o, "recnum", json_integer((json_int_t)(r->recnum & INT64_MAX)));
	if (o && r->unknown > 0)
		(void)json_object_set_new(o, "unknown_digests", json_integer((json_int_t)r->unknown));
	return o;
}
