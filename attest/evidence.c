/* Challenges and evidence.
 *
 * Evidence goes through three gates: is it for us, now (document, host, nonce); does the host's own TPM say
 * it (quote); do the logs replay to it (in the appraisal). Only what passes all three changes what the server
 * holds of the host. Whatever stops before that is refused, audited, and leaves the verdict alone, so that
 * nobody can turn a host red from outside: such a host turns stale, by silence.
 */
#include <stdio.h>
#include <string.h>

#include "attest/receipt.h"
#include "attest/result.h"
#include "attest/verifier.h"
#include "cairn/quote.h"

struct evidence {
	json_t *doc;
	uint8_t host_id[32], boot_id[32];
	const char *token, *kid, *launch_log; /* borrow from doc */
	struct cairn_buf quote, signature, boot_log;
	struct cairn_buf
	    whole; /* the launch log with bodies that the host has dropped; empty where it has not */
	struct cairn_nonce nonce;
	struct cairn_host_row row;
	struct cairn_quote *checked;
	uint64_t now_ms;
};

static void evidence_fini(struct evidence *e)
{
	json_decref(e->doc);
	cairn_buf_fini(&e->quote);
	cairn_buf_fini(&e->signature);
	cairn_buf_fini(&e->boot_log);
	cairn_buf_fini(&e->whole);
	cairn_host_row_fini(&e->row);
	cairn_quote_free(e->checked);
}

/* ---- nonces
 * ------------------------------------------------------------------------------------------------------- */

static enum cairn_status fresh_nonce(struct cairn_buf *out, uint64_t *expires_ms,
				     const struct cairn_verifier *v, const struct cairn_host_row *h)
{
	uint64_t now = cairn_now_ms();
	/* Issue times order the nonces of a host: one handed out with an answer comes after the one that it
	 * answers. */
	struct cairn_nonce n = {.issued_ms = now > h->nonce_issued_ms ? now : h->nonce_issued_ms + 1,
				.time = {h->reset_count, h->restart_count, h->clock}};
	n.expires_ms = n.issued_ms + v->set.nonce_lifetime_s * 1000;
	memcpy(n.host_id, h->id, sizeof n.host_id);
	*expires_ms = n.expires_ms;
	return cairn_nonce_make(out, v->nonce_key, &n);
}

static bool barred(const struct cairn_host_row *h, struct cairn_response *resp)
{
	if (h->state != CAIRN_STATE_REVOKED && h->state != CAIRN_STATE_CLEARED)
		return false;
	cairn_response_error(resp, 403, "host-barred",
			     "the host is revoked or its TPM was cleared; an operator must forget it first");
	return true;
}

void cairn_handle_challenge(struct cairn_verifier *v, const struct cairn_call *call,
			    struct cairn_response *resp)
{
	static const char *const members[] = {"host_id", NULL};
	cairn_auto_json json_t *body = cairn_call_object(call, resp, members);
	cairn_auto_row struct cairn_host_row h = {0};
	uint8_t id[32];
	if (!body)
		return;
	if (cairn_json_get_hex(id, sizeof id, body, "host_id")) {
		cairn_response_error(resp, 400, "malformed", "host_id is not 64 lower-case hex digits");
		return;
	}
	enum cairn_status st = cairn_store_host_get(&h, v->store, id);
	if (st == CAIRN_E_NOTFOUND) {
		cairn_response_error(resp, 404, "unknown-host", "the host is not enrolled");
		return;
	}
	if (!st && barred(&h, resp))
		return;
	cairn_auto_buf struct cairn_buf token = {0};
	uint64_t expires_ms = 0;
	if (!st)
		st = fresh_nonce(&token, &expires_ms, v, &h);
	if (st) {
		cairn_response_failure(resp, st, "making a nonce");
		return;
	}
	v->count[COUNT_CHALLENGES]++;
	cairn_response_json(resp, 200,
			    json_pack("{s:s,s:s,s:I}", "nonce", cairn_buf_str(&token), "verifier_kid",
				      cairn_verifier_kid(v), "expires", (json_int_t)(expires_ms / 1000)));
}

/* ---- refusals
 * ----------------------------------------------------------------------------------------------------- */

static void reject(struct cairn_verifier *v, const struct cairn_call *call, const struct evidence *e,
		   struct cairn_response *resp, int code, const char *name, const char *text)
{
	const char *host = e->row.label[0] ? e->row.label : "unknown";
	v->count[COUNT_EVIDENCE_REJECTED]++;
	if (cairn_audit_refusal(v, "evidence-rejected", host, "%s: %s (from %s)", name, text, call->peer))
		cairn_response_error(resp, 503, "unavailable",
				     "the refusal could not be written to the audit log");
	else
		cairn_response_error(resp, code, name, "%s", text);
}

/* ---- gate 1: the document, the host, the nonce
 * ---------------------------------------------------------------------- */

static enum cairn_status read_members(struct evidence *e)
{
	static const char *const members[] = {"format",	  "version",	  "host_id",	   "boot_id",
					      "nonce",	  "verifier_kid", "quote",	   "signature",
					      "boot_log", "launch_log",	  "agent_version", NULL};
	const char *agent = NULL;
	enum cairn_status st = cairn_json_format(e->doc, "cairn-evidence", 1);
	if (!st)
		st = cairn_json_only(e->doc, members);
	if (!st)
		st = cairn_json_get_hex(e->host_id, sizeof e->host_id, e->doc, "host_id");
	if (!st)
		st = cairn_json_get_hex(e->boot_id, sizeof e->boot_id, e->doc, "boot_id");
	if (!st)
		st = cairn_json_get_str(&e->token, e->doc, "nonce");
	if (!st)
		st = cairn_json_get_str(&e->kid, e->doc, "verifier_kid");
	if (!st)
		st = cairn_json_get_str(&e->launch_log, e->doc, "launch_log");
	if (!st)
		st = cairn_json_get_str(&agent, e->doc, "agent_version");
	if (!st)
		st = cairn_json_get_b64(&e->quote, e->doc, "quote");
	if (!st)
		st = cairn_json_get_b64(&e->signature, e->doc, "signature");
	return st ? st : cairn_json_get_b64(&e->boot_log, e->doc, "boot_log");
}

static bool read_document(struct evidence *e, struct cairn_verifier *v, const struct cairn_call *call,
			  struct cairn_response *resp)
{
	enum cairn_status st = cairn_json_parse(&e->doc, call->body);
	if (!st)
		st = read_members(e);
	if (st == CAIRN_E_VERSION) {
		reject(v, call, e, resp, 400, "newer-version",
		       "the evidence has a newer version than this server knows: update cairn-verifier");
		return false;
	}
	if (st) {
		reject(v, call, e, resp, 400, "malformed", cairn_status_text(st));
		return false;
	}
	if (strcmp(e->kid, cairn_verifier_kid(v)) != 0) {
		reject(v, call, e, resp, 403, "other-verifier", "the evidence was made for another verifier");
		return false;
	}
	return true;
}

static bool find_host(struct evidence *e, struct cairn_verifier *v, const struct cairn_call *call,
		      struct cairn_response *resp)
{
	enum cairn_status st = cairn_store_host_get(&e->row, v->store, e->host_id);
	if (st == CAIRN_E_NOTFOUND) {
		reject(v, call, e, resp, 404, "unknown-host", "the host is not enrolled");
		return false;
	}
	if (st) {
		cairn_response_failure(resp, st, "reading a host");
		return false;
	}
	if (e->row.state == CAIRN_STATE_REVOKED || e->row.state == CAIRN_STATE_CLEARED) {
		reject(v, call, e, resp, 403, "host-barred",
		       "the host is revoked or its TPM was cleared; an operator must forget it first");
		return false;
	}
	return true;
}

static bool check_nonce(struct evidence *e, struct cairn_verifier *v, const struct cairn_call *call,
			struct cairn_response *resp)
{
	enum cairn_status st = cairn_nonce_open(&e->nonce, v->nonce_key, e->token, e->now_ms);
	if (st == CAIRN_E_STALE) {
		reject(v, call, e, resp, 409, "stale-nonce", "the nonce has expired");
		return false;
	}
	if (st) {
		reject(v, call, e, resp, 403, "bad-nonce", "the nonce was not made by this server");
		return false;
	}
	if (memcmp(e->nonce.host_id, e->host_id, sizeof e->host_id) != 0) {
		reject(v, call, e, resp, 403, "bad-nonce", "the nonce was made for another host");
		return false;
	}
	if (e->nonce.issued_ms <= e->row.nonce_issued_ms) {
		reject(v, call, e, resp, 409, "stale-nonce", "the nonce, or a later one, was used before");
		return false;
	}
	return true;
}

/* ---- gate 2: the quote
 * ------------------------------------------------------------------------------------------------ */

static enum cairn_status check_quote(struct cairn_verifier *v, struct evidence *e, const char **failed)
{
	struct cairn_ak ak;
	struct cairn_qualified_name signer;
	struct cairn_digest extra;
	struct cairn_quote_binding b = {.verifier_kid = e->kid,
					.nonce = cairn_span_str(e->token),
					.boot_log = cairn_buf_span(&e->boot_log),
					.launch_log = cairn_span_str(e->launch_log)};
	memcpy(b.host_id, e->host_id, sizeof b.host_id);
	memcpy(b.boot_id, e->boot_id, sizeof b.boot_id);
	enum cairn_status st = cairn_ak_parse(&ak, cairn_span(e->row.ak_public, e->row.ak_public_len));
	if (!st)
		st = cairn_ak_qualified_name(&signer, &ak);
	if (!st)
		st = cairn_quote_binding(&extra, &b);
	if (!st)
		st = cairn_ak_key_set(&v->ak_key, &ak);
	if (st)
		return CAIRN_E_INTERNAL; /* of the row, not of the evidence */
	struct cairn_quote_expected want = {.key = v->ak_key,
					    .qualified_signer = cairn_span(signer.bytes, signer.len),
					    .extra_data = cairn_digest_span(&extra),
					    .selection =
						cairn_selection_of(CAIRN_ALG_SHA256, CAIRN_APPRAISAL_PCRS)};
	return cairn_quote_check(&e->checked, &want, cairn_buf_span(&e->quote), cairn_buf_span(&e->signature),
				 failed);
}

static bool quote_good(struct evidence *e, struct cairn_verifier *v, const struct cairn_call *call,
		       struct cairn_response *resp)
{
	const char *failed = NULL;
	enum cairn_status st = check_quote(v, e, &failed);
	if (!st)
		return true;
	if (st == CAIRN_E_INTERNAL || st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO) {
		cairn_response_failure(resp, st, "checking a quote");
		return false;
	}
	if (st == CAIRN_E_SIGNATURE) {
		reject(v, call, e, resp, 403, "bad-signature",
		       "the quote is not signed by the host's attestation key");
		return false;
	}
	char text[128];
	snprintf(text, sizeof text, "the quote is not the one that was asked for: %s",
		 failed ? failed : cairn_status_text(st));
	reject(v, call, e, resp, 403, "bad-quote", text);
	return false;
}

/* The clock may fall only where a counter rose; a reset count that falls is a TPM that was cleared. */
static bool time_good(struct evidence *e, struct cairn_verifier *v, const struct cairn_call *call,
		      struct cairn_response *resp)
{
	struct cairn_tpm_clock c = cairn_quote_clock(e->checked);
	struct cairn_tpm_time quote = {c.reset_count, c.restart_count, c.clock};
	struct cairn_tpm_time row = {e->row.reset_count, e->row.restart_count, e->row.clock};
	if (quote.reset_count < row.reset_count) {
		enum cairn_status st =
		    cairn_audit(v, "state", e->row.label, "%s -> %s", /* never one that is only counted */
				cairn_state_name(cairn_host_state(&e->row, e->now_ms)),
				cairn_state_name(CAIRN_STATE_CLEARED));
		if (!st)
			st = cairn_store_host_set_state(v->store, e->row.id, CAIRN_STATE_CLEARED);
		if (st) {
			cairn_response_failure(resp, st, "marking a host as cleared");
			return false;
		}
		reject(v, call, e, resp, 403, "host-cleared",
		       "the TPM's reset count fell: it was cleared; forget the host and enrol it again");
		return false;
	}
	if (cairn_tpm_time_compare(&quote, &row) < 0 || cairn_tpm_time_compare(&quote, &e->nonce.time) < 0) {
		reject(v, call, e, resp, 409, "clock-order", "the quote is older than one that was accepted");
		return false;
	}
	e->row.reset_count = c.reset_count;
	e->row.restart_count = c.restart_count;
	e->row.clock = c.clock;
	return true;
}

/* ---- gate 3 and what follows
 * ------------------------------------------------------------------------------------------ */

static struct cairn_span log_of(const struct evidence *e)
{
	return e->whole.len ? cairn_buf_span(&e->whole) : cairn_span_str(e->launch_log);
}

static enum cairn_status judge(struct cairn_verdict *verdict, const struct evidence *e,
			       const struct cairn_verifier *v)
{
	struct cairn_appraisal a = {.quote = e->checked,
				    .boot_log = cairn_buf_span(&e->boot_log),
				    .launch_log = log_of(e),
				    .manifest = (const struct cairn_manifest *const *)v->manifest,
				    .manifest_count = v->manifest_count,
				    .release_set = v->release_set.serial ? &v->release_set : NULL,
				    .now = e->now_ms / 1000,
				    .policy = v->set.policy};
	memcpy(a.boot_id, e->boot_id, sizeof a.boot_id);
	return cairn_appraise(verdict, &a);
}

/* What the host has dropped it was given a receipt for. */
static enum cairn_status judge_whole(struct cairn_verdict *verdict, struct evidence *e,
				     struct cairn_verifier *v)
{
	const struct cairn_log_of of = {e->host_id, e->boot_id};
	enum cairn_status st = cairn_receipt_whole(&e->whole, v, &of, cairn_span_str(e->launch_log));
	return st ? st : judge(verdict, e, v);
}

static bool appraise(struct cairn_verdict *verdict, struct evidence *e, struct cairn_verifier *v,
		     const struct cairn_call *call, struct cairn_response *resp)
{
	enum cairn_status st = judge(verdict, e, v);
	if (st == CAIRN_E_DROPPED)
		st = judge_whole(verdict, e, v);
	if (!st)
		st = cairn_judge_tpm(verdict, v, &e->row, cairn_quote_firmware_version(e->checked));
	if (!st)
		return true;
	if (st == CAIRN_E_DROPPED) {
		reject(v, call, e, resp, 403, "bodies-missing",
		       "the host dropped bodies of its launch log that this server does not have: reboot it");
		return false;
	}
	if (st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO || st == CAIRN_E_INTERNAL || st == CAIRN_E_IO) {
		cairn_response_failure(resp, st, "appraising evidence");
		return false;
	}
	if (st == CAIRN_E_DIVERGED) {
		reject(v, call, e, resp, 403, "logs-diverged", "the logs do not replay to the quote");
		return false;
	}
	reject(v, call, e, resp, 403, "bad-log", cairn_status_text(st));
	return false;
}

static enum cairn_status keep(struct evidence *e, struct cairn_verifier *v,
			      const struct cairn_verdict *verdict)
{
	struct cairn_host_row *h = &e->row;
	enum cairn_state before = cairn_host_state(h, e->now_ms);
	cairn_buf_fini(&h->verdict);
	enum cairn_status st = cairn_result_verdict(&h->verdict, verdict, e->token, e->boot_id);
	h->state = verdict->state;
	h->nonce_issued_ms = e->nonce.issued_ms;
	h->seen_ms = e->now_ms;
	/* Evidence is as old as its nonce, which may be from the future if the clock was set back. */
	h->stale_ms = e->nonce.issued_ms < e->now_ms ? e->nonce.issued_ms : e->now_ms;
	h->stale_ms += v->set.stale_after_s * 1000;
	if (!st && before != h->state)
		st = cairn_audit(v, "state", h->label, "%s -> %s", cairn_state_name(before),
				 cairn_state_name(h->state));
	return st ? st : cairn_store_host_accept(v->store, h);
}

static json_t *answer_json(const struct evidence *e, const struct cairn_verifier *v,
			   const struct cairn_verdict *verdict, const char *next, uint64_t expires_ms)
{
	return json_pack("{s:s,s:o,s:s,s:s,s:I}", "state",
			 cairn_state_name(cairn_host_state(&e->row, e->now_ms)), "reasons",
			 cairn_result_reasons(verdict->submods), "next_nonce", next, "verifier_kid",
			 cairn_verifier_kid(v), "expires", (json_int_t)(expires_ms / 1000));
}

/* A receipt that cannot be given now is given another time. */
static void answer(struct evidence *e, struct cairn_verifier *v, const struct cairn_verdict *verdict,
		   struct cairn_response *resp)
{
	const struct cairn_log_of of = {e->host_id, e->boot_id};
	cairn_auto_buf struct cairn_buf next = {0};
	cairn_auto_buf struct cairn_buf receipt = {0};
	uint64_t expires_ms = 0;
	enum cairn_status st = fresh_nonce(&next, &expires_ms, v, &e->row);
	if (st) {
		cairn_response_failure(resp, st, "making a nonce");
		return;
	}
	json_t *body = answer_json(e, v, verdict, cairn_buf_str(&next), expires_ms);
	if (body &&
	    cairn_receipt_issue(&receipt, v, &of, cairn_span_str(e->launch_log), log_of(e)) == CAIRN_OK &&
	    receipt.len)
		json_object_set_new(body, "receipt", json_string(cairn_buf_str(&receipt)));
	cairn_response_json(resp, 200, body);
}

void cairn_handle_evidence(struct cairn_verifier *v, const struct cairn_call *call,
			   struct cairn_response *resp)
{
	struct evidence e = {.now_ms = cairn_now_ms()};
	cairn_auto_verdict struct cairn_verdict verdict = {0};
	if (read_document(&e, v, call, resp) && find_host(&e, v, call, resp) &&
	    check_nonce(&e, v, call, resp) && quote_good(&e, v, call, resp) && time_good(&e, v, call, resp) &&
	    appraise(&verdict, &e, v, call, resp)) {
		enum cairn_status st = keep(&e, v, &verdict);
		if (st == CAIRN_E_STALE)
			reject(v, call, &e, resp, 409, "stale-nonce",
			       "the nonce, or a later one, was used before");
		else if (st)
			cairn_response_failure(resp, st, "keeping a verdict");
		else {
			v->count[COUNT_EVIDENCE_ACCEPTED]++;
			answer(&e, v, &verdict, resp);
		}
	}
	evidence_fini(&e);
}
