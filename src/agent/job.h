/* One launch on its way through the steps of launch.c. Of those, stage.c, disks.c and bootdisk.c have the first,
 * and describe.c the second. */
#ifndef CAIRN_AGENT_JOB_H
#define CAIRN_AGENT_JOB_H

#include "agent/agent.h"
#include "agent/measure.h"

#define CAIRN_JOB_SETTINGS                                                                                   \
	(12 + CAIRN_XLCFG_SETTINGS + CAIRN_XLCFG_VIFS + CAIRN_XLCFG_DISKS + CAIRN_XLCFG_PCI)

_Static_assert(CAIRN_JOB_SETTINGS <= CAIRN_CONFIG_MAX, "a record has room for every setting");

/* The roles of what serves others, unless a manifest says more. */
#define CAIRN_ROLE_NETWORK "driver.network"
#define CAIRN_ROLE_BLOCK   "driver.block"

/* A disk of which dom0 holds the backend. */
struct cairn_job_disk {
	struct cairn_staged image; /* of a file that is read-only: all its bytes */
	int fd;			   /* what xl is given: a block device; -1: the path of the configuration */
	struct cairn_hv_disk found;
};

struct cairn_job {
	struct cairn_agent *a;
	const char *config; /* path */
	unsigned timeout_s;
	struct cairn_xlcfg cfg;
	struct cairn_staged file[CAIRN_XLFILES];
	struct cairn_job_disk disk[CAIRN_XLCFG_DISKS];
	struct cairn_manifest_set manifests;
	struct cairn_launch l;
	char key[CAIRN_JOB_SETTINGS][48], value[CAIRN_JOB_SETTINGS][CAIRN_XLCFG_PATH + 256];
	struct cairn_buf dm_args;
	struct cairn_reasons *reasons; /* the caller's: none means allowed */
};

/* What a file is called in reasons: "kernel", or the purpose of a component of the record. */
const char *cairn_job_component(enum cairn_xlfile f);
/* True if dom0 opens that file for this domain. */
bool cairn_job_has(const struct cairn_job *j, enum cairn_xlfile f);

/* Reads the configuration and stages the files. What is wrong with them becomes a reason; an error means that
 * nothing could be decided. */
enum cairn_status cairn_job_collect(struct cairn_job *j) CAIRN_MUST_CHECK;
/* A bad file becomes a reason; running out of memory is an error. err: errno of CAIRN_E_IO. */
enum cairn_status cairn_job_judge(struct cairn_job *j, enum cairn_status st, int err, const char *component,
				  const char *path) CAIRN_MUST_CHECK;

/* Stages one image, as cairn_stage_file; cairnd goes on looking meanwhile. */
enum cairn_status cairn_job_stage(struct cairn_job *j, struct cairn_staged *out,
				  const char *path) CAIRN_MUST_CHECK;

/* Opens and measures the disks that are read-only (disks.c). */
enum cairn_status cairn_job_collect_disks(struct cairn_job *j) CAIRN_MUST_CHECK;
/* Opens a disk for reading as it was measured; the caller closes it. CAIRN_E_NOTFOUND, CAIRN_E_IO, CAIRN_E_UNSUPPORTED. */
enum cairn_status cairn_job_open_disk(const struct cairn_job *j, size_t i, int *fd) CAIRN_MUST_CHECK;
/* Where the first disk is booted from: stages the kernel and the ramdisk that pygrub finds, and takes its command line
 * (bootdisk.c). */
enum cairn_status cairn_job_collect_boot(struct cairn_job *j) CAIRN_MUST_CHECK;
/* Makes block devices of the images, for the domain to be built with. A sentence in why. */
enum cairn_status cairn_job_attach_disks(struct cairn_job *j, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Hands what the disks are open at to a domain that runs. */
void cairn_job_give_disks(struct cairn_job *j, struct cairn_agent_domain *d);

/* Fills j->l from what was collected. */
enum cairn_status cairn_job_describe(struct cairn_job *j) CAIRN_MUST_CHECK;

/* Builds it, checks it and lets it run; undoes what is left of it where that fails. As cairn_agent_launch. */
enum cairn_status cairn_job_build(struct cairn_job *j, struct cairn_launched *out,
				  struct cairn_buf *why) CAIRN_MUST_CHECK;

void cairn_job_init(struct cairn_job *j);
void cairn_job_fini(struct cairn_job *j);

#endif
