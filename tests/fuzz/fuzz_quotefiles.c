/* Files of keys, quotes, signatures and PCR values: the first byte says which; of signatures, by which key. What is
 * taken is whole, and what is refused says why.
 * seeds: tests/data/fuzz-quotefiles */
#include <stdlib.h>

#include "cairn/quotefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void key(struct cairn_span file)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *form = NULL;
	struct cairn_ak ak;
	enum cairn_status s = cairn_akfile_read(&ak, &form, file, &why);

	if (s == CAIRN_OK && (!form || ak.key_len < 64 || ak.key_len > sizeof ak.key))
		abort();
	if (s != CAIRN_OK && s != CAIRN_E_LIMIT && why.len == 0)
		abort();
}

static void signature(struct cairn_span file, const struct cairn_ak *ak)
{
	cairn_auto_buf struct cairn_buf out = {0};
	struct cairn_cur c = cairn_cur(file);
	struct cairn_span attest = cairn_cur_bytes(&c, cairn_cur_u8(&c));
	const char *form = NULL;

	if (cairn_sigfile_read(&out, &form, cairn_cur_rest(&c), ak, cairn_attestfile_view(attest)) ==
		CAIRN_OK &&
	    !form)
		abort();
}

static void values(struct cairn_span file)
{
	const struct cairn_selection sel = {.count = 2, .bank = {{CAIRN_ALG_SHA256, 1}, {CAIRN_ALG_SHA1, 3}}};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_pcrfile f;

	if (cairn_pcrfile_read(&f, file, &sel, &why) != CAIRN_OK)
		return;
	for (size_t i = 0; i < f.selection.count; i++) {
		const struct cairn_bank *b = cairn_pcrs_bank(&f.pcrs, f.selection.bank[i].alg);

		if (f.selection.bank[i].pcrs & ~(b ? b->extended : 0))
			abort(); /* selected, and no value */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cairn_ak ec = {.type = 0x0023, .key_len = 64, .key = {1}},
				     rsa = {.type = 0x0001, .key_len = 256, .exponent = 65537, .key = {0x81}};
	struct cairn_cur c = cairn_cur(cairn_span(data, size));
	uint8_t which = cairn_cur_u8(&c);
	struct cairn_span file = cairn_cur_rest(&c);

	if (which == 'k')
		key(file);
	else if (which == 's')
		signature(file, &ec);
	else if (which == 'r')
		signature(file, &rsa);
	else
		values(file);
	return 0;
}
