/* Names of event types, and the texts that GRUB measures. */
#include "cairn/eventtypes.h"

#include <string.h>

#define GRUB_STRING_PCR 8 /* GRUB 2.06, include/grub/tpm.h */
#define GRUB_BINARY_PCR 9

static const struct {
	uint32_t type;
	const char *name;
} names[] = {
    /* PFP 1.06 r52, section 10.4.1, table 14. */
    {CAIRN_EV_PREBOOT_CERT, "EV_PREBOOT_CERT"},
    {CAIRN_EV_POST_CODE, "EV_POST_CODE"},
    {CAIRN_EV_UNUSED, "EV_UNUSED"},
    {CAIRN_EV_NO_ACTION, "EV_NO_ACTION"},
    {CAIRN_EV_SEPARATOR, "EV_SEPARATOR"},
    {CAIRN_EV_ACTION, "EV_ACTION"},
    {CAIRN_EV_EVENT_TAG, "EV_EVENT_TAG"},
    {CAIRN_EV_S_CRTM_CONTENTS, "EV_S_CRTM_CONTENTS"},
    {CAIRN_EV_S_CRTM_VERSION, "EV_S_CRTM_VERSION"},
    {CAIRN_EV_CPU_MICROCODE, "EV_CPU_MICROCODE"},
    {CAIRN_EV_PLATFORM_CONFIG_FLAGS, "EV_PLATFORM_CONFIG_FLAGS"},
    {CAIRN_EV_TABLE_OF_DEVICES, "EV_TABLE_OF_DEVICES"},
    {CAIRN_EV_COMPACT_HASH, "EV_COMPACT_HASH"},
    {CAIRN_EV_IPL, "EV_IPL"},
    {CAIRN_EV_IPL_PARTITION_DATA, "EV_IPL_PARTITION_DATA"},
    {CAIRN_EV_NONHOST_CODE, "EV_NONHOST_CODE"},
    {CAIRN_EV_NONHOST_CONFIG, "EV_NONHOST_CONFIG"},
    {CAIRN_EV_NONHOST_INFO, "EV_NONHOST_INFO"},
    {CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {CAIRN_EV_POST_CODE2, "EV_POST_CODE2"},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {CAIRN_EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT"},
    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {CAIRN_EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT"},
    {CAIRN_EV_EFI_ACTION, "EV_EFI_ACTION"},
    {CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {CAIRN_EV_EFI_HANDOFF_TABLES, "EV_EFI_HANDOFF_TABLES"},
    {CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {CAIRN_EV_EFI_HANDOFF_TABLES2, "EV_EFI_HANDOFF_TABLES2"},
    {CAIRN_EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2"},
    {CAIRN_EV_EFI_GPT_EVENT2, "EV_EFI_GPT_EVENT2"},
    {CAIRN_EV_EFI_HCRTM_EVENT, "EV_EFI_HCRTM_EVENT"},
    {CAIRN_EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY"},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
    {CAIRN_EV_EFI_SPDM_DEVICE_POLICY, "EV_EFI_SPDM_DEVICE_POLICY"},
    {CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
    /* Intel TXT Software Development Guide, document 315168 revision 017, appendix F. */
    {CAIRN_EVTYPE_PCR_MAPPING, "EVTYPE_PCR_MAPPING"},
    {CAIRN_EVTYPE_HASH_START, "EVTYPE_HASH_START"},
    {CAIRN_EVTYPE_COMBINED_HASH, "EVTYPE_COMBINED_HASH"},
    {CAIRN_EVTYPE_MLE_HASH, "EVTYPE_MLE_HASH"},
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, "EVTYPE_BIOSAC_REG_DATA"},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, "EVTYPE_CPU_SCRTM_STAT"},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, "EVTYPE_LCP_CONTROL_HASH"},
    {CAIRN_EVTYPE_ELEMENTS_HASH, "EVTYPE_ELEMENTS_HASH"},
    {CAIRN_EVTYPE_STM_HASH, "EVTYPE_STM_HASH"},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, "EVTYPE_OSSINITDATA_CAP_HASH"},
    {CAIRN_EVTYPE_SINIT_PUBKEY_HASH, "EVTYPE_SINIT_PUBKEY_HASH"},
    {CAIRN_EVTYPE_LCP_HASH, "EVTYPE_LCP_HASH"},
    {CAIRN_EVTYPE_LCP_DETAILS_HASH, "EVTYPE_LCP_DETAILS_HASH"},
    {CAIRN_EVTYPE_LCP_AUTHORITIES_HASH, "EVTYPE_LCP_AUTHORITIES_HASH"},
    {CAIRN_EVTYPE_NV_INFO_HASH, "EVTYPE_NV_INFO_HASH"},
    {CAIRN_EVTYPE_COLD_BOOT_BIOS_HASH, "EVTYPE_COLD_BOOT_BIOS_HASH"},
    {CAIRN_EVTYPE_KM_HASH, "EVTYPE_KM_HASH"},
    {CAIRN_EVTYPE_BPM_HASH, "EVTYPE_BPM_HASH"},
    {CAIRN_EVTYPE_KM_INFO_HASH, "EVTYPE_KM_INFO_HASH"},
    {CAIRN_EVTYPE_BPM_INFO_HASH, "EVTYPE_BPM_INFO_HASH"},
    {CAIRN_EVTYPE_BOOT_POL_HASH, "EVTYPE_BOOT_POL_HASH"},
    {CAIRN_EVTYPE_RANDOM_VALUE, "EVTYPE_RANDOM_VALUE"},
    {CAIRN_EVTYPE_CAP_VALUE, "EVTYPE_CAP_VALUE"},
    /* What is launched by TXT or SKINIT: tboot; the Secure Launch of TrenchBoot and Linux. */
    {CAIRN_EVTYPE_TBOOT, "EVTYPE_TBOOT"},
    {CAIRN_EVTYPE_SLAUNCH, "EVTYPE_SLAUNCH"},
    {CAIRN_EVTYPE_SLAUNCH_START, "EVTYPE_SLAUNCH_START"},
    {CAIRN_EVTYPE_SLAUNCH_END, "EVTYPE_SLAUNCH_END"},
};

const char *cairn_event_type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

bool cairn_event_type_known(uint32_t type)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return true;
	return false;
}

static bool take_prefix(struct cairn_span *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text->len < n || memcmp(text->ptr, prefix, n) != 0)
		return false;
	*text = cairn_span(text->ptr + n, text->len - n);
	return true;
}

enum cairn_grub_text cairn_grub_text_of(struct cairn_span *text, struct cairn_span data)
{
	static const struct {
		const char *prefix;
		enum cairn_grub_text kind;
	} prefixes[] = {
	    {"grub_cmd: ", CAIRN_GRUB_COMMAND},
	    {"kernel_cmdline: ", CAIRN_GRUB_KERNEL},
	    {"module_cmdline: ", CAIRN_GRUB_MODULE},
	    /* Red Hat's 2.02 */
	    {"grub_cmd ", CAIRN_GRUB_COMMAND},
	    {"grub_kernel_cmdline ", CAIRN_GRUB_KERNEL},
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		*text = data;
		if (take_prefix(text, prefixes[i].prefix))
			return prefixes[i].kind;
	}
	return CAIRN_GRUB_NONE;
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
