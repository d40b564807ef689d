/* cairn chain: prints the chain of this host, and says whether every log is the one that the TPM holds. */
#include <stdio.h>
#include <string.h>

#include "logs.h"

#define DEPTH_MAX 32

/* indent holds what stands left of the node's children. */
static void put_node(const json_t *node, char *indent, size_t depth)
{
	const json_t *children = json_object_get(node, "children");
	size_t count = json_array_size(children), at = strlen(indent);
	for (size_t i = 0; i < count && depth < DEPTH_MAX; i++) {
		const json_t *c = json_array_get(children, i);
		const char *detail = cairn_cli_str(c, "detail"), *digest = cairn_cli_str(c, "digest");
		bool last = i + 1 == count;
		printf("%s%s ", indent, last ? "`--" : "|--");
		cairn_cli_put(cairn_cli_str(c, "name"));
		fputs(*digest ? " " : "", stdout);
		cairn_cli_put(digest);
		fputs(*detail ? "  " : "", stdout);
		cairn_cli_put(detail);
		putchar('\n');
		memcpy(indent + at, last ? "    " : "|   ", 5);
		put_node(c, indent, depth + 1);
		indent[at] = 0;
	}
}

static void put_chain(const json_t *chain)
{
	char indent[4 * DEPTH_MAX + 8] = "";
	puts("host");
	put_node(json_object_get(chain, "tree"), indent, 0);
	size_t i;
	json_t *p;
	json_array_foreach(json_object_get(chain, "problems"), i, p)
	{
		fputs("problem: ", stdout);
		cairn_cli_put(json_string_value(p));
		putchar('\n');
	}
	if (json_is_true(json_object_get(chain, "equal")))
		puts("The firmware's log replays to PCR 0-9 of the TPM, the launch log to PCR 11-13.");
}

int cairn_cmd_chain(int argc, char **argv)
{
	const char *socket = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_SOCKET(socket), CAIRN_CLI_OPT_JSON(json)};
	const struct cairn_cli_synopsis syn = {"cairn chain",
					       "",
					       "Prints what measured what, from the firmware's PCRs to each "
					       "domain, with SHA-256 digests. Replays\n"
					       "the firmware's log and the launch log and compares them with "
					       "the TPM's PCR 0-9 and 11-13: exit 0\n"
					       "only if all are equal, 1 if one is not.",
					       opts,
					       2,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *answer = NULL;
	cairn_auto_json json_t *chain = NULL;
	if (!cairn_cli_agent(&answer, &code, socket, json_pack("{s:s}", "op", "chain"), 60000, json))
		return code;
	enum cairn_status s = cairn_cli_chain(&chain, answer);
	if (s)
		return cairn_cli_fail(s, NULL, "chain");
	code = CAIRN_EXIT_GOOD;
	if (json)
		code = cairn_cli_put_json(chain);
	else
		put_chain(chain);
	if (code)
		return code;
	return json_is_true(json_object_get(chain, "equal")) ? CAIRN_EXIT_GOOD : CAIRN_EXIT_NOT_TRUSTED;
}
