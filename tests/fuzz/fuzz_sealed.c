/* Sealed blobs: what is taken says the same when it is written and read again. seeds: tests/data/sealed */
#include <stdlib.h>

#include "cairn/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct cairn_sealed *s)
{
	cairn_auto_sealed struct cairn_sealed back = {0};
	cairn_auto_json json_t *v = NULL;

	if (cairn_sealed_write(&v, s) != CAIRN_OK || cairn_sealed_read(&back, v) != CAIRN_OK ||
	    !cairn_span_equal(cairn_buf_span(&s->pub), cairn_buf_span(&back.pub)) ||
	    !cairn_span_equal(cairn_buf_span(&s->priv), cairn_buf_span(&back.priv)) ||
	    !cairn_key_same(s->key, back.key))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_sealed struct cairn_sealed s = {0};
	cairn_auto_json json_t *v = NULL;

	if (cairn_json_parse(&v, cairn_span(data, size)) == CAIRN_OK && cairn_sealed_read(&s, v) == CAIRN_OK)
		round_trip(&s);
	return 0;
}
