/* `init` and `token add`: keys, a TLS certificate, a configuration, a database, tokens. Nothing is
 * overwritten. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "attest/commands.h"
#include "attest/log.h"
#include "attest/verifier.h"

#define TLS_DAYS 3650L

static const char config_text[] =
    "# Configuration of cairn-verifier. Paths are relative to this file's directory.\n"
    "\n"
    "# Where to listen. Port 0 takes a free one. Use 0.0.0.0:8443 or [::]:8443 to serve other machines.\n"
    "listen = 127.0.0.1:8443\n"
    "tls_cert = tls-cert.pem\n"
    "tls_key = tls-key.pem\n"
    "\n"
    "# Signs results (ES256). Its thumbprint is what hosts bind their evidence to: keep it.\n"
    "token_key = token-key.jwk\n"
    "# Authenticates nonces.\n"
    "nonce_key = nonce.key\n"
    "database = verifier.db\n"
    "\n"
    "# The TPM makers' certificates that EK certificates must chain to: a directory, which may have "
    "directories in it.\n"
    "ek_roots = ek-roots\n"
    "# TPMs and firmware that are known to be broken; without it the list that is built in.\n"
    "# ek_denied = ek-denied.json\n"
    "# JWK Set of the keys whose manifests are believed.\n"
    "authorities = authorities.jwks\n"
    "\n"
    "# Who may enrol: any-ek (every TPM with a good EK certificate), or list (host ids in admission_list, "
    "one a line).\n"
    "admission = any-ek\n"
    "# admission_list = admission.list\n"
    "\n"
    "# Firmware is replayed and reported as such; comparing it with references is not supported yet.\n"
    "firmware = replay\n"
    "# What guests, which no manifest speaks for, count as: none or warning.\n"
    "guests = none\n"
    "\n"
    "# Seconds without accepted evidence after which a host is stale.\n"
    "stale_after_s = 300\n"
    "# Seconds that a nonce, and a pending enrolment, are good for.\n"
    "nonce_lifetime_s = 600\n"
    "session_lifetime_s = 120\n"
    "\n"
    "# KiB by which a host's launch log grows until it is kept here, and the host is told that it may drop "
    "bodies. 0: never.\n"
    "receipt_kib = 256\n"
    "\n"
    "# A connection that takes longer to its next complete request is cut off.\n"
    "idle_timeout_s = 30\n"
    "connections_max = 1000\n";

struct init {
	const char *dir;
	char path[PATH_MAX];
	enum cairn_status st; /* the first failure stays */
};

static const char *in_dir(struct init *i, const char *name)
{
	int n = snprintf(i->path, sizeof i->path, "%s/%s", i->dir, name);
	if (!i->st && (n < 0 || n >= (int)sizeof i->path))
		i->st = CAIRN_E_LIMIT;
	return i->path;
}

static void write_file(struct init *i, const char *name, struct cairn_span content, unsigned mode)
{
	const char *path = in_dir(i, name);
	if (!i->st)
		i->st = cairn_file_write(path, content, mode);
	if (i->st)
		cairn_log("cannot write %s: %s", path, cairn_status_text(i->st));
}

/* ---- TLS
 * ----------------------------------------------------------------------------------------------------------
 */

static bool is_address(const char *name)
{
	uint8_t a[16];
	return inet_pton(AF_INET, name, a) == 1 || inet_pton(AF_INET6, name, a) == 1;
}

/* A name goes into a textual description of the extension, so it must not look like more than a name. */
static bool name_ok(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len <= 253 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:*") == len &&
	       (is_address(name) || !strchr(name, ':'));
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool fill_certificate(X509 *cert, EVP_PKEY *key, const char *const *names, size_t count)
{
	cairn_auto_buf struct cairn_buf san = {0};
	for (size_t i = 0; i < count; i++)
		cairn_buf_add_fmt(&san, "%s%s:%s", i ? "," : "", is_address(names[i]) ? "IP" : "DNS",
				  names[i]);
	uint64_t serial = 0;
	X509_NAME *name = X509_get_subject_name(cert);
	return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
	       X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), TLS_DAYS * 86400) &&
	       X509_set_pubkey(cert, key) == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"cairn-verifier",
					  -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1 &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	       add_extension(cert, NID_subject_key_identifier, "hash") && cairn_buf_str(&san) &&
	       add_extension(cert, NID_subject_alt_name, cairn_buf_str(&san)) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

static void write_bio(struct init *i, const char *name, BIO *bio, unsigned mode)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);
	write_file(i, name, cairn_span(text, (size_t)len), mode);
}

static void make_tls(struct init *i, const char *const *names, size_t count)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_secmem());
	bool ok = key && cert && cert_pem && key_pem && fill_certificate(cert, key, names, count) &&
		  PEM_write_bio_X509(cert_pem, cert) == 1 &&
		  PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (!ok && !i->st)
		i->st = CAIRN_E_CRYPTO;
	if (!i->st)
		write_bio(i, "tls-key.pem", key_pem, 0600);
	if (!i->st)
		write_bio(i, "tls-cert.pem", cert_pem, 0644);
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(cert_pem);
	BIO_free(key_pem);
}

/* ---- keys and tokens
 * ------------------------------------------------------------------------------------------------ */

static void make_keys(struct init *i)
{
	uint8_t nonce[CAIRN_NONCE_KEY_SIZE];
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	if (!i->st)
		i->st = cairn_key_generate(&k, CAIRN_SIG_ES256);
	if (!i->st)
		i->st = cairn_key_save_private(in_dir(i, "token-key.jwk"), k, &why);
	if (!i->st && RAND_bytes(nonce, sizeof nonce) != 1)
		i->st = CAIRN_E_CRYPTO;
	if (!i->st)
		write_file(i, "nonce.key", cairn_span(nonce, sizeof nonce), 0600);
	OPENSSL_cleanse(nonce, sizeof nonce);
}

/* 32 random bytes as text. Only their digest is stored, so this is the one time that the token is seen. */
static enum cairn_status add_token(struct cairn_store *s, enum cairn_role role, const char *name)
{
	uint8_t random[32];
	struct cairn_digest d;
	cairn_auto_secret struct cairn_buf text = {0};
	if (RAND_bytes(random, sizeof random) != 1)
		return CAIRN_E_CRYPTO;
	cairn_b64url_encode(&text, cairn_span(random, sizeof random));
	OPENSSL_cleanse(random, sizeof random);
	enum cairn_status st = cairn_buf_status(&text);
	if (!st)
		st = cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&text));
	if (!st)
		st = cairn_store_token_add(s, d.bytes, role, name);
	if (!st)
		st = cairn_store_audit(s, cairn_now_ms(), "token-added", name, cairn_role_name(role));
	if (!st && printf("%s\n", cairn_buf_str(&text)) < 0)
		st = CAIRN_E_IO;
	return st;
}

static void make_store(struct init *i)
{
	cairn_auto_store struct cairn_store *s = NULL;
	const char *path = in_dir(i, "verifier.db");
	if (!i->st)
		i->st = cairn_store_open(&s, path, true);
	if (!i->st)
		i->st = add_token(s, CAIRN_ROLE_ADMIN, "admin");
}

/* ---- commands
 * ---------------------------------------------------------------------------------------------------------
 */

int cairn_command_init(const char *dir, const char *const *names, size_t count)
{
	static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
	struct init i = {.dir = dir};
	for (size_t n = 0; n < count; n++)
		if (!name_ok(names[n])) {
			cairn_log("'%s' is no host name and no address", names[n]);
			return CAIRN_EXIT_USAGE;
		}
	if (mkdir(dir, 0700) != 0) {
		cairn_log("cannot make %s: %s", dir, errno == EEXIST ? "it exists already" : strerror(errno));
		return errno == EEXIST ? CAIRN_EXIT_USAGE : CAIRN_EXIT_UNDECIDED;
	}
	if (count)
		make_tls(&i, names, count);
	else
		make_tls(&i, local, sizeof local / sizeof *local);
	make_keys(&i);
	if (!i.st && mkdir(in_dir(&i, "ek-roots"), 0700) != 0)
		i.st = CAIRN_E_IO;
	if (!i.st)
		write_file(&i, "authorities.jwks", cairn_span_str("{\"keys\":[]}\n"), 0644);
	if (!i.st)
		write_file(&i, "verifier.conf", cairn_span_str(config_text), 0644);
	make_store(&i);
	if (i.st) {
		cairn_log("%s was not made completely: %s", dir, cairn_status_text(i.st));
		return cairn_status_exit(i.st);
	}
	fprintf(stderr,
		"Made %s. The line on standard output is the administrator's token: it is shown this once.\n"
		"Next: put TPM makers' certificates into %s/ek-roots and manifest keys into "
		"%s/authorities.jwks, then\n"
		"  cairn-verifier serve --config %s/verifier.conf\n",
		dir, dir, dir, dir);
	return CAIRN_EXIT_GOOD;
}

int cairn_command_token_add(const char *config, const char *role, const char *name)
{
	struct cairn_settings *set = calloc(1, sizeof *set);
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_store struct cairn_store *s = NULL;
	enum cairn_role r = cairn_role_by_name(role);
	if (r == CAIRN_ROLE_NONE || !cairn_name_ok(name)) {
		cairn_log("the role is reader, operator or admin, the name 1 to 64 of A-Z a-z 0-9 . _ -");
		free(set);
		return CAIRN_EXIT_USAGE;
	}
	enum cairn_status st = set ? cairn_settings_read(set, config, &why) : CAIRN_E_NOMEM;
	if (!st)
		st = cairn_store_open(&s, set->database, false);
	if (!st)
		st = add_token(s, r, name);
	free(set);
	if (st)
		cairn_log("no token was made: %s", why.len ? cairn_buf_str(&why) : cairn_status_text(st));
	return cairn_status_exit(st);
}
