/* What a manifest and a launch record say of a file: SHA-256, SHA-384 and size, all from one pass. */
#include "cairn/digest.h"

#include <stdlib.h>

struct cairn_component_hasher {
	struct cairn_hasher *sha256, *sha384;
	uint64_t size;
};

enum cairn_status cairn_component_hasher_new(struct cairn_component_hasher **out)
{
	struct cairn_component_hasher *h = calloc(1, sizeof(*h));
	enum cairn_status s = h ? cairn_hasher_new(&h->sha256, CAIRN_ALG_SHA256) : CAIRN_E_NOMEM;
	if (!s)
		s = cairn_hasher_new(&h->sha384, CAIRN_ALG_SHA384);
	if (s)
		cairn_component_hasher_free(h);
	else
		*out = h;
	return s;
}

enum cairn_status cairn_component_hasher_add(struct cairn_component_hasher *h, struct cairn_span in)
{
	enum cairn_status s = cairn_hasher_add(h->sha256, in);
	if (!s)
		s = cairn_hasher_add(h->sha384, in);
	if (!s)
		h->size += in.len;
	return s;
}

uint64_t cairn_component_hasher_size(const struct cairn_component_hasher *h)
{
	return h->size;
}

enum cairn_status cairn_component_hasher_take(struct cairn_component_hasher *h, struct cairn_component *out)
{
	struct cairn_component c = {.size = h->size};
	enum cairn_status s = cairn_hasher_take(h->sha256, &c.sha256);
	if (!s)
		s = cairn_hasher_take(h->sha384, &c.sha384);
	if (s)
		return s;
	h->size = 0;
	*out = c;
	return CAIRN_OK;
}

void cairn_component_hasher_free(struct cairn_component_hasher *h)
{
	if (!h)
		return;
	cairn_hasher_free(h->sha256);
	cairn_hasher_free(h->sha384);
	free(h);
}

enum cairn_status cairn_component_of(struct cairn_component *out, struct cairn_span in)
{
	struct cairn_component c = {.size = in.len};
	enum cairn_status s = cairn_hash(&c.sha256, CAIRN_ALG_SHA256, in);
	if (!s)
		s = cairn_hash(&c.sha384, CAIRN_ALG_SHA384, in);
	if (!s)
		*out = c;
	return s;
}
