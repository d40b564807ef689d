/* The relay's pure parts: escaping, waiting, what an HTTP answer means, and which servers are acceptable at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/http.h"
#include "relay/relay.h"
#include "relay/text.h"

static void assert_put(const char *text, const char *expected)
{
	char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);
	assert_non_null(f);
	cairn_text_put(f, text);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, expected);
	free(got);
}

static void text_is_escaped(void **state)
{
	(void)state;
	assert_put("plain ~ text", "plain ~ text");
	assert_put("\033[31m\r\n\x7f", "\\x1b[31m\\x0d\\x0a\\x7f");
	assert_put("caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac");
	/* C1 control, bidirectional override, byte order; a character that the text's end cuts off; no UTF-8 */
	assert_put("\xc2\x9b", "\\xc2\\x9b");
	assert_put("\xe2\x80\xae", "\\xe2\\x80\\xae");
	assert_put("\xe2\x82", "\\xe2\\x82");
	assert_put("\xc3", "\\xc3");
	assert_put("\xff\xc0\x80", "\\xff\\xc0\\x80");
}

static void waits_double_and_end(void **state)
{
	(void)state;
	assert_int_equal(cairn_relay_backoff_ms(1, 300, 0), 500);
	assert_int_equal(cairn_relay_backoff_ms(1, 300, 500), 1000);
	assert_int_equal(cairn_relay_backoff_ms(4, 300, 0), 4000);
	for (unsigned failures = 1; failures < 40; failures++) {
		for (uint32_t random = 0; random < 5; random++) {
			unsigned ms = cairn_relay_backoff_ms(failures, 60, random * 858993459u);
			assert_in_range(ms, 500, 60000);
			assert_true(failures < 7 || ms >= 30000);
		}
	}
}

static enum cairn_status client(const char *server, const char *ca, const char *token)
{
	struct cairn_client *h = NULL;
	const struct cairn_client_options o = {.server = server, .ca_file = ca, .token = token};
	enum cairn_status s = cairn_client_new(&h, &o, NULL);
	assert_true((s == CAIRN_OK) == (h != NULL));
	cairn_client_free(h);
	return s;
}

static void only_https_to_a_known_ca(void **state)
{
	(void)state;
	const char *ca = "/dev/null";
	assert_int_equal(client("https://host:8443", ca, NULL), CAIRN_OK);
	assert_int_equal(client("https://[::1]:8443", ca, "token"), CAIRN_OK);
	static const char *const bad[] = {"http://host",
					  "https://",
					  "https://host/path",
					  "https://u@host",
					  "https://host?x",
					  "ftp://host",
					  "host:8443",
					  "HTTPS://host",
					  "https://a b",
					  "https://host\n",
					  ""};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(client(bad[i], ca, NULL), CAIRN_E_USAGE);
	assert_int_equal(client("https://host", NULL, NULL), CAIRN_E_USAGE);
	assert_int_equal(client("https://host", "/nonexistent/ca.pem", NULL), CAIRN_E_NOTFOUND);
	assert_int_equal(client("https://host", ca, "two\r\nX-Header: lines"), CAIRN_E_USAGE);
}

static void answers_have_a_meaning(void **state)
{
	(void)state;
	static const struct {
		long code;
		enum cairn_status status;
	} rows[] = {
	    {200, CAIRN_OK},
	    {204, CAIRN_OK},
	    {301, CAIRN_E_UNSUPPORTED},
	    {400, CAIRN_E_MALFORMED},
	    {401, CAIRN_E_DENIED},
	    {403, CAIRN_E_DENIED},
	    {404, CAIRN_E_NOTFOUND},
	    {405, CAIRN_E_MALFORMED},
	    {409, CAIRN_E_EXISTS},
	    {413, CAIRN_E_LIMIT},
	    {418, CAIRN_E_UNSUPPORTED},
	    {422, CAIRN_E_MALFORMED},
	    {429, CAIRN_E_NET},
	    {500, CAIRN_E_NET},
	    {503, CAIRN_E_NET},
	    {0, CAIRN_E_UNSUPPORTED},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(cairn_client_verdict(rows[i].code, NULL, NULL), rows[i].status);
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_json json_t *answer = json_pack("{s:{s:s}}", "error", "message", "no such host");
	assert_int_equal(cairn_client_verdict(404, answer, &why), CAIRN_E_NOTFOUND);
	assert_non_null(strstr(cairn_buf_str(&why), "404: no such host"));
}

/* The way to cairnd that is a channel: what cairnd refuses leaves it in use, what is no answer ends it. */
static enum cairn_status identity_over(struct cairn_relay *r, const char *answer, size_t len)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], answer, len), (ssize_t)len);
	assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
	const struct cairn_channel ch = cairn_channel_socket(&pair[0]);
	*r = (struct cairn_relay){.agent = &ch};
	enum cairn_status s = cairn_relay_identity(r, NULL);
	r->agent = NULL;
	json_decref(r->identity);
	close(pair[0]);
	close(pair[1]);
	return s;
}

static void a_lost_channel_is_noticed(void **state)
{
	(void)state;
	static const char good[] = "\0\0\0\x1a{\"ok\":true,\"host_id\":\"aa\"}";
	static const char refused[] = "\0\0\0\x2f{\"ok\":false,\"status\":\"denied\",\"error\":\"not so\"}";
	struct cairn_relay r;
	assert_int_equal(identity_over(&r, good, sizeof(good) - 1), CAIRN_OK);
	assert_false(r.agent_lost);
	assert_int_equal(identity_over(&r, refused, sizeof(refused) - 1), CAIRN_E_DENIED);
	assert_false(r.agent_lost);
	assert_int_equal(identity_over(&r, good, sizeof(good) - 2), CAIRN_E_NET);
	assert_true(r.agent_lost);
	assert_int_equal(identity_over(&r, "\xff\0\0\0", 4), CAIRN_E_LIMIT);
	assert_true(r.agent_lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_escaped),		 cmocka_unit_test(waits_double_and_end),
	    cmocka_unit_test(only_https_to_a_known_ca),	 cmocka_unit_test(answers_have_a_meaning),
	    cmocka_unit_test(a_lost_channel_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
