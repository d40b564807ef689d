/* cairn launch, stop, status, phase, maintenance: what cairnd does with domains. The paths given are made absolute here, since
 * cairnd reads the files itself and has another working directory. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void free_text(char **p)
{
	free(*p);
}

int cairn_cmd_launch(int argc, char **argv)
{
	const char *socket = NULL, *timeout = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "timeout", .arg = "SECONDS", .value = &timeout, .help = "give up after so long [120]"},
	    CAIRN_CLI_OPT_SOCKET(socket),
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn launch",
	    "CONFIG",
	    "Has cairnd measure, authorise, record and start the domain of an xl configuration file.\n"
	    "Exit 1: refused; the reasons name file, expected and found value.",
	    opts,
	    3,
	    1,
	    1};
	int code;
	unsigned long seconds = 120;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	if (timeout && !cairn_cli_number(&seconds, "timeout", timeout, 3600))
		return CAIRN_EXIT_USAGE;
	__attribute__((cleanup(free_text))) char *path = realpath(argv[optind], NULL);
	if (!path)
		return cairn_cli_fail(CAIRN_E_IO, NULL, "%s", argv[optind]);
	cairn_auto_json json_t *answer = NULL;
	json_t *request =
	    json_pack("{s:s, s:s, s:I}", "op", "launch", "config", path, "timeout_s", (json_int_t)seconds);
	if (!cairn_cli_agent(&answer, &code, socket, request, (unsigned)(seconds + 10) * 1000, json))
		return code;
	if (json)
		return cairn_cli_put_json(answer);
	cairn_cli_put(cairn_cli_str(answer, "name"));
	printf(": running as domain %lld, launch record %lld\n",
	       (long long)json_integer_value(json_object_get(answer, "domid")),
	       (long long)json_integer_value(json_object_get(answer, "recnum")));
	return CAIRN_EXIT_GOOD;
}

/* An operation that takes one string and answers with little. */
static int simple(int argc, char **argv, const char *op, const char *member,
		  const struct cairn_cli_synopsis *text)
{
	const char *socket = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_SOCKET(socket), CAIRN_CLI_OPT_JSON(json)};
	struct cairn_cli_synopsis syn = *text;
	syn.opts = opts;
	syn.opt_count = 2;
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *answer = NULL;
	json_t *request = json_pack("{s:s, s:s}", "op", op, member, argv[optind]);
	if (!cairn_cli_agent(&answer, &code, socket, request, 60000, json))
		return code;
	return json ? cairn_cli_put_json(answer) : CAIRN_EXIT_GOOD;
}

int cairn_cmd_stop(int argc, char **argv)
{
	static const struct cairn_cli_synopsis syn = {.command = "cairn stop",
						      .operands = "NAME",
						      .about = "Destroys a domain that cairnd launched.",
						      .operands_min = 1,
						      .operands_max = 1};
	return simple(argc, argv, "stop", "name", &syn);
}

int cairn_cmd_phase(int argc, char **argv)
{
	static const struct cairn_cli_synopsis syn = {
	    .command = "cairn phase",
	    .operands = "none|failed|HEX",
	    .about = "Extends PCR 13 with the identity of dom0's root, at the hand-over from its initramfs.",
	    .operands_min = 1,
	    .operands_max = 1};
	return simple(argc, argv, "phase", "phase", &syn);
}

int cairn_cmd_maintenance(int argc, char **argv)
{
	const char *socket = NULL, *reason = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "reason", .arg = "TEXT", .value = &reason, .help = "why; it goes on record (needed)"},
	    CAIRN_CLI_OPT_SOCKET(socket),
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {"cairn maintenance",
					       "",
					       "Has cairnd enforce nothing until the next boot, so that a "
					       "host can be repaired: what no manifest\n"
					       "allows is launched and recorded. The reason is extended into "
					       "PCR 11: no sealed secret opens any\n"
					       "more, and verifiers say so. Only a reboot undoes it.",
					       opts,
					       3,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	if (!reason)
		return cairn_cli_fail(CAIRN_E_USAGE, NULL, "--reason is needed");
	cairn_auto_json json_t *answer = NULL;
	json_t *request = json_pack("{s:s, s:s}", "op", "maintenance", "reason", reason);
	if (!cairn_cli_agent(&answer, &code, socket, request, 60000, json))
		return code;
	if (json)
		return cairn_cli_put_json(answer);
	printf("in maintenance until the next boot, record %lld: nothing is enforced, no secret opens\n",
	       (long long)json_integer_value(json_object_get(answer, "recnum")));
	return CAIRN_EXIT_GOOD;
}

static void put_restart(const json_t *r)
{
	if (!json_is_object(r))
		return;
	long long failures = (long long)json_integer_value(json_object_get(r, "failures"));
	if (strcmp(cairn_cli_str(r, "state"), "waiting") == 0)
		printf("\tlaunched again in %lld s, try %lld",
		       (long long)json_integer_value(json_object_get(r, "in_s")), failures);
	else
		printf("\tgiven up after %lld failures: launch it", failures);
}

static void put_names(const char *before, const json_t *names)
{
	size_t i;
	json_t *name;
	json_array_foreach(names, i, name)
	{
		fputs(i ? "," : before, stdout);
		cairn_cli_put(json_string_value(name) ? json_string_value(name) : "?");
	}
}

static void put_domain(const json_t *d)
{
	size_t i;
	json_t *role;
	cairn_cli_put(cairn_cli_str(d, "name"));
	printf("\tdomain %lld\t", (long long)json_integer_value(json_object_get(d, "domid")));
	cairn_cli_put(cairn_cli_str(d, "state"));
	printf("\trecord %lld\t", (long long)json_integer_value(json_object_get(d, "recnum")));
	json_t *roles = json_object_get(d, "roles");
	if (json_array_size(roles) == 0)
		fputs("guest", stdout);
	json_array_foreach(roles, i, role)
	{
		const char *text = json_string_value(role);
		fputs(i ? "," : "", stdout);
		cairn_cli_put(text ? text : "?");
	}
	put_restart(json_object_get(d, "restart"));
	put_names("\tfor ", json_object_get(d, "dependants"));
	putchar('\n');
}

static void put_boot(const json_t *m)
{
	fputs("boot set\t", stdout);
	cairn_cli_put(cairn_cli_str(m, "name"));
	putchar('\t');
	cairn_cli_put(cairn_cli_str(m, "state"));
	put_names("\tneeds ", json_object_get(m, "needs"));
	putchar('\n');
}

static void put_release_set(const json_t *r)
{
	if (!json_is_object(r))
		return;
	long long serial = (long long)json_integer_value(json_object_get(r, "serial"));
	long long seen = (long long)json_integer_value(json_object_get(r, "seen"));
	if (serial > 0)
		printf("release set %lld\n", serial);
	else
		printf("release set none, although the TPM has seen %lld: service domains are refused\n",
		       seen);
}

int cairn_cmd_status(int argc, char **argv)
{
	const char *socket = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_SOCKET(socket), CAIRN_CLI_OPT_JSON(json)};
	const struct cairn_cli_synopsis syn = {
	    "cairn status",
	    "",
	    "Prints the state of cairnd and a line for each domain: name, number, state, record, roles,\n"
	    "when it is launched again if it came down, the domains that depend on it; then the boot set.\n"
	    "Exit 0 only if the state is `ok`; 1 otherwise.",
	    opts,
	    2,
	    0,
	    0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_agent(&answer, &code, socket, json_pack("{s:s}", "op", "status"), 30000, json))
		return code;
	const char *state = cairn_cli_str(answer, "state");
	code = strcmp(state, "ok") == 0 ? CAIRN_EXIT_GOOD : CAIRN_EXIT_NOT_TRUSTED;
	if (json) {
		int rc = cairn_cli_put_json(answer);
		return rc ? rc : code;
	}
	fputs("state   ", stdout);
	cairn_cli_put(state);
	const char *said = json_string_value(json_object_get(answer, "trouble")), *trouble = said ? said : "";
	fputs(*trouble ? "\ntrouble " : "", stdout);
	cairn_cli_put(trouble);
	fputs("\nboot    ", stdout);
	cairn_cli_put(cairn_cli_str(answer, "boot_id"));
	fputs("\nversion ", stdout);
	cairn_cli_put(cairn_cli_str(answer, "version"));
	putchar('\n');
	put_release_set(json_object_get(answer, "release_set"));
	size_t i;
	json_t *d;
	json_array_foreach(json_object_get(answer, "domains"), i, d) put_domain(d);
	json_array_foreach(json_object_get(answer, "boot_set"), i, d) put_boot(d);
	return code;
}
