/* What an event says, as JSON: for people, who read its "summary", and for programs.
 *
 * Trusts nothing: data that is not what the event's type should have becomes "malformed" with a reason and its bytes in
 * hex. Decides nothing: see "check" before believing "data". All text is UTF-8 without characters that deceive (see
 * cairn_text_utf8).
 *
 * {"number":1, "offset":65, "pcr":0,
 *  "type":"EV_SEPARATOR", "type_number":4, "digests":{"sha1":hex...},
 *  "check":"matches"|"bare"|"differs", "rule":"what the digests are of, or why that is not known",
 *  "data":{"kind":..., ...} or {"malformed":"the reason", "hex":...}, "summary":"one line, maybe empty"}
 *
 * "kind" is what the data is, and names the other members: "separator" (meaning, error), "text" (text), "variable" (guid,
 * guid_name, name, and of its content: boolean, boot_order, option, signatures, hex), "image" (path, ...), "blob",
 * "handoff", "gpt" (disk, partitions), "grub" (command|kernel|module|file, text), "startup_locality", "reference_manifest",
 * "spec_id", "tagged" (tags), "event_tag" (id, name, text), "version" (text, hex), "txt" (...), "spdm",
 * "empty", "bytes" (hex). Hex of more
 * than CAIRN_EVENT_JSON_HEX bytes is cut there and "size" says how many there are.
 */
#ifndef CAIRN_EVENTJSON_H
#define CAIRN_EVENTJSON_H

#include <jansson.h>

#include "cairn/eventlog.h"

#define CAIRN_EVENT_JSON_HEX 4096

/* A new reference; NULL when out of memory or when hashing failed. */
json_t *cairn_event_json(const struct cairn_event *ev);

/* Only "data" of it, and the line appended to summary (NULL: not wanted). */
json_t *cairn_event_data_json(const struct cairn_event *ev, struct cairn_buf *summary);

#endif
