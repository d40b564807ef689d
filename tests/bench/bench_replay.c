/* Reading and replaying a firmware log of 200 events in two banks, against the bare extends. */
#include <string.h>

#include "cairn/eventlog.h"
#include "tests/bench/bench.h"

#define EVENTS 200
#define DATA   64 /* bytes of an event */

struct input {
	struct cairn_buf log;
	struct cairn_digest digest[2];
	struct cairn_hasher *hasher[2];
};

static void put_le(struct cairn_buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		cairn_buf_add_u8(b, (uint8_t)(v >> (8 * i)));
}

/* TCG_PCClientPCREvent with TCG_EfiSpecIdEvent (PFP 1.05 r23, sections 10.2.1 and 10.4.5.1). */
static void put_spec_id(struct cairn_buf *b)
{
	static const uint8_t zeros[20];
	put_le(b, 0, 4);
	put_le(b, CAIRN_EV_NO_ACTION, 4);
	cairn_buf_add(b, cairn_span(zeros, sizeof(zeros)));
	put_le(b, 16 + 4 + 4 + 4 + 2 * 4 + 1, 4);
	cairn_buf_add(b, cairn_span("Spec ID Event03", 16));
	put_le(b, 0, 4);	  /* platform class: client */
	put_le(b, 0x02000200, 4); /* version minor 0, major 2, errata 0, uintn 2 */
	put_le(b, 2, 4);
	put_le(b, CAIRN_ALG_SHA256 | 32u << 16, 4);
	put_le(b, CAIRN_ALG_SHA384 | 48u << 16, 4);
	put_le(b, 0, 1);
}

static void make(struct input *in)
{
	uint8_t data[DATA];
	memset(data, 'x', sizeof(data));
	put_spec_id(&in->log);
	bench_must(cairn_hasher_new(&in->hasher[0], CAIRN_ALG_SHA256));
	bench_must(cairn_hasher_new(&in->hasher[1], CAIRN_ALG_SHA384));
	bench_must(cairn_hash(&in->digest[0], CAIRN_ALG_SHA256, cairn_span(data, DATA)));
	bench_must(cairn_hash(&in->digest[1], CAIRN_ALG_SHA384, cairn_span(data, DATA)));
	for (unsigned i = 0; i < EVENTS; i++) {
		put_le(&in->log, i % 8, 4);
		put_le(&in->log, CAIRN_EV_EFI_ACTION, 4);
		put_le(&in->log, 2, 4);
		for (int b = 0; b < 2; b++) {
			put_le(&in->log, in->digest[b].alg, 2);
			cairn_buf_add(&in->log, cairn_digest_span(&in->digest[b]));
		}
		put_le(&in->log, DATA, 4);
		cairn_buf_add(&in->log, cairn_span(data, DATA));
	}
	bench_must(cairn_buf_status(&in->log));
}

static void replay(void *arg)
{
	const struct input *in = arg;
	struct cairn_eventlog log;
	struct cairn_replay r;
	bench_must(cairn_eventlog_open(&log, cairn_buf_span(&in->log)));
	bench_must(cairn_eventlog_replay(&r, &log));
}

static void extends(void *arg)
{
	const struct input *in = arg;
	struct cairn_digest pcr[2] = {in->digest[0], in->digest[1]};
	for (unsigned i = 0; i < EVENTS; i++) {
		for (int b = 0; b < 2; b++) {
			bench_must(cairn_hasher_add(in->hasher[b], cairn_digest_span(&pcr[b])));
			bench_must(cairn_hasher_add(in->hasher[b], cairn_digest_span(&in->digest[b])));
			bench_must(cairn_hasher_take(in->hasher[b], &pcr[b]));
		}
	}
}

int main(void)
{
	struct input in = {0};
	double t[2];
	make(&in);
	bench_pair(t, replay, extends, &in, 200);
	bench_print("event log: 200 events in two banks", t[0] / 200 * 1e6, "us", "-", 1);
	bench_print("event log: replay against bare hashing", t[0] / t[1], "x", "<= 2", t[0] <= 2 * t[1]);
	cairn_hasher_free(in.hasher[0]);
	cairn_hasher_free(in.hasher[1]);
	cairn_buf_fini(&in.log);
	return 0;
}
