/* The hypervisor that the tests play; see agent_fixture.h. */
#define _GNU_SOURCE /* memfd_create */
#include "tests/unit/agent_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libxlutil.h>

static enum cairn_status fake_facts(void *self, struct cairn_hv_facts *out)
{
	(void)self;
	snprintf(out->build_id, sizeof(out->build_id), "0123456789abcdef");
	snprintf(out->cmdline, sizeof(out->cmdline), "dom0_mem=512M");
	return CAIRN_OK;
}

static enum cairn_status fake_list(void *self, struct cairn_hv_domain *out, size_t max, size_t *count)
{
	struct fake_hv *hv = self;

	hv->listed++;
	if (hv->list_fails != CAIRN_OK)
		return hv->list_fails;
	if (hv->count > max)
		return CAIRN_E_LIMIT;
	memcpy(out, hv->domain, hv->count * sizeof(*out));
	*count = hv->count;
	return CAIRN_OK;
}

static const char *const file_keys[CAIRN_XLFILES] = {"kernel",
						     "ramdisk",
						     "firmware_override",
						     "bios_path_override",
						     "device_model_override",
						     "stubdomain_kernel",
						     "stubdomain_ramdisk"};

static void read_key(XLU_Config *c, const char *key, char *out, size_t size)
{
	const char *v = "";

	if (xlu_cfg_get_string(c, key, &v, 1) == 0)
		snprintf(out, size, "%s", v);
}

/* What xl would take from the text: libxlutil, and none of cairn's own rules. */
static enum cairn_status read_as_xl(struct fake_hv *hv, struct cairn_span config)
{
	XLU_Config *c = xlu_cfg_init(stderr, "config");
	char type[8] = "pv", stub[4] = "";

	snprintf(hv->text, sizeof(hv->text), "%.*s", (int)config.len, (const char *)config.ptr);
	memset(&hv->config, 0, sizeof(hv->config));
	if (!c || xlu_cfg_readdata(c, hv->text, (int)strlen(hv->text)) != 0)
		return CAIRN_E_INTERNAL;
	for (size_t i = 0; i < CAIRN_XLFILES; i++)
		read_key(c, file_keys[i], hv->config.file[i], CAIRN_XLCFG_PATH);
	read_key(c, "cmdline", hv->config.cmdline, sizeof(hv->config.cmdline));
	read_key(c, "uuid", hv->config.uuid, sizeof(hv->config.uuid));
	read_key(c, "type", type, sizeof(type));
	read_key(c, "device_model_stubdomain_override", stub, sizeof(stub));
	hv->config.stubdomain = strcmp(stub, "1") == 0;
	if (strcmp(type, "pv") != 0)
		hv->config.type = strcmp(type, "pvh") == 0 ? CAIRN_DOMAIN_PVH : CAIRN_DOMAIN_HVM;
	xlu_cfg_destroy(c);
	return CAIRN_OK;
}

/* With a stub domain nobody opens the first two. */
static enum cairn_status read_images(struct fake_hv *hv)
{
	if (hv->by_path)
		snprintf(hv->config.file[CAIRN_XLFILE_KERNEL], CAIRN_XLCFG_PATH, "%s", hv->by_path);
	for (size_t i = hv->config.stubdomain ? 2 : 0; i < CAIRN_XLFILES; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};

		if (hv->config.file[i][0] &&
		    (cairn_file_read(&bytes, hv->config.file[i], 1 << 20) != CAIRN_OK ||
		     cairn_hash(&hv->file[i], CAIRN_ALG_SHA256, cairn_buf_span(&bytes)) != CAIRN_OK))
			return CAIRN_E_INTERNAL;
	}
	hv->kernel = hv->file[CAIRN_XLFILE_KERNEL];
	hv->ramdisk = hv->file[CAIRN_XLFILE_RAMDISK];
	return CAIRN_OK;
}

static void add_domain(struct fake_hv *hv)
{
	struct cairn_hv_domain *d = &hv->domain[hv->count++];

	*d = (struct cairn_hv_domain){.domid = ++hv->next_domid,
				      .paused = !hv->runs_early,
				      .hvm = (hv->config.type != CAIRN_DOMAIN_PV) != hv->other_type,
				      .cpu_ns = hv->runs_early ? 5 : 0};
	memcpy(d->uuid, hv->config.uuid, sizeof(d->uuid));
}

/* libxl lets it run before the domain that it serves. */
static void add_stub(struct fake_hv *hv)
{
	hv->stub_of = hv->domain[hv->count - 1].domid;
	hv->stub = ++hv->next_domid;
	hv->domain[hv->count++] = (struct cairn_hv_domain){.domid = hv->stub,
							   .hvm = hv->stub_is_hvm,
							   .uuid = "99999999-89ab-cdef-0123-456789abcdef",
							   .cpu_ns = 7};
}

static enum cairn_status fake_create(void *self, struct cairn_span config, unsigned timeout_s,
				     struct cairn_buf *why)
{
	struct fake_hv *hv = self;

	(void)timeout_s;
	hv->created++;
	if (read_as_xl(hv, config) != CAIRN_OK || read_images(hv) != CAIRN_OK)
		return CAIRN_E_INTERNAL;
	if (hv->twin)
		add_domain(hv);
	add_domain(hv);
	if (hv->config.stubdomain && !hv->no_stub)
		add_stub(hv);
	if (hv->during_create)
		hv->during_create(hv);
	hv->tick(hv->tick_context);
	if (hv->create_fails != CAIRN_OK)
		cairn_buf_add_str(why, "libxl says no");
	return hv->create_fails;
}

static enum cairn_status fake_unpause(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	for (size_t i = 0; i < hv->count; i++)
		if (hv->domain[i].domid == domid)
			hv->domain[i].paused = false;
	hv->unpaused++;
	return CAIRN_OK;
}

static enum cairn_status fake_pause(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	hv->pauses++;
	for (size_t i = 0; i < hv->count; i++)
		if (hv->domain[i].domid == domid)
			hv->domain[i].paused = true;
	return CAIRN_OK;
}

static enum cairn_status fake_destroy(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	hv->destroyed++;
	if (hv->destroy_fails != CAIRN_OK)
		return hv->destroy_fails;
	for (size_t i = 0; i < hv->count; i++) {
		if (hv->domain[i].domid != domid)
			continue;
		hv->domain[i] = hv->domain[--hv->count];
		return CAIRN_OK;
	}
	return CAIRN_E_XEN;
}

static enum cairn_status fake_publish(void *self, uint32_t domid, const char *key, const char *value)
{
	struct fake_hv *hv = self;

	hv->published += key != NULL;
	if (hv->publish_fails != CAIRN_OK)
		return hv->publish_fails;
	if (key && strcmp(key, "devices") == 0) {
		hv->kept_domid = domid;
		snprintf(hv->kept, sizeof(hv->kept), "%s", value);
	}
	return CAIRN_OK;
}

static enum cairn_status fake_published(void *self, uint32_t domid, const char *key, struct cairn_buf *out)
{
	const struct fake_hv *hv = self;

	if (strcmp(key, "devices") != 0 || hv->kept_domid != domid)
		return CAIRN_E_NOTFOUND;
	cairn_buf_add_str(out, hv->kept);
	return cairn_buf_status(out);
}

static enum cairn_status fake_devices(void *self, uint32_t domid, struct cairn_buf *out)
{
	const struct fake_hv *hv = self;

	(void)domid;
	cairn_buf_add_str(out, hv->devices);
	return hv->devices_fail != CAIRN_OK ? hv->devices_fail : cairn_buf_status(out);
}

static enum cairn_status fake_remember(void *self, uint32_t domid, unsigned unplaced)
{
	struct fake_hv *hv = self;

	hv->remembered = domid;
	hv->unplaced = unplaced;
	return CAIRN_OK;
}

static enum cairn_status fake_recall(void *self, uint32_t *domid, unsigned *unplaced)
{
	struct fake_hv *hv = self;

	*domid = hv->remembered;
	*unplaced = hv->unplaced;
	return hv->remembered ? CAIRN_OK : CAIRN_E_NOTFOUND;
}

static enum cairn_status fake_stub(void *self, uint32_t domid, uint32_t *stub)
{
	const struct fake_hv *hv = self;

	if (hv->stub == 0 || domid != hv->stub_of)
		return CAIRN_E_NOTFOUND;
	*stub = hv->stub;
	return CAIRN_OK;
}

/* A block device is a file that starts with "block"; one of dm-verity is a file that starts with "verity". */
static enum cairn_status fake_probe(void *self, int fd, struct cairn_hv_disk *out)
{
	const struct fake_hv *hv = self;
	char start[7] = "";

	*out = (struct cairn_hv_disk){0};
	if (hv->probe_fails != CAIRN_OK)
		return hv->probe_fails;
	if (pread(fd, start, 6, 0) < 0)
		return CAIRN_E_IO;
	out->verity = strcmp(start, "verity") == 0;
	out->block = out->verity || strncmp(start, "block", 5) == 0;
	out->size = 8192;
	return out->verity ? cairn_hash(&out->root, CAIRN_ALG_SHA256, cairn_span_str("root")) : CAIRN_OK;
}

static enum cairn_status fake_loop(void *self, int image, int *fd)
{
	struct fake_hv *hv = self;

	if (hv->loop_fails != CAIRN_OK)
		return hv->loop_fails;
	hv->loops++;
	*fd = dup(image);
	return *fd >= 0 ? CAIRN_OK : CAIRN_E_IO;
}

static int file_of(const char *text)
{
	int fd = memfd_create("found", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		return fd;
	return -1;
}

static enum cairn_status fake_extract(void *self, int disk, unsigned limit_mib, struct cairn_hv_boot *out,
				      struct cairn_buf *why)
{
	struct fake_hv *hv = self;
	uint8_t bytes[4096];
	ssize_t n = pread(disk, bytes, sizeof(bytes), 0);

	if (n < 0 || cairn_hash(&hv->extract_of, CAIRN_ALG_SHA256, cairn_span(bytes, (size_t)n)) != CAIRN_OK)
		return CAIRN_E_INTERNAL;
	hv->extract_limit_mib = limit_mib;
	if (hv->extract_fails != CAIRN_OK) {
		cairn_buf_add_str(why, hv->boot_words ? hv->boot_words : "");
		return hv->extract_fails;
	}
	*out = (struct cairn_hv_boot){.kernel = file_of(hv->boot_kernel),
				      .ramdisk = hv->boot_ramdisk ? file_of(hv->boot_ramdisk) : -1};
	snprintf(out->args, sizeof(out->args), "%s", hv->boot_args);
	return out->kernel >= 0 ? CAIRN_OK : CAIRN_E_INTERNAL;
}

static enum cairn_status fake_pci(void *self, const char *bdf, struct cairn_pci_device *out)
{
	(void)self;
	if (strcmp(bdf, "0000:03:00.0") != 0)
		return CAIRN_E_NOTFOUND;
	*out = (struct cairn_pci_device){.bdf = bdf,
					 .vendor = 0x8086,
					 .device = 0x10d3,
					 .subvendor = 0x8086,
					 .subdevice = 0,
					 .class = 0x020000};
	return CAIRN_OK;
}

static enum cairn_status fake_memory(void *self, uint64_t *bytes)
{
	const struct fake_hv *hv = self;

	*bytes = hv->memory_left;
	return hv->memory_left ? CAIRN_OK : CAIRN_E_IO;
}

static unsigned fake_changes(void *self)
{
	const struct fake_hv *hv = self;

	return hv->changes;
}

static void fake_on_wait(void *self, void (*tick)(void *), void *context)
{
	struct fake_hv *hv = self;

	hv->tick = tick;
	hv->tick_context = context;
}

static int fake_watch(void *self)
{
	const struct fake_hv *hv = self;

	return hv->watched ? hv->watch_fd : -1;
}

static void fake_heard(void *self)
{
	struct fake_hv *hv = self;

	hv->watched = cairn_watch_drain(hv->watch_fd);
}

static bool fake_serving(void *self, uint32_t domid)
{
	const struct fake_hv *hv = self;

	return hv->serving == domid;
}

const struct cairn_hv_ops fake_hv_ops = {
    .facts = fake_facts,
    .list = fake_list,
    .create = fake_create,
    .unpause = fake_unpause,
    .pause = fake_pause,
    .destroy = fake_destroy,
    .publish = fake_publish,
    .published = fake_published,
    .devices = fake_devices,
    .serving = fake_serving,
    .remember = fake_remember,
    .recall = fake_recall,
    .stub = fake_stub,
    .probe = fake_probe,
    .loop = fake_loop,
    .extract = fake_extract,
    .pci = fake_pci,
    .memory = fake_memory,
    .changes = fake_changes,
    .on_wait = fake_on_wait,
    .watch = fake_watch,
    .heard = fake_heard,
};
