/* Quotes: the AK's signature over PCR values and the caller's data. */
#include "tpm/tpm_internal.h"

#include <string.h>

#define EXTRA_MAX 64 /* TPM2B_DATA of a TPM whose largest hash is SHA-512, without the TPMT_HA algorithm */

static enum cairn_status add_signature(struct cairn_buf *out, const TPMT_SIGNATURE *sig)
{
	uint8_t bytes[sizeof(*sig) + 2];
	size_t off = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Marshal(sig, bytes, sizeof(bytes), &off) != TSS2_RC_SUCCESS)
		return CAIRN_E_INTERNAL;
	cairn_buf_add(out, cairn_span(bytes, off));
	return cairn_buf_status(out);
}

enum cairn_status cairn_tpm_quote(struct cairn_tpm *t, uint32_t mask, struct cairn_span extra_data,
				  struct cairn_buf *attest, struct cairn_buf *signature)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle ak = cairn_tpm_handle(t);
	CAIRN_AUTO_ESYS TPM2B_ATTEST *quoted = NULL;
	CAIRN_AUTO_ESYS TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME of_the_key = {.scheme = TPM2_ALG_NULL};
	TPML_PCR_SELECTION sel = cairn_tpm_selection(CAIRN_ALG_SHA256, mask);
	TPM2B_DATA extra = {.size = (UINT16)extra_data.len};

	if (mask == 0 || mask >> CAIRN_PCR_COUNT != 0 || extra_data.len == 0 || extra_data.len > EXTRA_MAX)
		return CAIRN_E_USAGE;
	memcpy(extra.buffer, extra_data.ptr, extra_data.len);
	enum cairn_status s = cairn_tpm_ak(t, &ak, NULL);
	if (s != CAIRN_OK)
		return s;
	s = CAIRN_TPM_CALL(t, "TPM2_Quote",
			   Esys_Quote(t->esys, ak.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &extra,
				      &of_the_key, &sel, &quoted, &sig));
	if (s != CAIRN_OK)
		return s;
	cairn_buf_add(attest, cairn_span(quoted->attestationData, quoted->size));
	s = cairn_buf_status(attest);
	return s == CAIRN_OK ? add_signature(signature, sig) : s;
}
