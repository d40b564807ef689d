/* cairnd.conf: what it says of domains that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	static const char *const wrong[] = {"restart.max = 1001\n",
					    "restart.delay_s = 0\n",
					    "restart.delay_s = 3601\n",
					    "restart.delay_max_s = 0\n",
					    "restart.delay_max_s = 86401\n",
					    "restart.reset_s = 0\n",
					    "restart.reset_s = 86401\n",
					    "boot.set = a b a\n",
					    "boot.set = a, b\n",
					    "boot.set = a/b\n",
					    "boot.wait_s = 0\n",
					    "boot.wait_s = 3601\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_agent_config c = {0};

		assert_int_equal(parse(&c, wrong[i], &why), CAIRN_E_USAGE);
		assert_non_null(strchr(cairn_buf_str(&why), '.'));
		assert_null(c.file);
	}
}

static void test_boot_set(void **state)
{
	cairn_auto_agent_config struct cairn_agent_config none = {0}, set = {0};
	struct cairn_host h = {0};

	(void)state;
	assert_int_equal(parse(&none, "", NULL), CAIRN_OK);
	assert_int_equal(none.boot_count, 0);
	assert_string_equal(none.boot_configs, "/etc/cairn/domains");
	assert_int_equal(none.boot_wait_s, 60);
	assert_int_equal(
	    parse(&set, "boot.set = web  netdrv\t x.1\nboot.configs = /c\nboot.wait_s = 3600\n", NULL),
	    CAIRN_OK);
	assert_int_equal(set.boot_count, 3);
	assert_string_equal(set.boot_configs, "/c");
	assert_int_equal(set.boot_wait_s, 3600);
	cairn_agent_config_to_host(&h, &set);
	assert_int_equal(h.boot_count, 3);
	assert_string_equal(h.boot_set[0], "web");
	assert_string_equal(h.boot_set[1], "netdrv");
	assert_string_equal(h.boot_set[2], "x.1");
}

static void test_release_set(void **state)
{
	cairn_auto_agent_config struct cairn_agent_config none = {0}, optional = {0}, required = {0},
							  wrong = {0};
	struct cairn_host h = {0};

	(void)state;
	assert_int_equal(parse(&none, "", NULL), CAIRN_OK);
	assert_int_equal(parse(&optional, "release_set = optional\n", NULL), CAIRN_OK);
	assert_int_equal(parse(&required, "release_set = required\n", NULL), CAIRN_OK);
	assert_int_equal(parse(&wrong, "release_set = yes\n", NULL), CAIRN_E_USAGE);
	assert_false(none.release_set_required);
	assert_false(optional.release_set_required);
	assert_true(required.release_set_required);
	cairn_agent_config_to_host(&h, &required);
	assert_true(h.release_set_required);
}

static void parse_names(unsigned count, size_t length, enum cairn_status want)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_agent_config struct cairn_agent_config c = {0};

	cairn_buf_add_str(&text, "boot.set =");
	for (unsigned i = 0; i < count; i++)
		cairn_buf_add_fmt(&text, " %0*u", (int)length, i);
	cairn_buf_add_str(&text, "\n");
	assert_int_equal(cairn_agent_config_parse(&c, cairn_buf_span(&text), "x", NULL), want);
	assert_int_equal(c.boot_count, want == CAIRN_OK ? count : 0);
}

static void test_boot_set_limits(void **state)
{
	(void)state;
	parse_names(CAIRN_BOOT_SET_MAX, CAIRN_NAME_MAX, CAIRN_OK);
	parse_names(CAIRN_BOOT_SET_MAX + 1, 4, CAIRN_E_USAGE);
	parse_names(1, CAIRN_NAME_MAX + 1, CAIRN_E_USAGE);
	parse_names(2, 20000, CAIRN_E_USAGE); /* more than the whole struct has room for */
}

static void test_file(void **state)
{
	char path[] = "/tmp/cairn-conf.XXXXXX";
	int fd = mkstemp(path);
	cairn_auto_agent_config struct cairn_agent_config c = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "boot.set = web\n", 15), 15);
	assert_int_equal(cairn_agent_config_read(&c, path, NULL), CAIRN_OK);
	assert_int_equal(c.boot_count, 1);
	assert_string_equal(c.boot_set[0], "web");
	struct cairn_agent_config none = {0};

	assert_int_equal(write(fd, "boot.wait_s = 0\n", 16), 16);
	close(fd);
	assert_int_equal(cairn_agent_config_read(&none, path, NULL), CAIRN_E_USAGE);
	assert_int_equal(none.boot_count, 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read),
					   cmocka_unit_test(test_wrong),
					   cmocka_unit_test(test_release_set),
					   cmocka_unit_test(test_boot_set),
					   cmocka_unit_test(test_boot_set_limits),
					   cmocka_unit_test(test_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
