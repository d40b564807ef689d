/* Host states and verdicts as JSON and as EAR; see result.h. */
#include "attest/result.h"

enum cairn_status cairn_result_verdict(struct cairn_buf *out, const struct cairn_verdict *verdict,
				       const char *nonce, const uint8_t boot_id[32])
{
	cairn_auto_json json_t *v =
	    json_pack("{s:s,s:o,s:O}", "nonce", nonce, "boot_id", cairn_json_hex(cairn_span(boot_id, 32)),
		      "submods", verdict->submods);
	return cairn_json_dump(out, v); /* of NULL: CAIRN_E_NOMEM */
}

static bool holds(enum cairn_state s)
{
	return s == CAIRN_STATE_TRUSTED || s == CAIRN_STATE_CONTRAINDICATED || s == CAIRN_STATE_UNMEASURED;
}

static const char *why_not(enum cairn_state s)
{
	switch (s) {
	case CAIRN_STATE_REVOKED:
		return "the operator revoked this host";
	case CAIRN_STATE_CLEARED:
		return "the TPM's reset count fell: it was cleared; forget the host and enrol it again";
	case CAIRN_STATE_STALE:
		return "no evidence was accepted before the deadline";
	case CAIRN_STATE_PENDING:
		return "enrolled, and no evidence has been accepted yet";
	default:
		return "the verdict that was stored cannot be read";
	}
}

/* The one submodule of a host without a verdict. */
static json_t *no_verdict(enum cairn_state s)
{
	bool bad = s == CAIRN_STATE_REVOKED || s == CAIRN_STATE_CLEARED;
	return json_pack("{s:{s:s,s:{s:i},s:s,s:n,s:[{s:s,s:s,s:s,s:s,s:s,s:s,s:s}]}}", "host", "ear.status",
			 bad ? "contraindicated" : "none", "ear.trustworthiness-vector", "instance-identity",
			 bad ? 96 : 0, "ear.appraisal-policy-id", CAIRN_APPRAISAL_POLICY, "cairn.manifest",
			 "cairn.reasons", "code", cairn_state_name(s), "component", "", "file", "",
			 "expected", "", "found", "", "text", why_not(s), "manifest", "");
}

/* The submodules that hold now, which may cost a host its state; *stored (a new reference, or NULL) is the
 * verdict that they came from. */
static json_t *submods_now(json_t **stored, const struct cairn_host_row *h, enum cairn_state *state)
{
	json_t *subs = NULL;
	*stored = NULL;
	if (!holds(*state))
		return no_verdict(*state);
	if (cairn_json_parse(stored, cairn_buf_span(&h->verdict)) ||
	    cairn_json_get_obj(&subs, *stored, "submods")) {
		*state = CAIRN_STATE_STALE; /* a state without its reasons is worth nothing */
		return no_verdict(CAIRN_STATE_UNKNOWN);
	}
	return json_incref(subs);
}

json_t *cairn_result_reasons(const json_t *subs)
{
	json_t *all = json_array(), *sub, *reason;
	const char *name;
	json_object_foreach((json_t *)(uintptr_t)subs, name, sub)
	{
		size_t i;
		json_array_foreach(json_object_get(sub, "cairn.reasons"), i, reason)
		{
			json_t *copy = json_copy(reason);
			bool whole = json_object_set_new(copy, "submod", json_string(name)) == 0;
			if (json_array_append_new(all, copy) || !whole) {
				json_decref(all);
				return NULL;
			}
		}
	}
	return all;
}

static json_t *seconds(uint64_t ms)
{
	return ms ? json_integer((json_int_t)(ms / 1000)) : json_null();
}

static json_t *summary(const struct cairn_host_row *h, enum cairn_state state)
{
	return json_pack("{s:o,s:s,s:s,s:o,s:o,s:o}", "host_id", cairn_json_hex(cairn_span(h->id, 32)),
			 "label", h->label, "state", cairn_state_name(state), "enrolled",
			 seconds(h->enrolled_ms), "last_seen", seconds(h->seen_ms), "stale_at",
			 seconds(h->stale_ms));
}

json_t *cairn_result_host(const struct cairn_host_row *h, uint64_t now_ms, bool details)
{
	enum cairn_state state = cairn_host_state(h, now_ms);
	if (!details)
		return summary(h, state);
	cairn_auto_json json_t *stored = NULL;
	json_t *subs = submods_now(&stored, h, &state);
	json_t *o = summary(h, state);
	json_t *reasons = cairn_result_reasons(subs);
	json_t *boot = json_object_get(stored, "boot_id");
	int failed = json_object_set_new(o, "submods", subs) | json_object_set_new(o, "reasons", reasons) |
		     json_object_set(o, "boot_id", boot ? boot : json_null());
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* ---- EAR
 * -------------------------------------------------------------------------------------------------------- */

static json_t *ear_claims(const struct cairn_host_row *h, uint64_t now_ms, uint64_t lifetime_s)
{
	enum cairn_state state = cairn_host_state(h, now_ms);
	cairn_auto_json json_t *stored = NULL;
	cairn_auto_json json_t *subs = submods_now(&stored, h, &state);
	uint64_t now = now_ms / 1000, end = holds(state) ? h->stale_ms / 1000 : now + lifetime_s;
	json_t *c = json_pack("{s:s,s:I,s:I,s:{s:s,s:s},s:o,s:s,s:s,s:o}", "eat_profile", CAIRN_EAR_PROFILE,
			      "iat", (json_int_t)now, "exp", (json_int_t)end, "ear.verifier-id", "developer",
			      "cairn", "build", "cairn-verifier " CAIRN_VERSION, "sub",
			      cairn_json_hex(cairn_span(h->id, 32)), "cairn.label", h->label, "cairn.state",
			      cairn_state_name(state), "submods", json_incref(subs));
	json_t *nonce = json_object_get(stored, "nonce"); /* stored only after it was compared */
	if (c && nonce && json_object_set(c, "eat_nonce", nonce)) {
		json_decref(c);
		return NULL;
	}
	return c;
}

enum cairn_status cairn_result_ear(struct cairn_buf *out, const struct cairn_verifier *v,
				   const struct cairn_host_row *h, uint64_t now_ms)
{
	cairn_auto_json json_t *claims = ear_claims(h, now_ms, v->set.stale_after_s);
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_json_dump(&text, claims); /* of NULL: CAIRN_E_NOMEM */
	return st ? st : cairn_jws_sign(out, v->token_key, CAIRN_EAR_TYP, cairn_buf_span(&text));
}
