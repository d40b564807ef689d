/* Nothing is decided that could not be decided: in each of these tasks, each allocation and each call into OpenSSL fails
 * once. The task then says so, or what it says is what it says without the fault; it is never satisfied with less. */
#include <stdio.h>

#include "manifests.h"
#include "data_fixture.h"
#include "faults.h"
#include "sim_fixture.h"

#include "cairn/approval.h"
#include "cairn/cel.h"
#include "cairn/config.h"
#include "cairn/credential.h"
#include "cairn/policy.h"
#include "cairn/sealed.h"
#include "core/appraise_part.h"

static struct {
	struct cairn_key *key[3];
	struct cairn_jwks *keys;
	struct cairn_buf service, platform, approval, sealed, launch_log, ek, ak, judge_service,
	    judge_platform, cel;
	struct cairn_buf jwk[3], broken;
} in;

typedef enum cairn_status task_fn(struct cairn_buf *said);

/* What a task says is taken down without a fault. */
static void say(struct cairn_buf *said, struct cairn_span s)
{
	bool on = faults.on;
	faults.on = false;
	cairn_buf_add(said, s);
	cairn_buf_add_u8(said, '|');
	faults.on = on;
}

static void say_json(struct cairn_buf *said, const json_t *v)
{
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_json_dump(said, v), CAIRN_OK);
	faults.on = on;
}

/* How a task may take a fault. */
enum mood {
	CALM,	 /* as above */
	STRICT,	 /* its words differ each time, so that it may not get by at all */
	NO_BLAME /* it may not say that the input was bad */
};

static bool of_memory(const char *name)
{
	return strcmp(name, "malloc") == 0 || strcmp(name, "calloc") == 0 || strcmp(name, "realloc") == 0 ||
	       strncmp(name, "str", 3) == 0 || strncmp(name, "json_", 5) == 0;
}

static bool blames(enum cairn_status st)
{
	return st != CAIRN_E_NOMEM && st != CAIRN_E_CRYPTO && st != CAIRN_E_INTERNAL;
}

static void each_fault(task_fn *task, enum cairn_status want, enum mood mood)
{
	cairn_auto_buf struct cairn_buf calm = {0};
	assert_int_equal(task(&calm), want);
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf said = {0};
		faults.calls = 0;
		faults.on = true;
		enum cairn_status st = task(&said);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
		if (st == CAIRN_OK &&
		    (mood == STRICT || !cairn_span_equal(cairn_buf_span(&said), cairn_buf_span(&calm))))
			fail_msg("call %lu, %s, fails, and the task says: %s", faults.at, faults.name,
				 cairn_buf_str(&said));
		if (want != CAIRN_OK)
			assert_int_not_equal(st, CAIRN_OK);
		if ((mood == NO_BLAME || of_memory(faults.name)) && st && st != want && blames(st))
			fail_msg("call %lu, %s, fails, and the input is blamed: %s", faults.at, faults.name,
				 cairn_status_name(st));
	}
	assert_true(faults.at > 0);
}

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

static void test_digests(void **state)
{
	(void)state;
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

/* ---- files ---- */

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

/* Each call that fails with this error is told by this status, but for those that an interruption only delays. */
static void each_error(int error, enum cairn_status told)
{
	faults.error = error;
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf said = {0};
		faults.calls = 0;
		faults.name = "";
		faults.on = true;
		enum cairn_status st = file(&said);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
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
	enum cairn_status st = cairn_key_save_private(path, in.key[0], &why);
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
	char set[80];
	(void)snprintf(set, sizeof set, "%s.set", path);
	enum cairn_status st = cairn_key_save_public(path, in.key[2]);
	if (!st)
		st = cairn_key_load_public(&k, path, &why);
	if (!st)
		st = cairn_jwks_load(&keys, set, &why);
	if (!st)
		say(said, cairn_span_str(cairn_key_kid(cairn_jwks_at(keys, 0))));
	return st;
}

static void write_set(void)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	char set[80];
	(void)snprintf(set, sizeof set, "%s.set", path);
	assert_int_equal(cairn_jwks_json(&v, in.keys), CAIRN_OK);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	assert_int_equal(cairn_file_write(set, cairn_buf_span(&b), 0644), CAIRN_OK);
}

/* Interrupted reads and writes are gone on with, and other errors of the system are told. */
static void each_key_error(task_fn *task, int error)
{
	faults.error = error;
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf said = {0};
		faults.calls = 0;
		faults.name = "";
		faults.on = true;
		enum cairn_status st = task(&said);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
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
	char dir[] = "/tmp/cairn-faults-XXXXXX", set[80];
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/key", dir);
	(void)snprintf(set, sizeof set, "%s.set", path);
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
	assert_int_equal(unlink(set), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- keys, signatures ---- */

static enum cairn_status read_key(struct cairn_buf *said, size_t i)
{
	cairn_auto_json json_t *v = NULL, *again = NULL;
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = cairn_json_parse(&v, cairn_buf_span(&in.jwk[i]));
	if (!st)
		st = cairn_key_from_jwk(&k, v);
	if (!st)
		st = cairn_key_jwk(&again, k, true);
	if (!st)
		say_json(said, again);
	return st;
}

static enum cairn_status key_es256(struct cairn_buf *said)
{
	return read_key(said, 0);
}

static enum cairn_status key_es384(struct cairn_buf *said)
{
	return read_key(said, 1);
}

static enum cairn_status key_eddsa(struct cairn_buf *said)
{
	return read_key(said, 2);
}

static enum cairn_status key_set(struct cairn_buf *said)
{
	cairn_auto_json json_t *v = NULL, *again = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	enum cairn_status st = cairn_jwks_json(&v, in.keys);
	if (!st)
		st = cairn_jwks_from_json(&keys, v);
	if (!st)
		st = cairn_jwks_json(&again, keys);
	if (!st)
		say_json(said, again);
	return st;
}

static enum cairn_status sign(struct cairn_buf *said, size_t i)
{
	cairn_auto_buf struct cairn_buf jws = {0}, payload = {0};
	const struct cairn_key *signer = NULL;
	enum cairn_status st = cairn_jws_sign(&jws, in.key[i], "t", cairn_span_str("payload"));
	if (!st)
		st = cairn_jws_verify(&payload, &signer, cairn_buf_span(&jws), "t", in.keys);
	say(said, cairn_span(payload.ptr, payload.len));
	return st;
}

static enum cairn_status sign_es256(struct cairn_buf *said)
{
	return sign(said, 0);
}

static enum cairn_status sign_eddsa(struct cairn_buf *said)
{
	return sign(said, 2);
}

static enum cairn_status generate(struct cairn_buf *said)
{
	struct cairn_key *k = NULL;
	enum cairn_status st = cairn_key_generate(&k, CAIRN_SIG_ES256);
	cairn_key_free(k);
	(void)said;
	return st;
}

static void test_keys(void **state)
{
	(void)state;
	each_fault(key_es256, CAIRN_OK, CALM);
	each_fault(key_es384, CAIRN_OK, CALM);
	each_fault(key_eddsa, CAIRN_OK, CALM);
	each_fault(key_set, CAIRN_OK, CALM);
	each_fault(sign_es256, CAIRN_OK, CALM);
	each_fault(sign_eddsa, CAIRN_OK, CALM);
	each_fault(generate, CAIRN_OK, STRICT);
}

static enum cairn_status tpm_keys(struct cairn_buf *said)
{
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	struct cairn_p256 point;
	struct cairn_name name;
	enum cairn_status st = cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek));
	if (!st)
		st = cairn_akpub_parse(&ak, cairn_buf_span(&in.ak));
	if (!st)
		st = cairn_key_p256_point(point.xy, in.key[0]);
	if (!st)
		st = cairn_release_key_name(&name, &point);
	if (st)
		return st;
	say(said, cairn_digest_span(&ek.host_id));
	say(said, cairn_name_span(&ak.name));
	say(said, cairn_name_span(&name));
	return CAIRN_OK;
}

static enum cairn_status credential(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf id = {0}, secret = {0};
	struct cairn_ekpub ek = {0};
	struct cairn_name ak = {{0, 11}};
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek)), CAIRN_OK);
	faults.on = on;
	(void)said;
	return cairn_credential_make(&id, &secret, &ek, &ak, cairn_span_str("0123456789abcdef"));
}

/* What is no credential is none that TPM2_MakeCredential would take. */
static void test_credential_sizes(void **state)
{
	static const uint8_t credential[CAIRN_CREDENTIAL_MAX + 1];
	cairn_auto_buf struct cairn_buf id = {0}, secret = {0};
	struct cairn_ekpub ek = {0};
	struct cairn_name ak = {{0, 11}};
	(void)state;
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek)), CAIRN_OK);
	for (size_t len = 0; len <= sizeof credential; len++)
		assert_int_equal(cairn_credential_make(&id, &secret, &ek, &ak, cairn_span(credential, len)),
				 len == 0 || len > CAIRN_CREDENTIAL_MAX ? CAIRN_E_USAGE : CAIRN_OK);
}

static void test_tpm_keys(void **state)
{
	(void)state;
	each_fault(tpm_keys, CAIRN_OK, CALM);
	each_fault(credential, CAIRN_OK, STRICT);
}

/* ---- documents ---- */

static enum cairn_status load_manifest(struct cairn_buf *said, const struct cairn_buf *jws)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	cairn_auto_buf struct cairn_buf again = {0};
	enum cairn_status st = cairn_manifest_load(&m, cairn_buf_span(jws), in.keys);
	if (!st)
		st = cairn_manifest_build(&again, &m);
	if (!st)
		say(said, cairn_buf_span(&again));
	return st;
}

static enum cairn_status service(struct cairn_buf *said)
{
	return load_manifest(said, &in.service);
}

static enum cairn_status platform(struct cairn_buf *said)
{
	return load_manifest(said, &in.platform);
}

static enum cairn_status broken(struct cairn_buf *said)
{
	return load_manifest(said, &in.broken);
}

static enum cairn_status predict(struct cairn_buf *said)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	struct cairn_pcrs p;
	enum cairn_status st = cairn_manifest_load(&m, cairn_buf_span(&in.platform), in.keys);
	if (!st)
		st = cairn_manifest_predict(&p, &m);
	if (!st)
		say(said, cairn_digest_span(&p.bank[0].pcr[11]));
	return st;
}

static enum cairn_status sign_manifest(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_SERVICE};
	bool on = faults.on;
	faults.on = false;
	m = sample_service();
	faults.on = on;
	enum cairn_status st = cairn_manifest_sign(&jws, &m, in.key[2]);
	say(said, cairn_span(jws.ptr, jws.len));
	return st;
}

static void test_manifests(void **state)
{
	(void)state;
	each_fault(service, CAIRN_OK, CALM);
	each_fault(platform, CAIRN_OK, CALM);
	each_fault(broken, CAIRN_E_SIGNATURE, CALM);
	each_fault(predict, CAIRN_OK, CALM);
	each_fault(sign_manifest, CAIRN_OK, CALM);
}

static enum cairn_status approval_json(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_json json_t *v = NULL;
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&in.approval), NULL), CAIRN_OK);
	faults.on = on;
	enum cairn_status st = cairn_approval_json(&v, &a);
	if (!st)
		say_json(said, v);
	return st;
}

static enum cairn_status approve(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_buf struct cairn_buf again = {0}, why = {0};
	enum cairn_status st = cairn_approval_parse(&a, cairn_buf_span(&in.approval), &why);
	if (!st)
		st = cairn_approval_dump(&again, &a);
	say(said, cairn_span(again.ptr, again.len));
	return st;
}

static enum cairn_status approve_anew(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0}, b = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&in.approval), &why), CAIRN_OK);
	faults.on = on;
	enum cairn_status st = cairn_approval_make(&b, "disk", 1, &a.values, a.mask, in.key[0], &why);
	if (!st)
		say(said, cairn_digest_span(&b.policy));
	return st;
}

static enum cairn_status sealed(struct cairn_buf *said)
{
	cairn_auto_sealed struct cairn_sealed s = {0};
	cairn_auto_json json_t *v = NULL, *again = NULL;
	enum cairn_status st = cairn_json_parse(&v, cairn_buf_span(&in.sealed));
	if (!st)
		st = cairn_sealed_read(&s, v);
	if (!st)
		st = cairn_sealed_write(&again, &s);
	if (!st)
		say_json(said, again);
	return st;
}

static void test_secrets(void **state)
{
	(void)state;
	each_fault(approval_json, CAIRN_OK, CALM);
	each_fault(approve, CAIRN_OK, CALM);
	each_fault(approve_anew, CAIRN_OK, STRICT);
	each_fault(sealed, CAIRN_OK, CALM);
}

/* ---- canonical event logs ---- */

static enum cairn_status cel_json(struct cairn_buf *said)
{
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;
	enum cairn_status st = cairn_cel_open(&log, cairn_buf_span(&in.cel));
	if (st == CAIRN_OK)
		st = cairn_cel_replay(&r, &log, NULL);
	if (st == CAIRN_OK)
		say(said, cairn_span(&r, sizeof r));
	return st;
}

static void test_canonical_logs(void **state)
{
	(void)state;
	data_load(&in.cel, "cel/systemd.log");
	each_fault(cel_json, CAIRN_OK, CALM);
	in.cel.len = 0;
	data_load(&in.cel, "cel/spec.json");
	each_fault(cel_json, CAIRN_OK, CALM);
	in.cel.len = 0; /* data that is longer than any digest */
	cairn_buf_add_fmt(&in.cel,
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
	enum cairn_status st = cairn_log_replay(&s, cairn_buf_span(&in.launch_log), &pcrs);
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
	each_fault(log_lines, CAIRN_OK, CALM);
	each_fault(boot_record, CAIRN_OK, CALM);
	each_fault(violation, CAIRN_OK, CALM);
	each_fault(refusal, CAIRN_OK, CALM);
}

/* ---- judging ---- */

static void say_parts(struct cairn_buf *said, const struct cairn_parts *p)
{
	const struct cairn_part *part[] = {&p->firmware, &p->boot, &p->xen, &p->dom0};
	bool on = faults.on;
	faults.on = false;
	for (size_t i = 0; i < 4; i++) {
		/* A reason may lose its words where there is no room for them, but neither its code nor its weight. */
		cairn_buf_add_fmt(said, "%d%d", part[i]->tier, part[i]->unmeasured);
		for (size_t k = 0; k < part[i]->reasons.count; k++)
			cairn_buf_add_str(said, part[i]->reasons.item[k].code);
	}
	cairn_buf_add_fmt(said, "%d", p->contraindicated);
	faults.on = on;
}

static enum cairn_status judge(struct cairn_buf *said, const struct cairn_buf *input)
{
	struct cairn_cur c = cairn_cur(cairn_buf_span(input));
	struct cairn_span boot = cairn_cur_bytes(&c, cairn_cur_u32be(&c)),
			  launch = cairn_cur_bytes(&c, cairn_cur_u32be(&c));
	cairn_auto_manifest struct cairn_manifest m = {0};
	const struct cairn_manifest *list[] = {&m};
	struct cairn_appraisal a = {.launch_log = launch, .manifest = list, .manifest_count = 1, .now = 1500};
	struct cairn_launch_facts f = {0};
	struct cairn_parts p = {.domains = json_object()};
	struct cairn_eventlog log;
	enum cairn_status st = p.domains ? cairn_manifest_parse(&m, cairn_cur_rest(&c)) : CAIRN_E_NOMEM;
	bool has_log = cairn_eventlog_open(&log, boot) == CAIRN_OK;
	if (!st)
		st = cairn_launch_facts_read(&f, &a);
	if (!st)
		st = cairn_appraise_boot(&p, &a, has_log ? &log : NULL, f.host);
	if (!st)
		st = cairn_appraise_launches(&p, &a, &f);
	if (!st)
		say_parts(said, &p);
	struct cairn_part *parts[] = {&p.firmware, &p.boot, &p.xen, &p.dom0};
	for (size_t i = 0; i < 4; i++)
		cairn_reasons_fini(&parts[i]->reasons);
	json_decref(p.domains);
	cairn_launch_facts_fini(&f);
	return st;
}

static enum cairn_status judge_service(struct cairn_buf *said)
{
	return judge(said, &in.judge_service);
}

static enum cairn_status judge_platform(struct cairn_buf *said)
{
	return judge(said, &in.judge_platform);
}

/* A whole appraisal, by what a reader decides on: the state, and the code of each reason. */
static struct sim sim;
static struct cairn_quote *quote;

static void say_verdict(struct cairn_buf *said, const struct cairn_verdict *v)
{
	bool on = faults.on;
	const char *name;
	json_t *sub, *r;
	size_t i;
	faults.on = false;
	cairn_buf_add_str(said, cairn_state_name(v->state));
	json_object_foreach(v->submods, name, sub)
	{
		cairn_buf_add_fmt(said, ";%s %s %d", name,
				  json_string_value(json_object_get(sub, "ear.status")),
				  json_is_true(json_object_get(sub, "cairn.running")));
		json_array_foreach(json_object_get(sub, "cairn.reasons"), i, r)
		    cairn_buf_add_fmt(said, "%s/%s", json_string_value(json_object_get(r, "code")),
				      json_string_value(json_object_get(r, "manifest")));
	}
	faults.on = on;
}

static enum cairn_status appraise(struct cairn_buf *said)
{
	const struct cairn_manifest *list[] = {&sim.loaded[0], &sim.loaded[1]};
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_appraisal a = {.quote = quote,
				    .boot_log = cairn_buf_span(&sim.boot_log),
				    .launch_log = cairn_buf_span(&sim.launch_log),
				    .manifest = list,
				    .manifest_count = 2,
				    .now = SIM_NOW};
	memcpy(a.boot_id, sim.boot_id, sizeof a.boot_id);
	enum cairn_status st = cairn_appraise(&v, &a);
	if (!st)
		say_verdict(said, &v);
	return st;
}

static void record(struct cairn_buf *b)
{
	sim_record(&sim, cairn_buf_span(b));
	cairn_buf_fini(b);
}

/* A host of which there is much to say. */
static void busy_host(void)
{
	struct cairn_buf b = {0};
	struct cairn_launch l = sim_launch(&sim);
	struct cairn_exit_record x = {.launch = 2, .name = "netdrv", .reason = "crashed"};
	cairn_auto_reasons struct cairn_reasons r = {0};
	sim_record_launch(&sim, &l);
	sim_record_launch(&sim, &l);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	record(&b);
	l.memory_mib++; /* runs still, behind the good one after it */
	sim_record_launch(&sim, &l);
	l.memory_mib--;
	sim_record_launch(&sim, &l);
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = 0;
	x.launch = sim.recnum;
	x.name = "guest";
	sim_record_launch(&sim, &l);
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	record(&b);
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_refusal(&b, "other", &r), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_unrecorded(&b, 4, ""), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_violation(&b, "live patch"), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_foreign(&b, 12, &sim.host.xen), CAIRN_OK);
	record(&b);
	assert_int_equal(cairn_record_phase(&b, "00ff"), CAIRN_OK);
	record(&b);
}

static void test_verdicts(void **state)
{
	(void)state;
	sim_init(&sim);
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	busy_host();
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	sim_fini(&sim);
}

/* A host with a firmware that failed, and another agent: nothing of it gets lost. */
static void test_bad_boot(void **state)
{
	struct cairn_eventlog log;
	struct cairn_event ev;
	(void)state;
	sim_init(&sim);
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&sim.boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.type == CAIRN_EV_SEPARATOR && ev.pcr == 7)
			sim.boot_log.ptr[ev.data.ptr - sim.boot_log.ptr] ^= 1;
	sim.host.agent.bytes[0] ^= 1;
	sim_restart(&sim);
	quote = sim_quote(&sim);
	each_fault(appraise, CAIRN_OK, CALM);
	cairn_quote_free(quote);
	sim_fini(&sim);
}

static void test_judging(void **state)
{
	(void)state;
	each_fault(judge_service, CAIRN_OK, CALM);
	each_fault(judge_platform, CAIRN_OK, CALM);
}

/* ---- */

static void make_keys(void)
{
	assert_int_equal(cairn_jwks_new(&in.keys), CAIRN_OK);
	for (int i = 0; i < 3; i++) {
		cairn_auto_json json_t *v = NULL;
		assert_int_equal(cairn_key_generate(&in.key[i], (enum cairn_sigalg)i), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(in.keys, in.key[i]), CAIRN_OK);
		assert_int_equal(cairn_key_jwk(&v, in.key[i], true), CAIRN_OK);
		assert_int_equal(cairn_json_dump(&in.jwk[i], v), CAIRN_OK);
	}
}

static void make_manifests(void)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest p = sample_platform();
	assert_int_equal(cairn_manifest_sign(&in.service, &m, in.key[2]), CAIRN_OK);
	assert_int_equal(cairn_manifest_sign(&in.platform, &p, in.key[1]), CAIRN_OK);
	assert_int_equal(cairn_manifest_sign(&in.broken, &m, in.key[1]), CAIRN_OK);
	uint8_t *sig = in.broken.ptr + in.broken.len - 20;
	*sig = *sig == 'A' ? 'B' : 'A';
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	make_keys();
	make_manifests();
	data_load(&in.approval, "approval/edge.json");
	data_load(&in.sealed, "sealed/disk.json");
	data_load(&in.launch_log, "launchlog/all-types.log");
	data_load(&in.ek, "ekpub/ek.bin");
	data_load(&in.ak, "ekpub/ak.bin");
	data_load(&in.judge_service, "fuzz-appraise/service.bin");
	data_load(&in.judge_platform, "fuzz-appraise/platform.bin");
	return 0;
}

static int teardown(void **state)
{
	struct cairn_buf *all[] = {
	    &in.service, &in.platform, &in.broken,	  &in.approval,	      &in.sealed, &in.launch_log,
	    &in.ek,	 &in.ak,       &in.judge_service, &in.judge_platform, &in.jwk[0], &in.jwk[1],
	    &in.jwk[2],	 &in.cel};
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		cairn_buf_fini(all[i]);
	for (size_t i = 0; i < 3; i++)
		cairn_key_free(in.key[i]);
	cairn_jwks_free(in.keys);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_key_files),
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_tpm_keys),
	    cmocka_unit_test(test_credential_sizes),
	    cmocka_unit_test(test_manifests),
	    cmocka_unit_test(test_secrets),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_judging),
	    cmocka_unit_test(test_canonical_logs),
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_bad_boot),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
