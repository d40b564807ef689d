/* What the subcommands of `cairn` share: the table of commands, their options, and how facts and errors are printed.
 *
 * A command is a function of (argc, argv), argv[0] being its own name, that returns an exit code (enum cairn_exit).
 * Facts go to standard output, as text or with --json as JSON; everything else goes to standard error. Text that
 * came from elsewhere (logs, servers, manifests) is printed only through cairn_cli_put, which escapes control bytes.
 */
#ifndef CAIRN_CLI_H
#define CAIRN_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cairn/json.h"

/* ---- commands --------------------------------------------------------------------------------------------------- */
struct cairn_cli_command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

/* Runs the command of the table that argv[1] names, with argv moved by one. parent is "cairn" or "cairn manifest".
 * `help`, --help and -h list the table; `help CMD` is `CMD --help`. Nothing or something unknown: exit 2. */
int cairn_cli_dispatch(const char *parent, const struct cairn_cli_command *table, size_t count, int argc,
		       char **argv);

/* ---- options ---------------------------------------------------------------------------------------------------- */
struct cairn_cli_list {
	size_t count;
	const char *item[64];
};

struct cairn_cli_opt {	  /* exactly one of flag, value and list is set */
	const char *name; /* long name, without the dashes */
	char letter;	  /* short name, or 0 */
	const char *arg;  /* what its argument is called in the help; NULL for a switch */
	const char *help;
	bool *flag;
	const char **value;	     /* may be given once */
	struct cairn_cli_list *list; /* may be repeated */
	bool required;
};

struct cairn_cli_synopsis {
	const char *command;		  /* "cairn launch" */
	const char *operands;		  /* "CONFIG", "" */
	const char *about;		  /* sentences under the synopsis */
	const struct cairn_cli_opt *opts; /* --help is added */
	size_t opt_count;
	int operands_min, operands_max; /* max < 0: any number */
};

/* True: go on, the operands start at argv[optind]. False: return *exit_code (help was printed: 0; usage error: 2). */
bool cairn_cli_parse(int *exit_code, const struct cairn_cli_synopsis *s, int argc, char **argv);
/* Decimal number from an option's text, at most max. Prints the error and gives false. */
bool cairn_cli_number(unsigned long *out, const char *option, const char *text, unsigned long max);

/* ---- output ------------------------------------------------------------------------------------------------------ */
/* "cairn: WHAT: WHY; HINT" on standard error, and the exit code of why. hint may be NULL. For CAIRN_E_IO the reason
 * is errno's. */
int cairn_cli_fail(enum cairn_status why, const char *hint, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where the reason is a text of ours or of a peer; control bytes are escaped. */
int cairn_cli_complain(int exit_code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For a file that was not taken: why, which names it, or where that is empty, the path and the status. Exit code. */
int cairn_cli_explain(enum cairn_status s, const char *path, struct cairn_buf *why);
/* Text from elsewhere, with control bytes and bytes that are not UTF-8 text as \xNN. */
void cairn_cli_put(const char *text);
/* A JSON value, indented, ASCII only. Exit code. */
int cairn_cli_put_json(const json_t *v);
/* Writes a file, or standard output when path is NULL or "-". Exit code. */
int cairn_cli_write(const char *path, struct cairn_span bytes, unsigned mode);

/* ---- cairnd ------------------------------------------------------------------------------------------------------ */
#define CAIRN_CLI_OPT_SOCKET(var)                                                                            \
	{                                                                                                    \
		.name = "socket", .arg = "PATH", .value = &(var),                                            \
		.help = "cairnd's socket [/run/cairn/cairnd.sock]"                                           \
	}
#define CAIRN_CLI_OPT_JSON(var)                                                                              \
	{                                                                                                    \
		.name = "json", .flag = &(var), .help = "print JSON"                                         \
	}

/* Calls cairnd and takes the request. True: *answer is a new reference to what it said, with "ok" true. False: what went
 * wrong was printed, reasons of a refusal included, and *exit_code says how to end; with json, the answer as well. */
bool cairn_cli_agent(json_t **answer, int *exit_code, const char *socket, json_t *request,
		     unsigned timeout_ms, bool json);
/* A member's string, or "?": for printing. */
const char *cairn_cli_str(const json_t *object, const char *member);
/* The lines of a "reasons" array on f, indented; only those strings that say something. */
void cairn_cli_put_reasons(FILE *f, const json_t *reasons, const char *indent);

/* ---- the server --------------------------------------------------------------------------------------------------- */
struct cairn_cli_server {
	const char *server, *ca, *token_file;
};
#define CAIRN_CLI_OPTS_SERVER(s)                                                                             \
	{.name = "server",                                                                                   \
	 .arg = "URL",                                                                                       \
	 .value = &(s).server,                                                                               \
	 .help = "https://host:port of cairn-verifier",                                                      \
	 .required = true},                                                                                  \
	{                                                                                                    \
		.name = "ca", .arg = "FILE", .value = &(s).ca,                                               \
		.help = "PEM file that vouches for the server's certificate", .required = true               \
	}
#define CAIRN_CLI_OPT_TOKEN(s)                                                                               \
	{                                                                                                    \
		.name = "token-file", .arg = "FILE", .value = &(s).token_file,                               \
		.help = "file with the bearer token", .required = true                                       \
	}

/* One call. True: the server answered 2xx and *answer is a new reference. False: printed, and *exit_code is set.
 * text may be NULL (no body); type is its media type. */
bool cairn_cli_server_call(json_t **answer, int *exit_code, const struct cairn_cli_server *s,
			   const char *method, const char *path, const char *type, struct cairn_span body);
/* Appends a path segment, percent-encoded. */
void cairn_cli_put_segment(struct cairn_buf *out, const char *text);

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */
/* "LABEL: STATE", and a line for each submodule of an EAR with its reasons. */
void cairn_cli_put_verdict(const char *label, const char *state, const json_t *submods);
/* 0 for "trusted", 3 for "pending" and where there is no state, 1 for all others. */
int cairn_cli_state_exit(const char *state);

/* ---- the commands (one file each; rows in main.c and cmd_manifest.c) --------------------------------------------- */
int cairn_cmd_launch(int argc, char **argv);
int cairn_cmd_stop(int argc, char **argv);
int cairn_cmd_status(int argc, char **argv);
int cairn_cmd_phase(int argc, char **argv);
int cairn_cmd_maintenance(int argc, char **argv);
int cairn_cmd_chain(int argc, char **argv);
int cairn_cmd_log(int argc, char **argv);
int cairn_cmd_evidence(int argc, char **argv);
int cairn_cmd_quote(int argc, char **argv);
int cairn_cmd_seal(int argc, char **argv);
int cairn_cmd_unseal(int argc, char **argv);
int cairn_cmd_measure(int argc, char **argv);
int cairn_cmd_manifest(int argc, char **argv);
int cairn_cmd_manifest_push(int argc, char **argv);
int cairn_cmd_manifest_platform(int argc, char **argv);
int cairn_cmd_manifest_service(int argc, char **argv);
int cairn_cmd_release(int argc, char **argv);
int cairn_cmd_key(int argc, char **argv);
int cairn_cmd_predict(int argc, char **argv);
int cairn_cmd_approve(int argc, char **argv);
int cairn_cmd_query(int argc, char **argv);
int cairn_cmd_jwks(int argc, char **argv);
int cairn_cmd_ek(int argc, char **argv);
int cairn_cmd_ear(int argc, char **argv);

#endif
