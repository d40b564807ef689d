/* Names and sentences of the statuses, and the exit codes they lead to. */
#include "cairn/status.h"

#include <stddef.h>

struct status_row {
	const char *name, *text;
	int exit;
};

static const struct status_row rows[CAIRN_STATUS_COUNT] = {
    [CAIRN_OK] = {"ok", "success", CAIRN_EXIT_GOOD},
    [CAIRN_E_MALFORMED] = {"malformed", "the bytes do not follow their format", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TRUNCATED] = {"truncated", "the bytes end before their format does", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TRAILING] = {"trailing", "bytes follow where the format has ended", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_VERSION] = {"version", "the format is newer than this program; update cairn",
			 CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_UNSUPPORTED] = {"unsupported", "well formed, but uses something that cairn does not implement",
			     CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_LIMIT] = {"limit", "larger, longer or more than the documented limit", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_NOMEM] = {"nomem", "out of memory", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_NOSPACE] = {"nospace", "no space on the device or in the buffer", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_MISMATCH] = {"mismatch", "two things that must be equal are not", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_CHANGED] = {"changed", "a file changed while it was read", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_DIVERGED] = {"diverged", "a log does not replay to its PCR", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_STALE] = {"stale", "too old, replayed or used before", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_DENIED] = {"denied", "refused by policy", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_DROPPED] = {"dropped",
			 "bodies of records were dropped; the verifier that gave the receipt has them",
			 CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_CRYPTO] = {"crypto", "the cryptographic library failed", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_SIGNATURE] = {"signature", "a signature does not verify", CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_UNTRUSTED] = {"untrusted", "signed by a key or certificate that is not trusted",
			   CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_TPM] = {"tpm", "the TPM answered with an error", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TPM_ABSENT] = {"tpm-absent", "no TPM could be reached", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TPM_BUSY] = {"tpm-busy", "the TPM is in use or asks to retry", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TPM_LOCKOUT] = {"tpm-lockout", "the TPM is in dictionary-attack lockout", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TPM_POLICY] = {"tpm-policy", "the TPM refused: the policy of the object is not met",
			    CAIRN_EXIT_NOT_TRUSTED},
    [CAIRN_E_XEN] = {"xen", "a hypercall, xenstore or the toolstack failed", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_IO] = {"io", "a system call failed", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_NOTFOUND] = {"notfound", "not found", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_EXISTS] = {"exists", "it exists already", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_NET] = {"net", "the peer could not be reached, or broke off", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_TIMEOUT] = {"timeout", "it took longer than its bound", CAIRN_EXIT_UNDECIDED},
    [CAIRN_E_USAGE] = {"usage", "wrong arguments or configuration", CAIRN_EXIT_USAGE},
    [CAIRN_E_INTERNAL] = {"internal", "a defect of cairn itself", CAIRN_EXIT_UNDECIDED},
};

static const struct status_row *row_of(enum cairn_status s)
{
	unsigned n = (unsigned)s;

	return n < CAIRN_STATUS_COUNT ? &rows[n] : &rows[CAIRN_E_INTERNAL];
}

const char *cairn_status_name(enum cairn_status s)
{
	return row_of(s)->name;
}

const char *cairn_status_text(enum cairn_status s)
{
	return row_of(s)->text;
}

int cairn_status_exit(enum cairn_status s)
{
	return row_of(s)->exit;
}
