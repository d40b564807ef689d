/* Records: one that is read into its struct is built again from it, byte for byte. seeds: tests/data/record
 */
#include <stdlib.h>

#include "cairn/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_host struct cairn_host h = {0};
	cairn_auto_launch struct cairn_launch l = {0};
	cairn_auto_refusal struct cairn_refusal r = {0};
	enum cairn_record_type t;

	if (cairn_record_parse(&v, &t, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	if (t == CAIRN_RECORD_HOST &&
	    (cairn_host_from_json(&h, v) != CAIRN_OK || cairn_record_host(&b, &h) != CAIRN_OK))
		abort();
	if (t == CAIRN_RECORD_LAUNCH &&
	    (cairn_launch_from_json(&l, v) != CAIRN_OK || cairn_record_launch(&b, &l) != CAIRN_OK))
		abort();
	if (t == CAIRN_RECORD_REFUSAL && cairn_refusal_from_json(&r, v) != CAIRN_OK)
		abort();
	if (b.len > 0 && !cairn_span_equal(cairn_buf_span(&b), cairn_span(data, size)))
		abort();
	return 0;
}
