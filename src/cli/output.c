/* How `cairn` prints: errors with a reason and a way out, facts as text or JSON, and nothing that drives a terminal. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "relay/text.h"

void cairn_cli_put(const char *text)
{
	cairn_text_put(stdout, text);
}

int cairn_cli_complain(int exit_code, const char *fmt, ...)
{
	va_list ap;
	fputs("cairn: ", stderr);
	va_start(ap, fmt);
	cairn_text_vprint(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return exit_code;
}

int cairn_cli_fail(enum cairn_status why, const char *hint, const char *what, ...)
{
	const char *reason = why == CAIRN_E_IO && errno ? strerror(errno) : cairn_status_text(why);
	va_list ap;
	fputs("cairn: ", stderr);
	va_start(ap, what);
	cairn_text_vprint(stderr, what, ap);
	va_end(ap);
	fprintf(stderr, ": %s%s%s\n", reason, hint ? "; " : "", hint ? hint : "");
	return cairn_status_exit(why);
}

int cairn_cli_explain(enum cairn_status s, const char *path, struct cairn_buf *why)
{
	if (why->len == 0)
		return cairn_cli_fail(s, NULL, "%s", path);
	return cairn_cli_complain(cairn_status_exit(s), "%s", cairn_buf_str(why)); /* it names the file */
}

int cairn_cli_put_json(const json_t *v)
{
	if (!v ||
	    json_dumpf(v, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_ENCODE_ANY) != 0)
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "JSON output");
	putchar('\n');
	return CAIRN_EXIT_GOOD;
}

int cairn_cli_write(const char *path, struct cairn_span bytes, unsigned mode)
{
	if (!path || strcmp(path, "-") == 0) {
		if (fwrite(bytes.ptr, 1, bytes.len, stdout) == bytes.len)
			return CAIRN_EXIT_GOOD;
		return cairn_cli_fail(CAIRN_E_IO, NULL, "standard output");
	}
	enum cairn_status s = cairn_file_write(path, bytes, mode);
	return s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}
