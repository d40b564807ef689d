/* The full check of a quote against the bare verification of its ECDSA P-256 signature: EVP_PKEY_verify of the digest,
 * with the key and its context made once, as the check has them too. And what the check costs who keeps only the AK. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>

#include "tests/bench/bench.h"
#include "tests/unit/quote_fixture.h"

#define SELECTION 0x3bffu /* what cairn quotes: 0-9, 11-13 */

struct input {
	struct software_ak ak;
	struct cairn_buf attest, signature;
	struct cairn_quote_expected expected;
	struct cairn_buf der; /* the same signature as OpenSSL wants it */
	EVP_PKEY_CTX *verify;
	struct cairn_digest digest; /* of the attestation */
};

static void full(void *arg)
{
	const struct input *in = arg;
	struct cairn_quote *q = NULL;
	bench_must(cairn_quote_check(&q, &in->expected, cairn_buf_span(&in->attest),
				     cairn_buf_span(&in->signature), NULL));
	cairn_quote_free(q);
}

static void of_any_ak(void *arg)
{
	const struct input *in = arg;
	struct cairn_quote_expected e = in->expected;
	struct cairn_quote *q = NULL;
	bench_must(cairn_ak_key_set(&e.key, e.ak));
	bench_must(
	    cairn_quote_check(&q, &e, cairn_buf_span(&in->attest), cairn_buf_span(&in->signature), NULL));
	cairn_quote_free(q);
}

static void bare(void *arg)
{
	const struct input *in = arg;
	int ok = EVP_PKEY_verify(in->verify, in->der.ptr, in->der.len, in->digest.bytes, CAIRN_SHA256_SIZE);
	bench_must(ok == 1 ? CAIRN_OK : CAIRN_E_SIGNATURE);
}

static void sign_der(struct input *in)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[128];
	size_t len = sizeof(sig);
	int ok = EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, in->ak.key) == 1 &&
		 EVP_DigestSign(c, sig, &len, in->attest.ptr, in->attest.len) == 1;
	EVP_MD_CTX_free(c);
	bench_must(ok ? CAIRN_OK : CAIRN_E_CRYPTO);
	cairn_buf_add(&in->der, cairn_span(sig, len));
}

int main(void)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256};
	static struct input in;
	struct cairn_pcrs pcrs;
	struct cairn_digest digest;
	struct cairn_span nonce = cairn_span_str("0123456789abcdef0123456789abcdef");
	double t[2];
	software_ak_init(&in.ak, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	bench_must(cairn_pcrs_init(&pcrs, banks, 1));
	pcrs.bank[0].extended = SELECTION;
	struct software_quote q = software_quote(&in.ak, nonce, SELECTION, &pcrs.bank[0], &digest);
	software_quote_marshal(&in.attest, &q);
	software_ak_sign(&in.signature, &in.ak, cairn_buf_span(&in.attest));
	sign_der(&in);
	bench_must(cairn_hash(&in.digest, CAIRN_ALG_SHA256, cairn_buf_span(&in.attest)));
	in.verify = EVP_PKEY_CTX_new_from_pkey(NULL, in.ak.key, NULL);
	bench_must(in.verify && EVP_PKEY_verify_init(in.verify) == 1 ? CAIRN_OK : CAIRN_E_CRYPTO);
	in.expected = (struct cairn_quote_expected){
	    .ak = &in.ak.ak,
	    .qualified_signer = cairn_span(in.ak.signer.bytes, in.ak.signer.len),
	    .extra_data = nonce,
	    .selection = cairn_selection_of(CAIRN_ALG_SHA256, SELECTION),
	    .pcrs = &pcrs,
	};
	bench_must(cairn_ak_key_new(&in.expected.key, &in.ak.ak));
	bench_pair(t, full, bare, &in, 500);
	bench_print("quote: full check", t[0] / 500 * 1e6, "us", "-", 1);
	bench_print("quote: check with a cached key against bare ECDSA verify", t[0] / t[1], "x", "<= 1.15",
		    t[0] <= 1.15 * t[1]);
	bench_pair(t, of_any_ak, bare, &in, 500);
	bench_print("quote: check with the AK set into a key that is kept, against the same", t[0] / t[1],
		    "x", "<= 1.25", t[0] <= 1.25 * t[1]);
	cairn_ak_key_free(in.expected.key);
	EVP_PKEY_CTX_free(in.verify);
	software_ak_fini(&in.ak);
	cairn_buf_fini(&in.attest);
	cairn_buf_fini(&in.signature);
	cairn_buf_fini(&in.der);
	return 0;
}
