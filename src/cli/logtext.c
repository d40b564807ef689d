/* Blocks of text for people. Everything that came from a log goes through the escaping of relay/text.h. */
#define _GNU_SOURCE /* open_memstream */
#include "logtext.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "relay/text.h"

#define WIDTH_MIN      40
#define HEX_SHOWN      64 /* digits of data that says nothing else */
#define ELEMENTS_SHOWN 16 /* of a list */

struct cairn_cli_style cairn_cli_style(const struct cairn_anylog *log)
{
	struct cairn_cli_style st = {.reg = log->kind == CAIRN_ANYLOG_CCEL ? "MR" : "PCR"};
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = {0};

	if (!isatty(STDOUT_FILENO))
		return st;
	st.colour = !(no && *no) && term && strcmp(term, "dumb") != 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
		st.width = size.ws_col;
	return st;
}

void cairn_cli_ink(const struct cairn_cli_style *st, enum cairn_cli_ink ink, const char *fmt, ...)
{
	static const char *const codes[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[32m"};
	bool on = st->colour && ink != CAIRN_INK_PLAIN;
	va_list ap;

	if (on)
		fputs(codes[ink], stdout);
	va_start(ap, fmt);
	cairn_text_vprint(stdout, fmt, ap);
	va_end(ap);
	if (on)
		fputs("\x1b[0m", stdout);
}

/* ---- paragraphs -------------------------------------------------------------------------------------------------- */

/* The escaped text, which the caller frees; NULL when out of memory. */
static char *escaped(const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return NULL;
	cairn_text_put(f, text);
	if (fclose(f) == 0)
		return out;
	free(out);
	return NULL;
}

/* How many bytes of text go on a line of that many columns: up to a space if there is one. */
static size_t line_length(const char *text, unsigned columns)
{
	size_t n = 0, space = 0;

	for (unsigned used = 0; text[n] && used < columns; used++) {
		if (text[n] == ' ')
			space = n + 1;
		n++;
		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
	}
	return text[n] && space ? space : n;
}

void cairn_cli_put_wrapped(const struct cairn_cli_style *st, unsigned indent, const char *text)
{
	char *whole = escaped(text);
	unsigned columns = st->width > indent + WIDTH_MIN / 2 ? st->width - indent : WIDTH_MIN / 2;

	for (const char *p = whole; p && *p;) {
		size_t n = st->width ? line_length(p, columns) : strlen(p);

		printf("%*s%.*s\n", (int)indent, "", (int)n, p);
		p += n;
	}
	free(whole);
}

/* ---- JSON for people --------------------------------------------------------------------------------------------- */

/* The text of a value that is no object and no array; on the stack of the caller. */
static const char *scalar(char *room, size_t size, const json_t *v)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v)) {
		(void)snprintf(room, size, "%lld", (long long)json_integer_value(v));
		return room;
	}
	return json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-";
}

static bool in_list(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* What is for programs, what the summary has said already, and the number of what has a name. */
static bool is_said(const char *name, const json_t *v, const json_t *object, const char *summary)
{
	static const char *const silent[] = {"kind", "id", NULL},
				 *const told[] = {"guid",	  "guid_name",	  "boolean",  "size",
						  "hex",	  "error",	  "encoding", "address",
						  "link_address", "trailing_hex", NULL};
	const char *text = json_string_value(v);
	char with_name[64];

	(void)snprintf(with_name, sizeof with_name, "%s_name", name);
	if (in_list(name, silent) || json_object_get(object, with_name))
		return true;
	if (!summary || !*summary)
		return false;
	return in_list(name, told) || (text && strstr(summary, text));
}

static void add_value(struct cairn_buf *line, const char *name, const json_t *v)
{
	char room[32];
	const char *text = scalar(room, sizeof room, v);
	size_t name_len = strlen(name), len = strlen(text);

	if (name_len > 5 && strcmp(name + name_len - 5, "_name") == 0)
		name_len -= 5;
	if (name_len > 0)
		cairn_buf_add_fmt(line, "%.*s: ", (int)name_len, name);
	if (strcmp(name, "hex") == 0 && len > HEX_SHOWN)
		cairn_buf_add_fmt(line, "%.*s...", HEX_SHOWN, text);
	else
		cairn_buf_add_str(line, text);
}

/* An element of an array, or an object, on one line; what is nested in it as JSON. */
static void add_flat(struct cairn_buf *line, const json_t *v, const char *summary)
{
	const char *name, *comma = "";
	json_t *member;

	if (!json_is_object(v)) {
		add_value(line, "", v);
		return;
	}
	/* jansson's loops take a pointer without const, and only read */
	json_object_foreach((json_t *)(uintptr_t)v, name, member)
	{
		if (is_said(name, member, v, NULL) || (summary && is_said(name, member, v, summary)))
			continue;
		cairn_buf_add_str(line, comma);
		if (json_is_object(member) || json_is_array(member)) {
			cairn_buf_add_fmt(line, "%s: ", name);
			if (cairn_json_dump(line, member) != CAIRN_OK)
				return;
		} else {
			add_value(line, name, member);
		}
		comma = ", ";
	}
}

static void put_flat(const struct cairn_cli_style *st, unsigned indent, const char *name, const json_t *v,
		     const char *summary)
{
	cairn_auto_buf struct cairn_buf line = {0};
	size_t head;

	if (name)
		cairn_buf_add_fmt(&line, strcmp(name, "-") == 0 ? "%s " : "%s: ", name);
	head = line.len;
	add_flat(&line, v, summary);
	if (line.len > head && cairn_buf_str(&line))
		cairn_cli_put_wrapped(st, indent, (const char *)line.ptr);
}

static void put_array(const struct cairn_cli_style *st, unsigned indent, const json_t *v, const char *summary)
{
	size_t n = json_array_size(v);

	for (size_t i = 0; i < n && i < ELEMENTS_SHOWN; i++) {
		const json_t *e = json_array_get(v, i);

		const char *id = json_string_value(json_object_get(e, "id"));

		put_flat(st, indent, id ? id : "-", e, json_is_object(e) && id ? summary : NULL);
	}
	if (n > ELEMENTS_SHOWN)
		printf("%*s... and %zu more; --json has all of them\n", (int)indent, "", n - ELEMENTS_SHOWN);
}

void cairn_cli_put_members(const struct cairn_cli_style *st, unsigned indent, const json_t *v,
			   const char *summary)
{
	const char *name;
	json_t *member;

	if (json_is_array(v))
		put_array(st, indent, v, summary);
	json_object_foreach((json_t *)(uintptr_t)v, name, member)
	{
		cairn_auto_buf struct cairn_buf line = {0};

		if (is_said(name, member, v, summary))
			continue;
		if (json_is_array(member)) {
			put_array(st, indent, member, summary);
		} else if (json_is_object(member)) {
			put_flat(st, indent, name, member, summary);
		} else {
			add_value(&line, name, member);
			if (cairn_buf_str(&line))
				cairn_cli_put_wrapped(st, indent, (const char *)line.ptr);
		}
	}
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void put_check(const struct cairn_cli_style *st, const json_t *event)
{
	const char *check = cairn_cli_str(event, "check");

	if (strcmp(check, "matches") == 0)
		cairn_cli_ink(st, CAIRN_INK_GREEN, "ok");
	else if (strcmp(check, "differs") == 0)
		cairn_cli_ink(st, CAIRN_INK_RED, "DIFFERS: the data is not what was hashed");
	else
		cairn_cli_ink(st, CAIRN_INK_PLAIN, "%s", check);
}

static void put_title(const struct cairn_cli_style *st, const json_t *event)
{
	json_int_t pcr = json_integer_value(json_object_get(event, "pcr"));

	cairn_cli_ink(st, CAIRN_INK_BOLD, "%4lld  ",
		      (long long)json_integer_value(json_object_get(event, "number")));
	if (pcr == UINT32_MAX)
		cairn_cli_ink(st, CAIRN_INK_BOLD, "no %-3s  ", st->reg);
	else
		cairn_cli_ink(st, CAIRN_INK_BOLD, "%s %-2lld  ", st->reg, (long long)pcr);
	cairn_cli_ink(st, CAIRN_INK_BOLD, "%s  ", cairn_cli_str(event, "type"));
	put_check(st, event);
	putchar('\n');
}

void cairn_cli_put_event(const struct cairn_cli_style *st, const json_t *event, const char *mark)
{
	const char *summary = json_string_value(json_object_get(event, "summary")), *bank;
	unsigned indent = 6 + (unsigned)strlen(mark);
	json_t *digest;

	fputs(mark, stdout);
	put_title(st, event);
	if (summary && *summary)
		cairn_cli_put_wrapped(st, indent, summary);
	cairn_cli_put_members(st, indent + 2, json_object_get(event, "data"), summary);
	json_object_foreach(json_object_get(event, "digests"), bank, digest)
	{
		printf("%*s", (int)indent, "");
		cairn_cli_ink(st, CAIRN_INK_DIM, "%-7s %s", bank, json_string_value(digest));
		putchar('\n');
	}
}
