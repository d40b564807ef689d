/* One round of attestation, and what is left over when the server cannot be reached. Evidence stays pending until the
 * server has answered it: it is sent again first thing in the next round, and with state_dir after a restart too. The
 * server judges whether its nonce still counts; if not, new evidence is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/relay.h"

#define PENDING_FILE "/pending.json"
#define PENDING_MAX  (8u << 20)

static void replace(json_t **where, json_t *v)
{
	json_decref(*where);
	*where = v;
}

/* ---- pending evidence on disk ----------------------------------------------------------------------------------------- */
static const char *pending_path(struct cairn_buf *out, const struct cairn_relay *r)
{
	if (!r->config->state_dir)
		return NULL;
	cairn_buf_add_fmt(out, "%s" PENDING_FILE, r->config->state_dir);
	return cairn_buf_str(out);
}

static void save_pending(const struct cairn_relay *r)
{
	cairn_auto_buf struct cairn_buf name = {0};
	cairn_auto_buf struct cairn_buf text = {0};
	const char *path = pending_path(&name, r);
	if (!path)
		return;
	enum cairn_status s = cairn_json_dump(&text, r->pending);
	if (!s)
		s = cairn_file_write(path, cairn_buf_span(&text), 0600);
	if (s)
		cairn_relay_log("%s: %s; unsent evidence is kept in memory only", path, cairn_status_text(s));
}

static void load_pending(struct cairn_relay *r)
{
	cairn_auto_buf struct cairn_buf name = {0};
	cairn_auto_buf struct cairn_buf text = {0};
	const char *path = pending_path(&name, r);
	if (!path || cairn_file_read(&text, path, PENDING_MAX) != CAIRN_OK)
		return;
	if (cairn_json_parse(&r->pending, cairn_buf_span(&text)) != CAIRN_OK)
		cairn_relay_log("%s: not JSON; ignored", path);
	r->pending_is_old = true;
}

static void drop_pending(struct cairn_relay *r)
{
	cairn_auto_buf struct cairn_buf name = {0};
	const char *path = pending_path(&name, r);
	replace(&r->pending, NULL);
	r->pending_is_old = false;
	if (path)
		unlink(path);
}

/* ---- steps --------------------------------------------------------------------------------------------------------------- */
static enum cairn_status challenge(struct cairn_relay *r, struct cairn_buf *why)
{
	const char *id, *nonce, *kid;
	enum cairn_status s = cairn_relay_identity(r, why);
	if (!s)
		s = cairn_json_get_str(&id, r->identity, "host_id");
	if (s)
		return s;
	cairn_auto_json json_t *body = json_pack("{s:s}", "host_id", id);
	cairn_auto_json json_t *got = NULL;
	s = body ? cairn_relay_ask_server(&got, r, "/v1/challenge", body, why) : CAIRN_E_NOMEM;
	if (!s)
		s = cairn_json_get_str(&nonce, got, "nonce");
	if (!s)
		s = cairn_json_get_str(&kid, got, "verifier_kid");
	if (!s)
		replace(&r->nonce, json_pack("{s:s, s:s}", "nonce", nonce, "verifier_kid", kid));
	return s;
}

/* A nonce to answer; enrols on first contact. */
static enum cairn_status need_nonce(struct cairn_relay *r, struct cairn_buf *why)
{
	if (r->nonce)
		return CAIRN_OK;
	cairn_auto_buf struct cairn_buf reason = {0};
	enum cairn_status s = challenge(r, &reason);
	if (s == CAIRN_E_NOTFOUND) {
		reason.len = 0;
		s = cairn_relay_enrol(r, &reason);
		if (!s)
			s = challenge(r, &reason);
	}
	if (s && why)
		cairn_buf_add(why, cairn_buf_span(&reason));
	return s;
}

static enum cairn_status need_evidence(struct cairn_relay *r, struct cairn_buf *why)
{
	if (r->pending)
		return CAIRN_OK;
	enum cairn_status s = need_nonce(r, why);
	if (s)
		return s;
	cairn_auto_json json_t *got = NULL;
	json_t *evidence;
	json_t *request =
	    json_pack("{s:s, s:O, s:O}", "op", "attest", "nonce", json_object_get(r->nonce, "nonce"),
		      "verifier_kid", json_object_get(r->nonce, "verifier_kid"));
	s = cairn_relay_ask_agent(&got, r, request, why);
	if (!s)
		s = cairn_json_get_obj(&evidence, got, "evidence");
	if (s)
		return s;
	replace(&r->pending, json_incref(evidence));
	save_pending(r);
	return CAIRN_OK;
}

/* The server's next nonce goes with the key that the last evidence was for. */
static void take_next(struct cairn_relay *r, const json_t *answer)
{
	const char *next = json_string_value(json_object_get(answer, "next_nonce"));
	const char *kid = json_string_value(json_object_get(r->pending, "verifier_kid"));
	replace(&r->nonce, next && kid ? json_pack("{s:s, s:s}", "nonce", next, "verifier_kid", kid) : NULL);
}

/* cairnd may drop what the server keeps. Should it not take the receipt, it keeps what it has. */
static void hand_in_receipt(struct cairn_relay *r, const json_t *answer)
{
	cairn_auto_json json_t *got = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	json_t *receipt = json_object_get(answer, "receipt");
	if (!receipt)
		return;
	enum cairn_status s = cairn_relay_ask_agent(
	    &got, r, json_pack("{s:s, s:O}", "op", "receipt", "receipt", receipt), &why);
	const char *text = cairn_buf_str(&why);
	if (s)
		cairn_relay_log("cairnd does not take the server's receipt: %s",
				text && *text ? text : cairn_status_text(s));
	else
		cairn_relay_log("the server keeps the launch log: cairnd dropped %lld bodies of records",
				(long long)json_integer_value(json_object_get(got, "dropped")));
}

/* The server could not be asked, or not now: what is pending stays. */
static bool keep(enum cairn_status s)
{
	return s == CAIRN_E_NET || s == CAIRN_E_TIMEOUT || s == CAIRN_E_UNTRUSTED || s == CAIRN_E_NOMEM;
}

static enum cairn_status send_evidence(json_t **answer, struct cairn_relay *r, struct cairn_buf *why)
{
	enum cairn_status s = cairn_relay_ask_server(answer, r, "/v1/evidence", r->pending, why);
	if (s && keep(s)) {
		r->pending_is_old = true;
		return s;
	}
	if (s)
		replace(&r->nonce, NULL);
	else
		take_next(r, *answer);
	drop_pending(r);
	if (!s)
		hand_in_receipt(r, *answer);
	return s;
}

enum cairn_status cairn_relay_round(json_t **answer, struct cairn_relay *r, struct cairn_buf *why)
{
	/* At most: old evidence, evidence for a nonce that has expired meanwhile, evidence for a fresh one. */
	for (int tries = 0; tries < 3; tries++) {
		cairn_auto_json json_t *got = NULL;
		cairn_auto_buf struct cairn_buf reason = {0};
		bool fresh = !r->pending && !r->nonce;
		bool old = r->pending_is_old;
		enum cairn_status s = need_evidence(r, &reason);
		bool made = s == CAIRN_OK;
		if (made)
			s = send_evidence(&got, r, &reason);
		if (!s && !old) {
			*answer = json_incref(got);
			return CAIRN_OK;
		}
		if (!s) {
			cairn_relay_log("evidence kept while the server was out of reach was accepted");
			continue;
		}
		const char *text = cairn_buf_str(&reason);
		if (!made || keep(s) || fresh || tries == 2) {
			if (why)
				cairn_buf_add_str(why, text && *text ? text : cairn_status_text(s));
			return s;
		}
		cairn_relay_log("the server does not take the evidence (%s); making new", text ? text : "");
	}
	return CAIRN_E_INTERNAL;
}

enum cairn_status cairn_relay_init(struct cairn_relay *r, const struct cairn_relay_config *c,
				   const struct cairn_channel *agent, struct cairn_buf *why)
{
	*r = (struct cairn_relay){.config = c, .agent = agent};
	const struct cairn_client_options o = {.server = c->server, .ca_file = c->ca};
	enum cairn_status s = cairn_client_new(&r->http, &o, why);
	if (!s)
		load_pending(r);
	return s;
}

void cairn_relay_fini(struct cairn_relay *r)
{
	cairn_client_free(r->http);
	json_decref(r->identity);
	json_decref(r->nonce);
	json_decref(r->pending);
	*r = (struct cairn_relay){0};
}

unsigned cairn_relay_backoff_ms(unsigned failures, unsigned max_s, uint32_t random)
{
	unsigned s = 1;
	for (unsigned i = 1; i < failures && s < max_s; i++)
		s *= 2;
	unsigned ms = (s < max_s ? s : max_s) * 1000;
	return ms / 2 + random % (ms / 2 + 1);
}
