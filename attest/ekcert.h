/* EK certificates: proof that an endorsement key lives in a TPM whose maker the operator trusts.
 *
 * Sources: RFC 5280; TCG EK Credential Profile for TPM 2.0, version 2.5, section 3.2 (an EK certificate is no
 * CA; its extended key usage, where it has one, is tcg-kp-EKCertificate) and section 2.2 (certificates in NV
 * indices, which may be larger than what they hold). No network: no CRL, no OCSP, no AIA fetch. Validity
 * periods count, by this machine's clock: an expired certificate enrols nobody, and unenrols nobody either.
 */
#ifndef CAIRN_ATTEST_EKCERT_H
#define CAIRN_ATTEST_EKCERT_H

#include <openssl/x509.h>

#include "cairn/tpmkey.h"

#define CAIRN_EK_CERTS_MAX     8    /* certificates of one enrolment */
#define CAIRN_EK_CERT_SIZE_MAX 8192 /* bytes of one, padding included */

/* Every *.pem, *.crt and *.cer file of the directory (PEM, any number of certificates each; or DER): each
 * certificate in it is an anchor. *count may become 0. CAIRN_E_IO, CAIRN_E_MALFORMED (why names the file). */
enum cairn_status cairn_ekroots_load(X509_STORE **out, size_t *count, const char *dir,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Reads one certificate from the start of der. What follows it must be nothing, or all 00, or all FF. */
enum cairn_status cairn_ekcert_parse(X509 **out, struct cairn_span der) CAIRN_MUST_CHECK;

/* Finds among the certificates the one of this EK and verifies its chain, the others being intermediates.
 * sha256 becomes that of the certificate's DER, without padding. CAIRN_E_MISMATCH: none is of this EK;
 * CAIRN_E_UNTRUSTED: it is no EK certificate, or does not chain to a root. A sentence goes to why. */
enum cairn_status cairn_ekcert_verify(uint8_t sha256[32], const struct cairn_ekpub *ek,
				      STACK_OF(X509) * certs, X509_STORE *roots,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
