/* Frames on a stream: cut at every byte, in pieces of every size, too long, too slow; and the socket that is one. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cairn/agent.h"
#include "relay/agent_client.h"
#include "relay/relay.h"

/* A stream out of memory that gives and takes `piece` bytes at a time, nothing every second time, and ends. */
struct memory {
	const uint8_t *in;
	size_t left, piece;
	bool turn;
	struct cairn_buf out;
	int fd; /* always readable and writable */
};

static bool pause_now(struct memory *m)
{
	m->turn = !m->turn;
	return m->turn;
}

static ssize_t memory_read(void *self, void *out, size_t max)
{
	struct memory *m = self;
	size_t n = m->piece < max ? m->piece : max;

	if (pause_now(m))
		return 0;
	if (m->left == 0)
		return -1;
	n = n < m->left ? n : m->left;
	memcpy(out, m->in, n);
	m->in += n;
	m->left -= n;
	return (ssize_t)n;
}

static ssize_t memory_write(void *self, const void *bytes, size_t len)
{
	struct memory *m = self;
	size_t n = m->piece < len ? m->piece : len;

	if (pause_now(m))
		return 0;
	cairn_buf_add(&m->out, cairn_span(bytes, n));
	return (ssize_t)n;
}

static int memory_fd(void *self)
{
	return ((struct memory *)self)->fd;
}

static short memory_events(bool write)
{
	return write ? POLLOUT : POLLIN;
}

static void memory_woken(void *self)
{
	assert_non_null(self);
}

static struct cairn_channel channel_of(struct memory *m)
{
	static const struct cairn_channel_ops ops = {memory_read, memory_write, memory_fd, memory_events,
						     memory_woken};

	return (struct cairn_channel){&ops, m};
}

static int ready_fd(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]); /* the end is something to read */
	return pair[0];
}

static int64_t soon(int ms)
{
	return cairn_channel_now_ms() + ms;
}

static void frames_come_whole(void **state)
{
	(void)state;
	static const uint8_t frame[] = "\0\0\0\5hello\0\0\0\0\0\0\0\1x";
	for (size_t piece = 1; piece < sizeof(frame); piece++) {
		struct memory m = {.in = frame, .left = sizeof(frame) - 1, .piece = piece, .fd = ready_fd()};
		const struct cairn_channel ch = channel_of(&m);
		cairn_auto_buf struct cairn_buf got = {0};

		assert_int_equal(cairn_channel_recv(&ch, &got, 5, soon(5000), 5000), CAIRN_OK);
		assert_string_equal(cairn_buf_str(&got), "hello");
		assert_int_equal(cairn_channel_recv(&ch, &got, 5, soon(5000), 5000), CAIRN_OK);
		assert_int_equal(got.len, 5);
		assert_int_equal(cairn_channel_recv(&ch, &got, 5, CAIRN_CHANNEL_PATIENT, 5000), CAIRN_OK);
		assert_string_equal(cairn_buf_str(&got), "hellox");
		assert_int_equal(cairn_channel_recv(&ch, &got, 5, soon(5000), 5000), CAIRN_E_TRUNCATED);
		close(m.fd);
	}
}

static void cut_frames_end(void **state)
{
	(void)state;
	static const uint8_t frame[] = "\0\0\0\5hello";
	for (size_t len = 0; len < sizeof(frame) - 1; len++) {
		struct memory m = {.in = frame, .left = len, .piece = 3, .fd = ready_fd()};
		const struct cairn_channel ch = channel_of(&m);
		cairn_auto_buf struct cairn_buf got = {0};

		assert_int_equal(cairn_channel_recv(&ch, &got, 5, soon(5000), 5000), CAIRN_E_TRUNCATED);
		close(m.fd);
	}
}

/* What is announced as too long is not read, let alone kept. */
static void long_frames_are_refused(void **state)
{
	(void)state;
	static const uint8_t frames[][8] = {"\0\0\0\5hell", "\0\0\1\0", "\0\1\0\0", "\1\0\0\0",
					    "\xff\xff\xff\xff"};
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct memory m = {.in = frames[i], .left = 8, .piece = 8, .fd = ready_fd()};
		const struct cairn_channel ch = channel_of(&m);
		cairn_auto_buf struct cairn_buf got = {0};

		assert_int_equal(cairn_channel_recv(&ch, &got, 4, soon(5000), 5000), CAIRN_E_LIMIT);
		assert_int_equal(m.left, 4);
		assert_int_equal(got.len, 0);
		close(m.fd);
	}
}

static void frames_go_whole(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 10; piece++) {
		struct memory m = {.piece = piece, .fd = -1};
		const struct cairn_channel ch = channel_of(&m);
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		m.fd = pair[0];
		assert_int_equal(cairn_channel_send(&ch, cairn_span("hello", 5), soon(5000)), CAIRN_OK);
		assert_int_equal(m.out.len, 9);
		assert_memory_equal(m.out.ptr, "\0\0\0\5hello", 9);
		cairn_buf_fini(&m.out);
		close(pair[0]);
		close(pair[1]);
	}
}

/* Neither silence, nor a byte now and then, nor somebody who takes nothing holds a caller for longer than it said. */
static void waits_are_bounded(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	const struct cairn_channel ch = cairn_channel_socket(&pair[0]);
	cairn_auto_buf struct cairn_buf got = {0};
	int64_t began = cairn_channel_now_ms();

	assert_int_equal(cairn_channel_recv(&ch, &got, 100, soon(30), 5000), CAIRN_E_TIMEOUT);
	assert_int_equal(write(pair[1], "\0\0", 2), 2);
	assert_int_equal(cairn_channel_recv(&ch, &got, 100, soon(5000), 30), CAIRN_E_TIMEOUT);
	uint8_t *much = calloc(1, 4 << 20);
	assert_non_null(much);
	assert_int_equal(cairn_channel_send(&ch, cairn_span(much, 4 << 20), soon(30)), CAIRN_E_TIMEOUT);
	free(much);
	assert_in_range(cairn_channel_now_ms() - began, 90, 4000);
	close(pair[1]);
	assert_int_equal(cairn_channel_send(&ch, cairn_span("x", 1), soon(1000)), CAIRN_E_NET);
	close(pair[0]);
}

static void a_trickle_meets_its_deadline(void **state)
{
	(void)state;
	static const uint8_t frame[64] = {0, 0, 0, 60};
	struct memory m = {.in = frame, .left = sizeof(frame), .piece = 1, .fd = ready_fd()};
	const struct cairn_channel ch = channel_of(&m);
	cairn_auto_buf struct cairn_buf got = {0};

	assert_int_equal(cairn_channel_recv(&ch, &got, 60, soon(1000), 0), CAIRN_E_TIMEOUT);
	assert_true(m.left > 0);
	close(m.fd);
}

/* Over an open channel: the relay's side of a bridge. What comes back wrong ends the channel, not the relay's reason. */
static enum cairn_status asked(const char *answer, size_t len, struct cairn_buf *why)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	const struct cairn_channel ch = cairn_channel_socket(&pair[0]);
	cairn_auto_json json_t *request = json_pack("{s:s}", "op", "status");
	cairn_auto_json json_t *got = NULL;
	uint8_t sent[64];

	assert_int_equal(write(pair[1], answer, len), (ssize_t)len);
	shutdown(pair[1], SHUT_WR);
	enum cairn_status st = cairn_agent_call_over(&got, &ch, request, 2000, why);

	assert_int_equal(read(pair[1], sent, sizeof(sent)), 19);
	assert_memory_equal(sent, "\0\0\0\x0f{\"op\":\"status\"}", 19);
	assert_true((st == CAIRN_OK) == (got != NULL));
	close(pair[0]);
	close(pair[1]);
	return st;
}

static void answers_over_a_channel(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf why = {0};
	static const char ok[] = "\0\0\0\x0b{\"ok\":true}";

	assert_int_equal(asked(ok, sizeof(ok) - 1, &why), CAIRN_OK);
	assert_int_equal(why.len, 0);
	for (size_t len = 0; len < sizeof(ok) - 1; len++)
		assert_int_equal(asked(ok, len, NULL), CAIRN_E_NET);
	assert_int_equal(asked("\0\0\0\2no", 6, NULL), CAIRN_E_MALFORMED);
	assert_int_equal(asked("\0\x80\0\1", 4, &why), CAIRN_E_LIMIT);
	assert_non_null(strstr(cairn_buf_str(&why), "no usable answer"));
}

static void names_of_vchans(void **state)
{
	(void)state;
	uint32_t domid = 77;
	const char *node = NULL;
	static const char *const bad[] = {"",	      "0",
					  "/local",   "x/a",
					  "-1/a",     "0/",
					  "0/a/",     "+1/a",
					  "32752/a",  "99999999999/a",
					  "000000/a", " 0/a",
					  "0x0/a",    "0/1234567890123456789012345678901234567890123456789"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cairn_relay_vchan_parse(&domid, &node, bad[i]), CAIRN_E_USAGE);
	assert_true(domid == 77 && node == NULL);
	assert_int_equal(cairn_relay_vchan_parse(&domid, &node, "0/local/domain/0/cairn/relay"), CAIRN_OK);
	assert_int_equal(domid, 0);
	assert_string_equal(node, "/local/domain/0/cairn/relay");
	assert_int_equal(cairn_relay_vchan_parse(&domid, &node, "32751/a"), CAIRN_OK);
	assert_int_equal(domid, 32751);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_come_whole),       cmocka_unit_test(cut_frames_end),
	    cmocka_unit_test(long_frames_are_refused), cmocka_unit_test(frames_go_whole),
	    cmocka_unit_test(waits_are_bounded),       cmocka_unit_test(a_trickle_meets_its_deadline),
	    cmocka_unit_test(answers_over_a_channel),  cmocka_unit_test(names_of_vchans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
