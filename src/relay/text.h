/* Printing text that came from elsewhere (a server, a log, a manifest) without letting it drive a terminal. */
#ifndef CAIRN_RELAY_TEXT_H
#define CAIRN_RELAY_TEXT_H

#include <stdarg.h>
#include <stdio.h>

/* Control bytes, bidirectional and line controls, and bytes that are not UTF-8 come out as \xNN. */
void cairn_text_put(FILE *f, const char *text);
/* A formatted line, cut at 2 KiB and escaped as a whole; no newline is added. */
void cairn_text_vprint(FILE *f, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
