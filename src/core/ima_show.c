/* Entries of IMA as JSON. */
#include <string.h>

#include "cairn/efi.h"
#include "core/ima_internal.h"
#include "core/showjson.h"

#define SIG_HEADER                                                                                           \
	7 /* struct signature_v2_hdr: type, version, hash_algo, keyid; security/integrity/integrity.h */

static void show_digest(json_t *o, const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	struct cairn_ima_digest d = {0};

	if (!cairn_ima_digest_read(&d, e, f)) /* empty, where it may be */
		return;
	if (d.type)
		(void)json_object_set_new(o, "type", json_string(d.type));
	if (d.alg)
		(void)json_object_set_new(o, "alg", json_string(d.alg));
	(void)json_object_set_new(o, "digest", cairn_json_hex(cairn_span(d.bytes, d.size)));
}

static void show_name(json_t *o, const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	size_t nul = e->form == CAIRN_IMA_BINARY && !e->old && f->value.len > 0;

	(void)json_object_set_new(o, "text", cairn_show_text(cairn_span(f->value.ptr, f->value.len - nul)));
}

static void show_number(json_t *o, const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	uint64_t v = 0;

	if (f->value.len == 0)
		return;
	for (size_t i = 0; i < f->value.len; i++)
		v = e->form == CAIRN_IMA_ASCII ? v * 10 + (uint64_t)(f->value.ptr[i] - '0')
					       : v | (uint64_t)f->value.ptr[i] << (8 * i);
	(void)json_object_set_new(o, "number", json_integer((json_int_t)v));
}

/* Which key signed, by the header that the kernel's signatures have. */
static void show_keyid(json_t *o, struct cairn_span sig)
{
	bool known = sig.len > SIG_HEADER && (sig.ptr[0] == 3 || sig.ptr[0] == 5 || sig.ptr[0] == 6) &&
		     (sig.ptr[1] == 2 || sig.ptr[1] == 3);

	if (known)
		(void)json_object_set_new(o, "keyid", cairn_json_hex(cairn_span(sig.ptr + 3, 4)));
}

static void show_bytes(json_t *o, const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	uint8_t start[CAIRN_IMA_JSON_HEX];
	struct cairn_span bytes = f->value;
	size_t len = 0, digits = bytes.len < 2 * sizeof start ? bytes.len : 2 * sizeof start;

	if (e->form == CAIRN_IMA_ASCII) {
		cairn_ima_unhex(start, &len, sizeof start, cairn_span(bytes.ptr, digits));
		(void)json_object_set_new(o, "size", json_integer((json_int_t)(bytes.len / 2)));
		(void)json_object_set_new(o, "hex", cairn_json_hex(cairn_span(start, len)));
		bytes = cairn_span(start, len);
	} else {
		cairn_show_hex(o, bytes, CAIRN_IMA_JSON_HEX);
	}
	if (strcmp(f->id, "sig") == 0 || strcmp(f->id, "evmsig") == 0)
		show_keyid(o, bytes);
}

static json_t *show_field(const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	json_t *o = json_pack("{s:s}", "id", f->id);

	switch (f->syntax) {
	case CAIRN_IMA_DIGEST:
	case CAIRN_IMA_DIGEST_NG:
	case CAIRN_IMA_DIGEST_NGV2:
		show_digest(o, e, f);
		break;
	case CAIRN_IMA_NAME:
		show_name(o, e, f);
		break;
	case CAIRN_IMA_U32:
	case CAIRN_IMA_U16:
		show_number(o, e, f);
		break;
	case CAIRN_IMA_BYTES:
	case CAIRN_IMA_LENGTHS:
		show_bytes(o, e, f);
		break;
	}
	return o;
}

static void say(struct cairn_buf *line, const struct cairn_ima_entry *e)
{
	if (!e->known) {
		cairn_buf_add_fmt(line, "unknown template, %zu bytes", e->data.len);
		return;
	}
	if (e->violation)
		cairn_buf_add_str(line, "violation: ");
	cairn_text_utf8(line, e->path);
	if (e->file.size == 0 || e->violation)
		return;
	cairn_buf_add_fmt(line, "%s%s%s%s%s", e->path.len ? " " : "", e->file.type ? e->file.type : "",
			  e->file.type ? ":" : "", e->file.alg ? e->file.alg : "", e->file.alg ? ":" : "");
	cairn_hex_encode(line, cairn_span(e->file.bytes, e->file.size));
}

json_t *cairn_ima_fields_json(const struct cairn_ima_entry *e, struct cairn_buf *summary)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < e->count; i++)
		(void)json_array_append_new(fields, show_field(e, &e->field[i]));
	say(summary, e);
	return fields;
}

json_t *cairn_ima_entry_json(const struct cairn_ima_entry *e)
{
	cairn_auto_buf struct cairn_buf summary = {0};
	enum cairn_ima_check check;
	json_t *o, *fields, *data;

	if (cairn_ima_check(&check, e) != CAIRN_OK)
		return NULL;
	fields = cairn_ima_fields_json(e, &summary);
	o = json_pack("{s:I, s:I, s:I, s:o, s:o, s:s, s:o, s:s}", "number", (json_int_t)e->number, "offset",
		      (json_int_t)e->offset, "pcr", (json_int_t)e->pcr, "template", cairn_show_text(e->name),
		      "digests", cairn_show_digests(&e->digest, 1), "check", cairn_ima_check_name(check),
		      "fields", fields, "summary", cairn_buf_str(&summary));
	if (o && cairn_ima_is_boot_aggregate(e))
		(void)json_object_set_new(o, "boot_aggregate", json_true());
	if (o && !e->known) {
		data = json_object();
		cairn_show_hex(data, e->data, CAIRN_IMA_JSON_HEX);
		(void)json_object_del(o, "fields");
		(void)json_object_set_new(o, "data", data);
	}
	return o;
}
