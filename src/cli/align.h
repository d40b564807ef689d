/* Which elements of two sequences correspond: the middle of `cairn log diff`. */
#ifndef CAIRN_CLI_ALIGN_H
#define CAIRN_CLI_ALIGN_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

#define CAIRN_ALIGN_NONE SIZE_MAX

/* A sequence of identities: equal numbers below `ids` are equal elements. */
struct cairn_align_side {
	const uint32_t *id;
	size_t count;
};

/* match[i] becomes the index in b of what corresponds to a.id[i], or CAIRN_ALIGN_NONE; the indices ascend, and what
 * corresponds is equal. Common beginning and end and what is unique in both come first, what is between them by a
 * longest common subsequence where that is small. Time: n log n and at most 2^20 steps for each stretch between;
 * memory: some words an element and 4 MiB. CAIRN_E_NOMEM. */
enum cairn_status cairn_align(size_t *match, struct cairn_align_side a, struct cairn_align_side b,
			      uint32_t ids) CAIRN_MUST_CHECK;

#endif
