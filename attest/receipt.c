/* See receipt.h. A receipt is signed only once the log is durable here. */
#include "attest/receipt.h"

#include <string.h>

#include "cairn/launchlog.h"
#include "cairn/receipt.h"

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

enum cairn_status cairn_receipt_whole(struct cairn_buf *out, struct cairn_verifier *v,
				      const struct cairn_log_of *of, struct cairn_span log)
{
	cairn_auto_buf struct cairn_buf kept = {0};
	enum cairn_status st = cairn_store_log_get(&kept, v->store, of->host_id, of->boot_id);
	if (st && st != CAIRN_E_NOTFOUND)
		return st;
	return cairn_log_join(out, log, cairn_buf_span(&kept), &numbers);
}

enum cairn_status cairn_receipt_issue(struct cairn_buf *jws, struct cairn_verifier *v,
				      const struct cairn_log_of *of, struct cairn_span sent,
				      struct cairn_span whole)
{
	struct cairn_receipt r;
	struct cairn_log_summary log;
	uint64_t grown = v->set.receipt_kib * 1024, kept = 0;
	if (grown == 0 || sent.len < grown) /* most evidence costs no question to the database */
		return CAIRN_OK;
	enum cairn_status st = cairn_store_log_size(&kept, v->store, of->host_id, of->boot_id);
	if (st || whole.len < kept + grown)
		return st;
	st = cairn_log_replay(&log, whole, &numbers);
	if (st)
		return st;
	memcpy(r.boot_id, of->boot_id, sizeof r.boot_id);
	r.records = log.records;
	r.launch = cairn_pcrs_bank_const(&log.replay, CAIRN_ALG_SHA256)->pcr[numbers.launch];
	st = cairn_store_log_put(v->store, of->host_id, of->boot_id, whole);
	return st ? st : cairn_receipt_sign(jws, &r, v->token_key);
}
