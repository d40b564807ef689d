/* The counter of release sets in a TPM: that it only ever rises, whatever its owner does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/tpmuse_fixture.h"

static struct swtpm swtpm;

static int setup(void **state)
{
	(void)state;
	return swtpm_start_bare(&swtpm);
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	return 0;
}

static void assert_serial(struct cairn_tpm *t, uint64_t want)
{
	uint64_t now = UINT64_MAX;

	assert_int_equal(cairn_tpm_serial(t, &now), CAIRN_OK);
	assert_int_equal(now, want);
}

static void assert_raise(struct cairn_tpm *t, uint64_t to, enum cairn_status want, uint64_t value)
{
	uint64_t now = UINT64_MAX;

	assert_int_equal(cairn_tpm_serial_raise(t, to, &now), want);
	assert_int_equal(now, value);
	assert_serial(t, value);
	assert_int_equal(tpmuse_left(t), 0);
}

static struct cairn_tpm *reboot(struct cairn_tpm *t)
{
	cairn_tpm_close(t);
	assert_int_equal(swtpm_reboot(&swtpm), 0);
	return tpmuse_open(&swtpm);
}

static void delete (struct cairn_tpm *t)
{
	ESYS_TR nv = ESYS_TR_NONE;

	assert_int_equal(Esys_TR_FromTPMPublic(t->esys, CAIRN_TPM_SERIAL_INDEX, ESYS_TR_NONE, ESYS_TR_NONE,
					       ESYS_TR_NONE, &nv),
			 TSS2_RC_SUCCESS);
	assert_int_equal(Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					       ESYS_TR_NONE),
			 TSS2_RC_SUCCESS);
}

static void it_only_rises(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);

	(void)state;
	assert_serial(t, 0);
	assert_raise(t, 1, CAIRN_OK, 1);
	assert_raise(t, 4, CAIRN_OK, 4);
	assert_raise(t, 4, CAIRN_OK, 4);
	assert_raise(t, 3, CAIRN_E_STALE, 4);
	assert_raise(t, 4 + CAIRN_TPM_SERIAL_STEPS + 1, CAIRN_E_LIMIT, 4);
	t = reboot(t);
	assert_serial(t, 4);
	assert_raise(t, 4 + CAIRN_TPM_SERIAL_STEPS, CAIRN_OK, 4 + CAIRN_TPM_SERIAL_STEPS);
	cairn_tpm_close(t);
}

/* The owner deletes it, or clears the TPM: what was seen before is old for ever. */
static void it_cannot_be_had_anew(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);

	(void)state;
	assert_raise(t, 5, CAIRN_OK, 5);
	delete (t);
	assert_serial(t, 0);
	assert_raise(t, 5, CAIRN_E_STALE, 6);
	assert_raise(t, 7, CAIRN_OK, 7);
	assert_int_equal(
	    Esys_Clear(t->esys, ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
	    TSS2_RC_SUCCESS);
	assert_serial(t, 0);
	assert_raise(t, 7, CAIRN_E_STALE, 8);
	cairn_tpm_close(t);
}

static void define(struct cairn_tpm *t, TPMA_NV attributes, uint16_t size, const char *auth_policy)
{
	const TPM2B_AUTH empty = {0};
	TPM2B_NV_PUBLIC pub = {.nvPublic = {.nvIndex = CAIRN_TPM_SERIAL_INDEX,
					    .nameAlg = TPM2_ALG_SHA256,
					    .attributes = attributes,
					    .dataSize = size}};
	ESYS_TR nv = ESYS_TR_NONE;

	if (*auth_policy)
		pub.nvPublic.authPolicy = (TPM2B_DIGEST){.size = 32};
	assert_int_equal(Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					     ESYS_TR_NONE, &empty, &pub, &nv),
			 TSS2_RC_SUCCESS);
}

/* Somebody else's index, or one that could be lowered. */
static void what_is_no_such_counter(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	const TPMA_NV ours = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA;
	const TPMA_NV counter = (TPMA_NV)TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT;
	const struct {
		TPMA_NV attributes;
		uint16_t size;
		const char *policy;
	} rows[] = {
	    {ours, 8, ""},
	    {ours | counter | TPMA_NV_ORDERLY, 8, ""},
	    {ours | counter | TPMA_NV_OWNERWRITE, 8, ""},
	    {ours | counter, 8, "x"},
	    {ours, 4, ""},
	};
	uint64_t now = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		define(t, rows[i].attributes, rows[i].size, rows[i].policy);
		assert_int_equal(cairn_tpm_serial(t, &now), CAIRN_E_UNSUPPORTED);
		assert_int_equal(cairn_tpm_serial_raise(t, 1, &now), CAIRN_E_UNSUPPORTED);
		assert_int_equal(now, 77);
		delete (t);
	}
	define(t, ours | counter, 8, "");
	assert_raise(t, 1, CAIRN_OK, 1); /* defined beforehand, by whoever has the owner's authorisation */
	cairn_tpm_close(t);
}

static void an_owner_with_a_password(void **state)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	const TPM2B_AUTH secret = {.size = 1, .buffer = {'x'}};
	uint64_t now = 77;

	(void)state;
	assert_int_equal(Esys_HierarchyChangeAuth(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
						  ESYS_TR_NONE, &secret),
			 TSS2_RC_SUCCESS);
	cairn_tpm_close(t);
	t = tpmuse_open(&swtpm);
	assert_serial(t, 0);
	assert_int_equal(cairn_tpm_serial_raise(t, 1, &now), CAIRN_E_TPM);
	assert_non_null(strstr(cairn_tpm_error(t), "TPM2_NV_DefineSpace"));
	cairn_tpm_close(t);
}

/* Every command of it fails once: it is told, nothing is left, and the next try succeeds. */
static void commands_that_fail(void **state)
{
	static const struct {
		uint32_t cc;
		bool raise;
	} rows[] = {
	    {TPM2_CC_NV_ReadPublic, false}, {TPM2_CC_NV_ReadPublic, true}, {TPM2_CC_NV_DefineSpace, true},
	    {TPM2_CC_NV_Increment, true},   {TPM2_CC_NV_Read, true},	   {TPM2_CC_NV_Read, false},
	};
	struct tcti_tap tap = {0};
	struct cairn_tpm *t = tpmuse_open_tap(&tap, &swtpm);
	uint64_t now = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap.fail_cc = rows[i].cc;
		tap.fail_rc = TPM2_RC_FAILURE;
		tap.fail_count = 1;
		assert_int_equal(rows[i].raise ? cairn_tpm_serial_raise(t, 2, &now)
					       : cairn_tpm_serial(t, &now),
				 CAIRN_E_TPM);
		assert_int_equal(tap.fail_count, 0);
	}
	assert_raise(t, 2, CAIRN_OK, 2);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(it_only_rises),	   TEST(it_cannot_be_had_anew),
	    TEST(what_is_no_such_counter), TEST(an_owner_with_a_password),
	    TEST(commands_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
