/* What events say against what was hashed: every rule of the table, genuine logs of all makers, and lies about types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cairn/eventtypes.h"
#include "tests/unit/data_fixture.h"
#include "tests/unit/genuine_logs.h"

#define BARE	CAIRN_EVENT_UNCHECKED
#define MATCHES CAIRN_EVENT_MATCHES
#define DIFFERS CAIRN_EVENT_DIFFERS

/* An event with a SHA-1 and a SHA-256 digest of what is hashed. */
struct made {
	struct cairn_event ev;
	struct cairn_digest sha1, sha256;
};

static void make(struct made *m, uint32_t pcr, uint32_t type, struct cairn_span data,
		 struct cairn_span hashed)
{
	assert_int_equal(cairn_hash(&m->sha1, CAIRN_ALG_SHA1, hashed), CAIRN_OK);
	assert_int_equal(cairn_hash(&m->sha256, CAIRN_ALG_SHA256, hashed), CAIRN_OK);
	m->ev = (struct cairn_event){.number = 1, .pcr = pcr, .type = type, .count = 2, .data = data};
	m->ev.digest[0] = (struct cairn_event_digest){CAIRN_ALG_SHA1, cairn_digest_span(&m->sha1)};
	m->ev.digest[1] = (struct cairn_event_digest){CAIRN_ALG_SHA256, cairn_digest_span(&m->sha256)};
}

static struct cairn_event_checked how(const struct cairn_event *ev)
{
	struct cairn_event_checked c;
	enum cairn_event_check plain;

	assert_int_equal(cairn_event_check_how(&c, ev), CAIRN_OK);
	assert_int_equal(cairn_event_check(&plain, ev), CAIRN_OK);
	assert_int_equal(plain, c.result);
	assert_non_null(c.rule);
	return c;
}

#define S(literal)                                                                                           \
	{                                                                                                    \
		(const uint8_t *)(literal), sizeof(literal) - 1                                              \
	}
#define GUID	 "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define VARIABLE GUID "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0A\0B\0xyz"
#define TABLE	 "EFI PART and what follows"

/* Types whose digests are of the data, and what their data may look like; another thing does not pass for it, hashed or
 * not. */
static const struct must {
	uint32_t type;
	struct cairn_span data, other;
} musts[] = {
    {CAIRN_EV_SEPARATOR, S("\0\0\0\0"), S("\0\0\0")},
    {CAIRN_EV_SEPARATOR, S("\xff\xff\xff\xff"), S("\xff\xff\xff\xfe")},
    {CAIRN_EV_SEPARATOR, S("WBCL"), S("WBCL\0")},
    {CAIRN_EV_ACTION, S("Calling INT 19h"), S("Calling\1")},
    {CAIRN_EV_ACTION, S(""), S("\0\0\0\0")},
    {CAIRN_EV_ACTION, S("U\0T\0F\0\r\0\n\0\t\0"), S("U\0T\1F\0")},
    {CAIRN_EV_EFI_ACTION, S("Exit Boot Services Invocation"), S("\0\0\0\1")},
    {CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, S("BOOT ATTEMPTS OMITTED"), S("\x7f")},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, S(VARIABLE), S("a text that is long enough for a variable")},
    {CAIRN_EV_EFI_VARIABLE_BOOT, S(VARIABLE), S(GUID "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0")},
    {CAIRN_EV_EFI_VARIABLE_BOOT2, S(VARIABLE), S(GUID "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0A\0B")},
    {CAIRN_EV_EFI_VARIABLE_AUTHORITY, S(VARIABLE),
     S(GUID "\xff\xff\xff\xff\xff\xff\xff\xff\3\0\0\0\0\0\0\0")},
    {CAIRN_EV_EFI_SPDM_DEVICE_POLICY, S(VARIABLE), S("")},
    {CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY, S(VARIABLE), S("\0\0\0\0")},
    {CAIRN_EV_EFI_GPT_EVENT, S(TABLE), S("EFI PAR")},
    {CAIRN_EV_EFI_GPT_EVENT, S(TABLE), {(const uint8_t *)"EFI PART", 7}},
    {CAIRN_EV_EFI_GPT_EVENT2, S(TABLE), S("EFI PARt and what follows")},
    {CAIRN_EV_S_CRTM_VERSION, S("1\0.\0000\0\0\0"), {0}},
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, S("registers"), {0}},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, S("\1\0\0\0"), {0}},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, S("\0\0\0\0"), {0}},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, S("\1\6\0\0"), {0}},
};

static void types_that_must_match(void **state)
{
	const struct cairn_span lie = S("something else");

	(void)state;
	for (size_t i = 0; i < sizeof musts / sizeof musts[0]; i++) {
		const struct must *t = &musts[i];
		struct made m;

		make(&m, 1, t->type, t->data, t->data);
		if (how(&m.ev).result != MATCHES)
			fail_msg("%s, row %zu", cairn_event_type_name(t->type), i);
		make(&m, 1, t->type, t->data, lie);
		if (how(&m.ev).result != DIFFERS)
			fail_msg("%s with a lie, row %zu", cairn_event_type_name(t->type), i);
		if (!t->other.ptr)
			continue;
		make(&m, 1, t->type, t->other, t->other);
		if (how(&m.ev).result != DIFFERS)
			fail_msg("%s with other data, row %zu", cairn_event_type_name(t->type), i);
	}
}

/* The data may be what was hashed, or only speak of it. */
static void types_that_may_match(void **state)
{
	static const uint32_t types[] = {CAIRN_EV_PREBOOT_CERT,
					 CAIRN_EV_POST_CODE,
					 CAIRN_EV_POST_CODE2,
					 CAIRN_EV_S_CRTM_CONTENTS,
					 CAIRN_EV_CPU_MICROCODE,
					 CAIRN_EV_PLATFORM_CONFIG_FLAGS,
					 CAIRN_EV_TABLE_OF_DEVICES,
					 CAIRN_EV_COMPACT_HASH,
					 CAIRN_EV_IPL_PARTITION_DATA,
					 CAIRN_EV_NONHOST_CODE,
					 CAIRN_EV_NONHOST_CONFIG,
					 CAIRN_EV_NONHOST_INFO,
					 CAIRN_EV_EFI_HCRTM_EVENT,
					 CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB,
					 CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG,
					 CAIRN_EV_EVENT_TAG,
					 CAIRN_EV_IPL,
					 CAIRN_EVTYPE_HASH_START,
					 CAIRN_EVTYPE_ELEMENTS_HASH,
					 CAIRN_EVTYPE_STM_HASH,
					 CAIRN_EVTYPE_LCP_HASH,
					 CAIRN_EVTYPE_LCP_DETAILS_HASH,
					 CAIRN_EVTYPE_LCP_AUTHORITIES_HASH,
					 CAIRN_EVTYPE_NV_INFO_HASH,
					 CAIRN_EVTYPE_TBOOT,
					 CAIRN_EVTYPE_SLAUNCH};
	const struct cairn_span data = S("data"), other = S("a file");

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct made m;

		make(&m, 9, types[i], data, data);
		if (how(&m.ev).result != MATCHES)
			fail_msg("%s", cairn_event_type_name(types[i]));
		make(&m, 9, types[i], data, other);
		if (how(&m.ev).result != BARE)
			fail_msg("%s of a file", cairn_event_type_name(types[i]));
	}
}

/* Of images, tables and what is not known nothing is recomputed, even where it would fit; ACMs may log no data. */
static void types_that_are_bare(void **state)
{
	static const uint32_t types[] = {CAIRN_EV_NO_ACTION,
					 CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
					 CAIRN_EV_EFI_BOOT_SERVICES_DRIVER,
					 CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER,
					 CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB,
					 CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB2,
					 CAIRN_EV_EFI_HANDOFF_TABLES,
					 CAIRN_EV_EFI_HANDOFF_TABLES2,
					 CAIRN_EVTYPE_MLE_HASH,
					 CAIRN_EVTYPE_SINIT_PUBKEY_HASH,
					 0x12345678};
	static const uint32_t empty[] = {CAIRN_EVTYPE_BIOSAC_REG_DATA, CAIRN_EVTYPE_CPU_SCRTM_STAT,
					 CAIRN_EVTYPE_LCP_CONTROL_HASH, CAIRN_EVTYPE_OSSINITDATA_CAP_HASH};
	const struct cairn_span data = S("data");
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		make(&m, 4, types[i], data, data);
		assert_int_equal(how(&m.ev).result, BARE);
	}
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		make(&m, 17, empty[i], (struct cairn_span){0}, data);
		assert_int_equal(how(&m.ev).result, BARE);
	}
	make(&m, 0, CAIRN_EV_SEPARATOR, data, data);
	m.ev.count = 0;
	assert_int_equal(how(&m.ev).result, BARE);
}

/* What makers do otherwise. */
static void rules_with_a_name(void **state)
{
	static const struct {
		uint32_t pcr, type;
		struct cairn_span data, hashed;
		enum cairn_event_check result;
	} cases[] = {
	    {4, CAIRN_EV_EFI_ACTION, S("Text\0"), S("Text"), MATCHES},
	    {4, CAIRN_EV_EFI_ACTION, S("Text\0\0"), S("Text"), DIFFERS},
	    {4, CAIRN_EV_ACTION, S("Text\0"), S("Text"), MATCHES},
	    {4, CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS, S("BOOT ATTEMPTS OMITTED\0"), S("BOOT ATTEMPTS OMITTED"),
	     MATCHES},
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT, S(VARIABLE), S("xyz"), MATCHES},
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT, S(VARIABLE), S("xy"), DIFFERS},
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT, S(VARIABLE "more"), S("xyz"), DIFFERS},
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT2, S(VARIABLE), S("xyz"), DIFFERS},
	    {7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, S(VARIABLE), S("xyz"), DIFFERS},
	    {7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, S(VARIABLE), S("xyz"), DIFFERS},
	    {7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, S(VARIABLE "x"), S(VARIABLE), MATCHES},
	    {7, CAIRN_EV_EFI_VARIABLE_AUTHORITY, S(VARIABLE "xx"), S(VARIABLE), DIFFERS},
	    {7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, S(VARIABLE "x"), S(VARIABLE), DIFFERS},
	    {0, CAIRN_EV_SEPARATOR, S("what went wrong"), S("\1\0\0\0"), MATCHES},
	    {0, CAIRN_EV_SEPARATOR, S("\0\0\0\0"), S("\1\0\0\0"), MATCHES},
	    {0, CAIRN_EV_SEPARATOR, S("\1\0\0\0"), S("\1\0\0\0"), MATCHES},
	    {0, CAIRN_EV_SEPARATOR, S("\1\0\0\0"), S("\0\0\0\0"), DIFFERS},
	    {8, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("boot"), MATCHES},
	    {8, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("boot\0"), MATCHES},
	    {8, CAIRN_EV_IPL, S("grub_cmd boot\0"), S("boot\0"), MATCHES},
	    {8, CAIRN_EV_IPL, S("grub_kernel_cmdline /x ro\0"), S("/x ro"), MATCHES},
	    {8, CAIRN_EV_IPL, S("kernel_cmdline: /x ro\0"), S("/x ro"), MATCHES},
	    {8, CAIRN_EV_IPL, S("module_cmdline: /x ro\0"), S("/x ro"), MATCHES},
	    {8, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("halt"), DIFFERS},
	    {3, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("halt"), DIFFERS}, /* of a confidential VM */
	    {8, CAIRN_EV_IPL, S("grub_cmd boot\0"), S("halt"), DIFFERS},
	    {8, CAIRN_EV_IPL, S("grub_kernel_cmdline x\0"), S("y"), DIFFERS},
	    {8, CAIRN_EV_IPL, S("kernel_cmdline: x\0"), S("y"), DIFFERS},
	    {8, CAIRN_EV_IPL, S("module_cmdline: x\0"), S("y"), DIFFERS},
	    {8, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("grub_cmd: boot\0"), DIFFERS},
	    {9, CAIRN_EV_IPL, S("grub_cmd: boot\0"), S("boot"), BARE}, /* a file with this name */
	    {9, CAIRN_EV_IPL, S("/boot/xen\0"),
	     S("\x7f"
	       "ELF"),
	     BARE},
	    {12, CAIRN_EV_IPL, S("r\0o\0\0\0"), S("r\0o\0"), MATCHES},
	    {12, CAIRN_EV_IPL, S("r\0o\0\0\0"), S("r\0o\0\0"), MATCHES},
	    {8, CAIRN_EV_IPL, S("r\0o\0\0"), S("r\0o\0\0\0"), MATCHES},
	    {11, CAIRN_EV_IPL, S(".\0l\0i\0n\0u\0x\0\0\0"), S(".linux\0"), MATCHES},
	    {11, CAIRN_EV_IPL, S(".\0l\0i\0n\0u\0x\0\0\0"), S(".linux"), BARE},
	    {11, CAIRN_EV_IPL, S(".\0l\0\x80\0"), S(".l\x80\0"), BARE},
	    {11, CAIRN_EV_IPL, S(".\0l\0\x69\1"), S(".li\0"), BARE},
	    {11, CAIRN_EV_IPL, S(".\0l\0i"), S(".l\0"), BARE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m;

		make(&m, cases[i].pcr, cases[i].type, cases[i].data, cases[i].hashed);
		if (how(&m.ev).result != cases[i].result)
			fail_msg("case %zu: %d, %s", i, how(&m.ev).result, how(&m.ev).rule);
	}
}

/* A name that would not fit must not be written anywhere. */
static void long_section_name(void **state)
{
	uint8_t data[128];
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = i % 2 ? 0 : 'x';
	for (size_t n = 0; n <= sizeof data; n += 2) {
		char ascii[65] = {0};

		memset(ascii, 'x', n / 2);
		make(&m, 11, CAIRN_EV_IPL, cairn_span(data, n), cairn_span(ascii, n / 2 + 1));
		assert_int_equal(how(&m.ev).result, n / 2 < 32 ? MATCHES : BARE);
	}
}

static void flags(void **state)
{
	struct made m;

	(void)state;
	make(&m, 0, CAIRN_EV_SEPARATOR, (struct cairn_span)S("\1\0\0\0"), (struct cairn_span)S("\1\0\0\0"));
	assert_true(how(&m.ev).error);
	make(&m, 0, CAIRN_EV_SEPARATOR, (struct cairn_span)S("\0\0\0\0"), (struct cairn_span)S("\0\0\0\0"));
	assert_false(how(&m.ev).error);
	make(&m, 1, CAIRN_EV_EFI_VARIABLE_BOOT, (struct cairn_span)S(VARIABLE), (struct cairn_span)S("xyz"));
	assert_true(how(&m.ev).unnamed);
	make(&m, 1, CAIRN_EV_EFI_VARIABLE_BOOT, (struct cairn_span)S(VARIABLE),
	     (struct cairn_span)S(VARIABLE));
	assert_false(how(&m.ev).unnamed);
	make(&m, 11, CAIRN_EV_IPL, (struct cairn_span)S(".\0x\0"), (struct cairn_span)S(".x\0"));
	assert_true(how(&m.ev).section);
	make(&m, 11, CAIRN_EV_IPL, (struct cairn_span)S(".\0x\0"), (struct cairn_span)S(".\0x\0"));
	assert_false(how(&m.ev).section);
}

/* One digest of the data does not make up for another that is not; not even where bare ones are in order. */
static void all_digests_count(void **state)
{
	static const uint32_t types[] = {CAIRN_EV_SEPARATOR, CAIRN_EV_EVENT_TAG, CAIRN_EV_POST_CODE};
	const struct cairn_span data = S("\0\0\0\0");

	(void)state;
	for (size_t i = 0; i < 2 * sizeof types / sizeof types[0]; i++) {
		struct made m;

		make(&m, 0, types[i / 2], data, data);
		assert_int_equal(how(&m.ev).result, MATCHES);
		(i % 2 ? &m.sha1 : &m.sha256)->bytes[19] ^= 1;
		assert_int_equal(how(&m.ev).result, DIFFERS);
	}
}

/* A bank that OpenSSL cannot hash for neither vouches nor contradicts; where there is no other, nothing is decided. */
static void algorithms_that_are_not_there(void **state)
{
	const struct cairn_span data = S("\0\0\0\0");
	struct cairn_event_checked c;
	enum cairn_event_check plain;
	struct made m;

	(void)state;
	make(&m, 0, CAIRN_EV_SEPARATOR, data, data);
	m.ev.digest[0].alg = (enum cairn_alg)0x27; /* TPM_ALG_SHA3_256 */
	assert_int_equal(how(&m.ev).result, MATCHES);
	m.sha256.bytes[0] ^= 1;
	assert_int_equal(how(&m.ev).result, DIFFERS);
	m.ev.count = 1;
	assert_int_equal(cairn_event_check_how(&c, &m.ev), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_event_check(&plain, &m.ev), CAIRN_E_UNSUPPORTED);
}

/* ---- recorded logs ---------------------------------------------------------------------------------------------- */
static void genuine_logs_do_not_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof genuine_logs / sizeof genuine_logs[0]; i++) {
		size_t counts[3] = {0};
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_event ev;

		genuine_open(&log, &bytes, genuine_logs[i].name);
		struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
		while (cairn_eventlog_next(&it, &ev)) {
			counts[how(&ev).result]++;
			if (how(&ev).result == DIFFERS)
				fail_msg("%s, event %u: %s", genuine_logs[i].name, ev.number, how(&ev).rule);
		}
		if (counts[MATCHES] != genuine_logs[i].matches)
			fail_msg("%s: %zu match", genuine_logs[i].name, counts[MATCHES]);
	}
}

static void relabelled_log(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;

	(void)state;
	genuine_open(&log, &bytes, "hostile-type-relabel.bin");
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		assert_int_equal(how(&ev).result == DIFFERS, ev.number == log.count);
	assert_int_equal(ev.type, CAIRN_EV_SEPARATOR);
}

/* A bare event of any log cannot take the type of one that must match; nor, but for their like, can one that matches. */
static void no_event_passes_for_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof genuine_logs / sizeof genuine_logs[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_event ev;

		genuine_open(&log, &bytes, genuine_logs[i].name);
		struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
		while (cairn_eventlog_next(&it, &ev)) {
			bool bare = how(&ev).result == BARE;

			for (size_t t = 0; t < 16 && bare && ev.type != CAIRN_EV_NO_ACTION; t++) {
				ev.type = musts[t].type;
				if (how(&ev).result != DIFFERS)
					fail_msg("%s, event %u as %s", genuine_logs[i].name, ev.number,
						 cairn_event_type_name(ev.type));
			}
			if (ev.data.len == 4 || bare)
				continue;
			/* BootOrder 0001 0000 of an EDK II, of which only the content is hashed, reads as an error. */
			ev.type = CAIRN_EV_SEPARATOR;
			assert_true(how(&ev).result == DIFFERS || how(&ev).error);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types_that_must_match),	   cmocka_unit_test(types_that_may_match),
	    cmocka_unit_test(types_that_are_bare),	   cmocka_unit_test(rules_with_a_name),
	    cmocka_unit_test(long_section_name),	   cmocka_unit_test(flags),
	    cmocka_unit_test(all_digests_count),	   cmocka_unit_test(algorithms_that_are_not_there),
	    cmocka_unit_test(genuine_logs_do_not_differ),  cmocka_unit_test(relabelled_log),
	    cmocka_unit_test(no_event_passes_for_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
