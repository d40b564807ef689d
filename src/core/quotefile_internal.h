/* What the readers of quote files share. */
#ifndef CAIRN_CORE_QUOTEFILE_INTERNAL_H
#define CAIRN_CORE_QUOTEFILE_INTERNAL_H

#include "cairn/quotefile.h"

enum cairn_status cairn_akfile_jwk(struct cairn_ak *out, const char **form, struct cairn_span file,
				   struct cairn_buf *why) CAIRN_MUST_CHECK;

/* The bank of that name; CAIRN_ALG_NONE for an unknown one. *padded, where it is not NULL: "-padded" stands behind the
 * name, and may. */
enum cairn_alg cairn_pcrfile_bank_of(struct cairn_span name, bool *padded);

/* Puts a value into its place. hex may have 0x before it and capitals in it. CAIRN_E_MALFORMED: it is not of the bank's
 * size, or there already; CAIRN_E_LIMIT: no such PCR. */
enum cairn_status cairn_pcrfile_put(struct cairn_pcrs *p, enum cairn_alg alg, unsigned pcr,
				    struct cairn_span value) CAIRN_MUST_CHECK;
enum cairn_status cairn_pcrfile_put_hex(struct cairn_pcrs *p, enum cairn_alg alg, unsigned pcr,
					struct cairn_span hex) CAIRN_MUST_CHECK;

/* The bank, which is added where it is not there; NULL where there is no room. */
struct cairn_bank *cairn_pcrfile_bank(struct cairn_pcrs *p, enum cairn_alg alg);

enum cairn_status cairn_pcrfile_text(struct cairn_pcrfile *out, struct cairn_span file,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;
enum cairn_status cairn_pcrfile_tools(struct cairn_pcrfile *out, struct cairn_span file) CAIRN_MUST_CHECK;

#endif
