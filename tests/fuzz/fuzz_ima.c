/* IMA lists of both forms: whatever the bytes, no crash; what is read can be checked, shown and replayed.
 * seeds: tests/data/fuzz-ima tests/data/ima/ima-all-templates.bin tests/data/ima/ima-ng-trailing.bin
 */
#include <stdlib.h>

#include "cairn/ima.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct cairn_ima_entry *e, enum cairn_alg alg)
{
	enum cairn_ima_check check;
	struct cairn_ima_entry again;
	json_t *o = cairn_ima_entry_json(e);

	if (o == NULL || cairn_ima_check(&check, e) != CAIRN_OK || e->digest.alg != alg)
		abort();
	json_decref(o);
	if (e->form == CAIRN_IMA_BINARY && !e->violation &&
	    (cairn_ima_entry_of(&again, e->name, e->data) != CAIRN_OK || again.count != e->count))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_ima log;
	struct cairn_ima_entry e;
	struct cairn_ima_replay r;
	enum cairn_status end;

	if (cairn_ima_open(&log, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	if (!cairn_ima_is(log.bytes))
		abort();
	struct cairn_ima_iter it = cairn_ima_iter(&log);
	while ((end = cairn_ima_next(&it, &e)) == CAIRN_OK)
		look_at(&e, log.alg);
	if (end == CAIRN_E_NOTFOUND)
		end = CAIRN_OK;
	if (cairn_ima_replay(&r, &log, NULL) != end || r.entries != it.number || r.end != it.cur.off)
		abort();
	return 0;
}
