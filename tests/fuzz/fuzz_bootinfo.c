/* pygrub's answer: whatever its bytes, the files are names in its directory, and the command line means itself in a
 * configuration. seeds: tests/data/bootinfo */
#include <stdlib.h>
#include <string.h>

#include "xen/bootinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	if (strlen(name) >= CAIRN_BOOTINFO_NAME || strchr(name, '/') || name[0] == '.')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_bootinfo b;

	if (cairn_bootinfo_parse(&b, cairn_span(data, size), "/d") != CAIRN_OK)
		return 0;
	check_name(b.kernel);
	check_name(b.ramdisk);
	if (!b.kernel[0] || strlen(b.args) >= sizeof(b.args) || strpbrk(b.args, "\"'\\\n\r"))
		abort();
	return 0;
}
