/* Event logs: banks and digests, starting values, and events that are refused whatever their form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <string.h>

#include "tests/unit/evlog_fixture.h"

#define NO_VENDOR cairn_span(NULL, 0)

static void unknown_algorithms(void **state)
{
	static const struct evlog_alg banks[] = {{0x27, 32}, {CAIRN_ALG_SHA256, 32}, {0x7777, 1}};
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;
	size_t first;

	(void)state;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 3, NO_VENDOR);
	first = e.bytes.len;
	evlog_text(&e, 0, CAIRN_EV_ACTION, "x");
	evlog_open(&log, &e);
	assert_int_equal(log.banks, 1);
	assert_int_equal(log.unknown_banks, 2);
	evlog_replay(&r, &e);
	assert_int_equal(r.pcrs.count, 1);
	assert_int_equal(r.incomplete[0], 0);
	evlog_expect(&r, CAIRN_ALG_SHA256, 0, 0, TEXTS{"x", NULL});
	evlog_assert_cuts_refused(&e);
	e.bytes.ptr[first + 12] = 0x28; /* a digest of an algorithm that is not of this log */
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	e.bytes.ptr[first + 12] = 0x0b; /* twice */
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	/* An event that has nothing but a digest of an unknown one. */
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 3, NO_VENDOR);
	e.banks = 1;
	evlog_text(&e, 0, CAIRN_EV_ACTION, "x");
	evlog_replay(&r, &e);
	assert_int_equal(r.incomplete[0], 1);
}

static void only_unknown_algorithms(void **state)
{
	struct evlog_alg banks[18];
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;
	struct cairn_bank actual = {.alg = CAIRN_ALG_SHA256};

	(void)state;
	for (uint16_t i = 0; i < 18; i++)
		banks[i] = (struct evlog_alg){(uint16_t)(0x100 + i), 8};
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 16, NO_VENDOR);
	evlog_text(&e, 0, CAIRN_EV_ACTION, "x");
	evlog_open(&log, &e);
	assert_int_equal(log.unknown_banks, CAIRN_EVENTLOG_UNKNOWN_MAX);
	assert_int_equal(log.banks, 0);
	evlog_replay(&r, &e);
	assert_int_equal(r.pcrs.count, 0);
	assert_int_equal(cairn_replay_differs(&r, &actual, 0xffffff), 0xffffff);
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 17, NO_VENDOR);
	assert_int_equal(evlog_try(&e), CAIRN_E_LIMIT);
	banks[15].alg = 0x100;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 16, NO_VENDOR);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	banks[0].size = 0;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 1, NO_VENDOR);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
}

static void every_known_algorithm(void **state)
{
	static const struct evlog_alg banks[] = {{CAIRN_ALG_SHA512, 64},
						 {CAIRN_ALG_SM3_256, 32},
						 {CAIRN_ALG_SHA384, 48},
						 {CAIRN_ALG_SHA1, 20},
						 {CAIRN_ALG_SHA256, 32}};
	auto_evlog struct evlog e = {0};
	struct cairn_replay r;

	(void)state;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 5, NO_VENDOR);
	evlog_text(&e, 8, CAIRN_EV_IPL, "one");
	evlog_text(&e, 8, CAIRN_EV_IPL, "two");
	evlog_replay(&r, &e);
	assert_int_equal(r.pcrs.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(r.pcrs.bank[i].alg, banks[i].alg);
		evlog_expect(&r, (enum cairn_alg)banks[i].alg, 8, 0, TEXTS{"one", "two", NULL});
	}
	evlog_assert_cuts_refused(&e);
}

/* A bank that OpenSSL cannot hash for has no values, not even starting ones. */
static void bank_that_cannot_be_hashed(void **state)
{
	static const struct evlog_alg banks[] = {{CAIRN_ALG_SHA256, 32}, {CAIRN_ALG_SM3_256, 32}};
	auto_evlog struct evlog e = {0};
	struct cairn_replay r;

	(void)state;
	evlog_spec_id(&e, "Spec ID Event03", 0, banks, 2, NO_VENDOR);
	evlog_text(&e, 8, CAIRN_EV_IPL, "one");
	assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
	evlog_replay(&r, &e);
	assert_int_equal(EVP_set_default_properties(NULL, NULL), 1);
	assert_int_equal(r.unhashed, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(r.pcrs.bank[i].extended, 0);
		assert_int_equal(cairn_replay_differs(&r, &r.pcrs.bank[i], 0xffffff), 0xffffff);
	}
	evlog_replay(&r, &e);
	assert_int_equal(r.unhashed, 0);
	assert_int_equal(cairn_replay_differs(&r, &r.pcrs.bank[1], 0xffffff), 0);
}

static void an_event_that_extends_has_a_digest(void **state)
{
	auto_evlog struct evlog e = {0}, second = {0};

	(void)state;
	evlog_begin256(&e);
	evlog_u32(&e, 1);
	evlog_u32(&e, CAIRN_EV_ACTION);
	evlog_u32(&e, 0);
	evlog_u32(&e, 0);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
	/* So a second log behind the first is not taken for events. */
	evlog_begin256(&e);
	evlog_begin256(&second);
	cairn_buf_add(&e.bytes, cairn_buf_span(&second.bytes));
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
}

/* A digest of no size, of an algorithm that is not of this log: nothing else would be out of place. */
static void digest_of_another_algorithm(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	evlog_begin2(&e);
	evlog_u32(&e, 1);
	evlog_u32(&e, CAIRN_EV_ACTION);
	evlog_u32(&e, 2);
	evlog_u16(&e, CAIRN_ALG_SHA384);
	evlog_u16(&e, CAIRN_ALG_SHA1);
	cairn_buf_add(&e.bytes, cairn_span("12345678901234567890", 20));
	evlog_u32(&e, 0);
	assert_int_equal(evlog_try(&e), CAIRN_E_MALFORMED);
}

/* Of type 0 and without data: for Linux the end of the log. Whoever hides events behind it is not followed. */
static void mark_of_the_end(void **state)
{
	auto_evlog struct evlog e = {0};

	(void)state;
	for (int sha1 = 0; sha1 < 2; sha1++) {
		for (uint32_t type = 0; type < 2; type++) {
			for (size_t data = 0; data < 2; data++) {
				if (sha1)
					e.bytes.len = e.banks = 0;
				else
					evlog_begin256(&e);
				evlog_text(&e, 1, CAIRN_EV_ACTION, "x");
				evlog_event(&e, 0, type, cairn_span("x", data));
				evlog_text(&e, 1, CAIRN_EV_ACTION, "x");
				assert_int_equal(evlog_try(&e), type + data ? CAIRN_OK : CAIRN_E_MALFORMED);
			}
		}
	}
	/* An unused log area is no log. */
	e.bytes.len = 0;
	while (e.bytes.len < 64)
		cairn_buf_add_u8(&e.bytes, 0);
	assert_int_not_equal(evlog_try(&e), CAIRN_OK);
	memset(e.bytes.ptr, 0xff, e.bytes.len);
	assert_int_not_equal(evlog_try(&e), CAIRN_OK);
}

static void startup_locality_is_exact(void **state)
{
	auto_evlog struct evlog e = {0};
	struct cairn_eventlog log;
	struct cairn_replay r;

	(void)state;
	for (size_t n = 15; n <= 18; n++) {
		evlog_begin256(&e);
		evlog_blank(&e, 0, CAIRN_EV_NO_ACTION, cairn_span("StartupLocality\0\3\3", n));
		evlog_open(&log, &e);
		assert_int_equal(cairn_eventlog_replay(&r, &log),
				 n == 16 || n == 18 ? CAIRN_E_MALFORMED : CAIRN_OK);
		if (n == 15 || n == 17)
			assert_int_equal(r.startup_locality, n == 17 ? 3 : 0);
	}
}

static void starting_value_of_pcr0(void **state)
{
	static const uint8_t localities[] = {0, 3, 4};
	auto_evlog struct evlog e = {0};
	struct cairn_replay r;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof localities; i++) {
		uint8_t locality = localities[i / 2];

		if (i & 1)
			e.bytes.len = e.banks = 0;
		else
			evlog_begin2(&e);
		evlog_locality(&e, locality);
		evlog_text(&e, 0, CAIRN_EV_EFI_HCRTM_EVENT, "HCRTM");
		evlog_text(&e, 0, CAIRN_EV_S_CRTM_VERSION, "1");
		evlog_text(&e, 1, CAIRN_EV_SEPARATOR, "y");
		evlog_replay(&r, &e);
		assert_int_equal(r.startup_locality, locality);
		evlog_expect(&r, CAIRN_ALG_SHA1, 0, locality, TEXTS{"HCRTM", "1", NULL});
		evlog_expect(&r, CAIRN_ALG_SHA1, 1, 0, TEXTS{"y", NULL});
		evlog_expect(&r, CAIRN_ALG_SHA1, 2, 0, TEXTS{NULL});
	}
}

static void which_events_extend(void **state)
{
	static const struct {
		uint32_t pcr, type;
		bool extends;
	} rows[] = {{0, CAIRN_EV_NO_ACTION, false},
		    {0, CAIRN_EV_SEPARATOR, true},
		    {23, 0x502, true},
		    {17, 0x503, false},
		    {17, 0x504, false},
		    {17, 0x505, true},
		    {255, 0x401, false},
		    {24, 0x401, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cairn_event ev = {.pcr = rows[i].pcr, .type = rows[i].type};

		assert_int_equal(cairn_event_extends(&ev), rows[i].extends);
	}
}

/* Whatever an EV_NO_ACTION event says, wherever it stands and whatever digests it has. */
static void no_action_is_never_extended(void **state)
{
	static const uint32_t pcrs[] = {0, 1, 7, 17, 23, 0xffffffff};
	auto_evlog struct evlog e = {0}, without = {0};
	struct cairn_replay r;

	(void)state;
	evlog_begin256(&e);
	for (size_t i = 0; i < sizeof pcrs / sizeof pcrs[0]; i++) {
		evlog_text(&e, pcrs[i], CAIRN_EV_NO_ACTION, "SP800-155 Event3");
		evlog_text(&e, 7, CAIRN_EV_ACTION, "x");
	}
	evlog_replay(&r, &e);
	assert_int_equal(r.pcrs.bank[0].extended, 1 << 7);
	assert_false(r.drtm);
	evlog_expect(&r, CAIRN_ALG_SHA256, 7, 0, TEXTS{"x", "x", "x", "x", "x", "x", NULL});
	evlog_begin256(&without);
	evlog_u32(&without, 0);
	evlog_u32(&without, CAIRN_EV_NO_ACTION);
	evlog_u32(&without, 0); /* digests */
	evlog_u32(&without, 0);
	assert_int_equal(evlog_try(&without), CAIRN_OK);
	evlog_assert_cuts_refused(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unknown_algorithms),
	    cmocka_unit_test(only_unknown_algorithms),
	    cmocka_unit_test(every_known_algorithm),
	    cmocka_unit_test(bank_that_cannot_be_hashed),
	    cmocka_unit_test(an_event_that_extends_has_a_digest),
	    cmocka_unit_test(digest_of_another_algorithm),
	    cmocka_unit_test(mark_of_the_end),
	    cmocka_unit_test(startup_locality_is_exact),
	    cmocka_unit_test(starting_value_of_pcr0),
	    cmocka_unit_test(which_events_extend),
	    cmocka_unit_test(no_action_is_never_extended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
