/* See the header. */
#include "tests/unit/tpmuse_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void give_up(const char *what, const char *why)
{
	fprintf(stderr, "tpm fixture: %s: %s\n", what, why);
	abort();
}

struct cairn_tpm *tpmuse_open(const struct swtpm *s)
{
	struct cairn_tpm *t = NULL;
	struct cairn_tpm_why why = {0};

	if (cairn_tpm_open(&t, s->tcti, &why) != CAIRN_OK)
		give_up("open", why.text);
	return t;
}

struct cairn_tpm *tpmuse_open_tap(struct tcti_tap *tap, const struct swtpm *s)
{
	struct cairn_tpm *t = NULL;
	struct cairn_tpm_why why = {0};

	if (tcti_tap_init(tap, s->tcti) != 0 ||
	    cairn_tpm_open_tcti(&t, tcti_tap_context(tap), &why) != CAIRN_OK)
		give_up("open", why.text);
	return t;
}

unsigned tpmuse_left(struct cairn_tpm *t)
{
	static const uint32_t kinds[] = {TPM2_TRANSIENT_FIRST, TPM2_HMAC_SESSION_FIRST,
					 TPM2_POLICY_SESSION_FIRST};
	unsigned left = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		TPMS_CAPABILITY_DATA *data = NULL;

		if (Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
				       kinds[i], 32, NULL, &data) != TSS2_RC_SUCCESS)
			give_up("handles", "TPM2_GetCapability failed");
		left += data->data.handles.count;
		Esys_Free(data);
	}
	return left;
}

void tpmuse_extend(struct cairn_tpm *t, unsigned pcr, const char *text)
{
	const struct cairn_tpm_banks *b = cairn_tpm_banks(t);
	struct cairn_digest d[CAIRN_BANK_MAX];

	for (size_t i = 0; i < b->count; i++) {
		if (cairn_hash(&d[i], b->alg[i], cairn_span_str(text)) != CAIRN_OK)
			give_up("extend", "hash");
	}
	if (cairn_tpm_pcr_extend(t, pcr, d, b->count) != CAIRN_OK)
		give_up("extend", cairn_tpm_error(t));
}
