/* Printing what a verifier says of a host: the state, and a tree of its parts with the reasons. */
#include <string.h>

#include "cli.h"
#include "relay/text.h"

static void put_submod(const char *name, const json_t *m, bool last)
{
	printf("%s ", last ? "`--" : "|--");
	cairn_cli_put(name);
	fputs(": ", stdout);
	cairn_cli_put(cairn_cli_str(m, "ear.status"));
	const json_t *manifest = json_object_get(m, "cairn.manifest");
	if (json_is_object(manifest)) {
		fputs(" (manifest ", stdout);
		cairn_cli_put(cairn_cli_str(manifest, "name"));
		printf(" release %lld)", (long long)json_integer_value(json_object_get(manifest, "release")));
	}
	json_int_t restarts = json_integer_value(json_object_get(m, "cairn.restarts"));
	if (restarts > 0)
		printf(" (restart %lld)", (long long)restarts);
	if (json_is_true(json_object_get(m, "cairn.fell_back")))
		fputs(" (the one before it did not serve)", stdout);
	putchar('\n');
	cairn_cli_put_reasons(stdout, json_object_get(m, "cairn.reasons"), last ? "      " : "|     ");
}

void cairn_cli_put_verdict(const char *label, const char *state, const json_t *submods)
{
	cairn_cli_put(label);
	fputs(": ", stdout);
	cairn_cli_put(state);
	putchar('\n');
	/* The chain in the order in which one part measures the next; then the domains, by name. */
	static const char *const chain[] = {"firmware", "boot", "xen", "dom0"};
	size_t left = json_object_size(submods);
	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++) {
		const json_t *m = json_object_get(submods, chain[i]);
		if (m)
			put_submod(chain[i], m, --left == 0);
	}
	/* jansson keeps insertion order, and the server sorts: what is not of the chain follows as it came */
	const char *name;
	json_t *m;
	json_object_foreach((json_t *)(uintptr_t)submods, name, m)
	{
		bool of_chain = false;
		for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++)
			of_chain = of_chain || strcmp(name, chain[i]) == 0;
		if (!of_chain)
			put_submod(name, m, --left == 0);
	}
}

int cairn_cli_state_exit(const char *state)
{
	if (strcmp(state, "trusted") == 0)
		return CAIRN_EXIT_GOOD;
	return strcmp(state, "pending") == 0 || strcmp(state, "?") == 0 ? CAIRN_EXIT_UNDECIDED
									: CAIRN_EXIT_NOT_TRUSTED;
}
