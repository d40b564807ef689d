/* Payloads of release sets: one that is read is written again byte for byte, and judges a manifest.
 * seeds: tests/data/releaseset */
#include <stdlib.h>
#include <string.h>

#include "cairn/releaseset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_release_set struct cairn_release_set s = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_manifest m = {.name = "netdrv", .release = 2, .sha256 = {.alg = CAIRN_ALG_SHA256}};

	if (cairn_release_set_parse(&s, cairn_span(data, size)) != CAIRN_OK)
		return 0;
	if (s.serial == 0 || cairn_json_dump(&b, s.doc) != CAIRN_OK ||
	    !cairn_span_equal(cairn_buf_span(&b), cairn_span(data, size)))
		abort();
	memset(m.kid, 'A', CAIRN_KID_LEN);
	cairn_release_set_judge(&r, &s, &m);
	size_t least =
	    (size_t)(cairn_release_set_floor(&s, "netdrv") > 2) + cairn_release_set_revokes(&s, m.kid);

	if (r.count < least || r.count > least + 1) /* perhaps it revokes the manifest, too */
		abort();
	return 0;
}
