/* See paths.h. */
#include "agent/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/measure.h"

bool cairn_path_keep(const char *dir, const char *name, const char *path)
{
	char file[PATH_MAX], line[PATH_MAX + 1];
	int n = snprintf(file, sizeof(file), "%s/%s", dir, name);
	int m = snprintf(line, sizeof(line), "%s\n", path);

	if (n < 0 || m < 0 || n >= (int)sizeof(file) || m >= (int)sizeof(line)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return false;
	return cairn_file_write(file, cairn_span(line, (size_t)m), 0600) == CAIRN_OK;
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
