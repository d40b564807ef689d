/* Fields of TPMS_ATTEST: changed on the way, and wrong under a good signature (of a key that is no TPM's); and
 * PCR values. */
#include "tests/attack/make/make.h"

#define PARSER_IDS "tpm2-tss-2026-07,CVE-2023-3674"
#define ON_THE_WAY "CVE-2023-3674,cmcp#429"
#define B(x)                                                                                                 \
	{                                                                                                    \
		(const uint8_t *)(x), sizeof(x) - 1                                                          \
	}

/* Offsets in the quote of the base `soft`: nonce of 32 bytes, one bank, 24 PCRs, SHA-256. */
enum at {
	MAGIC = 0,
	TYPE = 4,
	SIGNER_SIZE = 6,
	SIGNER = 8,
	EXTRA_SIZE = 42,
	EXTRA = 44,
	CLOCK = 76,
	RESET_COUNT = 84,
	RESTART_COUNT = 88,
	SAFE = 92,
	FIRMWARE = 93,
	BANKS = 101,
	BANK = 105,
	SELECT_SIZE = 107,
	SELECT = 108,
	DIGEST_SIZE = 111,
	DIGEST = 113,
	END = 145,
};

/* ---- on the way: one bit of a field of a genuine quote ---- */

static const struct {
	const char *name, *text;
	enum at at;
	uint8_t bit;
	const char *ids;
} flips[] = {
    {"flip-magic", "bit of magic changed on the way", MAGIC, 0x01, ON_THE_WAY},
    {"flip-type", "type changed on the way (NV certification)", TYPE + 1, 0x0c, ON_THE_WAY},
    {"flip-signer", "bit of qualifiedSigner changed on the way", SIGNER + 9, 0x10, ON_THE_WAY},
    {"flip-nonce", "bit of extraData changed on the way", EXTRA, 0x01, ON_THE_WAY},
    {"flip-clock", "clock changed on the way", CLOCK + 3, 0x01, ON_THE_WAY},
    {"flip-reset-count", "resetCount changed on the way: hides a reboot", RESET_COUNT + 3, 0x01, ON_THE_WAY},
    {"flip-restart-count", "restartCount changed on the way: hides a suspend", RESTART_COUNT + 3, 0x01,
     ON_THE_WAY},
    {"flip-safe", "safe changed on the way", SAFE, 0x01, ON_THE_WAY},
    {"flip-firmware", "firmwareVersion changed on the way: hides a TPM with known flaws", FIRMWARE + 7, 0x01,
     "CVE-2023-1017,CVE-2025-2884,CVE-2023-3674"},
    {"flip-bank", "bank changed on the way (SHA-256 to SHA-384)", BANK + 1, 0x07, ON_THE_WAY},
    {"flip-selection", "selection changed on the way (PCR 9 to none)", SELECT + 1, 0x02, ON_THE_WAY},
    {"flip-digest", "bit of pcrDigest changed on the way", DIGEST + 31, 0x01, ON_THE_WAY},
};

static void add_flips(struct corpus *c)
{
	for (size_t i = 0; i < LENGTH(flips); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));

		MUST(e.file[QUOTE].len == END);
		e.file[QUOTE].ptr[flips[i].at] ^= flips[i].bit;
		corpus_add(c,
			   &(const struct about){flips[i].name, "p256", "reject", "quote",
						 flips[i].ids ? flips[i].ids : "CVE-2023-3674,cmcp#429",
						 flips[i].text},
			   &e);
	}
}

/* ---- under a good signature ---- */

static const struct wrong {
	const char *name, *ids, *text;
	long at;
	size_t cut;
	struct cairn_span bytes;
} wrongs[] = {
    {"magic-zero", "CVE-2024-29038,CVE-2024-29040", "magic is 0: a blob that no TPM made", MAGIC, 4,
     B("\0\0\0\0")},
    {"magic-reversed", "CVE-2024-29038,CVE-2024-29040", "magic in the other byte order", MAGIC, 4,
     B("GCT\xff")},
    {"magic-one-bit", "CVE-2024-29038,CVE-2024-29040", "last bit of magic", MAGIC, 4, B("\xffTCF")},
    {"type-nv", "GHSA-gwfg-w3jr-xh66", "quote whose type says TPM_ST_ATTEST_NV", TYPE, 2, B("\x80\x14")},
    {"type-certify", "GHSA-gwfg-w3jr-xh66", "quote whose type says TPM_ST_ATTEST_CERTIFY", TYPE, 2,
     B("\x80\x17")},
    {"type-time", "GHSA-gwfg-w3jr-xh66", "quote whose type says TPM_ST_ATTEST_TIME", TYPE, 2, B("\x80\x19")},
    {"type-zero", "GHSA-gwfg-w3jr-xh66", "type is 0", TYPE, 2, B("\0\0")},
    {"signer-size-less", PARSER_IDS, "size of qualifiedSigner one less", SIGNER_SIZE, 2, B("\0\x21")},
    {"signer-size-more", PARSER_IDS, "size of qualifiedSigner one more", SIGNER_SIZE, 2, B("\0\x23")},
    {"signer-size-max", PARSER_IDS, "qualifiedSigner of 65535 bytes", SIGNER_SIZE, 2, B("\xff\xff")},
    {"extra-size-less", PARSER_IDS, "size of extraData one less", EXTRA_SIZE, 2, B("\0\x1f")},
    {"extra-size-more", PARSER_IDS, "size of extraData one more", EXTRA_SIZE, 2, B("\0\x21")},
    {"extra-size-zero", PARSER_IDS, "size of extraData 0, the nonce left in", EXTRA_SIZE, 2, B("\0\0")},
    {"extra-size-max", PARSER_IDS, "extraData of 65535 bytes", EXTRA_SIZE, 2, B("\xff\xff")},
    {"safe-two", PARSER_IDS, "safe is 2: not a TPMI_YES_NO", SAFE, 1, B("\x02")},
    {"banks-zero", PARSER_IDS, "count of banks 0, the bank left in", BANKS, 4, B("\0\0\0\0")},
    {"banks-two", PARSER_IDS, "count of banks 2, but there is one", BANKS, 4, B("\0\0\0\x02")},
    {"banks-17", PARSER_IDS, "count of banks 17: one more than a TPM can have", BANKS, 4, B("\0\0\0\x11")},
    {"banks-max", PARSER_IDS, "count of banks 2^32-1", BANKS, 4, B("\xff\xff\xff\xff")},
    {"bank-unknown", PARSER_IDS, "bank of an algorithm that is not known (0x7777)", BANK, 2, B("ww")},
    {"bank-null", PARSER_IDS, "bank of TPM_ALG_NULL", BANK, 2, B("\0\x10")},
    {"select-size-less", PARSER_IDS, "sizeofSelect one less", SELECT_SIZE, 1, B("\x02")},
    {"select-size-more", PARSER_IDS, "sizeofSelect one more", SELECT_SIZE, 1, B("\x04")},
    {"select-size-zero", PARSER_IDS, "sizeofSelect 0", SELECT_SIZE, 1, B("\0")},
    {"select-size-max", PARSER_IDS, "sizeofSelect 255", SELECT_SIZE, 1, B("\xff")},
    {"select-pcr-24", "GHSA-qp88-8f4j-wv7q,tpm2-tss-2026-07", "bit map of four bytes with PCR 24",
     SELECT_SIZE, 4, B("\x04\xff\x03\0\x01")},
    {"select-pcr-31", "GHSA-qp88-8f4j-wv7q,tpm2-tss-2026-07", "bit map of four bytes with PCR 31",
     SELECT_SIZE, 4, B("\x04\xff\x03\0\x80")},
    {"select-pcr-32", "GHSA-qp88-8f4j-wv7q,tpm2-tss-2026-07", "bit map of five bytes with PCR 32",
     SELECT_SIZE, 4, B("\x05\xff\x03\0\0\x01")},
    {"digest-size-less", PARSER_IDS, "size of pcrDigest one less", DIGEST_SIZE, 2, B("\0\x1f")},
    {"digest-size-more", PARSER_IDS, "size of pcrDigest one more", DIGEST_SIZE, 2, B("\0\x21")},
    {"digest-size-max", PARSER_IDS, "pcrDigest of 65535 bytes", DIGEST_SIZE, 2, B("\xff\xff")},
    {"digest-short", "CVE-2022-0317", "pcrDigest is the last 20 bytes of the right one", DIGEST_SIZE, 14,
     B("\0\x14")},
    {"digest-empty", "CVE-2022-0317", "pcrDigest is empty", DIGEST_SIZE, 34, B("\0\0")},
    {"digest-zeros", "CVE-2022-0317", "pcrDigest is all 00", DIGEST, 32,
     B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"quote-trailing", PARSER_IDS, "a byte behind TPMS_ATTEST, signed with it", -1, 0, B("\0")},
    {"quote-cut", PARSER_IDS, "last byte of TPMS_ATTEST missing, signed so", END - 1, 1, B("")},
    {"quote-header", PARSER_IDS, "nothing but magic and type, signed so", SIGNER_SIZE, END - SIGNER_SIZE,
     B("")},
    {"quote-empty", PARSER_IDS, "an empty message, signed so", 0, END, B("")},
    {"signer-empty", "CVE-2021-3406", "qualifiedSigner is empty", SIGNER_SIZE, 36, B("\0\0")},
};

static void add_wrong(struct corpus *c, const struct software_ak *k, const struct wrong *w)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, "soft"));

	MUST(e.file[QUOTE].len == END);
	evidence_splice(&e, QUOTE, w->at, w->cut, w->bytes);
	soft_sign(k, &e);
	corpus_add(c, &(const struct about){w->name, "soft", "reject", "quote", w->ids, w->text}, &e);
}

/* ---- values ---- */

/* The values that come with a good quote, with one thing wrong. */
static void add_values(struct corpus *c, struct makers *m)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
	    {"value-changed", "one bit of the value of PCR 7"},
	    {"values-swapped", "values of PCR 4 and PCR 5 exchanged"},
	    {"values-zero", "all values 00: those of a host that has measured nothing"},
	    {"values-other-bank", "values of the SHA-1 bank, as long as they are, in the place of SHA-256's"},
	};
	const struct selection s = SHA256_OF(0x3ff);

	for (size_t i = 0; i < LENGTH(rows); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, "p256"));
		struct cairn_pcrs p = rig_read(&m->alpha);
		struct cairn_bank *b = cairn_pcrs_bank(&p, CAIRN_ALG_SHA256);
		struct cairn_digest four = b->pcr[4];

		if (i == 0)
			b->pcr[7].bytes[31] ^= 1;
		if (i == 1) {
			b->pcr[4] = b->pcr[5];
			b->pcr[5] = four;
		}
		for (unsigned k = 0; k < 10 && i >= 2; k++) {
			memset(b->pcr[k].bytes, 0, 32);
			if (i == 3)
				memcpy(b->pcr[k].bytes, cairn_pcrs_bank(&p, CAIRN_ALG_SHA1)->pcr[k].bytes,
				       20);
		}
		evidence_values(&e, &s, &p);
		corpus_add(c,
			   &(const struct about){rows[i].name, "p256", "reject", "quote", "CVE-2022-0317",
						 rows[i].text},
			   &e);
	}
}

void add_fields(struct corpus *c, struct makers *m)
{
	add_flips(c);
	for (size_t i = 0; i < LENGTH(wrongs); i++)
		add_wrong(c, &m->soft, &wrongs[i]);
	add_values(c, m);
}
