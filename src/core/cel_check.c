/* Whether the digests of a record of a canonical event log are those of its content. */
#include <string.h>

#include "cairn/ima.h"
#include "core/cel_internal.h"

static enum cairn_status check_bytes(enum cairn_event_check *out, const struct cairn_cel_record *r)
{
	enum cairn_event_check wrong = r->excused ? CAIRN_EVENT_UNCHECKED : CAIRN_EVENT_DIFFERS;
	enum cairn_event_check result = CAIRN_EVENT_MATCHES;

	for (size_t i = 0; i < r->count; i++) {
		struct cairn_digest d;
		enum cairn_status s = cairn_hash(&d, r->digest[i].alg, r->hashed);

		if (s != CAIRN_OK)
			return s;
		if (!cairn_digest_equal(&d, &r->digest[i]))
			result = wrong;
	}
	*out = result;
	return CAIRN_OK;
}

static enum cairn_status check_event(enum cairn_event_check *out, const struct cairn_cel_record *r)
{
	struct cairn_event ev = {
	    .number = r->number, .pcr = r->index, .type = r->event_type, .data = r->data};

	for (size_t i = 0; i < r->count; i++) {
		ev.digest[i].alg = r->digest[i].alg;
		ev.digest[i].value = cairn_digest_span(&r->digest[i]);
	}
	ev.count = r->count;
	return cairn_event_check(out, &ev);
}

/* The digest is that of the template, or, as before Linux 5.8, the SHA-1 one and zeros. */
static enum cairn_status is_template_digest(bool *out, const struct cairn_digest *said,
					    const struct cairn_ima_entry *e)
{
	struct cairn_digest own, sha1;
	enum cairn_status s = cairn_ima_template_digest(&own, e, said->alg);

	if (s == CAIRN_OK)
		s = cairn_ima_template_digest(&sha1, e, CAIRN_ALG_SHA1);
	if (s != CAIRN_OK)
		return s;
	sha1.alg = said->alg;
	*out = cairn_digest_equal(said, &own) || cairn_digest_equal(said, &sha1);
	return CAIRN_OK;
}

static bool is_violation(const struct cairn_cel_record *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!cairn_span_all(cairn_digest_span(&r->digest[i]), 0x00) &&
		    !cairn_span_all(cairn_digest_span(&r->digest[i]), 0xff))
			return false;
	return true;
}

/* Without a name (FAPI leaves it out) the data is hashed as of every template but "ima". */
static enum cairn_status check_ima(enum cairn_event_check *out, const struct cairn_cel_record *r)
{
	struct cairn_ima_entry e = {.form = CAIRN_IMA_BINARY, .data = r->data};
	enum cairn_event_check result = CAIRN_EVENT_MATCHES;

	if (is_violation(r)) {
		*out = CAIRN_EVENT_UNCHECKED;
		return CAIRN_OK;
	}
	if (r->name.len > 0 && cairn_ima_entry_of(&e, r->name, r->data) != CAIRN_OK)
		result = CAIRN_EVENT_DIFFERS;
	for (size_t i = 0; i < r->count && result == CAIRN_EVENT_MATCHES; i++) {
		bool same = false;
		enum cairn_status s = is_template_digest(&same, &r->digest[i], &e);

		if (s != CAIRN_OK)
			return s;
		if (!same)
			result = CAIRN_EVENT_DIFFERS;
	}
	*out = result;
	return CAIRN_OK;
}

enum cairn_status cairn_cel_check(enum cairn_event_check *out, const struct cairn_cel_record *r)
{
	if (r->readable && r->count > 0) {
		switch (r->type) {
		case CAIRN_CEL_PCCLIENT:
			return check_event(out, r);
		case CAIRN_CEL_IMA_TEMPLATE:
			return check_ima(out, r);
		case CAIRN_CEL_IMA_TLV:
		case CAIRN_CEL_SYSTEMD:
		case CAIRN_CEL_COS:
		case CAIRN_CEL_CAIRN:
		case CAIRN_CEL_TSS2:
			return check_bytes(out, r);
		case CAIRN_CEL_OTHER:
		case CAIRN_CEL_MANAGEMENT:
			break;
		}
	}
	*out = CAIRN_EVENT_UNCHECKED;
	return CAIRN_OK;
}

bool cairn_cel_extends(const struct cairn_cel_record *r)
{
	struct cairn_event ev = {.pcr = r->index, .type = r->event_type};

	return cairn_event_extends(&ev); /* the type is 0 where there is none, and 0 extends */
}
