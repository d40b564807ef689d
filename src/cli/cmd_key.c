/* cairn key: makes signing keys, and takes the public part out of key files. Private keys never leave their
 * files. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cairn/jwk.h"
#include "cli.h"

static const struct {
	const char *name;
	enum cairn_sigalg alg;
} types[] = {
    {"authority", CAIRN_SIG_ES384},
    {"authority-ed25519", CAIRN_SIG_EDDSA},
    {"release", CAIRN_SIG_ES256},
};

/* A JSON value in canonical form and a newline. Exit code. */
static int write_json(const char *path, const json_t *v)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = cairn_json_dump(&text, v);
	cairn_buf_add_str(&text, "\n");
	if (!s)
		s = cairn_buf_status(&text);
	return s ? cairn_cli_fail(s, NULL, "the key") : cairn_cli_write(path, cairn_buf_span(&text), 0644);
}

static int find_type(enum cairn_sigalg *out, const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*out = types[i].alg;
			return CAIRN_EXIT_GOOD;
		}
	}
	return cairn_cli_complain(CAIRN_EXIT_USAGE, "no key type %s: authority, authority-ed25519 or release",
				  name);
}

static int cmd_new(int argc, char **argv)
{
	const char *type = NULL, *path = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "type",
	     .arg = "TYPE",
	     .value = &type,
	     .required = true,
	     .help = "authority (ES384), authority-ed25519 (EdDSA) or release (ES256)"},
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &path,
	     .required = true,
	     .help = "the new file, mode 0600; an existing one is never touched"},
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn key new",
	    "",
	    "Makes a key: an authority's signs manifests, a release key signs approvals. The file holds the "
	    "private\n"
	    "key as a JWK. Prints the key's identifier (RFC 7638 thumbprint).",
	    opts,
	    2,
	    0,
	    0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	enum cairn_sigalg alg = CAIRN_SIG_ES384;
	code = find_type(&alg, type);
	if (code)
		return code;
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_key_generate(&key, alg);
	if (!s)
		s = cairn_key_save_private(path, key, &why);
	if (s)
		return cairn_cli_explain(s, path, &why);
	puts(cairn_key_kid(key));
	return CAIRN_EXIT_GOOD;
}

static int cmd_public(int argc, char **argv)
{
	const char *path = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &path,
	     .help = "where the public key goes [standard output]"},
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn key public", "FILE", "Prints the public part of a key file as a JWK.", opts, 1, 1, 1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_json json_t *jwk = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_key_load_public(&key, argv[optind], &why);
	if (!s)
		s = cairn_key_jwk(&jwk, key, false);
	return s ? cairn_cli_explain(s, argv[optind], &why) : write_json(path, jwk);
}

static enum cairn_status add_file(struct cairn_jwks *set, const char *path, struct cairn_buf *why)
{
	cairn_auto_key struct cairn_key *key = NULL;
	enum cairn_status s = cairn_key_load_public(&key, path, why);
	return s ? s : cairn_jwks_add(set, key);
}

static int cmd_jwks(int argc, char **argv)
{
	const char *path = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &path,
	     .help = "where the set goes [standard output]"},
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn key jwks",
	    "FILE...",
	    "Prints the public parts of key files as a JWK set: authorities.jwks of a host or of the server.",
	    opts,
	    1,
	    1,
	    -1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_jwks struct cairn_jwks *set = NULL;
	cairn_auto_json json_t *v = NULL;
	enum cairn_status s = cairn_jwks_new(&set);
	if (s)
		return cairn_cli_fail(s, NULL, "the set");
	for (int i = optind; i < argc; i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		s = add_file(set, argv[i], &why);
		if (s)
			return cairn_cli_explain(s, argv[i], &why);
	}
	s = cairn_jwks_json(&v, set);
	return s ? cairn_cli_fail(s, NULL, "the set") : write_json(path, v);
}

static const struct cairn_cli_command commands[] = {
    {"new", "make a key", cmd_new},
    {"public", "the public part of a key file", cmd_public},
    {"jwks", "the public parts of key files as a set", cmd_jwks},
};

int cairn_cmd_key(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn key", commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
