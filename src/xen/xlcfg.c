/* xl.cfg in two steps. A strict scanner (xlscan.c) first finds the name of every statement, so that a key
 * nobody accepted is an error and not silently dropped. libxlutil then parses the same bytes and yields the
 * values, so that cairn and xl read a value alike. */
#include <stdio.h>
#include <string.h>

#include "xen/xlread.h"

const char *cairn_domain_type_name(enum cairn_domain_type t)
{
	static const char *const names[] = {"pv", "pvh", "hvm"};

	return names[t];
}

/* Not of zeros alone: that is dom0's, and that of every domain that was given none. */
static bool is_uuid(const char *s)
{
	bool nil = true;

	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
		nil &= dash || s[i] == '0';
	}
	return s[36] == '\0' && !nil;
}

/* xl takes the start of a name for the name; cairn does not. */
static void read_type(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	const char *type = cairn_xl_get(r, "type");

	c->type = CAIRN_DOMAIN_PV;
	if (!type || strcmp(type, "pv") == 0)
		return;
	if (strcmp(type, "pvh") == 0)
		c->type = CAIRN_DOMAIN_PVH;
	else if (strcmp(type, "hvm") == 0)
		c->type = CAIRN_DOMAIN_HVM;
	else
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "type",
			      "only \"pv\", \"pvh\" and \"hvm\" domains are measured");
}

static void read_identity(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	cairn_xl_get_text(r, "name", c->name, sizeof(c->name));
	if (r->status == CAIRN_OK && (!cairn_xl_is_name(c->name) || strcmp(c->name, "Domain-0") == 0)) {
		c->name[0] = '\0';
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "name",
			      "a name of letters, digits, '.', '_' and '-' is needed");
	}
	cairn_xl_get_text(r, "uuid", c->uuid, sizeof(c->uuid));
	if (c->uuid[0] && !is_uuid(c->uuid))
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "uuid", "not a UUID in lower case");
	read_type(r, c);
}

/* xl's rule (parse_cmdline): cmdline= wins; else "root=ROOT EXTRA". */
static void read_cmdline(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	const char *cmdline = cairn_xl_get(r, "cmdline"), *root = cairn_xl_get(r, "root"),
		   *extra = cairn_xl_get(r, "extra");
	cairn_auto_buf struct cairn_buf line = {0};

	if (cmdline && (root || extra))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "cmdline",
			      "give either cmdline or root and extra, not both");
	if (cmdline)
		cairn_buf_add_str(&line, cmdline);
	else if (root)
		cairn_buf_add_fmt(&line, "root=%s%s%s", root, extra ? " " : "", extra ? extra : "");
	else if (extra)
		cairn_buf_add_str(&line, extra);
	const char *text = cairn_buf_str(&line);

	if (!text)
		cairn_xl_fail(r, CAIRN_E_NOMEM, "cmdline", "out of memory");
	else
		cairn_xl_copy(r, "cmdline", c->cmdline, sizeof(c->cmdline), text);
}

/* xl would run it as root; cairnd runs it itself, as nobody. */
static void read_bootloader(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	const char *v = cairn_xl_get(r, "bootloader");

	c->pygrub = v != NULL;
	if (!v)
		return;
	if (strcmp(v, "pygrub") != 0 || c->type == CAIRN_DOMAIN_HVM)
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "bootloader",
			      "only \"pygrub\" is accepted, and not for an hvm domain");
	if (cairn_xl_get(r, "kernel") || cairn_xl_get(r, "ramdisk"))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "bootloader",
			      "kernel and ramdisk are those that pygrub finds: take them out");
}

static void check_boot_disk(struct cairn_xlreader *r, const struct cairn_xlcfg *c)
{
	if (c->pygrub && (c->disk_count == 0 || c->disk[0].backend[0] || c->disk[0].cdrom))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "bootloader",
			      "the first disk is the one to boot from: a disk that dom0 has, and no CD-ROM");
}

/* An hvm domain may do without a kernel, and then has no command line and no ramdisk either: libxl refuses those. */
static void read_files(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	char *kernel = c->file[CAIRN_XLFILE_KERNEL], *ramdisk = c->file[CAIRN_XLFILE_RAMDISK];

	cairn_xl_get_text(r, "kernel", kernel, CAIRN_XLCFG_PATH);
	cairn_xl_get_text(r, "ramdisk", ramdisk, CAIRN_XLCFG_PATH);
	if (c->pygrub)
		return;
	if (c->type == CAIRN_DOMAIN_HVM && !kernel[0]) {
		if (ramdisk[0] || c->cmdline[0])
			cairn_xl_fail(r, CAIRN_E_MALFORMED, "kernel",
				      "a ramdisk or a command line without a kernel");
		return;
	}
	if (kernel[0] != '/')
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "kernel", "an absolute path is needed");
	if (ramdisk[0] && ramdisk[0] != '/')
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "ramdisk", "an absolute path is needed");
}

static void read_sizes(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	c->memory = cairn_xl_get_number(r, "memory", 1, 1 << 24, 0);
	c->maxmem = cairn_xl_get_number(r, "maxmem", 1, 1 << 24, 0);
	c->vcpus = cairn_xl_get_number(r, "vcpus", 1, 512, 1);
	c->maxvcpus = cairn_xl_get_number(r, "maxvcpus", 1, 512, 0);
	c->driver_domain = cairn_xl_get_number(r, "driver_domain", 0, 1, 0) == 1;
	if (c->memory == 0)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "memory", "a size in MiB is needed");
	if (c->maxmem && c->maxmem < c->memory)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "maxmem", "smaller than memory");
	if (c->maxvcpus && c->maxvcpus < c->vcpus)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "maxvcpus", "smaller than vcpus");
}

/* A domain must not come back by the toolstack's hand: a restart is a launch, and goes through the gate. */
static void read_actions(struct cairn_xlreader *r)
{
	static const char *const keys[] = {"on_poweroff", "on_reboot", "on_crash"};

	for (size_t i = 0; i < 3; i++) {
		const char *v = cairn_xl_get(r, keys[i]);

		if (v && strcmp(v, "destroy") != 0)
			cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, keys[i], "only \"destroy\" is accepted");
	}
}

static void read_tsc(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	static const char *const modes[] = {"", "default", "always_emulate", "native", "native_paravirt"};

	cairn_xl_get_text(r, "tsc_mode", c->tsc_mode, sizeof(c->tsc_mode));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (r->status != CAIRN_OK || strcmp(c->tsc_mode, modes[i]) == 0)
			return;
	cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "tsc_mode", "not one of the modes that have a name");
}

/* What a driver domain serves is nowhere in xl's own keys; xl skips this one. */
static void read_serves(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	XLU_ConfigList *list = NULL;
	int n = cairn_xl_get_list(r, "cairn_serves", &list, 2);

	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = cairn_xl_get_item(r, "cairn_serves", list, i);

		if (item && strcmp(item, "vif") == 0 && !c->serves_vif)
			c->serves_vif = true;
		else if (item && strcmp(item, "vbd") == 0 && !c->serves_vbd)
			c->serves_vbd = true;
		else
			cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "cairn_serves",
				      "only \"vif\" and \"vbd\" are accepted, each once");
	}
	if (n > 0 && !c->driver_domain)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "cairn_serves", "needs driver_domain = 1");
}

static void read_label(struct cairn_xlreader *r, const char *key, char *out)
{
	cairn_xl_get_text(r, key, out, CAIRN_XLCFG_LABEL);
	if (!cairn_xl_is_of(out, "_:.,-", true))
		cairn_xl_fail(r, CAIRN_E_MALFORMED, key, "not a label");
}

static enum cairn_status read_all(struct cairn_xlreader *r, struct cairn_xlcfg *c, struct cairn_span text)
{
	if (xlu_cfg_readdata(r->xlu, (const char *)text.ptr, (int)text.len) != 0) {
		cairn_buf_add_str(r->why, "xl's own parser rejects it");
		return CAIRN_E_MALFORMED;
	}
	read_identity(r, c);
	read_cmdline(r, c);
	read_bootloader(r, c);
	read_files(r, c);
	read_sizes(r, c);
	read_actions(r);
	read_tsc(r, c);
	read_serves(r, c);
	read_label(r, "seclabel", c->label);
	read_label(r, "device_model_stubdomain_seclabel", c->stub_label);
	cairn_xl_read_settings(r, c);
	cairn_xl_read_hvm(r, c);
	cairn_xl_read_vifs(r, c);
	cairn_xl_read_disks(r, c);
	check_boot_disk(r, c);
	cairn_xl_read_pci(r, c);
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
	struct cairn_xlreader r = {.why = named == CAIRN_OK ? why : &ignored};

	r.xlu = report ? xlu_cfg_init(report, "config") : NULL;
	st = r.xlu ? read_all(&r, out, text) : CAIRN_E_NOMEM;
	/* A refused configuration is read for the name of its domain, which the record of the refusal holds. */
	if (named != CAIRN_OK)
		st = named;
	if (r.xlu)
		xlu_cfg_destroy(r.xlu);
	if (report)
		fclose(report);
	return st;
}
