/* cairnd's socket: hostile bytes cost a connection, and nothing else. */
#define _GNU_SOURCE
#include "tests/unit/agentuse_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/agent_client.h"

static volatile int running;

static void on_child(int number)
{
	(void)number;
	running = 0;
}

static int connect_raw(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", agentuse.conf.socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

/* 0: closed without an answer; else the length of what came. */
static ssize_t send_raw(const void *bytes, size_t len)
{
	uint8_t got[4096];
	int fd = connect_raw();
	ssize_t n = -1;

	if (fd >= 0 && send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		n = recv(fd, got, sizeof(got), 0);
	if (n < 0 && errno == ECONNRESET) /* closed with bytes of ours unread */
		n = 0;
	close(fd);
	return n;
}

static bool call_ok(void)
{
	cairn_auto_json json_t *request = json_pack("{s:s}", "op", "status");
	cairn_auto_json json_t *answer = NULL;
	cairn_auto_buf struct cairn_buf why = {0};

	return cairn_agent_call(&answer, agentuse.conf.socket, request, 10000, &why) == CAIRN_OK &&
	       cairn_agent_verdict(answer, &why) == CAIRN_OK;
}

/* A request byte by byte, and two on one connection. */
static bool slow_ok(void)
{
	static const char frame[] = "\0\0\0\x0f{\"op\":\"status\"}";
	uint8_t got[8192];
	int fd = connect_raw();

	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(frame) - 1; i++)
			if (send(fd, frame + i, 1, MSG_NOSIGNAL) != 1)
				return false;
		if (recv(fd, got, 4, MSG_WAITALL) != 4)
			return false;
		size_t len = (size_t)got[2] << 8 | got[3];

		if (recv(fd, got, len, MSG_WAITALL) != (ssize_t)len)
			return false;
	}
	close(fd);
	return true;
}

/* Exits with the number of the first thing that was not as it should be. */
static int client(void)
{
	int held[24];

	if (!call_ok())
		return 1;
	if (send_raw("\xff\xff\xff\xff{", 5) != 0)
		return 2;
	if (send_raw("\0\x10\0\1", 4) != 0) /* one byte over the limit */
		return 3;
	if (send_raw("\0\0\0\2{}", 6) <= 4)
		return 4;
	if (send_raw("\0\0\0\0", 4) <= 4)
		return 5;
	if (!slow_ok())
		return 6;
	for (unsigned i = 0; i < 24; i++)
		held[i] = connect_raw(); /* more than there are slots, all silent */
	for (unsigned i = 0; i < 24; i++)
		close(held[i]);
	return call_ok() ? 0 : 7;
}

static void test_socket(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct sigaction end = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
	int fd = -1, second = -1, status = 0;

	(void)state;
	assert_int_equal(cairn_agent_listen(&fd, agentuse.conf.socket, 0, &why), CAIRN_OK);
	assert_int_equal(cairn_agent_listen(&second, agentuse.conf.socket, 0, &why), CAIRN_E_EXISTS);
	running = 1;
	sigaction(SIGCHLD, &end, NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		_exit(client());
	}
	assert_int_equal(cairn_agent_serve(agentuse.agent, fd, CAIRN_NOBODY, &running), CAIRN_OK);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	signal(SIGCHLD, SIG_DFL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The file of a cairnd that died is replaced. */
	assert_int_equal(cairn_agent_listen(&fd, agentuse.conf.socket, 0, &why), CAIRN_OK);
	close(fd);
	unlink(agentuse.conf.socket);
}

static void test_not_running(void **state)
{
	cairn_auto_json json_t *request = json_pack("{s:s}", "op", "status");
	cairn_auto_buf struct cairn_buf why = {0};
	json_t *answer = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(cairn_agent_call(&answer, agentuse.conf.socket, request, 1000, &why), CAIRN_E_NET);
	assert_non_null(strstr(cairn_buf_str(&why), "is cairnd running"));
	/* One that listens but does not answer. */
	assert_int_equal(cairn_agent_listen(&fd, agentuse.conf.socket, 0, &why), CAIRN_OK);
	assert_int_equal(cairn_agent_call(&answer, agentuse.conf.socket, request, 200, &why),
			 CAIRN_E_TIMEOUT);
	close(fd);
	unlink(agentuse.conf.socket);
	assert_null(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_socket),
	    AGENTUSE_TEST(test_not_running),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup_ek, agentuse_group_teardown);
}
