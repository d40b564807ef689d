/* Paths of configurations that outlive cairnd: one small file each, with the path in its only line. Not symbolic links,
 * which the FAT of a data volume does not have. They say what to try; the gate decides, so nothing is trusted here. */
#ifndef CAIRN_AGENT_PATHS_H
#define CAIRN_AGENT_PATHS_H

#include <stdbool.h>

#include "cairn/status.h"

/* Makes dir/name with its directory, or puts path in its place at once. errno. */
bool cairn_path_keep(const char *dir, const char *name, const char *path) CAIRN_MUST_CHECK;
/* path has PATH_MAX bytes; false, and "": there is no such file, or no absolute path in it. */
bool cairn_path_kept(char *path, const char *file) CAIRN_MUST_CHECK;

#endif
