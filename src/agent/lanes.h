/* Hashing side by side. Each file is a lane: sealed memory in the making, that one thread fills, and two hashers that
 * follow it, SHA-256 and SHA-384, each by itself, by whichever thread is free. They read what was filled, and so what
 * will be sealed, through a private mapping: the file that it came from may change as it likes.
 *
 * One thread owns the lanes and calls all of these; helpers only hash. Where no helper can be had, the owner hashes
 * everything, and nothing else changes. */
#ifndef CAIRN_AGENT_LANES_H
#define CAIRN_AGENT_LANES_H

#include <pthread.h>

#include "cairn/digest.h"

#define CAIRN_LANE_PIECE  (128u * 1024) /* of work */
#define CAIRN_LANES_MAX	  8u
#define CAIRN_LANE_HASHES 2u
#define CAIRN_HELPERS_MAX (CAIRN_LANES_MAX * CAIRN_LANE_HASHES)

struct cairn_lane {
	const uint8_t *bytes; /* the mapping */
	uint64_t size, filled;
	struct {
		struct cairn_hasher *hasher;
		uint64_t done;
		bool busy;
		enum cairn_status status;
	} hash[CAIRN_LANE_HASHES];
};

struct cairn_lanes {
	struct cairn_lane lane[CAIRN_LANES_MAX];
	size_t count;
	pthread_t helper[CAIRN_HELPERS_MAX];
	unsigned helpers;
	bool stop;
	pthread_mutex_t lock; /* of all above */
	pthread_cond_t change;
};

void cairn_lanes_init(struct cairn_lanes *l);
/* Ends the helpers. What was not taken is forgotten. */
void cairn_lanes_fini(struct cairn_lanes *l);

/* A lane for a memfd that will have `size` bytes, more than 0, before the start. It stays the caller's, and must stay
 * open and unsealed until it is filled. CAIRN_E_LIMIT, CAIRN_E_NOMEM, CAIRN_E_CRYPTO */
enum cairn_status cairn_lanes_add(struct cairn_lanes *l, struct cairn_lane **out, int fd,
				  uint64_t size) CAIRN_MUST_CHECK;
/* At most so many helpers, and none that would have nothing to do. */
void cairn_lanes_start(struct cairn_lanes *l, unsigned helpers);

/* The next `len` bytes are in the memfd, and it has no more than its size. */
void cairn_lane_fill(struct cairn_lanes *l, struct cairn_lane *lane, size_t len);
/* Hashes a piece of a lane of which at least `behind` bytes are not hashed yet. False: there is none such. */
bool cairn_lanes_work(struct cairn_lanes *l, uint64_t behind);
/* Hashes, or waits for helpers that do, for so many milliseconds at least. True: all that was filled is hashed. */
bool cairn_lanes_finish(struct cairn_lanes *l, unsigned ms);
/* Then. The first failure of a hasher, if there was one. */
enum cairn_status cairn_lane_take(struct cairn_lane *lane, struct cairn_component *out) CAIRN_MUST_CHECK;

#endif
