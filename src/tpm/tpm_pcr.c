/* Reading and extending PCRs. */
#include "tpm/tpm_internal.h"

#include <string.h>

#define READ_TRIES 5 /* readings of a moment before it counts as busy */

TPML_PCR_SELECTION cairn_tpm_selection(enum cairn_alg alg, uint32_t mask)
{
	TPML_PCR_SELECTION sel = {.count = 1};

	sel.pcrSelections[0].hash = (TPMI_ALG_HASH)alg;
	sel.pcrSelections[0].sizeofSelect = 3;
	for (unsigned i = 0; i < 3; i++)
		sel.pcrSelections[0].pcrSelect[i] = (uint8_t)(mask >> 8 * i);
	return sel;
}

static uint32_t selection_mask(const TPML_PCR_SELECTION *sel, enum cairn_alg alg)
{
	const TPMS_PCR_SELECTION *s = &sel->pcrSelections[0];
	uint32_t mask = 0;

	if (sel->count != 1 || s->hash != (TPMI_ALG_HASH)alg || s->sizeofSelect > 3)
		return 0;
	for (unsigned i = 0; i < s->sizeofSelect; i++)
		mask |= (uint32_t)s->pcrSelect[i] << 8 * i;
	return mask;
}

/* The values of one answer, in ascending order of the PCRs it says it holds. */
static enum cairn_status take_values(struct cairn_bank *out, uint32_t mask, const TPML_DIGEST *values)
{
	size_t size = cairn_alg_size(out->alg);
	uint32_t n = 0;

	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++) {
		if (!(mask >> i & 1))
			continue;
		if (n >= values->count || values->digests[n].size != size)
			return CAIRN_E_UNSUPPORTED;
		memcpy(out->pcr[i].bytes, values->digests[n++].buffer, size);
	}
	out->extended |= mask;
	return n == values->count ? CAIRN_OK : CAIRN_E_UNSUPPORTED;
}

/* One command: up to eight of the PCRs that are left. */
static enum cairn_status read_some(struct cairn_tpm *t, struct cairn_bank *out, uint32_t *left,
				   uint32_t *counter)
{
	CAIRN_AUTO_ESYS TPML_PCR_SELECTION *got = NULL;
	CAIRN_AUTO_ESYS TPML_DIGEST *values = NULL;
	TPML_PCR_SELECTION want = cairn_tpm_selection(out->alg, *left);
	enum cairn_status s = CAIRN_TPM_CALL(
	    t, "TPM2_PCR_Read",
	    Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &want, counter, &got, &values));

	if (s != CAIRN_OK)
		return s;
	uint32_t mask = selection_mask(got, out->alg);
	if (mask == 0 || (mask & ~*left) != 0)
		return CAIRN_E_UNSUPPORTED;
	*left &= ~mask;
	return take_values(out, mask, values);
}

/* All PCRs of the mask in one bank. *counter holds the counter of this moment once *started; CAIRN_E_CHANGED
 * when it moved. */
static enum cairn_status read_bank(struct cairn_tpm *t, enum cairn_alg alg, uint32_t mask,
				   struct cairn_bank *out, uint32_t *counter, bool *started)
{
	uint32_t left = mask, now = 0;

	memset(out, 0, sizeof(*out));
	out->alg = alg;
	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
		out->pcr[i].alg = alg;
	while (left != 0) {
		enum cairn_status s = read_some(t, out, &left, &now);

		if (s != CAIRN_OK)
			return s;
		if (*started && now != *counter)
			return CAIRN_E_CHANGED;
		*counter = now;
		*started = true;
	}
	return CAIRN_OK;
}

static enum cairn_status read_moment(struct cairn_tpm *t, const enum cairn_alg *algs, size_t count,
				     uint32_t mask, struct cairn_pcrs *out)
{
	for (unsigned tries = 0; tries < READ_TRIES; tries++) {
		uint32_t counter = 0;
		bool started = false;
		enum cairn_status s = CAIRN_OK;

		memset(out, 0, sizeof(*out));
		for (; s == CAIRN_OK && out->count < count; out->count++)
			s = read_bank(t, algs[out->count], mask, &out->bank[out->count], &counter, &started);
		if (s != CAIRN_E_CHANGED)
			return s;
	}
	return CAIRN_E_TPM_BUSY;
}

static bool mask_ok(uint32_t mask)
{
	return mask != 0 && mask >> CAIRN_PCR_COUNT == 0;
}

enum cairn_status cairn_tpm_pcr_read(struct cairn_tpm *t, enum cairn_alg alg, uint32_t mask,
				     struct cairn_bank *out)
{
	struct cairn_pcrs got;

	if (!mask_ok(mask) || cairn_alg_size(alg) == 0)
		return CAIRN_E_USAGE;
	enum cairn_status s = read_moment(t, &alg, 1, mask, &got);
	if (s == CAIRN_OK)
		*out = got.bank[0];
	return s;
}

enum cairn_status cairn_tpm_pcrs_read(struct cairn_tpm *t, uint32_t mask, struct cairn_pcrs *out)
{
	struct cairn_pcrs got;

	if (!mask_ok(mask))
		return CAIRN_E_USAGE;
	enum cairn_status s = read_moment(t, t->banks.alg, t->banks.count, mask, &got);
	if (s == CAIRN_OK)
		*out = got;
	return s;
}

const struct cairn_tpm_banks *cairn_tpm_banks(const struct cairn_tpm *t)
{
	return &t->banks;
}

static const struct cairn_digest *find(const struct cairn_digest *d, size_t count, enum cairn_alg alg)
{
	for (size_t i = 0; i < count; i++) {
		if (d[i].alg == alg)
			return &d[i];
	}
	return NULL;
}

/* As many digests as banks and one for each bank: so none is left over and none is there twice. */
enum cairn_status cairn_tpm_pcr_extend(struct cairn_tpm *t, unsigned index, const struct cairn_digest *d,
				       size_t count)
{
	TPML_DIGEST_VALUES values = {.count = (uint32_t)t->banks.count};

	if (index >= CAIRN_PCR_COUNT || count != t->banks.count)
		return CAIRN_E_USAGE;
	for (size_t i = 0; i < t->banks.count; i++) {
		enum cairn_alg alg = t->banks.alg[i];
		const struct cairn_digest *one = find(d, count, alg);

		if (!one)
			return CAIRN_E_USAGE;
		values.digests[i].hashAlg = (TPMI_ALG_HASH)alg;
		memcpy(&values.digests[i].digest, one->bytes, cairn_alg_size(alg));
	}
	return CAIRN_TPM_CALL(t, "TPM2_PCR_Extend",
			      Esys_PCR_Extend(t->esys, ESYS_TR_PCR0 + index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					      ESYS_TR_NONE, &values));
}
