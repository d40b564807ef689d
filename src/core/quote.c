/* The check of a quote: one row after the other, in the order of the format. A row is a fact; no row relies on one
 * behind it. */
#include "cairn/quote.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/quote_internal.h"
#include "src/core/tpm_constants.h"

#define EXTRA_DATA_MIN 8

struct cairn_quote {
	struct cairn_tpm_clock clock;
	uint64_t firmware_version;
	struct cairn_selection selection;
	struct cairn_digest pcr_digest;
};

struct check {
	const struct cairn_quote_expected *e;
	const struct cairn_ak *ak;
	struct cairn_ak_key *key;
	struct cairn_span attest_bytes, signature_bytes;
	struct cairn_attest a;
	struct cairn_tpmt_signature sig;
};

/* A row answers CAIRN_OK or what is wrong; or this: nothing was expected. */
#define NOT_EXPECTED CAIRN_STATUS_COUNT

static enum cairn_status must(bool fact)
{
	return fact ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status equal(struct cairn_span a, struct cairn_span b)
{
	return must(cairn_span_equal_ct(a, b));
}

/* ---- of the AK
 * -------------------------------------------------------------------------------------------------- */

static enum cairn_status check_attributes(struct check *k)
{
	if (k->ak->name_len == 0)
		return NOT_EXPECTED; /* only the key is known */
	return cairn_ak_objection(k->ak) ? CAIRN_E_DENIED : CAIRN_OK;
}

/* ---- of TPMS_ATTEST
 * --------------------------------------------------------------------------------------------- */

static enum cairn_status check_attest(struct check *k)
{
	return cairn_attest_parse(&k->a, k->attest_bytes);
}

static enum cairn_status check_magic(struct check *k)
{
	return must(k->a.magic == TPM_GENERATED_VALUE);
}

static enum cairn_status check_type(struct check *k)
{
	return must(k->a.type == TPM_ST_ATTEST_QUOTE);
}

/* Whoever signed has a Name, whatever key it hangs from. Part 1, clause 16. */
static enum cairn_status check_signer_form(struct check *k)
{
	struct cairn_cur c = cairn_cur(k->a.facts.qualified_signer);
	size_t size = cairn_alg_size((enum cairn_alg)cairn_cur_u16be(&c));

	if (!cairn_cur_ok(&c))
		return CAIRN_E_MISMATCH;
	if (size == 0)
		return CAIRN_E_UNSUPPORTED;
	return must(cairn_cur_left(&c) == size);
}

static enum cairn_status check_qualified_signer(struct check *k)
{
	if (k->e->qualified_signer.len == 0)
		return NOT_EXPECTED;
	return equal(k->a.facts.qualified_signer, k->e->qualified_signer);
}

static enum cairn_status check_extra_data(struct check *k)
{
	if (k->e->extra_data.len == 0)
		return NOT_EXPECTED;
	return equal(k->a.facts.extra_data, k->e->extra_data);
}

/* A clock that is not later, counters first. */
static enum cairn_status check_clock(struct check *k)
{
	const struct cairn_tpm_clock *a = k->e->after, *b = &k->a.facts.clock;

	if (!a)
		return NOT_EXPECTED;
	if (a->reset_count != b->reset_count)
		return b->reset_count > a->reset_count ? CAIRN_OK : CAIRN_E_STALE;
	if (a->restart_count != b->restart_count)
		return b->restart_count > a->restart_count ? CAIRN_OK : CAIRN_E_STALE;
	return b->clock > a->clock ? CAIRN_OK : CAIRN_E_STALE;
}

static enum cairn_status check_firmware_version(struct check *k)
{
	if (!k->e->firmware_version)
		return NOT_EXPECTED;
	return must(k->a.facts.firmware_version == *k->e->firmware_version);
}

/* ---- of the selection
 * ------------------------------------------------------------------------------------------- */

static enum cairn_status check_banks_known(struct check *k)
{
	const struct cairn_selection *s = &k->a.facts.selection;

	for (size_t i = 0; i < s->count; i++)
		if (cairn_alg_size(s->bank[i].alg) == 0)
			return CAIRN_E_UNSUPPORTED;
	return CAIRN_OK;
}

static enum cairn_status check_banks_once(struct check *k)
{
	const struct cairn_selection *s = &k->a.facts.selection;

	for (size_t i = 0; i < s->count; i++)
		for (size_t n = 0; n < i; n++)
			if (s->bank[i].alg == s->bank[n].alg)
				return CAIRN_E_MISMATCH;
	return CAIRN_OK;
}

static enum cairn_status check_not_empty(struct check *k)
{
	return must(cairn_selection_any(&k->a.facts.selection) != 0);
}

static enum cairn_status check_selection(struct check *k)
{
	if (k->e->selection.count == 0)
		return NOT_EXPECTED;
	return must(cairn_selection_equal(&k->a.facts.selection, &k->e->selection));
}

/* What only the SHA-1 bank holds, somebody could have chosen. */
static enum cairn_status check_sha1_bank(struct check *k)
{
	uint32_t strong = 0, weak = 0;

	for (size_t i = 0; i < k->a.facts.selection.count; i++) {
		if (k->a.facts.selection.bank[i].alg == CAIRN_ALG_SHA1)
			weak |= k->a.facts.selection.bank[i].pcrs;
		else
			strong |= k->a.facts.selection.bank[i].pcrs;
	}
	return weak & ~strong && !k->e->allow_sha1 ? CAIRN_E_DENIED : CAIRN_OK;
}

/* ---- of TPMT_SIGNATURE
 * ------------------------------------------------------------------------------------------ */

/* Whether a key of which only the numbers are known could sign by a scheme that we cannot do. TPM_ALG_NULL, which is no
 * signature, and HMAC are nobody's. */
static bool could_be(const struct cairn_ak *ak, struct cairn_span signature)
{
	struct cairn_cur c = cairn_cur(signature);
	uint16_t scheme = cairn_cur_u16be(&c);

	if (ak->scheme != 0)
		return false;
	return scheme == TPM_ALG_ECDAA || scheme == TPM_ALG_SM2 || scheme == TPM_ALG_ECSCHNORR;
}

static enum cairn_status check_signature_form(struct check *k)
{
	enum cairn_status s = cairn_tpmt_signature_parse(&k->sig, k->signature_bytes);

	if (s == CAIRN_E_UNSUPPORTED && !could_be(k->ak, k->signature_bytes))
		s = CAIRN_E_MISMATCH; /* whatever it is, it is not what this AK signs with */
	k->a.facts.scheme = k->sig.scheme;
	k->a.facts.hash = k->sig.hash;
	return s;
}

static enum cairn_status check_scheme(struct check *k)
{
	if (k->ak->scheme == 0) /* of PEM and the like: any that the key can do */
		return must((k->sig.scheme == TPM_ALG_ECDSA) == (k->ak->type == TPM_ALG_ECC));
	return must(k->sig.scheme == k->ak->scheme);
}

static enum cairn_status check_hash(struct check *k)
{
	if (k->ak->hash == CAIRN_ALG_NONE)
		return cairn_alg_size(k->sig.hash) == 0 ? CAIRN_E_UNSUPPORTED : CAIRN_OK;
	return must(k->sig.hash == k->ak->hash);
}

static enum cairn_status check_sha1_hash(struct check *k)
{
	return k->sig.hash == CAIRN_ALG_SHA1 && !k->e->allow_sha1 ? CAIRN_E_DENIED : CAIRN_OK;
}

/* The hash of pcrDigest is that of the signing scheme: part 3, clause 18.4. */
static enum cairn_status check_pcr_digest(struct check *k)
{
	return must(k->a.facts.pcr_digest.len == cairn_alg_size(k->sig.hash));
}

static enum cairn_status holds(struct cairn_span pcr_digest, const struct cairn_selection *sel,
			       const struct cairn_pcrs *pcrs, struct cairn_hasher *h)
{
	struct cairn_digest d;
	enum cairn_status s = cairn_selection_digest(&d, sel, pcrs, h);

	if (s == CAIRN_E_NOTFOUND)
		return CAIRN_E_DIVERGED;
	if (s != CAIRN_OK)
		return s;
	return cairn_span_equal_ct(cairn_digest_span(&d), pcr_digest) ? CAIRN_OK : CAIRN_E_DIVERGED;
}

static enum cairn_status check_pcr_values(struct check *k)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s;

	if (!k->e->pcrs)
		return NOT_EXPECTED;
	s = cairn_ak_key_hasher(&h, k->key, k->sig.hash);
	return s == CAIRN_OK ? holds(k->a.facts.pcr_digest, &k->a.facts.selection, k->e->pcrs, h) : s;
}

static enum cairn_status check_signature(struct check *k)
{
	return cairn_ak_key_verify(k->key, &k->sig, k->attest_bytes);
}

/* Where a gate fails, what is behind it cannot be looked at: it is not there, or not to be understood. */
static const struct {
	const char *field;
	enum cairn_status (*check)(struct check *k);
	bool gate;
} rows[] = {
    {"attributes", check_attributes, false},
    {"TPMS_ATTEST", check_attest, true},
    {"TPMT_SIGNATURE", check_signature_form, true},
    {"magic", check_magic, true},
    {"type", check_type, true},
    {"signer's name", check_signer_form, false},
    {"qualifiedSigner", check_qualified_signer, false},
    {"extraData", check_extra_data, false},
    {"clockInfo", check_clock, false},
    {"firmwareVersion", check_firmware_version, false},
    {"known banks", check_banks_known, false},
    {"each bank once", check_banks_once, false},
    {"PCRs", check_not_empty, false},
    {"pcrSelect", check_selection, false},
    {"SHA-1 bank", check_sha1_bank, false},
    {"sigAlg", check_scheme, false},
    {"hash", check_hash, false},
    {"SHA-1", check_sha1_hash, false},
    {"pcrDigest", check_pcr_digest, false},
    {"PCR values", check_pcr_values, false},
    {"signature", check_signature, false},
};
#define ROWS (sizeof rows / sizeof rows[0])
_Static_assert(ROWS <= CAIRN_QUOTE_ROWS, "every row has its place in a report");

/* Puts the outcome of a row down; false: it is bad. */
static bool note(struct cairn_quote_report *r, const char *field, enum cairn_status s)
{
	size_t i = r->count++;

	r->row[i].field = field;
	r->row[i].why = CAIRN_OK;
	r->row[i].result = CAIRN_QUOTE_UNCHECKED;
	if (s == NOT_EXPECTED)
		return true;
	r->row[i].why = s;
	r->row[i].result = s == CAIRN_OK ? CAIRN_QUOTE_GOOD : CAIRN_QUOTE_BAD;
	return s == CAIRN_OK;
}

/* All rows; or where it is for a judgement, up to the first that is bad, whose status this gives. */
static enum cairn_status run(struct cairn_quote_report *r, struct check *k, bool all)
{
	r->read = true;
	for (size_t i = 0; i < ROWS; i++) {
		enum cairn_status s = r->read ? rows[i].check(k) : NOT_EXPECTED;

		if (note(r, rows[i].field, s))
			continue;
		if (!all)
			return s;
		if (rows[i].gate)
			r->read = false;
	}
	r->facts = k->a.facts;
	return CAIRN_OK;
}

/* ---- the two ways to it
 * ----------------------------------------------------------------------------------------- */

/* What is to be expected for a judgement. */
static enum cairn_status check_expected(const struct cairn_quote_expected *e, const struct cairn_ak *ak)
{
	if (ak->name_len == 0)
		return CAIRN_E_USAGE;
	if (e->qualified_signer.len == 0)
		return CAIRN_E_USAGE;
	if (e->extra_data.len == 0)
		return CAIRN_E_USAGE;
	if (cairn_selection_any(&e->selection) == 0)
		return CAIRN_E_USAGE;
	return CAIRN_OK;
}

static enum cairn_status examine(struct cairn_quote_report *r, struct check *k, bool judge)
{
	const struct cairn_quote_expected *e = k->e;
	struct cairn_ak_key *own = NULL;
	enum cairn_status s = CAIRN_OK;

	k->ak = e->key ? cairn_ak_key_ak(e->key) : e->ak;
	if (!k->ak)
		return CAIRN_E_USAGE;
	if (e->extra_data.len > 0 && e->extra_data.len < EXTRA_DATA_MIN)
		return CAIRN_E_USAGE;
	if (judge)
		s = check_expected(e, k->ak);
	if (s == CAIRN_OK && !e->key)
		s = cairn_ak_key_new(&own, k->ak);
	if (s != CAIRN_OK)
		return s;
	k->key = own ? own : e->key;
	s = run(r, k, !judge);
	cairn_ak_key_free(own);
	return judge ? s : CAIRN_OK;
}

enum cairn_status cairn_quote_examine(struct cairn_quote_report *out,
				      const struct cairn_quote_expected *expected, struct cairn_span attest,
				      struct cairn_span signature)
{
	struct check k = {.e = expected, .attest_bytes = attest, .signature_bytes = signature};
	struct cairn_quote_report r = {0};
	enum cairn_status s = examine(&r, &k, false);

	if (s == CAIRN_OK)
		*out = r;
	return s;
}

enum cairn_quote_result cairn_quote_report_row(const struct cairn_quote_report *r, const char *field)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->row[i].field, field) == 0)
			return r->row[i].result;
	return CAIRN_QUOTE_UNCHECKED;
}

/* The field that a judgement ended with: the last one that was looked at. */
static const char *last_field(const struct cairn_quote_report *r)
{
	return r->count > 0 ? r->row[r->count - 1].field : "expectation";
}

enum cairn_status cairn_quote_check(struct cairn_quote **out, const struct cairn_quote_expected *expected,
				    struct cairn_span attest, struct cairn_span signature,
				    const char **failed)
{
	struct check k = {.e = expected, .attest_bytes = attest, .signature_bytes = signature};
	struct cairn_quote_report r = {0};
	enum cairn_status s = examine(&r, &k, true);
	struct cairn_quote *q;

	if (s != CAIRN_OK) {
		if (failed)
			*failed = last_field(&r);
		return s;
	}
	q = calloc(1, sizeof *q);
	if (!q)
		return CAIRN_E_NOMEM;
	q->clock = r.facts.clock;
	q->firmware_version = r.facts.firmware_version;
	q->selection = r.facts.selection;
	q->pcr_digest.alg = r.facts.hash;
	memcpy(q->pcr_digest.bytes, r.facts.pcr_digest.ptr, r.facts.pcr_digest.len);
	*out = q;
	return CAIRN_OK;
}

void cairn_quote_free(struct cairn_quote *q)
{
	free(q);
}

struct cairn_tpm_clock cairn_quote_clock(const struct cairn_quote *q)
{
	return q->clock;
}

uint64_t cairn_quote_firmware_version(const struct cairn_quote *q)
{
	return q->firmware_version;
}

const struct cairn_selection *cairn_quote_selection(const struct cairn_quote *q)
{
	return &q->selection;
}

const struct cairn_digest *cairn_quote_pcr_digest(const struct cairn_quote *q)
{
	return &q->pcr_digest;
}

enum cairn_status cairn_quote_holds(const struct cairn_quote *q, const struct cairn_pcrs *pcrs)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s = cairn_hasher_new(&h, q->pcr_digest.alg);

	if (s == CAIRN_OK)
		s = holds(cairn_digest_span(&q->pcr_digest), &q->selection, pcrs, h);
	cairn_hasher_free(h);
	return s;
}
