/* Identity and evidence: what leaves this host through the relay, which is trusted with nothing. */
#include "agent/agent.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "cairn/eventlog.h"
#include "cairn/quote.h"

#define BOOT_PCRS 0x3ffu /* 0 to 9 */

static enum cairn_status need_identity(struct cairn_agent *a)
{
	if (a->has_id)
		return CAIRN_OK;
	enum cairn_status st = cairn_tpm_identity(a->tpm, &a->id);

	a->has_id = st == CAIRN_OK;
	return st;
}

static enum cairn_status set_bytes(struct cairn_call *c, const char *member, const struct cairn_buf *b)
{
	return cairn_call_set(c, member, cairn_json_b64(cairn_buf_span(b)));
}

enum cairn_status cairn_op_identity(struct cairn_call *c)
{
	const struct cairn_tpm_identity *id = &c->a->id;
	enum cairn_status st = need_identity(c->a);

	if (st == CAIRN_OK)
		st = cairn_call_set(c, "host_id", cairn_json_hex(cairn_digest_span(&id->host_id)));
	if (st == CAIRN_OK)
		st = set_bytes(c, "ek_public", &id->ek_public);
	if (st == CAIRN_OK && id->ek_cert.len)
		st = cairn_call_set(c, "ek_certs",
				    json_pack("[o]", cairn_json_b64(cairn_buf_span(&id->ek_cert))));
	else if (st == CAIRN_OK)
		st = cairn_call_set(c, "ek_certs", json_array());
	if (st == CAIRN_OK)
		st = set_bytes(c, "ak_public", &id->ak_public);
	return st == CAIRN_OK ? cairn_call_set(c, "ak_name", cairn_json_hex(cairn_name_span(&id->ak_name)))
			      : st;
}

/* ---- enrolment ---------------------------------------------------------------------------------------- */

static void add_text(struct cairn_buf *b, const char *s)
{
	cairn_buf_add(b, cairn_span(s, strlen(s) + 1));
}

/* HMAC over what the verifier must agree on: a relay that changed label or key makes it fail. */
static enum cairn_status prove(struct cairn_call *c, struct cairn_span credential, const char *label,
			       const char *kid)
{
	const struct cairn_tpm_identity *id = &c->a->id;
	cairn_auto_buf struct cairn_buf m = {0};
	uint8_t mac[32];
	unsigned len = 0;

	add_text(&m, "cairn-enroll-v1");
	add_text(&m, kid);
	add_text(&m, label);
	cairn_buf_add(&m, cairn_digest_span(&id->host_id));
	cairn_buf_add(&m, cairn_span(id->ak_name.bytes + 2, CAIRN_SHA256_SIZE));
	if (cairn_buf_status(&m) != CAIRN_OK)
		return CAIRN_E_NOMEM;
	if (!HMAC(EVP_sha256(), credential.ptr, (int)credential.len, m.ptr, m.len, mac, &len) ||
	    len != sizeof(mac))
		return CAIRN_E_CRYPTO;
	return cairn_call_set(c, "proof", cairn_json_hex(cairn_span(mac, sizeof(mac))));
}

enum cairn_status cairn_op_activate(struct cairn_call *c)
{
	cairn_auto_buf struct cairn_buf object = {0};
	cairn_auto_buf struct cairn_buf secret = {0};
	cairn_auto_secret struct cairn_buf credential = {0};
	const char *label = NULL, *kid = NULL;
	enum cairn_status st = cairn_json_get_b64(&object, c->request, "credential");

	if (st == CAIRN_OK)
		st = cairn_json_get_b64(&secret, c->request, "secret");
	if (st == CAIRN_OK)
		st = cairn_json_get_str(&label, c->request, "label");
	if (st == CAIRN_OK)
		st = cairn_json_get_str(&kid, c->request, "verifier_kid");
	if (st == CAIRN_OK)
		st = need_identity(c->a);
	if (st == CAIRN_OK)
		st = cairn_tpm_activate(c->a->tpm, cairn_buf_span(&object), cairn_buf_span(&secret),
					&credential);
	return st == CAIRN_OK ? prove(c, cairn_buf_span(&credential), label, kid) : st;
}

/* ---- evidence ----------------------------------------------------------------------------------------- */

struct evidence {
	const char *nonce, *kid;
	struct cairn_buf boot_log, launch_log, quote, signature;
	json_t *launch_text;
};

static void evidence_fini(struct evidence *e)
{
	cairn_buf_fini(&e->boot_log);
	cairn_buf_fini(&e->launch_log);
	cairn_buf_fini(&e->quote);
	cairn_buf_fini(&e->signature);
	json_decref(e->launch_text);
}

/* The two logs as they are. What is missing or is no text is sent as nothing: the verifier then says what
 * lacks. */
static enum cairn_status read_logs(struct cairn_agent *a, struct evidence *e)
{
	enum cairn_status st = cairn_file_read(&e->boot_log, a->conf->boot_log, CAIRN_AGENT_BOOT_LOG_MAX);

	if (st != CAIRN_OK)
		e->boot_log.len = 0;
	if (st != CAIRN_E_NOMEM)
		st = cairn_agent_log_text(&a->log, &e->launch_log);
	if (st != CAIRN_OK)
		return st;
	if (e->launch_log.len)
		e->launch_text = json_stringn((const char *)e->launch_log.ptr, e->launch_log.len);
	if (!e->launch_text) {
		e->launch_log.len = 0;
		e->launch_text = json_string("");
	}
	return e->launch_text ? CAIRN_OK : CAIRN_E_NOMEM;
}

static enum cairn_status bind(const struct cairn_agent *a, const struct evidence *e, struct cairn_digest *out)
{
	struct cairn_quote_binding b = {
	    .verifier_kid = e->kid,
	    .nonce = cairn_span_str(e->nonce),
	    .boot_log = cairn_buf_span(&e->boot_log),
	    .launch_log = cairn_buf_span(&e->launch_log),
	};

	memcpy(b.host_id, a->id.host_id.bytes, sizeof(b.host_id));
	memcpy(b.boot_id, a->log.boot_id, sizeof(b.boot_id));
	return cairn_quote_binding(out, &b);
}

static enum cairn_status quote(struct cairn_agent *a, struct evidence *e)
{
	const struct cairn_pcr_numbers *p = &a->conf->pcrs;
	uint32_t mask = BOOT_PCRS | 1u << p->host | 1u << p->launch | 1u << p->phase;
	struct cairn_digest extra;
	enum cairn_status st = bind(a, e, &extra);

	return st == CAIRN_OK
		   ? cairn_tpm_quote(a->tpm, mask, cairn_digest_span(&extra), &e->quote, &e->signature)
		   : st;
}

static enum cairn_status set_evidence(struct cairn_call *c, struct evidence *e)
{
	const struct cairn_agent *a = c->a;

	return cairn_call_set(
	    c, "evidence",
	    json_pack("{s:s,s:i,s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:O,s:s}", "format", "cairn-evidence", "version",
		      1, "host_id", cairn_json_hex(cairn_digest_span(&a->id.host_id)), "boot_id",
		      cairn_json_hex(cairn_span(a->log.boot_id, sizeof(a->log.boot_id))), "nonce", e->nonce,
		      "verifier_kid", e->kid, "quote", cairn_json_b64(cairn_buf_span(&e->quote)), "signature",
		      cairn_json_b64(cairn_buf_span(&e->signature)), "boot_log",
		      cairn_json_b64(cairn_buf_span(&e->boot_log)), "launch_log", e->launch_text,
		      "agent_version", CAIRN_VERSION));
}

enum cairn_status cairn_op_attest(struct cairn_call *c)
{
	struct evidence e = {0};
	enum cairn_status st = cairn_json_get_str(&e.nonce, c->request, "nonce");

	if (st == CAIRN_OK)
		st = cairn_json_get_str(&e.kid, c->request, "verifier_kid");
	if (st == CAIRN_OK)
		st = need_identity(c->a);
	/* A log that has diverged is sent as it is: the verifier must see it. */
	if (st == CAIRN_OK && (st = cairn_agent_log_settle(&c->a->log)) == CAIRN_E_DIVERGED)
		st = CAIRN_OK;
	if (st == CAIRN_OK)
		st = read_logs(c->a, &e);
	if (st == CAIRN_OK)
		st = quote(c->a, &e);
	if (st == CAIRN_OK)
		st = set_evidence(c, &e);
	evidence_fini(&e);
	return st;
}

/* ---- the chain, for people on this host --------------------------------------------------------------- */

static json_t *bank_json(const struct cairn_bank *b)
{
	json_t *all = json_object();
	char number[4];

	for (unsigned i = 0; all && i < CAIRN_PCR_COUNT; i++) {
		snprintf(number, sizeof(number), "%u", i);
		if (json_object_set_new(all, number, cairn_json_hex(cairn_digest_span(&b->pcr[i]))) == 0)
			continue;
		json_decref(all);
		all = NULL;
	}
	return all;
}

static enum cairn_status set_pcrs(struct cairn_call *c)
{
	struct cairn_pcrs now;
	cairn_auto_json json_t *banks = json_object();
	enum cairn_status st = cairn_tpm_pcrs_read(c->a->tpm, (1u << CAIRN_PCR_COUNT) - 1, &now);

	for (size_t i = 0; st == CAIRN_OK && i < now.count; i++)
		if (json_object_set_new(banks, cairn_alg_name(now.bank[i].alg), bank_json(&now.bank[i])) != 0)
			st = CAIRN_E_NOMEM;
	return st == CAIRN_OK ? cairn_call_set(c, "pcrs", json_incref(banks)) : st;
}

enum cairn_status cairn_op_chain(struct cairn_call *c)
{
	struct evidence e = {0};
	enum cairn_status st = read_logs(c->a, &e);

	if (st == CAIRN_OK)
		st = set_pcrs(c);
	if (st == CAIRN_OK)
		st = set_bytes(c, "boot_log", &e.boot_log);
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "launch_log", json_incref(e.launch_text));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "boot_log_status", json_string(c->a->boot_log_status));
	if (st == CAIRN_OK)
		st = cairn_call_set(c, "domains", cairn_agent_domains_json(c->a));
	evidence_fini(&e);
	return st;
}
