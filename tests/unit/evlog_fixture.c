/* Event logs made byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/evlog_fixture.h"

void evlog_fini(struct evlog *e)
{
	cairn_buf_fini(&e->bytes);
}

void evlog_u16(struct evlog *e, uint16_t v)
{
	cairn_buf_add_u8(&e->bytes, (uint8_t)v);
	cairn_buf_add_u8(&e->bytes, (uint8_t)(v >> 8));
}

void evlog_u32(struct evlog *e, uint32_t v)
{
	evlog_u16(e, (uint16_t)v);
	evlog_u16(e, (uint16_t)(v >> 16));
}

void evlog_set_u32(struct evlog *e, size_t at, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		e->bytes.ptr[at + i] = (uint8_t)(v >> (8 * i));
}

static void fill(struct evlog *e, uint8_t c, size_t n)
{
	while (n-- > 0)
		cairn_buf_add_u8(&e->bytes, c);
}

void evlog_spec_id(struct evlog *e, const char *signature, uint32_t pcr, const struct evlog_alg *banks,
		   size_t count, struct cairn_span vendor)
{
	e->bytes.len = 0;
	e->banks = count;
	evlog_u32(e, pcr);
	evlog_u32(e, CAIRN_EV_NO_ACTION);
	fill(e, 0, 20);
	evlog_u32(e, (uint32_t)(25 + (count ? 4 + 4 * count : 0) + vendor.len));
	cairn_buf_add(&e->bytes, cairn_span(signature, 16));
	evlog_u32(e, 0);
	evlog_u32(e, count ? 0x02000200 : 0x00010201); /* 2.0, UINTN of 8 bytes; 1.2, errata 1 */
	if (count)
		evlog_u32(e, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		e->bank[i] = banks[i];
		evlog_u16(e, banks[i].alg);
		evlog_u16(e, banks[i].size);
	}
	cairn_buf_add_u8(&e->bytes, (uint8_t)vendor.len);
	cairn_buf_add(&e->bytes, vendor);
}

void evlog_begin256(struct evlog *e)
{
	static const struct evlog_alg bank = {CAIRN_ALG_SHA256, 32};

	evlog_spec_id(e, "Spec ID Event03", 0, &bank, 1, cairn_span(NULL, 0));
}

void evlog_begin2(struct evlog *e)
{
	static const struct evlog_alg banks[] = {{CAIRN_ALG_SHA1, 20}, {CAIRN_ALG_SHA256, 32}};

	evlog_spec_id(e, "Spec ID Event03", 0, banks, 2, cairn_span(NULL, 0));
}

static void add_digest(struct evlog *e, struct evlog_alg bank, struct cairn_span data, bool blank)
{
	enum cairn_alg alg = (enum cairn_alg)bank.alg;
	struct cairn_digest d;

	if (blank || cairn_alg_size(alg) != bank.size) {
		fill(e, blank ? 0 : 0x5a, bank.size);
		return;
	}
	assert_int_equal(cairn_hash(&d, alg, data), CAIRN_OK);
	cairn_buf_add(&e->bytes, cairn_digest_span(&d));
}

static void add_event(struct evlog *e, uint32_t pcr, uint32_t type, struct cairn_span data, bool blank)
{
	evlog_u32(e, pcr);
	evlog_u32(e, type);
	if (e->banks == 0)
		add_digest(e, (struct evlog_alg){CAIRN_ALG_SHA1, 20}, data, blank);
	else
		evlog_u32(e, (uint32_t)e->banks);
	for (size_t i = 0; i < e->banks; i++) {
		evlog_u16(e, e->bank[i].alg);
		add_digest(e, e->bank[i], data, blank);
	}
	evlog_u32(e, (uint32_t)data.len);
	cairn_buf_add(&e->bytes, data);
}

void evlog_event(struct evlog *e, uint32_t pcr, uint32_t type, struct cairn_span data)
{
	add_event(e, pcr, type, data, false);
}

void evlog_text(struct evlog *e, uint32_t pcr, uint32_t type, const char *data)
{
	add_event(e, pcr, type, cairn_span_str(data), false);
}

void evlog_blank(struct evlog *e, uint32_t pcr, uint32_t type, struct cairn_span data)
{
	add_event(e, pcr, type, data, true);
}

void evlog_locality(struct evlog *e, uint8_t locality)
{
	uint8_t data[17] = "StartupLocality";

	data[16] = locality;
	evlog_blank(e, 0, CAIRN_EV_NO_ACTION, cairn_span(data, sizeof data));
}

enum cairn_status evlog_try(const struct evlog *e)
{
	struct cairn_eventlog log;

	assert_false(e->bytes.failed);
	return cairn_eventlog_open(&log, cairn_buf_span(&e->bytes));
}

void evlog_open(struct cairn_eventlog *log, const struct evlog *e)
{
	assert_int_equal(cairn_eventlog_open(log, cairn_buf_span(&e->bytes)), CAIRN_OK);
}

void evlog_replay(struct cairn_replay *r, const struct evlog *e)
{
	struct cairn_eventlog log;

	evlog_open(&log, e);
	assert_int_equal(cairn_eventlog_replay(r, &log), CAIRN_OK);
}

void evlog_expect(const struct cairn_replay *r, enum cairn_alg alg, unsigned pcr, uint8_t last,
		  const char *const *texts)
{
	const struct cairn_bank *b = cairn_pcrs_bank_const(&r->pcrs, alg);
	struct cairn_digest expected = {.alg = alg};

	assert_non_null(b);
	expected.bytes[cairn_alg_size(alg) - 1] = last;
	for (; *texts; texts++) {
		struct cairn_digest d;

		assert_int_equal(cairn_hash(&d, alg, cairn_span_str(*texts)), CAIRN_OK);
		assert_int_equal(
		    cairn_hash2(&expected, alg, cairn_digest_span(&expected), cairn_digest_span(&d)),
		    CAIRN_OK);
	}
	if (!cairn_digest_equal(&expected, &b->pcr[pcr]))
		fail_msg("%s PCR %u is %s", cairn_alg_name(alg), pcr, cairn_digest_hex(&b->pcr[pcr]).text);
}

void evlog_assert_cuts_refused(const struct evlog *e)
{
	struct cairn_eventlog whole, cut;
	unsigned boundaries;

	evlog_open(&whole, e);
	boundaries = whole.first == 0;
	for (size_t n = 0; n < e->bytes.len; n++) {
		if (cairn_eventlog_open(&cut, cairn_span(e->bytes.ptr, n)) != CAIRN_OK)
			continue;
		if (cut.padded) {
			assert_true(n - cut.end <= 5);
			continue;
		}
		assert_int_equal(cut.count, boundaries++);
	}
	assert_int_equal(boundaries, whole.count);
}
