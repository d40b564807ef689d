/* A key of each kind that signs, and the set of their public halves. */
#ifndef CAIRN_TEST_KEYSET_FIXTURE_H
#define CAIRN_TEST_KEYSET_FIXTURE_H

#include "cairn/jwk.h"

struct keyset {
	struct cairn_key *key[3]; /* by enum cairn_sigalg: ES256, ES384, EdDSA */
	struct cairn_jwks *keys;
};

void keyset_init(struct keyset *s);
void keyset_fini(struct keyset *s);

#endif
