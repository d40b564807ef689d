/* The routes of readers and operators: hosts, their results, manifests. */
#include "attest/log.h"
#include "attest/result.h"
#include "attest/verifier.h"

/* The host that the path names; or false, and the response says why. */
static bool host_of(struct cairn_host_row *h, struct cairn_verifier *v, const struct cairn_call *call,
		    struct cairn_response *resp)
{
	enum cairn_status st = cairn_store_host_find(h, v->store, call->param);
	if (st == CAIRN_E_NOTFOUND)
		cairn_response_error(resp, 404, "unknown-host", "no host has this id or label");
	else if (st)
		cairn_response_failure(resp, st, "reading a host");
	return st == CAIRN_OK;
}

struct listing {
	json_t *array;
	uint64_t now_ms;
};

static void list_host(void *ctx, const struct cairn_host_row *h)
{
	struct listing *l = ctx;
	if (json_array_append_new(l->array, cairn_result_host(h, l->now_ms, false)))
		cairn_log("out of memory while listing hosts");
}

void cairn_handle_hosts(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	(void)call;
	struct listing l = {.array = json_array(), .now_ms = cairn_now_ms()};
	enum cairn_status st = cairn_store_host_each(v->store, list_host, &l);
	if (!st) {
		cairn_response_json(resp, 200, json_pack("{s:o}", "hosts", l.array));
		return;
	}
	json_decref(l.array);
	cairn_response_failure(resp, st, "listing hosts");
}

void cairn_handle_host(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	cairn_auto_row struct cairn_host_row h = {0};
	if (host_of(&h, v, call, resp))
		cairn_response_json(resp, 200, cairn_result_host(&h, cairn_now_ms(), true));
}

void cairn_handle_ear(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	cairn_auto_row struct cairn_host_row h = {0};
	if (!host_of(&h, v, call, resp))
		return;
	cairn_auto_buf struct cairn_buf jwt = {0};
	enum cairn_status st = cairn_result_ear(&jwt, v, &h, cairn_now_ms());
	if (st)
		cairn_response_failure(resp, st, "signing a result");
	else
		cairn_response_json(resp, 200, json_pack("{s:s}", "ear", cairn_buf_str(&jwt)));
}

/* ---- what an operator decides
 * ------------------------------------------------------------------------------------- */

/* These take no body, or an empty object. */
static bool empty_body(const struct cairn_call *call, struct cairn_response *resp)
{
	static const char *const none[] = {NULL};
	if (call->body.len == 0)
		return true;
	cairn_auto_json json_t *v = cairn_call_object(call, resp, none);
	return v != NULL;
}

void cairn_handle_revoke(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	cairn_auto_row struct cairn_host_row h = {0};
	if (!empty_body(call, resp) || !host_of(&h, v, call, resp))
		return;
	enum cairn_status st = cairn_audit(v, "revoked", h.label, "by an operator from %s", call->peer);
	if (!st)
		st = cairn_store_host_set_state(v->store, h.id, CAIRN_STATE_REVOKED);
	h.state = CAIRN_STATE_REVOKED;
	if (st)
		cairn_response_failure(resp, st, "revoking a host");
	else
		cairn_response_json(resp, 200, cairn_result_host(&h, cairn_now_ms(), false));
}

void cairn_handle_forget(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	cairn_auto_row struct cairn_host_row h = {0};
	if (!empty_body(call, resp) || !host_of(&h, v, call, resp))
		return;
	enum cairn_status st = cairn_audit(v, "forgotten", h.label, "by an operator from %s", call->peer);
	if (!st)
		st = cairn_store_host_delete(v->store, h.id);
	if (st)
		cairn_response_failure(resp, st, "forgetting a host");
	else
		cairn_response_json(resp, 200, json_pack("{s:s}", "forgotten", h.label));
}

/* ---- manifests
 * ---------------------------------------------------------------------------------------------------- */

static const char *kind_name(const struct cairn_manifest *m)
{
	return m->kind == CAIRN_MANIFEST_PLATFORM ? "platform" : "service";
}

static json_t *manifest_json(const struct cairn_manifest *m)
{
	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:o}", "kid", m->kid, "kind", kind_name(m), "name",
			 m->name, "release", (json_int_t)m->release, "not_before", (json_int_t)m->not_before,
			 "not_after", (json_int_t)m->not_after, "sha256",
			 cairn_json_hex(cairn_digest_span(&m->sha256)));
}

void cairn_handle_manifests(struct cairn_verifier *v, const struct cairn_call *call,
			    struct cairn_response *resp)
{
	(void)call;
	json_t *list = json_array();
	for (size_t i = 0; list && i < v->manifest_count; i++)
		if (json_array_append_new(list, manifest_json(v->manifest[i]))) {
			json_decref(list);
			list = NULL;
		}
	cairn_response_json(resp, 200, json_pack("{s:o}", "manifests", list));
}

static void refuse_manifest(struct cairn_verifier *v, struct cairn_response *resp, const char *peer,
			    enum cairn_status why)
{
	enum cairn_status st = cairn_audit(v, "manifest-refused", peer, "%s", cairn_status_text(why));
	if (st)
		cairn_response_failure(resp, st, "writing the audit log");
	else if (why == CAIRN_E_UNTRUSTED)
		cairn_response_error(resp, 403, "untrusted-signer",
				     "the manifest is signed by nobody in the server's authorities");
	else if (why == CAIRN_E_SIGNATURE)
		cairn_response_error(resp, 403, "bad-signature", "the manifest's signature does not verify");
	else if (why == CAIRN_E_EXISTS)
		cairn_response_error(resp, 409, "exists",
				     "another manifest of this signer has the same kind, name and release");
	else
		cairn_response_error(resp, 400, "malformed", "the body is not a manifest: %s",
				     cairn_status_text(why));
}

static enum cairn_status keep_manifest(struct cairn_verifier *v, struct cairn_manifest *m,
				       struct cairn_span jws)
{
	struct cairn_stored_manifest row = {
	    .kid = m->kid, .name = m->name, .kind = kind_name(m), .release = m->release, .jws = jws};
	enum cairn_status st = cairn_store_manifest_add(v->store, &row, CAIRN_MANIFESTS_MAX);
	if (!st)
		st = cairn_audit(v, "manifest-added", m->name, "%s release %llu signed by %s", kind_name(m),
				 (unsigned long long)m->release, m->kid);
	return st ? st : cairn_verifier_learn(v, m);
}

void cairn_handle_manifest_add(struct cairn_verifier *v, const struct cairn_call *call,
			       struct cairn_response *resp)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	enum cairn_status st = cairn_manifest_load(&m, call->body, v->signers);
	if (st) {
		refuse_manifest(v, resp, call->peer, st);
		return;
	}
	json_t *answer = manifest_json(&m);
	st = keep_manifest(v, &m, call->body);
	if (!st) {
		cairn_response_json(resp, 200, answer);
		return;
	}
	json_decref(answer);
	if (st == CAIRN_E_EXISTS)
		refuse_manifest(v, resp, call->peer, st);
	else
		cairn_response_failure(resp, st, "keeping a manifest");
}
