/* GRUB configurations: any text, with files that are all there.
 * seeds: tests/data/boot */
#include <stdlib.h>
#include <string.h>

#include "cairn/grubcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum cairn_status measure(void *ctx, const char *path, struct cairn_component *out)
{
	(void)ctx;
	struct cairn_component c = {.size = strlen(path)};
	*out = c;
	return CAIRN_OK;
}

static bool has_module(void *ctx, const char *module)
{
	(void)ctx;
	return module[0] != 'x';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cairn_grub_files files = {measure, has_module, NULL};
	struct cairn_grub_boot *boot = NULL;
	struct cairn_grub_fault fault;
	enum cairn_status s = cairn_grub_predict(&boot, cairn_span(data, size), "/grub.cfg", &files, &fault);
	if (s == CAIRN_OK && (!boot->xen.path || !boot->dom0_initrd.cmdline || boot->count < 8))
		abort();
	if (s != CAIRN_OK && boot)
		abort();
	cairn_grub_boot_free(boot);
	return 0;
}
