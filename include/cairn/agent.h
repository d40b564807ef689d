/* What cairnd and its clients share: the path and the frame of its socket.
 *
 * The socket is a unix stream. A frame is a u32, big-endian, and as many bytes of JSON: one object. A request names its
 * "op"; the answer has "ok": true and its members, or "ok": false, "status", "error" and "exit". docs/cairnd.md lists
 * the operations and who may call them.
 */
#ifndef CAIRN_AGENT_H
#define CAIRN_AGENT_H

#define CAIRN_AGENT_SOCKET "/run/cairn/cairnd.sock"

#define CAIRN_AGENT_REQUEST_MAX (1u << 20) /* bytes of JSON */
#define CAIRN_AGENT_ANSWER_MAX	(8u << 20)

#endif
