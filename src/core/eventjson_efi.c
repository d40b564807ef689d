/* EFI structures of events as JSON: variables with keys and boot options, images, blobs, tables, partitions. */
#include <inttypes.h>
#include <openssl/x509.h>
#include <string.h>

#include "eventjson_internal.h"

/* ---- signatures ------------------------------------------------------------------------------------------------- */
/* The names of a certificate that OpenSSL has read are texts that it can convert: it has done so to compare them. */
static void put_asn1(struct cairn_buf *out, const ASN1_STRING *s)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, s);

	if (n > 0)
		cairn_text_utf8(out, cairn_span(utf8, (size_t)n));
	OPENSSL_free(utf8);
}

static void put_name(struct cairn_buf *out, const X509_NAME *name)
{
	int i = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	char line[256] = "";

	if (i >= 0) {
		put_asn1(out, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
		return;
	}
	(void)X509_NAME_oneline(name, line, sizeof line);
	cairn_text_utf8(out, cairn_span_str(line));
}

bool cairn_certificate_subject(struct cairn_buf *out, struct cairn_span der)
{
	const unsigned char *p = der.ptr;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	if (!cert)
		return false;
	put_name(out, X509_get_subject_name(cert));
	X509_free(cert);
	return true;
}

static void certificate(struct ej *j, struct cairn_span der)
{
	cairn_auto_buf struct cairn_buf subject = {0};
	struct cairn_digest d;

	ej_number(j, "size", der.len);
	if (cairn_hash(&d, CAIRN_ALG_SHA256, der) == CAIRN_OK)
		ej_string(j, "sha256", cairn_digest_hex(&d).text);
	else
		j->failed = true;
	if (cairn_certificate_subject(&subject, der))
		ej_string(j, "subject", cairn_buf_str(&subject));
}

void ej_signature(struct ej *j, const struct cairn_efi_signature *sig)
{
	const char *name = cairn_efi_signature_type_name(sig->type);

	ej_string(j, "type", name ? name : cairn_guid_text(sig->type).text);
	ej_guid(j, "owner", sig->owner);
	if (cairn_guid_is(sig->type, CAIRN_GUID_CERT_X509))
		certificate(j, sig->data);
	else
		ej_hex(j, "hex", sig->data);
}

static enum cairn_status signatures(struct ej *j, struct cairn_span data)
{
	struct cairn_efi_signatures it = cairn_efi_signatures(data);
	struct cairn_efi_signature sig;
	json_t *all = json_array();
	size_t count = 0;

	ej_put(j, "signatures", all);
	while (!j->failed && cairn_efi_signature_next(&it, &sig)) {
		struct ej one = ej_element(j, all);

		ej_signature(&one, &sig);
		ej_end(j, &one);
		count++;
	}
	if (it.lists.status != CAIRN_OK)
		return it.lists.status;
	ej_say_fmt(j, ": %zu %s", count, count == 1 ? "signature" : "signatures");
	return CAIRN_OK;
}

/* ---- variables -------------------------------------------------------------------------------------------------- */
static enum cairn_status boolean(struct ej *j, struct cairn_span data)
{
	if (data.len > 1 || (data.len == 1 && data.ptr[0] > 1))
		return CAIRN_E_MALFORMED;
	ej_put(j, "boolean", data.len == 0 ? json_null() : json_boolean(data.ptr[0]));
	ej_say(j, data.len == 0 ? ": not there" : data.ptr[0] ? ": on" : ": off");
	return CAIRN_OK;
}

static enum cairn_status boot_order(struct ej *j, struct cairn_span data)
{
	struct cairn_cur c = cairn_cur(data);
	json_t *all = json_array();

	ej_put(j, "boot_order", all);
	ej_say(j, ":");
	while (cairn_cur_left(&c) > 0) {
		uint16_t n = cairn_cur_u16le(&c);

		if (!cairn_cur_ok(&c))
			return c.status;
		if (json_array_append_new(all, json_integer(n)) != 0)
			j->failed = true;
		ej_say_fmt(j, " %04X", n);
	}
	return CAIRN_OK;
}

/* LOAD_OPTION_*: UEFI 2.10, section 3.1.3. */
#define OPTION_ACTIVE 0x1u
#define OPTION_HIDDEN 0x8u

/* ASCII, in units of two bytes. */
static bool is_wide_ascii(struct cairn_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (i % 2 ? s.ptr[i] != 0 : s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	return s.len > 0 && s.len % 2 == 0;
}

/* What the loader is handed: a command line of either width, or the firmware's own bytes. Any two of those would make
 * some character of some script, so that only ASCII counts as text. */
static void optional_data(struct ej *j, struct cairn_span data)
{
	struct cairn_span wide = cairn_span_chomp16(data), narrow = cairn_span_chomp(data);

	ej_hex(j, "optional_hex", data);
	if (is_wide_ascii(wide))
		ej_utf16(j, "optional_text", wide);
	else if (ej_is_ascii(narrow))
		ej_utf8(j, "optional_text", narrow);
}

static enum cairn_status boot_option(struct ej *j, struct cairn_span data)
{
	struct cairn_efi_load_option o;
	enum cairn_status s = cairn_efi_load_option_read(&o, data);

	if (s != CAIRN_OK)
		return s;
	struct ej c = ej_child(j, "option");
	ej_utf16(&c, "description", o.description);
	ej_put(&c, "active", json_boolean(o.attributes & OPTION_ACTIVE));
	ej_put(&c, "hidden", json_boolean(o.attributes & OPTION_HIDDEN));
	ej_path(&c, "path", o.path);
	optional_data(&c, o.optional);
	ej_say(j, ": ");
	ej_say_member(&c, "description");
	ej_say(j, " ");
	ej_say_member(&c, "path");
	if (o.optional.len > 0)
		ej_say(j, ", with optional data");
	ej_end(j, &c);
	return CAIRN_OK;
}

/* The certificate or digest that an image was accepted by: EFI_SIGNATURE_DATA of db; what shim trusts without owner. */
static enum cairn_status authority(struct ej *j, struct cairn_span data)
{
	cairn_auto_buf struct cairn_buf subject = {0};
	struct cairn_span der = data;
	struct cairn_efi_signature sig = {0};

	if (!cairn_certificate_subject(&subject, der) && data.len > CAIRN_GUID_SIZE) {
		sig.owner = cairn_span(data.ptr, CAIRN_GUID_SIZE);
		der = cairn_span(data.ptr + CAIRN_GUID_SIZE, data.len - CAIRN_GUID_SIZE);
		(void)cairn_certificate_subject(&subject, der);
	}
	if (subject.len == 0)
		return CAIRN_E_UNSUPPORTED; /* another thing: SbatLevel, MokListTrusted, a digest */
	if (sig.owner.len > 0)
		ej_guid(j, "owner", sig.owner);
	certificate(j, der);
	ej_say(j, ": ");
	ej_say_member(j, "subject");
	return CAIRN_OK;
}

static enum cairn_status sbat(struct ej *j, struct cairn_span data)
{
	ej_utf8(j, "text", cairn_span_chomp(data));
	return CAIRN_OK;
}

#define VARIABLE_MIN 32 /* bytes of one without name and data */
typedef enum cairn_status content_fn(struct ej *j, struct cairn_span data);
static const struct {
	const char *guid, *name;
	content_fn *fill;
} contents[] = {
    /* UEFI 2.10, section 3.3, table 3.1; section 32.6 for db and its like. */
    {CAIRN_GUID_GLOBAL, "SecureBoot", boolean},	    {CAIRN_GUID_GLOBAL, "SetupMode", boolean},
    {CAIRN_GUID_GLOBAL, "AuditMode", boolean},	    {CAIRN_GUID_GLOBAL, "DeployedMode", boolean},
    {CAIRN_GUID_GLOBAL, "PK", signatures},	    {CAIRN_GUID_GLOBAL, "KEK", signatures},
    {CAIRN_GUID_GLOBAL, "BootOrder", boot_order},   {CAIRN_GUID_GLOBAL, "DriverOrder", boot_order},
    {CAIRN_GUID_IMAGE_SECURITY, "db", signatures},  {CAIRN_GUID_IMAGE_SECURITY, "dbx", signatures},
    {CAIRN_GUID_IMAGE_SECURITY, "dbt", signatures}, {CAIRN_GUID_IMAGE_SECURITY, "dbr", signatures},
    {CAIRN_GUID_SHIM, "SbatLevel", sbat},	    {CAIRN_GUID_SHIM, "MokListTrusted", boolean},
};

bool cairn_efi_is_boot_option(const struct cairn_efi_variable *v)
{
	if (v->name.len != 16 || !cairn_guid_is(v->guid, CAIRN_GUID_GLOBAL))
		return false;
	if (!cairn_utf16_is(cairn_span(v->name.ptr, 8), "Boot"))
		return false;
	for (size_t i = 8; i < 16; i += 2) {
		uint8_t c = v->name.ptr[i];

		if (v->name.ptr[i + 1] != 0 || !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

static content_fn *content_of(const struct cairn_efi_variable *v, uint32_t type)
{
	if (cairn_efi_is_boot_option(v))
		return boot_option;
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		if (!cairn_efi_variable_is(v, contents[i].guid, contents[i].name))
			continue;
		return type == CAIRN_EV_EFI_VARIABLE_AUTHORITY && contents[i].fill == signatures
			   ? authority
			   : contents[i].fill;
	}
	return type == CAIRN_EV_EFI_VARIABLE_AUTHORITY ? authority : NULL;
}

static enum cairn_status fill_variable(struct ej *j, const struct cairn_efi_variable *v, uint32_t type)
{
	content_fn *fill = content_of(v, type);
	enum cairn_status s;

	ej_guid(j, "guid", v->guid);
	ej_utf16(j, "name", v->name);
	ej_say_member(j, "name");
	s = fill ? fill(j, v->data) : CAIRN_E_UNSUPPORTED;
	if (s != CAIRN_E_UNSUPPORTED)
		return s;
	ej_hex(j, "hex", v->data);
	return CAIRN_OK;
}

void cairn_efi_variable_fill(struct ej *j, const struct cairn_efi_variable *v)
{
	content_fn *fill = content_of(v, CAIRN_EV_EFI_VARIABLE_BOOT);
	enum cairn_status s = fill ? fill(j, v->data) : CAIRN_OK;

	if (s != CAIRN_OK)
		ej_string(j, "malformed", cairn_status_text(s));
}

/* Several variables in one event: Lenovo, BootOrder with all boot options. */
static enum cairn_status more_variables(struct ej *j, struct cairn_cur *c, uint32_t type)
{
	json_t *all = json_array();
	struct cairn_efi_variable v;

	ej_put(j, "more", all);
	while (!j->failed && cairn_cur_left(c) > 0) {
		struct ej one = ej_element(j, all);
		enum cairn_status s = cairn_efi_variable_next(&v, c);

		if (s != CAIRN_OK)
			return s;
		ej_say(j, "; ");
		s = fill_variable(&one, &v, type);
		if (s != CAIRN_OK)
			return s;
		ej_end(j, &one);
	}
	return CAIRN_OK;
}

enum cairn_status ej_variable(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_cur c = cairn_cur(ev->data);
	struct cairn_efi_variable v;
	enum cairn_status s = cairn_efi_variable_next(&v, &c);

	ej_string(j, "kind", "variable");
	if (s == CAIRN_OK)
		s = fill_variable(j, &v, ev->type);
	if (s != CAIRN_OK || cairn_cur_left(&c) == 0)
		return s;
	if (cairn_cur_left(&c) >= VARIABLE_MIN)
		return more_variables(j, &c, ev->type);
	ej_hex(j, "trailing_hex", cairn_cur_rest(&c)); /* shim before 15.3 */
	return CAIRN_OK;
}

/* ---- images and blobs ------------------------------------------------------------------------------------------- */
enum cairn_status ej_image(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_efi_image_load i;
	enum cairn_status s = cairn_efi_image_load_read(&i, ev->data);

	if (s != CAIRN_OK)
		return s;
	ej_string(j, "kind", "image");
	ej_number(j, "address", i.address);
	ej_number(j, "size", i.size);
	ej_number(j, "link_address", i.link_address);
	ej_path(j, "path", i.path);
	if (i.trailing.len > 0)
		ej_hex(j, "trailing_hex", i.trailing);
	ej_say_member(j, "path");
	return CAIRN_OK;
}

static enum cairn_status blob(struct ej *j, const struct cairn_event *ev, bool described)
{
	struct cairn_efi_blob b;
	enum cairn_status s = cairn_efi_blob_read(&b, ev->data, described);

	if (s != CAIRN_OK)
		return s;
	ej_string(j, "kind", "blob");
	if (described)
		ej_utf8(j, "description", cairn_span_chomp(b.description));
	ej_number(j, "base", b.base);
	ej_number(j, "size", b.size);
	ej_say_member(j, "description");
	ej_say_fmt(j, "%s0x%" PRIx64 ", %" PRIu64 " bytes", described ? ": " : "", b.base, b.size);
	return CAIRN_OK;
}

enum cairn_status ej_blob(struct ej *j, const struct cairn_event *ev)
{
	return blob(j, ev, false);
}

enum cairn_status ej_blob2(struct ej *j, const struct cairn_event *ev)
{
	return blob(j, ev, true);
}

static enum cairn_status handoff(struct ej *j, const struct cairn_event *ev, bool described)
{
	struct cairn_efi_handoff h;
	enum cairn_status s = cairn_efi_handoff_read(&h, ev->data, described);
	struct cairn_cur c;
	json_t *all = json_array();

	ej_put(j, "tables", all);
	if (s != CAIRN_OK)
		return s;
	ej_string(j, "kind", "handoff");
	if (described)
		ej_utf8(j, "description", cairn_span_chomp(h.description));
	ej_say_member(j, "description");
	c = cairn_cur(h.tables);
	while (!j->failed && cairn_cur_left(&c) > 0) {
		struct ej one = ej_element(j, all);

		ej_guid(&one, "guid", cairn_cur_bytes(&c, CAIRN_GUID_SIZE));
		ej_number(&one, "address", cairn_cur_u64le(&c));
		ej_end(j, &one);
		ej_say(j, j->summary && j->summary->len > 0 ? ", " : "");
		ej_say_member(&one, json_object_get(one.object, "guid_name") ? "guid_name" : "guid");
	}
	return CAIRN_OK;
}

enum cairn_status ej_handoff(struct ej *j, const struct cairn_event *ev)
{
	return handoff(j, ev, false);
}

enum cairn_status ej_handoff2(struct ej *j, const struct cairn_event *ev)
{
	return handoff(j, ev, true);
}

enum cairn_status ej_gpt(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_efi_gpt g;
	enum cairn_status s = cairn_efi_gpt_read(&g, ev->data);
	json_t *all = json_array();

	ej_put(j, "partitions", all);
	if (s != CAIRN_OK)
		return s;
	ej_string(j, "kind", "gpt");
	ej_string(j, "disk", cairn_guid_text(g.disk).text);
	for (uint64_t i = 0; !j->failed && i < g.count; i++) {
		struct cairn_efi_partition p = cairn_efi_partition(&g, i);
		struct ej one = ej_element(j, all);

		ej_guid(&one, "type", p.type);
		ej_string(&one, "id", cairn_guid_text(p.id).text);
		ej_number(&one, "first", p.first);
		ej_number(&one, "last", p.last);
		ej_utf16(&one, "name", p.name);
		ej_end(j, &one);
	}
	ej_say_fmt(j, "disk %s, %" PRIu64 " partitions", cairn_guid_text(g.disk).text, g.count);
	return CAIRN_OK;
}
