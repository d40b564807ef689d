/* JSON Web Signatures in the one form that cairn writes. The header is compared with what it must be, never
 * obeyed. */
#include "cairn/jws.h"

#include <string.h>

#include "cairn/record.h"

static enum cairn_status encode_header(struct cairn_buf *out, const struct cairn_key *k, const char *typ)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_json json_t *v = json_pack("{s:s, s:s, s:s}", "alg", cairn_sigalg_name(cairn_key_alg(k)),
					      "kid", cairn_key_kid(k), "typ", typ);
	enum cairn_status st = cairn_json_dump(&text, v);

	if (st == CAIRN_OK)
		cairn_b64url_encode(out, cairn_buf_span(&text));
	return st;
}

enum cairn_status cairn_jws_sign(struct cairn_buf *out, const struct cairn_key *k, const char *typ,
				 struct cairn_span payload)
{
	cairn_auto_buf struct cairn_buf jws = {0}, sig = {0};
	enum cairn_status st = encode_header(&jws, k, typ);

	if (st != CAIRN_OK)
		return st;
	cairn_buf_add_u8(&jws, '.');
	cairn_b64url_encode(&jws, payload);
	st = cairn_key_sign(&sig, k, cairn_buf_span(&jws));
	if (st != CAIRN_OK)
		return st;
	cairn_buf_add_u8(&jws, '.');
	cairn_b64url_encode(&jws, cairn_buf_span(&sig));
	if (cairn_buf_status(&jws) != CAIRN_OK)
		return cairn_buf_status(&jws);
	if (jws.len > CAIRN_JWS_MAX)
		return CAIRN_E_LIMIT;
	cairn_buf_add(out, cairn_buf_span(&jws));
	return cairn_buf_status(out);
}

struct parts {
	struct cairn_span header, payload, signature; /* encoded */
	struct cairn_span input;		      /* what is signed: header "." payload */
};

/* The part up to the next dot, or all that is left. */
static struct cairn_span next_part(struct cairn_span *rest)
{
	const uint8_t *dot = rest->len > 0 ? memchr(rest->ptr, '.', rest->len) : NULL;
	struct cairn_span part = cairn_span(rest->ptr, dot != NULL ? (size_t)(dot - rest->ptr) : rest->len);
	size_t used = part.len + (dot != NULL ? 1 : 0);

	*rest = cairn_span(rest->ptr + used, rest->len - used);
	return part;
}

static enum cairn_status split(struct parts *p, struct cairn_span jws)
{
	struct cairn_span rest = jws;

	if (jws.len > CAIRN_JWS_MAX)
		return CAIRN_E_LIMIT;
	p->header = next_part(&rest);
	p->payload = next_part(&rest);
	p->signature = next_part(&rest);
	if (p->payload.len == 0)
		return CAIRN_E_MALFORMED;
	if (p->header.len + p->payload.len + p->signature.len + 2 != jws.len)
		return CAIRN_E_MALFORMED;
	p->input = cairn_span(jws.ptr, p->header.len + 1 + p->payload.len);
	return CAIRN_OK;
}

struct header {
	enum cairn_sigalg alg;
	const char *kid; /* borrows from doc */
	json_t *doc;
};

static enum cairn_status read_header(struct header *h, struct cairn_span encoded, const char *typ)
{
	static const char *const members[] = {"alg", "kid", "typ", NULL};
	cairn_auto_buf struct cairn_buf text = {0};
	const char *alg = NULL, *said = NULL;
	enum cairn_status st = cairn_b64url_decode(&text, encoded);

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&h->doc, cairn_buf_span(&text));
	if (st == CAIRN_OK)
		st = cairn_json_only(h->doc, members);
	if (st == CAIRN_OK)
		st = cairn_json_get_str(&alg, h->doc, "alg");
	if (st == CAIRN_OK)
		st = cairn_sigalg_by_name(&h->alg, alg);
	if (st == CAIRN_OK)
		st = cairn_json_get_str(&h->kid, h->doc, "kid");
	if (st == CAIRN_OK)
		st = cairn_json_get_str(&said, h->doc, "typ");
	if (st == CAIRN_OK && (!cairn_kid_ok(h->kid) || strcmp(said, typ) != 0))
		st = CAIRN_E_MALFORMED;
	return st;
}

static enum cairn_status check_signature(const struct cairn_key *k, const struct header *h,
					 const struct parts *p)
{
	cairn_auto_buf struct cairn_buf sig = {0};
	enum cairn_status st = cairn_b64url_decode(&sig, p->signature);

	if (st != CAIRN_OK)
		return st;
	if (h->alg != cairn_key_alg(k))
		return CAIRN_E_SIGNATURE;
	return cairn_key_verify(k, p->input, cairn_buf_span(&sig));
}

enum cairn_status cairn_jws_verify(struct cairn_buf *payload, const struct cairn_key **signer,
				   struct cairn_span jws, const char *typ, const struct cairn_jwks *keys)
{
	struct parts p = {0};
	struct header h = {0};
	const struct cairn_key *k = NULL;
	enum cairn_status st = split(&p, jws);

	if (st == CAIRN_OK)
		st = read_header(&h, p.header, typ);
	if (st == CAIRN_OK) {
		k = cairn_jwks_find(keys, h.kid);
		st = k != NULL ? check_signature(k, &h, &p) : CAIRN_E_UNTRUSTED;
	}
	if (st == CAIRN_OK)
		st = cairn_b64url_decode(payload, p.payload);
	if (st == CAIRN_OK && signer != NULL)
		*signer = k;
	cairn_json_release(&h.doc);
	return st;
}

enum cairn_status cairn_jws_unverified(struct cairn_buf *payload, struct cairn_span jws)
{
	struct parts p = {0};
	enum cairn_status st = split(&p, jws);

	return st == CAIRN_OK ? cairn_b64url_decode(payload, p.payload) : st;
}
