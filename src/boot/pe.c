/* PE32+ headers. Trusts nothing: each offset is checked against the file and against the other parts. */
#include <string.h>

#include "boot/pe.h"

#define DOS_MAGIC   0x5a4d     /* "MZ" */
#define PE_MAGIC    0x00004550 /* "PE\0\0" */
#define PE32	    0x010b
#define PE32_PLUS   0x020b
#define LFANEW_AT   0x3c
#define DIRS_MAX    16
#define DIR_CERT    4
#define OPT_FIXED   112 /* PE32+ optional header before the data directories */
#define CHECKSUM_AT 64	/* inside the optional header */

struct coff {
	uint16_t sections, opt_size;
	size_t opt_at;
};

static size_t at(const struct cairn_cur *c)
{
	return c->off;
}

static struct coff read_coff(struct cairn_cur *c)
{
	struct coff h = {0};
	if (cairn_cur_u16le(c) != DOS_MAGIC)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	cairn_cur_bytes(c, LFANEW_AT - 2);
	uint32_t pe_at = cairn_cur_u32le(c);
	if (pe_at < at(c))
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	else
		cairn_cur_bytes(c, pe_at - at(c));
	if (cairn_cur_u32le(c) != PE_MAGIC)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	cairn_cur_u16le(c); /* Machine */
	h.sections = cairn_cur_u16le(c);
	cairn_cur_bytes(c, 12); /* TimeDateStamp, PointerToSymbolTable, NumberOfSymbols */
	h.opt_size = cairn_cur_u16le(c);
	cairn_cur_u16le(c); /* Characteristics */
	h.opt_at = at(c);
	return h;
}

static void read_optional(struct cairn_pe *pe, struct cairn_cur *c, const struct coff *h)
{
	struct cairn_cur o = cairn_cur_sub(c, h->opt_size);
	uint16_t magic = cairn_cur_u16le(&o);
	if (magic != PE32_PLUS)
		cairn_cur_fail(&o, magic == PE32 ? CAIRN_E_UNSUPPORTED : CAIRN_E_MALFORMED);
	cairn_cur_bytes(&o, 58); /* up to SizeOfHeaders, which is at 60 */
	pe->header_size = cairn_cur_u32le(&o);
	pe->checksum_at = h->opt_at + CHECKSUM_AT;
	cairn_cur_bytes(&o, OPT_FIXED - CHECKSUM_AT - 4);
	uint32_t dirs = cairn_cur_u32le(&o);
	if (dirs > DIRS_MAX || (uint64_t)dirs * 8 != cairn_cur_left(&o))
		cairn_cur_fail(&o, CAIRN_E_MALFORMED);
	if (dirs > DIR_CERT) {
		cairn_cur_bytes(&o, DIR_CERT * 8);
		pe->certdir_at = h->opt_at + OPT_FIXED + DIR_CERT * 8;
		uint32_t cert_at = cairn_cur_u32le(&o);
		pe->cert_size = cairn_cur_u32le(&o);
		if (pe->cert_size != 0 && (uint64_t)cert_at + pe->cert_size != pe->file.len)
			cairn_cur_fail(&o, CAIRN_E_MALFORMED);
	}
	if (!cairn_cur_ok(&o))
		cairn_cur_fail(c, o.status);
}

/* Keeps the sections in file order: insertion, since real images are sorted already. */
static void add_section(struct cairn_pe *pe, const struct cairn_pe_section *s)
{
	size_t i = pe->count++;
	for (; i > 0 && pe->section[i - 1].raw > s->raw; i--)
		pe->section[i] = pe->section[i - 1];
	pe->section[i] = *s;
}

static void read_sections(struct cairn_pe *pe, struct cairn_cur *c, unsigned count)
{
	if (count > CAIRN_PE_SECTIONS_MAX)
		cairn_cur_fail(c, CAIRN_E_LIMIT);
	for (unsigned i = 0; i < count && cairn_cur_ok(c); i++) {
		struct cairn_pe_section s = {0};
		struct cairn_span name = cairn_cur_bytes(c, 8);
		if (name.len == 8)
			memcpy(s.name, name.ptr, 8);
		cairn_cur_bytes(c, 8); /* VirtualSize, VirtualAddress */
		s.raw_size = cairn_cur_u32le(c);
		s.raw = cairn_cur_u32le(c);
		cairn_cur_bytes(c, 16); /* relocations, line numbers, characteristics */
		if (cairn_cur_ok(c) && s.raw_size != 0)
			add_section(pe, &s);
	}
}

/* Headers, sections and certificate table follow each other without an overlap. */
static enum cairn_status check_layout(const struct cairn_pe *pe, size_t headers_end)
{
	uint64_t end = pe->header_size;
	if (end < headers_end)
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < pe->count; i++) {
		if (pe->section[i].raw < end)
			return CAIRN_E_MALFORMED;
		end = (uint64_t)pe->section[i].raw + pe->section[i].raw_size;
	}
	return end > pe->file.len - pe->cert_size ? CAIRN_E_TRUNCATED : CAIRN_OK;
}

enum cairn_status cairn_pe_parse(struct cairn_pe *out, struct cairn_span file)
{
	struct cairn_pe pe = {.file = file};
	struct cairn_cur c = cairn_cur(file);
	struct coff h = read_coff(&c);
	read_optional(&pe, &c, &h);
	read_sections(&pe, &c, h.sections);
	if (!cairn_cur_ok(&c))
		return c.status;
	enum cairn_status s = check_layout(&pe, at(&c));
	if (s == CAIRN_OK)
		*out = pe;
	return s;
}

enum cairn_status cairn_pe_section(struct cairn_span *out, const struct cairn_pe *pe, const char *name)
{
	const struct cairn_pe_section *found = NULL;
	for (size_t i = 0; i < pe->count; i++) {
		if (strcmp(pe->section[i].name, name) != 0)
			continue;
		if (found)
			return CAIRN_E_MALFORMED;
		found = &pe->section[i];
	}
	if (!found)
		return CAIRN_E_NOTFOUND;
	struct cairn_cur c = cairn_cur(pe->file);
	cairn_cur_bytes(&c, found->raw);
	*out =
	    cairn_cur_bytes(&c, found->raw_size); /* it is inside the file: cairn_pe_parse has seen to that */
	return CAIRN_OK;
}
