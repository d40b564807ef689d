/* TPMS_ATTEST and TPMT_SIGNATURE. */
#include "src/core/quote_internal.h"
#include "src/core/tpm_constants.h"

#define SELECT_SIZE 3 /* bytes of a bit map of 24 PCRs */

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

/* TPMS_PCR_SELECTION, clause 10.6.2. */
static void parse_bank(struct cairn_selection *sel, struct cairn_cur *c)
{
	enum cairn_alg alg = (enum cairn_alg)cairn_cur_u16be(c);
	struct cairn_span map = cairn_cur_bytes(c, cairn_cur_u8(c));

	if (map.len != SELECT_SIZE) {
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
		return;
	}
	sel->bank[sel->count].alg = alg;
	sel->bank[sel->count].pcrs = (uint32_t)map.ptr[2] << 16 | (uint32_t)map.ptr[1] << 8 | map.ptr[0];
	sel->count++;
}

/* TPMS_QUOTE_INFO, clause 10.12.4. */
static void parse_quote_info(struct cairn_quote_facts *f, struct cairn_cur *c)
{
	uint32_t banks = cairn_cur_u32be(c);

	if (banks > CAIRN_BANK_MAX)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	for (uint32_t i = 0; i < banks && cairn_cur_ok(c); i++)
		parse_bank(&f->selection, c);
	f->pcr_digest = sized(c);
}

enum cairn_status cairn_attest_parse(struct cairn_attest *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_attest a = {.magic = cairn_cur_u32be(&c)};
	enum cairn_status s;

	a.type = cairn_cur_u16be(&c);
	a.facts.qualified_signer = sized(&c);
	a.facts.extra_data = sized(&c);
	parse_clock(&a.facts.clock, &c);
	a.facts.firmware_version = cairn_cur_u64be(&c);
	if (a.magic == TPM_GENERATED_VALUE && a.type == TPM_ST_ATTEST_QUOTE)
		parse_quote_info(&a.facts, &c);
	else
		(void)cairn_cur_rest(&c);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = a;
	return s;
}

enum cairn_status cairn_tpmt_signature_parse(struct cairn_tpmt_signature *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_tpmt_signature sig = {.scheme = cairn_cur_u16be(&c)};
	enum cairn_status s;

	if (sig.scheme != TPM_ALG_RSASSA && sig.scheme != TPM_ALG_RSAPSS && sig.scheme != TPM_ALG_ECDSA)
		cairn_cur_fail(&c, CAIRN_E_UNSUPPORTED);
	sig.hash = (enum cairn_alg)cairn_cur_u16be(&c);
	sig.first = sized(&c);
	if (sig.scheme == TPM_ALG_ECDSA)
		sig.second = sized(&c);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = sig;
	return s;
}
