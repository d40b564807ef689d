/* The reader of configuration files. It keeps one copy of the text, in which keys and values are ended by
 * NULs. */
#include "cairn/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	const char *key, *value;
	unsigned line;
};

struct cairn_config {
	char *name, *text;
	size_t count;
	struct entry entry[CAIRN_CONFIG_KEYS_MAX];
};

static enum cairn_status refuse(struct cairn_buf *why, const char *name, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static enum cairn_status refuse(struct cairn_buf *why, const char *name, unsigned line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!why)
		return CAIRN_E_USAGE;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cairn_buf_add_fmt(why, "%s:%u: %s", name, line, text);
	return CAIRN_E_USAGE;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *trim(char *s)
{
	size_t len;

	while (is_blank(*s))
		s++;
	for (len = strlen(s); len > 0 && is_blank(s[len - 1]); len--)
		s[len - 1] = '\0';
	return s;
}

static bool in_list(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (strcmp(*list, s) == 0)
			return true;
	return false;
}

static const struct entry *find(const struct cairn_config *c, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->entry[i].key, key) == 0)
			return &c->entry[i];
	return NULL;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

static enum cairn_status add_entry(struct cairn_config *c, char *key, char *value, unsigned line,
				   const char *const *keys, struct cairn_buf *why)
{
	const struct entry *twin;

	if (key[0] == '\0' || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_-.")] != '\0')
		return refuse(why, c->name, line, "a key is made of a-z 0-9 _ - and '.'");
	if (!in_list(keys, key))
		return refuse(why, c->name, line, "unknown key '%s'", key);
	twin = find(c, key);
	if (twin)
		return refuse(why, c->name, line, "'%s' was given before, in line %u", key, twin->line);
	if (value[0] == '\0')
		return refuse(why, c->name, line, "'%s' has no value", key);
	if (c->count == CAIRN_CONFIG_KEYS_MAX)
		return refuse(why, c->name, line, "more than %d keys", CAIRN_CONFIG_KEYS_MAX);
	c->entry[c->count++] = (struct entry){.key = key, .value = value, .line = line};
	return CAIRN_OK;
}

static enum cairn_status parse_line(struct cairn_config *c, char *text, unsigned line,
				    const char *const *keys, struct cairn_buf *why)
{
	char *start = trim(text), *eq;

	if (has_control(start))
		return refuse(why, c->name, line,
			      "a control character (are the line ends those of another system?)");
	if (start[0] == '\0' || start[0] == '#')
		return CAIRN_OK;
	eq = strchr(start, '=');
	if (!eq)
		return refuse(why, c->name, line, "expected 'key = value' or '# comment'");
	*eq = '\0';
	return add_entry(c, trim(start), trim(eq + 1), line, keys, why);
}

static enum cairn_status parse_lines(struct cairn_config *c, const char *const *keys, struct cairn_buf *why)
{
	enum cairn_status s = CAIRN_OK;
	char *next = c->text;

	for (unsigned line = 1; next && s == CAIRN_OK; line++) {
		char *text = next, *end = strchr(text, '\n');

		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		s = parse_line(c, text, line, keys, why);
	}
	return s;
}

enum cairn_status cairn_config_parse(struct cairn_config **out, struct cairn_span text, const char *name,
				     const char *const *keys, struct cairn_buf *why)
{
	struct cairn_config *c;
	enum cairn_status s;

	if (text.len > CAIRN_CONFIG_SIZE_MAX) {
		if (why)
			cairn_buf_add_fmt(why, "%s: larger than %d bytes", name, CAIRN_CONFIG_SIZE_MAX);
		return CAIRN_E_LIMIT;
	}
	if (text.len > 0 && memchr(text.ptr, 0, text.len))
		return refuse(why, name, 1, "a NUL byte: this is not a text file");
	c = calloc(1, sizeof *c);
	if (!c)
		return CAIRN_E_NOMEM;
	c->name = strdup(name);
	c->text = text.len > 0 ? strndup((const char *)text.ptr, text.len) : strdup("");
	s = c->name && c->text ? parse_lines(c, keys, why) : CAIRN_E_NOMEM;
	if (s == CAIRN_OK)
		*out = c;
	else
		cairn_config_free(c);
	return s;
}

enum cairn_status cairn_config_read(struct cairn_config **out, const char *path, const char *const *keys,
				    struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = cairn_file_read(&text, path, CAIRN_CONFIG_SIZE_MAX);

	if (s == CAIRN_OK)
		return cairn_config_parse(out, cairn_buf_span(&text), path, keys, why);
	if (why)
		cairn_buf_add_fmt(why, "%s: %s", path, cairn_status_text(s));
	return s;
}

void cairn_config_free(struct cairn_config *c)
{
	if (!c)
		return;
	free(c->name);
	free(c->text);
	free(c);
}

const char *cairn_config_str(const struct cairn_config *c, const char *key, const char *fallback)
{
	const struct entry *e = find(c, key);

	return e ? e->value : fallback;
}

unsigned cairn_config_line(const struct cairn_config *c, const char *key)
{
	const struct entry *e = find(c, key);

	return e ? e->line : 0;
}

static bool parse_u64(uint64_t *out, const char *s)
{
	uint64_t v = 0;

	for (; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (*s < '0' || *s > '9' || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

enum cairn_status cairn_config_u64(uint64_t *out, const struct cairn_config *c, const char *key,
				   uint64_t fallback, uint64_t min, uint64_t max, struct cairn_buf *why)
{
	const struct entry *e = find(c, key);
	uint64_t v = 0;

	if (!e) {
		*out = fallback;
		return CAIRN_OK;
	}
	if (!parse_u64(&v, e->value) || v < min || v > max)
		return refuse(why, c->name, e->line, "'%s' must be a number from %llu to %llu", key,
			      (unsigned long long)min, (unsigned long long)max);
	*out = v;
	return CAIRN_OK;
}

enum cairn_status cairn_config_choice(size_t *out, const struct cairn_config *c, const char *key,
				      size_t fallback, const char *const *choices, struct cairn_buf *why)
{
	const struct entry *e = find(c, key);
	enum cairn_status s;

	if (!e) {
		*out = fallback;
		return CAIRN_OK;
	}
	for (size_t i = 0; choices[i]; i++) {
		if (strcmp(choices[i], e->value) == 0) {
			*out = i;
			return CAIRN_OK;
		}
	}
	s = refuse(why, c->name, e->line, "'%s' must be one of: ", key);
	for (size_t i = 0; why && choices[i]; i++)
		cairn_buf_add_fmt(why, "%s%s", i > 0 ? ", " : "", choices[i]);
	return s;
}

enum cairn_status cairn_config_bool(bool *out, const struct cairn_config *c, const char *key, bool fallback,
				    struct cairn_buf *why)
{
	static const char *const choices[] = {"no", "yes", NULL};
	size_t i = 0;
	enum cairn_status s = cairn_config_choice(&i, c, key, fallback ? 1 : 0, choices, why);

	if (s == CAIRN_OK)
		*out = i == 1;
	return s;
}
