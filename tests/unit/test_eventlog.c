/* Event logs: recorded ones give their PCRs, and no change goes unnoticed or crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cairn/bootfacts.h"
#include "tests/unit/data_fixture.h"

static const struct good_log {
	const char *name;
	size_t banks;
	unsigned events;
	uint32_t incomplete[3];
	uint8_t locality;
	bool padded, drtm, sha1, cc, nothing;
} good[] = {
    {.name = "tcg2-amd635.bin", .events = 96, .banks = 2},
    {.name = "tcg2-archlinux-workstation.bin", .events = 24, .banks = 2},
    {.name = "tcg2-charra-sha256only.bin", .events = 107, .banks = 1},
    {.name = "tcg2-dell-windows.bin", .events = 50, .banks = 2, .locality = 3, .incomplete = {0x7820, 0}},
    {.name = "tcg2-ff-padded-memdump.bin", .events = 115, .banks = 2, .padded = true},
    {.name = "tcg2-gce-rhel8.bin", .events = 82, .banks = 3},
    {.name = "tcg2-hcrtm-sm3.bin", .events = 203, .banks = 3},
    {.name = "tcg2-hirs-tpmlog.bin", .events = 55, .banks = 1},
    {.name = "tcg2-ludmilla-realpcr.bin", .events = 120, .banks = 2},
    {.name = "tcg2-sdboot-fedora37.bin", .events = 27, .banks = 1},
    {.name = "tcg2-sp800155-noaction.bin", .events = 53, .banks = 3},
    {.name = "tcg2-startuplocality3-glinux.bin", .events = 28, .banks = 2, .locality = 3},
    {.name = "tcg2-supermicro-h12ssl.bin", .events = 113, .banks = 2},
    {.name = "hostile-type-relabel.bin", .events = 24, .banks = 2},
    {.name = "drtm-intel-txt.bin",
     .events = 19,
     .banks = 2,
     .padded = true,
     .drtm = true,
     .incomplete = {0x60000, 0}},
    {.name = "xen-grub-swtpm.bin", .events = 36, .banks = 2},
    {.name = "tcg12-debian10-sha1.bin", .events = 25, .banks = 1, .sha1 = true},
    {.name = "tcg12-hirs-sha1.bin", .events = 28, .banks = 1, .sha1 = true},
    {.name = "tcg12-lenovo-x1carbon3-win.bin", .events = 37, .banks = 1, .sha1 = true},
    {.name = "tcg12-optionrom.bin", .events = 61, .banks = 1, .sha1 = true},
    {.name = "edge-noaction-only.bin", .events = 1, .banks = 1, .sha1 = true, .nothing = true, .locality = 3},
    {.name = "ccel-tdx-sha384.bin", .events = 19, .banks = 1, .cc = true},
};

static const struct {
	const char *name;
	enum cairn_status status;
} bad[] = {
    {"bad-incomplete-specid.bin", CAIRN_E_TRUNCATED}, {"bad-specid-vendor-slack.bin", CAIRN_E_TRUNCATED},
    {"bad-text-not-a-log.bin", CAIRN_E_TRUNCATED},    {"hostile-digestcount-max.bin", CAIRN_E_MALFORMED},
    {"hostile-eventsize-max.bin", CAIRN_E_TRUNCATED},
};

static void open_log(struct cairn_eventlog *log, struct cairn_buf *bytes, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof path, "eventlog/%s", name);
	data_load(bytes, path);
	assert_int_equal(cairn_eventlog_open(log, cairn_buf_span(bytes)), CAIRN_OK);
}

/* Each value of the file, no other PCR with an event, and all those without one as they are after a reset. */
static void assert_expected_pcrs(const struct cairn_replay *r, const char *name)
{
	struct data_pcr rows[CAIRN_BANK_MAX * CAIRN_PCR_COUNT];
	uint32_t listed[CAIRN_BANK_MAX] = {0};
	char path[160];
	size_t n;

	(void)snprintf(path, sizeof path, "eventlog/%s.pcrs.tsv", name);
	n = data_load_pcrs(rows, sizeof rows / sizeof rows[0], path);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct cairn_bank *b = cairn_pcrs_bank_const(&r->pcrs, rows[i].value.alg);

		assert_non_null(b);
		if (!cairn_digest_equal(&b->pcr[rows[i].pcr], &rows[i].value))
			fail_msg("%s: %s PCR %u is %s", name, cairn_alg_name(b->alg), rows[i].pcr,
				 cairn_digest_hex(&b->pcr[rows[i].pcr]).text);
		listed[b - r->pcrs.bank] |= UINT32_C(1) << rows[i].pcr;
	}
	for (size_t i = 0; i < r->pcrs.count; i++)
		assert_int_equal(r->pcrs.bank[i].extended & ~r->incomplete[i], listed[i] & ~r->incomplete[i]);
}

static void good_logs_give_their_pcrs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_replay r;

		open_log(&log, &bytes, good[i].name);
		assert_int_equal(log.count, good[i].events);
		assert_int_equal(log.banks, good[i].banks);
		assert_int_equal(log.padded, good[i].padded);
		assert_int_equal(log.form, good[i].sha1 ? CAIRN_EVENTLOG_SHA1 : CAIRN_EVENTLOG_CRYPTO_AGILE);
		assert_int_equal(log.cc, good[i].cc);
		assert_int_equal(log.unknown_banks, 0);
		assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_OK);
		assert_int_equal(r.startup_locality, good[i].locality);
		assert_int_equal(r.drtm, good[i].drtm);
		assert_memory_equal(r.incomplete, good[i].incomplete, sizeof good[i].incomplete);
		if (good[i].nothing)
			assert_int_equal(r.pcrs.bank[0].extended, 0);
		else
			assert_expected_pcrs(&r, good[i].name);
	}
}

static void bad_logs_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		char path[128];

		(void)snprintf(path, sizeof path, "eventlog/%s", bad[i].name);
		data_load(&bytes, path);
		if (cairn_eventlog_open(&log, cairn_buf_span(&bytes)) != bad[i].status)
			fail_msg("%s: %s", bad[i].name,
				 cairn_status_name(cairn_eventlog_open(&log, cairn_buf_span(&bytes))));
	}
}

static bool is_expected(const char *name)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (strcmp(good[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (strcmp(bad[i].name, name) == 0)
			return true;
	return false;
}

/* A log that is added without a row above is tested by nothing. */
static void every_file_has_its_row(void **state)
{
	DIR *dir = opendir("tests/data/eventlog");
	size_t seen = 0;
	struct dirent *e;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (n < 4 || strcmp(e->d_name + n - 4, ".bin") != 0)
			continue;
		if (!is_expected(e->d_name))
			fail_msg("%s has no row", e->d_name);
		seen++;
	}
	closedir(dir);
	assert_int_equal(seen, sizeof good / sizeof good[0] + sizeof bad / sizeof bad[0]);
}

static void differs_is_fail_closed(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;
	struct cairn_bank actual;

	(void)state;
	open_log(&log, &bytes, "tcg2-dell-windows.bin");
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_OK);
	actual = r.pcrs.bank[1];
	assert_int_equal(cairn_replay_differs(&r, &actual, 0xffffff), 0);
	actual.pcr[7].bytes[31] ^= 1;
	assert_int_equal(cairn_replay_differs(&r, &actual, 0xffffff), 1 << 7);
	assert_int_equal(cairn_replay_differs(&r, &actual, 0xff), 1 << 7);
	actual = r.pcrs.bank[0]; /* the same values, but events of PCRs 5 and 11 to 14 lack their digest */
	assert_int_equal(cairn_replay_differs(&r, &actual, 0xffffff), 0x7820);
	actual.alg = CAIRN_ALG_SHA384;
	assert_int_equal(cairn_replay_differs(&r, &actual, 0x7), 0x7);
}

/* Whatever one byte becomes: no crash, and where the log is still read, its facts can be had. */
static void every_byte_tampered(void **state)
{
	static const char *const names[] = {"xen-grub-swtpm.bin", "tcg2-sdboot-fedora37.bin"};
	static const uint8_t masks[] = {0x01, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof masks; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_boot_facts facts;
		struct cairn_replay r;

		open_log(&log, &bytes, names[i % 2]);
		for (size_t n = 0; n < bytes.len; n++) {
			bytes.ptr[n] ^= masks[i / 2];
			if (cairn_eventlog_open(&log, cairn_buf_span(&bytes)) == CAIRN_OK &&
			    cairn_eventlog_replay(&r, &log) == CAIRN_OK)
				assert_int_equal(cairn_boot_facts(&facts, &log, CAIRN_ALG_SHA256), CAIRN_OK);
			bytes.ptr[n] ^= masks[i / 2];
		}
	}
}

/* Every byte of every digest counts, in its own bank and PCR and nowhere else. */
static void every_digest_byte_counts(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_eventlog_iter it;
	struct cairn_replay before, after;
	struct cairn_event ev;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	assert_int_equal(cairn_eventlog_replay(&before, &log), CAIRN_OK);
	it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		for (size_t i = 0; i < ev.count; i++) {
			for (size_t n = 0; n < ev.digest[i].value.len; n++) {
				uint8_t *byte = bytes.ptr + (ev.digest[i].value.ptr - bytes.ptr) + n;

				*byte ^= 0x10;
				assert_int_equal(cairn_eventlog_replay(&after, &log), CAIRN_OK);
				*byte ^= 0x10;
				for (size_t b = 0; b < log.banks; b++)
					assert_int_equal(
					    cairn_replay_differs(&after, &before.pcrs.bank[b], 0xffffff),
					    log.bank[b] == ev.digest[i].alg ? 1u << ev.pcr : 0);
			}
		}
	}
}

static void set_type(struct cairn_buf *bytes, size_t event, uint32_t type)
{
	for (size_t k = 0; k < 4; k++)
		bytes->ptr[event + 4 + k] = (uint8_t)(type >> (8 * k));
}

/* No digest covers an event's type: relabelling must never pass for the truth. */
static void every_type_relabelled(void **state)
{
	static const uint32_t types[] = {CAIRN_EV_NO_ACTION,
					 CAIRN_EV_SEPARATOR,
					 CAIRN_EV_EFI_ACTION,
					 CAIRN_EV_IPL,
					 CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
					 CAIRN_EV_POST_CODE,
					 0x12345678};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_eventlog_iter it;
	struct cairn_replay before;
	struct cairn_event ev;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	assert_int_equal(cairn_eventlog_replay(&before, &log), CAIRN_OK);
	it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
			struct cairn_boot_facts facts;
			struct cairn_replay after;
			uint32_t differs;

			if (types[i] == ev.type)
				continue;
			set_type(&bytes, ev.offset, types[i]);
			assert_int_equal(cairn_eventlog_replay(&after, &log), CAIRN_OK);
			assert_int_equal(cairn_boot_facts(&facts, &log, CAIRN_ALG_SHA256), CAIRN_OK);
			set_type(&bytes, ev.offset, ev.type);
			differs = cairn_replay_differs(&after, &before.pcrs.bank[0], 0xffffff);
			assert_int_equal(differs, types[i] == CAIRN_EV_NO_ACTION ? 1u << ev.pcr : 0);
			if (differs == 0 && (ev.pcr == 8 || ev.pcr == 9))
				assert_int_not_equal(facts.problem, CAIRN_BOOT_OK);
		}
	}
}

/* Of the recorded logs only the relabelled one has an event that lies. */
static void events_are_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog_iter it;
		struct cairn_eventlog log;
		struct cairn_event ev;
		unsigned matches = 0, differs = 0;

		open_log(&log, &bytes, good[i].name);
		it = cairn_eventlog_iter(&log);
		while (cairn_eventlog_next(&it, &ev)) {
			enum cairn_event_check check;

			assert_int_equal(cairn_event_check(&check, &ev), CAIRN_OK);
			matches += check == CAIRN_EVENT_MATCHES;
			differs += check == CAIRN_EVENT_DIFFERS;
		}
		assert_int_equal(differs, strcmp(good[i].name, "hostile-type-relabel.bin") == 0 ? 1 : 0);
		assert_true(good[i].drtm || good[i].nothing || matches >= 7);
	}
}

static void startup_locality(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_eventlog_iter it;
	struct cairn_replay r;
	struct cairn_event ev;
	size_t at;

	(void)state;
	open_log(&log, &bytes, "tcg2-startuplocality3-glinux.bin");
	it = cairn_eventlog_iter(&log);
	assert_true(cairn_eventlog_next(&it, &ev));
	at = (size_t)(ev.data.ptr - bytes.ptr) + 16;
	bytes.ptr[at] = 4;
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_OK);
	assert_int_equal(r.startup_locality, 4);
	bytes.ptr[at] = 2;
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_E_MALFORMED);
	bytes.ptr[at] = 3;
	bytes.ptr[ev.offset] = 1; /* of another PCR */
	assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_E_MALFORMED);
	bytes.ptr[ev.offset] = 0;
	assert_true(cairn_eventlog_next(&it, &ev));
	/* Behind the first event of PCR 0, and twice. */
	for (int twice = 0; twice < 2; twice++) {
		cairn_auto_buf struct cairn_buf moved = {0};
		struct cairn_span locality = cairn_span(bytes.ptr + log.first, ev.offset - log.first);

		cairn_buf_add(&moved, cairn_span(bytes.ptr, log.first));
		if (twice)
			cairn_buf_add(&moved, locality);
		else
			cairn_buf_add(&moved, cairn_span(bytes.ptr + ev.offset, bytes.len - ev.offset));
		cairn_buf_add(&moved, locality);
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&moved)), CAIRN_OK);
		assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_E_MALFORMED);
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(cairn_event_type_name(0x80000003), "EV_EFI_BOOT_SERVICES_APPLICATION");
	assert_string_equal(cairn_event_type_name(CAIRN_EV_IPL), "EV_IPL");
	assert_string_equal(cairn_event_type_name(0x404), "EVTYPE_MLE_HASH");
	assert_string_equal(cairn_event_type_name(0xdeadbeef), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_logs_give_their_pcrs), cmocka_unit_test(bad_logs_are_refused),
	    cmocka_unit_test(every_file_has_its_row),	 cmocka_unit_test(differs_is_fail_closed),
	    cmocka_unit_test(every_byte_tampered),	 cmocka_unit_test(every_digest_byte_counts),
	    cmocka_unit_test(every_type_relabelled),	 cmocka_unit_test(events_are_what_they_say),
	    cmocka_unit_test(startup_locality),		 cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
