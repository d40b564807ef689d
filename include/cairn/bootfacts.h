/* What a boot log says was booted, on the path firmware -> GRUB -> Xen (multiboot2).
 *
 * Trusts: that the caller has replayed the log to PCRs 4, 7, 8 and 9 of a TPM (cairn_replay_differs == 0);
 * without that these are words. Does not check: whether any digest is a good one. The paths of PCR 9's events
 * are not hashed: a liar who keeps the digests in order can swap the names of two files. So compare digests
 * with reference values in the order of the log (as the verifier does), or take this as the description that
 * it is (as the host record does).
 */
#ifndef CAIRN_BOOTFACTS_H
#define CAIRN_BOOTFACTS_H

#include "cairn/eventlog.h"

#define CAIRN_BOOT_IMAGES_MAX 16

struct cairn_boot_file {
	struct cairn_span path;	    /* as GRUB was given it; of the log */
	struct cairn_span cmdline;  /* as GRUB passed it on: without the path; of the log */
	struct cairn_digest digest; /* of the file as stored, in the bank asked for */
};

/* Why the files are not vouched for. Anything out of the ordinary is a reason: between the multiboot2 command
 * and the boot, only module2, echo and boot are ordinary, and every event of PCR 8 must be a text of GRUB
 * that matches its digest. */
enum cairn_boot_problem {
	CAIRN_BOOT_OK,
	CAIRN_BOOT_NO_XEN,	 /* no multiboot2 command, or no module2 after it */
	CAIRN_BOOT_EVENT_TYPE,	 /* an event of PCR 8 or 9 that is not GRUB's */
	CAIRN_BOOT_TEXT_DIFFERS, /* a text is not what was hashed */
	CAIRN_BOOT_COMMAND,	 /* a command after multiboot2 that may change what is booted */
	CAIRN_BOOT_REPEATED,	 /* two multiboot2 commands, or two measurements where one belongs */
	CAIRN_BOOT_INCOMPLETE,	 /* a file without its digest or its command line */
	CAIRN_BOOT_LIMIT,	 /* more images than CAIRN_BOOT_IMAGES_MAX */
};

/* A sentence. */
const char *cairn_boot_problem_text(enum cairn_boot_problem p);

enum cairn_secure_boot { CAIRN_SECURE_BOOT_UNKNOWN, CAIRN_SECURE_BOOT_OFF, CAIRN_SECURE_BOOT_ON };

/* Of the content of the variable SecureBoot: one byte, 0 or 1; without content (there is no such variable) it is off.
 * UEFI 2.10, section 3.3. */
enum cairn_secure_boot cairn_secure_boot_of(struct cairn_span value);

struct cairn_boot_facts {
	enum cairn_boot_problem problem;
	unsigned problem_event; /* its number; 0 where the log as a whole is meant */
	/* Set only with CAIRN_BOOT_OK; otherwise all of it is empty. Module 0 is dom0's kernel, module 1 its
	 * initrd. */
	struct cairn_boot_file xen, kernel, initrd;
	unsigned modules; /* 1 where there is no initrd; those from 2 on are counted only */
	/* Images that the firmware started (PCR 4), in order. */
	size_t image_count;
	struct cairn_digest image[CAIRN_BOOT_IMAGES_MAX];
	enum cairn_secure_boot secure_boot; /* the variable SecureBoot as measured into PCR 7 */
};

/* bank: whose digests to report. The facts borrow from the log's bytes. CAIRN_E_NOTFOUND: the log has no such
 * bank. CAIRN_E_CRYPTO, CAIRN_E_NOMEM. A log without Xen is no error: see problem. */
enum cairn_status cairn_boot_facts(struct cairn_boot_facts *out, const struct cairn_eventlog *log,
				   enum cairn_alg bank) CAIRN_MUST_CHECK;

#endif
