/* Boot facts: the recorded boot of Xen, and logs made here of every boot that must not be vouched for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/bootfacts.h"
#include "tests/unit/data_fixture.h"

static void assert_text(struct cairn_span s, const char *expected)
{
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.ptr, expected, s.len);
}

static void recorded_boot(void **state)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	struct cairn_eventlog log;
	struct cairn_boot_facts f;

	(void)state;
	data_load(&bytes, "eventlog/xen-grub-swtpm.bin");
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_int_equal(f.problem, CAIRN_BOOT_OK);
	assert_text(f.xen.path, "/EFI/cairn/xen");
	assert_text(f.kernel.path, "/EFI/cairn/vmlinuz");
	assert_text(f.initrd.path, "/EFI/cairn/dom0.img");
	assert_text(
	    f.xen.cmdline,
	    "placeholder console=com1 com1=115200,8n1 dom0_mem=512M,max:512M dom0_max_vcpus=1 smap=0");
	assert_text(f.kernel.cmdline, "placeholder console=hvc0 loglevel=5 panic=5");
	assert_text(f.initrd.cmdline, "");
	assert_int_equal(memcmp(cairn_digest_hex(&f.xen.digest).text, "3051d3934d8bd1ce", 16), 0);
	assert_int_equal(memcmp(cairn_digest_hex(&f.kernel.digest).text, "26f2e57c99338fea", 16), 0);
	assert_int_equal(memcmp(cairn_digest_hex(&f.initrd.digest).text, "5e2215361f5fc1c9", 16), 0);
	assert_int_equal(f.modules, 2);
	assert_int_equal(f.image_count, 2);
	assert_int_equal(memcmp(cairn_digest_hex(&f.image[0]).text, "67fb58fde04983f4", 16), 0);
	assert_int_equal(memcmp(cairn_digest_hex(&f.image[1]).text, "cd6f3ff5a304d6c9", 16), 0);
	assert_int_equal(f.secure_boot, CAIRN_SECURE_BOOT_OFF);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA384), CAIRN_OK);
	assert_int_equal(f.xen.digest.alg, CAIRN_ALG_SHA384);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA1), CAIRN_E_NOTFOUND);
}

static void a_boot_without_xen(void **state)
{
	static const struct {
		const char *name;
		enum cairn_boot_problem problem;
		enum cairn_secure_boot secure_boot;
	} logs[] = {
	    {"eventlog/tcg2-archlinux-workstation.bin", CAIRN_BOOT_EVENT_TYPE, CAIRN_SECURE_BOOT_OFF},
	    {"eventlog/tcg2-ludmilla-realpcr.bin", CAIRN_BOOT_NO_XEN, CAIRN_SECURE_BOOT_OFF},
	    {"eventlog/tcg2-gce-rhel8.bin", CAIRN_BOOT_EVENT_TYPE, CAIRN_SECURE_BOOT_ON},
	    {"eventlog/hostile-type-relabel.bin", CAIRN_BOOT_TEXT_DIFFERS, CAIRN_SECURE_BOOT_OFF},
	    {"eventlog/tcg2-amd635.bin", CAIRN_BOOT_NO_XEN, CAIRN_SECURE_BOOT_ON},
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		struct cairn_eventlog log;
		struct cairn_boot_facts f;

		data_load(&bytes, logs[i].name);
		assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
		assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
		if (f.problem != logs[i].problem || f.secure_boot != logs[i].secure_boot)
			fail_msg("%s: %s, Secure Boot %d", logs[i].name, cairn_boot_problem_text(f.problem),
				 f.secure_boot);
		assert_int_equal(f.xen.path.len, 0);
		assert_int_equal(f.xen.digest.alg, CAIRN_ALG_NONE);
		assert_int_equal(f.modules, 0);
	}
}

/* ---- logs made here, with one SHA-256 bank
 * ------------------------------------------------------------------- */
static void add_u32le(struct cairn_buf *b, uint32_t v)
{
	for (int k = 0; k < 4; k++)
		cairn_buf_add_u8(b, (uint8_t)(v >> (8 * k)));
}

static void begin(struct cairn_buf *b)
{
	static const uint8_t zero[20] = {0};

	b->len = 0;
	add_u32le(b, 0);
	add_u32le(b, CAIRN_EV_NO_ACTION);
	cairn_buf_add(b, cairn_span(zero, 20));
	add_u32le(b, 37);
	cairn_buf_add(b, cairn_span("Spec ID Event03\0\0\0\0\0\0\2\0\2\2\0\0\0\x0b\0\x20\0\4\0\x14\0\0", 37));
}

/* An event whose SHA-256 digest is that of hashed; NULL: a SHA-1 digest only. */
static void add(struct cairn_buf *b, uint32_t pcr, uint32_t type, struct cairn_span data, const char *hashed)
{
	struct cairn_digest d;

	add_u32le(b, pcr);
	add_u32le(b, type);
	add_u32le(b, 1);
	if (!hashed) {
		cairn_buf_add(b, cairn_span("\4\0"
					    "12345678901234567890",
					    22));
	} else {
		assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(hashed)), CAIRN_OK);
		cairn_buf_add(b, cairn_span("\x0b\0", 2));
		cairn_buf_add(b, cairn_digest_span(&d));
	}
	add_u32le(b, (uint32_t)data.len);
	cairn_buf_add(b, data);
}

/* line: "cmd X", "kernel X", "module X" or "file PATH" as GRUB does it; "lie X": a command that was not
 * hashed; "type X": a command with another event type; "untold X": a command with another prefix; "bare
 * PATH": a file without digest. */
static void add_line(struct cairn_buf *b, const char *line)
{
	static const struct {
		const char *word, *prefix;
	} texts[] = {{"cmd ", "grub_cmd: "},
		     {"kernel ", "kernel_cmdline: "},
		     {"module ", "module_cmdline: "},
		     {"lie ", "grub_cmd: "},
		     {"type ", "grub_cmd: "},
		     {"untold ", "grub_cmd "},
		     {"file ", ""},
		     {"bare ", ""}};
	cairn_auto_buf struct cairn_buf data = {0};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t n = strlen(texts[i].word);
		const char *hashed = line + n;

		if (strncmp(line, texts[i].word, n) != 0)
			continue;
		cairn_buf_add_fmt(&data, "%s%s", texts[i].prefix, line + n);
		cairn_buf_add_u8(&data, 0);
		if (line[0] == 'l')
			hashed = "other";
		if (line[0] == 'b')
			hashed = NULL;
		add(b, texts[i].prefix[0] ? 8 : 9, line[0] == 't' ? CAIRN_EV_POST_CODE : CAIRN_EV_IPL,
		    cairn_buf_span(&data), hashed);
		return;
	}
	fail_msg("%s", line);
}

static struct cairn_boot_facts facts_of(struct cairn_buf *b, const char *const *lines)
{
	struct cairn_boot_facts f;
	struct cairn_eventlog log;

	begin(b);
	for (size_t i = 0; lines[i]; i++)
		add_line(b, lines[i]);
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(b)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	return f;
}

#define XEN    "file /grub.cfg", "cmd multiboot2 /xen a b", "file /xen", "kernel a b"
#define KERNEL "cmd module2 /linux c", "file /linux", "module c"
#define INITRD "cmd module2 --nounzip /initrd", "file /initrd", "module "
#define LINES  (const char *const[])

static void boots_that_are_vouched_for(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_boot_facts f;

	(void)state;
	f = facts_of(&b, LINES{XEN, KERNEL, INITRD, "cmd boot", NULL});
	assert_int_equal(f.problem, CAIRN_BOOT_OK);
	assert_text(f.xen.path, "/xen");
	assert_text(f.initrd.path, "/initrd");
	assert_text(f.kernel.cmdline, "c");
	assert_int_equal(f.secure_boot, CAIRN_SECURE_BOOT_UNKNOWN);
	f = facts_of(&b,
		     LINES{"cmd linux /x", "file /x", "kernel /x", XEN, "cmd echo Loading", KERNEL, NULL});
	assert_int_equal(f.problem, CAIRN_BOOT_OK);
	assert_int_equal(f.modules, 1);
	assert_int_equal(f.initrd.path.len, 0);
	f = facts_of(&b, LINES{XEN, KERNEL, INITRD, "cmd module2 /policy", "file /policy", "module ", NULL});
	assert_int_equal(f.problem, CAIRN_BOOT_OK);
	assert_int_equal(f.modules, 3);
	f = facts_of(&b, LINES{XEN, KERNEL, INITRD, "cmd module2 /p", "file /p", "module ", "cmd module2 /q",
			       "file /q", "module ", NULL});
	assert_int_equal(f.problem, CAIRN_BOOT_OK);
	assert_int_equal(f.modules, 4);
}

static void boots_that_are_not(void **state)
{
	static const struct {
		enum cairn_boot_problem problem;
		unsigned event;
		const char *lines[16];
	} cases[] = {
	    {CAIRN_BOOT_NO_XEN, 0, {NULL}},
	    {CAIRN_BOOT_NO_XEN, 0, {"cmd linux /linux", "file /linux", "kernel c", NULL}},
	    {CAIRN_BOOT_NO_XEN, 0, {XEN, NULL}},
	    {CAIRN_BOOT_NO_XEN, 0, {"cmd module2 /linux", "file /linux", NULL}},
	    {CAIRN_BOOT_COMMAND, 8, {XEN, KERNEL, "cmd linux /evil", "file /evil", NULL}},
	    {CAIRN_BOOT_COMMAND, 8, {XEN, KERNEL, "cmd chainloader /evil", NULL}},
	    {CAIRN_BOOT_COMMAND, 8, {XEN, KERNEL, "cmd set root=hd1", INITRD, NULL}},
	    {CAIRN_BOOT_COMMAND, 8, {XEN, KERNEL, "cmd ", NULL}},
	    {CAIRN_BOOT_COMMAND, 8, {XEN, KERNEL, "cmd bootx", NULL}},
	    {CAIRN_BOOT_REPEATED, 8, {XEN, KERNEL, "cmd multiboot2 /evil", "file /evil", "kernel ", NULL}},
	    {CAIRN_BOOT_REPEATED, 5, {XEN, "kernel c d", KERNEL, NULL}},
	    {CAIRN_BOOT_REPEATED, 5, {XEN, "file /xen", KERNEL, NULL}},
	    {CAIRN_BOOT_REPEATED, 5, {XEN, "module c", KERNEL, NULL}},
	    {CAIRN_BOOT_REPEATED, 3, {"cmd multiboot2 /xen a", "file /xen", "module a", KERNEL, NULL}},
	    {CAIRN_BOOT_REPEATED, 7, {XEN, "cmd module2 /linux c", "file /linux", "kernel c", NULL}},
	    {CAIRN_BOOT_REPEATED, 13, {XEN, KERNEL, INITRD, "cmd module2 /p", "file /p", "file /p", NULL}},
	    {CAIRN_BOOT_REPEATED,
	     14,
	     {XEN, KERNEL, INITRD, "cmd module2 /p", "file /p", "module ", "module ", NULL}},
	    {CAIRN_BOOT_INCOMPLETE, 0, {"cmd multiboot2 /xen a b", "kernel a b", KERNEL, NULL}},
	    {CAIRN_BOOT_INCOMPLETE, 0, {"cmd multiboot2 /xen a b", "file /xenx", "kernel a b", KERNEL, NULL}},
	    {CAIRN_BOOT_INCOMPLETE, 0, {XEN, KERNEL, "cmd module2 /initrd", "file /initrd", NULL}},
	    {CAIRN_BOOT_INCOMPLETE, 6, {XEN, "cmd module2 /linux c", "bare /linux", "module c", NULL}},
	    {CAIRN_BOOT_TEXT_DIFFERS, 8, {XEN, KERNEL, "lie boot", NULL}},
	    {CAIRN_BOOT_TEXT_DIFFERS, 1, {"lie set a=b", XEN, KERNEL, NULL}},
	    {CAIRN_BOOT_EVENT_TYPE, 8, {XEN, KERNEL, "type linux /evil", NULL}},
	    {CAIRN_BOOT_EVENT_TYPE, 8, {XEN, KERNEL, "untold linux /evil", NULL}},
	};
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cairn_boot_facts f = facts_of(&b, cases[i].lines);

		if (f.problem != cases[i].problem || f.problem_event != cases[i].event)
			fail_msg("case %zu: %s (event %u)", i, cairn_boot_problem_text(f.problem),
				 f.problem_event);
		assert_int_equal(f.xen.path.len + f.xen.cmdline.len + f.kernel.path.len + f.initrd.path.len,
				 0);
		assert_int_equal(f.xen.digest.alg, CAIRN_ALG_NONE);
		assert_int_equal(f.modules, 0);
	}
}

static void grub_texts(void **state)
{
	/* Texts that GRUB does not write so: no NUL at the end, one inside, another PCR, no text. What starts with a
	 * prefix in PCR 8 must nevertheless be what was hashed. */
	static const enum cairn_event_check checks[] = {CAIRN_EVENT_MATCHES, CAIRN_EVENT_DIFFERS,
							CAIRN_EVENT_UNCHECKED, CAIRN_EVENT_UNCHECKED};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_eventlog log;
	struct cairn_eventlog_iter it;
	struct cairn_event ev;
	struct cairn_span text;

	(void)state;
	begin(&b);
	add(&b, 8, CAIRN_EV_IPL, cairn_span("grub_cmd: x", 11), "x");
	add(&b, 8, CAIRN_EV_IPL, cairn_span("grub_cmd: x\0y\0", 14), "x");
	add(&b, 7, CAIRN_EV_IPL, cairn_span("grub_cmd: x", 12), "x");
	add(&b, 9, CAIRN_EV_IPL, cairn_span("", 0), "x");
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		enum cairn_event_check check;

		assert_int_equal(cairn_event_grub_text(&text, &ev), CAIRN_GRUB_NONE);
		assert_int_equal(cairn_event_check(&check, &ev), CAIRN_OK);
		assert_int_equal(check, checks[ev.number - 1]);
	}
	assert_int_equal(it.number, 4);
}

/* An EV_SEPARATOR retyped: its digest is that of its data, but no text is made of NULs. */
static void action_of_nuls(void **state)
{
	static const struct {
		struct cairn_span data;
		enum cairn_event_check check;
	} rows[] = {{{(const uint8_t *)"\0\0\0\0", 4}, CAIRN_EVENT_DIFFERS},
		    {{(const uint8_t *)"text\0", 5}, CAIRN_EVENT_MATCHES},
		    {{(const uint8_t *)"", 0}, CAIRN_EVENT_MATCHES}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cairn_event ev = {.number = 1, .pcr = 7, .type = CAIRN_EV_EFI_ACTION, .count = 1};
		enum cairn_event_check check;
		struct cairn_digest d;

		assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, rows[i].data), CAIRN_OK);
		ev.data = rows[i].data;
		ev.digest[0] = (struct cairn_event_digest){CAIRN_ALG_SHA256, cairn_digest_span(&d)};
		assert_int_equal(cairn_event_check(&check, &ev), CAIRN_OK);
		assert_int_equal(check, rows[i].check);
	}
}

static void too_many_images(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_eventlog log;
	struct cairn_boot_facts f;

	(void)state;
	begin(&b);
	for (int i = 0; i < CAIRN_BOOT_IMAGES_MAX + 3; i++)
		add(&b, 4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, cairn_span("image", 5), "image");
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_int_equal(f.problem, CAIRN_BOOT_LIMIT);
	assert_int_equal(f.image_count, CAIRN_BOOT_IMAGES_MAX);
}

/* EV_NO_ACTION extends nothing, whatever its PCR; an image without a digest of the bank may be any. */
static void events_of_one_kind(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_eventlog log;
	struct cairn_boot_facts f;

	(void)state;
	begin(&b);
	add(&b, 8, CAIRN_EV_NO_ACTION, cairn_span("x", 1), "x");
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_int_equal(f.problem, CAIRN_BOOT_NO_XEN);
	begin(&b);
	add(&b, 4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, cairn_span("image", 5), NULL);
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	assert_int_equal(f.problem, CAIRN_BOOT_INCOMPLETE);
	assert_int_equal(f.problem_event, 1);
}

/* UEFI_VARIABLE_DATA of SecureBoot. */
static void add_secure_boot(struct cairn_buf *b, const char *value, size_t len, bool lie)
{
	cairn_auto_buf struct cairn_buf data = {0};
	struct cairn_digest d;

	cairn_buf_add(&data,
		      cairn_span("\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c", 16));
	cairn_buf_add(&data, cairn_span("\x0a\0\0\0\0\0\0\0", 8));
	cairn_buf_add_u8(&data, (uint8_t)len);
	cairn_buf_add(&data, cairn_span("\0\0\0\0\0\0\0", 7));
	cairn_buf_add(&data, cairn_span("S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0", 20));
	cairn_buf_add(&data, cairn_span(value, len));
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&data)), CAIRN_OK);
	add_u32le(b, 7);
	add_u32le(b, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG);
	add_u32le(b, 1);
	cairn_buf_add(b, cairn_span("\x0b\0", 2));
	d.bytes[0] ^= lie ? 1 : 0;
	cairn_buf_add(b, cairn_digest_span(&d));
	add_u32le(b, (uint32_t)data.len);
	cairn_buf_add(b, cairn_buf_span(&data));
}

static enum cairn_secure_boot secure_boot_of(struct cairn_buf *b)
{
	struct cairn_boot_facts f;
	struct cairn_eventlog log;

	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(b)), CAIRN_OK);
	assert_int_equal(cairn_boot_facts(&f, &log, CAIRN_ALG_SHA256), CAIRN_OK);
	return f.secure_boot;
}

static void secure_boot(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	begin(&b);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	add_secure_boot(&b, "\1", 1, false);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_ON);
	add_secure_boot(&b, "\1", 1, false);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_ON);
	add_secure_boot(&b, "\0", 1, false); /* it cannot be both */
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	add_secure_boot(&b, "\1", 1, false); /* nor become so again */
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	begin(&b);
	add_secure_boot(&b, "\1", 1, true);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	begin(&b);
	add_secure_boot(&b, "\1\0", 2, false);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	begin(&b);
	add_secure_boot(&b, "\2", 1, false);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_UNKNOWN);
	begin(&b);
	add_secure_boot(&b, "", 0, false);
	assert_int_equal(secure_boot_of(&b), CAIRN_SECURE_BOOT_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_boot),
	    cmocka_unit_test(a_boot_without_xen),
	    cmocka_unit_test(boots_that_are_vouched_for),
	    cmocka_unit_test(boots_that_are_not),
	    cmocka_unit_test(grub_texts),
	    cmocka_unit_test(action_of_nuls),
	    cmocka_unit_test(too_many_images),
	    cmocka_unit_test(events_of_one_kind),
	    cmocka_unit_test(secure_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
