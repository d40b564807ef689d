/* Each demand of a verdict by itself: hosts that differ from an honest one in a single thing, some in one that only a
 * careful reader sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/eventlog.h"
#include "core/appraise_part.h"
#include "tests/unit/sim_fixture.h"

static int setup(void **state)
{
	struct sim *s = malloc(sizeof *s);
	sim_init(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sim_fini(*state);
	free(*state);
	return 0;
}

/* ---- what the verdict says ---- */

static enum cairn_status appraise(struct cairn_verdict *v, struct sim *s,
				  const struct cairn_manifest *const *list, size_t count)
{
	struct cairn_quote *q = sim_quote(s);
	struct cairn_appraisal a = {.quote = q,
				    .boot_log = cairn_buf_span(&s->boot_log),
				    .launch_log = cairn_buf_span(&s->launch_log),
				    .manifest = list,
				    .manifest_count = count,
				    .now = SIM_NOW};
	memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
	cairn_verdict_fini(v);
	enum cairn_status st = cairn_appraise(v, &a);
	cairn_quote_free(q);
	return st;
}

static void expect(struct sim *s, struct cairn_verdict *v, enum cairn_state state)
{
	cairn_verdict_fini(v);
	assert_int_equal(sim_appraise(v, s, SIM_NOW), CAIRN_OK);
	assert_string_equal(cairn_state_name(v->state), cairn_state_name(state));
}

/* True if a reason of the submodule has this code and component. */
static bool says(const struct cairn_verdict *v, const char *sub, const char *code, const char *component)
{
	const json_t *list = json_object_get(json_object_get(v->submods, sub), "cairn.reasons");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);
		if (strcmp(json_string_value(json_object_get(r, "code")), code) == 0 &&
		    strcmp(json_string_value(json_object_get(r, "component")), component) == 0)
			return true;
	}
	return false;
}

static bool running(const struct cairn_verdict *v, const char *sub)
{
	return json_is_true(json_object_get(json_object_get(v->submods, sub), "cairn.running"));
}

static long long release_of(const struct cairn_verdict *v, const char *sub)
{
	const json_t *m = json_object_get(json_object_get(v->submods, sub), "cairn.manifest");
	return (long long)json_integer_value(json_object_get(m, "release"));
}

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
		expect(s, &v, rows[i].good ? CAIRN_STATE_TRUSTED : CAIRN_STATE_CONTRAINDICATED);
		assert_int_equal(says(&v, "firmware", CAIRN_R_SEPARATOR, "pcr7"), !rows[i].good);
		teardown(state);
		setup(state);
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
		expect(s, &v, CAIRN_STATE_TRUSTED);
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
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "dom0", CAIRN_R_RECORD_MISMATCH, "agent.sha256"));
	s->host = honest;
	s->host.authority_count = 0;
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "dom0", CAIRN_R_RECORD_MISMATCH, "trust.authorities"));
	s->host = honest;
	s->host.build_id = "00fe";
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "xen", CAIRN_R_RECORD_MISMATCH, "xen.build_id"));
	s->host = honest;
	s->host.agent = (struct cairn_digest){0}; /* unvouched: no mismatch, but nothing to trust either */
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_UNMEASURED);
	assert_true(says(&v, "dom0", CAIRN_R_UNVOUCHED, "agent"));
	s->host = honest;
	sim_restart(s);
	expect(s, &v, CAIRN_STATE_TRUSTED);
}

/* ---- which platform manifest ---- */

/* The release of the one that was taken, whatever order they come in. */
static void expect_release(struct sim *s, const struct cairn_manifest *a, const struct cairn_manifest *b,
			   long long want)
{
	const struct cairn_manifest *both[][2] = {{a, b}, {b, a}};
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		assert_int_equal(appraise(&v, s, both[i], 2), CAIRN_OK);
		assert_int_equal(release_of(&v, "boot"), want);
	}
}

static void the_best_manifest(void **state)
{
	struct sim *s = *state;
	const struct cairn_manifest *good = &s->loaded[0];
	struct cairn_manifest other = *good;
	struct cairn_manifest_event events[64];
	cairn_auto_json json_t *record = json_deep_copy(good->host_record);
	assert_true(good->event_count < 64);
	memcpy(events, good->event, good->event_count * sizeof *events);
	other.release = good->release - 1;
	expect_release(s, good, &other, (long long)good->release);
	other.release = good->release + 1;
	expect_release(s, good, &other, (long long)other.release);
	other.not_after = SIM_NOW - 1; /* newer, and expired */
	expect_release(s, good, &other, (long long)good->release);
	other.not_after = good->not_after;
	other.host_record = record; /* newer, and of another host record */
	json_object_set_new(json_object_get(record, "xen"), "cmdline", json_string("other"));
	expect_release(s, good, &other, (long long)good->release);
	other.host_record = good->host_record;
	other.event = events; /* newer, and of another boot */
	events[good->event_count - 1].sha256.bytes[0] ^= 1;
	expect_release(s, good, &other, (long long)good->release);
	for (size_t i = 0; i + 1 < good->event_count; i++) { /* of another boot in any of the PCRs */
		memcpy(events, good->event, good->event_count * sizeof *events);
		events[i].sha256.bytes[0] ^= 1;
		expect_release(s, good, &other, (long long)good->release);
	}
	/* The boot counts before the host record, and that before the validity. */
	struct cairn_manifest booted = *good;
	booted.host_record = record;
	booted.release = good->release - 1;
	expect_release(s, &booted, &other, (long long)booted.release);
	struct cairn_manifest expired = *good;
	expired.not_after = SIM_NOW - 1;
	expect_release(s, &booted, &expired, (long long)expired.release);
	memcpy(events, good->event, good->event_count * sizeof *events);
	events[good->event_count - 1].sha256.bytes[0] ^= 1;
	struct cairn_manifest worse = other;
	struct cairn_manifest_event fewer[64];
	memcpy(fewer, events, good->event_count * sizeof *events);
	worse.event = fewer;
	worse.release++; /* newer still, and matches less far */
	for (size_t i = 0; i < good->event_count; i++)
		fewer[i].sha256.bytes[0] ^= i + 1 < good->event_count ? 1 : 0;
	expect_release(s, &other, &worse, (long long)other.release);
}

/* Of two that are alike in all that is ranked, the first stays. */
static void equal_manifests(void **state)
{
	struct sim *s = *state;
	struct cairn_manifest twin = s->loaded[0];
	const struct cairn_manifest *list[] = {&s->loaded[0], &twin};
	cairn_auto_verdict struct cairn_verdict v = {0};
	twin.name = "twin";
	assert_int_equal(appraise(&v, s, list, 2), CAIRN_OK);
	const json_t *m = json_object_get(json_object_get(v.submods, "boot"), "cairn.manifest");
	assert_string_equal(json_string_value(json_object_get(m, "name")), "platform");
}

static void no_platform_manifest(void **state)
{
	struct sim *s = *state;
	const struct cairn_manifest *service[] = {&s->loaded[1]};
	cairn_auto_verdict struct cairn_verdict v = {0};
	assert_int_equal(appraise(&v, s, service, 1), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "boot", CAIRN_R_NO_MANIFEST, "platform"));
	assert_int_equal(appraise(&v, s, NULL, 0), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
}

/* The log has more than the manifest; and of several differences in one PCR the first is told. */
static void events_that_are_too_many(void **state)
{
	struct sim *s = *state;
	struct cairn_manifest shorter = s->loaded[0];
	const struct cairn_manifest *list[] = {&shorter};
	struct cairn_manifest_event events[64];
	cairn_auto_verdict struct cairn_verdict v = {0};
	shorter.event = events;
	memcpy(events, s->loaded[0].event, shorter.event_count * sizeof *events);
	shorter.event_count--;
	assert_int_equal(appraise(&v, s, list, 1), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "boot", CAIRN_R_BOOT_MISMATCH, "unexpected"));
	sim_swap_file(s, "/xen");
	sim_swap_file(s, "/vmlinuz");
	cairn_verdict_fini(&v);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "xen", CAIRN_R_BOOT_MISMATCH, "xen"));
	assert_false(says(&v, "dom0", CAIRN_R_BOOT_MISMATCH, "dom0-kernel"));
}

/* ---- domains ---- */

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
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "boot", CAIRN_R_UNVOUCHED, "boot-log"));
}

static void manifests_that_are_not_the_one(void **state)
{
	struct sim *s = *state;
	struct cairn_launch l = sim_launch(s), lies[4] = {l, l, l, l};
	lies[0].manifest.release++;
	lies[1].manifest.kid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	lies[2].manifest.name = "other";
	lies[3].manifest = cairn_manifest_ref(&s->loaded[0]); /* of the platform */
	for (size_t i = 0; i < 4; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		sim_restart(s);
		sim_record_launch(s, &lies[i]);
		expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
		assert_true(says(&v, "domain:netdrv", CAIRN_R_UNKNOWN_MANIFEST, lies[i].manifest.name));
	}
}

static void a_guest_with_the_platforms_name(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.name = "platform"; /* a manifest has this name, but of no service */
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_true(says(&v, "domain:platform", CAIRN_R_GUEST, ""));
}

/* What is good about the last domain does not mend the first. */
static void bad_before_good(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	l.memory_mib++;
	sim_record_launch(s, &l);
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "domain:guest", CAIRN_R_GUEST, ""));
}

static void record_exit(struct sim *s, uint64_t launch, const char *name)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_exit_record x = {.launch = launch, .name = name, .reason = "crashed"};
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
}

static void exits_of_other_launches(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	uint64_t first = s->recnum;
	sim_record_launch(s, &l);
	sim_record_launch(s, &l);
	record_exit(s, first, "netdrv");
	expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_true(running(&v, "domain:netdrv"));
	record_exit(s, 0, "nobody");
	expect(s, &v, CAIRN_STATE_TRUSTED);
	record_exit(s, first + 1, "netdrv");
	expect(s, &v, CAIRN_STATE_TRUSTED);
	assert_false(running(&v, "domain:netdrv"));
}

static void foreign_values(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	assert_int_equal(cairn_record_foreign(&b, 12, &s->host.xen), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(says(&v, "dom0", CAIRN_R_FOREIGN_PCR, "pcr"));
}

/* Policy: whether guests are a warning. */
static void guests_by_policy(void **state)
{
	struct sim *s = *state;
	struct cairn_launch l = sim_launch(s);
	struct cairn_quote *q;
	const struct cairn_manifest *list[] = {&s->loaded[0], &s->loaded[1]};
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	sim_record_launch(s, &l);
	q = sim_quote(s);
	for (int warn = 0; warn < 2; warn++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		struct cairn_appraisal a = {.quote = q,
					    .boot_log = cairn_buf_span(&s->boot_log),
					    .launch_log = cairn_buf_span(&s->launch_log),
					    .manifest = list,
					    .manifest_count = 2,
					    .policy.warn_guests = warn,
					    .now = SIM_NOW};
		memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
		assert_int_equal(cairn_appraise(&v, &a), CAIRN_OK);
		assert_string_equal(json_string_value(json_object_get(
					json_object_get(v.submods, "domain:guest"), "ear.status")),
				    warn ? "warning" : "none");
	}
	cairn_quote_free(q);
}

/* More names than a boot's log may tell of; one that is known already is no new one. */
static void too_many_names(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l = sim_launch(s);
	char name[16];
	l.has_manifest = false;
	l.role_count = 0;
	l.name = name;
	for (unsigned i = 0; i < CAIRN_DOMAINS_MAX; i++) {
		snprintf(name, sizeof name, "g%u", i);
		sim_record_launch(s, &l);
	}
	sim_record_launch(s, &l);
	expect(s, &v, CAIRN_STATE_TRUSTED);
	size_t len = s->launch_log.len;
	struct cairn_bank bank = s->bank;
	cairn_verdict_fini(&v);
	snprintf(name, sizeof name, "more");
	sim_record_launch(s, &l);
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_LIMIT);
	s->launch_log.len = len;
	s->bank = bank;
	s->recnum--;
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "more", &r), CAIRN_OK);
	sim_record(s, cairn_buf_span(&b));
	assert_int_equal(sim_appraise(&v, s, SIM_NOW), CAIRN_E_LIMIT);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(separators),
	    TEST(events_that_are_none),
	    TEST(events_without_a_digest),
	    TEST(another_selection),
	    TEST(bad_before_good),
	    TEST(logs_of_other_kinds),
	    TEST(host_members),
	    TEST(the_best_manifest),
	    TEST(equal_manifests),
	    TEST(no_platform_manifest),
	    TEST(events_that_are_too_many),
	    TEST(logs_that_stop),
	    TEST(manifests_that_are_not_the_one),
	    TEST(a_guest_with_the_platforms_name),
	    TEST(exits_of_other_launches),
	    TEST(foreign_values),
	    TEST(guests_by_policy),
	    TEST(too_many_names),
	    cmocka_unit_test(trust_vector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
