/* The ASCII form of IMA lists: PCR, digest, template and fields of an entry, parted by single spaces. */
#include <string.h>

#include "core/ima_internal.h"

/* What stands before the next space, which is taken too; without one, all that is left. */
static struct cairn_span take_word(struct cairn_cur *c)
{
	struct cairn_span rest = cairn_cur_peek(*c);
	const uint8_t *end = cairn_ima_find(rest, ' ');
	struct cairn_span word;

	if (end == NULL)
		return cairn_cur_rest(c);
	word = cairn_cur_bytes(c, (uint64_t)(end - rest.ptr));
	(void)cairn_cur_u8(c);
	return word;
}

/* "%2d" */
static void take_pcr(struct cairn_ima_entry *e, struct cairn_cur *c)
{
	struct cairn_span s = cairn_cur_bytes(c, 2);
	uint32_t pcr = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint32_t digit = i == 0 && s.ptr[i] == ' ' ? 0 : (uint32_t)s.ptr[i] - '0';

		if (digit > 9)
			cairn_cur_fail(c, CAIRN_E_MALFORMED);
		pcr = pcr * 10 + digit;
	}
	if (cairn_cur_u8(c) != ' ')
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	if (pcr >= CAIRN_PCR_COUNT)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	e->pcr = pcr;
}

static void take_digest(struct cairn_ima_entry *e, struct cairn_cur *c, enum cairn_alg alg)
{
	struct cairn_span hex = take_word(c);
	size_t len = 0;

	e->digest = (struct cairn_digest){.alg = alg};
	cairn_ima_unhex(e->digest.bytes, &len, sizeof e->digest.bytes, hex);
	if (len != cairn_alg_size(alg))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	e->violation = cairn_span_all(cairn_digest_span(&e->digest), 0);
}

void cairn_ima_ascii_header(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c)
{
	take_pcr(e, c);
	take_digest(e, c, it->log.alg);
	e->name = take_word(c);
	if (cairn_ima_template_find(&it->last, e->name) != CAIRN_OK)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* The last field has all that is left: a name of template "ima" may have spaces. Fields at the end that may be
 * empty may be missing with their spaces, as editors leave them. */
static void take_fields(struct cairn_ima_entry *e, const struct cairn_ima_template *t, struct cairn_cur *c)
{
	for (size_t i = 0; i < t->count; i++) {
		e->field[i] = t->field[i];
		e->field[i].value = i + 1 < t->count ? take_word(c) : cairn_cur_rest(c);
		e->count++;
		if (!cairn_ima_field_read(e, &e->field[i]))
			cairn_cur_fail(c, CAIRN_E_MALFORMED);
	}
}

void cairn_ima_read_ascii(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c)
{
	struct cairn_span rest = cairn_cur_peek(*c);
	const uint8_t *newline = cairn_ima_find(rest, '\n');
	/* a line without newline is longer than what is left */
	struct cairn_cur line = cairn_cur_sub(c, newline ? (uint64_t)(newline - rest.ptr) : UINT64_MAX);

	(void)cairn_cur_u8(c);
	cairn_ima_ascii_header(e, it, &line);
	e->known = it->last.known;
	e->old = it->last.old;
	e->data = cairn_cur_peek(line);
	if (e->known)
		take_fields(e, &it->last, &line);
	if (line.status == CAIRN_E_LIMIT)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	if (!cairn_cur_ok(&line))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}
