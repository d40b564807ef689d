/* Disks as dom0 sees them: what lies behind a file descriptor, and a block device of what is in memory. */
#ifndef CAIRN_XEN_DISK_H
#define CAIRN_XEN_DISK_H

#include <sys/types.h>

#include "cairn/digest.h"

struct cairn_hv_disk {
	bool block;		  /* a block device; else a file, and nothing below counts */
	bool verity;		  /* one that dm-verity checks */
	struct cairn_digest root; /* SHA-256: its root hash */
	uint64_t size;		  /* bytes of it */
};

/* What device-mapper says of a block device; it asks for a privilege (CAP_SYS_ADMIN). CAIRN_E_NOTFOUND: it has none
 * like that, or not one that verity checks, or cannot be asked. CAIRN_E_UNSUPPORTED: dm-verity checks it, but not every
 * block of it each time, not with SHA-256, or not all of it. CAIRN_E_MALFORMED, CAIRN_E_LIMIT. */
enum cairn_status cairn_disk_mapped(struct cairn_hv_disk *out, dev_t dev) CAIRN_MUST_CHECK;

/* What fd is open at; mapped is cairn_disk_mapped, or somebody who asks it. A block device of which device-mapper cannot
 * be asked is none that it checks. CAIRN_E_IO; those of mapped. */
enum cairn_status cairn_disk_probe(struct cairn_hv_disk *out, int fd,
				   enum cairn_status (*mapped)(void *context, struct cairn_hv_disk *out,
							       dev_t dev),
				   void *context) CAIRN_MUST_CHECK;

/* Reads one target of a device-mapper table: its type, its length in sectors of 512 bytes, its parameters.
 * CAIRN_E_NOTFOUND: it is no verity target. CAIRN_E_MALFORMED, CAIRN_E_UNSUPPORTED as above. */
enum cairn_status cairn_verity_parse(struct cairn_hv_disk *out, const char *type, uint64_t sectors,
				     const char *params) CAIRN_MUST_CHECK;

/* The kernel's reply to DM_TABLE_STATUS in a buffer of CAIRN_VERITY_REPLY bytes: its one target is the whole device.
 * The same errors; CAIRN_E_LIMIT: it did not fit. */
#define CAIRN_VERITY_REPLY 16384u
struct dm_ioctl;
enum cairn_status cairn_verity_reply(struct cairn_hv_disk *out, struct dm_ioctl *reply) CAIRN_MUST_CHECK;

/* A block device with the bytes of an open file, read-only; it is gone when *fd and everybody else who opened
 * it is. CAIRN_E_IO: no loop device is to be had. */
enum cairn_status cairn_disk_loop(int *fd, int image) CAIRN_MUST_CHECK;

#endif
