/* The commands of cairn-verifier. Each returns the program's exit code, and has said on standard error why.
 */
#ifndef CAIRN_ATTEST_COMMANDS_H
#define CAIRN_ATTEST_COMMANDS_H

#include <stddef.h>

/* Makes DIR with everything that the server needs, and prints an administrator's token, once. */
int cairn_command_init(const char *dir, const char *const *names, size_t count);
/* Prints a new token, of which only the digest is kept. */
int cairn_command_token_add(const char *config, const char *role, const char *name);
/* Serves until SIGTERM or SIGINT. */
int cairn_command_serve(const char *config);

#endif
