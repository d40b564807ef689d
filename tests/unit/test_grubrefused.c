/* What a GRUB configuration is refused for: each refusal with its line and its words; and what is let pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cairn/grubcfg.h"

#define GOOD "multiboot2 /xen\nmodule2 /k\nmodule2 /i\n"

static enum cairn_status any_file(void *ctx, const char *path, struct cairn_component *out)
{
	(void)ctx;
	return strncmp(path, "/missing", 8) == 0 ? CAIRN_E_NOTFOUND
						 : cairn_component_of(out, cairn_span_str(path));
}

/* Every module but the one that ctx names. */
static bool but_one(void *ctx, const char *module)
{
	return strcmp(module, ctx) != 0;
}

static void refused_at(const char *path, const char *without, const char *cfg, unsigned line,
		       enum cairn_status expected, const char *why)
{
	char absent[32];
	snprintf(absent, sizeof(absent), "%s", without);
	const struct cairn_grub_files files = {any_file, but_one, absent};
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	enum cairn_status s = cairn_grub_predict(&b, cairn_span_str(cfg), path, &files, &fault);
	assert_string_equal(fault.why, why);
	assert_int_equal(fault.line, line);
	assert_int_equal(s, expected);
	assert_null(b);
}

static void refused(const char *cfg, unsigned line, enum cairn_status expected, const char *why)
{
	refused_at("/grub.cfg", "absent", cfg, line, expected, why);
}

static void each_refusal_says_why(void **state)
{
	(void)state;
	static const struct {
		const char *cfg;
		unsigned line;
		enum cairn_status status;
		const char *why;
	} bad[] = {
	    {GOOD "boot x\n", 4, CAIRN_E_UNSUPPORTED, "boot with an argument: x"},
	    {"multiboot2 /xen\nmodule2 /k\nboot\n", 3, CAIRN_E_MALFORMED,
	     "boot without Xen, a dom0 kernel and an initrd"},
	    {"multiboot2 /xen\nmodule2 /missing\n", 2, CAIRN_E_NOTFOUND, "cannot read the file: /missing"},
	    {"insmod a b\n", 1, CAIRN_E_UNSUPPORTED, "a module that is not built into the GRUB image: a"},
	    {"insmod\n", 1, CAIRN_E_UNSUPPORTED, "a module that is not built into the GRUB image: insmod"},
	    {"set\n", 1, CAIRN_E_UNSUPPORTED, "a variable that may change what GRUB reads: set"},
	    {"if echo x; then\n", 1, CAIRN_E_UNSUPPORTED,
	     "a condition that is neither multiboot2 nor module2: echo"},
	    {"if  ; then\n", 1, CAIRN_E_MALFORMED, "an if without a condition"},
	    {"if ; then\n", 1, CAIRN_E_UNSUPPORTED, "a block, a second command or an operator"},
	    {"xx multiboot2 /xen; then\n", 1, CAIRN_E_UNSUPPORTED,
	     "a block, a second command or an operator"},
	    {"if multiboot2 /xenabcdef\n", 1, CAIRN_E_UNSUPPORTED,
	     "a command whose measurements cairn does not predict: if"},
	    {GOOD "sleep 1\n", 4, CAIRN_E_UNSUPPORTED,
	     "a command behind multiboot2 that may change what is booted: sleep"},
	    {GOOD "serial\n", 4, CAIRN_E_UNSUPPORTED,
	     "a command behind multiboot2 that may change what is booted: serial"},
	    {GOOD "terminal_input x\n", 4, CAIRN_E_UNSUPPORTED,
	     "a command behind multiboot2 that may change what is booted: terminal_input"},
	    {GOOD "insmod x\n", 4, CAIRN_E_UNSUPPORTED,
	     "a command behind multiboot2 that may change what is booted: insmod"},
	    {GOOD "boot\necho\nserial\n", 6, CAIRN_E_UNSUPPORTED, "a command behind boot: serial"},
	    {"boot\r\n", 1, CAIRN_E_UNSUPPORTED, "a byte that is not printable ASCII"},
	    {"echo 'a\\b'\n", 1, CAIRN_E_UNSUPPORTED, "a backslash or a wildcard inside quotes"},
	    {"echo 'a*b'\n", 1, CAIRN_E_UNSUPPORTED, "a backslash or a wildcard inside quotes"},
	    {"echo \"a?b\"\n", 1, CAIRN_E_UNSUPPORTED, "a backslash or a wildcard inside quotes"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i].cfg, bad[i].line, bad[i].status, bad[i].why);
	refused_at("/missing.cfg", "absent", GOOD "boot\n", 0, CAIRN_E_NOTFOUND,
		   "cannot read the file: /missing.cfg");
	refused_at("/grub.cfg", "tpm", GOOD "boot\n", 0, CAIRN_E_UNSUPPORTED,
		   "the GRUB image has no tpm module: it measures nothing");
}

/* A command would be loaded from a module that nobody measured. */
static void a_command_must_be_built_into_the_image(void **state)
{
	(void)state;
	static const char *const needs[][2] = {
	    {"echo", "echo"},
	    {"sleep", "sleep"},
	    {"serial", "serial"},
	    {"terminal_input", "terminal"},
	    {"multiboot2", "multiboot2"},
	    {"module2", "multiboot2"},
	    {"boot", "boot"},
	};
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		char why[96];
		snprintf(why, sizeof(why), "a command that is not built into the GRUB image: %s",
			 needs[i][0]);
		refused_at("/grub.cfg", needs[i][1], needs[i][0], 1, CAIRN_E_UNSUPPORTED, why);
	}
}

static void what_is_harmless_is_let_pass(void **state)
{
	(void)state;
	static const char cfg[] =
	    "set timeout=1\nset timeout_style=hidden\nset default=0\nset gfxpayload=keep\n"
	    "insmod normal\necho x\nsleep 1\nserial --unit=0\nterminal_input console\n" GOOD
	    "echo y\nboot\nsleep 1\nreboot\nhalt\necho z\n";
	char absent[] = "absent";
	const struct cairn_grub_files files = {any_file, but_one, absent};
	struct cairn_grub_fault fault;
	struct cairn_grub_boot *b = NULL;
	assert_int_equal(cairn_grub_predict(&b, cairn_span_str(cfg), "/grub.cfg", &files, &fault), CAIRN_OK);
	assert_int_equal(b->count, 1 + 9 + 3 * 3 + 2);
	cairn_grub_boot_free(b);
}

static void fill(struct cairn_buf *b, const char *what, size_t times)
{
	for (size_t i = 0; i < times; i++)
		cairn_buf_add_str(b, what);
}

static void each_limit_says_which(void **state)
{
	(void)state;
	cairn_auto_buf struct cairn_buf events = {0}, words = {0}, line = {0}, file = {0};
	/* The configuration is the first event; the file is one more than there may be. */
	fill(&events, "echo x\n", CAIRN_GRUB_EVENTS_MAX - 2);
	cairn_buf_add_str(&events, GOOD);
	refused(cairn_buf_str(&events), CAIRN_GRUB_EVENTS_MAX - 1, CAIRN_E_LIMIT, "too many measurements");
	fill(&words, "echo ", 129);
	refused(cairn_buf_str(&words), 1, CAIRN_E_LIMIT, "too many words");
	cairn_buf_add_str(&line, "# ");
	fill(&line, "x", 2047);
	refused(cairn_buf_str(&line), 1, CAIRN_E_LIMIT, "a line that is too long");
	fill(&file, "#", CAIRN_GRUB_CFG_MAX + 1);
	refused(cairn_buf_str(&file), 0, CAIRN_E_LIMIT, "a configuration that is too long");
}

static void an_image_that_names_no_configuration_is_refused(void **state)
{
	(void)state;
	static const char first[] = "an embedded configuration that does not begin with configfile",
			  plain[] = "a GRUB image whose prefix is not a plain path";
	static const struct {
		const char *embedded, *prefix;
		unsigned line;
		const char *why;
	} bad[] = {
	    {"configfile $x\n", "/g", 1, "a variable or an escape"},
	    {"configfile\n", "/g", 1, first},
	    {"configfile /a /b", "/g", 1, first},
	    {"normal /a\n", "/g", 1, first},
	    {"\nconfigfile /a\n", "/g", 1, first},
	    {"", "(hd0)/g", 0, plain},
	    {"", "", 0, plain},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cairn_auto_buf struct cairn_buf path = {0};
		struct cairn_grub_fault fault;
		struct cairn_span prefix =
		    bad[i].prefix[0] ? cairn_span_str(bad[i].prefix) : cairn_span(NULL, 0);
		assert_int_equal(
		    cairn_grub_config_path(&path, cairn_span_str(bad[i].embedded), prefix, &fault),
		    CAIRN_E_UNSUPPORTED);
		assert_string_equal(fault.why, bad[i].why);
		assert_int_equal(fault.line, bad[i].line);
		assert_int_equal(path.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_refusal_says_why),
	    cmocka_unit_test(a_command_must_be_built_into_the_image),
	    cmocka_unit_test(what_is_harmless_is_let_pass),
	    cmocka_unit_test(each_limit_says_which),
	    cmocka_unit_test(an_image_that_names_no_configuration_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
