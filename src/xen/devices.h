/* The devices of a domain as its toolstack noted them in xenstore, where the domain itself cannot write. */
#ifndef CAIRN_XEN_DEVICES_H
#define CAIRN_XEN_DEVICES_H

#include "cairn/bytes.h"

/* Xenstore, or what plays it. Both allocate what they return; NULL and errno ENOENT: there is no such node. */
struct cairn_tree {
	char **(*list)(void *self, const char *path, unsigned *count);
	char *(*read)(void *self, const char *path, unsigned *len);
	void *self;
};

/* Appends a line "NAME FINGERPRINT\n" for each device, in ascending order. NAME is KIND/NUMBER ("vbd/51712"),
 * bdf/ADDRESS for a PCI device, "model" and "stub" for the device model's process and domain; the fingerprint is of all that
 * decides what the device is. One that goes away meanwhile is left out.
 * CAIRN_E_XEN: xenstore does not answer. CAIRN_E_LIMIT: more than any domain has. CAIRN_E_NOMEM, CAIRN_E_CRYPTO. */
enum cairn_status cairn_devices_read(struct cairn_buf *out, const struct cairn_tree *tree,
				     uint32_t domid) CAIRN_MUST_CHECK;

#endif
