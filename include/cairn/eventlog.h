/* Boot event logs: of a PC's firmware, of boot loaders, of Intel TXT and TrenchBoot, and of the measurement registers
 * of confidential virtual machines.
 *
 * Sources: TCG PC Client Platform Firmware Profile (PFP) 1.05 r23, sections 10.2 (structures) and 10.4 (event
 * types); TCG EFI Platform Specification 1.22, section 7 (SHA-1 logs); Intel TXT Software Development Guide, document
 * 315168 revision 017, appendix F; UEFI 2.10, section 38 (confidential computing); Linux with the TrenchBoot
 * patches, include/linux/slaunch.h.
 *
 * Three layers. Syntax: cairn_eventlog_open accepts a log as a whole or not at all. Replay:
 * cairn_eventlog_replay computes PCR values. Meaning: cairn_event_check and bootfacts.h. An event's type, its
 * text and the order of events of different PCRs are NOT covered by any digest; only what cairn_event_check
 * calls matching was hashed. A log proves nothing until its replay was compared with PCRs that a TPM gave.
 */
#ifndef CAIRN_EVENTLOG_H
#define CAIRN_EVENTLOG_H

#include "cairn/pcr.h"

#define CAIRN_EVENTLOG_SIZE_MAX	   ((size_t)64 << 20) /* bytes */
#define CAIRN_EVENTLOG_EVENTS_MAX  (1u << 20)
#define CAIRN_EVENTLOG_UNKNOWN_MAX 16 /* banks of algorithms that we do not know */

enum cairn_event_type { /* PFP 1.05 r23, section 10.4.1, table 27 */
			CAIRN_EV_PREBOOT_CERT = 0x00,
			CAIRN_EV_POST_CODE = 0x01,
			CAIRN_EV_NO_ACTION = 0x03,
			CAIRN_EV_SEPARATOR = 0x04,
			CAIRN_EV_ACTION = 0x05,
			CAIRN_EV_EVENT_TAG = 0x06,
			CAIRN_EV_S_CRTM_CONTENTS = 0x07,
			CAIRN_EV_S_CRTM_VERSION = 0x08,
			CAIRN_EV_IPL = 0x0d,
			CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001,
			CAIRN_EV_EFI_VARIABLE_BOOT = 0x80000002,
			CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003,
			CAIRN_EV_EFI_BOOT_SERVICES_DRIVER = 0x80000004,
			CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER = 0x80000005,
			CAIRN_EV_EFI_GPT_EVENT = 0x80000006,
			CAIRN_EV_EFI_ACTION = 0x80000007,
			CAIRN_EV_EFI_HCRTM_EVENT = 0x80000010,
};

/* "EV_SEPARATOR", the names of PFP and of Intel TXT (0x401-0x4ff); "unknown". */
const char *cairn_event_type_name(uint32_t type);

struct cairn_event_digest {
	enum cairn_alg alg;
	struct cairn_span value; /* cairn_alg_size(alg) bytes of the log */
};

struct cairn_event {
	unsigned number; /* the Spec ID event is not yielded; the first event that is has number 1 */
	size_t offset;	 /* of the event in the log, in bytes */
	uint32_t pcr;	 /* below CAIRN_PCR_COUNT, but see cairn_event_extends */
	uint32_t type;
	size_t count; /* of digests of algorithms that we know; at most one for each bank of the log */
	struct cairn_event_digest digest[CAIRN_BANK_MAX];
	struct cairn_span data; /* of the log */
};

/* False for what only the log holds and no PCR: EV_NO_ACTION of any PCR or of none (0xffffffff), what TXT logs for
 * PCR 255 (types 0x400-0x5ff), and TrenchBoot's marks around its own events (0x503, 0x504). */
bool cairn_event_extends(const struct cairn_event *ev);

enum cairn_eventlog_form {
	CAIRN_EVENTLOG_CRYPTO_AGILE, /* "Spec ID Event03": digests of several banks */
	CAIRN_EVENTLOG_SHA1, /* "Spec ID Event00", "Spec ID Event02", or none at all, or in the container
				of TXT: one SHA-1 digest */
};

/* A log that was read as a whole. It borrows the bytes and owns nothing. */
struct cairn_eventlog {
	struct cairn_span bytes;
	enum cairn_eventlog_form form;
	/* The registers are those of a confidential VM and not PCRs: 0 MRTD, 1-4 RTMR 0-3 (UEFI 2.10, section
	 * 38.4.1). Who needs PCRs of a TPM refuses such a log. */
	bool cc;
	size_t first, end; /* offsets: of the first event that is yielded; after the last event */
	bool padded;	   /* the bytes from end on, one at least, are unused space of a log area: */
	uint8_t padding;   /* all of them this, 0x00 or 0xff */
	unsigned count;	   /* of events, without the Spec ID event */
	size_t banks;	   /* of algorithms that we know; 0 if there are none */
	enum cairn_alg bank[CAIRN_BANK_MAX]; /* in the order of the Spec ID event */
	uint8_t bank_size[CAIRN_BANK_MAX];   /* bytes of a digest of each */
	size_t unknown_banks; /* of other algorithms: their digests are skipped and not replayed */
	struct {
		uint16_t alg, size;
	} unknown[CAIRN_EVENTLOG_UNKNOWN_MAX];
};

/* Reads the whole log; its form is told by its first bytes. Refused: a Spec ID event that is not exactly one (of PCR
 * 0 or, for measurement registers, 1; distinct algorithms; known ones of the right size; exact vendor information);
 * an event with a digest of an algorithm that the Spec ID event does not list, or with two of one; an event that
 * extends and has no digest; PCRs from 24 on (but see cairn_event_extends) and measurement registers from 5 on; an
 * event of type 0 without data, which other readers take for the end; a container of TXT with another end than its last
 * event's; any tail that is not padding. A tail of equal
 * bytes 00 or FF is padding however short: a log that was cut within the first bytes of an event of PCR 0 looks so as
 * well, and like every log that was cut between two events it no longer replays. CAIRN_E_MALFORMED, _TRUNCATED,
 * _TRAILING, _VERSION (another Spec ID event, a newer major version), _LIMIT. */
enum cairn_status cairn_eventlog_open(struct cairn_eventlog *out, struct cairn_span bytes) CAIRN_MUST_CHECK;

/* Where a log is broken. */
struct cairn_eventlog_fault {
	unsigned number; /* of the event; 0 for what stands before the first */
	size_t offset;	 /* of its first byte, in bytes */
};
/* The same; on an error *fault says where. */
enum cairn_status cairn_eventlog_open_or(struct cairn_eventlog *out, struct cairn_span bytes,
					 struct cairn_eventlog_fault *fault) CAIRN_MUST_CHECK;

/* The events in order:
 *	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
 *	struct cairn_event ev;
 *	while (cairn_eventlog_next(&it, &ev)) ...
 * All of them, unless somebody has changed the bytes since they were opened; ev is left alone at the end.
 */
struct cairn_eventlog_iter {
	const struct cairn_eventlog *log;
	struct cairn_cur cur;
	unsigned number;
};

struct cairn_eventlog_iter cairn_eventlog_iter(const struct cairn_eventlog *log);
bool cairn_eventlog_next(struct cairn_eventlog_iter *it, struct cairn_event *ev);

/* The digest of the event for one bank; NULL if it has none. */
const struct cairn_event_digest *cairn_event_digest_of(const struct cairn_event *ev, enum cairn_alg alg);
/* The same, copied. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_event_digest_get(struct cairn_digest *out, const struct cairn_event *ev,
					 enum cairn_alg alg) CAIRN_MUST_CHECK;

/* ---- replay
 * ------------------------------------------------------------------------------------------------- */
struct cairn_replay {
	struct cairn_pcrs pcrs; /* a bank for each bank of the log; .extended: the PCRs that have an event */
	/* For each bank, the PCRs with an event that has no digest for it: their values mean nothing. */
	uint32_t incomplete[CAIRN_BANK_MAX];
	/* Bit n: OpenSSL here cannot hash for bank n. Nothing of it was replayed: no PCR is .extended, all are
	 * incomplete. */
	uint32_t unhashed;
	uint8_t startup_locality; /* what PCR 0 started from: 0, 3 or 4 */
	bool drtm; /* has events of PCRs 17-22, which then start from zero and not from all ones */
};

/* PCR 0 starts from what a StartupLocality event says: 0, 3, or 4 where H-CRTM events come first (PFP 1.05 r23, section
 * 10.4.5.3). Measurement registers start from zero. CAIRN_E_MALFORMED: a StartupLocality event that is not the only
 * one, not before the first event of PCR 0, or wrong in itself. CAIRN_E_CHANGED: the bytes are not those that were
 * opened. CAIRN_E_USAGE: not a log that was. CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_eventlog_replay(struct cairn_replay *out,
					const struct cairn_eventlog *log) CAIRN_MUST_CHECK;

/* The PCRs of mask for which the replay does not vouch for the values in actual: other value, incomplete, or
 * no such bank in the log. 0 is what one wants. */
uint32_t cairn_replay_differs(const struct cairn_replay *r, const struct cairn_bank *actual, uint32_t mask);

/* ---- meaning
 * ------------------------------------------------------------------------------------------------- */
enum cairn_event_check {
	CAIRN_EVENT_UNCHECKED, /* the digest is of something that the log does not hold */
	CAIRN_EVENT_MATCHES,   /* every digest is that of the data, or of what its maker hashes of it */
	CAIRN_EVENT_DIFFERS,   /* the type or the data is a lie */
};

/* By a table of rules, a row for each type: see cairn_event_check_how (eventtypes.h), which also tells the rule. */
enum cairn_status cairn_event_check(enum cairn_event_check *out,
				    const struct cairn_event *ev) CAIRN_MUST_CHECK;

/* The texts that GRUB measures (GRUB 2.06, grub-core/commands/tpm.c). */
enum cairn_grub_text {
	CAIRN_GRUB_NONE,    /* not such an event */
	CAIRN_GRUB_COMMAND, /* PCR 8: a command with its arguments, joined by single spaces */
	CAIRN_GRUB_KERNEL,  /* PCR 8: the command line of the kernel (of Xen) */
	CAIRN_GRUB_MODULE,  /* PCR 8: the command line of a module */
	CAIRN_GRUB_FILE,    /* PCR 9: the path of a file; the digest is that of its content, the path is not
			       hashed */
};

/* Which of them the event says it is, and the text without prefix and final NUL. */
enum cairn_grub_text cairn_event_grub_text(struct cairn_span *text, const struct cairn_event *ev);

#endif
