/* libxenvchan as a channel. */
#include "vchan/vchan.h"

#include <errno.h>
#include <libxenvchan.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define RING 65536 /* bytes each way; evidence comes in several of them */

struct cairn_vchan {
	struct libxenvchan *lib;
};

static enum cairn_status take(struct cairn_vchan **out, struct libxenvchan *lib)
{
	struct cairn_vchan *v = calloc(1, sizeof(*v));

	if (!v) {
		libxenvchan_close(lib);
		return CAIRN_E_NOMEM;
	}
	lib->blocking = 0;
	v->lib = lib;
	*out = v;
	return CAIRN_OK;
}

enum cairn_status cairn_vchan_serve(struct cairn_vchan **out, uint32_t domid, const char *node,
				    struct cairn_buf *why)
{
	struct libxenvchan *lib = libxenvchan_server_init(NULL, (int)domid, node, RING, RING);

	if (lib)
		return take(out, lib);
	cairn_buf_add_fmt(
	    why,
	    "no vchan for domain %u at %s: %s; are xen-gntalloc and xen-evtchn loaded, and does "
	    "xenstored run?",
	    (unsigned)domid, node, strerror(errno));
	return CAIRN_E_XEN;
}

enum cairn_status cairn_vchan_connect(struct cairn_vchan **out, uint32_t domid, const char *node,
				      struct cairn_buf *why)
{
	struct libxenvchan *lib = libxenvchan_client_init(NULL, (int)domid, node);

	if (lib)
		return take(out, lib);
	cairn_buf_add_fmt(
	    why,
	    "domain %u offers no vchan at %s (%s): does cairn-vchan run there for this domain, and "
	    "are xen-gntdev and xen-evtchn loaded here?",
	    (unsigned)domid, node, strerror(errno));
	return CAIRN_E_NET;
}

void cairn_vchan_close(struct cairn_vchan *v)
{
	if (!v)
		return;
	libxenvchan_close(v->lib);
	free(v);
}

/* ---- as a channel ------------------------------------------------------------------------------------- */

static ssize_t vchan_read(void *self, void *out, size_t max)
{
	return libxenvchan_read(((struct cairn_vchan *)self)->lib, out, max);
}

static ssize_t vchan_write(void *self, const void *bytes, size_t len)
{
	return libxenvchan_write(((struct cairn_vchan *)self)->lib, bytes, len);
}

static int vchan_fd(void *self)
{
	return libxenvchan_fd_for_select(((struct cairn_vchan *)self)->lib);
}

/* Room is told by an event, as bytes are. */
static short vchan_events(bool write)
{
	(void)write;
	return POLLIN;
}

/* Takes the event; a read or a write then finds out what it was about, an end included. */
static void vchan_woken(void *self)
{
	libxenvchan_wait(((struct cairn_vchan *)self)->lib);
}

struct cairn_channel cairn_vchan_channel(struct cairn_vchan *v)
{
	static const struct cairn_channel_ops ops = {vchan_read, vchan_write, vchan_fd, vchan_events,
						     vchan_woken};

	return (struct cairn_channel){.ops = &ops, .self = v};
}
