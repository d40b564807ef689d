/* A boot medium in a directory of its own, and what else a platform manifest is made from. */
#ifndef PLATFORM_FIXTURE_H
#define PLATFORM_FIXTURE_H

#include "cairn/platform.h"

#define PLATFORM_CONFIG "configfile /EFI/cairn/grub.cfg\nsleep 5\nreboot\n"
#define PLATFORM_CFG                                                                                         \
	"multiboot2 /EFI/cairn/xen console=com1\nmodule2 /EFI/cairn/vmlinuz console=hvc0\n"                  \
	"module2 --nounzip /EFI/cairn/dom0.img\nboot\n"

extern const char *const platform_modules[]; /* of its GRUB image; NULL-ended */

struct platform_medium {
	char dir[64], agent[96], config[96], authorities[96];
	struct cairn_platform_files files;
	char kid[2][64];
};

int platform_setup(void **state); /* *state is a struct platform_medium */
int platform_teardown(void **state);
/* A file of the medium is made, or made anew. */
void platform_put(const struct platform_medium *m, const char *name, struct cairn_span bytes);
void platform_put_grub(const struct platform_medium *m, const char *const *with, const char *config,
		       const char *prefix);
void platform_put_xen(const struct platform_medium *m);
void platform_make_dir(const struct platform_medium *m, const char *name);

#endif
