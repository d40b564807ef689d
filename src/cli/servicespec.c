/* Disks and PCI devices, as they are written on the command line of `cairn manifest service`. */
#include "servicespec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

/* ---- disks -------------------------------------------------------------------------------------------- */

static enum cairn_status hash_fd(struct cairn_disk *d, struct cairn_hasher *h, int fd)
{
	static uint8_t chunk[CHUNK];
	enum cairn_status s = CAIRN_OK;
	while (!s) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return cairn_hasher_take(h, &d->digest);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CAIRN_E_IO;
		d->size += (uint64_t)n;
		s = cairn_hasher_add(h, cairn_span(chunk, (size_t)n));
	}
	return s;
}

static int take_image(struct cairn_disk *d, const char *path)
{
	struct cairn_hasher *h = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum cairn_status s = fd < 0 ? CAIRN_E_IO : cairn_hasher_new(&h, CAIRN_ALG_SHA256);
	if (!s)
		s = hash_fd(d, h, fd);
	if (!s && d->size == 0)
		s = CAIRN_E_TRUNCATED;
	cairn_hasher_free(h);
	int code = s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
	if (fd >= 0)
		close(fd);
	return code;
}

static int take_verity(struct cairn_disk *d, const char *text)
{
	char hash[2 * CAIRN_SHA256_SIZE + 1] = "";
	const char *colon = strchr(text, ':');
	unsigned long size;
	if (colon && (size_t)(colon - text) < sizeof(hash))
		memcpy(hash, text, (size_t)(colon - text));
	if (cairn_digest_parse(&d->digest, CAIRN_ALG_SHA256, hash))
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--disk: '%s' is not ROOTHASH:BYTES with a SHA-256 in hex", text);
	if (!cairn_cli_number(&size, "disk", colon + 1, INT64_MAX))
		return CAIRN_EXIT_USAGE;
	d->size = size;
	return CAIRN_EXIT_GOOD;
}

static int take_disk(struct cairn_disk *d, char vdev[CAIRN_NAME_MAX + 1], const char *spec)
{
	static const char *const kinds[] = {CAIRN_DISK_IMAGE, CAIRN_DISK_VERITY, CAIRN_DISK_UNMEASURED, NULL};
	size_t name = strcspn(spec, ":");
	const char *kind = spec[name] ? spec + name + 1 : "", *rest = strchr(kind, ':');
	if (name > CAIRN_NAME_MAX)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "--disk: a name is too long in '%s'", spec);
	memcpy(vdev, spec, name);
	d->vdev = vdev;
	for (const char *const *k = kinds; *k; k++)
		if (rest && strlen(*k) == (size_t)(rest - kind) && strncmp(kind, *k, strlen(*k)) == 0)
			d->kind = *k;
	if (!rest || !d->kind)
		return cairn_cli_complain(
		    CAIRN_EXIT_USAGE,
		    "--disk: '%s' is none of VDEV:image:FILE, VDEV:verity:ROOTHASH:BYTES, "
		    "VDEV:unmeasured:w, VDEV:unmeasured:r",
		    spec);
	rest++;
	if (strcmp(d->kind, CAIRN_DISK_IMAGE) == 0)
		return take_image(d, rest);
	if (strcmp(d->kind, CAIRN_DISK_VERITY) == 0)
		return take_verity(d, rest);
	d->readwrite = strcmp(rest, "w") == 0;
	if (d->readwrite || strcmp(rest, "r") == 0)
		return CAIRN_EXIT_GOOD;
	return cairn_cli_complain(CAIRN_EXIT_USAGE, "--disk: '%s' is neither r nor w", rest);
}

int cairn_cli_disks(struct cairn_setup *out, struct cairn_cli_disk_names *names,
		    const struct cairn_cli_list *specs)
{
	int code = CAIRN_EXIT_GOOD;
	if (specs->count > CAIRN_DISKS_MAX)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "too many disks");
	for (size_t i = 0; i < specs->count && code == CAIRN_EXIT_GOOD; i++)
		code = take_disk(&out->disk[i], names->vdev[i], specs->item[i]);
	out->disk_count = specs->count;
	return code;
}

/* ---- PCI ---------------------------------------------------------------------------------------------- */

/* Four hex digits, of either case. */
static bool hex4(uint16_t *out, const char *s)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *at = s[i] ? strchr(digits, s[i]) : NULL;
		if (!at)
			return false;
		v = v << 4 | (unsigned)(at - digits > 15 ? at - digits - 6 : at - digits);
	}
	*out = (uint16_t)v;
	return true;
}

/* What stands behind the device, each once. */
static bool take_words(struct cairn_pci_rule *r, const char *words)
{
	static const char permissive[] = ",permissive", rom[] = ",rom=";
	while (*words) {
		char hash[2 * CAIRN_SHA256_SIZE + 1] = "";
		if (!r->permissive && strncmp(words, permissive, sizeof(permissive) - 1) == 0) {
			r->permissive = true;
			words += sizeof(permissive) - 1;
			continue;
		}
		if (r->rom.alg != CAIRN_ALG_NONE || strncmp(words, rom, sizeof(rom) - 1) != 0)
			return false;
		words += sizeof(rom) - 1;
		snprintf(hash, sizeof(hash), "%.64s", words);
		if (cairn_digest_parse(&r->rom, CAIRN_ALG_SHA256, hash))
			return false;
		words += sizeof(hash) - 1;
	}
	return true;
}

static bool take_rule(struct cairn_pci_rule *r, const char *spec)
{
	static const char class[] = "class:";
	const char *rest;
	if (strncmp(spec, class, sizeof(class) - 1) == 0) {
		r->by_class = true;
		rest = spec + sizeof(class) - 1;
		if (!hex4(&r->class, rest))
			return false;
		rest += 4;
	} else {
		if (!hex4(&r->vendor, spec) || spec[4] != ':' || !hex4(&r->device, spec + 5))
			return false;
		rest = spec + 9;
	}
	return take_words(r, rest);
}

int cairn_cli_pci(struct cairn_manifest *out, const struct cairn_cli_list *specs)
{
	if (specs->count > CAIRN_PCI_MAX - out->pci_count)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "too many PCI devices");
	for (size_t i = 0; i < specs->count; i++)
		if (!take_rule(&out->pci[out->pci_count + i], specs->item[i]))
			return cairn_cli_complain(
			    CAIRN_EXIT_USAGE,
			    "--pci: '%s' is neither VENDOR:DEVICE nor class:CLASS, of four "
			    "hex digits each, with or without ,permissive and ,rom=SHA256",
			    specs->item[i]);
	out->pci_count += specs->count;
	return CAIRN_EXIT_GOOD;
}
