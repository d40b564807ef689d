/* Domain configurations: what is accepted is written for xl such that libxlutil reads just these values
 * again. seeds: tests/machine/guests */
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

#include "xen/xlcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(XLU_Config *c, const char *key, const char *want)
{
	const char *got = NULL;

	if (xlu_cfg_get_string(c, key, &got, 1) != 0)
		got = "";
	if (strcmp(got, want) != 0)
		abort();
}

static void read_back(const struct cairn_xlcfg *c, struct cairn_span text)
{
	cairn_auto_buf struct cairn_buf why = {0};
	XLU_ConfigList *vifs = NULL;
	int n = -1;
	XLU_Config *x = xlu_cfg_init(stderr, "fuzz");

	if (!x || cairn_xlcfg_scan(text, &why) != CAIRN_OK ||
	    xlu_cfg_readdata(x, (const char *)text.ptr, (int)text.len) != 0)
		abort();
	expect(x, "name", c->name);
	expect(x, "kernel", "/k");
	expect(x, "ramdisk", "");
	expect(x, "cmdline", c->cmdline);
	expect(x, "on_crash", "destroy");
	if (xlu_cfg_get_list(x, "vif", &vifs, &n, 1) != 0 || n != (int)c->vif_count)
		abort();
	xlu_cfg_destroy(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cairn_xlcfg c;
	cairn_auto_buf struct cairn_buf why = {0}, text = {0};

	if (cairn_xlcfg_parse(&c, cairn_span(data, size), &why) != CAIRN_OK)
		return 0;
	if (cairn_xlcfg_emit(&text, &c, "/k", NULL) != CAIRN_OK)
		abort();
	read_back(&c, cairn_buf_span(&text));
	return 0;
}
