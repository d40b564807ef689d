/* The options of `cairn manifest service` that say more than one thing: --disk and --pci. */
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
/* VENDOR:DEVICE or class:CLASS, both of four hex digits each; then ",permissive" where that is allowed. */
int cairn_cli_pci(struct cairn_manifest *out, const struct cairn_cli_list *specs);

#endif
