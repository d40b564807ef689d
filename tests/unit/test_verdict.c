/* Each demand of a verdict by itself: hosts that differ from an honest one in a single thing, some in one that only a
 * careful reader sees. */
#include "cairn/eventlog.h"
#include "core/appraise_part.h"
#include "tests/unit/verdict_fixture.h"

/* ---- the boot log ---- */

/* How an event is written anew. */
struct change {
	struct cairn_span data, hashed;
	uint32_t type;
	bool keep;    /* the old one stays where it is, before the new one */
	bool shorten; /* the new one has no SHA-256 digest */
};

static void rewrite(struct sim *s, const struct cairn_event *ev, const struct change *c)
{
	bool keep = c->keep;
	cairn_auto_buf struct cairn_buf log = {0};
	size_t end = (size_t)(ev->data.ptr - s->boot_log.ptr) + ev->data.len, start = keep ? end : ev->offset;
	cairn_buf_add(&log, cairn_span(s->boot_log.ptr, start));
	cairn_buf_add(&log, cairn_span(s->boot_log.ptr + ev->offset, 4)); /* PCR */
	for (unsigned i = 0; i < 4; i++)
		cairn_buf_add_u8(&log, (uint8_t)(c->type >> 8 * i));
	cairn_buf_add_u8(&log, (uint8_t)(ev->count - (c->shorten ? 1 : 0)));
	cairn_buf_add(&log, cairn_span("\0\0\0", 3));
	for (size_t i = 0; i < ev->count; i++) {
		struct cairn_digest d;
		if (c->shorten && ev->digest[i].alg == CAIRN_ALG_SHA256)
			continue;
		assert_int_equal(cairn_hash(&d, ev->digest[i].alg, c->hashed), CAIRN_OK);
		if (c->type == CAIRN_EV_NO_ACTION)
			memset(d.bytes, 0, sizeof d.bytes);
		cairn_buf_add_u8(&log, (uint8_t)ev->digest[i].alg);
		cairn_buf_add_u8(&log, (uint8_t)(ev->digest[i].alg >> 8));
		cairn_buf_add(&log, cairn_digest_span(&d));
	}
	for (unsigned i = 0; i < 4; i++)
		cairn_buf_add_u8(&log, (uint8_t)(c->data.len >> 8 * i));
	cairn_buf_add(&log, c->data);
	cairn_buf_add(&log, cairn_span(s->boot_log.ptr + end, s->boot_log.len - end));
	assert_int_equal(cairn_buf_status(&log), CAIRN_OK);
	cairn_buf_fini(&s->boot_log);
	s->boot_log = log;
	log = (struct cairn_buf){0};
	sim_replay(s);
}

static struct cairn_event separator(const struct sim *s, unsigned pcr)
{
	struct cairn_eventlog log;
	struct cairn_event ev;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.type == CAIRN_EV_SEPARATOR && ev.pcr == pcr)
			return ev;
	fail_msg("no separator of PCR %u", pcr);
	return ev;
}

static void separators(void **state)
{
	static const struct {
		const char data[8];
		size_t len;
		bool keep, good, lies;
	} rows[] = {
	    {"\0\0\0\0", 4, false, false, true}, /* it failed, and the log does not say so */
	    {"\0\0\0\0", 4, false, true, false},
	    {"\xff\xff\xff\xff", 4, false, true, false},
	    {"\1\0\0\0", 4, false, false, false}, /* the firmware failed */
	    {"\0\0\0\xff", 4, false, false, false},
	    {"\0\0\0\0\0\0\0\0", 8, false, false, false},
	    {"", 0, false, false, false},
	    {"WBCL", 4, false, false, false},	 /* closes PCRs of Windows, and none of the firmware */
	    {"\1\0\0\0", 4, true, false, false}, /* it failed later */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sim *s = *state;
		cairn_auto_verdict struct cairn_verdict v = {0};
		struct cairn_event ev = separator(s, 7);
		struct cairn_span data = cairn_span(rows[i].data, rows[i].len);
		struct change c = {.type = CAIRN_EV_SEPARATOR,
				   .data = data,
				   .hashed = rows[i].lies ? cairn_span("\1\0\0\0", 4) : data,
				   .keep = rows[i].keep};
		rewrite(s, &ev, &c);
		verdict_expect(s, &v, rows[i].good ? CAIRN_STATE_TRUSTED : CAIRN_STATE_CONTRAINDICATED);
		assert_int_equal(verdict_says(&v, "firmware", CAIRN_R_SEPARATOR, "pcr7"), !rows[i].good);
		verdict_teardown(state);
		verdict_setup(state);
	}
}

/* What no PCR holds says nothing: the manifest does not know it, and need not. */
static void events_that_are_none(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	for (unsigned pcr = 0; pcr < 8; pcr += 4) {
		struct cairn_event ev = separator(s, pcr);
		struct cairn_span text = cairn_span_str("a note of the firmware");
		struct change c = {.type = CAIRN_EV_NO_ACTION, .data = text, .hashed = text, .keep = true};
		rewrite(s, &ev, &c);
		verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	}
}

/* An event without the digest that the quote is about: what it stands for in the PCR is not known. */
static void events_without_a_digest(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_event ev = separator(s, 7);
	struct cairn_span zero = cairn_span("\0\0\0\0", 4);
	struct change c = {
	    .type = CAIRN_EV_SEPARATOR, .data = zero, .hashed = zero, .keep = true, .shorten = true};
	rewrite(s, &ev, &c);
	enum cairn_status st = sim_appraise(&v, s, SIM_NOW);
	assert_true(st == CAIRN_E_DIVERGED || st == CAIRN_E_MALFORMED);
	assert_int_equal(v.state, CAIRN_STATE_UNKNOWN);
}

/* A quote over more than is asked for is not the one that was asked for. */
static void another_selection(void **state)
{
	struct sim *s = *state;
	static const uint8_t extra[32] = {1};
	struct cairn_digest digest;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf attest = {0}, signature = {0};
	struct cairn_quote *quote = NULL;
	struct cairn_span nonce = cairn_span(extra, sizeof extra);
	uint32_t mask = CAIRN_APPRAISAL_PCRS | 1u << 14;
	s->bank.extended |= 1u << 14;
	struct software_quote q = software_quote(&s->ak, nonce, mask, &s->bank, &digest);
	software_quote_marshal(&attest, &q);
	software_ak_sign(&signature, &s->ak, cairn_buf_span(&attest));
	struct cairn_quote_expected want = {.ak = &s->ak.ak,
					    .qualified_signer =
						cairn_span(s->ak.signer.bytes, s->ak.signer.len),
					    .extra_data = nonce,
					    .selection = cairn_selection_of(CAIRN_ALG_SHA256, mask)};
	assert_int_equal(
	    cairn_quote_check(&quote, &want, cairn_buf_span(&attest), cairn_buf_span(&signature), NULL),
	    CAIRN_OK);
	struct cairn_appraisal a = {.quote = quote,
				    .boot_log = cairn_buf_span(&s->boot_log),
				    .launch_log = cairn_buf_span(&s->launch_log),
				    .now = SIM_NOW};
	memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
	assert_int_equal(cairn_appraise(&v, &a), CAIRN_E_MISMATCH);
	cairn_quote_free(quote);
}

static void logs_of_other_kinds(void **state)
{
	static const struct {
		const char *file;
		enum cairn_status want;
	} rows[] = {{"tests/data/eventlog/tcg12-debian10-sha1.bin", CAIRN_E_DIVERGED},
		    {"tests/data/eventlog/ccel-tdx-sha384.bin", CAIRN_E_UNSUPPORTED},
		    {"tests/data/eventlog/bad-text-not-a-log.bin", CAIRN_E_TRUNCATED}};
	struct sim *s = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		s->boot_log.len = 0;
		assert_int_equal(cairn_file_read(&s->boot_log, rows[i].file, CAIRN_EVENTLOG_SIZE_MAX),
				 CAIRN_OK);
		assert_int_equal(sim_appraise(&v, s, SIM_NOW), rows[i].want);
		assert_int_equal(v.state, CAIRN_STATE_UNKNOWN);
	}
}

/* ---- the host record ---- */

static void host_members(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	const struct cairn_host honest = s->host;
	s->host.agent.bytes[0] ^= 1;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "dom0", CAIRN_R_RECORD_MISMATCH, "agent.sha256"));
	s->host = honest;
	s->host.authority_count = 0;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "dom0", CAIRN_R_RECORD_MISMATCH, "trust.authorities"));
	s->host = honest;
	s->host.build_id = "00fe";
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "xen", CAIRN_R_RECORD_MISMATCH, "xen.build_id"));
	s->host = honest;
	s->host.agent = (struct cairn_digest){0}; /* unvouched: no mismatch, but nothing to trust either */
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_UNMEASURED);
	assert_true(verdict_says(&v, "dom0", CAIRN_R_UNVOUCHED, "agent"));
	s->host = honest;
	sim_restart(s);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
}

/* A log that stops before Xen vouches for nothing, and this is said beside what is missing. */
static void logs_that_stop(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_eventlog log;
	struct cairn_event ev;
	size_t first = 0;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.pcr == 9 && !first)
			first = ev.offset;
	s->boot_log.len = first;
	sim_replay(s);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "boot", CAIRN_R_UNVOUCHED, "boot-log"));
}

/* ---- the vector ---- */

static void trust_vector(void **state)
{
	static const struct {
		const char *code;
		bool configuration;
	} rows[] = {{CAIRN_R_CMDLINE_MISMATCH, true},	 {CAIRN_R_MEMORY_EXCEEDED, true},
		    {CAIRN_R_VCPUS_EXCEEDED, true},	 {CAIRN_R_ROLE_NOT_ALLOWED, true},
		    {CAIRN_R_BACKEND_NOT_ALLOWED, true}, {CAIRN_R_CONFIG_UNSUPPORTED, true},
		    {CAIRN_R_CONFIG_MALFORMED, true},	 {CAIRN_R_DIGEST_MISMATCH, false}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cairn_part p = {0};
		cairn_part_fail(&p, rows[i].code, "", "", "", "");
		cairn_auto_json json_t *v = cairn_part_json(&p);
		const json_t *vector = json_object_get(v, "ear.trustworthiness-vector");
		long long c = json_integer_value(json_object_get(vector, "configuration"));
		long long e = json_integer_value(json_object_get(vector, "executables"));
		assert_int_equal(c, rows[i].configuration ? 96 : 0);
		assert_int_equal(e, rows[i].configuration ? 0 : 96);
		cairn_reasons_fini(&p.reasons);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(separators),
	    VERDICT_TEST(events_that_are_none),
	    VERDICT_TEST(events_without_a_digest),
	    VERDICT_TEST(another_selection),
	    VERDICT_TEST(logs_of_other_kinds),
	    VERDICT_TEST(host_members),
	    VERDICT_TEST(logs_that_stop),
	    cmocka_unit_test(trust_vector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
