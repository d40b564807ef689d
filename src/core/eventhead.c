/* How an event log begins: Spec ID events and the form of the log that follows. The bytes are hostile. */
#include "eventlog_internal.h"

/* PFP 1.05 r23, section 10.4.5.1, table 22; EFI Platform Specification 1.22, section 7.4; PC Client Implementation
 * Specification for Conventional BIOS 1.21, section 11.3.4.1. */
#define SIGNATURE_SIZE 16
static const uint8_t SPEC_ID_03[SIGNATURE_SIZE] = "Spec ID Event03";
static const uint8_t SPEC_ID_02[SIGNATURE_SIZE] = "Spec ID Event02";
static const uint8_t SPEC_ID_00[SIGNATURE_SIZE] = "Spec ID Event00";
#define SPEC_ID_PREFIX 13 /* "Spec ID Event" */
#define SPEC_ID_MAJOR  2
/* EVENT_LOG_CONTAINER, in which TXT keeps the log of a TPM 1.2: Intel TXT Software Development Guide, document 315168
 * revision 017, appendix F. */
static const uint8_t CONTAINER[20] = "TXT Event Container";
#define CONTAINER_RESERVED 12
#define CONTAINER_MAJOR	   1
#define CC_SPEC_ID_MR	   1 /* EDK II, OvmfPkg/Tcg/TdTcg2Dxe: the Spec ID event of a CC log is of register 1 */
#define CC_VENDOR	   "td_shim" /* td-shim says so there instead, and leaves the register 0 */

void cairn_sha1_event_read(struct cairn_sha1_event *ev, struct cairn_cur *c)
{
	ev->pcr = cairn_cur_u32le(c);
	ev->type = cairn_cur_u32le(c);
	ev->digest = cairn_cur_bytes(c, cairn_alg_size(CAIRN_ALG_SHA1));
	ev->data = cairn_cur_bytes(c, cairn_cur_u32le(c));
}

static bool is_listed(const struct cairn_eventlog *log, uint16_t alg)
{
	for (size_t i = 0; i < log->banks; i++)
		if (log->bank[i] == (enum cairn_alg)alg)
			return true;
	for (size_t i = 0; i < log->unknown_banks; i++)
		if (log->unknown[i].alg == alg)
			return true;
	return false;
}

/* Distinct ones that we know: they fit. */
static void add_bank(struct cairn_eventlog *log, enum cairn_alg alg)
{
	log->bank_size[log->banks] = (uint8_t)cairn_alg_size(alg);
	log->bank[log->banks++] = alg;
}

static enum cairn_status add_algorithm(struct cairn_eventlog *log, uint16_t alg, uint16_t size)
{
	size_t known = cairn_alg_size((enum cairn_alg)alg);

	if (is_listed(log, alg))
		return CAIRN_E_MALFORMED;
	if (size == 0)
		return CAIRN_E_MALFORMED;
	if (known == 0) {
		if (log->unknown_banks == CAIRN_EVENTLOG_UNKNOWN_MAX)
			return CAIRN_E_LIMIT;
		log->unknown[log->unknown_banks].alg = alg;
		log->unknown[log->unknown_banks++].size = size;
		return CAIRN_OK;
	}
	if (size != known)
		return CAIRN_E_MALFORMED;
	add_bank(log, (enum cairn_alg)alg);
	return CAIRN_OK;
}

static enum cairn_status read_algorithms(struct cairn_eventlog *log, struct cairn_cur *c)
{
	uint32_t count = cairn_cur_u32le(c);

	if (cairn_cur_ok(c) && count == 0)
		return CAIRN_E_MALFORMED;
	for (uint32_t i = 0; i < count; i++) {
		uint16_t alg = cairn_cur_u16le(c);
		uint16_t size = cairn_cur_u16le(c);
		enum cairn_status s = cairn_cur_ok(c) ? add_algorithm(log, alg, size) : c->status;

		if (s != CAIRN_OK)
			return s;
	}
	return CAIRN_OK;
}

/* TCG_EfiSpecIDEvent; the older TCG_PCClientSpecIDEvent lacks the algorithms. What uintnSize says, and where the older
 * one has a reserved byte instead, is of no use here and differs between makers. */
static enum cairn_status read_spec_data(struct cairn_eventlog *log, struct cairn_span data)
{
	struct cairn_cur c = cairn_cur(data);
	enum cairn_status s = CAIRN_OK;
	struct cairn_span vendor;
	uint8_t major;

	(void)cairn_cur_bytes(&c, SIGNATURE_SIZE);
	(void)cairn_cur_u32le(&c); /* platformClass */
	(void)cairn_cur_u8(&c);	   /* specVersionMinor */
	major = cairn_cur_u8(&c);
	(void)cairn_cur_u8(&c); /* specErrata */
	(void)cairn_cur_u8(&c); /* uintnSize */
	if (major > SPEC_ID_MAJOR)
		return CAIRN_E_VERSION;
	if (log->form == CAIRN_EVENTLOG_CRYPTO_AGILE && cairn_cur_ok(&c) && major < SPEC_ID_MAJOR)
		return CAIRN_E_MALFORMED;
	if (log->form == CAIRN_EVENTLOG_CRYPTO_AGILE)
		s = read_algorithms(log, &c);
	if (s != CAIRN_OK)
		return s;
	vendor = cairn_cur_bytes(&c, cairn_cur_u8(&c));
	if (cairn_span_equal(vendor, cairn_span_str(CC_VENDOR)))
		log->cc = true;
	return cairn_cur_end(&c);
}

static void set_sha1(struct cairn_eventlog *log)
{
	log->form = CAIRN_EVENTLOG_SHA1;
	add_bank(log, CAIRN_ALG_SHA1);
}

static bool starts_with(struct cairn_span data, const uint8_t *text, size_t n)
{
	return data.len >= n && cairn_span_equal(cairn_span(data.ptr, n), cairn_span(text, n));
}

static enum cairn_status read_spec_event(struct cairn_eventlog *log, const struct cairn_sha1_event *ev)
{
	bool agile = starts_with(ev->data, SPEC_ID_03, SIGNATURE_SIZE);
	bool sha1 = starts_with(ev->data, SPEC_ID_02, SIGNATURE_SIZE) ||
		    starts_with(ev->data, SPEC_ID_00, SIGNATURE_SIZE);

	if (!agile && !sha1)
		return CAIRN_E_VERSION;
	if (ev->type != CAIRN_EV_NO_ACTION)
		return CAIRN_E_MALFORMED;
	if (!cairn_span_all(ev->digest, 0))
		return CAIRN_E_MALFORMED;
	log->cc = agile && ev->pcr == CC_SPEC_ID_MR;
	if (ev->pcr != 0 && !log->cc)
		return CAIRN_E_MALFORMED;
	if (sha1)
		set_sha1(log);
	return read_spec_data(log, ev->data);
}

static enum cairn_status read_container(struct cairn_eventlog *log, struct cairn_cur *c, size_t *end)
{
	uint8_t major, event_major, event_minor;
	uint32_t size, first, next;

	(void)cairn_cur_bytes(c, sizeof CONTAINER + CONTAINER_RESERVED);
	major = cairn_cur_u8(c);
	(void)cairn_cur_u8(c); /* a newer minor version has a longer header */
	event_major = cairn_cur_u8(c);
	event_minor = cairn_cur_u8(c);
	size = cairn_cur_u32le(c);
	first = cairn_cur_u32le(c);
	next = cairn_cur_u32le(c);
	if (!cairn_cur_ok(c))
		return c->status;
	if (major != CONTAINER_MAJOR)
		return CAIRN_E_VERSION;
	if (event_major != CONTAINER_MAJOR)
		return CAIRN_E_VERSION;
	if (event_minor != 0)
		return CAIRN_E_VERSION;
	if (first < c->off)
		return CAIRN_E_MALFORMED;
	if (next > size)
		return CAIRN_E_MALFORMED;
	(void)cairn_cur_bytes(c, first - c->off);
	set_sha1(log);
	*end = next;
	return CAIRN_OK;
}

enum cairn_status cairn_eventlog_head(struct cairn_eventlog *log, struct cairn_cur *c, size_t *end)
{
	struct cairn_cur at = *c;
	struct cairn_sha1_event ev;
	enum cairn_status s;

	*end = 0;
	if (starts_with(c->in, CONTAINER, sizeof CONTAINER))
		return read_container(log, c, end);
	cairn_sha1_event_read(&ev,
			      &at); /* of nothing, where it fails: the events are then read in vain as well */
	if (!starts_with(ev.data, SPEC_ID_03, SPEC_ID_PREFIX)) {
		set_sha1(log);
		return CAIRN_OK;
	}
	s = read_spec_event(log, &ev);
	if (s == CAIRN_OK)
		*c = at;
	return s;
}
