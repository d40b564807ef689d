/* cairn query, jwks: what the server says of hosts, for people and for scripts. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char *label_of(const json_t *host)
{
	const char *label = json_string_value(json_object_get(host, "label"));
	return label ? label : cairn_cli_str(host, "host_id");
}

static int print_host(const json_t *host, bool json)
{
	const char *state = cairn_cli_str(host, "state");
	if (json) {
		int rc = cairn_cli_put_json(host);
		return rc ? rc : cairn_cli_state_exit(state);
	}
	cairn_cli_put_verdict(label_of(host), state, json_object_get(host, "submods"));
	cairn_cli_put_reasons(stdout, json_object_get(host, "reasons"), "  ");
	return cairn_cli_state_exit(state);
}

/* The worst of all: 1 if one is not trusted, else 3 if one is undecided or there is none. */
static int print_hosts(const json_t *answer, bool json)
{
	const json_t *hosts = json_object_get(answer, "hosts");
	int worst = json_array_size(hosts) ? CAIRN_EXIT_GOOD : CAIRN_EXIT_UNDECIDED;
	size_t i;
	json_t *h;
	json_array_foreach(hosts, i, h)
	{
		int code = cairn_cli_state_exit(cairn_cli_str(h, "state"));
		if (code == CAIRN_EXIT_NOT_TRUSTED || worst == CAIRN_EXIT_GOOD)
			worst = code;
		if (json)
			continue;
		cairn_cli_put(cairn_cli_str(h, "state"));
		putchar('\t');
		cairn_cli_put(label_of(h));
		putchar('\t');
		cairn_cli_put(cairn_cli_str(h, "host_id"));
		putchar('\n');
	}
	int rc = json ? cairn_cli_put_json(answer) : CAIRN_EXIT_GOOD;
	return rc ? rc : worst;
}

static int fetch(json_t **answer, const struct cairn_cli_server *server, const char *host, const char *leaf)
{
	cairn_auto_buf struct cairn_buf path = {0};
	int code = CAIRN_EXIT_GOOD;
	cairn_buf_add_str(&path, "/v1/hosts");
	if (host) {
		cairn_buf_add_str(&path, "/");
		cairn_cli_put_segment(&path, host);
		cairn_buf_add_str(&path, leaf);
	}
	const char *text = cairn_buf_str(&path);
	if (!text)
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "query");
	cairn_cli_server_call(answer, &code, server, "GET", text, "application/json", cairn_span(NULL, 0));
	return code;
}

int cairn_cmd_query(int argc, char **argv)
{
	struct cairn_cli_server server = {0};
	bool json = false, ear = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "ear", .flag = &ear, .help = "print the host's signed token (EAR) and nothing else"},
	    CAIRN_CLI_OPTS_SERVER(server),
	    CAIRN_CLI_OPT_TOKEN(server),
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn query",
	    "[HOST]",
	    "Prints the state of a host (its label or id), and of each part of its chain; without HOST a "
	    "line\n"
	    "for each host. Exit 0: trusted; 1: not; 3: the server cannot tell, or not be asked. With --ear "
	    "the\n"
	    "exit code only says whether there is a token: `cairn ear verify` judges it.",
	    opts,
	    5,
	    0,
	    1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	const char *host = argv[optind];
	if (ear && !host)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "--ear needs a HOST; see `cairn query --help`");
	cairn_auto_json json_t *answer = NULL;
	code = fetch(&answer, &server, host, ear ? "/ear" : "");
	if (code || !answer)
		return code;
	if (!host)
		return print_hosts(answer, json);
	if (!ear || json)
		return ear ? cairn_cli_put_json(answer) : print_host(answer, json);
	const char *token;
	if (cairn_json_get_str(&token, answer, "ear"))
		return cairn_cli_fail(CAIRN_E_MALFORMED, NULL, "the server's answer");
	cairn_cli_put(token);
	putchar('\n');
	return CAIRN_EXIT_GOOD;
}

int cairn_cmd_jwks(int argc, char **argv)
{
	struct cairn_cli_server server = {0};
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPTS_SERVER(server)};
	const struct cairn_cli_synopsis syn = {"cairn jwks",
					       "",
					       "Prints the server's public token keys (a JWK Set). Fetch it "
					       "once, over a connection that you trust,\n"
					       "and keep it: `cairn ear verify` then needs no server.",
					       opts,
					       2,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_server_call(&answer, &code, &server, "GET", "/v1/jwks", "application/json",
				   cairn_span(NULL, 0)))
		return code;
	return cairn_cli_put_json(answer);
}
