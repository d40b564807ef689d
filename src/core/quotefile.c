/* Files of quotes and signatures. */
#include "cairn/quotefile.h"

#include "src/core/quote_internal.h"
#include "src/core/tpm_constants.h"

/* What follows a size of two bytes that is exact; empty where it is not. */
static struct cairn_span sized(struct cairn_span file)
{
	struct cairn_cur c = cairn_cur(file);

	return cairn_cur_u16be(&c) == cairn_cur_left(&c) ? cairn_cur_rest(&c) : (struct cairn_span){0};
}

struct cairn_span cairn_attestfile_view(struct cairn_span file)
{
	struct cairn_span inner = sized(file);

	return inner.len > 0 ? inner : file;
}

static bool is_tpmt(struct cairn_span in)
{
	struct cairn_tpmt_signature sig;

	return cairn_tpmt_signature_parse(&sig, in) == CAIRN_OK;
}

/* ---- plain signatures
 * ------------------------------------------------------------------------------------------- */

/* One byte of length: r and s of P-384 need no more. */
static struct cairn_span der_integer(struct cairn_cur *c)
{
	struct cairn_span n;

	if (cairn_cur_u8(c) != 0x02)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	n = cairn_cur_bytes(c, cairn_cur_u8(c));
	if (n.len == 0)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	else if (n.ptr[0] & 0x80)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	if (n.len > 1 && n.ptr[0] == 0)
		n = cairn_span(n.ptr + 1, n.len - 1);
	return n;
}

static bool is_ecdsa_der(struct cairn_tpmt_signature *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);

	if (cairn_cur_u8(&c) != 0x30)
		return false;
	if (cairn_cur_u8(&c) != cairn_cur_left(&c))
		return false;
	out->scheme = TPM_ALG_ECDSA;
	out->first = der_integer(&c);
	out->second = der_integer(&c);
	return cairn_cur_end(&c) == CAIRN_OK;
}

static bool is_plain(struct cairn_tpmt_signature *out, struct cairn_span in, const struct cairn_ak *ak)
{
	if (ak->type == TPM_ALG_ECC)
		return is_ecdsa_der(out, in);
	out->first = in;
	return in.len == ak->key_len;
}

static enum cairn_alg hash_of_size(size_t size)
{
	static const enum cairn_alg hashes[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA384, CAIRN_ALG_SHA512};

	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
		if (cairn_alg_size(hashes[i]) == size)
			return hashes[i];
	return CAIRN_ALG_SHA256;
}

/* Only RSA without a scheme leaves a choice; whichever of the two verifies is right. */
static enum cairn_status find_scheme(struct cairn_tpmt_signature *sig, const struct cairn_ak *ak,
				     struct cairn_span attest)
{
	struct cairn_ak_key *key = NULL;
	enum cairn_status s = cairn_ak_key_new(&key, ak);

	if (s != CAIRN_OK)
		return s;
	sig->scheme = TPM_ALG_RSAPSS;
	s = cairn_ak_key_verify(key, sig, attest);
	if (s == CAIRN_E_SIGNATURE)
		sig->scheme = TPM_ALG_RSASSA;
	cairn_ak_key_free(key);
	return s == CAIRN_E_SIGNATURE ? CAIRN_OK : s;
}

static enum cairn_status complete(struct cairn_tpmt_signature *sig, const struct cairn_ak *ak,
				  struct cairn_span attest)
{
	struct cairn_attest a = {0};

	sig->hash = ak->hash;
	if (sig->hash == CAIRN_ALG_NONE)
		sig->hash = cairn_attest_parse(&a, attest) == CAIRN_OK ? hash_of_size(a.facts.pcr_digest.len)
								       : CAIRN_ALG_SHA256;
	if (ak->type == TPM_ALG_ECC)
		return CAIRN_OK;
	sig->scheme = ak->scheme;
	return sig->scheme == 0 ? find_scheme(sig, ak, attest) : CAIRN_OK;
}

static void add_sized(struct cairn_buf *out, struct cairn_span s)
{
	cairn_buf_add_u16be(out, (uint16_t)s.len);
	cairn_buf_add(out, s);
}

static enum cairn_status add_plain(struct cairn_buf *out, struct cairn_tpmt_signature *sig,
				   const struct cairn_ak *ak, struct cairn_span attest)
{
	enum cairn_status s = complete(sig, ak, attest);

	if (s != CAIRN_OK)
		return s;
	cairn_buf_add_u16be(out, sig->scheme);
	cairn_buf_add_u16be(out, (uint16_t)sig->hash);
	add_sized(out, sig->first);
	if (sig->scheme == TPM_ALG_ECDSA)
		add_sized(out, sig->second);
	return cairn_buf_status(out);
}

enum cairn_status cairn_sigfile_read(struct cairn_buf *out, const char **form, struct cairn_span file,
				     const struct cairn_ak *ak, struct cairn_span attest)
{
	struct cairn_tpmt_signature sig = {0};
	bool plain = is_plain(&sig, file, ak), inner = is_tpmt(sized(file)), tpmt = is_tpmt(file);

	if (plain + inner + tpmt > 1)
		return CAIRN_E_MALFORMED;
	if (plain) {
		*form = "plain";
		return add_plain(out, &sig, ak, attest);
	}
	*form = inner ? "TPM2B" : "TPMT_SIGNATURE";
	cairn_buf_add(out, inner ? sized(file) : file);
	return cairn_buf_status(out);
}
