/* Policy digests against the TPM's own, and sealing: what opens a secret, and all that does not. Against
 * swtpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cairn/approval.h"
#include "cairn/sealed.h"
#include "tests/unit/tpmuse_fixture.h"

#define MASK   (1u << 4 | 1u << 8 | 1u << 9 | 1u << 11)
#define SECRET "a secret that must not be seen on the bus"

static struct swtpm swtpm;
static struct cairn_key *release, *stranger;

static int setup(void **state)
{
	(void)state;
	if (cairn_key_generate(&release, CAIRN_SIG_ES256) != CAIRN_OK ||
	    cairn_key_generate(&stranger, CAIRN_SIG_ES256) != CAIRN_OK)
		return -1;
	return swtpm_start_bare(&swtpm);
}

static int teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	cairn_key_free(release);
	cairn_key_free(stranger);
	return 0;
}

/* A boot: the PCRs that approvals select, extended the same way each time. */
static struct cairn_tpm *boot(void)
{
	assert_int_equal(swtpm_reboot(&swtpm), 0);
	struct cairn_tpm *t = tpmuse_open(&swtpm);
	tpmuse_extend(t, 4, "grub");
	tpmuse_extend(t, 8, "commands");
	tpmuse_extend(t, 9, "files");
	tpmuse_extend(t, 11, "host record");
	return t;
}

static struct cairn_approval approve(struct cairn_tpm *t, const char *class, const struct cairn_key *key)
{
	struct cairn_approval a = {0};
	struct cairn_bank bank;

	assert_int_equal(cairn_tpm_pcr_read(t, CAIRN_ALG_SHA256, MASK, &bank), CAIRN_OK);
	assert_int_equal(cairn_approval_make(&a, class, 1, &bank, MASK, key, NULL), CAIRN_OK);
	return a;
}

static struct cairn_sealed seal(struct cairn_tpm *t, const char *class)
{
	struct cairn_sealed s = {0};

	if (cairn_tpm_seal(t, class, release, cairn_span_str(SECRET), &s) != CAIRN_OK)
		fail_msg("%s", cairn_tpm_error(t));
	return s;
}

static enum cairn_status opens(struct cairn_tpm *t, const struct cairn_sealed *s,
			       const struct cairn_approval *a)
{
	cairn_auto_secret struct cairn_buf secret = {0};
	enum cairn_status st = cairn_tpm_unseal(t, s, a, &secret);

	if (st == CAIRN_OK)
		assert_true(cairn_span_equal(cairn_buf_span(&secret), cairn_span_str(SECRET)));
	else
		assert_int_equal(secret.len, 0);
	assert_int_equal(tpmuse_left(t), 0);
	return st;
}

/* ---- opening ---- */

static void opens_on_an_approved_boot(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	cairn_tpm_close(t);
	t = boot();
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	tpmuse_extend(t, 12, "a launch"); /* not selected */
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

/* A new release has other values and its own approval: it opens what was sealed before, without sealing
 * again. */
static void opens_after_an_update(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval old = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	tpmuse_extend(t, 9, "another kernel");
	struct cairn_approval new = approve(t, "disk", release);
	assert_int_equal(opens(t, &s, &old), CAIRN_E_TPM_POLICY);
	assert_int_equal(opens(t, &s, &new), CAIRN_OK);
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&old);
	cairn_approval_fini(&new);
}

static void every_pcr_of_the_policy_counts(void **state)
{
	static const unsigned pcrs[] = {4, 8, 9, 11};

	(void)state;
	for (size_t i = 0; i < sizeof(pcrs) / sizeof(pcrs[0]); i++) {
		struct cairn_tpm *t = boot();
		struct cairn_approval a = approve(t, "disk", release);
		struct cairn_sealed s = seal(t, "disk");

		assert_int_equal(opens(t, &s, &a), CAIRN_OK);
		tpmuse_extend(t, pcrs[i], "something else");
		assert_int_equal(opens(t, &s, &a), CAIRN_E_TPM_POLICY);
		cairn_tpm_close(t);
		cairn_sealed_fini(&s);
		cairn_approval_fini(&a);
	}
}

/* An approval for one class does not open another, whoever relabels the blob. */
static void another_class_is_refused(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "logs", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_SIGNATURE);
	strcpy(s.class, "logs");
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH);
	struct cairn_digest policy;
	assert_int_equal(cairn_sealed_policy(&policy, "logs", release), CAIRN_OK);
	memcpy(s.pub.ptr + 12, policy.bytes, 32); /* size, type, nameAlg, attributes, size of policy */
	assert_int_equal(cairn_sealed_check(&s), CAIRN_OK);
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH); /* the TPM: the halves do not belong together */
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

static void a_strangers_approval_is_refused(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", stranger);
	struct cairn_sealed s = seal(t, "disk");
	struct cairn_key *theirs = a.key;

	(void)state;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_UNTRUSTED);
	a.key = s.key; /* claims to be by the release key: the TPM sees that it is not */
	assert_int_equal(opens(t, &s, &a), CAIRN_E_SIGNATURE);
	a.key = theirs;
	struct cairn_key *ours = s.key;
	s.key = theirs; /* the blob names the stranger's key: it is not in the object's policy */
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH);
	s.key = ours;
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

static void changed_approvals_are_refused(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	for (size_t i = 0; i < sizeof(a.signature); i += 7) {
		a.signature[i] ^= 1;
		assert_int_equal(opens(t, &s, &a), CAIRN_E_SIGNATURE);
		a.signature[i] ^= 1;
	}
	a.policy.bytes[5] ^= 1;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_SIGNATURE);
	a.policy.bytes[5] ^= 1;
	a.mask &= ~(1u << 11); /* fewer PCRs than were signed */
	assert_int_equal(opens(t, &s, &a), CAIRN_E_TPM_POLICY);
	a.mask &= ~(1u << 4);
	assert_int_equal(opens(t, &s, &a), CAIRN_E_DENIED);
	a.mask = MASK | 1u << 16;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_DENIED);
	a.mask = MASK;
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

static void another_tpm_does_not_open_it(void **state)
{
	struct swtpm other;
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	s.srk_name.bytes[9] ^= 1;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH);
	s.srk_name.bytes[9] ^= 1;
	cairn_tpm_close(t);
	assert_int_equal(swtpm_start_bare(&other), 0);
	t = tpmuse_open(&other);
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH);
	struct cairn_sealed theirs = seal(t, "disk");
	s.srk_name = theirs.srk_name; /* the name is only a hint */
	assert_int_equal(opens(t, &s, &a), CAIRN_E_MISMATCH);
	cairn_tpm_close(t);
	swtpm_stop(&other);
	cairn_sealed_fini(&s);
	cairn_sealed_fini(&theirs);
	cairn_approval_fini(&a);
}

/* A PCR that moves between policy and use: not ours, then once more and good; twice, then refused. */
static void a_moving_pcr_is_tried_once_more(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	cairn_tpm_close(t);
	t = tpmuse_open_tap(&tap, &swtpm);
	tap.extend_cc = TPM2_CC_Unseal;
	tap.extend_pcr = 2;
	tap.extend_count = 1;
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	assert_int_equal(tap.extend_count, 0);
	tap.extend_count = 2;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_TPM_POLICY);
	assert_int_equal(tap.extend_count, 0);
	assert_int_equal(tap.extend_pcr, 2);
	tap.extend_pcr = 9; /* one of ours */
	tap.extend_count = 1;
	assert_int_equal(opens(t, &s, &a), CAIRN_E_TPM_POLICY);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

/* Who reads the bus reads neither the secret nor a part of it, when it is sealed and when it is opened. */
static void the_secret_is_not_on_the_bus(void **state)
{
	struct tcti_tap tap;
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);

	(void)state;
	cairn_tpm_close(t);
	t = tpmuse_open_tap(&tap, &swtpm);
	assert_true(
	    tcti_tap_saw(&tap, cairn_span("\0\x0b", 2))); /* the tap hears: SHA-256 in the bank list */
	struct cairn_sealed s = seal(t, "disk");
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	assert_true(tcti_tap_saw(&tap, cairn_span_str("cairn-seal-v1:disk")));
	for (size_t i = 0; i + 8 <= strlen(SECRET); i++)
		assert_false(tcti_tap_saw(&tap, cairn_span(SECRET + i, 8)));
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

static void secrets_have_a_size(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = {0};
	cairn_auto_secret struct cairn_buf got = {0};
	uint8_t bytes[CAIRN_SEALED_SECRET_MAX + 1];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(cairn_tpm_seal(t, "disk", release, cairn_span(bytes, 0), &s), CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_seal(t, "disk", release, cairn_span(bytes, sizeof(bytes)), &s),
			 CAIRN_E_USAGE);
	assert_int_equal(cairn_tpm_seal(t, "../x", release, cairn_span(bytes, 1), &s), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_tpm_seal(t, "disk", release, cairn_span(bytes, sizeof(bytes) - 1), &s),
			 CAIRN_OK);
	assert_int_equal(cairn_tpm_unseal(t, &s, &a, &got), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&got), cairn_span(bytes, sizeof(bytes) - 1)));
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

/* Fifty of each, and each command failing in turn: nothing stays in the TPM. */
static void nothing_is_left(void **state)
{
	static const uint32_t commands[] = {TPM2_CC_CreatePrimary,
					    TPM2_CC_StartAuthSession,
					    TPM2_CC_Load,
					    TPM2_CC_LoadExternal,
					    TPM2_CC_VerifySignature,
					    TPM2_CC_PolicyPCR,
					    TPM2_CC_PolicyAuthorize,
					    TPM2_CC_Unseal};
	struct tcti_tap tap;
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk"), bad = {0};

	(void)state;
	cairn_tpm_close(t);
	t = tpmuse_open_tap(&tap, &swtpm);
	for (unsigned i = 0; i < 50; i++) {
		struct cairn_sealed again = seal(t, "disk");

		assert_int_equal(opens(t, &again, &a), CAIRN_OK);
		cairn_sealed_fini(&again);
	}
	tap.fail_rc = TPM2_RC_MEMORY;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		tap.fail_cc = commands[i];
		tap.fail_count = 1;
		assert_int_equal(opens(t, &s, &a), CAIRN_E_TPM);
		assert_int_equal(tap.fail_count, 0);
	}
	assert_int_equal(tap.fail_cc, TPM2_CC_Unseal);
	tap.fail_cc = TPM2_CC_Create;
	tap.fail_count = 1;
	assert_int_equal(cairn_tpm_seal(t, "disk", release, cairn_span_str("x"), &bad), CAIRN_E_TPM);
	assert_int_equal(tpmuse_left(t), 0);
	cairn_tpm_close(t);
	tcti_tap_fini(&tap);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

/* ---- the document ---- */

static void document_reads_back(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk"), back = {0};
	cairn_auto_json json_t *v = NULL;

	(void)state;
	assert_int_equal(cairn_sealed_write(&v, &s), CAIRN_OK);
	assert_int_equal(cairn_sealed_read(&back, v), CAIRN_OK);
	assert_int_equal(opens(t, &back, &a), CAIRN_OK);
	cairn_sealed_fini(&back);
	static const struct {
		const char *member, *value;
		enum cairn_status want;
	} bad[] = {
	    {"format", "cairn-sealing", CAIRN_E_MALFORMED},
	    {"class", "logs", CAIRN_E_MISMATCH},
	    {"class", "", CAIRN_E_MALFORMED},
	    {"class", "../../etc", CAIRN_E_MALFORMED},
	    {"pub", "AA", CAIRN_E_TRUNCATED},
	    {"pub", "", CAIRN_E_TRUNCATED},
	    {"priv", "AAE", CAIRN_E_TRUNCATED},
	    {"priv", "AAAA", CAIRN_E_TRAILING},
	    {"priv", "!", CAIRN_E_MALFORMED},
	    {"srk_name", "00", CAIRN_E_MALFORMED},
	    {"extra", "x", CAIRN_E_UNSUPPORTED},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cairn_auto_json json_t *c = json_deep_copy(v);

		json_object_set_new(c, bad[i].member, json_string(bad[i].value));
		assert_int_equal(cairn_sealed_read(&back, c), bad[i].want);
	}
	json_object_set_new(v, "version", json_integer(2));
	assert_int_equal(cairn_sealed_read(&back, v), CAIRN_E_VERSION);
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

/* The public half must be the one object that class and key allow: every changed byte shows, here or in the
 * TPM. */
static void every_byte_of_the_halves_counts(void **state)
{
	struct cairn_tpm *t = boot();
	struct cairn_approval a = approve(t, "disk", release);
	struct cairn_sealed s = seal(t, "disk");

	(void)state;
	for (size_t i = 0; i < s.pub.len + s.priv.len; i++) {
		uint8_t *p = i < s.pub.len ? s.pub.ptr + i : s.priv.ptr + (i - s.pub.len);
		enum cairn_status got;

		*p ^= 1;
		got = opens(t, &s, &a);
		assert_true(got == CAIRN_E_MISMATCH || got == CAIRN_E_TRUNCATED || got == CAIRN_E_TRAILING);
		*p ^= 1;
	}
	assert_int_equal(opens(t, &s, &a), CAIRN_OK);
	cairn_tpm_close(t);
	cairn_sealed_fini(&s);
	cairn_approval_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens_on_an_approved_boot),
	    cmocka_unit_test(opens_after_an_update),
	    cmocka_unit_test(every_pcr_of_the_policy_counts),
	    cmocka_unit_test(another_class_is_refused),
	    cmocka_unit_test(a_strangers_approval_is_refused),
	    cmocka_unit_test(changed_approvals_are_refused),
	    cmocka_unit_test(another_tpm_does_not_open_it),
	    cmocka_unit_test(a_moving_pcr_is_tried_once_more),
	    cmocka_unit_test(the_secret_is_not_on_the_bus),
	    cmocka_unit_test(secrets_have_a_size),
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(document_reads_back),
	    cmocka_unit_test(every_byte_of_the_halves_counts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
