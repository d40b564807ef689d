/* EFI structures: each read as it should be, cut at every byte, and tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/efi.h"

#define SPAN(literal) cairn_span(literal, sizeof(literal) - 1)
#define GLOBAL	      "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define X509	      "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
#define SHA256	      "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28"

/* Every part of it that is shorter is refused. */
#define ASSERT_CUT(in, call)                                                                                 \
	for (size_t cut_ = 0; cut_ < (in).len; cut_++) {                                                     \
		struct cairn_span part = cairn_span((in).ptr, cut_);                                         \
		if ((call) == CAIRN_OK)                                                                      \
			fail_msg("cut to %zu bytes", cut_);                                                  \
	}

/* ---- text ------------------------------------------------------------------------------------------------------- */
static void assert_text(struct cairn_buf *b, const char *want)
{
	assert_string_equal(cairn_buf_str(b), want);
	b->len = 0;
}

static void texts_of_utf16(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	cairn_text_utf16(&b, SPAN("\\\0E\0F\0I\0\xe9\0\xac\x20"));
	assert_text(&b, "\\EFI\xc3\xa9\xe2\x82\xac");
	cairn_text_utf16(&b, SPAN("\x3d\xd8\x00\xde")); /* U+1F600 */
	assert_text(&b, "\xf0\x9f\x98\x80");
	cairn_text_utf16(&b,
			 SPAN("a\0\n\0\x1b\0\x7f\0\x9b\0\xad\0\x1c\6\x0b\x20\x2e\x20\x66\x20\xff\xfe\0\xfe"));
	assert_text(&b,
		    "a\\u000a\\u001b\\u007f\\u009b\\u00ad\\u061c\\u200b\\u202e\\u2066\\ufeff\xef\xb8\x80");
	cairn_text_utf16(&b, SPAN("\x3d\xd8z\0\x00\xde\x3d\xd8"));
	assert_text(&b, "\\ud83dz\\ude00\\ud83d");
	cairn_text_utf16(&b, SPAN("a\0b"));
	assert_text(&b, "a\\x62");
	cairn_text_utf16(&b, SPAN("\x40\xdb\x01\xdc\xff\xdb\xff\xdf")); /* of tags and private planes */
	assert_text(&b, "\\ue0001\\u10ffff");
}

static void texts_of_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain", "plain"},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"\x1b[2J\r\n", "\\u001b[2J\\u000d\\u000a"},
	    {"\xe2\x80\xae", "\\u202e"},
	    {"\xc0\x80\x80\xff", "\\xc0\\x80\\x80\\xff"}, /* overlong, alone, never */
	    {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},	  /* overlong */
	    {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"}, /* overlong */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* past the last */
	    {"\xed\xa0\x80", "\\ud800"},		  /* a surrogate */
	    {"\xe2\x82", "\\xe2\\x82"},			  /* cut */
	    {"\xe2z", "\\xe2z"},
	    {"\xc3(\xe2\x82z", "\\xc3(\\xe2\\x82z"},
	};
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	cairn_text_utf8(&b, cairn_span("\xe2\x82\xac", 2)); /* the rest is not of the text */
	assert_text(&b, "\\xe2\\x82");
	cairn_text_utf8(&b, SPAN("\xef\xbf\xbd\xef\xbf\xb0\xef\xbf\xaf"));
	assert_text(&b, "\\ufffd\\ufff0\xef\xbf\xaf");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cairn_text_utf8(&b, cairn_span_str(cases[i].in));
		assert_text(&b, cases[i].out);
	}
}

static void small_things(void **state)
{
	(void)state;
	assert_true(cairn_utf16_is(SPAN("d\0b\0"), "db"));
	assert_false(cairn_utf16_is(SPAN("d\0b\0x\0"), "db"));
	assert_false(cairn_utf16_is(SPAN("d\0b\1"), "db"));
	assert_false(cairn_utf16_is(SPAN("d\0c\0"), "db"));
	assert_int_equal(cairn_span_chomp(SPAN("a\0\0")).len, 1);
	assert_int_equal(cairn_span_chomp(SPAN("\0")).len, 0);
	assert_int_equal(cairn_span_chomp16(SPAN("a\0\0\0")).len, 2);
	assert_int_equal(cairn_span_chomp16(SPAN("a\0\0")).len, 3);
	assert_int_equal(cairn_span_chomp16(SPAN("\0\1\0\0")).len, 2);
	assert_string_equal(cairn_guid_text(SPAN(GLOBAL)).text, CAIRN_GUID_GLOBAL);
	assert_string_equal(cairn_guid_text(SPAN("short")).text, "00000000-0000-0000-0000-000000000000");
	assert_string_equal(cairn_guid_name(SPAN(GLOBAL)), "EFI_GLOBAL_VARIABLE");
	assert_null(cairn_guid_name(SPAN("0123456789abcdef")));
	assert_false(cairn_guid_is(SPAN("short"), "00000000-0000-0000-0000-000000000000"));
	assert_string_equal(cairn_efi_signature_type_name(SPAN(X509)), "X.509");
	assert_null(cairn_efi_signature_type_name(SPAN(GLOBAL)));
}

/* ---- variables -------------------------------------------------------------------------------------------------- */
static void variables(void **state)
{
	const struct cairn_span in = SPAN(GLOBAL "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0d\0b\0xyz");
	struct cairn_efi_variable v;

	(void)state;
	assert_int_equal(cairn_efi_variable_read(&v, in), CAIRN_OK);
	assert_true(cairn_efi_variable_is(&v, CAIRN_GUID_GLOBAL, "db"));
	assert_false(cairn_efi_variable_is(&v, CAIRN_GUID_IMAGE_SECURITY, "db"));
	assert_false(cairn_efi_variable_is(&v, CAIRN_GUID_GLOBAL, "dbx"));
	assert_true(cairn_span_equal(v.data, SPAN("xyz")));
	struct cairn_span content;
	assert_true(cairn_efi_variable_content(&content, in, CAIRN_GUID_GLOBAL, "db"));
	assert_true(cairn_span_equal(content, SPAN("xyz")));
	assert_false(cairn_efi_variable_content(&content, in, CAIRN_GUID_GLOBAL, "dbx"));
	assert_false(cairn_efi_variable_content(
	    &content, SPAN(GLOBAL "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0d\0b\0xyz!"), CAIRN_GUID_GLOBAL, "db"));
	ASSERT_CUT(in, cairn_efi_variable_read(&v, part));
	assert_int_equal(
	    cairn_efi_variable_read(&v, SPAN(GLOBAL "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0d\0b\0xyz!")),
	    CAIRN_E_TRAILING);
	/* twice the length of the name would be 4 in 64 bits */
	assert_int_equal(
	    cairn_efi_variable_read(&v, SPAN(GLOBAL "\2\0\0\0\0\0\0\x80\3\0\0\0\0\0\0\0d\0b\0xyz")),
	    CAIRN_E_TRUNCATED);
}

/* ---- signature lists -------------------------------------------------------------------------------------------- */
#define OWNER "ownerownerownero"
#define LE(n) (char)((n)&0xff), (char)((n) >> 8 & 0xff), (char)((n) >> 16 & 0xff), (char)((uint32_t)(n) >> 24)

static void put_list(struct cairn_buf *b, const char *type, uint32_t list, uint32_t header, uint32_t size,
		     const char *body, size_t body_len)
{
	const char sizes[] = {LE(list), LE(header), LE(size)};

	cairn_buf_add(b, cairn_span(type, 16));
	cairn_buf_add(b, cairn_span(sizes, sizeof sizes));
	cairn_buf_add(b, cairn_span(body, body_len));
}

static void signature_lists(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_efi_signature sig;
	size_t count = 7;

	(void)state;
	assert_int_equal(cairn_efi_signatures_check((struct cairn_span){0}, &count), CAIRN_OK);
	assert_int_equal(count, 0);
	put_list(&b, X509, 28 + 20, 0, 20, OWNER "CERT", 20);
	/* What a vendor puts into the SignatureHeader is no signature: CVE-2026-12681. */
	put_list(&b, SHA256, 28 + 18 + 36, 18, 18, OWNER "xx" OWNER "h1" OWNER "h2", 54);
	put_list(&b, X509, 28, 0, 17, "", 0); /* an empty list */
	put_list(&b, X509, 28 + 17, 0, 17, OWNER "C", 17);
	struct cairn_efi_signatures it = cairn_efi_signatures(cairn_buf_span(&b));
	static const char *const want[] = {"CERT", "h1", "h2", "C"};
	for (size_t i = 0; i < 4; i++) {
		assert_true(cairn_efi_signature_next(&it, &sig));
		assert_true(cairn_span_equal(sig.data, cairn_span_str(want[i])));
		assert_true(cairn_span_equal(sig.owner, SPAN(OWNER)));
		assert_int_equal(cairn_guid_is(sig.type, CAIRN_GUID_CERT_X509), i == 0 || i == 3);
	}
	assert_false(cairn_efi_signature_next(&it, &sig));
	assert_int_equal(it.lists.status, CAIRN_OK);
	assert_int_equal(cairn_efi_signatures_check(cairn_buf_span(&b), NULL), CAIRN_OK);
	for (size_t n = 1; n < b.len; n++)
		if (n != 48 && n != 48 + 82 && n != 48 + 82 + 28) /* between lists */
			assert_int_not_equal(cairn_efi_signatures_check(cairn_span(b.ptr, n), NULL),
					     CAIRN_OK);
}

static void bad_signature_lists(void **state)
{
	static const struct {
		uint32_t list, header, size, body;
		enum cairn_status status;
	} cases[] = {
	    {48, 0, 20, 20, CAIRN_OK},
	    {27, 0, 20, 20, CAIRN_E_MALFORMED}, /* shorter than its own header */
	    {0, 0, 20, 20, CAIRN_E_MALFORMED},
	    {49, 0, 20, 20, CAIRN_E_TRUNCATED}, /* longer than what is there */
	    {0xffffffff, 0, 20, 20, CAIRN_E_TRUNCATED},
	    {48, 21, 20, 20, CAIRN_E_MALFORMED}, /* a header longer than the list */
	    {48, 0xffffffff, 20, 20, CAIRN_E_MALFORMED},
	    {48, 0xffffffec, 20, 20, CAIRN_E_MALFORMED}, /* 48 - 28 - header would be 40 in 32 bits */
	    {48, 0, 19, 20, CAIRN_E_MALFORMED},		 /* not filled exactly */
	    {48, 0, 21, 20, CAIRN_E_MALFORMED},
	    {48, 0, 0xffffffff, 20, CAIRN_E_MALFORMED},
	    {48, 0, 10, 20, CAIRN_E_MALFORMED}, /* no room for an owner */
	    {60, 0, 16, 32, CAIRN_E_MALFORMED}, /* an owner of nothing */
	    {48, 0, 0, 20, CAIRN_E_MALFORMED},
	    {28, 0, 0, 0, CAIRN_E_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		enum cairn_status s;

		put_list(&b, X509, cases[i].list, cases[i].header, cases[i].size, OWNER OWNER, cases[i].body);
		struct cairn_efi_signatures it = cairn_efi_signatures(cairn_buf_span(&b));
		struct cairn_efi_signature sig;
		assert_int_equal(cairn_efi_signature_next(&it, &sig), cases[i].status == CAIRN_OK);
		s = cairn_efi_signatures_check(cairn_buf_span(&b), NULL);
		if (s != cases[i].status)
			fail_msg("case %zu: %s", i, cairn_status_name(s));
	}
}

/* ---- boot options, images, blobs -------------------------------------------------------------------------------- */
static void load_options(void **state)
{
	const struct cairn_span in = SPAN("\1\0\0\0\4\0X\0e\0n\0\0\0\x7f\xff\4\0opt");
	const struct cairn_span bare = SPAN("\1\0\0\0\4\0\0\0\x7f\xff\4\0");
	struct cairn_efi_load_option o;

	(void)state;
	assert_int_equal(cairn_efi_load_option_read(&o, in), CAIRN_OK);
	assert_int_equal(o.attributes, 1);
	assert_true(cairn_utf16_is(o.description, "Xen"));
	assert_true(cairn_span_equal(o.path, SPAN("\x7f\xff\4\0")));
	assert_true(cairn_span_equal(o.optional, SPAN("opt")));
	assert_int_equal(cairn_efi_load_option_read(&o, bare), CAIRN_OK);
	assert_int_equal(o.description.len, 0);
	assert_int_equal(o.optional.len, 0);
	ASSERT_CUT(bare, cairn_efi_load_option_read(&o, part));
}

#define N64(c) c "\0\0\0\0\0\0\0"
static void images_and_blobs(void **state)
{
	const struct cairn_span image = SPAN(N64("\1") N64("\2") N64("\3") N64("\4") "\x7f\xff\4\0");
	const struct cairn_span blob = SPAN(N64("\1") N64("\2")), blob2 = SPAN("\2Fv" N64("\1") N64("\2"));
	const struct cairn_span tables = SPAN(N64("\1") GLOBAL N64("\7")),
				tables2 = SPAN("\1S" N64("\1") GLOBAL N64("\7"));
	struct cairn_efi_image_load i;
	struct cairn_efi_blob b;
	struct cairn_efi_handoff h;

	(void)state;
	assert_int_equal(cairn_efi_image_load_read(&i, image), CAIRN_OK);
	assert_int_equal(i.address + 10 * i.size + 100 * i.link_address, 321);
	assert_int_equal(i.path.len, 4);
	ASSERT_CUT(image, cairn_efi_image_load_read(&i, part));
	assert_int_equal(cairn_efi_image_load_read(&i, SPAN(N64("\1") N64("\2") N64("\3") N64("\0") "more")),
			 CAIRN_OK);
	assert_int_equal(i.path.len, 0);
	assert_int_equal(i.trailing.len, 4);
	assert_int_equal(cairn_efi_blob_read(&b, blob, false), CAIRN_OK);
	assert_int_equal(b.base + 10 * b.size, 21);
	ASSERT_CUT(blob, cairn_efi_blob_read(&b, part, false));
	assert_int_equal(cairn_efi_blob_read(&b, blob2, true), CAIRN_OK);
	assert_true(cairn_span_equal(b.description, SPAN("Fv")));
	ASSERT_CUT(blob2, cairn_efi_blob_read(&b, part, true));
	assert_int_equal(cairn_efi_blob_read(&b, blob2, false), CAIRN_E_TRAILING);
	assert_int_equal(cairn_efi_handoff_read(&h, tables, false), CAIRN_OK);
	assert_int_equal(h.tables.len, 24);
	ASSERT_CUT(tables, cairn_efi_handoff_read(&h, part, false));
	assert_int_equal(cairn_efi_handoff_read(&h, tables2, true), CAIRN_OK);
	ASSERT_CUT(tables2, cairn_efi_handoff_read(&h, part, true));
	assert_int_equal(cairn_efi_handoff_read(&h, SPAN(N64("\0") "x"), false), CAIRN_E_TRAILING);
	/* count * 24 would be 24 in 64 bits */
	assert_int_equal(cairn_efi_handoff_read(&h, SPAN("\1\0\0\0\0\0\0\x20" GLOBAL N64("\7")), false),
			 CAIRN_E_TRUNCATED);
}

static void partition_tables(void **state)
{
	uint8_t data[92 + 8 + 2 * 136] = "EFI PART";
	struct cairn_span in = cairn_span(data, sizeof data);
	struct cairn_efi_gpt g;
	struct cairn_efi_partition p;

	(void)state;
	memcpy(data + 56, GLOBAL, 16);
	data[84] = 136; /* more than there must be */
	data[92] = 2;
	memcpy(data + 100 + 136, X509 SHA256 N64("\1") N64("\2") N64("\0") "E\0S\0P\0", 62);
	assert_int_equal(cairn_efi_gpt_read(&g, in), CAIRN_OK);
	assert_int_equal(g.count, 2);
	assert_true(cairn_guid_is(g.disk, CAIRN_GUID_GLOBAL));
	p = cairn_efi_partition(&g, 1);
	assert_true(cairn_guid_is(p.type, CAIRN_GUID_CERT_X509));
	assert_true(cairn_guid_is(p.id, CAIRN_GUID_CERT_SHA256));
	assert_int_equal(p.first + 10 * p.last, 21);
	assert_true(cairn_utf16_is(p.name, "ESP"));
	ASSERT_CUT(in, cairn_efi_gpt_read(&g, part));
	data[92] = 1;
	assert_int_equal(cairn_efi_gpt_read(&g, in), CAIRN_E_TRAILING);
	data[92] = 2;
	data[84] = 127; /* too small for an entry */
	assert_int_equal(cairn_efi_gpt_read(&g, in), CAIRN_E_MALFORMED);
	data[84] = 136;
	data[99] = 0x80; /* count * size would be as before in 64 bits */
	assert_int_equal(cairn_efi_gpt_read(&g, in), CAIRN_E_TRUNCATED);
	data[99] = 0;
	data[0] = 'e';
	assert_int_equal(cairn_efi_gpt_read(&g, in), CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_of_utf16),	cmocka_unit_test(texts_of_utf8),
	    cmocka_unit_test(small_things),	cmocka_unit_test(variables),
	    cmocka_unit_test(signature_lists),	cmocka_unit_test(bad_signature_lists),
	    cmocka_unit_test(load_options),	cmocka_unit_test(images_and_blobs),
	    cmocka_unit_test(partition_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
