/* The server's state: read from its files at the start, with their modes checked. */
#include "attest/verifier.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "attest/log.h"

uint64_t cairn_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

const char *cairn_verifier_kid(const struct cairn_verifier *v)
{
	return cairn_key_kid(v->token_key);
}

enum cairn_status cairn_audit(struct cairn_verifier *v, const char *event, const char *subject,
			      const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cairn_log("%s %s: %s", event, subject, text);
	return cairn_store_audit(v->store, cairn_now_ms(), event, subject, text);
}

/* Ten a second, and a thousand at once: each refusal moves bucket_ms on by 100 ms, from now or from where it
 * is, and while it is 100 s ahead of the clock nothing is written. */
#define REFUSAL_MS 100u
#define BUCKET_MS  100000u

enum cairn_status cairn_audit_refusal(struct cairn_verifier *v, const char *event, const char *subject,
				      const char *fmt, ...)
{
	uint64_t now = cairn_now_ms();
	if (v->bucket_ms < now || v->bucket_ms > now + BUCKET_MS)
		v->bucket_ms = now;
	if (v->bucket_ms + REFUSAL_MS > now + BUCKET_MS) {
		v->count[COUNT_UNAUDITED]++;
		return CAIRN_OK;
	}
	v->bucket_ms += REFUSAL_MS;
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return cairn_audit(v, event, subject, "%s", text);
}

/* ---- manifests
 * ---------------------------------------------------------------------------------------------------- */

static bool knows(const struct cairn_verifier *v, const struct cairn_manifest *m)
{
	for (size_t i = 0; i < v->manifest_count; i++)
		if (cairn_digest_equal(&v->manifest[i]->sha256, &m->sha256))
			return true;
	return false;
}

enum cairn_status cairn_verifier_learn(struct cairn_verifier *v, struct cairn_manifest *m)
{
	if (knows(v, m))
		return CAIRN_OK;
	if (v->manifest_count >= CAIRN_MANIFESTS_MAX)
		return CAIRN_E_LIMIT;
	struct cairn_manifest **list = realloc(v->manifest, (v->manifest_count + 1) * sizeof *list);
	if (!list)
		return CAIRN_E_NOMEM;
	v->manifest = list;
	struct cairn_manifest *own = malloc(sizeof *own);
	if (!own)
		return CAIRN_E_NOMEM;
	*own = *m;
	*m = (struct cairn_manifest){0};
	v->manifest[v->manifest_count++] = own;
	return CAIRN_OK;
}

/* What was accepted once must still be signed by somebody who may: taking a key out of the authorities, or of the
 * delegates, withdraws what it signed. */
static enum cairn_status leave_out(const struct cairn_stored_manifest *row, enum cairn_status why)
{
	if (why == CAIRN_E_NOMEM)
		return why;
	cairn_log("%s %s release %llu of %s is left out: %s", row->kind, row->name,
		  (unsigned long long)row->release, row->kid, cairn_status_text(why));
	return CAIRN_OK;
}

static bool is_set(const struct cairn_stored_manifest *row)
{
	return strcmp(row->kind, CAIRN_STORED_RELEASE_SET) == 0;
}

static enum cairn_status learn_stored(void *ctx, const struct cairn_stored_manifest *row)
{
	struct cairn_verifier *v = ctx;
	cairn_auto_manifest struct cairn_manifest m = {0};
	if (is_set(row))
		return CAIRN_OK;
	enum cairn_status st = cairn_manifest_load(&m, row->jws, v->signers);
	return st ? leave_out(row, st) : cairn_verifier_learn(v, &m);
}

static void forget_manifests(struct cairn_verifier *v)
{
	for (size_t i = 0; i < v->manifest_count; i++) {
		cairn_manifest_fini(v->manifest[i]);
		free(v->manifest[i]);
	}
	free(v->manifest);
	v->manifest = NULL;
	v->manifest_count = 0;
}

static void take_set(struct cairn_verifier *v, struct cairn_release_set *s)
{
	cairn_release_set_fini(&v->release_set);
	v->release_set = *s;
	*s = (struct cairn_release_set){0};
}

static enum cairn_status learn_manifests(struct cairn_verifier *v, struct cairn_jwks *signers)
{
	cairn_jwks_free(v->signers);
	v->signers = signers;
	forget_manifests(v);
	return cairn_store_manifest_each(v->store, learn_stored, v);
}

enum cairn_status cairn_verifier_learn_set(struct cairn_verifier *v, struct cairn_release_set *s)
{
	struct cairn_jwks *signers = NULL;
	enum cairn_status st = cairn_release_set_signers(&signers, s, v->authorities);
	if (st)
		return st;
	take_set(v, s);
	return learn_manifests(v, signers);
}

/* The newest that is stored. It was verified before it was stored: where its signer is no authority any more, what it withdraws
 * stays withdrawn. */
static enum cairn_status find_set(void *ctx, const struct cairn_stored_manifest *row)
{
	struct cairn_verifier *v = ctx;
	cairn_auto_release_set struct cairn_release_set s = {0}; /* stays so where it cannot be loaded */
	if (!is_set(row))
		return CAIRN_OK;
	enum cairn_status st = cairn_release_set_load(&s, row->jws, v->authorities);
	if (st == CAIRN_E_UNTRUSTED) {
		cairn_log("release set %llu: its signer %s is no authority any more; what it withdraws stays "
			  "withdrawn",
			  (unsigned long long)row->release, row->kid);
		st = cairn_release_set_reload(&s, row->jws);
		snprintf(s.kid, sizeof s.kid, "%s", row->kid);
	}
	if (s.serial > v->release_set.serial)
		take_set(v, &s);
	return st ? leave_out(row, st) : CAIRN_OK;
}

static enum cairn_status learn_all(struct cairn_verifier *v)
{
	struct cairn_jwks *signers = NULL;
	enum cairn_status st = cairn_store_manifest_each(v->store, find_set, v);
	if (!st)
		st = cairn_release_set_signers(&signers, &v->release_set, v->authorities);
	return st ? st : learn_manifests(v, signers);
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------------
 */

/* A secret that others can read or change is a secret no more: the server does not start with it. */
static enum cairn_status check_private(const char *path, struct cairn_buf *why)
{
	struct stat s;
	if (stat(path, &s) != 0) {
		cairn_buf_add_fmt(why, "%s: cannot be read", path);
		return CAIRN_E_NOTFOUND;
	}
	if (!S_ISREG(s.st_mode) || (s.st_mode & 077)) {
		cairn_buf_add_fmt(
		    why, "%s: must be a file that its owner alone can read and write (chmod 600)", path);
		return CAIRN_E_DENIED;
	}
	return CAIRN_OK;
}

static enum cairn_status load_nonce_key(struct cairn_verifier *v, struct cairn_buf *why)
{
	cairn_auto_secret struct cairn_buf b = {0};
	enum cairn_status st = check_private(v->set.nonce_key, why);
	if (st)
		return st;
	st = cairn_file_read(&b, v->set.nonce_key, CAIRN_NONCE_KEY_SIZE);
	if (!st && b.len != CAIRN_NONCE_KEY_SIZE)
		st = CAIRN_E_MALFORMED;
	if (st) {
		cairn_buf_add_fmt(why, "%s: must be readable and hold %d bytes: %s", v->set.nonce_key,
				  CAIRN_NONCE_KEY_SIZE, cairn_status_text(st));
		return st;
	}
	memcpy(v->nonce_key, b.ptr, b.len);
	return CAIRN_OK;
}

/* Without its lists the server does not start: with none it would enrol nobody, or anything. */
static enum cairn_status load_ek(struct cairn_verifier *v, struct cairn_buf *why)
{
	v->ek_roots = sk_X509_new_null();
	enum cairn_status st =
	    v->ek_roots ? cairn_ekroots_load(v->ek_roots, v->set.ek_roots, why) : CAIRN_E_NOMEM;
	if (!st)
		st = cairn_ekdenied_load(&v->ek_denied, v->set.ek_denied[0] ? v->set.ek_denied : NULL, why);
	return st;
}

static enum cairn_status load_keys(struct cairn_verifier *v, struct cairn_buf *why)
{
	enum cairn_status st = check_private(v->set.tls_key, why);
	if (!st)
		st = load_nonce_key(v, why);
	if (!st)
		st = cairn_key_load_private(&v->token_key, v->set.token_key, why);
	if (!st && cairn_key_alg(v->token_key) != CAIRN_SIG_ES256) {
		cairn_buf_add_fmt(why, "%s: the token key must be an ES256 key", v->set.token_key);
		st = CAIRN_E_USAGE;
	}
	if (!st)
		st = cairn_jwks_load(&v->authorities, v->set.authorities, why);
	if (!st)
		st = load_ek(v, why);
	return st;
}

static enum cairn_status load_store(struct cairn_verifier *v, struct cairn_buf *why)
{
	enum cairn_status st = check_private(v->set.database, why);
	if (st)
		return st;
	st = cairn_store_open(&v->store, v->set.database, false);
	if (!st)
		st = learn_all(v);
	if (st)
		cairn_buf_add_fmt(why, "%s: the database cannot be used: %s", v->set.database,
				  cairn_status_text(st));
	return st;
}

enum cairn_status cairn_verifier_new(struct cairn_verifier **out, const char *config, struct cairn_buf *why)
{
	struct cairn_verifier *v = calloc(1, sizeof *v);
	if (!v)
		return CAIRN_E_NOMEM;
	enum cairn_status st = cairn_settings_read(&v->set, config, why);
	if (!st)
		st = load_keys(v, why);
	if (!st)
		st = load_store(v, why);
	if (st) {
		cairn_verifier_free(v);
		return st;
	}
	*out = v;
	return CAIRN_OK;
}

void cairn_verifier_free(struct cairn_verifier *v)
{
	if (!v)
		return;
	cairn_store_close(v->store);
	cairn_key_free(v->token_key);
	cairn_ak_key_free(v->ak_key);
	sk_X509_pop_free(v->ek_roots, X509_free);
	cairn_ekdenied_free(v->ek_denied);
	cairn_jwks_free(v->authorities);
	cairn_jwks_free(v->signers);
	forget_manifests(v);
	cairn_release_set_fini(&v->release_set);
	OPENSSL_cleanse(v->nonce_key, sizeof v->nonce_key);
	free(v);
}
