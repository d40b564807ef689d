/* cairnd.conf: what it says of domains that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "cairn/agentconfig.h"

static enum cairn_status parse(struct cairn_agent_config *c, const char *text, struct cairn_buf *why)
{
	return cairn_agent_config_parse(c, cairn_span_str(text), "cairnd.conf", why);
}

static void test_read(void **state)
{
	cairn_auto_agent_config struct cairn_agent_config standard = {0}, set = {0};

	(void)state;
	assert_int_equal(parse(&standard, "", NULL), CAIRN_OK);
	assert_int_equal(standard.restart_max, 5);
	assert_int_equal(standard.restart_delay_s, 1);
	assert_int_equal(standard.restart_delay_max_s, 60);
	assert_int_equal(standard.restart_reset_s, 600);
	assert_int_equal(parse(&set,
			       "restart.max = 0\nrestart.delay_s = 3600\nrestart.delay_max_s = 86400\n"
			       "restart.reset_s = 1\n",
			       NULL),
			 CAIRN_OK);
	assert_int_equal(set.restart_max, 0);
	assert_int_equal(set.restart_delay_s, 3600);
	assert_int_equal(set.restart_delay_max_s, 86400);
	assert_int_equal(set.restart_reset_s, 1);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {"restart.max = 1001\n",	     "restart.delay_s = 0\n",
					    "restart.delay_s = 3601\n",	     "restart.delay_max_s = 0\n",
					    "restart.delay_max_s = 86401\n", "restart.reset_s = 0\n",
					    "restart.reset_s = 86401\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_agent_config c = {0};

		assert_int_equal(parse(&c, wrong[i], &why), CAIRN_E_USAGE);
		assert_non_null(strstr(cairn_buf_str(&why), "restart."));
		assert_null(c.file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_wrong)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
