/* Payloads of manifests: one that is read is built again, byte for byte, and predicts. seeds:
 * tests/data/manifest */
#include <stdlib.h>

#include "cairn/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pcrs p;

	if (cairn_manifest_parse(&m, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	if (cairn_manifest_build(&b, &m) != CAIRN_OK ||
	    !cairn_span_equal(cairn_buf_span(&b), cairn_span(data, size)))
		abort();
	if ((cairn_manifest_predict(&p, &m) == CAIRN_OK) != (m.kind == CAIRN_MANIFEST_PLATFORM))
		abort();
	return 0;
}
