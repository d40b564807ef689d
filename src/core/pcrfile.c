/* Files of PCR values: which form it is, and the forms that are not text. */
#include "cairn/quotefile.h"

#include <string.h>

#include "cairn/json.h"
#include "src/core/quotefile_internal.h"

/* ---- putting values into their places
 * --------------------------------------------------------------------------- */

struct cairn_bank *cairn_pcrfile_bank(struct cairn_pcrs *p, enum cairn_alg alg)
{
	struct cairn_bank *b = cairn_pcrs_bank(p, alg);

	if (b || p->count == CAIRN_BANK_MAX)
		return b;
	b = &p->bank[p->count++];
	*b = (struct cairn_bank){.alg = alg};
	return b;
}

enum cairn_status cairn_pcrfile_put(struct cairn_pcrs *p, enum cairn_alg alg, unsigned pcr,
				    struct cairn_span value)
{
	struct cairn_bank *b = cairn_pcrfile_bank(p, alg);

	if (!b || pcr >= CAIRN_PCR_COUNT)
		return CAIRN_E_LIMIT;
	if (value.len != cairn_alg_size(alg))
		return CAIRN_E_MALFORMED;
	if (b->extended >> pcr & 1)
		return CAIRN_E_MALFORMED;
	b->extended |= UINT32_C(1) << pcr;
	b->pcr[pcr].alg = alg;
	memcpy(b->pcr[pcr].bytes, value.ptr, value.len);
	return CAIRN_OK;
}

enum cairn_status cairn_pcrfile_put_hex(struct cairn_pcrs *p, enum cairn_alg alg, unsigned pcr,
					struct cairn_span hex)
{
	char text[2 * CAIRN_DIGEST_MAX + 1] = "";
	struct cairn_digest d = {.alg = alg};
	enum cairn_status s;

	if (hex.len >= 2 && hex.ptr[0] == '0' && (hex.ptr[1] | 0x20) == 'x')
		hex = cairn_span(hex.ptr + 2, hex.len - 2);
	if (hex.len != 2 * cairn_alg_size(alg))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < hex.len; i++)
		text[i] = (char)(hex.ptr[i] >= 'A' && hex.ptr[i] <= 'F' ? hex.ptr[i] | 0x20 : hex.ptr[i]);
	s = cairn_digest_parse(&d, alg, text);
	return s == CAIRN_OK ? cairn_pcrfile_put(p, alg, pcr, cairn_digest_span(&d)) : s;
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------------------- */

static enum cairn_status json_value(struct cairn_pcrs *p, enum cairn_alg alg, const char *index,
				    const json_t *hex)
{
	unsigned pcr = 0;

	if (index[0] == '\0' || strlen(index) > 3)
		return CAIRN_E_MALFORMED;
	for (; *index; index++) {
		if (*index < '0' || *index > '9')
			return CAIRN_E_MALFORMED;
		pcr = pcr * 10 + (unsigned)(*index - '0');
	}
	return cairn_pcrfile_put_hex(p, alg, pcr, cairn_span_str(json_string_value(hex)));
}

static enum cairn_status json_bank(struct cairn_pcrfile *out, const char *name, json_t *values)
{
	bool padded = false;
	enum cairn_alg alg = cairn_pcrfile_bank_of(cairn_span_str(name), &padded);
	enum cairn_status s = CAIRN_OK;
	void *it;

	if (alg == CAIRN_ALG_NONE)
		return CAIRN_E_UNSUPPORTED;
	if (!json_is_object(values))
		return CAIRN_E_MALFORMED;
	for (it = json_object_iter(values); it && s == CAIRN_OK; it = json_object_iter_next(values, it))
		s = json_value(padded ? &out->padded : &out->pcrs, alg, json_object_iter_key(it),
			       json_object_iter_value(it));
	return s;
}

/* The banks, or an object whose member "pcrs" has them: `cairn log replay --json`. */
static enum cairn_status read_json(struct cairn_pcrfile *out, struct cairn_span file)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status s = cairn_json_parse(&v, file);
	json_t *banks = json_object_get(v, "pcrs");
	void *it;

	if (!banks)
		banks = v;
	for (it = json_object_iter(banks); it && s == CAIRN_OK; it = json_object_iter_next(banks, it))
		s = json_bank(out, json_object_iter_key(it), json_object_iter_value(it));
	return s;
}

/* ---- the values and nothing else
 * ------------------------------------------------------------------------------- */

static enum cairn_status read_raw(struct cairn_pcrfile *out, struct cairn_span file,
				  const struct cairn_selection *sel)
{
	struct cairn_cur c = cairn_cur(file);
	enum cairn_status s = CAIRN_OK;

	for (size_t i = 0; i < sel->count; i++) {
		enum cairn_alg alg = sel->bank[i].alg;

		for (unsigned n = 0; n < CAIRN_PCR_COUNT && s == CAIRN_OK; n++) {
			struct cairn_span value;

			if (!(sel->bank[i].pcrs >> n & 1))
				continue;
			value = cairn_cur_bytes(&c, cairn_alg_size(alg));
			s = cairn_cur_ok(&c) ? cairn_pcrfile_put(&out->pcrs, alg, n, value) : c.status;
		}
	}
	return s == CAIRN_OK ? cairn_cur_end(&c) : s;
}

/* ---- which form
 * ------------------------------------------------------------------------------------------------- */

static bool is_text(struct cairn_span file)
{
	for (size_t i = 0; i < file.len; i++)
		if ((file.ptr[i] < 0x20 || file.ptr[i] > 0x7e) &&
		    !(file.ptr[i] >= '\t' && file.ptr[i] <= '\r'))
			return false;
	return file.len > 0;
}

static bool is_json(struct cairn_span file)
{
	struct cairn_cur c = cairn_cur(file);
	uint8_t first;

	do
		first = cairn_cur_u8(&c);
	while (first && strchr(" \t\r\n", first));
	return first == '{';
}

static enum cairn_status read_binary(struct cairn_pcrfile *out, struct cairn_span file,
				     const struct cairn_selection *sel, struct cairn_buf *why)
{
	enum cairn_status s;

	out->form = "tpm2_quote -o";
	if (cairn_pcrfile_tools(out, file) == CAIRN_OK)
		return CAIRN_OK;
	*out = (struct cairn_pcrfile){.form = "values"};
	s = read_raw(out, file, sel);
	if (s != CAIRN_OK && why)
		cairn_buf_add_str(why, "neither `tpm2_quote -o` nor the values of what was quoted");
	return s;
}

/* A digest that consists of printable characters alone nobody will find, so text is never values; and what
 * `tpm2_quote -o` writes is always longer than the values in it. */
enum cairn_status cairn_pcrfile_read(struct cairn_pcrfile *out, struct cairn_span file,
				     const struct cairn_selection *selection, struct cairn_buf *why)
{
	struct cairn_pcrfile f = {0};
	enum cairn_status s;

	if (file.len > CAIRN_QUOTEFILE_MAX)
		return CAIRN_E_LIMIT;
	if (!is_text(file)) {
		s = read_binary(&f, file, selection, why);
	} else if (is_json(file)) {
		f.form = "JSON";
		s = read_json(&f, file);
		if (s != CAIRN_OK && why)
			cairn_buf_add_str(why, "not {\"bank\":{\"pcr\":\"hex\"}}");
	} else {
		s = cairn_pcrfile_text(&f, file, why);
	}
	if (s == CAIRN_OK)
		*out = f;
	return s;
}
