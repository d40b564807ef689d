/* Event logs: reading, and replaying against what OpenSSL needs to hash the same bytes; what either takes of memory. */
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "cairn/eventlog.h"
#include "tests/bench/bench.h"
#include "tests/bench/heap.h"

#define BANKS 2
#define DATA  64 /* bytes of an event */
#define MIB   ((size_t)1 << 20)

struct input {
	unsigned events;
	struct cairn_buf log;
	struct cairn_eventlog open;
	struct cairn_digest digest[BANKS];
	EVP_MD *md[BANKS];
	EVP_MD_CTX *ctx[BANKS];
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
	put_le(b, 16 + 4 + 4 + 4 + BANKS * 4 + 1, 4);
	cairn_buf_add(b, cairn_span("Spec ID Event03", 16));
	put_le(b, 0, 4);	  /* platform class: client */
	put_le(b, 0x02000200, 4); /* version minor 0, major 2, errata 0, uintn 2 */
	put_le(b, BANKS, 4);
	put_le(b, CAIRN_ALG_SHA256 | 32u << 16, 4);
	put_le(b, CAIRN_ALG_SHA384 | 48u << 16, 4);
	put_le(b, 0, 1);
}

static void put_event(struct input *in, unsigned number, const uint8_t *data)
{
	put_le(&in->log, number % 8, 4);
	put_le(&in->log, CAIRN_EV_EFI_ACTION, 4);
	put_le(&in->log, BANKS, 4);
	for (int b = 0; b < BANKS; b++) {
		put_le(&in->log, in->digest[b].alg, 2);
		cairn_buf_add(&in->log, cairn_digest_span(&in->digest[b]));
	}
	put_le(&in->log, DATA, 4);
	cairn_buf_add(&in->log, cairn_span(data, DATA));
}

static void input_init(struct input *in, unsigned events)
{
	static const char *const names[BANKS] = {"SHA256", "SHA384"};
	uint8_t data[DATA];
	*in = (struct input){.events = events};
	memset(data, 'x', sizeof(data));
	put_spec_id(&in->log);
	bench_must(cairn_hash(&in->digest[0], CAIRN_ALG_SHA256, cairn_span(data, DATA)));
	bench_must(cairn_hash(&in->digest[1], CAIRN_ALG_SHA384, cairn_span(data, DATA)));
	for (unsigned i = 0; i < events; i++)
		put_event(in, i, data);
	bench_must(cairn_buf_status(&in->log));
	bench_must(cairn_eventlog_open(&in->open, cairn_buf_span(&in->log)));
	for (int b = 0; b < BANKS; b++) {
		in->md[b] = EVP_MD_fetch(NULL, names[b], NULL);
		in->ctx[b] = EVP_MD_CTX_new();
		bench_must(in->md[b] && in->ctx[b] ? CAIRN_OK : CAIRN_E_CRYPTO);
	}
}

static void input_fini(struct input *in)
{
	cairn_buf_fini(&in->log);
	for (int b = 0; b < BANKS; b++) {
		EVP_MD_CTX_free(in->ctx[b]);
		EVP_MD_free(in->md[b]);
	}
}

static void parse(void *arg)
{
	struct input *in = arg;
	bench_must(cairn_eventlog_open(&in->open, cairn_buf_span(&in->log)));
}

static void replay(void *arg)
{
	struct input *in = arg;
	struct cairn_replay r;
	bench_must(cairn_eventlog_open(&in->open, cairn_buf_span(&in->log)));
	bench_must(cairn_eventlog_replay(&r, &in->open));
}

/* The fastest that OpenSSL can: each message in one piece, the algorithm fetched before, the context used again. */
static void bare_hashes(void *arg)
{
	struct input *in = arg;
	for (int b = 0; b < BANKS; b++) {
		size_t size = cairn_alg_size(in->digest[b].alg);
		uint8_t message[2 * CAIRN_DIGEST_MAX];
		memcpy(message, in->digest[b].bytes, size);
		memcpy(message + size, in->digest[b].bytes, size);
		for (unsigned i = 0; i < in->events; i++)
			if (EVP_DigestInit_ex2(in->ctx[b], i ? NULL : in->md[b], NULL) != 1 ||
			    EVP_DigestUpdate(in->ctx[b], message, 2 * size) != 1 ||
			    EVP_DigestFinal_ex(in->ctx[b], message, NULL) != 1)
				bench_must(CAIRN_E_CRYPTO);
	}
}

/* As bench_run, but in time of the processor: no part of this waits for anything, and other programs do not count. */
static void run(double *best, bench_fn *fn, void *arg, unsigned times)
{
	struct timespec a, b;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	for (unsigned i = 0; i < times; i++)
		fn(arg);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	double took = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
	if (*best == 0 || took < *best)
		*best = took;
}

static void measure(unsigned events, unsigned times)
{
	struct input in;
	double t[2] = {0}, best = 0;
	char name[80];
	input_init(&in, events);
	for (int round = 0; round < 30; round++) {
		run(&t[0], replay, &in, times);
		run(&t[1], bare_hashes, &in, times);
	}
	snprintf(name, sizeof(name), "event log of %u events: read and replayed", events);
	bench_print(name, t[0] / times * 1e6, "us", "-", 1);
	snprintf(name, sizeof(name), "event log of %u events: replay against bare hashing", events);
	bench_print(name, t[0] / t[1], "x", "<= 1.3", t[0] <= 1.3 * t[1]);
	for (int i = 0; i < 5; i++)
		run(&best, parse, &in, times);
	double rate = (double)in.log.len * times / best / 1e6;
	snprintf(name, sizeof(name), "event log of %u events: parsing", events);
	bench_print(name, rate, "MB/s", ">= 500", rate >= 500);
	input_fini(&in);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */
#define STACK (256u << 10)
static uint8_t stack[STACK] __attribute__((aligned(4096)));

static void *replay_there(void *arg)
{
	replay(arg);
	return NULL;
}

static void *nothing_there(void *arg)
{
	return arg;
}

/* Bytes of a thread's stack that the function dirties. */
static size_t stack_of(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t clean = 0;
	memset(stack, 0xa5, STACK);
	if (pthread_attr_init(&attr) || pthread_attr_setstack(&attr, stack, STACK) ||
	    pthread_create(&thread, &attr, fn, arg) || pthread_join(thread, NULL))
		bench_must(CAIRN_E_IO);
	pthread_attr_destroy(&attr);
	while (clean < STACK && stack[clean] == 0xa5)
		clean++;
	return STACK - clean;
}

static void measure_memory(void)
{
	struct input in;
	input_init(&in, (unsigned)(MIB / 160));
	bench_must(in.log.len >= MIB ? CAIRN_OK : CAIRN_E_INTERNAL);
	replay(&in); /* whatever OpenSSL keeps for good */
	size_t on_stack = stack_of(replay_there, &in) - stack_of(nothing_there, NULL);
	heap_mark();
	parse(&in);
	size_t calls = heap_calls();
	bench_print("event log of 1 MiB: allocations while parsing", (double)calls, "calls", "0", calls == 0);
	heap_mark();
	replay(&in);
	size_t total = on_stack + heap_peak();
	bench_print("event log of 1 MiB: heap and stack beyond the log", (double)total / 1024, "KiB", "<= 64",
		    total <= 64u << 10);
	input_fini(&in);
}

int main(void)
{
	measure(200, 20);
	measure(100000, 1);
	measure_memory();
	return 0;
}
