/* The denied list: what is read names its rows, and each ends. seeds: keys/ek-denied.json */
#include <stdlib.h>

#include "cairn/ekdenied.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t makers[] = {0x49465800, 0x53544d20, 0x4e544300, 0x1014, 0};
	static const uint64_t versions[] = {0, 0x0007003d00000000, 0x0049000400000000, UINT64_MAX};
	struct cairn_ekdenied *d = NULL;
	if (cairn_ekdenied_parse(&d, cairn_span(data, size), NULL) != CAIRN_OK)
		return 0;
	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
		for (size_t k = 0; k < sizeof versions / sizeof *versions; k++) {
			struct cairn_ekdenied_tpm tpm = {.has_maker = true,
							 .maker = makers[i],
							 .model = "SLB 9670",
							 .made = k % 2 ? &versions[k] : NULL,
							 .now = k > 1 ? &versions[k] : NULL};
			struct cairn_ekdenied_hit hit;
			size_t at = 0, hits = 0;
			while (cairn_ekdenied_next(&hit, d, &at, &tpm))
				if (!hit.id || !hit.advisory || !hit.text || ++hits > cairn_ekdenied_count(d))
					abort();
		}
	}
	cairn_ekdenied_free(d);
	return 0;
}
