/* Whole files: read with a bound, written so that a crash leaves the old or the new content. */
#define _GNU_SOURCE /* mkostemp */
#include "cairn/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cairn_status status_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return CAIRN_E_NOTFOUND;
	case ENOSPC:
	case EDQUOT:
		return CAIRN_E_NOSPACE;
	case ENOMEM:
		return CAIRN_E_NOMEM;
	default:
		return CAIRN_E_IO;
	}
}

static void close_fd(const int *fd)
{
	int saved = errno;

	if (*fd > STDERR_FILENO)
		(void)close(*fd);
	errno = saved;
}
#define auto_fd __attribute__((cleanup(close_fd)))

static enum cairn_status read_all(struct cairn_buf *out, int fd, size_t max)
{
	uint8_t chunk[16384];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return status_of_errno();
		if (n == 0)
			break;
		total += (size_t)n;
		if (total > max)
			return CAIRN_E_LIMIT;
		cairn_buf_add(out, cairn_span(chunk, (size_t)n));
	}
	explicit_bzero(chunk, sizeof chunk);
	return cairn_buf_status(out);
}

enum cairn_status cairn_file_read(struct cairn_buf *out, const char *path, size_t max)
{
	auto_fd int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t start = out->len;
	enum cairn_status s;

	if (fd < 0)
		return status_of_errno();
	s = read_all(out, fd, max);
	if (s != CAIRN_OK)
		out->len = start;
	return s;
}

static enum cairn_status write_all(int fd, struct cairn_span in)
{
	while (in.len > 0) {
		ssize_t n = write(fd, in.ptr, in.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return status_of_errno();
		in.ptr += n;
		in.len -= (size_t)n;
	}
	return CAIRN_OK;
}

static enum cairn_status sync_directory(const char *path)
{
	cairn_auto_buf struct cairn_buf copy = {0};
	int fd, r;

	cairn_buf_add_str(&copy, path);
	if (!cairn_buf_str(&copy))
		return CAIRN_E_NOMEM;
	fd = open(dirname((char *)copy.ptr), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return status_of_errno();
	r = fsync(fd);
	close_fd(&fd);
	/* Some file systems cannot sync a directory; there is nothing better to do there. */
	return r == 0 || errno == EINVAL ? CAIRN_OK : status_of_errno();
}

static enum cairn_status fill(int fd, struct cairn_span in, unsigned mode)
{
	enum cairn_status s;

	if (fchmod(fd, (mode_t)mode) != 0)
		return status_of_errno();
	s = write_all(fd, in);
	if (s != CAIRN_OK)
		return s;
	return fsync(fd) == 0 ? CAIRN_OK : status_of_errno();
}

enum cairn_status cairn_file_write(const char *path, struct cairn_span in, unsigned mode)
{
	cairn_auto_buf struct cairn_buf name = {0};
	enum cairn_status s;
	int fd;

	cairn_buf_add_fmt(&name, "%s.XXXXXX", path);
	if (!cairn_buf_str(&name))
		return CAIRN_E_NOMEM;
	fd = mkostemp((char *)name.ptr, O_CLOEXEC);
	if (fd < 0)
		return status_of_errno();
	s = fill(fd, in, mode);
	close_fd(&fd);
	if (s == CAIRN_OK && rename((const char *)name.ptr, path) != 0)
		s = status_of_errno();
	if (s != CAIRN_OK) {
		int saved = errno;
		(void)unlink((const char *)name.ptr);
		errno = saved;
		return s;
	}
	return sync_directory(path);
}
