/* Templates of IMA by their names, and what their fields may hold. */
#include <string.h>

#include "core/ima_internal.h"

/* ima_template_lib.h and the table supported_fields of ima_template.c. */
static const struct cairn_ima_field fields[] = {
    {"d", CAIRN_IMA_DIGEST, false, {0}},
    {"n", CAIRN_IMA_NAME, false, {0}},
    {"d-ng", CAIRN_IMA_DIGEST_NG, false, {0}},
    {"d-ngv2", CAIRN_IMA_DIGEST_NGV2, false, {0}},
    {"n-ng", CAIRN_IMA_NAME, false, {0}},
    {"sig", CAIRN_IMA_BYTES, true, {0}},
    {"buf", CAIRN_IMA_BYTES, true, {0}},
    {"d-modsig", CAIRN_IMA_DIGEST_NG, true, {0}},
    {"modsig", CAIRN_IMA_BYTES, true, {0}},
    {"evmsig", CAIRN_IMA_BYTES, true, {0}},
    {"iuid", CAIRN_IMA_U32, true, {0}},
    {"igid", CAIRN_IMA_U32, true, {0}},
    {"imode", CAIRN_IMA_U16, true, {0}},
    {"xattrnames", CAIRN_IMA_NAME, true, {0}},
    {"xattrlengths", CAIRN_IMA_LENGTHS, true, {0}},
    {"xattrvalues", CAIRN_IMA_BYTES, true, {0}},
};

/* The table builtin_templates of ima_template.c. Any other name is a list of fields itself. */
static const struct {
	const char *name, *list;
} templates[] = {
    {"ima", "d|n"},
    {"ima-ng", "d-ng|n-ng"},
    {"ima-sig", "d-ng|n-ng|sig"},
    {"ima-ngv2", "d-ngv2|n-ng"},
    {"ima-sigv2", "d-ngv2|n-ng|sig"},
    {"ima-buf", "d-ng|n-ng|buf"},
    {"ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig"},
    {"evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode"},
};

static bool is(struct cairn_span s, const char *text)
{
	return cairn_span_equal(s, cairn_span_str(text));
}

static bool add_field(struct cairn_ima_template *t, struct cairn_span id)
{
	if (t->count == CAIRN_IMA_FIELD_MAX)
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!is(id, fields[i].id))
			continue;
		t->field[t->count++] = fields[i];
		return true;
	}
	return false;
}

/* "d-ng|sig": false where one of them is not known. */
static bool add_fields(struct cairn_ima_template *t, struct cairn_span list)
{
	struct cairn_cur c = cairn_cur(list);

	for (;;) {
		struct cairn_span rest = cairn_span(list.ptr + c.off, list.len - c.off);
		const uint8_t *bar = memchr(rest.ptr, '|', rest.len);

		if (!add_field(t, bar ? cairn_span(rest.ptr, (size_t)(bar - rest.ptr)) : rest))
			return false;
		if (!bar)
			return true;
		(void)cairn_cur_bytes(&c, (uint64_t)(bar - rest.ptr) + 1);
	}
}

static bool is_name(struct cairn_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	return name.len > 0 && name.len <= CAIRN_IMA_NAME_MAX;
}

enum cairn_status cairn_ima_template_find(struct cairn_ima_template *out, struct cairn_span name)
{
	struct cairn_ima_template t = {.name = name};
	struct cairn_span list = name;

	if (!is_name(name))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
		if (is(name, templates[i].name))
			list = cairn_span_str(templates[i].list);
	t.known = add_fields(&t, list);
	if (!t.known)
		t.count = 0;
	t.old = is(name, "ima");
	*out = t;
	return CAIRN_OK;
}

/* ---- values of fields
 * -------------------------------------------------------------------------------------------- */

/* The tables hash_algo_name and hash_digest_size of crypto/hash_info.c; sm3 was sm3-256 before Linux 5.17. */
static const struct {
	const char *name;
	size_t size;
} algs[] = {
    {"sha256", 32},   {"sha1", 20},   {"sha384", 48},	   {"sha512", 64},	{"md5", 16},
    {"sha224", 28},   {"sm3", 32},    {"sm3-256", 32},	   {"sha3-256", 32},	{"sha3-384", 48},
    {"sha3-512", 64}, {"rmd160", 20}, {"streebog256", 32}, {"streebog512", 64}, {"md4", 16},
    {"rmd128", 16},   {"rmd256", 32}, {"rmd320", 40},	   {"wp256", 32},	{"wp384", 48},
    {"wp512", 64},    {"tgr128", 16}, {"tgr160", 20},	   {"tgr192", 24},
};
static const char *const types[] = {"ima", "verity"};

const uint8_t *cairn_ima_find(struct cairn_span s, uint8_t c)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == c)
			return s.ptr + i;
	return NULL;
}

static bool is_hex(struct cairn_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (cairn_hex_digit(s.ptr[i]) < 0)
			return false;
	return s.len % 2 == 0;
}

void cairn_ima_unhex(uint8_t *out, size_t *len, size_t max, struct cairn_span hex)
{
	*len = 0;
	if (hex.len > 2 * max || !is_hex(hex))
		return;
	for (size_t i = 0; i < hex.len; i++) {
		unsigned digit = (unsigned)cairn_hex_digit(hex.ptr[i]);

		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
	}
	*len = hex.len / 2;
}

/* The text before ':' is one of ours; takes both from s. */
static bool take_word(struct cairn_span *s, const char *word)
{
	struct cairn_cur c = cairn_cur(*s);

	if (!is(cairn_cur_bytes(&c, strlen(word)), word) || cairn_cur_u8(&c) != ':')
		return false;
	*s = cairn_cur_rest(&c);
	return true;
}

/* "ima:" */
static bool take_type(struct cairn_ima_digest *d, struct cairn_span *s)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (take_word(s, types[i])) {
			d->type = types[i];
			return true;
		}
	}
	return false;
}

/* "sha256:"; the size its digests have. */
static bool take_alg(struct cairn_ima_digest *d, size_t *size, struct cairn_span *s)
{
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		if (take_word(s, algs[i].name)) {
			d->alg = algs[i].name;
			*size = algs[i].size;
			return true;
		}
	}
	return false;
}

/* The bytes of a digest: raw in the binary form, where a NUL ends the names before it, else hex. None are left
 * where it is not so, and no digest has no bytes. */
static void take_bytes(struct cairn_ima_digest *d, const struct cairn_ima_entry *e, struct cairn_span s,
		       bool named)
{
	struct cairn_cur c = cairn_cur(s);

	if (e->form == CAIRN_IMA_ASCII) {
		cairn_ima_unhex(d->bytes, &d->size, sizeof d->bytes, s);
		return;
	}
	if (named && cairn_cur_u8(&c) != 0)
		return;
	s = cairn_cur_rest(&c);
	if (s.len > sizeof d->bytes)
		return;
	for (size_t i = 0; i < s.len; i++)
		d->bytes[i] = s.ptr[i];
	d->size = s.len;
}

/* Linux 5.19 to 6.2 names its default algorithm in a violation and leaves room for a SHA-1 digest. */
static bool fits(const struct cairn_ima_digest *d, const struct cairn_ima_entry *e, size_t size)
{
	return d->size == size || (e->violation && d->size == 20);
}

static bool read_named_digest(struct cairn_ima_digest *d, const struct cairn_ima_entry *e,
			      struct cairn_span s, bool typed)
{
	size_t size;

	if (typed && !take_type(d, &s))
		return false;
	if (!take_alg(d, &size, &s))
		return false;
	take_bytes(d, e, s, true);
	return fits(d, e, size);
}

static bool read_bare_digest(struct cairn_ima_digest *d, const struct cairn_ima_entry *e, struct cairn_span s)
{
	take_bytes(d, e, s, false);
	return d->size == 20 || d->size == 16;
}

bool cairn_ima_digest_read(struct cairn_ima_digest *out, const struct cairn_ima_entry *e,
			   const struct cairn_ima_field *f)
{
	struct cairn_ima_digest d = {0};
	bool ok = f->syntax == CAIRN_IMA_DIGEST
		      ? read_bare_digest(&d, e, f->value)
		      : read_named_digest(&d, e, f->value, f->syntax == CAIRN_IMA_DIGEST_NGV2);

	if (ok)
		*out = d;
	return ok;
}

static bool read_digest(struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	struct cairn_ima_digest d = {0};

	if (!cairn_ima_digest_read(&d, e, f))
		return false;
	if (e->file.size == 0)
		e->file = d;
	return true;
}

/* A text ends with its only NUL, but for the ASCII form and template "ima". */
static bool read_name(struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	bool bare = e->form == CAIRN_IMA_ASCII || e->old;
	const uint8_t *nul = cairn_ima_find(f->value, 0);

	if (bare && nul != NULL)
		return false;
	if (!bare && (nul == NULL || nul != f->value.ptr + f->value.len - 1))
		return false;
	if (e->path.ptr == NULL)
		e->path = cairn_span(f->value.ptr, f->value.len - (bare ? 0 : 1));
	return true;
}

static bool read_number(const struct cairn_ima_entry *e, struct cairn_span s, size_t size)
{
	uint64_t v = 0;

	if (e->form == CAIRN_IMA_BINARY)
		return s.len == size;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)s.ptr[i] - '0';

		if (digit > 9)
			return false;
		v = v * 10 + digit;
		if (v >> (8 * size) != 0)
			return false;
	}
	return s.len == 1 || s.ptr[0] != '0';
}

static bool read_lengths(const struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	if (e->form == CAIRN_IMA_BINARY)
		return f->value.len % 4 == 0;
	return f->value.len % 8 == 0 && is_hex(f->value);
}

bool cairn_ima_field_read(struct cairn_ima_entry *e, const struct cairn_ima_field *f)
{
	if (f->value.len == 0 && f->optional)
		return true;
	switch (f->syntax) {
	case CAIRN_IMA_DIGEST:
	case CAIRN_IMA_DIGEST_NG:
	case CAIRN_IMA_DIGEST_NGV2:
		return read_digest(e, f);
	case CAIRN_IMA_NAME:
		return read_name(e, f);
	case CAIRN_IMA_BYTES:
		return e->form == CAIRN_IMA_BINARY || is_hex(f->value);
	case CAIRN_IMA_LENGTHS:
		return read_lengths(e, f);
	case CAIRN_IMA_U32:
		return read_number(e, f->value, 4);
	case CAIRN_IMA_U16:
		break;
	}
	return read_number(e, f->value, 2);
}
