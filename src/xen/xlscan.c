/* The names of an xl configuration's statements. libxlutil can look a key up but cannot list what there is;
 * this scanner accepts a part of its grammar (no nested lists, no +=, no escapes) and of its keys, and
 * nothing else. */
#include <string.h>

#include "xen/xlread.h"

/* The keys that are no settings (xlsetting.c). */
static const char *const known[] = {
    "name",
    "type",
    "kernel",
    "ramdisk",
    "bootloader",
    "cmdline",
    "extra",
    "root",
    "memory",
    "maxmem",
    "vcpus",
    "maxvcpus",
    "vif",
    "uuid",
    "driver_domain",
    "tsc_mode",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "disk",
    "pci",
    "pci_permissive",
    "pci_seize",
    "pci_msitranslate",
    "pci_power_mgmt",
    "seclabel",
    "firmware",
    "firmware_override",
    "bios_path_override",
    "device_model_override",
    "device_model_stubdomain_override",
    "device_model_stubdomain_seclabel",
    "stubdomain_kernel",
    "stubdomain_ramdisk",
    "stubdomain_cmdline",
    "cairn_serves",
};
#define KNOWN (sizeof(known) / sizeof(known[0]))
#define KEYS  (KNOWN + CAIRN_XLCFG_SETTINGS)

static bool is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The scanner: a position in the text, and a line for messages. */
struct scan {
	const char *at, *end;
	unsigned line;
	bool unknown; /* a key was, and has been named */
	struct cairn_buf *why;
};

static int peek(const struct scan *s)
{
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static void skip_blank(struct scan *s, bool newlines)
{
	for (; s->at < s->end; s->at++) {
		if (*s->at == '#') {
			while (s->at + 1 < s->end && s->at[1] != '\n')
				s->at++;
		} else if (*s->at == '\n') {
			if (!newlines)
				return;
			s->line++;
		} else if (*s->at != ' ' && *s->at != '\t') {
			return;
		}
	}
}

static enum cairn_status bad_line(struct scan *s, const char *what)
{
	cairn_buf_add_fmt(s->why, "%sline %u: %s", s->unknown ? "; " : "", s->line, what);
	return CAIRN_E_MALFORMED;
}

static enum cairn_status scan_string(struct scan *s)
{
	char quote = *s->at++;

	for (; s->at < s->end && *s->at != '\n'; s->at++) {
		if (*s->at == quote) {
			s->at++;
			return CAIRN_OK;
		}
		if (*s->at < 0x20 || *s->at > 0x7e || *s->at == '\\')
			return bad_line(
			    s, "a string holds a backslash or something that is not printable ASCII");
	}
	return bad_line(s, "a string without its end");
}

static enum cairn_status scan_atom(struct scan *s)
{
	int c = peek(s);

	if (c == '"' || c == '\'')
		return scan_string(s);
	if (!is_digit(c))
		return bad_line(s, "expected a number or a string in quotes");
	while (is_digit(c) || (c >= 'a' && c <= 'f') || c == 'x') {
		s->at++;
		c = peek(s);
	}
	return CAIRN_OK;
}

static enum cairn_status scan_list(struct scan *s)
{
	s->at++;
	for (bool first = true;; first = false) {
		skip_blank(s, true);
		if (peek(s) == ']')
			break;
		if (!first && peek(s) != ',')
			return bad_line(s, "expected a comma or the end of the list");
		if (!first) {
			s->at++;
			skip_blank(s, true);
			if (peek(s) == ']')
				break;
		}
		enum cairn_status st = scan_atom(s);

		if (st != CAIRN_OK)
			return st;
	}
	s->at++;
	return CAIRN_OK;
}

/* The number of a key, less than KEYS; SIZE_MAX: cairn does not know it. */
static size_t find_key(const char *name, size_t len)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (strlen(known[i]) == len && memcmp(known[i], name, len) == 0)
			return i;
	size_t i = cairn_xlsetting_find(name, len);

	return i != SIZE_MAX ? KNOWN + i : SIZE_MAX;
}

static enum cairn_status check_name(struct scan *s, const char *name, size_t len, bool *seen)
{
	size_t i = find_key(name, len);

	if (i != SIZE_MAX) {
		if (seen[i])
			return bad_line(s, "a key that was given before");
		seen[i] = true;
		return CAIRN_OK;
	}
	if (s->unknown)
		return CAIRN_E_UNSUPPORTED;
	s->unknown = true;
	cairn_buf_add_fmt(s->why, "line %u: cairn does not measure what '%.*s' configures, and so refuses it",
			  s->line, (int)(len > 40 ? 40 : len), name);
	return CAIRN_E_UNSUPPORTED;
}

static enum cairn_status scan_statement(struct scan *s, bool *seen)
{
	const char *name = s->at;

	while (is_lower(peek(s)) || (s->at > name && (is_digit(peek(s)) || peek(s) == '_')))
		s->at++;
	size_t len = (size_t)(s->at - name);

	skip_blank(s, false);
	if (len == 0 || peek(s) != '=')
		return bad_line(s, "expected 'key = value'");
	enum cairn_status named = check_name(s, name, len, seen), st;

	if (named != CAIRN_OK && named != CAIRN_E_UNSUPPORTED)
		return named;
	s->at++;
	skip_blank(s, false);
	st = peek(s) == '[' ? scan_list(s) : scan_atom(s);
	if (st != CAIRN_OK)
		return st;
	skip_blank(s, false);
	if (peek(s) == ';')
		s->at++;
	else if (peek(s) != '\n' && peek(s) != -1)
		return bad_line(s, "something follows the value");
	return named;
}

enum cairn_status cairn_xlcfg_scan(struct cairn_span text, struct cairn_buf *why)
{
	const char *p = (const char *)text.ptr;
	struct scan s = {.at = p, .end = p + text.len, .line = 1, .why = why};
	bool seen[KEYS] = {false};

	enum cairn_status all = CAIRN_OK;

	for (skip_blank(&s, true); s.at < s.end; skip_blank(&s, true)) {
		enum cairn_status st = scan_statement(&s, seen);

		if (st != CAIRN_OK && st != CAIRN_E_UNSUPPORTED)
			return st;
		all = st != CAIRN_OK ? st : all;
	}
	return all;
}
