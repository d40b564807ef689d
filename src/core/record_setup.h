/* What a launch record and a service manifest say in the same words: components, disks, and texts that decide
 * what runs. Members of version 2, but for kernel and ramdisk. */
#ifndef CAIRN_CORE_RECORD_SETUP_H
#define CAIRN_CORE_RECORD_SETUP_H

#include "core/schema.h"

#include "cairn/record.h"

/* Elements of "disks". */
extern const struct cairn_field cairn_setup_disk[];

/* "components" and "inside_stubdomain" of a document, which its table leaves open, and what no table can say of it, for
 * a domain of that type. CAIRN_E_MALFORMED, CAIRN_E_LIMIT, CAIRN_E_UNSUPPORTED. */
enum cairn_status cairn_setup_check(const json_t *doc, const char *type) CAIRN_MUST_CHECK;
/* True if it says what only version 2 can: a component that is neither kernel nor ramdisk, a member. */
bool cairn_setup_needs_v2(const json_t *doc);
/* True if the object has one of the members (NULL-ended). */
bool cairn_setup_has_any(const json_t *object, const char *const *members);
/* What needs version 2 has it, and nothing else has: CAIRN_E_UNSUPPORTED, CAIRN_E_VERSION. */
enum cairn_status cairn_setup_version(const json_t *doc, bool needs_v2) CAIRN_MUST_CHECK;

/* What a document could not show any more: too many of something (CAIRN_E_LIMIT), a purpose that is none or there
 * twice (CAIRN_E_MALFORMED). Before building. */
enum cairn_status cairn_setup_ready(const struct cairn_setup *s) CAIRN_MUST_CHECK;
/* A new reference: {"kernel","ramdisk",...}; a kernel without a digest and a ramdisk that is NULL are left out. */
json_t *cairn_setup_components_json(const struct cairn_component *kernel,
				    const struct cairn_component *ramdisk, const struct cairn_setup *s);
/* Adds the other members to the document. CAIRN_E_NOMEM. */
enum cairn_status cairn_setup_add(json_t *doc, const struct cairn_setup *s) CAIRN_MUST_CHECK;

/* From a document that was checked. */
struct cairn_setup cairn_setup_read(const json_t *doc);

#endif
