/* The launch log: truncated at every byte, every byte changed, reordered, doubled. */
#include "records.h"

#include <stdlib.h>

static const struct cairn_pcr_numbers PCRS = CAIRN_PCR_NUMBERS_DEFAULT;
static const enum cairn_alg BANKS[] = {CAIRN_ALG_SHA384, CAIRN_ALG_SHA256};
static const uint8_t BOOT_ID[32] = {0xaa, 1};

#define LINES 5
static struct cairn_buf line[LINES]; /* host, boot, launch, exit, phase */
static struct cairn_buf whole;

static void add(size_t n, struct cairn_buf *record)
{
	assert_int_equal(cairn_log_line_build(&line[n], n, &PCRS, cairn_buf_span(record), BANKS, 2),
			 CAIRN_OK);
	cairn_buf_add(&whole, cairn_buf_span(&line[n]));
	cairn_buf_fini(record);
}

static int setup(void **state)
{
	struct cairn_host h = sample_host();
	struct cairn_launch l = sample_launch();
	struct cairn_exit_record x = {.launch = 2, .name = "netdrv", .reason = "shutdown"};
	struct cairn_buf r[LINES] = {{0}};

	(void)state;
	assert_int_equal(cairn_record_host(&r[0], &h), CAIRN_OK);
	assert_int_equal(cairn_record_boot(&r[1], BOOT_ID), CAIRN_OK);
	assert_int_equal(cairn_record_launch(&r[2], &l), CAIRN_OK);
	assert_int_equal(cairn_record_exit(&r[3], &x), CAIRN_OK);
	assert_int_equal(cairn_record_phase(&r[4], "none"), CAIRN_OK);
	for (size_t i = 0; i < LINES; i++)
		add(i, &r[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINES; i++)
		cairn_buf_fini(&line[i]);
	cairn_buf_fini(&whole);
	return 0;
}

static enum cairn_status replay(struct cairn_span text)
{
	struct cairn_log_summary s;

	return cairn_log_replay(&s, text, &PCRS);
}

static void test_good(void **state)
{
	struct cairn_log_summary s = {0};
	struct cairn_pcrs want;
	struct cairn_log_reader r;
	static const enum cairn_alg sorted[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

	(void)state;
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&whole), &PCRS), CAIRN_OK);
	assert_int_equal(s.records, LINES);
	assert_int_equal(s.torn_at, whole.len);
	assert_memory_equal(s.boot_id, BOOT_ID, 32);
	assert_int_equal(cairn_pcrs_init(&want, sorted, 2), CAIRN_OK);
	cairn_log_reader_init(&r, cairn_buf_span(&whole), &PCRS);
	for (size_t i = 0; i < LINES; i++) {
		static const unsigned pcr[LINES] = {11, 12, 12, 12, 13};
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		assert_int_equal(cairn_log_next(&r, &e), CAIRN_OK);
		assert_int_equal(e.recnum, i);
		assert_int_equal(e.pcr, pcr[i]);
		for (size_t b = 0; b < 2; b++) {
			struct cairn_digest d;

			assert_int_equal(cairn_hash(&d, sorted[b], e.record), CAIRN_OK);
			assert_int_equal(cairn_pcrs_extend(&want, pcr[i], &d), CAIRN_OK);
		}
	}
	assert_int_equal(cairn_log_next(&r, &(struct cairn_log_entry){0}), CAIRN_E_NOTFOUND);
	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
		for (size_t b = 0; b < 2; b++)
			assert_true(cairn_digest_equal(&want.bank[b].pcr[i], &s.replay.bank[b].pcr[i]));
}

static void test_form(void **state)
{
	static const char begin[] = "{\"content\":{\"record\":\"{\\\"boot_id\\\":\\\"aa01";

	(void)state;
	assert_memory_equal(line[1].ptr, begin, sizeof(begin) - 1);
	assert_non_null(strstr(cairn_buf_str(&line[1]),
			       "\",\"type\":\"boot\"},\"content_type\":\"cairn\",\"digests\":[{"
			       "\"digest\":\""));
	assert_non_null(
	    strstr(cairn_buf_str(&line[1]), "\",\"hashAlg\":\"sha384\"}],\"pcr\":12,\"recnum\":1}\n"));
}

static void test_empty(void **state)
{
	struct cairn_log_summary s = {0};

	(void)state;
	assert_int_equal(cairn_log_replay(&s, cairn_span(NULL, 0), &PCRS), CAIRN_OK);
	assert_int_equal(s.records, 0);
	assert_int_equal(s.replay.count, 0);
	assert_int_equal(replay(cairn_span_str("\n")), CAIRN_E_MALFORMED);
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t n = 1; n < whole.len; n++) {
		struct cairn_log_summary s = {0};
		bool at_end = whole.ptr[n - 1] == '\n';
		size_t start = n;

		while (start > 0 && whole.ptr[start - 1] != '\n')
			start--;
		assert_int_equal(cairn_log_replay(&s, cairn_span(whole.ptr, n), &PCRS),
				 at_end ? CAIRN_OK : CAIRN_E_TRUNCATED);
		assert_int_equal(s.torn_at, start);
	}
}

/* Bits 0 and 5 of each byte in turn; what still is a log must be another one, which the PCRs will not
 * confirm. */
static void test_tampered(void **state)
{
	uint8_t *copy = malloc(whole.len);

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i < whole.len; i++) {
		for (int bit = 0; bit <= 5; bit += 5) {
			enum cairn_status st;

			memcpy(copy, whole.ptr, whole.len);
			copy[i] ^= (uint8_t)(1 << bit);
			st = replay(cairn_span(copy, whole.len));
			assert_int_not_equal(st, CAIRN_OK);
			assert_true(st != CAIRN_E_TRUNCATED || i == whole.len - 1);
		}
	}
	free(copy);
}

static void test_every_digit(void **state)
{
	uint8_t *copy = malloc(whole.len);

	(void)state;
	assert_non_null(copy);
	memcpy(copy, whole.ptr, whole.len);
	for (size_t i = 0; i < whole.len; i++) {
		uint8_t was = copy[i];

		if (strchr("0123456789abcdef", was) == NULL)
			continue;
		copy[i] = was == '9' ? '8' : (uint8_t)(was + 1);
		assert_int_not_equal(replay(cairn_span(copy, whole.len)), CAIRN_OK);
		copy[i] = was;
	}
	free(copy);
}

static enum cairn_status replay_order(const size_t *order, size_t count)
{
	cairn_auto_buf struct cairn_buf text = {0};

	for (size_t i = 0; i < count; i++)
		cairn_buf_add(&text, cairn_buf_span(&line[order[i]]));
	return replay(cairn_buf_span(&text));
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(replay_order((size_t[]){0, 1, 2, 3, 4}, 5), CAIRN_OK);
	assert_int_equal(replay_order((size_t[]){0, 1, 3, 2, 4}, 5), CAIRN_E_MISMATCH);
	assert_int_equal(replay_order((size_t[]){1, 0}, 2), CAIRN_E_MISMATCH);
	assert_int_equal(replay_order((size_t[]){0, 1, 1, 2}, 4), CAIRN_E_MISMATCH);
	assert_int_equal(replay_order((size_t[]){0, 1, 3}, 3), CAIRN_E_MISMATCH);
	assert_int_equal(replay_order((size_t[]){1, 2}, 2), CAIRN_E_MISMATCH);
	assert_int_equal(replay_order((size_t[]){0, 0}, 2), CAIRN_E_MISMATCH);
}

/* One line more, made of a record and a number of our choice, after the host and boot lines. */
static enum cairn_status third(struct cairn_buf *record, uint64_t recnum, const enum cairn_alg *banks,
			       size_t count)
{
	cairn_auto_buf struct cairn_buf text = {0};

	cairn_buf_add(&text, cairn_buf_span(&line[0]));
	cairn_buf_add(&text, cairn_buf_span(&line[1]));
	assert_int_equal(cairn_log_line_build(&text, recnum, &PCRS, cairn_buf_span(record), banks, count),
			 CAIRN_OK);
	return replay(cairn_buf_span(&text));
}

static void test_places(void **state)
{
	static const enum cairn_alg three[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_host h = sample_host();
	cairn_auto_buf struct cairn_buf host = {0}, boot = {0}, phase = {0};

	(void)state;
	assert_int_equal(cairn_record_host(&host, &h), CAIRN_OK);
	assert_int_equal(cairn_record_boot(&boot, BOOT_ID), CAIRN_OK);
	assert_int_equal(cairn_record_phase(&phase, "failed"), CAIRN_OK);
	assert_int_equal(third(&phase, 2, BANKS, 2), CAIRN_OK);
	assert_int_equal(third(&phase, 3, BANKS, 2), CAIRN_E_MISMATCH);
	assert_int_equal(third(&phase, 2, BANKS + 1, 1), CAIRN_E_MISMATCH);
	assert_int_equal(third(&phase, 2, three, 3), CAIRN_E_MISMATCH);
	assert_int_equal(third(&host, 2, BANKS, 2), CAIRN_E_MISMATCH);
	assert_int_equal(third(&boot, 2, BANKS, 2), CAIRN_E_MISMATCH);
}

static void test_pcr_numbers(void **state)
{
	static const struct cairn_pcr_numbers other = {11, 12, 14}, swapped = {12, 11, 13};
	struct cairn_log_summary s;

	(void)state;
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&whole), &other), CAIRN_E_MISMATCH);
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&whole), &swapped), CAIRN_E_MISMATCH);
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&line[0]), &other), CAIRN_E_MISMATCH);
}

/* The host record says which PCRs it uses, and lies about one of them. */
static void test_lying_host(void **state)
{
	static const struct cairn_pcr_numbers lies[] = {
	    {10, 12, 13}, {11, 14, 13}, {11, 12, 15}, {11, 12, 13}};
	struct cairn_log_summary s = {.records = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct cairn_host h = sample_host();
		cairn_auto_buf struct cairn_buf record = {0}, text = {0};
		bool lie = i + 1 < sizeof(lies) / sizeof(lies[0]);

		h.pcrs = lies[i];
		assert_int_equal(cairn_record_host(&record, &h), CAIRN_OK);
		assert_int_equal(cairn_log_line_build(&text, 0, &PCRS, cairn_buf_span(&record), BANKS, 2),
				 CAIRN_OK);
		assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&text), &PCRS),
				 lie ? CAIRN_E_MISMATCH : CAIRN_OK);
		assert_int_equal(s.records, lie ? 77 : 1);
	}
}

/* A log in the two banks that the samples do not have; and one that is too long to be looked at. */
static void test_banks_and_size(void **state)
{
	static const enum cairn_alg four[] = {CAIRN_ALG_SHA512, CAIRN_ALG_SHA1, CAIRN_ALG_SHA256,
					      CAIRN_ALG_SHA384, CAIRN_ALG_SHA1, CAIRN_ALG_SHA1,
					      CAIRN_ALG_SHA1};
	struct cairn_host h = sample_host();
	cairn_auto_buf struct cairn_buf record = {0}, text = {0};
	uint8_t *much = calloc(1, (size_t)CAIRN_LOG_MAX + 1);

	(void)state;
	h.bank_count = 4;
	memcpy(h.bank, four, 4 * sizeof(four[0]));
	assert_int_equal(cairn_record_host(&record, &h), CAIRN_OK);
	assert_int_equal(cairn_log_line_build(&text, 0, &PCRS, cairn_buf_span(&record), four, 4), CAIRN_OK);
	assert_int_equal(replay(cairn_buf_span(&text)), CAIRN_OK);
	assert_int_equal(
	    cairn_log_line_build(&text, 0, &PCRS, cairn_buf_span(&record), four, CAIRN_BANK_MAX + 1),
	    CAIRN_E_USAGE);
	assert_non_null(much);
	assert_int_equal(replay(cairn_span(much, (size_t)CAIRN_LOG_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(replay(cairn_span(much, CAIRN_LOG_MAX)), CAIRN_E_TRUNCATED);
	free(much);
}

static enum cairn_status parse_changed(const json_t *v)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_log_entry e = {0};

	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_log_line_parse(&e, cairn_buf_span(&b), &PCRS);
}

static void test_bad_lines(void **state)
{
	char long_hex[2 * (CAIRN_DIGEST_MAX + 1) + 1] = "";
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf loose = {0};
	struct cairn_log_entry e = {0};
	json_t *digest, *content;

	(void)state;
	cairn_buf_add_u8(&loose, ' ');
	cairn_buf_add(&loose, cairn_span(line[1].ptr, line[1].len - 1));
	assert_int_equal(cairn_log_line_parse(&e, cairn_buf_span(&loose), &PCRS), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&line[1])), CAIRN_OK);
	digest = json_array_get(json_object_get(v, "digests"), 0);
	memset(long_hex, 'a', sizeof long_hex - 1);
	json_object_set_new(digest, "digest", json_string(long_hex));
	assert_int_equal(parse_changed(v), CAIRN_E_LIMIT);
	json_object_set_new(digest, "digest", json_string("0011223344556677889900112233445566778899"));
	assert_int_equal(parse_changed(v), CAIRN_E_MALFORMED); /* of another length than its bank's */
	content = json_object_get(v, "content");
	json_object_set_new(content, "record", json_string("{}"));
	assert_int_equal(parse_changed(v), CAIRN_E_MALFORMED);
}

static void test_build_refused(void **state)
{
	static const enum cairn_alg twice[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA256},
				    odd[] = {CAIRN_ALG_SHA256, 99};
	cairn_auto_buf struct cairn_buf r = {0}, out = {0};

	(void)state;
	assert_int_equal(cairn_record_boot(&r, BOOT_ID), CAIRN_OK);
	assert_int_equal(cairn_log_line_build(&out, 0, &PCRS, cairn_buf_span(&r), BANKS, 1), CAIRN_E_USAGE);
	assert_int_equal(cairn_log_line_build(&out, 0, &PCRS, cairn_buf_span(&r), twice, 2), CAIRN_E_USAGE);
	assert_int_equal(cairn_log_line_build(&out, 0, &PCRS, cairn_buf_span(&r), odd, 2), CAIRN_E_USAGE);
	assert_int_equal(cairn_log_line_build(&out, 0, &PCRS, cairn_buf_span(&r), BANKS, 0), CAIRN_E_USAGE);
	r.len--;
	assert_int_equal(cairn_log_line_build(&out, 0, &PCRS, cairn_buf_span(&r), BANKS, 2),
			 CAIRN_E_MALFORMED);
	assert_int_equal(out.len, 0);
}

/* A line as no builder makes it: one of its two digests taken out, or both exchanged. */
static void test_digest_lists(void **state)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf without = {0}, swapped = {0};
	struct cairn_log_entry e = {0};
	json_t *digests;

	(void)state;
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&line[2])), CAIRN_OK);
	digests = json_object_get(v, "digests");
	assert_int_equal(json_array_append(digests, json_array_get(digests, 0)), 0);
	assert_int_equal(json_array_remove(digests, 0), 0);
	assert_int_equal(cairn_json_dump(&swapped, v), CAIRN_OK);
	assert_int_equal(cairn_log_line_parse(&e, cairn_buf_span(&swapped), &PCRS), CAIRN_E_MALFORMED);
	assert_int_equal(json_array_remove(digests, 1), 0);
	assert_int_equal(cairn_json_dump(&without, v), CAIRN_OK);
	assert_int_equal(cairn_log_line_parse(&e, cairn_buf_span(&without), &PCRS), CAIRN_E_MALFORMED);
}

/* What the schema of a line bounds. */
static void test_line_limits(void **state)
{
	cairn_auto_json json_t *v = NULL;
	json_t *digests;

	(void)state;
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&line[1])), CAIRN_OK);
	json_object_set_new(v, "pcr", json_integer(CAIRN_PCR_COUNT));
	assert_int_equal(parse_changed(v), CAIRN_E_LIMIT);
	json_object_set_new(v, "pcr", json_integer(CAIRN_PCR_COUNT - 1));
	assert_int_equal(parse_changed(v), CAIRN_E_MISMATCH);
	digests = json_object_get(v, "digests");
	while (json_array_size(digests) <= CAIRN_BANK_MAX)
		assert_int_equal(json_array_append(digests, json_array_get(digests, 0)), 0);
	assert_int_equal(parse_changed(v), CAIRN_E_LIMIT);
	json_array_clear(digests);
	assert_int_equal(parse_changed(v), CAIRN_E_MALFORMED);
}

static void test_limits(void **state)
{
	struct cairn_launch l = sample_launch();
	cairn_auto_buf struct cairn_buf r = {0}, out = {0};
	char value[3000];
	char key[20][8];

	(void)state;
	memset(value, '"', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	for (l.config_count = 0; l.config_count < 7; l.config_count++) {
		snprintf(key[l.config_count], sizeof(key[0]), "k%zu", l.config_count);
		l.config[l.config_count] = (struct cairn_pair){key[l.config_count], value};
	}
	assert_int_equal(cairn_record_launch(&r, &l), CAIRN_OK);
	assert_int_equal(cairn_log_line_build(&out, 2, &PCRS, cairn_buf_span(&r), BANKS, 2), CAIRN_E_LIMIT);
	for (size_t i = 0; i < CAIRN_LOG_LINE_MAX; i++)
		cairn_buf_add_u8(&out, ' ');
	cairn_buf_add_u8(&out, '\n');
	assert_int_equal(replay(cairn_buf_span(&out)), CAIRN_E_LIMIT);
}

/* A log and a record as earlier versions wrote them stay readable, and the format has not moved. */
static unsigned types_of(const char *path, size_t records)
{
	cairn_auto_buf struct cairn_buf log = {0}, host = {0};
	struct cairn_log_summary s = {0};
	struct cairn_log_reader r;
	unsigned seen = 0;

	assert_int_equal(cairn_file_read(&log, path, 1 << 20), CAIRN_OK);
	assert_int_equal(cairn_file_read(&host, "tests/data/record/host.json", 1 << 20), CAIRN_OK);
	assert_int_equal(cairn_log_replay(&s, cairn_buf_span(&log), &PCRS), CAIRN_OK);
	assert_int_equal(s.records, records);
	cairn_log_reader_init(&r, cairn_buf_span(&log), &PCRS);
	for (size_t i = 0; i < records; i++) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		assert_int_equal(cairn_log_next(&r, &e), CAIRN_OK);
		assert_true(i != 0 || cairn_span_equal(e.record, cairn_buf_span(&host)));
		seen |= 1u << e.type;
	}
	return seen;
}

static void test_recorded(void **state)
{
	unsigned seen = types_of("tests/data/launchlog/all-types.log", 9);

	(void)state;
	seen |= types_of("tests/data/launchlog/maintenance.log", 3);
	seen |= types_of("tests/data/launchlog/later-types.log", 4);
	assert_int_equal(seen, (1u << CAIRN_RECORD_TYPES) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),	 cmocka_unit_test(test_form),
	    cmocka_unit_test(test_empty),	 cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_tampered),	 cmocka_unit_test(test_every_digit),
	    cmocka_unit_test(test_order),	 cmocka_unit_test(test_places),
	    cmocka_unit_test(test_pcr_numbers),	 cmocka_unit_test(test_build_refused),
	    cmocka_unit_test(test_digest_lists), cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_line_limits),	 cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_lying_host),	 cmocka_unit_test(test_banks_and_size),
	    cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
