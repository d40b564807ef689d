/* Keys that must not be AKs, and keys of somebody else. */
#include "tests/attack/make/make.h"

#define REJECT(name, base, text)                                                                             \
	&(const struct about)                                                                                \
	{                                                                                                    \
		name, base, "reject", "quote", "CVE-2021-3406,CVE-2022-1053", text                           \
	}

static const struct {
	const char *name, *text;
	uint32_t set, clear;
} attributes[] = {
    {"ak-unrestricted", "AK that is not restricted: it signs anything, made-up quotes too", 0,
     TPMA_OBJECT_RESTRICTED},
    {"ak-not-fixed-tpm", "AK that is not fixedTPM: it may be copied into another TPM or out of one", 0,
     TPMA_OBJECT_FIXEDTPM},
    {"ak-not-fixed-parent", "AK that is not fixedParent: it may be duplicated", 0, TPMA_OBJECT_FIXEDPARENT},
    {"ak-not-made-in-tpm", "AK without sensitiveDataOrigin: its private half came from outside", 0,
     TPMA_OBJECT_SENSITIVEDATAORIGIN},
    {"ak-not-signing", "AK without sign", 0, TPMA_OBJECT_SIGN_ENCRYPT},
    {"ak-decrypt", "AK that may decrypt as well", TPMA_OBJECT_DECRYPT, 0},
    {"ak-encrypted-duplication", "AK with encryptedDuplication", TPMA_OBJECT_ENCRYPTEDDUPLICATION, 0},
};

static void add_attributes(struct corpus *c, const struct cairn_pcrs *p)
{
	const struct selection s = SHA256_OF(0x3ff);

	for (size_t i = 0; i < LENGTH(attributes); i++) {
		struct software_ak k;

		soft_init(&k, "P-256", AK_ECDSA, CAIRN_ALG_SHA256,
			  (AK_ATTRIBUTES | attributes[i].set) & ~attributes[i].clear);
		auto_evidence struct evidence e = soft_evidence(&k, &s, p);
		corpus_add(c, REJECT(attributes[i].name, "soft", attributes[i].text), &e);
		software_ak_fini(&k);
	}
}

/* An unrestricted key of a real TPM: TPM2_Quote takes it like any other. */
static void add_tpm_unrestricted(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct tpm_key k = rig_key(&m->alpha, "P-256", TPM2_ALG_ECDSA, TPM2_ALG_SHA256,
				   RESTRICTED_AK & ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED);
	auto_evidence struct evidence e = rig_evidence(&m->alpha, &k, &s);

	corpus_add(
	    c, REJECT("ak-unrestricted-tpm", "p256", "quote of a real TPM by a key that is not restricted"),
	    &e);
	rig_forget(&m->alpha, &k);
}

static void add_sha1(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct tpm_key k = rig_key(&m->alpha, "RSA", TPM2_ALG_RSASSA, TPM2_ALG_SHA1, RESTRICTED_AK);
	auto_evidence struct evidence e = rig_evidence(&m->alpha, &k, &s);

	corpus_add(c,
		   &(const struct about){"ak-sha1", "rsassa", "reject", "quote", "CVE-2021-3406",
					 "quote of a real TPM by an AK that signs SHA-1 digests"},
		   &e);
	rig_forget(&m->alpha, &k);
}

/* Another TPM in the same state: only its AK tells it apart. */
static void add_other_tpm(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));
	struct tpm_key k = rig_key(&m->beta, "P-256", TPM2_ALG_ECDSA, TPM2_ALG_SHA256, RESTRICTED_AK);

	rig_quote(&m->beta, &k, &e, &s);
	corpus_add(c,
		   &(const struct about){"other-tpm", "p256", "reject", "quote",
					 "CVE-2021-3406,CVE-2022-1053,GHSA-r2h5-3hgw-8j34",
					 "quote of another TPM that holds the same, with the right nonce"},
		   &e);
	auto_evidence struct evidence swapped = rig_evidence(&m->beta, &k, &s);
	evidence_put(&swapped, NONCE, cairn_buf_span(&corpus_get(c, "p256")->file[NONCE]));
	evidence_put(&swapped, QUOTE, cairn_buf_span(&corpus_get(c, "p256")->file[QUOTE]));
	evidence_put(&swapped, SIGNATURE, cairn_buf_span(&corpus_get(c, "p256")->file[SIGNATURE]));
	corpus_add(c,
		   REJECT("ak-of-another-tpm", "p256",
			  "good quote, judged by the AK of another TPM: rows of two hosts exchanged"),
		   &swapped);
	rig_forget(&m->beta, &k);
}

/* ---- public areas that are wrong in themselves: there is no key to judge by. The PEM stays that of the base ---- */

static const struct {
	const char *name, *text;
	long at; /* in TPMT_PUBLIC */
	size_t cut;
	struct cairn_span bytes;
} areas[] = {
#define B(x)                                                                                                 \
	{                                                                                                    \
		(const uint8_t *)(x), sizeof(x) - 1                                                          \
	}
    {"ak-type-rsa", "public area of an ECC key that says RSA", 0, 2, B("\x00\x01")},
    {"ak-type-keyedhash", "public area of an ECC key that says KEYEDHASH", 0, 2, B("\x00\x08")},
    {"ak-name-sha1", "AK whose Name is a SHA-1 digest", 2, 2, B("\x00\x04")},
    {"ak-policy-size", "authPolicy one byte longer than it is", 8, 2, B("\x00\x01")},
    {"ak-policy-size-max", "authPolicy of 65535 bytes", 8, 2, B("\xff\xff")},
    {"ak-scheme-null", "restricted AK without a scheme", 12, 2, B("\x00\x10")},
    {"ak-scheme-ecdaa", "AK of ECDAA", 12, 2, B("\x00\x1a")},
    {"ak-curve-unknown", "AK on a curve of number 0xfffe", 16, 2, B("\xff\xfe")},
    {"ak-curve-other", "AK that says P-384 of a P-256 key", 16, 2, B("\x00\x04")},
    {"ak-x-size-less", "size of x one less", 20, 2, B("\x00\x1f")},
    {"ak-x-size-more", "size of x one more", 20, 2, B("\x00\x21")},
    {"ak-x-empty", "x left out", 20, 34, B("\x00\x00")},
    {"ak-y-size-max", "y of 65535 bytes", 54, 2, B("\xff\xff")},
    {"ak-not-on-curve", "last bit of y changed: not a point of the curve", 87, 1, B("")},
    {"ak-cut", "last byte of the public area missing", 87, 1, B("")},
    {"ak-trailing", "a byte behind the public area", -1, 0, B("\x00")},
#undef B
};

static void add_areas(struct corpus *c)
{
	for (size_t i = 0; i < LENGTH(areas); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));
		uint8_t last = e.file[AK_PUB].ptr[87] ^ 1;
		bool flip = strcmp(areas[i].name, "ak-not-on-curve") == 0;

		MUST(e.file[AK_PUB].len == 88);
		evidence_splice(&e, AK_PUB, areas[i].at, areas[i].cut,
				flip ? cairn_span(&last, 1) : areas[i].bytes);
		corpus_add(c,
			   &(const struct about){areas[i].name, "p256", "undecided", "key",
						 "CVE-2021-3406,tpm2-tss-2026-07", areas[i].text},
			   &e);
	}
}

void add_keys(struct corpus *c, struct makers *m)
{
	struct cairn_pcrs p = rig_read(&m->alpha);

	add_attributes(c, &p);
	add_tpm_unrestricted(c, m);
	add_sha1(c, m);
	add_other_tpm(c, m);
	add_areas(c);
}
