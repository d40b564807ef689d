/* Launch logs: a line that is read is the very line that the builder makes of its record. seeds:
 * tests/data/launchlog */
#include <stdlib.h>

#include "cairn/launchlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct cairn_log_reader *r, const struct cairn_log_entry *e, struct cairn_span line)
{
	cairn_auto_buf struct cairn_buf b = {0};

	if (e->dropped) {
		if (cairn_log_line_drop(&b, e) != CAIRN_OK || !cairn_span_equal(cairn_buf_span(&b), line))
			abort();
		return;
	}
	if (cairn_log_line_build(&b, e->recnum, &r->pcrs, e->record, r->bank, r->bank_count) != CAIRN_OK ||
	    !cairn_span_equal(cairn_buf_span(&b), line))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	enum cairn_status st = CAIRN_OK;
	struct cairn_log_summary s;
	struct cairn_log_reader r;

	cairn_log_reader_init(&r, cairn_span(data, size), &pcrs);
	r.may_lack = true;
	for (size_t from = 0; st == CAIRN_OK; from = r.off) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		st = cairn_log_next(&r, &e);
		if (st == CAIRN_OK)
			check_line(&r, &e, cairn_span(data + from, r.off - from));
	}
	if ((cairn_log_replay(&s, cairn_span(data, size), &pcrs) == CAIRN_OK) != (st == CAIRN_E_NOTFOUND))
		abort();
	return 0;
}
