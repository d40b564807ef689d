/* A TCTI that records and interferes; see the header. */
#define _GNU_SOURCE
#include "tests/unit/tcti_fixture.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_tctildr.h>
#include <tss2/tss2_tpm2_types.h>

#define TIMEOUT_MS 20000
#define MAGIC	   UINT64_C(0x636169726e746170)

static struct tcti_tap *tap(TSS2_TCTI_CONTEXT *c)
{
	return (struct tcti_tap *)(void *)c;
}

/* TPM2_PCR_Extend of the SHA-256 bank with 32 bytes of 0x5a, straight to the TPM. */
static TSS2_RC slip_extend(struct tcti_tap *t)
{
	uint8_t cmd[65] = {0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 0, 0, 0,	  0,
			   9,	 0x40, 0, 0, 9, 0,  0, 0, 0,	0,    0, 0, 0, 1, 0, 0x0b};
	uint8_t answer[128];
	size_t size = sizeof(answer);

	cmd[13] = (uint8_t)t->extend_pcr;
	memset(cmd + 33, 0x5a, 32);
	TSS2_RC rc = Tss2_Tcti_Transmit(t->inner, sizeof(cmd), cmd);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Tcti_Receive(t->inner, &size, answer, TIMEOUT_MS);
	if (rc != TSS2_RC_SUCCESS || memcmp(answer + 6, "\0\0\0\0", 4) != 0) {
		fprintf(stderr, "tcti fixture: extend refused\n");
		return TSS2_TCTI_RC_GENERAL_FAILURE;
	}
	return TSS2_RC_SUCCESS;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *c, size_t size, uint8_t const *command)
{
	struct tcti_tap *t = tap(c);
	struct cairn_cur cur = cairn_cur(cairn_span(command, size));

	(void)cairn_cur_bytes(&cur, 6);
	uint32_t cc = cairn_cur_u32be(&cur);
	cairn_buf_add(&t->bytes, cairn_span(command, size));
	t->commands++;
	if (t->break_cc != 0 && t->break_cc == cc) {
		t->break_cc = 0;
		return TSS2_TCTI_RC_IO_ERROR;
	}
	if (t->fail_count > 0 && (t->fail_cc == 0 || t->fail_cc == cc)) {
		t->fail_count--;
		t->answer_is_ours = true;
		return TSS2_RC_SUCCESS;
	}
	if (t->extend_count > 0 && t->extend_cc == cc) {
		t->extend_count--;
		if (slip_extend(t) != TSS2_RC_SUCCESS)
			return TSS2_TCTI_RC_GENERAL_FAILURE;
	}
	return Tss2_Tcti_Transmit(t->inner, size, command);
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *c, size_t *size, uint8_t *response, int32_t timeout)
{
	struct tcti_tap *t = tap(c);

	if (t->answer_is_ours) {
		const uint8_t answer[10] = {0x80,
					    0x01,
					    0,
					    0,
					    0,
					    10,
					    (uint8_t)(t->fail_rc >> 24),
					    (uint8_t)(t->fail_rc >> 16),
					    (uint8_t)(t->fail_rc >> 8),
					    (uint8_t)t->fail_rc};
		if (response) {
			memcpy(response, answer, sizeof(answer));
			t->answer_is_ours = false;
		}
		*size = sizeof(answer);
		return TSS2_RC_SUCCESS;
	}
	TSS2_RC rc = Tss2_Tcti_Receive(t->inner, size, response, timeout);
	if (rc == TSS2_RC_SUCCESS && response)
		cairn_buf_add(&t->bytes, cairn_span(response, *size));
	return rc;
}

static TSS2_RC unsupported_cancel(TSS2_TCTI_CONTEXT *c)
{
	(void)c;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC unsupported_locality(TSS2_TCTI_CONTEXT *c, uint8_t locality)
{
	(void)c;
	(void)locality;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static void nothing(TSS2_TCTI_CONTEXT *c)
{
	(void)c;
}

int tcti_tap_init(struct tcti_tap *t, const char *tcti)
{
	memset(t, 0, sizeof(*t));
	cairn_buf_init(&t->bytes);
	t->common.magic = MAGIC;
	t->common.version = 1;
	t->common.transmit = transmit;
	t->common.receive = receive;
	t->common.finalize = nothing;
	t->common.cancel = unsupported_cancel;
	t->common.setLocality = unsupported_locality;
	if (Tss2_TctiLdr_Initialize(tcti, &t->inner) != TSS2_RC_SUCCESS) {
		fprintf(stderr, "tcti fixture: cannot open %s\n", tcti);
		return -1;
	}
	return 0;
}

TSS2_TCTI_CONTEXT *tcti_tap_context(struct tcti_tap *t)
{
	return (TSS2_TCTI_CONTEXT *)(void *)&t->common;
}

bool tcti_tap_saw(const struct tcti_tap *t, struct cairn_span needle)
{
	return memmem(t->bytes.ptr, t->bytes.len, needle.ptr, needle.len) != NULL;
}

void tcti_tap_fini(struct tcti_tap *t)
{
	Tss2_TctiLdr_Finalize(&t->inner);
	cairn_buf_fini_wipe(&t->bytes);
}
