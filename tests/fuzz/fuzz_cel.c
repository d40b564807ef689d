/* Canonical event logs in TLV and JSON: whatever the bytes, no crash; what is read can be shown and replayed.
 * seeds: tests/data/cel tests/data/launchlog
 */
#include <stdlib.h>

#include "cairn/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum cairn_status show(unsigned *records, struct cairn_span bytes)
{
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_record r;
	enum cairn_status s = cairn_cel_open(&log, bytes);

	while (s == CAIRN_OK) {
		json_t *o;

		s = cairn_cel_next(&log, &r);
		if (s != CAIRN_OK)
			break;
		o = cairn_cel_record_json(&r);
		if (o == NULL || r.number != ++*records)
			abort();
		json_decref(o);
	}
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;
	unsigned records = 0;
	enum cairn_status end = show(&records, cairn_span(data, size)), s;

	s = cairn_cel_open(&log, cairn_span(data, size));
	if (s == CAIRN_OK)
		s = cairn_cel_replay(&r, &log, NULL);
	if (s == CAIRN_OK && (end != CAIRN_E_NOTFOUND || r.records + r.nv < records))
		abort();
	if (s != CAIRN_OK && end == CAIRN_E_NOTFOUND && s != CAIRN_E_MALFORMED)
		abort();
	return 0;
}
