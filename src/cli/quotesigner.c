/* Whose key an AK is: qualified names, as a TPM makes them up from the hierarchy down. */
#include <string.h>

#include "quotes.h"

static const struct {
	uint8_t handle[4]; /* TPM_RH_ENDORSEMENT, TPM_RH_OWNER: TPM 2.0 Library r1.59, part 2, clause 7.4 */
	const char *primary, *child;
} hierarchies[] = {
    {{0x40, 0x00, 0x00, 0x0b},
     "a primary key of the endorsement hierarchy",
     "under the parent, in the endorsement hierarchy"},
    {{0x40, 0x00, 0x00, 0x01},
     "a primary key of the owner hierarchy",
     "under the parent, in the owner hierarchy"},
};
#define HIERARCHIES (sizeof(hierarchies) / sizeof(hierarchies[0]))

bool cairn_cli_quote_parent(struct cairn_ak *out, struct cairn_span file)
{
	struct cairn_span area = cairn_attestfile_view(file); /* a size before it is told in the same way */
	struct cairn_cur c = cairn_cur(area);
	struct cairn_digest d;

	(void)cairn_cur_u16be(&c); /* type */
	enum cairn_alg alg = (enum cairn_alg)cairn_cur_u16be(&c);
	if (!cairn_cur_ok(&c) || cairn_hash(&d, alg, area) != CAIRN_OK)
		return false;
	*out = (struct cairn_ak){.name_len = 2 + cairn_alg_size(alg)};
	memcpy(out->name, area.ptr + 2, 2);
	memcpy(out->name + 2, d.bytes, cairn_alg_size(alg));
	return true;
}

/* Of the AK in a hierarchy, or under the parent there. */
static bool name_in(struct cairn_qualified_name *out, const struct cairn_cli_quote *q, size_t hierarchy)
{
	struct cairn_span above = cairn_span(hierarchies[hierarchy].handle, 4);
	struct cairn_qualified_name parent;

	if (q->parent.name_len > 0) {
		if (cairn_ak_qualified_name_under(&parent, &q->parent, above) != CAIRN_OK)
			return false;
		above = cairn_span(parent.bytes, parent.len);
	}
	return cairn_ak_qualified_name_under(out, &q->ak, above) == CAIRN_OK;
}

struct cairn_cli_signer cairn_cli_quote_signer(const struct cairn_cli_quote *q,
					       const struct cairn_quote_facts *facts)
{
	bool parent = q->parent.name_len > 0;
	struct cairn_cli_signer s = {.words = "the key file has no name to compare with"};

	if (q->ak.name_len == 0)
		return s;
	for (size_t i = 0; i < HIERARCHIES; i++) {
		s.words = parent ? hierarchies[i].child : hierarchies[i].primary;
		if (!name_in(&s.name, q, i))
			break;
		if (cairn_span_equal(cairn_span(s.name.bytes, s.name.len), facts->qualified_signer))
			return s;
	}
	s.words = "not under that parent";
	if (!parent) {
		s.name.len = 0;
		s.words = "not a primary key of the endorsement or owner hierarchy; --parent can tell";
	}
	return s;
}
