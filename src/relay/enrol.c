/* Enrolment, the relay's part: carrying three messages. The proof is made by cairnd and covers label and
 * verifier. */
#include <string.h>

#include "relay/agent_client.h"
#include "relay/relay.h"

#define AGENT_TIMEOUT_MS 120000 /* a TPM may take its time */

static enum cairn_status call(json_t **answer, struct cairn_relay *r, const json_t *request,
			      struct cairn_buf *why)
{
	if (!r->agent)
		return cairn_agent_call(answer, r->config->socket, request, AGENT_TIMEOUT_MS, why);
	enum cairn_status s = cairn_agent_call_over(answer, r->agent, request, AGENT_TIMEOUT_MS, why);
	r->agent_lost = r->agent_lost || s != CAIRN_OK;
	return s;
}

enum cairn_status cairn_relay_ask_agent(json_t **answer, struct cairn_relay *r, json_t *request,
					struct cairn_buf *why)
{
	cairn_auto_json json_t *owned = request;
	cairn_auto_json json_t *got = NULL;
	if (!owned)
		return CAIRN_E_NOMEM;
	enum cairn_status s = call(&got, r, owned, why);
	if (!s)
		s = cairn_agent_verdict(got, why);
	if (!s)
		*answer = json_incref(got);
	return s;
}

enum cairn_status cairn_relay_ask_server(json_t **answer, struct cairn_relay *r, const char *path,
					 const json_t *body, struct cairn_buf *why)
{
	cairn_auto_json json_t *got = NULL;
	long code = 0;
	enum cairn_status s = cairn_client_json(&got, &code, r->http, "POST", path, body, why);
	if (!s)
		s = cairn_client_verdict(code, got, why);
	if (!s)
		*answer = json_incref(got);
	return s;
}

enum cairn_status cairn_relay_identity(struct cairn_relay *r, struct cairn_buf *why)
{
	const char *id;
	if (r->identity)
		return CAIRN_OK;
	cairn_auto_json json_t *got = NULL;
	enum cairn_status s = cairn_relay_ask_agent(&got, r, json_pack("{s:s}", "op", "identity"), why);
	if (!s)
		s = cairn_json_get_str(&id, got, "host_id");
	if (!s)
		r->identity = json_incref(got);
	return s;
}

static enum cairn_status begin(json_t **challenge, struct cairn_relay *r, struct cairn_buf *why)
{
	cairn_auto_json json_t *body = json_object();
	static const char *const members[] = {"ek_public", "ek_certs", "ak_public"};
	int bad = json_object_set_new(body, "label", json_string(r->config->label));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		bad |= json_object_set(body, members[i], json_object_get(r->identity, members[i]));
	if (bad) {
		if (why)
			cairn_buf_add_str(why, "cairnd's identity lacks a member, or the label is not UTF-8");
		return CAIRN_E_MALFORMED;
	}
	return cairn_relay_ask_server(challenge, r, "/v1/enroll", body, why);
}

static enum cairn_status prove(struct cairn_relay *r, const json_t *challenge, struct cairn_buf *why)
{
	const char *credential, *secret, *kid, *session, *proof;
	enum cairn_status s = cairn_json_get_str(&credential, challenge, "credential");
	if (!s)
		s = cairn_json_get_str(&secret, challenge, "secret");
	if (!s)
		s = cairn_json_get_str(&kid, challenge, "verifier_kid");
	if (!s)
		s = cairn_json_get_str(&session, challenge, "session");
	if (s)
		return s;
	cairn_auto_json json_t *activated = NULL;
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s}", "op", "activate", "credential", credential,
				    "secret", secret, "label", r->config->label, "verifier_kid", kid);
	s = cairn_relay_ask_agent(&activated, r, request, why);
	if (!s)
		s = cairn_json_get_str(&proof, activated, "proof");
	if (s)
		return s;
	cairn_auto_json json_t *body = json_pack("{s:s, s:s}", "session", session, "proof", proof);
	cairn_auto_json json_t *enrolled = NULL;
	return body ? cairn_relay_ask_server(&enrolled, r, "/v1/enroll/proof", body, why) : CAIRN_E_NOMEM;
}

enum cairn_status cairn_relay_enrol(struct cairn_relay *r, struct cairn_buf *why)
{
	cairn_auto_json json_t *challenge = NULL;
	cairn_auto_buf struct cairn_buf reason = {0};
	enum cairn_status s = cairn_relay_identity(r, why);
	if (!s) {
		s = begin(&challenge, r, &reason);
		if (!s)
			s = prove(r, challenge, &reason);
		if (s && why)
			cairn_buf_add(why, cairn_buf_span(&reason));
	}
	if (!s)
		cairn_relay_log("enrolled as '%s' with %s", r->config->label, r->config->server);
	return s;
}
