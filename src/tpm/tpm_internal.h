/* What the files of src/tpm share: the connection, the one way to call a command, and handles that flush
 * themselves. */
#ifndef CAIRN_TPM_INTERNAL_H
#define CAIRN_TPM_INTERNAL_H

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "tpm/tpm.h"

struct cairn_tpm {
	TSS2_TCTI_CONTEXT *tcti;
	bool owns_tcti;
	char *conf;  /* of the TCTI that is ours; owned */
	bool broken; /* the transport failed, and ESAPI takes no more commands */
	ESYS_CONTEXT *esys;
	struct cairn_tpm_banks banks;
	TSS2_RC rc; /* of the last failing command */
	char error[sizeof(struct cairn_tpm_why)];
};

/* True if the TPM asked to repeat the command and that is still allowed; sleeps before. */
bool cairn_tpm_again(TSS2_RC rc, unsigned *tries);
/* Turns the answer to the command into a status, and keeps its text. */
enum cairn_status cairn_tpm_result(struct cairn_tpm *t, const char *command, TSS2_RC rc);
/* The status of a command with the bits of layer and parameter removed: TPM_RC of part 2, clause 6.6, or the
 * whole code where it is not the TPM's. */
TSS2_RC cairn_tpm_rc(const struct cairn_tpm *t);

#define CAIRN_TPM_CALL(t, command, call)                                                                     \
	({                                                                                                   \
		unsigned tries_ = 0;                                                                         \
		TSS2_RC rc_;                                                                                 \
		do {                                                                                         \
			rc_ = (call);                                                                        \
		} while (cairn_tpm_again(rc_, &tries_));                                                     \
		cairn_tpm_result((t), (command), rc_);                                                       \
	})

/* An object or session. The cleanup flushes it, or forgets it where the TPM keeps it (persistent). */
struct cairn_tpm_handle {
	struct cairn_tpm *t;
	ESYS_TR tr;
	bool persistent;
};
struct cairn_tpm_handle cairn_tpm_handle(struct cairn_tpm *t);
void cairn_tpm_handle_fini(struct cairn_tpm_handle *h);
#define CAIRN_AUTO_HANDLE __attribute__((cleanup(cairn_tpm_handle_fini)))

/* What ESAPI allocated. */
void cairn_tpm_freep(void *pointer_to_pointer);
#define CAIRN_AUTO_ESYS __attribute__((cleanup(cairn_tpm_freep)))

/* One bank and mask as the TPM wants it. */
TPML_PCR_SELECTION cairn_tpm_selection(enum cairn_alg alg, uint32_t mask);
/* Appends the TPM2B_PUBLIC. */
enum cairn_status cairn_tpm_public_add(struct cairn_buf *out, const TPM2B_PUBLIC *pub);
/* A template (keys/template.h) and its `unique`, as bytes, for ESAPI. */
enum cairn_status cairn_tpm_template(TPM2B_PUBLIC *out, const struct cairn_buf *head,
				     struct cairn_span unique);
/* A primary key with empty authorisation; pub (may be NULL) gets its public area, to be freed by Esys_Free.
 */
enum cairn_status cairn_tpm_primary(struct cairn_tpm *t, ESYS_TR hierarchy, const TPM2B_PUBLIC *template,
				    struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub);
/* The Name that ESAPI keeps for a handle: SHA-256 ones only. */
enum cairn_status cairn_tpm_name(struct cairn_tpm *t, const struct cairn_tpm_handle *h,
				 struct cairn_name *out);
/* Values of consecutive TPM_PT properties. */
enum cairn_status cairn_tpm_property(struct cairn_tpm *t, TPM2_PT first, uint32_t *values, size_t count);
/* The AK and its public area. */
enum cairn_status cairn_tpm_ak(struct cairn_tpm *t, struct cairn_tpm_handle *out, TPM2B_PUBLIC **pub);

#endif
