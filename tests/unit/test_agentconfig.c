/* cairnd.conf: defaults, what the host record gets, and each refusal. */
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

static void empty_file_gives_the_defaults(void **state)
{
	(void)state;
	cairn_auto_agent_config struct cairn_agent_config c = {0};
	assert_int_equal(parse(&c, "", NULL), CAIRN_OK);
	struct cairn_host h = {0};
	cairn_agent_config_to_host(&h, &c);
	assert_string_equal(h.mode_service, "enforce");
	assert_string_equal(h.mode_guest, "record");
	assert_int_equal(h.pcrs.host, 11);
	assert_int_equal(h.pcrs.launch, 12);
	assert_int_equal(h.pcrs.phase, 13);
	assert_int_equal(h.bank_count, 2);
	assert_int_equal(h.bank[0], CAIRN_ALG_SHA256);
	assert_int_equal(h.bank[1], CAIRN_ALG_SHA384);
	assert_string_equal(c.socket, "/run/cairn/cairnd.sock");
}

static void every_measured_key_reaches_the_host_record(void **state)
{
	(void)state;
	cairn_auto_agent_config struct cairn_agent_config c = {0};
	assert_int_equal(parse(&c,
			       "mode.service = audit\nmode.guest = enforce\nbanks = sha384  sha1 sha256\n"
			       "pcr.host = 14\npcr.launch = 15\npcr.phase = 10\n",
			       NULL),
			 CAIRN_OK);
	struct cairn_host h = {0};
	cairn_agent_config_to_host(&h, &c);
	assert_string_equal(h.mode_service, "audit");
	assert_string_equal(h.mode_guest, "enforce");
	assert_int_equal(h.pcrs.host, 14);
	assert_int_equal(h.pcrs.launch, 15);
	assert_int_equal(h.pcrs.phase, 10);
	assert_int_equal(h.bank_count, 3);
	assert_int_equal(h.bank[0], CAIRN_ALG_SHA1);
	assert_int_equal(h.bank[2], CAIRN_ALG_SHA384);
}

static void every_place_and_limit_is_read(void **state)
{
	(void)state;
	cairn_auto_agent_config struct cairn_agent_config c = {0};
	assert_int_equal(parse(&c,
			       "tcti = a\nsocket = b\nlog = c\nauthorities = d\nboot_log = e\ndata = f\n"
			       "relay_user = g\nxl = h\nmax_image_mib = 65536\ncreate_timeout_s = 3600\n",
			       NULL),
			 CAIRN_OK);
	const char *const is[] = {c.tcti,     c.socket, c.log,	      c.authorities,
				  c.boot_log, c.data,	c.relay_user, c.xl};
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		const char want[] = {(char)('a' + i), '\0'};
		assert_string_equal(is[i], want);
	}
	assert_int_equal(c.max_image_mib, 65536);
	assert_int_equal(c.create_timeout_s, 3600);
}

static void every_mode_is_known(void **state)
{
	(void)state;
	static const char *const modes[] = {"enforce", "audit", "record"};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		cairn_auto_agent_config struct cairn_agent_config c = {0};
		cairn_auto_buf struct cairn_buf text = {0};
		cairn_buf_add_fmt(&text, "mode.guest = %s\nmode.service = %s\n", modes[i],
				  modes[i < 2 ? i : 0]);
		assert_int_equal(parse(&c, cairn_buf_str(&text), NULL), CAIRN_OK);
		assert_string_equal(c.mode_guest, modes[i]);
		assert_string_equal(c.mode_service, modes[i < 2 ? i : 0]);
	}
}

static void wrong_values_are_refused_with_a_reason(void **state)
{
	(void)state;
	static const char *const wrong[] = {
	    "mode.service = record\n",	 "mode.guest = off\n",	     "banks = sha384\n",
	    "banks = sha256 sha256\n",	 "banks = sha256 sm3_256\n", "banks = sha256, sha384\n",
	    "banks = sha256 md5\n",	 "pcr.host = 8\n",	     "pcr.host = 9\n",
	    "pcr.launch = 16\n",	 "pcr.phase = 23\n",	     "pcr.host = 12\n",
	    "pcr.host = 4294967307\n",	 "pcr.launch = 13\n",	     "pcr.host = 13\n",
	    "max_image_mib = 0\n",	 "max_image_mib = 65537\n",  "create_timeout_s = 0\n",
	    "create_timeout_s = 3601\n", "no.such.key = 1\n",	     "banks = sha256\nbanks = sha256\n",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		struct cairn_agent_config c = {0};
		assert_int_equal(parse(&c, wrong[i], &why), CAIRN_E_USAGE);
		assert_true(why.len > 0);
		assert_null(c.file);
	}
}

/* The first thing that is wrong is told, and nothing that follows from it. */
static void the_cause_is_told(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_agent_config c = {0};
	assert_int_equal(parse(&c, "pcr.launch = 11\npcr.phase = 99\n", &why), CAIRN_E_USAGE);
	assert_non_null(strstr(cairn_buf_str(&why), "pcr.phase"));
	assert_null(strstr(cairn_buf_str(&why), "differ"));
	why.len = 0;
	assert_int_equal(cairn_agent_config_read(&c, "/nonexistent/cairnd.conf", &why), CAIRN_E_NOTFOUND);
	assert_null(c.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_file_gives_the_defaults),
	    cmocka_unit_test(every_measured_key_reaches_the_host_record),
	    cmocka_unit_test(every_place_and_limit_is_read),
	    cmocka_unit_test(every_mode_is_known),
	    cmocka_unit_test(wrong_values_are_refused_with_a_reason),
	    cmocka_unit_test(the_cause_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
