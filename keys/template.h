/* Public areas of cairn's TPM keys and objects, up to `unique`; each appends to a buffer. */
#ifndef CAIRN_KEYS_TEMPLATE_H
#define CAIRN_KEYS_TEMPLATE_H

#include "cairn/digest.h"

void cairn_template_ek(struct cairn_buf *b);
void cairn_template_ak(struct cairn_buf *b);
void cairn_template_srk(struct cairn_buf *b);
void cairn_template_release(struct cairn_buf *b);
/* policy: its SHA-256 authPolicy. */
void cairn_template_sealed(struct cairn_buf *b, const struct cairn_digest *policy);

#endif
