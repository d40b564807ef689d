/* The Authenticode hash: against signatures of another program, against a recorded PCR 4, and against hostile
 * images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/authenticode.h"

#define HEADERS	    0x200
#define OPT_AT	    0x58
#define SECTIONS_AT (OPT_AT + 240)
#define PLAIN_SIZE  (HEADERS + 0x200 + 0x200)

static void read_data(struct cairn_buf *b, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "tests/data/boot/%s", name);
	assert_int_equal(cairn_file_read(b, path, 1u << 20), CAIRN_OK);
}

static bool contains(struct cairn_span in, struct cairn_span what)
{
	for (size_t i = 0; i + what.len <= in.len; i++)
		if (memcmp(in.ptr + i, what.ptr, what.len) == 0)
			return true;
	return false;
}

/* A signature holds the digest that the signer computed: ours must stand in the certificate table. */
static void signed_by_another_program(const char *name, enum cairn_alg alg)
{
	cairn_auto_buf struct cairn_buf file = {0};
	read_data(&file, name);
	struct cairn_digest d;
	assert_int_equal(cairn_authenticode_hash(&d, alg, cairn_buf_span(&file)), CAIRN_OK);
	assert_true(contains(cairn_buf_span(&file), cairn_digest_span(&d)));
	/* The signature itself is not covered, every other byte behind the headers is. */
	for (size_t i = HEADERS; i < file.len; i++) {
		struct cairn_digest other;
		file.ptr[i] ^= 0x01;
		assert_int_equal(cairn_authenticode_hash(&other, alg, cairn_buf_span(&file)), CAIRN_OK);
		assert_int_equal(cairn_digest_equal(&d, &other), i >= 1560); /* 1558 bytes, padded to 8 */
		file.ptr[i] ^= 0x01;
	}
}

static void equals_what_was_signed(void **state)
{
	(void)state;
	signed_by_another_program("signed-sha256.efi", CAIRN_ALG_SHA256);
	signed_by_another_program("signed-sha384.efi", CAIRN_ALG_SHA384);
}

static void equals_what_the_firmware_measured(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf file = {0}, log = {0};
	read_data(&file, "cairnboot.efi");
	assert_int_equal(cairn_file_read(&log, "tests/data/eventlog/xen-grub-swtpm.bin", 1u << 20), CAIRN_OK);
	const enum cairn_alg algs[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	for (size_t i = 0; i < 2; i++) {
		struct cairn_digest d;
		assert_int_equal(cairn_authenticode_hash(&d, algs[i], cairn_buf_span(&file)), CAIRN_OK);
		assert_true(contains(cairn_buf_span(&log), cairn_digest_span(&d)));
	}
}

/* ---- a small image, made here
 * ------------------------------------------------------------------------------------- */

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

static void make_plain(uint8_t image[PLAIN_SIZE])
{
	memset(image, 0, PLAIN_SIZE);
	memcpy(image, "MZ", 2);
	put32(image + 0x3c, 0x40);
	memcpy(image + 0x40, "PE\0\0", 4);
	put16(image + 0x44, 0x8664);
	put16(image + 0x46, 2);
	put16(image + 0x54, 240);
	put16(image + OPT_AT, 0x20b);
	put32(image + OPT_AT + 60, HEADERS);
	put32(image + OPT_AT + 108, 16);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *s = image + SECTIONS_AT + 40 * i;
		memcpy(s, i ? ".b" : ".a", 2);
		put32(s + 16, 0x200);
		put32(s + 20, HEADERS + 0x200 * i);
		memset(image + HEADERS + 0x200 * i, (int)('A' + i), 0x200);
	}
}

static enum cairn_status hash(const uint8_t *image, size_t len)
{
	struct cairn_digest d;
	/* A copy of exactly this size, so that a sanitizer sees any read behind it. */
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, image, len);
	enum cairn_status s = cairn_authenticode_hash(&d, CAIRN_ALG_SHA256, cairn_span(copy, len));
	free(copy);
	return s;
}

/* Every byte counts, but the checksum and the directory entry of the certificate table. */
static void checksum_and_certificate_entry_are_left_out(void **state)
{
	(void)state;
	uint8_t image[PLAIN_SIZE];
	make_plain(image);
	struct cairn_digest d, other;
	assert_int_equal(cairn_authenticode_hash(&d, CAIRN_ALG_SHA256, cairn_span(image, sizeof(image))),
			 CAIRN_OK);
	for (size_t i = 0; i < sizeof(image); i++) {
		image[i] ^= 0x80;
		bool checksum = i >= OPT_AT + 64 && i < OPT_AT + 68;
		bool entry =
		    i >= OPT_AT + 112 + 32 && i < OPT_AT + 112 + 36; /* an address without a size: no table */
		if (cairn_authenticode_hash(&other, CAIRN_ALG_SHA256, cairn_span(image, sizeof(image))) ==
		    CAIRN_OK)
			assert_int_equal(cairn_digest_equal(&d, &other), checksum || entry);
		else
			assert_false(checksum || entry);
		image[i] ^= 0x80;
	}
}

static void each_truncation_is_refused(void **state)
{
	(void)state;
	uint8_t image[PLAIN_SIZE];
	make_plain(image);
	assert_int_equal(hash(image, sizeof(image)), CAIRN_OK);
	for (size_t len = 0; len < sizeof(image); len++)
		assert_int_not_equal(hash(image, len), CAIRN_OK);
}

static void refuse_after(size_t at, uint32_t value, enum cairn_status expected)
{
	uint8_t image[PLAIN_SIZE];
	make_plain(image);
	put32(image + at, value);
	assert_int_equal(hash(image, sizeof(image)), expected);
}

static void hostile_layouts_are_refused(void **state)
{
	(void)state;
	const size_t second = SECTIONS_AT + 40;
	refuse_after(0, 0x5a4e, CAIRN_E_MALFORMED);
	refuse_after(0x40, 0x4551, CAIRN_E_MALFORMED);
	refuse_after(OPT_AT + 108, 15, CAIRN_E_MALFORMED);
	refuse_after(0x3c, 0xfffffff0, CAIRN_E_TRUNCATED);
	refuse_after(0x3c, 0x10, CAIRN_E_MALFORMED);
	refuse_after(OPT_AT, 0x10b, CAIRN_E_UNSUPPORTED);
	refuse_after(OPT_AT + 108, 0xffffffff, CAIRN_E_MALFORMED);
	refuse_after(OPT_AT + 60, 0x100, CAIRN_E_MALFORMED); /* headers end inside the section table */
	refuse_after(OPT_AT + 60, 0x201, CAIRN_E_MALFORMED); /* headers overlap the first section */
	refuse_after(second + 20, HEADERS + 0x1ff, CAIRN_E_MALFORMED); /* sections overlap */
	refuse_after(second + 20, 0xffffff00, CAIRN_E_TRUNCATED);      /* a section outside the file */
	refuse_after(second + 16, 0xffffffff, CAIRN_E_TRUNCATED);
	refuse_after(OPT_AT + 112 + 36, 0xffffffff,
		     CAIRN_E_MALFORMED); /* a certificate table larger than the file */
	refuse_after(OPT_AT + 112 + 36, 0x10, CAIRN_E_MALFORMED); /* one that is not at the end of it */
	refuse_after(0x46, 0x8664u << 16 | 97, CAIRN_E_LIMIT);
}

/* Consistent in every other way. */
static void more_directories_than_there_are_is_refused(void **state)
{
	(void)state;
	uint8_t image[PLAIN_SIZE];
	make_plain(image);
	memmove(image + SECTIONS_AT + 8, image + SECTIONS_AT, 80);
	put16(image + 0x54, 248);
	put32(image + OPT_AT + 108, 17);
	assert_int_equal(hash(image, sizeof(image)), CAIRN_E_MALFORMED);
}

static void certificate_table_over_a_section_is_refused(void **state)
{
	(void)state;
	uint8_t image[PLAIN_SIZE];
	make_plain(image);
	put32(image + OPT_AT + 112 + 32, PLAIN_SIZE - 8);
	put32(image + OPT_AT + 112 + 36, 8);
	assert_int_equal(hash(image, sizeof(image)), CAIRN_E_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equals_what_was_signed),
	    cmocka_unit_test(equals_what_the_firmware_measured),
	    cmocka_unit_test(checksum_and_certificate_entry_are_left_out),
	    cmocka_unit_test(each_truncation_is_refused),
	    cmocka_unit_test(hostile_layouts_are_refused),
	    cmocka_unit_test(more_directories_than_there_are_is_refused),
	    cmocka_unit_test(certificate_table_over_a_section_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
