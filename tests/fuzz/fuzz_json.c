/* JSON: what is read can be written, what was written is read as canonical, and writing it again changes
 * nothing. seeds: tests/data/json tests/data/launchlog tests/data/manifest */
#include <stdlib.h>

#include "cairn/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_json json_t *v = NULL, *again = NULL;
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};

	if (cairn_json_parse(&v, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	if (cairn_json_dump(&a, v) != CAIRN_OK ||
	    cairn_json_parse_canonical(&again, cairn_buf_span(&a)) != CAIRN_OK)
		abort();
	if (cairn_json_dump(&b, again) != CAIRN_OK ||
	    !cairn_span_equal(cairn_buf_span(&a), cairn_buf_span(&b)))
		abort();
	return 0;
}
