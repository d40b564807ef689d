/* Between the files of keys/ek*.c. */
#ifndef CAIRN_KEYS_EK_H
#define CAIRN_KEYS_EK_H

#include <openssl/x509v3.h>

#include "cairn/ekcert.h"

/* What the checks of an EK certificate look at. Owns key and purposes. */
struct cairn_ek_subject {
	X509 *cert;
	EVP_PKEY *key;		      /* NULL: unreadable */
	EXTENDED_KEY_USAGE *purposes; /* NULL: none */
	bool ambiguous;		      /* two values for one TPM attribute */
	bool failed;		      /* something that is there could not be read */
	struct cairn_ek_facts *facts;
};
enum cairn_status cairn_ek_subject_init(struct cairn_ek_subject *s, struct cairn_ek_facts *facts, X509 *cert);
void cairn_ek_subject_fini(struct cairn_ek_subject *s);

/* "STM": without the spaces and NULs behind; hex where it is no text. */
void cairn_maker_id(char out[16], uint32_t maker);
const char *cairn_maker_name(uint32_t maker); /* "" if it is not in the registry */
/* True where the two differ in nothing but spaces and NULs at the end. */
bool cairn_maker_equal(uint32_t a, uint32_t b);

/* A name as RFC 2253 text, printable ASCII, cut to size. */
void cairn_x509_name_text(char *out, size_t size, const X509_NAME *name);
void cairn_cert_issuer_url(char *out, size_t size, X509 *cert);

/* Finds a path from the certificate to an anchor, judges it, and adds what speaks against it. */
enum cairn_status cairn_ekchain_judge(struct cairn_ek_verdict *v, const struct cairn_ek_question *q);
/* The checks that hold for every certificate of a chain. */
bool cairn_cert_malformed(X509 *cert);
bool cairn_cert_critical_unknown(X509 *cert);

#endif
