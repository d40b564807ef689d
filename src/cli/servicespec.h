/* The options of `cairn manifest service` that say more than one thing: --disk, --pci and --launch. */
#ifndef CAIRN_CLI_SERVICESPEC_H
#define CAIRN_CLI_SERVICESPEC_H

#include "cairn/manifest.h"
#include "cli.h"

/* Where the names of disks stay, as long as the manifest. */
struct cairn_cli_disk_names {
	char vdev[CAIRN_DISKS_MAX][CAIRN_NAME_MAX + 1];
};

/* VDEV:image:FILE, VDEV:verity:ROOTHASH:BYTES, VDEV:unmeasured:w, VDEV:unmeasured:r. Exit code; printed unless
 * good. An image is read whole, whatever its size. */
int cairn_cli_disks(struct cairn_setup *out, struct cairn_cli_disk_names *names,
		    const struct cairn_cli_list *specs);
/* VENDOR:DEVICE or class:CLASS, both of four hex digits each; then ",permissive" where that is allowed, and ",rom=" with
 * the SHA-256 of the option ROM where it has to be that one. */
int cairn_cli_pci(struct cairn_manifest *out, const struct cairn_cli_list *specs);

/* Everything from the last launch of m->name in that launch log, which *keep then holds: the manifest borrows from it.
 * Exit code; printed unless good. */
int cairn_cli_service_launched(struct cairn_manifest *m, struct cairn_launch *keep, const char *path);

/* A name that is not there yet; false where there is no more room. */
bool cairn_cli_add_name(const char **list, size_t *count, size_t max, const char *name);

#endif
