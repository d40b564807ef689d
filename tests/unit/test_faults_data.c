/* Faults while data is read and written: digests, encodings, JSON, configuration, records, logs. */
#include "data_fixture.h"
#include "faulttasks.h"
#include "records.h"

#include "cairn/cel.h"
#include "cairn/config.h"
#include "cairn/quote.h"

static struct cairn_buf cel, launch_log;

/* ---- digests, PCRs ---- */

static enum cairn_status digests(struct cairn_buf *said)
{
	static const enum cairn_alg bank[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_component c;
	struct cairn_digest d = {0};
	struct cairn_pcrs p;
	enum cairn_status st = cairn_component_of(&c, cairn_span_str("component"));
	if (!st)
		st = cairn_pcrs_init(&p, bank, 2);
	if (!st)
		st = cairn_pcrs_extend(&p, 4, &c.sha256);
	if (!st)
		st = cairn_pcrs_composite(&d, &p.bank[0], 1u << 4 | 1u << 7, CAIRN_ALG_SHA256);
	if (st)
		return st;
	struct cairn_component_hasher *h = NULL;
	struct cairn_component parts;
	st = cairn_component_hasher_new(&h);
	if (!st)
		st = cairn_component_hasher_add(h, cairn_span_str("part"));
	if (!st)
		st = cairn_component_hasher_take(h, &parts);
	cairn_component_hasher_free(h);
	if (st)
		return st;
	say(said, cairn_digest_span(&parts.sha256));
	say(said, cairn_digest_span(&parts.sha384));
	say(said, cairn_digest_span(&c.sha256));
	say(said, cairn_digest_span(&c.sha384));
	say(said, cairn_digest_span(&p.bank[0].pcr[4]));
	say(said, cairn_digest_span(&d));
	return CAIRN_OK;
}

static enum cairn_status component(struct cairn_buf *said)
{
	struct cairn_component c = {0};
	enum cairn_status st = cairn_component_of(&c, cairn_span_str("component"));
	say(said, cairn_digest_span(&c.sha256));
	say(said, cairn_digest_span(&c.sha384));
	return st;
}

static enum cairn_status binding(struct cairn_buf *said)
{
	struct cairn_quote_binding b = {.verifier_kid = "kid",
					.nonce = cairn_span_str("nonce"),
					.boot_log = cairn_span_str("boot"),
					.launch_log = cairn_span_str("launch")};
	struct cairn_digest d = {0};
	enum cairn_status st = cairn_quote_binding(&d, &b);
	say(said, cairn_digest_span(&d));
	return st;
}

static void test_digests(void **state)
{
	(void)state;
	each_fault(binding, CAIRN_OK, CALM);
	each_fault(component, CAIRN_OK, CALM);
	each_fault(digests, CAIRN_OK, CALM);
}

/* ---- encodings, JSON, configuration ---- */

static enum cairn_status encodings(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf hex = {0}, b64 = {0}, url = {0};
	enum cairn_status st = cairn_hex_decode(&hex, cairn_span_str("00ff10"));
	if (!st)
		st = cairn_b64_decode(&b64, cairn_span_str("Zm9vYmE="));
	if (!st)
		st = cairn_b64url_decode(&url, cairn_span_str("Zm9vYmE"));
	say(said, cairn_span(hex.ptr, hex.len));
	say(said, cairn_span(b64.ptr, b64.len));
	say(said, cairn_span(url.ptr, url.len));
	return st;
}

static enum cairn_status formatted(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_buf_add_fmt(&b, "%d%s", 1, "x");
	const char *s = cairn_buf_str(&b);
	say(said, cairn_span_str(s ? s : "nothing"));
	return s ? cairn_buf_status(&b) : CAIRN_E_NOMEM;
}

static enum cairn_status json(struct cairn_buf *said)
{
	cairn_auto_json json_t *v = NULL, *w = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_component c = {.size = 1}, back = {0};
	enum cairn_status st =
	    cairn_json_parse_canonical(&v, cairn_span_str("{\"a\":[1,\"x\"],\"b\":{\"c\":null}}"));
	if (!st)
		st = cairn_json_dump(&b, v);
	if (!st)
		st = cairn_component_of(&c, cairn_span_str("x"));
	w = json_pack("{s:o}", "k", cairn_json_component(&c));
	if (!st)
		st = w ? cairn_json_get_component(&back, w, "k") : CAIRN_E_NOMEM;
	say(said, cairn_span(b.ptr, b.len));
	say(said, cairn_digest_span(&back.sha384));
	return st;
}

static enum cairn_status config(struct cairn_buf *said)
{
	static const char *const keys[] = {"a", "b", NULL};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_config *c = NULL;
	enum cairn_status st =
	    cairn_config_parse(&c, cairn_span_str("a = 1\nb = \"two\"\n"), "x.conf", keys, &why);
	if (!st) {
		say(said, cairn_span_str(cairn_config_str(c, "a", "-")));
		say(said, cairn_span_str(cairn_config_str(c, "b", "-")));
	}
	cairn_config_free(c);
	return st;
}

static void test_texts(void **state)
{
	(void)state;
	each_fault(encodings, CAIRN_OK, CALM);
	each_fault(formatted, CAIRN_OK, CALM);
	each_fault(json, CAIRN_OK, CALM);
	each_fault(config, CAIRN_OK, STRICT);
}

/* ---- canonical event logs ---- */

static enum cairn_status cel_json(struct cairn_buf *said)
{
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;
	enum cairn_status st = cairn_cel_open(&log, cairn_buf_span(&cel));
	if (st == CAIRN_OK)
		st = cairn_cel_replay(&r, &log, NULL);
	if (st == CAIRN_OK)
		say(said, cairn_span(&r, sizeof r));
	return st;
}

static void test_canonical_logs(void **state)
{
	(void)state;
	data_load(&cel, "cel/systemd.log");
	each_fault(cel_json, CAIRN_OK, CALM);
	cel.len = 0;
	data_load(&cel, "cel/spec.json");
	each_fault(cel_json, CAIRN_OK, CALM);
	cel.len = 0; /* data that is longer than any digest */
	cairn_buf_add_fmt(&cel,
			  "{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"%040d\"}],"
			  "\"content_type\":\"tss2\",\"content\":{\"data\":\"%09000d\"}}",
			  0, 0);
	each_fault(cel_json, CAIRN_OK, CALM);
}

/* ---- records, the launch log ---- */

static enum cairn_status records(struct cairn_buf *said)
{
	static struct cairn_host host;
	static struct cairn_launch launch;
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_host struct cairn_host h = {0};
	cairn_auto_json json_t *v = NULL;
	enum cairn_record_type type = CAIRN_RECORD_TYPES;
	if (!faults.on) {
		host = sample_host();
		launch = sample_launch();
	}
	enum cairn_status st = cairn_record_host(&a, &host);
	if (!st)
		st = cairn_record_launch(&b, &launch);
	if (!st)
		st = cairn_record_parse(&v, &type, cairn_buf_span(&a));
	if (!st)
		st = cairn_host_from_json(&h, v);
	say(said, cairn_span(a.ptr, a.len));
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

static enum cairn_status log_lines(struct cairn_buf *said)
{
	static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	static const enum cairn_alg bank[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	static const uint8_t boot_id[32] = {1};
	cairn_auto_buf struct cairn_buf record = {0}, line = {0};
	struct cairn_log_summary s = {0};
	enum cairn_status st = cairn_log_replay(&s, cairn_buf_span(&launch_log), &pcrs);
	if (!st)
		st = cairn_record_boot(&record, boot_id);
	if (!st)
		st = cairn_log_line_build(&line, 1, &pcrs, cairn_buf_span(&record), bank, 2);
	if (st)
		return st;
	say(said, cairn_digest_span(&s.replay.bank[0].pcr[12]));
	say(said, cairn_span(s.boot_id, sizeof s.boot_id));
	say(said, cairn_buf_span(&line));
	return CAIRN_OK;
}

/* A body is dropped, and put back. */
static enum cairn_status dropped_lines(struct cairn_buf *said)
{
	static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_auto_buf struct cairn_buf text = {0}, whole = {0};
	struct cairn_log_reader r;
	enum cairn_status st = CAIRN_OK;
	cairn_log_reader_init(&r, cairn_buf_span(&launch_log), &pcrs);
	while (!st) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		size_t from = r.off;
		st = cairn_log_next(&r, &e);
		if (!st && e.type == CAIRN_RECORD_EXIT)
			st = cairn_log_line_drop(&text, &e);
		else if (!st)
			cairn_buf_add(&text, cairn_span(launch_log.ptr + from, r.off - from));
	}
	if (st == CAIRN_E_NOTFOUND)
		st = cairn_buf_status(&text);
	if (!st)
		st = cairn_log_join(&whole, cairn_buf_span(&text), cairn_buf_span(&launch_log), &pcrs);
	if (!st)
		say(said, cairn_buf_span(&whole));
	return st;
}

static enum cairn_status boot_record(struct cairn_buf *said)
{
	static const uint8_t boot_id[32] = {1};
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_record_boot(&b, boot_id);
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

static enum cairn_status violation(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_record_violation(&b, "live patch");
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

static enum cairn_status change(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_record_change(&b, "live patch");
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

/* Reasons that are too many for a record, so that some are left out. */
static enum cairn_status refusal(struct cairn_buf *said)
{
	static struct cairn_reasons r;
	char text[CAIRN_REASON_TEXT_MAX];
	cairn_auto_buf struct cairn_buf b = {0};
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	bool on = faults.on;
	faults.on = false;
	for (size_t i = 0; !on && i < CAIRN_REASONS_MAX; i++)
		cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, text, text, text, text, text);
	faults.on = on;
	enum cairn_status st = cairn_record_refusal(&b, "a", &r);
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

static void test_records(void **state)
{
	(void)state;
	each_fault(records, CAIRN_OK, NO_BLAME);
	each_fault(log_lines, CAIRN_OK, NO_BLAME);
	each_fault(dropped_lines, CAIRN_OK, NO_BLAME);
	each_fault(boot_record, CAIRN_OK, CALM);
	each_fault(violation, CAIRN_OK, CALM);
	each_fault(change, CAIRN_OK, CALM);
	each_fault(refusal, CAIRN_OK, CALM);
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	data_load(&launch_log, "launchlog/all-types.log");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&launch_log);
	cairn_buf_fini(&cel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_canonical_logs),
	    cmocka_unit_test(test_records),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
