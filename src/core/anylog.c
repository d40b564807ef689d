/* Which kind of log some bytes are. They are hostile: each test looks at their first bytes only, and what it finds
 * is believed only once the reader of that kind has read them. */
#include "cairn/anylog.h"

#include <string.h>

#include "cairn/cel.h"

#define SHA1_SIZE 20

/* ---- what the first bytes look like ------------------------------------------------------------------------------ */

/* An event in the form of TPM 1.2, which every log of firmware begins with. PFP 1.05 r23, section 10.2.1. */
struct first_event {
	uint32_t pcr, type;
	struct cairn_span digest, data;
};

static struct first_event first_event(struct cairn_span bytes)
{
	struct cairn_cur c = cairn_cur(bytes);
	struct first_event e = {.pcr = cairn_cur_u32le(&c), .type = cairn_cur_u32le(&c)};

	e.digest = cairn_cur_bytes(&c, SHA1_SIZE);
	e.data = cairn_cur_bytes(&c, cairn_cur_u32le(&c));
	return e;
}

static bool has_spec_id(const struct first_event *e)
{
	static const char id[16] = "Spec ID Event03";

	return e->data.len >= sizeof id && memcmp(e->data.ptr, id, sizeof id) == 0;
}

static bool looks_tcg(struct cairn_span bytes)
{
	struct first_event e = first_event(bytes);

	return has_spec_id(&e);
}

/* In which TXT keeps the log of a TPM 1.2; eventlog.h. */
static bool has_container(struct cairn_span bytes)
{
	static const char mark[20] = "TXT Event Container";

	return bytes.len >= sizeof mark && memcmp(bytes.ptr, mark, sizeof mark) == 0;
}

/* The first event may be cut: what is left of it still tells a log from other things. All zeros are no event. */
static bool looks_sha1(struct cairn_span bytes)
{
	struct first_event e = first_event(bytes);

	if (has_container(bytes))
		return true;
	if (e.digest.len != SHA1_SIZE || e.pcr >= CAIRN_PCR_COUNT || has_spec_id(&e))
		return false;
	if (cairn_span_all(e.digest, 0) && e.type != CAIRN_EV_NO_ACTION)
		return false;
	return strcmp(cairn_event_type_name(e.type), "unknown") != 0;
}

/* A line of canonical event log in JSON whose content is cairn's. */
static bool looks_launch(struct cairn_span bytes)
{
	static const char mark[] = "{\"content\":{\"record\":\"";

	return bytes.len >= sizeof mark - 1 && memcmp(bytes.ptr, mark, sizeof mark - 1) == 0;
}

static bool looks_cel_tlv(struct cairn_span bytes)
{
	return bytes.ptr[0] == 0 && cairn_cel_is(bytes);
}

static bool looks_cel_json(struct cairn_span bytes)
{
	return bytes.ptr[0] != 0 && cairn_cel_is(bytes) && !looks_launch(bytes);
}

static bool looks_ima_binary(struct cairn_span bytes)
{
	return bytes.ptr[0] < CAIRN_PCR_COUNT && cairn_ima_is(bytes);
}

static bool looks_ima_ascii(struct cairn_span bytes)
{
	return bytes.ptr[0] >= CAIRN_PCR_COUNT && cairn_ima_is(bytes);
}

/* ---- the kinds --------------------------------------------------------------------------------------------------- */

static enum cairn_status open_tcg(struct cairn_anylog *log)
{
	enum cairn_status s = cairn_eventlog_open_or(&log->tcg, log->bytes, &log->fault);

	log->end = log->tcg.end;
	if (s == CAIRN_OK && log->tcg.cc)
		log->kind = CAIRN_ANYLOG_CCEL;
	return s;
}

static enum cairn_status open_ima(struct cairn_anylog *log)
{
	log->end = log->bytes.len;
	return cairn_ima_open(&log->ima, log->bytes);
}

/* Canonical event logs in JSON are parsed here and again when they are read: what was found owns nothing. */
static enum cairn_status open_cel(struct cairn_anylog *log)
{
	cairn_auto_cel struct cairn_cel cel = {0};

	log->end = log->bytes.len;
	return cairn_cel_open(&cel, log->bytes);
}

static enum cairn_status open_records(struct cairn_anylog *log)
{
	log->end = log->bytes.len;
	return CAIRN_OK;
}

static const struct kind_row {
	const char *name, *title;
	bool (*looks)(struct cairn_span bytes);
	enum cairn_status (*open)(struct cairn_anylog *log);
} kinds[CAIRN_ANYLOG_KINDS] = {
    [CAIRN_ANYLOG_NONE] = {"none", "no log that cairn knows", NULL, NULL},
    [CAIRN_ANYLOG_TCG] = {"tcg", "TCG crypto-agile log", looks_tcg, open_tcg},
    [CAIRN_ANYLOG_SHA1] = {"tcg-sha1", "TCG log in the form of TPM 1.2 (SHA-1)", looks_sha1, open_tcg},
    [CAIRN_ANYLOG_CCEL] = {"ccel", "log of a confidential VM (CCEL)", NULL, NULL}, /* looks like TCG */
    [CAIRN_ANYLOG_LAUNCH] = {"launch", "cairn launch log", looks_launch, open_records},
    [CAIRN_ANYLOG_IMA] = {"ima", "IMA measurement list, binary", looks_ima_binary, open_ima},
    [CAIRN_ANYLOG_IMA_ASCII] = {"ima-ascii", "IMA measurement list, ASCII", looks_ima_ascii, open_ima},
    [CAIRN_ANYLOG_CEL_JSON] = {"cel-json", "canonical event log, JSON", looks_cel_json, open_cel},
    [CAIRN_ANYLOG_CEL_TLV] = {"cel-tlv", "canonical event log, TLV", looks_cel_tlv, open_cel},
};

const char *cairn_anylog_name(enum cairn_anylog_kind kind)
{
	return kinds[kind < CAIRN_ANYLOG_KINDS ? kind : CAIRN_ANYLOG_NONE].name;
}

const char *cairn_anylog_title(enum cairn_anylog_kind kind)
{
	return kinds[kind < CAIRN_ANYLOG_KINDS ? kind : CAIRN_ANYLOG_NONE].title;
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

static void say(struct cairn_buf *why, const char *text)
{
	if (why)
		cairn_buf_add_str(why, text);
}

static void say_status(struct cairn_buf *why, const struct cairn_anylog *log, enum cairn_status s)
{
	if (why == NULL)
		return;
	cairn_buf_add_fmt(why, "read as %s: ", cairn_anylog_title(log->kind));
	if (log->fault.number > 0)
		cairn_buf_add_fmt(why, "event %u, at offset %zu: ", log->fault.number, log->fault.offset);
	cairn_buf_add_str(why, cairn_status_text(s));
}

enum cairn_status cairn_anylog_open(struct cairn_anylog *out, struct cairn_span bytes, struct cairn_buf *why)
{
	struct cairn_anylog found = {0}, last = {0};
	enum cairn_status s = CAIRN_E_MALFORMED;
	unsigned opened = 0;

	if (bytes.len == 0) {
		say(why, "there are no bytes");
		return CAIRN_E_NOTFOUND;
	}
	for (enum cairn_anylog_kind k = CAIRN_ANYLOG_NONE + 1; k < CAIRN_ANYLOG_KINDS; k++) {
		if (!kinds[k].looks || !kinds[k].looks(bytes))
			continue;
		last = (struct cairn_anylog){.kind = k, .bytes = bytes};
		s = kinds[k].open(&last);
		if (s != CAIRN_OK)
			continue;
		found = last;
		opened++;
	}
	if (opened == 1) {
		*out = found;
		return CAIRN_OK;
	}
	if (opened > 1) {
		say(why, "the bytes can be read as more than one kind of log");
		return CAIRN_E_MALFORMED;
	}
	if (last.kind == CAIRN_ANYLOG_NONE)
		say(why, "this is no log of a kind that cairn knows");
	else
		say_status(why, &last, s);
	return s;
}
