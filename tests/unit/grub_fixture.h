/* A GRUB EFI image like grub-mkimage's, small enough to be made by a test. */
#ifndef GRUB_FIXTURE_H
#define GRUB_FIXTURE_H

#include "cairn/bytes.h"

/* Appends a PE32+ image whose section "mods" holds the modules (NULL-ended), the embedded configuration (NULL: none)
 * and the prefix. */
void grub_fixture(struct cairn_buf *out, const char *const *modules, const char *config, const char *prefix);

#endif
