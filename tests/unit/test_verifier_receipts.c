/* Receipts of the server: given for what is kept, and what a host drops for one is put back before the log is judged. */
#include "tests/unit/verifier_fixture.h"

#include <sqlite3.h>
#include <string.h>

#include "cairn/launchlog.h"
#include "cairn/receipt.h"
#include "tests/unit/tpmuse_fixture.h"

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

/* So many times: netdrv is launched, and ends. */
static void grow(struct verifier_world *w, unsigned times)
{
	size_t from = w->sim.launch_log.len;
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	for (unsigned i = 0; i < times; i++) {
		struct cairn_launch l = sim_launch(&w->sim);
		struct cairn_exit_record x = {.launch = w->sim.recnum, .name = l.name, .reason = "destroyed"};
		cairn_auto_buf struct cairn_buf record = {0};
		sim_record_launch(&w->sim, &l);
		assert_int_equal(cairn_record_exit(&record, &x), CAIRN_OK);
		sim_record(&w->sim, cairn_buf_span(&record));
	}
	verifier_extend_launches(w, t, from);
	cairn_tpm_close(t);
}

/* The host drops what it may of the first `records` records. How many. */
static unsigned drop(struct verifier_world *w, uint64_t records)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_log_reader r;
	unsigned dropped = 0;
	cairn_log_reader_init(&r, cairn_buf_span(&w->sim.launch_log), &numbers);
	r.may_lack = true;
	for (size_t from = 0;; from = r.off) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		if (cairn_log_next(&r, &e) != CAIRN_OK)
			break;
		bool now = e.recnum < records && !e.dropped && cairn_log_line_drop(&text, &e) == CAIRN_OK;
		dropped += now;
		if (!now)
			cairn_buf_add(&text, cairn_span(r.text.ptr + from, r.off - from));
	}
	cairn_buf_fini(&w->sim.launch_log);
	w->sim.launch_log = text;
	memset(&text, 0, sizeof text);
	return dropped;
}

static void expect_good(struct verifier_world *w)
{
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), "trusted");
}

/* The receipt in the last answer. */
static void expect_receipt(struct verifier_world *w, struct cairn_receipt *r)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_json json_t *answer = json_incref(w->body);
	verifier_call(w, "GET", "/v1/jwks", NULL);
	assert_int_equal(cairn_jwks_from_json(&keys, w->body), CAIRN_OK);
	const char *jws = json_string_value(json_object_get(answer, "receipt"));
	assert_non_null(jws);
	assert_int_equal(cairn_receipt_open(r, cairn_span_str(jws), keys), CAIRN_OK);
}

static void expect_none(const struct verifier_world *w)
{
	assert_null(json_object_get(w->body, "receipt"));
}

/* Nothing is given until the log has grown, and where none is to be given. */
static void given_when_it_has_grown(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_receipt r;
	struct cairn_log_summary log;
	assert_int_equal(w->v->set.receipt_kib, 256);
	grow(w, 4);
	expect_good(w);
	expect_none(w);
	w->v->set.receipt_kib = 0;
	expect_good(w);
	expect_none(w);
	w->v->set.receipt_kib = 4;
	expect_good(w);
	expect_receipt(w, &r);
	assert_int_equal(cairn_log_replay(&log, cairn_buf_span(&w->sim.launch_log), &numbers), CAIRN_OK);
	assert_memory_equal(r.boot_id, w->sim.boot_id, 32);
	assert_int_equal(r.records, log.records);
	assert_true(cairn_digest_equal(&r.launch, &w->sim.bank.pcr[12]));
	expect_good(w); /* it did not grow */
	expect_none(w);
}

static const char *status_of(struct verifier_world *w, const char *submod)
{
	verifier_call(w, "GET", "/v1/hosts/alpha", NULL);
	const json_t *d = json_object_get(json_object_get(w->body, "submods"), submod);
	return json_string_value(json_object_get(d, "ear.status"));
}

/* What was dropped counts as before, and the log goes on. */
static void dropped_is_put_back(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_receipt r;
	assert_int_equal(drop(w, w->sim.recnum), 8);
	expect_good(w);
	expect_none(w);
	assert_string_equal(status_of(w, "domain:netdrv"), "affirming");
	grow(w, 4);
	expect_good(w);
	expect_receipt(w, &r);
	assert_int_equal(r.records, w->sim.recnum);
	assert_int_equal(drop(w, r.records - 1), 7);
	expect_good(w);
	assert_string_equal(status_of(w, "domain:netdrv"), "affirming");
}

/* A digest that is not that of the body that was dropped: the quote would have to be over it, too. */
static void other_digests_are_refused(void **state)
{
	struct verifier_world *w = *state;
	const char *text = cairn_buf_str(&w->sim.launch_log);
	char *at = strstr(strstr(text, "\"content\":{\"type\":"), "\"digest\":\"") + strlen("\"digest\":\"");
	char was = *at;
	*at = was == '0' ? '1' : '0';
	verifier_attest(w);
	verifier_expect_error(w, 403, "bad-log");
	*at = was;
	verifier_expect_state(w, "trusted");
	expect_good(w);
}

/* A server that never had them, or has those of another boot by now. */
static void missing_bodies_are_refused(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_tpm_identity id = {0};
	cairn_auto_buf struct cairn_buf kept = {0};
	const uint8_t other[32] = {1};
	verifier_identity(&w->tpm[0], &id);
	const uint8_t *host = id.host_id.bytes;
	assert_int_equal(cairn_store_log_get(&kept, w->v->store, host, w->sim.boot_id), CAIRN_OK);
	assert_int_equal(cairn_store_log_put(w->v->store, host, other, cairn_buf_span(&kept)), CAIRN_OK);
	verifier_attest(w);
	verifier_expect_error(w, 403, "bodies-missing");
	verifier_expect_state(w, "trusted");
	size_t half = kept.len / 4;
	while (kept.ptr[half - 1] != '\n')
		half--;
	assert_int_equal(cairn_store_log_put(w->v->store, host, w->sim.boot_id, cairn_span(kept.ptr, half)),
			 CAIRN_OK);
	verifier_attest(w);
	verifier_expect_error(w, 403, "bodies-missing");
	assert_int_equal(cairn_store_log_put(w->v->store, host, w->sim.boot_id, cairn_buf_span(&kept)),
			 CAIRN_OK);
	expect_good(w);
	cairn_tpm_identity_fini(&id);
}

/* Bodies that are put back make a log that the quote does not cover no better. */
static void whole_logs_must_replay(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_buf struct cairn_buf before = {0};
	struct cairn_launch l = sim_launch(&w->sim);
	cairn_buf_add(&before, cairn_buf_span(&w->sim.launch_log));
	uint64_t recnum = w->sim.recnum;
	sim_record_launch(&w->sim, &l); /* logged, never extended */
	verifier_attest(w);
	verifier_expect_error(w, 403, "logs-diverged");
	w->sim.launch_log.len = before.len;
	w->sim.recnum = recnum;
	expect_good(w);
}

static void database(const struct verifier_world *w, const char *sql)
{
	char path[160];
	sqlite3 *db = NULL;
	snprintf(path, sizeof path, "%s/server/verifier.db", w->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A log that cannot be kept is given no receipt; one that cannot be read is no verdict about the host. */
static void database_fails(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_receipt r;
	database(w, "CREATE TRIGGER no BEFORE INSERT ON logs BEGIN SELECT RAISE(ABORT,'no'); END;");
	grow(w, 4);
	expect_good(w);
	expect_none(w);
	database(w, "DROP TRIGGER no");
	expect_good(w);
	expect_receipt(w, &r);
	grow(w, 4);
	database(w, "ALTER TABLE logs RENAME TO gone");
	verifier_attest(w);
	assert_int_equal(w->code, 503);
	verifier_expect_state(w, "trusted");
	cairn_buf_fini(&w->sim.launch_log);
	database(w, "ALTER TABLE gone RENAME TO logs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(given_when_it_has_grown),	 cmocka_unit_test(dropped_is_put_back),
	    cmocka_unit_test(other_digests_are_refused), cmocka_unit_test(missing_bodies_are_refused),
	    cmocka_unit_test(whole_logs_must_replay),	 cmocka_unit_test(database_fails)};
	return cmocka_run_group_tests(tests, verifier_setup_trusted, verifier_teardown);
}
