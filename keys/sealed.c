/* The document that holds a sealed secret. It comes from a disk that anyone may have written: the public half
 * must be the one object that class and key allow; whether the private half belongs to it, only the TPM can
 * tell. */
#include "cairn/sealed.h"

#include <stdio.h>
#include <string.h>

#include "cairn/policy.h"
#include "keys/template.h"

#define FORMAT	 "cairn-sealed"
#define VERSION	 1
#define HALF_MAX 1024 /* bytes; those of swtpm are 82 and up to 290 */

static enum cairn_status key_point(struct cairn_p256 *out, const struct cairn_key *key)
{
	return cairn_key_p256_point(out->xy, key);
}

enum cairn_status cairn_sealed_policy(struct cairn_digest *out, const char *class,
				      const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf ref = {0};
	struct cairn_p256 point;
	struct cairn_name name;
	enum cairn_status s = key_point(&point, key);

	if (s == CAIRN_OK)
		s = cairn_release_key_name(&name, &point);
	if (s == CAIRN_OK)
		s = cairn_policy_ref(&ref, class);
	if (s == CAIRN_OK)
		s = cairn_policy_authorize(out, &name, cairn_buf_span(&ref));
	return s;
}

/* TPM2B_PUBLIC: the template with the policy, and a unique of 32 bytes. */
static enum cairn_status check_pub(struct cairn_span pub, const struct cairn_digest *policy)
{
	cairn_auto_buf struct cairn_buf want = {0};
	struct cairn_cur c = cairn_cur(pub);
	struct cairn_cur area = cairn_cur_sub(&c, cairn_cur_u16be(&c));
	enum cairn_status s = cairn_cur_end(&c);

	if (s != CAIRN_OK)
		return s;
	cairn_template_sealed(&want, policy);
	cairn_buf_add_u16be(&want, CAIRN_SHA256_SIZE);
	if (want.failed)
		return CAIRN_E_NOMEM;
	struct cairn_span head = cairn_cur_bytes(&area, want.len);
	(void)cairn_cur_bytes(&area, CAIRN_SHA256_SIZE);
	s = cairn_cur_end(&area);
	if (s != CAIRN_OK)
		return s;
	return cairn_span_equal(head, cairn_buf_span(&want)) ? CAIRN_OK : CAIRN_E_MISMATCH;
}

/* TPM2B_PRIVATE: only its size can be judged. */
static enum cairn_status check_priv(struct cairn_span priv)
{
	struct cairn_cur c = cairn_cur(priv);

	(void)cairn_cur_bytes(&c, cairn_cur_u16be(&c));
	return cairn_cur_end(&c);
}

enum cairn_status cairn_sealed_check(const struct cairn_sealed *s)
{
	struct cairn_digest policy;
	enum cairn_status st = cairn_sealed_policy(&policy, s->class, s->key);

	if (st == CAIRN_OK && (s->pub.len > HALF_MAX || s->priv.len > HALF_MAX))
		st = CAIRN_E_LIMIT;
	if (st == CAIRN_OK)
		st = check_pub(cairn_buf_span(&s->pub), &policy);
	return st == CAIRN_OK ? check_priv(cairn_buf_span(&s->priv)) : st;
}

static enum cairn_status read_class(struct cairn_sealed *s, const char *class)
{
	if (!cairn_name_ok(class))
		return CAIRN_E_MALFORMED;
	snprintf(s->class, sizeof(s->class), "%s", class);
	return CAIRN_OK;
}

static enum cairn_status read_members(struct cairn_sealed *s, const json_t *v)
{
	static const char *const members[] = {"format", "version", "class",    "key",
					      "pub",	"priv",	   "srk_name", NULL};
	enum cairn_status st = cairn_json_format(v, FORMAT, VERSION);

	if (st == CAIRN_OK)
		st = cairn_json_only(v, members);
	if (st == CAIRN_OK)
		st = read_class(s, json_string_value(json_object_get(v, "class")));
	if (st == CAIRN_OK)
		st = cairn_key_from_jwk(&s->key, json_object_get(v, "key"));
	if (st == CAIRN_OK && cairn_key_is_private(s->key))
		st = CAIRN_E_DENIED;
	if (st == CAIRN_OK)
		st = cairn_json_get_b64(&s->pub, v, "pub");
	if (st == CAIRN_OK)
		st = cairn_json_get_b64(&s->priv, v, "priv");
	if (st == CAIRN_OK)
		st = cairn_json_get_hex(s->srk_name.bytes, sizeof(s->srk_name.bytes), v, "srk_name");
	return st == CAIRN_OK ? cairn_sealed_check(s) : st;
}

enum cairn_status cairn_sealed_read(struct cairn_sealed *out, const json_t *v)
{
	struct cairn_sealed s = {0};
	enum cairn_status st = read_members(&s, v);

	if (st == CAIRN_OK)
		*out = s;
	else
		cairn_sealed_fini(&s);
	return st;
}

enum cairn_status cairn_sealed_write(json_t **out, const struct cairn_sealed *s)
{
	json_t *key = NULL;
	enum cairn_status st = cairn_key_jwk(&key, s->key, false);

	if (st != CAIRN_OK)
		return st;
	json_t *v = json_pack("{s:s,s:i,s:s,s:o,s:o,s:o,s:o}", "format", FORMAT, "version", VERSION, "class",
			      s->class, "key", key, "pub", cairn_json_b64(cairn_buf_span(&s->pub)), "priv",
			      cairn_json_b64(cairn_buf_span(&s->priv)), "srk_name",
			      cairn_json_hex(cairn_name_span(&s->srk_name)));
	if (!v)
		return CAIRN_E_NOMEM;
	*out = v;
	return CAIRN_OK;
}

void cairn_sealed_fini(struct cairn_sealed *s)
{
	cairn_key_free(s->key);
	s->key = NULL;
	cairn_buf_fini(&s->pub);
	cairn_buf_fini(&s->priv);
}
