/* Facts of logs: all that is told of each kind of event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/eventtypes.h"
#include "cairn/json.h"
#include "cairn/logfacts.h"
#include "tests/unit/evlog_fixture.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define GLOBAL	      "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define SECURITY      "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
#define N64(c)	      c "\0\0\0\0\0\0\0"
#define IMAGE(path)   N64("\1") N64("\2") N64("\0") path

/* ---- JSON ------------------------------------------------------------------------------------------------------- */
static json_t *json_of(const struct evlog *e)
{
	struct cairn_eventlog log;
	json_t *j;

	evlog_open(&log, e);
	j = cairn_log_facts_json(&log);
	assert_non_null(j);
	return j;
}

/* A member deep within: names and indices, joined by dots. */
static const json_t *at(const json_t *j, const char *path)
{
	char name[128];

	(void)snprintf(name, sizeof name, "%s", path);
	for (char *save, *p = strtok_r(name, ".", &save); p; p = strtok_r(NULL, ".", &save))
		j = json_is_array(j) ? json_array_get(j, (size_t)strtoul(p, NULL, 10))
				     : json_object_get(j, p);
	return j;
}

static const char *text_at(const json_t *j, const char *path)
{
	const char *s = json_string_value(at(j, path));

	return s ? s : "(none)";
}

/* All that is told of each kind of event. */
static void members(void **state)
{
	static const struct {
		uint32_t pcr, type;
		const char *data;
		size_t len;
		const char *path, *want;
	} cases[] = {
#define CASE(pcr, type, data, path, want) {pcr, type, data, sizeof(data) - 1, path, want}
#define LIST                                                                                                 \
	"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28\x2e\0\0\0\0\0\0\0\x12\0\0"         \
	"\0" GLOBAL "h1"
#define RIM	   "SP800-155 Event2\7\0\0\0" GLOBAL "\2M\0\2m\0\2v\0\2F\0\1\0\0\0\2f\0"
#define KEYS(name) SECURITY N64(name) N64("\x2e")
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, KEYS("\2") "d\0b\0" LIST, "keys.db.signatures.0.hex",
		 "6831"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, KEYS("\3") "d\0b\0x\0" LIST,
		 "keys.dbx.signatures.0.type", "SHA-256"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, KEYS("\3") "d\0b\0t\0" LIST,
		 "keys.dbt.signatures.0.owner_name", "EFI_GLOBAL_VARIABLE"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, KEYS("\3") "d\0b\0r\0" LIST, "keys.dbr.backed",
		 "hashed"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, GLOBAL N64("\1") N64("\2") "X\0hi", "authorities.0.hex",
		 "6869"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, GLOBAL N64("\1") N64("\2") "X\0hi", "authorities.0.name",
		 "X"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, GLOBAL N64("\1") N64("\2") "X\0hi",
		 "authorities.0.guid_name", "EFI_GLOBAL_VARIABLE"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, GLOBAL N64("\1") N64("\2") "X\0hi", "authorities.0.guid",
		 "8be4df61-93ca-11d2-aa0d-00e098032b8c"),
	    CASE(7, CAIRN_EV_EFI_VARIABLE_AUTHORITY,
		 "\x50\xab\x5d\x60\x46\xe0\x00\x43\xab\xb6\x3d\xd8\x10\xdd\x8b\x23" N64("\x09")
		     N64("\4") "S\0b\0a\0t\0L\0e\0v\0e\0l\0sbat",
		 "authorities.0.text", "sbat"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.manifest", "8be4df61-93ca-11d2-aa0d-00e098032b8c"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.platform_manufacturer", "M"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.platform_model", "m"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.platform_version", "v"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.firmware_manufacturer", "F"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.firmware_version", "f"),
	    CASE(0, CAIRN_EV_NO_ACTION, RIM, "manifests.0.backed", "claimed"),
	    CASE(0, CAIRN_EV_S_CRTM_VERSION, "1.2", "crtm_version.hex", "312e32"),
	    CASE(4, CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, IMAGE(N64("\0")), "images.0.backed", "claimed"),
	    CASE(4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, "short", "images.0.malformed",
		 "the bytes end before their format does"),
	    CASE(2, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, IMAGE(N64("\0")), "option_roms.0.path", ""),
	    CASE(2, CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, IMAGE(N64("\0")), "option_roms.0.path", ""),
	    CASE(2, CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, IMAGE(N64("\0")), "option_roms.0.path", ""),
	    CASE(2, CAIRN_EV_ACTION, "Calling option ROM", "option_roms.0.text", "Calling option ROM"),
	    CASE(2, CAIRN_EV_ACTION, "Calling option ROM", "option_roms.0.kind", "text"),
	    CASE(2, CAIRN_EV_EVENT_TAG, "\1\2", "option_roms.0.hex", "0102"),
	    CASE(2, CAIRN_EV_POST_CODE, "ROM", "option_roms.0.text", "ROM"),
	    CASE(5, CAIRN_EV_EVENT_TAG, "\x2a\x58\xbc\xf5\4\0\0\0l\0d\0", "stub.addons.0.text", "ld"),
	    CASE(17, CAIRN_EVTYPE_HASH_START, "hash\1\2\3\4", "drtm.sinit.0.senter_flags", "01020304"),
	    CASE(17, CAIRN_EVTYPE_BIOSAC_REG_DATA, "0123456789abcdefghij\1", "drtm.bios_acm.0.registers",
		 "01"),
	    CASE(17, CAIRN_EVTYPE_BIOSAC_REG_DATA, "0123456789abcdefghij\1", "drtm.bios_acm.0.bios_acm_id",
		 "303132333435363738396162636465666768696a"),
	    CASE(17, CAIRN_EVTYPE_CPU_SCRTM_STAT, "\1\0\0\0", "drtm.cpu_scrtm.0.hex", "01000000"),
	    CASE(17, CAIRN_EVTYPE_LCP_CONTROL_HASH, "\1\0\0\0", "drtm.lcp_control.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_ELEMENTS_HASH, "\0", "drtm.lcp_elements.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_STM_HASH, "\0", "drtm.stm.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, "\1\0\0\0", "drtm.os_capabilities.0.backed",
		 "hashed"),
	    CASE(18, CAIRN_EVTYPE_SINIT_PUBKEY_HASH, "", "drtm.sinit_pubkey.0.backed", "claimed"),
	    CASE(17, CAIRN_EVTYPE_LCP_HASH, "\0", "drtm.lcp.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_LCP_DETAILS_HASH, "\0", "drtm.lcp_details.0.backed", "hashed"),
	    CASE(18, CAIRN_EVTYPE_LCP_AUTHORITIES_HASH, "\0", "drtm.lcp_authorities.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_NV_INFO_HASH, "\0", "drtm.nv_info.0.backed", "hashed"),
	    CASE(17, CAIRN_EVTYPE_COMBINED_HASH, "", "drtm.combined.0.backed", "claimed"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		auto_evlog struct evlog e = {0};

		evlog_begin2(&e);
		evlog_event(&e, cases[i].pcr, cases[i].type, cairn_span(cases[i].data, cases[i].len));
		cairn_auto_json json_t *j = json_of(&e);
		if (strcmp(text_at(j, cases[i].path), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].path, text_at(j, cases[i].path));
	}
}

/* Numbers among them. */
static void numbers(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 0, CAIRN_EV_NO_ACTION, SPAN(RIM));
	evlog_event(&e, 17, CAIRN_EVTYPE_CPU_SCRTM_STAT, SPAN("\1\0\0\0"));
	evlog_event(&e, 2, CAIRN_EV_POST_CODE, SPAN(N64("\1") N64("\2")));
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_AUTHORITY,
		    SPAN("\x50\xab\x5d\x60\x46\xe0\x00\x43\xab\xb6\x3d\xd8\x10\xdd\x8b\x23" N64("\x0e")
			     N64("\1") "M\0o\0k\0L\0i\0s\0t\0T\0r\0u\0s\0t\0e\0d\0\1"));
	cairn_auto_json json_t *j = json_of(&e);
	assert_int_equal(json_integer_value(at(j, "manifests.0.vendor")), 7);
	assert_int_equal(json_integer_value(at(j, "drtm.cpu_scrtm.0.value")), 1);
	assert_int_equal(json_integer_value(at(j, "option_roms.0.base")), 1);
	assert_int_equal(json_integer_value(at(j, "option_roms.0.size")), 2);
	assert_true(json_is_true(at(j, "authorities.0.boolean")));
	assert_string_equal(text_at(j, "authorities.0.guid_name"), "SHIM_LOCK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members),
	    cmocka_unit_test(numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
