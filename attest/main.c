/* cairn-verifier: the attestation server. Only arguments are read here. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "attest/commands.h"
#include "cairn/status.h"

#define NAMES_MAX 32

static const char usage[] =
    "Usage: cairn-verifier COMMAND\n"
    "The attestation server: enrols hosts, appraises their evidence, and tells what it found.\n"
    "\n"
    "  init DIR [--name HOST ...]                    make keys, a TLS certificate for HOST (a name or an "
    "address;\n"
    "                                                default: this machine only), a configuration and a "
    "database,\n"
    "                                                and print an administrator's token\n"
    "  serve --config FILE                           serve until SIGTERM\n"
    "  token add --role ROLE --name NAME --config FILE\n"
    "                                                print a new token; ROLE is reader, operator or admin\n"
    "  --help, --version\n"
    "\n"
    "Exit codes: 0 done, 2 wrong arguments or configuration, 3 something is missing, broken or out of "
    "reach.\n";

struct args {
	const char *config, *role, *name[NAMES_MAX];
	size_t names;
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"role", required_argument, NULL, 'r'},
    {"name", required_argument, NULL, 'n'},   {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
};

static int wrong(const char *what)
{
	fprintf(stderr, "cairn-verifier: %s\nTry 'cairn-verifier --help'.\n", what);
	return CAIRN_EXIT_USAGE;
}

/* What is left after the options: the command and its operands. */
static int run(const struct args *a, int argc, char **argv)
{
	const char *command = argc > 0 ? argv[0] : "";
	if (strcmp(command, "init") == 0 && argc == 2 && !a->config && !a->role)
		return cairn_command_init(argv[1], a->name, a->names);
	if (strcmp(command, "serve") == 0 && argc == 1 && a->config && !a->role && !a->names)
		return cairn_command_serve(a->config);
	if (strcmp(command, "token") == 0 && argc == 2 && strcmp(argv[1], "add") == 0 && a->config &&
	    a->role && a->names == 1)
		return cairn_command_token_add(a->config, a->role, a->name[0]);
	return wrong(argc > 0 ? "wrong command or arguments" : "no command");
}

int main(int argc, char **argv)
{
	struct args a = {0};
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a.config = optarg;
			break;
		case 'r':
			a.role = optarg;
			break;
		case 'n':
			if (a.names == NAMES_MAX)
				return wrong("too many names");
			a.name[a.names++] = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CAIRN_EXIT_GOOD;
		case 'v':
			puts("cairn-verifier " CAIRN_VERSION);
			return CAIRN_EXIT_GOOD;
		default:
			fputs("Try 'cairn-verifier --help'.\n", stderr);
			return CAIRN_EXIT_USAGE;
		}
	}
	return run(&a, argc - optind, argv + optind);
}
