/* Approvals: one that is accepted has what every approval must have. seeds: tests/data/approval */
#include <stdlib.h>

#include "cairn/approval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_approval_parse(&a, cairn_span(data, size), &why);

	if (st == CAIRN_OK ? cairn_approval_check_pcrs(&a.values, a.mask, NULL) != CAIRN_OK || a.key == NULL
			   : why.len == 0)
		abort();
	return 0;
}
