/* Shared by the files that make up manifests. */
#ifndef CAIRN_KEYS_MANIFEST_INTERNAL_H
#define CAIRN_KEYS_MANIFEST_INTERNAL_H

#include "core/record_schema.h"
#include "core/record_setup.h"

#include "cairn/manifest.h"

extern const char *const cairn_manifest_kinds[]; /* by enum cairn_manifest_kind, NULL-ended */

/* Beside the version. */
#define CAIRN_MANIFEST_COMMON                                                                                \
	{.name = "format", .kind = CAIRN_F_NAME},                                                            \
	    {.name = "kind", .kind = CAIRN_F_WORD, .words = cairn_manifest_kinds},                           \
	    {.name = "name", .kind = CAIRN_F_NAME},                                                          \
	    {.name = "not_after", .kind = CAIRN_F_INT, .max = INT64_MAX},                                    \
	    {.name = "not_before", .kind = CAIRN_F_INT, .max = INT64_MAX},                                   \
	{                                                                                                    \
		.name = "release", .kind = CAIRN_F_INT, .max = INT64_MAX                                     \
	}

#define CAIRN_MANIFEST_VERSIONS(newest)                                                                      \
	{                                                                                                    \
		.name = "version", .kind = CAIRN_F_INT, .min = 1, .max = (newest)                            \
	}

/* The document of a service manifest, in the version that it says. */
enum cairn_status cairn_manifest_service_check(const json_t *v) CAIRN_MUST_CHECK;
/* What no document could show: too much of something, or something twice. */
enum cairn_status cairn_manifest_service_ready(const struct cairn_manifest *m) CAIRN_MUST_CHECK;
/* A new reference to the members that only a service manifest has; NULL when out of memory. */
json_t *cairn_manifest_service_members(const struct cairn_manifest *m);
/* True if those members say what only version 2 can say. */
bool cairn_manifest_service_needs_v2(const json_t *v);
/* From a document that was checked. */
void cairn_manifest_service_read(struct cairn_manifest *m, const json_t *v);

#endif
