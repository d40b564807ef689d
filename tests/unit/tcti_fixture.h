/* A TCTI between cairn and the TPM: it records every byte, counts commands, answers in the TPM's stead with
 * an error, or slips a PCR extend in before a command, as another program on the host could. */
#ifndef CAIRN_TESTS_TCTI_FIXTURE_H
#define CAIRN_TESTS_TCTI_FIXTURE_H

#include <tss2/tss2_tcti.h>

#include "cairn/bytes.h"

struct tcti_tap {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first: the context is a pointer to it */
	TSS2_TCTI_CONTEXT *inner;
	struct cairn_buf bytes; /* commands and answers, as they crossed */
	unsigned commands;
	/* The next fail_count commands of this code (0: any) are not sent, and answered by fail_rc. */
	uint32_t fail_cc;
	uint32_t fail_rc;
	unsigned fail_count;
	/* The next command of this code (0: none) does not get through: the transport breaks. */
	uint32_t break_cc;
	/* Before the next extend_count commands of this code, PCR extend_pcr is extended. */
	uint32_t extend_cc;
	uint32_t extend_pcr;
	unsigned extend_count;
	bool answer_is_ours;
};

int tcti_tap_init(struct tcti_tap *t, const char *tcti);
TSS2_TCTI_CONTEXT *tcti_tap_context(struct tcti_tap *t);
bool tcti_tap_saw(const struct tcti_tap *t, struct cairn_span needle);
/* Safe on a zeroed one. */
void tcti_tap_fini(struct tcti_tap *t);

#endif
