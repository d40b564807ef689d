/* Data of events that are not EFI structures as JSON: EV_NO_ACTION, boot loaders, Windows, dynamic launch, SPDM. */
#include <inttypes.h>
#include <string.h>

#include "cairn/sipa.h"
#include "eventjson_internal.h"

/* ---- EV_NO_ACTION: PFP 1.06 r52, section 10.4.5 ------------------------------------------------------------------ */
#define SIGNATURE_SIZE 16

static enum cairn_status startup_locality(struct ej *j, struct cairn_cur *c)
{
	unsigned locality = cairn_cur_u8(c);

	ej_string(j, "kind", "startup_locality");
	ej_number(j, "locality", locality);
	ej_say_fmt(j, "StartupLocality %u", locality);
	return cairn_cur_end(c);
}

/* TCG_Sp800-155-PlatformId_Event. */
static enum cairn_status manifest(struct ej *j, struct cairn_cur *c)
{
	ej_string(j, "kind", "reference_manifest");
	ej_number(j, "vendor", cairn_cur_u32le(c));
	ej_guid(j, "manifest", cairn_cur_bytes(c, CAIRN_GUID_SIZE));
	ej_say(j, "reference manifest ");
	ej_say_member(j, "manifest");
	return cairn_cur_ok(c) ? CAIRN_OK : c->status;
}

/* TCG_Sp800-155-PlatformId_Event2 and 3, of which the common part: texts with a length each. */
static enum cairn_status manifest2(struct ej *j, struct cairn_cur *c)
{
	static const char *const names[] = {"platform_manufacturer", "platform_model", "platform_version",
					    "firmware_manufacturer"};

	(void)manifest(j, c);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ej_utf8(j, names[i], cairn_span_chomp(cairn_cur_bytes(c, cairn_cur_u8(c))));
	ej_number(j, "firmware_manufacturer_id", cairn_cur_u32le(c));
	ej_utf8(j, "firmware_version", cairn_span_chomp(cairn_cur_bytes(c, cairn_cur_u8(c))));
	return cairn_cur_ok(c) ? CAIRN_OK : c->status;
}

/* The common head of TCG_EfiSpecIdEvent and its elder forms. */
static enum cairn_status spec_id(struct ej *j, struct cairn_cur *c)
{
	unsigned minor, major, errata;

	ej_string(j, "kind", "spec_id");
	ej_number(j, "platform_class", cairn_cur_u32le(c));
	minor = cairn_cur_u8(c);
	major = cairn_cur_u8(c);
	errata = cairn_cur_u8(c);
	(void)cairn_cur_u8(c); /* uintnSize */
	ej_number(j, "major", major);
	ej_number(j, "minor", minor);
	ej_number(j, "errata", errata);
	ej_hex(j, "rest", cairn_cur_rest(c));
	ej_say_fmt(j, "specification %u.%u errata %u", major, minor, errata);
	return cairn_cur_ok(c) ? CAIRN_OK : c->status;
}

static void tags(struct ej *j, struct cairn_span data);

enum cairn_status ej_no_action(struct ej *j, const struct cairn_event *ev)
{
	static const struct {
		char signature[SIGNATURE_SIZE + 1]; /* padded with NULs */
		enum cairn_status (*fill)(struct ej *j, struct cairn_cur *c);
	} forms[] = {
	    {"StartupLocality", startup_locality}, {"SP800-155 Event", manifest},
	    {"SP800-155 Event2", manifest2},	   {"SP800-155 Event3", manifest2},
	    {"Spec ID Event00", spec_id},	   {"Spec ID Event02", spec_id},
	    {"Spec ID Event03", spec_id},
	};
	struct cairn_cur c = cairn_cur(ev->data);
	struct cairn_span signature = cairn_cur_bytes(&c, SIGNATURE_SIZE);

	for (size_t i = 0; cairn_cur_ok(&c) && i < sizeof forms / sizeof forms[0]; i++)
		if (cairn_span_equal(signature, cairn_span(forms[i].signature, SIGNATURE_SIZE)))
			return forms[i].fill(j, &c);
	if (ev->data.len > 0 && cairn_sipa_check(ev->data) == CAIRN_OK)
		tags(j, ev->data);
	else
		ej_bytes(j, ev);
	return CAIRN_OK;
}

/* ---- Windows ---------------------------------------------------------------------------------------------------- */
static uint64_t number_of(struct cairn_span s)
{
	uint64_t v = 0;

	for (size_t i = s.len; i > 0; i--)
		v = v << 8 | s.ptr[i - 1];
	return v;
}

static void tag_value(struct ej *j, enum cairn_sipa_form form, struct cairn_span data)
{
	if (form == CAIRN_SIPA_TEXT && data.len % 2 == 0)
		ej_utf16(j, "text", cairn_span_chomp16(data));
	else if (form == CAIRN_SIPA_NUMBER && data.len > 0 && data.len <= 8)
		ej_number(j, "number", number_of(data));
	else if (form != CAIRN_SIPA_CONTAINER)
		ej_hex(j, "hex", data);
}

/* The data was checked: cairn_sipa_check. */
static void tags(struct ej *j, struct cairn_span data)
{
	struct cairn_sipa_iter it = cairn_sipa_iter(data);
	struct cairn_sipa_event e;
	json_t *all = json_array();
	size_t count = 0;

	ej_string(j, "kind", "tagged");
	ej_put(j, "tags", all);
	while (!j->failed && cairn_sipa_next(&it, &e)) {
		enum cairn_sipa_form form = CAIRN_SIPA_HEX;
		const char *name = cairn_sipa_name(e.id, &form);
		struct ej one = ej_element(j, all);

		ej_number(&one, "depth", e.depth);
		ej_number(&one, "id", e.id);
		if (name)
			ej_string(&one, "name", name);
		tag_value(&one, form, e.data);
		ej_end(j, &one);
		if (count == 0 && name)
			ej_say_fmt(j, "Windows: %s", name);
		count++;
	}
	if (count > 1)
		ej_say_fmt(j, ", %zu tags", count);
}

/* ---- Linux and systemd: one tag with a name, of which the digest is of the content --------------------------------- */
static const struct {
	uint32_t id;
	const char *name;
} event_tags[] = {
    {0x8f3b22ecu, "Linux initrd"},	 /* Linux, drivers/firmware/efi/libstub/efistub.h */
    {0x8f3b22edu, "Linux load options"}, /* the same */
    {0xf5bc582au, "loader.conf"},	 /* systemd 256, src/boot/efi/tpm2-pcr.h, this and what follows */
    {0x6c46f751u, "devicetree addon"},	 {0x49dffe0fu, "initrd addon"},	 {0xdac08e1au, "ucode addon"},
    {0x13aed6dbu, "UKI profile"},	 {0xd5cb7cbcu, "SMBIOS type 1"}, {0xe0d47bc8u, "SMBIOS type 2"},
    {0xc0b3bd23u, "SMBIOS type 11"},
};

const char *cairn_event_tag_name(const struct cairn_event *ev)
{
	struct cairn_cur c = cairn_cur(ev->data);
	uint32_t id = cairn_cur_u32le(&c);

	(void)cairn_cur_bytes(&c, cairn_cur_u32le(&c));
	if (cairn_cur_end(&c) != CAIRN_OK)
		return NULL;
	for (size_t i = 0; i < sizeof event_tags / sizeof event_tags[0]; i++)
		if (event_tags[i].id == id)
			return event_tags[i].name;
	return NULL;
}

static void tag_text(struct ej *j, struct cairn_span t)
{
	if (t.len > 1 && t.ptr[1] == 0)
		ej_utf16(j, "text", cairn_span_chomp16(t));
	else
		ej_utf8(j, "text", cairn_span_chomp(t));
}

/* TCG_PCClientTaggedEvent: PFP 1.06 r52, section 10.4.2.1. */
enum cairn_status ej_event_tag(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_cur c = cairn_cur(ev->data);
	uint32_t id = cairn_cur_u32le(&c);
	struct cairn_span text = cairn_cur_bytes(&c, cairn_cur_u32le(&c));
	const char *name = cairn_event_tag_name(ev);

	if (!name) {
		/* Of Windows; or, in a confidential VM, the bare text. */
		if (ev->data.len > 0 && cairn_sipa_check(ev->data) == CAIRN_OK)
			tags(j, ev->data);
		else
			ej_bytes(j, ev);
		return CAIRN_OK;
	}
	ej_string(j, "kind", "event_tag");
	ej_number(j, "id", id);
	ej_string(j, "name", name);
	tag_text(j, text);
	ej_say(j, name);
	ej_say(j, ": ");
	ej_say_member(j, "text");
	return CAIRN_OK;
}

/* ---- EV_IPL ------------------------------------------------------------------------------------------------------ */
enum cairn_status ej_ipl(struct ej *j, const struct cairn_event *ev)
{
	static const char *const words[] = {
	    [CAIRN_GRUB_COMMAND] = "command",
	    [CAIRN_GRUB_KERNEL] = "kernel",
	    [CAIRN_GRUB_MODULE] = "module",
	    [CAIRN_GRUB_FILE] = "file",
	};
	struct cairn_span t = {0};
	enum cairn_grub_text kind = cairn_event_grub_text(&t, ev);

	if (kind == CAIRN_GRUB_NONE)
		kind = cairn_grub_text_of(&t, cairn_span_chomp(ev->data));
	if (kind == CAIRN_GRUB_NONE) {
		ej_string(j, "kind", "text");
		tag_text(j, ev->data);
	} else {
		ej_string(j, "kind", "grub");
		ej_string(j, "grub", words[kind]);
		ej_utf8(j, "text", t);
		ej_say_fmt(j, "%s: ", words[kind]);
	}
	ej_say_member(j, "text");
	return CAIRN_OK;
}

/* ---- Intel TXT --------------------------------------------------------------------------------------------------- */
/* Software Development Guide, document 315168 revision 017, appendix F: the pieces of the data. What an ACM logs
 * otherwise is shown as bytes. */
static void bios_acm(struct ej *j, struct cairn_span data)
{
	struct cairn_cur c = cairn_cur(data);
	struct cairn_span id = cairn_cur_bytes(&c, 20);

	if (!cairn_cur_ok(&c))
		return;
	ej_hex(j, "bios_acm_id", id);
	ej_hex(j, "registers", cairn_cur_rest(&c));
	ej_say(j, "BIOS ACM ");
	ej_say_member(j, "bios_acm_id");
}

static void hash_start(struct ej *j, struct cairn_span data)
{
	if (data.len <= 4)
		return;
	ej_hex(j, "sinit_hash", cairn_span(data.ptr, data.len - 4));
	ej_hex(j, "senter_flags", cairn_span(data.ptr + data.len - 4, 4));
	ej_say(j, "SINIT ACM ");
	ej_say_member(j, "sinit_hash");
}

static void flags(struct ej *j, struct cairn_span data)
{
	if (data.len != 4)
		return;
	ej_number(j, "value", number_of(data));
	ej_say_fmt(j, "0x%" PRIx64, number_of(data));
}

enum cairn_status ej_txt(struct ej *j, const struct cairn_event *ev)
{
	static const struct {
		uint32_t type;
		void (*fill)(struct ej *j, struct cairn_span data);
	} forms[] = {
	    {CAIRN_EVTYPE_HASH_START, hash_start},	{CAIRN_EVTYPE_BIOSAC_REG_DATA, bios_acm},
	    {CAIRN_EVTYPE_CPU_SCRTM_STAT, flags},	{CAIRN_EVTYPE_LCP_CONTROL_HASH, flags},
	    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, flags},
	};

	ej_string(j, "kind", "txt");
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (forms[i].type == ev->type)
			forms[i].fill(j, ev->data);
	ej_hex(j, "hex", ev->data);
	return CAIRN_OK;
}

/* ---- SPDM: PFP 1.06 r52, section 10.4.2.7 -------------------------------------------------------------------------- */
enum cairn_status ej_spdm(struct ej *j, const struct cairn_event *ev)
{
	struct cairn_cur c = cairn_cur(ev->data);
	struct cairn_span signature = cairn_cur_bytes(&c, SIGNATURE_SIZE);
	unsigned version = cairn_cur_u16le(&c);
	bool known = cairn_span_equal(signature, cairn_span("SPDM Device Sec\0", SIGNATURE_SIZE)) ||
		     cairn_span_equal(signature, cairn_span("SPDM Device Sec2", SIGNATURE_SIZE));

	if (!cairn_cur_ok(&c))
		return c.status;
	if (!known)
		return CAIRN_E_MALFORMED;
	ej_string(j, "kind", "spdm");
	ej_utf8(j, "signature", cairn_span_chomp(signature));
	ej_number(j, "version", version);
	ej_hex(j, "rest", cairn_cur_rest(&c));
	ej_say_member(j, "signature");
	return CAIRN_OK;
}
