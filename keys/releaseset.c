/* Release sets: signing, reading, and what they say of a manifest. See cairn/releaseset.h. */
#include "cairn/releaseset.h"

#include <stdio.h>
#include <string.h>

#include "core/schema.h"

static const struct cairn_field FLOOR[] = {{.name = "", .kind = CAIRN_F_INT, .min = 1, .max = INT64_MAX}};
static const struct cairn_field KID[] = {{.name = "", .kind = CAIRN_F_KID}};
static const struct cairn_field DIGEST[] = {
    {.name = "", .kind = CAIRN_F_HEX, .min = CAIRN_SHA256_SIZE, .max = CAIRN_SHA256_SIZE}};
static const struct cairn_field NAME[] = {{.name = "", .kind = CAIRN_F_NAME}};
static const struct cairn_field DELEGATE_MEMBERS[] = {
    {.name = "key", .kind = CAIRN_F_ANY},
    {.name = "names",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_RELEASE_SET_NAMES,
     .sub = NAME,
     .ascending = true},
    {0},
};
static const struct cairn_field DELEGATE[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = DELEGATE_MEMBERS}};
static const struct cairn_field MEMBERS[] = {
    {.name = "format", .kind = CAIRN_F_NAME},
    {.name = "version", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {.name = "delegates",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_RELEASE_SET_DELEGATES,
     .sub = DELEGATE,
     .optional = true},
    {.name = "floors", .kind = CAIRN_F_MAP, .max = CAIRN_RELEASE_SET_FLOORS, .sub = FLOOR},
    {.name = "revoked_keys",
     .kind = CAIRN_F_ARRAY,
     .max = CAIRN_RELEASE_SET_KEYS,
     .sub = KID,
     .ascending = true},
    {.name = "revoked_manifests",
     .kind = CAIRN_F_ARRAY,
     .max = CAIRN_RELEASE_SET_MANIFESTS,
     .sub = DIGEST,
     .ascending = true},
    {.name = "serial", .kind = CAIRN_F_INT, .min = 1, .max = INT64_MAX},
    {0},
};

void cairn_release_set_fini(struct cairn_release_set *s)
{
	cairn_json_release(&s->doc);
	cairn_jwks_free(s->delegates);
	memset(s, 0, sizeof(*s));
}

/* A key that may be public to all, and of a kind that signs manifests. */
static enum cairn_status add_delegate(struct cairn_jwks *out, const json_t *jwk)
{
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = cairn_key_from_jwk(&k, jwk);

	if (st == CAIRN_OK && cairn_key_is_private(k))
		return CAIRN_E_DENIED;
	if (st == CAIRN_OK && cairn_key_alg(k) == CAIRN_SIG_ES256)
		return CAIRN_E_UNSUPPORTED;
	if (st == CAIRN_OK)
		st = cairn_jwks_add(out, k);
	return st == CAIRN_E_EXISTS ? CAIRN_E_MALFORMED : st;
}

/* The whole of a payload; *delegates is a new set of keys. */
static enum cairn_status check(struct cairn_jwks **delegates, const json_t *v)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	const json_t *list = json_object_get(v, "delegates");
	enum cairn_status st = cairn_json_format(v, CAIRN_RELEASE_SET_FORMAT, 1);

	if (st == CAIRN_OK)
		st = cairn_schema_check(v, MEMBERS);
	if (st == CAIRN_OK)
		st = cairn_jwks_new(&keys);
	for (size_t i = 0; st == CAIRN_OK && i < json_array_size(list); i++)
		st = add_delegate(keys, json_object_get(json_array_get(list, i), "key"));
	if (st != CAIRN_OK)
		return st;
	*delegates = keys;
	keys = NULL;
	return CAIRN_OK;
}

static bool lists(const json_t *v, const char *member, const char *what)
{
	const json_t *array = json_object_get(v, member);

	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(json_string_value(json_array_get(array, i)), what) == 0)
			return true;
	return false;
}

/* ---- signing ------------------------------------------------------------------------------------------ */

enum cairn_status cairn_release_set_sign(struct cairn_buf *out, const json_t *members,
					 const struct cairn_key *k)
{
	cairn_auto_json json_t *v = json_copy((json_t *)(uintptr_t)members);
	cairn_auto_jwks struct cairn_jwks *delegates = NULL;
	cairn_auto_buf struct cairn_buf payload = {0};

	if (json_object_set_new(v, "format", json_string(CAIRN_RELEASE_SET_FORMAT)) != 0 ||
	    json_object_set_new(v, "version", json_integer(1)) != 0)
		return CAIRN_E_NOMEM;
	enum cairn_status st = check(&delegates, v);

	if (st == CAIRN_OK &&
	    (cairn_key_alg(k) == CAIRN_SIG_ES256 || lists(v, "revoked_keys", cairn_key_kid(k))))
		st = CAIRN_E_USAGE;
	if (st == CAIRN_OK)
		st = cairn_json_dump(&payload, v);
	if (st == CAIRN_OK)
		st = cairn_jws_sign(out, k, CAIRN_RELEASE_SET_TYP, cairn_buf_span(&payload));
	return st;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

enum cairn_status cairn_release_set_parse(struct cairn_release_set *out, struct cairn_span payload)
{
	cairn_auto_json json_t *v = NULL;
	struct cairn_jwks *delegates = NULL;
	enum cairn_status st = payload.len <= CAIRN_JWS_MAX ? CAIRN_OK : CAIRN_E_LIMIT;

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&v, payload);
	if (st == CAIRN_OK)
		st = check(&delegates, v);
	if (st != CAIRN_OK)
		return st;
	*out = (struct cairn_release_set){
	    .serial = cairn_schema_int(v, "serial"), .doc = json_incref(v), .delegates = delegates};
	return CAIRN_OK;
}

enum cairn_status cairn_release_set_load(struct cairn_release_set *out, struct cairn_span jws,
					 const struct cairn_jwks *authorities)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	const struct cairn_key *signer = NULL;
	enum cairn_status st = cairn_jws_verify(&payload, &signer, jws, CAIRN_RELEASE_SET_TYP, authorities);

	if (st == CAIRN_OK && cairn_key_alg(signer) == CAIRN_SIG_ES256)
		st = CAIRN_E_UNTRUSTED;
	if (st == CAIRN_OK)
		st = cairn_release_set_parse(&s, cairn_buf_span(&payload));
	if (st == CAIRN_OK && cairn_release_set_revokes(&s, cairn_key_kid(signer)))
		st = CAIRN_E_UNTRUSTED;
	if (st == CAIRN_OK)
		st = cairn_hash(&s.sha256, CAIRN_ALG_SHA256, jws);
	if (st != CAIRN_OK)
		return st;
	memcpy(s.kid, cairn_key_kid(signer), sizeof(s.kid));
	*out = s;
	memset(&s, 0, sizeof(s));
	return CAIRN_OK;
}

enum cairn_status cairn_release_set_reload(struct cairn_release_set *out, struct cairn_span jws)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_jws_unverified(&payload, jws);

	if (!st)
		st = cairn_release_set_parse(&s, cairn_buf_span(&payload));
	if (st == CAIRN_OK)
		st = cairn_hash(&s.sha256, CAIRN_ALG_SHA256, jws);
	if (st != CAIRN_OK)
		return st;
	json_object_del(s.doc, "delegates");
	cairn_jwks_free(s.delegates);
	s.delegates = NULL;
	*out = s;
	memset(&s, 0, sizeof(s));
	return CAIRN_OK;
}

/* ---- what it says ------------------------------------------------------------------------------------- */

uint64_t cairn_release_set_floor(const struct cairn_release_set *s, const char *name)
{
	return cairn_schema_int(json_object_get(s->doc, "floors"), name);
}

bool cairn_release_set_revokes(const struct cairn_release_set *s, const char *kid)
{
	return lists(s->doc, "revoked_keys", kid);
}

static enum cairn_status add_all(struct cairn_jwks *out, const struct cairn_jwks *more)
{
	enum cairn_status st = CAIRN_OK;

	for (size_t i = 0; st == CAIRN_OK && i < cairn_jwks_count(more); i++) {
		st = cairn_jwks_add(out, cairn_jwks_at(more, i));
		if (st == CAIRN_E_EXISTS) /* an authority with a scope: judge_scope knows it as a delegate */
			st = CAIRN_OK;
	}
	return st;
}

enum cairn_status cairn_release_set_signers(struct cairn_jwks **out, const struct cairn_release_set *s,
					    const struct cairn_jwks *authorities)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	enum cairn_status st = cairn_jwks_new(&keys);

	if (st == CAIRN_OK)
		st = add_all(keys, authorities);
	if (st == CAIRN_OK && s->delegates != NULL)
		st = add_all(keys, s->delegates);
	if (st != CAIRN_OK)
		return st;
	*out = keys;
	keys = NULL;
	return CAIRN_OK;
}

/* A delegate signs for its domains alone: a platform is no name. */
static void judge_scope(struct cairn_reasons *out, const struct cairn_release_set *s,
			const struct cairn_manifest *m)
{
	const json_t *list = json_object_get(s->doc, "delegates");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const struct cairn_key *k = cairn_jwks_at(s->delegates, i);

		if (strcmp(cairn_key_kid(k), m->kid) != 0)
			continue;
		if (m->kind != CAIRN_MANIFEST_SERVICE)
			cairn_reasons_addf(
			    out, CAIRN_R_UNTRUSTED_SIGNER, "key", NULL, "", m->kid,
			    "release set %llu lets this key sign for domains, and not for a platform",
			    (unsigned long long)s->serial);
		else if (!lists(json_array_get(list, i), "names", m->name))
			cairn_reasons_addf(out, CAIRN_R_UNTRUSTED_SIGNER, "key", NULL, "", m->kid,
					   "release set %llu lets this key sign for other names than %s",
					   (unsigned long long)s->serial, m->name);
	}
}

static void judge_floor(struct cairn_reasons *out, const struct cairn_release_set *s,
			const struct cairn_manifest *m)
{
	uint64_t lowest = cairn_release_set_floor(s, m->name);
	char expected[48], found[32];

	if (m->release >= lowest)
		return;
	snprintf(expected, sizeof(expected), "at least %llu", (unsigned long long)lowest);
	snprintf(found, sizeof(found), "%llu", (unsigned long long)m->release);
	cairn_reasons_addf(out, CAIRN_R_BELOW_FLOOR, "release", NULL, expected, found,
			   "release set %llu withdraws this release of %s: install a newer one",
			   (unsigned long long)s->serial, m->name);
}

void cairn_release_set_judge(struct cairn_reasons *out, const struct cairn_release_set *s,
			     const struct cairn_manifest *m)
{
	struct cairn_hex sha256 = cairn_digest_hex(&m->sha256);

	judge_scope(out, s, m);
	judge_floor(out, s, m);
	if (cairn_release_set_revokes(s, m->kid))
		cairn_reasons_addf(out, CAIRN_R_REVOKED, "key", NULL, "", m->kid,
				   "release set %llu revokes the key that signed the manifest of %s",
				   (unsigned long long)s->serial, m->name);
	if (lists(s->doc, "revoked_manifests", sha256.text))
		cairn_reasons_addf(out, CAIRN_R_REVOKED, "manifest", NULL, "", sha256.text,
				   "release set %llu revokes this manifest of %s",
				   (unsigned long long)s->serial, m->name);
}
