/* What the server keeps of a host's TPM: "53544d20 MODEL", the maker in hex and the model, as the EK certificate had
 * them when the host was enrolled. */
#include <stdio.h>
#include <string.h>

#include "attest/verifier.h"

#define MAKER_DIGITS 8

void cairn_host_tpm(struct cairn_host_row *row, const struct cairn_ek_facts *facts)
{
	if (facts->has_maker)
		snprintf(row->tpm, sizeof row->tpm, "%08x %s", (unsigned)facts->maker, facts->model);
	else
		row->tpm[0] = 0;
}

static bool maker_of(uint32_t *out, const char *tpm)
{
	char digits[MAKER_DIGITS + 1] = "";
	uint8_t b[MAKER_DIGITS / 2] = {0};
	memcpy(digits, tpm, strnlen(tpm, MAKER_DIGITS));
	if (cairn_hex_decode_into(b, sizeof b, digits) || tpm[MAKER_DIGITS] != ' ')
		return false;
	*out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

enum cairn_status cairn_judge_tpm(struct cairn_verdict *verdict, const struct cairn_verifier *v,
				  const struct cairn_host_row *row, uint64_t firmware)
{
	struct cairn_ekdenied_tpm tpm = {.model = "", .now = &firmware};
	tpm.has_maker = maker_of(&tpm.maker, row->tpm);
	if (tpm.has_maker)
		tpm.model = row->tpm + MAKER_DIGITS + 1;
	return cairn_appraise_tpm(verdict, v->ek_denied, &tpm);
}
