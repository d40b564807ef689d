/* A quote in which everything is as expected, for tests that change one thing of it. */
#ifndef CAIRN_TEST_SCENE_FIXTURE_H
#define CAIRN_TEST_SCENE_FIXTURE_H

#include "tests/unit/quote_fixture.h"

#define SCENE_PCRS  0xffu /* of the SHA-256 bank */
#define SCENE_NONCE "0123456789abcdef"

struct scene {
	struct software_ak ak;
	struct cairn_pcrs pcrs; /* SHA-1, SHA-256, SHA-384 */
	struct cairn_digest pcr_digest;
	struct software_quote quote;
	struct cairn_buf attest, signature;
	struct cairn_quote_expected expected;
};

/* Not signed yet. Freed by scene_fini. */
void scene_init(struct scene *s, const char *kind, uint16_t scheme, enum cairn_alg hash);
void scene_p256(struct scene *s);
void scene_fini(struct scene *s);
/* Quotes these PCRs, and expects them. */
void scene_quote(struct scene *s, const struct cairn_selection *sel);
void scene_sign(struct scene *s);
/* The judgement, and that exactly this row of the report is bad; field "": none is. */
void scene_assert_only(struct scene *s, enum cairn_status status, const char *field);

#endif
