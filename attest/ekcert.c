/* EK certificates; see ekcert.h. The chain is OpenSSL's to judge. */
#include "attest/ekcert.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define EK_PURPOSE    "2.23.133.8.1" /* tcg-kp-EKCertificate: EK Credential Profile 2.5, 3.2.16 */
#define ROOT_FILE_MAX ((size_t)1024 * 1024)

/* ---- roots
 * ------------------------------------------------------------------------------------------------------ */

static enum cairn_status add_root(X509_STORE *roots, X509 *cert, size_t *count)
{
	int ok = X509_STORE_add_cert(roots, cert);
	X509_free(cert);
	*count += ok == 1;
	return ok == 1 ? CAIRN_OK : CAIRN_E_CRYPTO;
}

static enum cairn_status add_pem(X509_STORE *roots, BIO *bio, size_t *count)
{
	size_t before = *count;
	X509 *cert;
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		enum cairn_status st = add_root(roots, cert, count);
		if (st)
			return st;
	}
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return ended && *count > before ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status add_file(X509_STORE *roots, const char *path, size_t *count)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_file_read(&b, path, ROOT_FILE_MAX);
	if (st)
		return st;
	X509 *cert = NULL;
	if (b.len && b.ptr[0] == 0x30) { /* DER: a SEQUENCE */
		st = cairn_ekcert_parse(&cert, cairn_buf_span(&b));
		return st ? st : add_root(roots, cert, count);
	}
	BIO *bio = BIO_new_mem_buf(b.ptr, (int)b.len);
	st = bio ? add_pem(roots, bio, count) : CAIRN_E_NOMEM;
	BIO_free(bio);
	return st;
}

static bool is_certificate_file(const char *name)
{
	const char *dot = strrchr(name, '.');
	return name[0] != '.' && dot &&
	       (!strcmp(dot, ".pem") || !strcmp(dot, ".crt") || !strcmp(dot, ".cer"));
}

static enum cairn_status add_dir(X509_STORE *roots, const char *dir, size_t *count, struct cairn_buf *why)
{
	DIR *d = opendir(dir);
	if (!d) {
		cairn_buf_add_fmt(why, "cannot open the directory of EK roots %s", dir);
		return CAIRN_E_IO;
	}
	enum cairn_status st = CAIRN_OK;
	for (const struct dirent *e; !st && (e = readdir(d));) {
		cairn_auto_buf struct cairn_buf path = {0};
		if (!is_certificate_file(e->d_name))
			continue;
		cairn_buf_add_fmt(&path, "%s/%s", dir, e->d_name);
		const char *p = cairn_buf_str(&path);
		st = p ? add_file(roots, p, count) : CAIRN_E_NOMEM;
		if (st)
			cairn_buf_add_fmt(why, "%s: not a certificate file: %s", p ? p : dir,
					  cairn_status_text(st));
	}
	closedir(d);
	return st;
}

enum cairn_status cairn_ekroots_load(X509_STORE **out, size_t *count, const char *dir, struct cairn_buf *why)
{
	X509_STORE *roots = X509_STORE_new();
	size_t n = 0;
	if (!roots)
		return CAIRN_E_NOMEM;
	/* An operator may trust one of a maker's intermediates and not its root. */
	enum cairn_status st =
	    X509_STORE_set_flags(roots, X509_V_FLAG_PARTIAL_CHAIN) == 1 ? CAIRN_OK : CAIRN_E_CRYPTO;
	if (!st)
		st = add_dir(roots, dir, &n, why);
	if (st) {
		X509_STORE_free(roots);
		return st;
	}
	*out = roots;
	*count = n;
	return CAIRN_OK;
}

/* ---- certificates
 * ------------------------------------------------------------------------------------------------ */

enum cairn_status cairn_ekcert_parse(X509 **out, struct cairn_span der)
{
	if (der.len == 0 || der.len > ROOT_FILE_MAX)
		return CAIRN_E_LIMIT;
	const unsigned char *p = der.ptr;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (!cert)
		return CAIRN_E_MALFORMED;
	struct cairn_span rest = cairn_span(p, der.len - (size_t)(p - der.ptr));
	if (rest.len && !cairn_span_all(rest, 0x00) && !cairn_span_all(rest, 0xff)) {
		X509_free(cert);
		return CAIRN_E_TRAILING;
	}
	*out = cert;
	return CAIRN_OK;
}

/* Not a CA in any way that OpenSSL knows; and if it says what it is for, then for being an EK (an RSA one
 * decrypts: EK Credential Profile 2.5, 3.2.14). Else whoever holds some other certificate of the maker has a
 * TPM of software. */
static bool is_ek_certificate(X509 *cert)
{
	if (X509_check_ca(cert) != 0 || (X509_get_extension_flags(cert) & EXFLAG_INVALID) ||
	    !(X509_get_key_usage(cert) & KU_KEY_ENCIPHERMENT)) /* all bits are set where it does not say */
		return false;
	EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = !uses;
	for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		char oid[64];
		OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(uses, i), 1);
		found = found || strcmp(oid, EK_PURPOSE) == 0;
	}
	sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
	return found;
}

/* Some makers mark the subject alternative name or the EK purpose critical; OpenSSL knows both, and a
 * critical extension that it does not know stays a refusal. */
static enum cairn_status verify_chain(X509 *cert, STACK_OF(X509) * certs, X509_STORE *roots,
				      struct cairn_buf *why)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	if (!ctx)
		return CAIRN_E_NOMEM;
	enum cairn_status st = CAIRN_E_CRYPTO;
	if (X509_STORE_CTX_init(ctx, roots, cert, certs) == 1) {
		bool good = X509_verify_cert(ctx) == 1;
		st = good ? CAIRN_OK : CAIRN_E_UNTRUSTED;
		if (!good)
			cairn_buf_add_fmt(why, "the EK certificate does not chain to a configured root: %s",
					  X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return st;
}

enum cairn_status cairn_ekcert_verify(uint8_t sha256[32], const struct cairn_ekpub *ek,
				      STACK_OF(X509) * certs, X509_STORE *roots, struct cairn_buf *why)
{
	X509 *cert = NULL;
	for (int i = 0; !cert && i < sk_X509_num(certs); i++)
		if (cairn_ekpub_match_cert(ek, sk_X509_value(certs, i)) == CAIRN_OK)
			cert = sk_X509_value(certs, i);
	if (!cert) {
		cairn_buf_add_str(why, "no certificate is of this endorsement key");
		return CAIRN_E_MISMATCH;
	}
	if (!is_ek_certificate(cert)) {
		cairn_buf_add_str(why, "the certificate is not one of an endorsement key");
		return CAIRN_E_UNTRUSTED;
	}
	enum cairn_status st = verify_chain(cert, certs, roots, why);
	unsigned len = 0;
	uint8_t digest[EVP_MAX_MD_SIZE];
	if (!st && (X509_digest(cert, EVP_sha256(), digest, &len) != 1 || len != 32))
		st = CAIRN_E_CRYPTO;
	if (!st)
		memcpy(sha256, digest, 32);
	return st;
}
