/* Xen images: the build id out of ELF, gzip and PE; the command lines that come to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "boot/grubimage.h"
#include "cairn/xenimage.h"
#include "grub_fixture.h"

#define ELF_SIZE 128
#define NOTE_AT	 84
#define NOTE_LEN 36

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)v;
	at[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v & 0xffff);
	put16(at + 2, v >> 16);
}

/* As Debian's xen: ELF32 with one PT_NOTE that holds the build id note. */
static void make_elf(uint8_t e[ELF_SIZE])
{
	memset(e, 0, ELF_SIZE);
	memcpy(e, "\177ELF\1\1\1", 7);
	put32(e + 28, 52); /* e_phoff */
	put16(e + 42, 32); /* e_phentsize */
	put16(e + 44, 1);  /* e_phnum */
	put32(e + 52, 4);  /* PT_NOTE */
	put32(e + 56, NOTE_AT);
	put32(e + 68, NOTE_LEN);
	put32(e + NOTE_AT, 4);
	put32(e + NOTE_AT + 4, 20);
	put32(e + NOTE_AT + 8, 3);
	memcpy(e + NOTE_AT + 12, "GNU", 4);
	for (unsigned i = 0; i < 20; i++)
		e[NOTE_AT + 16 + i] = (uint8_t)(0xa0 + i);
}

static enum cairn_status build_id(struct cairn_build_id *id, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	enum cairn_status s = cairn_xen_build_id(id, cairn_span(copy, len));
	free(copy);
	return s;
}

static size_t gzip(uint8_t *out, size_t room, const uint8_t *in, size_t len)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)in,
		      .avail_in = (uInt)len,
		      .next_out = out,
		      .avail_out = (uInt)room};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static void reads_the_note_plain_and_gzipped(void **state)
{
	(void)state;
	uint8_t elf[ELF_SIZE], gz[512];
	struct cairn_build_id id;
	make_elf(elf);
	assert_int_equal(build_id(&id, elf, sizeof(elf)), CAIRN_OK);
	assert_int_equal(id.len, 20);
	assert_memory_equal(id.bytes, elf + NOTE_AT + 16, 20);
	size_t len = gzip(gz, sizeof(gz) - 1, elf, sizeof(elf));
	memset(&id, 0, sizeof(id));
	assert_int_equal(build_id(&id, gz, len), CAIRN_OK);
	assert_memory_equal(id.bytes, elf + NOTE_AT + 16, 20);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(build_id(&id, gz, i), CAIRN_E_TRUNCATED);
	gz[2] ^= 1; /* the method */
	assert_int_equal(build_id(&id, gz, len), CAIRN_E_MALFORMED);
	gz[2] ^= 1;
	gz[len] = 0;
	assert_int_equal(build_id(&id, gz, len + 1), CAIRN_E_TRAILING);
}

static void damaged_images_are_refused(void **state)
{
	(void)state;
	uint8_t elf[ELF_SIZE];
	struct cairn_build_id id;
	make_elf(elf);
	for (size_t i = 0; i < NOTE_AT + NOTE_LEN; i++)
		assert_int_equal(build_id(&id, elf, i), CAIRN_E_TRUNCATED);
	assert_int_equal(cairn_xen_build_id(&id, cairn_span(NULL, 0)), CAIRN_E_TRUNCATED);
	const struct {
		size_t at;
		uint32_t value;
		enum cairn_status expected;
	} bad[] = {
	    {0, 0, CAIRN_E_MALFORMED},
	    {28, 0xfffffff0, CAIRN_E_TRUNCATED},
	    {42, 33 | 1u << 16, CAIRN_E_MALFORMED},
	    {42, 32 | 513u << 16, CAIRN_E_LIMIT},
	    {52, 1, CAIRN_E_NOTFOUND},
	    {56, 0xffffffff, CAIRN_E_TRUNCATED},
	    {NOTE_AT, 0xffffffff, CAIRN_E_TRUNCATED},
	    {NOTE_AT + 4, 0xffffffff, CAIRN_E_TRUNCATED},
	    {NOTE_AT + 4, 0, CAIRN_E_LIMIT},
	    {NOTE_AT + 8, 1, CAIRN_E_NOTFOUND},
	    {NOTE_AT + 12, 0x00554e48, CAIRN_E_NOTFOUND},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_elf(elf);
		put32(elf + bad[i].at, bad[i].value);
		assert_int_equal(build_id(&id, elf, sizeof(elf)), bad[i].expected);
	}
}

static void a_bomb_is_bounded(void **state)
{
	(void)state;
	const size_t len = CAIRN_XEN_IMAGE_MAX + 1;
	uint8_t *zeros = calloc(1, len), *gz = malloc(1 << 20);
	struct cairn_build_id id;
	assert_true(zeros && gz);
	size_t packed = gzip(gz, 1 << 20, zeros, len);
	assert_int_equal(build_id(&id, gz, packed), CAIRN_E_LIMIT);
	memcpy(zeros, "\x1f\x8b", 2); /* too much before it is unpacked */
	assert_int_equal(cairn_xen_build_id(&id, cairn_span(zeros, len)), CAIRN_E_LIMIT);
	free(zeros);
	free(gz);
}

static void the_longest_id_is_bounded(void **state)
{
	(void)state;
	uint8_t elf[ELF_SIZE + CAIRN_BUILD_ID_MAX];
	struct cairn_build_id id;
	for (unsigned more = 0; more < 2; more++) {
		memset(elf, 0xee, sizeof(elf));
		make_elf(elf);
		put32(elf + 68, 16 + CAIRN_BUILD_ID_MAX + 4 * more);
		put32(elf + NOTE_AT + 4, CAIRN_BUILD_ID_MAX + more);
		assert_int_equal(build_id(&id, elf, sizeof(elf)), more ? CAIRN_E_LIMIT : CAIRN_OK);
		assert_int_equal(id.len, CAIRN_BUILD_ID_MAX);
	}
}

/* xen.efi: the id is in a CodeView record behind a debug directory. */
static void reads_the_record_of_an_efi_image(void **state)
{
	(void)state;
	static const struct {
		const char *section;
		size_t magic_at;
		enum cairn_status status;
	} t[] = {
	    {".buildid", 28, CAIRN_OK},
	    {".buildie", 28, CAIRN_E_NOTFOUND},
	    {".buildid", 27, CAIRN_E_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cairn_auto_buf struct cairn_buf pe = {0};
		struct cairn_build_id id = {0};
		uint8_t body[48] = {0};
		for (unsigned n = 0; n < 16; n++)
			body[32 + n] = (uint8_t)(0xb0 + n);
		memcpy(body + t[i].magic_at, "RSDS", 4);
		grub_fixture_pe(&pe, t[i].section, cairn_span(body, sizeof(body)));
		assert_int_equal(build_id(&id, pe.ptr, pe.len), t[i].status);
		assert_int_equal(id.len, t[i].status == CAIRN_OK ? 16 : 0);
		if (t[i].status == CAIRN_OK)
			assert_memory_equal(id.bytes, body + 32, 16);
		for (size_t n = 2; n < pe.len; n++)
			assert_int_equal(build_id(&id, pe.ptr, n), CAIRN_E_TRUNCATED);
	}
}

/* The section ends inside the record. */
static void a_short_record_is_refused(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf pe = {0};
	struct cairn_build_id id = {0};
	uint8_t body[48] = {0};
	memcpy(body + 28, "RSDS", 4);
	grub_fixture_pe(&pe, ".buildid", cairn_span(body, sizeof(body)));
	put32(pe.ptr + 0x58 + 240 + 16, 48);
	assert_int_equal(build_id(&id, pe.ptr, pe.len), CAIRN_OK);
	id.len = 0;
	for (uint32_t n = 1; n < 48; n++) {
		put32(pe.ptr + 0x58 + 240 + 16, n);
		assert_int_equal(build_id(&id, pe.ptr, pe.len), CAIRN_E_TRUNCATED);
		assert_int_equal(id.len, 0);
	}
}

static void check_line(enum cairn_status (*fn)(struct cairn_buf *, const char *), const char *in,
		       const char *out)
{
	cairn_auto_buf struct cairn_buf b = {0};
	assert_int_equal(fn(&b, in), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&b), out);
}

static enum cairn_status dom0_line(struct cairn_buf *out, const char *passed)
{
	return cairn_xen_dom0_cmdline(out, "console=com1 dom0=pv", passed);
}

/* The kernel_cmdline and module_cmdline of the recorded boot, and what Xen and dom0 then showed. */
static void running_lines_are_those_of_a_recorded_boot(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf log = {0}, xen = {0}, dom0 = {0};
	assert_int_equal(cairn_file_read(&log, "tests/data/boot/grub.cfg", 4096), CAIRN_OK);
	assert_int_equal(cairn_file_read(&xen, "tests/data/boot/xen_commandline", 4096), CAIRN_OK);
	assert_int_equal(cairn_file_read(&dom0, "tests/data/boot/proc_cmdline", 4096), CAIRN_OK);
	const char *cfg = cairn_buf_str(&log);
	const char *end = strstr(cfg, "; then"),
		   *start = strstr(cfg, "/EFI/cairn/xen ") + strlen("/EFI/cairn/xen ");
	char *passed = strndup(start, (size_t)(end - start));
	xen.len--; /* the newlines at their ends */
	dom0.len--;
	check_line(cairn_xen_running_cmdline, passed, cairn_buf_str(&xen));
	free(passed);
	start = strstr(cfg, "/EFI/cairn/vmlinuz ") + strlen("/EFI/cairn/vmlinuz ");
	passed = strndup(start, (size_t)(strstr(start, "; then") - start));
	check_line(dom0_line, passed, cairn_buf_str(&dom0));
	free(passed);
}

static void lines_that_xen_would_change_are_refused(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	char longest[CAIRN_XEN_CMDLINE_MAX + 1];
	memset(longest, 'x', sizeof(longest));
	longest[CAIRN_XEN_CMDLINE_MAX] = '\0';
	assert_int_equal(cairn_xen_running_cmdline(&b, longest), CAIRN_E_LIMIT);
	assert_int_equal(dom0_line(&b, longest), CAIRN_E_LIMIT);
	longest[CAIRN_XEN_CMDLINE_MAX - 1] = '\0';
	check_line(cairn_xen_running_cmdline, longest, longest);
	assert_int_equal(cairn_xen_running_cmdline(&b, "a -- b"), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_xen_dom0_cmdline(&b, "a -- b", "c"), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_xen_dom0_cmdline(&b, "x acpi=off", "c"), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_xen_dom0_cmdline(&b, "noapic", "c"), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_xen_dom0_cmdline(&b, "noapicx acpi", "c"), CAIRN_OK);
	check_line(dom0_line, "  console=hvc0 x", "console=hvc0 x");
}

static void other_programs_are_no_grub(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	assert_int_equal(cairn_file_read(&b, "tests/data/boot/cairnboot.efi", 1u << 20), CAIRN_OK);
	assert_int_equal(cairn_grub_image_parse(g, cairn_buf_span(&b)), CAIRN_E_NOTFOUND);
	assert_int_not_equal(cairn_grub_image_parse(g, cairn_span(b.ptr, 100)), CAIRN_OK);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_note_plain_and_gzipped),
	    cmocka_unit_test(damaged_images_are_refused),
	    cmocka_unit_test(a_bomb_is_bounded),
	    cmocka_unit_test(the_longest_id_is_bounded),
	    cmocka_unit_test(reads_the_record_of_an_efi_image),
	    cmocka_unit_test(a_short_record_is_refused),
	    cmocka_unit_test(running_lines_are_those_of_a_recorded_boot),
	    cmocka_unit_test(lines_that_xen_would_change_are_refused),
	    cmocka_unit_test(other_programs_are_no_grub),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
