/* The check of a quote: parse both structures, then one row after the other in the order of the format. */
#include "cairn/quote.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/quote_internal.h"
#include "src/core/tpm_constants.h"

#define EXTRA_DATA_MIN 8
#define SELECT_SIZE    3 /* bytes of a bit map of 24 PCRs */

struct cairn_quote {
	struct cairn_tpm_clock clock;
	uint64_t firmware_version;
	uint32_t selection;
	struct cairn_digest pcr_digest;
};

/* TPMS_ATTEST; what follows firmwareVersion only where it is a quote. */
struct attest {
	uint32_t magic;
	uint16_t type;
	struct cairn_span qualified_signer, extra_data;
	struct cairn_tpm_clock clock;
	uint64_t firmware_version;
	uint32_t banks; /* of the selection; it is exact only where this is 1 */
	enum cairn_alg bank;
	uint32_t selection;
	struct cairn_span pcr_digest;
};

static struct cairn_span sized(struct cairn_cur *c)
{
	return cairn_cur_bytes(c, cairn_cur_u16be(c));
}

/* TPMS_CLOCK_INFO, clause 10.11.1. */
static void parse_clock(struct cairn_tpm_clock *out, struct cairn_cur *c)
{
	uint8_t safe;

	out->clock = cairn_cur_u64be(c);
	out->reset_count = cairn_cur_u32be(c);
	out->restart_count = cairn_cur_u32be(c);
	safe = cairn_cur_u8(c);
	if (safe > 1)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	out->safe = safe == 1;
}

/* TPMS_QUOTE_INFO, clause 10.12.4. Selections of other than one bank are read over: they are refused as such
 * later. */
static void parse_quote_info(struct attest *a, struct cairn_cur *c)
{
	a->banks = cairn_cur_u32be(c);
	if (a->banks > CAIRN_BANK_MAX)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	for (uint32_t i = 0; i < a->banks && cairn_cur_ok(c); i++) {
		struct cairn_span map;

		a->bank = (enum cairn_alg)cairn_cur_u16be(c);
		map = cairn_cur_bytes(c, cairn_cur_u8(c));
		if (map.len != SELECT_SIZE) {
			cairn_cur_fail(c, CAIRN_E_MALFORMED);
			return;
		}
		a->selection = (uint32_t)map.ptr[2] << 16 | (uint32_t)map.ptr[1] << 8 | map.ptr[0];
	}
	a->pcr_digest = sized(c);
}

static enum cairn_status parse_attest(struct attest *a, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);

	a->magic = cairn_cur_u32be(&c);
	a->type = cairn_cur_u16be(&c);
	a->qualified_signer = sized(&c);
	a->extra_data = sized(&c);
	parse_clock(&a->clock, &c);
	a->firmware_version = cairn_cur_u64be(&c);
	if (a->magic == TPM_GENERATED_VALUE && a->type == TPM_ST_ATTEST_QUOTE)
		parse_quote_info(a, &c);
	else
		(void)cairn_cur_rest(&c);
	return cairn_cur_end(&c);
}

/* ---- the rows
 * ------------------------------------------------------------------------------------------------- */
struct check {
	const struct cairn_quote_expected *e;
	struct cairn_span attest_bytes;
	struct attest a;
	struct cairn_tpmt_signature sig;
};

static enum cairn_status equal(struct cairn_span a, struct cairn_span b)
{
	return cairn_span_equal_ct(a, b) ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status check_magic(const struct check *k)
{
	return k->a.magic == TPM_GENERATED_VALUE ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status check_type(const struct check *k)
{
	return k->a.type == TPM_ST_ATTEST_QUOTE ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status check_qualified_signer(const struct check *k)
{
	return equal(k->a.qualified_signer, k->e->qualified_signer);
}

static enum cairn_status check_extra_data(const struct check *k)
{
	return equal(k->a.extra_data, k->e->extra_data);
}

static enum cairn_status check_selection(const struct check *k)
{
	bool exact = k->a.banks == 1 && k->a.bank == CAIRN_ALG_SHA256 && k->a.selection == k->e->selection;

	return exact ? CAIRN_OK : CAIRN_E_MISMATCH;
}

/* The hash of pcrDigest is that of the signing scheme: part 3, clause 18.4. */
static enum cairn_status holds(struct cairn_span pcr_digest, enum cairn_alg hash, uint32_t selection,
			       const struct cairn_bank *bank)
{
	struct cairn_digest d;
	enum cairn_status s;

	if (bank->alg != CAIRN_ALG_SHA256)
		return CAIRN_E_USAGE;
	s = cairn_pcrs_composite(&d, bank, selection, hash);
	if (s != CAIRN_OK)
		return s;
	return cairn_span_equal_ct(cairn_digest_span(&d), pcr_digest) ? CAIRN_OK : CAIRN_E_DIVERGED;
}

static enum cairn_status check_pcr_digest(const struct check *k)
{
	if (k->a.pcr_digest.len != cairn_alg_size(k->e->ak->hash))
		return CAIRN_E_MISMATCH;
	return k->e->bank ? holds(k->a.pcr_digest, k->e->ak->hash, k->a.selection, k->e->bank) : CAIRN_OK;
}

static enum cairn_status check_scheme(const struct check *k)
{
	return k->sig.scheme == k->e->ak->scheme ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status check_hash(const struct check *k)
{
	return k->sig.hash == k->e->ak->hash ? CAIRN_OK : CAIRN_E_MISMATCH;
}

static enum cairn_status check_signature(const struct check *k)
{
	return cairn_ak_verify(k->e->ak, &k->sig, k->attest_bytes);
}

static const struct {
	const char *field;
	enum cairn_status (*check)(const struct check *k);
} rows[] = {
    {"magic", check_magic},
    {"type", check_type},
    {"qualifiedSigner", check_qualified_signer},
    {"extraData", check_extra_data},
    {"pcrSelect", check_selection},
    {"pcrDigest", check_pcr_digest},
    {"sigAlg", check_scheme},
    {"hash", check_hash},
    {"signature", check_signature},
};

static enum cairn_status check_expected(const struct cairn_quote_expected *e)
{
	bool enough = e->ak && e->ak->name_len > 2 && e->qualified_signer.len > 2 &&
		      e->extra_data.len >= EXTRA_DATA_MIN && e->selection != 0 &&
		      e->selection >> CAIRN_PCR_COUNT == 0;

	return enough ? CAIRN_OK : CAIRN_E_USAGE;
}

static enum cairn_status run(struct check *k, struct cairn_span signature, const char **field)
{
	enum cairn_status s;

	*field = "expectation";
	s = check_expected(k->e);
	if (s != CAIRN_OK)
		return s;
	*field = "TPMS_ATTEST";
	s = parse_attest(&k->a, k->attest_bytes);
	if (s != CAIRN_OK)
		return s;
	*field = "TPMT_SIGNATURE";
	s = cairn_tpmt_signature_parse(&k->sig, signature);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0] && s == CAIRN_OK; i++) {
		*field = rows[i].field;
		s = rows[i].check(k);
	}
	return s;
}

enum cairn_status cairn_quote_check(struct cairn_quote **out, const struct cairn_quote_expected *expected,
				    struct cairn_span attest, struct cairn_span signature,
				    const char **failed)
{
	struct check k = {.e = expected, .attest_bytes = attest};
	const char *field;
	struct cairn_quote *q;
	enum cairn_status s = run(&k, signature, &field);

	if (s != CAIRN_OK) {
		if (failed)
			*failed = field;
		return s;
	}
	q = calloc(1, sizeof *q);
	if (!q)
		return CAIRN_E_NOMEM;
	q->clock = k.a.clock;
	q->firmware_version = k.a.firmware_version;
	q->selection = k.a.selection;
	q->pcr_digest.alg = expected->ak->hash;
	memcpy(q->pcr_digest.bytes, k.a.pcr_digest.ptr, k.a.pcr_digest.len);
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

uint32_t cairn_quote_selection(const struct cairn_quote *q)
{
	return q->selection;
}

const struct cairn_digest *cairn_quote_pcr_digest(const struct cairn_quote *q)
{
	return &q->pcr_digest;
}

enum cairn_status cairn_quote_holds(const struct cairn_quote *q, const struct cairn_bank *bank)
{
	return holds(cairn_digest_span(&q->pcr_digest), q->pcr_digest.alg, q->selection, bank);
}
