/* The start of the server: it does not, without each of its files as it must be; and what it takes over from the database. */
#include "tests/unit/verifier_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/result.h"
#include "tests/unit/callee_faults.h"

static enum cairn_status start(struct verifier_world *w, struct cairn_buf *why)
{
	char path[160];
	cairn_verifier_free(w->v);
	w->v = NULL;
	snprintf(path, sizeof path, "%s/server/verifier.conf", w->dir);
	return cairn_verifier_new(&w->v, path, why);
}

static void file_of(char path[192], const struct verifier_world *w, const char *name, const char *suffix)
{
	snprintf(path, 192, "%s/server/%s%s", w->dir, name, suffix);
}

/* ---- files ---- */

#define SAME	  "=" /* what it holds is good */
#define DIRECTORY "/"
#define ES384_KEY "es384"

struct spoilt {
	const char *name, *content; /* NULL: it is not there */
	unsigned mode;
	enum cairn_status want;
};

static void put(const char *path, const char *good, const char *content, unsigned mode)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_key *key = NULL;
	if (strcmp(content, DIRECTORY) == 0) {
		assert_int_equal(mkdir(path, mode), 0);
		return;
	}
	if (strcmp(content, SAME) == 0) {
		assert_int_equal(cairn_file_read(&b, good, 1 << 20), CAIRN_OK);
	} else if (strcmp(content, ES384_KEY) == 0) {
		cairn_auto_json json_t *jwk = NULL;
		assert_int_equal(cairn_key_generate(&key, CAIRN_SIG_ES384), CAIRN_OK);
		assert_int_equal(cairn_key_jwk(&jwk, key, true), CAIRN_OK);
		assert_int_equal(cairn_json_dump(&b, jwk), CAIRN_OK);
	} else {
		cairn_buf_add_str(&b, content);
	}
	cairn_key_free(key);
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&b), mode), CAIRN_OK);
	assert_int_equal(chmod(path, mode), 0);
}

static void start_with(struct verifier_world *w, const struct spoilt *s)
{
	char path[192], good[192];
	cairn_auto_buf struct cairn_buf why = {0};
	file_of(path, w, s->name, "");
	file_of(good, w, s->name, ".good");
	assert_int_equal(rename(path, good), 0);
	if (s->content)
		put(path, good, s->content, s->mode);
	enum cairn_status st = start(w, &why);
	if (st != s->want)
		fail_msg("%s, %s: %s (%s)", s->name, s->content ? s->content : "none", cairn_status_name(st),
			 why.len ? cairn_buf_str(&why) : "");
	assert_null(w->v);
	remove(path);
	assert_int_equal(rename(good, path), 0);
	if (why.len == 0)
		fail_msg("%s, %s: no word why", s->name, s->content ? s->content : "none");
}

static void each_file(void **state)
{
	static const char digits31[] = "0123456789012345678901234567890";
	static const char digits33[] = "012345678901234567890123456789012";
	static const struct spoilt list[] = {
	    {"verifier.conf", NULL, 0, CAIRN_E_NOTFOUND},
	    {"verifier.conf", "listen = nowhere\n", 0644, CAIRN_E_USAGE},
	    {"tls-key.pem", NULL, 0, CAIRN_E_NOTFOUND},
	    {"tls-key.pem", SAME, 0640, CAIRN_E_DENIED},
	    {"tls-key.pem", SAME, 0604, CAIRN_E_DENIED},
	    {"tls-key.pem", DIRECTORY, 0700, CAIRN_E_DENIED},
	    {"nonce.key", NULL, 0, CAIRN_E_NOTFOUND},
	    {"nonce.key", SAME, 0644, CAIRN_E_DENIED},
	    {"nonce.key", digits31, 0600, CAIRN_E_MALFORMED},
	    {"nonce.key", digits33, 0600, CAIRN_E_LIMIT},
	    {"token-key.jwk", NULL, 0, CAIRN_E_NOTFOUND},
	    {"token-key.jwk", SAME, 0644, CAIRN_E_DENIED},
	    {"token-key.jwk", ES384_KEY, 0600, CAIRN_E_USAGE},
	    {"authorities.jwks", NULL, 0, CAIRN_E_NOTFOUND},
	    {"authorities.jwks", "{}", 0644, CAIRN_E_MALFORMED},
	    {"ek-roots", NULL, 0, CAIRN_E_IO},
	    {"ek-roots", "no certificate", 0644, CAIRN_E_MALFORMED},
	    {"verifier.db", NULL, 0, CAIRN_E_NOTFOUND},
	    {"verifier.db", SAME, 0644, CAIRN_E_DENIED},
	    {"verifier.db", "no database", 0600, CAIRN_E_IO},
	};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		start_with(w, &list[i]);
	verifier_open(w);
	assert_int_equal(w->v->manifest_count, 2);
}

static void the_nonce_key_is_the_file(void **state)
{
	struct verifier_world *w = *state;
	char path[192];
	cairn_auto_buf struct cairn_buf b = {0};
	file_of(path, w, "nonce.key", "");
	assert_int_equal(cairn_file_read(&b, path, 64), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&b), cairn_span(w->v->nonce_key, 32)));
}

/* ---- faults ---- */

static void store_a_set(struct verifier_world *w)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	cairn_auto_json json_t *v =
	    json_pack("{s:i,s:{},s:[],s:[]}", "serial", 3, "floors", "revoked_keys", "revoked_manifests");
	assert_int_equal(cairn_release_set_sign(&jws, v, w->sim.authority), CAIRN_OK);
	verifier_call_raw(w, "POST", "/v1/release-set", cairn_buf_span(&jws));
	assert_int_equal(w->code, 200);
}

static void break_at(const char *name, unsigned at, enum cairn_status st)
{
	broken.name = name;
	broken.at = at;
	broken.st = st;
	broken.calls = 0;
}

static void starting_and_faults(void **state)
{
	static const struct {
		const char *name;
		unsigned at;
		enum cairn_status st, want;
	} list[] = {
	    {"calloc", 0, CAIRN_OK, CAIRN_E_NOMEM},
	    {"OPENSSL_sk_new_null", 0, CAIRN_OK, CAIRN_E_NOMEM},
	    {"cairn_store_manifest_each", 0, CAIRN_E_IO, CAIRN_E_IO},
	    {"cairn_store_manifest_each", 1, CAIRN_E_IO, CAIRN_E_IO},
	    {"cairn_release_set_signers", 0, CAIRN_E_LIMIT, CAIRN_E_LIMIT},
	    {"cairn_release_set_load", 0, CAIRN_E_NOMEM, CAIRN_E_NOMEM},
	    {"cairn_manifest_load", 0, CAIRN_E_NOMEM, CAIRN_E_NOMEM},
	};
	struct verifier_world *w = *state;
	store_a_set(w);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		cairn_verifier_free(w->v);
		w->v = NULL;
		break_at(list[i].name, list[i].at, list[i].st);
		enum cairn_status st = start(w, &why);
		broken.name = NULL;
		if (st != list[i].want)
			fail_msg("%s %u: %s", list[i].name, list[i].at, cairn_status_name(st));
		assert_null(w->v);
	}
}

/* A server may have no roots, but not by having no room for them. */
static void no_room_for_no_roots(void **state)
{
	struct verifier_world *w = *state;
	char path[192], good[192];
	cairn_auto_buf struct cairn_buf why = {0};
	file_of(path, w, "ek-roots", "");
	file_of(good, w, "ek-roots", ".good");
	assert_int_equal(rename(path, good), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(start(w, &why), CAIRN_OK);
	break_at("OPENSSL_sk_new_null", 0, CAIRN_OK);
	assert_int_equal(start(w, &why), CAIRN_E_NOMEM);
	broken.name = NULL;
	assert_int_equal(remove(path), 0);
	assert_int_equal(rename(good, path), 0);
}

/* Wherever memory runs out: there is no server with less than it has stored. */
static void starting_without_memory(void **state)
{
	static const char *const names[] = {"malloc", "realloc"};
	struct verifier_world *w = *state;
	for (size_t i = 0; i < 2; i++) {
		bool failed = true;
		for (unsigned at = 0; failed; at++) {
			cairn_auto_buf struct cairn_buf why = {0};
			cairn_verifier_free(w->v);
			w->v = NULL;
			break_at(names[i], at, CAIRN_OK);
			enum cairn_status st = start(w, &why);
			broken.name = NULL;
			failed = broken.calls > at;
			if (st == CAIRN_OK)
				assert_int_equal(w->v->manifest_count, 2);
		}
		assert_non_null(w->v);
	}
}

/* What cannot be read is left out; the rest counts. */
static void what_is_signed_by_nobody(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_verifier_free(w->v);
	w->v = NULL;
	break_at("cairn_manifest_load", 0, CAIRN_E_UNTRUSTED);
	assert_int_equal(start(w, &why), CAIRN_OK);
	assert_int_equal(w->v->manifest_count, 1);
	broken.name = NULL;
	assert_int_equal(start(w, &why), CAIRN_OK);
	assert_int_equal(w->v->manifest_count, 2);
	assert_int_equal(w->v->release_set.serial, 3);
}

/* ---- learning ---- */

static void read_service(struct verifier_world *w, struct cairn_manifest *m)
{
	assert_int_equal(cairn_manifest_load(m, cairn_buf_span(&w->sim.service), w->v->signers), CAIRN_OK);
}

static void nothing_is_learnt_twice(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_manifest struct cairn_manifest m = {0};
	read_service(w, &m);
	assert_int_equal(cairn_verifier_learn(w->v, &m), CAIRN_OK);
	assert_int_equal(w->v->manifest_count, 2);
}

static void learning_and_faults(void **state)
{
	static const char *const names[] = {"realloc", "malloc"};
	struct verifier_world *w = *state;
	cairn_auto_manifest struct cairn_manifest m = {0};
	read_service(w, &m);
	m.sha256.bytes[0] ^= 1; /* another one */
	for (size_t i = 0; i < 2; i++) {
		break_at(names[i], 0, CAIRN_OK);
		enum cairn_status st = cairn_verifier_learn(w->v, &m);
		broken.name = NULL;
		assert_int_equal(st, CAIRN_E_NOMEM);
		assert_int_equal(w->v->manifest_count, 2);
		assert_non_null(m.name); /* it stays the caller's */
	}
	struct cairn_manifest **list = w->v->manifest, **full = calloc(CAIRN_MANIFESTS_MAX + 1, sizeof *full);
	assert_non_null(full);
	for (size_t i = 0; i < CAIRN_MANIFESTS_MAX; i++)
		full[i] = list[0];
	w->v->manifest = full;
	w->v->manifest_count = CAIRN_MANIFESTS_MAX;
	enum cairn_status st = cairn_verifier_learn(w->v, &m);
	w->v->manifest = list;
	w->v->manifest_count = 2;
	free(full);
	assert_int_equal(st, CAIRN_E_LIMIT);
}

static void a_set_with_too_many_keys(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_release_set s = {.serial = 4};
	break_at("cairn_release_set_signers", 0, CAIRN_E_LIMIT);
	enum cairn_status st = cairn_verifier_learn_set(w->v, &s);
	broken.name = NULL;
	assert_int_equal(st, CAIRN_E_LIMIT);
	assert_int_equal(w->v->release_set.serial, 3);
	assert_int_equal(w->v->manifest_count, 2);
}

/* A database that does not tell its manifests any more: whoever asked for it hears that. */
static void a_set_and_no_manifests(void **state)
{
	struct verifier_world *w = *state;
	struct cairn_release_set s = {.serial = 4};
	break_at("cairn_store_manifest_each", 0, CAIRN_E_IO);
	enum cairn_status st = cairn_verifier_learn_set(w->v, &s);
	broken.name = NULL;
	assert_int_equal(st, CAIRN_E_IO);
	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(w->v->release_set.serial, 3);
	assert_int_equal(w->v->manifest_count, 2);
}

/* ---- the audit log ---- */

static void too_many_refusals_are_counted(void **state)
{
	struct verifier_world *w = *state;
	int before = verifier_count(w, "audit");
	verifier_call_raw(w, "POST", "/v1/evidence", cairn_span_str("{}"));
	assert_int_equal(verifier_count(w, "audit WHERE event='evidence-rejected'"), 1);
	uint64_t counted = w->v->count[COUNT_UNAUDITED];
	w->v->bucket_ms = cairn_now_ms() + 99999;
	verifier_call_raw(w, "POST", "/v1/evidence", cairn_span_str("{}"));
	verifier_expect_error(w, 400, "malformed");
	assert_int_equal(verifier_count(w, "audit"), before + 1);
	assert_int_equal(w->v->count[COUNT_UNAUDITED], counted + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(each_file),
	    cmocka_unit_test(the_nonce_key_is_the_file),
	    cmocka_unit_test(starting_and_faults),
	    cmocka_unit_test(no_room_for_no_roots),
	    cmocka_unit_test(starting_without_memory),
	    cmocka_unit_test(what_is_signed_by_nobody),
	    cmocka_unit_test(nothing_is_learnt_twice),
	    cmocka_unit_test(learning_and_faults),
	    cmocka_unit_test(a_set_with_too_many_keys),
	    cmocka_unit_test(a_set_and_no_manifests),
	    cmocka_unit_test(too_many_refusals_are_counted),
	};
	return cmocka_run_group_tests(tests, verifier_setup, verifier_teardown);
}
