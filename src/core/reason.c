/* Lists of reasons: cleaned copies of what the caller, and often a hostile input, says. */
#include "cairn/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"

void cairn_reasons_init(struct cairn_reasons *r)
{
	memset(r, 0, sizeof(*r));
}

void cairn_reasons_fini(struct cairn_reasons *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->item[i].own);
	memset(r, 0, sizeof(*r));
}

/* Copies s to *at as printable ASCII, cut to the limit, and moves *at behind its NUL. */
static const char *clean(char **at, const char *s)
{
	char *start = *at;
	size_t len = strnlen(s, CAIRN_REASON_TEXT_MAX + 1);
	size_t keep = len > CAIRN_REASON_TEXT_MAX ? CAIRN_REASON_TEXT_MAX : len;

	for (size_t i = 0; i < keep; i++)
		start[i] = s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?';
	if (len > keep)
		memcpy(start + keep - 3, "...", 3);
	start[keep] = '\0';
	*at += keep + 1;
	return start;
}

static size_t room(const char *s)
{
	return strnlen(s, CAIRN_REASON_TEXT_MAX) + 1;
}

void cairn_reasons_add(struct cairn_reasons *r, const char *code, const char *component, const char *file,
		       const char *expected, const char *found, const char *text)
{
	const char *in[5] = {component, file, expected, found, text};
	struct cairn_reason *e;
	size_t size = 0;
	char *at;

	if (r->count == CAIRN_REASONS_MAX) {
		r->dropped++;
		return;
	}
	for (size_t i = 0; i < 5; i++) {
		in[i] = in[i] != NULL ? in[i] : "";
		size += room(in[i]);
	}
	e = &r->item[r->count++];
	*e = (struct cairn_reason){code, "", "", "", "", "", NULL};
	e->own = at = malloc(size);
	if (at == NULL)
		return;
	e->component = clean(&at, in[0]);
	e->file = clean(&at, in[1]);
	e->expected = clean(&at, in[2]);
	e->found = clean(&at, in[3]);
	e->text = clean(&at, in[4]);
}

void cairn_reasons_addf(struct cairn_reasons *r, const char *code, const char *component, const char *file,
			const char *expected, const char *found, const char *fmt, ...)
{
	char text[CAIRN_REASON_TEXT_MAX + 2];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cairn_reasons_add(r, code, component, file, expected, found, n >= 0 ? text : "");
}

void cairn_reasons_join(struct cairn_reasons *r, const struct cairn_reasons *more)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct cairn_reason *e = &more->item[i];

		cairn_reasons_add(r, e->code, e->component, e->file, e->expected, e->found, e->text);
	}
	r->dropped += more->dropped;
}

static const char *const CODES[] = {
    CAIRN_R_DIGEST_MISMATCH,	 CAIRN_R_NO_MANIFEST,	      CAIRN_R_BAD_SIGNATURE,
    CAIRN_R_UNTRUSTED_SIGNER,	 CAIRN_R_WRONG_NAME,	      CAIRN_R_WRONG_TYPE,
    CAIRN_R_CMDLINE_MISMATCH,	 CAIRN_R_MEMORY_EXCEEDED,     CAIRN_R_VCPUS_EXCEEDED,
    CAIRN_R_ROLE_NOT_ALLOWED,	 CAIRN_R_BACKEND_NOT_ALLOWED, CAIRN_R_DM_ARGS_MISMATCH,
    CAIRN_R_STUBDOMAIN_CMDLINE,	 CAIRN_R_STUBDOMAIN_FILE,     CAIRN_R_XSM_MISMATCH,
    CAIRN_R_DISK_NOT_ALLOWED,	 CAIRN_R_DISK_MISSING,	      CAIRN_R_DISK_KIND,
    CAIRN_R_DISK_MODE,		 CAIRN_R_PCI_NOT_ALLOWED,     CAIRN_R_PCI_PERMISSIVE,
    CAIRN_R_SERVES_NOT_ALLOWED,	 CAIRN_R_TARGET_NOT_ALLOWED,  CAIRN_R_FILE_MISSING,
    CAIRN_R_FILE_UNREADABLE,	 CAIRN_R_FILE_EMPTY,	      CAIRN_R_FILE_CHANGED,
    CAIRN_R_CONFIG_UNSUPPORTED,	 CAIRN_R_CONFIG_MALFORMED,    CAIRN_R_BUILD_FAILED,
    CAIRN_R_PCI_ROM_MISMATCH,	 CAIRN_R_BELOW_FLOOR,	      CAIRN_R_REVOKED,
    CAIRN_R_RELEASE_SET_MISSING, CAIRN_R_RELEASE_SET_OLD,     NULL,
};

bool cairn_reason_code(const char *code, const char **literal)
{
	for (const char *const *c = CODES; *c != NULL; c++) {
		if (strcmp(*c, code) != 0)
			continue;
		if (literal != NULL)
			*literal = *c;
		return true;
	}
	return false;
}

static json_t *reason_json(const struct cairn_reason *e)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "code", cairn_schema_text(e->code), "component",
			 cairn_schema_text(e->component), "expected", cairn_schema_text(e->expected), "file",
			 cairn_schema_text(e->file), "found", cairn_schema_text(e->found), "text",
			 cairn_schema_text(e->text));
}

json_t *cairn_reasons_json(const struct cairn_reasons *r)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < r->count; i++)
		if (json_array_append_new(array, reason_json(&r->item[i])) != 0)
			cairn_json_release(&array);
	return array;
}

enum cairn_status cairn_reasons_from_json(struct cairn_reasons *r, const json_t *array)
{
	static const struct cairn_field members[] = {
	    {.name = "code", .kind = CAIRN_F_WORD, .words = CODES},
	    {.name = "component", .kind = CAIRN_F_TEXT, .max = CAIRN_REASON_TEXT_MAX},
	    {.name = "expected", .kind = CAIRN_F_TEXT, .max = CAIRN_REASON_TEXT_MAX},
	    {.name = "file", .kind = CAIRN_F_TEXT, .max = CAIRN_REASON_TEXT_MAX},
	    {.name = "found", .kind = CAIRN_F_TEXT, .max = CAIRN_REASON_TEXT_MAX},
	    {.name = "text", .kind = CAIRN_F_TEXT, .max = CAIRN_REASON_TEXT_MAX},
	    {0},
	};
	enum cairn_status st = json_is_array(array) ? CAIRN_OK : CAIRN_E_MALFORMED;

	if (st == CAIRN_OK && json_array_size(array) > CAIRN_REASONS_MAX)
		st = CAIRN_E_LIMIT;
	for (size_t i = 0; st == CAIRN_OK && i < json_array_size(array); i++)
		st = cairn_schema_check(json_array_get(array, i), members);
	for (size_t i = 0; st == CAIRN_OK && i < json_array_size(array); i++) {
		const json_t *e = json_array_get(array, i);
		const char *code = "";

		if (cairn_reason_code(cairn_schema_str(e, "code"), &code))
			cairn_reasons_add(r, code, cairn_schema_str(e, "component"),
					  cairn_schema_str(e, "file"), cairn_schema_str(e, "expected"),
					  cairn_schema_str(e, "found"), cairn_schema_str(e, "text"));
	}
	return st;
}
