/* The way from another domain to cairnd's socket, with a socket pair for the vchan: what comes through, what ends it, and
 * that the process that serves can do nothing else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn/agent.h"
#include "cairn/json.h"
#include "vchan/bridge.h"
#include "vchan/domain.h"

#define PATIENCE_MS 10000

struct world {
	char dir[32], socket[64];
	pid_t cairnd, bridge; /* 0: none */
	int peer;	      /* the other domain's end */
};

/* ---- a cairnd that answers each request with itself, in brackets --------------------------------------- */

static void echo_one(int fd)
{
	const struct cairn_channel ch = cairn_channel_socket(&fd);
	cairn_auto_buf struct cairn_buf in = {0};
	cairn_auto_buf struct cairn_buf out = {0};
	int64_t end = cairn_channel_now_ms() + PATIENCE_MS;

	if (cairn_channel_recv(&ch, &in, CAIRN_AGENT_REQUEST_MAX, end, PATIENCE_MS) != CAIRN_OK)
		return;
	if (cairn_span_equal(cairn_buf_span(&in), cairn_span("close", 5)))
		return;
	if (cairn_span_equal(cairn_buf_span(&in), cairn_span("lie", 3))) {
		if (send(fd, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL) != 4)
			_exit(1);
		return;
	}
	cairn_buf_add_str(&out, "[");
	cairn_buf_add(&out, cairn_buf_span(&in));
	cairn_buf_add_str(&out, "]");
	if (cairn_channel_send(&ch, cairn_buf_span(&out), end) != CAIRN_OK)
		_exit(1);
}

static void start_cairnd(struct world *w)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", w->socket);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	w->cairnd = fork();
	assert_true(w->cairnd >= 0);
	if (w->cairnd == 0) {
		for (;;) {
			int client = accept(fd, NULL, NULL);

			echo_one(client);
			close(client);
		}
	}
	close(fd);
}

static int end_of(pid_t *pid)
{
	int status = 0;

	for (int i = 0; i < 1000 && waitpid(*pid, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 10);
	*pid = 0;
	return status;
}

static void kill_one(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

/* ---- the bridge, in a process of its own, which is confined ------------------------------------------- */

/* Of what is confined: a sanitizer would look for leaks first, with calls that kill it. */
_Noreturn static void leave(int code)
{
	for (;;)
		syscall(SYS_exit_group, code);
}

static void start_bridge(struct world *w)
{
	const struct cairn_bridge b = {
	    .socket = w->socket, .request_ms = 300, .answer_ms = PATIENCE_MS, .take_ms = 300, .rest_ms = 1};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w->peer = pair[0];
	w->bridge = fork();
	assert_true(w->bridge >= 0);
	if (w->bridge == 0) {
		const struct cairn_channel ch = cairn_channel_socket(&pair[1]);
		cairn_auto_buf struct cairn_buf why = {0};

		close(pair[0]);
		if (cairn_bridge_confine(&why) != CAIRN_OK)
			_exit(100);
		leave((int)cairn_bridge_serve(&b, &ch, &why));
	}
	close(pair[1]);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/cairn-bridge.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->socket, sizeof(w->socket), "%s/sock", w->dir);
	start_bridge(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	kill_one(&w->bridge);
	kill_one(&w->cairnd);
	close(w->peer);
	unlink(w->socket);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void put(const struct world *w, const void *bytes, size_t len)
{
	assert_int_equal(send(w->peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static enum cairn_status take(struct world *w, struct cairn_buf *out)
{
	const struct cairn_channel ch = cairn_channel_socket(&w->peer);

	return cairn_channel_recv(&ch, out, CAIRN_AGENT_ANSWER_MAX, cairn_channel_now_ms() + PATIENCE_MS,
				  PATIENCE_MS);
}

static void assert_answer(struct world *w, const char *request, const char *expected)
{
	const struct cairn_channel ch = cairn_channel_socket(&w->peer);
	cairn_auto_buf struct cairn_buf got = {0};

	assert_int_equal(
	    cairn_channel_send(&ch, cairn_span_str(request), cairn_channel_now_ms() + PATIENCE_MS), CAIRN_OK);
	assert_int_equal(take(w, &got), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&got), expected);
}

/* It ended by itself, for that reason, and told the other side nothing more. */
static void assert_ended(struct world *w, enum cairn_status why)
{
	cairn_auto_buf struct cairn_buf got = {0};
	int status = end_of(&w->bridge);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), why);
	assert_int_equal(take(w, &got), CAIRN_E_TRUNCATED);
}

/* ---- what is tried ------------------------------------------------------------------------------------ */

static void bytes_come_back_as_they_are(void **state)
{
	struct world *w = *state;
	start_cairnd(w);
	assert_answer(w, "{\"op\":\"attest\"}", "[{\"op\":\"attest\"}]");
	assert_answer(w, "no JSON \x01\xff", "[no JSON \x01\xff]");
	assert_answer(w, "", "[]");
	cairn_auto_buf struct cairn_buf large = {0};
	cairn_auto_buf struct cairn_buf expected = {0};
	for (size_t i = 0; i < 4000; i++)
		cairn_buf_add_fmt(&large, "%08zu", i);
	cairn_buf_add_fmt(&expected, "[%s]", cairn_buf_str(&large));
	assert_answer(w, cairn_buf_str(&large), cairn_buf_str(&expected));
}

/* Two requests before the first answer: one after the other. */
static void requests_wait_for_each_other(void **state)
{
	struct world *w = *state;
	cairn_auto_buf struct cairn_buf got = {0};
	start_cairnd(w);
	put(w, "\0\0\0\1a\0\0\0\1b", 10);
	assert_int_equal(take(w, &got), CAIRN_OK);
	assert_int_equal(take(w, &got), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&got), "[a][b]");
	shutdown(w->peer, SHUT_WR);
	assert_ended(w, CAIRN_E_TRUNCATED);
}

static void too_long_ends_it(void **state)
{
	struct world *w = *state;
	put(w, "\0\x10\0\1", 4);
	assert_ended(w, CAIRN_E_LIMIT);
}

static void too_slow_ends_it(void **state)
{
	struct world *w = *state;
	put(w, "\0\0\0\5he", 6);
	assert_ended(w, CAIRN_E_TIMEOUT);
}

/* Silence between requests is no offence. */
static void silence_is_fine(void **state)
{
	struct world *w = *state;
	start_cairnd(w);
	poll(NULL, 0, 700);
	assert_answer(w, "x", "[x]");
}

static void who_takes_no_answer_ends_it(void **state)
{
	struct world *w = *state;
	start_cairnd(w);
	static const uint8_t head[4] = {0, 0x0f, 0, 0};
	uint8_t *much = malloc(0xf0000);
	assert_non_null(much);
	memset(much, 'x', 0xf0000);
	put(w, head, 4);
	put(w, much, 0xf0000);
	free(much);
	int status = end_of(&w->bridge);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CAIRN_E_TIMEOUT);
}

static void going_away_ends_it(void **state)
{
	struct world *w = *state;
	put(w, "\0\0\0\5he", 6);
	shutdown(w->peer, SHUT_WR);
	assert_ended(w, CAIRN_E_TRUNCATED);
}

static void assert_says(struct world *w, const char *request, enum cairn_status st)
{
	const struct cairn_channel ch = cairn_channel_socket(&w->peer);
	cairn_auto_buf struct cairn_buf got = {0};
	cairn_auto_json json_t *answer = NULL;

	assert_int_equal(
	    cairn_channel_send(&ch, cairn_span_str(request), cairn_channel_now_ms() + PATIENCE_MS), CAIRN_OK);
	assert_int_equal(take(w, &got), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&answer, cairn_buf_span(&got)), CAIRN_OK);
	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_string_equal(json_string_value(json_object_get(answer, "status")), cairn_status_name(st));
	assert_int_equal(json_integer_value(json_object_get(answer, "exit")), cairn_status_exit(st));
	assert_non_null(
	    strstr(json_string_value(json_object_get(answer, "error")), "cairnd cannot be asked"));
}

/* cairnd is not there, ends in the middle, or answers nonsense: said so, and the next request is served. */
static void cairnd_may_come_and_go(void **state)
{
	struct world *w = *state;
	assert_says(w, "x", CAIRN_E_NET);
	start_cairnd(w);
	assert_answer(w, "x", "[x]");
	assert_says(w, "close", CAIRN_E_TRUNCATED);
	assert_says(w, "lie", CAIRN_E_LIMIT);
	kill_one(&w->cairnd);
	assert_says(w, "x", CAIRN_E_NET);
	unlink(w->socket);
	start_cairnd(w);
	assert_answer(w, "y", "[y]");
}

/* The filter: no files, no processes, no other sockets. */
static void tried(int what)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		cairn_auto_buf struct cairn_buf why = {0};

		if (cairn_bridge_confine(&why) != CAIRN_OK)
			_exit(100);
		leave(what == 0	  ? open("/dev/null", O_RDONLY) < 0
		      : what == 1 ? fork() < 0
		      : what == 2 ? socket(AF_INET, SOCK_STREAM, 0) < 0
				  : kill(getppid(), 0) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void it_can_do_nothing_else(void **state)
{
	(void)state;
	for (int what = 0; what < 4; what++)
		tried(what);
}

/* ---- whom it serves ----------------------------------------------------------------------------------- */

struct node {
	const char *path, *value;
};

/* One block, as libxenstore has it. */
static char **list(void *self, const char *path, unsigned *count)
{
	static const char under[] = "/tool/cairn/";
	char **block = calloc(1, 16 * sizeof(*block) + 16 * 32);

	assert_non_null(block);
	assert_string_equal(path, "/tool/cairn");
	*count = 0;
	for (const struct node *n = self; n->path; n++) {
		const char *name = n->path + sizeof(under) - 1;

		block[*count] = (char *)(block + 16) + 32 * *count;
		snprintf(block[(*count)++], 32, "%.*s", (int)strcspn(name, "/"), name);
	}
	return block;
}

static char *read_node(void *self, const char *path)
{
	for (const struct node *n = self; n->path; n++)
		if (strcmp(n->path, path) == 0)
			return strdup(n->value);
	return NULL;
}

static char **list_nothing(void *self, const char *path, unsigned *count)
{
	(void)self;
	(void)path;
	*count = 7;
	return NULL;
}

static uint32_t find(const struct node *nodes, const char *name)
{
	struct node *copy = calloc(16, sizeof(*copy));
	for (size_t i = 0; nodes[i].path; i++)
		copy[i] = nodes[i];
	const struct cairn_vchan_store s = {list, read_node, copy};
	uint32_t domid = cairn_vchan_find(&s, name);
	free(copy);
	return domid;
}

static void the_domain_is_the_one_that_cairnd_names(void **state)
{
	(void)state;
	static const struct node nodes[] = {{"/tool/cairn/last-domid", "9 0"},
					    {"/tool/cairn/3/name", "netdrv"},
					    {"/tool/cairn/12/name", "netdrv"},
					    {"/tool/cairn/4/name", "app"},
					    {"/tool/cairn/0/name", "zero"},
					    {"/tool/cairn/07/name", "octal"},
					    {"/tool/cairn/32752/name", "big"},
					    {"/tool/cairn/5x/name", "five"},
					    {NULL, NULL}};
	assert_int_equal(find(nodes, "app"), 4);
	assert_int_equal(find(nodes, "netdrv"), 12);
	static const char *const none[] = {"", "ap", "appx", "zero", "octal", "big", "five", "9 0"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(find(nodes, none[i]), CAIRN_VCHAN_NOBODY);
	const struct cairn_vchan_store empty = {list_nothing, read_node, NULL};
	assert_int_equal(cairn_vchan_find(&empty, "app"), CAIRN_VCHAN_NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(bytes_come_back_as_they_are, setup, teardown),
	    cmocka_unit_test_setup_teardown(requests_wait_for_each_other, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_long_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_slow_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(silence_is_fine, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_takes_no_answer_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(going_away_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(cairnd_may_come_and_go, setup, teardown),
	    cmocka_unit_test(it_can_do_nothing_else),
	    cmocka_unit_test(the_domain_is_the_one_that_cairnd_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
