/* What a GRUB image is refused for, from the PE section down to the ELF object of a module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "boot/elf.h"
#include "boot/grubimage.h"
#include "boot/pe.h"
#include "grub_fixture.h"

#define MAGIC	  0x676d696d
#define BYTES(s)  cairn_span(s, sizeof(s) - 1)
#define NAMES_AT  (64 + 64)	/* the section header of .shstrtab */
#define MODULE_AT (64 + 2 * 64) /* that of the named section */

static void put32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

/* pe: the file, from which the image borrows. */
static enum cairn_status parse(struct cairn_grub_image *g, struct cairn_buf *pe, struct cairn_span mods)
{
	pe->len = 0;
	grub_fixture_pe(pe, "mods", mods);
	return cairn_grub_image_parse(g, cairn_buf_span(pe));
}

static enum cairn_status parse_objects(struct cairn_grub_image *g, struct cairn_buf *pe,
				       struct cairn_span objects)
{
	cairn_auto_buf struct cairn_buf mods = {0};
	grub_fixture_mods(&mods, MAGIC, 24, 24 + objects.len, objects);
	return parse(g, pe, cairn_buf_span(&mods));
}

static void headers_are_checked(void **state)
{
	(void)state;
	static const struct {
		uint64_t offset, size;
		uint32_t magic;
		enum cairn_status status;
	} t[] = {
	    {24, 24, MAGIC, CAIRN_OK},		 {24, 24, MAGIC + 1, CAIRN_E_MALFORMED},
	    {23, 24, MAGIC, CAIRN_E_MALFORMED},	 {24, 23, MAGIC, CAIRN_E_MALFORMED},
	    {24, 513, MAGIC, CAIRN_E_TRUNCATED},
	};
	cairn_auto_buf struct cairn_buf pe = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cairn_auto_buf struct cairn_buf mods = {0};
		grub_fixture_mods(&mods, t[i].magic, t[i].offset, t[i].size, BYTES(""));
		assert_int_equal(parse(g, &pe, cairn_buf_span(&mods)), t[i].status);
	}
	free(g);
}

static void objects_are_checked(void **state)
{
	(void)state;
	const struct {
		struct cairn_span objects;
		enum cairn_status status;
	} t[] = {
	    {BYTES("\3\0\0\0\x0c\0\0\0abcd"), CAIRN_E_MALFORMED}, /* no NUL */
	    {BYTES("\2\0\0\0\x0c\0\0\0abcd"), CAIRN_E_MALFORMED},
	    {BYTES("\3\0\0\0\x08\0\0\0"), CAIRN_E_MALFORMED},
	    {BYTES("\0\0\0\0\x0c\0\0\0abcd"), CAIRN_E_MALFORMED}, /* no ELF */
	    {BYTES("\1\0\0\0\7\0\0\0"), CAIRN_E_MALFORMED},
	    {BYTES("\1\0\0\0\x08\0\0"), CAIRN_E_TRUNCATED},
	    {BYTES("\1\0\0\0\x09\0\0\0"), CAIRN_E_TRUNCATED},
	};
	cairn_auto_buf struct cairn_buf pe = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(parse_objects(g, &pe, t[i].objects), t[i].status);
	assert_int_equal(parse_objects(g, &pe,
				       BYTES("\3\0\0\0\x0a\0\0\0a\0......\2\0\0\0\x0a\0\0\0x\0......"
					     "\3\0\0\0\x0a\0\0\0b\0......\2\0\0\0\x0a\0\0\0y\0")),
			 CAIRN_OK);
	assert_true(cairn_span_equal(g->prefix, BYTES("b")));
	assert_true(cairn_span_equal(g->config, BYTES("x")));
	free(g);
}

static void modules_are_checked(void **state)
{
	(void)state;
	const struct {
		const char *section;
		struct cairn_span name;
		size_t times;
		enum cairn_status status;
	} t[] = {
	    {".modname", BYTES("tpm\0"), 1, CAIRN_OK},
	    {".modnama", BYTES("tpm\0"), 1, CAIRN_E_NOTFOUND},
	    {".modname", BYTES("tpm"), 1, CAIRN_E_MALFORMED},
	    {".modname", BYTES("tpm\0"), CAIRN_GRUB_MODULES_MAX, CAIRN_OK},
	    {".modname", BYTES("tpm\0"), CAIRN_GRUB_MODULES_MAX + 1, CAIRN_E_LIMIT},
	};
	cairn_auto_buf struct cairn_buf pe = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cairn_auto_buf struct cairn_buf elf = {0}, objects = {0};
		grub_fixture_elf(&elf, t[i].section, t[i].name);
		for (size_t n = 0; n < t[i].times; n++)
			grub_fixture_object(&objects, 0, cairn_buf_span(&elf));
		assert_int_equal(parse_objects(g, &pe, cairn_buf_span(&objects)), t[i].status);
		assert_int_equal(g->count, t[i].status == CAIRN_OK ? t[i].times : i == 4 ? 512 : 1);
	}
	free(g);
}

static void one_section_of_a_name(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_pe pe;
	struct cairn_span body;
	grub_fixture_pe(&b, "mods", BYTES("x"));
	uint8_t second[40], more[512] = {0};
	memcpy(second, b.ptr + 0x58 + 240, sizeof(second));
	put32(second + 20, 0x400);
	memcpy(b.ptr + 0x58 + 240 + 40, second, sizeof(second));
	b.ptr[0x46] = 2;
	cairn_buf_add(&b, cairn_span(more, sizeof(more)));
	assert_int_equal(cairn_pe_parse(&pe, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(cairn_pe_section(&body, &pe, "mods"), CAIRN_E_MALFORMED);
	b.ptr[0x58 + 240 + 40] = 'n';
	assert_int_equal(cairn_pe_parse(&pe, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(cairn_pe_section(&body, &pe, "mods"), CAIRN_OK);
	assert_int_equal(body.len, 512);
	assert_ptr_equal(body.ptr, b.ptr + 0x200);
	assert_int_equal(cairn_pe_section(&body, &pe, "mod"), CAIRN_E_NOTFOUND);
}

/* One change at a time; what reading the named section then gives. */
static void damaged_elf_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint32_t value;
		enum cairn_status parse, section;
	} t[] = {
	    {0, 0x464c457e, CAIRN_E_MALFORMED, CAIRN_OK},
	    {4, 0x00010103, CAIRN_E_MALFORMED, CAIRN_OK},
	    {4, 0x00010202, CAIRN_E_UNSUPPORTED, CAIRN_OK},
	    {58, 65 | 3u << 16, CAIRN_E_MALFORMED, CAIRN_OK},
	    {58, 64 | 513u << 16, CAIRN_E_LIMIT, CAIRN_OK},
	    {58, 64 | 2u << 16, CAIRN_OK, CAIRN_E_NOTFOUND},
	    {62, 3, CAIRN_OK, CAIRN_E_NOTFOUND}, /* the section of names: past the last */
	    {62, 0, CAIRN_OK, CAIRN_E_NOTFOUND},
	    {40, 0x10000, CAIRN_OK, CAIRN_E_TRUNCATED},
	    {NAMES_AT + 24, 0x10000, CAIRN_OK, CAIRN_E_TRUNCATED},
	    {NAMES_AT + 32, 0x10000, CAIRN_OK, CAIRN_E_TRUNCATED},
	    {MODULE_AT, 0x10000, CAIRN_OK, CAIRN_E_NOTFOUND},
	    {MODULE_AT + 24, 0x10000, CAIRN_OK, CAIRN_E_TRUNCATED},
	    {MODULE_AT + 32, 0x10000, CAIRN_OK, CAIRN_E_TRUNCATED},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		struct cairn_elf elf;
		struct cairn_span body = {0};
		grub_fixture_elf(&b, ".modname", BYTES("x\0"));
		put32(b.ptr + t[i].at, t[i].value);
		enum cairn_status s = cairn_elf_parse(&elf, cairn_buf_span(&b));
		assert_int_equal(s, t[i].parse);
		if (s == CAIRN_OK)
			assert_int_equal(cairn_elf_section(&body, &elf, ".modname"), t[i].section);
		assert_null(body.ptr);
	}
}

/* 64 bits: a table so far out that the place of an entry would come round to the file again. */
static void segments_stay_inside(void **state)
{
	(void)state;
	uint8_t e[64 + 2 * 56] = "\177ELF\2\1\1";
	struct cairn_elf elf;
	struct cairn_span body = {0};
	uint32_t type = 0;
	e[54] = 56;
	e[56] = 3;
	e[32] = 64;
	e[64] = 4;
	e[64 + 8] = 0x10;
	e[64 + 32] = 8;
	assert_int_equal(cairn_elf_parse(&elf, cairn_span(e, sizeof(e))), CAIRN_OK);
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 0), CAIRN_OK);
	assert_int_equal(type, CAIRN_ELF_PT_NOTE);
	assert_ptr_equal(body.ptr, e + 0x10);
	assert_int_equal(body.len, 8);
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 1), CAIRN_OK);
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 2), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 3), CAIRN_E_NOTFOUND);
	e[64 + 32] = 0xff;
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 0), CAIRN_E_TRUNCATED);
	memset(e + 32, 0xff, 8);
	e[32] = 0x100 - 56; /* entry 2 would be at 56, and as a segment lie inside */
	assert_int_equal(cairn_elf_parse(&elf, cairn_span(e, sizeof(e))), CAIRN_OK);
	assert_int_equal(cairn_elf_segment(&body, &type, &elf, 2), CAIRN_E_TRUNCATED);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(cairn_elf_parse(&elf, cairn_span(e, i)), CAIRN_E_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_are_checked),    cmocka_unit_test(objects_are_checked),
	    cmocka_unit_test(modules_are_checked),    cmocka_unit_test(one_section_of_a_name),
	    cmocka_unit_test(damaged_elf_is_refused), cmocka_unit_test(segments_stay_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
