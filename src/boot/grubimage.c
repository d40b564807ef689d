/* The "mods" section of a GRUB EFI image: a header, then objects of different types, each with its size. */
#include <string.h>

#include "boot/elf.h"
#include "boot/grubimage.h"
#include "boot/pe.h"

#define MODULE_MAGIC 0x676d696d /* GRUB_MODULE_MAGIC, "gmim" */
#define INFO_SIZE    24		/* struct grub_module_info64 */
#define HEADER_SIZE  8		/* struct grub_module_header */

enum { OBJ_ELF = 0, OBJ_CONFIG = 2, OBJ_PREFIX = 3 };

/* The text up to its NUL, which must be there. */
static enum cairn_status text_of(struct cairn_span *out, struct cairn_span s)
{
	const uint8_t *nul = memchr(s.ptr, 0, s.len);
	if (!nul)
		return CAIRN_E_MALFORMED;
	*out = cairn_span(s.ptr, (size_t)(nul - s.ptr));
	return CAIRN_OK;
}

static enum cairn_status add_module(struct cairn_grub_image *g, struct cairn_span object)
{
	struct cairn_elf elf = {0};
	struct cairn_span name = {0};
	if (g->count == CAIRN_GRUB_MODULES_MAX)
		return CAIRN_E_LIMIT;
	enum cairn_status s = cairn_elf_parse(&elf, object);
	if (s == CAIRN_OK)
		s = cairn_elf_section(&name, &elf, ".modname");
	if (s == CAIRN_OK)
		s = text_of(&name, name);
	if (s == CAIRN_OK)
		g->module[g->count++] = name;
	return s;
}

static enum cairn_status add_object(struct cairn_grub_image *g, uint32_t type, struct cairn_span object)
{
	switch (type) {
	case OBJ_ELF:
		return add_module(g, object);
	case OBJ_PREFIX: /* the last one counts */
		return text_of(&g->prefix, object);
	case OBJ_CONFIG: /* the first one counts */
		return g->config.len ? CAIRN_OK : text_of(&g->config, object);
	default: /* memdisk, public keys, device trees, shim's switch: they do not decide which files are read
		  */
		return CAIRN_OK;
	}
}

static enum cairn_status read_objects(struct cairn_grub_image *g, struct cairn_span body)
{
	struct cairn_cur c = cairn_cur(body);
	while (cairn_cur_left(&c) > 0) {
		uint32_t type = cairn_cur_u32le(&c), size = cairn_cur_u32le(&c);
		if (size < HEADER_SIZE)
			cairn_cur_fail(&c, CAIRN_E_MALFORMED);
		struct cairn_span object = cairn_cur_bytes(&c, size - HEADER_SIZE);
		if (!cairn_cur_ok(&c))
			return c.status;
		enum cairn_status s = add_object(g, type, object);
		if (s != CAIRN_OK)
			return s;
		size_t pad = -size & 7;
		cairn_cur_bytes(&c, pad < cairn_cur_left(&c) ? pad : cairn_cur_left(&c));
	}
	return CAIRN_OK;
}

enum cairn_status cairn_grub_image_parse(struct cairn_grub_image *out, struct cairn_span file)
{
	struct cairn_pe pe;
	struct cairn_span mods, body = {0};
	enum cairn_status s = cairn_pe_parse(&pe, file);
	if (s == CAIRN_OK)
		s = cairn_pe_section(&mods, &pe, "mods");
	if (s != CAIRN_OK)
		return s;
	struct cairn_cur c = cairn_cur(mods);
	if (cairn_cur_u32le(&c) != MODULE_MAGIC)
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	cairn_cur_u32le(&c); /* padding */
	uint64_t offset = cairn_cur_u64le(&c), size = cairn_cur_u64le(&c);
	if (offset != INFO_SIZE || size < INFO_SIZE)
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	body = cairn_cur_bytes(&c, size - INFO_SIZE); /* what follows is the section's padding */
	if (!cairn_cur_ok(&c))
		return c.status;
	struct cairn_grub_image g = {0};
	s = read_objects(&g, body);
	if (s == CAIRN_OK)
		*out = g;
	return s;
}

bool cairn_grub_image_has(const struct cairn_grub_image *g, const char *module)
{
	for (size_t i = 0; i < g->count; i++)
		if (cairn_span_equal(g->module[i], cairn_span_str(module)))
			return true;
	return false;
}
