/* Faults while a boot is foretold: EFI programs, GRUB's configuration, Xen's image, a whole boot medium. */
#include <stdio.h>

#include "faulttasks.h"

#include "cairn/authenticode.h"
#include "cairn/platform.h"
#include "cairn/xenimage.h"
#include "platform_fixture.h"

static struct cairn_buf program, xen;
static const struct platform_medium *medium;

static void load(struct cairn_buf *b, const char *path)
{
	assert_int_equal(cairn_file_read(b, path, 1u << 20), CAIRN_OK);
}

static void say_text(struct cairn_buf *said, const char *text)
{
	say(said, cairn_span_str(text ? text : "nothing"));
}

static enum cairn_status authenticode(struct cairn_buf *said)
{
	struct cairn_digest d = {0};
	enum cairn_status st = cairn_authenticode_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&program));
	say(said, cairn_digest_span(&d));
	return st;
}

/* ---- GRUB ---- */

static enum cairn_status any_file(void *ctx, const char *path, struct cairn_component *out)
{
	(void)ctx;
	return cairn_component_of(out, cairn_span_str(path));
}

static bool every_module(void *ctx, const char *module)
{
	(void)ctx;
	(void)module;
	return true;
}

static enum cairn_status grub(struct cairn_buf *said)
{
	static const char cfg[] = "set timeout=1\nmultiboot2 /xen 'a b'\nmodule2 /k c\nmodule2 /i\nboot\n";
	static const struct cairn_grub_files files = {any_file, every_module, NULL};
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	enum cairn_status st =
	    cairn_grub_predict(&b, cairn_span_str(cfg), "/EFI/cairn/grub.cfg", &files, &fault);
	if (st)
		return st;
	for (size_t i = 0; i < b->count; i++) {
		say_text(said, b->event[i].text);
		say(said, cairn_digest_span(&b->event[i].sha256));
		say(said, cairn_digest_span(&b->event[i].sha384));
	}
	const struct cairn_grub_module *const modules[] = {&b->xen, &b->dom0_kernel, &b->dom0_initrd};
	for (size_t i = 0; i < 3; i++) {
		say_text(said, modules[i]->path);
		say_text(said, modules[i]->cmdline);
	}
	cairn_grub_boot_free(b);
	return st;
}

static enum cairn_status config_path(struct cairn_buf *said, const char *embedded)
{
	cairn_auto_buf struct cairn_buf path = {0};
	struct cairn_grub_fault fault;
	enum cairn_status st =
	    cairn_grub_config_path(&path, cairn_span_str(embedded), cairn_span_str("/boot/grub"), &fault);
	say(said, cairn_buf_span(&path));
	return st;
}

static enum cairn_status named_path(struct cairn_buf *said)
{
	return config_path(said, "configfile /EFI/cairn/grub.cfg\n");
}

static enum cairn_status prefix_path(struct cairn_buf *said)
{
	return config_path(said, "");
}

static void test_grub(void **state)
{
	(void)state;
	load(&program, "tests/data/boot/signed-sha256.efi");
	each_fault(authenticode, CAIRN_OK, CALM);
	each_fault(grub, CAIRN_OK, NO_BLAME);
	each_fault(named_path, CAIRN_OK, NO_BLAME);
	each_fault(prefix_path, CAIRN_OK, NO_BLAME);
}

/* ---- Xen ---- */

static enum cairn_status build_id(struct cairn_buf *said)
{
	struct cairn_build_id id = {0};
	enum cairn_status st = cairn_xen_build_id(&id, cairn_buf_span(&xen));
	say(said, cairn_span(id.bytes, id.len));
	return st;
}

static enum cairn_status running_line(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_xen_running_cmdline(&b, "a b");
	say(said, cairn_buf_span(&b));
	return st;
}

static enum cairn_status dom0_line(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_xen_dom0_cmdline(&b, "a b", "c");
	say(said, cairn_buf_span(&b));
	return st;
}

static void gzip(struct cairn_buf *out, const char *path)
{
	cairn_auto_buf struct cairn_buf in = {0};
	uint8_t packed[512];
	load(&in, path);
	z_stream z = {
	    .next_in = in.ptr, .avail_in = (uInt)in.len, .next_out = packed, .avail_out = sizeof(packed)};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	cairn_buf_add(out, cairn_span(packed, sizeof(packed) - z.avail_out));
	deflateEnd(&z);
}

static void test_xen(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof(path), "%s/EFI/cairn/xen", medium->dir);
	gzip(&xen, path);
	each_fault(build_id, CAIRN_OK, NO_BLAME);
	each_fault(running_line, CAIRN_OK, NO_BLAME);
	each_fault(dom0_line, CAIRN_OK, NO_BLAME);
}

/* ---- a boot medium, a platform manifest ---- */

static enum cairn_status described(struct cairn_buf *said, const struct cairn_platform_files *files)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_platform *p = NULL;
	enum cairn_status st = cairn_platform_describe(&p, files, &why);
	if (st) { /* what has no reason of its own gives none */
		assert_null(p);
		assert_false(why.len > 1 && memcmp(why.ptr + why.len - 2, ": ", 2) == 0);
		return st;
	}
	for (size_t i = 0; i < p->count; i++) {
		say_text(said, p->event[i].text);
		say(said, cairn_digest_span(&p->event[i].sha256));
		say(said, cairn_digest_span(&p->event[i].sha384));
	}
	say(said, cairn_buf_span(&p->host_record));
	cairn_platform_free(p);
	return st;
}

static enum cairn_status configured(struct cairn_buf *said)
{
	return described(said, &medium->files);
}

static enum cairn_status by_the_defaults(struct cairn_buf *said)
{
	struct cairn_platform_files files = medium->files;
	files.agent_config = NULL;
	return described(said, &files);
}

#define LINE	"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define SLASHES "//////////////////////////////////////////////"

static void test_medium(void **state)
{
	(void)state;
	each_fault(configured, CAIRN_OK, CALM);
	each_fault(by_the_defaults, CAIRN_OK, CALM);
	/* Texts of 64 bytes, for whose NUL memory is asked for separately. */
	platform_put_grub(medium, platform_modules, NULL, SLASHES "EFI/cairn");
	platform_put(medium, "EFI/cairn/grub.cfg",
		     cairn_span_str("multiboot2 /EFI/cairn/xen " LINE "\nmodule2 /EFI/cairn/vmlinuz " LINE
				    "\nmodule2 /EFI/cairn/dom0.img\nboot\n"));
	each_fault(configured, CAIRN_OK, CALM);
}

static struct cairn_platform *platform;

static enum cairn_status manifest(struct cairn_buf *said)
{
	cairn_auto_manifest struct cairn_manifest m = {
	    .kind = CAIRN_MANIFEST_PLATFORM, .name = "test", .release = 1, .not_after = 1};
	enum cairn_status st = cairn_platform_to_manifest(&m, platform);
	for (size_t i = 0; i < m.event_count; i++)
		say_text(said, m.event[i].text);
	if (m.host_record)
		say_json(said, m.host_record);
	return st;
}

static void test_manifest(void **state)
{
	(void)state;
	assert_int_equal(cairn_platform_describe(&platform, &medium->files, NULL), CAIRN_OK);
	each_fault(manifest, CAIRN_OK, NO_BLAME);
	cairn_platform_free(platform);
}

static int setup(void **state)
{
	faults.error = EIO;
	(void)platform_setup(state);
	medium = *state;
	return 0;
}

static int teardown(void **state)
{
	cairn_buf_fini(&program);
	cairn_buf_fini(&xen);
	return platform_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grub),
	    cmocka_unit_test(test_xen),
	    cmocka_unit_test(test_medium),
	    cmocka_unit_test(test_manifest),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
