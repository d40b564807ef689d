/* A host without hardware: the recorded boot log of tests/data, a launch log made here, and the manifests for
 * both.
 *
 * The quote over it comes from a software AK (sim_quote), or from a TPM into which the same was extended
 * (sim_extend).
 */
#ifndef CAIRN_TEST_SIM_FIXTURE_H
#define CAIRN_TEST_SIM_FIXTURE_H

#include "cairn/appraise.h"
#include "tests/unit/quote_fixture.h"

#define SIM_NOW	  1500 /* Unix seconds */
#define SIM_UNTIL 2000 /* the manifests are valid from 1000 until then */

struct sim {
	struct cairn_key *authority;
	struct cairn_jwks *authorities;
	struct cairn_host host; /* what the host record says */
	char kid[CAIRN_KID_LEN + 1];
	struct cairn_buf boot_log, launch_log;
	uint8_t boot_id[32];
	uint64_t recnum, until;
	struct cairn_bank bank; /* SHA-256 PCR values, as a TPM would have them */
	struct software_ak ak;
	struct cairn_buf platform, service;	     /* JWS */
	struct cairn_manifest loaded[2];	     /* the same, read back: platform, service */
	const struct cairn_release_set *release_set; /* of the verifier: borrowed; NULL: none */
};

/* An honest host that has recorded its host record and its boot, and launched nothing. */
void sim_init(struct sim *s);
/* The same, with manifests that are valid until then. */
void sim_init_until(struct sim *s, uint64_t until);
void sim_fini(struct sim *s);
/* Starts the launch log again, with s->host as its host record. */
void sim_restart(struct sim *s);
/* Appends a record to the log and extends its PCR. */
void sim_record(struct sim *s, struct cairn_span record);
/* The launch that the service manifest allows; and one that says what the caller wants. */
struct cairn_launch sim_launch(const struct sim *s);
void sim_record_launch(struct sim *s, const struct cairn_launch *l);
/* Changes one byte of the boot log's only event of PCR 9 whose text holds `path`, in its SHA-256 digest, and
 * what the TPM has with it: another file was booted. */
void sim_swap_file(struct sim *s, const char *path);
/* Both logs, replayed anew. */
void sim_replay(struct sim *s);
/* A checked quote over s->bank. */
struct cairn_quote *sim_quote(struct sim *s);
/* Appraises with both manifests at `now`. */
enum cairn_status sim_appraise(struct cairn_verdict *out, struct sim *s, uint64_t now);

#endif
