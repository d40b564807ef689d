/* Event logs: recorded ones give their PCRs, bad ones are refused, and no change goes unnoticed or crashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cairn/bootfacts.h"
#include "tests/unit/data_fixture.h"

static const struct good_log {
	const char *name;
	unsigned events;
	size_t banks;
	bool padded, drtm;
	uint8_t locality;
	uint32_t incomplete[3];
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
		assert_int_equal(cairn_eventlog_replay(&r, &log), CAIRN_OK);
		assert_int_equal(r.startup_locality, good[i].locality);
		assert_int_equal(r.drtm, good[i].drtm);
		assert_memory_equal(r.incomplete, good[i].incomplete, sizeof good[i].incomplete);
		assert_expected_pcrs(&r, good[i].name);
	}
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

static void bad_logs_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum cairn_status status;
	} bad[] = {
	    {"bad-incomplete-specid.bin", CAIRN_E_TRUNCATED},
	    {"bad-specid-vendor-slack.bin", CAIRN_E_TRUNCATED},
	    {"bad-text-not-a-log.bin", CAIRN_E_TRUNCATED},
	    {"edge-noaction-only.bin", CAIRN_E_UNSUPPORTED},
	    {"hostile-digestcount-max.bin", CAIRN_E_MALFORMED},
	    {"hostile-eventsize-max.bin", CAIRN_E_TRUNCATED},
	    {"tcg12-debian10-sha1.bin", CAIRN_E_UNSUPPORTED},
	    {"tcg12-hirs-sha1.bin", CAIRN_E_UNSUPPORTED},
	    {"ccel-tdx-sha384.bin", CAIRN_E_UNSUPPORTED},
	};

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

/* Offsets into the Spec ID event of every log with two banks. */
enum {
	AT_PCR = 0,
	AT_TYPE = 4,
	AT_DIGEST = 8,
	AT_SIZE = 28,
	AT_SIGNATURE = 32,
	AT_MAJOR = 53,
	AT_UINTN = 55,
	AT_COUNT = 56,
	AT_ALG0 = 60,
	AT_SIZE0 = 62,
	AT_ALG1 = 64,
	AT_VENDOR = 68
};

static void spec_id_event_is_exact(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum cairn_status status;
	} edits[] = {
	    {AT_PCR, 1, CAIRN_E_UNSUPPORTED},
	    {AT_TYPE, 8, CAIRN_E_UNSUPPORTED},
	    {AT_DIGEST, 1, CAIRN_E_MALFORMED},
	    {AT_SIZE, 38, CAIRN_E_TRAILING},
	    {AT_SIZE, 36, CAIRN_E_TRUNCATED},
	    {AT_SIGNATURE + 14, '2', CAIRN_E_UNSUPPORTED},
	    {AT_SIGNATURE + 15, ' ', CAIRN_E_UNSUPPORTED},
	    {AT_MAJOR, 3, CAIRN_E_VERSION},
	    {AT_MAJOR, 1, CAIRN_E_MALFORMED},
	    {AT_UINTN, 3, CAIRN_E_MALFORMED},
	    {AT_COUNT, 0, CAIRN_E_MALFORMED},
	    {AT_COUNT, 6, CAIRN_E_LIMIT},
	    {AT_COUNT, 3, CAIRN_E_TRUNCATED},
	    {AT_COUNT, 1, CAIRN_E_TRUNCATED},
	    {AT_COUNT + 3, 0x80, CAIRN_E_LIMIT},
	    {AT_ALG0, 0x27, CAIRN_E_UNSUPPORTED},
	    {AT_ALG0, 0x0c, CAIRN_E_MALFORMED},
	    {AT_SIZE0, 20, CAIRN_E_MALFORMED},
	    {AT_ALG1, 0x0b, CAIRN_E_MALFORMED},
	    {AT_VENDOR, 1, CAIRN_E_TRUNCATED},
	};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		uint8_t old = bytes.ptr[edits[i].at];
		enum cairn_status s;

		bytes.ptr[edits[i].at] = edits[i].value;
		s = cairn_eventlog_open(&log, cairn_buf_span(&bytes));
		bytes.ptr[edits[i].at] = old;
		if (s != edits[i].status)
			fail_msg("edit %zu: %s", i, cairn_status_name(s));
	}
}

/* SHA-256 and SM3-256 have one size, so that only their identifiers tell them apart. */
static void algorithms_are_those_of_the_log(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, sm3 = {0};
	struct cairn_eventlog log;
	size_t third_alg = AT_ALG0 + 8, third_digest;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	bytes.ptr[log.first + 12] = CAIRN_ALG_SM3_256; /* not of this log */
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_MALFORMED);
	open_log(&log, &sm3, "tcg2-hcrtm-sm3.bin");
	third_digest = log.first + 12 + 2 + 20 + 2 + 32;
	assert_int_equal(sm3.ptr[third_alg], CAIRN_ALG_SM3_256);
	assert_int_equal(sm3.ptr[third_digest], CAIRN_ALG_SM3_256);
	sm3.ptr[third_digest] = CAIRN_ALG_SHA256; /* twice in one event */
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&sm3)), CAIRN_E_MALFORMED);
	sm3.ptr[third_digest] = CAIRN_ALG_SM3_256;
	sm3.ptr[third_alg] = CAIRN_ALG_SHA256; /* twice in the Spec ID event, of a log without events */
	assert_int_equal(cairn_eventlog_open(&log, cairn_span(sm3.ptr, log.first)), CAIRN_E_MALFORMED);
}

/* A cut log is refused unless the cut falls between two events. */
static void truncated_at_every_byte(void **state)
{
	static const char *const names[] = {"xen-grub-swtpm.bin", "tcg2-sdboot-fedora37.bin",
					    "tcg2-sp800155-noaction.bin"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog whole, cut;
		unsigned boundaries = 0;

		open_log(&whole, &bytes, names[i]);
		for (size_t n = 0; n < bytes.len; n++) {
			if (cairn_eventlog_open(&cut, cairn_span(bytes.ptr, n)) != CAIRN_OK)
				continue;
			assert_int_equal(cut.end, n);
			assert_int_equal(cut.count, boundaries);
			boundaries++;
		}
		assert_int_equal(boundaries, whole.count);
	}
}

static void tails(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	static const uint8_t zeros[64] = {0};
	struct cairn_eventlog log;
	size_t end;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	end = bytes.len;
	for (size_t n = 1; n < 64; n++) {
		enum cairn_status s;

		bytes.len = end;
		cairn_buf_add(&bytes, cairn_span(zeros, n));
		s = cairn_eventlog_open(&log, cairn_buf_span(&bytes));
		assert_int_equal(s, n < CAIRN_EVENTLOG_PADDING_MIN ? CAIRN_E_TRUNCATED : CAIRN_OK);
		assert_int_equal(log.padded, s == CAIRN_OK);
		bytes.ptr[bytes.len - 1] = 1;
		log.padded = false;
		assert_int_not_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	}
}

static void pcr_index_out_of_range(void **state)
{
	static const uint32_t indices[] = {24, 31, 32, 255, 0x80000000, 0xffffffff};
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	size_t first;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	first = log.first;
	for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
		for (size_t k = 0; k < 4; k++)
			bytes.ptr[first + k] = (uint8_t)(indices[i] >> (8 * k));
		bytes.ptr[first + 4] = CAIRN_EV_S_CRTM_VERSION;
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
		bytes.ptr[first + 4] = CAIRN_EV_NO_ACTION;
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)),
				 indices[i] == 0xffffffff ? CAIRN_OK : CAIRN_E_LIMIT);
	}
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
		assert_true(good[i].drtm || matches >= 8);
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

static void limits(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	static const uint8_t event[16] = {1, 0, 0, 0, 1}; /* PCR 1, no digest, no data */
	struct cairn_eventlog log;
	size_t end;

	(void)state;
	open_log(&log, &bytes, "xen-grub-swtpm.bin");
	end = bytes.len = log.first;
	for (size_t i = 0; i < CAIRN_EVENTLOG_EVENTS_MAX; i++)
		cairn_buf_add(&bytes, cairn_span(event, sizeof event));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.count, CAIRN_EVENTLOG_EVENTS_MAX);
	cairn_buf_add(&bytes, cairn_span(event, sizeof event));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
	bytes.len = end;
	while (bytes.len <= CAIRN_EVENTLOG_SIZE_MAX)
		cairn_buf_add(&bytes, cairn_span(event + 5, 8));
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_E_LIMIT);
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
	    cmocka_unit_test(good_logs_give_their_pcrs),
	    cmocka_unit_test(differs_is_fail_closed),
	    cmocka_unit_test(bad_logs_are_refused),
	    cmocka_unit_test(spec_id_event_is_exact),
	    cmocka_unit_test(algorithms_are_those_of_the_log),
	    cmocka_unit_test(truncated_at_every_byte),
	    cmocka_unit_test(tails),
	    cmocka_unit_test(pcr_index_out_of_range),
	    cmocka_unit_test(every_byte_tampered),
	    cmocka_unit_test(every_digest_byte_counts),
	    cmocka_unit_test(every_type_relabelled),
	    cmocka_unit_test(events_are_what_they_say),
	    cmocka_unit_test(startup_locality),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
