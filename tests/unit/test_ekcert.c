/* EK certificates: which are believed, with certificates made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "attest/ekcert.h"

struct world {
	EVP_PKEY *maker, *ek;
	X509 *root;
	X509_STORE *roots;
	struct cairn_ekpub pub;
};

struct want {
	const char *constraints, *usage, *purpose, *other; /* extensions; NULL: none */
	long starts, ends;				   /* seconds from now */
};

static void extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

	assert_true(!value || (e && X509_add_ext(cert, e, -1) == 1));
	X509_EXTENSION_free(e);
}

/* An extension that OpenSSL does not know, marked critical. */
static void extend_unknown(X509 *cert, const char *oid)
{
	ASN1_OBJECT *o = oid ? OBJ_txt2obj(oid, 1) : NULL;
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e = o ? X509_EXTENSION_create_by_OBJ(NULL, o, 1, v) : NULL;

	assert_true(!oid || (e && X509_add_ext(cert, e, -1) == 1));
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static X509 *certify(EVP_PKEY *key, EVP_PKEY *issuer, const char *name, const char *by, const struct want *w)
{
	X509 *c = X509_new();
	const unsigned char *subject = (const unsigned char *)name, *issuer_name = (const unsigned char *)by;

	assert_non_null(c);
	assert_int_equal(X509_set_version(c, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 7), 1);
	assert_int_equal(X509_set_pubkey(c, key), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC, subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(c), "CN", MBSTRING_ASC, issuer_name, -1, -1, 0);
	X509_gmtime_adj(X509_getm_notBefore(c), w->starts);
	X509_gmtime_adj(X509_getm_notAfter(c), w->ends);
	extend(c, NID_basic_constraints, w->constraints);
	extend(c, NID_key_usage, w->usage);
	extend(c, NID_ext_key_usage, w->purpose);
	extend_unknown(c, w->other);
	assert_true(X509_sign(c, issuer, EVP_sha256()) > 0);
	return c;
}

static int setup(void **state)
{
	static struct world w;
	static const struct want ca = {"critical,CA:TRUE", "critical,keyCertSign", NULL, NULL, -60, 3600};
	BIGNUM *n = NULL;

	w.maker = EVP_EC_gen("P-256");
	w.ek = EVP_RSA_gen(2048);
	w.root = certify(w.maker, w.maker, "maker", "maker", &ca);
	w.roots = X509_STORE_new();
	X509_STORE_add_cert(w.roots, w.root);
	EVP_PKEY_get_bn_param(w.ek, OSSL_PKEY_PARAM_RSA_N, &n);
	BN_bn2binpad(n, w.pub.modulus, sizeof(w.pub.modulus));
	BN_free(n);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	EVP_PKEY_free(w->maker);
	EVP_PKEY_free(w->ek);
	X509_free(w->root);
	X509_STORE_free(w->roots);
	return 0;
}

static enum cairn_status judge(const struct world *w, X509 *cert, X509_STORE *roots)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	cairn_auto_buf struct cairn_buf why = {0};
	uint8_t digest[32];

	sk_X509_push(certs, cert);
	enum cairn_status s = cairn_ekcert_verify(digest, &w->pub, certs, roots, &why);
	sk_X509_free(certs);
	if (s != CAIRN_OK)
		assert_true(why.len > 0);
	return s;
}

static void which_are_believed(void **state)
{
	static const char ek[] = "2.23.133.8.1";
	static const struct {
		struct want want;
		enum cairn_status status;
	} rows[] = {
	    {{"critical,CA:FALSE", "critical,keyEncipherment", ek, NULL, -60, 3600}, CAIRN_OK},
	    {{NULL, NULL, NULL, NULL, -60, 3600}, CAIRN_OK},
	    {{"CA:FALSE", "keyEncipherment,digitalSignature", "serverAuth,2.23.133.8.1", NULL, -60, 3600},
	     CAIRN_OK},
	    {{"CA:FALSE", NULL, "serverAuth", NULL, -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{"CA:FALSE", NULL, "2.23.133.8.3", NULL, -60, 3600}, CAIRN_E_UNTRUSTED}, /* of an AIK */
	    {{"CA:FALSE", "digitalSignature", NULL, NULL, -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{"CA:FALSE", "digitalSignature", ek, NULL, -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{"CA:TRUE", "keyCertSign,keyEncipherment", ek, NULL, -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{NULL, "keyCertSign,keyEncipherment", ek, NULL, -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{"CA:FALSE", "keyEncipherment", ek, "1.3.6.1.4.1.99999.1", -60, 3600}, CAIRN_E_UNTRUSTED},
	    {{"CA:FALSE", "keyEncipherment", ek, NULL, -3600, -60}, CAIRN_E_UNTRUSTED}, /* expired */
	    {{"CA:FALSE", "keyEncipherment", ek, NULL, 600, 3600}, CAIRN_E_UNTRUSTED},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		X509 *c = certify(w->ek, w->maker, "ek", "maker", &rows[i].want);
		enum cairn_status s = judge(w, c, w->roots);

		X509_free(c);
		if (s != rows[i].status)
			fail_msg("row %zu: %s", i, cairn_status_text(s));
	}
}

static void whose_they_must_be(void **state)
{
	static const struct want good = {"CA:FALSE", "keyEncipherment", NULL, NULL, -60, 3600};
	struct world *w = *state;
	X509_STORE *none = X509_STORE_new();
	EVP_PKEY *stranger = EVP_EC_gen("P-256"), *other = EVP_RSA_gen(2048);
	X509 *c = certify(w->ek, w->maker, "ek", "maker", &good);
	X509 *forged = certify(w->ek, stranger, "ek", "maker", &good),
	     *own = certify(w->ek, w->ek, "ek", "ek", &good);
	X509 *of_other = certify(other, w->maker, "ek", "maker", &good);

	assert_int_equal(judge(w, c, w->roots), CAIRN_OK);
	assert_int_equal(judge(w, c, none), CAIRN_E_UNTRUSTED); /* no roots: nobody enrols */
	assert_int_equal(judge(w, forged, w->roots), CAIRN_E_UNTRUSTED);
	assert_int_equal(judge(w, own, w->roots), CAIRN_E_UNTRUSTED);
	assert_int_equal(judge(w, of_other, w->roots), CAIRN_E_MISMATCH);
	X509_free(c);
	X509_free(forged);
	X509_free(own);
	X509_free(of_other);
	EVP_PKEY_free(stranger);
	EVP_PKEY_free(other);
	X509_STORE_free(none);
}

/* NV indices may be larger than the certificate. */
static void padding(void **state)
{
	struct world *w = *state;
	unsigned char der[2048], *p = der;
	size_t len = (size_t)i2d_X509(w->root, &p);

	for (unsigned fill = 0; fill < 256; fill++) {
		X509 *c = NULL;
		memset(der + len, (int)fill, 40);
		enum cairn_status s = cairn_ekcert_parse(&c, cairn_span(der, len + 40));
		assert_int_equal(s, fill == 0 || fill == 0xff ? CAIRN_OK : CAIRN_E_TRAILING);
		X509_free(c);
	}
	for (size_t cut = 0; cut < len; cut++) {
		X509 *c = NULL;
		assert_int_not_equal(cairn_ekcert_parse(&c, cairn_span(der, cut)), CAIRN_OK);
		assert_null(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(which_are_believed),
	    cmocka_unit_test(whose_they_must_be),
	    cmocka_unit_test(padding),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
