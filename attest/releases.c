/* The routes of the release set: what it is, and a newer one. Each that was accepted stays in the store, and the one
 * with the highest serial number counts. */
#include <string.h>

#include "attest/log.h"
#include "attest/verifier.h"

static json_t *set_json(const struct cairn_release_set *s)
{
	return json_pack("{s:I,s:s,s:o,s:O}", "serial", (json_int_t)s->serial, "kid", s->kid, "sha256",
			 cairn_json_hex(cairn_digest_span(&s->sha256)), "floors",
			 json_object_get(s->doc, "floors"));
}

void cairn_handle_release_set(struct cairn_verifier *v, const struct cairn_call *call,
			      struct cairn_response *resp)
{
	(void)call;
	if (v->release_set.serial == 0)
		cairn_response_error(resp, 404, "no-release-set", "no release set was given to this server");
	else
		cairn_response_json(resp, 200, set_json(&v->release_set));
}

static void refuse(struct cairn_verifier *v, struct cairn_response *resp, const char *peer,
		   enum cairn_status why)
{
	enum cairn_status st = cairn_audit(v, "release-set-refused", peer, "%s", cairn_status_text(why));
	if (st)
		cairn_response_failure(resp, st, "writing the audit log");
	else if (why == CAIRN_E_UNTRUSTED)
		cairn_response_error(
		    resp, 403, "untrusted-signer",
		    "the release set is signed by nobody in the server's authorities, or by a "
		    "revoked key");
	else if (why == CAIRN_E_SIGNATURE)
		cairn_response_error(resp, 403, "bad-signature",
				     "the release set's signature does not verify");
	else if (why == CAIRN_E_STALE)
		cairn_response_error(resp, 409, "stale",
				     "its serial number is not above that of the set in force, %llu",
				     (unsigned long long)v->release_set.serial);
	else
		cairn_response_error(resp, 400, "malformed", "the body is not a release set: %s",
				     cairn_status_text(why));
}

/* The same again is no error. */
static enum cairn_status judge(const struct cairn_verifier *v, const struct cairn_release_set *s)
{
	const struct cairn_release_set *now = &v->release_set;
	if (now->serial == 0 || cairn_digest_equal(&s->sha256, &now->sha256))
		return CAIRN_OK;
	if (s->serial <= now->serial)
		return CAIRN_E_STALE;
	return cairn_release_set_revokes(now, s->kid) ? CAIRN_E_UNTRUSTED : CAIRN_OK;
}

/* What is stored is there at the next start: it must be of use then. */
static enum cairn_status usable(const struct cairn_verifier *v, const struct cairn_release_set *s)
{
	cairn_auto_jwks struct cairn_jwks *signers = NULL;
	return cairn_release_set_signers(&signers, s, v->authorities);
}

static enum cairn_status keep(struct cairn_verifier *v, struct cairn_release_set *s, struct cairn_span jws)
{
	struct cairn_stored_manifest row = {.kid = s->kid,
					    .name = CAIRN_STORED_RELEASE_SET,
					    .kind = CAIRN_STORED_RELEASE_SET,
					    .release = s->serial,
					    .jws = jws};
	enum cairn_status st = cairn_store_manifest_add(v->store, &row, CAIRN_MANIFESTS_MAX);
	if (!st)
		st = cairn_audit(v, "release-set-added", CAIRN_STORED_RELEASE_SET, "serial %llu signed by %s",
				 (unsigned long long)s->serial, s->kid);
	return st ? st : cairn_verifier_learn_set(v, s);
}

void cairn_handle_release_set_add(struct cairn_verifier *v, const struct cairn_call *call,
				  struct cairn_response *resp)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_release_set_load(&s, call->body, v->authorities);
	if (!st)
		st = judge(v, &s);
	if (!st)
		st = usable(v, &s);
	if (st) {
		refuse(v, resp, call->peer, st);
		return;
	}
	st = keep(v, &s, call->body);
	if (st)
		cairn_response_failure(resp, st, "keeping a release set");
	else
		cairn_response_json(resp, 200, set_json(&v->release_set));
}
