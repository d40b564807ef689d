/* Those who sign manifests, and manifests that are not quite what they should be. */
#ifndef CAIRN_TEST_MANIFEST_FIXTURE_H
#define CAIRN_TEST_MANIFEST_FIXTURE_H

#include "cairn/manifest.h"

/* From manifest_setup to manifest_teardown, which are for a group of tests. */
extern struct manifest_keys {
	struct cairn_key *authority,
	    *release;		    /* both are trusted; the second is of a kind that signs no manifest */
	struct cairn_key *stranger; /* is not */
	struct cairn_jwks *authorities;
} manifest_keys;

int manifest_setup(void **state);
int manifest_teardown(void **state);

/* Reads what is signed, and forgets it. */
enum cairn_status manifest_load(struct cairn_span jws);
/* The payload with one member changed; what is signed must still be a manifest. */
enum cairn_status manifest_changed(const struct cairn_manifest *m, const char *path, const char *member,
				   json_t *value);

#endif
