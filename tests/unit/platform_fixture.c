/* A boot medium in a directory of its own, and what else a platform manifest is made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grub_fixture.h"
#include "platform_fixture.h"

const char *const platform_modules[] = {"normal", "configfile", "multiboot2", "boot", "tpm", NULL};

void platform_put(const struct platform_medium *m, const char *name, struct cairn_span bytes)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	assert_int_equal(cairn_file_write(path, bytes, 0644), CAIRN_OK);
}

void platform_put_grub(const struct platform_medium *m, const char *const *with, const char *config,
		       const char *prefix)
{
	cairn_auto_buf struct cairn_buf image = {0};
	grub_fixture(&image, with, config, prefix);
	platform_put(m, "EFI/cairn/grubx64.efi", cairn_buf_span(&image));
}

/* ELF32 with a PT_NOTE: build id "0102". */
void platform_put_xen(const struct platform_medium *m)
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
	platform_put(m, "EFI/cairn/xen", cairn_span(e, sizeof(e)));
}

static void put_authorities(struct platform_medium *m)
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
	platform_put(m, "authorities.jwks", cairn_buf_span(&text));
}

void platform_make_dir(const struct platform_medium *m, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

int platform_setup(void **state)
{
	struct platform_medium *m = calloc(1, sizeof(*m));
	cairn_auto_buf struct cairn_buf efi = {0};
	assert_non_null(m);
	strcpy(m->dir, "/tmp/cairn-platform-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	platform_make_dir(m, "EFI");
	platform_make_dir(m, "EFI/BOOT");
	platform_make_dir(m, "EFI/cairn");
	assert_int_equal(cairn_file_read(&efi, "tests/data/boot/cairnboot.efi", 1u << 20), CAIRN_OK);
	platform_put(m, "EFI/BOOT/BOOTX64.EFI", cairn_buf_span(&efi));
	platform_put_grub(m, platform_modules, PLATFORM_CONFIG, "/EFI/cairn");
	platform_put(m, "EFI/cairn/grub.cfg", cairn_span_str(PLATFORM_CFG));
	platform_put_xen(m);
	platform_put(m, "EFI/cairn/vmlinuz", cairn_span_str("kernel"));
	platform_put(m, "EFI/cairn/dom0.img", cairn_span_str("initrd"));
	platform_put(m, "cairnd", cairn_span_str("agent"));
	platform_put(m, "cairnd.conf", cairn_span_str("mode.guest = audit\npcr.host = 14\n"));
	put_authorities(m);
	snprintf(m->agent, sizeof(m->agent), "%s/cairnd", m->dir);
	snprintf(m->config, sizeof(m->config), "%s/cairnd.conf", m->dir);
	snprintf(m->authorities, sizeof(m->authorities), "%s/authorities.jwks", m->dir);
	m->files = (struct cairn_platform_files){m->dir, NULL, NULL, m->agent, m->config, m->authorities};
	*state = m;
	return 0;
}

int platform_teardown(void **state)
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
	struct platform_medium *m = *state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", m->dir, names[i]);
		remove(path);
	}
	free(m);
	return 0;
}
