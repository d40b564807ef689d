/* The configuration file of cairn-verifier, read and checked. Paths are relative to the file's own directory.
 */
#ifndef CAIRN_ATTEST_SETTINGS_H
#define CAIRN_ATTEST_SETTINGS_H

#include <limits.h>

#include "cairn/appraise.h"

struct cairn_settings {
	char host[64]; /* numeric address */
	uint16_t port;
	char tls_cert[PATH_MAX], tls_key[PATH_MAX];
	char token_key[PATH_MAX], nonce_key[PATH_MAX];
	char database[PATH_MAX];
	char ek_roots[PATH_MAX];       /* makers' certificates: a directory, or a file */
	char ek_denied[PATH_MAX];      /* "" for the built-in list */
	char authorities[PATH_MAX];    /* JWK Set of manifest signers */
	char admission_list[PATH_MAX]; /* "" where every EK that chains to a root is admitted */
	struct cairn_policy policy;
	uint64_t stale_after_s, nonce_lifetime_s, session_lifetime_s;
	uint64_t receipt_kib; /* by which a launch log grows until it is kept here; 0: none is */
	size_t connections_max;
	unsigned idle_timeout_s;
};

/* A message (one line) goes to why. CAIRN_E_USAGE, CAIRN_E_NOTFOUND, CAIRN_E_IO. */
enum cairn_status cairn_settings_read(struct cairn_settings *out, const char *path,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
