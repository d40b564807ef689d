/* Matching a launch with a manifest: what the files of it share. */
#ifndef CAIRN_KEYS_MANIFEST_MATCH_H
#define CAIRN_KEYS_MANIFEST_MATCH_H

#include "cairn/manifest.h"

bool cairn_match_among(const char *s, const char *const *list, size_t count);
void cairn_match_digest(struct cairn_reasons *out, const char *component, const char *file,
			const struct cairn_digest *expected, const struct cairn_digest *found);
/* NULL: there is none. A component is as it was signed, or there is none of it on both sides. */
void cairn_match_component(struct cairn_reasons *out, const char *name, const char *file,
			   const struct cairn_component *want, const struct cairn_component *got);

/* Everything of a setup must be as it was signed, and nothing besides. */
void cairn_match_setup(struct cairn_reasons *out, const struct cairn_setup *got,
		       const struct cairn_setup *want);
/* PCI devices, served classes and target are among those that the manifest gives. */
void cairn_match_claims(struct cairn_reasons *out, const struct cairn_launch *l,
			const struct cairn_manifest *m);

#endif
