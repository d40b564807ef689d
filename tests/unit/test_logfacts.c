/* Facts of whole logs: of recorded ones of all makers, and of made ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/eventtypes.h"
#include "cairn/json.h"
#include "cairn/logfacts.h"
#include "tests/unit/evlog_fixture.h"
#include "tests/unit/genuine_logs.h"

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

static void what_is_behind_a_fact(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 0, CAIRN_EV_S_CRTM_VERSION, SPAN("1\0.\0002\0\0\0"));
	evlog_event(&e, 4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, SPAN(IMAGE(N64("\0"))));
	evlog_event(&e, 1, CAIRN_EV_S_CRTM_VERSION, SPAN("another PCR"));
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\2") N64("\0") "P\0K\0"));
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		    SPAN(GLOBAL N64("\3") N64("\1") "K\0E\0K\0x"));
	evlog_event(&e, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\2") N64("\0") "d\0b\0"));
	evlog_event(&e, 6, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(SECURITY N64("\2") N64("\0") "d\0b\0"));
	evlog_event(&e, 6, CAIRN_EV_EFI_VARIABLE_AUTHORITY, SPAN(SECURITY N64("\2") N64("\0") "d\0b\0"));
	evlog_event(&e, 6, CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, SPAN(IMAGE(N64("\0"))));
	evlog_event(&e, 6, CAIRN_EV_EFI_VARIABLE_BOOT,
		    SPAN(GLOBAL N64("\x09") N64("\0") "B\0o\0o\0t\0O\0r\0d\0e\0r\0"));
	cairn_auto_json json_t *j = json_of(&e);
	assert_string_equal(text_at(j, "crtm_version.text"), "1.2");
	assert_string_equal(text_at(j, "crtm_version.backed"), "hashed");
	assert_int_equal(json_integer_value(at(j, "crtm_version.event")), 1);
	assert_string_equal(text_at(j, "images.0.backed"), "claimed");
	assert_int_equal(json_object_size(at(j, "images.0.digests")), 2);
	assert_int_equal(json_integer_value(at(j, "keys.PK.count")), 0);
	assert_string_equal(text_at(j, "keys.KEK.malformed"), "the signature lists are not well formed");
	assert_null(at(j, "keys.db")); /* of another owner, or of another PCR */
	assert_null(at(j, "authorities"));
	assert_null(at(j, "option_roms"));
	assert_null(at(j, "boot_order"));
	assert_null(at(j, "drtm"));
	assert_string_equal(text_at(j, "secure_boot.state"), "unknown");
}

/* The content of a boot option may be all that is hashed: its name then is a claim. */
static void boot_options(void **state)
{
	static const char one[] = GLOBAL N64("\x08") N64("\x16") "B\0o\0o\0t\0000\0000\0000\0001\0"
								 "\1\0\0\0\x0a\0\0\0"
								 "\1\1\6\0\0\1\x7f\xff\4\0"
								 "OPTS";
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_BOOT, SPAN(one));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_BOOT2,
		    SPAN(GLOBAL N64("\x08") N64("\x12") "B\0o\0o\0t\0000\0000\0000\0002\0"
							"\1\0\0\0\x0a\0\0\0"
							"\1\1\6\0\0\2\x7f\xff\4\0"));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_BOOT,
		    SPAN(GLOBAL N64("\x08") N64("\1") "B\0o\0o\0t\0000\0000\0000\000g\0x"));
	evlog_event(&e, 1,
		    CAIRN_EV_EFI_VARIABLE_BOOT, /* no path; a path that is none; not an option at all */
		    SPAN(GLOBAL N64("\x08") N64("\x08") "B\0o\0o\0t\0000\0000\0000\0003\0"
							"\1\0\0\0\0\0\0\0"));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_BOOT,
		    SPAN(GLOBAL N64("\x08") N64("\x0a") "B\0o\0o\0t\0000\0000\0000\0004\0"
							"\1\0\0\0\2\0\0\0\1\1"));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_BOOT,
		    SPAN(GLOBAL N64("\x08") N64("\3") "B\0o\0o\0t\0000\0000\0000\0005\0\1\2\3"));
	evlog_event(&e, 4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
		    SPAN(IMAGE(N64("\x16")) "\2\1\x0c\0\xd0\x41\x03\x0a\0\0\0\0\1\1\6\0\0\1\x7f\xff\4\0"));
	cairn_auto_json json_t *j = json_of(&e);
	assert_string_equal(text_at(j, "images.0.path"), "PciRoot(0x0)/Pci(0x1,0x0)");
	assert_int_equal(json_array_size(at(j, "boot_options")), 5);
	assert_true(json_is_false(at(j, "boot_options.2.started")));
	assert_true(json_is_false(at(j, "boot_options.3.started")));
	assert_string_equal(text_at(j, "boot_options.4.malformed"), "the bytes end before their format does");
	assert_string_equal(text_at(j, "boot_options.0.name"), "Boot0001");
	assert_string_equal(text_at(j, "boot_options.0.backed"), "hashed");
	assert_string_equal(text_at(j, "boot_options.0.option.optional_hex"), "4f505453");
	assert_true(json_is_true(at(j, "boot_options.0.started")));
	assert_true(json_is_true(at(j, "boot_options.0.hands_over")));
	assert_true(json_is_false(at(j, "boot_options.1.started")));
	assert_true(json_is_false(at(j, "boot_options.1.hands_over")));
}

static void lies_tell_nothing(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_event(&e, 0, CAIRN_EV_S_CRTM_VERSION, SPAN("1.2"));
	e.bytes.ptr[e.bytes.len - 1] = '3';
	evlog_event(&e, 8, CAIRN_EV_IPL, SPAN("grub_cmd: boot\0")); /* of which the prefix is not hashed */
	evlog_event(&e, 12, CAIRN_EV_IPL, SPAN("r\0o\0"));
	e.bytes.ptr[e.bytes.len - 2] = 'p';
	cairn_auto_json json_t *j = json_of(&e);
	assert_int_equal(json_integer_value(at(j, "differs")), 2);
	assert_null(at(j, "crtm_version"));
	assert_null(at(j, "grub"));
	assert_null(at(j, "stub"));
}

/* A section of a unified kernel image: its name is hashed, its content not here. */
static void stub_sections(void **state)
{
	static const char name[] = ".\0l\0i\0n\0u\0x\0\0\0";
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin256(&e);
	for (size_t i = 0; i < 3; i++) {
		const char *hashed = i == 0 ? ".linux"
					    : "\x7f"
					      "ELF";
		struct cairn_digest d;

		evlog_event(&e, 11, CAIRN_EV_IPL, SPAN(name));
		assert_int_equal(
		    cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span(hashed, strlen(hashed) + (i == 0))),
		    CAIRN_OK);
		memcpy(e.bytes.ptr + e.bytes.len - (sizeof name - 1) - 4 - 32, d.bytes, 32);
	}
	evlog_event(&e, 12, CAIRN_EV_IPL, SPAN("r\0o\0"));
	evlog_event(&e, 8, CAIRN_EV_IPL, SPAN("r\0w\0"));
	evlog_event(&e, 10, CAIRN_EV_IPL, SPAN("x\0"));
	evlog_event(&e, 5, CAIRN_EV_EVENT_TAG, SPAN("\x2a\x58\xbc\xf5\4\0\0\0l\0d\0"));
	cairn_auto_json json_t *j = json_of(&e);
	assert_int_equal(json_array_size(at(j, "stub.sections")), 1);
	assert_string_equal(text_at(j, "stub.sections.0.text"), ".linux");
	assert_string_equal(text_at(j, "stub.sections.0.backed"), "hashed");
	assert_int_equal(json_string_length(at(j, "stub.sections.0.digests.sha256")), 64);
	assert_int_equal(json_array_size(at(j, "stub.command_lines")), 2);
	assert_string_equal(text_at(j, "stub.command_lines.0.text"), "ro");
	assert_string_equal(text_at(j, "stub.addons.0.name"), "loader.conf");
}

static void dynamic_launch(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin256(&e);
	evlog_event(&e, 16, CAIRN_EVTYPE_MLE_HASH, SPAN("")); /* not of a dynamic launch */
	evlog_event(&e, 23, CAIRN_EVTYPE_MLE_HASH, SPAN(""));
	evlog_event(&e, 17, CAIRN_EVTYPE_MLE_HASH, SPAN(""));
	evlog_event(&e, 22, CAIRN_EVTYPE_SLAUNCH, SPAN("Measured kernel"));
	evlog_event(&e, 17, CAIRN_EVTYPE_TBOOT, SPAN(""));
	evlog_event(&e, 18, CAIRN_EVTYPE_TBOOT, SPAN(""));
	evlog_event(&e, 17, CAIRN_EVTYPE_TBOOT, SPAN(""));
	cairn_auto_json json_t *j = json_of(&e);
	assert_null(at(j, "drtm.kind"));
	assert_int_equal(json_array_size(at(j, "drtm.mle")), 1);
	assert_string_equal(text_at(j, "drtm.mle.0.backed"), "claimed");
	assert_string_equal(text_at(j, "drtm.slaunch.0.text"), "Measured kernel");
	assert_string_equal(text_at(j, "drtm.tboot.0.role"), "policy");
	assert_string_equal(text_at(j, "drtm.tboot.1.role"), "policy");
	assert_string_equal(text_at(j, "drtm.tboot.2.role"), "module");
}

/* What looks like a fact and is none. */
static void what_is_not_told(void **state)
{
	auto_evlog struct evlog e = {0};
	static const struct evlog_alg bank[] = {{CAIRN_ALG_SHA384, 48}};

	(void)state;
	evlog_begin2(&e);
	evlog_blank(&e, 17, CAIRN_EV_NO_ACTION, SPAN("x"));
	evlog_event(&e, 12, CAIRN_EV_COMPACT_HASH, SPAN("\x2a\x58\xbc\xf5\4\0\0\0l\0d\0"));
	evlog_event(&e, 11, CAIRN_EV_IPL, SPAN(".linux"));
	evlog_event(&e, 3, CAIRN_EV_POST_CODE, SPAN("ROM"));
	evlog_event(&e, 12, CAIRN_EV_EFI_HANDOFF_TABLES, SPAN("r\0o\0"));
	evlog_event(&e, 10, CAIRN_EV_IPL, SPAN("r\0o\0"));
	evlog_event(&e, 12, CAIRN_EV_EVENT_TAG, SPAN("\1\2"));
	evlog_event(&e, 12, CAIRN_EV_IPL, SPAN("r")); /* what follows it in the log is 0 */
	evlog_event(&e, 0, CAIRN_EV_POST_CODE, SPAN("x"));
	evlog_event(&e, 4, CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, SPAN(IMAGE(N64("\0"))));
	cairn_auto_json json_t *j = json_of(&e);
	assert_null(at(j, "images"));
	assert_null(at(j, "drtm"));
	assert_null(at(j, "stub"));
	assert_null(at(j, "option_roms"));
	/* A register of a confidential VM stands for more than PCR 2. */
	evlog_spec_id(&e, "Spec ID Event03", 1, bank, 1, (struct cairn_span){0});
	evlog_event(&e, 2, CAIRN_EV_EVENT_TAG, SPAN("\1\2"));
	evlog_event(&e, 2, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\2") N64("\0") "P\0K\0"));
	cairn_auto_json json_t *cc = json_of(&e);
	assert_null(at(cc, "option_roms"));
	assert_null(at(cc, "keys"));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\2") N64("\0") "P\0K\0"));
	evlog_event(&e, 1, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN(GLOBAL N64("\2") N64("\0") "P\0K\0x"));
	cairn_auto_json json_t *pk = json_of(&e);
	assert_int_equal(json_integer_value(at(pk, "keys.PK.event")), 3);
}

/* A text of GRUB, of which the prefix is not hashed. */
static void add_grub(struct evlog *e, uint32_t pcr, const char *prefix, const char *text)
{
	cairn_auto_buf struct cairn_buf data = {0};
	struct cairn_digest d;

	cairn_buf_add_fmt(&data, "%s%s", prefix, text);
	cairn_buf_add_u8(&data, 0);
	evlog_event(e, pcr, CAIRN_EV_IPL, cairn_buf_span(&data));
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(text)), CAIRN_OK);
	memcpy(e->bytes.ptr + e->bytes.len - data.len - 4 - 32, d.bytes, 32);
}

static void grub_without_xen(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin256(&e);
	add_grub(&e, 8, "grub_cmd: ", "linux /multiboot2 x");
	add_grub(&e, 8, "kernel_cmdline: ", "/multiboot2 x");
	add_grub(&e, 9, "", "/linux");
	cairn_auto_json json_t *j = json_of(&e);
	assert_string_equal(text_at(j, "grub.commands.0.grub"), "command");
	assert_string_equal(text_at(j, "grub.commands.1.grub"), "kernel");
	assert_string_equal(text_at(j, "grub.files.0.text"), "/linux");
	assert_null(at(j, "xen"));
	add_grub(&e, 8, "grub_cmd: ", "multiboot2 /xen");
	cairn_auto_json json_t *xen = json_of(&e);
	assert_string_equal(text_at(xen, "xen.problem"),
			    "the log has no multiboot2 and module2 commands of GRUB");
	assert_null(at(xen, "xen.xen"));
}

/* A command line must be what was hashed: what stands beside another digest is not told. */
static void bare_command_line(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin256(&e);
	evlog_event(&e, 12, CAIRN_EV_IPL, SPAN("r\0o\0"));
	e.bytes.ptr[e.bytes.len - 4 - 4 - 1] ^= 1;
	cairn_auto_json json_t *j = json_of(&e);
	assert_int_equal(json_integer_value(at(j, "bare")), 1);
	assert_null(at(j, "stub"));
}

static json_t *json_of_file(const char *name)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	json_t *j;

	genuine_open(&log, &bytes, name);
	j = cairn_log_facts_json(&log);
	assert_non_null(j);
	return j;
}

static size_t until_failure;
static bool failed;

static void *fails_once(size_t size)
{
	if (until_failure-- > 0)
		return malloc(size);
	failed = true;
	return NULL;
}

/* At each of the allocations of the facts of a log. */
static void out_of_memory(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	size_t n = 0;

	(void)state;
	genuine_open(&log, &bytes, "xen-grub-swtpm.bin");
	cairn_auto_json json_t *whole = cairn_log_facts_json(&log);
	do {
		failed = false;
		until_failure = n++;
		json_set_alloc_funcs(fails_once, free);
		json_t *j = cairn_log_facts_json(&log);
		json_set_alloc_funcs(malloc, free);
		assert_true(!j || json_equal(j, whole));
		json_decref(j);
	} while (failed);
	assert_true(n > 10);
	assert_string_equal(text_at(whole, "xen.xen.path"), "/EFI/cairn/xen");
}

static void no_hashing(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_log_facts f;

	(void)state;
	genuine_open(&log, &bytes, "xen-grub-swtpm.bin");
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	enum cairn_status s = cairn_log_facts(&f, &log);
	json_t *j = cairn_log_facts_json(&log);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_int_equal(s, CAIRN_E_UNSUPPORTED);
	assert_null(j);
}

static void recorded_logs(void **state)
{
	static const struct {
		const char *log, *path, *want;
	} cases[] = {
	    {"tcg2-amd635.bin", "secure_boot.state", "on"},
	    {"tcg2-amd635.bin", "anomalies.0.what", "separator-repeated"},
	    {"tcg2-amd635.bin", "keys.PK.backed", "hashed"},
	    {"tcg2-amd635.bin", "authorities.0.subject", "Microsoft Corporation UEFI CA 2011"},
	    {"tcg2-amd635.bin", "option_roms.0.path",
	     "PciRoot(0x0)/Pci(0x1,0x1)/Pci(0x0,0x0)/Offset(0x24838,0x655FF)"},
	    {"tcg2-sdboot-fedora37.bin", "secure_boot.state", "off"},
	    {"tcg2-sdboot-fedora37.bin", "boot_options.0.backed", "content"},
	    {"tcg2-sdboot-fedora37.bin", "stub.addons.0.name", "Linux initrd"},
	    {"tcg2-gce-rhel8.bin", "grub.commands.0.text", "set pager=1"},
	    {"tcg2-gce-rhel8.bin", "xen", "(none)"},
	    {"tcg2-charra-sha256only.bin", "xen", "(none)"},
	    {"tcg2-gce-rhel8.bin", "authorities.0.sha256",
	     "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507"},
	    {"tcg2-gce-rhel8.bin", "authorities.0.owner", "d281fad2-8d88-47a4-9792-5baa47bb1b89"},
	    {"tcg2-amd635.bin", "authorities.0.owner_name", "MICROSOFT"},
	    {"tcg2-ludmilla-realpcr.bin", "xen", "(none)"},
	    {"tcg2-gce-rhel8.bin", "grub.files.0.backed", "claimed"},
	    {"tcg2-dell-windows.bin", "startup_locality.backed", "claimed"},
	    {"tcg2-dell-windows.bin", "anomalies.0.what", "digest-missing"},
	    {"tcg2-sp800155-noaction.bin", "crtm_version.text", "GCE Virtual Firmware v2"},
	    {"tcg12-optionrom.bin", "option_roms.0.path",
	     "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)/Offset(0xF600,0x207FF)"},
	    {"tcg12-lenovo-x1carbon3-win.bin", "boot_options.0.name", "Boot0013"},
	    {"ccel-tdx-sha384.bin", "secure_boot.state", "off"},
	    {"ccel-tdx-sha384.bin", "images.0.path", "VenMedia(1428f772-b64a-441e-b8c3-9ebdd7f893c7)/kernel"},
	    {"drtm-intel-txt.bin", "drtm.kind", "txt"},
	    {"drtm-intel-txt.bin", "drtm.sinit.0.sinit_hash",
	     "72589322d1c6cab6e7a1fb82b44565777ffaab90ee8c1c3559578adf1c1ba11b"},
	    {"drtm-intel-txt.bin", "drtm.mle.0.digests.sha1", "f82fa05fbd2c8bb55ad7af0072a423951aa04342"},
	    {"drtm-intel-txt.bin", "drtm.tboot.0.role", "policy"},
	    {"xen-grub-swtpm.bin", "xen.xen.path", "/EFI/cairn/xen"},
	    {"xen-grub-swtpm.bin", "xen.kernel.cmdline", "placeholder console=hvc0 loglevel=5 panic=5"},
	    {"xen-grub-swtpm.bin", "xen.initrd.path", "/EFI/cairn/dom0.img"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cairn_auto_json json_t *j = json_of_file(cases[i].log);

		if (strcmp(text_at(j, cases[i].path), cases[i].want) != 0)
			fail_msg("%s, %s: %s", cases[i].log, cases[i].path, text_at(j, cases[i].path));
	}
}

static void hardly_anything_is_out_of_the_ordinary(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof genuine_logs / sizeof genuine_logs[0]; i++) {
		const char *name = genuine_logs[i].name;
		bool odd = strstr(name, "amd635") || strstr(name, "dell") || strstr(name, "drtm");
		cairn_auto_json json_t *j = json_of_file(name);

		assert_int_equal(json_integer_value(at(j, "differs")), 0);
		assert_int_equal(json_integer_value(at(j, "matches")), genuine_logs[i].matches);
		assert_int_equal(json_array_size(at(j, "anomalies")) > 0, odd);
		assert_int_equal(json_integer_value(at(j, "anomalies_total")),
				 json_array_size(at(j, "anomalies")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_behind_a_fact), cmocka_unit_test(boot_options),
	    cmocka_unit_test(lies_tell_nothing),     cmocka_unit_test(stub_sections),
	    cmocka_unit_test(dynamic_launch),	     cmocka_unit_test(what_is_not_told),
	    cmocka_unit_test(grub_without_xen),	     cmocka_unit_test(bare_command_line),
	    cmocka_unit_test(out_of_memory),	     cmocka_unit_test(no_hashing),
	    cmocka_unit_test(recorded_logs),	     cmocka_unit_test(hardly_anything_is_out_of_the_ordinary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
