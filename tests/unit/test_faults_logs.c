/* Faults while logs are replayed one behind the other, read for boot facts, and shown. */
#include "data_fixture.h"
#include "evlog_fixture.h"
#include "faulttasks.h"
#include "ima_fixture.h"

#include "cairn/anylog.h"
#include "cairn/bootfacts.h"
#include "cairn/cel.h"

#define PHASE                                                                                                \
	"{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"                                       \
	"\"51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed\"}],"                            \
	"\"content_type\":\"systemd\",\"content\":{\"eventType\":\"phase\",\"string\":\"enter-initrd\"}}\n"

static struct evlog boot;
static struct cairn_buf launch, ima;
static struct cairn_anylog chain[8];
static size_t logs;

/* ---- chains ---- */

static void say_replay(struct cairn_buf *said, const struct cairn_replay *r)
{
	for (size_t b = 0; b < r->pcrs.count; b++) {
		say(said, cairn_span(&r->pcrs.bank[b], sizeof r->pcrs.bank[b]));
		say(said, cairn_span(&r->incomplete[b], sizeof r->incomplete[b]));
	}
	say(said, cairn_span(&r->unhashed, sizeof r->unhashed));
}

static enum cairn_status replay(struct cairn_buf *said)
{
	struct cairn_anylog_replay r = {0};
	enum cairn_status st = CAIRN_OK;

	for (size_t i = 0; i < logs && !st; i++)
		st = cairn_anylog_replay_add(&r, &chain[i], NULL);
	if (st)
		return st;
	say_replay(said, &r.own);
	say_replay(said, &r.padded);
	say(said, cairn_span(&r.touched, sizeof r.touched));
	say(said, cairn_span(&r.ima, sizeof r.ima));
	return CAIRN_OK;
}

static void follow(struct cairn_span bytes)
{
	assert_int_equal(cairn_anylog_open(&chain[logs++], bytes, NULL), CAIRN_OK);
}

static void test_chains(void **state)
{
	(void)state;
	follow(cairn_buf_span(&boot.bytes));
	follow(cairn_buf_span(&launch));
	follow(cairn_span_str(PHASE));
	each_fault(replay, CAIRN_OK, CALM);
	logs = 0;
	follow(cairn_buf_span(&ima));
	follow(cairn_buf_span(&boot.bytes));
	follow(cairn_buf_span(&launch));
	follow(cairn_span_str(PHASE));
	follow(cairn_buf_span(&ima));
	each_fault(replay, CAIRN_OK, CALM);
}

/* ---- boot facts ---- */

/* SecureBoot = 1 of EFI_GLOBAL_VARIABLE. */
#define SECURE_BOOT                                                                                          \
	"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"                                   \
	"\12\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"                                                                  \
	"S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\1"

static enum cairn_status facts(struct cairn_buf *said)
{
	struct cairn_eventlog log;
	struct cairn_boot_facts f = {0};
	enum cairn_status st = cairn_eventlog_open(&log, cairn_buf_span(&boot.bytes));

	if (!st)
		st = cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256);
	say(said, cairn_span(&f.secure_boot, sizeof f.secure_boot));
	say(said, cairn_span(&f.problem, sizeof f.problem));
	say(said, cairn_span(&f.problem_event, sizeof f.problem_event));
	return st;
}

static void test_boot_facts(void **state)
{
	(void)state;
	each_fault(facts, CAIRN_OK, CALM);
}

/* ---- records shown ---- */

static struct cairn_cel_record record;
static struct cairn_ima_entry entry;

static json_t *show_record(void)
{
	return cairn_cel_record_json(&record);
}

static json_t *show_entry(void)
{
	return cairn_ima_entry_json(&entry);
}

/* Nothing is shown as checked that could not be hashed. */
static void each_hash(json_t *(*show)(void))
{
	for (faults.at = 0;; faults.at++) {
		faults.calls = 0;
		faults.name = "";
		faults.on = true;
		cairn_auto_json json_t *o = show();
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
		if (strncmp(faults.name, "EVP_", 4) == 0 && strcmp(faults.name, "EVP_MD_fetch") != 0)
			assert_null(o);
		else if (o)
			assert_string_equal(json_string_value(json_object_get(o, "check")), "matches");
	}
	assert_true(faults.at > 4);
}

static void test_shown(void **state)
{
	cairn_auto_cel struct cairn_cel log = {0};

	(void)state;
	assert_int_equal(cairn_cel_open(&log, cairn_span_str(PHASE)), CAIRN_OK);
	assert_int_equal(cairn_cel_next(&log, &record), CAIRN_OK);
	each_hash(show_record);
	struct cairn_ima_iter it = cairn_ima_iter(&chain[0].ima);
	assert_int_equal(cairn_ima_next(&it, &entry), CAIRN_OK);
	each_hash(show_entry);
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	evlog_begin2(&boot);
	evlog_text(&boot, 0, CAIRN_EV_POST_CODE, "x");
	evlog_event(&boot, 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
		    cairn_span(SECURE_BOOT, sizeof SECURE_BOOT - 1));
	evlog_text(&boot, 8, CAIRN_EV_IPL, "grub_cmd: x");
	data_load(&launch, "launchlog/maintenance.log");
	ima_put_entry(&ima, "ima-ng", ima_ng, false);
	ima_put_entry(&ima, "ima-ng", ima_ng, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	evlog_fini(&boot);
	cairn_buf_fini(&launch);
	cairn_buf_fini(&ima);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chains),
	    cmocka_unit_test(test_boot_facts),
	    cmocka_unit_test(test_shown),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
