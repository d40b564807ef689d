/* What GRUB measures when it runs a configuration: command lines into PCR 8, files into PCR 9.
 *
 * Source: GRUB 2.06 as Debian 12 ships it (2.06-13+deb12u2): script/yylex.l and script/execute.c (words; each command
 * line is measured before it runs), commands/tpm.c and kern/verifiers.c (a file is measured as stored when it is
 * opened), loader/multiboot.c, loader/multiboot_mbi2.c and lib/cmdline.c (the file, then the command line built of the
 * arguments behind its name). The digest of an event is the hash of the string without a NUL, or of the whole file.
 *
 * Only what can be predicted with certainty is accepted: one simple command a line, from the list in grubcfg.c; double
 * quotes, single quotes and comments as GRUB has them; "if COMMAND; then" on a line and "fi" on another, where the
 * command is multiboot2 or module2 (a good boot fulfils it); between multiboot2 and boot only module2 and
 * echo, behind boot only sleep, reboot, halt, echo. Variables,
 * escapes, other control structures, functions, menu entries and other commands are CAIRN_E_UNSUPPORTED.
 */
#ifndef CAIRN_GRUBCFG_H
#define CAIRN_GRUBCFG_H

#include "cairn/digest.h"

#define CAIRN_GRUB_CFG_MAX    (64u << 10)
#define CAIRN_GRUB_EVENTS_MAX 256

struct cairn_grub_event {
	unsigned pcr; /* 8 or 9 */
	const char
	    *component; /* the name in a platform manifest: "grub-cmd", "grub-cfg", "grub-file", "xen", ... */
	/* The text of the log event; for a file without the device that GRUB may put in front: "grub_cmd: boot",
	 * "module_cmdline: quiet", "/cairn/xen.gz". Owned by the boot. */
	char *text;
	struct cairn_digest sha256, sha384;
};

struct cairn_grub_module {
	char *path, *cmdline;
};

struct cairn_grub_boot {
	size_t count;
	struct cairn_grub_event event[CAIRN_GRUB_EVENTS_MAX];	/* in the order in which they are measured */
	struct cairn_grub_module xen, dom0_kernel, dom0_initrd; /* as named and passed by GRUB */
	struct cairn_digest xen_sha256, kernel_sha256, initrd_sha256;
};

/* Where the predictor gets the digests of a file that GRUB reads. path is absolute on GRUB's root device. */
struct cairn_grub_files {
	enum cairn_status (*measure)(void *ctx, const char *path, struct cairn_component *out);
	/* Whether the GRUB image has this module built in. */
	bool (*has_module)(void *ctx, const char *module);
	void *ctx;
};

/* Where and why a configuration was refused. */
struct cairn_grub_fault {
	unsigned line; /* from 1; 0: the whole file */
	char why[160];
};

/* cfg: the text of the configuration that GRUB reads at cfg_path; its own event in PCR 9 is the first one.
 * On failure *fault is set and nothing is to be freed: CAIRN_E_UNSUPPORTED, CAIRN_E_MALFORMED (boot without a
 * kernel, no boot at all), CAIRN_E_LIMIT, CAIRN_E_NOMEM, CAIRN_E_CRYPTO, and what measure gives. */
enum cairn_status cairn_grub_predict(struct cairn_grub_boot **out, struct cairn_span cfg,
				     const char *cfg_path, const struct cairn_grub_files *files,
				     struct cairn_grub_fault *fault) CAIRN_MUST_CHECK;
/* The configuration that a GRUB image reads: the one that the embedded configuration names with configfile, or that of
 * the prefix. Both as cut out of the image; embedded is empty where there is none. Appends the path to out.
 * CAIRN_E_UNSUPPORTED: a prefix with a device of its own, or an embedded configuration that does other things first. */
enum cairn_status cairn_grub_config_path(struct cairn_buf *out, struct cairn_span embedded,
					 struct cairn_span prefix,
					 struct cairn_grub_fault *fault) CAIRN_MUST_CHECK;
void cairn_grub_boot_free(struct cairn_grub_boot *b); /* NULL is fine */

#endif
