/* Attacks on a real server: cairn-verifier as a process of its own, spoken to over TLS, and two hosts whose
 * TPMs are swtpm. Each case takes what a genuine host would send, makes one thing wrong in it, and sends
 * that.
 *
 * Whatever fails that is not the case's own business aborts the program.
 */
#ifndef CAIRN_TEST_ATTACK_H
#define CAIRN_TEST_ATTACK_H

#include <stdio.h>
#include <stdlib.h>

#include "relay/http.h"
#include "tests/unit/sim_fixture.h"
#include "tests/unit/tpmuse_fixture.h"

#define MUST(x)                                                                                              \
	do {                                                                                                 \
		if (!(x)) {                                                                                  \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #x);                      \
			abort();                                                                             \
		}                                                                                            \
	} while (0)
#define MUST_OK(x) MUST((x) == CAIRN_OK)

struct host {
	const char *label;
	struct swtpm tpm;
	struct cairn_tpm_identity id;
	struct cairn_buf launch_log; /* of this host; the boot log is the same for both */
	uint64_t recnum;
};

struct world {
	char dir[64]; /* of the server: its files are in DIR/server */
	pid_t server;
	struct cairn_client *http, *token_http; /* without and with the operator's token */
	char kid[64];
	struct sim sim;			/* boot log, manifests, boot id */
	struct host alpha, beta, gamma; /* gamma is not enrolled */
	json_t *accepted;		/* the evidence of alpha that was accepted last */
	long code;			/* of the last answer */
	json_t *body;			/* of the last answer */
};

/* Both TPMs have booted, both hosts are enrolled and trusted. */
void world_init(struct world *w);
void world_fini(struct world *w);
void server_restart(struct world *w);

/* One request. body is taken over. Sets code and body. */
void post(struct world *w, const char *path, json_t *body);
/* The code of the error in the last answer; "" where it is none. */
const char *error_code(const struct world *w);
/* Everything that a reader is told of the hosts. A new reference. */
json_t *told(struct world *w);

/* Appends a release set without floors, of that number; each call makes another one. */
enum cairn_status release_set(struct cairn_buf *jws, unsigned serial, const struct cairn_key *key);

/* ---- evidence ---- */

/* Makes a signed structure in the place of a quote. */
typedef void quote_maker(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
			 struct cairn_buf *signature);

/* What goes into evidence. The caller changes what it wants; nonce and logs are bound by the quote. */
struct plan {
	const struct host *of;	   /* host id */
	const struct host *signer; /* whose TPM makes the quote */
	char nonce[256];
	struct cairn_buf boot_log, launch_log; /* owned */
	uint8_t boot_id[32];
	quote_maker *quote;
};

/* What the host would send: a fresh nonce, its own logs. */
struct plan plan_genuine(struct world *w, const struct host *h);
/* The document. A new reference; ends the plan. */
json_t *plan_evidence(struct world *w, struct plan *p);
void plan_send(struct world *w, struct plan *p);
/* A nonce for the host. */
void fresh_nonce(struct world *w, const struct host *h, char nonce[256]);
quote_maker quote_genuine;

/* Appends a record to the host's log and extends its TPM. */
void host_record(struct host *h, struct cairn_span record);

/* ---- enrolment ---- */

/* The first message. */
json_t *enrolment(const char *label, struct cairn_span ek_public, struct cairn_span ek_cert,
		  struct cairn_span ak_public);
/* Sends it for two identities, one for the EK and one for the AK. */
void claim(struct world *w, const char *label, const struct cairn_tpm_identity *ek,
	   const struct cairn_tpm_identity *ak);
/* The answer to the challenge in w->body, as the host's cairnd makes it. A new reference. */
json_t *host_proof(const struct world *w, const struct host *h, const char *label);

/* ---- cases ---- */

struct attack {
	const char *name;
	void (*run)(struct world *w);
	long code;	   /* that the server must answer with */
	const char *error; /* and the error's name in it; "NAME: FIELD" where its message must end in that */
};

extern const struct attack attacks_quote[], attacks_log[], attacks_enrol[],
    attacks_release[]; /* end with a NULL name */

#endif
