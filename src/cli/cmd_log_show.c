/* cairn log show: what a log of any kind says, event by event, and the facts that come out of it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cairn/logfacts.h"
#include "logtext.h"

struct show {
	struct cairn_cli_log log;
	struct cairn_cli_style style;
	json_t *events; /* --json: all that are shown */
	bool json, strict, only_facts, no_facts;
	const char *pcr_text;
	uint32_t pcrs; /* asked for; 0: all */
	unsigned matches, bare, lies, violations;
};

/* "0,4,7" */
static bool read_pcrs(struct show *sh)
{
	const char *p = sh->pcr_text;

	while (p) {
		unsigned n = 0;
		size_t digits = strspn(p, "0123456789");

		for (size_t i = 0; i < digits && i < 3; i++)
			n = 10 * n + (unsigned)(p[i] - '0');
		if (digits == 0 || digits > 2 || n >= CAIRN_PCR_COUNT || (p[digits] && p[digits] != ','))
			return false;
		sh->pcrs |= UINT32_C(1) << n;
		p = p[digits] ? p + digits + 1 : NULL;
	}
	return true;
}

static bool wanted(const struct show *sh, uint32_t pcr)
{
	if (sh->only_facts)
		return false;
	return sh->pcrs == 0 || (pcr < 32 && sh->pcrs >> pcr & 1);
}

/* ---- the head ---------------------------------------------------------------------------------------------------- */

/* TCG_EfiSpecIDEvent behind the 32 bytes that precede an event's data. PFP 1.05 r23, section 10.4.5.1, table 22. */
static json_t *spec_json(const struct cairn_anylog *log)
{
	struct cairn_cur c = cairn_cur(log->bytes);
	char name[16] = {0};
	unsigned minor, major, errata;

	(void)cairn_cur_bytes(&c, 32);
	struct cairn_span signature = cairn_cur_bytes(&c, sizeof name);
	(void)cairn_cur_u32le(&c); /* platformClass */
	minor = cairn_cur_u8(&c);
	major = cairn_cur_u8(&c);
	errata = cairn_cur_u8(&c);
	if (!cairn_cur_ok(&c) || signature.len < 8 || memcmp(signature.ptr, "Spec ID ", 8) != 0)
		return NULL;
	memcpy(name, signature.ptr, sizeof name - 1);
	return json_pack("{s:s, s:i, s:i, s:i}", "signature", name, "major", (int)major, "minor", (int)minor,
			 "errata", (int)errata);
}

static bool is_tcg(const struct cairn_anylog *log)
{
	return log->kind == CAIRN_ANYLOG_TCG || log->kind == CAIRN_ANYLOG_SHA1 ||
	       log->kind == CAIRN_ANYLOG_CCEL;
}

static json_t *head_json(const struct show *sh)
{
	json_t *head = cairn_cli_log_json(&sh->log), *banks = json_array(), *spec = NULL;
	enum cairn_alg bank[CAIRN_BANK_MAX];
	size_t count = cairn_cli_log_banks(bank, &sh->log);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(banks, json_string(cairn_alg_name(bank[i])));
	json_object_set_new(head, "banks", banks);
	if (!is_tcg(&sh->log.log))
		return head;
	spec = spec_json(&sh->log.log);
	if (spec)
		json_object_set_new(head, "spec", spec);
	json_object_set_new(head, "events", json_integer(sh->log.log.tcg.count));
	json_object_set_new(head, "unknown_banks", json_integer((json_int_t)sh->log.log.tcg.unknown_banks));
	return head;
}

static void put_head(const struct show *sh)
{
	cairn_auto_json json_t *head = head_json(sh);
	const json_t *spec = json_object_get(head, "spec"), *banks = json_object_get(head, "banks");
	json_int_t unknown = json_integer_value(json_object_get(head, "unknown_banks"));

	cairn_cli_ink(&sh->style, CAIRN_INK_BOLD, "%s: %s", sh->log.name, cairn_cli_str(head, "title"));
	printf("\n  %zu bytes", sh->log.bytes.len);
	if (json_object_get(head, "events"))
		printf(", %lld events", (long long)json_integer_value(json_object_get(head, "events")));
	printf("; banks");
	for (size_t i = 0; i < json_array_size(banks); i++)
		printf(" %s", json_string_value(json_array_get(banks, i)));
	if (unknown > 0)
		printf(" and %lld that cairn does not know", (long long)unknown);
	if (spec)
		cairn_cli_ink(&sh->style, CAIRN_INK_PLAIN, "; %s, version %lld.%lld errata %lld",
			      cairn_cli_str(spec, "signature"),
			      (long long)json_integer_value(json_object_get(spec, "major")),
			      (long long)json_integer_value(json_object_get(spec, "minor")),
			      (long long)json_integer_value(json_object_get(spec, "errata")));
	putchar('\n');
}

/* ---- the events -------------------------------------------------------------------------------------------------- */

static void count_check(struct show *sh, const json_t *v)
{
	const char *check = cairn_cli_str(v, "check");

	sh->matches += strcmp(check, "matches") == 0;
	sh->bare += strcmp(check, "bare") == 0;
	sh->lies += strcmp(check, "differs") == 0;
	sh->violations += strcmp(check, "violation") == 0;
}

static enum cairn_status take_event(struct show *sh, const struct cairn_cli_event *ev)
{
	cairn_auto_json json_t *v = cairn_cli_event_json(ev);

	if (!v)
		return CAIRN_E_NOMEM;
	count_check(sh, v);
	if (!wanted(sh, ev->pcr))
		return CAIRN_OK;
	if (sh->json)
		return json_array_append(sh->events, v) == 0 ? CAIRN_OK : CAIRN_E_NOMEM;
	putchar('\n');
	cairn_cli_put_event(&sh->style, v, "");
	return CAIRN_OK;
}

/* All events are read and checked, whichever are shown. */
static enum cairn_status take_events(struct show *sh, uint64_t *count)
{
	cairn_auto_events struct cairn_cli_events it;
	enum cairn_status s = CAIRN_OK;

	cairn_cli_events_init(&it, &sh->log);
	while (s == CAIRN_OK) {
		cairn_auto_event struct cairn_cli_event ev;

		s = cairn_cli_events_next(&it, &ev);
		if (s == CAIRN_OK)
			s = take_event(sh, &ev);
	}
	*count = it.count;
	return s == CAIRN_E_NOTFOUND ? CAIRN_OK : s;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static json_t *facts_json(const struct show *sh, uint64_t count)
{
	if (is_tcg(&sh->log.log))
		return cairn_log_facts_json(&sh->log.log.tcg);
	return json_pack("{s:I, s:i, s:i, s:i, s:i}", "events", (json_int_t)count, "matches",
			 (int)sh->matches, "bare", (int)sh->bare, "differs", (int)sh->lies, "violations",
			 (int)sh->violations);
}

static int put_json(struct show *sh, enum cairn_status s, uint64_t count)
{
	cairn_auto_json json_t *v = json_object();

	json_object_set_new(v, "log", head_json(sh));
	json_object_set_new(v, "differing", json_integer(sh->lies));
	if (s != CAIRN_OK)
		json_object_set_new(v, "error", json_string(cairn_status_text(s)));
	if (!sh->only_facts)
		json_object_set(v, "events", sh->events);
	if (!sh->no_facts)
		json_object_set_new(v, "facts", facts_json(sh, count));
	return cairn_cli_put_json(v);
}

static int put_facts(const struct show *sh, uint64_t count)
{
	cairn_auto_json json_t *facts = facts_json(sh, count);

	if (!facts)
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s: its facts", sh->log.name);
	cairn_cli_put_facts(&sh->style, facts);
	return CAIRN_EXIT_GOOD;
}

static int show(struct show *sh)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog_replay replay = {0};
	uint64_t count = 0;
	enum cairn_status s, r;
	int code = CAIRN_EXIT_GOOD;

	if (!sh->json)
		put_head(sh);
	s = take_events(sh, &count);
	if (sh->json)
		code = put_json(sh, s, count);
	else if (!sh->no_facts)
		code = put_facts(sh, count);
	if (code != CAIRN_EXIT_GOOD)
		return code;
	if (s != CAIRN_OK)
		return cairn_cli_complain(cairn_cli_log_exit(s),
					  "%s: the log breaks off after %llu events: %s", sh->log.name,
					  (unsigned long long)count, cairn_status_text(s));
	r = cairn_anylog_replay_add(&replay, &sh->log.log, &why);
	if (r != CAIRN_OK)
		return cairn_cli_log_refuse(r, sh->log.name, &why);
	if (sh->lies > 0)
		return cairn_cli_complain(CAIRN_EXIT_NOT_TRUSTED,
					  "%s: events whose data is not what was hashed: %u", sh->log.name,
					  sh->lies);
	return CAIRN_EXIT_GOOD;
}

static bool parse(struct show *sh, int *code, int argc, char **argv)
{
	const struct cairn_cli_opt opts[] = {
	    {.name = "pcr", .arg = "N[,N...]", .value = &sh->pcr_text, .help = "events of these PCRs only"},
	    {.name = "facts",
	     .flag = &sh->only_facts,
	     .help = "what comes out of the log, without the events"},
	    {.name = "no-facts", .flag = &sh->no_facts, .help = "the events alone"},
	    {.name = "strict", .flag = &sh->strict, .help = "refuse unused space behind the log"},
	    CAIRN_CLI_OPT_JSON(sh->json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn log show",
	    "FILE",
	    "Prints what a log says, event by event: \"ok\" where the data is what was hashed, \"bare\" "
	    "where\n"
	    "that cannot be known from the log, DIFFERS where it is not (exit code 1). The kind of the log\n"
	    "is found from its content; - is standard input.",
	    opts,
	    sizeof(opts) / sizeof(opts[0]),
	    1,
	    1};

	if (!cairn_cli_parse(code, &syn, argc, argv))
		return false;
	if (read_pcrs(sh) && !(sh->only_facts && sh->no_facts))
		return true;
	*code = cairn_cli_complain(CAIRN_EXIT_USAGE, sh->only_facts && sh->no_facts
							 ? "--facts and --no-facts exclude each other"
							 : "--pcr: numbers from 0 to 23, with commas");
	return false;
}

int cairn_cmd_log_show(int argc, char **argv)
{
	struct show sh = {0};
	int code;

	if (!parse(&sh, &code, argc, argv) || !cairn_cli_log_read(&sh.log, &code, argv[optind], sh.strict))
		return code;
	sh.style = cairn_cli_style(&sh.log.log);
	sh.events = json_array();
	code = show(&sh);
	json_decref(sh.events);
	cairn_cli_log_fini(&sh.log);
	return code;
}
