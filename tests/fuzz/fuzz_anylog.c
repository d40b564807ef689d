/* Logs of any kind: whatever the bytes, no crash; what replays alone replays as the first of a chain too, and a
 * refused log leaves the state as it was; but a cut IMA list is replayed as far as it is whole.
 * seeds: tests/data/eventlog tests/data/launchlog tests/data/ima tests/data/cel */
#include <stdlib.h>
#include <string.h>

#include "cairn/anylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cairn_anylog_replay state, before;
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_anylog log;

	memset(&state, 0, sizeof state);
	if (cairn_anylog_open(&log, cairn_span(data, size), &why) != CAIRN_OK) {
		if (why.len == 0)
			abort();
		return 0;
	}
	if (log.end > size || log.kind == CAIRN_ANYLOG_NONE)
		abort();
	for (int round = 0; round < 2; round++) {
		before = state;
		enum cairn_status s = cairn_anylog_replay_add(&state, &log, &why);
		if (s == CAIRN_OK)
			continue;
		if (why.len == 0)
			abort();
		bool ima = log.kind == CAIRN_ANYLOG_IMA || log.kind == CAIRN_ANYLOG_IMA_ASCII;
		if (ima && s == CAIRN_E_TRUNCATED)
			continue;
		if (state.logs != before.logs || state.touched != before.touched ||
		    state.differing != before.differing)
			abort();
	}
	for (size_t b = 0; b < state.own.pcrs.count; b++)
		if (state.own.pcrs.bank[b].extended & ~state.touched)
			abort();
	return 0;
}
