/* Every error that libcairn returns.
 *
 * A status says that nothing could be decided. What was decided and came out badly ("does not match", "not
 * trusted") is a verdict, which is data; see appraise.h. Outputs of a function are written only on CAIRN_OK.
 */
#ifndef CAIRN_STATUS_H
#define CAIRN_STATUS_H

enum cairn_status {
	CAIRN_OK = 0,
	/* malformed input */
	CAIRN_E_MALFORMED,   /* the bytes do not follow their format */
	CAIRN_E_TRUNCATED,   /* the bytes end before their format does */
	CAIRN_E_TRAILING,    /* bytes follow where the format has ended */
	CAIRN_E_VERSION,     /* the format is a newer one than this program knows */
	CAIRN_E_UNSUPPORTED, /* well formed, but uses something that is not implemented */
	/* limits */
	CAIRN_E_LIMIT,	 /* larger, longer or more than the documented limit */
	CAIRN_E_NOMEM,	 /* out of memory */
	CAIRN_E_NOSPACE, /* no space on the device or in the buffer */
	/* mismatch */
	CAIRN_E_MISMATCH, /* two things that must be equal are not */
	CAIRN_E_CHANGED,  /* a file changed while it was read */
	CAIRN_E_DIVERGED, /* a log does not replay to its PCR */
	CAIRN_E_STALE,	  /* too old, replayed or used before */
	CAIRN_E_DENIED,	  /* refused by policy */
	CAIRN_E_DROPPED,  /* bodies of a log's records were dropped: whoever gave the receipt has them */
	/* cryptography */
	CAIRN_E_CRYPTO,	   /* OpenSSL failed */
	CAIRN_E_SIGNATURE, /* a signature does not verify */
	CAIRN_E_UNTRUSTED, /* signed by a key or certificate that is not trusted */
	/* TPM */
	CAIRN_E_TPM,	     /* the TPM answered with an error */
	CAIRN_E_TPM_ABSENT,  /* no TPM could be reached */
	CAIRN_E_TPM_BUSY,    /* the TPM is in use or asks to retry */
	CAIRN_E_TPM_LOCKOUT, /* dictionary-attack lockout */
	CAIRN_E_TPM_POLICY,  /* the TPM refused: the policy of the object is not met */
	/* Xen */
	CAIRN_E_XEN, /* a hypercall, xenstore or the toolstack failed */
	/* system */
	CAIRN_E_IO,	  /* a system call failed; errno says which way */
	CAIRN_E_NOTFOUND, /* no such file, host, record or key */
	CAIRN_E_EXISTS,	  /* it exists already */
	CAIRN_E_NET,	  /* the peer could not be reached, or broke off */
	CAIRN_E_TIMEOUT,  /* it took longer than its bound */
	CAIRN_E_USAGE,	  /* called with wrong arguments */
	CAIRN_E_INTERNAL, /* a defect of cairn itself */
	CAIRN_STATUS_COUNT,
};

#define CAIRN_MUST_CHECK __attribute__((warn_unused_result))

/* The short name ("malformed") and the sentence ("the bytes do not follow their format"). Never NULL. */
const char *cairn_status_name(enum cairn_status s);
const char *cairn_status_text(enum cairn_status s);

/* Exit codes of every cairn program. */
enum cairn_exit {
	CAIRN_EXIT_GOOD = 0,	    /* done; or: trusted */
	CAIRN_EXIT_NOT_TRUSTED = 1, /* decided, and the answer is no */
	CAIRN_EXIT_USAGE = 2,	    /* wrong arguments or configuration */
	CAIRN_EXIT_UNDECIDED = 3,   /* could not decide: something is missing, broken or out of reach */
};

/* The exit code for a status: MISMATCH, CHANGED, DIVERGED, STALE, DENIED, SIGNATURE, UNTRUSTED and TPM_POLICY are
 * NOT_TRUSTED; USAGE is USAGE; OK is GOOD; all others are UNDECIDED. */
int cairn_status_exit(enum cairn_status s);

#endif
