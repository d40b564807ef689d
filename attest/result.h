/* What the server says about a host: to people and programs as JSON, to relying parties as a signed EAR.
 *
 * Sources: draft-ietf-rats-ear-00 (EAT Attestation Results), sections 3 and 4; draft-ietf-rats-ar4si-08,
 * section 2.3 (trustworthiness claims); RFC 7519 (JWT). A verdict is shown only while it holds: a host that
 * is stale, cleared, revoked or pending has one submodule, "host", that says so, and none that affirms
 * anything.
 */
#ifndef CAIRN_ATTEST_RESULT_H
#define CAIRN_ATTEST_RESULT_H

#include "attest/verifier.h"

#define CAIRN_EAR_PROFILE "tag:github.com,2023:veraison/ear"
#define CAIRN_EAR_TYP	  "JWT"

/* What is kept of accepted evidence: the submodules, and the nonce that was compared. Appends JSON. */
enum cairn_status cairn_result_verdict(struct cairn_buf *out, const struct cairn_verdict *verdict,
				       const char *nonce, const uint8_t boot_id[32]) CAIRN_MUST_CHECK;
/* Summary: id, label, state and times. With details: the boot id, the submodules and the flat list of reasons
 * too. A new reference, or NULL when out of memory. */
json_t *cairn_result_host(const struct cairn_host_row *h, uint64_t now_ms, bool details);
/* The reasons of all submodules in one list, each with "submod". A new reference, or NULL when out of memory.
 */
json_t *cairn_result_reasons(const json_t *submods);
/* Appends the EAR, which expires at the host's deadline. */
enum cairn_status cairn_result_ear(struct cairn_buf *out, const struct cairn_verifier *v,
				   const struct cairn_host_row *h, uint64_t now_ms) CAIRN_MUST_CHECK;

#endif
