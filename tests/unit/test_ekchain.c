/* Chains of EK certificates: which issuers are found, and what they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "ek_fixture.h"

#define CA_OF(name, by_name, key_of, key_by, basic)                                                          \
	.subject = (name), .issuer = (by_name), .key = (key_of), .by = (key_by), .constraints = (basic),     \
	.usage = "critical,keyCertSign"
#define CA(name, by_name, key_of, key_by) CA_OF(name, by_name, key_of, key_by, "critical,CA:TRUE")

static int teardown(void **state)
{
	(void)state;
	ek_keys_free();
	return 0;
}

/* Judges a good EK certificate of "middle", which these two make, and expects these codes. */
struct row {
	const char *what;
	struct ek_spec root, middle, leaf;
	const char *reasons, *warnings;
};
#define ROOT   CA("maker", "maker", EK_MAKER, EK_MAKER)
#define MIDDLE CA("middle", "maker", EK_MIDDLE, EK_MAKER)
#define LEAF   LEAF_OF("middle", EK_MIDDLE)
#define LEAF_OF(name, key_by)                                                                                \
	.issuer = (name), .key = EK_RSA2048, .by = (key_by), .constraints = "critical,CA:FALSE",             \
	.usage = "critical,keyEncipherment", .purpose = "2.23.133.8.1", .maker = "id:53544D20",              \
	.model = "ST33", .version = "id:004A0020"

static void what_issuers_must_be(void **state)
{
	static const struct row rows[] = {
	    {"good", {ROOT}, {MIDDLE}, {LEAF}, "", ""},
	    {"root of version 1",
	     {.subject = "maker", .key = EK_MAKER, .by = EK_MAKER, .version1 = 1},
	     {MIDDLE},
	     {LEAF},
	     "",
	     ""},
	    {"root that is no CA",
	     {.subject = "maker", .key = EK_MAKER, .by = EK_MAKER, .constraints = "CA:FALSE"},
	     {MIDDLE},
	     {LEAF},
	     CAIRN_EK_ISSUER_NOT_CA " " CAIRN_EK_CHAIN,
	     ""},
	    {"root by its usage alone",
	     {.subject = "maker", .key = EK_MAKER, .by = EK_MAKER, .usage = "keyCertSign"},
	     {MIDDLE},
	     {LEAF},
	     CAIRN_EK_ISSUER_NOT_CA,
	     ""},
	    {"intermediate by its usage alone",
	     {ROOT},
	     {.subject = "middle", .key = EK_MIDDLE, .by = EK_MAKER, .usage = "keyCertSign"},
	     {LEAF},
	     CAIRN_EK_ISSUER_NOT_CA " " CAIRN_EK_CHAIN,
	     ""},
	    {"root that may not sign certificates",
	     {.subject = "maker",
	      .key = EK_MAKER,
	      .by = EK_MAKER,
	      .constraints = "CA:TRUE",
	      .usage = "cRLSign"},
	     {MIDDLE},
	     {LEAF},
	     CAIRN_EK_ISSUER_NOT_CA " " CAIRN_EK_CHAIN,
	     ""},
	    {"root with a weak key",
	     {CA("maker", "maker", EK_RSA1024, EK_RSA1024)},
	     {CA("middle", "maker", EK_MIDDLE, EK_RSA1024)},
	     {LEAF},
	     CAIRN_EK_ISSUER_KEY,
	     ""},
	    {"intermediate with a weak key",
	     {ROOT},
	     {CA("middle", "maker", EK_P192, EK_MAKER)},
	     {LEAF_OF("middle", EK_P192)},
	     CAIRN_EK_ISSUER_KEY,
	     ""},
	    {"intermediate with a critical extension",
	     {ROOT},
	     {MIDDLE, .critical = "1.3.6.1.4.1.99999.1"},
	     {LEAF},
	     CAIRN_EK_CRITICAL,
	     ""},
	    {"intermediate with an extension twice",
	     {ROOT},
	     {MIDDLE, .twice = "CA:TRUE"},
	     {LEAF},
	     CAIRN_EK_MALFORMED " " CAIRN_EK_ISSUER_NOT_CA " " CAIRN_EK_CHAIN,
	     ""},
	    {"root whose path is too short",
	     {CA_OF("maker", "maker", EK_MAKER, EK_MAKER, "critical,CA:TRUE,pathlen:0")},
	     {MIDDLE},
	     {LEAF},
	     CAIRN_EK_CHAIN,
	     ""},
	    {"intermediate that ends the path",
	     {CA_OF("maker", "maker", EK_MAKER, EK_MAKER, "critical,CA:TRUE,pathlen:1")},
	     {CA_OF("middle", "maker", EK_MIDDLE, EK_MAKER, "critical,CA:TRUE,pathlen:0")},
	     {LEAF},
	     "",
	     ""},
	    {"leaf with SHA-1",
	     {ROOT},
	     {MIDDLE},
	     {LEAF, .digest = "SHA1"},
	     CAIRN_EK_WEAK_SIGNATURE,
	     CAIRN_EK_SHA1},
	    {"intermediate with SHA-1",
	     {ROOT},
	     {MIDDLE, .digest = "SHA1"},
	     {LEAF},
	     CAIRN_EK_WEAK_SIGNATURE,
	     CAIRN_EK_SHA1},
	    {"leaf with SHA-1 of an old CA",
	     {ROOT},
	     {MIDDLE, .starts = "20151231235959Z"},
	     {LEAF, .digest = "SHA1"},
	     "",
	     CAIRN_EK_SHA1},
	    {"root with SHA-1, which nobody looks at", {ROOT, .digest = "SHA1"}, {MIDDLE}, {LEAF}, "", ""},
	    {"leaf with SHA-224", {ROOT}, {MIDDLE}, {LEAF, .digest = "SHA224"}, CAIRN_EK_WEAK_SIGNATURE, ""},
	    {"leaf with SHA-384", {ROOT}, {MIDDLE}, {LEAF, .digest = "SHA384"}, "", ""},
	    {"leaf with SHA-512", {ROOT}, {MIDDLE}, {LEAF, .digest = "SHA512"}, "", ""},
	    {"intermediate with MD5",
	     {CA("maker", "maker", EK_RSA2048, EK_RSA2048)},
	     {CA("middle", "maker", EK_MIDDLE, EK_RSA2048), .digest = "MD5"},
	     {LEAF},
	     CAIRN_EK_WEAK_SIGNATURE,
	     ""},
	    {"expired root", {ROOT, .ends = "20210101000000Z"}, {MIDDLE}, {LEAF}, "", CAIRN_EK_EXPIRED},
	    {"intermediate of the future",
	     {ROOT},
	     {MIDDLE, .starts = "20480101000000Z"},
	     {LEAF},
	     "",
	     CAIRN_EK_NOT_YET_VALID},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *root = ek_make(&rows[i].root), *middle = ek_make(&rows[i].middle),
		     *leaf = ek_make(&rows[i].leaf);
		X509 *const anchors[] = {root, NULL}, *const helpers[] = {middle, NULL};
		ek_judge(&v, leaf, anchors, helpers, NULL);
		ek_expect(rows[i].what, &v.reasons, rows[i].reasons);
		ek_expect(rows[i].what, &v.warnings, rows[i].warnings);
		assert_int_equal(v.chain_len, 3);
		assert_true(v.chain[2].anchor && !v.chain[1].anchor && !v.chain[0].anchor);
		assert_string_equal(v.chain[1].subject, "CN=middle");
		X509_free(root);
		X509_free(middle);
		X509_free(leaf);
	}
}

/* ---- which are found
 * --------------------------------------------------------------------------------------------- */

struct world {
	X509 *root, *middle, *leaf, *other_root, *decoy, *forged, *direct;
};

static int make_world(void **state)
{
	static struct world w;
	w.root = ek_make(&(struct ek_spec){ROOT});
	w.middle = ek_make(&(struct ek_spec){MIDDLE, .url = "http://maker.example/root.crt"});
	w.leaf = ek_make(&(struct ek_spec){LEAF, .url = "http://maker.example/middle.crt"});
	w.other_root = ek_make(&(struct ek_spec){CA("maker", "maker", EK_OTHER, EK_OTHER)});
	w.decoy = ek_make(&(struct ek_spec){CA("middle", "maker", EK_OTHER, EK_OTHER)});
	w.forged = ek_make(&(struct ek_spec){LEAF_OF("middle", EK_OTHER)});
	w.direct = ek_make(&(struct ek_spec){EK_GOOD});
	*state = &w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;
	X509 *const all[] = {w->root, w->middle, w->leaf, w->other_root, w->decoy, w->forged, w->direct};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		X509_free(all[i]);
	return 0;
}

#define EXPECT(codes, leaf, anchor_list, helper_list)                                                        \
	do {                                                                                                 \
		cairn_auto_ek_verdict struct cairn_ek_verdict v_ = {0};                                      \
		X509 *const a_[] = {anchor_list, NULL}, *const h_[] = {helper_list, NULL};                   \
		ek_judge(&v_, leaf, a_, h_, NULL);                                                           \
		ek_expect(#leaf " by " #anchor_list " with " #helper_list, &v_.reasons, codes);              \
	} while (0)
#define LIST(...) __VA_ARGS__

static void which_are_found(void **state)
{
	const struct world *w = *state;
	EXPECT("", w->leaf, w->root, w->middle);
	EXPECT("", w->leaf, w->middle, NULL); /* an intermediate is an anchor, too */
	EXPECT("", w->leaf, w->leaf, NULL);   /* and so is one EK certificate */
	EXPECT("", w->direct, w->root, NULL);
	EXPECT("", w->leaf, LIST(w->other_root, w->root), LIST(w->decoy, w->leaf, w->middle));
	EXPECT(CAIRN_EK_ISSUER, w->leaf, w->root, NULL);
	EXPECT(CAIRN_EK_ISSUER, w->leaf, NULL, w->middle);
	EXPECT(CAIRN_EK_SIGNATURE, w->leaf, w->other_root, w->middle);
	EXPECT(CAIRN_EK_SIGNATURE, w->leaf, w->root, w->decoy);
	EXPECT(CAIRN_EK_SIGNATURE, w->forged, w->root, w->middle);
	EXPECT(CAIRN_EK_SIGNATURE, w->forged, w->middle, NULL);
	EXPECT(CAIRN_EK_UNTRUSTED, w->leaf, w->direct, LIST(w->middle, w->root));
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		bool with_middle;
		const char *name, *url;
	} rows[] = {{false, "CN=middle", "http://maker.example/middle.crt"},
		    {true, "CN=maker", "http://maker.example/root.crt"}};
	const struct world *w = *state;
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *const none[] = {NULL}, *const helpers[] = {rows[i].with_middle ? w->middle : NULL,
								 NULL};
		ek_judge(&v, w->leaf, none, helpers, NULL);
		ek_expect("missing", &v.reasons, CAIRN_EK_ISSUER);
		assert_non_null(strstr(v.reasons.item[0].text, rows[i].name));
		assert_non_null(strstr(v.reasons.item[0].text, rows[i].url));
		assert_int_equal(v.chain_len, 0);
	}
}

/* An issuer's name on a key that cannot be read. */
static void unreadable_issuer(void **state)
{
	const struct world *w = *state;
	X509 *made = ek_make(&(struct ek_spec){MIDDLE});
	unsigned char *junk = OPENSSL_zalloc(8), *der = NULL;
	ASN1_OBJECT *oaep = OBJ_nid2obj(NID_rsaesOaep);
	X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(made), oaep, V_ASN1_UNDEF, NULL, junk, 8);
	assert_true(X509_sign(made, ek_key(EK_MAKER), EVP_sha256()) > 0);
	int len = i2d_X509(made, &der);
	const unsigned char *p = der;
	X509 *bad = d2i_X509(NULL, &p, len); /* which knows no key that was there before */
	assert_non_null(bad);
	EXPECT(CAIRN_EK_SIGNATURE, w->leaf, w->root, bad);
	EXPECT("", w->leaf, w->root, LIST(bad, w->middle));
	OPENSSL_free(der);
	X509_free(made);
	X509_free(bad);
}

/* An EK certificate that signs another one. */
static void leaf_that_signs(void **state)
{
	const struct world *w = *state;
	X509 *ek = ek_make(&(struct ek_spec){.subject = "ek",
					     .key = EK_P256,
					     .by = EK_MAKER,
					     .constraints = "CA:FALSE",
					     .purpose = "2.23.133.8.1"});
	X509 *second = ek_make(
	    &(struct ek_spec){.issuer = "ek", .key = EK_RSA2048, .by = EK_P256, .purpose = "2.23.133.8.1"});
	EXPECT("", ek, w->root, NULL);
	EXPECT(CAIRN_EK_ISSUER_NOT_CA " " CAIRN_EK_CHAIN, second, w->root, ek);
	X509_free(ek);
	X509_free(second);
}

/* Two authorities that vouch for each other, and for nothing else. */
static void circle(void **state)
{
	const struct world *w = *state;
	X509 *a = ek_make(&(struct ek_spec){CA("a", "b", EK_MIDDLE, EK_OTHER)});
	X509 *b = ek_make(&(struct ek_spec){CA("b", "a", EK_OTHER, EK_MIDDLE)});
	X509 *leaf = ek_make(&(struct ek_spec){LEAF_OF("a", EK_MIDDLE)});
	EXPECT(CAIRN_EK_CHAIN, leaf, w->root, LIST(a, b));
	X509 *cross = ek_make(&(struct ek_spec){CA("b", "maker", EK_OTHER, EK_MAKER)}); /* a way out of it */
	EXPECT("", leaf, w->root, LIST(a, b, cross));
	X509_free(a);
	X509_free(b);
	X509_free(cross);
	X509_free(leaf);
}

/* A chain of so many intermediates; the anchor and the EK certificate come on top. */
static void long_chains(void **state)
{
	const struct world *w = *state;
	X509 *helpers[CAIRN_EK_CHAIN_MAX + 1] = {NULL};
	char names[CAIRN_EK_CHAIN_MAX + 1][8] = {"maker"};
	for (unsigned n = 1; n <= CAIRN_EK_CHAIN_MAX - 1; n++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *const anchors[] = {w->root, NULL};
		snprintf(names[n], sizeof names[n], "m%u", n);
		helpers[n - 1] =
		    ek_make(&(struct ek_spec){CA(names[n], names[n - 1], n % 2 ? EK_MIDDLE : EK_OTHER,
						 n == 1	 ? EK_MAKER
						 : n % 2 ? EK_OTHER
							 : EK_MIDDLE)});
		X509 *leaf = ek_make(&(struct ek_spec){LEAF_OF(names[n], n % 2 ? EK_MIDDLE : EK_OTHER)});
		ek_judge(&v, leaf, anchors, helpers, NULL);
		ek_expect("long chain", &v.reasons, n + 2 <= CAIRN_EK_CHAIN_MAX ? "" : CAIRN_EK_CHAIN);
		assert_int_equal(v.chain_len, n + 2 <= CAIRN_EK_CHAIN_MAX ? n + 2 : 0);
		X509_free(leaf);
	}
	for (size_t i = 0; helpers[i]; i++)
		X509_free(helpers[i]);
}

/* Names that an authority may not vouch for. */
static void name_constraints(void **state)
{
	struct ek_spec root = {ROOT, .names = "critical,permitted;DNS:example.org"};
	X509 *dns = ek_make(&root);
	X509 *leaf = ek_make(&(struct ek_spec){EK_GOOD});
	(void)state;
	EXPECT("", leaf, dns, NULL); /* speaks of DNS names only */
	X509 *host = ek_make(&(struct ek_spec){
	    .key = EK_RSA2048, .by = EK_MAKER, .purpose = "2.23.133.8.1", .subject = "ek.example.com"});
	EXPECT(CAIRN_EK_CHAIN, host, dns, NULL);
	X509_free(dns);
	X509_free(leaf);
	X509_free(host);
}

static void too_many_helpers(void **state)
{
	const struct world *w = *state;
	struct cairn_ek_verdict v = {0};
	STACK_OF(X509) *helpers = sk_X509_new_null(), *anchors = sk_X509_new_null();
	sk_X509_push(anchors, w->root);
	for (int i = 0; i < CAIRN_EK_HELPERS_MAX; i++)
		sk_X509_push(helpers, w->middle);
	struct cairn_ek_question q = {.cert = w->leaf, .helpers = helpers, .anchors = anchors};
	assert_int_equal(cairn_ekcert_judge(&v, &q), CAIRN_OK);
	assert_true(v.accepted);
	cairn_ek_verdict_fini(&v);
	sk_X509_push(helpers, w->middle);
	assert_int_equal(cairn_ekcert_judge(&v, &q), CAIRN_E_LIMIT);
	sk_X509_free(helpers);
	sk_X509_free(anchors);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_issuers_must_be),
	    WORLD(which_are_found),
	    WORLD(what_is_missing_is_named),
	    WORLD(unreadable_issuer),
	    WORLD(leaf_that_signs),
	    WORLD(circle),
	    WORLD(long_chains),
	    cmocka_unit_test(name_constraints),
	    WORLD(too_many_helpers),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
