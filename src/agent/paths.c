/* See paths.h. */
#include "agent/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/measure.h"

static bool write_line(int fd, const char *path)
{
	char line[PATH_MAX + 1];
	int n = snprintf(line, sizeof(line), "%s\n", path);

	return n > 1 && n < (int)sizeof(line) && write(fd, line, (size_t)n) == n && fsync(fd) == 0;
}

bool cairn_path_keep(const char *dir, const char *name, const char *path)
{
	char file[PATH_MAX], fresh[PATH_MAX];
	int n = snprintf(file, sizeof(file), "%s/%s", dir, name);
	int m = snprintf(fresh, sizeof(fresh), "%s/.new", dir);

	if (n < 0 || m < 0 || n >= PATH_MAX || m >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return false;
	if (unlink(fresh) != 0 && errno != ENOENT)
		return false;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	bool good = write_line(fd, path);
	int error = errno;

	close(fd);
	errno = error;
	return good && rename(fresh, file) == 0;
}

bool cairn_path_kept(char *path, const char *file)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_stage_read(&text, file, PATH_MAX);
	size_t n = st == CAIRN_OK ? text.len : 0;

	path[0] = '\0';
	if (n > 0 && text.ptr[n - 1] == '\n')
		n--;
	if (n == 0 || n >= PATH_MAX || text.ptr[0] != '/' || memchr(text.ptr, '\0', n))
		return false;
	memcpy(path, text.ptr, n);
	path[n] = '\0';
	return true;
}
