/* The binary form of IMA lists, and going through lists of either form. */
#include "cairn/ima.h"

#include <string.h>

#include "core/ima_internal.h"

#define OLD_DIGEST 20 /* TPM_DIGEST_SIZE: template "ima" holds no other */

static void take_digest(struct cairn_ima_entry *e, struct cairn_cur *c, enum cairn_alg alg)
{
	struct cairn_span d = cairn_cur_bytes(c, cairn_alg_size(alg));

	e->digest = (struct cairn_digest){.alg = alg};
	for (size_t i = 0; i < d.len; i++)
		e->digest.bytes[i] = d.ptr[i];
	e->violation = cairn_span_all(d, 0);
}

/* The template by its name; that of the entry before is remembered, since lists have few. */
static void take_template(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c)
{
	uint32_t len = cairn_cur_u32le(c);

	if (len > CAIRN_IMA_NAME_MAX)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	e->name = cairn_cur_bytes(c, len);
	if (e->name.len > 0 && cairn_span_equal(e->name, it->last.name))
		return;
	if (cairn_ima_template_find(&it->last, e->name) != CAIRN_OK)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

static void take_field(struct cairn_ima_entry *e, const struct cairn_ima_template *t, struct cairn_cur *c,
		       uint32_t len)
{
	size_t i = e->count++;

	e->field[i] = t->field[i];
	e->field[i].value = cairn_cur_bytes(c, len);
	if (cairn_cur_ok(c) && !cairn_ima_field_read(e, &e->field[i]))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* Template "ima": a digest of fixed size, then length and bytes of a name. */
static void take_old(struct cairn_ima_entry *e, const struct cairn_ima_template *t, struct cairn_cur *c)
{
	size_t start = c->off;
	uint32_t len;

	take_field(e, t, c, OLD_DIGEST);
	len = cairn_cur_u32le(c);
	if (len > CAIRN_IMA_NAME_MAX)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	take_field(e, t, c, len);
	e->data = cairn_span(c->in.ptr + start, c->off - start);
}

/* Every other template: each field with its length. */
static void take_new(struct cairn_ima_entry *e, const struct cairn_ima_template *t, struct cairn_cur *c)
{
	e->data = c->in;
	if (!t->known)
		return;
	for (size_t i = 0; i < t->count; i++)
		take_field(e, t, c, cairn_cur_u32le(c));
	if (cairn_cur_end(c) != CAIRN_OK)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

static void take_data(struct cairn_ima_entry *e, const struct cairn_ima_template *t, struct cairn_cur *c)
{
	struct cairn_cur sub = cairn_cur_sub(c, cairn_cur_u32le(c));

	take_new(e, t, &sub);
	if (!cairn_cur_ok(&sub))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

static void binary_header(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c)
{
	e->pcr = cairn_cur_u32le(c);
	if (e->pcr >= CAIRN_PCR_COUNT)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	take_digest(e, c, it->log.alg);
	take_template(e, it, c);
}

static void read_binary(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c)
{
	binary_header(e, it, c);
	e->known = it->last.known;
	e->old = it->last.old;
	if (e->old)
		take_old(e, &it->last, c);
	else
		take_data(e, &it->last, c);
}

enum cairn_status cairn_ima_entry_of(struct cairn_ima_entry *out, struct cairn_span name,
				     struct cairn_span data)
{
	struct cairn_ima_entry e = {.form = CAIRN_IMA_BINARY, .name = name};
	struct cairn_cur c = cairn_cur(data);
	struct cairn_ima_template t = {0};

	if (cairn_ima_template_find(&t, name) != CAIRN_OK)
		return CAIRN_E_MALFORMED;
	e.known = t.known;
	e.old = t.old;
	if (e.old)
		take_old(&e, &t, &c);
	else
		take_new(&e, &t, &c);
	if (e.known && cairn_cur_end(&c) != CAIRN_OK)
		return CAIRN_E_MALFORMED;
	*out = e;
	return CAIRN_OK;
}

/* ---- the list
 * ---------------------------------------------------------------------------------------------------- */

struct cairn_ima_iter cairn_ima_iter(const struct cairn_ima *log)
{
	return (struct cairn_ima_iter){.log = *log, .cur = cairn_cur(log->bytes)};
}

enum cairn_status cairn_ima_next(struct cairn_ima_iter *it, struct cairn_ima_entry *out)
{
	struct cairn_cur c = it->cur;
	struct cairn_ima_entry e;

	if (cairn_cur_ok(&c) && cairn_cur_left(&c) == 0)
		return CAIRN_E_NOTFOUND;
	memset(&e, 0, offsetof(struct cairn_ima_entry, field));
	e.number = it->number + 1;
	e.offset = c.off;
	e.form = it->log.form;
	if (e.form == CAIRN_IMA_ASCII)
		cairn_ima_read_ascii(&e, it, &c);
	else
		read_binary(&e, it, &c);
	if (!cairn_cur_ok(&c)) {
		cairn_cur_fail(&it->cur, c.status);
		return c.status;
	}
	it->cur = c;
	it->number++;
	memcpy(out, &e, offsetof(struct cairn_ima_entry, field) + e.count * sizeof e.field[0]);
	return CAIRN_OK;
}

/* "10 " or " 9 ": a binary list begins with a number below 24. */
static bool is_ascii(struct cairn_span bytes)
{
	return bytes.len > 1 && bytes.ptr[1] != 0;
}

/* PCR, digest and name of a template: what no other log begins with. */
static bool has_header(struct cairn_span bytes, enum cairn_alg alg)
{
	struct cairn_ima_iter it = {.log = {.bytes = bytes, .alg = alg}};
	struct cairn_ima_entry e = {.form = is_ascii(bytes) ? CAIRN_IMA_ASCII : CAIRN_IMA_BINARY};
	struct cairn_cur c = cairn_cur(bytes);
	const uint8_t *newline = cairn_ima_find(bytes, '\n');

	if (e.form == CAIRN_IMA_ASCII && newline != NULL)
		c = cairn_cur(cairn_span(bytes.ptr, (size_t)(newline - bytes.ptr)));
	if (e.form == CAIRN_IMA_ASCII)
		cairn_ima_ascii_header(&e, &it, &c);
	else
		binary_header(&e, &it, &c);
	return cairn_cur_ok(&c);
}

/* How well the list reads with digests of this algorithm: 0 not, and why; 1 by its form; 2 by its first digest. */
static enum cairn_status judge(int *how, enum cairn_status *why, const struct cairn_ima *log)
{
	struct cairn_ima_iter it = cairn_ima_iter(log);
	struct cairn_ima_entry e = {0};
	enum cairn_ima_check check = CAIRN_IMA_BARE;
	enum cairn_status s;

	*how = 0;
	*why = log->bytes.len > 0 ? cairn_ima_next(&it, &e) : CAIRN_E_TRUNCATED;
	s = cairn_ima_check(&check, &e);
	if (s == CAIRN_E_UNSUPPORTED) /* no entry was read, or OpenSSL here has not this algorithm */
		return CAIRN_OK;
	*how = check == CAIRN_IMA_MATCHES ? 2 : 1;
	return s;
}

/* SHA-1 first: its status stands where no algorithm fits. */
static const enum cairn_alg candidates[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					    CAIRN_ALG_SHA512, CAIRN_ALG_SM3_256};

enum cairn_status cairn_ima_open(struct cairn_ima *out, struct cairn_span bytes)
{
	enum cairn_status why[sizeof candidates / sizeof candidates[0]];
	struct cairn_ima best = {0};
	int good = 0, how;

	if (bytes.len > CAIRN_IMA_SIZE_MAX)
		return CAIRN_E_LIMIT;
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		struct cairn_ima log = {.bytes = bytes, .alg = candidates[i]};
		enum cairn_status s;

		log.form = is_ascii(bytes) ? CAIRN_IMA_ASCII : CAIRN_IMA_BINARY;
		s = judge(&how, &why[i], &log);
		if (s != CAIRN_OK)
			return s;
		if (how > good) {
			good = how;
			best = log;
		}
	}
	if (good == 0)
		return why[0];
	*out = best;
	return CAIRN_OK;
}

bool cairn_ima_is(struct cairn_span bytes)
{
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
		if (has_header(bytes, candidates[i]))
			return true;
	return false;
}
