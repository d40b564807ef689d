/* Faults of the system while files are read and written, those of keys among them. */
#include <stdio.h>

#include "faulttasks.h"
#include "keyset_fixture.h"

#include "cairn/jwk.h"

static struct keyset set;

static char path[64];

static enum cairn_status file(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_file_write(path, cairn_span_str("content"), 0640);
	if (!st)
		st = cairn_file_read(&b, path, 100);
	say(said, cairn_span(b.ptr, b.len));
	return st;
}

/* A write that fails leaves what was there, or, where only the directory could not be synced, what was written. */
static void half_files(void)
{
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf b = {0};
		assert_int_equal(cairn_file_write(path, cairn_span_str("old"), 0600), CAIRN_OK);
		faults.calls = 0;
		faults.on = true;
		enum cairn_status st = cairn_file_write(path, cairn_span_str("new content"), 0600);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
		assert_int_not_equal(st, CAIRN_OK);
		assert_int_equal(cairn_file_read(&b, path, 100), CAIRN_OK);
		bool whole =
		    strcmp(cairn_buf_str(&b), "old") == 0 || strcmp(cairn_buf_str(&b), "new content") == 0;
		assert_true(whole);
	}
}

/* The task while the call number faults.at fails: false when it makes fewer. */
static bool failing(task_fn *task, enum cairn_status *st)
{
	cairn_auto_buf struct cairn_buf said = {0};
	faults.calls = 0;
	faults.name = "";
	faults.on = true;
	*st = task(&said);
	faults.on = false;
	return faults.calls > faults.at;
}

/* Each call that fails with this error is told by this status, but for those that an interruption only delays. */
static void each_error(int error, enum cairn_status told)
{
	enum cairn_status st;
	faults.error = error;
	for (faults.at = 0; failing(file, &st); faults.at++) {
		bool delayed =
		    error == EINTR && (strcmp(faults.name, "read") == 0 || strcmp(faults.name, "write") == 0);
		enum cairn_status want = delayed ? CAIRN_OK : told;
		if (strcmp(faults.name, "malloc") == 0)
			want = CAIRN_E_NOMEM;
		assert_int_equal(st, want);
	}
	faults.error = EIO;
}

static void test_files(void **state)
{
	char dir[] = "/tmp/cairn-faults-XXXXXX";
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/file", dir);
	each_fault(file, CAIRN_OK, STRICT);
	half_files();
	each_error(EIO, CAIRN_E_IO);
	each_error(EINTR, CAIRN_E_IO);
	each_error(ENOSPC, CAIRN_E_NOSPACE);
	each_error(EDQUOT, CAIRN_E_NOSPACE);
	each_error(ENOMEM, CAIRN_E_NOMEM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* no half of a file is left */
}

/* A private key's file: written, read back, read as public; a set of keys. */
static enum cairn_status key_files(struct cairn_buf *said)
{
	cairn_auto_key struct cairn_key *k = NULL, *public = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	(void)unlink(path);
	enum cairn_status st = cairn_key_save_private(path, set.key[0], &why);
	if (!st)
		st = cairn_key_load_private(&k, path, &why);
	if (!st)
		st = cairn_key_load_public(&public, path, &why);
	if (!st)
		say(said, cairn_span_str(cairn_key_kid(public)));
	return st;
}

static enum cairn_status public_files(struct cairn_buf *said)
{
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	char jwks[80];
	(void)snprintf(jwks, sizeof jwks, "%s.set", path);
	enum cairn_status st = cairn_key_save_public(path, set.key[2]);
	if (!st)
		st = cairn_key_load_public(&k, path, &why);
	if (!st)
		st = cairn_jwks_load(&keys, jwks, &why);
	if (!st)
		say(said, cairn_span_str(cairn_key_kid(cairn_jwks_at(keys, 0))));
	return st;
}

static void write_set(void)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	char jwks[80];
	(void)snprintf(jwks, sizeof jwks, "%s.set", path);
	assert_int_equal(cairn_jwks_json(&v, set.keys), CAIRN_OK);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	assert_int_equal(cairn_file_write(jwks, cairn_buf_span(&b), 0644), CAIRN_OK);
}

/* Interrupted reads and writes are gone on with, and other errors of the system are told. */
static void each_key_error(task_fn *task, int error)
{
	enum cairn_status st;
	faults.error = error;
	for (faults.at = 0; failing(task, &st); faults.at++) {
		bool rw = strcmp(faults.name, "read") == 0 || strcmp(faults.name, "write") == 0;
		if (rw && error == EINTR)
			assert_int_equal(st, CAIRN_OK);
		else if (rw || strcmp(faults.name, "fsync") == 0 || strcmp(faults.name, "fstat") == 0 ||
			 strcmp(faults.name, "open") == 0)
			assert_int_equal(st, CAIRN_E_IO);
	}
	faults.error = EIO;
}

static enum cairn_status load_own(void)
{
	cairn_auto_key struct cairn_key *k = NULL;
	return cairn_key_load_private(&k, path, NULL);
}

static void test_key_files(void **state)
{
	char dir[] = "/tmp/cairn-faults-XXXXXX", jwks[80];
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/key", dir);
	(void)snprintf(jwks, sizeof jwks, "%s.set", path);
	write_set();
	each_fault(key_files, CAIRN_OK, STRICT);
	each_key_error(key_files, EINTR);
	each_key_error(key_files, EIO);
	faults.owner = geteuid() + 1; /* somebody else's private key */
	assert_int_equal(load_own(), CAIRN_E_DENIED);
	faults.owner = 0;
	assert_int_equal(load_own(), CAIRN_OK);
	assert_int_equal(unlink(path), 0);
	each_fault(public_files, CAIRN_OK, STRICT);
	each_key_error(public_files, EINTR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(jwks), 0);
	assert_int_equal(rmdir(dir), 0);
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	keyset_init(&set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keyset_fini(&set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_key_files),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
