/* Events as JSON: the frame of each, and the data of simple types. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eventjson_internal.h"
#include "cairn/json.h"

/* ---- building --------------------------------------------------------------------------------------------------- */
void ej_put(struct ej *j, const char *member, json_t *value)
{
	if (json_object_set_new(j->object, member, value) != 0)
		j->failed = true;
}

void ej_string(struct ej *j, const char *member, const char *utf8)
{
	ej_put(j, member, utf8 ? json_string(utf8) : NULL);
}

void ej_number(struct ej *j, const char *member, uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX) {
		ej_put(j, member, json_integer((json_int_t)n));
		return;
	}
	(void)snprintf(text, sizeof text, "0x%" PRIx64, n);
	ej_string(j, member, text);
}

void ej_hex(struct ej *j, const char *member, struct cairn_span s)
{
	if (s.len > CAIRN_EVENT_JSON_HEX) {
		ej_number(j, "size", s.len);
		s.len = CAIRN_EVENT_JSON_HEX;
	}
	ej_put(j, member, cairn_json_hex(s));
}

void ej_utf8(struct ej *j, const char *member, struct cairn_span bytes)
{
	cairn_auto_buf struct cairn_buf text = {0};

	cairn_text_utf8(&text, bytes);
	ej_string(j, member, cairn_buf_str(&text));
}

void ej_utf16(struct ej *j, const char *member, struct cairn_span utf16le)
{
	cairn_auto_buf struct cairn_buf text = {0};

	cairn_text_utf16(&text, utf16le);
	ej_string(j, member, cairn_buf_str(&text));
}

void ej_guid(struct ej *j, const char *member, struct cairn_span guid)
{
	const char *name = cairn_guid_name(guid);
	char name_member[32];

	ej_string(j, member, cairn_guid_text(guid).text);
	(void)snprintf(name_member, sizeof name_member, "%s_name", member);
	if (name)
		ej_string(j, name_member, name);
}

void ej_path(struct ej *j, const char *member, struct cairn_span path)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = cairn_device_path_text(&text, path);

	if (s == CAIRN_OK) {
		ej_string(j, member, cairn_buf_str(&text));
		return;
	}
	struct ej bad = ej_child(j, member);
	ej_string(&bad, "malformed", cairn_status_text(s));
	ej_hex(&bad, "hex", path);
	ej_end(j, &bad);
}

struct ej ej_child(struct ej *j, const char *member)
{
	struct ej child = {.object = json_object(), .summary = j->summary};

	ej_put(j, member, child.object);
	return child;
}

struct ej ej_element(struct ej *j, json_t *array)
{
	struct ej child = {.object = json_object(), .summary = j->summary};

	if (json_array_append_new(array, child.object) != 0)
		j->failed = true;
	return child;
}

void ej_end(struct ej *parent, const struct ej *child)
{
	parent->failed |= child->failed;
}

void ej_say(struct ej *j, const char *utf8)
{
	if (j->summary && utf8)
		cairn_buf_add_str(j->summary, utf8);
}

void ej_say_fmt(struct ej *j, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	ej_say(j, text);
}

void ej_say_member(struct ej *j, const char *member)
{
	ej_say(j, json_string_value(json_object_get(j->object, member)));
}

/* ---- simple data ------------------------------------------------------------------------------------------------ */
static enum cairn_status separator(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_event_checked how;
	bool error = cairn_event_check_how(&how, ev) == CAIRN_OK && how.error;

	ej_string(j, "kind", "separator");
	ej_put(j, "error", json_boolean(error));
	ej_hex(j, "hex", ev->data);
	if (error)
		ej_say(j, "the firmware reports an error");
	else if (cairn_span_equal(ev->data, cairn_span("WBCL", 4)))
		ej_say(j, "end of Windows' log");
	else
		ej_say(j, "end of the firmware's measurements");
	return CAIRN_OK;
}

static void put_text(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_span t = cairn_span_chomp(ev->data);

	ej_string(j, "kind", "text");
	if (t.len > 1 && t.ptr[1] == 0)
		ej_utf16(j, "text", cairn_span_chomp16(ev->data));
	else
		ej_utf8(j, "text", t);
	ej_say_member(j, "text");
}

static enum cairn_status text(struct ej *j, const struct cairn_event *ev)
{
	put_text(j, ev);
	return CAIRN_OK;
}

bool ej_is_ascii(struct cairn_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	return s.len > 0;
}

void cairn_event_version_text(struct cairn_buf *out, struct cairn_span data)
{
	struct cairn_cur c = cairn_cur(data);
	struct cairn_span ascii = {.ptr = data.ptr};
	size_t n = 0;

	while (ascii.len < data.len && data.ptr[ascii.len] != 0)
		ascii.len++;
	if (ascii.len > 1 && ej_is_ascii(ascii)) {
		cairn_text_utf8(out, ascii);
	} else if (data.len == CAIRN_GUID_SIZE && data.ptr[1] != 0) {
		cairn_buf_add_str(out, cairn_guid_text(data).text);
	} else {
		while (cairn_cur_left(&c) >= 2 && cairn_cur_u16le(&c) != 0)
			n += 2;
		cairn_text_utf16(out, cairn_span(data.ptr, n));
	}
}

static enum cairn_status version(struct ej *j, const struct cairn_event *ev)
{
	cairn_auto_buf struct cairn_buf t = {0};

	cairn_event_version_text(&t, ev->data);
	ej_string(j, "kind", "version");
	ej_string(j, "text", cairn_buf_str(&t));
	ej_hex(j, "hex", ev->data);
	ej_say_member(j, "text");
	return CAIRN_OK;
}

void ej_bytes(struct ej *j, const struct cairn_event *ev)
{
	if (ej_is_ascii(cairn_span_chomp(ev->data))) {
		put_text(j, ev);
		return;
	}
	ej_string(j, "kind", ev->data.len ? "bytes" : "empty");
	if (ev->data.len > 0)
		ej_hex(j, "hex", ev->data);
}

/* EV_POST_CODE, EV_S_CRTM_CONTENTS: a text, or UEFI_PLATFORM_FIRMWARE_BLOB. PFP 1.06 r52, section 10.4.1. */
static enum cairn_status text_or_blob(struct ej *j, const struct cairn_event *ev)
{
	bool ascii = ej_is_ascii(cairn_span_chomp(ev->data));

	if (ascii || ej_blob(j, ev) != CAIRN_OK)
		ej_bytes(j, ev);
	return CAIRN_OK;
}

/* Types without a row are shown as bytes. */
static const struct {
	uint32_t type;
	ej_fn *fill;
} kinds[] = {
    {CAIRN_EV_NO_ACTION, ej_no_action},
    {CAIRN_EV_SEPARATOR, separator},
    {CAIRN_EV_ACTION, text},
    {CAIRN_EV_EFI_ACTION, text},
    {CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, text},
    {CAIRN_EV_EFI_HCRTM_EVENT, text},
    {CAIRN_EV_S_CRTM_VERSION, version},
    {CAIRN_EV_POST_CODE, text_or_blob},
    {CAIRN_EV_POST_CODE2, ej_blob2},
    {CAIRN_EV_S_CRTM_CONTENTS, text_or_blob},
    {CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB, text_or_blob},
    {CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB2, ej_blob2},
    {CAIRN_EV_EFI_HANDOFF_TABLES, ej_handoff},
    {CAIRN_EV_EFI_HANDOFF_TABLES2, ej_handoff2},
    {CAIRN_EV_EVENT_TAG, ej_event_tag},
    {CAIRN_EV_IPL, ej_ipl},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, ej_variable},
    {CAIRN_EV_EFI_VARIABLE_BOOT, ej_variable},
    {CAIRN_EV_EFI_VARIABLE_BOOT2, ej_variable},
    {CAIRN_EV_EFI_VARIABLE_AUTHORITY, ej_variable},
    {CAIRN_EV_EFI_SPDM_DEVICE_POLICY, ej_variable},
    {CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY, ej_variable},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB, ej_spdm},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG, ej_spdm},
    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, ej_image},
    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, ej_image},
    {CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, ej_image},
    {CAIRN_EV_EFI_GPT_EVENT, ej_gpt},
    {CAIRN_EV_EFI_GPT_EVENT2, ej_gpt},
    {CAIRN_EVTYPE_HASH_START, ej_txt},
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, ej_txt},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, ej_txt},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, ej_txt},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, ej_txt},
    {CAIRN_EVTYPE_NV_INFO_HASH, ej_txt},
    {CAIRN_EVTYPE_SLAUNCH, text},
};

static enum cairn_status fill(struct ej *j, const struct cairn_event *ev)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].type == ev->type)
			return kinds[i].fill(j, ev);
	ej_bytes(j, ev);
	return CAIRN_OK;
}

json_t *cairn_event_data_json(const struct cairn_event *ev, struct cairn_buf *summary)
{
	struct ej j = {.object = json_object(), .summary = summary};
	size_t before = summary ? summary->len : 0;
	enum cairn_status s = fill(&j, ev);

	if (s != CAIRN_OK) {
		json_object_clear(j.object);
		if (summary && !summary->failed)
			summary->len = before;
		ej_string(&j, "malformed", cairn_status_text(s));
		ej_hex(&j, "hex", ev->data);
		ej_say_fmt(&j, "malformed: %s", cairn_status_text(s));
	}
	if (j.failed) {
		json_decref(j.object);
		return NULL;
	}
	return j.object;
}

/* ---- the frame -------------------------------------------------------------------------------------------------- */
static json_t *digests(const struct cairn_event *ev)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ev->count; i++)
		(void)json_object_set_new(o, cairn_alg_name(ev->digest[i].alg),
					  cairn_json_hex(ev->digest[i].value));
	return o;
}

json_t *cairn_event_json(const struct cairn_event *ev)
{
	static const char *const checks[] = {"bare", "matches", "differs"};
	cairn_auto_buf struct cairn_buf summary = {0};
	struct cairn_event_checked how;
	json_t *data;
	const char *line;

	if (cairn_event_check_how(&how, ev) != CAIRN_OK)
		return NULL;
	data = cairn_event_data_json(ev, &summary);
	line = cairn_buf_str(&summary);
	return json_pack("{s:I, s:I, s:I, s:s, s:I, s:o, s:s, s:s, s:o, s:s}", "number",
			 (json_int_t)ev->number, "offset", (json_int_t)ev->offset, "pcr", (json_int_t)ev->pcr,
			 "type", cairn_event_type_name(ev->type), "type_number", (json_int_t)ev->type,
			 "digests", digests(ev), "check", checks[how.result], "rule", how.rule, "data", data,
			 "summary", line);
}
