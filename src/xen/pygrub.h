/* Running pygrub over a disk: it reads file systems and configurations of whoever made the disk, so it runs as nobody. */
#ifndef CAIRN_XEN_PYGRUB_H
#define CAIRN_XEN_PYGRUB_H

#include "xen/hv.h"

/* Looks for what the disk (an open file or block device) boots from, with the program at this path. What it finds are
 * files of at most limit_mib, in memory that is gone when they are closed. pygrub has a user of its own, no privilege, no
 * network and no sockets, no processes, every mounted file system read-only, and a directory in memory that nobody else
 * sees. This process must be root. What pygrub says is appended to words.
 *   CAIRN_E_NOTFOUND   there is no such program
 *   CAIRN_E_XEN        it found nothing, or failed
 *   CAIRN_E_TIMEOUT    it was killed
 *   those of cairn_bootinfo_parse
 *   CAIRN_E_IO         it could not be run like that */
enum cairn_status cairn_pygrub_run(struct cairn_hv_boot *out, const char *program, int disk,
				   unsigned limit_mib, unsigned timeout_s,
				   struct cairn_buf *words) CAIRN_MUST_CHECK;

#endif
