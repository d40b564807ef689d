/* Signatures: not over this quote, not of this key, not of this scheme, and no signatures at all. */
#include "tests/attack/make/make.h"

#include <openssl/rsa.h>

#define IDS "CVE-2023-3674,cmcp#429"
#define B(x)                                                                                                 \
	{                                                                                                    \
		(const uint8_t *)(x), sizeof(x) - 1                                                          \
	}
#define ZEROS_32 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ONE_32	 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define ONES_32                                                                                              \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"                                   \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
#define ORDER_P256                                                                                           \
	"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"                                   \
	"\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"

/* Offsets in TPMT_SIGNATURE: of ECDSA with P-256, and of RSA. */
enum at { SCHEME = 0, HASH = 2, R_SIZE = 4, R = 6, S_SIZE = 38, S = 40, RSA_SIZE = 4, RSA_SIG = 6 };

static const struct {
	const char *name, *base, *text;
	long at;
	size_t cut;
	struct cairn_span bytes;
} spliced[] = {
    {"sig-r-zero", "p256", "r is 0", R, 32, B(ZEROS_32)},
    {"sig-s-zero", "p256", "s is 0", S, 32, B(ZEROS_32)},
    {"sig-both-zero", "p256", "r and s are 0", R, 66, B(ZEROS_32 "\0\x20" ZEROS_32)},
    {"sig-both-one", "p256", "r and s are 1", R, 66, B(ONE_32 "\0\x20" ONE_32)},
    {"sig-r-order", "p256", "r is the order of the curve", R, 32, B(ORDER_P256)},
    {"sig-s-order", "p256", "s is the order of the curve", S, 32, B(ORDER_P256)},
    {"sig-both-order", "p256", "r and s are the order of the curve", R, 66,
     B(ORDER_P256 "\0\x20" ORDER_P256)},
    {"sig-r-ones", "p256", "r is 2^256-1", R, 32, B(ONES_32)},
    {"sig-r-empty", "p256", "r is empty", R_SIZE, 34, B("\0\0")},
    {"sig-s-empty", "p256", "s is empty", S_SIZE, 34, B("\0\0")},
    {"sig-both-empty", "p256", "r and s are empty", R_SIZE, 68, B("\0\0\0\0")},
    {"sig-r-size-less", "p256", "size of r one less", R_SIZE, 2, B("\0\x1f")},
    {"sig-r-size-more", "p256", "size of r one more", R_SIZE, 2, B("\0\x21")},
    {"sig-s-size-less", "p256", "size of s one less", S_SIZE, 2, B("\0\x1f")},
    {"sig-s-size-more", "p256", "size of s one more", S_SIZE, 2, B("\0\x21")},
    {"sig-r-size-max", "p256", "r of 65535 bytes", R_SIZE, 2, B("\xff\xff")},
    {"sig-s-size-max", "p256", "s of 65535 bytes", S_SIZE, 2, B("\xff\xff")},
    {"sig-scheme-null", "p256", "scheme TPM_ALG_NULL: no signature", SCHEME, 72, B("\0\x10")},
    {"sig-scheme-null-kept", "p256", "scheme TPM_ALG_NULL before a good signature", SCHEME, 2, B("\0\x10")},
    {"sig-scheme-rsassa", "p256", "ECDSA signature that says RSASSA", SCHEME, 2, B("\0\x14")},
    {"sig-scheme-ecdaa", "p256", "ECDSA signature that says ECDAA", SCHEME, 2, B("\0\x1a")},
    {"sig-scheme-ecschnorr", "p256", "ECDSA signature that says ECSCHNORR", SCHEME, 2, B("\0\x1c")},
    {"sig-scheme-hmac", "p256", "ECDSA signature that says HMAC", SCHEME, 2, B("\0\x05")},
    {"sig-scheme-unknown", "p256", "signature of scheme 0x7777", SCHEME, 2, B("ww")},
    {"sig-hash-sha1", "p256", "signature that says SHA-1", HASH, 2, B("\0\x04")},
    {"sig-hash-sha384", "p256", "signature that says SHA-384", HASH, 2, B("\0\x0c")},
    {"sig-hash-null", "p256", "signature that says TPM_ALG_NULL as its hash", HASH, 2, B("\0\x10")},
    {"sig-hash-unknown", "p256", "signature that says hash 0x7777", HASH, 2, B("ww")},
    {"sig-trailing", "p256", "a byte behind the signature", -1, 0, B("\0")},
    {"sig-cut", "p256", "last byte of the signature missing", 71, 1, B("")},
    {"sig-header", "p256", "scheme and hash, nothing else", 4, 68, B("")},
    {"sig-empty", "p256", "the signature is an empty file", 0, 72, B("")},
    {"sig-r-padded", "p256",
     "r with a leading 00, 33 bytes: no TPM writes that, and it is longer than the curve", R_SIZE, 2,
     B("\0\x21\0")},
    {"sig-rsa-says-pss", "rsassa", "RSASSA signature that says RSAPSS", SCHEME, 2, B("\0\x16")},
    {"sig-pss-says-rsassa", "rsapss", "RSAPSS signature that says RSASSA", SCHEME, 2, B("\0\x14")},
    {"sig-rsa-says-ecdsa", "rsassa", "RSASSA signature that says ECDSA", SCHEME, 2, B("\0\x18")},
    {"sig-rsa-says-sha1", "rsassa", "RSASSA signature that says SHA-1", HASH, 2, B("\0\x04")},
    {"sig-rsa-size-less", "rsassa", "size of the RSA signature one less", RSA_SIZE, 2, B("\0\xff")},
    {"sig-rsa-size-more", "rsassa", "size of the RSA signature one more", RSA_SIZE, 2, B("\x01\x01")},
    {"sig-rsa-size-max", "rsassa", "RSA signature of 65535 bytes", RSA_SIZE, 2, B("\xff\xff")},
    {"sig-rsa-short", "rsassa", "RSA signature without its last byte, size and all", RSA_SIZE, 258, B("")},
    {"sig-rsa-empty", "rsassa", "RSA signature of no bytes", RSA_SIZE, 258, B("\0\0")},
    {"sig-rsa-one", "rsassa", "RSA signature 1: its own padding comes out as 1", RSA_SIZE, 258,
     B("\0\x01\x01")},
    {"sig-rsa-trailing", "rsassa", "a byte behind the RSA signature", -1, 0, B("\0")},
    {"sig-pss-bit", "rsapss", "last bit of an RSAPSS signature", 261, 1, B("")},
};

static void add_spliced(struct corpus *c)
{
	for (size_t i = 0; i < LENGTH(spliced); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, spliced[i].base));
		struct cairn_span bytes = spliced[i].bytes;
		uint8_t made[2 + 255] = {0, 255};

		if (strcmp(spliced[i].name, "sig-rsa-short") == 0) {
			memcpy(made + 2, e.file[SIGNATURE].ptr + RSA_SIG, 255);
			bytes = cairn_span(made, sizeof made);
		}
		if (strcmp(spliced[i].name, "sig-pss-bit") == 0) {
			made[0] = e.file[SIGNATURE].ptr[261] ^ 1;
			bytes = cairn_span(made, 1);
		}
		evidence_splice(&e, SIGNATURE, spliced[i].at, spliced[i].cut, bytes);
		corpus_add(c,
			   &(const struct about){spliced[i].name, spliced[i].base, "reject", "quote", IDS,
						 spliced[i].text},
			   &e);
	}
}

static void add_other_quotes(struct corpus *c, struct makers *m)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));

	evidence_put(&e, SIGNATURE, cairn_buf_span(&corpus_get(c, "nonce-64")->file[SIGNATURE]));
	corpus_add(c,
		   &(const struct about){"sig-of-another-quote", "p256", "reject", "quote", IDS,
					 "signature of the same AK over another quote"},
		   &e);
	evidence_put(&e, QUOTE, cairn_buf_span(&corpus_get(c, "p256")->file[QUOTE]));
	soft_sign(&m->soft, &e);
	corpus_add(c,
		   &(const struct about){"sig-by-another-key", "p256", "reject", "quote", IDS,
					 "signature over this quote by another key"},
		   &e);
}

/* ---- genuine signatures that are rare ---- */

static void accept(struct corpus *c, const char *name, const char *base, const char *text,
		   const struct evidence *e)
{
	corpus_add(c, &(const struct about){name, base, "accept", "quote", "-", text}, e);
}

/* s and n-s are equally good, and TPMs give out both. */
static void add_other_s(struct corpus *c)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));
	BIGNUM *n = BN_bin2bn((const uint8_t *)ORDER_P256, 32, NULL);
	BIGNUM *s = BN_bin2bn(e.file[SIGNATURE].ptr + S, 32, NULL);

	MUST(n && s && BN_sub(s, n, s) == 1 && BN_bn2binpad(s, e.file[SIGNATURE].ptr + S, 32) == 32);
	accept(c, "sig-other-s", "p256",
	       "n-s in the place of s: as good a signature, since TPMs choose neither; no other quote", &e);
	BN_free(n);
	BN_free(s);
}

static void add_short_r(struct corpus *c, struct makers *m)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "soft"));

	do {
		soft_sign(&m->soft, &e);
	} while (e.file[SIGNATURE].ptr[R] != 0);
	evidence_splice(&e, SIGNATURE, R_SIZE, 3, cairn_span("\0\x1f", 2));
	accept(c, "sig-r-short", "soft", "r that begins with 00, without it: some TPMs leave it away", &e);
}

/* ---- RSA under the private key: padding ---- */

enum padding { SSA, PSS, PSS_SALT_MAX, GARBAGE, OF_SHA1 };

/* DigestInfo up to the digest. RFC 8017, section 9.2, note 1. */
static const uint8_t info_sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t info_sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				    0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};

/* A block as EMSA-PKCS1-v1_5 makes it, but with eight bytes of padding only and garbage behind the digest; or
 * as it makes it, of a SHA-1 digest. */
static void block(uint8_t out[static 256], enum padding how, struct cairn_span message)
{
	bool garbage = how == GARBAGE;
	struct cairn_span info =
	    garbage ? cairn_span(info_sha256, sizeof info_sha256) : cairn_span(info_sha1, sizeof info_sha1);
	struct cairn_digest d;

	MUST_OK(cairn_hash(&d, garbage ? CAIRN_ALG_SHA256 : CAIRN_ALG_SHA1, message));
	size_t size = cairn_alg_size(d.alg), fill = garbage ? 8 : 256 - 3 - info.len - size;

	memset(out, 0xa5, 256);
	out[0] = 0;
	out[1] = 1;
	memset(out + 2, 0xff, fill);
	out[2 + fill] = 0;
	memcpy(out + 3 + fill, info.ptr, info.len);
	memcpy(out + 3 + fill + info.len, d.bytes, size);
}

static void raw_sign(const struct software_ak *k, uint8_t out[static 256], const uint8_t in[static 256])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->key, NULL);
	size_t len = 256;

	MUST(ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
	     EVP_PKEY_sign(ctx, out, &len, in, 256) == 1 && len == 256);
	EVP_PKEY_CTX_free(ctx);
}

static void pss_sign(const struct software_ak *k, uint8_t out[static 256], struct cairn_span message,
		     int salt)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t len = 256;

	MUST(ctx && EVP_DigestSignInit_ex(ctx, &pctx, "sha256", NULL, NULL, k->key, NULL) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1 &&
	     EVP_DigestSign(ctx, out, &len, message.ptr, message.len) == 1 && len == 256);
	EVP_MD_CTX_free(ctx);
}

/* Signs the quote of e in one of the ways, and says so in the header, which then holds `scheme`. */
static void rsa_sign(struct evidence *e, const struct software_ak *k, enum padding how, uint8_t scheme)
{
	struct cairn_span message = cairn_buf_span(&e->file[QUOTE]);
	uint8_t in[256], out[6 + 256] = {0, scheme, 0, CAIRN_ALG_SHA256, 1, 0};

	if (how == PSS || how == PSS_SALT_MAX) {
		pss_sign(k, out + 6, message, how == PSS ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_MAX);
	} else {
		block(in, how, message);
		raw_sign(k, out + 6, in);
	}
	evidence_put(e, SIGNATURE, cairn_span(out, sizeof out));
}

static void add_rsa(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct cairn_pcrs p = rig_read(&m->alpha);
	struct software_ak ssa, pss;

	soft_init(&ssa, "RSA", AK_RSASSA, CAIRN_ALG_SHA256, AK_ATTRIBUTES);
	soft_init(&pss, "RSA", AK_RSAPSS, CAIRN_ALG_SHA256, AK_ATTRIBUTES);
	auto_evidence struct evidence e = soft_evidence(&ssa, &s, &p), f = soft_evidence(&pss, &s, &p);
	accept(c, "soft-rsassa", NULL, "good quote by a software key, RSASSA", &e);
	accept(c, "soft-rsapss", NULL,
	       "good quote by a software key, RSAPSS with a salt as long as the digest", &f);
	rsa_sign(&f, &pss, PSS_SALT_MAX, AK_RSAPSS);
	accept(c, "sig-pss-salt-max", "soft-rsapss", "salt as long as can be: older TPMs", &f);

	static const struct {
		const char *name, *text;
		enum padding how;
		uint8_t scheme;
	} rows[] = {
	    {"sig-pss-by-ssa-key", "RSAPSS signature by an AK whose only scheme is RSASSA", PSS, AK_RSAPSS},
	    {"sig-pss-says-ssa-by-ssa-key", "RSAPSS signature that says RSASSA, by an AK of that scheme", PSS,
	     AK_RSASSA},
	    {"sig-rsa-garbage", "EMSA-PKCS1-v1_5 with eight bytes of padding and garbage behind the digest",
	     GARBAGE, AK_RSASSA},
	    {"sig-rsa-of-sha1", "EMSA-PKCS1-v1_5 of the SHA-1 digest, where the header says SHA-256", OF_SHA1,
	     AK_RSASSA},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		rsa_sign(&e, &ssa, rows[i].how, rows[i].scheme);
		corpus_add(
		    c,
		    &(const struct about){rows[i].name, "soft-rsassa", "reject", "quote", IDS, rows[i].text},
		    &e);
	}
	software_ak_fini(&ssa);
	software_ak_fini(&pss);
}

void add_signatures(struct corpus *c, struct makers *m)
{
	add_spliced(c);
	add_other_quotes(c, m);
	add_other_s(c);
	add_short_r(c, m);
	add_rsa(c, m);
}
