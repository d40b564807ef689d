#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/keyset_fixture.h"

void keyset_init(struct keyset *s)
{
	assert_int_equal(cairn_jwks_new(&s->keys), CAIRN_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cairn_key_generate(&s->key[i], (enum cairn_sigalg)i), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(s->keys, s->key[i]), CAIRN_OK);
	}
}

void keyset_fini(struct keyset *s)
{
	for (size_t i = 0; i < 3; i++)
		cairn_key_free(s->key[i]);
	cairn_jwks_free(s->keys);
}
