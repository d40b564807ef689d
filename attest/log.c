/* The server's log; see log.h. */
#include "attest/log.h"

#include <stdarg.h>
#include <stdio.h>

void cairn_log(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "cairn-verifier: %s\n", line);
}
