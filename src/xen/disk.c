/* Block devices: dm-verity through device-mapper's own interface, and loop devices. Device-mapper is believed: it is
 * what keeps what it says. Source: Documentation/admin-guide/device-mapper/verity.rst of Linux 6.1. */
#include "xen/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

/* ---- dm-verity ---------------------------------------------------------------------------------------- */

/* <version> <dev> <hash_dev> <data_block_size> <hash_block_size> <num_data_blocks> <hash_start_block> <algorithm>
 * <digest> <salt> [<#opt_params> <opt_params>] */
enum {
	VERSION,
	DEV,
	HASH_DEV,
	DATA_SIZE,
	HASH_SIZE,
	BLOCKS,
	HASH_START,
	ALGORITHM,
	DIGEST,
	SALT,
	OPTIONS,
	WORDS_MAX = 32
};

static size_t split(char *text, char *word[WORDS_MAX])
{
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &text); w; w = strtok_r(NULL, " ", &text)) {
		if (n == WORDS_MAX)
			return 0;
		word[n++] = w;
	}
	return n;
}

static bool number(const char *s, uint64_t *out)
{
	char *end = NULL;

	errno = 0;
	*out = strtoull(s, &end, 10);
	return s[0] >= '0' && s[0] <= '9' && *end == '\0' && errno == 0;
}

/* Options that leave each block checked at each read, and what fails unread. "ignore_corruption" and
 * "check_at_most_once" do not. */
static bool options_hold(char *const *word, size_t n)
{
	static const char *const harmless[] = {"restart_on_corruption", "panic_on_corruption",
					       "ignore_zero_blocks", "try_verify_in_tasklet"};
	uint64_t count = 0;

	if (n > 0 && (!number(word[0], &count) || count != n - 1))
		return false;
	for (size_t i = 1; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < sizeof(harmless) / sizeof(harmless[0]); k++)
			known |= strcmp(word[i], harmless[k]) == 0;
		if (!known)
			return false;
	}
	return true;
}

static enum cairn_status parse_words(struct cairn_hv_disk *out, char *const *word, size_t n, uint64_t sectors)
{
	struct cairn_hv_disk d = {.block = true, .verity = true};
	uint64_t block = 0, blocks = 0;

	if (n <= SALT || strcmp(word[VERSION], "1") != 0 || !number(word[DATA_SIZE], &block) ||
	    !number(word[BLOCKS], &blocks) || block == 0 || block > 1u << 20 || blocks == 0 ||
	    blocks > UINT64_MAX / block)
		return CAIRN_E_MALFORMED;
	d.size = block * blocks;
	if (sectors > UINT64_MAX / SECTOR || d.size != sectors * SECTOR)
		return CAIRN_E_UNSUPPORTED;
	if (strcmp(word[ALGORITHM], "sha256") != 0 || !options_hold(word + OPTIONS, n - OPTIONS))
		return CAIRN_E_UNSUPPORTED;
	enum cairn_status st = cairn_digest_parse(&d.root, CAIRN_ALG_SHA256, word[DIGEST]);

	if (st == CAIRN_OK)
		*out = d;
	return st;
}

enum cairn_status cairn_verity_parse(struct cairn_hv_disk *out, const char *type, uint64_t sectors,
				     const char *params)
{
	char *word[WORDS_MAX] = {NULL}, *text;

	if (strcmp(type, "verity") != 0)
		return CAIRN_E_NOTFOUND;
	text = strdup(params);
	if (!text)
		return CAIRN_E_NOMEM;
	size_t n = split(text, word);
	enum cairn_status st = parse_words(out, word, n, sectors);

	free(text);
	return st;
}

enum cairn_status cairn_verity_reply(struct cairn_hv_disk *out, struct dm_ioctl *io)
{
	const struct dm_target_spec *t = (const void *)((const char *)io + io->data_start);
	char type[sizeof(t->target_type) + 1] = "";
	size_t first = io->data_start + sizeof(*t);

	if (io->flags & DM_BUFFER_FULL_FLAG || io->data_size > CAIRN_VERITY_REPLY || first >= io->data_size)
		return CAIRN_E_LIMIT;
	if (io->target_count != 1 || t->sector_start != 0)
		return CAIRN_E_NOTFOUND;
	memcpy(type, t->target_type, sizeof(t->target_type));
	((char *)io)[io->data_size - 1] = '\0';
	return cairn_verity_parse(out, type, t->length, (const char *)io + first);
}

enum cairn_status cairn_disk_mapped(struct cairn_hv_disk *out, dev_t dev)
{
	int control = open("/dev/" DM_DIR "/" DM_CONTROL_NODE, O_RDWR | O_CLOEXEC);
	struct dm_ioctl *io = control >= 0 ? calloc(1, CAIRN_VERITY_REPLY) : NULL;
	enum cairn_status st = CAIRN_E_NOTFOUND;

	if (io) {
		io->version[0] = 4; /* the least that knows what is asked */
		io->data_size = CAIRN_VERITY_REPLY;
		io->data_start = sizeof(*io);
		io->dev = dev;
		io->flags = DM_STATUS_TABLE_FLAG | DM_NOFLUSH_FLAG;
		if (ioctl(control, DM_TABLE_STATUS, io) == 0)
			st = cairn_verity_reply(out, io);
	}
	free(io);
	if (control >= 0)
		close(control);
	return st;
}

enum cairn_status cairn_disk_probe(struct cairn_hv_disk *out, int fd,
				   enum cairn_status (*mapped)(void *context, struct cairn_hv_disk *out,
							       dev_t dev),
				   void *context)
{
	struct stat s;

	if (fstat(fd, &s) != 0)
		return CAIRN_E_IO;
	*out = (struct cairn_hv_disk){.block = S_ISBLK(s.st_mode)};
	if (!out->block)
		return CAIRN_OK;
	enum cairn_status st = mapped(context, out, s.st_rdev);

	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

/* ---- loop devices ------------------------------------------------------------------------------------- */

/* Somebody else may be faster with the one that was free. */
enum cairn_status cairn_disk_loop(int *fd, int image)
{
	const struct loop_config config = {.fd = (unsigned)image,
					   .info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int loop = -1;

	for (int tries = 0; control >= 0 && loop < 0 && tries < 16; tries++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);
		char path[32];

		snprintf(path, sizeof(path), "/dev/loop%d", n);
		loop = n >= 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) != 0) {
			bool taken = errno == EBUSY;

			close(loop);
			loop = -1;
			if (!taken)
				break;
		}
	}
	if (control >= 0)
		close(control);
	if (loop < 0)
		return CAIRN_E_IO;
	*fd = loop;
	return CAIRN_OK;
}
