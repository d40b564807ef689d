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
#include "cairn/xenimage.h"
#include "grub_fixture.h"
#include "platform_fixture.h"

static const char *const no_tpm[] = {"normal", "configfile", "multiboot2", "boot", NULL};

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

static void check_host_record(const struct platform_medium *m, struct cairn_platform *p)
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
	const struct platform_medium *m = *state;
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
	cairn_platform_free(NULL);
}

static void a_platform_manifest_foretells_the_pcrs(void **state)
{
	const struct platform_medium *m = *state;
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

/* because: the whole text, with %s for the directory of the medium. */
static void refused(const struct platform_medium *m, enum cairn_status expected, const char *because)
{
	cairn_auto_buf struct cairn_buf why = {0}, want = {0};
	struct cairn_platform *p = NULL;
	const char *dir = strstr(because, "%s");
	if (dir)
		cairn_buf_add_fmt(&want, "%.*s%s%s", (int)(dir - because), because, m->dir, dir + 2);
	else
		cairn_buf_add_str(&want, because);
	assert_int_equal(cairn_platform_describe(&p, &m->files, &why), expected);
	assert_null(p);
	assert_string_equal(cairn_buf_str(&why), cairn_buf_str(&want));
	assert_int_equal(cairn_platform_describe(&p, &m->files, NULL), expected);
}

static void what_cannot_be_foretold_is_refused(void **state)
{
	struct platform_medium *m = *state;
	static const struct {
		const char *cfg;
		enum cairn_status status;
		const char *why;
	} bad[] = {
	    {"set x=1\n", CAIRN_E_UNSUPPORTED,
	     "/EFI/cairn/grub.cfg:1: a variable that may change what GRUB reads: x=1"},
	    {"multiboot2 /EFI/../xen\n", CAIRN_E_UNSUPPORTED,
	     "/EFI/../xen: a path with \"..\"; /EFI/cairn/grub.cfg:1: cannot read the file: /EFI/../xen"},
	    {"multiboot2 /EFI/cairn/XEN\n", CAIRN_E_NOTFOUND,
	     "%s/EFI/cairn/XEN: not found; /EFI/cairn/grub.cfg:1: cannot read the file: /EFI/cairn/XEN"},
	    {"multiboot2 /EFI/cairn/xen -- x\nmodule2 /EFI/cairn/vmlinuz\nmodule2 "
	     "/EFI/cairn/dom0.img\nboot\n",
	     CAIRN_E_UNSUPPORTED, "-- x: Xen would change its own or dom0's command line"},
	    {"multiboot2 /EFI/cairn/xen noapic\nmodule2 /EFI/cairn/vmlinuz\nmodule2 "
	     "/EFI/cairn/dom0.img\nboot\n",
	     CAIRN_E_UNSUPPORTED, "noapic: Xen would change its own or dom0's command line"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		platform_put(m, "EFI/cairn/grub.cfg", cairn_span_str(bad[i].cfg));
		refused(m, bad[i].status, bad[i].why);
	}
}

static void a_bad_grub_image_is_refused(void **state)
{
	struct platform_medium *m = *state;
	cairn_auto_buf struct cairn_buf efi = {0};
	assert_int_equal(cairn_file_read(&efi, "tests/data/boot/cairnboot.efi", 1u << 20), CAIRN_OK);
	platform_put_grub(m, no_tpm, PLATFORM_CONFIG, "/EFI/cairn");
	refused(m, CAIRN_E_UNSUPPORTED,
		"/EFI/cairn/grub.cfg: the GRUB image has no tpm module: it measures nothing");
	platform_put_grub(m, platform_modules, "search x\n", "/EFI/cairn");
	refused(m, CAIRN_E_UNSUPPORTED,
		"configuration inside the GRUB image:1: an embedded configuration that does not begin with "
		"configfile");
	platform_put_grub(m, platform_modules, "configfile $x\n", "/EFI/cairn");
	refused(m, CAIRN_E_UNSUPPORTED, "configuration inside the GRUB image:1: a variable or an escape");
	platform_put_grub(m, platform_modules, NULL, "(memdisk)/boot");
	refused(m, CAIRN_E_UNSUPPORTED,
		"configuration inside the GRUB image: a GRUB image whose prefix is not a plain path");
	platform_put_grub(m, platform_modules, NULL, "/EFI/../cairn");
	refused(m, CAIRN_E_UNSUPPORTED, "/EFI/../cairn/x86_64-efi: a path with \"..\"");
	platform_put_grub(m, platform_modules, "configfile /EFI/absent.cfg\n", "/EFI/cairn");
	refused(m, CAIRN_E_NOTFOUND, "%s/EFI/absent.cfg: not found");
	platform_put(m, "EFI/cairn/grubx64.efi", cairn_buf_span(&efi));
	refused(m, CAIRN_E_NOTFOUND, "EFI/cairn/grubx64.efi: not a GRUB image made by grub-mkimage");
	platform_put(m, "EFI/cairn/grubx64.efi", cairn_span_str("MZ"));
	refused(m, CAIRN_E_TRUNCATED, "EFI/cairn/grubx64.efi: not an EFI program that can be measured");
	platform_put_grub(m, platform_modules, NULL, "/EFI/cairn");
	platform_make_dir(m, "EFI/cairn/x86_64-efi");
	refused(m, CAIRN_E_UNSUPPORTED,
		"%s/EFI/cairn/x86_64-efi: GRUB would read lists of modules from it; remove it");
	struct cairn_platform *p = NULL; /* with a configuration of its own it does not */
	platform_put_grub(m, platform_modules, PLATFORM_CONFIG, "/EFI/cairn");
	assert_int_equal(cairn_platform_describe(&p, &m->files, NULL), CAIRN_OK);
	cairn_platform_free(p);
}

/* Those that are read last come first: none is mended again. */
static void bad_files_are_refused(void **state)
{
	struct platform_medium *m = *state;
	static const char *const absent = "/dev/null/absent";
	static const struct {
		const char *file, *text;
		enum cairn_status status;
		const char *why;
	} bad[] = {
	    {"EFI/cairn/xen", "no image", CAIRN_E_MALFORMED,
	     "/EFI/cairn/xen: no build id can be read from this Xen image"},
	    {"authorities.jwks", "{}", CAIRN_E_MALFORMED,
	     "%s/authorities.jwks: not a set of JSON Web Keys: the bytes do not follow their format"},
	    {"cairnd.conf", "mode.guest = off\n", CAIRN_E_USAGE,
	     "%s/cairnd.conf:1: 'mode.guest' must be one of: enforce, audit, record"},
	    {"EFI/BOOT/BOOTX64.EFI", "MZ", CAIRN_E_TRUNCATED,
	     "EFI/BOOT/BOOTX64.EFI: not an EFI program that can be measured"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		platform_put(m, bad[i].file, cairn_span_str(bad[i].text));
		refused(m, bad[i].status, bad[i].why);
	}
	m->files.efi = "EFI/BOOT/absent.efi";
	refused(m, CAIRN_E_NOTFOUND, "%s/EFI/BOOT/absent.efi: not found");
	m->files.efi = m->files.grub = CAIRN_PLATFORM_GRUB; /* which is a program that can be measured */
	m->files.agent = absent;
	refused(m, CAIRN_E_NOTFOUND, "/dev/null/absent: not found");
	m->files.grub = "EFI/cairn/absent.efi";
	refused(m, CAIRN_E_NOTFOUND, "%s/EFI/cairn/absent.efi: not found");
}

/* Xen would cut it. */
static void a_long_line_of_xen_is_refused(void **state)
{
	struct platform_medium *m = *state;
	cairn_auto_buf struct cairn_buf cfg = {0}, why = {0};
	struct cairn_platform *p = NULL;
	cairn_buf_add_str(&cfg, "multiboot2 /EFI/cairn/xen ");
	for (unsigned i = 0; i < CAIRN_XEN_CMDLINE_MAX; i++)
		cairn_buf_add_str(&cfg, "x");
	cairn_buf_add_str(&cfg, "\nmodule2 /EFI/cairn/vmlinuz\nmodule2 /EFI/cairn/dom0.img\nboot\n");
	platform_put(m, "EFI/cairn/grub.cfg", cairn_buf_span(&cfg));
	assert_int_equal(cairn_platform_describe(&p, &m->files, &why), CAIRN_E_LIMIT);
	assert_non_null(strstr(cairn_buf_str(&why), "x: Xen would change its own or dom0's command line"));
	assert_null(p);
}

static void more_authorities_than_fit_are_refused(void **state)
{
	struct platform_medium *m = *state;
	cairn_auto_jwks struct cairn_jwks *set = NULL;
	assert_int_equal(cairn_jwks_new(&set), CAIRN_OK);
	for (size_t i = 0; i <= CAIRN_TRUST_MAX; i++) {
		cairn_auto_key struct cairn_key *k = NULL;
		assert_int_equal(cairn_key_generate(&k, CAIRN_SIG_EDDSA), CAIRN_OK);
		assert_int_equal(cairn_jwks_add(set, k), CAIRN_OK);
		if (i + 1 < CAIRN_TRUST_MAX)
			continue;
		cairn_auto_json json_t *v = NULL;
		cairn_auto_buf struct cairn_buf text = {0};
		struct cairn_platform *p = NULL;
		assert_int_equal(cairn_jwks_json(&v, set), CAIRN_OK);
		assert_int_equal(cairn_json_dump(&text, v), CAIRN_OK);
		platform_put(m, "authorities.jwks", cairn_buf_span(&text));
		if (i == CAIRN_TRUST_MAX)
			refused(m, CAIRN_E_LIMIT, "%s/authorities.jwks: too many keys");
		else
			assert_int_equal(cairn_platform_describe(&p, &m->files, NULL), CAIRN_OK);
		cairn_platform_free(p);
	}
}

static void every_cut_of_a_grub_image_is_refused(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf image = {0};
	struct cairn_grub_image *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	grub_fixture(&image, platform_modules, PLATFORM_CONFIG, "/EFI/cairn");
	assert_int_equal(cairn_grub_image_parse(g, cairn_buf_span(&image)), CAIRN_OK);
	assert_int_equal(g->count, 5);
	assert_true(cairn_grub_image_has(g, "tpm"));
	assert_false(cairn_grub_image_has(g, "tp"));
	assert_true(cairn_span_equal(g->config, cairn_span_str(PLATFORM_CONFIG)));
	assert_true(cairn_span_equal(g->prefix, cairn_span_str("/EFI/cairn")));
	for (size_t i = 0; i < image.len; i++)
		assert_int_not_equal(cairn_grub_image_parse(g, cairn_span(image.ptr, i)), CAIRN_OK);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(describes_a_boot_medium, platform_setup, platform_teardown),
	    cmocka_unit_test_setup_teardown(a_platform_manifest_foretells_the_pcrs, platform_setup,
					    platform_teardown),
	    cmocka_unit_test_setup_teardown(what_cannot_be_foretold_is_refused, platform_setup,
					    platform_teardown),
	    cmocka_unit_test_setup_teardown(a_bad_grub_image_is_refused, platform_setup, platform_teardown),
	    cmocka_unit_test_setup_teardown(bad_files_are_refused, platform_setup, platform_teardown),
	    cmocka_unit_test_setup_teardown(a_long_line_of_xen_is_refused, platform_setup, platform_teardown),
	    cmocka_unit_test_setup_teardown(more_authorities_than_fit_are_refused, platform_setup,
					    platform_teardown),
	    cmocka_unit_test(every_cut_of_a_grub_image_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
