/* Public areas of EK and AK: what is taken has the one form that it may have. seeds: tests/data/ekpub */
#include <stdlib.h>
#include <string.h>

#include "cairn/tpmkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An EK of the template has 2 + 314 bytes, less the zeros that a TPM may leave away: none, as the top bit is
 * set. */
static void check_ek(struct cairn_span in)
{
	struct cairn_ekpub ek;

	if (cairn_ekpub_parse(&ek, in) != CAIRN_OK)
		return;
	if (in.len != 316 || memcmp(in.ptr + in.len - CAIRN_EK_MODULUS, ek.modulus, CAIRN_EK_MODULUS) != 0)
		abort();
}

static void check_ak(struct cairn_span in)
{
	struct cairn_akpub ak;
	struct cairn_name name;

	if (cairn_akpub_parse(&ak, in) != CAIRN_OK)
		return;
	if (in.len > 90 || cairn_name_of(&name, cairn_span(in.ptr + 2, in.len - 2)) != CAIRN_OK ||
	    !cairn_name_equal(&name, &ak.name))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_span in = cairn_span(data, size);

	check_ek(in);
	check_ak(in);
	return 0;
}
