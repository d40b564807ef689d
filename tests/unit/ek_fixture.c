/* See ek_fixture.h. */
#include "ek_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static EVP_PKEY *keys[EK_KEYS];

/* ---- keys
 * ------------------------------------------------------------------------------------------------------------- */

static EVP_PKEY *rsa_public(const BIGNUM *n, unsigned long e)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_ulong(b, OSSL_PKEY_PARAM_RSA_E, e);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	assert_true(EVP_PKEY_fromdata_init(ctx) == 1 &&
		    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	return key;
}

static EVP_PKEY *rsa_with_exponent_3(void)
{
	BIGNUM *n = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(ek_key(EK_RSA2048), OSSL_PKEY_PARAM_RSA_N, &n), 1);
	EVP_PKEY *key = rsa_public(n, 3);
	BN_free(n);
	return key;
}

/* A number of so many bits in the place of a modulus: only who uses the private key would notice. */
static EVP_PKEY *rsa_of_bits(int bits)
{
	BIGNUM *n = BN_new();
	assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	EVP_PKEY *key = rsa_public(n, 65537);
	BN_free(n);
	return key;
}

/* k*M + (65537^a mod M), M the product of the primes to 167: the form of the paper. Whether it is prime does not
 * show in the product of two. */
static void roca_factor(BIGNUM *p, const BIGNUM *m, BN_CTX *ctx)
{
	BIGNUM *g = BN_new(), *a = BN_new();
	BN_set_word(g, 65537);
	do {
		BN_rand(a, 60, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
		BN_mod_exp(a, g, a, m, ctx);
		BN_rand(p, 1025 - BN_num_bits(m), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
		BN_mul(p, p, m, ctx);
		BN_add(p, p, a);
	} while (BN_num_bits(p) != 1024);
	BN_free(g);
	BN_free(a);
}

static EVP_PKEY *rsa_of_roca(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_new(), *p = BN_new(), *q = BN_new(), *small = BN_new();
	BN_one(m);
	for (unsigned i = 2; i <= 167; i++) {
		BN_set_word(small, i);
		if (BN_check_prime(small, ctx, NULL) == 1)
			BN_mul_word(m, i);
	}
	do {
		roca_factor(p, m, ctx);
		roca_factor(q, m, ctx);
		BN_mul(q, p, q, ctx);
	} while (BN_num_bits(q) != 2048);
	EVP_PKEY *key = rsa_public(q, 65537);
	BN_free(m);
	BN_free(p);
	BN_free(q);
	BN_free(small);
	BN_CTX_free(ctx);
	return key;
}

static EVP_PKEY *make_key(enum ek_key which)
{
	switch (which) {
	case EK_RSA2048:
		return EVP_RSA_gen(2048);
	case EK_RSA3072:
		return rsa_of_bits(3072);
	case EK_RSA1024:
		return EVP_RSA_gen(1024);
	case EK_RSA4096:
		return rsa_of_bits(4096);
	case EK_RSA_E3:
		return rsa_with_exponent_3();
	case EK_ROCA:
		return rsa_of_roca();
	case EK_P384:
		return EVP_EC_gen("P-384");
	case EK_P521:
		return EVP_EC_gen("P-521");
	case EK_P192:
		return EVP_EC_gen("P-192");
	case EK_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	default:
		return EVP_EC_gen("P-256");
	}
}

EVP_PKEY *ek_key(enum ek_key which)
{
	if (!keys[which])
		keys[which] = make_key(which);
	assert_non_null(keys[which]);
	return keys[which];
}

void ek_keys_free(void)
{
	for (size_t i = 0; i < EK_KEYS; i++) {
		EVP_PKEY_free(keys[i]);
		keys[i] = NULL;
	}
}

/* ---- certificates
 * ----------------------------------------------------------------------------------------------------- */

static void extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
	assert_true(!value || (e && X509_add_ext(cert, e, -1) == 1));
	X509_EXTENSION_free(e);
}

static void extend_raw(X509 *cert, const char *oid, int critical, const char *bytes, int len)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(v, (const unsigned char *)bytes, len);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, critical, v);
	assert_true(e && X509_add_ext(cert, e, -1) == 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static void attribute(X509_NAME *name, const char *oid, const char *value, bool same_rdn)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	const unsigned char *text = (const unsigned char *)value;
	if (value)
		assert_int_equal(X509_NAME_add_entry_by_OBJ(name, o, MBSTRING_UTF8, text, -1, -1,
							    same_rdn && X509_NAME_entry_count(name) ? -1 : 0),
				 1);
	ASN1_OBJECT_free(o);
}

static void extend_attributes(X509 *cert, const struct ek_spec *s)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *n = GENERAL_NAME_new();
	X509_NAME *dir = X509_NAME_new();
	attribute(dir, "2.23.133.2.1", s->maker, s->one_rdn);
	attribute(dir, "2.23.133.2.2", s->model, s->one_rdn);
	attribute(dir, "2.23.133.2.3", s->version, s->one_rdn);
	attribute(dir, "2.23.133.2.1", s->maker2, s->one_rdn);
	GENERAL_NAME_set0_value(n, GEN_DIRNAME, dir);
	sk_GENERAL_NAME_push(names, n);
	assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 1, 0), 1);
	GENERAL_NAMES_free(names);
}

static void extend_all(X509 *c, const struct ek_spec *s)
{
	/* SEQUENCE { Attribute { tPMSpecification, SET { SEQUENCE { "2.0", 0, 138 } } } } */
	static const char specification[] =
	    "\x30\x19\x30\x17\x06\x05\x67\x81\x05\x02\x10\x31\x0e\x30\x0c\x0c\x03"
	    "2.0\x02\x01\x00\x02\x02\x00\x8a";
	char aia[128];
	extend(c, NID_basic_constraints, s->constraints);
	extend(c, NID_basic_constraints, s->twice);
	extend(c, NID_key_usage, s->usage);
	extend(c, NID_ext_key_usage, s->purpose);
	extend(c, NID_name_constraints, s->names);
	if (s->maker || s->model)
		extend_attributes(c, s);
	if (s->critical)
		extend_raw(c, s->critical, 1, "", 0);
	if (s->plain)
		extend_raw(c, s->plain, 0, "", 0);
	if (s->specification)
		extend_raw(c, "2.5.29.9", 1, specification, sizeof specification - 1);
	if (s->directory)
		extend_raw(c, "2.5.29.9", 0, s->directory + 1, s->directory[0]);
	if (s->url) {
		snprintf(aia, sizeof aia, "caIssuers;URI:%s", s->url);
		extend(c, NID_info_access, aia);
	}
}

X509 *ek_make(const struct ek_spec *s)
{
	X509 *c = X509_new();
	const EVP_MD *md = EVP_get_digestbyname(s->digest ? s->digest : "SHA256");
	const char *issuer = s->issuer ? s->issuer : "maker";
	assert_int_equal(X509_set_version(c, s->version1 ? X509_VERSION_1 : X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 0x1234), 1);
	assert_int_equal(X509_set_pubkey(c, ek_key(s->key)), 1);
	if (s->subject)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
					   (const unsigned char *)s->subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(c), "CN", MBSTRING_ASC, (const unsigned char *)issuer,
				   -1, -1, 0);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(c), s->starts ? s->starts : "20200101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(c), s->ends ? s->ends : "20500101000000Z");
	extend_all(c, s);
	assert_true(X509_sign(c, ek_key(s->by), s->by == EK_ED25519 ? NULL : md) > 0);
	return c;
}

/* ---- verdicts
 * ----------------------------------------------------------------------------------------------------------- */

void ek_judge(struct cairn_ek_verdict *v, X509 *cert, X509 *const *anchors, X509 *const *helpers,
	      const uint64_t *firmware)
{
	struct cairn_ekdenied *denied = NULL;
	STACK_OF(X509) *a = sk_X509_new_null(), *h = sk_X509_new_null();
	for (size_t i = 0; anchors[i]; i++)
		sk_X509_push(a, anchors[i]);
	for (size_t i = 0; helpers && helpers[i]; i++)
		sk_X509_push(h, helpers[i]);
	assert_int_equal(cairn_ekdenied_load(&denied, NULL, NULL), CAIRN_OK);
	struct cairn_ek_question q = {.cert = cert,
				      .helpers = h,
				      .anchors = a,
				      .denied = denied,
				      .firmware = firmware,
				      .now = (uint64_t)time(NULL)};
	assert_int_equal(cairn_ekcert_judge(v, &q), CAIRN_OK);
	assert_int_equal(v->accepted, v->reasons.count == 0);
	assert_true(!v->accepted || v->chain_len > 0);
	cairn_ekdenied_free(denied);
	sk_X509_free(a);
	sk_X509_free(h);
}

void ek_expect(const char *what, const struct cairn_reasons *r, const char *codes)
{
	char have[512] = "";
	for (size_t i = 0; i < r->count; i++) {
		snprintf(have + strlen(have), sizeof have - strlen(have), "%s%s", i ? " " : "",
			 r->item[i].code);
		assert_true(strlen(r->item[i].text) > 10);
	}
	if (strcmp(have, codes) != 0)
		fail_msg("%s: '%s', not '%s'", what, have, codes);
}
