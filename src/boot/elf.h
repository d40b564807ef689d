/* The little of ELF that cairn needs: a section by its name, program segments by their type. Little-endian only.
 *
 * Source: System V ABI, edition 4.1 and its gABI 4.1 update, chapters 4 (object files) and 5 (program header).
 */
#ifndef CAIRN_BOOT_ELF_H
#define CAIRN_BOOT_ELF_H

#include "cairn/bytes.h"

#define CAIRN_ELF_HEADERS_MAX 512 /* sections or segments; real Xen images and GRUB modules have under 30 */
#define CAIRN_ELF_PT_NOTE     4

struct cairn_elf_table {
	uint64_t offset;
	uint16_t entry_size, count;
};

struct cairn_elf {
	struct cairn_span file;
	bool is64;
	struct cairn_elf_table segments, sections;
	uint16_t names_index; /* e_shstrndx */
};

/* *out borrows file. CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED, CAIRN_E_UNSUPPORTED (big-endian), CAIRN_E_LIMIT. */
enum cairn_status cairn_elf_parse(struct cairn_elf *out, struct cairn_span file) CAIRN_MUST_CHECK;
/* The bytes of the first section with this name. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_elf_section(struct cairn_span *out, const struct cairn_elf *e,
				    const char *name) CAIRN_MUST_CHECK;
/* The bytes of program segment number index (from 0); its type too. CAIRN_E_NOTFOUND past the last one. */
enum cairn_status cairn_elf_segment(struct cairn_span *out, uint32_t *type, const struct cairn_elf *e,
				    size_t index) CAIRN_MUST_CHECK;

#endif
