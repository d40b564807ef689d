/* Signing manifests and reading them: what the commands that make and use them share. */
#ifndef CAIRN_CLI_SIGN_H
#define CAIRN_CLI_SIGN_H

#include "cairn/manifest.h"
#include "cli.h"

#define CAIRN_CLI_IMAGE_MAX (1u << 30)

struct cairn_cli_signing { /* the options that every kind of manifest has */
	const char *name, *release, *days, *key, *output;
};
#define CAIRN_CLI_OPTS_SIGNING(s)                                                                            \
	{.name = "name",                                                                                     \
	 .arg = "NAME",                                                                                      \
	 .value = &(s).name,                                                                                 \
	 .required = true,                                                                                   \
	 .help = "what the manifest is for"},                                                                \
	    {.name = "release",                                                                              \
	     .arg = "N",                                                                                     \
	     .value = &(s).release,                                                                          \
	     .required = true,                                                                               \
	     .help = "release number, rising"},                                                              \
	    {.name = "valid-days",                                                                           \
	     .arg = "DAYS",                                                                                  \
	     .value = &(s).days,                                                                             \
	     .help = "how long the server accepts it [365]"},                                                \
	    {.name = "key",                                                                                  \
	     .arg = "FILE",                                                                                  \
	     .value = &(s).key,                                                                              \
	     .required = true,                                                                               \
	     .help = "private key of an authority"},                                                         \
	{                                                                                                    \
		.name = "output", .letter = 'o', .arg = "FILE", .value = &(s).output,                        \
		.help = "where the manifest goes [standard output]"                                          \
	}

/* Sets what belongs to this kind of manifest; ctx is what cairn_cli_sign got. Exit code; printed unless good. */
typedef int cairn_cli_fill(struct cairn_manifest *m, void *ctx);
/* Makes a manifest with name, release and validity window from the options and the rest from fill; signs and
 * writes it. What the manifest borrows from ctx must stay until this returns. Exit code. */
int cairn_cli_sign(enum cairn_manifest_kind kind, const struct cairn_cli_signing *s, cairn_cli_fill *fill,
		   void *ctx);

struct cairn_cli_pushing {
	const char *command, *route, *about;
};
/* Gives a signed file to the server: a whole command. Exit code. */
int cairn_cli_push(int argc, char **argv, const struct cairn_cli_pushing *what);

/* Reads a manifest file; authorities is the path of a JWK set, or NULL: then the signature is not verified, which a
 * message says. False: printed, and *exit_code is set. */
bool cairn_cli_manifest_load(struct cairn_manifest *m, int *exit_code, const char *path,
			     const char *authorities);

#endif
