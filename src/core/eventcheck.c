/* Whether what an event says is what was hashed. The type of an event is covered by no digest: the only hold that there
 * is on it is that many types say what their digests are of. This is a table of that, a row for each type. */
#include "cairn/eventtypes.h"

#include <string.h>

#include "cairn/efi.h"

/* What the digests may be of. Each but the first is there for a maker who does it so. */
enum rule {
	NONE,
	DATA,
	/* Text logged with a final NUL that was not hashed: GRUB; EV_ACTION texts of some firmware. */
	WITHOUT_NUL,
	/* UTF-16 text logged with its NUL, hashed without: systemd-boot and systemd-stub since 252. */
	WITHOUT_NUL16,
	/* UTF-16 text of which the log lost the last byte, a NUL: systemd-boot before 250. */
	WITH_NUL,
	/* PFP 1.06 r52, section 10.4.1: EV_EFI_VARIABLE_BOOT is the digest of the variable's data only; EDK II does it
	 * so, other firmware hashes UEFI_VARIABLE_DATA as a whole. */
	VARIABLE_DATA,
	/* shim before 15.3 logged one byte more than it hashed (shim commit 8a27a4809a6a). */
	WITHOUT_LAST_BYTE,
	/* PFP 1.06 r52, section 3.3.2: an error is the digest of 00000001h, with data that tells about it. */
	ERROR_VALUE,
	/* systemd-stub: the name of a section, logged as UTF-16, hashed as ASCII with its NUL. */
	SECTION_NAME,
	/* GRUB: the text behind the prefix; upstream without its NUL, Red Hat's older ones with it. */
	GRUB_TEXT,
	GRUB_TEXT_NUL,
};

static const char *const rule_names[] = {
    [NONE] = "none",
    [DATA] = "the data",
    [WITHOUT_NUL] = "the data without its NUL",
    [WITHOUT_NUL16] = "the data without its NUL",
    [WITH_NUL] = "the data and a NUL",
    [VARIABLE_DATA] = "the content of the variable, not its name",
    [WITHOUT_LAST_BYTE] = "the data without its last byte",
    [ERROR_VALUE] = "the error value",
    [SECTION_NAME] = "the name of the section",
    [GRUB_TEXT] = "GRUB's text",
    [GRUB_TEXT_NUL] = "GRUB's text",
};

/* What the data of a type looks like: an event of another type whose digest is H(data) too does not pass for it. */
typedef bool shape_fn(const struct cairn_event *ev);
static shape_fn any, separator, text, variable, gpt, grub, not_empty;

#define RULES_MAX 6 /* the last is NONE */
struct row {
	uint32_t type;
	bool must; /* there is no such event that is not the digest of its data */
	shape_fn *shape;
	enum rule rule[RULES_MAX];
};

/* Of the rows of a type the first counts whose shape fits; where none does, the event differs. Types without a row are
 * bare: images, blobs and tables, which the log does not hold. */
static const struct row rows[] = {
    /* PFP 1.06 r52, section 10.4.1, and TCG EFI Platform Specification 1.22, section 7.2 (TPM 1.2). */
    {CAIRN_EV_SEPARATOR, true, separator, {DATA, ERROR_VALUE}},
    {CAIRN_EV_SEPARATOR, true, any, {ERROR_VALUE}},
    {CAIRN_EV_ACTION, true, text, {DATA, WITHOUT_NUL}},
    {CAIRN_EV_EFI_ACTION, true, text, {DATA, WITHOUT_NUL}},
    {CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, true, text, {DATA, WITHOUT_NUL}},
    {CAIRN_EV_S_CRTM_VERSION, true, any, {DATA}},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, true, variable, {DATA}},
    {CAIRN_EV_EFI_VARIABLE_BOOT, true, variable, {DATA, VARIABLE_DATA}},
    {CAIRN_EV_EFI_VARIABLE_BOOT2, true, variable, {DATA}},
    {CAIRN_EV_EFI_VARIABLE_AUTHORITY, true, variable, {DATA, WITHOUT_LAST_BYTE}},
    {CAIRN_EV_EFI_SPDM_DEVICE_POLICY, true, variable, {DATA}},
    {CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY, true, variable, {DATA}},
    {CAIRN_EV_EFI_GPT_EVENT, true, gpt, {DATA}},
    {CAIRN_EV_EFI_GPT_EVENT2, true, gpt, {DATA}},
    /* The data may be what was hashed, or only name it. */
    {CAIRN_EV_PREBOOT_CERT, false, any, {DATA}},
    {CAIRN_EV_POST_CODE, false, any, {DATA}},
    {CAIRN_EV_POST_CODE2, false, any, {DATA}},
    {CAIRN_EV_S_CRTM_CONTENTS, false, any, {DATA}},
    {CAIRN_EV_CPU_MICROCODE, false, any, {DATA}},
    {CAIRN_EV_PLATFORM_CONFIG_FLAGS, false, any, {DATA}},
    {CAIRN_EV_TABLE_OF_DEVICES, false, any, {DATA}},
    {CAIRN_EV_COMPACT_HASH, false, any, {DATA}},
    {CAIRN_EV_IPL_PARTITION_DATA, false, any, {DATA}},
    {CAIRN_EV_NONHOST_CODE, false, any, {DATA}},
    {CAIRN_EV_NONHOST_CONFIG, false, any, {DATA}},
    {CAIRN_EV_NONHOST_INFO, false, any, {DATA}},
    {CAIRN_EV_EFI_HCRTM_EVENT, false, any, {DATA}},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB, false, any, {DATA}},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG, false, any, {DATA}},
    /* Windows (SIPA) and firmware of TPM 1.2 hash it; Linux and systemd name a file with it. */
    {CAIRN_EV_EVENT_TAG, false, any, {DATA}},
    {CAIRN_EV_IPL, true, grub, {GRUB_TEXT, GRUB_TEXT_NUL}},
    {CAIRN_EV_IPL, false, any, {DATA, WITHOUT_NUL, WITHOUT_NUL16, WITH_NUL, SECTION_NAME}},
    /* Intel TXT Software Development Guide, document 315168 revision 017, appendix F: these carry the data that they
     * are the digest of. ACMs that log no data are bare. */
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, true, not_empty, {DATA}},
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, false, any, {NONE}},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, true, not_empty, {DATA}},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, false, any, {NONE}},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, true, not_empty, {DATA}},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, false, any, {NONE}},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, true, not_empty, {DATA}},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, false, any, {NONE}},
    {CAIRN_EVTYPE_HASH_START, false, any, {DATA}},
    {CAIRN_EVTYPE_ELEMENTS_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_STM_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_LCP_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_LCP_DETAILS_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_LCP_AUTHORITIES_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_NV_INFO_HASH, false, any, {DATA}},
    {CAIRN_EVTYPE_TBOOT, false, any, {DATA}},
    {CAIRN_EVTYPE_SLAUNCH, false, any, {DATA}},
};

static bool any(const struct cairn_event *ev)
{
	(void)ev;
	return true;
}

static bool not_empty(const struct cairn_event *ev)
{
	return ev->data.len > 0;
}

/* PFP 1.06 r52, section 10.4.1; Windows ends its own PCRs with "WBCL". */
static bool separator(const struct cairn_event *ev)
{
	static const char values[][5] = {"\0\0\0\0", "\xff\xff\xff\xff", "WBCL"};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (cairn_span_equal(ev->data, cairn_span(values[i], 4)))
			return true;
	return false;
}

static bool is_text_byte(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* ASCII, or UTF-16LE of it; not NULs alone, which would be an EV_SEPARATOR. */
static bool text(const struct cairn_event *ev)
{
	struct cairn_span t = cairn_span_chomp(ev->data);
	size_t step = t.len > 1 && t.ptr[1] == 0 ? 2 : 1;

	if (t.len == 0)
		return ev->data.len == 0;
	for (size_t i = 0; i < t.len; i++)
		if (i % step == 0 ? !is_text_byte(t.ptr[i]) : t.ptr[i] != 0)
			return false;
	return true;
}

/* UEFI_VARIABLE_DATA, PFP 1.06 r52, section 10.4.2.6. More may follow it, and the length of the name may be that of
 * characters, as it should, or of bytes: this tells a variable from another thing and no more. */
static bool variable(const struct cairn_event *ev)
{
	struct cairn_cur c = cairn_cur(ev->data);
	uint64_t name, data;

	(void)cairn_cur_bytes(&c, CAIRN_GUID_SIZE);
	name = cairn_cur_u64le(&c);
	data = cairn_cur_u64le(&c);
	(void)cairn_cur_bytes(&c, name);
	(void)cairn_cur_bytes(&c, data);
	return cairn_cur_ok(&c);
}

/* UEFI_GPT_DATA, PFP 1.06 r52, section 10.4.2.5, starts with the signature of UEFI 2.10, section 5.3.2. */
static bool gpt(const struct cairn_event *ev)
{
	return ev->data.len >= 8 && memcmp(ev->data.ptr, "EFI PART", 8) == 0;
}

#define GRUB_STRING_PCR 8 /* GRUB 2.06, include/grub/tpm.h */
#define GRUB_STRING_MR	3 /* the measurement register of a confidential VM that stands for it */

static bool grub(const struct cairn_event *ev)
{
	struct cairn_span unused;

	return (ev->pcr == GRUB_STRING_PCR || ev->pcr == GRUB_STRING_MR) &&
	       cairn_grub_text_of(&unused, ev->data) != CAIRN_GRUB_NONE;
}

/* What a digest is taken over: two pieces, one behind the other. */
#define SECTION_NAME_MAX 32 /* a PE section's has 8 */
struct hashed {
	struct cairn_span part[2];
	uint8_t name[SECTION_NAME_MAX];
};

/* Nothing is changed where the data is no such name. */
static void section_name(struct hashed *h, struct cairn_span data)
{
	struct cairn_span t = cairn_span_chomp16(data);

	if (t.len % 2 != 0 || t.len / 2 >= sizeof h->name)
		return;
	for (size_t i = 0; i < t.len / 2; i++) {
		if (t.ptr[2 * i] >= 0x80 || t.ptr[2 * i + 1] != 0)
			return;
		h->name[i] = t.ptr[2 * i];
	}
	h->name[t.len / 2] = 0;
	h->part[0] = cairn_span(h->name, t.len / 2 + 1);
}

/* The whole data where the rule does not apply to it. */
static void hashed_by(struct hashed *h, enum rule rule, struct cairn_span data)
{
	static const uint8_t error_value[4] = {1, 0, 0, 0};
	struct cairn_efi_variable v;

	h->part[0] = data;
	h->part[1] = (struct cairn_span){0};
	switch (rule) {
	case WITHOUT_NUL:
		h->part[0].len -= data.len > 0 && data.ptr[data.len - 1] == 0;
		break;
	case WITHOUT_NUL16:
		h->part[0] = cairn_span_chomp16(data);
		break;
	case WITH_NUL:
		h->part[1] = cairn_span("", 1);
		break;
	case VARIABLE_DATA:
		if (cairn_efi_variable_read(&v, data) == CAIRN_OK)
			h->part[0] = v.data;
		break;
	case WITHOUT_LAST_BYTE:
		h->part[0].len -= data.len > 0;
		break;
	case ERROR_VALUE:
		h->part[0] = cairn_span(error_value, sizeof error_value);
		break;
	case SECTION_NAME:
		section_name(h, data);
		break;
	case GRUB_TEXT:
		(void)cairn_grub_text_of(&h->part[0], data);
		h->part[0].len -= h->part[0].len > 0 && h->part[0].ptr[h->part[0].len - 1] == 0;
		break;
	case GRUB_TEXT_NUL:
		(void)cairn_grub_text_of(&h->part[0], data);
		break;
	default:
		break;
	}
}

/* Of the event's digests: those that could be recomputed, and those that the rule gives. */
struct count {
	size_t hashed, matches;
};

/* OpenSSL may lack the algorithm of a bank, which then vouches for nothing: cairn_eventlog_replay leaves it out too. */
static enum cairn_status count_matches(struct count *n, enum rule rule, const struct cairn_event *ev)
{
	struct hashed h;

	*n = (struct count){0};
	hashed_by(&h, rule, ev->data);
	for (size_t i = 0; i < ev->count; i++) {
		struct cairn_digest d;
		enum cairn_status s = cairn_hash2(&d, ev->digest[i].alg, h.part[0], h.part[1]);

		if (s == CAIRN_E_UNSUPPORTED)
			continue;
		if (s != CAIRN_OK)
			return s;
		n->hashed++;
		n->matches += cairn_span_equal(cairn_digest_span(&d), ev->digest[i].value);
	}
	return n->hashed > 0 ? CAIRN_OK : CAIRN_E_UNSUPPORTED;
}

/* NULL: none; *typed: not for want of rows. */
static const struct row *row_of(const struct cairn_event *ev, bool *typed)
{
	*typed = false;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].type != ev->type)
			continue;
		*typed = true;
		if (rows[i].shape(ev))
			return &rows[i];
	}
	return NULL;
}

static const char not_held[] = "the log does not hold what was hashed";

static struct cairn_event_checked result(enum cairn_event_check check, const char *rule)
{
	return (struct cairn_event_checked){.result = check, .rule = rule};
}

/* The first rule of the row that gives a digest decides. */
static enum cairn_status try_rules(struct cairn_event_checked *out, const struct row *row,
				   const struct cairn_event *ev)
{
	struct count n;

	for (const enum rule *rule = row->rule; *rule != NONE; rule++) {
		enum cairn_status s = count_matches(&n, *rule, ev);

		if (s != CAIRN_OK)
			return s;
		if (n.matches == 0)
			continue;
		*out = result(CAIRN_EVENT_DIFFERS, "a digest is not that of the data, but another is");
		if (n.matches == n.hashed)
			*out = result(CAIRN_EVENT_MATCHES, rule_names[*rule]);
		out->error = *rule == ERROR_VALUE;
		out->section = *rule == SECTION_NAME;
		out->unnamed = *rule == VARIABLE_DATA;
		return CAIRN_OK;
	}
	*out = result(CAIRN_EVENT_UNCHECKED, not_held);
	if (row->must)
		*out = result(CAIRN_EVENT_DIFFERS, "no digest is that of the data");
	return CAIRN_OK;
}

enum cairn_status cairn_event_check_how(struct cairn_event_checked *out, const struct cairn_event *ev)
{
	bool typed;
	const struct row *row = row_of(ev, &typed);

	if (!typed || ev->count == 0) {
		*out = result(CAIRN_EVENT_UNCHECKED, not_held);
		return CAIRN_OK;
	}
	if (row)
		return try_rules(out, row, ev);
	*out = result(CAIRN_EVENT_DIFFERS, "the data is not what events of this type have");
	return CAIRN_OK;
}

enum cairn_status cairn_event_check(enum cairn_event_check *out, const struct cairn_event *ev)
{
	struct cairn_event_checked how;
	enum cairn_status s = cairn_event_check_how(&how, ev);

	if (s == CAIRN_OK)
		*out = how.result;
	return s;
}
