/* EFI structures and Windows' tags, each from the same bytes: no crash, and text that jansson takes as UTF-8.
 * seeds: tests/data/fuzz-efi */
#include <stdlib.h>

#include <jansson.h>

#include "cairn/efi.h"
#include "cairn/sipa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct cairn_buf *text)
{
	json_t *s = json_stringn((const char *)text->ptr, text->len);

	if (text->len > 0 && !s)
		abort();
	json_decref(s);
}

static void lists(struct cairn_span in)
{
	struct cairn_efi_signatures it = cairn_efi_signatures(in);
	struct cairn_efi_signature sig;
	size_t bytes = 0;

	while (cairn_efi_signature_next(&it, &sig))
		bytes += sig.data.len + sig.owner.len;
	if (bytes > in.len)
		abort();
}

static void structures(struct cairn_span in)
{
	struct cairn_efi_variable v;
	struct cairn_efi_load_option o;
	struct cairn_efi_image_load i;
	struct cairn_efi_blob b;
	struct cairn_efi_handoff h;
	struct cairn_efi_gpt g;

	if (cairn_efi_variable_read(&v, in) == CAIRN_OK)
		lists(v.data);
	if (cairn_efi_load_option_read(&o, in) == CAIRN_OK && o.path.len + o.optional.len > in.len)
		abort();
	if (cairn_efi_image_load_read(&i, in) == CAIRN_OK && i.path.len > in.len)
		abort();
	if (cairn_efi_blob_read(&b, in, true) == CAIRN_OK && b.description.len > in.len)
		abort();
	if (cairn_efi_handoff_read(&h, in, false) == CAIRN_OK && h.tables.len != h.count * 24)
		abort();
	for (uint64_t n = 0; cairn_efi_gpt_read(&g, in) == CAIRN_OK && n < g.count; n++)
		if (cairn_efi_partition(&g, n).name.len > 72)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_span in = cairn_span(data, size);
	cairn_auto_buf struct cairn_buf path = {0}, wide = {0}, narrow = {0};

	if (cairn_device_path_text(&path, in) == CAIRN_OK)
		check_text(&path);
	cairn_text_utf16(&wide, in);
	check_text(&wide);
	cairn_text_utf8(&narrow, in);
	check_text(&narrow);
	lists(in);
	structures(in);
	(void)(cairn_sipa_check(in) == CAIRN_OK);
	return 0;
}
