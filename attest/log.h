/* The server's log: one line an event, on standard error. Control characters of what came from outside are
 * replaced, so that nobody writes lines of his own. */
#ifndef CAIRN_ATTEST_LOG_H
#define CAIRN_ATTEST_LOG_H

void cairn_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
