/* The highest serial number of a release set that this TPM has seen: an NV counter. */
#include "tpm/tpm_internal.h"

#include <string.h>

/* TPMA_NV: TPM 2.0 Library r1.59, part 2, 13.4. Without dictionary attack protection, since its authorisation is
 * empty; and on the storage itself, not in memory until an orderly shutdown. */
#define ATTRIBUTES                                                                                           \
	(TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA |                                              \
	 (TPMA_NV)TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT)
#define COUNTER_SIZE 8

/* *written stays false, and nv->tr none, where there is none. */
static enum cairn_status find(struct cairn_tpm *t, struct cairn_tpm_handle *nv, bool *written)
{
	CAIRN_AUTO_ESYS TPM2B_NV_PUBLIC *pub = NULL;
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_NV_ReadPublic",
			   Esys_TR_FromTPMPublic(t->esys, CAIRN_TPM_SERIAL_INDEX, ESYS_TR_NONE, ESYS_TR_NONE,
						 ESYS_TR_NONE, &nv->tr));

	*written = false;
	if (s == CAIRN_E_TPM && cairn_tpm_rc(t) == TPM2_RC_HANDLE)
		return CAIRN_OK;
	if (s != CAIRN_OK)
		return s;
	nv->persistent = true;
	s = CAIRN_TPM_CALL(
	    t, "TPM2_NV_ReadPublic",
	    Esys_NV_ReadPublic(t->esys, nv->tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub, NULL));
	if (s != CAIRN_OK)
		return s;
	const TPMS_NV_PUBLIC *p = &pub->nvPublic;

	*written = (p->attributes & TPMA_NV_WRITTEN) != 0;
	if ((p->attributes & ~TPMA_NV_WRITTEN) != ATTRIBUTES || p->dataSize != COUNTER_SIZE ||
	    p->nameAlg != TPM2_ALG_SHA256 || p->authPolicy.size != 0)
		return CAIRN_E_UNSUPPORTED;
	return CAIRN_OK;
}

static enum cairn_status make(struct cairn_tpm *t, struct cairn_tpm_handle *nv)
{
	const TPM2B_AUTH empty = {0};
	const TPM2B_NV_PUBLIC pub = {.nvPublic = {.nvIndex = CAIRN_TPM_SERIAL_INDEX,
						  .nameAlg = TPM2_ALG_SHA256,
						  .attributes = ATTRIBUTES,
						  .dataSize = COUNTER_SIZE}};
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_NV_DefineSpace",
			   Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					       ESYS_TR_NONE, &empty, &pub, &nv->tr));

	nv->persistent = s == CAIRN_OK;
	return s;
}

static enum cairn_status read_value(struct cairn_tpm *t, const struct cairn_tpm_handle *nv, uint64_t *out)
{
	CAIRN_AUTO_ESYS TPM2B_MAX_NV_BUFFER *data = NULL;
	enum cairn_status s =
	    CAIRN_TPM_CALL(t, "TPM2_NV_Read",
			   Esys_NV_Read(t->esys, nv->tr, nv->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
					COUNTER_SIZE, 0, &data));

	if (s != CAIRN_OK)
		return s;
	if (data->size != COUNTER_SIZE)
		return CAIRN_E_TPM;
	*out = 0;
	for (size_t i = 0; i < COUNTER_SIZE; i++)
		*out = *out << 8 | data->buffer[i];
	return CAIRN_OK;
}

static enum cairn_status increment(struct cairn_tpm *t, const struct cairn_tpm_handle *nv)
{
	return CAIRN_TPM_CALL(
	    t, "TPM2_NV_Increment",
	    Esys_NV_Increment(t->esys, nv->tr, nv->tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE));
}

enum cairn_status cairn_tpm_serial(struct cairn_tpm *t, uint64_t *out)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle nv = cairn_tpm_handle(t);
	bool written;
	uint64_t value = 0;
	enum cairn_status s = find(t, &nv, &written);

	if (s == CAIRN_OK && written)
		s = read_value(t, &nv, &value);
	if (s == CAIRN_OK)
		*out = value;
	return s;
}

/* One that was never incremented has no value; the first increment says where it starts. */
static enum cairn_status start(struct cairn_tpm *t, struct cairn_tpm_handle *nv, uint64_t *value)
{
	bool written;
	enum cairn_status s = find(t, nv, &written);

	if (s == CAIRN_OK && nv->tr == ESYS_TR_NONE)
		s = make(t, nv);
	if (s == CAIRN_OK && !written)
		s = increment(t, nv);
	return s == CAIRN_OK ? read_value(t, nv, value) : s;
}

enum cairn_status cairn_tpm_serial_raise(struct cairn_tpm *t, uint64_t to, uint64_t *now)
{
	CAIRN_AUTO_HANDLE struct cairn_tpm_handle nv = cairn_tpm_handle(t);
	enum cairn_status s = start(t, &nv, now);

	if (s == CAIRN_OK && *now < to && to - *now > CAIRN_TPM_SERIAL_STEPS)
		return CAIRN_E_LIMIT;
	for (uint64_t n = *now; s == CAIRN_OK && n < to; n++)
		s = increment(t, &nv);
	if (s == CAIRN_OK)
		s = read_value(t, &nv, now);
	if (s != CAIRN_OK)
		return s;
	return *now == to ? CAIRN_OK : CAIRN_E_STALE;
}
