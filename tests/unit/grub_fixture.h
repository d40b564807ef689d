/* A GRUB EFI image like grub-mkimage's, small enough to be made by a test. */
#ifndef GRUB_FIXTURE_H
#define GRUB_FIXTURE_H

#include "cairn/bytes.h"

/* Appends a PE32+ image whose section "mods" holds the modules (NULL-ended), the embedded configuration (NULL: none)
 * and the prefix. */
void grub_fixture(struct cairn_buf *out, const char *const *modules, const char *config, const char *prefix);

/* Its parts. A PE32+ image with one section, whose body is padded to 512 bytes. */
void grub_fixture_pe(struct cairn_buf *out, const char *name, struct cairn_span body);
/* The body of "mods": its header, then the objects as they are. */
void grub_fixture_mods(struct cairn_buf *b, uint32_t magic, uint64_t offset, uint64_t size,
		       struct cairn_span objects);
/* One object: 0 a module, 2 the configuration, 3 the prefix. */
void grub_fixture_object(struct cairn_buf *b, uint32_t type, struct cairn_span body);
/* ELF64 with three sections: none, .shstrtab and the named one (a module has its name in ".modname"). */
void grub_fixture_elf(struct cairn_buf *out, const char *section, struct cairn_span body);

#endif
