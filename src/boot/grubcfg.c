/* Runs a GRUB configuration in thought and notes what the tpm module would measure. Trusts neither the
 * configuration nor the files; what it cannot predict with certainty it refuses, since a wrong prediction
 * shuts every secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/grubwords.h"
#include "cairn/grubcfg.h"

#define PCR_STRINGS 8 /* GRUB_STRING_PCR */
#define PCR_FILES   9 /* GRUB_BINARY_PCR */

struct run {
	struct cairn_grub_boot *boot;
	const struct cairn_grub_files *files;
	struct cairn_grub_fault *fault;
	struct cairn_grub_words words;
	unsigned line, modules;
	unsigned depth;	  /* open `if` blocks; each has one condition, which a good boot fulfils */
	bool conditional; /* the command is the condition of an `if` */
	bool booted;
};

static enum cairn_status refuse(struct run *r, enum cairn_status s, const char *what, const char *detail)
{
	r->fault->line = r->line;
	snprintf(r->fault->why, sizeof(r->fault->why), "%s%s%s", what, *detail ? ": " : "", detail);
	return s;
}

static enum cairn_status next_event(struct cairn_grub_event **out, struct run *r, unsigned pcr,
				    const char *component)
{
	if (r->boot->count == CAIRN_GRUB_EVENTS_MAX)
		return refuse(r, CAIRN_E_LIMIT, "too many measurements", "");
	struct cairn_grub_event *e = &r->boot->event[r->boot->count];
	e->pcr = pcr;
	e->component = component;
	*out = e;
	return CAIRN_OK;
}

/* PCR 8: the string is hashed without its NUL; the log shows it behind a prefix (commands/tpm.c). */
static enum cairn_status measure_string(struct run *r, const char *component, const char *prefix,
					const char *string)
{
	struct cairn_grub_event *e;
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = next_event(&e, r, PCR_STRINGS, component);
	if (s == CAIRN_OK)
		s = cairn_hash(&e->sha256, CAIRN_ALG_SHA256, cairn_span_str(string));
	if (s == CAIRN_OK)
		s = cairn_hash(&e->sha384, CAIRN_ALG_SHA384, cairn_span_str(string));
	if (s != CAIRN_OK)
		return s;
	cairn_buf_add_fmt(&text, "%s%s", prefix, string);
	const char *whole = cairn_buf_str(&text);
	e->text = whole ? strdup(whole) : NULL;
	if (!e->text)
		return CAIRN_E_NOMEM;
	r->boot->count++;
	return CAIRN_OK;
}

static enum cairn_status measure_file(struct run *r, const char *component, const char *path,
				      struct cairn_digest *sha256)
{
	struct cairn_grub_event *e;
	struct cairn_component c;
	if (path[0] != '/')
		return refuse(r, CAIRN_E_UNSUPPORTED, "a file that is not named by an absolute path", path);
	enum cairn_status s = next_event(&e, r, PCR_FILES, component);
	if (s != CAIRN_OK)
		return s;
	s = r->files->measure(r->files->ctx, path, &c);
	if (s != CAIRN_OK)
		return refuse(r, s, "cannot read the file", path);
	e->sha256 = c.sha256;
	e->sha384 = c.sha384;
	if (sha256)
		*sha256 = c.sha256;
	e->text = strdup(path);
	if (!e->text)
		return CAIRN_E_NOMEM;
	r->boot->count++;
	return CAIRN_OK;
}

/* lib/cmdline.c: words joined by spaces; a word with a space is put in double quotes; \ ' " get a backslash.
 */
static void loader_cmdline(struct cairn_buf *out, char *const *word, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool space = strchr(word[i], ' ') != NULL;
		cairn_buf_add_str(out, i ? (space ? " \"" : " ") : (space ? "\"" : ""));
		for (const char *p = word[i]; *p; p++) {
			if (strchr("\\'\"", *p))
				cairn_buf_add_u8(out, '\\');
			cairn_buf_add(out, cairn_span(p, 1));
		}
		if (space)
			cairn_buf_add_u8(out, '"');
	}
}

struct loaded { /* how multiboot2 and module2 name what they load */
	const char *file, *cmdline, *prefix;
	struct cairn_grub_module *as;
	struct cairn_digest *sha256;
};

/* loader/multiboot.c: the file is opened (and so measured), then the command line behind its name. */
static enum cairn_status load(struct run *r, const struct loaded *l, size_t first)
{
	cairn_auto_buf struct cairn_buf line = {0};
	const char *path = r->words.word[first];
	enum cairn_status s = measure_file(r, l->file, path, l->sha256);
	if (s != CAIRN_OK)
		return s;
	loader_cmdline(&line, r->words.word + first + 1, r->words.count - first - 1);
	const char *text = cairn_buf_str(&line);
	s = text ? measure_string(r, l->cmdline, l->prefix, text) : CAIRN_E_NOMEM;
	if (s != CAIRN_OK)
		return s;
	l->as->path = strdup(path);
	l->as->cmdline = strdup(text);
	return l->as->path && l->as->cmdline ? CAIRN_OK : CAIRN_E_NOMEM;
}

static enum cairn_status run_multiboot2(struct run *r)
{
	struct cairn_grub_boot *b = r->boot;
	const struct loaded xen = {"xen", "xen-cmdline", "kernel_cmdline: ", &b->xen, &b->xen_sha256};
	if (r->words.count < 2)
		return refuse(r, CAIRN_E_MALFORMED, "multiboot2 without a file", "");
	return load(r, &xen, 1);
}

static enum cairn_status run_module2(struct run *r)
{
	struct cairn_grub_boot *b = r->boot;
	const struct loaded kinds[] = {
	    {"dom0-kernel", "dom0-cmdline", "module_cmdline: ", &b->dom0_kernel, &b->kernel_sha256},
	    {"dom0-initrd", "grub-cmd", "module_cmdline: ", &b->dom0_initrd, &b->initrd_sha256},
	};
	size_t first = r->words.count > 1 && strcmp(r->words.word[1], "--nounzip") == 0 ? 2 : 1;
	if (r->words.count <= first)
		return refuse(r, CAIRN_E_MALFORMED, "module2 without a file", "");
	if (!b->xen.path)
		return refuse(r, CAIRN_E_MALFORMED, "module2 before multiboot2", "");
	if (r->modules >=
	    2) /* microcode, XSM policy: Xen would have to be asked which module it takes for what */
		return refuse(r, CAIRN_E_UNSUPPORTED, "more modules than dom0's kernel and initrd", "");
	return load(r, &kinds[r->modules++], first);
}

static enum cairn_status run_boot(struct run *r)
{
	if (r->words.count != 1)
		return refuse(r, CAIRN_E_UNSUPPORTED, "boot with an argument", r->words.word[1]);
	if (!r->boot->dom0_initrd.path) /* which comes last */
		return refuse(r, CAIRN_E_MALFORMED, "boot without Xen, a dom0 kernel and an initrd", "");
	r->booted = true;
	return CAIRN_OK;
}

/* The variables that neither choose a file nor make GRUB read one. */
static enum cairn_status run_set(struct run *r)
{
	static const char *const harmless[] = {"timeout=", "timeout_style=", "default=", "gfxpayload="};
	for (size_t i = 0; r->words.count == 2 && i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strncmp(r->words.word[1], harmless[i], strlen(harmless[i])) == 0)
			return CAIRN_OK;
	return refuse(r, CAIRN_E_UNSUPPORTED, "a variable that may change what GRUB reads",
		      r->words.count > 1 ? r->words.word[1] : "set");
}

static enum cairn_status run_insmod(struct run *r)
{
	if (r->words.count == 2 && r->files->has_module(r->files->ctx, r->words.word[1]))
		return CAIRN_OK;
	return refuse(r, CAIRN_E_UNSUPPORTED, "a module that is not built into the GRUB image",
		      r->words.count > 1 ? r->words.word[1] : "insmod");
}

static enum cairn_status run_nothing(struct run *r)
{
	(void)r;
	return CAIRN_OK;
}

/* Every command that is accepted, and the module that has it: a command whose module is missing would be
 * autoloaded. Once Xen is loaded only what cairn_boot_facts calls ordinary is: else the host record would
 * vouch for nothing. */
static const struct command {
	const char *name, *module;
	bool after_xen;
	enum cairn_status (*run)(struct run *r);
} commands[] = {
    {"set", NULL, false, run_set},
    {"insmod", NULL, false, run_insmod},
    {"echo", "echo", true, run_nothing},
    {"sleep", "sleep", false, run_nothing},
    {"serial", "serial", false, run_nothing},
    {"terminal_input", "terminal", false, run_nothing},
    {"multiboot2", "multiboot2", false, run_multiboot2},
    {"module2", "multiboot2", true, run_module2},
    {"boot", "boot", true, run_boot},
};

static enum cairn_status find_command(const struct command **out, struct run *r)
{
	const char *name = r->words.word[0];
	if (r->conditional && strcmp(name, "multiboot2") != 0 && strcmp(name, "module2") != 0)
		return refuse(r, CAIRN_E_UNSUPPORTED, "a condition that is neither multiboot2 nor module2",
			      name);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (r->boot->xen.path && !commands[i].after_xen)
			return refuse(r, CAIRN_E_UNSUPPORTED,
				      "a command behind multiboot2 that may change what is booted", name);
		if (commands[i].module && !r->files->has_module(r->files->ctx, commands[i].module))
			return refuse(r, CAIRN_E_UNSUPPORTED,
				      "a command that is not built into the GRUB image", name);
		*out = &commands[i];
		return CAIRN_OK;
	}
	return refuse(r, CAIRN_E_UNSUPPORTED, "a command whose measurements cairn does not predict", name);
}

/* Behind boot nothing runs in a good boot; only what belongs there is let pass: the way out of a failed one.
 */
static enum cairn_status skip_command(struct run *r)
{
	static const char *const tail[] = {"sleep", "reboot", "halt", "echo"};
	for (size_t i = 0; !r->conditional && i < sizeof(tail) / sizeof(tail[0]); i++)
		if (strcmp(r->words.word[0], tail[i]) == 0)
			return CAIRN_OK;
	return refuse(r, CAIRN_E_UNSUPPORTED, "a command behind boot", r->words.word[0]);
}

/* script/execute.c: all words joined by one space are measured, then the command runs. */
static enum cairn_status run_words(struct run *r)
{
	const struct command *command = NULL;
	cairn_auto_buf struct cairn_buf joined = {0};
	enum cairn_status s = find_command(&command, r);
	if (!command)
		return s;
	for (size_t i = 0; i < r->words.count; i++)
		cairn_buf_add_fmt(&joined, "%s%s", i ? " " : "", r->words.word[i]);
	const char *text = cairn_buf_str(&joined);
	s = text ? measure_string(r, "grub-cmd", "grub_cmd: ", text) : CAIRN_E_NOMEM;
	return s == CAIRN_OK ? command->run(r) : s;
}

static struct cairn_span trim(struct cairn_span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = cairn_span(s.ptr + 1, s.len - 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* "if COMMAND; then": the words around the command fall, and are not measured; the block ends with a line
 * "fi". */
static struct cairn_span open_block(struct run *r, struct cairn_span line)
{
	static const char begin[] = "if ", end[] = "; then";
	const size_t b = sizeof(begin) - 1, e = sizeof(end) - 1;
	r->conditional = line.len > b + e && memcmp(line.ptr, begin, b) == 0 &&
			 memcmp(line.ptr + line.len - e, end, e) == 0;
	if (!r->conditional)
		return line;
	r->depth++;
	return cairn_span(line.ptr + b, line.len - b - e);
}

static enum cairn_status run_line(struct run *r, struct cairn_span line)
{
	const char *why = "";
	line = trim(line);
	if (r->depth > 0 && cairn_span_equal(line, cairn_span_str("fi"))) {
		r->depth--;
		return CAIRN_OK;
	}
	enum cairn_status s = cairn_grub_split(&r->words, open_block(r, line), &why);
	if (s != CAIRN_OK)
		return refuse(r, s, why, "");
	if (r->words.count == 0)
		return r->conditional ? refuse(r, CAIRN_E_MALFORMED, "an if without a condition", "")
				      : CAIRN_OK;
	return r->booted ? skip_command(r) : run_words(r);
}

static enum cairn_status run_all(struct run *r, struct cairn_span cfg)
{
	enum cairn_status s = CAIRN_OK;
	while (s == CAIRN_OK && cfg.len > 0) {
		const uint8_t *nl = memchr(cfg.ptr, '\n', cfg.len);
		size_t len = nl ? (size_t)(nl - cfg.ptr) : cfg.len;
		r->line++;
		s = run_line(r, cairn_span(cfg.ptr, len));
		len += nl != NULL;
		cfg = cairn_span(cfg.ptr + len, cfg.len - len);
	}
	if (s != CAIRN_OK)
		return s;
	r->line = 0;
	if (r->depth != 0)
		return refuse(r, CAIRN_E_MALFORMED, "an if without its fi", "");
	return r->booted ? CAIRN_OK : refuse(r, CAIRN_E_MALFORMED, "the configuration never boots", "");
}

static enum cairn_status begin(struct run *r, struct cairn_span cfg, const char *cfg_path)
{
	if (cfg.len > CAIRN_GRUB_CFG_MAX)
		return refuse(r, CAIRN_E_LIMIT, "a configuration that is too long", "");
	if (!r->files->has_module(r->files->ctx, "tpm"))
		return refuse(r, CAIRN_E_UNSUPPORTED, "the GRUB image has no tpm module: it measures nothing",
			      "");
	return measure_file(r, "grub-cfg", cfg_path, NULL);
}

enum cairn_status cairn_grub_predict(struct cairn_grub_boot **out, struct cairn_span cfg,
				     const char *cfg_path, const struct cairn_grub_files *files,
				     struct cairn_grub_fault *fault)
{
	struct run r = {.files = files, .fault = fault, .boot = calloc(1, sizeof(*r.boot))};
	*fault = (struct cairn_grub_fault){0};
	if (!r.boot)
		return CAIRN_E_NOMEM;
	enum cairn_status s = begin(&r, cfg, cfg_path);
	if (s == CAIRN_OK)
		s = run_all(&r, cfg);
	if (s == CAIRN_OK)
		*out = r.boot;
	else
		cairn_grub_boot_free(r.boot);
	return s;
}

/* kern/main.c runs the embedded configuration with the rescue parser, whose commands are not measured;
 * configfile (commands/configfile.c) then runs the other one in normal mode without reading the lists of
 * modules. */
static enum cairn_status embedded_path(struct cairn_buf *out, struct run *r, struct cairn_span config)
{
	const uint8_t *nl = memchr(config.ptr, '\n', config.len);
	const char *why = "";
	enum cairn_status s = cairn_grub_split(
	    &r->words, cairn_span(config.ptr, nl ? (size_t)(nl - config.ptr) : config.len), &why);
	r->line = 1;
	if (s != CAIRN_OK)
		return refuse(r, s, why, "");
	if (r->words.count != 2 || strcmp(r->words.word[0], "configfile") != 0)
		return refuse(r, CAIRN_E_UNSUPPORTED,
			      "an embedded configuration that does not begin with configfile", "");
	cairn_buf_add_str(out, r->words.word[1]);
	return cairn_buf_status(out);
}

enum cairn_status cairn_grub_config_path(struct cairn_buf *out, struct cairn_span embedded,
					 struct cairn_span prefix, struct cairn_grub_fault *fault)
{
	struct run r = {.fault = fault};
	*fault = (struct cairn_grub_fault){0};
	if (prefix.len == 0 || prefix.ptr[0] != '/')
		return refuse(&r, CAIRN_E_UNSUPPORTED, "a GRUB image whose prefix is not a plain path", "");
	if (embedded.len > 0)
		return embedded_path(out, &r, embedded);
	cairn_buf_add(out, prefix);
	cairn_buf_add_str(out, "/grub.cfg");
	return cairn_buf_status(out);
}

void cairn_grub_boot_free(struct cairn_grub_boot *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		free(b->event[i].text);
	struct cairn_grub_module *const modules[] = {&b->xen, &b->dom0_kernel, &b->dom0_initrd};
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		free(modules[i]->path);
		free(modules[i]->cmdline);
	}
	free(b);
}
