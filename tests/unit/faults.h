/* Calls that fail on demand: our own allocations and our calls into the system, OpenSSL, jansson and zlib, by the linker's --wrap
 * (faults.wrap: for the programs that include this). What the libraries do inside is their own affair. */
#ifndef TESTS_UNIT_FAULTS_H
#define TESTS_UNIT_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static struct {
	bool on;
	unsigned long at;    /* the call that fails, from 0 */
	unsigned long calls; /* so far */
	const char *name;    /* of the one that failed */
	int error;	     /* the errno of a system call that fails */
	uid_t owner;	     /* of every file, as fstat tells it; 0: the true one */
} faults;

static bool fails(const char *name)
{
	if (!faults.on || faults.calls++ != faults.at)
		return false;
	faults.name = name;
	return true;
}

#define FAULT(type, bad, name, parameters, arguments)                                                        \
	type __real_##name parameters;                                                                       \
	type __wrap_##name parameters;                                                                       \
	type __wrap_##name parameters                                                                        \
	{                                                                                                    \
		return fails(#name) ? bad : __real_##name arguments;                                         \
	}

FAULT(void *, NULL, malloc, (size_t size), (size))
FAULT(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAULT(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAULT(char *, NULL, strdup, (const char *s), (s))
FAULT(char *, NULL, strndup, (const char *s, size_t n), (s, n))

#define FAILED (errno = faults.error, -1)
FAULT(int, FAILED, mkostemp, (char *path, int flags), (path, flags))
FAULT(ssize_t, FAILED, read, (int fd, void *p, size_t n), (fd, p, n))
FAULT(ssize_t, FAILED, write, (int fd, const void *p, size_t n), (fd, p, n))
FAULT(int, FAILED, fchmod, (int fd, mode_t mode), (fd, mode))
FAULT(int, FAILED, fsync, (int fd), (fd))

int __real_fstat(int fd, struct stat *s);
int __wrap_fstat(int fd, struct stat *s);
int __wrap_fstat(int fd, struct stat *s)
{
	int rc = fails("fstat") ? FAILED : __real_fstat(fd, s);
	if (rc == 0 && faults.owner != 0)
		s->st_uid = faults.owner;
	return rc;
}

FAULT(int, FAILED, rename, (const char *from, const char *to), (from, to))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	unsigned mode = flags & O_CREAT ? va_arg(ap, unsigned) : 0;
	va_end(ap);
	return fails("open") ? FAILED : __real_open(path, flags, mode);
}

FAULT(json_t *, NULL, json_object, (void), ())
FAULT(json_t *, NULL, json_array, (void), ())
FAULT(json_t *, NULL, json_integer, (json_int_t n), (n))
FAULT(json_t *, NULL, json_string, (const char *s), (s))
FAULT(json_t *, NULL, json_string_nocheck, (const char *s), (s))
FAULT(json_t *, NULL, json_stringn, (const char *s, size_t n), (s, n))
FAULT(int, -1, json_dump_callback, (const json_t *v, json_dump_callback_t f, void *d, size_t n), (v, f, d, n))

/* Those that take a reference over let go of it when they fail. */
int __real_json_object_set_new(json_t *v, const char *key, json_t *value);
int __wrap_json_object_set_new(json_t *v, const char *key, json_t *value);
int __wrap_json_object_set_new(json_t *v, const char *key, json_t *value)
{
	if (!fails("json_object_set_new"))
		return __real_json_object_set_new(v, key, value);
	json_decref(value);
	return -1;
}

int __real_json_array_append_new(json_t *v, json_t *value);
int __wrap_json_array_append_new(json_t *v, json_t *value);
int __wrap_json_array_append_new(json_t *v, json_t *value)
{
	if (!fails("json_array_append_new"))
		return __real_json_array_append_new(v, value);
	json_decref(value);
	return -1;
}

json_t *__wrap_json_pack(const char *format, ...);
json_t *__wrap_json_pack(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	json_t *v = json_vpack_ex(NULL, 0, format, ap);
	va_end(ap);
	if (!fails("json_pack"))
		return v;
	json_decref(v);
	return NULL;
}

json_t *__real_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error)
{
	if (!fails("json_loadb"))
		return __real_json_loadb(text, len, flags, error);
	error->text[JSON_ERROR_TEXT_LENGTH - 1] = (char)json_error_out_of_memory;
	return NULL;
}

FAULT(EVP_MD *, NULL, EVP_MD_fetch, (OSSL_LIB_CTX * c, const char *n, const char *p), (c, n, p))
FAULT(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())
FAULT(int, 0, EVP_DigestInit_ex2, (EVP_MD_CTX * c, const EVP_MD *m, const OSSL_PARAM *p), (c, m, p))
FAULT(int, 0, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *d, size_t n), (c, d, n))
FAULT(int, 0, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *d, unsigned *n), (c, d, n))
FAULT(int, 0, EVP_DigestSignInit_ex,
      (EVP_MD_CTX * c, EVP_PKEY_CTX **k, const char *m, OSSL_LIB_CTX *l, const char *q, EVP_PKEY *e,
       const OSSL_PARAM *p),
      (c, k, m, l, q, e, p))
FAULT(int, 0, EVP_DigestSign,
      (EVP_MD_CTX * c, unsigned char *s, size_t *n, const unsigned char *t, size_t tn), (c, s, n, t, tn))
FAULT(int, 0, EVP_DigestVerifyInit_ex,
      (EVP_MD_CTX * c, EVP_PKEY_CTX **k, const char *m, OSSL_LIB_CTX *l, const char *q, EVP_PKEY *e,
       const OSSL_PARAM *p),
      (c, k, m, l, q, e, p))
FAULT(int, 0, EVP_DigestVerify,
      (EVP_MD_CTX * c, const unsigned char *s, size_t n, const unsigned char *t, size_t tn), (c, s, n, t, tn))

FAULT(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new, (EVP_PKEY * k, ENGINE *e), (k, e))
FAULT(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX * l, const char *n, const char *q),
      (l, n, q))
FAULT(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX * l, EVP_PKEY *k, const char *q),
      (l, k, q))
FAULT(int, 0, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * c), (c))
FAULT(int, 0, EVP_PKEY_fromdata, (EVP_PKEY_CTX * c, EVP_PKEY **k, int w, OSSL_PARAM *p), (c, k, w, p))
FAULT(int, 0, EVP_PKEY_public_check, (EVP_PKEY_CTX * c), (c))
FAULT(int, 0, EVP_PKEY_check, (EVP_PKEY_CTX * c), (c))
FAULT(int, 0, EVP_PKEY_get_bn_param, (const EVP_PKEY *k, const char *n, BIGNUM **b), (k, n, b))
FAULT(int, 0, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *k, unsigned char *p, size_t *n), (k, p, n))
FAULT(int, 0, EVP_PKEY_get_raw_private_key, (const EVP_PKEY *k, unsigned char *p, size_t *n), (k, p, n))
FAULT(EVP_PKEY *, NULL, EVP_PKEY_new_raw_public_key_ex,
      (OSSL_LIB_CTX * l, const char *t, const char *q, const unsigned char *k, size_t n), (l, t, q, k, n))
FAULT(EVP_PKEY *, NULL, EVP_PKEY_new_raw_private_key_ex,
      (OSSL_LIB_CTX * l, const char *t, const char *q, const unsigned char *k, size_t n), (l, t, q, k, n))
FAULT(int, 0, EVP_PKEY_encrypt_init, (EVP_PKEY_CTX * c), (c))
FAULT(int, 0, EVP_PKEY_encrypt,
      (EVP_PKEY_CTX * c, unsigned char *o, size_t *n, const unsigned char *i, size_t in), (c, o, n, i, in))
FAULT(int, 0, EVP_PKEY_verify_init, (EVP_PKEY_CTX * c), (c))
FAULT(int, 0, EVP_PKEY_verify,
      (EVP_PKEY_CTX * c, const unsigned char *s, size_t n, const unsigned char *t, size_t tn),
      (c, s, n, t, tn))
FAULT(int, 0, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * c, int p), (c, p))
FAULT(int, 0, EVP_PKEY_CTX_set_rsa_oaep_md, (EVP_PKEY_CTX * c, const EVP_MD *m), (c, m))
FAULT(int, 0, EVP_PKEY_CTX_set_rsa_mgf1_md, (EVP_PKEY_CTX * c, const EVP_MD *m), (c, m))
FAULT(int, 0, EVP_PKEY_CTX_set0_rsa_oaep_label, (EVP_PKEY_CTX * c, void *s, int n), (c, s, n))
FAULT(int, 0, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX * c, int n), (c, n))
FAULT(int, 0, EVP_PKEY_CTX_set_signature_md, (EVP_PKEY_CTX * c, const EVP_MD *m), (c, m))

FAULT(EVP_KDF *, NULL, EVP_KDF_fetch, (OSSL_LIB_CTX * l, const char *a, const char *q), (l, a, q))
FAULT(EVP_KDF_CTX *, NULL, EVP_KDF_CTX_new, (EVP_KDF * k), (k))
FAULT(int, 0, EVP_KDF_derive, (EVP_KDF_CTX * c, unsigned char *k, size_t n, const OSSL_PARAM *p),
      (c, k, n, p))
FAULT(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
FAULT(int, 0, EVP_EncryptInit_ex,
      (EVP_CIPHER_CTX * c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *k, const unsigned char *i),
      (c, t, e, k, i))
FAULT(int, 0, EVP_EncryptUpdate,
      (EVP_CIPHER_CTX * c, unsigned char *o, int *n, const unsigned char *i, int in), (c, o, n, i, in))
FAULT(unsigned char *, NULL, HMAC,
      (const EVP_MD *e, const void *k, int kn, const unsigned char *d, size_t n, unsigned char *m,
       unsigned *mn),
      (e, k, kn, d, n, m, mn))
FAULT(int, 0, RAND_priv_bytes, (unsigned char *b, int n), (b, n))

FAULT(int, Z_MEM_ERROR, inflateInit2_, (z_stream * z, int bits, const char *v, int size), (z, bits, v, size))
FAULT(int, Z_MEM_ERROR, inflate, (z_stream * z, int flush), (z, flush))

FAULT(BIO *, NULL, BIO_new_mem_buf, (const void *p, int n), (p, n))
FAULT(BIGNUM *, NULL, BN_new, (void), ())
FAULT(BIGNUM *, NULL, BN_secure_new, (void), ())
FAULT(BIGNUM *, NULL, BN_bin2bn, (const unsigned char *s, int n, BIGNUM *r), (s, n, r))
FAULT(int, -1, BN_bn2binpad, (const BIGNUM *a, unsigned char *t, int n), (a, t, n))
FAULT(int, 0, BN_set_word, (BIGNUM * a, BN_ULONG w), (a, w))
FAULT(ECDSA_SIG *, NULL, ECDSA_SIG_new, (void), ())
FAULT(int, 0, ECDSA_SIG_set0, (ECDSA_SIG * s, BIGNUM *r, BIGNUM *v), (s, r, v))
FAULT(int, -1, i2d_ECDSA_SIG, (const ECDSA_SIG *s, unsigned char **p), (s, p))
FAULT(ECDSA_SIG *, NULL, d2i_ECDSA_SIG, (ECDSA_SIG * *s, const unsigned char **p, long n), (s, p, n))
FAULT(EC_GROUP *, NULL, EC_GROUP_new_by_curve_name, (int nid), (nid))
FAULT(EC_POINT *, NULL, EC_POINT_new, (const EC_GROUP *g), (g))
FAULT(int, 0, EC_POINT_oct2point,
      (const EC_GROUP *g, EC_POINT *p, const unsigned char *b, size_t n, BN_CTX *c), (g, p, b, n, c))
FAULT(OSSL_PARAM_BLD *, NULL, OSSL_PARAM_BLD_new, (void), ())
FAULT(int, 0, OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD * b, const char *k, const BIGNUM *n), (b, k, n))
FAULT(int, 0, OSSL_PARAM_BLD_push_ulong, (OSSL_PARAM_BLD * b, const char *k, unsigned long v), (b, k, v))
FAULT(int, 0, OSSL_PARAM_BLD_push_utf8_string, (OSSL_PARAM_BLD * b, const char *k, const char *v, size_t n),
      (b, k, v, n))
FAULT(int, 0, OSSL_PARAM_BLD_push_octet_string, (OSSL_PARAM_BLD * b, const char *k, const void *v, size_t n),
      (b, k, v, n))
FAULT(OSSL_PARAM *, NULL, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * b), (b))

#endif
