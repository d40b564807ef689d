/* Attacks on the release set, by whoever holds an operator's token and no authority's key, or an old set: what was
 * withdrawn would be good again. The server has number 5. */
#include "tests/attack/attack.h"

#include <string.h>

static void send(struct world *w, struct cairn_span body)
{
	cairn_auto_buf struct cairn_buf out = {0};

	MUST_OK(cairn_client_call(&out, &w->code, w->token_http, "POST", "/v1/release-set",
				  "application/jose", body, NULL));
	json_decref(w->body);
	w->body = NULL;
	MUST_OK(cairn_json_parse(&w->body, cairn_buf_span(&out)));
}

static void number(struct world *w, unsigned serial, const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf jws = {0};

	MUST_OK(release_set(&jws, serial, key));
	send(w, cairn_buf_span(&jws));
}

static void older(struct world *w)
{
	number(w, 4, w->sim.authority);
}

static void twin(struct world *w)
{
	number(w, 5, w->sim.authority);
}

static void of_a_stranger(struct world *w)
{
	struct cairn_key *k = NULL;

	MUST_OK(cairn_key_generate(&k, CAIRN_SIG_ES384));
	number(w, 6, k);
	cairn_key_free(k);
}

/* By the key that signs manifests, but as another kind of document. */
static void of_another_type(struct world *w)
{
	static const char payload[] = "{\"floors\":{},\"format\":\"cairn-release-set\",\"revoked_keys\":[],"
				      "\"revoked_manifests\":[],\"serial\":6,\"version\":1}";
	cairn_auto_buf struct cairn_buf jws = {0};

	MUST_OK(cairn_jws_sign(&jws, w->sim.authority, CAIRN_MANIFEST_TYP, cairn_span_str(payload)));
	send(w, cairn_buf_span(&jws));
}

/* The signature of one set under the payload of another. */
static void renumbered(struct world *w)
{
	cairn_auto_buf struct cairn_buf good = {0}, high = {0}, mixed = {0};

	MUST_OK(release_set(&good, 4, w->sim.authority));
	MUST_OK(release_set(&high, 9, w->sim.authority));
	const char *tail = strrchr(cairn_buf_str(&good), '.'), *whole = cairn_buf_str(&high);
	const char *end = strrchr(whole, '.');

	MUST(tail && end);
	cairn_buf_add(&mixed, cairn_span(whole, (size_t)(end - whole)));
	cairn_buf_add_str(&mixed, tail);
	send(w, cairn_buf_span(&mixed));
}

static void a_manifest(struct world *w)
{
	send(w, cairn_buf_span(&w->sim.service));
}

const struct attack attacks_release[] = {
    {"release set of a lower number", older, 409, "stale"},
    {"release set of the same number", twin, 409, "stale"},
    {"release set of a stranger", of_a_stranger, 403, "untrusted-signer"},
    {"release set signed as a manifest", of_another_type, 400, "malformed"},
    {"release set with the signature of another", renumbered, 403, "bad-signature"},
    {"manifest as a release set", a_manifest, 400, "malformed"},
    {NULL, NULL, 0, NULL},
};
