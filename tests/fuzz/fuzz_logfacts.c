/* Whatever the log: JSON of each event and of the facts, and the sums are right.
 * seeds: tests/data/eventlog */
#include <stdlib.h>

#include "cairn/eventjson.h"
#include "cairn/json.h"
#include "cairn/logfacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_eventlog log;
	struct cairn_log_facts f;
	struct cairn_event ev;

	if (cairn_eventlog_open(&log, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		cairn_auto_json json_t *j = cairn_event_json(&ev);
		if (!j)
			abort();
	}
	if (cairn_log_facts(&f, &log) != CAIRN_OK || f.matches + f.bare + f.differs > log.count)
		abort();
	cairn_auto_json json_t *facts = cairn_log_facts_json(&log);
	if (!facts)
		abort();
	return 0;
}
