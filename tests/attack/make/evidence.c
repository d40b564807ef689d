/* The files of a case. */
#include "tests/attack/make/make.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

struct evidence evidence_copy(const struct evidence *e)
{
	struct evidence out = {0};

	for (int f = 0; f < FILES; f++)
		if (e->has[f])
			evidence_put(&out, (enum file)f, cairn_buf_span(&e->file[f]));
	return out;
}

void evidence_free(struct evidence *e)
{
	for (int f = 0; f < FILES; f++)
		cairn_buf_fini(&e->file[f]);
}

void evidence_put(struct evidence *e, enum file f, struct cairn_span bytes)
{
	struct cairn_buf b = {0};

	cairn_buf_add(&b, bytes);
	MUST_OK(cairn_buf_status(&b));
	cairn_buf_fini(&e->file[f]);
	e->file[f] = b;
	e->has[f] = true;
}

void evidence_drop(struct evidence *e, enum file f)
{
	cairn_buf_fini(&e->file[f]);
	e->file[f] = (struct cairn_buf){0};
	e->has[f] = false;
}

void evidence_splice(struct evidence *e, enum file f, long at, size_t cut, struct cairn_span bytes)
{
	const struct cairn_buf *old = &e->file[f];
	size_t off = at < 0 ? old->len + 1 - (size_t)-at : (size_t)at;
	cairn_auto_buf struct cairn_buf b = {0};

	MUST(e->has[f] && off <= old->len && cut <= old->len - off);
	cairn_buf_add(&b, cairn_span(old->ptr, off));
	cairn_buf_add(&b, bytes);
	cairn_buf_add(&b, cairn_span(old->ptr + off + cut, old->len - off - cut));
	evidence_put(e, f, cairn_buf_span(&b));
}

void evidence_new_nonce(struct evidence *e, size_t len)
{
	uint8_t bytes[64];
	cairn_auto_buf struct cairn_buf hex = {0};

	MUST(len <= sizeof bytes && RAND_bytes(bytes, (int)len) == 1);
	cairn_hex_encode(&hex, cairn_span(bytes, len));
	cairn_buf_add_str(&hex, "\n");
	evidence_put(e, NONCE, cairn_buf_span(&hex));
}

void evidence_nonce(struct cairn_buf *out, const struct evidence *e)
{
	const struct cairn_buf *hex = &e->file[NONCE];

	MUST(e->has[NONCE] && hex->len > 0);
	MUST_OK(cairn_hex_decode(out, cairn_span(hex->ptr, hex->len - 1)));
}

/* ---- PCR values ---- */

void evidence_ask(struct evidence *e, const struct selection *s)
{
	cairn_auto_buf struct cairn_buf t = {0};

	for (size_t i = 0; i < s->count; i++) {
		const char *sep = ":";

		cairn_buf_add_fmt(&t, "%s%s", i ? "+" : "", cairn_alg_name(s->bank[i].alg));
		for (unsigned pcr = 0; pcr < CAIRN_PCR_COUNT; pcr++) {
			if (!(s->bank[i].mask >> pcr & 1))
				continue;
			cairn_buf_add_fmt(&t, "%s%u", sep, pcr);
			sep = ",";
		}
	}
	cairn_buf_add_str(&t, "\n");
	evidence_put(e, SELECTION, cairn_buf_span(&t));
}

static void add_le(struct cairn_buf *b, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		cairn_buf_add_u8(b, (uint8_t)(v >> 8 * i));
}

static void add_zeros(struct cairn_buf *b, size_t n)
{
	while (n-- > 0)
		cairn_buf_add_u8(b, 0);
}

/* TPML_PCR_SELECTION as the compiler lays it out: sixteen entries of eight bytes. */
static void add_selection(struct cairn_buf *b, const struct selection *s)
{
	add_le(b, (uint32_t)s->count, 4);
	for (size_t i = 0; i < 16; i++) {
		add_le(b, i < s->count ? s->bank[i].alg : 0, 2);
		add_le(b, i < s->count ? 3 : 0, 1);
		add_le(b, i < s->count ? s->bank[i].mask : 0, 4);
		add_zeros(b, 1);
	}
}

static void add_text(struct cairn_buf *b, unsigned pcr, const struct cairn_digest *d)
{
	cairn_buf_add_fmt(b, "%s %u %s\n", cairn_alg_name(d->alg), pcr, cairn_digest_hex(d).text);
}

/* The values of the selection, in order. */
static size_t flatten(struct cairn_digest out[static 2 * CAIRN_PCR_COUNT], const struct selection *s,
		      const struct cairn_pcrs *p, struct cairn_buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct cairn_bank *b = cairn_pcrs_bank_const(p, s->bank[i].alg);

		MUST(b);
		for (unsigned pcr = 0; pcr < CAIRN_PCR_COUNT; pcr++) {
			if (!(s->bank[i].mask >> pcr & 1))
				continue;
			out[n] = b->pcr[pcr];
			out[n].alg = b->alg;
			add_text(text, pcr, &out[n++]);
		}
	}
	return n;
}

/* As tpm2_quote --pcrs_format serialized writes them: the selection, then lists (TPML_DIGEST) of eight. */
void evidence_values(struct evidence *e, const struct selection *s, const struct cairn_pcrs *p)
{
	struct cairn_digest d[2 * CAIRN_PCR_COUNT];
	cairn_auto_buf struct cairn_buf blob = {0}, text = {0};
	size_t n = flatten(d, s, p, &text), lists = (n + 7) / 8;

	add_selection(&blob, s);
	add_le(&blob, (uint32_t)lists, 4);
	for (size_t i = 0; i < lists; i++) {
		add_le(&blob, (uint32_t)(n - 8 * i < 8 ? n - 8 * i : 8), 4);
		for (size_t k = 8 * i; k < 8 * i + 8; k++) {
			size_t size = k < n ? cairn_alg_size(d[k].alg) : 0;

			add_le(&blob, (uint32_t)size, 2);
			cairn_buf_add(&blob, cairn_span(k < n ? d[k].bytes : NULL, size));
			add_zeros(&blob, 64 - size);
		}
	}
	evidence_put(e, PCRS, cairn_buf_span(&blob));
	evidence_put(e, PCRS_TXT, cairn_buf_span(&text));
}

/* ---- keys ---- */

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	MUST(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	     EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *ecc_key(const TPMT_PUBLIC *p)
{
	const TPMS_ECC_POINT *q = &p->unique.ecc;
	bool p256 = p->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256;
	size_t size = p256 ? 32 : 48;
	uint8_t point[1 + 2 * 48] = {POINT_CONVERSION_UNCOMPRESSED};
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();

	MUST(q->x.size <= size && q->y.size <= size);
	memcpy(point + 1 + size - q->x.size, q->x.buffer, q->x.size);
	memcpy(point + 1 + 2 * size - q->y.size, q->y.buffer, q->y.size);
	MUST(b &&
	     OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, p256 ? "P-256" : "P-384", 0) ==
		 1 &&
	     OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) == 1);
	return key_of("EC", b);
}

static EVP_PKEY *rsa_key(const TPMT_PUBLIC *p)
{
	BIGNUM *n = BN_bin2bn(p->unique.rsa.buffer, p->unique.rsa.size, NULL), *e = BN_new();
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();

	MUST(n && e && b && BN_set_word(e, 65537) == 1 &&
	     OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	     OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	EVP_PKEY *key = key_of("RSA", b);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *key_of_area(struct cairn_span area)
{
	TPMT_PUBLIC p;
	size_t off = 0;

	MUST(Tss2_MU_TPMT_PUBLIC_Unmarshal(area.ptr, area.len, &off, &p) == TSS2_RC_SUCCESS);
	return p.type == TPM2_ALG_ECC ? ecc_key(&p) : rsa_key(&p);
}

void evidence_ak(struct evidence *e, struct cairn_span tpmt_public, EVP_PKEY *key)
{
	EVP_PKEY *made = key ? NULL : key_of_area(tpmt_public);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	MUST(bio && PEM_write_bio_PUBKEY(bio, key ? key : made) == 1);
	long len = BIO_get_mem_data(bio, &text);
	evidence_put(e, AK_PUB, tpmt_public);
	evidence_put(e, AK_PEM, cairn_span(text, (size_t)len));
	BIO_free(bio);
	EVP_PKEY_free(made);
}
