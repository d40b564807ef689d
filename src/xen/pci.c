/* PCI devices in sysfs. The option ROM belongs to the identity where it can be read: firmware of the guest runs it. */
#include "xen/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROM_MAX (16u << 20)

static int open_attribute(int device, const char *name, int how)
{
	return openat(device, name, how | O_CLOEXEC | O_NOFOLLOW);
}

/* "0x8086\n" */
static enum cairn_status read_number(int device, const char *name, uint32_t max, uint32_t *out)
{
	int fd = open_attribute(device, name, O_RDONLY);
	char text[16] = "", *end = text;
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return CAIRN_E_IO;
	unsigned long v = strtoul(text, &end, 16);

	if (strncmp(text, "0x", 2) != 0 || end == text || *end != '\n' || v > max)
		return CAIRN_E_MALFORMED;
	*out = (uint32_t)v;
	return CAIRN_OK;
}

static enum cairn_status read_rom(int fd, struct cairn_digest *out)
{
	uint8_t *bytes = malloc(ROM_MAX);
	size_t len = 0;
	ssize_t n = 0;

	while (bytes && len < ROM_MAX && (n = read(fd, bytes + len, ROM_MAX - len)) > 0)
		len += (size_t)n;
	enum cairn_status st = !bytes ? CAIRN_E_NOMEM : CAIRN_OK;

	if (st == CAIRN_OK && n == 0 && len > 0)
		st = cairn_hash(out, CAIRN_ALG_SHA256, cairn_span(bytes, len));
	free(bytes);
	return st;
}

/* Linux shows it between a 1 and a 0 that are written to it. A device without one, or that does not show it, has none
 * on record. */
static enum cairn_status identify_rom(int device, struct cairn_digest *out)
{
	int fd = open_attribute(device, "rom", O_RDWR);
	enum cairn_status st = CAIRN_OK;

	if (fd < 0)
		return CAIRN_OK;
	if (pwrite(fd, "1", 1, 0) == 1 && lseek(fd, 0, SEEK_SET) == 0)
		st = read_rom(fd, out);
	if (pwrite(fd, "0", 1, 0) != 1)
		st = st == CAIRN_OK ? CAIRN_E_IO : st;
	close(fd);
	return st;
}

static enum cairn_status identify(struct cairn_pci_device *out, int device)
{
	static const struct {
		const char *name;
		uint32_t max;
	} attributes[] = {{"vendor", 0xffff},		{"device", 0xffff},  {"subsystem_vendor", 0xffff},
			  {"subsystem_device", 0xffff}, {"class", 0xffffff}, {"revision", 0xff}};
	uint32_t v[6] = {0};
	enum cairn_status st = CAIRN_OK;

	for (size_t i = 0; i < 6 && st == CAIRN_OK; i++)
		st = read_number(device, attributes[i].name, attributes[i].max, &v[i]);
	out->vendor = (uint16_t)v[0];
	out->device = (uint16_t)v[1];
	out->subvendor = (uint16_t)v[2];
	out->subdevice = (uint16_t)v[3];
	out->class = v[4];
	out->revision = (uint8_t)v[5];
	return st == CAIRN_OK ? identify_rom(device, &out->rom) : st;
}

enum cairn_status cairn_pci_identify(struct cairn_pci_device *out, const char *devices, const char *bdf)
{
	struct cairn_pci_device d = {.bdf = bdf};
	char path[256];
	int n = snprintf(path, sizeof(path), "%s/%s", devices, bdf);
	int device = n > 0 && (size_t)n < sizeof(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (device < 0)
		return errno == ENOENT ? CAIRN_E_NOTFOUND : CAIRN_E_IO;
	enum cairn_status st = identify(&d, device);

	close(device);
	if (st == CAIRN_OK)
		*out = d;
	return st;
}
