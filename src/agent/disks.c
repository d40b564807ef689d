/* Disks of a launch. One that is read-only and lies in dom0 is opened once, and what it was opened at is what xl is
 * given: a device that dm-verity checks, by its root hash; a file as a whole, as a block device of the bytes in
 * memory. What can be written, and what another domain serves, is on record as unmeasured. */
#define _GNU_SOURCE /* O_PATH */
#include "agent/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPONENT "disk"

static enum cairn_status no_file(void)
{
	return errno == ENOENT || errno == ENOTDIR ? CAIRN_E_NOTFOUND : CAIRN_E_IO;
}

/* Opens what is there; errno tells why not. What is neither a file nor a block device is not opened at all: with some
 * devices that alone does something. */
static enum cairn_status open_disk(int *fd, const char *path)
{
	int name = open(path, O_PATH | O_CLOEXEC);
	struct stat s;
	char same[40];

	if (name < 0)
		return no_file();
	snprintf(same, sizeof(same), "/proc/self/fd/%d", name);
	enum cairn_status st = fstat(name, &s) == 0 ? CAIRN_OK : CAIRN_E_IO;

	if (st == CAIRN_OK && !S_ISREG(s.st_mode) && !S_ISBLK(s.st_mode))
		st = CAIRN_E_UNSUPPORTED;
	if (st == CAIRN_OK)
		*fd = open(same, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (st == CAIRN_OK && *fd < 0)
		st = no_file();
	int e = errno;

	close(name);
	errno = e;
	return st;
}

static enum cairn_status measure(struct cairn_job *j, struct cairn_job_disk *d, const char *path)
{
	const struct cairn_hv *hv = &j->a->hv;
	int fd = -1;
	enum cairn_status st = open_disk(&fd, path);

	if (st == CAIRN_OK)
		st = hv->ops->probe(hv->self, fd, &d->found);
	if (st == CAIRN_OK && d->found.block) {
		d->fd = fd;
		return CAIRN_OK;
	}
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return st == CAIRN_OK ? cairn_job_stage(j, &d->image, path) : st;
}

enum cairn_status cairn_job_collect_disks(struct cairn_job *j)
{
	for (size_t i = 0; i < j->cfg.disk_count && j->reasons->count == 0; i++) {
		const struct cairn_xldisk *c = &j->cfg.disk[i];

		if (c->readwrite || c->backend[0])
			continue;
		enum cairn_status st = measure(j, &j->disk[i], c->path);

		st = cairn_job_judge(j, st, errno, COMPONENT, c->path);
		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

/* One that is not measured is opened for the time being. */
enum cairn_status cairn_job_open_disk(const struct cairn_job *j, size_t i, int *fd)
{
	const struct cairn_job_disk *d = &j->disk[i];

	if (d->fd < 0 && d->image.fd < 0)
		return open_disk(fd, j->cfg.disk[i].path);
	*fd = fcntl(d->fd >= 0 ? d->fd : d->image.fd, F_DUPFD_CLOEXEC, 0);
	return *fd >= 0 ? CAIRN_OK : CAIRN_E_IO;
}

enum cairn_status cairn_job_attach_disks(struct cairn_job *j, struct cairn_buf *why)
{
	const struct cairn_hv *hv = &j->a->hv;

	for (size_t i = 0; i < j->cfg.disk_count; i++) {
		struct cairn_job_disk *d = &j->disk[i];

		if (d->image.fd < 0)
			continue;
		enum cairn_status st = hv->ops->loop(hv->self, d->image.fd, &d->fd);

		if (st != CAIRN_OK) {
			cairn_buf_add_fmt(why, "no loop device for %s (is the module loop loaded?)",
					  j->cfg.disk[i].vdev);
			return st;
		}
		cairn_staged_fini(&d->image); /* the loop device has it now */
	}
	return CAIRN_OK;
}

/* The backend opens a device by its number, at a time of its own: while the domain lives, the number must stay that of
 * this device. */
void cairn_job_give_disks(struct cairn_job *j, struct cairn_agent_domain *d)
{
	for (size_t i = 0; i < CAIRN_XLCFG_DISKS; i++) {
		struct cairn_job_disk *disk = &j->disk[i];

		cairn_staged_fini(&disk->image);
		if (disk->fd >= 0 && d)
			d->disk_fd[d->disk_count++] = disk->fd;
		else if (disk->fd >= 0)
			close(disk->fd);
		disk->fd = -1;
	}
}
