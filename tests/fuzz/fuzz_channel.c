/* Frames on a channel: the first byte of the input says in what pieces the rest comes. Each frame that is taken is what a
 * cursor finds at that place, none is longer than asked for, and what is refused is not read. seeds: tests/data/jws */
#include <assert.h>

#include "relay/channel.h"

#define FRAME_MAX 64

struct stream {
	struct cairn_cur in;
	size_t piece;
};

static ssize_t give(void *self, void *out, size_t max)
{
	struct stream *s = self;
	size_t left = cairn_cur_left(&s->in), n = s->piece < max ? s->piece : max;

	if (left == 0)
		return -1;
	n = n < left ? n : left;
	cairn_cur_copy(&s->in, out, n);
	return (ssize_t)n;
}

static ssize_t take(void *self, const void *bytes, size_t len)
{
	(void)self;
	(void)bytes;
	(void)len;
	return -1;
}

static int no_fd(void *self)
{
	(void)self;
	return -1;
}

static short no_events(bool write)
{
	(void)write;
	return 0;
}

static void woken(void *self)
{
	(void)self;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cairn_channel_ops ops = {give, take, no_fd, no_events, woken};
	struct cairn_cur expected = cairn_cur(cairn_span(data, size));
	size_t piece = 1 + cairn_cur_u8(&expected) % 32;
	struct stream s = {.in = expected, .piece = piece};
	const struct cairn_channel ch = {&ops, &s};
	enum cairn_status st = CAIRN_OK;

	while (st == CAIRN_OK) {
		cairn_auto_buf struct cairn_buf got = {0};

		st = cairn_channel_recv(&ch, &got, FRAME_MAX, CAIRN_CHANNEL_PATIENT, 60000);
		uint32_t len = cairn_cur_u32be(&expected);
		if (cairn_cur_ok(&expected) && len > FRAME_MAX) {
			assert(st == CAIRN_E_LIMIT && s.in.off == expected.off);
			break;
		}
		struct cairn_span body = cairn_cur_bytes(&expected, len);
		assert((st == CAIRN_OK) == cairn_cur_ok(&expected));
		assert(st != CAIRN_OK || cairn_span_equal(cairn_buf_span(&got), body));
		assert(st == CAIRN_OK || st == CAIRN_E_TRUNCATED);
	}
	return 0;
}
