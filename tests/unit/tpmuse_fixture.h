/* What the units of the TPM layer share: a connection to the test's swtpm, and what cairn has left in it. */
#ifndef CAIRN_TESTS_TPMUSE_FIXTURE_H
#define CAIRN_TESTS_TPMUSE_FIXTURE_H

#include "tests/unit/swtpm_fixture.h"
#include "tests/unit/tcti_fixture.h"
#include "tpm/tpm_internal.h"

/* Print why and abort where they fail. */
struct cairn_tpm *tpmuse_open(const struct swtpm *s);
struct cairn_tpm *tpmuse_open_tap(struct tcti_tap *tap, const struct swtpm *s);
/* Transient objects and sessions in the TPM, and handles that ESAPI still holds would show as a failing
 * command. */
unsigned tpmuse_left(struct cairn_tpm *t);
/* Extends one PCR in all banks by the hash of a text. */
void tpmuse_extend(struct cairn_tpm *t, unsigned pcr, const char *text);

#endif
