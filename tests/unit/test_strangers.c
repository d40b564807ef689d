/* Domains behind cairnd's back: what runs without a record is paused, recorded and destroyed, and what a toolstack is
 * still building is left alone. */
#include "tests/unit/strangers_fixture.h"

#include <string.h>
#include <unistd.h>

/* ---- what runs ---------------------------------------------------------------------------------------- */

static void test_enforced(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &before),
			 CAIRN_OK);
	stranger(1, STRANGER "1");
	stranger_sweep();
	assert_int_equal(agentuse.fake.pauses, 1);
	assert_int_equal(agentuse.fake.destroyed, 1);
	assert_int_equal(agentuse.fake.count, 0);
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	stranger_assert_violation(3, "domain 1 (" STRANGER "1) was started by somebody else");
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_non_null(strstr(agentuse.agent->trouble, "domain 1"));
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &after),
			 CAIRN_OK);
	assert_false(cairn_digest_equal(&before.pcr[11], &after.pcr[11]));
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	for (unsigned i = 0; i < 3; i++)
		stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	fixture_assert_replays(&agentuse);
}

static void test_audit(void **state)
{
	(void)state;
	stranger_boot_with("audit");
	stranger(1, STRANGER "1");
	for (unsigned i = 0; i < 3; i++)
		stranger_sweep();
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	assert_int_equal(stranger_records(), 3);
	assert_int_equal(agentuse.fake.pauses + agentuse.fake.destroyed, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&agentuse);
	/* Another cairnd does not record it again, nor the domids that were given before. */
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
}

/* Under the UUID of a running domain, and under that of one that ended (as a restored image has it). */
static void test_borrowed_uuid(void **state)
{
	char uuid[CAIRN_XLCFG_UUID];

	(void)state;
	stranger_boot_with("audit");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	memcpy(uuid, agentuse.fake.domain[0].uuid, sizeof(uuid));
	stranger(2, uuid);
	stranger_sweep();
	stranger_assert_unrecorded(3, 2, uuid);
	agentuse.fake.count = 0;
	stranger_sweep(); /* 4: exit */
	stranger(3, uuid);
	stranger_sweep();
	stranger_assert_unrecorded(5, 3, uuid);
	assert_int_equal(stranger_records(), 6);
	fixture_assert_replays(&agentuse);
}

/* A domain that cairnd ended is seen dying for as long as somebody maps its memory. */
static void test_dying(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	struct cairn_hv_domain d = agentuse.fake.domain[0];

	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "guest1", &b), CAIRN_OK); /* 3 */
	d.dying = true;
	agentuse.fake.domain[agentuse.fake.count++] = d;
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
	agentuse.fake.domain[0].dying = false;
	stranger_sweep();
	stranger_assert_unrecorded(4, d.domid, d.uuid);
	/* One that is dying when it is first seen ran all the same, and cannot be destroyed twice. */
	agentuse.fake.count = 0;
	agentuse.fake.destroyed = 0;
	stranger(2, STRANGER "2")->dying = true;
	stranger_sweep();
	stranger_assert_unrecorded(6, 2, STRANGER "2");
	assert_int_equal(agentuse.fake.destroyed, 0);
}

/* The device model of a launched domain is explained by that launch, and by no other. */
static void test_stub(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	cairn_domains_live(&agentuse.agent->domains, "guest1")->stub = true;
	agentuse.fake.stub_of = 1;
	agentuse.fake.stub = 2;
	stranger(2, STRANGER "2");
	stranger_sweep();
	assert_int_equal(stranger_records(), 3);
	stranger(3, STRANGER "3");
	stranger_sweep();
	stranger_assert_unrecorded(3, 3, STRANGER "3");
	assert_int_equal(agentuse.fake.count, 2);
}

/* What xenstore calls the device model of a domain that was launched without one is a stranger. */
static void test_claimed_stub(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	agentuse.fake.stub_of = 1;
	agentuse.fake.stub = 2;
	stranger(2, STRANGER "2");
	stranger_sweep();
	stranger_assert_unrecorded(3, 2, STRANGER "2");
}

/* ---- what is being built ------------------------------------------------------------------------------ */

static void test_being_built(void **state)
{
	struct cairn_hv_domain *d = stranger(1, STRANGER "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	for (unsigned i = 0; i < 3; i++)
		stranger_sweep();
	assert_int_equal(stranger_records(), 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	d->cpu_ns = 1; /* paused again, but it ran */
	stranger_sweep();
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	stranger_assert_violation(3, "not measured");
	assert_int_equal(agentuse.fake.count, 0);
}

static void test_deadline(void **state)
{
	struct cairn_hv_domain *d = stranger(1, STRANGER "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	stranger_sweep();
	assert_int_equal(stranger_records(), 2);
	agentuse.agent->strangers.item[0].since_ms -= 119 * 1000;
	stranger_sweep();
	assert_int_equal(stranger_records(), 2);
	agentuse.agent->strangers.item[0].since_ms -= 1000;
	stranger_sweep();
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	stranger_assert_violation(3, "built by somebody else");
	assert_int_equal(agentuse.fake.pauses, 0);
	assert_int_equal(agentuse.fake.count, 0);
}

/* Seen paused, then not at all: it may have run. */
static void test_built_and_gone(void **state)
{
	struct cairn_hv_domain *d = stranger(1, STRANGER "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	stranger_sweep();
	agentuse.fake.count = 0;
	stranger_sweep();
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	stranger_assert_violation(3, "came and went");
	stranger_sweep();
	assert_int_equal(stranger_records(), 4);
}

static void stranger_meanwhile(struct fake_hv *hv)
{
	(void)hv;
	stranger(7, STRANGER "7");
}

/* While xl builds a domain for cairnd: the stranger is paused at once, and the host is no longer one on which anything
 * is launched. */
static void test_meanwhile(void **state)
{
	(void)state;
	agentuse.fake.during_create = stranger_meanwhile;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.pauses, 1);
	assert_int_equal(agentuse.fake.unpaused, 0);
	agentuse_assert_type(2, "launch");
	stranger_assert_unrecorded(3, 7, STRANGER "7");
	stranger_assert_violation(4, "domain 7");
	agentuse_assert_type(5, "exit");
	stranger_sweep();
	assert_int_equal(agentuse.fake.count, 0);
	fixture_assert_replays(&agentuse);
}

/* ... and while an image is hashed that takes long to hash: a launch that is refused as soon as that is done. */
static void test_while_hashing(void **state)
{
	unsigned mib = 64;

	(void)state;
	agentuse.conf.max_image_mib = 2048;
	stranger_boot_with("enforce");
	const char *config = fixture_config(&agentuse, "guest1", "");
	const char *kernel = fixture_file(&agentuse, "kernel", "x"),
		   *none = fixture_file(&agentuse, "ramdisk", "x");

	stranger(1, STRANGER "1");
	assert_int_equal(unlink(none), 0);
	for (; agentuse.fake.listed == 0 && mib <= 2048; mib *= 2) {
		assert_int_equal(truncate(kernel, (off_t)mib << 20), 0);
		assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	}
	assert_true(agentuse.fake.listed > 0);
	assert_int_equal(agentuse.fake.count, 0);
	uint64_t refused = stranger_records() - 1;

	agentuse_assert_type(refused, "refusal");
	stranger_assert_violation(refused - 1, "domain 1");
	stranger_assert_unrecorded(refused - 2, 1, STRANGER "1");
	agentuse.conf.max_image_mib = 1;
}

/* Between two sweeps: the look that precedes each launch finds it, and that launch is not made. */
static void test_just_before(void **state)
{
	(void)state;
	stranger(1, STRANGER "1");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(stranger_records(), 4);
	stranger_assert_violation(3, "domain 1");
}

/* ---- faults ------------------------------------------------------------------------------------------- */

static void test_not_destroyed(void **state)
{
	(void)state;
	agentuse.fake.destroy_fails = CAIRN_E_XEN;
	stranger(1, STRANGER "1");
	stranger_sweep();
	stranger_sweep();
	assert_int_equal(agentuse.fake.destroyed, 1); /* asked once; it is paused, there is time */
	assert_true(agentuse.fake.domain[0].paused);
	agentuse.fake.domain[0].paused = false;
	agentuse.fake.destroy_fails = CAIRN_OK;
	agentuse.agent->strangers.item[0].tried_ms -= 10000;
	stranger_sweep();
	assert_int_equal(agentuse.fake.pauses, 2);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(stranger_records(), 4);
}

/* What the log does not take now it takes later; until then the domain is kept, paused. */
static void test_not_recorded(void **state)
{
	(void)state;
	stranger(2, STRANGER "2");
	agentuse_limit_files(agentuse.agent->log.size);
	stranger_sweep();
	assert_int_equal(stranger_records(), 2);
	assert_true(agentuse.fake.domain[0].paused);
	assert_int_equal(agentuse.fake.destroyed, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_limit_files(RLIM_INFINITY);
	stranger_sweep();
	assert_int_equal(agentuse.fake.count, 0);
	stranger_assert_unrecorded(2, 1, "");
	stranger_assert_violation(3, "domain 1 came and went");
	stranger_assert_unrecorded(4, 2, STRANGER "2");
	stranger_assert_violation(5, "domain 2");
	assert_int_equal(stranger_records(), 6);
	fixture_assert_replays(&agentuse);
}

/* The TPM does not extend: the domain is paused, and the record is completed later. */
static void test_tpm_fails(void **state)
{
	(void)state;
	stranger(1, STRANGER "1");
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_FAILURE, AGENTUSE_ONE_COMMAND);
	stranger_sweep();
	assert_true(agentuse.fake.pauses == 1);
	agentuse_fail_next(0, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		stranger_sweep();
	assert_int_equal(agentuse.fake.count, 0);
	stranger_assert_unrecorded(2, 1, STRANGER "1");
	stranger_assert_violation(3, "domain 1");
	assert_int_equal(stranger_records(), 4);
	fixture_assert_replays(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STRANGER_TEST(test_enforced),
	    STRANGER_TEST(test_audit),
	    STRANGER_TEST(test_borrowed_uuid),
	    STRANGER_TEST(test_dying),
	    STRANGER_TEST(test_stub),
	    STRANGER_TEST(test_claimed_stub),
	    STRANGER_TEST(test_being_built),
	    STRANGER_TEST(test_deadline),
	    STRANGER_TEST(test_built_and_gone),
	    STRANGER_TEST(test_meanwhile),
	    STRANGER_TEST(test_while_hashing),
	    STRANGER_TEST(test_just_before),
	    STRANGER_TEST(test_not_destroyed),
	    STRANGER_TEST(test_not_recorded),
	    cmocka_unit_test_setup_teardown(test_tpm_fails, stranger_setup_tapped, agentuse_teardown),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
