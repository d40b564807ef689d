/* EK certificates: proof that an endorsement key lives in a TPM whose maker is trusted.
 *
 * Sources: RFC 5280; TCG EK Credential Profile for TPM 2.0, version 2.5, revision 2, sections 2.2 (certificates
 * and chains in NV indices) and 3.2 (fields of an EK certificate); TCG PC Client Specific Implementation
 * Specification for Conventional BIOS, version 1.21, section 7.4 (certificates in the NV memory of a TPM 1.2);
 * TCG Credential Profiles for TPM 1.2, version 1.2, section 3.2.
 *
 * Everything X.509 is OpenSSL's; what is here decides which certificates are tried as issuers, and what an EK
 * certificate must and must not say. Trusted are the anchors, whatever they are: a root, an intermediate, or
 * one EK certificate. No network: no CRL, no OCSP, and an AIA address is named and never fetched. Validity
 * times are reported and do not decide; see docs/decision-ek-validity.md.
 */
#ifndef CAIRN_EKCERT_H
#define CAIRN_EKCERT_H

#include <openssl/x509.h>

#include "cairn/ekdenied.h"
#include "cairn/reason.h"

/* ---- certificates as NV memory and files hold them ------------------------------------------------------- */

#define CAIRN_CERTS_SIZE_MAX ((size_t)1024 * 1024) /* bytes of one input */
#define CAIRN_CERTS_MAX	     256		   /* certificates of one input */

/* Appends to out every certificate of the input, found by its content:
 *   DER, one certificate after another, then nothing, or only 00, or only FF (an NV index larger than what it
 *   holds); the same inside a TCG_PCCLIENT_STORED_CERT of a TPM 1.2 with a TCG_FULL_CERT; or PEM with any text
 *   around, each block holding what is said of DER.
 * *padding (which may be NULL) is the number of bytes of padding. On failure out is as before, and a sentence is
 * in why (which may be NULL). CAIRN_E_MALFORMED: nothing of the kind; CAIRN_E_NOTFOUND: PEM, and no
 * certificate in it; CAIRN_E_TRUNCATED: no bytes, or nothing
 * but padding; CAIRN_E_TRAILING: something else follows a certificate; CAIRN_E_UNSUPPORTED: a partial certificate
 * of a TPM 1.2; CAIRN_E_LIMIT; CAIRN_E_NOMEM. */
enum cairn_status cairn_certs_read(STACK_OF(X509) * out, size_t *padding, struct cairn_span in,
				   struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Appends the anchors: the certificates of a file, or of every file in a directory and in its directories. A file
 * named *.pem, *.crt, *.cer or *.der must be readable (other things in PEM are passed over); of the others those that
 * hold certificates are taken. Names that
 * begin with a dot or end in .md are left out. CAIRN_E_IO, CAIRN_E_NOTFOUND, and the errors of cairn_certs_read;
 * why names the file. An empty directory is CAIRN_OK. */
enum cairn_status cairn_ekroots_load(STACK_OF(X509) * out, const char *path,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;

/* The certificate's public key; also where it is written as an id-RSAES-OAEP key, as TPM 1.2 makers did. Freed by
 * the caller. CAIRN_E_UNSUPPORTED: not one that OpenSSL reads. */
enum cairn_status cairn_cert_key(EVP_PKEY **out, X509 *cert) CAIRN_MUST_CHECK;
/* True for what may not be judged as an EK certificate because it can vouch for others. */
bool cairn_cert_is_ca(X509 *cert);

/* ---- what a certificate says ----------------------------------------------------------------------------- */

struct cairn_ek_facts { /* strings are printable ASCII, "" where nothing is said */
	uint8_t sha256[32];
	bool has_maker;
	uint32_t maker; /* of the TCG Vendor ID Registry: 0x53544D20 is "STM " */
	char maker_id[16], maker_name[40];
	char model[80];
	char version[40]; /* as written */
	bool has_firmware;
	uint64_t firmware; /* the version in the form of TPMS_ATTEST.firmwareVersion: four times 16 bits */
	char spec_family[16];
	long spec_level, spec_revision; /* -1: not said */
	char subject[256], issuer[256], serial[64], not_before[32], not_after[32];
	char key[24];	      /* "RSA-2048", "P-256" */
	char signature[40];   /* "RSA-SHA256" */
	char issuer_url[256]; /* where the issuer's certificate is said to be (AIA) */
};

/* Dotted: 73.4.0.0 */
void cairn_firmware_text(char out[32], uint64_t firmware);

/* ---- the verdict ----------------------------------------------------------------------------------------- */

/* Codes of reasons and warnings. */
#define CAIRN_EK_MALFORMED	"malformed-extension" /* an extension that is unreadable or there twice */
#define CAIRN_EK_IS_CA		"is-a-ca"	      /* it could sign certificates */
#define CAIRN_EK_KEY_USAGE	"key-usage"	      /* not for what an EK is used for */
#define CAIRN_EK_PURPOSE	"wrong-purpose" /* an extended key usage that is not tcg-kp-EKCertificate */
#define CAIRN_EK_NOT_AN_EK	"not-an-ek"	/* nothing in it says that it is an EK certificate */
#define CAIRN_EK_AMBIGUOUS	"ambiguous-attributes" /* two makers, models or versions */
#define CAIRN_EK_CRITICAL	"unknown-critical"     /* a critical extension that is not understood */
#define CAIRN_EK_KEY		"unsupported-key"
#define CAIRN_EK_ROCA		"roca" /* a modulus of the form of CVE-2017-15361 */
#define CAIRN_EK_VALIDITY	"malformed-validity"
#define CAIRN_EK_ISSUER		"missing-issuer"
#define CAIRN_EK_UNTRUSTED	"untrusted-root" /* it ends in a root that is no anchor */
#define CAIRN_EK_SIGNATURE	"bad-signature"
#define CAIRN_EK_ISSUER_NOT_CA	"issuer-not-a-ca"
#define CAIRN_EK_ISSUER_KEY	"weak-issuer-key"
#define CAIRN_EK_WEAK_SIGNATURE "weak-signature" /* MD5 and the like; SHA-1 of a CA made since 2016 */
#define CAIRN_EK_CHAIN		"chain"		 /* what else OpenSSL finds: path length, name constraints */
#define CAIRN_EK_DENIED		"denied"	 /* a row of the denied list */
/* warnings only */
#define CAIRN_EK_EXPIRED       "expired"
#define CAIRN_EK_NOT_YET_VALID "not-yet-valid"
#define CAIRN_EK_SHA1	       "sha1-signature"
#define CAIRN_EK_NO_ATTRIBUTES "no-tpm-attributes"
#define CAIRN_EK_FLAGGED       "flagged" /* a row of the denied list that warns */

#define CAIRN_EK_CHAIN_MAX   8	/* certificates of a chain, anchor included */
#define CAIRN_EK_HELPERS_MAX 64 /* intermediates to choose from */

struct cairn_ek_link {
	char subject[256];
	uint8_t sha256[32];
	bool anchor;
};

struct cairn_ek_verdict {
	bool accepted;
	struct cairn_ek_facts facts;
	struct cairn_reasons reasons;			/* why not; empty if accepted */
	struct cairn_reasons warnings;			/* what speaks against it and does not decide */
	size_t chain_len;				/* 0 where no anchor was reached */
	struct cairn_ek_link chain[CAIRN_EK_CHAIN_MAX]; /* the EK certificate first */
};
void cairn_ek_verdict_fini(struct cairn_ek_verdict *v);
#define cairn_auto_ek_verdict __attribute__((cleanup(cairn_ek_verdict_fini)))

struct cairn_ek_question {
	X509 *cert;
	STACK_OF(X509) * helpers; /* intermediates, hostile; may hold cert itself; may be NULL */
	STACK_OF(X509) * anchors;
	const struct cairn_ekdenied *denied; /* may be NULL */
	const uint64_t *firmware;	     /* of a quote, where there is one, else NULL */
	uint64_t now;			     /* Unix seconds */
};
/* A verdict is data: the status is CAIRN_OK also for a rejected certificate. CAIRN_E_LIMIT: too many helpers;
 * CAIRN_E_NOMEM, CAIRN_E_CRYPTO. */
enum cairn_status cairn_ekcert_judge(struct cairn_ek_verdict *out,
				     const struct cairn_ek_question *q) CAIRN_MUST_CHECK;
/* {"accepted","certificate":{...facts},"chain":[...],"reasons":[...],"warnings":[...]}: a new reference, or NULL. */
json_t *cairn_ek_json(const struct cairn_ek_verdict *v);

/* The test of CVE-2017-15361 on a modulus (M. Nemec and others, The Return of Coppersmith's Attack, ACM CCS 2017,
 * section 4.1): true if modulo each of the primes to 167 it is a power of 65537. One modulus in 2^27 is so by
 * chance. */
bool cairn_roca(const BIGNUM *modulus);

#endif
