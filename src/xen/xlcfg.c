/* xl.cfg in two steps. A strict scanner (xlscan.c) first finds the name of every statement, so that a key
 * nobody accepted is an error and not silently dropped. libxlutil then parses the same bytes and yields the
 * values, so that cairn and xl read a value alike. */
#include "xen/xlcfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

const char *cairn_domain_type_name(enum cairn_domain_type t)
{
	return t == CAIRN_DOMAIN_PVH ? "pvh" : "pv";
}

/* ---- values, through libxlutil ------------------------------------------------------------------------ */

struct reader {
	XLU_Config *xlu;
	struct cairn_buf *why;
	enum cairn_status status; /* sticks */
};

static bool is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void fail(struct reader *r, enum cairn_status st, const char *key, const char *what)
{
	if (r->status == CAIRN_OK)
		cairn_buf_add_fmt(r->why, "%s: %s", key, what);
	if (r->status == CAIRN_OK)
		r->status = st;
}

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e || *s == '"' || *s == '\'' || *s == '\\')
			return false;
	return true;
}

static bool copy_plain(struct reader *r, const char *key, char *out, size_t size, const char *value)
{
	if (!is_plain(value))
		fail(r, CAIRN_E_UNSUPPORTED, key,
		     "quotes, backslashes and control characters are not accepted");
	else if (strlen(value) >= size)
		fail(r, CAIRN_E_LIMIT, key, "the value is too long");
	else
		memcpy(out, value, strlen(value) + 1);
	return r->status == CAIRN_OK;
}

/* NULL when absent. */
static const char *get(struct reader *r, const char *key)
{
	const char *v = NULL;
	int e = xlu_cfg_get_string(r->xlu, key, &v, 1);

	if (e != 0 && e != ESRCH)
		fail(r, CAIRN_E_MALFORMED, key, "expected a string");
	return e == 0 ? v : NULL;
}

static void get_text(struct reader *r, const char *key, char *out, size_t size)
{
	const char *v = get(r, key);

	out[0] = '\0';
	if (v)
		copy_plain(r, key, out, size, v);
}

static unsigned get_number(struct reader *r, const char *key, long min, long max, unsigned absent)
{
	long v = 0;
	int e = xlu_cfg_get_bounded_long(r->xlu, key, min, max, &v, 1);

	if (e == ESRCH)
		return absent;
	if (e != 0)
		fail(r, CAIRN_E_MALFORMED, key, "not a number, or out of its range");
	return (unsigned)v;
}

/* Letters, digits and "._-"; not all digits, since xl takes those for a domain id. */
static bool is_domain_name(const char *s)
{
	bool other = false;

	for (; *s; s++) {
		bool alpha = is_lower(*s) || (*s >= 'A' && *s <= 'Z') || strchr("._-", *s);

		if (!alpha && !is_digit(*s))
			return false;
		other |= alpha;
	}
	return other;
}

/* Not of zeros alone: that is dom0's, and that of every domain that was given none. */
static bool is_uuid(const char *s)
{
	bool nil = true;

	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !is_digit(s[i]) && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
		nil &= dash || s[i] == '0';
	}
	return s[36] == '\0' && !nil;
}

static bool is_mac(const char *s)
{
	for (size_t i = 0; i < 17; i++) {
		bool hex = is_digit(s[i]) || (s[i] >= 'a' && s[i] <= 'f') || (s[i] >= 'A' && s[i] <= 'F');

		if (i % 3 == 2 ? s[i] != ':' : !hex)
			return false;
	}
	return s[17] == '\0';
}

static void read_identity(struct reader *r, struct cairn_xlcfg *c)
{
	const char *type;

	get_text(r, "name", c->name, sizeof(c->name));
	if (r->status == CAIRN_OK && (!is_domain_name(c->name) || strcmp(c->name, "Domain-0") == 0)) {
		c->name[0] = '\0';
		fail(r, CAIRN_E_MALFORMED, "name", "a name of letters, digits, '.', '_' and '-' is needed");
	}
	get_text(r, "uuid", c->uuid, sizeof(c->uuid));
	if (c->uuid[0] && !is_uuid(c->uuid))
		fail(r, CAIRN_E_MALFORMED, "uuid", "not a UUID in lower case");
	type = get(r, "type");
	if (type && strcmp(type, "pv") != 0 && strcmp(type, "pvh") != 0)
		fail(r, CAIRN_E_UNSUPPORTED, "type", "only \"pv\" and \"pvh\" domains are measured");
	c->type = type && strcmp(type, "pvh") == 0 ? CAIRN_DOMAIN_PVH : CAIRN_DOMAIN_PV;
}

/* xl's rule (parse_cmdline): cmdline= wins; else "root=ROOT EXTRA". */
static void read_cmdline(struct reader *r, struct cairn_xlcfg *c)
{
	const char *cmdline = get(r, "cmdline"), *root = get(r, "root"), *extra = get(r, "extra");
	cairn_auto_buf struct cairn_buf line = {0};

	if (cmdline && (root || extra))
		fail(r, CAIRN_E_UNSUPPORTED, "cmdline", "give either cmdline or root and extra, not both");
	if (cmdline)
		cairn_buf_add_str(&line, cmdline);
	else if (root)
		cairn_buf_add_fmt(&line, "root=%s%s%s", root, extra ? " " : "", extra ? extra : "");
	else if (extra)
		cairn_buf_add_str(&line, extra);
	const char *text = cairn_buf_str(&line);

	if (!text)
		fail(r, CAIRN_E_NOMEM, "cmdline", "out of memory");
	else
		copy_plain(r, "cmdline", c->cmdline, sizeof(c->cmdline), text);
}

static void read_files(struct reader *r, struct cairn_xlcfg *c)
{
	get_text(r, "kernel", c->kernel, sizeof(c->kernel));
	get_text(r, "ramdisk", c->ramdisk, sizeof(c->ramdisk));
	if (c->kernel[0] != '/')
		fail(r, CAIRN_E_MALFORMED, "kernel", "an absolute path is needed");
	if (c->ramdisk[0] && c->ramdisk[0] != '/')
		fail(r, CAIRN_E_MALFORMED, "ramdisk", "an absolute path is needed");
}

static void read_sizes(struct reader *r, struct cairn_xlcfg *c)
{
	c->memory = get_number(r, "memory", 1, 1 << 24, 0);
	c->maxmem = get_number(r, "maxmem", 1, 1 << 24, 0);
	c->vcpus = get_number(r, "vcpus", 1, 512, 1);
	c->maxvcpus = get_number(r, "maxvcpus", 1, 512, 0);
	c->driver_domain = get_number(r, "driver_domain", 0, 1, 0) == 1;
	if (c->memory == 0)
		fail(r, CAIRN_E_MALFORMED, "memory", "a size in MiB is needed");
	if (c->maxmem && c->maxmem < c->memory)
		fail(r, CAIRN_E_MALFORMED, "maxmem", "smaller than memory");
	if (c->maxvcpus && c->maxvcpus < c->vcpus)
		fail(r, CAIRN_E_MALFORMED, "maxvcpus", "smaller than vcpus");
}

/* A domain must not come back by the toolstack's hand: a restart is a launch, and goes through the gate. */
static void read_actions(struct reader *r)
{
	static const char *const keys[] = {"on_poweroff", "on_reboot", "on_crash"};

	for (size_t i = 0; i < 3; i++) {
		const char *v = get(r, keys[i]);

		if (v && strcmp(v, "destroy") != 0)
			fail(r, CAIRN_E_UNSUPPORTED, keys[i], "only \"destroy\" is accepted");
	}
}

static void read_tsc(struct reader *r, struct cairn_xlcfg *c)
{
	static const char *const modes[] = {"", "default", "always_emulate", "native", "native_paravirt"};

	get_text(r, "tsc_mode", c->tsc_mode, sizeof(c->tsc_mode));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (r->status != CAIRN_OK || strcmp(c->tsc_mode, modes[i]) == 0)
			return;
	fail(r, CAIRN_E_UNSUPPORTED, "tsc_mode", "not one of the modes that have a name");
}

static void read_vif_field(struct reader *r, struct cairn_vif *v, char *field)
{
	char *value = strchr(field, '=');

	if (!value) {
		fail(r, CAIRN_E_MALFORMED, "vif", "expected name=value");
		return;
	}
	*value++ = '\0';
	if (strcmp(field, "mac") == 0 && is_mac(value))
		memcpy(v->mac, value, sizeof(v->mac));
	else if (strcmp(field, "backend") == 0 && is_domain_name(value))
		copy_plain(r, "vif", v->backend, sizeof(v->backend), value);
	else if (strcmp(field, "bridge") == 0 && is_domain_name(value))
		copy_plain(r, "vif", v->bridge, sizeof(v->bridge), value);
	else if (strcmp(field, "script") == 0 && is_domain_name(value))
		copy_plain(r, "vif", v->script, sizeof(v->script), value);
	else
		fail(r, CAIRN_E_UNSUPPORTED, "vif",
		     "only mac=, backend=, bridge= and script= with plain names are accepted");
}

static void read_vif(struct reader *r, struct cairn_vif *v, const char *item)
{
	char text[256] = "", *rest = text;

	memset(v, 0, sizeof(*v));
	if (!copy_plain(r, "vif", text, sizeof(text), item))
		return;
	while (rest && *rest && r->status == CAIRN_OK) {
		char *field = strsep(&rest, ",");

		read_vif_field(r, v, field + strspn(field, " "));
	}
	if (strcmp(v->backend, "Domain-0") == 0)
		v->backend[0] = '\0';
	/* A script runs as root where the backend is: in dom0 only xl's own default may. */
	if (v->script[0] && !v->backend[0])
		fail(r, CAIRN_E_UNSUPPORTED, "vif",
		     "script= is accepted only with backend= of another domain");
}

static void read_vifs(struct reader *r, struct cairn_xlcfg *c)
{
	XLU_ConfigList *list = NULL;
	int n = 0, e = xlu_cfg_get_list(r->xlu, "vif", &list, &n, 1);

	c->vif_count = 0;
	if (e == ESRCH)
		return;
	if (e != 0)
		fail(r, CAIRN_E_MALFORMED, "vif", "expected a list");
	else if (n > CAIRN_XLCFG_VIFS)
		fail(r, CAIRN_E_LIMIT, "vif", "too many interfaces");
	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = xlu_cfg_get_listitem(list, i);

		if (item)
			read_vif(r, &c->vif[c->vif_count++], item);
		else
			fail(r, CAIRN_E_MALFORMED, "vif", "expected strings");
	}
}

static enum cairn_status read_all(struct reader *r, struct cairn_xlcfg *c, struct cairn_span text)
{
	if (xlu_cfg_readdata(r->xlu, (const char *)text.ptr, (int)text.len) != 0) {
		cairn_buf_add_str(r->why, "xl's own parser rejects it");
		return CAIRN_E_MALFORMED;
	}
	read_identity(r, c);
	read_files(r, c);
	read_cmdline(r, c);
	read_sizes(r, c);
	read_actions(r);
	read_tsc(r, c);
	read_vifs(r, c);
	return r->status;
}

enum cairn_status cairn_xlcfg_parse(struct cairn_xlcfg *out, struct cairn_span text, struct cairn_buf *why)
{
	enum cairn_status named = CAIRN_OK, st;

	memset(out, 0, sizeof(*out));
	if (text.len > CAIRN_XLCFG_MAX) {
		cairn_buf_add_str(why, "the configuration is too large");
		return CAIRN_E_LIMIT;
	}
	named = cairn_xlcfg_scan(text, why);
	if (named != CAIRN_OK && named != CAIRN_E_UNSUPPORTED)
		return named;
	cairn_auto_buf struct cairn_buf ignored = {0};
	FILE *report = fopen("/dev/null", "we");
	struct reader r = {.why = named == CAIRN_OK ? why : &ignored};

	r.xlu = report ? xlu_cfg_init(report, "config") : NULL;
	st = r.xlu ? read_all(&r, out, text) : CAIRN_E_NOMEM;
	/* A refused configuration is read for the name of its domain, which the record of the refusal holds.
	 */
	if (named != CAIRN_OK)
		st = named;
	if (r.xlu)
		xlu_cfg_destroy(r.xlu);
	if (report)
		fclose(report);
	return st;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

void cairn_vif_text(struct cairn_buf *out, const struct cairn_vif *v)
{
	const char *const names[] = {"backend", "bridge", "mac", "script"};
	const char *const values[] = {v->backend, v->bridge, v->mac, v->script};
	const char *comma = "";

	for (size_t i = 0; i < 4; i++) {
		if (!values[i][0])
			continue;
		cairn_buf_add_fmt(out, "%s%s=%s", comma, names[i], values[i]);
		comma = ",";
	}
}

/* The same for xl. xl takes a backend of digits for a domid; without one it would take a default of xl.conf.
 */
static void put_vif(struct cairn_buf *out, const struct cairn_vif *v)
{
	struct cairn_vif numbered = *v;

	snprintf(numbered.backend, sizeof(numbered.backend), "%u", v->backend[0] ? v->backend_domid : 0);
	cairn_vif_text(out, &numbered);
}

static void put(struct cairn_buf *out, const char *key, const char *value)
{
	if (value && value[0])
		cairn_buf_add_fmt(out, "%s = \"%s\"\n", key, value);
}

enum cairn_status cairn_xlcfg_emit(struct cairn_buf *out, const struct cairn_xlcfg *c, const char *kernel,
				   const char *ramdisk)
{
	put(out, "name", c->name);
	put(out, "uuid", c->uuid);
	put(out, "type", cairn_domain_type_name(c->type));
	put(out, "kernel", kernel);
	put(out, "ramdisk", ramdisk);
	put(out, "cmdline", c->cmdline);
	put(out, "tsc_mode", c->tsc_mode);
	put(out, "on_poweroff", "destroy");
	put(out, "on_reboot", "destroy");
	put(out, "on_crash", "destroy");
	cairn_buf_add_fmt(out, "memory = %u\nvcpus = %u\n", c->memory, c->vcpus);
	if (c->maxmem)
		cairn_buf_add_fmt(out, "maxmem = %u\n", c->maxmem);
	if (c->maxvcpus)
		cairn_buf_add_fmt(out, "maxvcpus = %u\n", c->maxvcpus);
	if (c->driver_domain)
		cairn_buf_add_str(out, "driver_domain = 1\n");
	cairn_buf_add_str(out, "vif = [");
	for (size_t i = 0; i < c->vif_count; i++) {
		cairn_buf_add_str(out, i ? ", \"" : " \"");
		put_vif(out, &c->vif[i]);
		cairn_buf_add_str(out, "\"");
	}
	cairn_buf_add_str(out, " ]\n");
	return cairn_buf_status(out);
}
