/* The lock is held but while a piece is hashed, which only one thread does for a hasher at a time (busy); the owner
 * alone changes how many lanes and helpers there are. */
#define _GNU_SOURCE /* pthread_cond_clockwait */
#include "agent/lanes.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define HELPER_STACK (256u * 1024)

void cairn_lanes_init(struct cairn_lanes *l)
{
	*l = (struct cairn_lanes){.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
}

static void unmap(struct cairn_lane *lane)
{
	munmap((void *)(uintptr_t)lane->bytes, lane->size);
}

static void free_hashers(struct cairn_lane *lane)
{
	for (size_t h = 0; h < CAIRN_LANE_HASHES; h++)
		cairn_hasher_free(lane->hash[h].hasher);
}

void cairn_lanes_fini(struct cairn_lanes *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->change);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->helpers; i++)
		pthread_join(l->helper[i], NULL);
	for (size_t i = 0; i < l->count; i++) {
		free_hashers(&l->lane[i]);
		unmap(&l->lane[i]);
	}
	pthread_cond_destroy(&l->change);
	pthread_mutex_destroy(&l->lock);
}

enum cairn_status cairn_lanes_add(struct cairn_lanes *l, struct cairn_lane **out, int fd, uint64_t size)
{
	struct cairn_lane n = {.size = size};

	if (l->count == CAIRN_LANES_MAX)
		return CAIRN_E_LIMIT;
	/* A shared mapping of a file that is open for writing would keep it from being sealed. */
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		return CAIRN_E_NOMEM;
	n.bytes = bytes;
	enum cairn_status st = cairn_hasher_new(&n.hash[0].hasher, CAIRN_ALG_SHA256);

	if (st == CAIRN_OK)
		st = cairn_hasher_new(&n.hash[1].hasher, CAIRN_ALG_SHA384);
	if (st != CAIRN_OK) {
		free_hashers(&n);
		unmap(&n);
		return st;
	}
	*out = &l->lane[l->count++];
	**out = n;
	return CAIRN_OK;
}

/* ---- hashing: the lock is held where these are called ------------------------------------------------------------- */

struct work {
	struct cairn_lane *lane;
	size_t hash;
};

/* The work of which the most is left comes first: a slow hasher never waits for a fast one. */
static bool next_work(struct cairn_lanes *l, uint64_t behind, struct work *out)
{
	uint64_t most = 0;

	for (size_t i = 0; i < l->count * CAIRN_LANE_HASHES; i++) {
		struct work w = {&l->lane[i / CAIRN_LANE_HASHES], i % CAIRN_LANE_HASHES};
		uint64_t done = w.lane->hash[w.hash].done, ready = w.lane->filled - done;

		if (w.lane->hash[w.hash].busy || ready == 0 || ready < behind || w.lane->size - done <= most)
			continue;
		most = w.lane->size - done;
		*out = w;
	}
	return most > 0;
}

static void do_work(struct cairn_lanes *l, struct work w)
{
	struct cairn_lane *lane = w.lane;
	uint64_t at = lane->hash[w.hash].done, ready = lane->filled - at;
	size_t len = ready < CAIRN_LANE_PIECE ? (size_t)ready : CAIRN_LANE_PIECE;

	lane->hash[w.hash].busy = true;
	pthread_mutex_unlock(&l->lock);
	enum cairn_status st = cairn_hasher_add(lane->hash[w.hash].hasher, cairn_span(lane->bytes + at, len));

	pthread_mutex_lock(&l->lock);
	lane->hash[w.hash].busy = false;
	lane->hash[w.hash].done = at + len;
	if (lane->hash[w.hash].status == CAIRN_OK)
		lane->hash[w.hash].status = st;
	pthread_cond_broadcast(&l->change);
}

static bool is_done(const struct cairn_lanes *l)
{
	for (size_t i = 0; i < l->count; i++)
		for (size_t h = 0; h < CAIRN_LANE_HASHES; h++)
			if (l->lane[i].hash[h].done != l->lane[i].filled)
				return false;
	return true;
}

static void *help(void *arg)
{
	struct cairn_lanes *l = arg;
	struct work w;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		if (next_work(l, 0, &w))
			do_work(l, w);
		else
			pthread_cond_wait(&l->change, &l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- the owner's side --------------------------------------------------------------------------------------------- */

/* Signals are the owner's. */
void cairn_lanes_start(struct cairn_lanes *l, unsigned helpers)
{
	pthread_attr_t attr;
	sigset_t all, before;

	if (pthread_attr_init(&attr) != 0)
		return;
	sigfillset(&all);
	if (pthread_attr_setstacksize(&attr, HELPER_STACK) == 0 &&
	    pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
		while (l->helpers < helpers && l->helpers < l->count * CAIRN_LANE_HASHES &&
		       pthread_create(&l->helper[l->helpers], &attr, help, l) == 0)
			l->helpers++;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pthread_attr_destroy(&attr);
}

void cairn_lane_fill(struct cairn_lanes *l, struct cairn_lane *lane, size_t len)
{
	pthread_mutex_lock(&l->lock);
	lane->filled += len;
	pthread_cond_broadcast(&l->change);
	pthread_mutex_unlock(&l->lock);
}

bool cairn_lanes_work(struct cairn_lanes *l, uint64_t behind)
{
	struct work w;

	pthread_mutex_lock(&l->lock);
	bool any = next_work(l, behind, &w);

	if (any)
		do_work(l, w);
	pthread_mutex_unlock(&l->lock);
	return any;
}

static bool is_past(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

bool cairn_lanes_finish(struct cairn_lanes *l, unsigned ms)
{
	struct timespec end;
	struct work w;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000 + (end.tv_nsec + ms % 1000 * 1000000L) / 1000000000;
	end.tv_nsec = (end.tv_nsec + ms % 1000 * 1000000L) % 1000000000;
	pthread_mutex_lock(&l->lock);
	while (!is_done(l) && !is_past(&end)) {
		if (next_work(l, 0, &w))
			do_work(l, w);
		else
			pthread_cond_clockwait(&l->change, &l->lock, CLOCK_MONOTONIC, &end);
	}
	bool done = is_done(l);

	pthread_mutex_unlock(&l->lock);
	return done;
}

enum cairn_status cairn_lane_take(struct cairn_lane *lane, struct cairn_component *out)
{
	struct cairn_component c = {.size = lane->hash[0].done};

	for (size_t h = 0; h < CAIRN_LANE_HASHES; h++)
		if (lane->hash[h].status != CAIRN_OK)
			return lane->hash[h].status;
	enum cairn_status st = cairn_hasher_take(lane->hash[0].hasher, &c.sha256);

	if (st == CAIRN_OK)
		st = cairn_hasher_take(lane->hash[1].hasher, &c.sha384);
	if (st == CAIRN_OK)
		*out = c;
	return st;
}
