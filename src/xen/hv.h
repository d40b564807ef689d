/* What cairnd asks of the hypervisor and its toolstack, as a table of operations: main.c passes the real one,
 * the units one of their own. */
#ifndef CAIRN_XEN_HV_H
#define CAIRN_XEN_HV_H

#include "xen/disk.h"
#include "xen/pci.h"
#include "xen/xlcfg.h"

#define CAIRN_HV_DOMAINS 0x7ff0 /* all there can be: DOMID_FIRST_RESERVED, xen/include/public/xen.h */

/* struct xen_domctl_getdomaininfo (xen/include/public/domctl.h, Xen 4.17), what of it is used. */
struct cairn_hv_domain {
	uint32_t domid;
	char uuid[CAIRN_XLCFG_UUID];
	bool hvm; /* a container with hardware virtualisation: PVH or HVM */
	bool paused, dying, shutdown;
	unsigned shutdown_reason; /* xen/include/public/sched.h: SHUTDOWN_*; counts only if shutdown */
	uint64_t cpu_ns;
};

/* Changes of what runs that no domain makes: bits of a mask. */
enum cairn_hv_change {
	CAIRN_HV_LIVEPATCH, /* a payload was uploaded to the hypervisor, applied or not */
	CAIRN_HV_KEXEC,	    /* an image to go on with is loaded */
	CAIRN_HV_KEXEC_CRASH,
	CAIRN_HV_SUSPENDED, /* the host slept, since it booted */
	CAIRN_HV_CHANGES,
};

struct cairn_hv_facts {
	char build_id[2 * 64 + 1]; /* XENVER_build_id in hex */
	char cmdline[1024];	   /* XENVER_commandline */
};

/* What a disk boots from: files that the caller closes, and a command line. */
struct cairn_hv_boot {
	int kernel, ramdisk; /* -1: none */
	char args[CAIRN_XLCFG_CMDLINE];
};

struct cairn_hv_ops {
	enum cairn_status (*facts)(void *hv, struct cairn_hv_facts *out);
	/* All domains but dom0 in ascending order of domid; CAIRN_E_LIMIT if there are more than max. */
	enum cairn_status (*list)(void *hv, struct cairn_hv_domain *out, size_t max, size_t *count);
	/* Builds the domain of an xl configuration and leaves it paused. On failure the toolstack's words are
	 * appended to why, and a domain may be left over. CAIRN_E_XEN, CAIRN_E_TIMEOUT. */
	enum cairn_status (*create)(void *hv, struct cairn_span config, unsigned timeout_s,
				    struct cairn_buf *why);
	enum cairn_status (*unpause)(void *hv, uint32_t domid);
	/* At once, by the hypervisor. */
	enum cairn_status (*pause)(void *hv, uint32_t domid);
	enum cairn_status (*destroy)(void *hv, uint32_t domid);
	/* Writes /tool/cairn/<domid>/<key> in xenstore; key NULL removes the domain's directory. */
	enum cairn_status (*publish)(void *hv, uint32_t domid, const char *key, const char *value);
	/* Appends what publish wrote. CAIRN_E_NOTFOUND. */
	enum cairn_status (*published)(void *hv, uint32_t domid, const char *key, struct cairn_buf *out);
	/* Appends what the toolstack noted of a domain's devices: xen/devices.h. */
	enum cairn_status (*devices)(void *hv, uint32_t domid, struct cairn_buf *out);
	/* True if the domain says that it serves: "1" in its own data/serving, which it may write itself. */
	bool (*serving)(void *hv, uint32_t domid);
	/* The domid up to which all are accounted for, and how many beyond it may be of launches whose domid was never
	 * learned; kept where they live as long as the hypervisor does. recall: CAIRN_E_NOTFOUND. */
	enum cairn_status (*remember)(void *hv, uint32_t domid, unsigned unplaced);
	enum cairn_status (*recall)(void *hv, uint32_t *domid, unsigned *unplaced);
	/* The stub domain that is the device model of a domain, as the toolstack noted it. CAIRN_E_NOTFOUND. */
	enum cairn_status (*stub)(void *hv, uint32_t domid, uint32_t *stub);
	/* xen/disk.h and xen/pci.h. */
	enum cairn_status (*probe)(void *hv, int fd, struct cairn_hv_disk *out);
	enum cairn_status (*loop)(void *hv, int image, int *fd);
	/* xen/pygrub.h: looks for what a disk boots from, in files of at most limit_mib each. Words of its in why. */
	enum cairn_status (*extract)(void *hv, int disk, unsigned limit_mib, struct cairn_hv_boot *out,
				     struct cairn_buf *why);
	enum cairn_status (*pci)(void *hv, const char *bdf, struct cairn_pci_device *out);
	/* Bytes of dom0's memory that can be had. */
	enum cairn_status (*memory)(void *hv, uint64_t *bytes);
	/* 1 << CAIRN_HV_... of what there is now. A hypervisor that does not know of such things has none. */
	unsigned (*changes)(void *hv);
	/* While create and destroy wait for the toolstack, tick is called several times a second. It may neither
	 * create nor destroy. */
	void (*on_wait)(void *hv, void (*tick)(void *context), void *context);
	/* A descriptor that can be read from when domains or devices come or go, or -1; what is there to read is for heard
	 * to take away. */
	int (*watch)(void *hv);
	void (*heard)(void *hv);
};

struct cairn_hv {
	const struct cairn_hv_ops *ops;
	void *self;
};

/* Finds the domain with this UUID in the hypervisor's own list. CAIRN_E_NOTFOUND; CAIRN_E_EXISTS: more than
 * one has it. */
enum cairn_status cairn_hv_find(const struct cairn_hv *hv, const char *uuid,
				struct cairn_hv_domain *out) CAIRN_MUST_CHECK;

/* The domain with this number. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_hv_get(const struct cairn_hv *hv, uint32_t domid,
			       struct cairn_hv_domain *out) CAIRN_MUST_CHECK;

/* The real one, through libxenctrl, libxenstore and xl (a path). On failure a sentence is appended to why.
 * CAIRN_E_XEN: no Xen, or no xenstored. */
enum cairn_status cairn_xen_open(struct cairn_hv *out, const char *xl,
				 struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_xen_close(struct cairn_hv *hv);

/* A connection to xenstored that says something when domains or devices come or go. -1: it does not listen there. */
int cairn_watch_open(const char *socket_path);
/* Takes away what it said. False: it said its last word; the caller closes. */
bool cairn_watch_drain(int fd);

/* MemAvailable of a file like /proc/meminfo, in bytes. CAIRN_E_IO, CAIRN_E_MALFORMED. */
enum cairn_status cairn_memory_available(uint64_t *bytes, const char *path) CAIRN_MUST_CHECK;

/* Milliseconds since the machine started, suspended or not. */
int64_t cairn_boot_ms(void);
/* True if it was suspended since it started. */
bool cairn_boot_slept(void);

/* A configuration as a memfd for xl to read, sealed like an image: the caller closes it. -1: no memory. */
int cairn_toolstack_config(struct cairn_span config);

/* What a program's process becomes before it starts: enter runs in it, with standard input and output set, and leaves
 * a file of its own as descriptor 3. False: the program is not started. */
struct cairn_toolstack_role {
	bool (*enter)(void *context);
	void *context;
};

/* Runs a program with these arguments (NULL-ended, argv[0] its path), standard input empty, no other
 * file of ours open, at most timeout_s. The start of what it prints is appended to output. CAIRN_E_XEN unless
 * it exits with 0; CAIRN_E_TIMEOUT: it was killed. */
enum cairn_status cairn_toolstack_run(char *const argv[], unsigned timeout_s,
				      struct cairn_buf *output) CAIRN_MUST_CHECK;
enum cairn_status cairn_toolstack_run_as(const struct cairn_toolstack_role *role, char *const argv[],
					 unsigned timeout_s, struct cairn_buf *output) CAIRN_MUST_CHECK;

#endif
