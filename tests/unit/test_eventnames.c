/* Names of numbers, each as its source has it: event types, GUIDs, Windows' tags, tags of Linux and systemd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/efi.h"
#include "cairn/eventjson.h"
#include "cairn/eventtypes.h"
#include "cairn/json.h"
#include "cairn/sipa.h"

static const struct {
	uint32_t type;
	const char *name;
} event_types[] = {
    {0x00, "EV_PREBOOT_CERT"},
    {0x01, "EV_POST_CODE"},
    {0x02, "EV_UNUSED"},
    {0x03, "EV_NO_ACTION"},
    {0x04, "EV_SEPARATOR"},
    {0x05, "EV_ACTION"},
    {0x06, "EV_EVENT_TAG"},
    {0x07, "EV_S_CRTM_CONTENTS"},
    {0x08, "EV_S_CRTM_VERSION"},
    {0x09, "EV_CPU_MICROCODE"},
    {0x0a, "EV_PLATFORM_CONFIG_FLAGS"},
    {0x0b, "EV_TABLE_OF_DEVICES"},
    {0x0c, "EV_COMPACT_HASH"},
    {0x0d, "EV_IPL"},
    {0x0e, "EV_IPL_PARTITION_DATA"},
    {0x0f, "EV_NONHOST_CODE"},
    {0x10, "EV_NONHOST_CONFIG"},
    {0x11, "EV_NONHOST_INFO"},
    {0x12, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {0x13, "EV_POST_CODE2"},
    {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {0x80000002, "EV_EFI_VARIABLE_BOOT"},
    {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {0x80000006, "EV_EFI_GPT_EVENT"},
    {0x80000007, "EV_EFI_ACTION"},
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
    {0x415, "EVTYPE_COLD_BOOT_BIOS_HASH"},
    {0x416, "EVTYPE_KM_HASH"},
    {0x417, "EVTYPE_BPM_HASH"},
    {0x418, "EVTYPE_KM_INFO_HASH"},
    {0x419, "EVTYPE_BPM_INFO_HASH"},
    {0x41a, "EVTYPE_BOOT_POL_HASH"},
    {0x4fe, "EVTYPE_RANDOM_VALUE"},
    {0x4ff, "EVTYPE_CAP_VALUE"},
    {0x501, "EVTYPE_TBOOT"},
    {0x502, "EVTYPE_SLAUNCH"},
    {0x503, "EVTYPE_SLAUNCH_START"},
    {0x504, "EVTYPE_SLAUNCH_END"},
};

static const struct {
	uint32_t id;
	enum cairn_sipa_form form;
	const char *name;
} tags[] = {
    {0x40010001, CAIRN_SIPA_CONTAINER, "TRUSTBOUNDARY"},
    {0x40010002, CAIRN_SIPA_CONTAINER, "ELAM_AGGREGATION"},
    {0x40010003, CAIRN_SIPA_CONTAINER, "LOADEDMODULE_AGGREGATION"},
    {0xc0010004, CAIRN_SIPA_CONTAINER, "TRUSTPOINT_AGGREGATION"},
    {0x40010005, CAIRN_SIPA_CONTAINER, "KSR_AGGREGATION"},
    {0x40010006, CAIRN_SIPA_CONTAINER, "KSR_SIGNED_MEASUREMENT_AGGREGATION"},
    {0x00030001, CAIRN_SIPA_HEX, "FIRMWAREFAILURE"},
    {0x80030002, CAIRN_SIPA_HEX, "TPMFAILURE"},
    {0x00030003, CAIRN_SIPA_HEX, "INTERNALFAILURE"},
    {0x00020001, CAIRN_SIPA_HEX, "INFORMATION"},
    {0x00020002, CAIRN_SIPA_NUMBER, "BOOTCOUNTER"},
    {0x00020003, CAIRN_SIPA_NUMBER, "TRANSFER_CONTROL"},
    {0x00020004, CAIRN_SIPA_NUMBER, "APPLICATION_RETURN"},
    {0x00020005, CAIRN_SIPA_NUMBER, "BITLOCKER_UNLOCK"},
    {0x00020006, CAIRN_SIPA_NUMBER, "EVENTCOUNTER"},
    {0x00020007, CAIRN_SIPA_NUMBER, "COUNTERID"},
    {0x00020008, CAIRN_SIPA_NUMBER, "MORBIT_NOT_CANCELABLE"},
    {0x00020009, CAIRN_SIPA_NUMBER, "APPLICATION_SVN"},
    {0x0002000a, CAIRN_SIPA_NUMBER, "SVN_CHAIN_STATUS"},
    {0x0002000b, CAIRN_SIPA_NUMBER, "MORBIT_API_STATUS"},
    {0x00040001, CAIRN_SIPA_NUMBER, "BOOTDEBUGGING"},
    {0x00040002, CAIRN_SIPA_HEX, "BOOT_REVOCATION_LIST"},
    {0x00050001, CAIRN_SIPA_NUMBER, "OSKERNELDEBUG"},
    {0x00050002, CAIRN_SIPA_NUMBER, "CODEINTEGRITY"},
    {0x00050003, CAIRN_SIPA_NUMBER, "TESTSIGNING"},
    {0x00050004, CAIRN_SIPA_NUMBER, "DATAEXECUTIONPREVENTION"},
    {0x00050005, CAIRN_SIPA_NUMBER, "SAFEMODE"},
    {0x00050006, CAIRN_SIPA_NUMBER, "WINPE"},
    {0x00050007, CAIRN_SIPA_NUMBER, "PHYSICALADDRESSEXTENSION"},
    {0x00050008, CAIRN_SIPA_NUMBER, "OSDEVICE"},
    {0x00050009, CAIRN_SIPA_TEXT, "SYSTEMROOT"},
    {0x0005000a, CAIRN_SIPA_NUMBER, "HYPERVISOR_LAUNCH_TYPE"},
    {0x0005000b, CAIRN_SIPA_TEXT, "HYPERVISOR_PATH"},
    {0x0005000c, CAIRN_SIPA_NUMBER, "HYPERVISOR_IOMMU_POLICY"},
    {0x0005000d, CAIRN_SIPA_NUMBER, "HYPERVISOR_DEBUG"},
    {0x0005000e, CAIRN_SIPA_NUMBER, "DRIVER_LOAD_POLICY"},
    {0x0005000f, CAIRN_SIPA_HEX, "SI_POLICY"},
    {0x00050010, CAIRN_SIPA_NUMBER, "HYPERVISOR_MMIO_NX_POLICY"},
    {0x00050011, CAIRN_SIPA_NUMBER, "HYPERVISOR_MSR_FILTER_POLICY"},
    {0x00050012, CAIRN_SIPA_NUMBER, "VSM_LAUNCH_TYPE"},
    {0x00050013, CAIRN_SIPA_HEX, "OS_REVOCATION_LIST"},
    {0x00050014, CAIRN_SIPA_HEX, "SMT_STATUS"},
    {0x00050020, CAIRN_SIPA_HEX, "VSM_IDK_INFO"},
    {0x00050021, CAIRN_SIPA_NUMBER, "FLIGHTSIGNING"},
    {0x00050022, CAIRN_SIPA_NUMBER, "PAGEFILE_ENCRYPTION_ENABLED"},
    {0x00050023, CAIRN_SIPA_HEX, "VSM_IDKS_INFO"},
    {0x00050024, CAIRN_SIPA_NUMBER, "HIBERNATION_DISABLED"},
    {0x00050025, CAIRN_SIPA_NUMBER, "DUMPS_DISABLED"},
    {0x00050026, CAIRN_SIPA_NUMBER, "DUMP_ENCRYPTION_ENABLED"},
    {0x00050027, CAIRN_SIPA_HEX, "DUMP_ENCRYPTION_KEY_DIGEST"},
    {0x00050028, CAIRN_SIPA_NUMBER, "LSAISO_CONFIG"},
    {0x00050029, CAIRN_SIPA_HEX, "SBCP_INFO"},
    {0x00050030, CAIRN_SIPA_NUMBER, "HYPERVISOR_BOOT_DMA_PROTECTION"},
    {0x00060001, CAIRN_SIPA_NUMBER, "NOAUTHORITY"},
    {0x00060002, CAIRN_SIPA_HEX, "AUTHORITYPUBKEY"},
    {0x00070001, CAIRN_SIPA_TEXT, "FILEPATH"},
    {0x00070002, CAIRN_SIPA_NUMBER, "IMAGESIZE"},
    {0x00070003, CAIRN_SIPA_NUMBER, "HASHALGORITHMID"},
    {0x00070004, CAIRN_SIPA_HEX, "AUTHENTICODEHASH"},
    {0x00070005, CAIRN_SIPA_TEXT, "AUTHORITYISSUER"},
    {0x00070006, CAIRN_SIPA_HEX, "AUTHORITYSERIAL"},
    {0x00070007, CAIRN_SIPA_NUMBER, "IMAGEBASE"},
    {0x00070008, CAIRN_SIPA_TEXT, "AUTHORITYPUBLISHER"},
    {0x00070009, CAIRN_SIPA_HEX, "AUTHORITYSHA1THUMBPRINT"},
    {0x0007000a, CAIRN_SIPA_NUMBER, "IMAGEVALIDATED"},
    {0x0007000b, CAIRN_SIPA_NUMBER, "MODULE_SVN"},
    {0x80080001, CAIRN_SIPA_HEX, "QUOTE"},
    {0x80080002, CAIRN_SIPA_HEX, "QUOTESIGNATURE"},
    {0x80080003, CAIRN_SIPA_TEXT, "AIKID"},
    {0x80080004, CAIRN_SIPA_HEX, "AIKPUBDIGEST"},
    {0x00090001, CAIRN_SIPA_TEXT, "ELAM_KEYNAME"},
    {0x00090002, CAIRN_SIPA_HEX, "ELAM_CONFIGURATION"},
    {0x00090003, CAIRN_SIPA_HEX, "ELAM_POLICY"},
    {0x00090004, CAIRN_SIPA_HEX, "ELAM_MEASURED"},
    {0x000a0001, CAIRN_SIPA_NUMBER, "VBS_VSM_REQUIRED"},
    {0x000a0002, CAIRN_SIPA_NUMBER, "VBS_SECUREBOOT_REQUIRED"},
    {0x000a0003, CAIRN_SIPA_NUMBER, "VBS_IOMMU_REQUIRED"},
    {0x000a0004, CAIRN_SIPA_NUMBER, "VBS_MMIO_NX_REQUIRED"},
    {0x000a0005, CAIRN_SIPA_NUMBER, "VBS_MSR_FILTERING_REQUIRED"},
    {0x000a0006, CAIRN_SIPA_NUMBER, "VBS_MANDATORY_ENFORCEMENT"},
    {0x000a0007, CAIRN_SIPA_HEX, "VBS_HVCI_POLICY"},
    {0x000a0008, CAIRN_SIPA_NUMBER, "VBS_MICROSOFT_BOOT_CHAIN_REQUIRED"},
};

struct guid {
	const char *text, *name;
};
static const struct guid owners[] = {
    {"8be4df61-93ca-11d2-aa0d-00e098032b8c", "EFI_GLOBAL_VARIABLE"},
    {"d719b2cb-3d3a-4596-a3bc-dad00e67656f", "EFI_IMAGE_SECURITY_DATABASE"},
    {"605dab50-e046-4300-abb6-3dd810dd8b23", "SHIM_LOCK"},
    {"77fa9abd-0359-4d32-bd60-28f4e78f784b", "MICROSOFT"},
    {"4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "SYSTEMD_LOADER"},
    {"eb704011-1402-11d3-8e77-00a0c969723b", "MTC_VENDOR"},
    {"ec87d643-eba4-4bb5-a1e5-3f3e36b20da9", "AMI_SETUP"},
    {"f46ee6f4-4785-43a3-923d-7f786c3c8479", "INTEL_STARTUP_LOCALITY"},
    {"eb9d2d30-2d88-11d3-9a16-0090273fc14d", "ACPI_TABLE"},
    {"8868e871-e4f1-11d3-bc22-0080c73c8881", "ACPI_20_TABLE"},
    {"eb9d2d31-2d88-11d3-9a16-0090273fc14d", "SMBIOS_TABLE"},
    {"f2fd1544-9794-4a2c-992e-e5bbcf20e394", "SMBIOS3_TABLE"},
    {"eb9d2d2f-2d88-11d3-9a16-0090273fc14d", "MPS_TABLE"},
    {"a5c059a1-94e4-4aa7-87b5-ab155c2bf072", "EFI_CERT_X509"},
    {"c1c41626-504c-4092-aca9-41f936934328", "EFI_CERT_SHA256"},
    {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI_SYSTEM_PARTITION"},
    {"0fc63daf-8483-4772-8e79-3d69d8477de4", "LINUX_FILE_SYSTEM"},
    {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "LINUX_ROOT_X86_64"},
    {"21686148-6449-6e6f-744e-656564454649", "BIOS_BOOT"},
    {"e6d6d379-f507-44c2-a23c-238f2a3df928", "LINUX_LVM"},
    {"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "LINUX_SWAP"},
    {"e3c9e316-0b5c-4db8-817d-f92df00215ae", "MICROSOFT_RESERVED"},
    {"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "MICROSOFT_BASIC_DATA"},
    {"de94bba4-06d1-4d40-a16a-bfd50179d6ac", "WINDOWS_RECOVERY"},
};
static const struct guid signature_types[] = {
    {"a5c059a1-94e4-4aa7-87b5-ab155c2bf072", "X.509"},
    {"c1c41626-504c-4092-aca9-41f936934328", "SHA-256"},
    {"826ca512-cf10-4ac9-b187-be01496631bd", "SHA-1"},
    {"0b6e5233-a65c-44c9-9407-d9ab83bfc8bd", "SHA-224"},
    {"ff3e5307-9fd0-48c9-85f1-8ad56c701e01", "SHA-384"},
    {"093e0fae-a6c4-4f50-9f1b-d41e2b89c19a", "SHA-512"},
    {"3c5766e8-269c-4e34-aa14-ed776e85b3b6", "RSA-2048"},
    {"e2b36190-879b-4a3d-ad8d-f2e7bba32784", "RSA-2048-SHA-256"},
    {"67f8444f-8743-48f1-a328-1eaab8736080", "RSA-2048-SHA-1"},
    {"3bd2a492-96c0-4079-b420-fcf98ef103ed", "X.509-SHA-256"},
    {"7076876e-80c2-4ee6-aad2-28b349a6865b", "X.509-SHA-384"},
    {"446dbf63-2502-4cda-bcfa-2465d2b0fe9d", "X.509-SHA-512"},
    {"4aafd29d-68df-49ee-8aa9-347d375665a7", "PKCS#7"},
};

static const struct {
	uint32_t id;
	const char *name;
} event_tags[] = {
    {0x8f3b22ec, "Linux initrd"},     {0x8f3b22ed, "Linux load options"}, {0xf5bc582a, "loader.conf"},
    {0x6c46f751, "devicetree addon"}, {0x49dffe0f, "initrd addon"},	  {0xdac08e1a, "ucode addon"},
    {0x13aed6db, "UKI profile"},      {0xd5cb7cbc, "SMBIOS type 1"},	  {0xe0d47bc8, "SMBIOS type 2"},
    {0xc0b3bd23, "SMBIOS type 11"},
};

static void types_of_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof event_types / sizeof event_types[0]; i++) {
		assert_string_equal(cairn_event_type_name(event_types[i].type), event_types[i].name);
		assert_true(cairn_event_type_known(event_types[i].type));
	}
	assert_string_equal(cairn_event_type_name(0x505), "unknown");
	assert_false(cairn_event_type_known(0x505));
}

static void windows_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		enum cairn_sipa_form form;

		assert_string_equal(cairn_sipa_name(tags[i].id, &form), tags[i].name);
		assert_int_equal(form, tags[i].form);
	}
	assert_null(cairn_sipa_name(0, NULL));
}

/* The bytes of a GUID: UEFI 2.10, appendix A. */
static void put_guid(uint8_t out[16], const char *text)
{
	static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	char hex[33];
	uint8_t bytes[16];
	size_t n = 0;

	for (; *text; text++)
		if (*text != '-')
			hex[n++] = *text;
	hex[n] = 0;
	assert_int_equal(cairn_hex_decode_into(bytes, 16, hex), CAIRN_OK);
	for (size_t i = 0; i < 16; i++)
		out[order[i]] = bytes[i];
}

static void guids(void **state)
{
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		put_guid(bytes, owners[i].text);
		assert_string_equal(cairn_guid_name(cairn_span(bytes, 16)), owners[i].name);
	}
	for (size_t i = 0; i < sizeof signature_types / sizeof signature_types[0]; i++) {
		put_guid(bytes, signature_types[i].text);
		assert_string_equal(cairn_efi_signature_type_name(cairn_span(bytes, 16)),
				    signature_types[i].name);
	}
}

static void tags_of_linux(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof event_tags / sizeof event_tags[0]; i++) {
		uint8_t data[] = {0, 0, 0, 0, 2, 0, 0, 0, 'x', 0};
		const struct cairn_event ev = {.type = CAIRN_EV_EVENT_TAG,
					       .data = cairn_span(data, sizeof data)};

		for (int k = 0; k < 4; k++)
			data[k] = (uint8_t)(event_tags[i].id >> (8 * k));
		cairn_auto_json json_t *j = cairn_event_data_json(&ev, NULL);
		assert_string_equal(json_string_value(json_object_get(j, "name")), event_tags[i].name);
		data[4] = 1; /* a byte too many: not such a tag */
		cairn_auto_json json_t *other = cairn_event_data_json(&ev, NULL);
		assert_null(json_object_get(other, "name"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types_of_events),
	    cmocka_unit_test(windows_tags),
	    cmocka_unit_test(guids),
	    cmocka_unit_test(tags_of_linux),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
