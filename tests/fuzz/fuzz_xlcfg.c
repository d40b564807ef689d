/* Domain configurations: what is accepted is written for xl such that libxlutil reads just these values
 * again. seeds: tests/machine/guests tests/data/xlcfg */
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

#include "xen/xlcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cairn_xlpaths files = {.file = {"/k", "/r", "/f", "/b", "/d", "/sk", "/sr"}};

static void expect(XLU_Config *c, const char *key, const char *want)
{
	const char *got = NULL;

	if (xlu_cfg_get_string(c, key, &got, 1) != 0)
		got = "";
	if (strcmp(got, want) != 0)
		abort();
}

static void expect_file(XLU_Config *x, const struct cairn_xlcfg *c, enum cairn_xlfile f, const char *key)
{
	expect(x, key, c->file[f][0] ? files.file[f] : "");
}

static void expect_count(XLU_Config *x, const char *key, size_t want)
{
	XLU_ConfigList *list = NULL;
	int n = 0;

	if (xlu_cfg_get_list(x, key, &list, &n, 1) != 0)
		n = 0;
	if (n != (int)want)
		abort();
}

/* What cairn wrote is a configuration that cairn accepts too, but for the numbers of backends. */
static void read_back(const struct cairn_xlcfg *c, struct cairn_span text)
{
	XLU_Config *x = xlu_cfg_init(stderr, "fuzz");

	if (!x || xlu_cfg_readdata(x, (const char *)text.ptr, (int)text.len) != 0)
		abort();
	expect(x, "name", c->name);
	expect(x, "type", cairn_domain_type_name(c->type));
	expect(x, "cmdline", c->cmdline);
	expect(x, "on_crash", "destroy");
	expect_file(x, c, CAIRN_XLFILE_KERNEL, "kernel");
	expect_file(x, c, CAIRN_XLFILE_RAMDISK, "ramdisk");
	expect_file(x, c, CAIRN_XLFILE_FIRMWARE, "firmware_override");
	expect_file(x, c, CAIRN_XLFILE_BIOS, "bios_path_override");
	expect_file(x, c, CAIRN_XLFILE_DEVICE_MODEL, "device_model_override");
	expect_file(x, c, CAIRN_XLFILE_STUB_KERNEL, "stubdomain_kernel");
	expect_file(x, c, CAIRN_XLFILE_STUB_RAMDISK, "stubdomain_ramdisk");
	expect_count(x, "vif", c->vif_count);
	expect_count(x, "disk", c->disk_count);
	expect_count(x, "pci", c->pci_count);
	if ((c->type == CAIRN_DOMAIN_HVM) != (c->file[CAIRN_XLFILE_FIRMWARE][0] != '\0'))
		abort();
	xlu_cfg_destroy(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cairn_xlcfg c;
	cairn_auto_buf struct cairn_buf why = {0}, text = {0};

	if (cairn_xlcfg_parse(&c, cairn_span(data, size), &why) != CAIRN_OK)
		return 0;
	if (cairn_xlcfg_emit(&text, &c, &files) != CAIRN_OK)
		abort();
	read_back(&c, cairn_buf_span(&text));
	return 0;
}
