/* What a Xen image says of itself: the build id that a running Xen reports through XENVER_build_id.
 *
 * Sources: Xen 4.17, xen/common/version.c (xen_build_init: the GNU note of the ELF image; the CodeView record of
 * xen.efi) and xen/arch/x86/setup.c (which command lines Xen and dom0 come to see).
 */
#ifndef CAIRN_XENIMAGE_H
#define CAIRN_XENIMAGE_H

#include "cairn/bytes.h"

#define CAIRN_XEN_IMAGE_MAX   (64u << 20) /* unpacked bytes */
#define CAIRN_XEN_CMDLINE_MAX 1024	  /* xen_commandline_t and MAX_GUEST_CMDLINE, with the NUL */
#define CAIRN_BUILD_ID_MAX    64

struct cairn_build_id {
	uint8_t bytes[CAIRN_BUILD_ID_MAX];
	size_t len;
};

/* image: xen.gz, xen (multiboot ELF) or xen.efi, as stored. CAIRN_E_NOTFOUND: it has no build id. CAIRN_E_MALFORMED,
 * CAIRN_E_TRUNCATED, CAIRN_E_TRAILING, CAIRN_E_UNSUPPORTED, CAIRN_E_LIMIT, CAIRN_E_NOMEM. */
enum cairn_status cairn_xen_build_id(struct cairn_build_id *out, struct cairn_span image) CAIRN_MUST_CHECK;

/* The command line that XENVER_commandline gives when GRUB 2 passed this one (leading spaces fall). Appends to out.
 * CAIRN_E_UNSUPPORTED: it hands a part of it ("--") to dom0.
 * CAIRN_E_LIMIT: Xen would cut it. */
enum cairn_status cairn_xen_running_cmdline(struct cairn_buf *out, const char *passed) CAIRN_MUST_CHECK;
/* The command line that dom0's /proc/cmdline gives when GRUB 2 passed these. CAIRN_E_UNSUPPORTED: an option of Xen
 * ("--", acpi=, noapic) makes Xen add to dom0's command line. CAIRN_E_LIMIT: Xen would cut it. */
enum cairn_status cairn_xen_dom0_cmdline(struct cairn_buf *out, const char *xen_passed,
					 const char *dom0_passed) CAIRN_MUST_CHECK;

#endif
