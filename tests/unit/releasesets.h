/* A release set for units: its members, and whether it can be signed and loaded. */
#ifndef TESTS_UNIT_RELEASESETS_H
#define TESTS_UNIT_RELEASESETS_H

#include "cairn/releaseset.h"
#include "manifests.h"
#include "tests/unit/manifest_fixture.h"

#include <stdio.h>
#include <string.h>

#define REVOKED_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define REVOKED_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define SHA_A	  "00000000000000000000000000000000000000000000000000000000000000aa"
#define SHA_B	  "00000000000000000000000000000000000000000000000000000000000000bb"

static inline json_t *members(void)
{
	return json_pack("{s:I,s:{s:i,s:i},s:[s,s],s:[s,s]}", "serial", (json_int_t)7, "floors", "netdrv", 3,
			 "platform", 7, "revoked_keys", REVOKED_A, REVOKED_B, "revoked_manifests", SHA_A,
			 SHA_B);
}

/* Of what an authority signs; takes the reference. */
static inline enum cairn_status signs(json_t *v)
{
	cairn_auto_json json_t *own = v;
	cairn_auto_buf struct cairn_buf jws = {0};

	return cairn_release_set_sign(&jws, own, manifest_keys.authority);
}

static inline enum cairn_status signs_with(const char *member, json_t *value)
{
	json_t *v = members();

	assert_int_equal(json_object_set_new(v, member, value), 0);
	return signs(v);
}

static inline enum cairn_status loads(struct cairn_span jws)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	enum cairn_status st = cairn_release_set_load(&s, jws, manifest_keys.authorities);

	assert_int_equal(s.doc != NULL, st == CAIRN_OK);
	return st;
}

#endif
