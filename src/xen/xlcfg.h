/* A domain configuration in xl.cfg(5) syntax: read with the toolstack's own parser (libxlutil), reduced to
 * what cairn measures, and written anew. xl is only ever given the text that cairn_xlcfg_emit made, so a key
 * that is not in struct cairn_xlcfg cannot have an effect.
 *
 * Source: xl.cfg(5) and tools/xl/xl_parse.c of Xen 4.17.
 */
#ifndef CAIRN_XEN_XLCFG_H
#define CAIRN_XEN_XLCFG_H

#include "cairn/bytes.h"

#define CAIRN_XLCFG_MAX	    (64u * 1024) /* bytes of a configuration */
#define CAIRN_XLCFG_NAME    64		 /* bytes of a domain's name, with NUL */
#define CAIRN_XLCFG_PATH    1024
#define CAIRN_XLCFG_CMDLINE 2048 /* Linux x86: COMMAND_LINE_SIZE */
#define CAIRN_XLCFG_VIFS    8
#define CAIRN_XLCFG_UUID    37 /* text with NUL */

enum cairn_domain_type { CAIRN_DOMAIN_PV, CAIRN_DOMAIN_PVH };

struct cairn_vif {
	char backend[CAIRN_XLCFG_NAME]; /* "" is dom0 */
	uint32_t backend_domid; /* of that name; not of the configuration, but set before it is written */
	char mac[18], bridge[CAIRN_XLCFG_NAME], script[CAIRN_XLCFG_NAME];
};

/* Every text is printable ASCII without quotes and backslashes; "" where the key is absent. */
struct cairn_xlcfg {
	char name[CAIRN_XLCFG_NAME], uuid[CAIRN_XLCFG_UUID], tsc_mode[24];
	enum cairn_domain_type type;
	char kernel[CAIRN_XLCFG_PATH], ramdisk[CAIRN_XLCFG_PATH], cmdline[CAIRN_XLCFG_CMDLINE];
	unsigned memory, maxmem, vcpus, maxvcpus; /* MiB; maxmem and maxvcpus are 0 when absent */
	bool driver_domain;
	size_t vif_count;
	struct cairn_vif vif[CAIRN_XLCFG_VIFS];
};

const char *cairn_domain_type_name(enum cairn_domain_type t);

/* Parses a configuration. A domain without a uuid gets none here. On failure one sentence is appended to why,
 * which names the key: CAIRN_E_MALFORMED    it is not a configuration, or a value is out of its range
 *   CAIRN_E_UNSUPPORTED  a key or value that cairn does not measure, and so does not accept
 *   CAIRN_E_LIMIT, CAIRN_E_NOMEM
 * After a failure out->name is the domain's name if it was seen, else "". Everything else is undefined. */
enum cairn_status cairn_xlcfg_parse(struct cairn_xlcfg *out, struct cairn_span text,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Checks that text is a sequence of statements, each of a key that cairn measures, none of them twice. A
 * sentence in why. CAIRN_E_MALFORMED; CAIRN_E_UNSUPPORTED: all of it is well formed, but a key is another. */
enum cairn_status cairn_xlcfg_scan(struct cairn_span text, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* A vif as it stands in the configuration. */
void cairn_vif_text(struct cairn_buf *out, const struct cairn_vif *v);

/* Writes the configuration for xl, with these files in the place of kernel and ramdisk (ramdisk NULL: none),
 * and the numbers of domains in the place of the names of backends: a name may become another domain's. */
enum cairn_status cairn_xlcfg_emit(struct cairn_buf *out, const struct cairn_xlcfg *c, const char *kernel,
				   const char *ramdisk) CAIRN_MUST_CHECK;

#endif
