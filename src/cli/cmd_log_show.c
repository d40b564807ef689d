/* cairn log show: the events of a log of any kind. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/launchlog.h"
#include "logs.h"

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

int cairn_cmd_log_show(int argc, char **argv)
{
	cairn_auto_log struct cairn_cli_log l = {0};
	bool json = false;
	const struct cairn_cli_opt opts[] = {CAIRN_CLI_OPT_JSON(json)};
	const struct cairn_cli_synopsis syn = {
	    "cairn log show", "FILE", "Prints the events of a log; - is standard input.", opts, 1, 1, 1};
	int code;

	if (!cairn_cli_parse(&code, &syn, argc, argv) || !cairn_cli_log_read(&l, &code, argv[optind], false))
		return code;
	cairn_auto_json json_t *all = json_array();
	enum cairn_status s = l.log.kind == CAIRN_ANYLOG_LAUNCH ? records_json(all, l.log.bytes)
								: events_json(all, l.log.bytes);
	size_t i;
	json_t *e;
	if (json)
		cairn_cli_put_json(all);
	else
		json_array_foreach(all, i, e) put_entry(e);
	return s ? cairn_cli_fail(s, NULL, "the log, after %zu entries", json_array_size(all))
		 : CAIRN_EXIT_GOOD;
}
