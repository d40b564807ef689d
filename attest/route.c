/* The route table and what is checked before a handler runs. What is not in the table is refused. */
#include <string.h>

#include "attest/log.h"
#include "attest/verifier.h"

#define MIB ((size_t)1024 * 1024)

const struct cairn_route cairn_routes[] = {
    {"GET", "/v1/health", CAIRN_ROLE_NONE, 0, cairn_handle_health},
    {"GET", "/v1/jwks", CAIRN_ROLE_NONE, 0, cairn_handle_jwks},
    {"GET", "/v1/openapi.json", CAIRN_ROLE_NONE, 0, cairn_handle_openapi},
    {"POST", "/v1/enroll", CAIRN_ROLE_NONE, MIB, cairn_handle_enroll},
    {"POST", "/v1/enroll/proof", CAIRN_ROLE_NONE, MIB, cairn_handle_proof},
    {"POST", "/v1/challenge", CAIRN_ROLE_NONE, MIB, cairn_handle_challenge},
    {"POST", "/v1/evidence", CAIRN_ROLE_NONE, CAIRN_HTTP_BODY_MAX, cairn_handle_evidence},
    {"GET", "/v1/hosts", CAIRN_ROLE_READER, 0, cairn_handle_hosts},
    {"GET", "/v1/hosts/*", CAIRN_ROLE_READER, 0, cairn_handle_host},
    {"GET", "/v1/hosts/*/ear", CAIRN_ROLE_READER, 0, cairn_handle_ear},
    {"POST", "/v1/hosts/*/revoke", CAIRN_ROLE_OPERATOR, MIB, cairn_handle_revoke},
    {"POST", "/v1/hosts/*/forget", CAIRN_ROLE_OPERATOR, MIB, cairn_handle_forget},
    {"GET", "/v1/manifests", CAIRN_ROLE_READER, 0, cairn_handle_manifests},
    {"POST", "/v1/manifests", CAIRN_ROLE_OPERATOR, MIB, cairn_handle_manifest_add},
    {"GET", "/v1/release-set", CAIRN_ROLE_READER, 0, cairn_handle_release_set},
    {"POST", "/v1/release-set", CAIRN_ROLE_OPERATOR, MIB, cairn_handle_release_set_add},
    {"GET", "/metrics", CAIRN_ROLE_READER, 0, cairn_handle_metrics},
    {NULL, NULL, CAIRN_ROLE_ADMIN, 0, NULL},
};

/* '*' takes one part of [A-Za-z0-9_.-]{1,64}: that is all that labels and host ids are made of. */
static bool path_match(const char *pattern, const char *path, char param[CAIRN_LABEL_MAX + 1])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *star = strchr(pattern, '*');
	if (!star)
		return strcmp(pattern, path) == 0;
	size_t head = (size_t)(star - pattern);
	if (strncmp(pattern, path, head) != 0)
		return false;
	size_t len = strspn(path + head, allowed);
	if (len == 0 || len > CAIRN_LABEL_MAX || strcmp(star + 1, path + head + len) != 0)
		return false;
	memcpy(param, path + head, len);
	param[len] = 0;
	return true;
}

static const struct cairn_route *find(const struct cairn_request *req, struct cairn_call *call,
				      struct cairn_response *resp)
{
	const char *allow = NULL;
	for (const struct cairn_route *r = cairn_routes; r->method; r++) {
		if (!path_match(r->path, req->path, call->param))
			continue;
		if (strcmp(r->method, req->method) == 0)
			return r;
		allow = allow ? "GET, POST" : r->method;
	}
	if (allow) {
		cairn_response_error(resp, 405, "method-not-allowed", "this route takes %s", allow);
		resp->allow = allow;
	} else {
		cairn_response_error(resp, 404, "not-found", "there is no such route");
	}
	return NULL;
}

static enum cairn_status token_role(enum cairn_role *out, struct cairn_verifier *v, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	if (!authorization || strncmp(authorization, scheme, sizeof scheme - 1) != 0)
		return CAIRN_E_NOTFOUND;
	struct cairn_digest d;
	enum cairn_status st =
	    cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(authorization + sizeof scheme - 1));
	return st ? st : cairn_store_token_role(out, v->store, d.bytes);
}

static bool authorised(struct cairn_verifier *v, const struct cairn_route *route,
		       const struct cairn_request *req, struct cairn_response *resp)
{
	if (route->role == CAIRN_ROLE_NONE)
		return true;
	enum cairn_role role = CAIRN_ROLE_NONE;
	enum cairn_status st = token_role(&role, v, req->authorization);
	if (st == CAIRN_OK && role >= route->role)
		return true;
	v->count[COUNT_REFUSED_AUTH]++;
	if (st == CAIRN_OK)
		cairn_response_error(resp, 403, "forbidden", "this route needs the role %s, the token has %s",
				     cairn_role_name(route->role), cairn_role_name(role));
	else if (st == CAIRN_E_NOTFOUND)
		cairn_response_error(resp, 401, "unauthorised",
				     "a bearer token is needed, and must be a known one");
	else
		cairn_response_failure(resp, st, "looking up a token");
	return false;
}

void cairn_route_serve(void *ctx, const struct cairn_request *req, struct cairn_response *resp)
{
	struct cairn_verifier *v = ctx;
	struct cairn_call call = {.body = req->body, .peer = req->peer};
	v->count[COUNT_REQUESTS]++;
	const struct cairn_route *route = find(req, &call, resp);
	if (!route || !authorised(v, route, req, resp))
		return;
	if (req->encoding) {
		cairn_response_error(resp, 415, "encoding", "encoded or compressed bodies are not taken");
		return;
	}
	if (req->body.len > route->body_max) {
		cairn_response_error(resp, 413, "too-large", "the body may have at most %zu bytes",
				     route->body_max);
		return;
	}
	route->handler(v, &call, resp);
}

void cairn_response_failure(struct cairn_response *resp, enum cairn_status st, const char *doing)
{
	cairn_log("%s failed: %s", doing, cairn_status_text(st));
	if (st == CAIRN_E_NOMEM || st == CAIRN_E_NOSPACE || st == CAIRN_E_IO || st == CAIRN_E_LIMIT)
		cairn_response_error(resp, 503, "unavailable", "the server could not do it now: %s",
				     cairn_status_text(st));
	else
		cairn_response_error(resp, 500, "internal", "the server failed; its log says more");
}

json_t *cairn_call_object(const struct cairn_call *call, struct cairn_response *resp,
			  const char *const *members)
{
	json_t *v = NULL;
	enum cairn_status st = cairn_json_parse(&v, call->body);
	if (!st && !json_is_object(v))
		st = CAIRN_E_MALFORMED;
	if (!st)
		st = cairn_json_only(v, members);
	if (!st)
		return v;
	json_decref(v);
	cairn_response_error(resp, 400, "malformed",
			     "the body is not the JSON object that this route takes: %s",
			     cairn_status_text(st));
	return NULL;
}
