/* A quote in which everything is as expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/scene_fixture.h"

static const enum cairn_alg banks[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

void scene_quote(struct scene *s, const struct cairn_selection *sel)
{
	struct cairn_hasher *h = NULL;

	assert_int_equal(cairn_hasher_new(&h, s->ak.hash), CAIRN_OK);
	assert_int_equal(cairn_selection_digest(&s->pcr_digest, sel, &s->pcrs, h), CAIRN_OK);
	cairn_hasher_free(h);
	s->quote.pcr_digest = cairn_digest_span(&s->pcr_digest);
	s->expected.selection = *sel;
}

void scene_init(struct scene *s, const char *kind, uint16_t scheme, enum cairn_alg hash)
{
	const struct cairn_selection sel = cairn_selection_of(CAIRN_ALG_SHA256, SCENE_PCRS);

	*s = (struct scene){0};
	software_ak_init(&s->ak, kind, scheme, hash);
	assert_int_equal(cairn_pcrs_init(&s->pcrs, banks, 3), CAIRN_OK);
	for (size_t i = 0; i < 3; i++)
		s->pcrs.bank[i].extended = 0xffffff;
	s->pcrs.bank[0].pcr[3].bytes[0] = 1;
	s->pcrs.bank[1].pcr[3].bytes[0] = 2;
	s->quote =
	    software_quote(&s->ak, cairn_span_str(SCENE_NONCE), SCENE_PCRS, &s->pcrs.bank[1], &s->pcr_digest);
	s->expected = (struct cairn_quote_expected){
	    .ak = &s->ak.ak,
	    .qualified_signer = cairn_span(s->ak.signer.bytes, s->ak.signer.len),
	    .extra_data = cairn_span_str(SCENE_NONCE),
	    .pcrs = &s->pcrs,
	};
	scene_quote(s, &sel);
}

void scene_p256(struct scene *s)
{
	scene_init(s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
}

void scene_sign(struct scene *s)
{
	s->attest.len = s->signature.len = 0;
	software_quote_marshal(&s->attest, &s->quote);
	software_ak_sign(&s->signature, &s->ak, cairn_buf_span(&s->attest));
}

void scene_fini(struct scene *s)
{
	software_ak_fini(&s->ak);
	cairn_buf_fini(&s->attest);
	cairn_buf_fini(&s->signature);
}

void scene_assert_only(struct scene *s, enum cairn_status status, const char *field)
{
	struct cairn_quote_report r;
	struct cairn_quote *q = NULL;
	const char *failed = "";
	enum cairn_status st = cairn_quote_check(&q, &s->expected, cairn_buf_span(&s->attest),
						 cairn_buf_span(&s->signature), &failed);

	if (st != status || strcmp(failed, field) != 0)
		fail_msg("%s at %s instead of %s at %s", cairn_status_name(st), failed,
			 cairn_status_name(status), field);
	cairn_quote_free(q);
	assert_int_equal(
	    cairn_quote_examine(&r, &s->expected, cairn_buf_span(&s->attest), cairn_buf_span(&s->signature)),
	    CAIRN_OK);
	for (size_t i = 0; i < r.count; i++) {
		bool bad = r.row[i].result == CAIRN_QUOTE_BAD;

		if (bad != (strcmp(r.row[i].field, field) == 0))
			fail_msg("row %s, looking for %s", r.row[i].field, field);
		if (bad)
			assert_int_equal(r.row[i].why, status);
	}
}
