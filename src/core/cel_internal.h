/* What the readers of canonical event logs share. */
#ifndef CAIRN_CORE_CEL_INTERNAL_H
#define CAIRN_CORE_CEL_INTERNAL_H

#include "cairn/cel.h"

struct cairn_cel_type_row {
	uint32_t number; /* 0: JSON only */
	const char *name;
	enum cairn_cel_type type;
};

/* NULL for an unknown one. */
const struct cairn_cel_type_row *cairn_cel_type_by_number(uint64_t number);
const struct cairn_cel_type_row *cairn_cel_type_by_name(const char *name);

/* Adds a digest of len bytes. Refused: a wrong length, two of one algorithm. */
enum cairn_status cairn_cel_add_digest(struct cairn_cel_record *r, uint64_t alg,
				       struct cairn_span value) CAIRN_MUST_CHECK;
/* What may stand between two values of JSON. */
bool cairn_cel_is_gap(uint8_t c);
/* Parses the whole text into log->records. */
enum cairn_status cairn_cel_load_json(struct cairn_cel *log) CAIRN_MUST_CHECK;
/* The record of log->records at log->number, from 0. */
enum cairn_status cairn_cel_read_json(struct cairn_cel *log, struct cairn_cel_record *r) CAIRN_MUST_CHECK;
/* The record at log->cur. */
enum cairn_status cairn_cel_read_tlv(struct cairn_cel *log, struct cairn_cel_record *r) CAIRN_MUST_CHECK;

#endif
