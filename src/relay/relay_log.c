/* The relay's log: lines on standard error, which the service manager keeps. */
#include <stdarg.h>
#include <stdio.h>

#include "relay/relay.h"
#include "relay/text.h"

void cairn_relay_log(const char *fmt, ...)
{
	va_list ap;
	fputs("cairn-relay: ", stderr);
	va_start(ap, fmt);
	cairn_text_vprint(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
