/* cairn log diff: what differs between two logs, as of the boots before and after an update. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "align.h"
#include "logdiff.h"
#include "logtext.h"

#define ITEMS_SHOWN 16 /* of a list that changed */

struct diff_command {
	struct cairn_cli_log a, b;
	struct cairn_anylog_replay replay_a, replay_b;
	struct cairn_diff diff;
	struct cairn_cli_style style;
	bool json;
};

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* What is known of an event beyond the limit of details is where it stands. */
static json_t *event_json(const struct cairn_diff_side *side, size_t i)
{
	const struct cairn_diff_event *e = &side->event[i];

	if (e->json)
		return json_incref(e->json);
	return json_pack("{s:I, s:I}", "number", (json_int_t)e->number, "pcr", (json_int_t)e->pcr);
}

static json_t *change_json(const struct diff_command *cmd, const struct cairn_diff_change *c)
{
	json_t *v = json_pack("{s:s, s:I}", "change", cairn_diff_name(c->kind), "pcr", (json_int_t)c->pcr);

	if (c->a != CAIRN_ALIGN_NONE)
		json_object_set_new(v, "a", event_json(&cmd->diff.a, c->a));
	if (c->b != CAIRN_ALIGN_NONE)
		json_object_set_new(v, "b", event_json(&cmd->diff.b, c->b));
	if (c->kind == CAIRN_DIFF_CHANGED || c->kind == CAIRN_DIFF_RETOLD)
		json_object_set_new(v, "inside",
				    cairn_diff_inside(json_object_get(v, "a"), json_object_get(v, "b")));
	return v;
}

static json_t *value_of(const struct cairn_bank *bank, unsigned pcr)
{
	if (!(bank->extended >> pcr & 1))
		return json_null();
	return json_string(cairn_digest_hex(&bank->pcr[pcr]).text);
}

/* [{"bank","pcr","a","b"}] of the values that differ; null where a log does not extend the PCR. */
static json_t *values_json(const struct diff_command *cmd)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cmd->diff.banks; i++) {
		const struct cairn_bank *a =
		    cairn_pcrs_bank_const(&cmd->replay_a.own.pcrs, cmd->diff.bank[i]);
		const struct cairn_bank *b =
		    cairn_pcrs_bank_const(&cmd->replay_b.own.pcrs, cmd->diff.bank[i]);

		for (unsigned n = 0; a && b && n < CAIRN_PCR_COUNT; n++) {
			if (!((a->extended | b->extended) >> n & 1) ||
			    cairn_digest_equal(&a->pcr[n], &b->pcr[n]))
				continue;
			json_array_append_new(list, json_pack("{s:s, s:i, s:o, s:o}", "bank",
							      cairn_alg_name(a->alg), "pcr", (int)n, "a",
							      value_of(a, n), "b", value_of(b, n)));
		}
	}
	return list;
}

static json_t *document(const struct diff_command *cmd)
{
	json_t *changes = json_array(), *banks = json_array(), *values = values_json(cmd);
	bool equal = cmd->diff.count == 0 && json_array_size(values) == 0;

	for (size_t i = 0; i < cmd->diff.count; i++)
		json_array_append_new(changes, change_json(cmd, &cmd->diff.change[i]));
	for (size_t i = 0; i < cmd->diff.banks; i++)
		json_array_append_new(banks, json_string(cairn_alg_name(cmd->diff.bank[i])));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "a", cairn_cli_log_json(&cmd->a), "b",
			 cairn_cli_log_json(&cmd->b), "banks", banks, "changes", changes, "values", values,
			 "equal", equal);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void put_item(const struct diff_command *cmd, enum cairn_cli_ink ink, char mark, const json_t *v)
{
	cairn_auto_buf struct cairn_buf text = {0};
	char head[3] = {mark, ' ', 0};

	if (json_is_string(v))
		cairn_buf_add_str(&text, json_string_value(v));
	else if (json_is_integer(v))
		cairn_buf_add_fmt(&text, "%lld", (long long)json_integer_value(v));
	else if (!v || json_is_null(v))
		cairn_buf_add_str(&text, "(nothing)");
	else if (cairn_json_dump(&text, v) != CAIRN_OK)
		cairn_buf_add_str(&text, json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "?");
	printf("%10s", "");
	cairn_cli_ink(&cmd->style, ink, "%s", head);
	cairn_cli_put(cairn_buf_str(&text) ? (const char *)text.ptr : "");
	putchar('\n');
}

static void put_items(const struct diff_command *cmd, enum cairn_cli_ink ink, char mark, const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < ITEMS_SHOWN; i++)
		put_item(cmd, ink, mark, json_array_get(list, i));
	if (n > ITEMS_SHOWN)
		printf("%10s%c ... and %zu more; --json has all of them\n", "", mark, n - ITEMS_SHOWN);
}

static void put_words(const struct diff_command *cmd, const char *title, const json_t *words)
{
	size_t n = json_array_size(words);

	if (n == 0)
		return;
	printf("%10s%s", "", title);
	for (size_t i = 0; i < n && i < ITEMS_SHOWN; i++)
		cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, " %s",
			      json_string_value(json_array_get(words, i)));
	puts(n > ITEMS_SHOWN ? " ..." : "");
}

/* Bytes beside what is read from them, and where firmware happened to load something. */
static bool is_noise(const json_t *v, size_t beside)
{
	static const char *const noise[] = {"hex", "address", "link_address", "trailing_hex", "kind"};

	for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++)
		if (strcmp(cairn_cli_str(v, "member"), noise[i]) == 0)
			return beside > 0;
	return false;
}

static void put_inside(const struct diff_command *cmd, const json_t *inside)
{
	for (size_t i = 0; i < json_array_size(inside); i++) {
		const json_t *v = json_array_get(inside, i);

		if (is_noise(v, json_array_size(inside) - 1))
			continue;
		printf("%8s", "");
		cairn_cli_put(cairn_cli_str(v, "member"));
		putchar('\n');
		if (json_object_get(v, "removed")) {
			put_items(cmd, CAIRN_INK_RED, '-', json_object_get(v, "removed"));
			put_items(cmd, CAIRN_INK_GREEN, '+', json_object_get(v, "added"));
			continue;
		}
		put_item(cmd, CAIRN_INK_RED, '-', json_object_get(v, "a"));
		put_item(cmd, CAIRN_INK_GREEN, '+', json_object_get(v, "b"));
		put_words(cmd, "words that went:", json_object_get(v, "words_removed"));
		put_words(cmd, "words that came:", json_object_get(v, "words_added"));
	}
}

static void put_digests(const struct diff_command *cmd, const json_t *a, const json_t *b)
{
	const char *bank;
	json_t *digest;

	json_object_foreach(json_object_get(a, "digests"), bank, digest)
	{
		const json_t *other = json_object_get(json_object_get(b, "digests"), bank);

		if (!other || json_equal((json_t *)(uintptr_t)other, digest))
			continue;
		printf("%8s%s\n", "", bank);
		put_item(cmd, CAIRN_INK_RED, '-', digest);
		put_item(cmd, CAIRN_INK_GREEN, '+', other);
	}
}

/* "~ 23 -> 24  EV_IPL  changed" */
static void put_pair(const struct diff_command *cmd, const json_t *change)
{
	const json_t *a = json_object_get(change, "a"), *b = json_object_get(change, "b");
	const char *summary = json_string_value(json_object_get(a, "summary"));

	cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "~ %4lld -> %lld  %s  %s",
		      (long long)json_integer_value(json_object_get(a, "number")),
		      (long long)json_integer_value(json_object_get(b, "number")), cairn_cli_str(a, "type"),
		      strcmp(cairn_cli_str(change, "change"), "retold") == 0
			  ? "the same digests, other words"
			  : cairn_cli_str(change, "change"));
	putchar('\n');
	if (summary && *summary)
		cairn_cli_put_wrapped(&cmd->style, 8, summary);
	if (!json_object_get(change, "inside"))
		return;
	put_inside(cmd, json_object_get(change, "inside"));
	put_digests(cmd, a, b);
}

static void put_change(const struct diff_command *cmd, const struct cairn_diff_change *c)
{
	cairn_auto_json json_t *v = change_json(cmd, c);

	if (c->kind == CAIRN_DIFF_REMOVED)
		cairn_cli_put_event(&cmd->style, json_object_get(v, "a"), "- ");
	else if (c->kind == CAIRN_DIFF_ADDED)
		cairn_cli_put_event(&cmd->style, json_object_get(v, "b"), "+ ");
	else
		put_pair(cmd, v);
}

static void put_pcr_head(const struct diff_command *cmd, size_t from)
{
	size_t counts[CAIRN_DIFF_RETOLD + 1] = {0};
	uint32_t pcr = cmd->diff.change[from].pcr;

	for (size_t i = from; i < cmd->diff.count && cmd->diff.change[i].pcr == pcr; i++)
		counts[cmd->diff.change[i].kind]++;
	putchar('\n');
	if (pcr == UINT32_MAX)
		cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "no %s:", cmd->style.reg);
	else
		cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "%s %u:", cmd->style.reg, pcr);
	for (size_t k = 0; k <= CAIRN_DIFF_RETOLD; k++)
		if (counts[k] > 0)
			printf(" %zu %s", counts[k], cairn_diff_name((enum cairn_diff_kind)k));
	putchar('\n');
}

static void put_values(const struct diff_command *cmd, const json_t *values)
{
	if (json_array_size(values) == 0)
		return;
	putchar('\n');
	cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "values");
	putchar('\n');
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *v = json_array_get(values, i);
		const char *a = json_string_value(json_object_get(v, "a")),
			   *b = json_string_value(json_object_get(v, "b"));

		printf("- %s %lld %s\n+ %s %lld %s\n", cairn_cli_str(v, "bank"),
		       (long long)json_integer_value(json_object_get(v, "pcr")), a ? a : "(not extended)",
		       cairn_cli_str(v, "bank"), (long long)json_integer_value(json_object_get(v, "pcr")),
		       b ? b : "(not extended)");
	}
}

/* Nothing where nothing differs, like diff. */
static int put_text(const struct diff_command *cmd)
{
	cairn_auto_json json_t *values = values_json(cmd);
	const struct cairn_diff *d = &cmd->diff;

	if (d->count == 0 && json_array_size(values) == 0)
		return CAIRN_EXIT_GOOD;
	cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "--- %s: %s, %zu events", cmd->a.name,
		      cairn_anylog_title(cmd->a.log.kind), d->a.count);
	putchar('\n');
	cairn_cli_ink(&cmd->style, CAIRN_INK_BOLD, "+++ %s: %s, %zu events", cmd->b.name,
		      cairn_anylog_title(cmd->b.log.kind), d->b.count);
	putchar('\n');
	for (size_t i = 0; i < d->count; i++) {
		if (i == 0 || d->change[i].pcr != d->change[i - 1].pcr)
			put_pcr_head(cmd, i);
		put_change(cmd, &d->change[i]);
	}
	put_values(cmd, values);
	return CAIRN_EXIT_NOT_TRUSTED;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int put(const struct diff_command *cmd)
{
	if (!cmd->json)
		return put_text(cmd);
	cairn_auto_json json_t *v = document(cmd);
	int code = cairn_cli_put_json(v);

	if (code != CAIRN_EXIT_GOOD)
		return code;
	return json_is_true(json_object_get(v, "equal")) ? CAIRN_EXIT_GOOD : CAIRN_EXIT_NOT_TRUSTED;
}

/* A log that cannot be read leaves the matter open, whatever is wrong with it: 1 says that the logs differ. */
static bool take(struct cairn_cli_log *log, struct cairn_anylog_replay *r, const char *path, int *code)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s;

	*code = CAIRN_EXIT_UNDECIDED;
	if (!cairn_cli_log_read(log, code, path, false)) {
		*code = CAIRN_EXIT_UNDECIDED;
		return false;
	}
	s = cairn_anylog_replay_add(r, &log->log, &why);
	if (s != CAIRN_OK)
		(void)cairn_cli_log_refuse(s, path, &why);
	*code = s == CAIRN_OK ? CAIRN_EXIT_GOOD : CAIRN_EXIT_UNDECIDED;
	return s == CAIRN_OK;
}

static int run(struct diff_command *cmd, const char *a, const char *b)
{
	cairn_auto_buf struct cairn_buf why = {0};
	int code;

	if (!take(&cmd->a, &cmd->replay_a, a, &code) || !take(&cmd->b, &cmd->replay_b, b, &code))
		return code;
	cmd->style = cairn_cli_style(&cmd->a.log);
	if (cairn_diff_make(&cmd->diff, &cmd->a, &cmd->b, &why) != CAIRN_OK)
		return cairn_cli_complain(CAIRN_EXIT_UNDECIDED, "%s", cairn_buf_str(&why));
	return put(cmd);
}

int cairn_cmd_log_diff(int argc, char **argv)
{
	struct diff_command cmd = {0};
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_JSON(cmd.json)};
	const struct cairn_cli_synopsis syn = {
	    "cairn log diff",
	    "A B",
	    "Prints what differs between two logs of the same family: events that were added, removed,\n"
	    "changed and moved, PCR by PCR, and the values that they lead to. Exit code 0 if nothing\n"
	    "differs, 1 if something does, 3 if that cannot be told. One of them may be - for standard\n"
	    "input.",
	    opts,
	    1,
	    2,
	    2};
	int code;

	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	if (strcmp(argv[optind], "-") == 0 && strcmp(argv[optind + 1], "-") == 0)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "standard input can be one of the logs, not both");
	code = run(&cmd, argv[optind], argv[optind + 1]);
	cairn_diff_fini(&cmd.diff);
	cairn_cli_log_fini(&cmd.a);
	cairn_cli_log_fini(&cmd.b);
	return code;
}
