/* A GRUB EFI image like grub-mkimage's. Source: GRUB 2.06, include/grub/kernel.h, util/mkimage.c. */
#include <stdlib.h>
#include <string.h>

#include "grub_fixture.h"

#define ALIGN 0x200

static void u16(struct cairn_buf *b, unsigned v)
{
	cairn_buf_add_u8(b, (uint8_t)v);
	cairn_buf_add_u8(b, (uint8_t)(v >> 8));
}

static void u32(struct cairn_buf *b, uint32_t v)
{
	u16(b, v & 0xffff);
	u16(b, v >> 16);
}

static void u64(struct cairn_buf *b, uint64_t v)
{
	u32(b, (uint32_t)v);
	u32(b, (uint32_t)(v >> 32));
}

static void pad_to(struct cairn_buf *b, size_t len)
{
	while (b->len < len)
		cairn_buf_add_u8(b, 0);
}

static void section64(struct cairn_buf *b, uint32_t name, uint32_t type, uint64_t offset, uint64_t size)
{
	u32(b, name);
	u32(b, type);
	u64(b, 0);
	u64(b, 0);
	u64(b, offset);
	u64(b, size);
	for (unsigned i = 0; i < 3; i++)
		u64(b, 0);
}

void grub_fixture_elf(struct cairn_buf *out, const char *section, struct cairn_span body)
{
	static const char names[] = "\0.shstrtab";
	cairn_auto_buf struct cairn_buf e = {0};
	const uint64_t names_at = 64 + 3 * 64, names_len = sizeof(names) + strlen(section) + 1;
	cairn_buf_add(&e, cairn_span("\177ELF\2\1\1", 7));
	pad_to(&e, 40);
	u64(&e, 64); /* e_shoff */
	pad_to(&e, 58);
	u16(&e, 64); /* e_shentsize */
	u16(&e, 3);
	u16(&e, 1); /* e_shstrndx */
	section64(&e, 0, 0, 0, 0);
	section64(&e, 1, 3, names_at, names_len);
	section64(&e, sizeof(names), 1, names_at + names_len, body.len);
	cairn_buf_add(&e, cairn_span(names, sizeof(names)));
	cairn_buf_add(&e, cairn_span(section, strlen(section) + 1));
	cairn_buf_add(&e, body);
	cairn_buf_add(out, cairn_buf_span(&e));
}

void grub_fixture_object(struct cairn_buf *b, uint32_t type, struct cairn_span body)
{
	u32(b, type);
	u32(b, (uint32_t)((body.len + 8 + 7) & ~7u));
	cairn_buf_add(b, body);
	pad_to(b, (b->len + 7) & ~(size_t)7);
}

static void add_text(struct cairn_buf *b, uint32_t type, const char *text)
{
	grub_fixture_object(b, type, cairn_span(text, strlen(text) + 1));
}

void grub_fixture_mods(struct cairn_buf *b, uint32_t magic, uint64_t offset, uint64_t size,
		       struct cairn_span objects)
{
	u32(b, magic);
	u32(b, 0);
	u64(b, offset);
	u64(b, size);
	cairn_buf_add(b, objects);
}

static void add_mods(struct cairn_buf *b, const char *const *modules, const char *config, const char *prefix)
{
	cairn_auto_buf struct cairn_buf objects = {0};
	for (; *modules; modules++) {
		cairn_auto_buf struct cairn_buf elf = {0};
		grub_fixture_elf(&elf, ".modname", cairn_span(*modules, strlen(*modules) + 1));
		grub_fixture_object(&objects, 0, cairn_buf_span(&elf));
	}
	if (config)
		add_text(&objects, 2, config);
	add_text(&objects, 3, prefix);
	grub_fixture_mods(b, 0x676d696d, 24, 24 + objects.len, cairn_buf_span(&objects));
}

void grub_fixture_pe(struct cairn_buf *out, const char *name, struct cairn_span body)
{
	cairn_auto_buf struct cairn_buf b = {0};
	const uint32_t size = (uint32_t)((body.len + ALIGN - 1) & ~(size_t)(ALIGN - 1));
	cairn_buf_add_str(&b, "MZ");
	pad_to(&b, 0x3c);
	u32(&b, 0x40);
	cairn_buf_add(&b, cairn_span("PE\0\0", 4));
	u16(&b, 0x8664);
	u16(&b, 1);
	pad_to(&b, 0x54);
	u16(&b, 240);
	u16(&b, 0x20e);
	u16(&b, 0x20b);
	pad_to(&b, 0x58 + 60);
	u32(&b, ALIGN);
	pad_to(&b, 0x58 + 108);
	u32(&b, 16);
	pad_to(&b, 0x58 + 240);
	cairn_buf_add_str(&b, name);
	pad_to(&b, 0x58 + 240 + 8);
	u32(&b, size);
	u32(&b, 0x1000);
	u32(&b, size);
	u32(&b, ALIGN);
	pad_to(&b, ALIGN);
	cairn_buf_add(&b, body);
	pad_to(&b, ALIGN + size);
	cairn_buf_add(out, cairn_buf_span(&b));
}

void grub_fixture(struct cairn_buf *out, const char *const *modules, const char *config, const char *prefix)
{
	cairn_auto_buf struct cairn_buf mods = {0};
	add_mods(&mods, modules, config, prefix);
	grub_fixture_pe(out, "mods", cairn_buf_span(&mods));
}
