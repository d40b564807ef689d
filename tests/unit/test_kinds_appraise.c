/* The appraisal of launches that only version 2 describes: guests with a device model, and what claims to serve. */
#include "kinds.h"
#include "tests/unit/verdict_fixture.h"

static struct cairn_launch guest_of(struct cairn_launch l)
{
	l.name = "guest";
	l.has_manifest = false;
	l.role_count = l.config_count = l.pci_count = l.serve_count = 0;
	l.target = NULL;
	return l;
}

static void what_runs_for_a_guest_is_no_claim(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch hvm = guest_of(sample_hvm()), stub = guest_of(sample_stubdomain());
	stub.name = "stubbed";
	sim_record_launch(s, &hvm);
	sim_record_launch(s, &stub);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	verdict_expect_sub(&v, "domain:guest", "none", CAIRN_R_GUEST);
	verdict_expect_sub(&v, "domain:stubbed", "none", CAIRN_R_GUEST);
}

static void expect_claim(struct sim *s, const struct cairn_launch *l)
{
	cairn_auto_verdict struct cairn_verdict v = {0};
	sim_record_launch(s, l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:guest", "contraindicated", CAIRN_R_NO_MANIFEST);
	sim_restart(s);
}

/* Whoever let it run, and in whatever mode: what only a service may have needs a manifest. */
static void claims_need_a_manifest(void **state)
{
	struct sim *s = *state;
	struct cairn_launch hvm = sample_hvm(), l = guest_of(sample_launch());
	l.pci_count = 1;
	l.pci[0] = hvm.pci[0];
	expect_claim(s, &l);
	l = guest_of(sample_launch());
	l.serve_count = 1;
	l.serve[0] = CAIRN_SERVES_VBD;
	expect_claim(s, &l);
	l = guest_of(sample_launch());
	l.target = "other";
	expect_claim(s, &l);
	l = guest_of(sample_launch());
	l.config_count = 1;
	l.config[0] = (struct cairn_pair){"driver_domain", "1"};
	expect_claim(s, &l);
}

/* The service manifest as if it had been signed for that. */
static void allow_hvm(struct sim *s, struct cairn_launch *l)
{
	struct cairn_launch hvm = sample_hvm();
	struct cairn_manifest m = sample_manifest_for(&hvm), *known = &s->loaded[1];
	known->type = m.type;
	known->setup = m.setup;
	memcpy(known->pci, m.pci, sizeof m.pci);
	known->pci_count = m.pci_count;
	memcpy(known->serve, m.serve, sizeof m.serve);
	known->serve_count = m.serve_count;
	known->target[0] = "guest";
	known->target_count = 1;
	known->backend[0] = "Domain-0";
	known->backend[1] = "uplink";
	known->backend_count = 2;
	hvm.cmdline = known->cmdline;
	hvm.role_count = 0;
	hvm.manifest = cairn_manifest_ref(known);
	*l = hvm;
}

static void a_service_of_version_2(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch l;
	allow_hvm(s, &l);
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_TRUSTED);
	sim_restart(s);
	l.setup.disk[0].digest.bytes[0] ^= 1;
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	verdict_expect_sub(&v, "domain:netdrv", "contraindicated", CAIRN_R_DIGEST_MISMATCH);
	assert_true(verdict_says(&v, "domain:netdrv", CAIRN_R_DIGEST_MISMATCH, "disk xvda"));
}

/* A manifest of version 1 allows nothing that it could not have said. */
static void more_than_an_old_manifest_says(void **state)
{
	struct sim *s = *state;
	cairn_auto_verdict struct cairn_verdict v = {0};
	struct cairn_launch hvm = sample_hvm(), l = sim_launch(s);
	l.pci_count = 1;
	l.pci[0] = hvm.pci[0];
	l.setup.xsm = "label";
	sim_record_launch(s, &l);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "domain:netdrv", CAIRN_R_PCI_NOT_ALLOWED, "pci 0000:03:00.0"));
	assert_true(verdict_says(&v, "domain:netdrv", CAIRN_R_XSM_MISMATCH, "xsm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(what_runs_for_a_guest_is_no_claim),
	    VERDICT_TEST(claims_need_a_manifest),
	    VERDICT_TEST(a_service_of_version_2),
	    VERDICT_TEST(more_than_an_old_manifest_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
