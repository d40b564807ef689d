/* Any log: its kind by content, and one replay for all kinds, alone and in a chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cairn/anylog.h"
#include "cairn/launchlog.h"
#include "tests/unit/data_fixture.h"

static const struct {
	const char *name;
	enum cairn_anylog_kind kind;
} known[] = {
    {"eventlog/tcg2-gce-rhel8.bin", CAIRN_ANYLOG_TCG},
    {"eventlog/tcg2-ff-padded-memdump.bin", CAIRN_ANYLOG_TCG},
    {"eventlog/drtm-intel-txt.bin", CAIRN_ANYLOG_TCG},
    {"eventlog/xen-grub-swtpm.bin", CAIRN_ANYLOG_TCG},
    {"eventlog/hostile-type-relabel.bin", CAIRN_ANYLOG_TCG},
    {"eventlog/edge-noaction-only.bin", CAIRN_ANYLOG_SHA1},
    {"eventlog/tcg12-debian10-sha1.bin", CAIRN_ANYLOG_SHA1},
    {"eventlog/tcg12-hirs-sha1.bin", CAIRN_ANYLOG_SHA1},
    {"eventlog/tcg12-lenovo-x1carbon3-win.bin", CAIRN_ANYLOG_SHA1},
    {"eventlog/tcg12-optionrom.bin", CAIRN_ANYLOG_SHA1},
    {"eventlog/ccel-tdx-sha384.bin", CAIRN_ANYLOG_CCEL},
    {"fuzz-eventlog/txt-container.bin", CAIRN_ANYLOG_SHA1},
    {"fuzz-eventlog/skl-tpm12.bin", CAIRN_ANYLOG_SHA1},
    {"fuzz-eventlog/skl-tpm20.bin", CAIRN_ANYLOG_TCG},
    {"fuzz-eventlog/unknown-bank.bin", CAIRN_ANYLOG_TCG},
    {"fuzz-eventlog/cc.bin", CAIRN_ANYLOG_CCEL},
    {"launchlog/all-types.log", CAIRN_ANYLOG_LAUNCH},
    {"ima/ima-all-templates.bin", CAIRN_ANYLOG_IMA},
    {"ima/ima-charra-binary.bin", CAIRN_ANYLOG_IMA},
    {"ima/ima-ng-trailing.bin", CAIRN_ANYLOG_IMA},
    {"ima/ima-charra-ascii.txt", CAIRN_ANYLOG_IMA_ASCII},
    {"ima/ima-ng-ascii-sha1.txt", CAIRN_ANYLOG_IMA_ASCII},
    {"cel/cel-cos-tlv.bin", CAIRN_ANYLOG_CEL_TLV},
};

static void kinds_are_found_by_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_anylog log;

		data_load(&bytes, known[i].name);
		assert_int_equal(cairn_anylog_open(&log, cairn_buf_span(&bytes), NULL), CAIRN_OK);
		assert_int_equal(log.kind, known[i].kind);
	}
}

static void assert_refused(struct cairn_span bytes, enum cairn_status expected, const char *sentence)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog log;

	assert_int_equal(cairn_anylog_open(&log, bytes, &why), expected);
	assert_non_null(strstr(cairn_buf_str(&why), sentence));
	assert_int_equal(cairn_anylog_open(&log, bytes, NULL), expected);
}

static void what_is_no_log_is_refused_with_a_sentence(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};

	(void)state;
	assert_refused(cairn_span_str(""), CAIRN_E_NOTFOUND, "there are no bytes");
	assert_refused(cairn_span_str("hello, world; this is no log at all"), CAIRN_E_MALFORMED, "no log");
	data_load(&bytes, "eventlog/bad-text-not-a-log.bin");
	assert_refused(cairn_buf_span(&bytes), CAIRN_E_MALFORMED, "no log");
}

/* One event of a SHA-1 log whose digest and size are the head of an entry of IMA's template "n" as well. */
static void what_can_be_read_in_two_ways_is_refused(void **state)
{
	static const uint8_t both[] = {10,  0, 0, 0, 7, 0, 0, 0x80, 1, 1,   1,	 1,   1, 1,
				       1,   1, 1, 1, 1, 1, 1, 1,    1, 1,   1,	 0,   0, 0,
				       'n', 8, 0, 0, 0, 4, 0, 0,    0, 'a', 'b', 'c', 0};
	static uint8_t bytes[32 + 'n' + 8 * 256];

	(void)state;
	memset(bytes, 0x41, sizeof bytes);
	memcpy(bytes, both, sizeof both);
	assert_refused(cairn_span(bytes, sizeof bytes), CAIRN_E_MALFORMED, "more than one kind");
}

static void every_truncation_of_a_boot_log_is_refused(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_anylog log;
	struct cairn_anylog_replay r = {0};

	(void)state;
	data_load(&bytes, "eventlog/tcg2-sdboot-fedora37.bin");
	for (size_t n = 0; n < bytes.len; n++)
		if (cairn_anylog_open(&log, cairn_span(bytes.ptr, n), NULL) == CAIRN_OK)
			/* Cut between two events, or behind the zeros that an event of PCR 0 begins with. */
			assert_true(n - log.end <= 4);
	assert_int_equal(cairn_anylog_replay(&r, cairn_span(bytes.ptr, bytes.len - 1), NULL),
			 CAIRN_E_TRUNCATED);
	assert_int_equal(r.logs, 0);
}

/* The rows of the file are the extended PCRs of the state, and no others are. */
static void assert_rows(const struct cairn_anylog_replay *r, const char *name)
{
	struct data_pcr rows[CAIRN_BANK_MAX * CAIRN_PCR_COUNT];
	uint32_t listed[CAIRN_BANK_MAX] = {0};
	char path[160];
	size_t n;

	(void)snprintf(path, sizeof path, "%s.pcrs.tsv", name);
	n = data_load_pcrs(rows, sizeof rows / sizeof rows[0], path);
	for (size_t i = 0; i < n; i++) {
		const struct cairn_bank *b = cairn_pcrs_bank_const(&r->own.pcrs, rows[i].value.alg);

		assert_non_null(b);
		assert_true(cairn_digest_equal(&b->pcr[rows[i].pcr], &rows[i].value));
		listed[b - r->own.pcrs.bank] |= UINT32_C(1) << rows[i].pcr;
	}
	for (size_t i = 0; i < r->own.pcrs.count; i++)
		assert_int_equal(r->own.pcrs.bank[i].extended, listed[i]);
}

static void replay_gives_the_recorded_rows(void **state)
{
	static const char *const names[] = {
	    "eventlog/tcg2-gce-rhel8.bin",  "eventlog/tcg2-dell-windows.bin",
	    "eventlog/drtm-intel-txt.bin",  "eventlog/tcg2-startuplocality3-glinux.bin",
	    "eventlog/tcg12-optionrom.bin", "eventlog/ccel-tdx-sha384.bin"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_anylog_replay r = {0};

		data_load(&bytes, names[i]);
		assert_int_equal(cairn_anylog_replay(&r, cairn_buf_span(&bytes), NULL), CAIRN_OK);
		assert_rows(&r, names[i]);
	}
}

static enum cairn_status add(struct cairn_anylog_replay *r, const char *name, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf bytes = {0};

	data_load(&bytes, name);
	return cairn_anylog_replay(r, cairn_buf_span(&bytes), why);
}

/* The launch log continues the boot log: its PCRs are as alone, and the boot log's stay. */
static void a_chain_is_one_state(void **state)
{
	struct cairn_anylog_replay chain = {0}, boot = {0}, launch = {0};
	const struct cairn_bank *c, *b, *l;

	(void)state;
	assert_int_equal(add(&chain, "eventlog/xen-grub-swtpm.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&chain, "launchlog/all-types.log", NULL), CAIRN_OK);
	assert_int_equal(add(&boot, "eventlog/xen-grub-swtpm.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&launch, "launchlog/all-types.log", NULL), CAIRN_OK);
	assert_int_equal(chain.logs, 2);
	assert_int_equal(chain.touched, boot.touched | launch.touched);
	c = cairn_pcrs_bank_const(&chain.own.pcrs, CAIRN_ALG_SHA256);
	b = cairn_pcrs_bank_const(&boot.own.pcrs, CAIRN_ALG_SHA256);
	l = cairn_pcrs_bank_const(&launch.own.pcrs, CAIRN_ALG_SHA256);
	assert_int_equal(c->extended, b->extended | l->extended);
	assert_int_equal(cairn_anylog_differs(&chain, b, boot.touched), 0);
	assert_int_equal(cairn_anylog_differs(&chain, l, launch.touched), 0);
	assert_int_equal(cairn_anylog_differs(&chain, l, 1), 1);
}

static void a_record_continues_the_value_that_is_there(void **state)
{
	struct cairn_anylog_replay once = {0}, twice = {0};
	const struct cairn_bank *a, *b;

	(void)state;
	assert_int_equal(add(&once, "launchlog/all-types.log", NULL), CAIRN_OK);
	assert_int_equal(add(&twice, "launchlog/all-types.log", NULL), CAIRN_OK);
	assert_int_equal(add(&twice, "launchlog/all-types.log", NULL), CAIRN_OK);
	a = cairn_pcrs_bank_const(&once.own.pcrs, CAIRN_ALG_SHA256);
	b = cairn_pcrs_bank_const(&twice.own.pcrs, CAIRN_ALG_SHA256);
	assert_false(cairn_digest_equal(&a->pcr[11], &b->pcr[11]));
}

static void firmware_comes_first(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog_replay r = {0}, before;

	(void)state;
	assert_int_equal(add(&r, "eventlog/tcg2-gce-rhel8.bin", &why), CAIRN_OK);
	before = r;
	assert_int_equal(add(&r, "eventlog/xen-grub-swtpm.bin", &why), CAIRN_E_USAGE);
	assert_non_null(strstr(cairn_buf_str(&why), "starts from reset"));
	assert_memory_equal(&before, &r, sizeof r);
}

/* Two logs of firmware with PCRs of their own, in either order: the firmware's and that of a dynamic launch. */
static void two_firmware_logs_in_either_order(void **state)
{
	struct cairn_anylog_replay a = {0}, b = {0};

	(void)state;
	assert_int_equal(add(&a, "eventlog/drtm-intel-txt.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&a, "eventlog/xen-grub-swtpm.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&b, "eventlog/xen-grub-swtpm.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&b, "eventlog/drtm-intel-txt.bin", NULL), CAIRN_OK);
	assert_true(a.own.drtm && b.own.drtm);
	for (size_t i = 0; i < a.own.pcrs.count; i++) {
		const struct cairn_bank *other = cairn_pcrs_bank_const(&b.own.pcrs, a.own.pcrs.bank[i].alg);

		assert_memory_equal(&a.own.pcrs.bank[i], other, sizeof *other);
	}
}

static void ima_has_two_forms(void **state)
{
	struct cairn_anylog_replay r = {0}, chain = {0};
	const struct cairn_bank *own, *padded;
	struct cairn_bank actual;

	(void)state;
	assert_int_equal(add(&r, "ima/ima-all-templates.bin", NULL), CAIRN_OK);
	assert_int_equal(r.ima, 1 << 10);
	own = cairn_pcrs_bank_const(&r.own.pcrs, CAIRN_ALG_SHA256);
	padded = cairn_pcrs_bank_const(&r.padded.pcrs, CAIRN_ALG_SHA256);
	assert_false(cairn_digest_equal(&own->pcr[10], &padded->pcr[10]));
	assert_int_equal(cairn_anylog_differs(&r, own, 1 << 10), 0);
	assert_int_equal(cairn_anylog_differs(&r, padded, 1 << 10), 0);
	actual = *own;
	actual.pcr[10].bytes[0] ^= 1;
	assert_int_equal(cairn_anylog_differs(&r, &actual, 1 << 10), 1 << 10);
	/* Behind the log of firmware both forms are the same as alone, and its PCRs are in both. */
	assert_int_equal(add(&chain, "eventlog/tcg2-gce-rhel8.bin", NULL), CAIRN_OK);
	actual = *cairn_pcrs_bank_const(&chain.own.pcrs, CAIRN_ALG_SHA256);
	assert_int_equal(add(&chain, "ima/ima-all-templates.bin", NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_differs(&chain, own, 1 << 10), 0);
	assert_int_equal(cairn_anylog_differs(&chain, padded, 1 << 10), 0);
	assert_int_equal(cairn_anylog_differs(&chain, &actual, 0xff), 0);
	/* And before it. */
	assert_int_equal(add(&r, "eventlog/tcg2-gce-rhel8.bin", NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_differs(&r, &actual, 0xff), 0);
	assert_int_equal(r.touched, chain.touched);
}

/* Both forms go on from what they had: twice the list is the list twice. */
static void ima_continues_ima(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0}, twice = {0};
	struct cairn_anylog_replay once = {0}, chain = {0};

	(void)state;
	data_load(&bytes, "ima/ima-all-templates.bin");
	cairn_buf_add(&twice, cairn_buf_span(&bytes));
	cairn_buf_add(&twice, cairn_buf_span(&bytes));
	assert_int_equal(cairn_anylog_replay(&once, cairn_buf_span(&twice), NULL), CAIRN_OK);
	assert_int_equal(add(&chain, "ima/ima-all-templates.bin", NULL), CAIRN_OK);
	assert_int_equal(add(&chain, "ima/ima-all-templates.bin", NULL), CAIRN_OK);
	for (size_t b = 0; b < once.own.pcrs.count; b++) {
		assert_memory_equal(&once.own.pcrs.bank[b], &chain.own.pcrs.bank[b],
				    sizeof(struct cairn_bank));
		assert_memory_equal(&once.padded.pcrs.bank[b], &chain.padded.pcrs.bank[b],
				    sizeof(struct cairn_bank));
	}
}

static void of_a_cut_ima_list_the_whole_entries_count(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog_replay r = {0};

	(void)state;
	assert_int_equal(add(&r, "ima/ima-ng-trailing.bin", &why), CAIRN_E_TRUNCATED);
	assert_non_null(strstr(cairn_buf_str(&why), "entry 7 of the list, at offset 558"));
	assert_int_equal(r.logs, 1);
	assert_int_equal(r.ima, 1 << 10);
}

static void a_broken_event_is_told_with_its_place(void **state)
{
	static const struct {
		const char *file, *said;
	} logs[] = {
	    {"eventlog/hostile-eventsize-max.bin", "event 5, at offset 1305: the bytes end"},
	    {"eventlog/bad-specid-vendor-slack.bin", "crypto-agile log: the bytes end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_anylog_replay r = {0};

		assert_int_equal(add(&r, logs[i].file, &why), CAIRN_E_TRUNCATED);
		assert_non_null(strstr(cairn_buf_str(&why), logs[i].said));
	}
}

/* As systemd writes it, behind RS; the digest is that of "enter-initrd". */
#define PHASE                                                                                                \
	"\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"                                   \
	"\"51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed\"}],"                            \
	"\"content_type\":\"systemd\",\"content\":{\"eventType\":\"phase\",\"string\":\"enter-initrd\"}}\n"

/* The same text twice: the second continues the first, and behind IMA too, in both forms. */
static void a_canonical_log_continues(void **state)
{
	struct cairn_anylog_replay r = {0}, behind = {0};
	struct cairn_digest zero = {.alg = CAIRN_ALG_SHA256}, d, once, twice;
	struct cairn_anylog log;

	(void)state;
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str("enter-initrd")), CAIRN_OK);
	assert_int_equal(
	    cairn_hash2(&once, CAIRN_ALG_SHA256, cairn_digest_span(&zero), cairn_digest_span(&d)), CAIRN_OK);
	assert_int_equal(
	    cairn_hash2(&twice, CAIRN_ALG_SHA256, cairn_digest_span(&once), cairn_digest_span(&d)), CAIRN_OK);
	assert_int_equal(cairn_anylog_open(&log, cairn_span_str(PHASE), NULL), CAIRN_OK);
	assert_int_equal(log.kind, CAIRN_ANYLOG_CEL_JSON);
	assert_int_equal(cairn_anylog_replay_add(&r, &log, NULL), CAIRN_OK);
	assert_true(cairn_digest_equal(&r.own.pcrs.bank[0].pcr[11], &once));
	assert_int_equal(cairn_anylog_replay_add(&r, &log, NULL), CAIRN_OK);
	assert_true(cairn_digest_equal(&r.own.pcrs.bank[0].pcr[11], &twice));
	assert_int_equal(r.touched, 1 << 11);
	assert_int_equal(add(&behind, "ima/ima-all-templates.bin", NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_replay_add(&behind, &log, NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_replay_add(&behind, &log, NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_differs(&behind, &r.own.pcrs.bank[0], 1 << 11), 0);
	assert_true(cairn_digest_equal(&cairn_pcrs_bank_const(&behind.padded.pcrs, CAIRN_ALG_SHA256)->pcr[11],
				       &twice));
	/* No SHA-1 in it: what it extends is not vouched for there. */
	assert_int_equal(
	    cairn_anylog_differs(&behind, cairn_pcrs_bank_const(&behind.own.pcrs, CAIRN_ALG_SHA1), 1 << 11),
	    1 << 11);
}

/* The registers of a confidential VM are no PCRs, whatever their numbers. */
static void measurement_registers_are_not_pcrs(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog_replay r = {0}, before, boot = {0};

	(void)state;
	assert_int_equal(add(&r, "eventlog/ccel-tdx-sha384.bin", &why), CAIRN_OK);
	assert_true(r.cc);
	assert_int_equal(cairn_anylog_differs(&r, &r.own.pcrs.bank[0], 0xff), 0xff);
	before = r;
	assert_int_equal(add(&r, "launchlog/all-types.log", &why), CAIRN_E_USAGE);
	assert_memory_equal(&r, &before, sizeof r);
	assert_non_null(strstr(cairn_buf_str(&why), "not one state"));
	assert_int_equal(add(&boot, "eventlog/tcg12-debian10-sha1.bin", &why), CAIRN_OK);
	assert_int_equal(add(&boot, "eventlog/ccel-tdx-sha384.bin", &why), CAIRN_E_USAGE);
	assert_int_equal(add(&boot, "cel/cel-cos-tlv.bin", &why), CAIRN_E_USAGE);
	assert_int_equal(add(&r, "ima/ima-all-templates.bin", &why), CAIRN_E_USAGE);
}

/* tboot measured into SHA-256 alone: the SHA-1 values are printed, but nothing vouches for them. */
static void what_lacks_a_digest_is_not_vouched_for(void **state)
{
	struct cairn_anylog_replay r = {0};

	(void)state;
	assert_int_equal(add(&r, "eventlog/drtm-intel-txt.bin", NULL), CAIRN_OK);
	assert_int_equal(cairn_anylog_differs(&r, &r.own.pcrs.bank[0], 0x60000), 0x60000);
	assert_int_equal(cairn_anylog_differs(&r, &r.own.pcrs.bank[1], 0x60000), 0);
	/* A log without SHA-1 behind logs that have it leaves SHA-1 behind. */
	assert_int_equal(add(&r, "launchlog/all-types.log", NULL), CAIRN_OK);
	for (size_t i = 0; i < r.own.pcrs.count; i++)
		if (r.own.pcrs.bank[i].alg == CAIRN_ALG_SHA1)
			assert_int_equal(cairn_anylog_differs(&r, &r.own.pcrs.bank[i], 1 << 11), 1 << 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_are_found_by_content),
	    cmocka_unit_test(what_is_no_log_is_refused_with_a_sentence),
	    cmocka_unit_test(what_can_be_read_in_two_ways_is_refused),
	    cmocka_unit_test(every_truncation_of_a_boot_log_is_refused),
	    cmocka_unit_test(replay_gives_the_recorded_rows),
	    cmocka_unit_test(a_chain_is_one_state),
	    cmocka_unit_test(a_record_continues_the_value_that_is_there),
	    cmocka_unit_test(firmware_comes_first),
	    cmocka_unit_test(two_firmware_logs_in_either_order),
	    cmocka_unit_test(ima_has_two_forms),
	    cmocka_unit_test(ima_continues_ima),
	    cmocka_unit_test(of_a_cut_ima_list_the_whole_entries_count),
	    cmocka_unit_test(a_broken_event_is_told_with_its_place),
	    cmocka_unit_test(a_canonical_log_continues),
	    cmocka_unit_test(measurement_registers_are_not_pcrs),
	    cmocka_unit_test(what_lacks_a_digest_is_not_vouched_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
