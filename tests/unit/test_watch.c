/* Hearing from xenstored that domains come and go, and that cairnd looks at once. */
#include "tests/unit/agentuse_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(char path[108], const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(path, 108, "%s/%s", agentuse.dir, name);
	memcpy(a.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The words on the wire are those of xen/include/public/io/xs_wire.h: XS_WATCH is 4, then request, transaction,
 * length. */
static void test_wire(void **state)
{
	static const uint8_t want[] = "\4\0\0\0\0\0\0\0\0\0\0\0\27\0\0\0@introduceDomain\0cairn\0"
				      "\4\0\0\0\0\0\0\0\0\0\0\0\25\0\0\0@releaseDomain\0cairn\0"
				      "\4\0\0\0\0\0\0\0\0\0\0\0\15\0\0\0/libxl\0cairn\0"
				      "\4\0\0\0\0\0\0\0\0\0\0\0\42\0\0\0/local/domain/0/backend/pci\0cairn";
	char path[108];
	uint8_t got[sizeof(want)] = {0};
	int server = listen_at(path, "xenstored"), fd = cairn_watch_open(path),
	    peer = accept(server, NULL, NULL);

	(void)state;
	assert_true(fd >= 0 && peer >= 0);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), sizeof(want));
	assert_memory_equal(got, want, sizeof(want));
	assert_true(cairn_watch_drain(fd));
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send(peer, got, sizeof(got), 0), sizeof(got));
	assert_true(cairn_watch_drain(fd));
	assert_int_equal(recv(fd, got, 1, MSG_DONTWAIT), -1);
	close(peer);
	assert_false(cairn_watch_drain(fd));
	close(fd);
	close(server);
	assert_int_equal(cairn_watch_open(path), -1); /* nobody listens */
	char longer[200] = "/";

	memset(longer + 1, 'x', sizeof(longer) - 2);
	assert_int_equal(cairn_watch_open(longer), -1);
}

static volatile int running;

static void on_alarm(int number)
{
	(void)number;
	running = 0;
}

static unsigned sweeps_in_100_ms(void)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 100000}};
	char path[108];
	int fd = listen_at(path, "sock");

	agentuse.fake.listed = 0;
	running = 1;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(cairn_agent_serve(agentuse.agent, fd, CAIRN_NOBODY, &running), CAIRN_OK);
	close(fd);
	unlink(path);
	return agentuse.fake.listed;
}

static void test_serve(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	agentuse.fake.watched = true;
	agentuse.fake.watch_fd = pair[0];
	assert_int_equal(send(pair[1], "event", 5, 0), 5);
	assert_true(sweeps_in_100_ms() >= 2);
	assert_false(agentuse.agent->heard); /* devices were looked at */
	close(pair[1]);
	assert_true(sweeps_in_100_ms() >= 2);
	assert_false(agentuse.fake.watched); /* xenstored is gone: on without it */
	close(pair[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_wire), AGENTUSE_TEST(test_serve)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
