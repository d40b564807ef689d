/* A platform described from files: events in order, PCR 4 as recorded, the host record, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/grubimage.h"
#include "cairn/authenticode.h"
#include "cairn/platform.h"
#include "grub_fixture.h"

#define CONFIG "configfile /EFI/cairn/grub.cfg\nsleep 5\nreboot\n"
#define CFG                                                                                                  \
	"multiboot2 /EFI/cairn/xen console=com1\nmodule2 /EFI/cairn/vmlinuz console=hvc0\n"                  \
	"module2 --nounzip /EFI/cairn/dom0.img\nboot\n"

static const char *const modules[] = {"normal", "configfile", "multiboot2", "boot", "tpm", NULL};
static const char *const no_tpm[] = {"normal", "configfile", "multiboot2", "boot", NULL};

struct medium {
	char dir[64], agent[96], config[96], authorities[96];
	struct cairn_platform_files files;
	char kid[2][64];
};

static void put(const struct medium *m, const char *name, struct cairn_span bytes)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	assert_int_equal(cairn_file_write(path, bytes, 0644), CAIRN_OK);
}

static void put_grub(const struct medium *m, const char *const *with, const char *config, const char *prefix)
{
	cairn_auto_buf struct cairn_buf image = {0};
	grub_fixture(&image, with, config, prefix);
	put(m, "EFI/cairn/grubx64.efi", cairn_buf_span(&image));
}

/* ELF32 with a PT_NOTE: build id "0102". */
static void put_xen(const struct medium *m)
{
	uint8_t e[112] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
	e[28] = 52;
	e[42] = 32;
	e[44] = 1;
	e[52] = 4;
	e[56] = 84;
	e[68] = 20;
	const uint8_t note[20] = {4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 1, 2, 0, 0};
	memcpy(e + 84, note, sizeof(note));
	put(m, "EFI/cairn/xen", cairn_span(e, sizeof(e)));
}

static void put_authorities(struct medium *m)
{
	cairn_auto_jwks struct cairn_jwks *set = NULL;
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf text = {0};
	assert_int_equal(cairn_jwks_new(&set), CAIRN_OK);
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_key struct cairn_key *k = NULL;
		assert_int_equal(cairn_key_generate(&k, i ? CAIRN_SIG_EDDSA : CAIRN_SIG_ES384), CAIRN_OK);
		snprintf(m->kid[i], sizeof(m->kid[i]), "%s", cairn_key_kid(k));
		assert_int_equal(cairn_jwks_add(set, k), CAIRN_OK);
	}
	assert_int_equal(cairn_jwks_json(&v, set), CAIRN_OK);
	assert_int_equal(cairn_json_dump(&text, v), CAIRN_OK);
	put(m, "authorities.jwks", cairn_buf_span(&text));
}

static void make_dir(const struct medium *m, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
	struct medium *m = calloc(1, sizeof(*m));
	cairn_auto_buf struct cairn_buf efi = {0};
	assert_non_null(m);
	strcpy(m->dir, "/tmp/cairn-platform-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	make_dir(m, "EFI");
	make_dir(m, "EFI/BOOT");
	make_dir(m, "EFI/cairn");
	assert_int_equal(cairn_file_read(&efi, "tests/data/boot/cairnboot.efi", 1u << 20), CAIRN_OK);
	put(m, "EFI/BOOT/BOOTX64.EFI", cairn_buf_span(&efi));
	put_grub(m, modules, CONFIG, "/EFI/cairn");
	put(m, "EFI/cairn/grub.cfg", cairn_span_str(CFG));
	put_xen(m);
	put(m, "EFI/cairn/vmlinuz", cairn_span_str("kernel"));
	put(m, "EFI/cairn/dom0.img", cairn_span_str("initrd"));
	put(m, "cairnd", cairn_span_str("agent"));
	put(m, "cairnd.conf", cairn_span_str("mode.guest = audit\npcr.host = 14\n"));
	put_authorities(m);
	snprintf(m->agent, sizeof(m->agent), "%s/cairnd", m->dir);
	snprintf(m->config, sizeof(m->config), "%s/cairnd.conf", m->dir);
	snprintf(m->authorities, sizeof(m->authorities), "%s/authorities.jwks", m->dir);
	m->files = (struct cairn_platform_files){m->dir, NULL, NULL, m->agent, m->config, m->authorities};
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"EFI/cairn/x86_64-efi",
					    "EFI/BOOT/BOOTX64.EFI",
					    "EFI/cairn/grubx64.efi",
					    "EFI/cairn/grub.cfg",
					    "EFI/cairn/xen",
					    "EFI/cairn/vmlinuz",
					    "EFI/cairn/dom0.img",
					    "EFI/BOOT",
					    "EFI/cairn",
					    "EFI",
					    "cairnd",
					    "cairnd.conf",
					    "authorities.jwks",
					    ""};
	struct medium *m = *state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", m->dir, names[i]);
		remove(path);
	}
	free(m);
	return 0;
}

static void check_order(const struct cairn_platform *p)
{
	static const struct {
		unsigned pcr;
		const char *component;
	} expected[] = {
	    {4, "efi-action"},	{4, "efi-separator"}, {4, "efi-cairn"},	   {4, "efi-grub"},
	    {9, "grub-cfg"},	{8, "grub-cmd"},      {9, "xen"},	   {8, "xen-cmdline"},
	    {8, "grub-cmd"},	{9, "dom0-kernel"},   {8, "dom0-cmdline"}, {8, "grub-cmd"},
	    {9, "dom0-initrd"}, {8, "grub-cmd"},      {8, "grub-cmd"},
	};
	assert_int_equal(p->count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < p->count; i++) {
		assert_int_equal(p->event[i].pcr, expected[i].pcr);
		assert_string_equal(p->event[i].component, expected[i].component);
		assert_int_equal(p->event[i].sha256.alg, CAIRN_ALG_SHA256);
		assert_int_equal(p->event[i].sha384.alg, CAIRN_ALG_SHA384);
	}
}

static void check_sha256(const struct cairn_digest *d, const char *text)
{
	struct cairn_digest expected;
	assert_int_equal(cairn_hash(&expected, CAIRN_ALG_SHA256, cairn_span_str(text)), CAIRN_OK);
	assert_true(cairn_digest_equal(d, &expected));
}

static void check_host_record(const struct medium *m, struct cairn_platform *p)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_record_type type;
	cairn_auto_host struct cairn_host h = {0};
	assert_int_equal(cairn_record_parse(&v, &type, cairn_buf_span(&p->host_record)), CAIRN_OK);
	assert_int_equal(type, CAIRN_RECORD_HOST);
	assert_int_equal(cairn_host_from_json(&h, v), CAIRN_OK);
	check_sha256(&h.agent, "agent");
	check_sha256(&h.kernel, "kernel");
	check_sha256(&h.initrd, "initrd");
	assert_true(cairn_digest_equal(&h.xen, &p->event[6].sha256));
	assert_string_equal(h.build_id, "0102");
	assert_string_equal(h.xen_cmdline, "console=com1");
	assert_string_equal(h.dom0_cmdline, "console=hvc0");
	assert_string_equal(h.mode_guest, "audit");
	assert_int_equal(h.pcrs.host, 14);
	assert_int_equal(h.authority_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(!strcmp(h.authority[i], m->kid[0]) || !strcmp(h.authority[i], m->kid[1]));
}

static void describes_a_boot_medium(void **state)
{
	const struct medium *m = *state;
	cairn_auto_buf struct cairn_buf why = {0}, log = {0};
	struct cairn_platform *p = NULL;
	assert_int_equal(cairn_platform_describe(&p, &m->files, &why), CAIRN_OK);
	assert_int_equal(why.len, 0);
	check_order(p);
	check_host_record(m, p);
	/* The first three events of PCR 4 are those of the recorded boot. */
	assert_int_equal(cairn_file_read(&log, "tests/data/eventlog/xen-grub-swtpm.bin", 1u << 20), CAIRN_OK);
	for (size_t i = 0, at = 0; i < 3; i++, at++) {
		while (at + 48 <= log.len && memcmp(log.ptr + at, p->event[i].sha384.bytes, 48) != 0)
			at++;
		assert_true(at + 48 <= log.len);
	}
	cairn_platform_free(p);
}

static void a_platform_manifest_foretells_the_pcrs(void **state)
{
	const struct medium *m = *state;
	struct cairn_platform *p = NULL;
	cairn_auto_manifest struct cairn_manifest mf = {
	    .kind = CAIRN_MANIFEST_PLATFORM, .name = "test", .release = 1, .not_after = 1};
	assert_int_equal(cairn_platform_describe(&p, &m->files, NULL), CAIRN_OK);
	assert_int_equal(cairn_platform_to_manifest(&mf, p), CAIRN_OK);
	struct cairn_pcrs pcrs, expected;
	assert_int_equal(cairn_manifest_predict(&pcrs, &mf), CAIRN_OK);
	const enum cairn_alg algs[] = {CAIRN_ALG_SHA256};
	struct cairn_digest d;
	assert_int_equal(cairn_pcrs_init(&expected, algs, 1), CAIRN_OK);
	for (size_t i = 0; i < p->count; i++)
		assert_int_equal(cairn_pcrs_extend(&expected, p->event[i].pcr, &p->event[i].sha256),
				 CAIRN_OK);
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&p->host_record)), CAIRN_OK);
	assert_int_equal(cairn_pcrs_extend(&expected, 14, &d), CAIRN_OK);
	const struct cairn_bank *got = cairn_pcrs_bank_const(&pcrs, CAIRN_ALG_SHA256),
				*want = &expected.bank[0];
	assert_int_equal(got->extended, 1u << 4 | 1u << 8 | 1u << 9 | 1u << 14);
	for (unsigned i = 0; i < 16; i++)
		assert_true(cairn_digest_equal(&got->pcr[i], &want->pcr[i]));
	cairn_platform_free(p);
}

static void refused(const struct medium *m, enum cairn_status expected, const char *because)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_platform *p = NULL;
	assert_int_equal(cairn_platform_describe(&p, &m->files, &why), expected);
	assert_null(p);
	assert_non_null(cairn_buf_str(&why));
	assert_non_null(strstr(cairn_buf_str(&why), because));
}

static void what_cannot_be_foretold_is_refused(void **state)
{
	struct medium *m = *state;
	put(m, "EFI/cairn/grub.cfg", cairn_span_str("set x=1\n"));
	refused(m, CAIRN_E_UNSUPPORTED, "/EFI/cairn/grub.cfg:1: ");
	put(m, "EFI/cairn/grub.cfg", cairn_span_str("multiboot2 /EFI/../xen\n"));
	refused(m, CAIRN_E_UNSUPPORTED, "..");
	put(m, "EFI/cairn/grub.cfg", cairn_span_str("multiboot2 /EFI/cairn/XEN\n"));
	refused(m, CAIRN_E_NOTFOUND, "/EFI/cairn/XEN");
	put(m, "EFI/cairn/grub.cfg", cairn_span_str(CFG));
	put_grub(m, no_tpm, CONFIG, "/EFI/cairn");
	refused(m, CAIRN_E_UNSUPPORTED, "tpm");
	put_grub(m, modules, "search x\n", "/EFI/cairn");
	refused(m, CAIRN_E_UNSUPPORTED, "configuration inside");
	put_grub(m, modules, NULL, "(memdisk)/boot");
	refused(m, CAIRN_E_UNSUPPORTED, "prefix");
	put(m, "EFI/cairn/grubx64.efi", cairn_span_str("MZ"));
	refused(m, CAIRN_E_TRUNCATED, "grubx64.efi");
	put_grub(m, modules, NULL, "/EFI/cairn");
	make_dir(m, "EFI/cairn/x86_64-efi");
	refused(m, CAIRN_E_UNSUPPORTED, "x86_64-efi");
	put_grub(m, modules, CONFIG, "/EFI/cairn");
	put(m, "EFI/cairn/xen", cairn_span_str("no image"));
	refused(m, CAIRN_E_MALFORMED, "/EFI/cairn/xen");
	put_xen(m);
	put(m, "cairnd.conf", cairn_span_str("mode.guest = off\n"));
	refused(m, CAIRN_E_USAGE, "mode.guest");
	put(m, "cairnd.conf", cairn_span_str("\n"));
	put(m, "authorities.jwks", cairn_span_str("{}"));
	refused(m, CAIRN_E_MALFORMED, "authorities.jwks");
}

static void every_cut_of_a_grub_image_is_refused(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf image = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	grub_fixture(&image, modules, CONFIG, "/EFI/cairn");
	assert_int_equal(cairn_grub_image_parse(g, cairn_buf_span(&image)), CAIRN_OK);
	assert_int_equal(g->count, 5);
	assert_true(cairn_grub_image_has(g, "tpm"));
	assert_false(cairn_grub_image_has(g, "tp"));
	assert_true(cairn_span_equal(g->config, cairn_span_str(CONFIG)));
	assert_true(cairn_span_equal(g->prefix, cairn_span_str("/EFI/cairn")));
	for (size_t i = 0; i < image.len; i++)
		assert_int_not_equal(cairn_grub_image_parse(g, cairn_span(image.ptr, i)), CAIRN_OK);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(describes_a_boot_medium, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_platform_manifest_foretells_the_pcrs, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_cannot_be_foretold_is_refused, setup, teardown),
	    cmocka_unit_test(every_cut_of_a_grub_image_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
