/* The routes that tell about the server itself: health, its public key, its interface, its figures. */
#include <stdio.h>

#include "attest/result.h"
#include "attest/verifier.h"

void cairn_handle_health(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	(void)v;
	(void)call;
	cairn_response_json(
	    resp, 200, json_pack("{s:s,s:s}", "status", "ok", "version", "cairn-verifier " CAIRN_VERSION));
}

void cairn_handle_jwks(struct cairn_verifier *v, const struct cairn_call *call, struct cairn_response *resp)
{
	(void)call;
	json_t *key = NULL;
	enum cairn_status st = cairn_key_jwk(&key, v->token_key, false);
	if (st)
		cairn_response_failure(resp, st, "showing the token key");
	else
		cairn_response_json(resp, 200, json_pack("{s:[o]}", "keys", key));
}

/* The document is a file of its own, attest/openapi.json, which the assembler takes in as it is. */
__asm__(".section .rodata\n"
	"cairn_openapi_start:\n"
	".incbin \"attest/openapi.json\"\n"
	"cairn_openapi_end:\n"
	".previous\n");
extern const uint8_t cairn_openapi_start[], cairn_openapi_end[];

void cairn_handle_openapi(struct cairn_verifier *v, const struct cairn_call *call,
			  struct cairn_response *resp)
{
	(void)v;
	(void)call;
	cairn_buf_add(&resp->body,
		      cairn_span(cairn_openapi_start, (size_t)(cairn_openapi_end - cairn_openapi_start)));
	resp->code = 200;
}

/* ---- metrics: Prometheus text exposition format, version 0.0.4
 * ----------------------------------------------------- */

static const struct {
	const char *name, *help;
} counters[COUNT_COUNT] = {
    [COUNT_REQUESTS] = {"cairn_requests_total", "Requests that reached the route table."},
    [COUNT_REFUSED_AUTH] = {"cairn_unauthorised_total", "Requests without a token that may call the route."},
    [COUNT_ENROLLED] = {"cairn_enrolments_total",
			"Hosts that enrolled, or enrolled again with the same keys."},
    [COUNT_ENROL_REFUSED] = {"cairn_enrolments_refused_total", "Enrolments that were refused."},
    [COUNT_CHALLENGES] = {"cairn_challenges_total", "Nonces handed out."},
    [COUNT_EVIDENCE_ACCEPTED] = {"cairn_evidence_accepted_total", "Evidence that was appraised."},
    [COUNT_EVIDENCE_REJECTED] = {"cairn_evidence_rejected_total", "Evidence that proved nothing."},
    [COUNT_UNAUDITED] = {"cairn_refusals_unaudited_total", "Refusals that came too fast for the audit log."},
};

struct tally {
	uint64_t now_ms;
	size_t state[CAIRN_STATE_COUNT];
};

static void count_host(void *ctx, const struct cairn_host_row *h)
{
	struct tally *t = ctx;
	t->state[cairn_host_state(h, t->now_ms)]++;
}

void cairn_handle_metrics(struct cairn_verifier *v, const struct cairn_call *call,
			  struct cairn_response *resp)
{
	(void)call;
	struct tally t = {.now_ms = cairn_now_ms()};
	enum cairn_status st = cairn_store_host_each(v->store, count_host, &t);
	if (st) {
		cairn_response_failure(resp, st, "counting hosts");
		return;
	}
	struct cairn_buf *b = &resp->body;
	for (size_t i = 0; i < COUNT_COUNT; i++)
		cairn_buf_add_fmt(b, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", counters[i].name,
				  counters[i].help, counters[i].name, counters[i].name,
				  (unsigned long long)v->count[i]);
	cairn_buf_add_str(b, "# HELP cairn_hosts Enrolled hosts by state.\n# TYPE cairn_hosts gauge\n");
	for (enum cairn_state s = CAIRN_STATE_TRUSTED; s < CAIRN_STATE_COUNT; s++)
		cairn_buf_add_fmt(b, "cairn_hosts{state=\"%s\"} %zu\n", cairn_state_name(s), t.state[s]);
	cairn_buf_add_fmt(b,
			  "# HELP cairn_manifests Manifests that are known.\n# TYPE cairn_manifests gauge\n"
			  "cairn_manifests %zu\n",
			  v->manifest_count);
	resp->type = "text/plain; version=0.0.4; charset=utf-8";
	resp->code = 200;
}
