/* Values of a configuration, through libxlutil, and which of them are plain enough to be written again. */
#include "xen/xlread.h"

#include <errno.h>
#include <string.h>

void cairn_xl_fail(struct cairn_xlreader *r, enum cairn_status st, const char *key, const char *what)
{
	if (r->status == CAIRN_OK)
		cairn_buf_add_fmt(r->why, "%s: %s", key, what);
	if (r->status == CAIRN_OK)
		r->status = st;
}

bool cairn_xl_is_plain(struct cairn_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || strchr("\"'\\", s.ptr[i]))
			return false;
	return true;
}

bool cairn_xl_copy(struct cairn_xlreader *r, const char *key, char *out, size_t size, const char *value)
{
	if (!cairn_xl_is_plain(cairn_span_str(value)))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, key,
			      "quotes, backslashes and control characters are not accepted");
	else if (strlen(value) >= size)
		cairn_xl_fail(r, CAIRN_E_LIMIT, key, "the value is too long");
	else
		memcpy(out, value, strlen(value) + 1);
	return r->status == CAIRN_OK;
}

const char *cairn_xl_get(struct cairn_xlreader *r, const char *key)
{
	const char *v = NULL;
	int e = xlu_cfg_get_string(r->xlu, key, &v, 1);

	if (e != 0 && e != ESRCH)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, key, "expected a string");
	return e == 0 ? v : NULL;
}

void cairn_xl_get_text(struct cairn_xlreader *r, const char *key, char *out, size_t size)
{
	const char *v = cairn_xl_get(r, key);

	out[0] = '\0';
	if (v)
		cairn_xl_copy(r, key, out, size, v);
}

unsigned cairn_xl_get_number(struct cairn_xlreader *r, const char *key, long min, long max, unsigned absent)
{
	long v = 0;
	int e = xlu_cfg_get_bounded_long(r->xlu, key, min, max, &v, 1);

	if (e == ESRCH)
		return absent;
	if (e != 0)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, key, "not a number, or out of its range");
	return (unsigned)v;
}

int cairn_xl_get_list(struct cairn_xlreader *r, const char *key, XLU_ConfigList **list, int max)
{
	int n = 0, e = xlu_cfg_get_list(r->xlu, key, list, &n, 1);

	if (e == ESRCH)
		return 0;
	if (e != 0)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, key, "expected a list");
	else if (n > max)
		cairn_xl_fail(r, CAIRN_E_LIMIT, key, "too many items");
	return e == 0 && n <= max ? n : 0;
}

const char *cairn_xl_get_item(struct cairn_xlreader *r, const char *key, const XLU_ConfigList *list, int i)
{
	const char *item = xlu_cfg_get_listitem(list, i);

	if (!item)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, key, "expected strings");
	return item;
}

bool cairn_xl_is_of(const char *s, const char *more, bool alnum)
{
	for (; *s; s++) {
		bool an = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

		if (!(alnum && an) && !strchr(more, *s))
			return false;
	}
	return true;
}

bool cairn_xl_is_name(const char *s)
{
	return cairn_xl_is_of(s, "._-", true) && s[strspn(s, "0123456789")] != '\0';
}
