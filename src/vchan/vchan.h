/* vchan: a stream between two domains, over pages that one of them shares and an event channel (libxenvchan).
 *
 * Both ends of one trust nothing of what the other writes into the shared pages: libxenvchan keeps the sizes of its rings
 * for itself and masks every index, and the frames above have limits and deadlines (relay/channel.h). What is found in
 * xenstore is believed: the node is dom0's own.
 */
#ifndef CAIRN_VCHAN_VCHAN_H
#define CAIRN_VCHAN_VCHAN_H

#include <stdint.h>

#include "relay/channel.h"

#define CAIRN_VCHAN_NODE                                                                                     \
	"/local/domain/0/cairn/relay" /* in xenstore; only the domain that is served may read it */

struct cairn_vchan;

/* Offers one vchan to a domain, under a node that is made. CAIRN_E_XEN, CAIRN_E_NOMEM, with a sentence in why. */
enum cairn_status cairn_vchan_serve(struct cairn_vchan **out, uint32_t domid, const char *node,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Takes the one that a domain offers. CAIRN_E_NET: it offers none now. */
enum cairn_status cairn_vchan_connect(struct cairn_vchan **out, uint32_t domid, const char *node,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Closes it; NULL is fine. */
void cairn_vchan_close(struct cairn_vchan *v);
/* Of use while v is open. */
struct cairn_channel cairn_vchan_channel(struct cairn_vchan *v);

#endif
