/* The hypervisor through libxenctrl, xenstore through libxenstore, domain building through xl, which the launcher
 * runs. Trusted are
 * the hypervisor and the dom0 that this runs in; a guest cannot write where this writes. */
#define _GNU_SOURCE
#include "xen/hv.h"
#include "xen/devices.h"
#include "xen/launcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>
#include <xen/kexec.h>

#define DESTROY_TIMEOUT_S 30
#define PROBE_TIMEOUT_S	  30
#define EXTRACT_TIMEOUT_S 60

struct xen {
	xc_interface *xc;
	struct xs_handle *xs;
	int watch_fd; /* -1: none */
	struct cairn_launcher launcher;
};

static enum cairn_status xen_facts(void *hv, struct cairn_hv_facts *out)
{
	struct xen *x = hv;
	xen_commandline_t line;
	union {
		xen_build_id_t id;
		uint8_t room[sizeof(xen_build_id_t) + 64];
	} b;
	cairn_auto_buf struct cairn_buf hex = {0};

	memset(&b, 0, sizeof(b));
	memset(line, 0, sizeof(line));
	b.id.len = 64;
	int n = xc_version(x->xc, XENVER_build_id, &b.id);

	if (n <= 0 || n > 64 || xc_version(x->xc, XENVER_commandline, &line) < 0)
		return CAIRN_E_XEN;
	line[sizeof(line) - 1] = '\0';
	cairn_hex_encode(&hex, cairn_span(b.id.buf, (size_t)n));
	const char *text = cairn_buf_str(&hex);

	if (!text)
		return CAIRN_E_NOMEM;
	snprintf(out->build_id, sizeof(out->build_id), "%s", text);
	snprintf(out->cmdline, sizeof(out->cmdline), "%s", line);
	return CAIRN_OK;
}

static void uuid_text(char out[CAIRN_XLCFG_UUID], const uint8_t u[16])
{
	snprintf(out, CAIRN_XLCFG_UUID,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
		 u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static struct cairn_hv_domain domain_of(const xc_domaininfo_t *i)
{
	struct cairn_hv_domain d = {
	    .domid = i->domain,
	    .hvm = (i->flags & XEN_DOMINF_hvm_guest) != 0,
	    .paused = (i->flags & XEN_DOMINF_paused) != 0,
	    .dying = (i->flags & XEN_DOMINF_dying) != 0,
	    .shutdown = (i->flags & XEN_DOMINF_shutdown) != 0,
	    .shutdown_reason = (i->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask,
	    .cpu_ns = i->cpu_time,
	};

	uuid_text(d.uuid, i->handle);
	return d;
}

static enum cairn_status xen_list(void *hv, struct cairn_hv_domain *out, size_t max, size_t *count)
{
	struct xen *x = hv;
	xc_domaininfo_t info[32];
	uint32_t first = 1;
	size_t n = 0;

	for (;;) {
		int got = xc_domain_getinfolist(x->xc, first, 32, info);

		if (got < 0)
			return CAIRN_E_XEN;
		for (int i = 0; i < got; i++) {
			if (n == max)
				return CAIRN_E_LIMIT;
			out[n++] = domain_of(&info[i]);
		}
		if (got < 32)
			break;
		first = (uint32_t)info[got - 1].domain + 1;
	}
	*count = n;
	return CAIRN_OK;
}

static enum cairn_status xen_create(void *hv, struct cairn_span config, unsigned timeout_s,
				    struct cairn_buf *why)
{
	struct xen *x = hv;
	int fd = cairn_toolstack_config(config);

	if (fd < 0)
		return CAIRN_E_NOMEM;
	enum cairn_status st =
	    cairn_launcher_ask(&x->launcher, CAIRN_LAUNCHER_CREATE, (uint32_t)fd, timeout_s, why);

	close(fd);
	return st;
}

static enum cairn_status xen_unpause(void *hv, uint32_t domid)
{
	struct xen *x = hv;

	return xc_domain_unpause(x->xc, domid) == 0 ? CAIRN_OK : CAIRN_E_XEN;
}

static enum cairn_status xen_pause(void *hv, uint32_t domid)
{
	struct xen *x = hv;

	return xc_domain_pause(x->xc, domid) == 0 ? CAIRN_OK : CAIRN_E_XEN;
}

/* xl first, since it also takes down the domain's devices; then the hypervisor itself if xl did not manage.
 */
static enum cairn_status xen_destroy(void *hv, uint32_t domid)
{
	struct xen *x = hv;
	cairn_auto_buf struct cairn_buf said = {0};

	if (cairn_launcher_ask(&x->launcher, CAIRN_LAUNCHER_DESTROY, domid, DESTROY_TIMEOUT_S, &said) ==
	    CAIRN_OK)
		return CAIRN_OK;
	if (xc_domain_destroy(x->xc, domid) == 0 || errno == ESRCH)
		return CAIRN_OK;
	return CAIRN_E_XEN;
}

static enum cairn_status xen_publish(void *hv, uint32_t domid, const char *key, const char *value)
{
	struct xen *x = hv;
	char path[96];

	if (!key) {
		snprintf(path, sizeof(path), "/tool/cairn/%u", domid);
		return xs_rm(x->xs, XBT_NULL, path) ? CAIRN_OK : CAIRN_E_XEN;
	}
	snprintf(path, sizeof(path), "/tool/cairn/%u/%s", domid, key);
	return xs_write(x->xs, XBT_NULL, path, value, (unsigned)strlen(value)) ? CAIRN_OK : CAIRN_E_XEN;
}

static enum cairn_status xen_published(void *hv, uint32_t domid, const char *key, struct cairn_buf *out)
{
	const struct xen *x = hv;
	unsigned len = 0;
	char path[96];

	snprintf(path, sizeof(path), "/tool/cairn/%u/%s", domid, key);
	char *text = xs_read(x->xs, XBT_NULL, path, &len);

	if (!text)
		return CAIRN_E_NOTFOUND;
	cairn_buf_add(out, cairn_span(text, len));
	free(text);
	return cairn_buf_status(out);
}

static char **tree_list(void *xs, const char *path, unsigned *count)
{
	return xs_directory(xs, XBT_NULL, path, count);
}

static char *tree_read(void *xs, const char *path, unsigned *len)
{
	return xs_read(xs, XBT_NULL, path, len);
}

static enum cairn_status xen_devices(void *hv, uint32_t domid, struct cairn_buf *out)
{
	const struct xen *x = hv;
	const struct cairn_tree tree = {tree_list, tree_read, x->xs};

	return cairn_devices_read(out, &tree, domid);
}

static bool xen_serving(void *hv, uint32_t domid)
{
	struct xen *x = hv;
	unsigned len = 0;
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/data/serving", domid);
	char *text = xs_read(x->xs, XBT_NULL, path, &len);
	bool yes = text && strcmp(text, "1") == 0;

	free(text);
	return yes;
}

#define LAST_DOMID "/tool/cairn/last-domid"

static enum cairn_status xen_remember(void *hv, uint32_t domid, unsigned unplaced)
{
	struct xen *x = hv;
	char text[32];

	snprintf(text, sizeof(text), "%u %u", domid, unplaced);
	return xs_write(x->xs, XBT_NULL, LAST_DOMID, text, (unsigned)strlen(text)) ? CAIRN_OK : CAIRN_E_XEN;
}

/* A domid, and a number behind it where second is not NULL. */
static enum cairn_status read_domid(struct xs_handle *xs, const char *path, uint32_t *out, unsigned *second)
{
	unsigned len = 0;
	char *text = xs_read(xs, XBT_NULL, path, &len), *end = text, *start = NULL;
	unsigned long v = text ? strtoul(text, &end, 10) : 0, more = 0;
	bool good = text && end != text && v < CAIRN_HV_DOMAINS;

	if (good && second) {
		start = end;
		more = strtoul(start, &end, 10);
		good = end != start && more < CAIRN_HV_DOMAINS;
	}
	good = good && *end == '\0';
	free(text);
	if (!good)
		return CAIRN_E_NOTFOUND;
	*out = (uint32_t)v;
	if (second)
		*second = (unsigned)more;
	return CAIRN_OK;
}

static enum cairn_status xen_recall(void *hv, uint32_t *domid, unsigned *unplaced)
{
	const struct xen *x = hv;

	return read_domid(x->xs, LAST_DOMID, domid, unplaced);
}

/* tools/libs/light/libxl_dm.c of Xen 4.17 writes it; the node is dom0's, and the guest may only read it. */
static enum cairn_status xen_stub(void *hv, uint32_t domid, uint32_t *out)
{
	const struct xen *x = hv;
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/image/device-model-domid", domid);
	enum cairn_status st = read_domid(x->xs, path, out, NULL);

	return st == CAIRN_OK && *out == 0 ? CAIRN_E_NOTFOUND : st; /* dom0 is nobody's stub domain */
}

static unsigned xen_changes(void *hv)
{
	const struct xen *x = hv;
	unsigned patches = 0, mask = 0;
	uint32_t names = 0, metadata = 0;

	if (xc_livepatch_list_get_sizes(x->xc, &patches, &names, &metadata) == 0 && patches > 0)
		mask |= 1u << CAIRN_HV_LIVEPATCH;
	if (xc_kexec_status(x->xc, KEXEC_TYPE_DEFAULT) == 1)
		mask |= 1u << CAIRN_HV_KEXEC;
	if (xc_kexec_status(x->xc, KEXEC_TYPE_CRASH) == 1)
		mask |= 1u << CAIRN_HV_KEXEC_CRASH;
	if (cairn_boot_slept())
		mask |= 1u << CAIRN_HV_SUSPENDED;
	return mask;
}

static void xen_on_wait(void *hv, void (*tick)(void *), void *context)
{
	struct xen *x = hv;

	x->launcher.tick = tick;
	x->launcher.context = context;
}

/* What is asked of device-mapper takes a privilege that cairnd has given up. */
static enum cairn_status ask_mapped(void *hv, struct cairn_hv_disk *out, dev_t dev)
{
	struct xen *x = hv;
	cairn_auto_buf struct cairn_buf words = {0};
	enum cairn_status st =
	    cairn_launcher_ask(&x->launcher, CAIRN_LAUNCHER_MAPPED, (uint32_t)dev, PROBE_TIMEOUT_S, &words);

	if (st == CAIRN_OK && words.len != sizeof(*out))
		return CAIRN_E_XEN;
	if (st == CAIRN_OK)
		memcpy(out, words.ptr, sizeof(*out));
	return st;
}

static enum cairn_status xen_probe(void *hv, int fd, struct cairn_hv_disk *out)
{
	return cairn_disk_probe(out, fd, ask_mapped, hv);
}

static enum cairn_status xen_loop(void *hv, int image, int *fd)
{
	(void)hv;
	return cairn_disk_loop(fd, image);
}

static enum cairn_status xen_extract(void *hv, int disk, unsigned limit_mib, struct cairn_hv_boot *out,
				     struct cairn_buf *why)
{
	struct xen *x = hv;
	const struct cairn_launcher_ask ask = {.job = CAIRN_LAUNCHER_EXTRACT,
					       .number = (uint32_t)disk,
					       .limit_mib = limit_mib,
					       .timeout_s = EXTRACT_TIMEOUT_S};
	cairn_auto_buf struct cairn_buf words = {0};
	int files[CAIRN_LAUNCHER_FILES];
	enum cairn_status st = cairn_launcher_ask_files(&x->launcher, &ask, &words, files);

	if (st != CAIRN_OK) {
		cairn_buf_add(why, cairn_buf_span(&words));
		return st;
	}
	*out = (struct cairn_hv_boot){.kernel = files[0], .ramdisk = files[1]};
	snprintf(out->args, sizeof(out->args), "%.*s", (int)words.len, (const char *)words.ptr);
	return CAIRN_OK;
}

static enum cairn_status xen_pci(void *hv, const char *bdf, struct cairn_pci_device *out)
{
	(void)hv;
	return cairn_pci_identify(out, CAIRN_PCI_DEVICES, bdf);
}

enum cairn_status cairn_memory_available(uint64_t *bytes, const char *path)
{
	static const char key[] = "MemAvailable:";
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_file_read(&text, path, 65536);
	const char *at = st == CAIRN_OK ? cairn_buf_str(&text) : NULL;

	if (!at)
		return CAIRN_E_IO;
	at = strstr(at, key);
	unsigned long long kib = at ? strtoull(at + strlen(key), NULL, 10) : 0;

	if (kib == 0 || kib > UINT64_MAX >> 10)
		return CAIRN_E_MALFORMED;
	*bytes = kib << 10;
	return CAIRN_OK;
}

static enum cairn_status xen_memory(void *hv, uint64_t *bytes)
{
	(void)hv;
	return cairn_memory_available(bytes, "/proc/meminfo");
}

static int xen_watch(void *hv)
{
	const struct xen *x = hv;

	return x->watch_fd;
}

static void xen_heard(void *hv)
{
	struct xen *x = hv;

	if (x->watch_fd < 0 || cairn_watch_drain(x->watch_fd))
		return;
	close(x->watch_fd);
	x->watch_fd = -1;
}

enum cairn_status cairn_hv_find(const struct cairn_hv *hv, const char *uuid, struct cairn_hv_domain *out)
{
	struct cairn_hv_domain *all = calloc(CAIRN_HV_DOMAINS, sizeof(*all));
	size_t n = 0;
	enum cairn_status st = all ? hv->ops->list(hv->self, all, CAIRN_HV_DOMAINS, &n) : CAIRN_E_NOMEM;

	size_t found = 0, at = 0;

	for (size_t i = 0; i < n && st == CAIRN_OK; i++) {
		if (strcmp(all[i].uuid, uuid) != 0)
			continue;
		at = i;
		found++;
	}
	if (st == CAIRN_OK && found != 1)
		st = found == 0 ? CAIRN_E_NOTFOUND : CAIRN_E_EXISTS;
	if (st == CAIRN_OK)
		*out = all[at];
	free(all);
	return st;
}

enum cairn_status cairn_hv_get(const struct cairn_hv *hv, uint32_t domid, struct cairn_hv_domain *out)
{
	struct cairn_hv_domain *all = calloc(CAIRN_HV_DOMAINS, sizeof(*all));
	size_t n = 0;
	enum cairn_status st = all ? hv->ops->list(hv->self, all, CAIRN_HV_DOMAINS, &n) : CAIRN_E_NOMEM;
	bool found = false;

	for (size_t i = 0; i < n && st == CAIRN_OK && !found; i++) {
		found = all[i].domid == domid;
		if (found)
			*out = all[i];
	}
	free(all);
	return st == CAIRN_OK && !found ? CAIRN_E_NOTFOUND : st;
}

static const struct cairn_hv_ops xen_ops = {
    .facts = xen_facts,
    .list = xen_list,
    .create = xen_create,
    .unpause = xen_unpause,
    .pause = xen_pause,
    .destroy = xen_destroy,
    .publish = xen_publish,
    .published = xen_published,
    .devices = xen_devices,
    .serving = xen_serving,
    .remember = xen_remember,
    .recall = xen_recall,
    .stub = xen_stub,
    .probe = xen_probe,
    .loop = xen_loop,
    .extract = xen_extract,
    .pci = xen_pci,
    .memory = xen_memory,
    .changes = xen_changes,
    .on_wait = xen_on_wait,
    .watch = xen_watch,
    .heard = xen_heard,
};

void cairn_xen_close(struct cairn_hv *hv)
{
	struct xen *x = hv->self;

	if (x)
		cairn_launcher_stop(&x->launcher);
	if (x && x->watch_fd >= 0)
		close(x->watch_fd);
	if (x && x->xs)
		xs_close(x->xs);
	if (x && x->xc)
		xc_interface_close(x->xc);
	free(x);
	*hv = (struct cairn_hv){0};
}

enum cairn_status cairn_xen_open(struct cairn_hv *out, const char *xl, struct cairn_buf *why)
{
	struct xen *x = calloc(1, sizeof(*x));
	struct cairn_hv hv = {.ops = &xen_ops, .self = x};

	if (!x)
		return CAIRN_E_NOMEM;
	x->watch_fd = -1;
	if (cairn_launcher_start(&x->launcher, xl) != CAIRN_OK) {
		cairn_buf_add_str(why, "cairnd's launcher cannot be started: out of memory or processes");
		cairn_xen_close(&hv);
		return CAIRN_E_IO;
	}
	x->xc = xc_interface_open(NULL, NULL, 0);
	x->xs = x->xc ? xs_open(0) : NULL;
	if (x->xc && x->xs && access(xl, X_OK) == 0) {
		x->watch_fd = cairn_watch_open(xs_daemon_socket());
		*out = hv;
		return CAIRN_OK;
	}
	cairn_buf_add_str(why,
			  !x->xc ? "no hypervisor: cairnd runs in dom0 of a Xen host (is xen-privcmd loaded?)"
			  : !x->xs ? "xenstored does not answer: start it before cairnd"
				   : "the xl program of the configuration (key xl) cannot be run");
	cairn_xen_close(&hv);
	return CAIRN_E_XEN;
}
