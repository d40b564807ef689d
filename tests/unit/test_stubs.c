/* Stub domains and the guests that they serve: neither outlives the other, and nobody takes the place of one. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>

#define GRACE_MS 5000

static const char *config(void)
{
	static const char *const keys[] = {"firmware_override", "bios_path_override", "device_model_override",
					   "stubdomain_kernel", "stubdomain_ramdisk"};
	cairn_auto_buf struct cairn_buf text = {0};

	cairn_buf_add_str(&text,
			  "name = \"g\"\ntype = \"hvm\"\nmemory = 64\ndevice_model_version = \"qemu-xen\"\n"
			  "device_model_stubdomain_override = 1\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cairn_buf_add_fmt(&text, "%s = \"%s\"\n", keys[i], fixture_file(&agentuse, keys[i], keys[i]));
	return fixture_file(&agentuse, "g.cfg", cairn_buf_str(&text));
}

static void launch(void)
{
	assert_int_equal(agentuse_launch(config()), CAIRN_OK);
	assert_int_equal(agentuse.fake.count, 2);
}

static struct cairn_hv_domain *domain(uint32_t domid)
{
	for (size_t i = 0; i < agentuse.fake.count; i++)
		if (agentuse.fake.domain[i].domid == domid)
			return &agentuse.fake.domain[i];
	fail_msg("there is no domain %u", domid);
	return NULL;
}

static void take_away(uint32_t domid)
{
	*domain(domid) = agentuse.fake.domain[agentuse.fake.count - 1];
	agentuse.fake.count--;
}

/* So many records there are after a look; none of a stranger. */
static void assert_looks(uint64_t records)
{
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, records);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_OK);
	assert_int_equal(agentuse.fake.pauses, 0);
}

static void assert_exit(const char *reason)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, 3);

	agentuse_assert_type(3, "exit");
	assert_string_equal(agentuse_text(r, "reason", NULL), reason);
	assert_int_equal(agentuse.fake.count, 0);
	assert_int_equal(agentuse.agent->domains.item[0].live, false);
	fixture_assert_replays(&agentuse);
}

static void later(int64_t ms)
{
	assert_true(agentuse.agent->domains.item[0].stub_gone_ms > 0);
	agentuse.agent->domains.item[0].stub_gone_ms -= ms;
}

/* ---- the guest goes with its stub domain --------------------------------------------------------------- */

/* The stub domain is gone, or as good as that: the guest is given its time, and ends. */
static void assert_ends(void)
{
	assert_looks(3);
	assert_looks(3);
	later(GRACE_MS);
	assert_looks(4);
	assert_exit("no-device-model");
}

static void test_crashes(void **state)
{
	(void)state;
	launch();
	domain(agentuse.fake.stub)->shutdown = true;
	domain(agentuse.fake.stub)->shutdown_reason = 3;
	assert_ends();
}

static void test_destroyed(void **state)
{
	(void)state;
	launch();
	take_away(agentuse.fake.stub);
	assert_ends();
}

static void test_dying(void **state)
{
	(void)state;
	launch();
	domain(agentuse.fake.stub)->dying = true;
	assert_looks(3);
	later(GRACE_MS);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->log.records, 4);
	assert_int_equal(agentuse.fake.destroyed, 1); /* the guest: the other is on its way */
}

/* A cairnd that is started afterwards knows of it from the toolstack's notes. */
static void test_found_gone(void **state)
{
	(void)state;
	launch();
	fixture_stop(&agentuse);
	take_away(agentuse.fake.stub);
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_ends();
}

static void test_runs(void **state)
{
	(void)state;
	launch();
	assert_looks(3);
	assert_int_equal(agentuse.agent->domains.item[0].stub_gone_ms, 0);
	assert_looks(3);
}

/* What ends for another reason ends for that one. */
static void test_ends_otherwise(void **state)
{
	(void)state;
	launch();
	take_away(agentuse.fake.stub);
	assert_looks(3);
	later(GRACE_MS);
	agentuse.agent->domains.item[0].end = "no-service";
	assert_looks(4);
	assert_exit("no-service");
}

/* A service comes back with a stub domain of its own. */
static void test_comes_back(void **state)
{
	(void)state;
	launch();
	agentuse.agent->domains.item[0].service = true;
	take_away(agentuse.fake.stub);
	assert_ends();
	const struct cairn_restart *r = cairn_restart_find(agentuse.agent, "g");

	assert_non_null(r);
	assert_true(cairn_restart_waits(agentuse.agent, r));
	assert_string_equal(r->what, "no-device-model");
}

/* ---- how it is known ---------------------------------------------------------------------------------- */

/* The toolstack has made it, paused, and not noted yet whose it is. */
static void seen_before_it_is_noted(struct fake_hv *hv)
{
	uint32_t stub = hv->stub;

	domain(stub)->paused = true;
	domain(stub)->cpu_ns = 0;
	hv->stub = 0;
	hv->tick(hv->tick_context);
	assert_int_equal(agentuse.agent->strangers.count, 1);
	hv->stub = stub;
	hv->tick(hv->tick_context);
	assert_int_equal(agentuse.agent->strangers.count, 0);
}

static void test_seen_while_it_is_built(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};

	(void)state;
	agentuse.fake.during_create = seen_before_it_is_noted;
	launch();
	assert_looks(3);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "g", &why), CAIRN_OK);
	assert_looks(4);
	assert_exit("destroyed");
}

/* The toolstack fails before it has noted anything, and takes away what it made. */
static void fails_as_seen(struct fake_hv *hv)
{
	uint32_t stub = hv->stub;

	domain(stub)->paused = true;
	domain(stub)->cpu_ns = 0;
	hv->stub = 0;
	hv->tick(hv->tick_context);
	take_away(stub);
	hv->tick(hv->tick_context);
	take_away(hv->stub_of);
}

static void fails_unseen(struct fake_hv *hv)
{
	take_away(hv->stub);
	take_away(hv->stub_of);
	hv->stub = 0;
}

/* Neither that nor the numbers that it used are anybody else's. */
static void assert_fails(void (*how)(struct fake_hv *hv))
{
	agentuse.fake.during_create = how;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(config()), CAIRN_E_XEN);
	agentuse.fake.create_fails = CAIRN_OK;
	agentuse.fake.during_create = NULL;
	assert_looks(4);
	launch();
	assert_looks(5);
	assert_int_equal(agentuse.agent->strangers.unplaced, 0);
}

static void test_fails_as_seen(void **state)
{
	(void)state;
	assert_fails(fails_as_seen);
}

static void test_fails_unseen(void **state)
{
	(void)state;
	assert_fails(fails_unseen);
}

/* A launch has one stub domain. */
static void two_go(struct fake_hv *hv)
{
	struct cairn_hv_domain other = {.uuid = "88888888-89ab-cdef-0123-456789abcdef", .paused = true};

	other.domid = ++hv->next_domid;
	hv->domain[hv->count++] = other;
	fails_as_seen(hv);
	take_away(other.domid);
	hv->tick(hv->tick_context);
}

static void test_two_go(void **state)
{
	(void)state;
	agentuse.fake.during_create = two_go;
	agentuse.fake.create_fails = CAIRN_E_XEN;
	assert_int_equal(agentuse_launch(config()), CAIRN_E_XEN);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
}

/* Nor is one that goes while none is built. */
static void test_goes_afterwards(void **state)
{
	struct cairn_hv_domain other = {.uuid = "88888888-89ab-cdef-0123-456789abcdef", .paused = true};

	(void)state;
	launch();
	other.domid = ++agentuse.fake.next_domid;
	agentuse.fake.domain[agentuse.fake.count++] = other;
	assert_looks(3);
	take_away(other.domid);
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
}

/* What ran before anybody noted it stays a stranger. */
static void runs_before_it_is_noted(struct fake_hv *hv)
{
	uint32_t stub = hv->stub;

	hv->stub = 0;
	hv->tick(hv->tick_context);
	hv->stub = stub;
	hv->tick(hv->tick_context);
	assert_int_equal(agentuse.agent->strangers.count, 1);
}

static void test_runs_while_it_is_built(void **state)
{
	(void)state;
	agentuse.fake.during_create = runs_before_it_is_noted;
	assert_int_equal(agentuse_launch(config()), CAIRN_E_DENIED);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	assert_int_equal(agentuse.fake.unpaused, 0);
}

/* ---- and the stub domain with its guest ------------------------------------------------------------------ */

static void test_toolstack_takes_both(void **state)
{
	uint32_t guest;

	(void)state;
	launch();
	guest = agentuse.fake.stub_of;
	take_away(agentuse.fake.stub);
	assert_looks(3);
	later(GRACE_MS - 100);
	assert_looks(3);
	take_away(guest);
	assert_looks(4);
	assert_exit("destroyed");
}

static void test_left_over(void **state)
{
	(void)state;
	launch();
	take_away(agentuse.fake.stub_of);
	agentuse.fake.destroy_fails = CAIRN_E_XEN;
	assert_looks(3);
	agentuse.fake.destroy_fails = CAIRN_OK;
	assert_looks(4);
	assert_exit("destroyed");
}

static void test_stopped(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};

	(void)state;
	launch();
	take_away(agentuse.fake.stub_of);
	agentuse.fake.destroy_fails = CAIRN_E_XEN;
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "g", &why), CAIRN_E_XEN);
	assert_int_equal(agentuse.agent->log.records, 3);
	agentuse.fake.destroy_fails = CAIRN_OK;
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "g", &why), CAIRN_OK);
	assert_exit("destroyed");
}

/* ---- another in its place ------------------------------------------------------------------------------ */

static void test_replaced(void **state)
{
	struct cairn_hv_domain other = {.uuid = "88888888-89ab-cdef-0123-456789abcdef", .cpu_ns = 1};

	(void)state;
	launch();
	take_away(agentuse.fake.stub);
	other.domid = agentuse.fake.stub = ++agentuse.fake.next_domid;
	agentuse.fake.domain[agentuse.fake.count++] = other;
	cairn_agent_sweep(agentuse.agent);
	assert_int_equal(agentuse.agent->state, CAIRN_AGENT_VIOLATED);
	agentuse_assert_type(3, "unrecorded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_crashes),
	    AGENTUSE_TEST(test_destroyed),
	    AGENTUSE_TEST(test_dying),
	    AGENTUSE_TEST(test_found_gone),
	    AGENTUSE_TEST(test_runs),
	    AGENTUSE_TEST(test_ends_otherwise),
	    AGENTUSE_TEST(test_comes_back),
	    AGENTUSE_TEST(test_toolstack_takes_both),
	    AGENTUSE_TEST(test_left_over),
	    AGENTUSE_TEST(test_stopped),
	    AGENTUSE_TEST(test_replaced),
	    AGENTUSE_TEST(test_seen_while_it_is_built),
	    AGENTUSE_TEST(test_runs_while_it_is_built),
	    AGENTUSE_TEST(test_fails_as_seen),
	    AGENTUSE_TEST(test_fails_unseen),
	    AGENTUSE_TEST(test_two_go),
	    AGENTUSE_TEST(test_goes_afterwards),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
