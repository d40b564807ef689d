/* The server's store: what is bound stays bound, what is used is used, and what is damaged hurts only itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "attest/store/store.h"

struct fixture {
	char dir[64], path[96];
	struct cairn_store *s;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->dir, sizeof f->dir, "/tmp/cairn-store-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/v.db", f->dir);
	*state = f;
	return cairn_store_open(&f->s, f->path, true) == CAIRN_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];
	cairn_store_close(f->s);
	for (const char *const *x = (const char *const[]){"", "-wal", "-shm", NULL}; *x; x++) {
		snprintf(path, sizeof path, "%s%s", f->path, *x);
		unlink(path);
	}
	rmdir(f->dir);
	free(f);
	return 0;
}

static struct cairn_host_row host(uint8_t id, uint8_t ak, const char *label)
{
	struct cairn_host_row h = {.state = CAIRN_STATE_PENDING, .ak_public_len = 4, .enrolled_ms = 5};
	memset(h.id, id, sizeof h.id);
	memset(h.ak_name, ak, sizeof h.ak_name);
	snprintf(h.label, sizeof h.label, "%s", label);
	return h;
}

static void raw(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void binds_once(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row a = host(1, 1, "a");
	assert_int_equal(cairn_store_host_add(f->s, &a), CAIRN_OK);
	struct cairn_host_row same_id = host(1, 2, "b"), same_label = host(2, 2, "a"),
			      same_ak = host(2, 1, "b");
	assert_int_equal(cairn_store_host_add(f->s, &same_id), CAIRN_E_EXISTS);
	assert_int_equal(cairn_store_host_add(f->s, &same_label), CAIRN_E_EXISTS);
	assert_int_equal(cairn_store_host_add(f->s, &same_ak), CAIRN_E_EXISTS);
	cairn_auto_row struct cairn_host_row got = {0};
	assert_int_equal(cairn_store_host_get(&got, f->s, a.id), CAIRN_OK);
	assert_string_equal(got.label, "a");
	assert_memory_equal(got.ak_name, a.ak_name, sizeof a.ak_name);
	assert_int_equal(got.state, CAIRN_STATE_PENDING);
}

/* Two processes claim one label for two TPMs, over and over: one row for each label. */
static void races_have_one_winner(void **state)
{
	struct fixture *f = *state;
	enum { N = 50 };
	cairn_store_close(f->s);
	f->s = NULL;
	pid_t child[2];
	for (uint8_t who = 0; who < 2; who++) {
		child[who] = fork();
		if (child[who])
			continue;
		struct cairn_store *s = NULL;
		int won = 0;
		if (cairn_store_open(&s, f->path, false))
			_exit(255);
		for (uint8_t i = 0; i < N; i++) {
			char label[8];
			snprintf(label, sizeof label, "h%u", i);
			struct cairn_host_row h =
			    host((uint8_t)(100 * who + i), (uint8_t)(100 * who + i), label);
			won += cairn_store_host_add(s, &h) == CAIRN_OK;
		}
		cairn_store_close(s);
		_exit(won);
	}
	int total = 0;
	for (int i = 0; i < 2; i++) {
		int status = 0;
		waitpid(child[i], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, N);
	assert_int_equal(cairn_store_open(&f->s, f->path, false), CAIRN_OK);
}

static void accepts_a_nonce_once(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row h = host(1, 1, "a");
	assert_int_equal(cairn_store_host_add(f->s, &h), CAIRN_OK);
	h.state = CAIRN_STATE_TRUSTED;
	h.nonce_issued_ms = 10;
	h.clock = UINT64_MAX;
	h.stale_ms = 100;
	assert_int_equal(cairn_store_host_accept(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_store_host_accept(f->s, &h), CAIRN_E_STALE);
	h.nonce_issued_ms = 9;
	assert_int_equal(cairn_store_host_accept(f->s, &h), CAIRN_E_STALE);
	cairn_auto_row struct cairn_host_row got = {0};
	assert_int_equal(cairn_store_host_find(&got, f->s, "a"), CAIRN_OK);
	assert_true(got.clock == UINT64_MAX);
	assert_int_equal(got.nonce_issued_ms, 10);
}

static void revoked_stays_revoked(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row h = host(1, 1, "a");
	assert_int_equal(cairn_store_host_add(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_store_host_set_state(f->s, h.id, CAIRN_STATE_REVOKED), CAIRN_OK);
	h.state = CAIRN_STATE_TRUSTED;
	h.nonce_issued_ms = 10;
	assert_int_equal(cairn_store_host_accept(f->s, &h), CAIRN_E_STALE);
	assert_int_equal(cairn_store_host_delete(f->s, h.id), CAIRN_OK);
	assert_int_equal(cairn_store_host_delete(f->s, h.id), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_store_host_set_state(f->s, h.id, CAIRN_STATE_REVOKED), CAIRN_E_NOTFOUND);
}

static void silence_turns_stale(void **state)
{
	struct fixture *f = *state;
	size_t changed = 9;
	struct cairn_host_row h = host(1, 1, "a");
	assert_int_equal(cairn_store_host_add(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_host_state(&h, 1000), CAIRN_STATE_PENDING);
	h.state = CAIRN_STATE_TRUSTED;
	h.nonce_issued_ms = 1;
	h.stale_ms = 100;
	assert_int_equal(cairn_store_host_accept(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_host_state(&h, 99), CAIRN_STATE_TRUSTED);
	assert_int_equal(cairn_host_state(&h, 100), CAIRN_STATE_STALE);
	assert_int_equal(cairn_store_host_sweep(f->s, 99, &changed), CAIRN_OK);
	assert_int_equal(changed, 0);
	assert_int_equal(cairn_store_host_sweep(f->s, 100, &changed), CAIRN_OK);
	assert_int_equal(changed, 1);
	cairn_auto_row struct cairn_host_row got = {0};
	assert_int_equal(cairn_store_host_get(&got, f->s, h.id), CAIRN_OK);
	assert_int_equal(got.state, CAIRN_STATE_STALE);
}

static void session_is_one_try(void **state)
{
	struct fixture *f = *state;
	static const struct cairn_session_limits max = {1, 1};
	struct cairn_session s = {.expires_ms = 100, .host = host(1, 1, "a")}, got;
	s.id[0] = 1;
	assert_int_equal(cairn_store_session_add(f->s, &s, 50, &max), CAIRN_OK);
	s.id[0] = 2;
	assert_int_equal(cairn_store_session_add(f->s, &s, 50, &max), CAIRN_E_LIMIT);
	assert_int_equal(cairn_store_session_take(&got, f->s, s.id, 50), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_store_session_add(f->s, &s, 100, &max), CAIRN_OK); /* the first has expired */
	assert_int_equal(cairn_store_session_take(&got, f->s, s.id, 100), CAIRN_E_NOTFOUND);
	s.expires_ms = 200;
	assert_int_equal(cairn_store_session_add(f->s, &s, 100, &max), CAIRN_OK);
	assert_int_equal(cairn_store_session_take(&got, f->s, s.id, 150), CAIRN_OK);
	assert_string_equal(got.host.label, "a");
	assert_int_equal(cairn_store_session_take(&got, f->s, s.id, 150), CAIRN_E_NOTFOUND);
}

/* Whoever knows one EK cannot keep the others from enrolling. */
static void one_host_does_not_take_all_sessions(void **state)
{
	static const struct cairn_session_limits max = {10, 2};
	struct fixture *f = *state;
	struct cairn_session s = {.expires_ms = 1000, .host = host(3, 3, "c")};
	for (uint8_t i = 0; i < 4; i++) {
		s.id[1] = i;
		assert_int_equal(cairn_store_session_add(f->s, &s, 500, &max),
				 i < 2 ? CAIRN_OK : CAIRN_E_LIMIT);
	}
	s.host = host(4, 4, "d");
	assert_int_equal(cairn_store_session_add(f->s, &s, 500, &max), CAIRN_OK);
}

static void manifest_is_kept_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct cairn_stored_manifest m = {
	    .kid = "k", .name = "n", .kind = "service", .release = 1, .jws = cairn_span_str("abc")};
	assert_int_equal(cairn_store_manifest_add(f->s, &m, 10), CAIRN_OK);
	assert_int_equal(cairn_store_manifest_add(f->s, &m, 10), CAIRN_OK);
	m.jws = cairn_span_str("abd");
	assert_int_equal(cairn_store_manifest_add(f->s, &m, 10), CAIRN_E_EXISTS);
	m.release = 2;
	assert_int_equal(cairn_store_manifest_add(f->s, &m, 10), CAIRN_OK);
}

static enum cairn_status count_manifest(void *ctx, const struct cairn_stored_manifest *m)
{
	size_t *n = ctx;
	(void)m;
	++*n;
	return CAIRN_OK;
}

static void manifests_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct cairn_stored_manifest m = {
	    .kid = "k", .name = "limit", .kind = "service", .release = 1, .jws = cairn_span_str("abc")};
	size_t have = 0;
	assert_int_equal(cairn_store_manifest_each(f->s, count_manifest, &have), CAIRN_OK);
	assert_int_equal(cairn_store_manifest_add(f->s, &m, have), CAIRN_E_LIMIT);
	assert_int_equal(cairn_store_manifest_add(f->s, &m, have + 1), CAIRN_OK);
	assert_int_equal(cairn_store_manifest_add(f->s, &m, have + 1), CAIRN_OK); /* there already */
	m.jws = cairn_span_str("abd");
	assert_int_equal(cairn_store_manifest_add(f->s, &m, have + 1), CAIRN_E_EXISTS);
	m.release = 2;
	assert_int_equal(cairn_store_manifest_add(f->s, &m, have + 1), CAIRN_E_LIMIT);
	size_t now = 0;
	assert_int_equal(cairn_store_manifest_each(f->s, count_manifest, &now), CAIRN_OK);
	assert_int_equal(now, have + 1);
}

static void tokens_have_roles(void **state)
{
	struct fixture *f = *state;
	uint8_t a[32] = {1}, b[32] = {2};
	enum cairn_role r = CAIRN_ROLE_NONE;
	assert_int_equal(cairn_store_token_add(f->s, a, CAIRN_ROLE_OPERATOR, "ops"), CAIRN_OK);
	assert_int_equal(cairn_store_token_add(f->s, b, CAIRN_ROLE_READER, "ops"), CAIRN_E_EXISTS);
	assert_int_equal(cairn_store_token_role(&r, f->s, a), CAIRN_OK);
	assert_int_equal(r, CAIRN_ROLE_OPERATOR);
	assert_int_equal(cairn_store_token_role(&r, f->s, b), CAIRN_E_NOTFOUND);
}

static void newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	struct cairn_store *s = NULL;
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(cairn_store_open(&s, f->path, true), CAIRN_E_EXISTS);
	raw(f->path, "PRAGMA user_version=4");
	assert_int_equal(cairn_store_open(&s, f->path, false), CAIRN_E_VERSION);
	raw(f->path, "PRAGMA user_version=0");
	assert_int_equal(cairn_store_open(&s, f->path, false), CAIRN_E_MALFORMED);
	raw(f->path, "PRAGMA user_version=3");
	assert_int_equal(cairn_store_open(&s, f->path, false), CAIRN_OK);
	cairn_store_close(s);
}

/* One log for each host, of one boot, and no longer than the host. */
static void logs_go_with_their_host(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row h = host(1, 1, "a");
	const uint8_t boot[32] = {1}, next[32] = {2};
	cairn_auto_buf struct cairn_buf got = {0};
	uint64_t size = 0;
	assert_int_equal(cairn_store_host_add(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_store_log_get(&got, f->s, h.id, boot), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_store_log_size(&size, f->s, h.id, boot), CAIRN_OK);
	assert_int_equal(size, 0);
	assert_int_equal(cairn_store_log_put(f->s, h.id, boot, cairn_span_str("one")), CAIRN_OK);
	assert_int_equal(cairn_store_log_put(f->s, h.id, boot, cairn_span_str("longer")), CAIRN_OK);
	assert_int_equal(cairn_store_log_get(&got, f->s, h.id, boot), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&got), "longer");
	assert_int_equal(cairn_store_log_size(&size, f->s, h.id, boot), CAIRN_OK);
	assert_int_equal(size, 6);
	assert_int_equal(cairn_store_log_put(f->s, h.id, next, cairn_span_str("x")), CAIRN_OK);
	assert_int_equal(cairn_store_log_get(&got, f->s, h.id, boot), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_store_host_delete(f->s, h.id), CAIRN_OK);
	assert_int_equal(cairn_store_log_get(&got, f->s, h.id, next), CAIRN_E_NOTFOUND);
}

/* Schema 2 had no logs. */
static void schema_2_is_upgraded(void **state)
{
	struct fixture *f = *state;
	const uint8_t id[32] = {1};
	cairn_store_close(f->s);
	raw(f->path, "DROP TRIGGER logs_go; DROP TABLE logs; PRAGMA user_version=2");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cairn_store_open(&f->s, f->path, false), CAIRN_OK);
		assert_int_equal(cairn_store_log_put(f->s, id, id, cairn_span_str("x")), CAIRN_OK);
		if (i == 0)
			cairn_store_close(f->s);
	}
}

/* Schema 1 had no tpm: its hosts stay, with an empty one. */
static void older_schema_is_upgraded(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row h = host(1, 1, "a"), got = {0};
	snprintf(h.tpm, sizeof h.tpm, "53544d20 ST33");
	assert_int_equal(cairn_store_host_add(f->s, &h), CAIRN_OK);
	assert_int_equal(cairn_store_host_get(&got, f->s, h.id), CAIRN_OK);
	assert_string_equal(got.tpm, h.tpm);
	cairn_host_row_fini(&got);
	cairn_store_close(f->s);
	raw(f->path, "ALTER TABLE hosts DROP COLUMN tpm; ALTER TABLE sessions DROP COLUMN tpm;"
		     "DROP TRIGGER logs_go; DROP TABLE logs; PRAGMA user_version=1");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cairn_store_open(&f->s, f->path, false), CAIRN_OK);
		assert_int_equal(cairn_store_host_get(&got, f->s, h.id), CAIRN_OK);
		assert_string_equal(got.tpm, "");
		cairn_host_row_fini(&got);
		if (i == 0)
			cairn_store_close(f->s);
	}
}

static void count_rows(void *ctx, const struct cairn_host_row *h)
{
	(void)h;
	++*(int *)ctx;
}

static void one_bad_row_stops_no_other(void **state)
{
	struct fixture *f = *state;
	struct cairn_host_row a = host(1, 1, "a"), b = host(2, 2, "b"), got = {0};
	int n = 0;
	assert_int_equal(cairn_store_host_add(f->s, &a), CAIRN_OK);
	assert_int_equal(cairn_store_host_add(f->s, &b), CAIRN_OK);
	raw(f->path, "UPDATE hosts SET state='splendid' WHERE label='a'");
	assert_int_equal(cairn_store_host_find(&got, f->s, "a"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_store_host_each(f->s, count_rows, &n), CAIRN_OK);
	assert_int_equal(n, 1);
}

static void audit_only_grows(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = NULL;
	assert_int_equal(cairn_store_audit(f->s, 1, "event", "subject", "text"), CAIRN_OK);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET text='x'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(binds_once),
	    TEST(races_have_one_winner),
	    TEST(accepts_a_nonce_once),
	    TEST(revoked_stays_revoked),
	    TEST(silence_turns_stale),
	    TEST(session_is_one_try),
	    TEST(one_host_does_not_take_all_sessions),
	    TEST(manifest_is_kept_as_it_is),
	    TEST(manifests_have_a_limit),
	    TEST(tokens_have_roles),
	    TEST(newer_schema_is_refused),
	    TEST(logs_go_with_their_host),
	    TEST(schema_2_is_upgraded),
	    TEST(older_schema_is_upgraded),
	    TEST(one_bad_row_stops_no_other),
	    TEST(audit_only_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
