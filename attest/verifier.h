/* The attestation server's state, and the functions that answer its routes.
 *
 * One thread, one event loop: a handler runs to its end before the next one starts. What is authoritative is
 * in the store; here are the keys, the roots, the settings, and the manifests in their parsed form.
 */
#ifndef CAIRN_ATTEST_VERIFIER_H
#define CAIRN_ATTEST_VERIFIER_H

#include <openssl/x509.h>

#include "attest/http.h"
#include "attest/nonce.h"
#include "attest/settings.h"
#include "attest/store/store.h"
#include "cairn/ekcert.h"
#include "cairn/manifest.h"
#include "cairn/quote.h"
#include "cairn/releaseset.h"

#define CAIRN_MANIFESTS_MAX	65536 /* stored; a start reads them all */
#define CAIRN_SESSIONS_MAX	1024  /* pending enrolments */
#define CAIRN_SESSIONS_HOST_MAX 8     /* of one EK */

enum cairn_count { /* of metrics */
		   COUNT_REQUESTS,
		   COUNT_REFUSED_AUTH,
		   COUNT_ENROLLED,
		   COUNT_ENROL_REFUSED,
		   COUNT_CHALLENGES,
		   COUNT_EVIDENCE_ACCEPTED,
		   COUNT_EVIDENCE_REJECTED,
		   COUNT_UNAUDITED,
		   COUNT_COUNT,
};

struct cairn_verifier {
	struct cairn_settings set;
	struct cairn_store *store;
	struct cairn_key *token_key;
	uint8_t nonce_key[CAIRN_NONCE_KEY_SIZE];
	STACK_OF(X509) * ek_roots;
	struct cairn_ekdenied *ek_denied;
	struct cairn_ak_key *ak_key; /* of the last evidence: keeps no more of a host than its row */
	struct cairn_jwks *authorities;
	struct cairn_jwks *signers; /* of manifests: the authorities, and whom the release set delegates to */
	struct cairn_manifest **manifest; /* owned, and each of them */
	size_t manifest_count;
	struct cairn_release_set release_set; /* the newest; serial 0: there is none */
	uint64_t count[COUNT_COUNT];
	uint64_t bucket_ms; /* the state of cairn_audit_refusal */
};

/* Everything but the network, from a configuration file. A message goes to why. */
enum cairn_status cairn_verifier_new(struct cairn_verifier **out, const char *config,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_verifier_free(struct cairn_verifier *v);
const char *cairn_verifier_kid(const struct cairn_verifier *v);
uint64_t cairn_now_ms(void);
/* Into the audit log and the server's log. A database that does not take it is CAIRN_E_IO. */
enum cairn_status cairn_audit(struct cairn_verifier *v, const char *event, const char *subject,
			      const char *fmt, ...) CAIRN_MUST_CHECK __attribute__((format(printf, 4, 5)));
/* The same for what anybody may cause: more than the bucket holds is only counted, so that nobody fills the
 * disk. */
enum cairn_status cairn_audit_refusal(struct cairn_verifier *v, const char *event, const char *subject,
				      const char *fmt, ...) CAIRN_MUST_CHECK
    __attribute__((format(printf, 4, 5)));
/* What the certificate says of the TPM, which each appraisal asks the denied list about. */
void cairn_host_tpm(struct cairn_host_row *row, const struct cairn_ek_facts *facts);
/* Adds to the verdict what the denied list says of the host's TPM and of the firmware that the quote names. */
enum cairn_status cairn_judge_tpm(struct cairn_verdict *verdict, const struct cairn_verifier *v,
				  const struct cairn_host_row *row, uint64_t firmware) CAIRN_MUST_CHECK;
/* Takes a manifest over into the list, in which nothing is twice. CAIRN_E_LIMIT, CAIRN_E_NOMEM; then it stays
 * m's. */
enum cairn_status cairn_verifier_learn(struct cairn_verifier *v, struct cairn_manifest *m) CAIRN_MUST_CHECK;

/* Takes a release set over, and reads the stored manifests anew: it says who may sign them. CAIRN_E_LIMIT: it and the
 * authorities are too many keys; nothing was changed. CAIRN_E_NOMEM, CAIRN_E_IO. */
enum cairn_status cairn_verifier_learn_set(struct cairn_verifier *v,
					   struct cairn_release_set *s) CAIRN_MUST_CHECK;

/* ---- routes
 * ----------------------------------------------------------------------------------------------------- */
struct cairn_call {
	struct cairn_span body;
	const char *peer;
	char param[CAIRN_LABEL_MAX + 1]; /* the part of the path that the route leaves open */
};

typedef void cairn_handler(struct cairn_verifier *v, const struct cairn_call *call,
			   struct cairn_response *resp);

struct cairn_route {
	const char *method, *path; /* '*' stands for one part */
	enum cairn_role role;	   /* the lowest that may call it; CAIRN_ROLE_NONE: anybody */
	size_t body_max;	   /* bytes */
	cairn_handler *handler;
};

/* The whole interface; ends with a NULL method. */
extern const struct cairn_route cairn_routes[];
/* Of type cairn_http_serve, ctx is the verifier: finds the route, checks method, token and size, calls the
 * handler. */
cairn_http_serve cairn_route_serve;

cairn_handler cairn_handle_health, cairn_handle_jwks, cairn_handle_openapi, cairn_handle_metrics;
cairn_handler cairn_handle_enroll, cairn_handle_proof;
cairn_handler cairn_handle_challenge, cairn_handle_evidence;
cairn_handler cairn_handle_hosts, cairn_handle_host, cairn_handle_ear, cairn_handle_revoke,
    cairn_handle_forget;
cairn_handler cairn_handle_manifests, cairn_handle_manifest_add;
cairn_handler cairn_handle_release_set, cairn_handle_release_set_add;

/* An answer for a failure that is the server's own: 503 or 500, logged. */
void cairn_response_failure(struct cairn_response *resp, enum cairn_status st, const char *doing);
/* The body as an object with no other members than the NULL-ended list; or NULL, and the response says why.
 */
json_t *cairn_call_object(const struct cairn_call *call, struct cairn_response *resp,
			  const char *const *members);

#endif
