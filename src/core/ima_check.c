/* What the digests of IMA entries say, and what they come to in PCRs. */
#include <string.h>

#include "core/ima_internal.h"

#define NAME_ROOM 256 /* IMA_EVENT_NAME_LEN_MAX + 1: what template "ima" hashes of a name, with zeros */

/* ---- the data of an entry
 * ---------------------------------------------------------------------------------------- */

static enum cairn_status add_u32(struct cairn_hasher *h, uint64_t v)
{
	uint8_t le[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	return cairn_hasher_add(h, cairn_span(le, sizeof le));
}

/* Hex that was read before; in pieces, since it may be long. */
static enum cairn_status add_hex(struct cairn_hasher *h, struct cairn_span hex)
{
	struct cairn_cur c = cairn_cur(hex);
	enum cairn_status s = CAIRN_OK;

	while (s == CAIRN_OK && cairn_cur_left(&c) > 0) {
		uint8_t piece[128];
		size_t n = cairn_cur_left(&c) < 2 * sizeof piece ? cairn_cur_left(&c) : 2 * sizeof piece;

		cairn_ima_unhex(piece, &n, sizeof piece, cairn_cur_bytes(&c, n));
		s = cairn_hasher_add(h, cairn_span(piece, n));
	}
	return s;
}

/* "sha256:" hex: the names up to the last colon, NUL, the digest. */
static enum cairn_status add_named_digest(struct cairn_hasher *h, struct cairn_span text)
{
	static const uint8_t nul;
	size_t names = text.len;
	enum cairn_status s;

	while (names > 0 && text.ptr[names - 1] != ':')
		names--;
	s = add_u32(h, names + 1 + (text.len - names) / 2);
	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, cairn_span(text.ptr, names));
	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, cairn_span(&nul, 1));
	return s == CAIRN_OK ? add_hex(h, cairn_span(text.ptr + names, text.len - names)) : s;
}

static enum cairn_status add_text(struct cairn_hasher *h, struct cairn_span text)
{
	static const uint8_t nul;
	enum cairn_status s = add_u32(h, text.len + 1);

	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, text);
	return s == CAIRN_OK ? cairn_hasher_add(h, cairn_span(&nul, 1)) : s;
}

static enum cairn_status add_number(struct cairn_hasher *h, struct cairn_span text, size_t size)
{
	uint32_t v = 0;
	uint8_t le[4];
	enum cairn_status s = add_u32(h, size);

	for (size_t i = 0; i < text.len; i++)
		v = v * 10 + (uint32_t)(text.ptr[i] - '0');
	for (size_t i = 0; i < sizeof le; i++)
		le[i] = (uint8_t)(v >> (8 * i));
	return s == CAIRN_OK ? cairn_hasher_add(h, cairn_span(le, size)) : s;
}

/* A field of the ASCII form as it stands in the data. */
static enum cairn_status add_field(struct cairn_hasher *h, const struct cairn_ima_field *f)
{
	enum cairn_status s;

	if (f->value.len == 0 && f->optional)
		return add_u32(h, 0);
	switch (f->syntax) {
	case CAIRN_IMA_DIGEST_NG:
	case CAIRN_IMA_DIGEST_NGV2:
		return add_named_digest(h, f->value);
	case CAIRN_IMA_NAME:
		return add_text(h, f->value);
	case CAIRN_IMA_U32:
		return add_number(h, f->value, 4);
	case CAIRN_IMA_U16:
		return add_number(h, f->value, 2);
	case CAIRN_IMA_DIGEST:
	case CAIRN_IMA_BYTES:
	case CAIRN_IMA_LENGTHS:
		break;
	}
	s = add_u32(h, f->value.len / 2);
	return s == CAIRN_OK ? add_hex(h, f->value) : s;
}

/* ima_calc_field_array_hash: no lengths, and the name filled up with zeros. */
static enum cairn_status add_old(struct cairn_hasher *h, const struct cairn_ima_entry *e)
{
	static const uint8_t zeros[NAME_ROOM];
	size_t room = NAME_ROOM - (e->path.len < NAME_ROOM ? e->path.len : NAME_ROOM);
	enum cairn_status s = cairn_hasher_add(h, cairn_span(e->file.bytes, e->file.size));

	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, e->path);
	return s == CAIRN_OK ? cairn_hasher_add(h, cairn_span(zeros, room)) : s;
}

enum cairn_status cairn_ima_hash_data(struct cairn_hasher *h, const struct cairn_ima_entry *e)
{
	enum cairn_status s = CAIRN_OK;

	if (e->old)
		return add_old(h, e);
	if (e->form == CAIRN_IMA_BINARY)
		return cairn_hasher_add(h, e->data);
	if (!e->known)
		return CAIRN_E_NOTFOUND;
	for (size_t i = 0; i < e->count && s == CAIRN_OK; i++)
		s = add_field(h, &e->field[i]);
	return s;
}

/* ---- checks
 * ------------------------------------------------------------------------------------------------------ */

static enum cairn_status digest_with(struct cairn_digest *out, struct cairn_hasher *h,
				     const struct cairn_ima_entry *e)
{
	enum cairn_status s = cairn_ima_hash_data(h, e);

	return s == CAIRN_OK ? cairn_hasher_take(h, out) : s;
}

enum cairn_status cairn_ima_template_digest(struct cairn_digest *out, const struct cairn_ima_entry *e,
					    enum cairn_alg alg)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s = cairn_hasher_new(&h, alg);

	if (s == CAIRN_OK)
		s = digest_with(out, h, e);
	cairn_hasher_free(h);
	return s;
}

static enum cairn_ima_check judge(enum cairn_status s, const struct cairn_digest *d,
				  const struct cairn_ima_entry *e)
{
	if (e->violation)
		return CAIRN_IMA_VIOLATION;
	if (s == CAIRN_E_NOTFOUND)
		return CAIRN_IMA_BARE;
	return cairn_digest_equal(d, &e->digest) ? CAIRN_IMA_MATCHES : CAIRN_IMA_DIFFERS;
}

enum cairn_status cairn_ima_check_with(enum cairn_ima_check *out, struct cairn_hasher *h,
				       const struct cairn_ima_entry *e)
{
	struct cairn_digest d = {0};
	enum cairn_status s = digest_with(&d, h, e);

	if (s != CAIRN_OK && s != CAIRN_E_NOTFOUND)
		return s;
	*out = judge(s, &d, e);
	return CAIRN_OK;
}

enum cairn_status cairn_ima_check(enum cairn_ima_check *out, const struct cairn_ima_entry *e)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s = cairn_hasher_new(&h, e->digest.alg);

	if (s == CAIRN_OK)
		s = cairn_ima_check_with(out, h, e);
	cairn_hasher_free(h);
	return s;
}

const char *cairn_ima_check_name(enum cairn_ima_check c)
{
	static const char *const names[] = {
	    [CAIRN_IMA_BARE] = "bare",
	    [CAIRN_IMA_MATCHES] = "matches",
	    [CAIRN_IMA_DIFFERS] = "differs",
	    [CAIRN_IMA_VIOLATION] = "violation",
	};

	return names[c];
}

bool cairn_ima_is_boot_aggregate(const struct cairn_ima_entry *e)
{
	return e->number == 1 && cairn_span_equal(e->path, cairn_span_str("boot_aggregate"));
}
