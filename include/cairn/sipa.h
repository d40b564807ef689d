/* The tagged events of Windows' boot log (WBCL, "SIPA" events): EV_EVENT_TAG, EV_COMPACT_HASH and EV_NO_ACTION data.
 *
 * Source: Windows SDK 10.0.14393 and later, um/wbcl.h. A tagged event is an identifier, a length and that many bytes; an
 * identifier with the aggregation flag holds tagged events. They nest: this walks them without recursion, down to
 * CAIRN_SIPA_DEPTH. Nothing is allocated; the events borrow from the input.
 */
#ifndef CAIRN_SIPA_H
#define CAIRN_SIPA_H

#include "cairn/bytes.h"

#define CAIRN_SIPA_DEPTH       8
#define CAIRN_SIPA_AGGREGATION 0x40000000u
#define CAIRN_SIPA_NONMEASURED 0x80000000u

struct cairn_sipa_event {
	uint32_t id;
	unsigned depth; /* 0: not in a container */
	struct cairn_span data;
};

struct cairn_sipa_iter {
	struct cairn_cur level[CAIRN_SIPA_DEPTH];
	unsigned depth; /* of level[] that is being read */
	enum cairn_status status;
};

/* Containers are yielded before what they hold. It ends at the first thing that is wrong, and .status says what:
 * CAIRN_E_TRUNCATED (an event is longer than its container), CAIRN_E_LIMIT (nested too deep). */
struct cairn_sipa_iter cairn_sipa_iter(struct cairn_span in);
bool cairn_sipa_next(struct cairn_sipa_iter *it, struct cairn_sipa_event *out);
/* The whole input is tagged events. */
enum cairn_status cairn_sipa_check(struct cairn_span in) CAIRN_MUST_CHECK;

enum cairn_sipa_form {
	CAIRN_SIPA_HEX,
	CAIRN_SIPA_NUMBER,
	CAIRN_SIPA_TEXT /* UTF-16 */,
	CAIRN_SIPA_CONTAINER
};
/* "BOOTCOUNTER"; NULL for one that is not known. *form, if not NULL: what its data is. */
const char *cairn_sipa_name(uint32_t id, enum cairn_sipa_form *form);

#endif
