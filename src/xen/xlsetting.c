/* Settings: keys that have one plain value each. The table says for which types of domain there is such a key,
 * what values are accepted, and what libxl takes for an hvm domain where it is absent: cairn writes that out, so
 * that it is on record, and no xl.conf and no later libxl decides anything else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen/xlread.h"

enum kind {
	BOOL,
	NUMBER,
	WORD,
	WORDS, /* a list; kept as words with spaces between them */
	CHARS, /* of the characters in words[0] */
	SERIAL,
};

#define PV  (1u << CAIRN_DOMAIN_PV)
#define PVH (1u << CAIRN_DOMAIN_PVH)
#define HVM (1u << CAIRN_DOMAIN_HVM)
#define ALL (PV | PVH | HVM)

struct setting {
	const char *name;
	enum kind kind;
	unsigned types;
	const char *preset; /* for hvm; NULL: it stays absent */
	long min, max;
	const char *const *words;
};

static const char *const TIMERS[] = {"delay_for_missed_ticks", "no_delay_for_missed_ticks",
				     "no_missed_ticks_pending", "one_missed_tick_pending", NULL};
static const char *const BIOSES[] = {"seabios", "ovmf", NULL};
static const char *const MODELS[] = {"qemu-xen", NULL};
static const char *const VGAS[] = {"none", "stdvga", "cirrus", NULL};
static const char *const HDTYPES[] = {"ide", "ahci", NULL};
static const char *const USBDEVICES[] = {"tablet", "mouse", "keyboard", NULL};
static const char *const VIRIDIAN[] = {"all",
				       "defaults",
				       "base",
				       "freq",
				       "time_ref_count",
				       "reference_tsc",
				       "hcall_remote_tlb_flush",
				       "apic_assist",
				       "crash_ctl",
				       "synic",
				       "stimer",
				       "hcall_ipi",
				       "ex_processor_masks",
				       "no_vp_limit",
				       "cpu_hotplug",
				       NULL};
static const char *const BOOT[] = {"acdn"};
static const char *const CPUS[] = {"0123456789-,^"};
static const char *const ADDRESS[] = {"0123456789."};
static const char *const KEYMAP[] = {"abcdefghijklmnopqrstuvwxyz-"};

/* Presets: tools/libs/light/libxl_create.c (libxl__domain_build_info_setdefault) of Xen 4.17. videoram, and
 * what belongs to VNC and to a stub domain, depend on other settings: see cairn_xl_set_defaults. */
static const struct setting table[] = {
    {.name = "acpi", .kind = BOOL, .types = PVH | HVM, .preset = "1"},
    {.name = "acpi_laptop_slate", .kind = BOOL, .types = HVM, .preset = "0"},
    {.name = "acpi_s3", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "acpi_s4", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "apic", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "bios", .kind = WORD, .types = HVM, .preset = "seabios", .words = BIOSES},
    {.name = "boot", .kind = CHARS, .types = HVM, .preset = "cda", .words = BOOT},
    {.name = "cap", .kind = NUMBER, .types = ALL, .max = 65535},
    {.name = "cpu_weight", .kind = NUMBER, .types = ALL, .min = 1, .max = 65535},
    {.name = "cpus", .kind = CHARS, .types = ALL, .words = CPUS},
    {.name = "device_model_version", .kind = WORD, .types = HVM, .preset = "qemu-xen", .words = MODELS},
    {.name = "hdtype", .kind = WORD, .types = HVM, .preset = "ide", .words = HDTYPES},
    {.name = "hpet", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "keymap", .kind = CHARS, .types = HVM, .words = KEYMAP},
    {.name = "localtime", .kind = BOOL, .types = ALL, .preset = "0"},
    {.name = "nestedhvm", .kind = BOOL, .types = PVH | HVM, .preset = "0"},
    {.name = "nographic", .kind = BOOL, .types = HVM, .preset = "0"},
    {.name = "nomigrate", .kind = BOOL, .types = ALL},
    {.name = "nx", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "pae", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "sdl",
     .kind = NUMBER,
     .types = HVM,
     .preset = "0"}, /* a window: of whose screen is not on record */
    {.name = "serial", .kind = SERIAL, .types = HVM},
    {.name = "stubdomain_memory", .kind = NUMBER, .types = HVM, .min = 16, .max = 1 << 16},
    {.name = "timer_mode",
     .kind = WORD,
     .types = PVH | HVM,
     .preset = "no_delay_for_missed_ticks",
     .words = TIMERS},
    {.name = "usb", .kind = BOOL, .types = HVM, .preset = "0"},
    {.name = "usbdevice", .kind = WORDS, .types = HVM, .words = USBDEVICES},
    {.name = "vga", .kind = WORD, .types = HVM, .preset = "cirrus", .words = VGAS},
    {.name = "videoram", .kind = NUMBER, .types = HVM, .max = 512},
    {.name = "viridian", .kind = WORDS, .types = HVM, .preset = "0", .words = VIRIDIAN},
    {.name = "vnc", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "vncdisplay", .kind = NUMBER, .types = HVM, .preset = "0", .max = 9999},
    {.name = "vnclisten", .kind = CHARS, .types = HVM, .words = ADDRESS},
    {.name = "vncunused", .kind = BOOL, .types = HVM},
    {.name = "vpt_align", .kind = BOOL, .types = HVM, .preset = "1"},
    {.name = "xen_platform_pci", .kind = BOOL, .types = HVM, .preset = "1"},
};
#define SETTINGS (sizeof(table) / sizeof(table[0]))

_Static_assert(SETTINGS <= CAIRN_XLCFG_SETTINGS, "settings have room");

size_t cairn_xlsetting_count(void)
{
	return SETTINGS;
}

const char *cairn_xlsetting_name(size_t i)
{
	return table[i].name;
}

size_t cairn_xlsetting_find(const char *name, size_t len)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
			return i;
	return SIZE_MAX;
}

const char *cairn_xlcfg_setting(const struct cairn_xlcfg *c, const char *name)
{
	size_t i = cairn_xlsetting_find(name, strlen(name));

	return i != SIZE_MAX ? c->setting[i] : "";
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static bool is_word(const char *const *words, const char *s)
{
	while (*words && strcmp(*words, s) != 0)
		words++;
	return *words != NULL;
}

/* What QEMU writes there is the guest's to choose, and QEMU runs as root: one directory is for that. */
static bool is_serial(const char *s)
{
	static const char log[] = "file:/var/log/xen/";
	static const char *const plain[] = {"pty", "null", "none", NULL};

	if (strncmp(s, log, strlen(log)) != 0)
		return is_word(plain, s);
	s += strlen(log);
	return s[0] != '.' && cairn_xl_is_name(s);
}

static void read_number(struct cairn_xlreader *r, const struct setting *s, char *out)
{
	long max = s->kind == BOOL ? 1 : s->max;

	if (cairn_xl_get(r, s->name))
		snprintf(out, CAIRN_XLCFG_VALUE, "%u", cairn_xl_get_number(r, s->name, s->min, max, 0));
}

static void read_text(struct cairn_xlreader *r, const struct setting *s, char *out)
{
	const char *v = cairn_xl_get(r, s->name);
	bool ok;

	if (!v || !cairn_xl_copy(r, s->name, out, CAIRN_XLCFG_VALUE, v))
		return;
	if (s->kind == SERIAL)
		ok = is_serial(v);
	else
		ok = s->kind == WORD ? is_word(s->words, v) : v[0] && cairn_xl_is_of(v, s->words[0], false);
	if (!ok)
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, s->name, "cairn does not accept this value");
}

/* One more word of a list; viridian may take one back with '!'. */
static void add_word(struct cairn_xlreader *r, const struct setting *s, char *out, const char *word)
{
	size_t len = strlen(out);
	const char *bare = s->words == VIRIDIAN && word[0] == '!' ? word + 1 : word;

	if (!is_word(s->words, bare))
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, s->name, "cairn does not accept this value");
	else if (len + strlen(word) + 2 > CAIRN_XLCFG_VALUE)
		cairn_xl_fail(r, CAIRN_E_LIMIT, s->name, "too many items");
	else
		snprintf(out + len, CAIRN_XLCFG_VALUE - len, "%s%s", len ? " " : "", word);
}

static void read_words(struct cairn_xlreader *r, const struct setting *s, char *out)
{
	XLU_ConfigList *list = NULL;
	const char *one = NULL;

	if (xlu_cfg_get_string(r->xlu, s->name, &one, 1) == 0) {
		if (s->words == VIRIDIAN)
			read_number(r, &(struct setting){.name = s->name, .kind = BOOL}, out);
		else
			add_word(r, s, out, one);
		return;
	}
	int n = cairn_xl_get_list(r, s->name, &list, 16);

	for (int i = 0; i < n && r->status == CAIRN_OK; i++) {
		const char *item = cairn_xl_get_item(r, s->name, list, i);

		if (item)
			add_word(r, s, out, item);
	}
}

static bool is_there(struct cairn_xlreader *r, const char *key)
{
	const char *v;

	return xlu_cfg_get_string(r->xlu, key, &v, 1) != ESRCH;
}

void cairn_xl_read_settings(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	for (size_t i = 0; i < SETTINGS && r->status == CAIRN_OK; i++) {
		const struct setting *s = &table[i];

		if (!is_there(r, s->name))
			continue;
		if (!(s->types & 1u << c->type))
			cairn_xl_fail(
			    r, CAIRN_E_UNSUPPORTED, s->name,
			    "cairn does not measure it for a domain of this type, and so refuses it");
		else if (s->kind == BOOL || s->kind == NUMBER)
			read_number(r, s, c->setting[i]);
		else if (s->kind == WORDS)
			read_words(r, s, c->setting[i]);
		else
			read_text(r, s, c->setting[i]);
	}
}

/* ---- libxl's defaults for an hvm domain --------------------------------------------------------------- */

static void set(struct cairn_xlcfg *c, const char *name, const char *value)
{
	size_t i = cairn_xlsetting_find(name, strlen(name));

	if (i != SIZE_MAX && !c->setting[i][0])
		snprintf(c->setting[i], CAIRN_XLCFG_VALUE, "%s", value);
}

static bool is(const struct cairn_xlcfg *c, const char *name, const char *value)
{
	return strcmp(cairn_xlcfg_setting(c, name), value) == 0;
}

/* libxl refuses less than it would take itself. */
static void set_videoram(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	unsigned least = is(c, "vga", "none") ? 0 : is(c, "vga", "stdvga") ? 16 : 8;
	char text[16];

	snprintf(text, sizeof(text), "%u", least);
	set(c, "videoram", text);
	if (strtoul(cairn_xlcfg_setting(c, "videoram"), NULL, 10) < least)
		cairn_xl_fail(r, CAIRN_E_MALFORMED, "videoram", "too little for this vga");
}

void cairn_xl_set_defaults(struct cairn_xlreader *r, struct cairn_xlcfg *c)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (table[i].preset)
			set(c, table[i].name, table[i].preset);
	set_videoram(r, c);
	if (is(c, "vnc", "1")) {
		set(c, "vnclisten", "127.0.0.1");
		set(c, "vncunused", "1");
	}
	if (c->stubdomain)
		set(c, "stubdomain_memory", "128"); /* libxl_internal.h: LIBXL_LINUX_STUBDOM_MEM */
	else if (cairn_xlcfg_setting(c, "stubdomain_memory")[0])
		cairn_xl_fail(r, CAIRN_E_UNSUPPORTED, "stubdomain_memory", "there is no stub domain");
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static void put_words(struct cairn_buf *out, const char *name, const char *value)
{
	cairn_buf_add_fmt(out, "%s = [", name);
	for (const char *at = value; *at;) {
		size_t n = strcspn(at, " ");

		cairn_buf_add_fmt(out, "%s\"%.*s\"", at == value ? " " : ", ", (int)n, at);
		at += n + (at[n] == ' ');
	}
	cairn_buf_add_str(out, " ]\n");
}

void cairn_xl_put_settings(struct cairn_buf *out, const struct cairn_xlcfg *c)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &table[i];
		const char *value = c->setting[i];

		if (!value[0])
			continue;
		bool digits = strspn(value, "0123456789") == strlen(value);

		if (s->kind == BOOL || s->kind == NUMBER || (s->kind == WORDS && digits))
			cairn_buf_add_fmt(out, "%s = %s\n", s->name, value);
		else if (s->kind == WORDS)
			put_words(out, s->name, value);
		else
			cairn_buf_add_fmt(out, "%s = \"%s\"\n", s->name, value);
	}
}
