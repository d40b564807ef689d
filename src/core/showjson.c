/* Values from hostile bytes for JSON that people read. */
#include "core/showjson.h"

#include "cairn/efi.h"

json_t *cairn_show_text(struct cairn_span bytes)
{
	cairn_auto_buf struct cairn_buf safe = {0};

	cairn_text_utf8(&safe, bytes);
	return json_string(cairn_buf_str(&safe));
}

void cairn_show_hex(json_t *object, struct cairn_span bytes, size_t max)
{
	struct cairn_span shown = cairn_span(bytes.ptr, bytes.len < max ? bytes.len : max);

	(void)json_object_set_new(object, "size", json_integer((json_int_t)bytes.len));
	(void)json_object_set_new(object, "hex", cairn_json_hex(shown));
}

json_t *cairn_show_digests(const struct cairn_digest *digests, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		(void)json_object_set_new(o, cairn_alg_name(digests[i].alg),
					  cairn_json_hex(cairn_digest_span(&digests[i])));
	return o;
}
