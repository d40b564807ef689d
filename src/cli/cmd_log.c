/* cairn log: the launch log as cairnd has it, and either kind of log read from a file, without a host or a TPM. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The file that the only operand names; exit code. */
static int take_file(struct cairn_buf *log, bool *json, int argc, char **argv, const char *command,
		     const char *about)
{
	const struct cairn_cli_opt opts[] = {{.name = "json", .flag = json, .help = "print JSON"}};
	const struct cairn_cli_synopsis syn = {command, "FILE", about, opts, 1, 1, 1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	enum cairn_status s = cairn_file_read(log, argv[optind], CAIRN_LOG_MAX);
	return s ? cairn_cli_fail(s, NULL, "%s", argv[optind]) : -1;
}

/* ---- show ------------------------------------------------------------------------------------------------------- */
static json_t *event_json(const struct cairn_event *ev)
{
	static const char *const checks[] = {"unchecked", "matches", "differs"};
	enum cairn_event_check check = CAIRN_EVENT_UNCHECKED;
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_cli_event_text(&text, ev);
	while (text.len > 0 && text.ptr[text.len - 1] == 0)
		text.len--;
	if (cairn_event_check(&check, ev) != CAIRN_OK)
		return NULL;
	json_t *digests = json_object();
	for (size_t i = 0; i < ev->count; i++)
		json_object_set_new(digests, cairn_alg_name(ev->digest[i].alg),
				    cairn_json_hex(ev->digest[i].value));
	json_t *shown = text.len ? json_stringn((const char *)text.ptr, text.len) : json_string("");
	return json_pack("{s:i, s:I, s:s, s:o, s:s, s:o}", "number", (int)ev->number, "pcr",
			 (json_int_t)ev->pcr, "type", cairn_event_type_name(ev->type), "digests", digests,
			 "check", checks[check], "text", shown ? shown : json_string("(not UTF-8)"));
}

static enum cairn_status events_json(json_t *out, struct cairn_span bytes)
{
	struct cairn_eventlog log;
	enum cairn_status s = cairn_eventlog_open(&log, bytes);
	if (s)
		return s;
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	struct cairn_event ev;
	while (cairn_eventlog_next(&it, &ev)) {
		if (json_array_append_new(out, event_json(&ev)) != 0)
			return CAIRN_E_NOMEM;
	}
	return CAIRN_OK;
}

static enum cairn_status records_json(json_t *out, struct cairn_span bytes)
{
	struct cairn_log_reader r;
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_log_reader_init(&r, bytes, &pcrs);
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		enum cairn_status s = cairn_log_next(&r, &e);
		if (s)
			return s == CAIRN_E_NOTFOUND ? CAIRN_OK : s;
		json_t *digests = json_object();
		for (size_t i = 0; i < e.digest_count; i++)
			json_object_set_new(digests, cairn_alg_name(e.digest[i].alg),
					    json_string(cairn_digest_hex(&e.digest[i]).text));
		json_t *line = json_pack("{s:I, s:I, s:s, s:o, s:O}", "number", (json_int_t)e.recnum, "pcr",
					 (json_int_t)e.pcr, "type", cairn_record_type_name(e.type), "digests",
					 digests, "record", e.object);
		if (json_array_append_new(out, line) != 0)
			return CAIRN_E_NOMEM;
	}
}

static void put_entry(const json_t *e)
{
	printf("%4lld  PCR %-2lld  ", (long long)json_integer_value(json_object_get(e, "number")),
	       (long long)json_integer_value(json_object_get(e, "pcr")));
	const char *check = json_string_value(json_object_get(e, "check"));
	printf("%-32s %s%s\n", cairn_cli_str(e, "type"),
	       cairn_cli_str(json_object_get(e, "digests"), "sha256"),
	       check && strcmp(check, "differs") == 0 ? "  THE DATA IS NOT WHAT WAS HASHED" : "");
	const char *text = json_string_value(json_object_get(e, "text"));
	char *record = json_dumps(json_object_get(e, "record"), JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		text = record;
	if (text && *text) {
		fputs("      ", stdout);
		cairn_cli_put(text);
		putchar('\n');
	}
	free(record);
}

static int show(int argc, char **argv)
{
	cairn_auto_buf struct cairn_buf log = {0};
	bool json = false;
	int code = take_file(
	    &log, &json, argc, argv, "cairn log show",
	    "Prints the events of a firmware log or the records of a launch log; - is standard input.");
	if (code >= 0)
		return code;
	cairn_auto_json json_t *all = json_array();
	struct cairn_span bytes = cairn_buf_span(&log);
	enum cairn_status s =
	    cairn_cli_is_launch_log(bytes) ? records_json(all, bytes) : events_json(all, bytes);
	size_t i;
	json_t *e;
	if (json)
		cairn_cli_put_json(all);
	else
		json_array_foreach(all, i, e) put_entry(e);
	return s ? cairn_cli_fail(s, NULL, "the log, after %zu entries", json_array_size(all))
		 : CAIRN_EXIT_GOOD;
}

/* ---- replay ------------------------------------------------------------------------------------------------------ */
static enum cairn_status replay_boot(struct cairn_pcrs *out, struct cairn_span bytes)
{
	struct cairn_eventlog log;
	struct cairn_replay r;
	enum cairn_status s = cairn_eventlog_open(&log, bytes);
	if (!s)
		s = cairn_eventlog_replay(&r, &log);
	if (s)
		return s;
	*out = r.pcrs;
	/* Values of a bank that not every event has a digest for mean nothing. */
	for (size_t b = 0; b < out->count; b++)
		out->bank[b].extended &= ~r.incomplete[b];
	return CAIRN_OK;
}

static enum cairn_status replay_launch(struct cairn_pcrs *out, struct cairn_span bytes)
{
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	struct cairn_log_summary sum = {0};
	enum cairn_status s = cairn_log_replay(&sum, bytes, &pcrs);
	if (!s)
		*out = sum.replay;
	return s;
}

static int replay(int argc, char **argv)
{
	cairn_auto_buf struct cairn_buf log = {0};
	bool json = false;
	int code = take_file(
	    &log, &json, argc, argv, "cairn log replay",
	    "Replays a firmware log or a launch log and prints `BANK PCR VALUE` for each PCR that it\n"
	    "extends; - is standard input. Compare with `tpm2_pcrread`.");
	if (code >= 0)
		return code;
	struct cairn_pcrs pcrs = {0};
	struct cairn_span bytes = cairn_buf_span(&log);
	enum cairn_status s =
	    cairn_cli_is_launch_log(bytes) ? replay_launch(&pcrs, bytes) : replay_boot(&pcrs, bytes);
	if (s)
		return cairn_cli_fail(s, NULL, "the log does not replay");
	if (json) {
		cairn_auto_json json_t *values = cairn_cli_pcrs_json(&pcrs);
		return cairn_cli_put_json(values);
	}
	for (size_t b = 0; b < pcrs.count; b++) {
		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++) {
			if (pcrs.bank[b].extended & (1u << i))
				printf("%s %u %s\n", cairn_alg_name(pcrs.bank[b].alg), i,
				       cairn_digest_hex(&pcrs.bank[b].pcr[i]).text);
		}
	}
	return CAIRN_EXIT_GOOD;
}

static const struct cairn_cli_command commands[] = {
    {"print", "the launch log of this boot, as cairnd has it", print},
    {"show", "events or records of a log file", show},
    {"replay", "PCR values that a log file leads to", replay},
};

/* `cairn log` alone prints. */
int cairn_cmd_log(int argc, char **argv)
{
	if (argc < 2 || strncmp(argv[1], "--socket", 8) == 0)
		return print(argc, argv);
	return cairn_cli_dispatch("cairn log", commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
