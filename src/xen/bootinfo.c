/* The answer of pygrub (tools/pygrub/src/pygrub of Xen 4.17, format_simple). Nothing of it is believed but that it names
 * files of one directory; those are opened by whoever asked. */
#include "xen/bootinfo.h"

#include "xen/xlread.h"

/* The bytes up to the next NUL, and past it. */
static struct cairn_span take_item(struct cairn_cur *c)
{
	struct cairn_span left = cairn_cur_peek(*c);
	const uint8_t *end = left.len ? memchr(left.ptr, '\0', left.len) : NULL;

	if (!end) {
		cairn_cur_fail(c, CAIRN_E_TRUNCATED);
		return cairn_span("", 0);
	}
	struct cairn_span item = cairn_cur_bytes(c, (uint64_t)(end - left.ptr));

	(void)cairn_cur_u8(c);
	return item;
}

/* The value, where the item begins with that. */
static bool take_value(struct cairn_span *item, const char *start)
{
	struct cairn_cur c = cairn_cur(*item);

	if (!cairn_span_equal(cairn_cur_bytes(&c, strlen(start)), cairn_span_str(start)))
		return false;
	*item = cairn_cur_rest(&c);
	return true;
}

/* A name as tempfile makes it: nothing that leads out of the directory. */
static enum cairn_status take_file(char out[CAIRN_BOOTINFO_NAME], struct cairn_span path, const char *dir)
{
	char name[CAIRN_BOOTINFO_NAME];

	if (out[0] || !take_value(&path, dir) || !take_value(&path, "/") || path.len == 0 ||
	    path.len >= sizeof(name))
		return CAIRN_E_MALFORMED;
	memcpy(name, path.ptr, path.len);
	name[path.len] = '\0';
	if (name[0] == '.' || !cairn_xl_is_of(name, "._-", true))
		return CAIRN_E_MALFORMED;
	memcpy(out, name, sizeof(name));
	return CAIRN_OK;
}

static enum cairn_status take_args(char out[CAIRN_XLCFG_CMDLINE], struct cairn_span args)
{
	if (out[0])
		return CAIRN_E_MALFORMED;
	if (args.len >= CAIRN_XLCFG_CMDLINE)
		return CAIRN_E_LIMIT;
	if (!cairn_xl_is_plain(args))
		return CAIRN_E_UNSUPPORTED;
	memcpy(out, args.ptr, args.len);
	out[args.len] = '\0';
	return CAIRN_OK;
}

static enum cairn_status take(struct cairn_bootinfo *b, struct cairn_span item, const char *dir)
{
	if (take_value(&item, "kernel "))
		return take_file(b->kernel, item, dir);
	if (take_value(&item, "ramdisk "))
		return take_file(b->ramdisk, item, dir);
	if (take_value(&item, "args "))
		return take_args(b->args, item);
	return CAIRN_E_MALFORMED;
}

enum cairn_status cairn_bootinfo_parse(struct cairn_bootinfo *out, struct cairn_span answer, const char *dir)
{
	struct cairn_bootinfo b = {.kernel = ""};
	struct cairn_cur c = cairn_cur(answer);

	if (answer.len > CAIRN_BOOTINFO_MAX)
		return CAIRN_E_LIMIT;
	for (;;) {
		struct cairn_span item = take_item(&c);

		if (item.len == 0)
			break;
		enum cairn_status st = take(&b, item, dir);

		if (st != CAIRN_OK)
			return st;
	}
	enum cairn_status st = cairn_cur_end(&c);

	if (st == CAIRN_OK && (!b.kernel[0] || strcmp(b.kernel, b.ramdisk) == 0))
		st = CAIRN_E_MALFORMED;
	if (st == CAIRN_OK)
		*out = b;
	return st;
}
