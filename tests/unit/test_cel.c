/* Canonical event logs: recorded and hand-made ones, in TLV and in JSON, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/cel.h"
#include "tests/unit/data_fixture.h"

/* ---- recorded
 * ----------------------------------------------------------------------------------------------------- */

/* Confidential Space: register 4 is RTMR 3. The value was computed by another program (Python, hashlib). */
static void confidential_space(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;

	(void)state;
	data_load(&bytes, "cel/cel-cos-tlv.bin");
	assert_true(cairn_cel_is(cairn_buf_span(&bytes)));
	assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.encoding, CAIRN_CEL_TLV);
	assert_int_equal(cairn_cel_replay(&r, &log, NULL), CAIRN_OK);
	assert_true(r.mr);
	assert_int_equal(r.records, 18);
	assert_int_equal(r.differing, 0);
	assert_int_equal(r.unchecked, 0);
	assert_int_equal(r.replay.pcrs.count, 1);
	assert_int_equal(r.replay.pcrs.bank[0].alg, CAIRN_ALG_SHA384);
	assert_int_equal(r.replay.pcrs.bank[0].extended, 1 << 4);
	assert_int_equal(r.replay.incomplete[0], 0);
	assert_string_equal(
	    cairn_digest_hex(&r.replay.pcrs.bank[0].pcr[4]).text,
	    "2261f93374ed538b35e7e93c540a1562ccb25d14f6c40a1efea03d329e29a97172d84e152344af4a7188"
	    "d0c8b9fcabeb");
}

/* cairn's own log: the strict reader and this one agree. */
static void launch_log(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;

	(void)state;
	data_load(&bytes, "launchlog/all-types.log");
	assert_true(cairn_cel_is(cairn_buf_span(&bytes)));
	assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.encoding, CAIRN_CEL_JSON);
	assert_int_equal(cairn_cel_replay(&r, &log, NULL), CAIRN_OK);
	assert_true(r.records > 0);
	assert_int_equal(r.differing + r.unchecked, 0);
	assert_false(r.mr);
}

/* ---- made by hand: all forms of records, with the values that another program replayed
 * ------------------------------- */

static void assert_expected(const struct cairn_cel_replay *r, const char *name)
{
	struct data_pcr rows[4 * CAIRN_PCR_COUNT];
	uint32_t listed[CAIRN_BANK_MAX] = {0};
	char path[64];
	size_t n;

	(void)snprintf(path, sizeof path, "cel/%s.pcrs.tsv", name);
	n = data_load_pcrs(rows, sizeof rows / sizeof rows[0], path);
	for (size_t i = 0; i < n; i++) {
		const struct cairn_bank *b = cairn_pcrs_bank_const(&r->replay.pcrs, rows[i].value.alg);

		assert_non_null(b);
		if (!cairn_digest_equal(&b->pcr[rows[i].pcr], &rows[i].value))
			fail_msg("%s: %s PCR %u is %s", name, cairn_alg_name(b->alg), rows[i].pcr,
				 cairn_digest_hex(&b->pcr[rows[i].pcr]).text);
		listed[b - r->replay.pcrs.bank] |= UINT32_C(1) << rows[i].pcr;
	}
	for (size_t i = 0; i < r->replay.pcrs.count; i++) {
		assert_int_equal(r->replay.pcrs.bank[i].extended, listed[i]);
		assert_int_equal(r->replay.incomplete[i], 0);
	}
}

static const struct made {
	const char *name;
	enum cairn_cel_encoding encoding;
	unsigned records, unchecked, nv;
	uint8_t locality;
	bool drtm;
} made[] = {
    {"systemd.log", CAIRN_CEL_JSON, 7, 1, 1, 0, false},
    {"pcrlock.json", CAIRN_CEL_JSON, 8, 4, 0, 3, false},
    {"spec.json", CAIRN_CEL_JSON, 13, 3, 1, 0, false},
    {"all-types.tlv", CAIRN_CEL_TLV, 11, 3, 1, 4, true},
};

static void logs_of_every_writer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		cairn_auto_cel struct cairn_cel log = {0};
		struct cairn_cel_replay r;
		char path[64];

		(void)snprintf(path, sizeof path, "cel/%s", made[i].name);
		data_load(&bytes, path);
		assert_true(cairn_cel_is(cairn_buf_span(&bytes)));
		assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
		assert_int_equal(log.encoding, made[i].encoding);
		assert_int_equal(cairn_cel_replay(&r, &log, NULL), CAIRN_OK);
		assert_int_equal(r.records, made[i].records);
		assert_int_equal(r.differing, 0);
		assert_int_equal(r.unchecked, made[i].unchecked);
		assert_int_equal(r.nv, made[i].nv);
		assert_false(r.mr);
		assert_int_equal(r.replay.startup_locality, made[i].locality);
		assert_int_equal(r.replay.drtm, made[i].drtm);
		assert_expected(&r, made[i].name);
	}
}

/* ---- cut and changed
 * ---------------------------------------------------------------------------------------------- */

static enum cairn_status replay_bytes(struct cairn_cel_replay *r, struct cairn_span bytes)
{
	cairn_auto_cel struct cairn_cel log = {0};
	enum cairn_status s = cairn_cel_open(&log, bytes);

	return s == CAIRN_OK ? cairn_cel_replay(r, &log, NULL) : s;
}

/* A cut log is refused, but for one that was cut between two records. */
static void cut_at_every_byte(void **state)
{
	static const char *const names[] = {"cel/all-types.tlv", "cel/spec.json", "cel/systemd.log"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_cel_replay r;
		unsigned readable = 0;

		data_load(&bytes, names[i]);
		for (size_t n = 0; n < bytes.len; n++) {
			/* of its own size, so that the sanitizers see a read behind the end */
			uint8_t *cut = malloc(n + 1);
			enum cairn_status s;

			memcpy(cut, bytes.ptr, n);
			s = replay_bytes(&r, cairn_span(cut, n));
			assert_true(s == CAIRN_OK || s == CAIRN_E_TRUNCATED);
			readable += s == CAIRN_OK;
			free(cut);
		}
		/* of TLV: after each of 10 records; of systemd's: before and after the newline and after RS */
		assert_int_equal(readable, i == 0 ? 10 : i == 1 ? 0 : 6 * 3 + 1);
	}
}

static void changed_at_every_byte(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_cel_replay good, r;

	(void)state;
	data_load(&bytes, "cel/cel-cos-tlv.bin");
	assert_int_equal(replay_bytes(&good, cairn_buf_span(&bytes)), CAIRN_OK);
	for (size_t i = 0; i < bytes.len; i++) {
		enum cairn_status s;

		bytes.ptr[i] ^= 1;
		s = replay_bytes(&r, cairn_buf_span(&bytes));
		if (s == CAIRN_OK && r.differing + r.unchecked == 0 &&
		    cairn_replay_differs(&r.replay, &good.replay.pcrs.bank[0], 0xffffff) == 0)
			fail_msg("a change of byte %zu goes unnoticed", i);
		bytes.ptr[i] ^= 1;
	}
}

/* ---- what is refused, in JSON
 * ------------------------------------------------------------------------------------- */

#define A20	  "6161616161616161616161616161616161616161"
#define SHA1(d)	  "{\"hashAlg\":\"sha1\",\"digest\":\"" d "\"}"
#define REC(n)	  "{\"recnum\":" #n ",\"pcr\":1,\"digests\":[" SHA1(A20) "]}"
#define NV(n, i)  "{\"recnum\":" #n ",\"nv_index\":" #i ",\"digests\":[" SHA1(A20) "]}"
#define PCR(n, p) "{\"recnum\":" #n ",\"pcr\":" #p ",\"digests\":[" SHA1(A20) "]}"
#define BARE	  "{\"pcr\":1,\"digests\":[" SHA1(A20) "]}"
#define PC(t, d)                                                                                             \
	"{\"pcr\":1,\"digests\":[" SHA1(A20) "],\"content_type\":\"pcclient_std\",\"content\":{" t "," d "}" \
					     "}"
#define ET(t) "\"event_type\":" t
#define ED(d) "\"event_data\":\"" d "\""
#define DEEP  "[[[[[[[[[[[[[[[["

static void json_that_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
	} logs[] = {
	    {REC(0), CAIRN_OK},
	    {"[" REC(0) "]", CAIRN_OK},
	    {"[]", CAIRN_OK},
	    {" \x1e" BARE "\r\n\t\x1e" BARE "\n", CAIRN_OK},
	    {BARE BARE, CAIRN_OK},
	    {BARE "," BARE, CAIRN_E_MALFORMED},
	    {BARE "x", CAIRN_E_MALFORMED},
	    {"[" BARE, CAIRN_E_TRUNCATED},
	    {BARE "]", CAIRN_E_MALFORMED},
	    {"[1]", CAIRN_E_MALFORMED},
	    {"[" BARE "}", CAIRN_E_MALFORMED},
	    {"{\"a\":\"\\\"}\"}",
	     CAIRN_E_MALFORMED}, /* the brace is text: a value without members of a record */
	    {"{\"pcr\":1,\"pcr\":1,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"x\":" DEEP "]]]]]]]]]]]]]]]],\"digests\":[" SHA1(A20) "]}", CAIRN_E_LIMIT},
	    {"{\"pcr\":1,\"digests\":[]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":{}}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20) "," SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20 "61") "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20 "6") "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1("g161616161616161616161616161616161616161") "]}",
	     CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1("6G61616161616161616161616161616161616161") "]}",
	     CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1("6A61616161616161616161616161616161616161") "]}", CAIRN_OK},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":[],\"digest\":\"" A20 "\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"digest\":\"" A20 "\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha3_256\",\"digest\":\"00\"}]}", CAIRN_OK},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha3_256\",\"digest\":\"0/\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha3_256\",\"digest\":\"@0\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha3_256\",\"digest\":\"0\"}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha3_256\",\"digest\":1}]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1("0") "," SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20) "],\"content_type\":\"tss2\",\"content\":{\"data\":\"x\"}}",
	     CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(
		 A20) "],\"content_type\":\"ima_template\",\"content\":{\"template_data\":\"x\"}}",
	     CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":65540,\"digest\":\"00\"}]}", CAIRN_OK}, /* not SHA-1 */
	    {"{\"pcr\":1,\"digests\":[{\"hashAlg\":\"0x\",\"digest\":\"00\"}]}", CAIRN_OK},
	    {"{\"pcr\":1,\"nv_index\":1,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":\"1\",\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":-1,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":4294967297,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {PCR(0, 23), CAIRN_OK},
	    {PCR(0, 24), CAIRN_E_LIMIT},
	    {NV(0, 4294967295), CAIRN_OK},
	    {"{\"recnum\":\"0\",\"pcr\":1,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"recnum\":-1,\"pcr\":1,\"digests\":[" SHA1(A20) "]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20) "],\"content_type\":[]}", CAIRN_E_MALFORMED},
	    {"{\"pcr\":1,\"digests\":[" SHA1(A20) "],\"content_type\":5}", CAIRN_OK},
	    {PC(ET("4"), ED("0")), CAIRN_E_MALFORMED},
	    {PC(ET("4"), ED("0x")), CAIRN_E_MALFORMED},
	    {PC(ET("\"EV_SOMETHING\""), ED("00")), CAIRN_OK},
	    {PC(ET("\"unknown\""), ED("00")), CAIRN_OK},
	    {PC(ET("[]"), ED("00")), CAIRN_OK},
	    /* numbers of records */
	    {REC(1) REC(2), CAIRN_OK},
	    {REC(0) REC(2), CAIRN_E_MISMATCH},
	    {REC(0) REC(0), CAIRN_E_MISMATCH},
	    {REC(1) REC(1), CAIRN_E_MISMATCH},
	    {REC(2), CAIRN_E_MISMATCH},
	    {REC(0) BARE, CAIRN_E_MISMATCH},
	    {BARE REC(1), CAIRN_E_MISMATCH},
	    {PCR(0, 1) PCR(1, 2) PCR(2, 1), CAIRN_OK},
	    {PCR(0, 1) PCR(0, 2) PCR(1, 1), CAIRN_OK},
	    {PCR(1, 1) PCR(1, 2) PCR(2, 1), CAIRN_OK},
	    {PCR(0, 1) PCR(0, 2) PCR(2, 1), CAIRN_E_MISMATCH},
	    {PCR(0, 1) PCR(1, 2) PCR(1, 1), CAIRN_E_MISMATCH},
	    {PCR(0, 1) NV(0, 1) NV(0, 2) NV(1, 1), CAIRN_OK},
	    {PCR(0, 1) NV(0, 1) NV(0, 2) NV(2, 1), CAIRN_E_MISMATCH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		struct cairn_cel_replay r;
		enum cairn_status s = replay_bytes(&r, cairn_span_str(logs[i].text));

		if (s != logs[i].status)
			fail_msg("log %zu: %s", i, cairn_status_name(s));
	}
}

static void too_many(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, n = {0};
	struct cairn_cel_replay r;

	(void)state;
	for (unsigned i = 0; i < CAIRN_CEL_NV_MAX; i++)
		cairn_buf_add_fmt(&n, "{\"nv_index\":%u,\"digests\":[" SHA1(A20) "]}", i);
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&n)), CAIRN_OK);
	cairn_buf_add_str(&n, NV(0, 77));
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&n)), CAIRN_E_LIMIT);
	for (unsigned i = 0; i <= CAIRN_CEL_RECORDS_MAX; i++)
		cairn_buf_add_str(&b, BARE);
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&b)), CAIRN_E_LIMIT);
	b.len -= strlen(BARE);
	assert_int_equal(replay_bytes(&r, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(replay_bytes(&r, cairn_span(b.ptr, CAIRN_CEL_SIZE_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(replay_bytes(&r, cairn_span(NULL, 0)), CAIRN_E_TRUNCATED);
}

static void kinds_of_files(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool is;
	} files[] = {
	    {"", 0, false},
	    {REC(0), sizeof REC(0), true},
	    {"{\"digests\":1}", 13, false},
	    {"{\"hashAlg\":1}", 13, false},
	    {"\0\0\0\0\1\0\1", 7, true},
	    {"\0\0\0\0\1\0\2", 7, true},
	    {"\0\0\0\0\1\0l", 7, true},
	    {"\0\0\0\0\1\0\3", 7, false},
	    {"\0\0\0\0\1\0", 6, false},
	    {"\1\0\0\0\1\0\1", 7, false},
	    {"\0\0\0\0\0\1\1", 7, false},
	    {"\0\0\0\0\11\0\0\0\0\0\0\0\0\0\1", 15, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (cairn_cel_is(cairn_span(files[i].text, files[i].len)) != files[i].is)
			fail_msg("file %zu", i);
}

/* ---- what is refused, in TLV
 * -------------------------------------------------------------------------------------- */

#define NUM   "\0\0\0\0\1\0"
#define PCR1  "\1\0\0\0\1\1"
#define D20   "\4\0\0\0\24aaaaaaaaaaaaaaaaaaaa"
#define DIG   "\3\0\0\0\31" D20
#define PCSTD "\5\0\0\0\22\0\0\0\0\4\0\0\0\4\1\0\0\0\4\0\0\0\0"
#define ANY   "\x90\0\0\0\1x"

static void tlv_that_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum cairn_status status;
	} logs[] = {
#define LOG(b, s) {b, sizeof(b) - 1, s}
	    LOG(NUM PCR1 DIG ANY, CAIRN_OK),
	    LOG(NUM PCR1 DIG PCSTD, CAIRN_OK),
	    LOG("\1\0\0\0\1\0" PCR1 DIG ANY, CAIRN_E_MALFORMED), /* no number */
	    LOG("\0\0\0\0\0" PCR1 DIG ANY, CAIRN_E_MALFORMED),	 /* an empty number */
	    LOG("\0\0\0\0\11\0\0\0\0\0\0\0\0\0" PCR1 DIG ANY, CAIRN_E_MALFORMED),
	    LOG("\0\0\0\0\10\0\0\0\0\0\0\0\0" PCR1 DIG ANY, CAIRN_OK),
	    LOG(NUM "\5\0\0\0\1\1" DIG ANY, CAIRN_E_MALFORMED), /* no register */
	    LOG(NUM "\1\0\0\0\0" DIG ANY, CAIRN_E_MALFORMED),
	    LOG(NUM "\1\0\0\0\5\0\0\0\0\1" DIG ANY, CAIRN_E_MALFORMED),
	    LOG(NUM "\1\0\0\0\4\0\0\0\1" DIG ANY, CAIRN_OK),
	    LOG(NUM "\1\0\0\0\1\30" DIG ANY, CAIRN_E_LIMIT),
	    LOG(NUM "\1\0\0\0\4\1\0\0\1" DIG ANY, CAIRN_E_LIMIT),
	    LOG(NUM "l\0\0\0\1\30" DIG ANY, CAIRN_E_LIMIT),
	    LOG(NUM "\2\0\0\0\1\30" DIG ANY, CAIRN_OK),
	    LOG(NUM PCR1 "\4\0\0\0\31" D20 ANY, CAIRN_E_MALFORMED), /* no digests */
	    LOG(NUM PCR1 "\3\0\0\0\0" ANY, CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 "\3\0\0\0\62" D20 D20 ANY, CAIRN_E_MALFORMED),	  /* two of one algorithm */
	    LOG(NUM PCR1 "\3\0\0\0\6\4\0\0\0\1a" ANY, CAIRN_E_MALFORMED), /* a wrong size */
	    LOG(NUM PCR1 "\3\0\0\0\6\x27\0\0\0\1a" ANY, CAIRN_OK),	  /* of an unknown algorithm */
	    LOG(NUM PCR1 "\3\0\0\0\32" D20 "a" ANY, CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\0\0\0\0\1x", CAIRN_E_MALFORMED), /* no content */
	    LOG(NUM PCR1 DIG "\3\0\0\0\1x", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "l\0\0\0\1x", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\5\0\0\0\22\1\0\0\0\4\0\0\0\4\1\0\0\0\4\0\0\0\0", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\5\0\0\0\22\0\0\0\0\4\0\0\0\4\0\0\0\0\4\0\0\0\0", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\5\0\0\0\23\0\0\0\0\4\0\0\0\4\1\0\0\0\4\0\0\0\0\0", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\5\0\0\0\23\0\0\0\0\5\0\0\0\0\4\1\0\0\0\4\0\0\0\0", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "\7\0\0\0\1x", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "P\0\0\0\7\0\0\0\0\1xx", CAIRN_E_MALFORMED),
	    LOG(NUM PCR1 DIG "P\0\0\0\6\0\0\0\0\1x", CAIRN_OK),
	    LOG(NUM PCR1 DIG ANY "\0\0\0\0\1\2" PCR1 DIG ANY, CAIRN_E_MISMATCH),
	    LOG(NUM PCR1 DIG ANY "\0\0\0\0\1\1" PCR1 DIG ANY, CAIRN_OK),
	    LOG(NUM PCR1 DIG ANY "\0\0\0\0\1\1"
				 "l\0\0\0\1\1" DIG ANY,
		CAIRN_E_MALFORMED), /* of both kinds */
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		struct cairn_cel_replay r;
		enum cairn_status s = replay_bytes(&r, cairn_span(logs[i].bytes, logs[i].len));

		if (s != logs[i].status)
			fail_msg("log %zu: %s", i, cairn_status_name(s));
	}
}

static void an_error_sticks(void **state)
{
	static const char bytes[] = NUM PCR1 DIG ANY "\0\0\0\0\1\2" PCR1 DIG ANY;
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_record r;

	(void)state;
	assert_int_equal(cairn_cel_open(&log, cairn_span(bytes, sizeof bytes - 1)), CAIRN_OK);
	assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
	assert_int_equal(cairn_cel_next(&log, &r), CAIRN_E_MISMATCH);
	assert_int_equal(cairn_cel_next(&log, &r), CAIRN_E_MISMATCH);
	assert_int_equal(r.number, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(confidential_space),
	    cmocka_unit_test(launch_log),
	    cmocka_unit_test(logs_of_every_writer),
	    cmocka_unit_test(cut_at_every_byte),
	    cmocka_unit_test(changed_at_every_byte),
	    cmocka_unit_test(json_that_is_refused),
	    cmocka_unit_test(too_many),
	    cmocka_unit_test(kinds_of_files),
	    cmocka_unit_test(tlv_that_is_refused),
	    cmocka_unit_test(an_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
