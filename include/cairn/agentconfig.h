/* cairnd.conf: what cairnd runs by, and the part of it that the host record (PCR 11) holds.
 *
 * cairnd and whoever predicts PCR 11 from files read it through this one function, so that they cannot disagree.
 *
 *	mode.service = enforce | audit              (default enforce)
 *	mode.guest   = enforce | audit | record     (default record)
 *	banks        = sha256 sha384                (any of sha1 sha256 sha384 sha512; sha256 must be there)
 *	pcr.host = 11   pcr.launch = 12   pcr.phase = 13    (three different ones of 8-15, neither 8 nor 9)
 *	tcti, socket, log, authorities, verifiers, boot_log, data = where things are     relay_user = NAME
 *	xl = PROGRAM (default: that of Xen 4.17, else /usr/sbin/xl)
 *	max_image_mib = 1024 (largest kernel or ramdisk)   create_timeout_s = 120 (for xl to build a domain)
 *
 *	release_set = optional | required           (default optional; required: no service domain without one)
 *
 *	restart.max = 5 (tries in a row to launch a service domain that came down; 0: none)
 *	restart.delay_s = 1   restart.delay_max_s = 60 (before a try; doubled with each)
 *	restart.reset_s = 600 (having run for so long, a domain has all its tries again)
 *
 *	boot.set = NAME NAME ... (domains that cairnd launches by itself; default: none)
 *	boot.configs = /etc/cairn/domains (NAME.cfg is the configuration of each)
 *	boot.wait_s = 60 (how long a domain of the set may take until it serves)
 *
 * Modes, banks, PCR numbers, the boot set and whether a release set is required are in the host record. Paths are not: what is found there is measured or verified itself.
 */
#ifndef CAIRN_AGENTCONFIG_H
#define CAIRN_AGENTCONFIG_H

#include "cairn/config.h"
#include "cairn/record.h"

#define CAIRN_AGENT_CONFIG_PATH "/etc/cairn/cairnd.conf"

struct cairn_agent_config {
	const char *mode_service, *mode_guest; /* literals */
	bool release_set_required;
	struct cairn_pcr_numbers pcrs;
	size_t bank_count;
	enum cairn_alg bank[CAIRN_BANK_MAX]; /* ascending by TCG identifier */
	/* borrowed from file, or literals */
	const char *tcti, *socket, *log, *authorities, *verifiers, *boot_log, *data, *relay_user;
	const char *xl;		   /* NULL where the file does not say */
	uint64_t max_image_mib;	   /* 1 to 65536 */
	uint64_t create_timeout_s; /* 1 to 3600 */
	uint64_t restart_max, restart_delay_s, restart_delay_max_s, restart_reset_s;
	size_t boot_count;
	char boot_set[CAIRN_BOOT_SET_MAX][CAIRN_NAME_MAX + 1];
	const char *boot_configs;  /* borrowed from file, or a literal */
	uint64_t boot_wait_s;	   /* 1 to 3600 */
	struct cairn_config *file; /* owned */
};

/* Start from a zeroed struct. name: how messages call the text. CAIRN_E_USAGE (a message is appended to why, which may
 * be NULL), CAIRN_E_LIMIT, CAIRN_E_NOMEM. */
enum cairn_status cairn_agent_config_parse(struct cairn_agent_config *out, struct cairn_span text,
					   const char *name, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* The same from a file: also CAIRN_E_NOTFOUND, CAIRN_E_IO. */
enum cairn_status cairn_agent_config_read(struct cairn_agent_config *out, const char *path,
					  struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_agent_config_fini(struct cairn_agent_config *c);

/* Sets modes, banks and PCR numbers of a host record. */
void cairn_agent_config_to_host(struct cairn_host *h, const struct cairn_agent_config *c);

#define cairn_auto_agent_config __attribute__((cleanup(cairn_agent_config_fini)))

#endif
