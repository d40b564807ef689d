/* Approvals: making and reading them. What they say is not believed because it is signed: the policy is
 * computed again from the PCR values, and values that any host could show are refused even from the release
 * key. */
#include "cairn/approval.h"

#include <stdio.h>
#include <string.h>

#include "cairn/policy.h"
#include "core/schema.h"

#define FORMAT "cairn-approval"

/* What measures Xen and dom0 on the GRUB path; and PCRs that locality 0 can reset: 16 and 23 in the
 * table of PCR attributes of the TCG PC Client Platform TPM Profile 1.05. */
#define MASK_NEEDED	(1u << 4 | 1u << 8 | 1u << 9)
#define MASK_RESETTABLE (1u << 16 | 1u << 23)

static enum cairn_status deny(struct cairn_buf *why, unsigned pcr, const char *what)
{
	if (why != NULL)
		cairn_buf_add_fmt(why, "PCR %u %s", pcr, what);
	return CAIRN_E_DENIED;
}

void cairn_approval_fini(struct cairn_approval *a)
{
	cairn_key_free(a->key);
	memset(a, 0, sizeof(*a));
}

enum cairn_status cairn_policy_ref(struct cairn_buf *out, const char *class)
{
	if (!cairn_name_ok(class))
		return CAIRN_E_MALFORMED;
	cairn_buf_add_str(out, CAIRN_POLICY_REF_PREFIX);
	cairn_buf_add_str(out, class);
	return cairn_buf_status(out);
}

enum cairn_status cairn_approval_check_pcrs(const struct cairn_bank *values, uint32_t mask,
					    struct cairn_buf *why)
{
	if (mask >> CAIRN_PCR_COUNT != 0)
		return deny(why, CAIRN_PCR_COUNT, "and above do not exist");
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		uint32_t bit = 1u << n;
		struct cairn_span value = cairn_digest_span(&values->pcr[n]);

		if ((MASK_NEEDED & bit) != 0 && (mask & bit) == 0)
			return deny(
			    why, n,
			    "is missing: without it the secret opens whatever Xen and dom0 were booted");
		if ((mask & bit) == 0)
			continue;
		if ((MASK_RESETTABLE & bit) != 0)
			return deny(why, n, "can be reset while the host runs: it proves nothing");
		if (values->pcr[n].alg != CAIRN_ALG_SHA256 || cairn_span_all(value, 0x00) ||
		    cairn_span_all(value, 0xff))
			return deny(why, n, "has the value of a boot that measured nothing into it");
	}
	return CAIRN_OK;
}

/* policy || policyRef: its SHA-256 is aHash, which both ES256 and TPM2_VerifySignature work on. */
static enum cairn_status signed_bytes(struct cairn_buf *out, const struct cairn_approval *a)
{
	cairn_buf_add(out, cairn_digest_span(&a->policy));
	return cairn_policy_ref(out, a->class);
}

enum cairn_status cairn_approval_make(struct cairn_approval *out, const char *class, uint64_t release,
				      const struct cairn_bank *values, uint32_t mask,
				      const struct cairn_key *release_key, struct cairn_buf *why)
{
	cairn_auto_approval struct cairn_approval a = {.release = release, .mask = mask, .values = *values};
	cairn_auto_buf struct cairn_buf msg = {0}, sig = {0};
	uint8_t xy[64];
	enum cairn_status st = cairn_name_ok(class) ? CAIRN_OK : CAIRN_E_MALFORMED;

	if (st == CAIRN_OK)
		st = cairn_key_p256_point(xy, release_key);
	if (st == CAIRN_OK)
		st = cairn_approval_check_pcrs(values, mask, why);
	if (st == CAIRN_OK)
		st = cairn_policy_pcr(&a.policy, &a.values, mask);
	if (st != CAIRN_OK)
		return st;
	snprintf(a.class, sizeof(a.class), "%s", class);
	st = signed_bytes(&msg, &a);
	if (st == CAIRN_OK)
		st = cairn_key_sign(&sig, release_key, cairn_buf_span(&msg));
	if (st == CAIRN_OK)
		st = cairn_key_from_p256_point(&a.key, xy);
	if (st != CAIRN_OK)
		return st;
	memcpy(a.signature, sig.ptr, sizeof(a.signature));
	*out = a;
	memset(&a, 0, sizeof(a));
	return CAIRN_OK;
}

/* ---- writing
 * ----------------------------------------------------------------------------------------------------- */

static json_t *pcrs_json(const struct cairn_approval *a)
{
	json_t *v = json_object();

	for (unsigned n = 0; v != NULL && n < CAIRN_PCR_COUNT; n++) {
		char name[4];

		if ((a->mask & 1u << n) == 0)
			continue;
		snprintf(name, sizeof(name), "%u", n);
		if (json_object_set_new(v, name, cairn_json_hex(cairn_digest_span(&a->values.pcr[n]))) != 0)
			cairn_json_release(&v);
	}
	return v;
}

enum cairn_status cairn_approval_json(json_t **out, const struct cairn_approval *a)
{
	json_t *key = NULL, *v;
	enum cairn_status st = cairn_key_jwk(&key, a->key, false);

	if (st != CAIRN_OK)
		return st;
	v = json_pack("{s:s, s:i, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "format", FORMAT, "version", 1,
		      "class", a->class, "release", cairn_schema_number(a->release), "bank", "sha256", "pcrs",
		      pcrs_json(a), "policy", cairn_json_hex(cairn_digest_span(&a->policy)), "key", key,
		      "signature", cairn_json_b64(cairn_span(a->signature, sizeof(a->signature))));
	if (v == NULL)
		return CAIRN_E_NOMEM;
	*out = v;
	return CAIRN_OK;
}

enum cairn_status cairn_approval_dump(struct cairn_buf *out, const struct cairn_approval *a)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status st = cairn_approval_json(&v, a);

	return st == CAIRN_OK ? cairn_json_dump(out, v) : st;
}

/* ---- reading
 * ----------------------------------------------------------------------------------------------------- */

static const char *const BANKS[] = {"sha256", NULL};
static const struct cairn_field VALUE[] = {
    {.name = "", .kind = CAIRN_F_HEX, .min = CAIRN_SHA256_SIZE, .max = CAIRN_SHA256_SIZE},
};
static const struct cairn_field APPROVAL[] = {
    {.name = "format", .kind = CAIRN_F_NAME},
    {.name = "version", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {.name = "bank", .kind = CAIRN_F_WORD, .words = BANKS},
    {.name = "class", .kind = CAIRN_F_NAME},
    {.name = "key", .kind = CAIRN_F_ANY},
    {.name = "pcrs", .kind = CAIRN_F_MAP, .min = 1, .max = CAIRN_PCR_COUNT, .sub = VALUE},
    {.name = "policy", .kind = CAIRN_F_HEX, .min = CAIRN_SHA256_SIZE, .max = CAIRN_SHA256_SIZE},
    {.name = "release", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {.name = "signature", .kind = CAIRN_F_TEXT, .min = 86, .max = 86},
    {0},
};

/* Each PCR number has one spelling, so those that are found must be all there are. */
static enum cairn_status read_pcrs(struct cairn_approval *a, const json_t *pcrs)
{
	size_t found = 0;

	a->values.alg = CAIRN_ALG_SHA256;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		char name[4];

		snprintf(name, sizeof(name), "%u", n);
		if (json_object_get(pcrs, name) == NULL)
			continue;
		a->values.pcr[n] = cairn_schema_digest(CAIRN_ALG_SHA256, pcrs, name);
		a->mask |= 1u << n;
		found++;
	}
	a->values.extended = a->mask;
	return found == json_object_size(pcrs) ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status read_key(struct cairn_approval *a, const json_t *v)
{
	enum cairn_status st =
	    json_object_get(v, "d") == NULL ? cairn_key_from_jwk(&a->key, v) : CAIRN_E_DENIED;

	return st == CAIRN_OK && cairn_key_alg(a->key) != CAIRN_SIG_ES256 ? CAIRN_E_UNSUPPORTED : st;
}

static enum cairn_status read_signature(struct cairn_approval *a, const json_t *v)
{
	cairn_auto_buf struct cairn_buf sig = {0};
	enum cairn_status st = cairn_json_get_b64(&sig, v, "signature");

	if (st == CAIRN_OK) /* 86 digits: 64 bytes */
		memcpy(a->signature, sig.ptr, sizeof(a->signature));
	return st;
}

static enum cairn_status read_members(struct cairn_approval *a, const json_t *v)
{
	enum cairn_status st = cairn_json_format(v, FORMAT, 1);

	if (st == CAIRN_OK)
		st = cairn_schema_check(v, APPROVAL);
	if (st != CAIRN_OK)
		return st;
	snprintf(a->class, sizeof(a->class), "%s", cairn_schema_str(v, "class"));
	a->release = cairn_schema_int(v, "release");
	a->policy = cairn_schema_digest(CAIRN_ALG_SHA256, v, "policy");
	st = read_pcrs(a, json_object_get(v, "pcrs"));
	if (st == CAIRN_OK)
		st = read_key(a, json_object_get(v, "key"));
	return st == CAIRN_OK ? read_signature(a, v) : st;
}

static enum cairn_status check_policy(const struct cairn_approval *a)
{
	struct cairn_digest policy;
	enum cairn_status st = cairn_policy_pcr(&policy, &a->values, a->mask);

	return st == CAIRN_OK && !cairn_digest_equal(&policy, &a->policy) ? CAIRN_E_MISMATCH : st;
}

static enum cairn_status check_signature(const struct cairn_approval *a)
{
	cairn_auto_buf struct cairn_buf msg = {0};
	enum cairn_status st = signed_bytes(&msg, a);

	if (st != CAIRN_OK)
		return st;
	return cairn_key_verify(a->key, cairn_buf_span(&msg), cairn_span(a->signature, sizeof(a->signature)));
}

static enum cairn_status explain(enum cairn_status st, struct cairn_buf *why)
{
	if (why == NULL || why->len > 0)
		return st;
	if (st == CAIRN_E_VERSION)
		cairn_buf_add_str(why, "the approval has a newer format: update cairn");
	else if (st == CAIRN_E_MISMATCH)
		cairn_buf_add_str(why, "the policy of the approval is not that of its PCR values");
	else if (st == CAIRN_E_SIGNATURE)
		cairn_buf_add_str(why, "the signature of the approval does not verify");
	else
		cairn_buf_add_fmt(why, "not an approval: %s", cairn_status_text(st));
	return st;
}

enum cairn_status cairn_approval_from_json(struct cairn_approval *out, const json_t *v, struct cairn_buf *why)
{
	cairn_auto_approval struct cairn_approval a = {0};
	enum cairn_status st = read_members(&a, v);

	if (st == CAIRN_OK)
		st = cairn_approval_check_pcrs(&a.values, a.mask, why);
	if (st == CAIRN_OK)
		st = check_policy(&a);
	if (st == CAIRN_OK)
		st = check_signature(&a);
	if (st != CAIRN_OK)
		return explain(st, why);
	*out = a;
	memset(&a, 0, sizeof(a));
	return CAIRN_OK;
}

enum cairn_status cairn_approval_parse(struct cairn_approval *out, struct cairn_span text,
				       struct cairn_buf *why)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status st = text.len <= CAIRN_APPROVAL_MAX ? CAIRN_OK : CAIRN_E_LIMIT;

	if (st == CAIRN_OK)
		st = cairn_json_parse(&v, text);
	return st == CAIRN_OK ? cairn_approval_from_json(out, v, why) : explain(st, why);
}

enum cairn_status cairn_approval_by(const struct cairn_approval *a, const char *class,
				    const struct cairn_key *release_key)
{
	if (!cairn_key_same(a->key, release_key))
		return CAIRN_E_UNTRUSTED;
	return strcmp(a->class, class) == 0 ? CAIRN_OK : CAIRN_E_MISMATCH;
}
