/* Canonical event logs: recorded and hand-made ones, in TLV and in JSON, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/cel.h"
#include "tests/unit/data_fixture.h"

/* ---- recorded
 * ----------------------------------------------------------------------------------------------------- */

/* Confidential Space: register 4 is RTMR 3. The value was computed by another program (Python, hashlib). */
static void confidential_space(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;

	(void)state;
	data_load(&bytes, "cel/cel-cos-tlv.bin");
	assert_true(cairn_cel_is(cairn_buf_span(&bytes)));
	assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.encoding, CAIRN_CEL_TLV);
	assert_int_equal(cairn_cel_replay(&r, &log, NULL), CAIRN_OK);
	assert_true(r.mr);
	assert_int_equal(r.records, 18);
	assert_int_equal(r.differing, 0);
	assert_int_equal(r.unchecked, 0);
	assert_int_equal(r.replay.pcrs.count, 1);
	assert_int_equal(r.replay.pcrs.bank[0].alg, CAIRN_ALG_SHA384);
	assert_int_equal(r.replay.pcrs.bank[0].extended, 1 << 4);
	assert_int_equal(r.replay.incomplete[0], 0);
	assert_string_equal(
	    cairn_digest_hex(&r.replay.pcrs.bank[0].pcr[4]).text,
	    "2261f93374ed538b35e7e93c540a1562ccb25d14f6c40a1efea03d329e29a97172d84e152344af4a7188"
	    "d0c8b9fcabeb");
}

/* cairn's own log: the strict reader and this one agree. */
static void launch_log(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;

	(void)state;
	data_load(&bytes, "launchlog/all-types.log");
	assert_true(cairn_cel_is(cairn_buf_span(&bytes)));
	assert_int_equal(cairn_cel_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(log.encoding, CAIRN_CEL_JSON);
	assert_int_equal(cairn_cel_replay(&r, &log, NULL), CAIRN_OK);
	assert_true(r.records > 0);
	assert_int_equal(r.differing + r.unchecked, 0);
	assert_false(r.mr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(confidential_space),
	    cmocka_unit_test(launch_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
