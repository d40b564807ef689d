/* cairn manifest: its own commands, and `push`, which hands a signed manifest to the server. */
#include <getopt.h>
#include <stdio.h>

#include "cairn/jws.h"
#include "sign.h"

static const struct cairn_cli_command commands[] = {
    {"platform", "predict what a host will measure, and sign it", cairn_cmd_manifest_platform},
    {"service", "describe the images of a service domain, and sign that", cairn_cmd_manifest_service},
    {"push", "give a signed manifest to the server", cairn_cmd_manifest_push},
};

int cairn_cmd_manifest(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn manifest", commands, sizeof(commands) / sizeof(commands[0]), argc,
				  argv);
}

int cairn_cli_push(int argc, char **argv, const struct cairn_cli_pushing *what)
{
	struct cairn_cli_server server = {0};
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPTS_SERVER(server),
	    CAIRN_CLI_OPT_TOKEN(server),
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {what->command, "FILE", what->about, opts, 4, 1, 1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_buf struct cairn_buf jws = {0};
	enum cairn_status s = cairn_file_read(&jws, argv[optind], CAIRN_JWS_MAX);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", argv[optind]);
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_server_call(&answer, &code, &server, "POST", what->route, "application/jose",
				   cairn_buf_span(&jws)))
		return code;
	if (json)
		return cairn_cli_put_json(answer);
	cairn_cli_put(argv[optind]);
	puts(": accepted");
	return CAIRN_EXIT_GOOD;
}

int cairn_cmd_manifest_push(int argc, char **argv)
{
	static const struct cairn_cli_pushing manifest = {
	    "cairn manifest push", "/v1/manifests",
	    "Gives a signed manifest to the server, which verifies it against its authorities.\n"
	    "The token is an operator's."};
	return cairn_cli_push(argc, argv, &manifest);
}
