/* Quotes: AK, attestation and signature out of the bytes, judged and looked at, by an AK of the bytes and by one that
 * has signed none of them.
 * seeds: tests/data/fuzz-quote */
#include <stdlib.h>

#include "cairn/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The generator of P-256 with a made-up name. */
static const struct cairn_akpub fixed = {
    .point = {{0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
	       0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
	       0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
	       0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57,
	       0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5}},
    .name = {{0x00, 0x0b}},
};

static void examine(const struct cairn_quote_expected *e, struct cairn_span attest, struct cairn_span sig)
{
	struct cairn_quote_report r;

	if (cairn_quote_examine(&r, e, attest, sig) != CAIRN_OK)
		return;
	if (!r.read && cairn_quote_report_row(&r, "signature") != CAIRN_QUOTE_UNCHECKED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_cur c = cairn_cur(cairn_span(data, size));
	struct cairn_span signer = cairn_cur_bytes(&c, cairn_cur_u8(&c)),
			  extra = cairn_cur_bytes(&c, cairn_cur_u8(&c));
	struct cairn_span attest = cairn_cur_bytes(&c, cairn_cur_u8(&c)), sig = cairn_cur_rest(&c);
	struct cairn_quote *q = NULL;
	struct cairn_ak ak, other;

	cairn_ak_of_akpub(&ak, &fixed);
	struct cairn_quote_expected e = {.ak = &ak,
					 .qualified_signer = signer,
					 .extra_data = extra,
					 .selection = cairn_selection_of(CAIRN_ALG_SHA256, 0x3bff)};
	if (cairn_quote_check(&q, &e, attest, sig, NULL) == CAIRN_OK)
		abort(); /* a forgery */
	examine(&e, attest, sig);
	if (cairn_ak_read(&other, cairn_span(data, size)) == CAIRN_OK) {
		(void)cairn_ak_objection(&other);
		e = (struct cairn_quote_expected){.ak = &other};
		examine(&e, attest, sig);
	}
	return 0;
}
