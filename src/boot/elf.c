/* ELF headers of 32 and 64 bits. Each table entry is read by a cursor of its own over exactly that entry. */
#include <string.h>

#include "boot/elf.h"

#define ELF_MAGIC  0x464c457f /* "\177ELF" */
#define CLASS_64   2
#define DATA_LSB   1
#define PHENT_32   32
#define PHENT_64   56
#define SHENT_32   40
#define SHENT_64   64
#define SHT_NOBITS 8

struct part { /* a section or a segment */
	uint32_t name, type;
	uint64_t offset, size;
};

static uint64_t word(struct cairn_cur *c, bool is64)
{
	return is64 ? cairn_cur_u64le(c) : cairn_cur_u32le(c);
}

static enum cairn_status slice(struct cairn_span *out, struct cairn_span file, uint64_t offset, uint64_t size)
{
	struct cairn_cur c = cairn_cur(file);
	cairn_cur_bytes(&c, offset);
	struct cairn_span s = cairn_cur_bytes(&c, size);
	if (cairn_cur_ok(&c))
		*out = s;
	return c.status;
}

static enum cairn_status check_table(const struct cairn_elf_table *t, uint16_t entry_size)
{
	if (t->count == 0)
		return CAIRN_OK;
	if (t->count > CAIRN_ELF_HEADERS_MAX)
		return CAIRN_E_LIMIT;
	return t->entry_size == entry_size ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static void read_ident(struct cairn_elf *e, struct cairn_cur *c)
{
	if (cairn_cur_u32le(c) != ELF_MAGIC)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	uint8_t class = cairn_cur_u8(c);
	if (class != 1 && class != CLASS_64)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	e->is64 = class == CLASS_64;
	if (cairn_cur_u8(c) != DATA_LSB)
		cairn_cur_fail(c, CAIRN_E_UNSUPPORTED);
	cairn_cur_bytes(c, 10); /* the rest of e_ident */
}

enum cairn_status cairn_elf_parse(struct cairn_elf *out, struct cairn_span file)
{
	struct cairn_elf e = {.file = file};
	struct cairn_cur c = cairn_cur(file);
	read_ident(&e, &c);
	cairn_cur_bytes(&c, 8); /* e_type, e_machine, e_version */
	word(&c, e.is64);	/* e_entry */
	e.segments.offset = word(&c, e.is64);
	e.sections.offset = word(&c, e.is64);
	cairn_cur_bytes(&c, 6); /* e_flags, e_ehsize */
	e.segments.entry_size = cairn_cur_u16le(&c);
	e.segments.count = cairn_cur_u16le(&c);
	e.sections.entry_size = cairn_cur_u16le(&c);
	e.sections.count = cairn_cur_u16le(&c);
	e.names_index = cairn_cur_u16le(&c);
	enum cairn_status s = c.status;
	if (s == CAIRN_OK)
		s = check_table(&e.segments, e.is64 ? PHENT_64 : PHENT_32);
	if (s == CAIRN_OK)
		s = check_table(&e.sections, e.is64 ? SHENT_64 : SHENT_32);
	if (s == CAIRN_OK)
		*out = e;
	return s;
}

/* A cursor over one entry of a table; a failed one where there is none. */
static struct cairn_cur entry(const struct cairn_elf *e, const struct cairn_elf_table *t, size_t index)
{
	struct cairn_cur c = cairn_cur(e->file);
	if (index >= t->count)
		cairn_cur_fail(&c, CAIRN_E_NOTFOUND);
	if (t->offset > e->file.len)
		cairn_cur_fail(&c, CAIRN_E_TRUNCATED);
	cairn_cur_bytes(&c, t->offset + (uint64_t)index * t->entry_size);
	return cairn_cur_sub(&c, t->entry_size);
}

/* Zeros after a failure. */
static struct part read_section(struct cairn_cur *c, bool is64)
{
	struct part p = {.name = cairn_cur_u32le(c), .type = cairn_cur_u32le(c)};
	word(c, is64); /* sh_flags */
	word(c, is64); /* sh_addr */
	p.offset = word(c, is64);
	p.size = p.type == SHT_NOBITS ? 0 : word(c, is64);
	return p;
}

/* Whether the string table holds name at the offset, NUL included. */
static bool named(struct cairn_span names, uint32_t offset, const char *name)
{
	struct cairn_cur c = cairn_cur(names);
	size_t len = strlen(name) + 1;
	cairn_cur_bytes(&c, offset);
	return cairn_span_equal(cairn_cur_bytes(&c, len), cairn_span(name, len));
}

enum cairn_status cairn_elf_section(struct cairn_span *out, const struct cairn_elf *e, const char *name)
{
	struct cairn_cur c = entry(e, &e->sections, e->names_index);
	struct part p = read_section(&c, e->is64); /* without it no section has a name */
	struct cairn_span names = {0};
	enum cairn_status s = slice(&names, e->file, p.offset, p.size);
	for (size_t i = 0; s == CAIRN_OK; i++) {
		c = entry(e, &e->sections, i);
		p = read_section(&c, e->is64);
		s = c.status;
		if (s == CAIRN_OK && named(names, p.name, name))
			return slice(out, e->file, p.offset, p.size);
	}
	return s;
}

enum cairn_status cairn_elf_segment(struct cairn_span *out, uint32_t *type, const struct cairn_elf *e,
				    size_t index)
{
	struct cairn_cur c = entry(e, &e->segments, index);
	uint32_t kind = cairn_cur_u32le(&c);
	if (e->is64)
		cairn_cur_u32le(&c); /* p_flags */
	uint64_t offset = word(&c, e->is64);
	word(&c, e->is64); /* p_vaddr */
	word(&c, e->is64); /* p_paddr */
	uint64_t size = word(&c, e->is64);
	if (!cairn_cur_ok(&c))
		return c.status;
	enum cairn_status s = slice(out, e->file, offset, size);
	if (s == CAIRN_OK)
		*type = kind;
	return s;
}
