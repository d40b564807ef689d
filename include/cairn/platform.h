/* What a host will measure when it boots from these files: the reference values of a platform manifest, made before any
 * host has booted.
 *
 * The boot path is the one of Debian 12: UEFI firmware starts cairnboot, that starts GRUB (2.06), that starts Xen and
 * dom0 by multiboot2. PCR 4 holds the action, the separator and the two programs (TCG PC Client Platform Firmware
 * Profile 1.05 rev 23, clause 3.3.4.5); PCR 8 and 9 what cairn/grubcfg.h says; PCR 11 the host record. Only a host whose
 * firmware starts nothing else before (option ROMs, other boot entries that failed) shows this PCR 4.
 */
#ifndef CAIRN_PLATFORM_H
#define CAIRN_PLATFORM_H

#include "cairn/grubcfg.h"
#include "cairn/manifest.h"

#define CAIRN_PLATFORM_EFI  "EFI/BOOT/BOOTX64.EFI"
#define CAIRN_PLATFORM_GRUB "EFI/cairn/grubx64.efi"

struct cairn_platform_files {
	const char *esp;	  /* directory that holds what the EFI system partition will hold */
	const char *efi, *grub;	  /* in it: the first program and GRUB; NULL: as above */
	const char *agent;	  /* cairnd as dom0 will run it */
	const char *agent_config; /* its configuration; NULL: it has no file and runs by the defaults */
	const char *authorities;  /* JWK set of the keys whose manifests it will trust */
};

struct cairn_platform {
	size_t count;
	struct cairn_manifest_event event[4 + CAIRN_GRUB_EVENTS_MAX]; /* PCR 4, then 8 and 9 as they happen */
	struct cairn_buf host_record; /* the bytes that cairnd will extend into its host PCR */
	struct cairn_grub_boot *grub; /* owned; event texts borrow from it */
};

/* Reads all the files. *out is freed by the caller. On failure one sentence is appended to why (which file, which line,
 * what about it). CAIRN_E_UNSUPPORTED: something in the boot path cannot be predicted; CAIRN_E_NOTFOUND, CAIRN_E_IO,
 * CAIRN_E_LIMIT (files over 1 GiB), CAIRN_E_USAGE (cairnd.conf), and what the parsers give. */
enum cairn_status cairn_platform_describe(struct cairn_platform **out,
					  const struct cairn_platform_files *files,
					  struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_platform_free(struct cairn_platform *p); /* NULL is fine */

/* Adds the events and the host record to a platform manifest, whose texts then borrow from p. */
enum cairn_status cairn_platform_to_manifest(struct cairn_manifest *m,
					     const struct cairn_platform *p) CAIRN_MUST_CHECK;

#endif
