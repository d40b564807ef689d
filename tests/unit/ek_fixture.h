/* EK certificates, their authorities and verdicts on them, made here. */
#ifndef CAIRN_TEST_EK_FIXTURE_H
#define CAIRN_TEST_EK_FIXTURE_H

#include "cairn/ekcert.h"

enum ek_key { /* made when they are asked for first, and kept */
	      EK_RSA2048,
	      EK_RSA3072,
	      EK_RSA1024,
	      EK_RSA4096,
	      EK_RSA_E3,
	      EK_ROCA,
	      EK_P256,
	      EK_P384,
	      EK_P521,
	      EK_P192,
	      EK_ED25519,
	      EK_MAKER,	 /* P-256 */
	      EK_MIDDLE, /* P-256 */
	      EK_OTHER,	 /* P-256 */
	      EK_KEYS,
};
EVP_PKEY *ek_key(enum ek_key which);
void ek_keys_free(void);

struct ek_spec {
	enum ek_key key, by;
	const char *subject, *issuer; /* CN; NULL: an empty name, "maker" */
	const char *constraints, *usage, *purpose,
	    *names;			     /* extensions as OpenSSL's configuration has them */
	const char *maker, *model, *version; /* TPM attributes of a critical subject alternative name */
	const char *maker2;		     /* a second one */
	bool one_rdn;			     /* the attributes in one multi-valued RDN */
	const char *critical;		     /* OID of an extension with this name, critical */
	const char *plain;		     /* the same, not critical */
	const char *twice;		     /* basic constraints a second time */
	const char *url;		     /* AIA */
	bool specification; /* subject directory attributes: 2.0, level 0, revision 138; critical */
	const char
	    *directory;	    /* other subject directory attributes, not critical; length in the first byte */
	const char *digest; /* "SHA256" where NULL */
	const char *starts, *ends; /* ASN.1 times; NULL: 20200101, 20500101 */
	int version1;
};
#define EK_GOOD                                                                                              \
	.key = EK_RSA2048, .by = EK_MAKER, .constraints = "critical,CA:FALSE",                               \
	.usage = "critical,keyEncipherment", .purpose = "2.23.133.8.1", .maker = "id:53544D20",              \
	.model = "ST33HTPHAHB4", .version = "id:004A0020"
#define EK_CA                                                                                                \
	.key = EK_MAKER, .by = EK_MAKER, .subject = "maker", .constraints = "critical,CA:TRUE",              \
	.usage = "critical,keyCertSign"

X509 *ek_make(const struct ek_spec *s);

/* Judged now, with the shipped denied list; each list ends with NULL. */
void ek_judge(struct cairn_ek_verdict *v, X509 *cert, X509 *const *anchors, X509 *const *helpers,
	      const uint64_t *firmware);
/* Exactly these codes, in their order, separated by spaces. */
void ek_expect(const char *what, const struct cairn_reasons *r, const char *codes);

#endif
