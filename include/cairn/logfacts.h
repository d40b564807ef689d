/* What a whole event log tells: named facts, and everything about it that is out of the ordinary.
 *
 * Trusts: that the log replays to the PCRs of a TPM (or the registers of a confidential VM); without that these are
 * words. Decides nothing: whether a fact is good is for policy. A fact never comes from an event that differs from its
 * digest. Each fact says what is behind it:
 *	hashed	 the digest was recomputed over what the fact says;
 *	content	 the same, but the name of the variable that it is of is not covered;
 *	claimed	 it stands beside a digest of something that the log does not hold. The digest counts, the words do not.
 * The type of an event is covered by nothing: a "hashed" fact could be the data of another type that looks the same.
 *
 * Sources: TCG PC Client Platform Firmware Profile (PFP) 1.06 r52, sections 3.3 (PCR usage) and 10; for dynamic launches
 * the Intel TXT Software Development Guide, document 315168 revision 017, appendix F.
 */
#ifndef CAIRN_LOGFACTS_H
#define CAIRN_LOGFACTS_H

#include <jansson.h>

#include "cairn/bootfacts.h"

enum cairn_anomaly {
	CAIRN_ANOMALY_SEPARATOR_REPEATED, /* a second separator of one of the PCRs 0 to 7 */
	CAIRN_ANOMALY_SEPARATOR_MISSING, /* one of the PCRs 0 to 7 has events, and no separator: event is 0 */
	CAIRN_ANOMALY_SEPARATOR_ERROR,	 /* the firmware reports an error */
	CAIRN_ANOMALY_AFTER_SEPARATOR,	 /* an event of PCR 0 to 7 that belongs before the separator */
	CAIRN_ANOMALY_TYPE_UNKNOWN,
	CAIRN_ANOMALY_DIGEST_MISSING, /* fewer digests than the log has banks */
	CAIRN_ANOMALY_DIGEST_DIFFERS, /* the type or the data is not what was hashed */
	CAIRN_ANOMALY_DIGEST_NOT_ONE, /* a digest of all 00 or all FF, or the number 1: a value and not a digest */
	CAIRN_ANOMALY_SECURE_BOOT, /* the variable SecureBoot was measured twice and not as the same */
	CAIRN_ANOMALY_COUNT,
};

/* "separator-repeated", and a sentence. Never NULL. */
const char *cairn_anomaly_name(enum cairn_anomaly a);
const char *cairn_anomaly_text(enum cairn_anomaly a);

struct cairn_log_anomaly {
	enum cairn_anomaly what;
	unsigned event; /* its number; 0: the log as a whole */
	uint32_t pcr;
};

#define CAIRN_LOG_ANOMALIES_MAX 64

struct cairn_log_facts {
	size_t matches, bare,
	    differs; /* events: see cairn_event_check; those that do not extend count nowhere */
	enum cairn_secure_boot secure_boot; /* "hashed", or unknown */
	unsigned secure_boot_event;
	uint32_t separators; /* bit n: PCR n has one */
	bool drtm;	     /* has events of a dynamic launch */
	/* By kind, all of them; and in order the first of them. */
	size_t anomalies[CAIRN_ANOMALY_COUNT];
	size_t listed;
	struct cairn_log_anomaly anomaly[CAIRN_LOG_ANOMALIES_MAX];
};

/* CAIRN_E_CRYPTO, CAIRN_E_NOMEM, and CAIRN_E_UNSUPPORTED where OpenSSL lacks an algorithm of the log. */
enum cairn_status cairn_log_facts(struct cairn_log_facts *out,
				  const struct cairn_eventlog *log) CAIRN_MUST_CHECK;

/* All facts; a new reference, NULL when out of memory or when hashing failed. Members are there if the log has such.
 * A fact is an object with "event" (number) and "backed" ("hashed", "content" or "claimed"); where the digest is what
 * counts, with "digests".
 * {"events":n, "matches":n, "bare":n, "differs":n,
 *  "startup_locality":{locality}, "crtm_version":{text}, "manifests":[{vendor, manifest...}],
 *  "secure_boot":{state:"on"|"off"|"unknown"}, "keys":{"PK"|"KEK"|"db"|"dbx"...:{count, signatures:[...]}},
 *  "authorities":[{name, subject, sha256...}],
 *  "images":[{path, digests}], "option_roms":[{path, digests}],
 *  "boot_order":{boot_order:[...]}, "boot_options":[{name, option:{description, path, optional_hex, optional_text (if it is ASCII)...},
 *	started:bool (the first image has its path), hands_over:bool (its optional data reached that image)}],
 *  "grub":{"commands":[{text}], "files":[{text, digests}]},
 *  "xen":{xen:{path, cmdline, digest}, kernel, initrd, modules} or {problem, problem_event},
 *  "stub":{"sections":[{name, digests}], "command_lines":[{text}], "addons":[{name, text, digests}]},
 *  "drtm":{"kind":"txt"|"slaunch", "sinit", "bios_acm", "mle", "sinit_pubkey", ... "tboot":[{role, digests}],
 *	"slaunch":[{text, digests}]},
 *  "anomalies":[{what, text, event, pcr}], "anomalies_total":n} */
json_t *cairn_log_facts_json(const struct cairn_eventlog *log);

#endif
