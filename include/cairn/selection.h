/* Which PCRs, bank by bank, and the digest over their values.
 *
 * Sources: TPM 2.0 Library r1.59, part 2, clauses 10.6.2 (TPMS_PCR_SELECTION) and 10.9.7 (TPML_PCR_SELECTION); part 1,
 * clause 17.5 (a digest over PCRs: banks in the order of the selection, PCRs ascending in each).
 */
#ifndef CAIRN_SELECTION_H
#define CAIRN_SELECTION_H

#include "cairn/pcr.h"

struct cairn_selection {
	size_t count; /* at most CAIRN_BANK_MAX */
	struct {
		enum cairn_alg alg;
		uint32_t pcrs; /* bit n: PCR n */
	} bank[CAIRN_BANK_MAX];
};

struct cairn_selection cairn_selection_of(enum cairn_alg alg, uint32_t pcrs);
/* The PCRs of that bank; 0 where it is not selected. */
uint32_t cairn_selection_mask(const struct cairn_selection *s, enum cairn_alg alg);
/* The PCRs of all banks together. */
uint32_t cairn_selection_any(const struct cairn_selection *s);
/* The same banks with the same PCRs, in whatever order. */
bool cairn_selection_equal(const struct cairn_selection *a, const struct cairn_selection *b);

/* "sha256:0,1,2+sha1:all", as tpm2-tools have it: banks that digest.h knows, each once, PCRs below 24, each once and
 * at least one. CAIRN_E_MALFORMED; CAIRN_E_UNSUPPORTED: another bank; CAIRN_E_LIMIT: a PCR from 24 on. */
enum cairn_status cairn_selection_parse(struct cairn_selection *out, const char *text) CAIRN_MUST_CHECK;
/* Appends that form; a bank without PCRs as "sha1:none". */
void cairn_selection_text(struct cairn_buf *out, const struct cairn_selection *s);

/* H over the values, by a hasher that has nothing in it yet. CAIRN_E_NOTFOUND: values has no such bank, or a PCR
 * that is selected is not among its .extended. */
enum cairn_status cairn_selection_digest(struct cairn_digest *out, const struct cairn_selection *s,
					 const struct cairn_pcrs *values,
					 struct cairn_hasher *hasher) CAIRN_MUST_CHECK;

#endif
