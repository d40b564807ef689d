/* The process that runs xl for cairnd; see launcher.c. */
#ifndef CAIRN_XEN_LAUNCHER_H
#define CAIRN_XEN_LAUNCHER_H

#include <sys/types.h>

#include "cairn/bytes.h"

enum cairn_launcher_job {
	CAIRN_LAUNCHER_CREATE, /* number: a descriptor of cairnd's, the configuration; the domain stays paused */
	CAIRN_LAUNCHER_DESTROY, /* number: the domid */
	CAIRN_LAUNCHER_MAPPED, /* number: a device; the words are a struct cairn_hv_disk, as cairn_disk_mapped has it */
	CAIRN_LAUNCHER_EXTRACT, /* number: a descriptor of cairnd's, a disk; the words are a command line, the files a
				 * kernel and perhaps a ramdisk, as cairn_pygrub_run has it */
};

#define CAIRN_LAUNCHER_FILES 2

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
/* What is asked for. */
struct cairn_launcher_ask {
	enum cairn_launcher_job job;
	uint32_t number;
	unsigned timeout_s;
	unsigned limit_mib; /* of CAIRN_LAUNCHER_EXTRACT */
};
/* The same as below, with files for the answer: -1 where there is none; the caller closes them. */
enum cairn_status cairn_launcher_ask_files(struct cairn_launcher *l, const struct cairn_launcher_ask *ask,
					   struct cairn_buf *words,
					   int files[CAIRN_LAUNCHER_FILES]) CAIRN_MUST_CHECK;
/* Has a job done. As cairn_toolstack_run; and CAIRN_E_XEN where the launcher is gone, CAIRN_E_EXISTS while it has
 * another job. */
enum cairn_status cairn_launcher_ask(struct cairn_launcher *l, enum cairn_launcher_job job, uint32_t number,
				     unsigned timeout_s, struct cairn_buf *words) CAIRN_MUST_CHECK;

#endif
