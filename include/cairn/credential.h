/* TPM2_MakeCredential in software: a challenge that only the TPM which holds both the EK and the AK can
 * answer.
 *
 * Source: TPM 2.0 Library r1.59, part 1, clause 24 (credential protection), B.10.4 (RSA secret
 * sharing), 11.4.10.2 (KDFa). Trusts nothing but the EK public key, which the caller has checked against its
 * certificate.
 */
#ifndef CAIRN_CREDENTIAL_H
#define CAIRN_CREDENTIAL_H

#include "cairn/tpmkey.h"

#define CAIRN_CREDENTIAL_MAX 32 /* bytes: the digest size of the EK's nameAlg */

/* Encrypts 1 to CAIRN_CREDENTIAL_MAX bytes for the key named ak_name next to the EK. Appends a
 * TPM2B_ID_OBJECT to id_object and a TPM2B_ENCRYPTED_SECRET to secret. CAIRN_E_USAGE: length; CAIRN_E_CRYPTO;
 * CAIRN_E_NOMEM. */
enum cairn_status cairn_credential_make(struct cairn_buf *id_object, struct cairn_buf *secret,
					const struct cairn_ekpub *ek, const struct cairn_name *ak_name,
					struct cairn_span credential) CAIRN_MUST_CHECK;

#endif
