/* Event logs: whatever the bytes, no crash; what is read has what the header promises, can be replayed and told of.
 * seeds: tests/data/eventlog tests/data/fuzz-eventlog */
#include <stdlib.h>

#include "cairn/bootfacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool that)
{
	if (!that)
		abort();
}

static void check_events(const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	size_t at = log->first;
	unsigned count = 0;
	struct cairn_event ev;
	while (cairn_eventlog_next(&it, &ev)) {
		enum cairn_event_check check;
		must(ev.offset == at && ev.number == ++count && ev.count <= log->banks);
		must(!cairn_event_extends(&ev) || ev.pcr < CAIRN_PCR_COUNT);
		must(cairn_event_check(&check, &ev) == CAIRN_OK && cairn_event_type_name(ev.type) != NULL);
		at = it.cur.off;
	}
	must(count == log->count && at == log->end);
}

static void check_replay(const struct cairn_eventlog *log)
{
	struct cairn_replay a = {0}, b = {0};
	enum cairn_status s = cairn_eventlog_replay(&a, log);
	must(s == CAIRN_OK || s == CAIRN_E_MALFORMED);
	must(cairn_eventlog_replay(&b, log) == s && a.pcrs.count == b.pcrs.count);
	for (size_t i = 0; i < a.pcrs.count; i++)
		must(cairn_replay_differs(&a, &b.pcrs.bank[i], 0xffffff) == a.incomplete[i] &&
		     a.pcrs.bank[i].extended == b.pcrs.bank[i].extended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_eventlog log, cut;
	struct cairn_boot_facts facts;
	if (cairn_eventlog_open(&log, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	must(log.end <= size && log.padded == (log.end < size));
	must(!log.padded || cairn_span_all(cairn_span(data + log.end, size - log.end), log.padding));
	must(cairn_eventlog_open(&cut, cairn_span(data, log.end)) == CAIRN_OK && cut.count == log.count);
	check_events(&log);
	check_replay(&log);
	for (size_t i = 0; i < log.banks; i++)
		must(cairn_boot_facts(&facts, &log, log.bank[i]) == CAIRN_OK);
	return 0;
}
