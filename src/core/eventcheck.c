/* What the events of a log say, and whether what they say is what was hashed. */
#include "cairn/eventlog.h"

#include <string.h>

#define GRUB_STRING_PCR 8 /* GRUB 2.06, include/grub/tpm.h */
#define GRUB_BINARY_PCR 9

static const struct {
	uint32_t type;
	const char *name;
} names[] = {
    {CAIRN_EV_PREBOOT_CERT, "EV_PREBOOT_CERT"},
    {CAIRN_EV_POST_CODE, "EV_POST_CODE"},
    {0x02, "EV_UNUSED"},
    {CAIRN_EV_NO_ACTION, "EV_NO_ACTION"},
    {CAIRN_EV_SEPARATOR, "EV_SEPARATOR"},
    {CAIRN_EV_ACTION, "EV_ACTION"},
    {CAIRN_EV_EVENT_TAG, "EV_EVENT_TAG"},
    {CAIRN_EV_S_CRTM_CONTENTS, "EV_S_CRTM_CONTENTS"},
    {CAIRN_EV_S_CRTM_VERSION, "EV_S_CRTM_VERSION"},
    {0x09, "EV_CPU_MICROCODE"},
    {0x0a, "EV_PLATFORM_CONFIG_FLAGS"},
    {0x0b, "EV_TABLE_OF_DEVICES"},
    {0x0c, "EV_COMPACT_HASH"},
    {CAIRN_EV_IPL, "EV_IPL"},
    {0x0e, "EV_IPL_PARTITION_DATA"},
    {0x0f, "EV_NONHOST_CODE"},
    {0x10, "EV_NONHOST_CONFIG"},
    {0x11, "EV_NONHOST_INFO"},
    {0x12, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {0x13, "EV_POST_CODE2"},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {CAIRN_EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT"},
    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {CAIRN_EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT"},
    {CAIRN_EV_EFI_ACTION, "EV_EFI_ACTION"},
    {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {0x80000009, "EV_EFI_HANDOFF_TABLES"},
    {0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {0x8000000b, "EV_EFI_HANDOFF_TABLES2"},
    {0x8000000c, "EV_EFI_VARIABLE_BOOT2"},
    {0x8000000d, "EV_EFI_GPT_EVENT2"},
    {0x80000010, "EV_EFI_HCRTM_EVENT"},
    {0x800000e0, "EV_EFI_VARIABLE_AUTHORITY"},
    {0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
    {0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY"},
    {0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
    /* Intel TXT Software Development Guide, document 315168 revision 017, appendix F. */
    {0x401, "EVTYPE_PCR_MAPPING"},
    {0x402, "EVTYPE_HASH_START"},
    {0x403, "EVTYPE_COMBINED_HASH"},
    {0x404, "EVTYPE_MLE_HASH"},
    {0x40a, "EVTYPE_BIOSAC_REG_DATA"},
    {0x40b, "EVTYPE_CPU_SCRTM_STAT"},
    {0x40c, "EVTYPE_LCP_CONTROL_HASH"},
    {0x40d, "EVTYPE_ELEMENTS_HASH"},
    {0x40e, "EVTYPE_STM_HASH"},
    {0x40f, "EVTYPE_OSSINITDATA_CAP_HASH"},
    {0x410, "EVTYPE_SINIT_PUBKEY_HASH"},
    {0x411, "EVTYPE_LCP_HASH"},
    {0x412, "EVTYPE_LCP_DETAILS_HASH"},
    {0x413, "EVTYPE_LCP_AUTHORITIES_HASH"},
    {0x414, "EVTYPE_NV_INFO_HASH"},
    {0x4fe, "EVTYPE_CAP_VALUE"},
};

const char *cairn_event_type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

static bool take_prefix(struct cairn_span *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text->len < n || memcmp(text->ptr, prefix, n) != 0)
		return false;
	*text = cairn_span(text->ptr + n, text->len - n);
	return true;
}

enum cairn_grub_text cairn_event_grub_text(struct cairn_span *text, const struct cairn_event *ev)
{
	static const struct {
		const char *prefix;
		enum cairn_grub_text kind;
	} prefixes[] = {
	    {"grub_cmd: ", CAIRN_GRUB_COMMAND},
	    {"kernel_cmdline: ", CAIRN_GRUB_KERNEL},
	    {"module_cmdline: ", CAIRN_GRUB_MODULE},
	};
	struct cairn_span t = ev->data;

	/* GRUB writes one NUL, at the end (grub-core/commands/efi/tpm.c). */
	if (ev->type != CAIRN_EV_IPL || t.len == 0 || memchr(t.ptr, 0, t.len) != t.ptr + t.len - 1)
		return CAIRN_GRUB_NONE;
	t.len--;
	if (ev->pcr == GRUB_BINARY_PCR) {
		*text = t;
		return CAIRN_GRUB_FILE;
	}
	for (size_t i = 0; ev->pcr == GRUB_STRING_PCR && i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (take_prefix(&t, prefixes[i].prefix)) {
			*text = t;
			return prefixes[i].kind;
		}
	}
	return CAIRN_GRUB_NONE;
}

/* What the digests of the event must be taken over; false where the log does not hold it. */
static bool hashed_data(struct cairn_span *data, const struct cairn_event *ev)
{
	enum cairn_grub_text kind;

	switch (ev->type) {
	case CAIRN_EV_SEPARATOR:
	case CAIRN_EV_ACTION:
	case CAIRN_EV_EFI_ACTION:
	case CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG:
		*data = ev->data;
		return true;
	default:
		kind = cairn_event_grub_text(data, ev);
		return kind != CAIRN_GRUB_NONE && kind != CAIRN_GRUB_FILE;
	}
}

enum cairn_status cairn_event_check(enum cairn_event_check *out, const struct cairn_event *ev)
{
	enum cairn_event_check result = CAIRN_EVENT_MATCHES;
	struct cairn_span data;

	if (!hashed_data(&data, ev) || ev->count == 0) {
		*out = CAIRN_EVENT_UNCHECKED;
		return CAIRN_OK;
	}
	for (size_t i = 0; i < ev->count; i++) {
		struct cairn_digest d;
		enum cairn_status s = cairn_hash(&d, ev->digest[i].alg, data);

		if (s != CAIRN_OK)
			return s;
		if (!cairn_span_equal(cairn_digest_span(&d), ev->digest[i].value))
			result = CAIRN_EVENT_DIFFERS;
	}
	*out = result;
	return CAIRN_OK;
}
