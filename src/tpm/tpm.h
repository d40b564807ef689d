/* The TPM: banks and PCRs, identity, quotes, sealing; through the ESAPI of tpm2-tss.
 *
 * One struct cairn_tpm is one connection, used by one thread at a time. Nothing is left in the TPM: every key
 * is derived again for each use, and every transient object and session is flushed on every path, so no
 * resource manager is needed (at most three transient objects at a time). Commands that the TPM asks to
 * repeat are repeated a bounded number of times. What a TPM says is not trusted here; the verifier checks
 * signatures.
 *
 * Errors that all functions share: CAIRN_E_TPM_ABSENT (no answer), CAIRN_E_TPM_BUSY (asked to retry for too
 * long, or in use), CAIRN_E_TPM_LOCKOUT, CAIRN_E_TPM (any other answer of the TPM; cairn_tpm_error says
 * which), CAIRN_E_NOMEM, CAIRN_E_USAGE. Outputs are written only on CAIRN_OK; buffers given as outputs are
 * appended to.
 */
#ifndef CAIRN_TPM_H
#define CAIRN_TPM_H

#include <tss2/tss2_tcti.h>

#include "cairn/pcr.h"
#include "cairn/tpmkey.h"

struct cairn_tpm;
struct cairn_approval; /* cairn/approval.h */
struct cairn_key;      /* cairn/jwk.h */
struct cairn_sealed;   /* cairn/sealed.h */

/* ---- connection ---- */

/* tcti is a TCTI configuration as tpm2-tss takes it ("device:/dev/tpm0", "swtpm:path=/run/x/sock"); never
 * NULL. The TPM must have been started (firmware or kernel do that), and have the SHA-256 bank active, else
 * CAIRN_E_UNSUPPORTED. tpm2-tss's own messages are silenced unless TSS2_LOG is set. Where opening fails and
 * why is not NULL, the reason is written there. */
struct cairn_tpm_why {
	char text[320];
};
enum cairn_status cairn_tpm_open(struct cairn_tpm **out, const char *tcti,
				 struct cairn_tpm_why *why) CAIRN_MUST_CHECK;
/* The same over a TCTI that the caller made and still owns: it must outlive the connection. */
enum cairn_status cairn_tpm_open_tcti(struct cairn_tpm **out, TSS2_TCTI_CONTEXT *tcti,
				      struct cairn_tpm_why *why) CAIRN_MUST_CHECK;
void cairn_tpm_close(struct cairn_tpm *t);
/* Connects anew after the transport has failed; does nothing while it has not. Until that succeeds every
 * command is CAIRN_E_TPM_ABSENT. Handles and sessions of the old connection are gone: call it between
 * operations. */
void cairn_tpm_revive(struct cairn_tpm *t);
/* What the last failing command was and what the TPM answered, for a log line. Never NULL. */
const char *cairn_tpm_error(const struct cairn_tpm *t);

struct cairn_tpm_info {
	char manufacturer[5]; /* at most four characters, "IBM" */
	char vendor[17];
	uint64_t firmware; /* TPM_PT_FIRMWARE_VERSION_1 << 32 | _2 */
};
enum cairn_status cairn_tpm_info(struct cairn_tpm *t, struct cairn_tpm_info *out) CAIRN_MUST_CHECK;

/* ---- PCRs ---- */

/* The active banks, as the TPM gave them when the connection was opened (they change only with a reboot). */
struct cairn_tpm_banks {
	size_t count;
	enum cairn_alg alg[CAIRN_BANK_MAX]; /* ascending; sha1, sha256, sha384, sha512 */
	size_t unknown_count; /* active banks that cairn cannot extend: quotes are then not to be trusted */
	uint16_t unknown[16]; /* their TPM_ALG_ID */
};
const struct cairn_tpm_banks *cairn_tpm_banks(const struct cairn_tpm *t);

/* Reads the PCRs of mask (bit n: PCR n; not empty) in one bank or in all known active ones. The values belong
 * to one moment: if pcrUpdateCounter moves between commands, all is read again, and at last CAIRN_E_TPM_BUSY.
 * CAIRN_E_UNSUPPORTED: the bank is not active or a PCR is not implemented. */
enum cairn_status cairn_tpm_pcr_read(struct cairn_tpm *t, enum cairn_alg alg, uint32_t mask,
				     struct cairn_bank *out) CAIRN_MUST_CHECK;
enum cairn_status cairn_tpm_pcrs_read(struct cairn_tpm *t, uint32_t mask,
				      struct cairn_pcrs *out) CAIRN_MUST_CHECK;

/* Extends one PCR in all known active banks by one command. d holds exactly one digest for each of them, in
 * any order; anything else is CAIRN_E_USAGE and nothing is extended. */
enum cairn_status cairn_tpm_pcr_extend(struct cairn_tpm *t, unsigned index, const struct cairn_digest *d,
				       size_t count) CAIRN_MUST_CHECK;

/* ---- the highest release set seen ---- */

/* It is an NV counter (NV index 0x01800ca1, TPM_NT_COUNTER), which only ever rises: nobody can lower it, and one that is
 * deleted and made anew, even after TPM2_Clear, goes on above the highest value that any counter of this TPM ever had
 * (TPM 2.0 Library r1.59, part 3, TPM2_NV_Increment). Whoever owns the TPM may raise or delete it, which can only lead
 * to refusals.
 *
 * *out is 0 where there is none yet. CAIRN_E_UNSUPPORTED: at its index is something else. */
#define CAIRN_TPM_SERIAL_INDEX 0x01800ca1
#define CAIRN_TPM_SERIAL_STEPS 1024 /* it is raised by one at a time, and by no more than so many in all */
enum cairn_status cairn_tpm_serial(struct cairn_tpm *t, uint64_t *out) CAIRN_MUST_CHECK;
/* Raises it to exactly that; where there is none it is made, which needs the empty owner authorisation.
 * CAIRN_E_STALE: it is above already; *now then has its value. CAIRN_E_LIMIT: too many steps; nothing was changed,
 * but for a counter that was made. */
enum cairn_status cairn_tpm_serial_raise(struct cairn_tpm *t, uint64_t to, uint64_t *now) CAIRN_MUST_CHECK;

/* ---- identity ---- */

/* EK: RSA-2048, template L-1 of the TCG EK Credential Profile; the persistent 0x81010001 where that is such a
 * key. The certificate is NV index 0x01c00002 as stored, perhaps with padding behind it; empty where there is
 * none. AK: an ECC P-256 primary key of the endorsement hierarchy (cairn/tpmkey.h has its template). */
struct cairn_tpm_identity {
	struct cairn_buf ek_public; /* TPM2B_PUBLIC */
	struct cairn_buf ek_cert;   /* DER */
	struct cairn_buf ak_public; /* TPM2B_PUBLIC */
	struct cairn_name ak_name;
	struct cairn_digest host_id; /* SHA-256 of the EK's TPMT_PUBLIC */
};
/* The caller ends it with cairn_tpm_identity_fini, which is safe on a zeroed one. */
enum cairn_status cairn_tpm_identity(struct cairn_tpm *t, struct cairn_tpm_identity *out) CAIRN_MUST_CHECK;
void cairn_tpm_identity_fini(struct cairn_tpm_identity *id);

/* Answers a MakeCredential challenge for the AK. id_object is a TPM2B_ID_OBJECT, secret a
 * TPM2B_ENCRYPTED_SECRET, exactly. out gets the credential, which is secret: use cairn_auto_secret.
 * CAIRN_E_TPM_POLICY: it was not made for this EK and this AK. CAIRN_E_MALFORMED, _TRUNCATED, _TRAILING: not
 * those structures. */
enum cairn_status cairn_tpm_activate(struct cairn_tpm *t, struct cairn_span id_object,
				     struct cairn_span secret, struct cairn_buf *out) CAIRN_MUST_CHECK;

/* ---- quote ---- */

/* Quotes the PCRs of mask in the SHA-256 bank with the AK. attest gets the bytes of TPMS_ATTEST, signature
 * those of TPMT_SIGNATURE (ECDSA, SHA-256). extra_data: 1 to 64 bytes. */
enum cairn_status cairn_tpm_quote(struct cairn_tpm *t, uint32_t mask, struct cairn_span extra_data,
				  struct cairn_buf *attest, struct cairn_buf *signature) CAIRN_MUST_CHECK;

/* ---- sealing ---- */

/* Seals a secret of 1 to CAIRN_SEALED_SECRET_MAX bytes for a class and a release key; see cairn/sealed.h for
 * what then opens it. The secret crosses the bus encrypted only. out is ended with cairn_sealed_fini.
 * CAIRN_E_MALFORMED: class; CAIRN_E_USAGE: the key is not P-256, the length. */
enum cairn_status cairn_tpm_seal(struct cairn_tpm *t, const char *class, const struct cairn_key *release_key,
				 struct cairn_span secret, struct cairn_sealed *out) CAIRN_MUST_CHECK;

/* Opens it. secret gets the plaintext: use cairn_auto_secret. No PCR may be extended meanwhile (the caller's
 * lock); if one is all the same, the policy is tried once more.
 *
 * CAIRN_E_DENIED: the approval selects PCRs that must not be sealed to (cairn/approval.h). CAIRN_E_UNTRUSTED:
 * it is by another key than the blob names. CAIRN_E_SIGNATURE: its signature does not verify for the blob's
 * class. CAIRN_E_MISMATCH: the blob was changed or was sealed by another TPM. CAIRN_E_TPM_POLICY: the PCRs
 * are not the approved ones. */
enum cairn_status cairn_tpm_unseal(struct cairn_tpm *t, const struct cairn_sealed *blob,
				   const struct cairn_approval *approval,
				   struct cairn_buf *secret) CAIRN_MUST_CHECK;

#endif
