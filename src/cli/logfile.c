/* A file with a log in it: reading it, and what has to be said of it before its content is. */
#include <stdio.h>

#include "logs.h"

int cairn_cli_log_exit(enum cairn_status s)
{
	switch (s) {
	case CAIRN_E_MALFORMED:
	case CAIRN_E_TRUNCATED:
	case CAIRN_E_TRAILING:
	case CAIRN_E_LIMIT:
		return CAIRN_EXIT_NOT_TRUSTED;
	default:
		return cairn_status_exit(s);
	}
}

int cairn_cli_log_refuse(enum cairn_status s, const char *name, struct cairn_buf *why)
{
	const char *text = why->len ? cairn_buf_str(why) : NULL;

	return cairn_cli_complain(cairn_cli_log_exit(s), "%s: %s", name, text ? text : cairn_status_text(s));
}

static size_t unused(const struct cairn_cli_log *l)
{
	return l->bytes.len - l->log.end;
}

/* Space that nothing was logged to is normal where a whole log area was copied. Exit code, or -1. */
static int judge_tail(const struct cairn_cli_log *l, bool strict)
{
	int code = strict ? CAIRN_EXIT_NOT_TRUSTED : -1;

	if (unused(l) == 0)
		return -1;
	return cairn_cli_complain(code, "%s: %s%zu bytes of %02x from offset %zu on are unused space",
				  l->name, strict ? "refused as --strict asks: " : "", unused(l),
				  l->bytes.ptr[l->log.end], l->log.end);
}

static int read_log(struct cairn_cli_log *l, bool strict)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_file_read(&l->bytes, l->name, CAIRN_ANYLOG_SIZE_MAX);

	if (s != CAIRN_OK)
		return cairn_cli_fail(s, NULL, "%s", l->name);
	s = cairn_anylog_open(&l->log, cairn_buf_span(&l->bytes), &why);
	return s == CAIRN_OK ? judge_tail(l, strict) : cairn_cli_log_refuse(s, l->name, &why);
}

bool cairn_cli_log_read(struct cairn_cli_log *out, int *exit_code, const char *path, bool strict)
{
	struct cairn_cli_log l = {.name = path};

	*exit_code = read_log(&l, strict);
	if (*exit_code < 0)
		*out = l;
	else
		cairn_cli_log_fini(&l);
	return *exit_code < 0;
}

void cairn_cli_log_fini(struct cairn_cli_log *l)
{
	cairn_buf_fini(&l->bytes);
}

json_t *cairn_cli_log_json(const struct cairn_cli_log *l)
{
	json_t *v = json_pack("{s:s, s:s, s:I}", "kind", cairn_anylog_name(l->log.kind), "title",
			      cairn_anylog_title(l->log.kind), "bytes", (json_int_t)l->bytes.len);
	json_t *file = json_string(l->name);

	json_object_set_new(v, "file", file ? file : json_string("(not UTF-8)"));
	if (unused(l) > 0)
		json_object_set_new(v, "padding",
				    json_pack("{s:I, s:I, s:o}", "bytes", (json_int_t)unused(l), "offset",
					      (json_int_t)l->log.end, "byte",
					      cairn_json_hex(cairn_span(l->bytes.ptr + l->log.end, 1))));
	return v;
}

void cairn_cli_put_ranges(struct cairn_buf *out, uint32_t mask)
{
	const char *comma = "";

	for (unsigned i = 0; i < 32; i++) {
		unsigned last = i;

		if (!(mask >> i & 1))
			continue;
		while (last < 31 && mask >> (last + 1) & 1)
			last++;
		cairn_buf_add_fmt(out, last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ", ";
		i = last;
	}
}
