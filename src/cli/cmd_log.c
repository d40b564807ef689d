/* cairn log: the launch log as cairnd has it; what reads logs of any kind from files is in cmd_log_*.c. */
#include <stdio.h>
#include <string.h>

#include "logs.h"

static int print(int argc, char **argv)
{
	const char *socket = NULL;
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_SOCKET(socket)};
	const struct cairn_cli_synopsis syn = {
	    "cairn log print",
	    "",
	    "Prints the launch log of this boot: TCG Canonical Event Log in JSON, one record a line.",
	    opts,
	    1,
	    0,
	    0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_agent(&answer, &code, socket, json_pack("{s:s}", "op", "log"), 30000, false))
		return code;
	const char *log = json_string_value(json_object_get(answer, "log"));
	if (!log)
		return cairn_cli_fail(CAIRN_E_MALFORMED, NULL, "cairnd's answer");
	return cairn_cli_write(NULL, cairn_span_str(log), 0);
}

static const struct cairn_cli_command commands[] = {
    {"print", "the launch log of this boot, as cairnd has it", print},
    {"show", "what a log of any kind says, event by event", cairn_cmd_log_show},
    {"replay", "PCR values that logs lead to", cairn_cmd_log_replay},
    {"diff", "what differs between two logs", cairn_cmd_log_diff},
};

/* `cairn log` alone prints. */
int cairn_cmd_log(int argc, char **argv)
{
	if (argc < 2 || strncmp(argv[1], "--socket", 8) == 0)
		return print(argc, argv);
	return cairn_cli_dispatch("cairn log", commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
