/* Domains behind cairnd's back: what runs without a record is paused, recorded and destroyed, what came and went is
 * missed by its number, and what a toolstack is still building is left alone. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>

#define UUID "00000000-0000-0000-0000-00000000000"

static struct cairn_hv_domain *fake(uint32_t domid, const char *uuid)
{
	struct cairn_hv_domain *d = &agentuse.fake.domain[agentuse.fake.count++];

	*d = (struct cairn_hv_domain){.domid = domid, .cpu_ns = 5};
	memcpy(d->uuid, uuid, strlen(uuid));
	if (domid > agentuse.fake.next_domid)
		agentuse.fake.next_domid = domid;
	return d;
}

static void sweep(void)
{
	cairn_agent_sweep(agentuse.agent);
}

static uint64_t records(void)
{
	return agentuse.agent->log.records;
}

static void assert_unrecorded(uint64_t recnum, json_int_t domid, const char *uuid)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "unrecorded");
	assert_int_equal(json_integer_value(json_object_get(r, "domid")), domid);
	assert_string_equal(agentuse_text(r, "uuid", NULL), uuid);
}

static void assert_violation(uint64_t recnum, const char *part)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), "violation");
	assert_non_null(strstr(agentuse_text(r, "reason", NULL), part));
}

static void boot_with(const char *mode)
{
	agentuse.conf.mode_service = mode;
	fixture_stop(&agentuse);
	assert_int_equal(fixture_boot(&agentuse), 0);
}

static int setup(void **state)
{
	agentuse.conf.mode_service = "enforce";
	agentuse.conf.create_timeout_s = 120;
	return agentuse_setup(state);
}

static int setup_tapped(void **state)
{
	agentuse.conf.mode_service = "enforce";
	agentuse.conf.create_timeout_s = 120;
	return agentuse_setup_tapped(state);
}

/* ---- what runs ---------------------------------------------------------------------------------------- */

static void test_enforced(void **state)
{
	struct cairn_bank before, after;

	(void)state;
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &before),
			 CAIRN_OK);
	fake(1, UUID "1");
	sweep();
	assert_int_equal(agentuse.fake.pauses, 1);
	assert_int_equal(agentuse.fake.destroyed, 1);
	assert_int_equal(agentuse.fake.count, 0);
	assert_unrecorded(2, 1, UUID "1");
	assert_violation(3, "domain 1 (" UUID "1) was started by somebody else");
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_non_null(strstr(agentuse.agent->trouble, "domain 1"));
	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, 1u << 11, &after),
			 CAIRN_OK);
	assert_false(cairn_digest_equal(&before.pcr[11], &after.pcr[11]));
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	for (unsigned i = 0; i < 3; i++)
		sweep();
	assert_int_equal(records(), 4);
	fixture_assert_replays(&agentuse);
}

static void test_audit(void **state)
{
	(void)state;
	boot_with("audit");
	fake(1, UUID "1");
	for (unsigned i = 0; i < 3; i++)
		sweep();
	assert_unrecorded(2, 1, UUID "1");
	assert_int_equal(records(), 3);
	assert_int_equal(agentuse.fake.pauses + agentuse.fake.destroyed, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	fixture_assert_replays(&agentuse);
	/* Another cairnd does not record it again, nor the domids that were given before. */
	fixture_stop(&agentuse);
	assert_int_equal(fixture_start(&agentuse), 0);
	sweep();
	assert_int_equal(records(), 4);
}

/* Under the UUID of a running domain, and under that of one that ended (as a restored image has it). */
static void test_borrowed_uuid(void **state)
{
	char uuid[CAIRN_XLCFG_UUID];

	(void)state;
	boot_with("audit");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	memcpy(uuid, agentuse.fake.domain[0].uuid, sizeof(uuid));
	fake(2, uuid);
	sweep();
	assert_unrecorded(3, 2, uuid);
	agentuse.fake.count = 0;
	sweep(); /* 4: exit */
	fake(3, uuid);
	sweep();
	assert_unrecorded(5, 3, uuid);
	assert_int_equal(records(), 6);
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
	sweep();
	assert_int_equal(records(), 4);
	agentuse.fake.domain[0].dying = false;
	sweep();
	assert_unrecorded(4, d.domid, d.uuid);
	/* One that is dying when it is first seen ran all the same, and cannot be destroyed twice. */
	agentuse.fake.count = 0;
	agentuse.fake.destroyed = 0;
	fake(2, UUID "2")->dying = true;
	sweep();
	assert_unrecorded(6, 2, UUID "2");
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
	fake(2, UUID "2");
	sweep();
	assert_int_equal(records(), 3);
	fake(3, UUID "3");
	sweep();
	assert_unrecorded(3, 3, UUID "3");
	assert_int_equal(agentuse.fake.count, 2);
}

/* What xenstore calls the device model of a domain that was launched without one is a stranger. */
static void test_claimed_stub(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	agentuse.fake.stub_of = 1;
	agentuse.fake.stub = 2;
	fake(2, UUID "2");
	sweep();
	assert_unrecorded(3, 2, UUID "2");
}

/* ---- what is being built ------------------------------------------------------------------------------ */

static void test_being_built(void **state)
{
	struct cairn_hv_domain *d = fake(1, UUID "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	for (unsigned i = 0; i < 3; i++)
		sweep();
	assert_int_equal(records(), 2);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	d->cpu_ns = 1; /* paused again, but it ran */
	sweep();
	assert_unrecorded(2, 1, UUID "1");
	assert_violation(3, "not measured");
	assert_int_equal(agentuse.fake.count, 0);
}

static void test_deadline(void **state)
{
	struct cairn_hv_domain *d = fake(1, UUID "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	sweep();
	assert_int_equal(records(), 2);
	agentuse.agent->strangers.item[0].since_ms -= 119 * 1000;
	sweep();
	assert_int_equal(records(), 2);
	agentuse.agent->strangers.item[0].since_ms -= 1000;
	sweep();
	assert_unrecorded(2, 1, UUID "1");
	assert_violation(3, "built by somebody else");
	assert_int_equal(agentuse.fake.pauses, 0);
	assert_int_equal(agentuse.fake.count, 0);
}

/* Seen paused, then not at all: it may have run. */
static void test_built_and_gone(void **state)
{
	struct cairn_hv_domain *d = fake(1, UUID "1");

	(void)state;
	d->paused = true;
	d->cpu_ns = 0;
	sweep();
	agentuse.fake.count = 0;
	sweep();
	assert_unrecorded(2, 1, UUID "1");
	assert_violation(3, "came and went");
	sweep();
	assert_int_equal(records(), 4);
}

static void stranger_meanwhile(struct fake_hv *hv)
{
	(void)hv;
	fake(7, UUID "7");
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
	assert_unrecorded(3, 7, UUID "7");
	assert_violation(4, "domain 7");
	agentuse_assert_type(5, "exit");
	sweep();
	assert_int_equal(agentuse.fake.count, 0);
	fixture_assert_replays(&agentuse);
}

/* Between two sweeps: the look that precedes each launch finds it, and that launch is not made. */
static void test_just_before(void **state)
{
	(void)state;
	fake(1, UUID "1");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_E_DENIED);
	assert_int_equal(agentuse.fake.created, 0);
	assert_int_equal(records(), 4);
	assert_violation(3, "domain 1");
}

/* ---- what came and went ------------------------------------------------------------------------------- */

static void test_gap(void **state)
{
	(void)state;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")),
			 CAIRN_OK);   /* 2: domain 1 */
	agentuse.fake.next_domid = 3; /* 2 and 3 were used by somebody */
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")),
			 CAIRN_OK); /* 3: domain 4 */
	sweep();
	assert_unrecorded(4, 2, "");
	assert_violation(5, "domain 2 came and went");
	assert_unrecorded(6, 3, "");
	assert_int_equal(records(), 7);
	assert_int_equal(agentuse.fake.count, 2);
	assert_int_equal(agentuse.fake.remembered, 4);
	sweep();
	assert_int_equal(records(), 7);
	fixture_assert_replays(&agentuse);
}

/* What was given before cairnd looked for the first time in a boot. */
static void test_gap_at_start(void **state)
{
	(void)state;
	boot_with("audit");
	fake(3, UUID "3");
	sweep();
	assert_unrecorded(2, 1, "");
	assert_unrecorded(3, 2, "");
	assert_unrecorded(4, 3, UUID "3");
	assert_int_equal(records(), 5);
}

/* While cairnd was not there, domain 2 came and went, and 3 runs. */
static void test_gap_while_away(void **state)
{
	(void)state;
	boot_with("audit");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK);
	sweep();
	fixture_stop(&agentuse);
	fake(3, UUID "3");
	assert_int_equal(fixture_start(&agentuse), 0);
	sweep();
	assert_unrecorded(3, 2, "");
	assert_unrecorded(4, 3, UUID "3");
	assert_int_equal(records(), 5);
	/* Where nobody remembers, what is there is where it starts. */
	fixture_stop(&agentuse);
	agentuse.fake.remembered = 0;
	fake(6, UUID "6");
	assert_int_equal(fixture_start(&agentuse), 0);
	sweep();
	assert_unrecorded(5, 6, UUID "6");
	assert_int_equal(records(), 6);
}

/* A launch that failed used a domid as well, and is on record. */
static void test_failed_builds(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(config), CAIRN_E_XEN); /* 2, 3 */
	agentuse.fake.create_fails = CAIRN_OK;
	agentuse.fake.other_type = true;
	assert_int_equal(agentuse_launch(config), CAIRN_E_XEN); /* 4, 5 */
	agentuse.fake.other_type = false;
	assert_int_equal(agentuse_launch(config), CAIRN_OK); /* 6 */
	sweep();
	assert_int_equal(records(), 7);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	/* But only one. */
	agentuse.fake.next_domid++;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest2", "")), CAIRN_OK); /* 7 */
	sweep();
	assert_unrecorded(8, 4, "");
}

/* Whoever builds a domain may choose its domid; that tells nothing of those between. */
static void test_chosen_domid(void **state)
{
	(void)state;
	boot_with("audit");
	fake(500, UUID "5");
	agentuse.fake.next_domid = 0;
	sweep();
	assert_unrecorded(2, 500, UUID "5");
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 3 */
	sweep();
	assert_int_equal(records(), 4);
}

/* Hundreds are said in few records, and none is passed over. */
static void test_many(void **state)
{
	(void)state;
	agentuse.fake.next_domid = 300;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	sweep();
	assert_int_equal(records(), 3 + 16 + 2);
	assert_unrecorded(3, 1, "");
	assert_violation(4, "domain 1 came and went");
	assert_unrecorded(19, 16, "");
	assert_violation(20, "domain 17 and others behind it");
}

/* Domids start again from 1. */
static void test_wrap(void **state)
{
	(void)state;
	boot_with("audit");
	agentuse.agent->strangers.last_domid = CAIRN_HV_DOMAINS - 3;
	agentuse.fake.next_domid = 1;
	assert_int_equal(agentuse_launch(fixture_config(&agentuse, "guest1", "")), CAIRN_OK); /* 2 */
	sweep();
	assert_unrecorded(3, CAIRN_HV_DOMAINS - 2, "");
	assert_unrecorded(4, CAIRN_HV_DOMAINS - 1, "");
	assert_unrecorded(5, 1, "");
	assert_int_equal(records(), 6);
}

/* ---- faults ------------------------------------------------------------------------------------------- */

static void test_not_destroyed(void **state)
{
	(void)state;
	agentuse.fake.destroy_fails = CAIRN_E_XEN;
	fake(1, UUID "1");
	sweep();
	sweep();
	assert_int_equal(agentuse.fake.destroyed, 1); /* asked once; it is paused, there is time */
	assert_true(agentuse.fake.domain[0].paused);
	agentuse.fake.domain[0].paused = false;
	agentuse.fake.destroy_fails = CAIRN_OK;
	agentuse.agent->strangers.item[0].tried_ms -= 10000;
	sweep();
	assert_int_equal(agentuse.fake.pauses, 2);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(records(), 4);
}

/* What the log does not take now it takes later; until then the domain is kept, paused. */
static void test_not_recorded(void **state)
{
	(void)state;
	fake(2, UUID "2");
	agentuse_limit_files(agentuse.agent->log.size);
	sweep();
	assert_int_equal(records(), 2);
	assert_true(agentuse.fake.domain[0].paused);
	assert_int_equal(agentuse.fake.destroyed, 0);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_limit_files(RLIM_INFINITY);
	sweep();
	assert_int_equal(agentuse.fake.count, 0);
	assert_unrecorded(2, 1, "");
	assert_violation(3, "domain 1 came and went");
	assert_unrecorded(4, 2, UUID "2");
	assert_violation(5, "domain 2");
	assert_int_equal(records(), 6);
	fixture_assert_replays(&agentuse);
}

/* The TPM does not extend: the domain is paused, and the record is completed later. */
static void test_tpm_fails(void **state)
{
	(void)state;
	fake(1, UUID "1");
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_FAILURE, AGENTUSE_ONE_COMMAND);
	sweep();
	assert_true(agentuse.fake.pauses == 1);
	agentuse_fail_next(0, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		sweep();
	assert_int_equal(agentuse.fake.count, 0);
	assert_unrecorded(2, 1, UUID "1");
	assert_violation(3, "domain 1");
	assert_int_equal(records(), 4);
	fixture_assert_replays(&agentuse);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, agentuse_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_enforced),
	    TEST(test_audit),
	    TEST(test_borrowed_uuid),
	    TEST(test_dying),
	    TEST(test_stub),
	    TEST(test_claimed_stub),
	    TEST(test_meanwhile),
	    TEST(test_just_before),
	    TEST(test_being_built),
	    TEST(test_deadline),
	    TEST(test_built_and_gone),
	    TEST(test_gap),
	    TEST(test_gap_at_start),
	    TEST(test_gap_while_away),
	    TEST(test_failed_builds),
	    TEST(test_chosen_domid),
	    TEST(test_many),
	    TEST(test_wrap),
	    TEST(test_not_destroyed),
	    TEST(test_not_recorded),
	    cmocka_unit_test_setup_teardown(test_tpm_fails, setup_tapped, agentuse_teardown),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
