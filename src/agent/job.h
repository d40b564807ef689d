/* One launch on its way through the steps of launch.c; describe.c has the first two of them. */
#ifndef CAIRN_AGENT_JOB_H
#define CAIRN_AGENT_JOB_H

#include "agent/agent.h"
#include "agent/measure.h"

#define CAIRN_JOB_SETTINGS (10 + CAIRN_XLCFG_VIFS)

struct cairn_job {
	struct cairn_agent *a;
	const char *config; /* path */
	unsigned timeout_s;
	struct cairn_xlcfg cfg;
	struct cairn_staged kernel, ramdisk;
	struct cairn_manifest_set manifests;
	struct cairn_launch l;
	char key[CAIRN_JOB_SETTINGS][32], value[CAIRN_JOB_SETTINGS][4 * CAIRN_XLCFG_NAME];
	struct cairn_reasons *reasons; /* the caller's: none means allowed */
};

/* Reads the configuration and stages the files. What is wrong with them becomes a reason; an error means that
 * nothing could be decided. */
enum cairn_status cairn_job_collect(struct cairn_job *j) CAIRN_MUST_CHECK;
/* Fills j->l from what was collected. */
enum cairn_status cairn_job_describe(struct cairn_job *j) CAIRN_MUST_CHECK;

#endif
