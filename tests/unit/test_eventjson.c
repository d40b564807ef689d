/* Events as JSON: what the data of each type says, data that is garbage, and every event of every recorded log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "cairn/eventjson.h"
#include "cairn/eventtypes.h"
#include "cairn/json.h"
#include "tests/unit/genuine_logs.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define GLOBAL	      "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define N64(c)	      c "\0\0\0\0\0\0\0"

static json_t *data_of(uint32_t pcr, uint32_t type, struct cairn_span data, struct cairn_buf *summary)
{
	const struct cairn_event ev = {.number = 1, .pcr = pcr, .type = type, .data = data};
	json_t *j = cairn_event_data_json(&ev, summary);

	assert_non_null(j);
	return j;
}

static const char *text_at(const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));

	return s ? s : "(none)";
}

/* The summary of an event of a recorded log. */
static void assert_summary(const char *log_name, unsigned number, const char *check, const char *want)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_event ev = {0};

	genuine_open(&log, &bytes, log_name);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (ev.number < number)
		assert_true(cairn_eventlog_next(&it, &ev));
	cairn_auto_json json_t *j = cairn_event_json(&ev);
	assert_non_null(j);
	assert_string_equal(text_at(j, "summary"), want);
	assert_string_equal(text_at(j, "check"), check);
	assert_string_equal(text_at(j, "type"), cairn_event_type_name(ev.type));
	assert_int_equal(json_integer_value(json_object_get(j, "type_number")), ev.type);
	assert_int_equal(json_integer_value(json_object_get(j, "number")), number);
	assert_int_equal(json_integer_value(json_object_get(j, "offset")), ev.offset);
	assert_int_equal(json_object_size(json_object_get(j, "digests")), ev.count);
}

static void recorded_events(void **state)
{
	(void)state;
	assert_summary("tcg2-amd635.bin", 1, "matches", "546bfb1e-1d0c-4055-a4ad-4ef4bf17b83a");
	assert_summary("tcg2-amd635.bin", 2, "bare", "FV_MAIN: 0xff651000, 6680576 bytes");
	assert_summary("tcg2-amd635.bin", 3, "matches", "SecureBoot: on");
	assert_summary("tcg2-amd635.bin", 4, "matches", "PK: 1 signature");
	assert_summary("tcg2-amd635.bin", 8, "matches", "db: Microsoft Corporation UEFI CA 2011");
	assert_summary("tcg2-amd635.bin", 9, "bare",
		       "PciRoot(0x0)/Pci(0x1,0x1)/Pci(0x0,0x0)/Offset(0x24838,0x655FF)");
	assert_summary("tcg2-amd635.bin", 22, "matches", "Calling EFI Application from Boot Option");
	assert_summary("tcg2-amd635.bin", 23, "matches", "end of the firmware's measurements");
	assert_summary("tcg2-amd635.bin", 32, "bare", "MokList");
	assert_summary("tcg2-amd635.bin", 43, "matches", "command: set timeout=5");
	assert_summary("tcg2-gce-rhel8.bin", 28, "matches", "command: set pager=1");
	assert_summary("tcg12-optionrom.bin", 1, "matches", "M60");
	assert_summary("tcg12-optionrom.bin", 42, "matches", "db: Microsoft Windows Production PCA 2011");
	assert_summary("tcg12-debian10-sha1.bin", 24, "matches", "Shim: Debian Secure Boot CA");
	assert_summary("tcg12-lenovo-x1carbon3-win.bin", 27, "matches", "Windows: TRUSTBOUNDARY, 19 tags");
	assert_summary("tcg12-lenovo-x1carbon3-win.bin", 34, "matches", "end of Windows' log");
	assert_summary("tcg2-sdboot-fedora37.bin", 25, "bare", "Linux initrd: Linux initrd");
	assert_summary("tcg2-startuplocality3-glinux.bin", 1, "bare", "StartupLocality 3");
	assert_summary("tcg12-lenovo-x1carbon3-win.bin", 37, "bare",
		       "Windows: TRUSTPOINT_AGGREGATION, 5 tags");
	assert_summary("drtm-intel-txt.bin", 1, "matches",
		       "SINIT ACM 72589322d1c6cab6e7a1fb82b44565777ffaab90ee8c1c3559578adf1c1ba11b");
	assert_summary("drtm-intel-txt.bin", 2, "matches",
		       "BIOS ACM 000000002408182007b000000002000000000000");
	assert_summary("drtm-intel-txt.bin", 3, "matches", "0x1");
	assert_summary("drtm-intel-txt.bin", 4, "matches", "0x0");
	assert_summary("drtm-intel-txt.bin", 7, "matches", "0x601");
	assert_summary("hostile-type-relabel.bin", 24, "differs", "end of the firmware's measurements");
}

static void made_events(void **state)
{
	static const struct {
		uint32_t pcr, type;
		const char *data;
		size_t len;
		const char *member, *value, *summary;
	} cases[] = {
#define CASE(pcr, type, data, member, value, summary)                                                        \
	{pcr, type, data, sizeof(data) - 1, member, value, summary}
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 GLOBAL N64("\x09") N64("\4") "B\0o\0o\0t\0O\0r\0d\0e\0r\0\1\0\xab\0", "name", "BootOrder",
		 "BootOrder: 0001 00AB"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		 GLOBAL N64("\x0a") N64("\0") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0", "guid_name",
		 "EFI_GLOBAL_VARIABLE", "SecureBoot: not there"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL N64("\1") N64("\2") "\n\0ab", "name",
		 "\\u000a", "\\u000a"),
	    CASE(5, CAIRN_EV_EVENT_TAG, "\x2a\x58\xbc\xf5\4\0\0\0l\0d\0", "name", "loader.conf",
		 "loader.conf: ld"),
	    CASE(0, CAIRN_EV_NO_ACTION, "SP800-155 Event\0\1\0\0\0" GLOBAL, "manifest_name",
		 "EFI_GLOBAL_VARIABLE", "reference manifest 8be4df61-93ca-11d2-aa0d-00e098032b8c"),
	    CASE(0, CAIRN_EV_NO_ACTION, "SP800-155 Event2\1\0\0\0" GLOBAL "\2M\0\2m\0\2v\0\2F\0\1\0\0\0\2f\0",
		 "firmware_version", "f", "reference manifest 8be4df61-93ca-11d2-aa0d-00e098032b8c"),
	    CASE(0, CAIRN_EV_NO_ACTION, "Spec ID Event02\0\0\0\0\0\x16\1\2\2\0", "kind", "spec_id",
		 "specification 1.22 errata 2"),
	    CASE(0, CAIRN_EV_NO_ACTION, "something else", "kind", "text", "something else"),
	    CASE(2, CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB, "SPDM Device Sec2\2\0more", "kind", "spdm",
		 "SPDM Device Sec2"),
	    CASE(17, CAIRN_EVTYPE_SLAUNCH, "Measured kernel\0", "text", "Measured kernel", "Measured kernel"),
	    CASE(17, CAIRN_EVTYPE_CPU_SCRTM_STAT, "\1\0\0", "hex", "010000", ""),
	    CASE(17, CAIRN_EVTYPE_HASH_START, "\1\0\0", "hex", "010000", ""),
	    CASE(17, CAIRN_EVTYPE_BIOSAC_REG_DATA, "\1\0\0", "hex", "010000", ""),
	    CASE(17, CAIRN_EVTYPE_MLE_HASH, "", "kind", "empty", ""),
	    CASE(9, CAIRN_EV_IPL, "/boot/\x1b[2Jxen\0", "text", "/boot/\\u001b[2Jxen",
		 "file: /boot/\\u001b[2Jxen"),
	    CASE(1, 0x12345678, "\1\2", "hex", "0102", ""),
	    CASE(2, CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB, "SPDM Device Sec\0\1\0", "kind", "spdm",
		 "SPDM Device Sec"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		 GLOBAL N64("\x09") N64("\1") "S\0e\0t\0u\0p\0M\0o\0d\0e\0\1", "name", "SetupMode",
		 "SetupMode: on"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		 GLOBAL N64("\x09") N64("\1") "A\0u\0d\0i\0t\0M\0o\0d\0e\0\0", "name", "AuditMode",
		 "AuditMode: off"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		 GLOBAL N64("\x0c") N64("\1") "D\0e\0p\0l\0o\0y\0e\0d\0M\0o\0d\0e\0\1", "name",
		 "DeployedMode", "DeployedMode: on"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL N64("\3") N64("\0") "K\0E\0K\0", "name",
		 "KEK", "KEK: 0 signatures"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		 "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f" N64("\3")
		     N64("\0") "d\0b\0r\0",
		 "name", "dbr", "dbr: 0 signatures"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 GLOBAL N64("\x0b") N64("\2") "D\0r\0i\0v\0e\0r\0O\0r\0d\0e\0r\0\1\0", "name", "DriverOrder",
		 "DriverOrder: 0001"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f" N64("\x08")
		     N64("\0") "B\0o\0o\0t\0000\0000\0000\0000\0",
		 "hex", "", "Boot0000"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 GLOBAL N64("\x08") N64("\0") "R\0o\0o\0t\0000\0000\0000\0000\0", "hex", "", "Root0000"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 GLOBAL N64("\x08") N64("\0") "B\0o\0o\0t\0000\0000\0000\0000\1", "hex", "",
		 "Boot000\xc4\xb0"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\x08") N64("\0") "B\0o\0o\0t\0000\0000\0000\0/\0",
		 "hex", "", "Boot000/"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\x08") N64("\0") "B\0o\0o\0t\0000\0000\0000\0@\0",
		 "hex", "", "Boot000@"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\x08") N64("\0") "B\0o\0o\0t\0000\0000\0000\0:\0",
		 "hex", "", "Boot000:"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\x08") N64("\0") "B\0o\0o\0t\0000\0000\0000\0G\0",
		 "hex", "", "Boot000G"),
	    CASE(0, CAIRN_EV_POST_CODE, "\x80\x81", "hex", "8081", ""),
	    CASE(0, CAIRN_EV_POST_CODE, N64("\1") N64("\2"), "kind", "blob", "0x1, 2 bytes"),
	    CASE(0, CAIRN_EV_S_CRTM_CONTENTS, N64("\1") N64("\2"), "kind", "blob", "0x1, 2 bytes"),
	    CASE(0, CAIRN_EV_S_CRTM_CONTENTS, "Boot Guard\0", "text", "Boot Guard", "Boot Guard"),
	    CASE(0, CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB, N64("\1") N64("\2"), "kind", "blob", "0x1, 2 bytes"),
	    CASE(0, CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB, "0123456789abcdef", "kind", "text",
		 "0123456789abcdef"),
	    CASE(0, CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB, N64("\1"), "kind", "bytes", ""),
	    CASE(4, CAIRN_EV_ACTION, "a\0b\0", "text", "ab", "ab"),
	    CASE(4, CAIRN_EV_EFI_ACTION, "a\0b\0", "text", "ab", "ab"),
	    CASE(4, CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, "a\0b\0", "text", "ab", "ab"),
	    CASE(0, CAIRN_EV_EFI_HCRTM_EVENT, "a\0b\0", "text", "ab", "ab"),
	    CASE(17, CAIRN_EVTYPE_SLAUNCH, "a\0b\0", "text", "ab", "ab"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT2, GLOBAL N64("\1") N64("\0") "X\0", "name", "X", "X"),
	    CASE(1, CAIRN_EV_EFI_SPDM_DEVICE_POLICY, GLOBAL N64("\1") N64("\0") "X\0", "name", "X", "X"),
	    CASE(1, CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY, GLOBAL N64("\1") N64("\0") "X\0", "name", "X", "X"),
	    CASE(2, CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, N64("\1") N64("\2") N64("\3") N64("\0"), "kind",
		 "image", ""),
	    CASE(17, CAIRN_EVTYPE_NV_INFO_HASH, "\1", "kind", "txt", ""),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT,
		 GLOBAL N64("\x09") N64("\0") "B\0o\0o\0t\0000\0000\0000\0000\0X\0", "hex", "", "Boot0000X"),
	    CASE(1, CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\7") N64("\0") "B\0o\0o\0t\0000\0000\0000\0",
		 "hex", "", "Boot000"),
	    CASE(0, CAIRN_EV_NO_ACTION, "Spec ID Event03\0\0\0\0\0\0\2\0\2", "kind", "spec_id",
		 "specification 2.0 errata 0"),
	    CASE(0, CAIRN_EV_NO_ACTION, "", "kind", "empty", ""),
	    CASE(0, CAIRN_EV_POST_CODE, "ACPI DATA", "text", "ACPI DATA", "ACPI DATA"),
	    CASE(0, CAIRN_EV_POST_CODE2, "\2Fv" N64("\1") N64("\2"), "description", "Fv", "Fv: 0x1, 2 bytes"),
	    CASE(0, CAIRN_EV_S_CRTM_VERSION, "1\0.\0002\0\0\0", "text", "1.2", "1.2"),
	    CASE(0, CAIRN_EV_S_CRTM_VERSION, "\0\0", "text", "", ""),
	    CASE(11, CAIRN_EV_COMPACT_HASH, "\x10\0\0\0", "hex", "10000000", ""),
	    CASE(0, CAIRN_EV_SEPARATOR, "\1\0\0\0", "hex", "01000000", "end of the firmware's measurements"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cairn_auto_buf struct cairn_buf summary = {0};
		cairn_auto_json json_t *j =
		    data_of(cases[i].pcr, cases[i].type, cairn_span(cases[i].data, cases[i].len), &summary);

		if (strcmp(text_at(j, cases[i].member), cases[i].value) != 0)
			fail_msg("case %zu: %s", i, json_dumps(j, 0));
		assert_string_equal(cairn_buf_str(&summary), cases[i].summary);
	}
}

/* Whatever the type, data that is cut or not at all what it should be gives its reason and its bytes. */
static void garbage(void **state)
{
	static const struct {
		uint32_t type;
		const char *data;
		size_t len;
	} cases[] = {
#define BAD(type, data) {type, data, sizeof(data) - 1}
	    BAD(CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, "short"),
	    BAD(CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		GLOBAL N64("\x0a") N64("\1") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\2"), /* neither on nor off */
	    BAD(CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		GLOBAL N64("\x0a") N64("\2") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\1\0"),
	    BAD(CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL N64("\2") N64("\1") "P\0K\0x"),
	    BAD(CAIRN_EV_EFI_VARIABLE_BOOT,
		GLOBAL N64("\x09") N64("\3") "B\0o\0o\0t\0O\0r\0d\0e\0r\0\1\0\xab"),
	    BAD(CAIRN_EV_EFI_VARIABLE_BOOT,
		GLOBAL N64("\x08") N64("\3") "B\0o\0o\0t\0000\0000\0000\0000\0abc"),
	    BAD(CAIRN_EV_EFI_VARIABLE_BOOT,
		GLOBAL N64("\1") N64("\0") "B\0" GLOBAL N64("\1") N64("\xff") "B\0"), /* the second one */
	    BAD(CAIRN_EV_EFI_VARIABLE_BOOT, GLOBAL N64("\1") N64("\0") "B\0" GLOBAL N64("\x09")
						N64("\1") "B\0o\0o\0t\0O\0r\0d\0e\0r\0\1"),
	    BAD(CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		GLOBAL N64("\x0a") N64("\1") "S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\2"
					     "x"),
	    BAD(CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, "short"),
	    BAD(CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB2, "\x05short"),
	    BAD(CAIRN_EV_EFI_HANDOFF_TABLES, N64("\1")),
	    BAD(CAIRN_EV_EFI_HANDOFF_TABLES2, "\1"),
	    BAD(CAIRN_EV_EFI_GPT_EVENT, "EFI PART"),
	    BAD(CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG, "SPDM Device Sec3\2\0"),
	    BAD(CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG, "SPDM Device Sec2\2"),
	    BAD(CAIRN_EV_NO_ACTION, "StartupLocality\0"),
	    BAD(CAIRN_EV_NO_ACTION, "StartupLocality\0\3\3"),
	    BAD(CAIRN_EV_NO_ACTION, "SP800-155 Event\0\1\0\0\0"),
	    BAD(CAIRN_EV_NO_ACTION, "SP800-155 Event3\1\0\0\0" GLOBAL "\2M\0"),
	    BAD(CAIRN_EV_NO_ACTION, "Spec ID Event00"
				    "\0\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cairn_auto_buf struct cairn_buf summary = {0}, hex = {0};
		struct cairn_span data = cairn_span(cases[i].data, cases[i].len);
		cairn_auto_json json_t *j = data_of(1, cases[i].type, data, &summary);

		cairn_hex_encode(&hex, data);
		if (!json_object_get(j, "malformed") || strcmp(text_at(j, "hex"), cairn_buf_str(&hex)) != 0)
			fail_msg("case %zu: %s", i, json_dumps(j, 0));
		assert_int_equal(json_object_size(j), 2);
		assert_memory_equal(cairn_buf_str(&summary), "malformed: ", 11);
	}
}

/* A GPT, to the end. */
static void partition_tables(void **state)
{
	static const uint32_t types[] = {CAIRN_EV_EFI_GPT_EVENT, CAIRN_EV_EFI_GPT_EVENT2};
	uint8_t data[92 + 8 + 128] = "EFI PART";

	(void)state;
	data[84] = 128;
	data[92] = 1;
	memcpy(data + 56, GLOBAL, 16);
	memcpy(data + 100 + 56, "E\0S\0P\0", 6);
	data[100 + 32] = 7;
	data[100 + 40] = 9;
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf summary = {0};
		cairn_auto_json json_t *j = data_of(5, types[i], cairn_span(data, sizeof data), &summary);
		const json_t *p = json_array_get(json_object_get(j, "partitions"), 0);

		assert_string_equal(cairn_buf_str(&summary),
				    "disk 8be4df61-93ca-11d2-aa0d-00e098032b8c, 1 partitions");
		assert_string_equal(text_at(p, "name"), "ESP");
		assert_int_equal(json_integer_value(json_object_get(p, "first")), 7);
		assert_int_equal(json_integer_value(json_object_get(p, "last")), 9);
	}
}

static void reference_manifests(void **state)
{
	const struct cairn_span in =
	    SPAN("SP800-155 Event3\1\0\0\0" GLOBAL "\2M\0\2m\0\2v\0\2F\0\1\0\0\0\2f\0 and what follows");
	cairn_auto_json json_t *j = data_of(0, CAIRN_EV_NO_ACTION, in, NULL);

	(void)state;
	assert_string_equal(text_at(j, "platform_manufacturer"), "M");
	assert_string_equal(text_at(j, "platform_model"), "m");
	assert_string_equal(text_at(j, "platform_version"), "v");
	assert_string_equal(text_at(j, "firmware_manufacturer"), "F");
	assert_string_equal(text_at(j, "firmware_version"), "f");
	assert_int_equal(json_integer_value(json_object_get(j, "vendor")), 1);
}

/* Where nothing can be hashed, an event that would be checked is not told of at all. */
static void no_hashing(void **state)
{
	struct cairn_event ev = {.type = CAIRN_EV_SEPARATOR, .count = 1, .data = SPAN("\1\0\0\0")};

	(void)state;
	ev.digest[0] =
	    (struct cairn_event_digest){CAIRN_ALG_SHA256, SPAN("01234567890123456789012345678901")};
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	json_t *event = cairn_event_json(&ev);
	json_t *data = cairn_event_data_json(&ev, NULL);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_null(event);
	assert_true(json_is_false(json_object_get(data, "error")));
	json_decref(data);
}

static void boot_options(void **state)
{
	const struct cairn_span in =
	    SPAN(GLOBAL N64("\x08") N64("\x12") "B\0o\0o\0t\0000\0000\0001\0A\0"
						"\1\0\0\0\4\0X\0\0\0\x7f\xff\4\0o\0p\0");
	cairn_auto_json json_t *j = data_of(1, CAIRN_EV_EFI_VARIABLE_BOOT, in, NULL);
	const json_t *o = json_object_get(j, "option");

	(void)state;
	assert_string_equal(text_at(j, "name"), "Boot001A");
	assert_string_equal(text_at(o, "description"), "X");
	assert_string_equal(text_at(o, "path"), "");
	assert_string_equal(text_at(o, "optional_hex"), "6f007000");
	assert_string_equal(text_at(o, "optional_text"), "op");
	assert_true(json_is_true(json_object_get(o, "active")));
	assert_true(json_is_false(json_object_get(o, "hidden")));
}

/* What a loader is handed is shown as text only where it is one. */
static void option_data(void **state)
{
	static const struct {
		const char *data, *text;
		size_t len;
	} rows[] = {
	    {"-\0d\0 \0"
	     "5\0\0\0",
	     "-d 5", 10},
	    {"o\0p\0", "op", 4},
	    {"WINDOWS\0", "WINDOWS", 8},
	    {"OPTS", "OPTS", 4},
	    {"\x20\x7e", " ~", 2},
	    {"\x20\0\x7e\0", " ~", 4},
	    {"", NULL, 0},
	    {"\0\0", NULL, 2},
	    {"\0\0BO", NULL, 4},			   /* AMI */
	    {"\x4e\xac\x08\x81\x11\x9f\x59\x4d", NULL, 8}, /* begins as the GUID of edk2 does */
	    {"o\0\0p", NULL, 4},
	    {"o\0p\1", NULL, 4},
	    {"o\0\x1fp\0", NULL, 5},
	    {"o\0\x1f\0", NULL, 4},
	    {"o\0\x7f\0", NULL, 4},
	    {"o\0p", NULL, 3},
	    {"op\x1f", NULL, 3},
	    {"op\x7f", NULL, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static const char head[] =
		    GLOBAL N64("\x08") "?"
				       "\0\0\0\0\0\0\0"
				       "B\0o\0o\0t\0000\0000\0000\0001\0\1\0\0\0\4\0X\0\0\0\x7f\xff\4\0";
		cairn_auto_buf struct cairn_buf in = {0}, hex = {0};

		cairn_buf_add(&in, cairn_span(head, sizeof head - 1));
		in.ptr[24] = (uint8_t)(14 + rows[i].len); /* the size of the variable */
		cairn_buf_add(&in, cairn_span(rows[i].data, rows[i].len));
		cairn_auto_json json_t *j = data_of(1, CAIRN_EV_EFI_VARIABLE_BOOT, cairn_buf_span(&in), NULL);
		const json_t *o = json_object_get(j, "option"), *text = json_object_get(o, "optional_text");

		cairn_hex_encode(&hex, cairn_span(rows[i].data, rows[i].len));
		assert_string_equal(text_at(o, "optional_hex"), hex.len ? cairn_buf_str(&hex) : "");
		if (rows[i].text)
			assert_string_equal(json_string_value(text), rows[i].text);
		else
			assert_null(text);
	}
}

/* A device path that is none does not hide what else the event says. */
static void image_with_a_bad_path(void **state)
{
	cairn_auto_json json_t *j = data_of(4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
					    SPAN(N64("\1") N64("\2") N64("\3") N64("\4") "\4\4\3\0"), NULL);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "size")), 2);
	assert_string_equal(text_at(json_object_get(j, "path"), "hex"), "04040300");
}

static void long_data_is_cut(void **state)
{
	static const uint8_t zero[CAIRN_EVENT_JSON_HEX + 1];
	cairn_auto_json json_t *j = data_of(1, 0x12345678, cairn_span(zero, sizeof zero), NULL);
	cairn_auto_json json_t *whole = data_of(1, 0x12345678, cairn_span(zero, sizeof zero - 1), NULL);

	(void)state;
	assert_int_equal(json_string_length(json_object_get(j, "hex")), 2 * CAIRN_EVENT_JSON_HEX);
	assert_int_equal(json_integer_value(json_object_get(j, "size")), CAIRN_EVENT_JSON_HEX + 1);
	assert_int_equal(json_string_length(json_object_get(whole, "hex")), 2 * CAIRN_EVENT_JSON_HEX);
	assert_null(json_object_get(whole, "size"));
}

/* Of every event: JSON, and the same of each type whose data it is not; text without control characters. */
static void every_recorded_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof genuine_logs / sizeof genuine_logs[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_event ev;

		genuine_open(&log, &bytes, genuine_logs[i].name);
		struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
		while (cairn_eventlog_next(&it, &ev)) {
			cairn_auto_json json_t *j = cairn_event_json(&ev);

			assert_non_null(j);
			if (json_object_get(json_object_get(j, "data"), "malformed"))
				fail_msg("%s, event %u: %s", genuine_logs[i].name, ev.number,
					 text_at(j, "summary"));
			for (const char *s = text_at(j, "summary"); *s; s++)
				assert_true((unsigned char)*s >= 0x20);
		}
	}
}

static void cut_at_every_byte(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;

	(void)state;
	genuine_open(&log, &bytes, "xen-grub-swtpm.bin");
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_span data = ev.data;

		for (size_t n = 0; n < data.len; n++) {
			ev.data.len = n;
			json_decref(data_of(ev.pcr, ev.type, ev.data, NULL));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(partition_tables),
	    cmocka_unit_test(reference_manifests),
	    cmocka_unit_test(no_hashing),
	    cmocka_unit_test(recorded_events),
	    cmocka_unit_test(made_events),
	    cmocka_unit_test(garbage),
	    cmocka_unit_test(boot_options),
	    cmocka_unit_test(option_data),
	    cmocka_unit_test(image_with_a_bad_path),
	    cmocka_unit_test(long_data_is_cut),
	    cmocka_unit_test(every_recorded_event),
	    cmocka_unit_test(cut_at_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
