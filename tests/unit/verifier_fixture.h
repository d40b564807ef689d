/* The server without its network, two software TPMs, and the host "alpha" that tpm[0] belongs to. */
#ifndef CAIRN_TESTS_VERIFIER_FIXTURE_H
#define CAIRN_TESTS_VERIFIER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/verifier.h"
#include "tests/unit/sim_fixture.h"
#include "tests/unit/swtpm_fixture.h"
#include "tpm/tpm_internal.h"

#define VERIFIER_TOKEN "an-operator's-token"

struct verifier_world {
	char dir[64];
	struct swtpm tpm[2];
	struct sim sim;
	struct cairn_verifier *v;
	int code;	  /* of the last answer */
	json_t *body;	  /* its body */
	json_t *evidence; /* the last that was made */
};

/* Requests as an operator, straight to the route table: the answer is in code and body. verifier_call takes over
 * the body's reference. */
void verifier_call_raw(struct verifier_world *w, const char *method, const char *path,
		       struct cairn_span body);
void verifier_call(struct verifier_world *w, const char *method, const char *path, json_t *body);
/* A member of the last answer. */
const char *verifier_text(const struct verifier_world *w, const char *name);
/* Fail the test unless the last answer is this error, or the host alpha is in this state. */
void verifier_expect_error(const struct verifier_world *w, int code, const char *name);
void verifier_expect_state(struct verifier_world *w, const char *state);
/* How many rows of the database are of these: "TABLE WHERE ..." */
int verifier_count(const struct verifier_world *w, const char *of);

/* The keys of a TPM; the caller calls cairn_tpm_identity_fini. */
void verifier_identity(const struct swtpm *s, struct cairn_tpm_identity *id);
/* The first request of an enrolment, with the EK of one identity and the AK of another. */
json_t *verifier_enrolment(const struct cairn_tpm_identity *ek, const struct cairn_tpm_identity *ak,
			   const char *label);
/* Answers the challenge in w->body with the TPM; the proof is then off by `wrong`. */
json_t *verifier_answer(const struct verifier_world *w, const struct swtpm *s, const char *label,
			uint8_t wrong);
void verifier_enrol(struct verifier_world *w, const struct swtpm *s, const char *label);

/* Extends into tpm[0] what the logs say: all, or of the launch log what it has from byte `from` on. */
void verifier_boot(struct verifier_world *w);
void verifier_extend_launches(struct verifier_world *w, struct cairn_tpm *t, size_t from);
/* Asks for a nonce for tpm[0]; the text is w->body's. */
const char *verifier_challenge(struct verifier_world *w);
/* Evidence by a TPM over a selection, of whatever the logs say. */
json_t *verifier_evidence(struct verifier_world *w, const struct swtpm *s, const char *nonce,
			  uint32_t selection);
/* One good round; the evidence stays in w->evidence. */
void verifier_attest(struct verifier_world *w);

/* Writes DIR/server/NAME. */
void verifier_put_file(const struct verifier_world *w, const char *name, struct cairn_span content);
/* Starts the server on its files. */
void verifier_open(struct verifier_world *w);
/* For a group of tests: both manifests are known and tpm[0] has booted; then alpha is enrolled; then trusted. */
int verifier_setup(void **state);
int verifier_setup_enrolled(void **state);
int verifier_setup_trusted(void **state);
int verifier_teardown(void **state);

#endif
