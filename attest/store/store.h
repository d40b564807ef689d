/* What the attestation server remembers: hosts, pending enrolments, manifests, tokens, and an audit log.
 *
 * Every function is one transaction, durable when it returns CAIRN_OK. Times are milliseconds since 1970
 * (UTC). A row that does not follow the schema's sizes is CAIRN_E_MALFORMED for that row alone. Other
 * failures of the database are CAIRN_E_IO, and are logged where they happen.
 */
#ifndef CAIRN_ATTEST_STORE_H
#define CAIRN_ATTEST_STORE_H

#include "cairn/appraise.h"
#include "cairn/json.h"

#define CAIRN_STORE_SCHEMA    3 /* 1 had no tpm, 2 no logs */
#define CAIRN_LABEL_MAX	      64
#define CAIRN_AK_PUBLIC_MAX   512
#define CAIRN_AK_NAME_SIZE    34 /* nameAlg SHA-256 and its digest: TPM 2.0 Library r1.59 part 1, 16 */
#define CAIRN_SESSION_ID_SIZE 32
#define CAIRN_TPM_TEXT_MAX    128

struct cairn_store;
/* Creates the file (mode 0600) with `create`, else it must exist. CAIRN_E_VERSION: made by a newer cairn. */
enum cairn_status cairn_store_open(struct cairn_store **out, const char *path, bool create) CAIRN_MUST_CHECK;
void cairn_store_close(struct cairn_store *s);
void cairn_store_closep(struct cairn_store **s);
#define cairn_auto_store __attribute__((cleanup(cairn_store_closep)))

/* ---- hosts
 * ------------------------------------------------------------------------------------------------------ */
struct cairn_host_row {
	uint8_t id[32];
	char label[CAIRN_LABEL_MAX + 1];
	uint8_t ek_cert[32];		  /* SHA-256 of the certificate */
	char tpm[CAIRN_TPM_TEXT_MAX + 1]; /* "53544d20 MODEL" of the certificate; "" if it says nothing */
	uint8_t ak_public[CAIRN_AK_PUBLIC_MAX]; /* TPMT_PUBLIC */
	size_t ak_public_len;
	uint8_t ak_name[CAIRN_AK_NAME_SIZE];
	enum cairn_state state; /* as stored: the deadline is not applied, see cairn_host_state */
	uint32_t reset_count, restart_count; /* of the last accepted quote */
	uint64_t clock;
	uint64_t nonce_issued_ms; /* of the last accepted nonce: it and older ones are used up */
	uint64_t enrolled_ms, seen_ms, stale_ms;
	struct cairn_buf verdict; /* JSON, owned; empty before the first accepted evidence */
};

void cairn_host_row_fini(struct cairn_host_row *h);
#define cairn_auto_row __attribute__((cleanup(cairn_host_row_fini)))
/* The state at a time: one that needs fresh evidence turns stale at its deadline. */
enum cairn_state cairn_host_state(const struct cairn_host_row *h, uint64_t now_ms);

/* CAIRN_E_EXISTS: the id, the label or the AK belongs to a host already; nothing is changed. */
enum cairn_status cairn_store_host_add(struct cairn_store *s,
				       const struct cairn_host_row *h) CAIRN_MUST_CHECK;
enum cairn_status cairn_store_host_get(struct cairn_host_row *out, struct cairn_store *s,
				       const uint8_t id[32]) CAIRN_MUST_CHECK;
/* By host id in hex or by label. */
enum cairn_status cairn_store_host_find(struct cairn_host_row *out, struct cairn_store *s,
					const char *id_or_label) CAIRN_MUST_CHECK;
/* Writes state, counters, nonce, seen, stale and verdict of h, provided that the nonce is newer than the
 * row's and that the row is neither revoked nor cleared: else CAIRN_E_STALE. */
enum cairn_status cairn_store_host_accept(struct cairn_store *s,
					  const struct cairn_host_row *h) CAIRN_MUST_CHECK;
enum cairn_status cairn_store_host_set_state(struct cairn_store *s, const uint8_t id[32],
					     enum cairn_state state) CAIRN_MUST_CHECK;
/* Forgets the host: it may enrol again, as a new one. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_store_host_delete(struct cairn_store *s, const uint8_t id[32]) CAIRN_MUST_CHECK;
/* Marks every host stale whose deadline has come; how many changed goes to *changed. */
enum cairn_status cairn_store_host_sweep(struct cairn_store *s, uint64_t now_ms,
					 size_t *changed) CAIRN_MUST_CHECK;
/* In the order of labels. Malformed rows are logged and left out. */
typedef void cairn_host_visit(void *ctx, const struct cairn_host_row *h);
enum cairn_status cairn_store_host_each(struct cairn_store *s, cairn_host_visit *visit,
					void *ctx) CAIRN_MUST_CHECK;

/* ---- pending enrolments
 * ----------------------------------------------------------------------------------------- */
struct cairn_session {
	uint8_t id[CAIRN_SESSION_ID_SIZE];
	uint8_t proof_sha256[32]; /* of the one right answer */
	uint64_t expires_ms;
	struct cairn_host_row host; /* what becomes the row; its verdict is empty */
};

/* Sessions that are pending at once: EKs and their certificates are no secret, so one host may not take all
 * the room. */
struct cairn_session_limits {
	size_t all, host;
};
/* CAIRN_E_LIMIT: that many sessions are pending that have not expired. */
enum cairn_status cairn_store_session_add(struct cairn_store *s, const struct cairn_session *n,
					  uint64_t now_ms,
					  const struct cairn_session_limits *max) CAIRN_MUST_CHECK;
/* Takes the session out: whatever follows, it is gone. CAIRN_E_NOTFOUND also for an expired one. */
enum cairn_status cairn_store_session_take(struct cairn_session *out, struct cairn_store *s,
					   const uint8_t id[CAIRN_SESSION_ID_SIZE],
					   uint64_t now_ms) CAIRN_MUST_CHECK;

/* ---- manifests
 * -------------------------------------------------------------------------------------------------- */
#define CAIRN_STORED_RELEASE_SET "release-set" /* kind and name of a release set; its release is the serial */

struct cairn_stored_manifest {
	const char *kid, *name, *kind;
	uint64_t release;
	struct cairn_span jws; /* the file's bytes */
};

/* The same bytes again are CAIRN_OK. CAIRN_E_EXISTS: other bytes under the same kid, kind, name and release.
 * CAIRN_E_LIMIT: max are stored already. */
enum cairn_status cairn_store_manifest_add(struct cairn_store *s, const struct cairn_stored_manifest *m,
					   size_t max) CAIRN_MUST_CHECK;
typedef enum cairn_status cairn_manifest_visit(void *ctx, const struct cairn_stored_manifest *m);
/* Ends with the first status of visit that is not CAIRN_OK. */
enum cairn_status cairn_store_manifest_each(struct cairn_store *s, cairn_manifest_visit *visit,
					    void *ctx) CAIRN_MUST_CHECK;

/* ---- launch logs
 * ------------------------------------------------------------------------------------------------ */
/* That of a host, which goes with it, as far as it was kept. CAIRN_E_NOTFOUND: none of this boot. */
enum cairn_status cairn_store_log_get(struct cairn_buf *out, struct cairn_store *s, const uint8_t host_id[32],
				      const uint8_t boot_id[32]) CAIRN_MUST_CHECK;
/* 0: none of this boot. */
enum cairn_status cairn_store_log_size(uint64_t *bytes, struct cairn_store *s, const uint8_t host_id[32],
				       const uint8_t boot_id[32]) CAIRN_MUST_CHECK;
/* In place of what was kept of this boot, or of another. */
enum cairn_status cairn_store_log_put(struct cairn_store *s, const uint8_t host_id[32],
				      const uint8_t boot_id[32], struct cairn_span text) CAIRN_MUST_CHECK;

/* ---- tokens
 * ----------------------------------------------------------------------------------------------------- */
enum cairn_role {
	CAIRN_ROLE_NONE,
	CAIRN_ROLE_READER,
	CAIRN_ROLE_OPERATOR,
	CAIRN_ROLE_ADMIN,
};

enum cairn_role cairn_role_by_name(const char *name); /* CAIRN_ROLE_NONE for an unknown one */
const char *cairn_role_name(enum cairn_role r);
/* CAIRN_E_EXISTS: the name is taken. */
enum cairn_status cairn_store_token_add(struct cairn_store *s, const uint8_t sha256[32], enum cairn_role role,
					const char *name) CAIRN_MUST_CHECK;
/* Compares with every token in constant time. CAIRN_E_NOTFOUND. */
enum cairn_status cairn_store_token_role(enum cairn_role *out, struct cairn_store *s,
					 const uint8_t sha256[32]) CAIRN_MUST_CHECK;

/* ---- audit
 * ------------------------------------------------------------------------------------------------------ */
/* subject: host id in hex, label, kid or token name. */
enum cairn_status cairn_store_audit(struct cairn_store *s, uint64_t now_ms, const char *event,
				    const char *subject, const char *text) CAIRN_MUST_CHECK;

#endif
