/* GRUB configurations: predicted events are those of a recorded boot, byte by byte; what cannot be predicted
 * is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/eventlog.h"
#include "cairn/grubcfg.h"

#define CFG_PATH "/EFI/cairn/grub.cfg"

static void read_data(struct cairn_buf *b, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "tests/data/%s", name);
	assert_int_equal(cairn_file_read(b, path, 1u << 20), CAIRN_OK);
}

/* grub.cfg itself is hashed here; the large files are known by their recorded digests. */
static enum cairn_status recorded_file(void *ctx, const char *path, struct cairn_component *out)
{
	struct cairn_buf *cfg = ctx;
	struct cairn_component c = {0};
	if (strcmp(path, CFG_PATH) == 0) {
		assert_int_equal(cairn_hash(&c.sha256, CAIRN_ALG_SHA256, cairn_buf_span(cfg)), CAIRN_OK);
		assert_int_equal(cairn_hash(&c.sha384, CAIRN_ALG_SHA384, cairn_buf_span(cfg)), CAIRN_OK);
		*out = c;
		return CAIRN_OK;
	}
	FILE *f = fopen("tests/data/boot/files.tsv", "r");
	assert_non_null(f);
	char name[64], sha256[65], sha384[97];
	enum cairn_status s = CAIRN_E_NOTFOUND;
	while (s != CAIRN_OK && fscanf(f, "%63s %*s %64s %96s", name, sha256, sha384) == 3) {
		if (strcmp(name, path) != 0)
			continue;
		assert_int_equal(cairn_digest_parse(&c.sha256, CAIRN_ALG_SHA256, sha256), CAIRN_OK);
		assert_int_equal(cairn_digest_parse(&c.sha384, CAIRN_ALG_SHA384, sha384), CAIRN_OK);
		*out = c;
		s = CAIRN_OK;
	}
	fclose(f);
	return s;
}

static bool every_module(void *ctx, const char *module)
{
	(void)ctx;
	return strcmp(module, "absent") != 0;
}

static void check_event(const struct cairn_grub_event *p, const struct cairn_event *e)
{
	assert_int_equal(p->pcr, e->pcr);
	assert_int_equal(e->type, CAIRN_EV_IPL);
	assert_int_equal(e->data.len, strlen(p->text) + 1);
	assert_memory_equal(e->data.ptr, p->text, e->data.len);
	const struct cairn_event_digest *sha256 = cairn_event_digest_of(e, CAIRN_ALG_SHA256);
	const struct cairn_event_digest *sha384 = cairn_event_digest_of(e, CAIRN_ALG_SHA384);
	assert_true(sha256 && cairn_span_equal(sha256->value, cairn_digest_span(&p->sha256)));
	assert_true(sha384 && cairn_span_equal(sha384->value, cairn_digest_span(&p->sha384)));
}

static void predicts_a_recorded_boot(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf cfg = {0}, bytes = {0};
	read_data(&cfg, "boot/grub.cfg");
	read_data(&bytes, "eventlog/xen-grub-swtpm.bin");
	const struct cairn_grub_files files = {recorded_file, every_module, &cfg};
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	assert_int_equal(cairn_grub_predict(&b, cairn_buf_span(&cfg), CFG_PATH, &files, &fault), CAIRN_OK);

	struct cairn_eventlog log;
	struct cairn_event e;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&bytes)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	size_t n = 0;
	while (cairn_eventlog_next(&it, &e)) {
		if (e.pcr != 8 && e.pcr != 9)
			continue;
		assert_true(n < b->count);
		check_event(&b->event[n++], &e);
	}
	assert_int_equal(n, b->count);
	assert_string_equal(b->xen.path, "/EFI/cairn/xen");
	assert_string_equal(b->dom0_kernel.path, "/EFI/cairn/vmlinuz");
	assert_string_equal(b->dom0_initrd.path, "/EFI/cairn/dom0.img");
	assert_string_equal(b->dom0_initrd.cmdline, "");
	cairn_grub_boot_free(b);
}

static enum cairn_status any_file(void *ctx, const char *path, struct cairn_component *out)
{
	(void)ctx;
	if (strcmp(path, "/missing") == 0)
		return CAIRN_E_NOTFOUND;
	struct cairn_component c = {0};
	assert_int_equal(cairn_hash(&c.sha256, CAIRN_ALG_SHA256, cairn_span_str(path)), CAIRN_OK);
	assert_int_equal(cairn_hash(&c.sha384, CAIRN_ALG_SHA384, cairn_span_str(path)), CAIRN_OK);
	*out = c;
	return CAIRN_OK;
}

static enum cairn_status predict(struct cairn_grub_boot **b, const char *cfg, struct cairn_grub_fault *fault)
{
	static const struct cairn_grub_files files = {any_file, every_module, NULL};
	return cairn_grub_predict(b, cairn_span_str(cfg), CFG_PATH, &files, fault);
}

/* Words and command lines as GRUB 2.06 joins and quotes them (lib/cmdline.c). */
static void words_follow_the_rules_of_grub(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    CFG_PATH,
	    "grub_cmd: set timeout=0",
	    "grub_cmd: multiboot2 /xen com1=115200,8n1 a b c=it's",
	    "/xen",
	    "kernel_cmdline: com1=115200,8n1 \"a b\" c=it\\'s",
	    "grub_cmd: module2 /k ro x#y",
	    "/k",
	    "module_cmdline: ro x#y",
	    "grub_cmd: module2 --nounzip /i",
	    "/i",
	    "module_cmdline: ",
	    "grub_cmd: boot",
	};
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	assert_int_equal(predict(&b,
				 "# comment with $x and \"\n\nset timeout=0 # and another {\n"
				 "\tif multiboot2  /xen\tcom1=115200,8n1 'a b' c=\"it's\"; then\n"
				 "module2 \"/k\" ro x#y\nmodule2 --nounzip /i\n boot \nfi\nsleep 5\nreboot",
				 &fault),
			 CAIRN_OK);
	assert_int_equal(b->count, sizeof(texts) / sizeof(texts[0]));
	for (size_t i = 0; i < b->count; i++)
		assert_string_equal(b->event[i].text, texts[i]);
	assert_string_equal(b->xen.cmdline, "com1=115200,8n1 \"a b\" c=it\\'s");
	assert_string_equal(b->event[4].component, "xen-cmdline");
	assert_string_equal(b->event[7].component, "dom0-cmdline");
	assert_string_equal(b->event[9].component, "dom0-initrd");
	cairn_grub_boot_free(b);
}

#define GOOD "multiboot2 /xen\nmodule2 /k\nmodule2 /i\n"

static void what_cannot_be_predicted_is_refused_by_line(void **state)
{
	(void)state;
	static const struct {
		const char *cfg;
		unsigned line;
		enum cairn_status status;
	} bad[] = {
	    {GOOD "sleep 1\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "set timeout=0\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "multiboot2 $xen\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo \"$x\"\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo a\\ b\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo a; boot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo a && boot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo {a}\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo *\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo \"a\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo ''\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "echo \x80\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "boot\r\n", 4, CAIRN_E_UNSUPPORTED},
	    {"if true; then\n" GOOD "boot\nfi\n", 1, CAIRN_E_UNSUPPORTED},
	    {"if multiboot2 /xen; then\nelse\nboot\nfi\n", 2, CAIRN_E_UNSUPPORTED},
	    {"menuentry x {\n" GOOD "}\n", 1, CAIRN_E_UNSUPPORTED},
	    {"function f {\n}\n", 1, CAIRN_E_UNSUPPORTED},
	    {"set root=hd0\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"set prefix=/x\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"x=y\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"insmod absent\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"search --file /x\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"configfile /x\n" GOOD "boot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"multiboot2 (hd0)/xen\nboot\n", 1, CAIRN_E_UNSUPPORTED},
	    {"multiboot2 xen\nboot\n", 1, CAIRN_E_UNSUPPORTED},
	    {GOOD "module2 /ucode\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "multiboot2 /xen\nboot\n", 4, CAIRN_E_UNSUPPORTED},
	    {GOOD "boot\nboot\n", 5, CAIRN_E_UNSUPPORTED},
	    {GOOD "boot\nmodule2 /x\n", 5, CAIRN_E_UNSUPPORTED},
	    {"multiboot2 /missing\n", 1, CAIRN_E_NOTFOUND},
	    {"multiboot2\n", 1, CAIRN_E_MALFORMED},
	    {"module2 /k\n", 1, CAIRN_E_MALFORMED},
	    {"multiboot2 /xen\nmodule2 --nounzip\n", 2, CAIRN_E_MALFORMED},
	    {"multiboot2 /xen\nmodule2 /k\nboot\n", 3, CAIRN_E_MALFORMED},
	    {"boot\n", 1, CAIRN_E_MALFORMED},
	    {"if multiboot2 /xen; then\nmodule2 /k\nmodule2 /i\nboot\n", 0, CAIRN_E_MALFORMED},
	    {GOOD "boot\nfi\n", 5, CAIRN_E_UNSUPPORTED},
	    {GOOD, 0, CAIRN_E_MALFORMED},
	    {"", 0, CAIRN_E_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cairn_grub_fault fault;
		struct cairn_grub_boot *b = NULL;
		assert_int_equal(predict(&b, bad[i].cfg, &fault), bad[i].status);
		assert_int_equal(fault.line, bad[i].line);
		assert_true(fault.why[0] != '\0');
		assert_null(b);
	}
}

static void limits_hold(void **state)
{
	(void)state;
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	cairn_auto_buf struct cairn_buf cfg = {0};
	for (unsigned i = 0; i < 300; i++)
		cairn_buf_add_str(&cfg, "echo x\n");
	assert_int_equal(predict(&b, cairn_buf_str(&cfg), &fault), CAIRN_E_LIMIT);
	for (unsigned i = 0; i < 10000; i++)
		cairn_buf_add_str(&cfg, "echo x\n");
	assert_int_equal(predict(&b, cairn_buf_str(&cfg), &fault), CAIRN_E_LIMIT);
}

static void the_image_says_which_configuration_is_read(void **state)
{
	(void)state;
	struct cairn_grub_fault fault;
	cairn_auto_buf struct cairn_buf text = {0}, path = {0}, other = {0}, none = {0};
	read_data(&text, "boot/grub-embedded.cfg");
	const struct cairn_span prefix = cairn_span_str("/boot/grub");
	assert_int_equal(cairn_grub_config_path(&path, cairn_buf_span(&text), prefix, &fault), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&path), CFG_PATH);
	assert_int_equal(cairn_grub_config_path(&other, cairn_span(NULL, 0), prefix, &fault), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&other), "/boot/grub/grub.cfg");
	const struct cairn_span device = cairn_span_str("(hd0)/grub"),
				search = cairn_span_str("search x\nconfigfile /y\n");
	assert_int_equal(cairn_grub_config_path(&none, search, prefix, &fault), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_grub_config_path(&none, cairn_span(NULL, 0), device, &fault),
			 CAIRN_E_UNSUPPORTED);
	assert_int_equal(none.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(predicts_a_recorded_boot),
	    cmocka_unit_test(words_follow_the_rules_of_grub),
	    cmocka_unit_test(what_cannot_be_predicted_is_refused_by_line),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(the_image_says_which_configuration_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
