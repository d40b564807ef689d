/* Canonical event logs: what contents mean, and what records come to in registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/cel.h"

#define A20	"6161616161616161616161616161616161616161"
#define SHA1(d) "{\"hashAlg\":\"sha1\",\"digest\":\"" d "\"}"
#define BARE	"{\"pcr\":1,\"digests\":[" SHA1(A20) "]}"

static enum cairn_status replay_bytes(struct cairn_cel_replay *r, struct cairn_span bytes)
{
	cairn_auto_cel struct cairn_cel log = {0};
	enum cairn_status s = cairn_cel_open(&log, bytes);

	return s == CAIRN_OK ? cairn_cel_replay(r, &log, NULL) : s;
}

/* ---- meaning, and JSON
 * -------------------------------------------------------------------------------------------- */

#define H_A "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" /* SHA-1 of "a" */
#define SD(type, text)                                                                                       \
	"{\"pcr\":1,\"digests\":[" SHA1(                                                                     \
	    H_A) "],\"content_type\":\"systemd\",\"content\":{\"string\":\"" text "\"" type "}}"
#define PH  ",\"eventType\":\"phase\""
#define KEY ",\"eventType\":\"volume-key\""
#define OF(type, content)                                                                                    \
	"{\"pcr\":1,\"digests\":[" SHA1(H_A) "],\"content_type\":\"" type "\",\"content\":" content "}"

static void contents_are_checked(void **state)
{
	static const struct {
		const char *text, *check, *summary;
	} records[] = {
	    {SD("", "a"), "matches", "a"},
	    {SD(PH, "a"), "matches", "a"},
	    {SD(PH, "b"), "differs", "b"},
	    {SD("", "b"), "differs", "b"},
	    {SD(KEY, "b"), "bare", "b"},
	    {SD(KEY, "a"), "matches", "a"},
	    {SD(",\"eventType\":\"nvpcr-init\"", "b"), "bare", "b"},
	    {SD(PH, "b..."), "bare", "b..."},
	    {SD(PH, "\\\\x01"), "bare", "\\x01"},
	    {SD(PH, "\\u001b[2J"), "differs", "\\u001b[2J"},
	    {OF("systemd", "{\"string\":1}"), "bare", "{\"string\":1}"},
	    {OF("systemd", "[]"), "bare", "[]"},
	    {OF("cairn", "{\"record\":\"a\",\"type\":\"x\"}"), "matches", "a"},
	    {OF("cairn", "{\"record\":\"b\",\"type\":\"x\"}"), "differs", "b"},
	    {OF("tss2", "{\"data\":\"61\"}"), "matches", "{\"data\":\"61\"}"},
	    {OF("tss2", "{\"data\":\"62\"}"), "differs", "{\"data\":\"62\"}"},
	    {OF("pcclient_std", "{\"event_type\":\"EV_SEPARATOR\",\"event_data\":\"61\"}"), "differs", NULL},
	    {OF("pcclient_std", "{\"event_type\":5,\"event_data\":\"61\"}"), "matches", "EV_ACTION a"},
	    {OF("pcclient_std", "{\"event_type\":5,\"event_data\":\"62\"}"), "differs", "EV_ACTION b"},
	    {OF("pcclient_std", "{\"event_type\":\"EV_WHATEVER\",\"event_data\":\"62\"}"), "bare", NULL},
	    {OF("ima_template", "{\"template_name\":\"x\",\"template_data\":\"61\"}"), "matches", ""},
	    {OF("ima_template", "{\"template_name\":\"x\",\"template_data\":\"62\"}"), "differs", ""},
	    {OF("ima_template", "{\"template_value\":\"61\"}"), "matches", ""},
	    {OF("ima_template", "{\"template_name\":\"ima-ng\",\"template_data\":\"61\"}"), "differs", ""},
	    {OF("ima_template", "{\"template_name\":\"ima\",\"template_data\":\"61\"}"), "differs", ""},
	    {OF("somebody's", "{\"data\":\"61\"}"), "bare", "{\"data\":\"61\"}"},
	    {OF("ima_template", "{\"template_name\":\"x y\",\"template_data\":\"61\"}"), "differs", ""},
	    {OF("pcclient_std", "{\"event_type\":\"\",\"event_data\":\"62\"}"), "bare",
	     "{\"event_data\":\"62\",\"event_type\":\"\"}"},
	    {OF("pcclient_std", "{\"event_type\":\"a\",\"event_data\":\"62\"}"), "bare",
	     "{\"event_data\":\"62\",\"event_type\":\"a\"}"},
	    {OF("pcclient_std", "{\"event_type\":\"4294967301\",\"event_data\":\"62\"}"), "bare", NULL},
	    {OF("pcclient_std", "{\"event_type\":\"unknown\",\"event_data\":\"62\"}"), "bare",
	     "{\"event_data\":\"62\",\"event_type\":\"unknown\"}"},
	    {OF("pcclient_std", "{\"event_type\":\"EV_WHATEVER\",\"event_data\":\"62\"}"), "bare",
	     "{\"event_data\":\"62\",\"event_type\":\"EV_WHATEVER\"}"},
	    {OF("pcclient_std", "{\"event_type\":\"EV_ACTION\"}"), "bare", "{\"event_type\":\"EV_ACTION\"}"},
	    {"{\"pcr\":1,\"digests\":[" SHA1(H_A) "],\"content_type\":0,\"content\":{\"record\":\"b\"}}",
	     "bare", "{\"record\":\"b\"}"},
	    {BARE, "bare", "0 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		cairn_auto_cel struct cairn_cel log = {0};
		cairn_auto_json json_t *o = NULL;
		struct cairn_cel_record r = {0};

		assert_int_equal(cairn_cel_open(&log, cairn_span_str(records[i].text)), CAIRN_OK);
		assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
		o = cairn_cel_record_json(&r);
		assert_non_null(o);
		if (strcmp(json_string_value(json_object_get(o, "check")), records[i].check) != 0)
			fail_msg("record %zu: %s", i, json_string_value(json_object_get(o, "check")));
		if (records[i].summary)
			assert_string_equal(json_string_value(json_object_get(o, "summary")),
					    records[i].summary);
	}
}

static void assert_member(const struct cairn_cel_record *r, const char *member, const char *text)
{
	cairn_auto_json json_t *o = cairn_cel_record_json(r);
	char *dump = json_dumps(json_object_get(o, member), JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(dump);
	assert_string_equal(dump, text);
	free(dump);
}

/* What Confidential Space calls its events, by their numbers. */
static void kinds_of_confidential_space(void **state)
{
	static const char *const kinds[] = {
	    "image_reference",	"image_digest",	  "restart_policy",    "image_id",
	    "argument",		"environment",	  "argument_override", "environment_override",
	    "launch_separator", "memory_monitor", "gpu_cc_mode",       "unknown"};

	(void)state;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct cairn_cel_record r = {
		    .type = CAIRN_CEL_COS, .readable = true, .subtype = i, .data = cairn_span_str("x")};
		cairn_auto_buf struct cairn_buf content = {0};

		cairn_buf_add_fmt(&content, "{\"kind\":\"%s\",\"text\":\"x\"}", kinds[i]);
		assert_member(&r, "content", cairn_buf_str(&content));
	}
}

static void registers_and_types_are_named(void **state)
{
	static const struct cairn_cel_record records[] = {{.reg = CAIRN_CEL_PCR, .index = 7},
							  {.reg = CAIRN_CEL_NV, .index = 7},
							  {.reg = CAIRN_CEL_MR, .index = 7}};
	static const char *const names[] = {"pcr", "nv_index", "register"};
	struct cairn_cel_record r = {0};
	cairn_auto_cel struct cairn_cel log = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_member(&records[i], names[i], "7");
	assert_member(&r, "type", "null");
	r.type_number = 9;
	assert_member(&r, "type", "9");
	r.type_name = "systemd";
	assert_member(&r, "type", "\"systemd\"");
	assert_int_equal(cairn_cel_open(&log, cairn_span_str(SD("", "a"))), CAIRN_OK);
	assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
	assert_member(&r, "content", "{\"text\":\"a\"}");
}

/* The names of algorithms that writers use, and those that are none. */
static void names_of_algorithms(void **state)
{
	static const struct {
		const char *name;
		enum cairn_alg alg;
	} names[] = {
	    {"\"sha1\"", CAIRN_ALG_SHA1},	{"\"SHA1\"", CAIRN_ALG_SHA1},
	    {"\"sha256\"", CAIRN_ALG_SHA256},	{"\"sha384\"", CAIRN_ALG_SHA384},
	    {"\"sha512\"", CAIRN_ALG_SHA512},	{"\"sm3_256\"", CAIRN_ALG_SM3_256},
	    {"\"sm3-256\"", CAIRN_ALG_SM3_256}, {"\"0x000B\"", CAIRN_ALG_SHA256},
	    {"\"0x4\"", CAIRN_ALG_SHA1},	{"12", CAIRN_ALG_SHA384},
	    {"\"0x\"", CAIRN_ALG_NONE},		{"\"0xg\"", CAIRN_ALG_NONE},
	    {"\"0x4g\"", CAIRN_ALG_NONE},	{"\"0x100000004\"", CAIRN_ALG_NONE},
	    {"\"\"", CAIRN_ALG_NONE},		{"\"sha3_256\"", CAIRN_ALG_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		cairn_auto_cel struct cairn_cel log = {0};
		struct cairn_cel_record r = {0};
		size_t size = names[i].alg ? cairn_alg_size(names[i].alg) : 20;

		cairn_buf_add_fmt(&b, "{\"pcr\":1,\"digests\":[{\"hashAlg\":%s,\"digest\":\"", names[i].name);
		for (size_t n = 0; n < size; n++)
			cairn_buf_add_str(&b, "aB");
		cairn_buf_add_str(&b, "\"}]}");
		assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&b)), CAIRN_OK);
		assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
		if (r.count != (names[i].alg != CAIRN_ALG_NONE) || r.unknown == r.count)
			fail_msg("%s", names[i].name);
		if (r.count > 0)
			assert_int_equal(r.digest[0].alg, names[i].alg);
	}
}

static void types_of_events(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
	    {"\"EV_ACTION\"", 5},
	    {"\"ev_action\"", 5},
	    {"5", 5},
	    {"\"5\"", 5},
	    {"2147483652", 0x80000004},
	    {"\"EV_EFI_ACTION\"", 0x80000007},
	    {"\"EVTYPE_MLE_HASH\"", 0x404},
	    {"\"4294967295\"", UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		cairn_auto_cel struct cairn_cel log = {0};
		struct cairn_cel_record r = {0};

		cairn_buf_add_fmt(&b,
				  "{\"pcr\":1,\"digests\":[" SHA1(
				      H_A) "],\"content_type\":\"pcclient_std\","
					   "\"content\":{\"event_type\":%s,\"event_data\":\"\"}}",
				  types[i].name);
		assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&b)), CAIRN_OK);
		assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
		assert_true(r.readable);
		assert_int_equal(r.event_type, types[i].type);
	}
}

/* Names of types in TLV. */
static void types_of_contents(void **state)
{
	static const struct {
		const char *content, *name;
	} types[] = {{"\4\0\0\0\0", "cel"}, {"\10\0\0\0\0", "ima_tlv"}, {"\11\0\0\0\0", "systemd"}};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		cairn_auto_cel struct cairn_cel log = {0};
		struct cairn_cel_record r = {0};

		cairn_buf_add(
		    &b, cairn_span("\0\0\0\0\1\0\1\0\0\0\1\1\3\0\0\0\31\4\0\0\0\24aaaaaaaaaaaaaaaaaaaa", 42));
		cairn_buf_add(&b, cairn_span(types[i].content, 5));
		assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&b)), CAIRN_OK);
		assert_int_equal(cairn_cel_next(&log, &r), CAIRN_OK);
		assert_string_equal(r.type_name, types[i].name);
	}
}

/* An entry of template "ima" ends with its name. */
static void old_template_is_whole(void **state)
{
	static const char data[] = "6161616161616161616161616161616161616161010000006e00";
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_cel_replay r = {0};
	uint8_t hashed[20 + 256];
	struct cairn_digest d;

	(void)state;
	memset(hashed, 0, sizeof hashed);
	memset(hashed, 'a', 20);
	hashed[20] = 'n';
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA1, cairn_span(hashed, sizeof hashed)), CAIRN_OK);
	for (int extra = 0; extra <= 1; extra++) {
		b.len = 0;
		cairn_buf_add_fmt(&b,
				  "{\"pcr\":1,\"digests\":[" SHA1(
				      "%s") "],\"content_type\":\"ima_template\",\"content\":{"
					    "\"template_name\":\"ima\",\"template_data\":\"%.*s\"}}",
				  cairn_digest_hex(&d).text, (int)sizeof data - 3 + 2 * extra, data);
		assert_int_equal(replay_bytes(&r, cairn_buf_span(&b)), CAIRN_OK);
		assert_int_equal(r.differing, extra);
	}
}

/* A digest of every bank counts: one that matches does not cover for one that does not. */
static void one_wrong_digest_of_two(void **state)
{
	static const char text[] = "{\"pcr\":1,\"digests\":[" SHA1(
	    H_A) ",{\"hashAlg\":\"sm3_256\",\"digest\":\"" A20
		 "616161616161616161616161\"}],\"content_type\":\"systemd\",\"content\":{\"string\":\"a\"}}";
	struct cairn_cel_replay r = {0};

	(void)state;
	assert_int_equal(replay_bytes(&r, cairn_span_str(text)), CAIRN_OK);
	assert_int_equal(r.differing, 1);
	assert_int_equal(r.first_differing, 1);
}

/* ---- replay
 * ------------------------------------------------------------------------------------------------------- */

#define SHA256A		   "{\"hashAlg\":\"sha256\",\"digest\":\"" A20 "616161616161616161616161\"}"
#define WITH(pcr, digests) "{\"pcr\":" #pcr ",\"digests\":[" digests "]}"
#define LOCALITY(pcr, n)                                                                                     \
	"{\"pcr\":" #pcr                                                                                     \
	",\"digests\":[" SHA1(A20) "],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":3,"      \
				   "\"event_data\":\"53746172747570"                                         \
				   "4c6f63616c69747900" n "\"}}"

static void banks_with_gaps(void **state)
{
	struct cairn_cel_replay r = {0};

	(void)state;
	assert_int_equal(replay_bytes(&r, cairn_span_str(WITH(1, SHA1(A20)) WITH(2, SHA1(A20) "," SHA256A)
							     WITH(3, SHA256A))),
			 CAIRN_OK);
	assert_int_equal(r.replay.pcrs.count, 2);
	assert_int_equal(r.replay.pcrs.bank[0].extended, 1 << 1 | 1 << 2);
	assert_int_equal(r.replay.incomplete[0], 1 << 3);
	assert_int_equal(r.replay.pcrs.bank[1].extended, 1 << 2 | 1 << 3);
	assert_int_equal(r.replay.incomplete[1], 1 << 1);
}

/* A bank that OpenSSL cannot hash for has no values, not even starting ones. */
static void bank_that_cannot_be_hashed(void **state)
{
	struct cairn_cel_replay r = {0};

	(void)state;
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	assert_int_equal(replay_bytes(&r, cairn_span_str(SD(PH, "a"))), CAIRN_OK);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_int_equal(r.replay.unhashed, 1);
	assert_int_equal(r.replay.pcrs.bank[0].extended, 0);
	assert_int_equal(r.replay.incomplete[0], 0xffffff);
	assert_int_equal(r.unchecked, 1);
}

static void localities(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
	} logs[] = {
	    {LOCALITY(0, "03"), CAIRN_OK},
	    {LOCALITY(0, "00") WITH(0, SHA1(A20)), CAIRN_OK},
	    {LOCALITY(0, "04"), CAIRN_OK},
	    {LOCALITY(0, "02"), CAIRN_E_MALFORMED},
	    {"{\"pcr\":0,\"digests\":[" SHA1(
		 A20) "],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":3,"
		      "\"event_data\":\"53746172747570\"}}",
	     CAIRN_OK}, /* another event that extends nothing */
	    {LOCALITY(0, "0300"), CAIRN_E_MALFORMED},
	    {LOCALITY(0, ""), CAIRN_E_MALFORMED},
	    {LOCALITY(1, "03"), CAIRN_E_MALFORMED},
	    {LOCALITY(0, "03") LOCALITY(0, "03"), CAIRN_E_MALFORMED},
	    {WITH(0, SHA1(A20)) LOCALITY(0, "03"), CAIRN_E_MALFORMED},
	    {WITH(1, SHA1(A20)) LOCALITY(0, "03"), CAIRN_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		struct cairn_cel_replay r = {0};
		enum cairn_status s = replay_bytes(&r, cairn_span_str(logs[i].text));

		if (s != logs[i].status)
			fail_msg("log %zu: %s", i, cairn_status_name(s));
	}
}

static void replay_goes_on_from_values(void **state)
{
	static const char first[] = WITH(5, SHA1(A20)) WITH(17, SHA1(A20)),
			  second[] = WITH(5, SHA1(H_A)) WITH(17, SHA1(H_A)),
			  both[] =
			      WITH(5, SHA1(A20)) WITH(17, SHA1(A20)) WITH(5, SHA1(H_A)) WITH(17, SHA1(H_A));
	cairn_auto_cel struct cairn_cel log = {0}, late = {0};
	struct cairn_cel_replay a = {0}, b = {0}, whole = {0};

	(void)state;
	assert_int_equal(replay_bytes(&whole, cairn_span_str(both)), CAIRN_OK);
	assert_int_equal(replay_bytes(&a, cairn_span_str(first)), CAIRN_OK);
	assert_int_equal(cairn_cel_open(&log, cairn_span_str(second)), CAIRN_OK);
	assert_int_equal(cairn_cel_replay(&b, &log, &a.replay.pcrs), CAIRN_OK);
	assert_memory_equal(b.replay.pcrs.bank[0].pcr, whole.replay.pcrs.bank[0].pcr,
			    sizeof whole.replay.pcrs.bank[0].pcr);
	/* what starts PCR 0 cannot come after it was extended */
	assert_int_equal(replay_bytes(&a, cairn_span_str(WITH(0, SHA1(A20)))), CAIRN_OK);
	assert_int_equal(cairn_cel_open(&late, cairn_span_str(LOCALITY(0, "03"))), CAIRN_OK);
	assert_int_equal(cairn_cel_replay(&b, &late, &a.replay.pcrs), CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(contents_are_checked),
	    cmocka_unit_test(kinds_of_confidential_space),
	    cmocka_unit_test(registers_and_types_are_named),
	    cmocka_unit_test(names_of_algorithms),
	    cmocka_unit_test(types_of_events),
	    cmocka_unit_test(types_of_contents),
	    cmocka_unit_test(old_template_is_whole),
	    cmocka_unit_test(one_wrong_digest_of_two),
	    cmocka_unit_test(banks_with_gaps),
	    cmocka_unit_test(localities),
	    cmocka_unit_test(bank_that_cannot_be_hashed),
	    cmocka_unit_test(replay_goes_on_from_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
