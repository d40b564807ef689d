/* Values from hostile bytes for JSON that people read. */
#ifndef CAIRN_CORE_SHOWJSON_H
#define CAIRN_CORE_SHOWJSON_H

#include "cairn/json.h"

/* New references; NULL when out of memory. */
json_t *cairn_show_text(struct cairn_span bytes); /* made safe: cairn_text_utf8 */
/* Sets "size" and "hex"; of more than max bytes the hex is cut there. */
void cairn_show_hex(json_t *object, struct cairn_span bytes, size_t max);
/* {"sha256":hex...} */
json_t *cairn_show_digests(const struct cairn_digest *digests, size_t count);

#endif
