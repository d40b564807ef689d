/* Keys of OpenSSL whose public areas look like those of AKs: whoever has one can sign whatever he likes. */
#include "tests/attack/make/make.h"

static void name_of(struct cairn_qualified_name *out, struct cairn_span area)
{
	static const uint8_t hierarchy[4] = {0x40, 0x00, 0x00, 0x0b}; /* TPM_RH_ENDORSEMENT */
	uint8_t name[2 + 32] = {0, CAIRN_ALG_SHA256};
	struct cairn_digest d;

	MUST_OK(cairn_hash(&d, CAIRN_ALG_SHA256, area));
	memcpy(name + 2, d.bytes, 32);
	MUST_OK(cairn_hash2(&d, CAIRN_ALG_SHA256, cairn_span(hierarchy, sizeof hierarchy),
			    cairn_span(name, sizeof name)));
	*out = (struct cairn_qualified_name){.len = sizeof name, .bytes = {0, CAIRN_ALG_SHA256}};
	memcpy(out->bytes + 2, d.bytes, 32);
}

void soft_init(struct software_ak *s, const char *kind, uint16_t scheme, enum cairn_alg hash,
	       uint32_t attributes)
{
	*s = (struct software_ak){.scheme = scheme, .hash = hash};
	s->key = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(kind);
	MUST(s->key);
	software_area(&s->area, s->key, attributes, scheme, hash);
	name_of(&s->signer, cairn_buf_span(&s->area));
}

void soft_sign(const struct software_ak *k, struct evidence *e)
{
	cairn_auto_buf struct cairn_buf sig = {0};

	software_ak_sign(&sig, k, cairn_buf_span(&e->file[QUOTE]));
	evidence_put(e, SIGNATURE, cairn_buf_span(&sig));
}

struct evidence soft_evidence(const struct software_ak *k, const struct selection *s,
			      const struct cairn_pcrs *p)
{
	const struct cairn_bank *bank = cairn_pcrs_bank_const(p, s->bank[0].alg);
	cairn_auto_buf struct cairn_buf nonce = {0}, attest = {0};
	struct cairn_digest digest;
	struct evidence e = {0};

	MUST(bank && s->count == 1);
	evidence_ak(&e, cairn_buf_span(&k->area), k->key);
	evidence_new_nonce(&e, 32);
	evidence_nonce(&nonce, &e);
	struct software_quote q = software_quote(k, cairn_buf_span(&nonce), s->bank[0].mask, bank, &digest);
	software_quote_marshal(&attest, &q);
	evidence_put(&e, QUOTE, cairn_buf_span(&attest));
	soft_sign(k, &e);
	evidence_ask(&e, s);
	evidence_values(&e, s, p);
	return e;
}
