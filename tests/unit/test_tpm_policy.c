/* Policy digests and names as software computes them, against the TPM's own: trial sessions of swtpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cairn/policy.h"
#include "cairn/sealed.h"
#include "tests/unit/tpmuse_fixture.h"

#define MASK (1u << 4 | 1u << 8 | 1u << 9 | 1u << 11)

static struct swtpm swtpm;
static struct cairn_key *release;

static int setup(void **state)
{
	(void)state;
	if (cairn_key_generate(&release, CAIRN_SIG_ES256) != CAIRN_OK)
		return -1;
	return swtpm_start_bare(&swtpm);
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	cairn_key_free(release);
	return 0;
}

static struct cairn_tpm *boot(void)
{
	struct cairn_tpm *t = tpmuse_open(&swtpm);

	tpmuse_extend(t, 4, "grub");
	tpmuse_extend(t, 11, "host record");
	return t;
}

static ESYS_TR trial(struct cairn_tpm *t)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	ESYS_TR session = ESYS_TR_NONE;

	assert_int_equal(Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					       ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_TRIAL, &none,
					       TPM2_ALG_SHA256, &session),
			 0);
	return session;
}

static void digest_is(struct cairn_tpm *t, ESYS_TR session, const struct cairn_digest *want)
{
	TPM2B_DIGEST *got = NULL;

	assert_int_equal(
	    Esys_PolicyGetDigest(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &got), 0);
	assert_int_equal(got->size, 32);
	assert_memory_equal(got->buffer, want->bytes, 32);
	Esys_Free(got);
	assert_int_equal(Esys_FlushContext(t->esys, session), 0);
}

static void policy_pcr_is_the_tpms(void **state)
{
	static const uint32_t masks[] = {MASK, 1u, 1u << 23, 0xffffff, 1u << 7 | 1u << 8};
	struct cairn_tpm *t = boot();

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		const TPM2B_DIGEST present = {0};
		TPML_PCR_SELECTION sel = cairn_tpm_selection(CAIRN_ALG_SHA256, masks[i]);
		struct cairn_bank bank;
		struct cairn_digest want;
		ESYS_TR s = trial(t);

		assert_int_equal(
		    Esys_PolicyPCR(t->esys, s, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &present, &sel), 0);
		assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, masks[i], &bank), CAIRN_OK);
		assert_int_equal(cairn_policy_pcr(&want, &bank, masks[i]), CAIRN_OK);
		digest_is(t, s, &want);
		assert_int_equal(cairn_policy_pcr(&want, &bank, 0), CAIRN_E_USAGE);
		assert_int_equal(cairn_policy_pcr(&want, &bank, masks[i] | 1u << 24), CAIRN_E_USAGE);
		bank.extended &= bank.extended - 1;
		assert_int_equal(cairn_policy_pcr(&want, &bank, masks[i]), CAIRN_E_USAGE);
		bank.alg = CAIRN_ALG_SHA384;
		assert_int_equal(cairn_policy_pcr(&want, &bank, masks[i]), CAIRN_E_USAGE);
	}
	cairn_tpm_close(t);
}

/* The name of a release key, and the policy that it authorises, in the TPM's words. */
static void policy_authorize_is_the_tpms(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_p256 point;
	struct cairn_name name, tpm_name;
	cairn_auto_buf struct cairn_buf area = {0}, ref = {0};
	struct cairn_tpm_handle key = cairn_tpm_handle(t);
	TPM2B_PUBLIC pub;
	struct cairn_digest want;

	(void)state;
	assert_int_equal(cairn_key_p256_point(point.xy, release), CAIRN_OK);
	assert_int_equal(cairn_release_key_name(&name, &point), CAIRN_OK);
	assert_int_equal(cairn_release_key_public(&area, &point), CAIRN_OK);
	assert_int_equal(cairn_tpm_template(&pub, &area, cairn_span(NULL, 0)), CAIRN_OK);
	assert_int_equal(Esys_LoadExternal(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &pub,
					   ESYS_TR_RH_OWNER, &key.tr),
			 0);
	assert_int_equal(cairn_tpm_name(t, &key, &tpm_name), CAIRN_OK);
	assert_true(cairn_name_equal(&name, &tpm_name));
	cairn_tpm_handle_fini(&key);

	const TPM2B_DIGEST approved = {.size = 32};
	const TPMT_TK_VERIFIED ticket = {.tag = TPM2_ST_VERIFIED, .hierarchy = TPM2_RH_OWNER};
	TPM2B_NONCE policy_ref = {0};
	TPM2B_NAME key_name = {.size = sizeof(name.bytes)};
	assert_int_equal(cairn_policy_ref(&ref, "disk"), CAIRN_OK);
	policy_ref.size = (UINT16)ref.len;
	memcpy(policy_ref.buffer, ref.ptr, ref.len);
	memcpy(key_name.name, name.bytes, sizeof(name.bytes));
	ESYS_TR s = trial(t);
	assert_int_equal(Esys_PolicyAuthorize(t->esys, s, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approved,
					      &policy_ref, &key_name, &ticket),
			 0);
	assert_int_equal(cairn_sealed_policy(&want, "disk", release), CAIRN_OK);
	digest_is(t, s, &want);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(policy_pcr_is_the_tpms),
	    cmocka_unit_test(policy_authorize_is_the_tpms),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
