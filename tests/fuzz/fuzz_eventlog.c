/* Event logs: whatever the bytes, no crash; what is read can be replayed and told of. */
#include <stdlib.h>

#include "cairn/bootfacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_eventlog log;
	struct cairn_boot_facts facts;
	struct cairn_replay replay;
	struct cairn_event ev;

	if (cairn_eventlog_open(&log, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		enum cairn_event_check check;
		if (cairn_event_check(&check, &ev) != CAIRN_OK || cairn_event_type_name(ev.type) == NULL)
			abort();
	}
	if (it.number != log.count || log.end > size)
		abort();
	for (size_t i = 0; i < log.banks; i++)
		if (cairn_boot_facts(&facts, &log, log.bank[i]) != CAIRN_OK)
			abort();
	enum cairn_status s = cairn_eventlog_replay(&replay, &log);
	if (s != CAIRN_OK && s != CAIRN_E_MALFORMED)
		abort();
	return 0;
}
