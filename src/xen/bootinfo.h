/* What pygrub says that it found on a disk. It ran as nobody over bytes that somebody else made: its words are as
 * hostile as those. */
#ifndef CAIRN_XEN_BOOTINFO_H
#define CAIRN_XEN_BOOTINFO_H

#include "xen/xlcfg.h"

#define CAIRN_BOOTINFO_MAX  8192u /* bytes of an answer */
#define CAIRN_BOOTINFO_NAME 64

struct cairn_bootinfo {
	char kernel[CAIRN_BOOTINFO_NAME], ramdisk[CAIRN_BOOTINFO_NAME]; /* names of files; ramdisk "": none */
	char args[CAIRN_XLCFG_CMDLINE]; /* printable ASCII without quotes and backslashes */
};

/* Reads an answer in the format simple0: items of a word, a space and a value, each ended by a NUL; then one NUL more.
 * The files must lie in the directory dir itself.
 *   CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED, CAIRN_E_TRAILING  that is no answer of pygrub's
 *   CAIRN_E_UNSUPPORTED  the command line has quotes, backslashes or control characters
 *   CAIRN_E_LIMIT        it is too long */
enum cairn_status cairn_bootinfo_parse(struct cairn_bootinfo *out, struct cairn_span answer,
				       const char *dir) CAIRN_MUST_CHECK;

#endif
