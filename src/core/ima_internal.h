/* What the readers of IMA lists share. */
#ifndef CAIRN_CORE_IMA_INTERNAL_H
#define CAIRN_CORE_IMA_INTERNAL_H

#include "cairn/ima.h"

/* Reads the name of a template. CAIRN_E_MALFORMED: not 1 to 255 printable characters. */
enum cairn_status cairn_ima_template_find(struct cairn_ima_template *out,
					  struct cairn_span name) CAIRN_MUST_CHECK;
/* PCR, digest and template of a line; all of it. The cursor fails with them. */
void cairn_ima_ascii_header(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c);
void cairn_ima_read_ascii(struct cairn_ima_entry *e, struct cairn_ima_iter *it, struct cairn_cur *c);
/* Takes a field with its value into the entry, if the value is one. */
bool cairn_ima_field_read(struct cairn_ima_entry *e, const struct cairn_ima_field *f);

/* The digest that a field holds, by its syntax. */
bool cairn_ima_digest_read(struct cairn_ima_digest *out, const struct cairn_ima_entry *e,
			   const struct cairn_ima_field *f);

/* Where the byte first is; NULL. */
const uint8_t *cairn_ima_find(struct cairn_span s, uint8_t c);
/* Up to max bytes from lower-case hex. *len is 0 where it is not such, odd, or too long. */
void cairn_ima_unhex(uint8_t *out, size_t *len, size_t max, struct cairn_span hex);
/* Adds to the hasher what the template digest is taken over. CAIRN_E_NOTFOUND: not known. */
enum cairn_status cairn_ima_hash_data(struct cairn_hasher *h,
				      const struct cairn_ima_entry *e) CAIRN_MUST_CHECK;
/* cairn_ima_check with a hasher of the entry's algorithm. */
enum cairn_status cairn_ima_check_with(enum cairn_ima_check *out, struct cairn_hasher *h,
				       const struct cairn_ima_entry *e) CAIRN_MUST_CHECK;

#endif
