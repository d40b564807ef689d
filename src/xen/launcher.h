/* The process that runs xl for cairnd; see launcher.c. */
#ifndef CAIRN_XEN_LAUNCHER_H
#define CAIRN_XEN_LAUNCHER_H

#include <sys/types.h>

#include "cairn/bytes.h"

enum cairn_launcher_job {
	CAIRN_LAUNCHER_CREATE, /* number: a descriptor of cairnd's, the configuration; the domain stays paused */
	CAIRN_LAUNCHER_DESTROY, /* number: the domid */
	CAIRN_LAUNCHER_MAPPED, /* number: a device; the words are a struct cairn_hv_disk, as cairn_disk_mapped has it */
};

struct cairn_launcher {
	int fd;
	pid_t pid; /* 0: not started */
	bool busy;
	/* Called several times a second while cairnd waits for an answer; may be NULL. It must not ask in turn. */
	void (*tick)(void *context);
	void *context;
};

/* Forks it, with the privileges of the moment; xl is borrowed until then. CAIRN_E_IO. */
enum cairn_status cairn_launcher_start(struct cairn_launcher *out, const char *xl) CAIRN_MUST_CHECK;
void cairn_launcher_stop(struct cairn_launcher *l);
/* Has a job done. As cairn_toolstack_run; and CAIRN_E_XEN where the launcher is gone, CAIRN_E_EXISTS while it has
 * another job. */
enum cairn_status cairn_launcher_ask(struct cairn_launcher *l, enum cairn_launcher_job job, uint32_t number,
				     unsigned timeout_s, struct cairn_buf *words) CAIRN_MUST_CHECK;

#endif
