/* What a GRUB EFI image made by grub-mkimage carries: the prefix, the modules, an embedded configuration.
 *
 * Source: GRUB 2.06, include/grub/kernel.h (module info and headers), kern/main.c (what it does with them).
 */
#ifndef CAIRN_BOOT_GRUBIMAGE_H
#define CAIRN_BOOT_GRUBIMAGE_H

#include "cairn/bytes.h"

#define CAIRN_GRUB_MODULES_MAX 512

struct cairn_grub_image {
	struct cairn_span prefix; /* without the NUL; empty where there is none */
	struct cairn_span config; /* the embedded configuration, without the NUL; empty where there is none */
	size_t count;
	struct cairn_span module[CAIRN_GRUB_MODULES_MAX]; /* names, borrowed */
};

/* *out borrows file (a PE32+ image). CAIRN_E_NOTFOUND: no section "mods": not a GRUB image. CAIRN_E_MALFORMED,
 * CAIRN_E_TRUNCATED, CAIRN_E_LIMIT, and what the PE and ELF parsers give. */
enum cairn_status cairn_grub_image_parse(struct cairn_grub_image *out,
					 struct cairn_span file) CAIRN_MUST_CHECK;
bool cairn_grub_image_has(const struct cairn_grub_image *g, const char *module);

#endif
