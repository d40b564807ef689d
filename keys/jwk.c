/* Keys and sets of keys as JSON. */
#include "keys/key.h"

#include <stdlib.h>
#include <string.h>

/* ---- one key
 * ----------------------------------------------------------------------------------------------------- */

json_t *key_public_json(const struct cairn_key *k)
{
	const struct curve *c = curve_of(k->alg);
	json_t *v = json_pack("{s:s, s:s, s:o}", "kty", c->kty, "crv", c->crv, "x",
			      cairn_json_b64(cairn_span(k->x, c->coord)));

	if (v != NULL && is_ec(k->alg) &&
	    json_object_set_new(v, "y", cairn_json_b64(cairn_span(k->y, c->coord))) != 0)
		cairn_json_release(&v);
	return v;
}

static enum cairn_status add_private(json_t *v, const struct cairn_key *k)
{
	cairn_auto_secret struct cairn_buf d = {0};
	enum cairn_status st = key_raw_private(&d, k);

	if (st == CAIRN_OK && json_object_set_new(v, "d", cairn_json_b64(cairn_buf_span(&d))) != 0)
		st = CAIRN_E_NOMEM;
	return st;
}

enum cairn_status cairn_key_jwk(json_t **out, const struct cairn_key *k, bool with_private)
{
	cairn_auto_json json_t *v = key_public_json(k);
	enum cairn_status st = CAIRN_OK;

	if (json_object_set_new(v, "kid", json_string(k->kid)) != 0 ||
	    json_object_set_new(v, "alg", json_string(curve_of(k->alg)->alg)) != 0)
		return CAIRN_E_NOMEM;
	if (with_private)
		st = add_private(v, k);
	if (st != CAIRN_OK)
		return st;
	*out = v;
	v = NULL;
	return CAIRN_OK;
}

static enum cairn_status find_curve(enum cairn_sigalg *out, const json_t *v)
{
	const char *kty = NULL, *crv = NULL;
	enum cairn_status st = cairn_json_get_str(&kty, v, "kty");

	if (st == CAIRN_OK)
		st = cairn_json_get_str(&crv, v, "crv");
	if (st != CAIRN_OK)
		return st;
	for (int a = CAIRN_SIG_ES256; a <= CAIRN_SIG_EDDSA; a++) {
		if (strcmp(curve_of((enum cairn_sigalg)a)->kty, kty) != 0 ||
		    strcmp(curve_of((enum cairn_sigalg)a)->crv, crv) != 0)
			continue;
		*out = (enum cairn_sigalg)a;
		return CAIRN_OK;
	}
	return CAIRN_E_UNSUPPORTED;
}

/* A coordinate, of exactly the curve's length. */
static enum cairn_status get_coord(uint8_t *out, const json_t *v, const char *member, size_t len)
{
	cairn_auto_secret struct cairn_buf b = {0};
	enum cairn_status st = cairn_json_get_b64(&b, v, member);

	if (st == CAIRN_OK && b.len != len)
		st = CAIRN_E_MALFORMED;
	if (st == CAIRN_OK)
		memcpy(out, b.ptr, len);
	return st;
}

static bool agrees(const json_t *v, const char *member, const char *want)
{
	const json_t *m = json_object_get(v, member);

	return m == NULL || (json_is_string(m) && strcmp(json_string_value(m), want) == 0);
}

/* RFC 7517 section 4.3: what the key may be used for must be signing, if it says anything. */
static bool ops_agree(const json_t *v)
{
	const json_t *ops = json_object_get(v, "key_ops");

	if (ops != NULL && !json_is_array(ops))
		return false;
	for (size_t i = 0; i < json_array_size(ops); i++) {
		const char *op = json_string_value(json_array_get(ops, i));

		if (op == NULL || (strcmp(op, "sign") != 0 && strcmp(op, "verify") != 0))
			return false;
	}
	return true;
}

static enum cairn_status read_raw(struct cairn_key **out, enum cairn_sigalg alg, const json_t *v)
{
	static const char *const ec[] = {"kty", "crv", "x", "y", "d", "kid", "alg", "use", "key_ops", NULL};
	static const char *const okp[] = {"kty", "crv", "x", "d", "kid", "alg", "use", "key_ops", NULL};
	uint8_t x[COORD_MAX], y[COORD_MAX], d[COORD_MAX];
	size_t len = curve_of(alg)->coord;
	bool is_private = json_object_get(v, "d") != NULL;
	enum cairn_status st = cairn_json_only(v, is_ec(alg) ? ec : okp);

	if (st == CAIRN_OK)
		st = get_coord(x, v, "x", len);
	if (st == CAIRN_OK && is_ec(alg))
		st = get_coord(y, v, "y", len);
	if (st == CAIRN_OK && is_private)
		st = get_coord(d, v, "d", len);
	if (st == CAIRN_OK)
		st = key_from_raw(out, alg, x, y, is_private ? d : NULL);
	OPENSSL_cleanse(d, sizeof(d));
	return st;
}

enum cairn_status cairn_key_from_jwk(struct cairn_key **out, const json_t *v)
{
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_sigalg alg = CAIRN_SIG_ES256;
	enum cairn_status st = find_curve(&alg, v);

	if (st == CAIRN_OK)
		st = read_raw(&k, alg, v);
	if (st != CAIRN_OK)
		return st;
	if (!agrees(v, "alg", curve_of(alg)->alg) || !agrees(v, "use", "sig") || !agrees(v, "kid", k->kid) ||
	    !ops_agree(v))
		return CAIRN_E_MALFORMED;
	*out = k;
	k = NULL;
	return CAIRN_OK;
}

/* ---- sets
 * -------------------------------------------------------------------------------------------------------- */

struct cairn_jwks {
	size_t count;
	struct cairn_key *key[CAIRN_KEYS_MAX];
};

enum cairn_status cairn_jwks_new(struct cairn_jwks **out)
{
	struct cairn_jwks *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return CAIRN_E_NOMEM;
	*out = s;
	return CAIRN_OK;
}

void cairn_jwks_free(struct cairn_jwks *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		cairn_key_free(s->key[i]);
	free(s);
}

size_t cairn_jwks_count(const struct cairn_jwks *s)
{
	return s->count;
}

const struct cairn_key *cairn_jwks_at(const struct cairn_jwks *s, size_t i)
{
	return i < s->count ? s->key[i] : NULL;
}

const struct cairn_key *cairn_jwks_find(const struct cairn_jwks *s, const char *kid)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->key[i]->kid, kid) == 0)
			return s->key[i];
	return NULL;
}

enum cairn_status cairn_jwks_add(struct cairn_jwks *s, const struct cairn_key *k)
{
	enum cairn_status st;

	if (s->count == CAIRN_KEYS_MAX)
		return CAIRN_E_LIMIT;
	if (cairn_jwks_find(s, k->kid) != NULL)
		return CAIRN_E_EXISTS;
	st = key_from_raw(&s->key[s->count], k->alg, k->x, k->y, NULL);
	if (st == CAIRN_OK)
		s->count++;
	return st;
}

static enum cairn_status add_json(struct cairn_jwks *s, const json_t *v)
{
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = json_object_get(v, "d") == NULL ? cairn_key_from_jwk(&k, v) : CAIRN_E_DENIED;

	return st == CAIRN_OK ? cairn_jwks_add(s, k) : st;
}

enum cairn_status cairn_jwks_from_json(struct cairn_jwks **out, const json_t *set)
{
	static const char *const members[] = {"keys", NULL};
	struct cairn_jwks *s = NULL;
	json_t *keys = NULL;
	enum cairn_status st = cairn_json_only(set, members);

	if (st == CAIRN_OK)
		st = cairn_json_get_arr(&keys, set, "keys");
	if (st == CAIRN_OK)
		st = cairn_jwks_new(&s);
	for (size_t i = 0; st == CAIRN_OK && i < json_array_size(keys); i++)
		st = add_json(s, json_array_get(keys, i));
	if (st == CAIRN_OK)
		*out = s;
	else
		cairn_jwks_free(s);
	return st;
}

enum cairn_status cairn_jwks_json(json_t **out, const struct cairn_jwks *s)
{
	cairn_auto_json json_t *keys = json_array();

	for (size_t i = 0; i < s->count; i++) {
		json_t *v = NULL;
		enum cairn_status st = cairn_key_jwk(&v, s->key[i], false);

		if (st != CAIRN_OK)
			return st;
		if (json_array_append_new(keys, v) != 0)
			return CAIRN_E_NOMEM;
	}
	*out = json_pack("{s:O}", "keys", keys);
	return *out != NULL ? CAIRN_OK : CAIRN_E_NOMEM;
}
