/* What a launch record and a service manifest say in the same words: components, disks, and texts that decide
 * what runs. Members of version 2, but for kernel and ramdisk. */
#ifndef CAIRN_CORE_RECORD_SETUP_H
#define CAIRN_CORE_RECORD_SETUP_H

#include "core/schema.h"

#include "cairn/record.h"

/* Of "components" in version 1 and 2. */
extern const struct cairn_field cairn_setup_components_v1[], cairn_setup_components[];
extern const struct cairn_field cairn_setup_inside[], cairn_setup_disk[], cairn_setup_used_disk[];

/* Members of a version 2 document; disk: cairn_setup_used_disk in a record, cairn_setup_disk in a manifest. */
#define CAIRN_SETUP_FIELDS(of_disk)                                                                          \
	{.name = "disks",                                                                                    \
	 .kind = CAIRN_F_ARRAY,                                                                              \
	 .min = 1,                                                                                           \
	 .max = CAIRN_DISKS_MAX,                                                                             \
	 .sub = (of_disk),                                                                                   \
	 .optional = true},                                                                                  \
	    {.name = "dm_args", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},    \
	    {.name = "inside_stubdomain",                                                                    \
	     .kind = CAIRN_F_OBJECT,                                                                         \
	     .sub = cairn_setup_inside,                                                                      \
	     .optional = true},                                                                              \
	    {.name = "stubdomain_cmdline",                                                                   \
	     .kind = CAIRN_F_TEXT,                                                                           \
	     .min = 1,                                                                                       \
	     .max = CAIRN_TEXT_MAX,                                                                          \
	     .optional = true},                                                                              \
	{                                                                                                    \
		.name = "xsm", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_XSM_MAX, .optional = true        \
	}

/* Whether the document of a domain of that type says what only version 2 can: the type itself, "components" with
 * more than kernel and ramdisk, or one of the members (NULL-ended). */
bool cairn_setup_needs_v2(const json_t *doc, const char *type, const char *const *members);
/* The members of CAIRN_SETUP_FIELDS, for such a list. */
#define CAIRN_SETUP_MEMBERS "disks", "dm_args", "inside_stubdomain", "stubdomain_cmdline", "xsm"

/* What a table cannot say of the document of a domain of that type. CAIRN_E_MALFORMED. */
enum cairn_status cairn_setup_check(const json_t *doc, const char *type) CAIRN_MUST_CHECK;

/* What a document could not show any more: too many of something (CAIRN_E_LIMIT), a purpose that is none or there
 * twice (CAIRN_E_MALFORMED). Before building. */
enum cairn_status cairn_setup_ready(const struct cairn_setup *s) CAIRN_MUST_CHECK;
/* A new reference: {"kernel","ramdisk",...}; a kernel without a digest and a ramdisk that is NULL are left out. */
json_t *cairn_setup_components_json(const struct cairn_component *kernel,
				    const struct cairn_component *ramdisk, const struct cairn_setup *s);
/* Adds the other members to the document. CAIRN_E_NOMEM. */
enum cairn_status cairn_setup_add(json_t *doc, const struct cairn_setup *s) CAIRN_MUST_CHECK;

/* From a document that was checked. */
enum cairn_status cairn_setup_read(struct cairn_setup *out, const json_t *doc) CAIRN_MUST_CHECK;

#endif
