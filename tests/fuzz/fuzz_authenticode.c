/* Images: Authenticode, GRUB's modules, Xen's build id. All three meet the same bytes.
 * seeds: tests/data/boot */
#include <stdlib.h>

#include "boot/grubimage.h"
#include "cairn/authenticode.h"
#include "cairn/xenimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cairn_grub_image grub;
	struct cairn_digest digest;
	struct cairn_build_id id;
	struct cairn_span image = cairn_span(data, size);
	if (cairn_authenticode_hash(&digest, CAIRN_ALG_SHA256, image) == CAIRN_OK &&
	    digest.alg != CAIRN_ALG_SHA256)
		abort();
	if (cairn_grub_image_parse(&grub, image) == CAIRN_OK && grub.count > CAIRN_GRUB_MODULES_MAX)
		abort();
	if (cairn_xen_build_id(&id, image) == CAIRN_OK && (id.len == 0 || id.len > CAIRN_BUILD_ID_MAX))
		abort();
	return 0;
}
