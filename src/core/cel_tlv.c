/* Records of canonical event logs in TLV: type u8, length u32 big-endian, value. */
#include "core/cel_internal.h"

/* CEL 1.0 r0.41, section 5.1; 108 is of go-eventlog. */
#define TLV_RECNUM  0
#define TLV_PCR	    1
#define TLV_NV	    2
#define TLV_DIGESTS 3
#define TLV_MR	    108

struct tlv {
	uint8_t type;
	struct cairn_span value, whole;
};

static struct tlv take(struct cairn_cur *c)
{
	size_t start = c->off;
	struct tlv t = {.type = cairn_cur_u8(c)};

	t.value = cairn_cur_bytes(c, cairn_cur_u32be(c));
	if (cairn_cur_ok(c))
		t.whole = cairn_span(c->in.ptr + start, c->off - start);
	return t;
}

/* A number of 1 to max bytes, big-endian. */
static uint64_t number(struct cairn_cur *c, struct cairn_span s, size_t max)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > max)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	for (size_t i = 0; i < s.len && i < max; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

static void take_recnum(struct cairn_cel_record *r, struct cairn_cur *c)
{
	struct tlv t = take(c);

	if (t.type != TLV_RECNUM)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	r->numbered = true;
	r->recnum = number(c, t.value, 8);
}

static void take_register(struct cairn_cel_record *r, struct cairn_cur *c)
{
	struct tlv t = take(c);

	switch (t.type) {
	case TLV_PCR:
		r->reg = CAIRN_CEL_PCR;
		break;
	case TLV_NV:
		r->reg = CAIRN_CEL_NV;
		break;
	case TLV_MR:
		r->reg = CAIRN_CEL_MR;
		break;
	default:
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	}
	r->index = (uint32_t)number(c, t.value, 4);
}

static void take_digests(struct cairn_cel_record *r, struct cairn_cur *c)
{
	struct tlv t = take(c);
	struct cairn_cur sub = cairn_cur(t.value);

	if (t.type != TLV_DIGESTS)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	while (cairn_cur_left(&sub) > 0) {
		struct tlv d = take(&sub);

		if (cairn_cur_ok(&sub) && cairn_cel_add_digest(r, d.type, d.value) != CAIRN_OK)
			cairn_cur_fail(&sub, CAIRN_E_MALFORMED);
	}
	if (!cairn_cur_ok(&sub))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

/* Two nested TLVs, of types 0 and 1, in this order. */
static bool read_pair(struct tlv pair[2], struct cairn_span value)
{
	struct cairn_cur c = cairn_cur(value);

	for (size_t i = 0; i < 2; i++) {
		pair[i] = take(&c);
		if (pair[i].type != i)
			return false;
	}
	return cairn_cur_end(&c) == CAIRN_OK;
}

static bool read_pcclient(struct cairn_cel_record *r)
{
	struct cairn_cur c = cairn_cur(r->value);
	struct tlv pair[2];

	if (!read_pair(pair, r->value))
		return false;
	r->event_type = (uint32_t)number(&c, pair[0].value, 4);
	r->data = pair[1].value;
	return cairn_cur_ok(&c);
}

static bool read_ima_template(struct cairn_cel_record *r)
{
	struct tlv pair[2];

	if (!read_pair(pair, r->value))
		return false;
	r->name = pair[0].value;
	r->data = pair[1].value;
	return true;
}

static bool read_cos(struct cairn_cel_record *r)
{
	struct cairn_cur c = cairn_cur(r->value);
	struct tlv event = take(&c);

	r->subtype = event.type;
	r->data = event.value;
	return cairn_cur_end(&c) == CAIRN_OK;
}

static bool read_content(struct cairn_cel_record *r, struct cairn_span whole)
{
	switch (r->type) {
	case CAIRN_CEL_PCCLIENT:
		return read_pcclient(r);
	case CAIRN_CEL_IMA_TEMPLATE:
		return read_ima_template(r);
	case CAIRN_CEL_COS:
		r->hashed = whole;
		return read_cos(r);
	case CAIRN_CEL_IMA_TLV:
		r->hashed = whole;
		return true;
	case CAIRN_CEL_SYSTEMD:
		r->data = r->value;
		r->hashed = r->value;
		return true;
	case CAIRN_CEL_OTHER:
	case CAIRN_CEL_MANAGEMENT:
	case CAIRN_CEL_CAIRN:
	case CAIRN_CEL_TSS2:
		break;
	}
	return true;
}

static void take_content(struct cairn_cel_record *r, struct cairn_cur *c)
{
	struct tlv t = take(c);
	const struct cairn_cel_type_row *row = cairn_cel_type_by_number(t.type);

	r->type_number = t.type;
	r->type = row ? row->type : CAIRN_CEL_OTHER;
	r->type_name = row ? row->name : NULL;
	r->value = t.value;
	if (t.type <= TLV_DIGESTS || t.type == TLV_MR)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	r->readable = read_content(r, t.whole);
	if (!r->readable)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

enum cairn_status cairn_cel_read_tlv(struct cairn_cel *log, struct cairn_cel_record *r)
{
	struct cairn_cur c = log->cur;

	take_recnum(r, &c);
	take_register(r, &c);
	take_digests(r, &c);
	take_content(r, &c);
	if (!cairn_cur_ok(&c))
		return c.status;
	log->cur = c;
	return CAIRN_OK;
}
