/* Reading /libxl/DOMID/device, which only dom0 can write: tools/libs/light/libxl_device.c of Xen 4.17 keeps a copy there of
 * all that it told the backend, for a backend in a driver domain need not be believed. PCI devices that are added to those
 * that a domain has stand in dom0's backend directory alone (libxl_pci.c). */
#include "xen/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/digest.h"

#define KINDS_MAX   32u
#define NUMBERS_MAX 256u
#define KEYS_MAX    128u
#define PATH_LEN    256u

struct walk {
	const struct cairn_tree *tree;
	struct cairn_buf *out;
	uint32_t domid;
	struct cairn_buf print; /* what the fingerprint of this device is of */
};

/* ---- the tree ----------------------------------------------------------------------------------------- */

static int in_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A directory that is not there has nothing in it. The caller frees *out. */
static enum cairn_status list(const struct walk *w, const char *path, unsigned max, char ***out,
			      unsigned *count)
{
	*count = 0;
	*out = w->tree->list(w->tree->self, path, count);
	if (!*out) {
		*count = 0;
		return errno == ENOENT ? CAIRN_OK : CAIRN_E_XEN;
	}
	if (*count > max)
		return CAIRN_E_LIMIT;
	qsort(*out, *count, sizeof(**out), in_order);
	return CAIRN_OK;
}

/* CAIRN_E_NOTFOUND; the caller frees *out. */
static enum cairn_status read_node(const struct walk *w, char **out, unsigned *len, const char *dir,
				   const char *key)
{
	char path[PATH_LEN];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, key);

	if (n < 0 || (size_t)n >= sizeof(path))
		return CAIRN_E_LIMIT;
	*out = w->tree->read(w->tree->self, path, len);
	if (*out)
		return CAIRN_OK;
	return errno == ENOENT ? CAIRN_E_NOTFOUND : CAIRN_E_XEN;
}

/* ---- lines -------------------------------------------------------------------------------------------- */

static enum cairn_status print_node(struct walk *w, const char *dir, const char *key)
{
	char *value = NULL;
	unsigned len = 0;
	enum cairn_status st = read_node(w, &value, &len, dir, key);

	if (st != CAIRN_OK)
		return st;
	cairn_buf_add(&w->print, cairn_span(key, strlen(key) + 1));
	cairn_buf_add_u32be(&w->print, len);
	cairn_buf_add(&w->print, cairn_span(value, len));
	free(value);
	return cairn_buf_status(&w->print);
}

/* Ends a device: its line, with half of the hash of what was printed, which is forgotten. */
static enum cairn_status end_line(struct walk *w, const char *kind, const char *number)
{
	struct cairn_digest d;
	enum cairn_status st = cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&w->print));

	cairn_buf_fini(&w->print);
	if (st != CAIRN_OK)
		return st;
	cairn_buf_add_fmt(w->out, "%s%s%s ", kind, number[0] ? "/" : "", number);
	cairn_hex_encode(w->out, cairn_span(d.bytes, 16));
	cairn_buf_add_u8(w->out, '\n');
	return cairn_buf_status(w->out);
}

/* What goes away while it is read is gone. */
static enum cairn_status finish(struct walk *w, enum cairn_status st, const char *kind, const char *number)
{
	if (st == CAIRN_OK)
		return end_line(w, kind, number);
	cairn_buf_fini(&w->print);
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

/* ---- devices ------------------------------------------------------------------------------------------ */

static enum cairn_status add_device(struct walk *w, const char *kind, const char *number)
{
	char path[PATH_LEN], **key = NULL;
	unsigned count = 0;
	int n = snprintf(path, sizeof(path), "/libxl/%u/device/%s/%s", w->domid, kind, number);

	if (n < 0 || (size_t)n >= sizeof(path))
		return CAIRN_E_LIMIT;
	enum cairn_status st = list(w, path, KEYS_MAX, &key, &count);

	if (st == CAIRN_OK && count == 0)
		st = CAIRN_E_NOTFOUND;
	for (unsigned i = 0; i < count && st == CAIRN_OK; i++)
		st = print_node(w, path, key[i]);
	free(key);
	return finish(w, st, kind, number);
}

static enum cairn_status add_kind(struct walk *w, const char *kind)
{
	char path[PATH_LEN], **number = NULL;
	unsigned count = 0;
	int n = snprintf(path, sizeof(path), "/libxl/%u/device/%s", w->domid, kind);

	if (n < 0 || (size_t)n >= sizeof(path))
		return CAIRN_E_LIMIT;
	enum cairn_status st = list(w, path, NUMBERS_MAX, &number, &count);

	for (unsigned i = 0; i < count && st == CAIRN_OK; i++)
		st = add_device(w, kind, number[i]);
	free(number);
	return st;
}

/* "0000:03:00.0"; what reads otherwise is a device all the same. */
static const char *address(const char *dev)
{
	return strlen(dev) <= 16 && dev[strspn(dev, "0123456789abcdefABCDEF:.")] == '\0' ? dev : "unreadable";
}

static enum cairn_status add_pci_device(struct walk *w, const char *dir, const char *key)
{
	char opts[64], *dev = NULL;
	unsigned len = 0;
	enum cairn_status st = read_node(w, &dev, &len, dir, key);

	snprintf(opts, sizeof(opts), "opts-%s", key + strlen("dev-"));
	if (st == CAIRN_OK) {
		cairn_buf_add(&w->print, cairn_span(dev, len));
		cairn_buf_add_u8(&w->print, 0);
		st = print_node(w, dir, opts);
		st = st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
	}
	st = finish(w, st, "bdf", dev ? address(dev) : "");
	free(dev);
	return st;
}

static enum cairn_status add_pci(struct walk *w)
{
	char path[PATH_LEN], **key = NULL;
	unsigned count = 0;

	snprintf(path, sizeof(path), "/local/domain/0/backend/pci/%u/0", w->domid);
	enum cairn_status st = list(w, path, NUMBERS_MAX * 8, &key, &count);

	for (unsigned i = 0; i < count && st == CAIRN_OK; i++)
		if (strncmp(key[i], "dev-", 4) == 0)
			st = add_pci_device(w, path, key[i]);
	free(key);
	return st;
}

static enum cairn_status add_model(struct walk *w, const char *key, const char *name)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/local/domain/%u/image", w->domid);
	return finish(w, print_node(w, path, key), name, "");
}

enum cairn_status cairn_devices_read(struct cairn_buf *out, const struct cairn_tree *tree, uint32_t domid)
{
	struct walk w = {.tree = tree, .out = out, .domid = domid};
	char path[PATH_LEN], **kind = NULL;
	unsigned count = 0;

	snprintf(path, sizeof(path), "/libxl/%u/device", domid);
	enum cairn_status st = list(&w, path, KINDS_MAX, &kind, &count);

	for (unsigned i = 0; i < count && st == CAIRN_OK; i++)
		st = add_kind(&w, kind[i]);
	free(kind);
	if (st == CAIRN_OK)
		st = add_pci(&w);
	if (st == CAIRN_OK)
		st = add_model(&w, "device-model-pid", "model");
	return st == CAIRN_OK ? add_model(&w, "device-model-domid", "stub") : st;
}
