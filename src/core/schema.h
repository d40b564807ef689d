/* Schemas of hashed and signed documents as tables: every member of an object, what it may hold, and nothing
 * besides. */
#ifndef CAIRN_CORE_SCHEMA_H
#define CAIRN_CORE_SCHEMA_H

#include "cairn/json.h"

enum cairn_field_kind {
	CAIRN_F_TEXT, /* string, UTF-8 without control characters, min to max bytes */
	CAIRN_F_NAME, /* cairn_name_ok */
	CAIRN_F_KID,  /* cairn_kid_ok */
	CAIRN_F_UUID, /* 36 characters, lower case */
	CAIRN_F_HEX,  /* lower-case hex of min to max bytes */
	CAIRN_F_WORD, /* one of words */
	CAIRN_F_INT,  /* min to max */
	CAIRN_F_BOOL,
	CAIRN_F_COMPONENT, /* {"sha256","sha384","size"} */
	CAIRN_F_OBJECT,	   /* with the members sub */
	CAIRN_F_ARRAY,	   /* of min to max elements, each as sub[0] says */
	CAIRN_F_MAP,	   /* object of min to max members: names are cairn_name_ok, values as sub[0] says */
	CAIRN_F_ANY,	   /* any object: checked by someone else */
};

struct cairn_field {
	const char *name; /* NULL ends a table */
	enum cairn_field_kind kind;
	uint64_t min, max;
	const struct cairn_field *sub;
	const char *const *words; /* NULL-ended; beside CAIRN_F_WORD: other strings that are allowed too */
	bool optional;		  /* the member may be missing */
	bool nullable;		  /* the value may be null */
	bool ascending;		  /* array of strings in strictly ascending order */
};

/* CAIRN_E_MALFORMED; CAIRN_E_LIMIT (too long or too many); CAIRN_E_UNSUPPORTED (a member that the table does
 * not have). The depth is that of the tables, never that of the input. */
enum cairn_status cairn_schema_check(const json_t *v, const struct cairn_field *members) CAIRN_MUST_CHECK;

/* For values that were checked: they cannot fail. */
const char *cairn_schema_str(const json_t *v, const char *member);
uint64_t cairn_schema_int(const json_t *v, const char *member);
/* A digest in hex, or a component; where the member is missing the alg of its digests is CAIRN_ALG_NONE. */
struct cairn_digest cairn_schema_digest(enum cairn_alg alg, const json_t *v, const char *member);
struct cairn_component cairn_schema_component(const json_t *v, const char *member);
/* Strings of an array member into out, at most max. The count. */
size_t cairn_schema_strs(const char **out, size_t max, const json_t *v, const char *member);

/* For builders: a string whatever its bytes, which cairn_schema_check then judges. NULL counts as "". */
json_t *cairn_schema_text(const char *s);
/* The same for an array; sorted where asked for, without touching in. */
json_t *cairn_schema_texts(const char *const *in, size_t count, bool sorted);
/* A 64-bit number; one that JSON cannot hold becomes -1, which no schema allows. */
json_t *cairn_schema_number(uint64_t n);

#endif
