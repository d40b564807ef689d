/* A domain configuration in xl.cfg(5) syntax: read with the toolstack's own parser (libxlutil), reduced to
 * what cairn measures, completed with the defaults that libxl would take, and written anew. xl is only ever
 * given the text that cairn_xlcfg_emit made, so a key that is not in struct cairn_xlcfg cannot have an effect.
 *
 * Source: xl.cfg(5), tools/xl/xl_parse.c and tools/libs/light/libxl_create.c of Xen 4.17.
 */
#ifndef CAIRN_XEN_XLCFG_H
#define CAIRN_XEN_XLCFG_H

#include "cairn/bytes.h"

#define CAIRN_XLCFG_MAX	     (64u * 1024) /* bytes of a configuration */
#define CAIRN_XLCFG_NAME     64		  /* bytes of a domain's name, with NUL */
#define CAIRN_XLCFG_PATH     1024
#define CAIRN_XLCFG_CMDLINE  2048 /* Linux x86: COMMAND_LINE_SIZE */
#define CAIRN_XLCFG_VIFS     8
#define CAIRN_XLCFG_DISKS    16
#define CAIRN_XLCFG_PCI	     16
#define CAIRN_XLCFG_UUID     37 /* text with NUL */
#define CAIRN_XLCFG_VALUE    64 /* bytes of a setting, with NUL */
#define CAIRN_XLCFG_SETTINGS 64
#define CAIRN_XLCFG_LABEL    128 /* bytes of an XSM label, with NUL */

enum cairn_domain_type { CAIRN_DOMAIN_PV, CAIRN_DOMAIN_PVH, CAIRN_DOMAIN_HVM };

/* The files that libxl opens for a domain. */
enum cairn_xlfile {
	CAIRN_XLFILE_KERNEL,
	CAIRN_XLFILE_RAMDISK,
	CAIRN_XLFILE_FIRMWARE,
	CAIRN_XLFILE_BIOS,
	CAIRN_XLFILE_DEVICE_MODEL,
	CAIRN_XLFILE_STUB_KERNEL,
	CAIRN_XLFILE_STUB_RAMDISK,
	CAIRN_XLFILES,
};

struct cairn_vif {
	char backend[CAIRN_XLCFG_NAME]; /* "" is dom0 */
	uint32_t backend_domid; /* of that name; not of the configuration, but set before it is written */
	char mac[18], bridge[CAIRN_XLCFG_NAME], script[CAIRN_XLCFG_NAME];
	char type[8], model[16]; /* of an hvm domain, else "" */
};

struct cairn_xldisk {
	char vdev[8];
	char backend[CAIRN_XLCFG_NAME]; /* "" is dom0 */
	uint32_t backend_domid;		/* as that of a vif */
	bool readwrite, cdrom;
	char path[CAIRN_XLCFG_PATH]; /* where the backend is; an absolute one if that is dom0 */
};

struct cairn_xlpci {
	char bdf[13]; /* "0000:03:00.0" */
	bool permissive, seize, msitranslate, power_mgmt;
};

/* Every text is printable ASCII without quotes and backslashes; "" where the key is absent. */
struct cairn_xlcfg {
	char name[CAIRN_XLCFG_NAME], uuid[CAIRN_XLCFG_UUID], tsc_mode[24];
	enum cairn_domain_type type;
	/* With a stub domain, kernel and ramdisk are files inside of it: nobody opens them in dom0. */
	char file[CAIRN_XLFILES][CAIRN_XLCFG_PATH];
	char cmdline[CAIRN_XLCFG_CMDLINE], stub_cmdline[CAIRN_XLCFG_CMDLINE];
	unsigned memory, maxmem, vcpus, maxvcpus; /* MiB; maxmem and maxvcpus are 0 when absent */
	bool driver_domain, stubdomain;
	bool pygrub; /* kernel and ramdisk are to be found on the first disk, which dom0 has */
	bool serves_vif, serves_vbd; /* of cairn_serves, which xl does not know */
	char label[CAIRN_XLCFG_LABEL], stub_label[CAIRN_XLCFG_LABEL];
	char setting[CAIRN_XLCFG_SETTINGS][CAIRN_XLCFG_VALUE]; /* by number; see cairn_xlsetting_name */
	size_t vif_count, disk_count, pci_count;
	struct cairn_vif vif[CAIRN_XLCFG_VIFS];
	struct cairn_xldisk disk[CAIRN_XLCFG_DISKS];
	struct cairn_xlpci pci[CAIRN_XLCFG_PCI];
};

const char *cairn_domain_type_name(enum cairn_domain_type t);

/* Parses a configuration. A domain without a uuid gets none here. On failure one sentence is appended to why,
 * which names the key:
 *   CAIRN_E_MALFORMED    it is not a configuration, or a value is out of its range
 *   CAIRN_E_UNSUPPORTED  a key or value that cairn does not measure, and so does not accept
 *   CAIRN_E_LIMIT, CAIRN_E_NOMEM
 * After a failure out->name is the domain's name if it was seen, else "". Everything else is undefined. */
enum cairn_status cairn_xlcfg_parse(struct cairn_xlcfg *out, struct cairn_span text,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Checks that text is a sequence of statements, each of a key that cairn measures, none of them twice. A
 * sentence in why. CAIRN_E_MALFORMED; CAIRN_E_UNSUPPORTED: all of it is well formed, but a key is another. */
enum cairn_status cairn_xlcfg_scan(struct cairn_span text, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* ---- settings: keys of one plain value each, which decide nothing that needs more than being on record ---- */
size_t cairn_xlsetting_count(void);
const char *cairn_xlsetting_name(size_t i);
/* The value of a setting of that name, "" if there is none. */
const char *cairn_xlcfg_setting(const struct cairn_xlcfg *c, const char *name);

/* ---- as text ------------------------------------------------------------------------------------------ */

/* Devices as they stand in the configuration; a disk without its path, which is for its measurement to tell. */
void cairn_vif_text(struct cairn_buf *out, const struct cairn_vif *v);
void cairn_xldisk_text(struct cairn_buf *out, const struct cairn_xldisk *d);
void cairn_xlpci_text(struct cairn_buf *out, const struct cairn_xlpci *p);

/* The arguments of the device model, QEMU in dom0 or in the stub domain, as libxl builds them (libxl_dm.c,
 * libxl__build_device_model_args_new): words as cairn/record.h has them. What is only known when the domain is
 * built, and files that are measured, stand as words in braces: {domid}, {kernel}, {ramdisk}, {xvda}. */
void cairn_xlcfg_dm_args(struct cairn_buf *out, const struct cairn_xlcfg *c);

/* What stands in the place of the files that the configuration names. NULL: what the configuration says. */
struct cairn_xlpaths {
	const char *file[CAIRN_XLFILES];
	const char *disk[CAIRN_XLCFG_DISKS];
};

/* Writes the configuration for xl, with the numbers of domains in the place of the names of backends: a name
 * may become another domain's. */
enum cairn_status cairn_xlcfg_emit(struct cairn_buf *out, const struct cairn_xlcfg *c,
				   const struct cairn_xlpaths *paths) CAIRN_MUST_CHECK;

#endif
