/* The TPM that vouches for all the rest: its maker, model and firmware against the denied list. */
#include "cairn/appraise.h"
#include "cairn/ekcert.h"

#include "appraise_part.h"

/* A row that warns of the TPM as such was told at the enrolment. */
static void add_hit(struct cairn_part *p, const struct cairn_ekdenied_hit *hit, const uint64_t *now)
{
	char have[32] = "";
	if (hit->present)
		cairn_firmware_text(have, *now);
	if (hit->deny)
		cairn_part_fail(p, CAIRN_R_TPM_DENIED, hit->id, hit->advisory, have, hit->text);
	else if (hit->present)
		cairn_reasons_add(&p->reasons, CAIRN_R_TPM_FLAGGED, hit->id, "", hit->advisory, have,
				  hit->text);
}

enum cairn_status cairn_appraise_tpm(struct cairn_verdict *v, const struct cairn_ekdenied *denied,
				     const struct cairn_ekdenied_tpm *tpm)
{
	struct cairn_part p = {.tier = CAIRN_TIER_WARNING};
	struct cairn_ekdenied_hit hit;
	size_t at = 0;
	while (cairn_ekdenied_next(&hit, denied, &at, tpm))
		add_hit(&p, &hit, tpm->now);
	if (p.reasons.count == 0)
		return CAIRN_OK;
	enum cairn_status st = CAIRN_OK;
	if (json_object_set_new(v->submods, "tpm", cairn_part_json(&p)))
		st = CAIRN_E_NOMEM;
	if (p.tier == CAIRN_TIER_CONTRAINDICATED)
		v->state = CAIRN_STATE_CONTRAINDICATED;
	cairn_reasons_fini(&p.reasons);
	return st;
}
